/* backoff.h - how long to wait before trying again: decorrelated jitter, so that many senders do not
 * come back at once. Pure. */
#ifndef CORRIDOR_FLOW_BACKOFF_H
#define CORRIDOR_FLOW_BACKOFF_H

#include <stdint.h>

/* Microseconds to wait, given what was waited before (0: nothing yet): `first` at the first time, then
 * uniformly between `first` and three times `before`, never above `longest`. `random` is any 64 bits. */
static inline int64_t backoff_next(int64_t before, int64_t first, int64_t longest, uint64_t random)
{
    first = first < longest ? first : longest;
    if (before <= 0) {
        return first;
    }
    int64_t top = before < longest / 3 ? before * 3 : longest;
    return top <= first ? first : first + (int64_t)(random % (uint64_t)(top - first + 1));
}

#endif
