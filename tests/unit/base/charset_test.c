#include "engine/base/charset.h"

#include <criterion/criterion.h>

Test(charset, names_of_table_0211_are_known)
{
    static const struct {
        const char *in, *want;
    } rows[] = {{"UNICODE UTF-8", "UTF-8"},    {"ASCII", "UTF-8"},
                {"8859/15", "ISO-8859-15"},    {"8859/1~x", "ISO-8859-1"},
                {"iso ir87", "ISO-2022-JP-2"}, {"BIG-5", "BIG5"},
                {"ISO IR 999", NULL},          {"", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = charset_of_hl7(str_of(rows[i].in));
        cr_expect(rows[i].want ? got && strcmp(got, rows[i].want) == 0 : !got, "%s", rows[i].in);
    }
    cr_expect(charset_is_stateful("ISO-2022-JP-2"));
    cr_expect_not(charset_is_stateful("UTF-8"));
    cr_expect_not(charset_is_stateful(NULL));
}

Test(charset, bytes_become_utf8)
{
    static const struct {
        const char *name, *in, *want;
        size_t bad;
    } rows[] = {
        {"WINDOWS-1252", "M\xfcller \x80", "M\xc3\xbcller \xe2\x82\xac", 0},
        {"ISO-8859-7", "\xe1", "\xce\xb1", 0},
        {"ISO-2022-JP-2", "\x1b$B;3\x1b(B", "\xe5\xb1\xb1", 0},
        {"GB18030", "\xc4\xe3", "\xe4\xbd\xa0", 0},
        {"UTF-8",
         "a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b",
         1},
        {"GB18030", "\xc4", "\xef\xbf\xbd", 1},
        {"UTF-8", "", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct str out;
        size_t bad;
        cr_assert(charset_to_utf8(&a, rows[i].name, str_of(rows[i].in), &out, &bad));
        cr_expect(str_is(out, rows[i].want), "%s: %.*s", rows[i].name, STR_ARG(out));
        cr_expect_eq(bad, rows[i].bad, "%s", rows[i].name);
        arena_free(&a);
    }
    struct arena a = {0};
    struct str out;
    size_t bad;
    cr_expect_not(charset_to_utf8(&a, "NO-SUCH-SET", STR("x"), &out, &bad));
    arena_free(&a);
}
