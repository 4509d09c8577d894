#include <stdio.h>

#include "engine/base/err.h"
#include "engine/hl7/validate.h"
#include "engine/ops/admin.h"
#include "engine/ops/alerts.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct status_args {
    struct target_args target;
};

static const struct opt options[] = {TARGET_OPTIONS(status_args), {0}};

enum { DAYS_SOON = 30 };

static bool needs_someone(const struct report *s)
{
    const struct report *list = report_get(s, "destinations");
    for (size_t i = 0; i < report_count(list); i++) {
        const struct report *d = report_at(list, i);
        if (report_int(d, "held") || report_bool(d, "clogged") || report_get(d, "held_by") ||
            report_bool(d, "backlog_full")) {
            return true;
        }
    }
    return report_bool(report_get(s, "journal"), "degraded") ||
           report_bool(report_get(s, "journal"), "full") ||
           report_bool(report_get(s, "journal"), "clock_doubted") ||
           report_count(report_get(s, "undelivered_for")) > 0 ||
           report_count(report_get(s, "conditions")) > 0;
}

static void print_validation(const struct report *v)
{
    const struct report *found = report_get(v, "findings");
    printf("       %-16s validation: rejected %lld, with warnings %lld", "",
           (long long)report_int(v, "rejected"), (long long)report_int(v, "warned"));
    for (unsigned i = 0; validate_row(i); i++) {
        const char *rule = validate_row(i)->name;
        if (report_int(found, rule)) {
            printf(", %s %lld", rule, (long long)report_int(found, rule));
        }
    }
    putchar('\n');
}

static void print_source(const struct report *s)
{
    printf("source %-16s %s %s  accepted %lld, filtered %lld, rejected %lld, unrouted %lld, "
           "connections %lld",
           report_text(s, "name"), report_text(s, "adapter"), report_text(s, "address"),
           (long long)report_int(s, "accepted"), (long long)report_int(s, "filtered"),
           (long long)report_int(s, "rejected"), (long long)report_int(s, "unrouted"),
           (long long)report_int(s, "connections_open"));
    if (report_int(s, "repeated")) {
        printf(", sent again by the peer %lld (answered as before, not sent on)",
               (long long)report_int(s, "repeated"));
    }
    if (report_int(s, "strangers")) {
        printf(", from other senders %lld", (long long)report_int(s, "strangers"));
    }
    if (report_int(s, "parked")) {
        printf(", parked %lld (wait for the answer to their patient's message before them)",
               (long long)report_int(s, "parked"));
    }
    if (report_get(s, "tls_days_left") && report_int(s, "tls_days_left") <= DAYS_SOON) {
        printf(", CERTIFICATE ENDS in %lld days", (long long)report_int(s, "tls_days_left"));
    }
    printf("%s\n", report_bool(s, "plaintext")
                       ? ", PLAINTEXT: others on the network can read the messages"
                       : "");
    if (report_get(s, "validation")) {
        print_validation(report_get(s, "validation"));
    }
}

static void print_destination(const struct report *d)
{
    printf("destination %-11s %s  delivered %lld, queued %lld, held %lld, refused %lld",
           report_text(d, "name"), report_text(d, "adapter"), (long long)report_int(d, "delivered"),
           (long long)report_int(d, "queued"), (long long)report_int(d, "held"),
           (long long)report_int(d, "refused"));
    if (report_int(d, "oldest_ms")) {
        printf(", oldest waits %lld s", (long long)report_int(d, "oldest_ms") / 1000);
    }
    if (report_int(d, "late_answers")) {
        printf(", answers late %lld (awaited, and not there in time)",
               (long long)report_int(d, "late_answers"));
    }
    printf("%s", report_bool(d, "clogged") ? ", CLOGGED" : "");
    if (report_bool(d, "backlog_full")) {
        printf(", BACKLOG FULL: %lld of %lld MB, %lld messages turned away",
               (long long)report_int(d, "backlog_bytes") / 1000000,
               (long long)report_int(d, "backlog_bound") / 1000000,
               (long long)report_int(d, "turned_away"));
    }
    if (report_bool(d, "unreachable")) {
        printf(", UNREACHABLE: %s", report_text(d, "reason"));
    }
    if (report_get(d, "held_by")) {
        printf(", HELD by %s since %s", report_text(d, "held_by"), report_text(d, "held_since"));
    }
    puts(report_bool(d, "plaintext") ? ", PLAINTEXT: others on the network can read the messages"
                                     : "");
}

static void print_text(const struct report *s)
{
    const struct report *j = report_get(s, "journal"), *sources = report_get(s, "sources"),
                        *destinations = report_get(s, "destinations");
    printf("corridor %s, pid %lld, up %lld s, configuration %s\n", report_text(s, "version"),
           (long long)report_int(s, "pid"), (long long)report_int(s, "up_ms") / 1000,
           report_text(s, "config"));
    printf("journal: durable up to %lld%s%s\n", (long long)report_int(j, "durable"),
           report_bool(j, "full") ? ", FULL: messages are refused until something is settled" : "",
           report_bool(j, "degraded")
               ? ", DEGRADED: corridor verify says where, verify --accept when seen to"
               : "");
    if (report_bool(j, "clock_doubted")) {
        printf(
            "journal: CLOCK STEP of %lld s: nothing goes for its age until corridor accept clock\n",
            (long long)report_int(j, "clock_step_s"));
    }
    if (report_int(s, "table_misses")) {
        printf("tables: rows missed %lld times; corridor tables missing lists them\n",
               (long long)report_int(s, "table_misses"));
    }
    for (size_t i = 0; i < report_count(sources); i++) {
        print_source(report_at(sources, i));
    }
    for (size_t i = 0; i < report_count(destinations); i++) {
        print_destination(report_at(destinations, i));
    }
    alerts_print(report_get(s, "conditions"));
    const struct report *kept = report_get(s, "undelivered_for");
    for (size_t i = 0; i < report_count(kept); i++) {
        printf("destination %-11s not configured, UNDELIVERED messages are kept for it\n",
               report_item_text(kept, i));
    }
}

static int run(struct command_run *r)
{
    const struct status_args *args = r->args;
    const char *state = target_state(r, &args->target), *why = "";
    if (!state) {
        return COMMAND_CANNOT;
    }
    struct str body;
    const char *socket = target_socket(r, state);
    int status = admin_ask(r->arena, socket, "GET", "/status", &body, &why);
    if (status != 200) {
        return status == ERR_NOT_FOUND
                   ? command_fail(r, "no daemon runs on %s", state)
                   : command_fail(r, "%s: %s", socket, status > 0 ? "it refused" : why);
    }
    struct report *s = report_parse(body);
    if (!s) {
        return command_fail(r, "%s: the answer is no JSON", socket);
    }
    bool someone = needs_someone(s);
    if (r->json) {
        report_print(&s);
    } else {
        print_text(s);
        report_free(&s);
    }
    return someone ? COMMAND_FINDINGS : COMMAND_FINE;
}

const struct command cmd_status = {
    .name = "status",
    .operands = "",
    .summary = "How the running daemon is doing.",
    .details = "  Status 1 when anything is held, clogged, full, degraded or doubted,\n  or when a "
               "condition stands; 2 when no "
               "daemon runs.",
    .options = options,
    .args_size = sizeof(struct status_args),
    .example = "corridor status -c conf/corridor.yaml",
    .run = run,
};
