/* A Criterion program without a test. */
#include <criterion/criterion.h>

int unused_symbol_so_that_the_file_is_not_empty(void);

int unused_symbol_so_that_the_file_is_not_empty(void)
{
    return 0;
}
