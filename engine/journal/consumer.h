/* consumer.h - one destination's place in the journal: a cursor, and what is unsettled behind it.
 * Ahead of the cursor: never offered. Behind it: settled, or in the list of unsettled outputs.
 * Owned by the journal; loop thread. The window, the order by keys and retries are flow/queue.c's. */
#ifndef CORRIDOR_JOURNAL_CONSUMER_H
#define CORRIDOR_JOURNAL_CONSUMER_H

#include "engine/journal/journal.h"

enum { CONSUMER_UNSETTLED_MAX = 1000000, CONSUMER_SENT_AHEAD = 1024 };

/* An unsettled output behind the cursor: 24 bytes, cheap enough for a million. */
struct consumer_item {
    uint64_t seq;
    uint64_t hint;   /* where to find it, for journal_read() */
    uint32_t output;
    bool is_held;
};

/* Take the next durable output of this consumer: 1 and the entry that holds it (decoded message in `a`)
 * with its index, 0 when there is nothing further, negative on damage. The item is unsettled from now
 * on. Reads sequentially from the cursor; outputs settled before a crash are passed over. */
int consumer_next(struct consumer *c, struct arena *a, struct entry_message *out_message,
                  struct consumer_item *out_item);
/* The live path: entry `seq` just became durable and the caller has its outputs in memory. True when the
 * cursor stood right before it (nothing unread between): the item is then unsettled as if taken by
 * consumer_next(). False: leave it, it will be read when the cursor gets there. */
bool consumer_take_live(struct consumer *c, uint64_t seq, uint32_t output, struct consumer_item *out_item);
/* Tell that everything durable up to `seq` held nothing (more) for this consumer, if it stands there. */
void consumer_pass(struct consumer *c, uint64_t from_seq, uint64_t seq);
/* Nothing durable lies ahead. */
bool consumer_is_caught_up(const struct consumer *c);

/* Record an outcome: appended with others of this destination in one entry at the next commit (or by
 * consumer_flush()); DELIVERED, REFUSED, DROPPED settle it, HELD marks it, RELEASED unmarks it. */
void consumer_outcome(struct consumer *c, const struct entry_outcome *o);
void consumer_flush(struct consumer *c);

/* Before sending: is `seq` covered by a durable sent-through? If not, one is appended (1,024 outputs
 * ahead) and `done` is called when it is durable; returns false then. */
bool consumer_may_send(struct consumer *c, uint64_t seq, uint32_t output, journal_done_fn done, void *arg);
/* After a crash: was this output possibly sent by an earlier process? Then its attempt starts at 2. */
bool consumer_maybe_sent(const struct consumer *c, uint64_t seq, uint32_t output);

/* What is unsettled, in order: for start-up. Stays valid until the next change. */
const struct consumer_item *consumer_unsettled(const struct consumer *c, size_t *out_n);
size_t consumer_count(const struct consumer *c);
uint64_t consumer_oldest(const struct consumer *c); /* oldest unsettled or unread seq; 0 none */

#endif
