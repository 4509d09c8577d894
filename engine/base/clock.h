/* clock.h - time as a parameter. Order, retries and time-outs use mono_us only; ages and stamps wall_us. */
#ifndef CORRIDOR_BASE_CLOCK_H
#define CORRIDOR_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_us)(void *arg); /* microseconds since 1970-01-01 UTC */
    int64_t (*mono_us)(void *arg); /* microseconds since some fixed moment, never backwards */
    void *arg;
};

#endif
