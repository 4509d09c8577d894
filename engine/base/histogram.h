/* histogram.h - how often a value fell into which bucket: bounds fixed at compile time, plain counters, no
 * allocation. {0} is an empty one. Whoever owns it adds and reads on one thread.
 * A value equal to a bound counts for that bound, as Prometheus's `le` says. */
#ifndef CORRIDOR_BASE_HISTOGRAM_H
#define CORRIDOR_BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 20 };

/* Upper bounds, ascending. `per_unit`: so many of them are one of the unit that people read. */
struct histogram_scale {
    unsigned n; /* at most HISTOGRAM_BUCKETS */
    int64_t per_unit;
    int64_t bound[HISTOGRAM_BUCKETS];
};

struct histogram {
    uint64_t n[HISTOGRAM_BUCKETS + 1]; /* of each bucket alone; the last: beyond all bounds */
    uint64_t count;
    int64_t sum;
};

/* 100 us to an hour, read as seconds. */
extern const struct histogram_scale HISTOGRAM_TIME;
/* 1 to 4,096 things. */
extern const struct histogram_scale HISTOGRAM_COUNT;

/* A negative value (a clock was set back) counts as 0. O(buckets), some nanoseconds. */
void histogram_add(struct histogram *h, const struct histogram_scale *scale, int64_t value);

#endif
