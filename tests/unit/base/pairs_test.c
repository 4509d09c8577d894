#include "engine/base/pairs.h"

#include <criterion/criterion.h>

Test(pairs, gives_back_what_was_put)
{
    struct buf b = {0};
    pairs_put(&b, STR("interaction"), STR("update"));
    pairs_put(&b, STR("if-match"), STR(""));
    pairs_put(&b, STR("conditional"), STR("identifier=a|b c"));
    struct str all = buf_str(&b), rest = all, name, value;
    cr_expect(str_is(pairs_get(all, "interaction"), "update"));
    cr_expect(pairs_get(all, "if-match").p && pairs_get(all, "if-match").n == 0);
    cr_expect(str_is(pairs_get(all, "conditional"), "identifier=a|b c"));
    cr_expect_null(pairs_get(all, "update").p, "a value is no name");
    cr_expect_null(pairs_get(STR(""), "update").p);
    unsigned n = 0;
    while (pairs_next(&rest, &name, &value)) {
        n++;
    }
    cr_expect_eq(n, 3);
    buf_free(&b);
}

Test(pairs, reads_nothing_outside)
{
    static const char half[] = "a\0b"; /* no NUL counts behind the value */
    cr_expect_null(pairs_get(str_from(half, 3), "a").p);
    cr_expect_null(pairs_get(str_from(half, 2), "a").p);
    cr_expect_null(pairs_get(str_from(half, 1), "a").p);
    cr_expect(str_is(pairs_get(str_from(half, 4), "a"), "b"));
}
