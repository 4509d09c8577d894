#include "engine/base/mem.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A size that no machine has; volatile, so that the compiler does not judge it. */
static volatile size_t too_much = SIZE_MAX / 4;

Test(mem, no_bytes_are_an_allocation_too)
{
    void *all[] = {xmalloc(0), xcalloc(0, 8), xcalloc(8, 0), xrealloc(NULL, 0), xstrdup("")};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        cr_expect(all[i] != NULL, "%zu", i);
        free(all[i]);
    }
}

Test(mem, bytes_are_zeroed_copied_and_kept)
{
    char *p = xcalloc(10, 10);
    for (int i = 0; i < 100; i++) {
        cr_assert(p[i] == 0);
    }
    memcpy(p, "kept", 5);
    p = xrealloc(p, 100000);
    cr_expect_str_eq(p, "kept");
    char *copy = xstrdup(p);
    p[0] = 'x';
    cr_expect_str_eq(copy, "kept");
    free(copy);
    free(p);
}

Test(mem, no_memory_ends_the_process_malloc, .signal = SIGABRT)
{
    free(xmalloc(too_much));
}

Test(mem, no_memory_ends_the_process_realloc, .signal = SIGABRT)
{
    free(xrealloc(NULL, too_much));
}

Test(mem, a_product_that_overflows_ends_the_process, .signal = SIGABRT)
{
    free(xcalloc(too_much, 64));
}
