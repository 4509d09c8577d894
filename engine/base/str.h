/* str.h - borrowed bytes: a pointer and a length, never NUL-terminated by promise.
 * A struct str owns nothing; keep it no longer than its owner, or str_dup() it into an arena. */
#ifndef CORRIDOR_BASE_STR_H
#define CORRIDOR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
    const char *p; /* NULL only when n is 0 */
    size_t n;      /* bytes */
};

/* The bytes of a string literal, without its NUL. */
#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
/* For printf: "%.*s". */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *cstr)
{
    return (struct str){cstr, cstr ? strlen(cstr) : 0};
}

static inline struct str str_from(const char *p, size_t n)
{
    return (struct str){p, n};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
    return str_eq(a, str_of(cstr));
}

/* A word in which each of the `n` (1 to 8) bytes stands and no other, for tests of all of them at once. Made in registers:
 * bytes that are put together in memory cannot be read as a word before they have arrived there. */
static inline uint64_t str_word(const char *p, size_t n)
{
    uint64_t w;
    uint32_t low, high;
    if (n >= 8) {
        memcpy(&w, p, sizeof(w));
    } else if (n >= 4) {
        memcpy(&low, p, sizeof(low));
        memcpy(&high, p + n - 4, sizeof(high));
        w = low | (uint64_t)high << 32;
    } else {
        w = UINT64_C(0x0101010101000000) * (unsigned char)p[0] + (unsigned char)p[0];
        w |= (uint64_t)(unsigned char)p[n / 2] << 8 | (uint64_t)(unsigned char)p[n - 1] << 16;
    }
    return w;
}

/* memcpy(), which for at most 32 bytes asks for no call: two pieces that may overlap. */
static inline void str_copy(char *to, struct str s)
{
    enum { WIDE = 16, WORD = 8, HALF = 4 };
    if (s.n > (size_t)2 * WIDE) {
        memcpy(to, s.p, s.n);
    } else if (s.n > WIDE) {
        memcpy(to, s.p, WIDE);
        memcpy(to + s.n - WIDE, s.p + s.n - WIDE, WIDE);
    } else if (s.n >= WORD) {
        memcpy(to, s.p, WORD);
        memcpy(to + s.n - WORD, s.p + s.n - WORD, WORD);
    } else if (s.n >= HALF) {
        memcpy(to, s.p, HALF);
        memcpy(to + s.n - HALF, s.p + s.n - HALF, HALF);
    } else if (s.n) {
        to[0] = s.p[0];
        to[s.n / 2] = s.p[s.n / 2];
        to[s.n - 1] = s.p[s.n - 1];
    }
}

/* Bytes `from` (included) to `to` (excluded); both are clamped to the length. */
struct str str_slice(struct str s, size_t from, size_t to);
/* Without leading and trailing blanks, tabs, CR and LF. */
struct str str_trim(struct str s);
/* Byte order, then length. Below, equal or above 0. */
int str_cmp(struct str a, struct str b);
/* ASCII letters compare equal in either case. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first `c`, or -1. */
ptrdiff_t str_index(struct str s, char c);
/* Where the next control byte (below a blank) stands, from `at` on; s.n: there is none. O(n): for walks along lines. */
size_t str_control(struct str s, size_t at);
/* Index of the first occurrence of `needle`, or -1. An empty needle is found at 0. */
ptrdiff_t str_find(struct str s, struct str needle);
/* Cut the part before the first `sep` off `*rest` into `*out_part`; false when `*rest` is used up.
 * "a,,b" gives "a", "", "b"; start with a non-NULL p. */
bool str_split(struct str *rest, char sep, struct str *out_part);
/* Take `c` off the front of `*rest`; false, and nothing is taken, where something else stands there. */
static inline bool str_take(struct str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c) {
        return false;
    }
    *rest = str_from(rest->p + 1, rest->n - 1);
    return true;
}
/* The next line of a list that people keep: without blanks around it; empty ones and those that begin with # are
 * passed over. False at the end. */
bool str_entry(struct str *rest, struct str *out_line);
/* Decimal digits with an optional '-', nothing else. False on anything else or overflow. */
bool str_to_i64(struct str s, int64_t *out);
/* The same bytes? Takes as long wherever they differ: for secrets. Lengths are no secret. */
bool str_eq_secret(struct str a, struct str b);
/* A copy in `a`, NUL-terminated behind its end. */
struct str str_dup(struct arena *a, struct str s);
/* printf into `a`, NUL-terminated behind its end. */
struct str str_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A file path without "NAME/.." and "./", as text: where NAME is a symbolic link it is another place. In `a`,
 * NUL-terminated. */
struct str str_collapse_path(struct arena *a, struct str path);
/* Single letters added, left out, replaced or swapped with the next between two short words (at most 63 bytes
 * each; longer: a large number). O(n*m). */
unsigned str_distance(struct str a, struct str b);

#endif
