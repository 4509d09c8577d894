#include "engine/base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h> /* impure: the real generator behind struct rng */

static void fill_real(void *arg, void *out, size_t n)
{
    unsigned char *p = out;
    (void)arg;
    while (n) {
        ssize_t got = getrandom(p, n, 0); /* impure: see above */
        if (got < 0 && errno != EINTR) {
            abort();
        }
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

/* Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014). */
static uint64_t next_seeded(struct rng_seeded *s)
{
    uint64_t z = s->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void fill_seeded(void *arg, void *out, size_t n)
{
    unsigned char *p = out;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = next_seeded(arg);
        memcpy(p + i, &word, n - i < 8 ? n - i : 8);
    }
}

struct rng rng_real(void)
{
    return (struct rng){fill_real, NULL};
}

struct rng rng_of_seeded(struct rng_seeded *s)
{
    return (struct rng){fill_seeded, s};
}

void rng_fill(const struct rng *r, void *out, size_t n)
{
    r->fill(r->arg, out, n);
}

uint64_t rng_u64(const struct rng *r)
{
    uint64_t v;
    rng_fill(r, &v, sizeof(v));
    return v;
}

uint64_t rng_below(const struct rng *r, uint64_t limit)
{
    if (limit == 0) {
        return 0;
    }
    uint64_t least = -limit % limit; /* below this the last, incomplete round begins */
    uint64_t v;
    do {
        v = rng_u64(r);
    } while (v < least);
    return v % limit;
}
