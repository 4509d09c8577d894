/* replay_hist.h - latencies counted in buckets of 1/32 of their size: percentiles of millions of
 * values in 16 KiB. Values are microseconds. Owned by one replay; no allocation. */
#ifndef CORRIDOR_OPS_REPLAY_HIST_H
#define CORRIDOR_OPS_REPLAY_HIST_H

#include <stdint.h>

enum { HIST_BUCKETS = 64 * 32 };

struct replay_hist {
    uint64_t bucket[HIST_BUCKETS];
    uint64_t count;
    uint64_t longest;
};

void replay_hist_add(struct replay_hist *h, uint64_t us);
/* The value that `part` (0 to 1) of all values do not exceed, rounded up to its bucket; 0 when empty. */
uint64_t replay_hist_at(const struct replay_hist *h, double part);

#endif
