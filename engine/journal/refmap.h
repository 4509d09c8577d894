/* refmap.h - a hash table from (64 bits, 32 bits) to 64 bits, open addressing. The journal uses it for
 * what it must remember by output: outcomes that came ahead of a cursor, keys under suspicion.
 * {0} is an empty one; refmap_free() releases it. Value 0 means absent. Private to the journal. */
#ifndef CORRIDOR_JOURNAL_REFMAP_H
#define CORRIDOR_JOURNAL_REFMAP_H

#include <stddef.h>
#include <stdint.h>

struct refmap_slot {
    uint64_t a, value;
    uint32_t b;
    uint32_t state; /* 0 free, 1 used, 2 removed */
};

struct refmap {
    struct refmap_slot *v;
    size_t cap;    /* a power of two, or 0 */
    size_t n;      /* used */
    size_t filled; /* used and removed */
};

void refmap_free(struct refmap *m);
/* The value of (a, b), 0 when there is none. O(1). */
uint64_t refmap_get(const struct refmap *m, uint64_t a, uint32_t b);
/* Set it; 0 removes. O(1) amortised. */
void refmap_set(struct refmap *m, uint64_t a, uint32_t b, uint64_t value);
/* Remove all below (a, b). O(slots). */
void refmap_drop_before(struct refmap *m, uint64_t a, uint32_t b);

#endif
