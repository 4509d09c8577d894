#include "engine/journal/consumer.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/consumer_priv.h"

#include <stdlib.h>

struct consumer *consumer_get(struct journal *j, uint32_t destination, enum entry_class class)
{
    size_t at = (size_t)destination * 2 + class;
    if (at >= j->nconsumers) {
        size_t n = at + 16;
        j->consumers = xrealloc(j->consumers, n * sizeof(struct consumer *));
        memset(j->consumers + j->nconsumers, 0, (n - j->nconsumers) * sizeof(struct consumer *));
        j->nconsumers = n;
    }
    if (!j->consumers[at]) { /* nothing before its birth can be for it */
        struct consumer *c = j->consumers[at] = X_NEW(struct consumer);
        c->j = j;
        c->destination = destination;
        c->class = class;
        c->is_live = true;
        c->seq = j->called + 1;
    }
    return j->consumers[at];
}

void consumers_free(struct journal *j)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        if (c) {
            refmap_free(&c->ahead);
            refmap_free(&c->was_settled);
            refmap_free(&c->suspects);
            buf_free(&c->outcomes);
            free(c->waits);
            free(c->v);
            free(c);
        }
    }
    free(j->consumers);
    j->consumers = NULL;
    j->nconsumers = 0;
}

static bool is_final(enum entry_verdict v)
{
    return v == ENTRY_DELIVERED || v == ENTRY_REFUSED || v == ENTRY_DROPPED;
}

static void apply_ahead(struct consumer *c, const struct entry_outcome *o)
{
    uint64_t mark = is_final(o->verdict)       ? AHEAD_SETTLED
                    : o->verdict == ENTRY_HELD ? AHEAD_HELD
                                               : AHEAD_RELEASED;
    refmap_set(&c->ahead, o->ref.seq, o->ref.output, mark);
    c->has_open_ahead |= mark != AHEAD_SETTLED;
}

void consumer_apply(struct consumer *c, const struct entry_outcome *o)
{
    if (c->keeps_settled && is_final(o->verdict)) {
        refmap_set(&c->was_settled, o->ref.seq, o->ref.output, 1);
    }
    if (!consumer_is_before(o->ref.seq, o->ref.output, c)) {
        apply_ahead(c, o);
        return;
    }
    struct consumer_item *item = consumer_find_item(c, o->ref.seq, o->ref.output);
    if (!item) { /* settled twice: the first outcome stands */
        if (o->verdict == ENTRY_RELEASED) {
            (void)consumer_insert(c, o->ref.seq, o->ref.output);
        }
        return;
    }
    if (is_final(o->verdict)) {
        consumer_settle(c, item);
    } else {
        item->is_held = o->verdict == ENTRY_HELD;
        item->is_suspect = item->is_suspect && item->is_held;
    }
}

void consumer_apply_sent(struct consumer *c, uint64_t through)
{
    if (through > c->sent_asked) {
        c->sent_asked = c->sent_durable = c->sent_before = through;
    }
}

static bool is_suspect(const struct consumer *c, uint64_t seq, const struct entry_output *o)
{
    for (uint32_t i = 0; i < o->nkeys && c->suspects.n; i++) {
        if (refmap_get(&c->suspects, o->keys[i], 0) > seq) {
            return true;
        }
    }
    return false;
}

/* The output becomes unsettled; false when a crash left its outcome ahead of the cursor. */
bool consumer_take(struct consumer *c, const struct consumer_item *where,
                   const struct entry_output *o, struct consumer_item *out)
{
    struct consumer_item item = *where;
    uint64_t mark = refmap_get(&c->ahead, item.seq, item.output);
    if (mark) {
        refmap_set(&c->ahead, item.seq, item.output, 0);
    }
    if (mark == AHEAD_SETTLED) {
        return false;
    }
    item.is_suspect = o && mark != AHEAD_RELEASED && is_suspect(c, item.seq, o);
    bool is_born_held = o && o->kind == ENTRY_OUTPUT_FAILED_ROUTE;
    bool is_restored = item.seq <= c->j->restored;
    item.is_held = item.is_suspect || mark == AHEAD_HELD ||
                   ((is_born_held || is_restored) && mark != AHEAD_RELEASED);
    *out = *consumer_push(c, &item);
    return true;
}

void consumer_count_ahead(struct consumer *c, uint64_t seq, uint32_t output, uint64_t bytes)
{
    if (seq > c->counted_seq || (seq == c->counted_seq && output >= c->counted_output)) {
        c->unread_bytes += bytes;
        c->unread++;
        c->counted_seq = seq;
        c->counted_output = output + 1;
    }
}

void consumer_count_read(struct consumer *c, uint64_t bytes)
{
    c->unread_bytes -= bytes < c->unread_bytes ? bytes : c->unread_bytes;
    c->unread -= c->unread != 0;
}

/* The index of the first output for this consumer from `from` on; noutputs when there is none. */
static uint32_t find_output(const struct consumer *c, const struct entry_message *m, uint32_t from)
{
    while (from < m->noutputs &&
           (m->outputs[from].destination != c->destination || m->outputs[from].class != c->class)) {
        from++;
    }
    return from;
}

/* Offer the first output of `m` at or behind the cursor; moves the cursor behind it. */
static bool offer(struct consumer *c, const struct stored *s, uint64_t next_hint,
                  const struct entry_message *m, struct consumer_item *out)
{
    uint32_t i = find_output(c, m, c->seq == s->e.seq ? c->output : 0);
    bool is_taken = false;
    while (i < m->noutputs && !is_taken) {
        struct consumer_item where = {.seq = s->e.seq, .home = s->e.seq, .hint = s->hint};
        where.output = i;
        where.bytes = (uint32_t)s->e.body.n;
        consumer_count_read(c, where.bytes);
        is_taken = consumer_take(c, &where, &m->outputs[i], out);
        i = find_output(c, m, i + 1);
    }
    if (i < m->noutputs) {
        consumer_set_cursor(c, s->e.seq, i, s->hint);
    } else {
        consumer_set_cursor(c, s->e.seq + 1, 0, next_hint);
    }
    return is_taken;
}

/* The item, or another one of its message. */
static const struct consumer_item *any_of(const struct consumer *c, uint64_t seq, uint32_t output)
{
    const struct consumer_item *item = consumer_find(c, seq, output);
    size_t at = consumer_place(c, seq, 0);
    while (!item && at < c->n && c->v[at].seq == seq) {
        item = c->v[at].is_settled ? NULL : &c->v[at];
        at++;
    }
    return item;
}

int journal_read_message(const struct journal *j, uint64_t seq, struct arena *a,
                         struct entry_message *out)
{
    struct entry e;
    uint64_t named;
    int rc = journal_read((struct journal *)(uintptr_t)j, seq, 0, a, &e); /* windows only */
    if (rc == 0) {
        return entry_get_any(a, &e, &named, out) == 0 && named == seq ? 0 : ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < j->nconsumers && rc == ERR_NOT_FOUND; i++) {
        const struct consumer *c = j->consumers[i];
        const struct consumer_item *item = c ? any_of(c, seq, 0) : NULL;
        rc = item ? consumer_read(c, seq, item->output, a, out) : rc;
    }
    return rc;
}

int consumer_read(const struct consumer *c, uint64_t seq, uint32_t output, struct arena *a,
                  struct entry_message *out)
{
    const struct consumer_item *item = any_of(c, seq, output);
    struct entry e;
    uint64_t named;
    if (item && item->home > c->j->durable) {
        return ERR_STATE;
    }
    int rc = journal_read(c->j, item ? item->home : seq, item ? item->hint : 0, a, &e);
    rc = rc == 0 ? entry_get_any(a, &e, &named, out) : rc;
    return rc == 0 && (named != seq || output >= out->noutputs) ? ERR_DAMAGE : rc;
}

/* What was taken into the list while its volume was cleaned, and nobody was told. */
static int next_unoffered(struct consumer *c, struct arena *a, struct entry_message *out_message,
                          struct consumer_item *out_item)
{
    size_t at = c->offer_seq ? consumer_place(c, c->offer_seq, c->offer_output) : c->n;
    while (at < c->n && c->v[at].is_settled) {
        at++;
    }
    if (at == c->n) {
        c->offer_seq = 0;
        return 0;
    }
    struct consumer_item *item = &c->v[at];
    int rc = consumer_read(c, item->seq, item->output, a, out_message);
    if (rc == ERR_IO || rc == ERR_STATE) {
        return rc;
    }
    c->offer_seq = item->seq;
    c->offer_output = item->output + 1;
    if (rc != 0) { /* a person decides; its keys are not known */
        item->is_held = item->is_suspect = true;
        return ERR_DAMAGE;
    }
    *out_item = *item;
    return 1;
}

int consumer_next(struct consumer *c, struct arena *a, struct entry_message *out_message,
                  struct consumer_item *out_item)
{
    struct journal *j = c->j;
    int waiting = next_unoffered(c, a, out_message, out_item);
    if (waiting != 0) {
        return waiting;
    }
    if (consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        return ERR_LIMIT;
    }
    while (!c->is_live) {
        struct arena_mark mark = arena_mark(a);
        struct journal_cursor at = {c->seq, {c->hint, 0}};
        struct stored s;
        int rc = read_next(j, &at, j->called, ENTRY_MESSAGES, a, &s);
        if (rc == 0) {
            c->is_live = true;
            c->unread_bytes = c->unread = 0;
            consumer_set_cursor(c, j->called + 1, 0, at.hint[0]);
            break;
        }
        rc = rc == 1 && entry_get_message(a, s.e.body, out_message) != 0 ? ERR_DAMAGE : rc;
        if (rc < 0) {
            if (rc == ERR_DAMAGE) {
                uint64_t from = c->seq;
                consumer_set_cursor(c, at.next, 0, at.hint[0]);
                journal_note_damage(j, from, at.next > from ? at.next - 1 : from);
            }
            return rc;
        }
        if (offer(c, &s, at.hint[0], out_message, out_item)) {
            return 1;
        }
        arena_release(a, mark);
    }
    return 0;
}

bool consumer_is_within(const struct consumer *c, uint64_t seq)
{
    return !c->is_live && !c->offer_seq && c->seq == seq && c->output > 0;
}

bool consumer_next_of(struct consumer *c, uint64_t seq, const struct entry_message *m,
                      uint32_t bytes, struct consumer_item *out_item)
{
    struct stored s = {.e = {.seq = seq, .body = {.n = bytes}}, .hint = c->hint};
    return consumer_is_within(c, seq) && consumer_count(c) < CONSUMER_UNSETTLED_MAX &&
           offer(c, &s, c->hint, m, out_item);
}

bool consumer_take_live(struct consumer *c, uint64_t seq, uint32_t output,
                        struct consumer_item *out_item)
{
    struct journal *j = c->j;
    if (j->calling != seq || seq == 0) {
        return false;
    }
    j->taken++;
    if (!c->is_live) {
        consumer_count_ahead(c, seq, output, j->calling_bytes);
        return false;
    }
    if (consumer_is_before(seq, output, c) || consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        j->taken--;
        return false;
    }
    struct consumer_item item = {
        .seq = seq, .home = seq, .hint = j->calling_hint, .output = output};
    item.bytes = (uint32_t)j->calling_bytes;
    *out_item = *consumer_push(c, &item);
    consumer_set_cursor(c, seq, output + 1, j->calling_hint);
    return true;
}

void consumer_hold(struct consumer *c, uint64_t seq, uint32_t output)
{
    struct consumer_item *item = consumer_find_item(c, seq, output);
    if (item) {
        item->is_held = true;
    }
}

bool consumer_is_caught_up(const struct consumer *c)
{
    return c->is_live;
}

void consumer_remember_settled(struct consumer *c, bool on)
{
    c->keeps_settled = on;
}

bool consumer_was_settled(const struct consumer *c, uint64_t seq, uint32_t output)
{
    return refmap_get(&c->was_settled, seq, output) != 0;
}

void consumer_suspect_key(struct consumer *c, uint64_t key, uint64_t settled_seq)
{
    if (refmap_get(&c->suspects, key, 0) < settled_seq) {
        refmap_set(&c->suspects, key, 0, settled_seq);
    }
}

void consumer_check_item(struct consumer *c, uint64_t seq, uint32_t output,
                         const struct entry_output *o)
{
    struct consumer_item *item = consumer_find_item(c, seq, output);
    if (item && is_suspect(c, seq, o)) {
        item->is_held = item->is_suspect = true;
    }
}
