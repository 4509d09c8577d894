/* A Criterion test that leaks and passes: only the runner sees it. */
#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile lost;

Test(proof, leak)
{
    lost = malloc(100);
    lost = NULL;
    cr_assert(1);
}
