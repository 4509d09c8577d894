#include <stdio.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/held_past.h"
#include "engine/ops/locate.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

enum { IDS_MOST = 1000 };

struct queue_args {
    struct target_args target;
    bool held, waiting, all, yes;
    int limit;
};

static const struct opt options[] = {
    TARGET_OPTIONS(queue_args),
    OPT(queue_args, held, "held", BOOL, "false", NULL, 0, "list: only what is held."),
    OPT(queue_args, waiting, "waiting", BOOL, "false", NULL, 0,
        "list: only what waits for its turn, its time or another one."),
    OPT(queue_args, limit, "limit", INT, "50", "0..1000", 0,
        "list: at most so many of each destination; 0: only the numbers."),
    OPT(queue_args, all, "all", BOOL, "false", NULL, 0,
        "release, drop, move: everything that is held; drop, move at a held destination: all that "
        "waits."),
    OPT(queue_args, yes, "yes", BOOL, "false", NULL, 0, "drop: do not ask."),
    {0},
};

struct session {
    struct command_run *r;
    const struct queue_args *args;
    const char *state, *socket;
    const char *destination, *to; /* NULL: not given */
    char **ids;
    int nids;
};

/* ---- asking the daemon ---- */

/* The answer to status 200, else NULL after saying why. */
static struct report *answer_of(struct session *s, int status, struct str body, const char *why)
{
    if (status < 0) {
        (void)(status == ERR_NOT_FOUND ? command_fail(s->r, "no daemon runs on %s", s->state)
                                       : command_fail(s->r, "%s", why)); /* the caller ends */
        return NULL;
    }
    struct report *a = report_parse(body);
    if (a && status == 200) {
        return a;
    }
    const char *hint = a ? report_text(a, "hint") : "";
    (void)command_fail(s->r, "%s%s%s", a ? report_text(a, "error") : "the answer is no JSON",
                       hint[0] ? "; " : "", hint); /* the caller ends */
    report_free(&a);
    return NULL;
}

static struct report *get(struct session *s, const char *what)
{
    struct str body;
    const char *why = "";
    int status = admin_ask(s->r->arena, s->socket, "GET", what, &body, &why);
    return answer_of(s, status, body, why);
}

static struct report *post(struct session *s, const char *what, struct report *taken)
{
    struct buf b = {0};
    struct str body;
    const char *why = "";
    report_put(taken, &b);
    report_free(&taken);
    int status = admin_post(s->r->arena, s->socket, what, buf_str(&b), &body, &why);
    buf_free(&b);
    return answer_of(s, status, body, why);
}

/* ---- list ---- */

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
static struct report *look_at(struct session *s, const struct report *status)
{
    const char *filter = s->args->held ? "held" : s->args->waiting ? "waiting" : "any";
    struct str what = str_printf(s->r->arena, "/queue?destination=%s&state=%s&limit=%d",
                                 report_text(status, "name"), filter, s->args->limit);
    struct report *q = get(s, what.p);
    if (q && held_past_fill(s->r, s->state, report_get(q, "outputs")) != 0) {
        report_free(&q);
    }
    if (q) {
        report_set(q, "queue", report_share(status));
    }
    return q;
}

static int list(struct session *s)
{
    struct report *all = get(s, "/queues"), *out = report_list();
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

/* ---- release, drop, move ---- */

struct sum {
    long long done, failed;
    struct report *failures, *missing; /* lists */
};

static void add_up(struct sum *sum, const struct report *a)
{
    const struct report *failures = report_get(a, "failures"), *missing = report_get(a, "missing");
    sum->done += (long long)report_int(a, "done");
    sum->failed += (long long)report_int(a, "failed");
    for (size_t i = 0; i < report_count(failures); i++) {
        report_add(sum->failures, report_share(report_at(failures, i)));
    }
    for (size_t i = 0; i < report_count(missing); i++) {
        report_add(sum->missing, report_share(report_at(missing, i)));
    }
}

static struct report *order_of(const struct session *s)
{
    struct report *o = report_object();
    report_set_text(o, "destination", str_of(s->destination));
    if (s->to) {
        report_set_text(o, "to", str_of(s->to));
    }
    return o;
}

static int do_all(struct session *s, const char *place, struct sum *sum)
{
    struct str next = STR("");
    bool has_more = true;
    while (has_more) {
        struct report *o = order_of(s);
        report_set_bool(o, "all", true);
        report_set_text(o, "next", next);
        struct report *a = post(s, place, o);
        if (!a) {
            return COMMAND_CANNOT;
        }
        add_up(sum, a);
        has_more = report_bool(a, "more");
        next = str_dup(s->r->arena, str_of(report_text(a, "next")));
        report_free(&a);
    }
    return 0;
}

/* What is not held is looked for in the journal: it may wait. Ids that are nowhere stay missing. */
static int do_missing(struct session *s, const char *place, struct sum *sum)
{
    size_t n = report_count(sum->missing);
    struct located *v = ARENA_ARRAY(s->r->arena, struct located, n + 1);
    struct report *o = order_of(s), *entries = report_list(), *missing = report_list();
    for (size_t i = 0; i < n; i++) {
        if (locate_read_id(s->r, report_item_text(sum->missing, i), &v[i].id) != 0) {
            return COMMAND_CANNOT;
        }
    }
    int failed = n ? locate(s->r, s->state, v, n) : 0;
    for (size_t i = 0; i < n && !failed; i++) {
        if (v[i].seq) {
            report_add_int(entries, (int64_t)v[i].seq);
        } else {
            report_add(missing, report_share(report_at(sum->missing, i)));
        }
    }
    report_free(&sum->missing);
    sum->missing = missing;
    bool has_some = report_count(entries) > 0;
    report_set(o, "entries", entries);
    struct report *a = !failed && has_some ? post(s, place, report_share(o)) : NULL;
    report_free(&o);
    if (a) {
        add_up(sum, a);
    }
    failed = failed ? failed : has_some && !a ? COMMAND_CANNOT : 0;
    report_free(&a);
    return failed;
}

static int do_ids(struct session *s, const char *place, struct sum *sum)
{
    struct report *o = order_of(s), *ids = report_list();
    for (int i = 0; i < s->nids; i++) {
        report_add_text(ids, str_of(s->ids[i]));
    }
    report_set(o, "ids", ids);
    struct report *a = post(s, place, o);
    if (!a) {
        return COMMAND_CANNOT;
    }
    add_up(sum, a);
    report_free(&a);
    return do_missing(s, place, sum);
}

static void print_sum(const struct session *s, const char *done_word, struct sum *sum)
{
    if (s->r->json) {
        struct report *r = report_object();
        report_set_text(r, "destination", str_of(s->destination));
        report_set_int(r, "done", sum->done);
        report_set_int(r, "failed", sum->failed);
        report_set(r, "failures", report_share(sum->failures));
        report_set(r, "missing", report_share(sum->missing));
        report_print(&r);
        return;
    }
    printf("%s: %s %lld output%s\n", s->destination, done_word, sum->done,
           sum->done == 1 ? "" : "s");
    for (size_t i = 0; i < report_count(sum->failures); i++) {
        const struct report *f = report_at(sum->failures, i);
        printf("  %s stays as it is: %s\n", report_text(f, "id"), report_text(f, "reason"));
    }
    for (size_t i = 0; i < report_count(sum->missing); i++) {
        printf("  %s: there is no such message in the journal (any more)\n",
               report_item_text(sum->missing, i));
    }
    if (sum->failed > (long long)report_count(sum->failures)) {
        printf("  and %lld more\n", sum->failed - (long long)report_count(sum->failures));
    }
}

static int decide(struct session *s, const char *place, const char *done_word)
{
    struct sum sum = {0, 0, report_list(), report_list()};
    struct entry_id id;
    int failed = s->args->all && s->nids > 0
                     ? command_fail(s->r, "--all and message ids exclude one another")
                 : !s->args->all && s->nids == 0
                     ? command_fail(s->r,
                                    "expected message ids, or --all; corridor queue list %s "
                                    "shows them",
                                    s->destination)
                 : s->nids > IDS_MOST ? command_fail(s->r, "at most %d ids at once", IDS_MOST)
                                      : 0;
    for (int i = 0; i < s->nids && !failed; i++) {
        failed = locate_read_id(s->r, s->ids[i], &id);
    }
    if (!failed) {
        failed = s->args->all ? do_all(s, place, &sum) : do_ids(s, place, &sum);
    }
    if (!failed) {
        print_sum(s, done_word, &sum);
        failed = sum.failed || report_count(sum.missing) ? COMMAND_FINDINGS : COMMAND_FINE;
    }
    report_free(&sum.failures);
    report_free(&sum.missing);
    return failed;
}

/* ---- the verbs ---- */

static int switch_all(struct session *s, const char *place, const char *done_word)
{
    struct report *a = post(s, place, order_of(s));
    if (!a) {
        return COMMAND_CANNOT;
    }
    bool changed = report_bool(a, "changed");
    if (s->r->json) {
        report_print(&a);
    } else {
        printf("%s: %s%s\n", s->destination, changed ? "" : "already ", done_word);
        report_free(&a);
    }
    return COMMAND_FINE;
}

static int hold(struct session *s)
{
    if (s->nids || s->args->all) {
        return command_fail(s->r, "hold stops the whole destination; expected only its name");
    }
    return switch_all(s, "/queue/hold", "held");
}

static int release(struct session *s)
{
    return s->nids || s->args->all ? decide(s, "/queue/release", "released")
                                   : switch_all(s, "/queue/release", "going on");
}

/* Dropping is asked for: yes on a terminal, or --yes. */
static bool is_sure(const struct session *s)
{
    char line[16] = "";
    if (s->args->yes) {
        return true;
    }
    if (!isatty(STDIN_FILENO)) {
        return command_fail(s->r, "this drops messages; say --yes to mean it") == 0;
    }
    fprintf(stderr, "Drop %s of %s? They are not sent; `resend` can still send them. [y/N] ",
            s->args->all ? "everything" : "these", s->destination);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int drop(struct session *s)
{
    return is_sure(s) ? decide(s, "/queue/drop", "dropped") : COMMAND_CANNOT;
}

static int move(struct session *s)
{
    if (s->nids == 0) {
        return command_fail(s->r, "expected where to, as in: corridor queue move lab lab2 --all");
    }
    s->to = s->ids[0];
    s->ids++;
    s->nids--;
    return decide(s, "/queue/move", "moved");
}

static const struct verb {
    const char *name;
    bool wants_destination;
    int (*run)(struct session *s);
} verbs[] = {
    {"list", false, list}, {"hold", true, hold}, {"release", true, release},
    {"drop", true, drop},  {"move", true, move},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int run(struct command_run *r)
{
    struct session s = {.r = r, .args = r->args};
    const struct verb *verb = find_verb(r->operands[0]);
    if (!verb) {
        return command_fail(r,
                            "%s is not something to do; expected list, hold, release, drop or move",
                            r->operands[0]);
    }
    s.destination = r->noperands > 1 ? r->operands[1] : NULL;
    s.ids = r->operands + 2;
    s.nids = r->noperands > 2 ? r->noperands - 2 : 0;
    if (verb->wants_destination && !s.destination) {
        return command_fail(r, "%s wants a destination; corridor queue list names them",
                            verb->name);
    }
    s.state = target_state(r, &s.args->target);
    if (!s.state) {
        return COMMAND_CANNOT;
    }
    s.socket = target_socket(r, s.state);
    return verb->run(&s);
}

const struct command cmd_queue = {
    .name = "queue",
    .operands = "list|hold|release|drop|move [DESTINATION] [TO] [ID...]",
    .summary = "What waits for destinations, and why; hold, release, drop or move it.",
    .details =
        "  list [DESTINATION]                 What is held, waits or is in flight, why and for "
        "whom. "
        "Status 1 when\n"
        "                                     something is held or clogged.\n"
        "  hold DESTINATION                   Send nothing there any more; stands over restarts.\n"
        "  release DESTINATION                Go on.\n"
        "  release DESTINATION ID...|--all    Send what is held; a failed route runs today's "
        "rules.\n"
        "  drop DESTINATION ID...|--all       Never send it; `resend` can, as long as it is kept.\n"
        "  move DESTINATION TO ID...|--all    Send it to another destination instead.\n"
        "  Status 1 when an output stayed as it was.",
    .options = options,
    .args_size = sizeof(struct queue_args),
    .min = 1,
    .max = -1,
    .example = "corridor queue release -c conf/corridor.yaml lab 053xbo2bkvcsq5wzv7mtbqvtxu",
    .run = run,
};
