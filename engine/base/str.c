#include "engine/base/str.h"

#include "engine/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { DISTANCE_MAX = 63 };

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (!s.p) {
        return str_from(NULL, 0);
    }
    to = min_size(to, s.n);
    from = min_size(from, to);
    return str_from(s.p + from, to - from);
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[s.n - 1])) {
        s.n--;
    }
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    return s;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = min_size(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_eq_nocase(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_slice(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_slice(s, s.n - suffix.n, s.n), suffix);
}

ptrdiff_t str_index(struct str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? hit - s.p : -1;
}

static bool has_control(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return (w - ones * ' ') & ~w & ones << 7;
}

/* There is one. */
static size_t control_in(const char *p)
{
    size_t i = 0;
    while ((unsigned char)p[i] >= ' ') {
        i++;
    }
    return i;
}

size_t str_control(struct str s, size_t at)
{
#ifdef __SSE2__
    const __m128i last = _mm_set1_epi8(0x1f);
    for (; at + 16 <= s.n; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + at));
        unsigned hits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, last), v));
        if (hits) {
            return at + (unsigned)__builtin_ctz(hits);
        }
    }
#endif
    for (; at < s.n; at += 8) {
        size_t left = s.n - at < 8 ? s.n - at : 8;
        if (has_control(str_word(s.p + at, left))) {
            return at + control_in(s.p + at);
        }
    }
    return s.n;
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.n == 0) {
        return 0;
    }
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? hit - s.p : -1;
}

bool str_split(struct str *rest, char sep, struct str *out_part)
{
    if (!rest->p) {
        return false;
    }
    ptrdiff_t at = str_index(*rest, sep);
    if (at < 0) {
        *out_part = *rest;
        *rest = (struct str){NULL, 0};
        return true;
    }
    *out_part = str_from(rest->p, (size_t)at);
    *rest = str_from(rest->p + at + 1, rest->n - (size_t)at - 1);
    return true;
}

bool str_entry(struct str *rest, struct str *out_line)
{
    while (str_split(rest, '\n', out_line)) {
        *out_line = str_trim(*out_line);
        if (out_line->n && out_line->p[0] != '#') {
            return true;
        }
    }
    return false;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    int64_t value = 0;
    size_t i = negative ? 1 : 0;
    if (i == s.n) {
        return false;
    }
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) {
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

bool str_eq_secret(struct str a, struct str b)
{
    unsigned differs = a.n != b.n;
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        differs |= (unsigned char)(a.p[i] ^ b.p[i]);
    }
    return differs == 0;
}

struct str str_dup(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    return str_from(p, s.n);
}

enum { PRINTED_FEW = 256 }; /* bytes that need not be printed twice */

struct str str_printf(struct arena *a, const char *fmt, ...)
{
    char first[PRINTED_FEW];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(first, sizeof(first), fmt, ap);
    va_end(ap);
    size_t len = n > 0 ? (size_t)n : 0;
    char *p = arena_alloc(a, len + 1);
    if (len < sizeof(first)) {
        memcpy(p, first, len);
        p[len] = '\0';
    } else {
        vsnprintf(p, len + 1, fmt, again);
    }
    va_end(again);
    return str_from(p, len);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

struct str str_collapse_path(struct arena *a, struct str path)
{
    char *out = arena_alloc(a, path.n + 1);
    size_t n = 0;
    struct str rest = path, part;
    while (rest.n && str_split(&rest, '/', &part)) {
        size_t last =
            n ? n - 1 : 0; /* the name before: from behind its slash to the one at the end */
        while (last > 0 && out[last - 1] != '/') {
            last--;
        }
        bool goes_up =
            str_is(part, "..") && n > 1 && !str_starts(str_from(out + last, n - last), STR(".."));
        if (goes_up) {
            n = last;
        } else if (part.n ? !str_is(part, ".") : n == 0) {
            memcpy(out + n, part.n ? part.p : "", part.n);
            n += part.n;
            out[n++] = '/';
        }
    }
    bool keeps_slash = (path.n && path.p[path.n - 1] == '/') || n <= 1;
    n -= n && !keeps_slash;
    out[n] = '\0';
    return str_from(out, n);
}

static bool are_swapped(struct str a, size_t i, struct str b, size_t j)
{
    return i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
}

unsigned str_distance(struct str a, struct str b)
{
    unsigned rows[3][DISTANCE_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX) {
        return UINT16_MAX;
    }
    for (unsigned j = 0; j <= b.n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned cost = a.p[i - 1] == b.p[j - 1] ? 0 : 1;
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
            if (are_swapped(a, i, b, j) && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
    }
    return row[b.n];
}
