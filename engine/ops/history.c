#include "engine/ops/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/answer.h"
#include "engine/ops/target.h"

enum { PIECE_FIRST = 4 << 20, PIECE_MOST = 64 << 20, OPEN_TRIES = 3, NOTES_MANY = 65536 };

/* What is known of one output; those of a message form a list. */
struct history_note {
    uint64_t seq;
    size_t next;    /* index + 1 */
    uint64_t entry; /* that recorded it */
    uint32_t output, attempt;
    enum entry_verdict verdict;
    int64_t at_us;
    struct str why;
};

/* ---- opening ---- */

static int cannot(const struct history *h, int failed)
{
    return command_fail(h->run, "%s: %s", h->dir,
                        failed == ERR_TYPE ? "written by a newer version" : "cannot be read");
}

int history_open(struct command_run *r, const char *state, struct history *out)
{
    struct history h = {.run = r, .dir = str_printf(r->arena, "%s/journal", state).p};
    struct journal_read_conf conf = {0};
    struct stat st;
    if (stat(h.dir, &st) != 0) {
        return command_fail(r, "%s: there is no journal", h.dir);
    }
    int failed = disk_open_dir(h.dir, &h.disk);
    if (failed) {
        return command_fail(r, "%s: %s", h.dir, strerror(-failed));
    }
    failed = ERR_IO;
    conf.disk = h.disk;
    for (int i = 0; i < OPEN_TRIES && failed == ERR_IO; i++) { /* a volume may go while we look */
        if (target_live(r, state, &conf.live_volume, &conf.live_end) == COMMAND_CANNOT) {
            disk_close(&h.disk);
            return COMMAND_CANNOT;
        }
        failed = journal_open_read(&conf, &h.journal);
    }
    if (failed) {
        disk_close(&h.disk);
        return cannot(&h, failed);
    }
    h.from = h.upto = journal_durable(h.journal) + 1;
    h.view = keys_view_new(h.journal);
    h.shows_progress = isatty(STDERR_FILENO);
    *out = h;
    return 0;
}

void history_close(struct history *h)
{
    if (h->shows_progress && h->piece > 1) {
        fputs("\r\033[K", stderr);
    }
    keys_view_free(&h->view);
    journal_close_read(&h->journal);
    disk_close(&h->disk);
    map64_free(&h->by_seq);
    map64_free(&h->carried);
    free(h->notes);
    arena_free(&h->texts);
}

/* ---- pieces ---- */

static void show_progress(const struct history *h)
{
    char when[CLOCK_RFC3339_SIZE];
    if (h->shows_progress && h->piece > 0 && h->newest_us) {
        clock_rfc3339(h->newest_us, when);
        fprintf(stderr, "\rread back to %s", when);
    }
}

/* Forget what is known of messages that have been told: only older ones are still to come. */
static void forget_told(struct history *h)
{
    size_t kept = 0;
    map64_free(&h->by_seq);
    for (size_t i = 0; i < h->nnotes; i++) {
        if (h->notes[i].seq < h->from) {
            h->notes[kept++] = h->notes[i];
        }
    }
    h->nnotes = kept;
    for (size_t i = 0; i < kept; i++) {
        uint64_t first = 0;
        (void)map64_get(&h->by_seq, h->notes[i].seq, &first); /* none: 0 */
        h->notes[i].next = (size_t)first;
        (void)map64_put(&h->by_seq, h->notes[i].seq, i + 1); /* new or not */
    }
}

int history_back(struct history *h)
{
    uint64_t floor = journal_floor(h->journal);
    if (h->is_over || h->from <= floor) {
        return 0;
    }
    show_progress(h);
    forget_told(h);
    h->upto = h->from;
    while (h->from >= h->upto && h->from > floor) {
        h->bytes += h->bytes < PIECE_FIRST  ? PIECE_FIRST
                    : h->bytes < PIECE_MOST ? h->bytes
                                            : PIECE_MOST;
        h->from = journal_recent(h->journal, h->bytes);
    }
    h->piece++;
    h->newest_us = 0;
    return 1;
}

/* The next entry below `upto`; damage is stepped over and counted. 1, 0, COMMAND_CANNOT. */
static int next(struct history *h, struct journal_cursor *c, uint64_t upto, struct arena *a,
                bool counts, struct entry *out)
{
    for (;;) {
        uint64_t at = c->next;
        arena_reset(a);
        int rc = journal_next(h->journal, c, a, out);
        if (rc == 1) {
            return out->seq < upto;
        }
        if (rc == 0) {
            return 0;
        }
        if (journal_is_gone(h->journal,
                            at)) { /* settled, and let go by its writer since we began */
            h->is_over = true;
            return 0;
        }
        if (rc != ERR_DAMAGE) {
            return cannot(h, rc);
        }
        h->damaged += counts;
        if (c->next >= upto) {
            return 0;
        }
    }
}

/* ---- outcomes ---- */

static struct history_note *find_note(const struct history *h, uint64_t seq, uint32_t output)
{
    uint64_t at = 0;
    (void)map64_get(&h->by_seq, seq, &at); /* none: 0 */
    while (at && h->notes[at - 1].output != output) {
        at = h->notes[at - 1].next;
    }
    return at ? &h->notes[at - 1] : NULL;
}

static struct history_note *add_note(struct history *h, const struct entry_ref *ref)
{
    if (h->nnotes == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 256;
        h->notes = xrealloc(h->notes, h->cap * sizeof *h->notes);
    }
    uint64_t first = 0;
    (void)map64_get(&h->by_seq, ref->seq, &first); /* none: 0 */
    struct history_note *n = &h->notes[h->nnotes++];
    *n = (struct history_note){.seq = ref->seq, .output = ref->output, .next = (size_t)first};
    (void)map64_put(&h->by_seq, ref->seq, h->nnotes); /* new or not */
    return n;
}

/* The last one that was recorded counts. */
static void note(struct history *h, uint64_t entry, const struct entry_outcome *o)
{
    struct history_note *n = find_note(h, o->ref.seq, o->ref.output);
    if (n && n->entry > entry) {
        return;
    }
    n = n ? n : add_note(h, &o->ref);
    n->entry = entry;
    n->verdict = o->verdict;
    n->attempt = o->attempt;
    n->at_us = o->at_us;
    n->why = str_from("", 0);
    if (o->verdict == ENTRY_HELD || o->verdict == ENTRY_REFUSED ||
        o->verdict == ENTRY_DROPPED) { /* of a dropped one: where it went instead */
        n->why = history_reply_text(&h->texts, o->reply);
    }
}

static int learn(struct history *h, uint64_t from, uint64_t upto)
{
    struct journal_cursor c = {.next = from};
    struct arena a = {0};
    struct entry e;
    int rc;
    while ((rc = next(h, &c, upto, &a, false, &e)) == 1) {
        struct entry_outcomes all;
        if (e.type != ENTRY_OUTCOME || entry_get_outcomes(&a, e.body, &all) != 0) {
            continue;
        }
        for (uint32_t i = 0; i < all.n; i++) {
            if (all.v[i].ref.seq < upto) {
                note(h, e.seq, &all.v[i]);
            }
        }
    }
    arena_free(&a);
    return rc;
}

int history_learn(struct history *h)
{
    return learn(h, h->from, h->upto);
}

/* One message, and the outcome entries that a key file names for it. */
struct settling {
    struct history *h;
    uint64_t seq;
    history_outcome_fn fn; /* told too; or NULL */
    void *arg;
    uint64_t *places; /* of one volume, in order of verdict: sorted before they are read */
    size_t n, cap;
};

static bool on_settled(void *arg, const struct keys_row *row)
{
    struct settling *s = arg;
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->places = xrealloc(s->places, s->cap * sizeof *s->places);
    }
    s->places[s->n++] = row->place;
    return true;
}

static void tell_entry(struct settling *s, const struct entry *e, struct arena *a)
{
    struct entry_outcomes all;
    if (e->type != ENTRY_OUTCOME || entry_get_outcomes(a, e->body, &all) != 0) {
        return;
    }
    for (uint32_t i = 0; i < all.n; i++) {
        if (all.v[i].ref.seq != s->seq) {
            continue;
        }
        note(s->h, e->seq, &all.v[i]);
        if (s->fn) {
            (void)s->fn(s->arg, &all.v[i]); /* all of them are wanted */
        }
    }
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* In the order of the journal, each entry once. */
static void tell_places(struct settling *s)
{
    if (s->n) {
        qsort(s->places, s->n, sizeof *s->places, by_place);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct arena a = {0};
        struct entry e;
        bool is_new = !i || s->places[i] != s->places[i - 1];
        if (is_new && journal_read_place(s->h->journal, s->places[i], &a, &e) == 0) {
            tell_entry(s, &e, &a);
        }
        arena_free(&a);
    }
}

/* What span `i` says, by its key file. False: it has none that can be used. */
static bool tell_keys(struct settling *s, size_t i)
{
    s->n = 0;
    bool ok = keys_view_find(s->h->view, i, KEYS_OUTCOMES, s->seq, on_settled, s);
    if (ok) {
        tell_places(s);
    }
    return ok;
}

int history_settle(struct history *h, uint64_t seq)
{
    struct settling s = {.h = h, .seq = seq};
    int rc = 0;
    for (size_t i = keys_view_span_of(h->view, seq); i < keys_view_count(h->view) && !rc; i++) {
        const struct keys_span *span = keys_view_span(h->view, i);
        if (keys_view_may_settle(h->view, i, seq) && !tell_keys(&s, i) &&
            learn(h, span->first_seq, span->last_seq + 1) != 0) { /* it went, or is damaged */
            rc = COMMAND_CANNOT;
        }
    }
    free(s.places);
    return rc;
}

bool history_knows(const struct history *h, uint64_t seq)
{
    uint64_t first;
    return map64_get(&h->by_seq, seq, &first);
}

void history_span(struct history *h, size_t i)
{
    const struct keys_span *s = keys_view_span(h->view, i);
    if (!s->has_keys || h->nnotes > NOTES_MANY) {
        show_progress(h);
        forget_told(h);
    }
    h->from = s->first_seq;
    h->upto = s->last_seq + 1 < journal_durable(h->journal) + 1 ? s->last_seq + 1
                                                                : journal_durable(h->journal) + 1;
    h->piece++;
    h->newest_us = s->has_keys ? s->h.newest_us : 0;
}

bool history_is_told(struct history *h, struct arena *a, const struct entry *e, uint64_t *out_seq,
                     struct entry_message *out)
{
    uint64_t seen;
    if (entry_get_any(a, e, out_seq, out) != 0) {
        return false;
    }
    return entry_is_message(e->type) ||
           (*out_seq < journal_floor(h->journal) && !map64_get(&h->carried, *out_seq, &seen) &&
            map64_put(&h->carried, *out_seq, 1));
}

int history_messages(struct history *h, history_message_fn fn, void *arg)
{
    struct journal_cursor c = {.next = h->from};
    struct arena a = {0};
    struct entry e;
    int rc;
    while ((rc = next(h, &c, h->upto, &a, true, &e)) == 1) {
        struct entry_message m;
        uint64_t seq;
        if (!history_is_told(h, &a, &e, &seq, &m)) {
            continue;
        }
        h->newest_us = m.received_us > h->newest_us ? m.received_us : h->newest_us;
        if (!fn(arg, seq, &m)) {
            rc = 0;
            break;
        }
    }
    arena_free(&a);
    return rc;
}

int history_forward(struct history *h, int64_t since_us, history_message_fn fn, void *arg)
{
    size_t n = keys_view_count(h->view), i = 0;
    int rc = 0;
    while (i + 1 < n && keys_view_span(h->view, i)->has_keys &&
           keys_view_span(h->view, i)->h.newest_us < since_us) {
        i++;
    }
    for (; i < n && rc == 0; i++) {
        history_span(h, i);
        h->is_over = false;
        rc = history_messages(h, fn, arg);
    }
    return rc;
}

/* The same from a volume without a key file. */
static int tell_span(struct settling *s, const struct keys_span *span)
{
    struct history *h = s->h;
    struct journal_cursor c = {.next = span->first_seq > s->seq ? span->first_seq : s->seq};
    struct arena a = {0};
    struct entry e;
    int rc;
    while ((rc = next(h, &c, span->last_seq + 1, &a, false, &e)) == 1) {
        tell_entry(s, &e, &a);
    }
    arena_free(&a);
    return rc;
}

int history_outcomes(struct history *h, uint64_t seq, history_outcome_fn fn, void *arg)
{
    struct settling s = {.h = h, .seq = seq, .fn = fn, .arg = arg};
    int rc = 0;
    for (size_t i = keys_view_span_of(h->view, seq); i < keys_view_count(h->view) && !rc; i++) {
        const struct keys_span *span = keys_view_span(h->view, i);
        bool may_skip = span->has_keys && !keys_view_may_settle(h->view, i, seq);
        if (!may_skip && !tell_keys(&s, i) && tell_span(&s, span) != 0) {
            rc = COMMAND_CANNOT;
        }
    }
    free(s.places);
    return rc;
}

/* Damage may have eaten its outcome: then it is held, and only the list of unsettled ones knows. */
static bool is_suspect(const struct history *h, uint64_t seq, uint32_t output,
                       const struct entry_output *o)
{
    const struct consumer_item *item =
        consumer_find(journal_consumer(h->journal, o->destination, o->class), seq, output);
    return item && item->is_suspect && item->is_held;
}

static enum history_state state_of(enum entry_verdict v)
{
    switch (v) {
    case ENTRY_DELIVERED:
        return HISTORY_DELIVERED;
    case ENTRY_REFUSED:
        return HISTORY_REFUSED;
    case ENTRY_HELD:
        return HISTORY_HELD;
    case ENTRY_DROPPED:
        return HISTORY_DROPPED;
    case ENTRY_RELEASED:
        return HISTORY_WAITING;
    }
    return HISTORY_WAITING;
}

struct history_output history_output(const struct history *h, uint64_t seq,
                                     const struct entry_message *m, uint32_t i)
{
    const struct entry_output *o = &m->outputs[i];
    const struct history_note *n = find_note(h, seq, i);
    if (n) {
        return (struct history_output){state_of(n->verdict), n->attempt, n->at_us, n->why};
    }
    if (o->kind == ENTRY_OUTPUT_FAILED_ROUTE) {
        return (struct history_output){HISTORY_HELD, 0, 0, o->finding};
    }
    if (is_suspect(h, seq, i, o)) {
        return (struct history_output){HISTORY_HELD, 0, 0,
                                       STR("after damage it is not known whether it was sent")};
    }
    if (seq <= journal_restored(h->journal)) {
        return (struct history_output){HISTORY_HELD, 0, 0, STR("restored from a backup")};
    }
    return (struct history_output){HISTORY_WAITING, 0, 0, STR("")};
}

void history_remark(const struct history *h)
{
    if (h->damaged) {
        fprintf(
            stderr,
            "corridor %s: %llu places of the journal cannot be read; corridor verify names them\n",
            h->run->command->name, (unsigned long long)h->damaged);
    }
}

/* ---- texts ---- */

bool history_time(struct str s, int64_t now_us, int64_t *out_us)
{
    int64_t ms;
    char text[40];
    if (s.n == 0 || s.n > 32) {
        return false;
    }
    if (opt_read_ms(s, &ms)) {
        *out_us = ms < now_us / 1000 ? now_us - ms * 1000 : 0;
        return true;
    }
    const char *rest = s.n == 10 ? "T00:00:00Z" : s.n == 16 ? ":00Z" : "";
    snprintf(text, sizeof text, "%.*s%s", STR_ARG(s), rest);
    if (clock_read_rfc3339(str_of(text), out_us)) {
        return true;
    }
    snprintf(text, sizeof text, "%.*sZ", STR_ARG(s));
    return clock_read_rfc3339(str_of(text), out_us);
}

static int read_bound(const struct command_run *r, const char *option, struct str s,
                      int64_t *out_us)
{
    struct clock clock = clock_real();
    if (s.n && !history_time(s, clock_wall_us(&clock), out_us)) {
        return command_fail(r, "--%s %.*s is no time; expected 2h, 7d or 2026-11-24T09:30", option,
                            STR_ARG(s));
    }
    return 0;
}

int history_window(const struct command_run *r, struct str since, struct str until,
                   int64_t *out_since_us, int64_t *out_until_us)
{
    *out_since_us = 0;
    *out_until_us = INT64_MAX;
    int rc = read_bound(r, "since", since, out_since_us);
    return rc != 0 ? rc : read_bound(r, "until", until, out_until_us);
}

const char *history_status_text(enum entry_status s)
{
    static const char *const words[] = {"accepted", "filtered", "rejected", "answered", "part"};
    return words[s];
}

const char *history_state_text(enum history_state s)
{
    static const char *const words[] = {"delivered", "refused", "held", "dropped", "waiting"};
    return words[s];
}

const char *history_verdict_text(enum entry_verdict v)
{
    return v == ENTRY_RELEASED ? "released" : history_state_text(state_of(v));
}

struct str history_reply_text(struct arena *a, struct str reply)
{
    return answer_text(a, reply);
}
