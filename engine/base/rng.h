/* rng.h - randomness as a parameter. The real one asks the kernel and is fit for tokens and salts;
 * the seeded one repeats itself and is for tests. By value; the real one may be used by any thread. */
#ifndef CORRIDOR_BASE_RNG_H
#define CORRIDOR_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    void (*fill)(void *arg, void *out, size_t n);
    void *arg;
};

struct rng_seeded {
    uint64_t state;
};

/* getrandom(2); ends the process if the kernel refuses. */
struct rng rng_real(void);
/* splitmix64 over *s. */
struct rng rng_of_seeded(struct rng_seeded *s);

void rng_fill(const struct rng *r, void *out, size_t n);
uint64_t rng_u64(const struct rng *r);
/* 0 <= result < limit, each equally likely; 0 when limit is 0. */
uint64_t rng_below(const struct rng *r, uint64_t limit);

#endif
