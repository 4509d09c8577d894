/* Outcomes on their way into the journal, and how far is sent. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/consumer_priv.h"

#include <stdlib.h>

enum {
    FLUSH_BYTES = 64 * 1024, /* outcomes of one entry */
    CHOKED_BYTES = 16 << 20, /* well below JOURNAL_BODY_MAX: they must fit into one entry later */
};

uint64_t consumer_flush(struct consumer *c)
{
    if (!c->noutcomes || c->j->is_fenced) {
        return 0;
    }
    struct arena a = {0};
    struct entry_outcomes o = {0};
    uint64_t seq = journal_append(c->j, ENTRY_OUTCOME, buf_str(&c->outcomes), NULL, NULL);
    if (seq && entry_get_outcomes(&a, buf_str(&c->outcomes), &o) == 0) {
        for (uint32_t i = 0; i < o.n; i++) {
            consumer_apply(c, &o.v[i]);
        }
    }
    arena_free(&a);
    if (seq) {
        buf_clear(&c->outcomes);
        c->noutcomes = 0;
        if (c->outcomes.cap > FLUSH_BYTES * 2) {
            buf_free(&c->outcomes);
        }
    }
    return seq;
}

static void sent_done(void *arg, enum journal_status status, uint64_t seq)
{
    struct consumer *c = arg;
    (void)seq;
    if (status == JOURNAL_STORED) {
        c->sent_durable = c->sent_asked;
    }
    struct sent_wait *waits = c->waits;
    size_t n = c->nwaits;
    c->waits = NULL;
    c->nwaits = c->wait_cap = 0;
    for (size_t i = 0; i < n; i++) {
        waits[i].done(waits[i].arg, status, waits[i].seq);
    }
    free(waits);
}

/* One at a time is on its way, so that its callback knows what it made durable. */
static void ask_sent(struct consumer *c)
{
    struct journal *j = c->j;
    struct buf b = {0};
    uint64_t through = j->next_seq + CONSUMER_SENT_AHEAD;
    wire_put_var(&b, c->destination);
    buf_putc(&b, (char)c->class);
    wire_put_var(&b, through);
    if (journal_append(j, ENTRY_SENT_THROUGH, buf_str(&b), sent_done, c)) {
        c->sent_asked = through;
    }
    buf_free(&b);
}

/* A sent-through was wanted and could not be appended. */
static bool waits_unasked(const struct consumer *c)
{
    return c->nwaits && c->sent_asked == c->sent_durable;
}

static void make_dirty(struct consumer *c)
{
    if (!c->is_dirty) {
        c->is_dirty = true;
        c->next_dirty = c->j->dirty;
        c->j->dirty = c;
    }
}

void consumers_flush(struct journal *j)
{
    struct consumer *c = j->dirty;
    j->dirty = NULL;
    while (c) {
        struct consumer *next = c->next_dirty;
        c->is_dirty = false;
        (void)consumer_flush(c); /* its number is for those who ask for it */
        if (waits_unasked(c)) {
            ask_sent(c);
        }
        if (c->noutcomes || waits_unasked(c)) { /* no room now: again with the next poll */
            make_dirty(c);
        }
        c = next;
    }
}

bool consumer_is_choked(const struct consumer *c)
{
    return c->outcomes.n > CHOKED_BYTES;
}

void consumer_outcome(struct consumer *c, const struct entry_outcome *o)
{
    if (!c->noutcomes) {
        entry_put_outcome_head(&c->outcomes, c->destination, c->class);
    }
    entry_put_outcome(&c->outcomes, o);
    c->noutcomes++;
    if (!c->is_dirty) {
        make_dirty(c);
        journal_signal(c->j);
    }
    if (c->outcomes.n > FLUSH_BYTES) {
        (void)consumer_flush(c);
    }
}

uint64_t consumer_outcomes_now(struct consumer *c, const struct entry_outcome *v, uint32_t n,
                               journal_done_fn done, void *arg)
{
    struct buf b = {0};
    (void)consumer_flush(c); /* in the order in which they came */
    if (c->noutcomes) {
        return 0;
    }
    entry_put_outcomes(&b, &(struct entry_outcomes){c->destination, c->class, v, n});
    uint64_t seq = journal_append(c->j, ENTRY_OUTCOME, buf_str(&b), done, arg);
    for (uint32_t i = 0; i < n && seq; i++) {
        consumer_apply(c, &v[i]);
    }
    buf_free(&b);
    return seq;
}

int consumer_reopen(struct consumer *c, const struct entry_outcome *o, uint64_t *out_entry)
{
    uint64_t seq = o->ref.seq;
    bool is_ahead = !consumer_is_before(seq, o->ref.output, c);
    if (is_ahead ? refmap_get(&c->ahead, seq, o->ref.output) != AHEAD_SETTLED
                 : consumer_find_item(c, seq, o->ref.output) != NULL) {
        return ERR_STATE;
    }
    if (seq < c->j->ops->floor(c->j) || seq > c->j->durable) {
        return ERR_NOT_FOUND;
    }
    if (consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        return ERR_SPACE;
    }
    struct entry_outcome again = *o;
    again.reply = STR(ENTRY_AGAIN);
    *out_entry = consumer_outcomes_now(c, &again, 1, NULL, NULL);
    return *out_entry ? is_ahead : ERR_SPACE;
}

bool consumer_may_send(struct consumer *c, uint64_t seq, uint32_t output, journal_done_fn done,
                       void *arg)
{
    (void)output; /* a sent-through covers whole messages */
    bool is_covered = seq <= c->sent_durable;
    bool is_near = seq + CONSUMER_SENT_AHEAD / 2 > c->sent_durable;
    if (is_near && c->sent_asked == c->sent_durable) {
        ask_sent(c);
    }
    if (is_covered) {
        return true;
    }
    if (c->nwaits == c->wait_cap) {
        c->wait_cap = c->wait_cap ? c->wait_cap * 2 : 8;
        c->waits = xrealloc(c->waits, c->wait_cap * sizeof(*c->waits));
    }
    c->waits[c->nwaits++] = (struct sent_wait){seq, done, arg};
    if (waits_unasked(c)) {
        make_dirty(c);
    }
    return false;
}

bool consumer_maybe_sent(const struct consumer *c, uint64_t seq, uint32_t output)
{
    (void)output;
    return seq <= c->sent_before;
}
