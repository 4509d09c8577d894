#include "engine/base/splice.h"

#include <criterion/criterion.h>

Test(splice, pieces_make_the_bytes)
{
    static const struct {
        const char *name;
        struct splice v[4];
        uint32_t n;
        const char *want;
    } cases[] = {
        {"nothing", {{0}}, 0, ""},
        {"all of raw", {{NULL, 0, 10}}, 1, "0123456789"},
        {"a range", {{NULL, 3, 4}}, 1, "3456"},
        {"a literal", {{"abc", 0, 3}}, 1, "abc"},
        {"one replaced", {{NULL, 0, 2}, {"xy", 0, 2}, {NULL, 5, 5}}, 3, "01xy56789"},
        {"one taken out", {{NULL, 0, 4}, {NULL, 6, 4}}, 2, "01236789"},
        {"order and repetition are free", {{NULL, 8, 2}, {NULL, 0, 2}, {NULL, 0, 2}}, 3, "890101"},
        {"empty pieces", {{NULL, 10, 0}, {"", 0, 0}, {"z", 0, 1}}, 3, "z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct splices s = {cases[i].v, cases[i].n};
        char out[32];
        memset(out, '#', sizeof(out));
        size_t n = splices_size(s);
        cr_assert(n == strlen(cases[i].want), "%s: %zu bytes", cases[i].name, n);
        splices_write(s, STR("0123456789"), out);
        cr_expect(str_is(str_from(out, n), cases[i].want), "%s", cases[i].name);
        cr_expect(out[n] == '#', "%s: nothing behind the end", cases[i].name);
    }
}

Test(splice, the_size_is_not_cut_at_32_bits)
{
    static const struct splice v[] = {{NULL, 0, UINT32_MAX}, {NULL, 0, UINT32_MAX}};
    cr_expect(splices_size((struct splices){v, 2}) == 2 * (size_t)UINT32_MAX);
}
