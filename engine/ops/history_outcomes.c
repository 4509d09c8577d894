/* What became of outputs: notes of the piece that is looked at, learnt from its outcomes or found by the key files. */
#include "engine/base/mem.h"
#include "engine/ops/history_priv.h"

#include <stdlib.h>

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

void history_forget_told(struct history *h)
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
    while ((rc = history_next(h, &c, upto, &a, false, &e)) == 1) {
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

/* The same from a volume without a key file. */
static int tell_span(struct settling *s, const struct keys_span *span)
{
    struct history *h = s->h;
    struct journal_cursor c = {.next = span->first_seq > s->seq ? span->first_seq : s->seq};
    struct arena a = {0};
    struct entry e;
    int rc;
    while ((rc = history_next(h, &c, span->last_seq + 1, &a, false, &e)) == 1) {
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

struct history_output history_output(const struct history *h, uint64_t seq,
                                     const struct entry_message *m, uint32_t i)
{
    const struct entry_output *o = &m->outputs[i];
    const struct history_note *n = find_note(h, seq, i);
    if (n) {
        return (struct history_output){history_state_of(n->verdict), n->attempt, n->at_us, n->why};
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
