/* The unsettled outputs of one consumer, in order; and what is asked of them. */
#include "engine/base/mem.h"
#include "engine/journal/consumer_priv.h"

#include <stdlib.h>

enum { SETTLED_MOST = 64 }; /* settled items left in the list before it is worth packing it */

/* Close the gaps that settled items left. */
static void pack(struct consumer *c)
{
    size_t to = 0;
    for (size_t i = c->first; i < c->n; i++) {
        if (!c->v[i].is_settled) {
            c->v[to++] = c->v[i];
        }
    }
    c->first = 0;
    c->n = to;
    c->settled = 0;
    if (c->cap > 1024 && c->n < c->cap / 8) {
        c->cap /= 4;
        c->v = xrealloc(c->v, c->cap * sizeof(*c->v));
    }
}

/* What an item keeps: its volume, and its bytes of the backlog. */
static void count_item(struct consumer *c, const struct consumer_item *item, bool is_in)
{
    c->held_bytes += is_in ? item->bytes : 0;
    c->held_bytes -= is_in ? 0 : item->bytes;
    if (c->j->ops->hold) {
        c->j->ops->hold(c->j, item->home, is_in);
    }
}

struct consumer_item *consumer_push(struct consumer *c, const struct consumer_item *item)
{
    if (c->n == c->cap) {
        if (c->settled + c->first > c->cap / 2) {
            pack(c);
        } else {
            c->cap = c->cap ? c->cap * 2 : 16;
            c->v = xrealloc(c->v, c->cap * sizeof(*c->v));
        }
    }
    count_item(c, item, true);
    c->v[c->n] = *item;
    return &c->v[c->n++];
}

void consumer_move(struct consumer *c, struct consumer_item *item, uint64_t home, uint64_t hint,
                   uint32_t bytes)
{
    count_item(c, item, false);
    item->home = home;
    item->hint = hint;
    item->bytes = bytes;
    count_item(c, item, true);
}

/* The first item at or behind (seq, output). */
size_t consumer_place(const struct consumer *c, uint64_t seq, uint32_t output)
{
    size_t low = c->first, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct consumer_item *m = &c->v[mid];
        if (m->seq < seq || (m->seq == seq && m->output < output)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

struct consumer_item *consumer_find_item(const struct consumer *c, uint64_t seq, uint32_t output)
{
    size_t at = consumer_place(c, seq, output);
    bool is_it = at < c->n && c->v[at].seq == seq && c->v[at].output == output;
    return is_it && !c->v[at].is_settled ? &c->v[at] : NULL;
}

const struct consumer_item *consumer_find(const struct consumer *c, uint64_t seq, uint32_t output)
{
    return consumer_find_item(c, seq, output);
}

bool consumer_is_open(const struct consumer *c, uint64_t seq, uint32_t output)
{
    return consumer_is_before(seq, output, c) ? consumer_find(c, seq, output) != NULL
                                              : refmap_get(&c->ahead, seq, output) != AHEAD_SETTLED;
}

void consumer_settle(struct consumer *c, struct consumer_item *item)
{
    count_item(c, item, false);
    item->is_settled = true;
    c->settled++;
    while (c->first < c->n && c->v[c->first].is_settled) {
        c->first++;
        c->settled--;
    }
    if (c->first == c->n) {
        c->first = c->n = 0;
    }
    if (c->settled > SETTLED_MOST && c->settled > (c->n - c->first) / 2) {
        pack(c);
    }
}

/* Settled once, and sent again by a person: back to its place in the list. What may be let go is found anew. */
struct consumer_item *consumer_insert(struct consumer *c, uint64_t seq, uint32_t output)
{
    struct consumer_item new = {.seq = seq, .home = seq, .output = output};
    size_t at;
    pack(c);
    (void)consumer_push(c, &new); /* room for one more */
    for (at = c->n - 1; at > 0; at--) {
        const struct consumer_item *before = &c->v[at - 1];
        if (before->seq < seq || (before->seq == seq && before->output < output)) {
            break;
        }
        c->v[at] = *before;
    }
    c->v[at] = new;
    refmap_set(&c->was_settled, seq, output, 0);
    if (c->j->release_seq > seq) {
        c->j->release_at = 0;
    }
    return &c->v[at];
}

const struct consumer_item *consumer_unsettled(const struct consumer *c, size_t *out_n)
{
    if (c->settled) {
        pack((struct consumer *)(uintptr_t)
                 c); /* the list is a view; packing does not change what it says */
    }
    *out_n = (c->offer_seq ? consumer_place(c, c->offer_seq, c->offer_output) : c->n) - c->first;
    return c->v ? c->v + c->first : NULL;
}

size_t consumer_count(const struct consumer *c)
{
    return c->n - c->first - c->settled;
}

uint64_t consumer_unread(const struct consumer *c)
{
    size_t taken = c->offer_seq ? c->n - consumer_place(c, c->offer_seq, c->offer_output) : 0;
    return taken + c->unread;
}

uint64_t consumer_backlog(const struct consumer *c)
{
    return c->held_bytes + c->unread_bytes;
}

uint64_t consumer_oldest(const struct consumer *c)
{
    return c->first < c->n ? c->v[c->first].seq : c->is_live ? 0 : c->seq;
}
