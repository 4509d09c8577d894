/* journal_kit.h - what tests of the journal share: a clock and random numbers that are the same in every
 * run, and messages made from a number, so that a reader can tell whether it got back what was written. */
#ifndef CORRIDOR_SUPPORT_JOURNAL_KIT_H
#define CORRIDOR_SUPPORT_JOURNAL_KIT_H

#include "engine/journal/consumer.h"

struct kit {
    uint64_t random; /* state */
    int64_t now_us;
};

/* SplitMix64: the next number of `*state`. */
uint64_t kit_random(uint64_t *state);
/* A configuration without a disk: clock and random numbers of `k`, no thread. */
struct journal_conf kit_conf(struct kit *k);

/* Message number `i`: raw bytes of `size` bytes that depend on i, one output for each of the `n`
 * destinations with key `key`; everything in `a`. */
struct entry_message kit_message(struct arena *a, uint64_t i, size_t size,
                                 const uint32_t *destinations, uint32_t n, uint64_t key);
/* The bytes of message `i` again: `raw` is what kit_message() made. */
bool kit_is_message(struct str raw, uint64_t i);
/* The number in them, UINT64_MAX when they are not whole. */
uint64_t kit_number(struct str raw);
/* Make of `m` a batch of two messages: the first rejected, the second with its id and its outputs. */
void kit_make_batch(struct arena *a, struct entry_message *m);

#endif
