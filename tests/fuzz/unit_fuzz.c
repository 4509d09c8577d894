/* Fuzz target: any text as a unit. What is one can be compared with itself, converts into itself and back from base units. */
#include "engine/rules/unit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct unit u, base;
    struct decimal one = decimal_of(1), v;
    const char *text = NULL;
    if (unit_parse(str_from((const char *)data, size), &u)) {
        must(size <= UNIT_TEXT_MAX && unit_is_comparable(&u, &u));
        must(u.num.digits > 0 && u.den.digits > 0);
        if (unit_convert(&one, &u, &u, &v)) {
            must(decimal_cmp(&v, &one) == 0 || u.num.scale + u.den.scale > 0);
        }
        if (unit_to_base(&a, &one, &u, &v, &text)) {
            must(unit_parse(str_of(text), &base) && unit_is_comparable(&u, &base));
        }
    }
    arena_free(&a);
    return 0;
}
