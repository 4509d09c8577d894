/* What concerns all consumers at once: a message that is stored, recovery, restoring, cleaning. */
#include "engine/journal/consumer_priv.h"

void consumers_see(struct journal *j, const struct stored *s, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct entry_output *o = &m->outputs[i];
        if (o->destination >= TABLES_NAMES_MAX) {
            continue;
        }
        struct consumer *c = consumer_get(j, o->destination, o->class);
        if (consumer_is_before(s->e.seq, i, c)) {
            continue;
        }
        if (c->is_live) {
            c->is_live = false;
            consumer_set_cursor(c, s->e.seq, i, s->hint);
        }
        consumer_count_ahead(c, s->e.seq, i, s->e.body.n);
    }
}

void consumers_fall_behind(struct journal *j, const struct waiting *w)
{
    struct arena a = {0};
    struct journal_cursor at = {w->seq, {w->hint, 1}};
    struct stored s;
    struct entry_message m;
    if (read_next(j, &at, w->seq, ENTRY_MESSAGES, &a, &s) == 1 &&
        entry_get_message(&a, s.e.body, &m) == 0) {
        consumers_see(j, &s, &m);
    } else { /* it cannot be read back: whoever it is for finds out when the cursor gets there */
        for (size_t i = 0; i < j->nconsumers; i++) {
            struct consumer *c = j->consumers[i];
            if (c && c->is_live) {
                c->is_live = false;
                consumer_set_cursor(c, c->seq > w->seq ? c->seq : w->seq,
                                    c->seq == w->seq ? c->output : 0, 0);
            }
        }
    }
    arena_free(&a);
}

void consumers_replayed(struct journal *j, uint64_t end_seq)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        if (c) {
            c->keeps_settled = false;
            refmap_free(&c->was_settled);
            refmap_drop_before(&c->ahead, c->seq, c->output);
            if (c->is_live && c->seq <= end_seq) {
                consumer_set_cursor(c, end_seq + 1, 0, 0);
            }
        }
    }
}

static void hold_one(struct consumer *c, uint64_t seq, uint32_t output, struct str reason)
{
    struct entry_outcome o = {.ref = {seq, output}, .verdict = ENTRY_HELD, .reply = reason};
    o.at_us = c->j->clock.wall_us(c->j->clock.arg);
    consumer_outcome(c, &o);
}

void consumers_restore(struct journal *j, struct str reason)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        for (size_t k = c ? c->first : 0; c && k < c->n; k++) {
            if (!c->v[k].is_settled && !c->v[k].is_held) { /* the others keep their own reason */
                hold_one(c, c->v[k].seq, c->v[k].output, reason);
            }
        }
        for (size_t k = 0; c && k < c->ahead.cap; k++) {
            const struct refmap_slot *s = &c->ahead.v[k];
            if (s->state == 1 && s->value == AHEAD_RELEASED) {
                hold_one(c, s->a, s->b, reason);
            }
        }
        if (c) {
            consumer_apply_sent(c, j->next_seq - 1);
        }
    }
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a == 0 || b < a ? b : a;
}

uint64_t consumers_lost(struct journal *j, uint64_t first_seq, bool is_exact)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        for (size_t k = c ? c->first : 0; c && k < c->n && c->v[k].seq < first_seq; k++) {
            if (!c->v[k].is_settled && c->v[k].home < first_seq) {
                lost = lower(lost, c->v[k].seq);
            }
        }
        if (c && !c->is_live && c->seq < first_seq) {
            lost = is_exact ? lower(lost, c->seq) : lost;
            consumer_set_cursor(c, first_seq, 0, 0);
        }
    }
    return lost;
}

static uint64_t unread_from(const struct consumer *c)
{
    return c->is_live ? c->j->called + 1 : c->seq;
}

/* Where nothing counts what volumes hold, the first item tells; it was never written again. */
static uint64_t floor_of(const struct consumer *c)
{
    uint64_t unread = unread_from(c);
    bool is_first = !c->j->ops->hold && c->first < c->n && c->v[c->first].seq < unread;
    return is_first ? c->v[c->first].seq : unread;
}

uint64_t consumers_floor(const struct journal *j)
{
    uint64_t floor = j->called + 1;
    uint64_t held = j->ops->hold ? j->ops->held_from(j) : floor;
    for (size_t i = 0; i < j->nconsumers; i++) {
        const struct consumer *c = j->consumers[i];
        uint64_t one = c ? floor_of(c) : floor;
        floor = one < floor ? one : floor;
    }
    return held < floor ? held : floor;
}

uint64_t consumers_lowest(const struct journal *j)
{
    uint64_t lowest = j->called + 1;
    for (size_t i = 0; i < j->nconsumers; i++) {
        const struct consumer *c = j->consumers[i];
        uint64_t one = c ? unread_from(c) : lowest;
        lowest = one < lowest ? one : lowest;
        for (size_t k = c ? c->first : 0; c && k < c->n; k++) {
            bool is_lower = !c->v[k].is_settled && c->v[k].home < lowest;
            lowest = is_lower ? c->v[k].home : lowest;
        }
    }
    return lowest;
}
