/* keys_filter.h - a blocked Bloom filter over hashes that are even already (SipHash): 16 bits an id, one
 * block of 64 bytes to look at. Says "no" for sure, "maybe" wrongly about once in 700. Pure memory.
 * Source: Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters (2007). */
#ifndef CORRIDOR_JOURNAL_KEYS_FILTER_H
#define CORRIDOR_JOURNAL_KEYS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEYS_BLOCK = 64, KEYS_BLOCK_IDS = 32 }; /* bytes of a block; ids for which it is made */

struct keys_filter {
    uint64_t *words; /* in memory as in the file: little-endian */
    uint64_t blocks; /* 0: there is no filter, everything may be in it */
};

static inline uint64_t keys_filter_blocks(uint64_t ids)
{
    return ids / KEYS_BLOCK_IDS + 1;
}

/* Empty, with `blocks` blocks (at least 1). */
void keys_filter_init(struct keys_filter *f, uint64_t blocks);
void keys_filter_free(struct keys_filter *f);
void keys_filter_add(struct keys_filter *f, uint64_t hash);
/* False: it was never added. O(1): one line of cache. */
bool keys_filter_has(const struct keys_filter *f, uint64_t hash);

/* The block that `hash` falls into: ascending with it, so that a filter is filled front to back. */
static inline uint64_t *keys_filter_block(const struct keys_filter *f, uint64_t hash)
{
    return f->words + (uint64_t)(((unsigned __int128)hash * f->blocks) >> 64) * (KEYS_BLOCK / 8);
}

/* Have it brought near before keys_filter_has() asks. */
static inline void keys_filter_prefetch(const struct keys_filter *f, uint64_t hash)
{
    if (f->blocks) {
        __builtin_prefetch(keys_filter_block(f, hash));
    }
}

#endif
