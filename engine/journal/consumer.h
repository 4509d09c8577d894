/* consumer.h - one destination's place in the journal: a cursor, and what is unsettled behind it.
 * Ahead of the cursor: never offered. Behind it: settled, or in the list of unsettled outputs.
 * Owned by the journal; loop thread. The window, the order by keys and retries are flow/queue.c's. */
#ifndef CORRIDOR_JOURNAL_CONSUMER_H
#define CORRIDOR_JOURNAL_CONSUMER_H

#include "engine/journal/journal.h"

enum { CONSUMER_UNSETTLED_MAX = 1000000, CONSUMER_SENT_AHEAD = 1024 };

/* An unsettled output behind the cursor: 40 bytes, cheap enough for a million. */
struct consumer_item {
    uint64_t seq;
    uint64_t home; /* the entry it stands in: `seq`, or a carry when its volume was cleaned */
    uint64_t hint; /* where to find that, for journal_read() */
    uint32_t output;
    uint32_t bytes; /* of that entry */
    bool is_held;   /* not to be sent: a person, a failed route, or damage holds it */
    bool
        is_suspect; /* held because damage may have eaten its outcome: a later one of its key is settled */
    bool is_settled; /* private */
};

/* Take the next durable output of this consumer: 1 and the entry that holds it (decoded message in `a`)
 * with its index, 0 when there is nothing further, ERR_LIMIT when CONSUMER_UNSETTLED_MAX are unsettled
 * (clogged), ERR_DAMAGE once for each damaged range (the cursor stands behind it then), ERR_IO, ERR_STATE as
 * consumer_read(). The item
 * is unsettled from now on. Reads sequentially from the cursor; outputs settled before a crash are
 * passed over. When it returns 0 the consumer is caught up: the live path is open again. */
int consumer_next(struct consumer *c, struct arena *a, struct entry_message *out_message,
                  struct consumer_item *out_item);
/* The same for a caller who still holds entry `seq`, `bytes` long, as consumer_next() read it from the cursor (item.home is
 * item.seq): its next output without reading it again, so that an entry of n outputs costs O(n) and not O(n²). False: ask
 * consumer_next(), which tells the rest. */
bool consumer_next_of(struct consumer *c, uint64_t seq, const struct entry_message *m,
                      uint32_t bytes, struct consumer_item *out_item);
/* Is its next output in entry `seq`, behind another one of it? */
bool consumer_is_within(const struct consumer *c, uint64_t seq);
/* The live path, to be used only inside the `done` callback of the message `seq` (status STORED), for
 * outputs in ascending order: the caller has them in memory. True: the item is unsettled as if taken by
 * consumer_next(). False: the consumer is behind; it will read the output when its cursor gets there.
 * Ask for outputs of this consumer only: each question counts as one of the message's outputs answered.
 * What is not asked for inside the callback (no room, done == NULL) puts its consumer behind at that very
 * output, so nothing is lost and nobody needs to decline. O(1). */
bool consumer_take_live(struct consumer *c, uint64_t seq, uint32_t output,
                        struct consumer_item *out_item);
/* An output taken live that is held from the start (a failed route): its entry says so itself, only the
 * list must learn it. consumer_next() does this by itself. */
void consumer_hold(struct consumer *c, uint64_t seq, uint32_t output);
/* Nothing durable lies ahead: the live path is open. */
bool consumer_is_caught_up(const struct consumer *c);

/* The message of an unsettled output, wherever it stands now. Of a message that was carried only those outputs
 * are there that were unsettled then; the others are blank (destination 0). 0, ERR_NOT_FOUND, ERR_DAMAGE,
 * ERR_IO, ERR_STATE: it was carried just now and can be read when that is durable, in some milliseconds. O(log unsettled + log volumes + entries since a hint). */
int consumer_read(const struct consumer *c, uint64_t seq, uint32_t output, struct arena *a,
                  struct entry_message *out);

/* The same by its number alone: as it came, or what was carried of it. */
int journal_read_message(const struct journal *j, uint64_t seq, struct arena *a,
                         struct entry_message *out);

/* Record an outcome: appended with the others of this consumer in one entry at the next journal_poll()
 * (journal_fd() becomes readable by itself) or by consumer_flush(). DELIVERED, REFUSED, DROPPED settle
 * it, HELD marks it, RELEASED unmarks it; that shows in the list below when the entry is appended. */
void consumer_outcome(struct consumer *c, const struct entry_outcome *o);
/* Open a settled output again: a RELEASED outcome `o` for it, appended at once, makes it unsettled as if it had
 * just been taken. Its place in the list is that of its number; its volume stays from now on. 0; 1 when
 * the cursor has not passed it (after a crash) and will offer it; ERR_STATE when it is unsettled as it is, ERR_NOT_FOUND when its entry was let go or never was, ERR_SPACE when the journal
 * has no room now. O(unsettled). */
int consumer_reopen(struct consumer *c, const struct entry_outcome *o, uint64_t *out_entry);
/* Append the `n` outcomes `v` at once, in one entry of their own; `done` is called when it is durable. Returns its
 * number; 0: the journal has no room now, nothing was done. */
uint64_t consumer_outcomes_now(struct consumer *c, const struct entry_outcome *v, uint32_t n,
                               journal_done_fn done, void *arg);
/* Outcomes wait in memory because the journal has no room for them: send nothing more. journal_fd() becomes
 * readable when there is room. */
bool consumer_is_choked(const struct consumer *c);
/* Append what waits now. Returns the sequence number of the entry (durable when journal_durable() has
 * reached it), 0 when nothing waited or the journal is fenced. */
uint64_t consumer_flush(struct consumer *c);

/* Before sending: is `seq` covered by a durable sent-through? If not, one is appended (1,024 sequence
 * numbers ahead of the newest) and `done` is called when it is durable; returns false then. The next one
 * is appended early, so that a steady flow never waits. */
bool consumer_may_send(struct consumer *c, uint64_t seq, uint32_t output, journal_done_fn done,
                       void *arg);
/* After a crash: was this output possibly sent by an earlier process? Then its attempt starts at 2. */
bool consumer_maybe_sent(const struct consumer *c, uint64_t seq, uint32_t output);

/* What is unsettled and was offered, in order: for start-up. Stays valid until the next change. */
const struct consumer_item *consumer_unsettled(const struct consumer *c, size_t *out_n);
/* One unsettled output, offered or not; NULL. Valid as long as the list. */
const struct consumer_item *consumer_find(const struct consumer *c, uint64_t seq, uint32_t output);
/* Is it to be settled yet, offered or not? O(log unsettled). */
bool consumer_is_open(const struct consumer *c, uint64_t seq, uint32_t output);
size_t consumer_count(const struct consumer *c);
/* Outputs that consumer_next() has yet to offer; after a crash a few of them may be settled. O(log unsettled). */
uint64_t consumer_unread(const struct consumer *c);
/* Bytes of entries that hold something unsettled or unread; one with two such outputs counts twice. */
uint64_t consumer_backlog(const struct consumer *c);
uint64_t consumer_oldest(const struct consumer *c); /* oldest unsettled or unread seq; 0 none */

#endif
