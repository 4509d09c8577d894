/* A Criterion test that overflows a signed integer. */
#include <criterion/criterion.h>
#include <limits.h>

Test(proof, undefined)
{
    volatile int most = INT_MAX;
    volatile int more = most + 1;
    (void)more;
    cr_assert(1);
}
