#include "engine/flow/backoff.h"

#include <criterion/criterion.h>

Test(backoff, begins_with_first_and_stays_between_first_and_longest)
{
    uint64_t state = 1;
    for (int round = 0; round < 200; round++) {
        int64_t wait = 0, before = 0;
        for (int i = 0; i < 40; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            wait = backoff_next(before, 1000000, 300000000, state);
            cr_assert(i > 0 || wait == 1000000);
            cr_assert(wait >= 1000000 && wait <= 300000000);
            cr_assert(i == 0 || before > 100000000 || wait <= 3 * before);
            before = wait;
        }
    }
}

Test(backoff, never_passes_longest_even_where_first_is_longer)
{
    cr_expect_eq(backoff_next(0, 5000, 1000, 7), 1000);
    cr_expect_eq(backoff_next(1000, 5000, 1000, 7), 1000);
    cr_expect_eq(backoff_next(INT64_MAX, 1, INT64_MAX / 2, UINT64_MAX) <= INT64_MAX / 2, true);
}

Test(backoff, spreads_those_who_failed_together)
{
    int64_t low = INT64_MAX, high = 0;
    uint64_t state = 3;
    for (int i = 0; i < 1000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int64_t wait = backoff_next(10000000, 1000000, 300000000, state >> 11);
        low = wait < low ? wait : low;
        high = wait > high ? wait : high;
    }
    cr_expect(low < 2000000 && high > 29000000, "low %ld high %ld", (long)low, (long)high);
}
