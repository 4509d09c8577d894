#include "engine/base/regex.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define S(lit)                                                                                     \
    {                                                                                              \
        lit, sizeof(lit) - 1                                                                       \
    }

static struct regex *compiled(struct arena *a, struct str pattern)
{
    struct regex *re = NULL;
    size_t at = 0;
    const char *why = "";
    cr_assert_eq(regex_compile(a, pattern, &re, &at, &why), 0, "%.*s: %zu: %s", STR_ARG(pattern),
                 at, why);
    return re;
}

Test(regex, finds_anywhere_or_matches_all)
{
    static const struct {
        struct str pattern, subject;
        enum regex_answer found, whole;
    } rows[] = {
        {S("b"), S("abc"), REGEX_YES, REGEX_NO},
        {S("a.c"), S("abc"), REGEX_YES, REGEX_YES},
        {S("a|ab|abc"), S("abc"), REGEX_YES, REGEX_YES}, /* goes back for the longer one */
        {S("a*?"), S("aaa"), REGEX_YES, REGEX_YES},
        {S("x"), S("abc"), REGEX_NO, REGEX_NO},
        {S(""), S(""), REGEX_YES, REGEX_YES},
        {S(""), S("a"), REGEX_YES, REGEX_NO},
        {S("a"), S(""), REGEX_NO, REGEX_NO},
        {S("^\\d{3}-\\d{2}$"), S("123-45"), REGEX_YES, REGEX_YES},
        {S("^\\d{3}-\\d{2}$"), S("1234-45"), REGEX_NO, REGEX_NO},
        {S("^a$"), S("a\n"), REGEX_YES, REGEX_NO},   /* $ is also before a last line feed */
        {S("a.b"), S("a\nb"), REGEX_YES, REGEX_YES}, /* DOTALL */
        {S("a.b"), S("a\0b"), REGEX_YES, REGEX_YES},
        {S("a\0b"), S("a\0b"), REGEX_YES, REGEX_YES},
        {S("a.b"), S("a\r\nb"), REGEX_NO, REGEX_NO},
        {S("^.$"), S("\xF0\x9F\x98\x80"), REGEX_YES, REGEX_YES}, /* one character of four bytes */
        {S("\\x{fc}"), S("M\xC3\xBCller"), REGEX_YES, REGEX_NO},
        {S("(?i)M\xC3\x9CLLER"), S("m\xC3\xBCller"), REGEX_YES, REGEX_YES},
        {S("[\xC3\xA4-\xC3\xBC]"), S("\xC3\xB6"), REGEX_YES, REGEX_YES},
        {S("\\w+"), S("\xC3\xBC"), REGEX_NO, REGEX_NO}, /* \w is ASCII */
        {S("\\p{L}+"), S("\xC3\xBC"), REGEX_YES, REGEX_YES},
        {S("(a)(?<n>b)\\1\\k<n>"), S("abab"), REGEX_YES, REGEX_YES},
        {S("(?<=a)b(?!c)"), S("abd"), REGEX_YES, REGEX_NO},
        {S("(?<=a)b(?!c)"), S("abc"), REGEX_NO, REGEX_NO},
        {S("(\\((?:[^()]|(?1))*\\))"), S("(a(b)c)"), REGEX_YES, REGEX_YES},
        {S("\\(?C\\d"), S("(C1)"), REGEX_YES, REGEX_NO}, /* looks like a callout */
        {S("[(?C)]"), S("?"), REGEX_YES, REGEX_YES},
        {S("\\Q(?C)\\E"), S("(?C)"), REGEX_YES, REGEX_YES},
        {S("\\bMRN\\b"), S("the MRN is"), REGEX_YES, REGEX_NO},
        /* no UTF-8: nothing matches */
        {S("a"), S("a\xFF"), REGEX_NO, REGEX_NO},
        {S("."), S("\xC3"), REGEX_NO, REGEX_NO},
        {S(".*"), S("\xED\xA0\x80"), REGEX_NO, REGEX_NO},
        {S(""), S("\x80"), REGEX_NO, REGEX_NO},
    };
    struct arena a = {0}, scratch = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct regex *re = compiled(&a, rows[i].pattern);
        enum regex_answer found = regex_match(re, rows[i].subject, false, &scratch);
        enum regex_answer whole = regex_match(re, rows[i].subject, true, &scratch);
        cr_expect_eq(found, rows[i].found, "%.*s found: %d", STR_ARG(rows[i].pattern), found);
        cr_expect_eq(whole, rows[i].whole, "%.*s whole: %d", STR_ARG(rows[i].pattern), whole);
        cr_expect_eq(scratch.total, 0, "scratch is given back");
    }
    cr_expect_eq(regex_match(compiled(&a, STR("a*")), (struct str){NULL, 0}, true, &scratch),
                 REGEX_YES);
    cr_expect_eq(regex_match(compiled(&a, (struct str){NULL, 0}), STR(""), true, &scratch),
                 REGEX_YES);
    arena_free(&a);
}

/* What is answered without the engine is what the engine says: in a group it has to. */
Test(regex, answers_plain_patterns_as_the_engine_does)
{
    static const struct str patterns[] = {
        S("^HL7[0-9]{4}$"),
        S("^[1-9][0-9]*$"),
        S("^[0-9]{11,15}$"),
        S("^[A-Za-z0-9._-]+$"),
        S("^a$"),
        S("^$"),
        S("^ab{2}c$"),
        S("^a*$"),
        S("^[.]$"),
        S("^a{0}b$"),
        S("^a{0,2}$"),
        S("^[a-c]x+$"),
        S("^.$"),
        S("^[^a]$"),
        S("^a*b*$"),
        S("^a{2,}$"),
        S("^[a-]$"),
        S("^[]a]$"),
        S("^[[:digit:]]$"),
        S("^a+?$"),
        S("^a|b$"),
        S("^\\d$"),
        S("^a{,2}$"),
        S("^[a-c-e]$"),
        S("^a$b"),
        S("^a{100}$"),
        S("^[.-_]$"),
        S("^a-b$"),
    };
    static const struct str subjects[] = {
        S(""),       S("HL70276"),  S("HL7027"),  S("HL702761"),    S("HL70276\n"),
        S("0"),      S("1"),        S("10"),      S("12345678901"), S("1234567890123456"),
        S("a"),      S("a\n"),      S("a\n\n"),   S("\na"),         S("a\r"),
        S("a\x80"),  S("\xC3\xA9"), S("b"),       S("aa"),          S("abbc"),
        S("abbc\n"), S("."),        S("-"),       S("]"),           S("x"),
        S("ax"),     S("axx\n"),    S("a.b_c-d"), S("a b"),         S("a{,2}"),
        S("d"),      S("e"),        S("a\x00"),   S("a-b"),         S("a\x7F"),
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(patterns); i++) {
        const struct regex *re = compiled(&a, patterns[i]);
        const struct regex *engine = compiled(&a, str_printf(&a, "(?:%.*s)", STR_ARG(patterns[i])));
        for (size_t k = 0; k < COUNT(subjects); k++) {
            for (int whole = 0; whole < 2; whole++) {
                cr_expect_eq(regex_match(re, subjects[k], whole, &a),
                             regex_match(engine, subjects[k], whole, &a), "%.*s of subject %zu",
                             STR_ARG(patterns[i]), k);
            }
        }
    }
    arena_free(&a);
}

Test(regex, says_where_and_why_a_pattern_is_refused)
{
    static const struct {
        struct str pattern;
        int err;
        size_t at;
        const char *why;
    } rows[] = {
        {S("a(b"), ERR_SYNTAX, 3, "parenthesis"},
        {S("a)"), ERR_SYNTAX, 1, "parenthesis"},
        {S("[a"), ERR_SYNTAX, 2, "character class"},
        {S("*a"), ERR_SYNTAX, 0, "quantifier"},
        {S("a\\"), ERR_SYNTAX, 2, "\\ at end"},
        {S("(?<n>a)(?<n>b)"), ERR_SYNTAX, 12, "same name"},
        {S("\\2(a)"), ERR_SYNTAX, 1, "non-existent"},
        {S("a\\Cb"), ERR_SYNTAX, 3, "\\C"},
        {S("(?<=a+)b"), ERR_SYNTAX, 0, "lookbehind"},
        {S("a{65536}"), ERR_SYNTAX, 7, "too big"},
        {S("a(?C)b"), ERR_SYNTAX, 5, "callouts"},
        {S("a(?C255)b"), ERR_SYNTAX, 8, "callouts"},
        {S("a(?C'text')b"), ERR_SYNTAX, 11, "callouts"},
        {S("\xFF"), ERR_SYNTAX, 0, "UTF-8"},
        {S("a\xC3"), ERR_SYNTAX, 1, "UTF-8"},
        {S("((a{1000}){1000}){1000}"), ERR_LIMIT, 23, "too large"},
        {S("(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a)))))))))))))))))"
           "))))))))))))))))))))))))))))))))))))))))))))))))"),
         ERR_LIMIT, 65, "nested"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct regex *re = NULL;
        size_t at = 999;
        const char *why = "";
        int rc = regex_compile(&a, rows[i].pattern, &re, &at, &why);
        cr_expect_eq(rc, rows[i].err, "%.*s: %d", STR_ARG(rows[i].pattern), rc);
        cr_expect_eq(at, rows[i].at, "%.*s: %zu", STR_ARG(rows[i].pattern), at);
        cr_expect(strstr(why, rows[i].why), "%.*s: %s", STR_ARG(rows[i].pattern), why);
        cr_expect(!re && a.total <= 4096, "%zu: %zu bytes stay", i, a.total);
        cr_expect_eq(regex_compile(&a, rows[i].pattern, &re, NULL, NULL), rows[i].err);
        arena_free(&a);
    }
}

Test(regex, takes_patterns_of_4096_bytes)
{
    static char text[REGEX_PATTERN_MAX + 1];
    struct arena a = {0};
    struct regex *re = NULL;
    size_t at = 0;
    const char *why = "";
    memset(text, 'a', sizeof(text));
    cr_expect_eq(regex_compile(&a, str_from(text, REGEX_PATTERN_MAX), &re, &at, &why), 0);
    cr_expect_eq(regex_match(re, str_from(text, REGEX_PATTERN_MAX), true, &a), REGEX_YES);
    cr_expect_eq(regex_compile(&a, str_from(text, sizeof(text)), &re, &at, &why), ERR_LIMIT);
    cr_expect(at == REGEX_PATTERN_MAX && strstr(why, "4096"), "%zu: %s", at, why);
    arena_free(&a);
}

/* `text` again and again, `n` bytes, then `end`. */
static struct str repeated(struct arena *a, const char *text, size_t n, const char *end)
{
    size_t unit = strlen(text), tail = strlen(end);
    char *p = arena_alloc(a, n + tail);
    for (size_t i = 0; i < n; i++) {
        p[i] = text[i % unit];
    }
    memcpy(p + n, end, tail);
    return str_from(p, n + tail);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What takes minutes or years elsewhere is answered within a second, under the sanitizers within ten. */
Test(regex, answers_soon_whatever_the_pattern)
{
    static const struct {
        struct str pattern;
        const char *text;
        size_t n;
        const char *end;
        enum regex_answer want;
    } rows[] = {
        {S("(a+)+$"), "a", 40, "!", REGEX_LIMIT},
        {S("((a*)*)*b"), "a", 40, "c", REGEX_NO}, /* b is wanted, and looked for first */
        {S("((a*)*)*[bc]"), "a", 40, "d", REGEX_LIMIT},
        {S("^(a|a)*[bc]$"), "a", 40, "d", REGEX_LIMIT},
        {S("^(a|aa)+[bc]"), "a", 60, "d", REGEX_LIMIT},
        {S("(.*)*x[yz]"), "x", 60, "", REGEX_LIMIT},
        {S("(?:[a-z]+)*\\d"), "a", 60, "!", REGEX_LIMIT},
        {S("^(?:(?:a?){50}){50}[bc]"), "a", 60, "!", REGEX_LIMIT},
        {S("(?:a?){30}a{30}[bc]"), "a", 40, "d", REGEX_LIMIT},
        {S("(a*)*(a*)*(a*)*[bc]"), "a", 60, "d", REGEX_LIMIT},
        {S("(?=(a+)+[bc])"), "a", 60, "d", REGEX_LIMIT},
        {S("^(?>(a+)+)[bc]"), "a", 60, "d", REGEX_NO},
        {S("^(([a-z])+.)+[A-Z]([a-z])+$"), "a", 60, "", REGEX_LIMIT},
        {S("(?R)?a"), "a", 5000, "", REGEX_LIMIT},
        {S("(a(?1)?b)"), "a", 5000, "c", REGEX_NO}, /* no b */
        {S("(a(?1)?[bc])"), "a", 5000, "d", REGEX_LIMIT},
        /* each start within its limits, but many starts */
        {S("a*[bc]"), "a", 1000000, "", REGEX_LIMIT},
        {S("[ab]*?[cd]"), "ab", 60000, "", REGEX_LIMIT},
        {S("(?:a|b){0,400}[cd]"), "ab", 60000, "", REGEX_LIMIT},
        {S("(?:a|b)*[cd]"), "ab", 1000000, "", REGEX_LIMIT},
        {S(".*.*.*[\\r\\n]x"), "a", 100000, "", REGEX_LIMIT},
        {S("\\X*[bc]"), "a", 100000, "", REGEX_LIMIT},
        /* work that PCRE2 does not count at all */
        {S("[ab]{60000}[cd]"), "ab", 1000000, "", REGEX_LIMIT},
        {S("(?:[ab]{900}){60}[cd]"), "ab", 1000000, "", REGEX_LIMIT},
        {S("([a-z]+)\\1[BC]"), "a", 200000, "", REGEX_LIMIT},
        {S("(?i)([a-z]+)x\\1[bc]"), "ax", 200000, "", REGEX_LIMIT},
        {S("(?i)(\\p{L}+)\\1+[bc]"), "a", 1000000, "", REGEX_LIMIT},
        {S("(?i)a[cd]"), "a", 1000000, "", REGEX_NO},
        {S("(?i)a{2}A{2}"), "ab", 1000000, "", REGEX_NO},
        {S("(?i)NEEDLE"), "hay ", 1000000, "needle", REGEX_YES},
        {S("(?x-i)(?smi:a)b"), "a", 1000000, "", REGEX_NO},
        /* much text is no reason by itself */
        {S("needle"), "hay ", 1000000, "needle", REGEX_YES},
        {S("[a-z]+@[a-z]+"), "hay ", 100000, "a@b", REGEX_YES},
        {S("^.*needle$"), "hay ", 1000000, "needle", REGEX_YES},
        {S("^[^!]*$"), "hay ", 1000000, "", REGEX_YES},
        {S("\\d{3}-\\d{4}"), "12-", 100000, "555-1234", REGEX_YES},
        {S("\\x{2019}"), "hay ", 1000000, "\xE2\x80\x99", REGEX_YES},
        {S("[\\x{2018}\\x{2019}]s"), "ha's", 100000, "\xE2\x80\x99s", REGEX_YES},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        const struct regex *re = compiled(&a, rows[i].pattern);
        struct str subject = repeated(&a, rows[i].text, rows[i].n, rows[i].end), out;
        size_t before = a.total;
        double start = seconds_now();
        enum regex_answer got = regex_match(re, subject, false, &a);
        cr_expect_eq(got, rows[i].want, "%.*s: %d", STR_ARG(rows[i].pattern), got);
        cr_expect_eq(a.total, before);
        got = regex_replace(re, subject, STR("<$0>"), &a, 4 << 20, &out);
        cr_expect_eq(got, rows[i].want, "%.*s replaced: %d", STR_ARG(rows[i].pattern), got);
        double end = seconds_now();
        cr_expect_lt(end - start, 10, "%.*s: %.1f s", STR_ARG(rows[i].pattern), end - start);
        arena_free(&a);
    }
}

Test(regex, compiles_soon_whatever_the_pattern)
{
    static const struct {
        const char *unit, *end;
        size_t n;
    } rows[] = {
        {"(?:", ")", 60},      {"(a|", ")", 60},         {"(?=", ")", 60},     {"(", ")?", 60},
        {"(", "){0,9}", 60},   {"(", "){9}", 60},        {"(?>", ")+", 60},    {"(?<=", ")", 60},
        {"(a?|", ")*", 60},    {"(?1)(", ")", 60},       {"a{0,99}", "", 500}, {"()", "", 2000},
        {"(?(1)a|", ")b", 60}, {"[[:alpha:]]", "", 370}, {"\\X", "", 2000},
    };
    double start = seconds_now();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        char text[REGEX_PATTERN_MAX + 64] = "()";
        size_t at = 2;
        for (size_t k = 0; k < 2 * rows[i].n && at < REGEX_PATTERN_MAX - 16; k++) {
            const char *part = k < rows[i].n ? rows[i].unit : rows[i].end;
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", part);
        }
        struct regex *re;
        if (regex_compile(&a, str_from(text, at), &re, NULL, NULL) == 0) {
            (void)regex_match(re, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), false, &a); /* ends */
        }
        cr_expect_lt(a.total, 4 << 20, "%s: %zu bytes", rows[i].unit, a.total);
        arena_free(&a);
    }
    cr_expect_lt(seconds_now() - start, 20);
}

Test(regex, replaces_every_occurrence)
{
    static const struct {
        struct str pattern, subject, substitution, want;
    } rows[] = {
        {S("[0-9]"), S("abc123"), S("-"), S("abc---")},
        {S("b"), S("abcb"), S(""), S("ac")},
        {S("\\b(?<month>\\d{1,2})/(?<day>\\d{1,2})/(?<year>\\d{2,4})\\b"), S("from 11/24/2026 on"),
         S("${day}-${month}-${year}"), S("from 24-11-2026 on")},
        {S("(\\w+) (\\w+)"), S("Doe Jane"), S("$2 $1"), S("Jane Doe")},
        {S("(\\w+) (\\w+)"), S("Doe Jane"), S("${2}${1}x"), S("JaneDoex")},
        {S("a"), S("aa"), S("[$0]"), S("[a][a]")},
        {S("(a)|b"), S("ab"), S("<$1>"), S("<a><>")},                  /* unset */
        {S("a"), S("a"), S("<$1$9${9}${none}$99999999999>"), S("<>")}, /* no such group */
        {S("(a)"), S("a"), S("$12"), S("")}, /* group 12, not group 1 and 2 */
        {S("(a)"), S("a"), S("${1}2"), S("a2")},
        {S("a"), S("a"), S("$$1"), S("$1")},
        {S("a"), S("a"), S("$$$$"), S("$$")},
        {S("a"), S("a"), S("$"), S("$")},
        {S("a"), S("a"), S("5 $ or $x ${ $} ${} ${1 ${a-b} ${1a} $*MARK"),
         S("5 $ or $x ${ $} ${} ${1 ${a-b} ${1a} $*MARK")},
        {S("a"), S("a"), S("${aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}"),
         S("${aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}")},
        {S("a"), S("a"), S("\\n\\$1"), S("\\n\\")}, /* a backslash is one */
        {S(""), S("ab"), S("-"), S("-a-b-")},
        {S("x*"), S("axb"), S("-"), S("-a--b-")},
        {S("$"), S("ab"), S("!"), S("ab!")},
        {S("^"), S(""), S("new"), S("new")},
        {S(""), S("\xC3\xBC\xE2\x82\xAC"), S("."), S(".\xC3\xBC.\xE2\x82\xAC.")},
        {S("\xC3\xBC"), S("M\xC3\xBCller"), S("\xC3\xA9"), S("M\xC3\xA9ller")},
        {S("\0"), S("a\0b"), S("\0\0"), S("a\0\0b")},
        {S("\\s+"), S("a \r\n\tb  c"), S(" "), S("a b c")},
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str out = {0};
        const struct regex *re = compiled(&a, rows[i].pattern);
        enum regex_answer got =
            regex_replace(re, rows[i].subject, rows[i].substitution, &a, 1000, &out);
        cr_expect_eq(got, REGEX_YES, "%.*s", STR_ARG(rows[i].pattern));
        cr_expect(str_eq(out, rows[i].want), "%.*s with %.*s: %.*s", STR_ARG(rows[i].pattern),
                  STR_ARG(rows[i].substitution), STR_ARG(out));
    }
    arena_free(&a);
}

/* Left to itself, PCRE2 looks for the other case again behind each occurrence, up to the end. */
Test(regex, replaces_soon_where_case_is_ignored)
{
    struct arena a = {0};
    struct str out;
    const struct regex *re = compiled(&a, STR("(?i)a"));
    double start = seconds_now();
    cr_expect_eq(regex_replace(re, repeated(&a, "a", 1000000, ""), STR("b"), &a, 1 << 20, &out),
                 REGEX_YES);
    cr_expect_lt(seconds_now() - start, 10);
    arena_free(&a);
}

Test(regex, leaves_a_subject_without_occurrence_as_it_is)
{
    static const struct {
        struct str subject, substitution;
    } rows[] = {
        {S("abc"), S("y")},
        {S(""), S("y")},
        {S("x\xFF"), S("y")},
        {S("x"), S("\xFF")},
    };
    struct arena a = {0};
    const struct regex *re = compiled(&a, STR("x"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str out = {0};
        cr_expect_eq(regex_replace(re, rows[i].subject, rows[i].substitution, &a, 3, &out),
                     REGEX_NO, "%zu", i);
        cr_expect(out.p == rows[i].subject.p && out.n == rows[i].subject.n, "%zu", i);
    }
    arena_free(&a);
}

Test(regex, keeps_to_the_size_it_is_given)
{
    static const struct {
        size_t n;
        const char *substitution;
        size_t bytes_max;
        enum regex_answer want;
    } rows[] = {
        {10, "bb", 20, REGEX_YES},
        {10, "bb", 19, REGEX_LIMIT},
        {10, "", 0, REGEX_YES},
        {1, "b", 0, REGEX_LIMIT},
        {1, "b", SIZE_MAX, REGEX_YES},
        {1000, "0123456789", 10000, REGEX_YES}, /* more than the first room */
        {1000, "0123456789", 9999, REGEX_LIMIT},
        {1000, "0123456789", SIZE_MAX, REGEX_YES},
        {200000, "0123456789012345678901234567890123456789", 1 << 20, REGEX_LIMIT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        const struct regex *re = compiled(&a, STR("a"));
        struct str subject = repeated(&a, "a", rows[i].n, ""), out = {"kept", 4};
        size_t before = a.total, length = strlen(rows[i].substitution);
        enum regex_answer got =
            regex_replace(re, subject, str_of(rows[i].substitution), &a, rows[i].bytes_max, &out);
        cr_expect_eq(got, rows[i].want, "%zu: %d", i, got);
        cr_expect_eq(out.n, got == REGEX_YES ? rows[i].n * length : 4, "%zu: %zu", i, out.n);
        cr_expect(got == REGEX_YES || a.total == before, "%zu: memory stays", i);
        arena_free(&a);
    }
}

Test(regex, refuses_to_look_at_more_than_it_promises)
{
    struct arena a = {0};
    struct str out = {0}, much = repeated(&a, "a", REGEX_SUBJECT_MAX, "a");
    const struct regex *re = compiled(&a, STR("^a"));
    cr_expect_eq(regex_match(re, much, false, &a), REGEX_LIMIT);
    cr_expect_eq(regex_replace(re, much, STR(""), &a, SIZE_MAX, &out), REGEX_LIMIT);
    cr_expect_eq(regex_replace(re, STR("a"), much, &a, SIZE_MAX, &out), REGEX_LIMIT);
    much.n--;
    cr_expect_eq(regex_match(re, much, false, &a), REGEX_YES);
    cr_expect_eq(regex_replace(re, much, STR(""), &a, SIZE_MAX, &out), REGEX_YES);
    cr_expect_eq(out.n, REGEX_SUBJECT_MAX - 1);
    arena_free(&a);
}

static void *match_often(void *arg)
{
    const struct regex *re = arg;
    struct arena scratch = {0};
    size_t wrong = 0;
    for (int i = 0; i < 2000; i++) {
        struct str out;
        wrong += regex_match(re, STR("20261124"), true, &scratch) != REGEX_YES;
        wrong += regex_match(re, STR("2026-11-24"), true, &scratch) != REGEX_NO;
        wrong +=
            regex_replace(re, STR("20261124"), STR("$3.$2.$1"), &scratch, 20, &out) != REGEX_YES ||
            !str_is(out, "24.11.2026");
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return wrong ? arg : NULL;
}

Test(regex, serves_several_threads)
{
    struct arena a = {0};
    pthread_t thread[4];
    struct regex *re = compiled(&a, STR("(\\d{4})(\\d\\d)(\\d\\d)"));
    for (size_t i = 0; i < COUNT(thread); i++) {
        cr_assert_eq(pthread_create(&thread[i], NULL, match_often, re), 0);
    }
    for (size_t i = 0; i < COUNT(thread); i++) {
        void *wrong;
        cr_assert_eq(pthread_join(thread[i], &wrong), 0);
        cr_expect(!wrong);
    }
    arena_free(&a);
}
