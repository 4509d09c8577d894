/* docs/language.md says what the function table says. */
#include "engine/base/buf.h"
#include "engine/rules/func.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(manual, every_function_stands_in_the_manual_as_in_the_table)
{
    struct buf page = {0};
    FILE *f = fopen(CORRIDOR_SOURCE_DIR "/docs/language.md", "r");
    cr_assert(f, "docs/language.md is missing");
    for (int c; (c = fgetc(f)) != EOF;) {
        buf_putc(&page, (char)c);
    }
    fclose(f);
    for (unsigned i = 0; func_at(i); i++) {
        const struct func *one = func_at(i);
        struct buf row = {0};
        buf_printf(&row, "| `%s(%s)` | %s |\n", one->name, one->arguments, one->summary);
        cr_expect(str_find(buf_str(&page), buf_str(&row)) >= 0, "missing or different: %.*s",
                  STR_ARG(buf_str(&row)));
        cr_expect(func_find(str_of(one->name)) == one, "%s stands twice in the table", one->name);
        buf_free(&row);
    }
    buf_free(&page);
}
