#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/json_out.h"
#include "engine/base/mem.h"
#include "engine/ops/commands.h"
#include "engine/ops/finder.h"
#include "engine/ops/target.h"

enum { SOURCE_COLUMN = 12, SLACK_S = 3600 };

struct messages_args {
    struct target_args target;
    int status;
    struct str source, destination, since, until, id, control, patient, text;
    int last;
};

#define STATUSES                                                                                   \
    "any|accepted|filtered|rejected|answered|part|delivered|refused|held|dropped|waiting"
enum {
    STATUS_ANY,
    STATUS_ACCEPTED,
    STATUS_FILTERED,
    STATUS_REJECTED,
    STATUS_ANSWERED,
    STATUS_PART,
    STATUS_DELIVERED
};

static const struct opt options[] = {
    TARGET_OPTIONS(messages_args),
    OPT(messages_args, status, "status", ENUM, "any", STATUSES, 0,
        "Messages of this status, or with an output in this state."),
    OPT(messages_args, source, "source", STR, NULL, NULL, 0, "Messages from this source."),
    OPT(messages_args, destination, "destination", STR, NULL, NULL, 0,
        "Messages with an output to this destination (in the state that --status asks for)."),
    OPT(messages_args, id, "id", STR, NULL, NULL, 0, "The message with this id."),
    OPT(messages_args, control, "control-id", STR, NULL, NULL, 0,
        "Messages with this MSH-10, whoever sent them."),
    OPT(messages_args, patient, "patient", STR, NULL, NULL, 0,
        "Messages with this id in PID-3 or MRG-1; ID^^^AUTHORITY: only of that authority."),
    OPT(messages_args, text, "text", STR, NULL, NULL, 0,
        "Messages whose bytes contain this, as sent; reads them all, newest first."),
    OPT(messages_args, since, "since", STR, NULL, NULL, 0,
        "Received this long ago or later (2h, 7d), or since 2026-11-24T09:30 (UTC)."),
    OPT(messages_args, until, "until", STR, NULL, NULL, 0,
        "Received before; written like --since."),
    OPT(messages_args, last, "last", INT, "50", "1..1000000", 0, "The newest N that match."),
    {0},
};

struct row {
    uint64_t seq;
    struct str text; /* its own allocation */
};

/* A search: rows of earlier pieces, and a ring for the piece that is being read. */
struct search {
    struct history h;
    struct finder finder;
    struct arena scratch;
    const struct messages_args *args;
    int64_t since_us, until_us;
    bool json;
    bool has_failed;
    bool is_nothing; /* a name that no message bears */
    struct row *rows;
    size_t n, cap; /* kept for good */
    struct row *ring;
    size_t ring_cap, ring_n; /* ring_n: ever put in */
    struct buf text;
};

/* ---- what is asked for ---- */

static bool output_matches(const struct search *s, uint64_t seq, const struct entry_message *m,
                           uint32_t i)
{
    const struct messages_args *a = s->args;
    struct str to = journal_name_text(s->h.journal, JOURNAL_DESTINATION, m->outputs[i].destination);
    if (a->destination.n && !str_eq(to, a->destination)) {
        return false;
    }
    return a->status < STATUS_DELIVERED ||
           (int)history_output(&s->h, seq, m, i).state == a->status - STATUS_DELIVERED;
}

static bool matches(struct search *s, uint64_t seq, const struct entry_message *m)
{
    const struct messages_args *a = s->args;
    arena_reset(&s->scratch);
    if (!finder_matches(&s->finder, &s->scratch, m)) {
        return false;
    }
    s->has_failed |= history_settle(&s->h, seq) != 0;
    bool wants_output = a->destination.n || a->status >= STATUS_DELIVERED;
    for (uint32_t i = 0; wants_output && i < m->noutputs; i++) {
        if (history_has_output(m, i) && output_matches(s, seq, m, i)) {
            return true;
        }
    }
    return !wants_output;
}

/* ---- one row ---- */

static void put_text(struct search *s, uint64_t seq, const struct entry_message *m)
{
    char when[CLOCK_RFC3339_SIZE], id[27];
    struct buf *b = &s->text;
    struct str from = journal_name_text(s->h.journal, JOURNAL_SOURCE, m->source);
    clock_rfc3339(m->received_us, when);
    entry_id_text(m->id, id);
    buf_printf(b, "%s %s %-*.*s %s", when, id, SOURCE_COLUMN, STR_ARG(from),
               history_status_text(m->status));
    if (m->reason.n) {
        buf_printf(b, " (%.*s)", STR_ARG(m->reason));
    }
    const char *between = "; ";
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (!history_has_output(m, i)) {
            continue;
        }
        struct history_output o = history_output(&s->h, seq, m, i);
        struct str to =
            journal_name_text(s->h.journal, JOURNAL_DESTINATION, m->outputs[i].destination);
        buf_printf(b, "%s%.*s %s", between, STR_ARG(to), history_state_text(o.state));
        between = ", ";
        if (o.state == HISTORY_HELD || o.state == HISTORY_REFUSED ||
            (o.state == HISTORY_DROPPED && o.why.n)) {
            buf_printf(b, " (%.*s)", STR_ARG(o.why));
        }
    }
    buf_printf(b, "; %zu bytes from %.*s", m->raw.n, STR_ARG(m->peer));
}

static void put_output(struct json_out *j, const struct search *s, uint64_t seq,
                       const struct entry_message *m, uint32_t i)
{
    struct history_output o = history_output(&s->h, seq, m, i);
    char when[CLOCK_RFC3339_SIZE];
    json_out_object(j);
    json_out_pair(j, "destination",
                  journal_name_text(s->h.journal, JOURNAL_DESTINATION, m->outputs[i].destination));
    json_out_pair_cstr(j, "state", history_state_text(o.state));
    json_out_pair_int(j, "attempt", o.attempt);
    if (o.at_us) {
        clock_rfc3339(o.at_us, when);
        json_out_pair_cstr(j, "at", when);
    }
    if (o.why.n) {
        json_out_pair(j, "reason", o.why);
    }
    json_out_end(j);
}

static void put_json(struct search *s, uint64_t seq, const struct entry_message *m)
{
    struct json_out j;
    char when[CLOCK_RFC3339_SIZE], id[27];
    clock_rfc3339(m->received_us, when);
    entry_id_text(m->id, id);
    json_out_init(&j, &s->text, 0);
    json_out_object(&j);
    json_out_pair_cstr(&j, "id", id);
    json_out_pair_cstr(&j, "received", when);
    json_out_pair(&j, "source", journal_name_text(s->h.journal, JOURNAL_SOURCE, m->source));
    json_out_pair_cstr(&j, "status", history_status_text(m->status));
    json_out_pair(&j, "reason", m->reason);
    json_out_pair(&j, "peer", m->peer);
    json_out_pair_int(&j, "bytes", (int64_t)m->raw.n);
    json_out_key(&j, "outputs");
    json_out_array(&j);
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (history_has_output(m, i)) {
            put_output(&j, s, seq, m, i);
        }
    }
    json_out_end(&j);
    json_out_end(&j);
}

static struct str take_text(struct search *s)
{
    char *p = xmalloc(s->text.n + 1);
    memcpy(p, s->text.p ? s->text.p : "", s->text.n);
    return str_from(p, s->text.n);
}

static struct row row_of(struct search *s, uint64_t seq, const struct entry_message *m)
{
    buf_clear(&s->text);
    if (s->json) {
        put_json(s, seq, m);
    } else {
        put_text(s, seq, m);
    }
    return (struct row){seq, take_text(s)};
}

/* Oldest first, in a volume that is read. */
static bool on_message(void *arg, uint64_t seq, const struct entry_message *m)
{
    struct search *s = arg;
    if (matches(s, seq, m)) {
        struct row *r = &s->ring[s->ring_n++ % s->ring_cap];
        free((char *)r->text.p);
        *r = row_of(s, seq, m);
    }
    return true;
}

static void add_row(struct search *s, struct row row)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->rows = xrealloc(s->rows, s->cap * sizeof *s->rows);
    }
    s->rows[s->n++] = row;
}

/* Newest first, where a key file tells which. */
static bool on_found(void *arg, uint64_t seq, const struct entry_message *m)
{
    struct search *s = arg;
    if (matches(s, seq, m)) {
        add_row(s, row_of(s, seq, m));
    }
    return s->n < (size_t)s->args->last;
}

/* ---- the search ---- */

/* What the ring holds goes to the rows that are kept. */
static void keep(struct search *s)
{
    size_t n = s->ring_n < s->ring_cap ? s->ring_n : s->ring_cap;
    for (size_t i = 0; i < n; i++) {
        add_row(s, s->ring[i]);
    }
    memset(s->ring, 0, n * sizeof *s->ring);
    s->ring_n = 0;
}

/* Nothing that stands further back can be young enough: the clock may have been set by an hour. */
static bool is_past(const struct search *s)
{
    return s->h.newest_us && s->h.newest_us < s->since_us - (int64_t)SLACK_S * 1000000;
}

/* A volume whose key file does not tell, or that has none. */
static int read_volume(struct search *s, size_t i)
{
    bool has_keys = keys_view_span(s->h.view, i)->has_keys;
    s->ring_cap = (size_t)s->args->last - s->n;
    if ((!has_keys && history_learn(&s->h) != 0) || history_messages(&s->h, on_message, s) != 0) {
        return COMMAND_CANNOT;
    }
    keep(s);
    return 0;
}

/* Rows of a key file that went half way are told again. */
static void forget_rows(struct search *s, size_t n)
{
    while (s->n > n) {
        free((char *)s->rows[--s->n].text.p);
    }
}

static int search_volume(struct search *s, size_t i)
{
    size_t before = s->n;
    history_span(&s->h, i);
    int rc = finder_serves(&s->finder, i) ? finder_run(&s->finder, i, on_found, s) : 0;
    if (rc == 0) {
        forget_rows(s, before);
        rc = read_volume(s, i);
    }
    return rc == COMMAND_CANNOT || s->has_failed ? COMMAND_CANNOT : 0;
}

static int search(struct search *s)
{
    int rc = 0;
    for (size_t i = keys_view_count(s->h.view); rc == 0 && i-- > 0;) {
        if (s->n >= (size_t)s->args->last || is_past(s) || s->is_nothing || s->h.is_over) {
            break;
        }
        if (!finder_skips(&s->finder, i)) {
            rc = search_volume(s, i);
        }
    }
    return rc;
}

static int by_seq(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void print(struct search *s)
{
    if (s->n) {
        qsort(s->rows, s->n, sizeof *s->rows, by_seq);
    }
    for (size_t i = 0; i < s->n; i++) {
        printf("%.*s\n", STR_ARG(s->rows[i].text));
    }
}

static void free_rows(struct search *s)
{
    size_t n = s->ring_n < (size_t)s->args->last ? s->ring_n : (size_t)s->args->last;
    for (size_t i = 0; i < n; i++) {
        free((char *)s->ring[i].text.p);
    }
    for (size_t i = 0; i < s->n; i++) {
        free((char *)s->rows[i].text.p);
    }
    free(s->ring);
    free(s->rows);
    buf_free(&s->text);
    arena_free(&s->scratch);
}

/* The name's id; of a name that no message bears nothing is found. */
static uint32_t name_id(struct search *s, enum journal_kind kind, struct str name)
{
    uint32_t id = name.n ? journal_name_id(s->h.journal, kind, name) : 0;
    s->is_nothing |= name.n && id == 0;
    return id;
}

static int begin(struct command_run *r, struct search *s)
{
    const struct messages_args *a = s->args;
    bool is_status = a->status > STATUS_ANY && a->status < STATUS_DELIVERED;
    struct finder_query q = {
        .since_us = s->since_us,
        .until_us = s->until_us,
        .id = a->id,
        .control = a->control,
        .patient = a->patient,
        .text = a->text,
        .source = name_id(s, JOURNAL_SOURCE, a->source),
        .destination = name_id(s, JOURNAL_DESTINATION, a->destination),
        .status = is_status ? a->status - STATUS_ACCEPTED : -1,
        .state = a->status >= STATUS_DELIVERED ? a->status - STATUS_DELIVERED : -1,
    };
    if (!finder_init(&s->finder, &s->h, &q)) {
        history_close(&s->h);
        return command_fail(r, "--id %.*s is no message id; expected 26 letters and digits",
                            STR_ARG(a->id));
    }
    s->ring = xcalloc((size_t)a->last, sizeof *s->ring);
    return 0;
}

static int run(struct command_run *r)
{
    struct search s = {.args = r->args, .json = r->json};
    const char *state = target_state(r, &s.args->target);
    if (!state || history_window(r, s.args->since, s.args->until, &s.since_us, &s.until_us) != 0 ||
        history_open(r, state, &s.h) != 0) {
        return COMMAND_CANNOT;
    }
    if (begin(r, &s) != 0) {
        return COMMAND_CANNOT;
    }
    int failed = search(&s);
    finder_free(&s.finder);
    history_close(&s.h);
    if (!failed) {
        print(&s);
        history_remark(&s.h);
    }
    bool found = s.n > 0;
    free_rows(&s);
    return failed ? failed : found ? COMMAND_FINE : COMMAND_FINDINGS;
}

const struct command cmd_messages = {
    .name = "messages",
    .operands = "",
    .summary = "List messages: when, from where, what became of them. Never their content.",
    .details =
        "  Oldest first, the newest --last of those that match; also beside the running daemon.\n"
        "  By id, control id, patient, source, destination, time and status the key files\n"
        "  tell where to look; --text, and volumes whose key file is not made yet, are read.\n"
        "  Status 1 when none matches.",
    .options = options,
    .args_size = sizeof(struct messages_args),
    .example = "corridor messages -c conf/corridor.yaml --status held --since 2h",
    .run = run,
};
