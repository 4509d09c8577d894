#include "engine/base/arena.h"
#include "engine/base/str.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))
#define NOTHING  ((struct str){NULL, 0})

Test(str, slice_is_clamped_to_the_length)
{
    static const struct {
        const char *name, *in;
        size_t from, to;
        const char *want;
    } cases[] = {
        {"all", "abcde", 0, 5, "abcde"},
        {"inside", "abcde", 1, 3, "bc"},
        {"to beyond the end", "abcde", 3, 99, "de"},
        {"from beyond the end", "abcde", 9, 99, ""},
        {"from behind to", "abcde", 4, 2, ""},
        {"largest sizes", "abcde", SIZE_MAX, SIZE_MAX, ""},
        {"of nothing", "", 0, 5, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str got = str_slice(str_of(cases[i].in), cases[i].from, cases[i].to);
        cr_expect(str_is(got, cases[i].want), "%s: got \"%.*s\"", cases[i].name, STR_ARG(got));
    }
    cr_expect(str_slice(NOTHING, 0, 9).n == 0 && str_slice(NOTHING, 2, 1).p == NULL);
}

Test(str, trim_takes_blanks_from_both_ends_only)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"", ""},         {" ", ""},      {" \t\r\n \n", ""},   {"a", "a"},
        {"  a", "a"},     {"a\r\n", "a"}, {"\t a b \n", "a b"}, {"\va\f", "\va\f"},
        {"a  b", "a  b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str got = str_trim(str_of(cases[i].in));
        cr_expect(str_is(got, cases[i].want), "case %zu: got \"%.*s\"", i, STR_ARG(got));
    }
    cr_expect(str_trim(NOTHING).n == 0);
}

/* Against the plain way, for a control byte at every place of a word and bytes above ASCII around it. */
Test(str, the_next_control_byte_is_found_wherever_it_stands)
{
    char text[40];
    for (size_t at = 0; at <= sizeof(text); at++) {
        for (int c = 0; c < 0x20; c++) {
            for (size_t i = 0; i < sizeof(text); i++) {
                text[i] = (char)(i % 3 ? 0x20 : 0xa0 + c);
            }
            if (at < sizeof(text)) {
                text[at] = (char)c;
            }
            for (size_t from = 0; from <= at; from++) {
                cr_assert(str_control(str_from(text, sizeof(text)), from) == at, "%zu %d", at, c);
            }
        }
    }
    cr_expect(str_control(NOTHING, 0) == 0);
}

static int sign(int c)
{
    return (c > 0) - (c < 0);
}

Test(str, order_is_by_byte_then_by_length)
{
    static const struct {
        struct str a, b;
        int want;
    } cases[] = {
        {{"", 0}, {"", 0}, 0},         {{NULL, 0}, {"", 0}, 0},     {{"a", 1}, {NULL, 0}, 1},
        {{"a", 1}, {"b", 1}, -1},      {{"ab", 2}, {"a", 1}, 1},    {{"a\0b", 3}, {"a\0c", 3}, -1},
        {{"\xff", 1}, {"\x01", 1}, 1}, {{"abc", 3}, {"abc", 3}, 0}, {{"B", 1}, {"a", 1}, -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_expect(sign(str_cmp(cases[i].a, cases[i].b)) == cases[i].want, "case %zu", i);
        cr_expect(sign(str_cmp(cases[i].b, cases[i].a)) == -cases[i].want, "case %zu, swapped", i);
        cr_expect(str_eq(cases[i].a, cases[i].b) == (cases[i].want == 0), "case %zu, equal", i);
    }
}

Test(str, letters_compare_equal_in_either_case)
{
    static const struct {
        const char *a, *b;
        bool want;
    } cases[] = {
        {"", "", true},
        {"abc", "ABC", true},
        {"aBc", "AbC", true},
        {"abc", "abcd", false},
        {"@", "`", false},
        {"[", "{", false},
        {"\xc3\x84", "\xc3\xa4", false},
        {"1.0", "1.0", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_expect(str_eq_nocase(str_of(cases[i].a), str_of(cases[i].b)) == cases[i].want,
                  "case %zu", i);
    }
    cr_expect(str_eq_nocase(NOTHING, STR("")));
}

Test(str, starts_and_ends)
{
    static const struct {
        const char *s, *part;
        bool starts, ends;
    } cases[] = {
        {"", "", true, true},       {"abc", "", true, true},    {"abc", "abc", true, true},
        {"abc", "ab", true, false}, {"abc", "bc", false, true}, {"abc", "abcd", false, false},
        {"aba", "a", true, true},   {"", "a", false, false},    {"abc", "AB", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str s = str_of(cases[i].s), part = str_of(cases[i].part);
        cr_expect(str_starts(s, part) == cases[i].starts, "case %zu starts", i);
        cr_expect(str_ends(s, part) == cases[i].ends, "case %zu ends", i);
    }
    cr_expect(str_starts(NOTHING, NOTHING) && str_ends(NOTHING, NOTHING));
}

Test(str, index_and_find_give_the_first_place_or_minus_one)
{
    static const struct {
        const char *s, *needle;
        ptrdiff_t want;
    } cases[] = {
        {"", "", 0},         {"abc", "", 0},      {"", "a", -1},
        {"abcabc", "c", 2},  {"abcabc", "bc", 1}, {"aaab", "aab", 1},
        {"abc", "abcd", -1}, {"abc", "x", -1},    {"abc", "abc", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str s = str_of(cases[i].s), needle = str_of(cases[i].needle);
        cr_expect(str_find(s, needle) == cases[i].want, "case %zu", i);
        if (needle.n == 1) {
            cr_expect(str_index(s, needle.p[0]) == cases[i].want, "case %zu by index", i);
        }
    }
    cr_expect(str_find(NOTHING, NOTHING) == 0 && str_find(NOTHING, STR("a")) == -1);
    cr_expect(str_index(NOTHING, 'a') == -1);
    cr_expect(str_find(str_from("a\0b", 3), str_from("\0b", 2)) == 1, "NUL is a byte like another");
    cr_expect(str_index(str_from("a\0b", 3), '\0') == 1);
}

Test(str, split_gives_every_part_also_the_empty_ones)
{
    static const struct {
        const char *in, *want; /* parts, each in brackets */
    } cases[] = {
        {"", "[]"},        {"a", "[a]"},
        {"a,b", "[a][b]"}, {"a,,b", "[a][][b]"},
        {",", "[][]"},     {"a,", "[a][]"},
        {",a", "[][a]"},   {",,,", "[][][][]"},
        {"a|b", "[a|b]"},  {"ab,cd,ef", "[ab][cd][ef]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str rest = str_of(cases[i].in), part;
        char got[64] = "";
        size_t n = 0;
        while (str_split(&rest, ',', &part)) {
            n += (size_t)snprintf(got + n, sizeof(got) - n, "[%.*s]", STR_ARG(part));
        }
        cr_expect_str_eq(got, cases[i].want);
        cr_expect(!str_split(&rest, ',', &part), "used up stays used up");
    }
    struct str nothing = NOTHING, part;
    cr_expect(!str_split(&nothing, ',', &part));
}

Test(str, take_takes_what_stands_there_and_nothing_else)
{
    struct str rest = STR("++a"), nothing = NOTHING;
    cr_expect(str_take(&rest, '+') && str_is(rest, "+a"));
    cr_expect(!str_take(&rest, 'a') && str_is(rest, "+a"));
    cr_expect(str_take(&rest, '+') && str_take(&rest, 'a') && rest.n == 0);
    cr_expect(!str_take(&rest, 'a') && !str_take(&nothing, '\0'));
}

Test(str, whole_numbers_are_digits_with_an_optional_minus)
{
    static const struct {
        const char *in;
        bool ok;
        int64_t want;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"000123", true, 123},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"--1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"/", false, 0},
        {":", false, 0},
        {"\xd9\xa1", false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t got = 42;
        cr_expect(str_to_i64(str_of(cases[i].in), &got) == cases[i].ok, "\"%s\"", cases[i].in);
        cr_expect(got == (cases[i].ok ? cases[i].want : 42), "\"%s\" gave %lld", cases[i].in,
                  (long long)got);
    }
    int64_t got = 42;
    cr_expect(!str_to_i64(str_from("1\0", 2), &got) && !str_to_i64(NOTHING, &got) && got == 42);
}

Test(str, copies_end_with_nul_and_own_their_bytes)
{
    struct arena a = {0};
    char from[] = "abc";
    struct str copy = str_dup(&a, str_from(from, 3));
    from[0] = 'x';
    cr_expect_str_eq(copy.p, "abc");
    struct str none = str_dup(&a, NOTHING);
    cr_expect(none.n == 0 && none.p && none.p[0] == '\0');
    struct str text = str_printf(&a, "%s-%d", "PID", 3);
    cr_expect(str_is(text, "PID-3") && text.p[text.n] == '\0');
    struct str wide = str_printf(&a, "%*d", 5000, 1);
    cr_expect(wide.n == 5000 && wide.p[4999] == '1' && wide.p[0] == ' ');
    cr_expect(str_printf(&a, "%s", "").n == 0);
    arena_free(&a);
}

Test(str, paths_collapse)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"conf/../routes", "routes"},
        {"a/b/../../c", "c"},
        {"../routes", "../routes"},
        {"../../a/../b", "../../b"},
        {"./a/./b", "a/b"},
        {"/a/../b", "/b"},
        {"/..", "/.."},
        {"a//b", "a/b"},
        {"a/b/", "a/b/"},
        {"a", "a"},
        {"", ""},
        {"a/..", ""},
        {"routes/profiles/../tables/x.csv", "routes/tables/x.csv"},
        {"/", "/"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str got = str_collapse_path(&a, str_of(rows[i].path));
        cr_expect(str_is(got, rows[i].want), "%s: %s", rows[i].path, got.p);
    }
    arena_free(&a);
}

Test(str, distance_counts_single_edits)
{
    static const struct {
        const char *a, *b;
        unsigned want;
    } cases[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"", "abc", 3},
        {"a", "b", 1},
        {"port", "prot", 1},
        {"send", "sned", 1},
        {"ca", "abc", 3},
        {"host", "hosts", 1},
        {"kitten", "sitting", 3},
        {"flaw", "lawn", 2},
        {"reply", "reply-within", 7},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
        cr_expect(str_distance(a, b) == cases[i].want, "%s, %s", cases[i].a, cases[i].b);
        cr_expect(str_distance(b, a) == cases[i].want, "%s, %s", cases[i].b, cases[i].a);
    }
    char full[64];
    memset(full, 'x', sizeof(full));
    cr_expect(str_distance(str_from(full, 63), STR("")) == 63,
              "the longest words that are compared");
    cr_expect(str_distance(str_from(full, 63), str_from(full, 63)) == 0);
    cr_expect(str_distance(str_from(full, 64), STR("x")) > 64, "a longer one is like nothing");
    cr_expect(str_distance(STR("x"), str_from(full, 64)) > 64);
}

Test(str, secrets_are_the_same_bytes_and_as_many)
{
    cr_expect(str_eq_secret(STR("abc"), STR("abc")));
    cr_expect(str_eq_secret(STR(""), STR("")));
    cr_expect_not(str_eq_secret(STR("abc"), STR("abd")));
    cr_expect_not(str_eq_secret(STR("abc"), STR("ab")));
    cr_expect_not(str_eq_secret(STR("abc"), STR("xbc")));
}
