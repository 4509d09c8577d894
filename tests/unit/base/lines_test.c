/* Walks of 16 bytes at a step against walks of one: texts that are all ends, blanks and letters, in memory of their size. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "engine/base/lines.h"
#include "engine/base/rng.h"

enum { TEXTS = 200000, LONGEST = 150 };

static bool is_end(char c)
{
    return c == '\r' || c == '\n';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t count(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == '\n' || (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'));
    }
    return n;
}

static bool are_flush(struct str s)
{
    bool flush = true;
    for (size_t i = 0; i < s.n; i++) {
        flush = flush && !(is_blank(s.p[i]) && (i == 0 || is_end(s.p[i - 1])));
    }
    return flush;
}

static size_t first_empty(struct str s)
{
    size_t i = 0;
    while (i < s.n && !(is_end(s.p[i]) && (i == 0 || is_end(s.p[i - 1])))) {
        i++;
    }
    return i;
}

static void try_controls(struct str s)
{
    struct lines_controls walk = {.s = s};
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ') {
            cr_assert_eq(lines_control(&walk), i, "<%.*s>", STR_ARG(s));
        }
    }
    cr_assert_eq(lines_control(&walk), s.n, "<%.*s>", STR_ARG(s));
}

static void try_text(struct str s)
{
    try_controls(s);
    char *to = malloc(s.n + LINES_ROOM);
    cr_assert_eq(lines_count(s), count(s), "<%.*s>", STR_ARG(s));
    cr_assert_eq(lines_are_flush(s), are_flush(s), "<%.*s>", STR_ARG(s));
    size_t done = lines_with_cr(s, to);
    cr_assert_eq(done, first_empty(s), "<%.*s>", STR_ARG(s));
    for (size_t i = 0; i < done; i++) {
        cr_assert_eq(to[i], is_end(s.p[i]) ? '\r' : s.p[i], "<%.*s> at %zu", STR_ARG(s), i);
    }
    free(to);
}

Test(lines, many_at_once_are_as_one_by_one)
{
    static const char signs[] = "\r\n \tab\x1c\xff";
    struct rng_seeded seed = {.state = 7};
    const struct rng r = rng_of_seeded(&seed);
    for (unsigned i = 0; i < TEXTS; i++) {
        size_t n = rng_below(&r, LONGEST);
        uint64_t odd = rng_below(&r, 40) + 1; /* one sign of so many is none of the last four */
        char *text = malloc(n + !n);
        for (size_t k = 0; k < n; k++) {
            text[k] = signs[rng_below(&r, odd) ? 4 + rng_below(&r, 4) : rng_below(&r, 4)];
        }
        try_text(str_from(text, n));
        free(text);
    }
}

Test(lines, more_of_them_than_a_byte_counts)
{
    enum { MOST = 20000 };
    char *text = malloc(MOST);
    memset(text, '\n', MOST);
    for (size_t n = 0; n < MOST; n += 7) {
        cr_assert_eq(lines_count(str_from(text, n)), n);
    }
    free(text);
}
