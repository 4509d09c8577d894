/* `queue list`: what waits, and why. */
#include <stdio.h>

#include "engine/ops/cmd_queue_priv.h"
#include "engine/ops/held_past.h"

static void print_causes(const struct report *row)
{
    const struct report *causes = report_get(row, "waits_for");
    for (size_t i = 0; i < report_count(causes); i++) {
        const struct report *c = report_at(causes, i);
        printf("%s %s (%s)", i ? "," : ", waits for", report_text(c, "id"),
               report_text(c, "state"));
    }
}

static void print_row(const struct report *row)
{
    const char *id = report_text(row, "id"), *since = report_text(row, "since");
    printf("  %-9s %-26s by %s", report_text(row, "state"), id[0] ? id : "(unreadable)",
           report_text(row, "route"));
    if (report_int(row, "attempt")) {
        printf(", attempt %lld", (long long)report_int(row, "attempt"));
    }
    printf(", since %s", since[0] ? since : "before the daemon started");
    if (report_get(row, "next_attempt_ms")) {
        bool is_answering = strcmp(report_text(row, "state"), "answering") == 0;
        printf(", %s in %lld s", is_answering ? "its limit" : "again",
               ((long long)report_int(row, "next_attempt_ms") + 999) / 1000);
    }
    print_causes(row);
    if (report_text(row, "reason")[0]) {
        printf(": %s", report_text(row, "reason"));
    }
    putchar('\n');
}

static void print_queue(const struct report *q)
{
    const struct report *s = report_get(q, "queue"), *rows = report_get(q, "outputs");
    printf("%s: held %lld, blocked %lld, retrying %lld, ready %lld, in flight %lld",
           report_text(s, "name"), (long long)report_int(s, "held"),
           (long long)report_int(s, "blocked"), (long long)report_int(s, "retrying"),
           (long long)report_int(s, "ready"), (long long)report_int(s, "in_flight"));
    if (report_int(s, "answering")) {
        printf(", answering %lld", (long long)report_int(s, "answering"));
    }
    printf("%s", report_bool(s, "behind") ? ", more waits in the journal" : "");
    if (report_int(s, "oldest_ms")) {
        printf(", oldest waits %lld s", (long long)report_int(s, "oldest_ms") / 1000);
    }
    printf("%s", report_bool(s, "clogged") ? ", CLOGGED" : "");
    if (report_bool(s, "unreachable")) {
        printf(", UNREACHABLE: %s", report_text(s, "reason"));
    }
    if (report_get(s, "held_by")) {
        printf(", HELD by %s since %s", report_text(s, "held_by"), report_text(s, "held_since"));
    }
    putchar('\n');
    for (size_t i = 0; i < report_count(rows); i++) {
        print_row(report_at(rows, i));
    }
    if (report_bool(q, "more") && report_count(rows) > 0) {
        printf("  and more; --limit shows up to 1000\n");
    }
}

static bool needs_someone(const struct report *status)
{
    return report_int(status, "held") > 0 || report_bool(status, "clogged") ||
           report_get(status, "held_by") != NULL;
}

/* One destination with its rows; NULL after saying why. */
static struct report *look_at(struct queue_session *s, const struct report *status)
{
    const char *filter = s->args->held ? "held" : s->args->waiting ? "waiting" : "any";
    struct str what = str_printf(s->r->arena, "/queue?destination=%s&state=%s&limit=%d",
                                 report_text(status, "name"), filter, s->args->limit);
    struct report *q = cmd_queue_get(s, what.p);
    if (q && held_past_fill(s->r, s->state, report_get(q, "outputs")) != 0) {
        report_free(&q);
    }
    if (q) {
        report_set(q, "queue", report_share(status));
    }
    return q;
}

int cmd_queue_list(struct queue_session *s)
{
    struct report *all = cmd_queue_get(s, "/queues"), *out = report_list();
    const struct report *queues = report_get(all, "queues");
    int status = all ? COMMAND_FINE : COMMAND_CANNOT;
    for (size_t i = 0; i < report_count(queues) && status != COMMAND_CANNOT; i++) {
        const struct report *one = report_at(queues, i);
        if (s->destination && strcmp(s->destination, report_text(one, "name")) != 0) {
            continue;
        }
        struct report *q = look_at(s, one);
        status = !q ? COMMAND_CANNOT : needs_someone(one) ? COMMAND_FINDINGS : status;
        if (q) {
            report_add(out, q);
        }
    }
    if (status != COMMAND_CANNOT && s->destination && report_count(out) == 0) {
        status = command_fail(s->r, "there is no destination %s; corridor queue list names them",
                              s->destination);
    }
    for (size_t i = 0; i < report_count(out) && status != COMMAND_CANNOT && !s->r->json; i++) {
        print_queue(report_at(out, i));
    }
    if (s->r->json && status != COMMAND_CANNOT) {
        struct report *top = report_object();
        report_set(top, "queues", report_share(out));
        report_print(&top);
    }
    report_free(&out);
    report_free(&all);
    return status;
}
