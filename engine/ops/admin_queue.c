/* The places of the admin socket that are about queues: JSON in, a call of flow/operate.h, JSON out. */
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/flow/operate.h"
#include "engine/ops/admin_priv.h"

#include <stdio.h>

enum { ROWS_DEFAULT = 50, ROWS_MOST = 1000 };

static const char *state_text(enum queued_state s)
{
    static const char *const words[] = {
        [QUEUED_BLOCKED] = "blocked",   [QUEUED_READY] = "ready",
        [QUEUED_SENDING] = "in-flight", [QUEUED_ANSWERING] = "answering",
        [QUEUED_WAITING] = "retrying",  [QUEUED_HELD] = "held"};
    return words[s];
}

static struct engine *engine_of(const struct admin_call *c)
{
    return daemon_engine(c->admin->daemon);
}

/* ---- looking ---- */

/* "" where the message could not be read. */
static void set_message(struct report *r, struct entry_id id, struct entry_ref ref)
{
    char text[27] = "";
    if (id.hi || id.lo) {
        entry_id_text(id, text);
    }
    report_set_text(r, "id", str_of(text));
    report_set_int(r, "entry", (int64_t)ref.seq);
    report_set_int(r, "output", (int64_t)ref.output + 1);
}

static struct report *keys_report(const struct queue_row *row)
{
    struct report *list = report_list();
    for (uint32_t i = 0; i < row->nkeys; i++) {
        char text[17];
        (void)snprintf(text, sizeof(text), "%016llx", (unsigned long long)row->keys[i]);
        report_add_text(list, str_of(text));
    }
    return list;
}

static struct report *causes_report(const struct queue_row *row)
{
    struct report *list = report_list();
    for (uint32_t i = 0; i < row->ncauses; i++) {
        const struct queue_cause *cause = &row->causes[i];
        struct report *one = report_object();
        set_message(one, cause->id, cause->ref);
        report_set_text(one, "state", str_of(state_text(cause->state)));
        report_add(list, one);
    }
    return list;
}

static struct report *row_report(struct admin_call *c, const struct queue_row *row)
{
    struct report *r = report_object();
    struct journal *j = daemon_journal_of(c->admin->daemon);
    char since[CLOCK_RFC3339_SIZE];
    set_message(r, row->id, row->ref);
    report_set_text(r, "state", str_of(state_text(row->state)));
    report_set_text(r, "route", journal_name_text(j, JOURNAL_ROUTE, row->route));
    report_set_int(r, "attempt", row->attempt);
    if (row->since_us > 0) {
        clock_rfc3339(row->since_us, since);
        report_set_text(r, "since", str_of(since));
    }
    report_set_text(r, "reason", row->why);
    report_set_bool(r, "failed_route", row->is_failed_route);
    report_set_text(r, "event", str_of(row->event));
    if (row->state == QUEUED_WAITING || row->state == QUEUED_ANSWERING) {
        report_set_int(r, "next_attempt_ms", row->due_us / 1000);
    }
    report_set(r, "keys", keys_report(row));
    if (row->state == QUEUED_BLOCKED) {
        report_set(r, "waits_for", causes_report(row));
    }
    return r;
}

void admin_queues(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_queues(c->admin->daemon));
}

static bool read_filter(struct str text, enum queue_filter *out)
{
    static const char *const words[] = {"any", "held", "waiting"};
    *out = QUEUE_ANY;
    for (int i = 0; i < 3; i++) {
        if (str_is(text, words[i])) {
            *out = (enum queue_filter)i;
            return true;
        }
    }
    return text.n == 0;
}

static bool read_limit(struct str text, unsigned *out)
{
    int64_t n = ROWS_DEFAULT;
    bool ok = text.n == 0 || str_to_i64(text, &n);
    *out = (unsigned)n;
    return ok && n >= 0 && n <= ROWS_MOST;
}

static void no_destination(struct admin_call *c, struct str name)
{
    admin_answer_error(c, HTTP_NOTFOUND,
                       name.n ? str_printf(&c->arena, "there is no destination %.*s", STR_ARG(name))
                              : STR("no destination is named"),
                       "`corridor queue list` or GET /queues names them");
}

void admin_queue(struct admin_call *c)
{
    struct str name = admin_query(c, "destination");
    struct queue *q = engine_queue(engine_of(c), name);
    enum queue_filter filter;
    unsigned limit;
    if (!q) {
        no_destination(c, name);
        return;
    }
    if (!read_filter(admin_query(c, "state"), &filter) ||
        !read_limit(admin_query(c, "limit"), &limit)) {
        admin_answer_error(c, HTTP_BADREQUEST, STR("`state` or `limit` is not understood"),
                           "state: any, held or waiting; limit: 0 to 1000");
        return;
    }
    struct queue_row *rows = ARENA_ARRAY(&c->arena, struct queue_row, limit + 1);
    unsigned n = queue_list(q, filter, &c->arena, rows, limit + 1);
    struct report *r = report_object(), *list = report_list();
    for (unsigned i = 0; i < n && i < limit; i++) {
        report_add(list, row_report(c, &rows[i]));
    }
    report_set_text(r, "destination", name);
    report_set_bool(r, "more", n > limit);
    report_set(r, "outputs", list);
    admin_answer_report(c, HTTP_OK, r);
}

/* ---- deciding ---- */

/* True when the body is as `rows` say; else the call is answered. */
static bool check_body(struct admin_call *c, const struct report_row *rows)
{
    const char *why, *key = report_misfit(c->body, rows, &why);
    if (key) {
        admin_answer_error(c, HTTP_BADREQUEST, str_printf(&c->arena, "`%s` %s", key, why), NULL);
    }
    return key == NULL;
}

static int status_of(int rc)
{
    return rc == ERR_NOT_FOUND ? HTTP_NOTFOUND
           : rc == ERR_USAGE   ? HTTP_BADREQUEST
           : rc == ERR_SPACE   ? HTTP_SERVUNAVAIL
                               : 409;
}

static struct report *failures_report(const struct operate_result *done)
{
    struct report *list = report_list();
    for (uint64_t i = 0; i < done->nfailed && i < OPERATE_FAILURES; i++) {
        struct report *one = report_object();
        set_message(one, done->failures[i].id, done->failures[i].ref);
        report_set_text(one, "reason", done->failures[i].why);
        report_add(list, one);
    }
    return list;
}

static struct report *result_report(const struct operate_result *done)
{
    struct report *r = report_object(), *missing = report_list();
    report_set_int(r, "done", (int64_t)done->done);
    report_set_int(r, "failed", (int64_t)done->nfailed);
    report_set(r, "failures", failures_report(done));
    for (unsigned i = 0; i < done->nmissing; i++) {
        char text[27];
        entry_id_text(done->missing[i], text);
        report_add_text(missing, str_of(text));
    }
    report_set(r, "missing", missing);
    report_set_bool(r, "more", done->has_more);
    if (done->has_more) {
        report_set_text(r, "next", done->next);
    }
    return r;
}

static void say(struct admin_call *c, const char *what, struct str destination, uint64_t outputs)
{
    log_event(daemon_log(c->admin->daemon), LOG_LEVEL_INFO, what,
              log_str("destination", destination), log_cstr("by", c->by),
              log_uint("outputs", outputs));
}

/* Done, or partly done: told when it is durable. */
static void finish(struct admin_call *c, const char *what, struct str destination,
                   const struct operate_result *done)
{
    say(c, what, destination, done->done);
    struct str text = str_printf(&c->arena, "%s %.*s, %llu outputs", what, STR_ARG(destination),
                                 (unsigned long long)done->done);
    if (done->done) {
        admin_answer_durable(c, result_report(done), text);
    } else {
        admin_answer_report(c, HTTP_OK, result_report(done));
    }
}

static bool read_ids(struct admin_call *c, struct operate_order *o)
{
    const struct report *ids = report_get(c->body, "ids"),
                        *entries = report_get(c->body, "entries");
    size_t n = report_count(ids), m = report_count(entries);
    struct entry_id *id = ARENA_ARRAY(&c->arena, struct entry_id, n + 1);
    uint64_t *entry = ARENA_ARRAY(&c->arena, uint64_t, m + 1);
    for (size_t i = 0; i < n; i++) {
        if (entry_id_parse(str_of(report_item_text(ids, i)), &id[i]) != 0) {
            admin_answer_error(c, HTTP_BADREQUEST,
                               str_printf(&c->arena, "`ids` number %zu is no message id", i + 1),
                               "26 letters and digits, as `queue list` shows them");
            return false;
        }
    }
    for (size_t i = 0; i < m; i++) {
        entry[i] = (uint64_t)report_item_int(entries, i);
    }
    o->ids = id;
    o->nids = (unsigned)n;
    o->entries = entry;
    o->nentries = (unsigned)m;
    return true;
}

static const struct report_row order_rows[] = {
    {"destination", 't'}, {"to", 't'},   {"ids", 'l'}, {"entries", 'l'},
    {"all", 'b'},         {"next", 't'}, {"by", 't'},  {NULL, 0},
};

static bool read_order(struct admin_call *c, enum operate_kind kind, struct operate_order *o)
{
    *o = (struct operate_order){.kind = kind,
                                .destination = str_of(report_text(c->body, "destination")),
                                .to = str_of(report_text(c->body, "to")),
                                .by = str_of(c->by),
                                .is_all = report_bool(c->body, "all"),
                                .next = str_of(report_text(c->body, "next"))};
    if (!read_ids(c, o)) {
        return false;
    }
    bool is_some = o->nids || o->nentries;
    if (is_some == o->is_all) {
        admin_answer_error(c, HTTP_BADREQUEST,
                           is_some ? STR("`all` and single outputs exclude one another")
                                   : STR("nothing is named; expected `ids`, `entries` or `all`"),
                           NULL);
        return false;
    }
    return true;
}

static void operate(struct admin_call *c, enum operate_kind kind, const char *what)
{
    struct operate_order o;
    struct operate_result done;
    struct str why = STR("");
    if (!check_body(c, order_rows) || !read_order(c, kind, &o)) {
        return;
    }
    int rc = engine_operate(engine_of(c), &o, &c->arena, &done, &why);
    if (rc != 0) {
        say(c, what, o.destination, done.done);
        admin_answer_error(c, status_of(rc), why, NULL);
    } else {
        finish(c, what, o.destination, &done);
    }
}

void admin_queue_drop(struct admin_call *c)
{
    operate(c, OPERATE_DROP, "dropped");
}

void admin_queue_move(struct admin_call *c)
{
    operate(c, OPERATE_MOVE, "moved");
}

/* The whole destination: held, or going on. */
static void set_held(struct admin_call *c, bool is_held)
{
    static const struct report_row rows[] = {{"destination", 't'}, {"by", 't'}, {NULL, 0}};
    struct str name = str_of(report_text(c->body, "destination"));
    struct queue *q = engine_queue(engine_of(c), name);
    if (!check_body(c, rows)) {
        return;
    }
    if (!q) {
        no_destination(c, name);
        return;
    }
    struct queue_status s;
    queue_status(q, &s);
    struct report *r = report_object();
    report_set_text(r, "destination", name);
    report_set_bool(r, "held", is_held);
    report_set_bool(r, "changed", s.is_held != is_held);
    bool asks = !is_held && !s.is_held && s.unreachable;
    if (!is_held) {
        report_set_bool(r, "asked", asks);
    }
    if (asks) {
        queue_ask_now(q);
        say(c, "asked-now", name, 0);
    }
    if (s.is_held == is_held) {
        admin_answer_report(c, HTTP_OK, r);
        return;
    }
    if (is_held) {
        queue_hold_all(q, str_of(c->by), NULL, NULL);
    } else {
        queue_go_on(q, NULL, NULL);
        say(c, "released", name, 0);
    }
    admin_answer_durable(
        c, r,
        str_printf(&c->arena, "%s %.*s", is_held ? "held" : "released all of", STR_ARG(name)));
}

void admin_queue_hold(struct admin_call *c)
{
    set_held(c, true);
}

/* Without outputs it is the destination that goes on. */
void admin_queue_release(struct admin_call *c)
{
    bool names_outputs =
        report_get(c->body, "ids") || report_get(c->body, "entries") || report_get(c->body, "all");
    if (names_outputs) {
        operate(c, OPERATE_RELEASE, "released");
    } else {
        set_held(c, false);
    }
}

void admin_resend(struct admin_call *c)
{
    static const struct report_row rows[] = {
        {"id", 't'}, {"entry", 'n'}, {"destination", 't'}, {"as_new", 'b'}, {"attempt", 'n'},
        {"by", 't'}, {NULL, 0}};
    struct operate_resend o = {.entry = (uint64_t)report_int(c->body, "entry"),
                               .destination = str_of(report_text(c->body, "destination")),
                               .is_new = report_bool(c->body, "as_new"),
                               .attempt = (uint32_t)report_int(c->body, "attempt"),
                               .by = str_of(c->by)};
    struct operate_result done;
    struct entry_id id;
    struct str why = STR("");
    char text[27];
    if (!check_body(c, rows)) {
        return;
    }
    if (!o.entry || entry_id_parse(str_of(report_text(c->body, "id")), &o.id) != 0) {
        admin_answer_error(c, HTTP_BADREQUEST,
                           STR("no message is named; expected its `id` and its `entry`"),
                           "`corridor show ID --json` has both");
        return;
    }
    int rc = engine_resend(engine_of(c), &o, &c->arena, &done, &id, &why);
    if (rc != 0) {
        admin_answer_error(c, status_of(rc), why, NULL);
        return;
    }
    struct report *r = result_report(&done);
    entry_id_text(id, text);
    report_set_text(r, "id", str_of(text));
    say(c, "sent-again", o.destination.n ? o.destination : STR("all"), done.done);
    if (done.done) {
        admin_answer_durable(c, r, str_printf(&c->arena, "resent %s", text));
    } else {
        admin_answer_report(c, HTTP_OK, r);
    }
}
