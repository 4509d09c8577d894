#include "engine/ops/replay_hist.h"

/* Below 32 every value has its bucket; above, five bits behind the leading one choose it. */
static unsigned bucket_of(uint64_t v)
{
    if (v < 32) {
        return (unsigned)v;
    }
    unsigned top = 63u - (unsigned)__builtin_clzll(v);
    return (top - 4) * 32 + (unsigned)((v >> (top - 5)) & 31);
}

static uint64_t bucket_top(unsigned b)
{
    if (b < 32) {
        return b;
    }
    unsigned top = b / 32 + 4;
    return ((((uint64_t)32 + b % 32) + 1) << (top - 5)) - 1;
}

void replay_hist_add(struct replay_hist *h, uint64_t us)
{
    h->bucket[bucket_of(us)]++;
    h->count++;
    if (us > h->longest) {
        h->longest = us;
    }
}

uint64_t replay_hist_at(const struct replay_hist *h, double part)
{
    uint64_t want = (uint64_t)(part * (double)h->count), seen = 0;
    if (want < 1) {
        want = 1;
    }
    for (unsigned b = 0; b < HIST_BUCKETS && h->count; b++) {
        seen += h->bucket[b];
        if (seen >= want) {
            uint64_t top = bucket_top(b);
            return top < h->longest ? top : h->longest;
        }
    }
    return h->longest;
}
