/* consumer_priv.h - what consumer.c, consumers.c, consumer_*.c and clean.c share. Loop thread. */
#ifndef CORRIDOR_JOURNAL_CONSUMER_PRIV_H
#define CORRIDOR_JOURNAL_CONSUMER_PRIV_H

#include "engine/journal/journal_priv.h"

/* What the ahead map remembers of an output the cursor has not reached. */
enum { AHEAD_SETTLED = 1, AHEAD_HELD = 2, AHEAD_RELEASED = 3 };
/* Bits in a checkpoint: of a consumer, of an item. */
enum { CONSUMER_LIVE = 2, CONSUMER_SIZED = 4, CONSUMER_COUNTED = 8 };
enum { ITEM_HELD = 1, ITEM_SUSPECT = 2, ITEM_CARRIED = 4 };

struct sent_wait {
    uint64_t seq;
    journal_done_fn done;
    void *arg;
};

struct consumer {
    struct journal *j;
    uint32_t destination;
    enum entry_class class;
    bool is_live, is_dirty, keeps_settled;
    bool has_open_ahead; /* `ahead` may hold something that is not settled */
    uint64_t seq;        /* the cursor: the next output to be offered is (seq, output) or later */
    uint32_t output;
    uint64_t hint;           /* where seq stands, if known */
    struct consumer_item *v; /* [first, n), in order; settled ones stay until packed */
    size_t first, n, cap, settled;
    uint64_t offer_seq; /* items from here on were never offered: cleaning took them; 0: all were */
    uint32_t offer_output;
    uint64_t held_bytes,
        unread_bytes;     /* of the entries of what is in the list; ahead of the cursor */
    uint64_t unread;      /* outputs ahead of the cursor */
    uint64_t counted_seq; /* the two count up to here */
    uint32_t counted_output;
    struct refmap ahead; /* outcomes that stood in the journal ahead of the cursor, after a crash */
    struct refmap was_settled, suspects; /* only after damage */
    struct buf outcomes;                 /* an entry body being gathered */
    uint32_t noutcomes;
    struct consumer *next_dirty;
    uint64_t sent_asked, sent_durable, sent_before;
    struct sent_wait *waits;
    size_t nwaits, wait_cap;
};

static inline bool consumer_is_before(uint64_t seq, uint32_t output, const struct consumer *c)
{
    return seq < c->seq || (seq == c->seq && output < c->output);
}

static inline void consumer_set_cursor(struct consumer *c, uint64_t seq, uint32_t output,
                                       uint64_t hint)
{
    c->seq = seq;
    c->output = output;
    c->hint = hint;
}

struct consumer_item *consumer_find_item(const struct consumer *c, uint64_t seq, uint32_t output);
struct consumer_item *consumer_push(struct consumer *c, const struct consumer_item *item);
/* The index of the first item at or behind (seq, output). */
size_t consumer_place(const struct consumer *c, uint64_t seq, uint32_t output);
/* Take the item out of the list. */
void consumer_settle(struct consumer *c, struct consumer_item *item);
/* Into its place in the list. */
struct consumer_item *consumer_insert(struct consumer *c, uint64_t seq, uint32_t output);
/* The item stands in entry `home` from now on. */
void consumer_move(struct consumer *c, struct consumer_item *item, uint64_t home, uint64_t hint,
                   uint32_t bytes);
/* The output becomes unsettled; false when a crash left its outcome ahead of the cursor. */
bool consumer_take(struct consumer *c, const struct consumer_item *where,
                   const struct entry_output *o, struct consumer_item *out);
/* What lies ahead of the cursor, counted once. */
void consumer_count_ahead(struct consumer *c, uint64_t seq, uint32_t output, uint64_t bytes);
/* The cursor passes an output of an entry of so many bytes. */
void consumer_count_read(struct consumer *c, uint64_t bytes);

#endif
