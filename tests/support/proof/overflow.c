/* A Criterion test that writes one byte behind an allocation. */
#include <criterion/criterion.h>
#include <stdlib.h>

Test(proof, overflow)
{
    volatile size_t n = 4;
    char *volatile p = malloc(n);
    p[n] = 1;
    free(p);
    cr_assert(1);
}
