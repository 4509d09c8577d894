#include "engine/base/rng.h"

#include <criterion/criterion.h>
#include <string.h>

/* First outputs of splitmix64 for seed 1234567, as published with its reference code. */
Test(rng, seeded_gives_the_published_sequence)
{
    static const uint64_t want[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                    UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                    UINT64_C(16408922859458223821)};
    struct rng_seeded s = {1234567};
    struct rng r = rng_of_seeded(&s);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(rng_u64(&r), want[i], "%zu", i);
    }
}

Test(rng, fills_odd_lengths_and_no_more)
{
    struct rng_seeded s = {1};
    struct rng both[] = {rng_of_seeded(&s), rng_real()};
    for (size_t k = 0; k < 2; k++) {
        unsigned char p[64];
        for (size_t n = 0; n < 40; n++) {
            memset(p, 0xAA, sizeof(p));
            rng_fill(&both[k], p, n);
            for (size_t i = n; i < sizeof(p); i++) {
                cr_assert_eq(p[i], 0xAA);
            }
        }
    }
}

Test(rng, below_keeps_its_limit_and_reaches_all)
{
    struct rng_seeded s = {9};
    struct rng r = rng_of_seeded(&s);
    unsigned seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t v = rng_below(&r, 7);
        cr_assert_lt(v, 7);
        seen[v]++;
    }
    for (int i = 0; i < 7; i++) {
        cr_expect(seen[i] > 800 && seen[i] < 1200, "%d: %u", i, seen[i]);
    }
    cr_expect_eq(rng_below(&r, 1), 0);
    cr_expect_eq(rng_below(&r, 0), 0);
}

Test(rng, real_does_not_repeat)
{
    struct rng r = rng_real();
    cr_expect_neq(rng_u64(&r), rng_u64(&r));
}
