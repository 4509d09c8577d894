#include <criterion/criterion.h>

#include "engine/base/roff.h"

Test(roff, signs_of_the_formatter_are_printed_as_they_are)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"plain", "plain"},
        {"--json", "\\-\\-json"},
        {"a\\b", "a\\eb"},
        {".SH no head", "\\&.SH no head"},
        {"one\n.two", "one\n\\&.two"},
        {"'quoted'", "\\(aqquoted\\(aq"},
        {"in the middle.", "in the middle."},
        {"a|b", "a|\\:b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {0};
        roff_put(&out, str_of(rows[i].in));
        cr_assert(str_is(buf_str(&out), rows[i].want), "%s gave %.*s", rows[i].in, (int)out.n,
                  out.p);
        buf_free(&out);
    }
}

Test(roff, paragraphs_are_filled_and_tables_are_not)
{
    struct buf text = {0}, table = {0};
    roff_paragraphs(&text, STR("  one\n  two\n\n  three"));
    cr_assert(str_is(buf_str(&text), "one\ntwo\n.PP\nthree\n"), "%.*s", (int)text.n, text.p);
    roff_paragraphs(&table, STR("  list      what is held\n            and why"));
    cr_assert(str_is(buf_str(&table),
                     ".RS 4\n.EX\nlist      what is held\n          and why\n.EE\n.RE\n"),
              "%.*s", (int)table.n, table.p);
    buf_free(&text);
    buf_free(&table);
}
