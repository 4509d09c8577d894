#include "engine/base/lines.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { STEP = 16 };

static inline __m128i load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i is_either(__m128i v, char a, char b)
{
    return _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(a)), _mm_cmpeq_epi8(v, _mm_set1_epi8(b)));
}
#endif

static bool is_end(char c)
{
    return c == '\r' || c == '\n';
}

/* ---- how many ---- */

#ifdef __SSE2__
/* In so many steps, each byte of a sum counting its own: at most 255. */
static size_t count_in(const char *p, size_t steps)
{
    const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n'), none = _mm_setzero_si128();
    __m128i sums = none;
    for (const char *end = p + steps * STEP; p < end; p += STEP) {
        __m128i v = load(p), next = load(p + 1);
        __m128i lone = _mm_andnot_si128(_mm_cmpeq_epi8(next, lf), _mm_cmpeq_epi8(v, cr));
        sums = _mm_sub_epi8(sums, _mm_or_si128(_mm_cmpeq_epi8(v, lf), lone));
    }
    sums = _mm_sad_epu8(sums, none);
    return (size_t)(_mm_cvtsi128_si64(sums) + _mm_extract_epi16(sums, 4));
}
#endif

size_t lines_count(struct str s)
{
    size_t n = 0, at = 0;
#ifdef __SSE2__
    while (at + STEP < s.n) { /* there is one byte more */
        size_t left = (s.n - at - 1) / STEP, steps = left < UINT8_MAX ? left : UINT8_MAX;
        n += count_in(s.p + at, steps);
        at += steps * STEP;
    }
#endif
    for (; at < s.n; at++) {
        bool is_crlf = s.p[at] == '\r' && at + 1 < s.n && s.p[at + 1] == '\n';
        n += is_end(s.p[at]) && !is_crlf;
    }
    return n;
}

/* ---- blanks before lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool lines_are_flush(struct str s)
{
    size_t at = 0;
    if (s.n && is_blank(s.p[0])) {
        return false;
    }
#ifdef __SSE2__
    for (; at + STEP < s.n; at += STEP) {
        __m128i ends = is_either(load(s.p + at), '\r', '\n');
        __m128i blanks = is_either(load(s.p + at + 1), ' ', '\t');
        if (_mm_movemask_epi8(_mm_and_si128(ends, blanks))) {
            return false;
        }
    }
#endif
    for (; at + 1 < s.n; at++) {
        if (is_end(s.p[at]) && is_blank(s.p[at + 1])) {
            return false;
        }
    }
    return true;
}

/* ---- with CR ---- */

size_t lines_with_cr(struct str s, char *to)
{
    size_t at = 0;
    unsigned was_end = 1; /* is an end before what comes? */
#ifdef __SSE2__
    const __m128i lf = _mm_set1_epi8('\n'), change = _mm_set1_epi8('\r' ^ '\n');
    for (; at + STEP <= s.n; at += STEP) {
        __m128i v = load(s.p + at);
        unsigned ends = (unsigned)_mm_movemask_epi8(is_either(v, '\r', '\n'));
        unsigned empty = ends & (ends << 1 | was_end);
        __m128i with_cr = _mm_xor_si128(v, _mm_and_si128(_mm_cmpeq_epi8(v, lf), change));
        _mm_storeu_si128((__m128i *)(void *)(to + at), with_cr);
        if (empty) {
            return at + (unsigned)__builtin_ctz(empty);
        }
        was_end = ends >> (STEP - 1);
    }
#endif
    for (; at < s.n && !(was_end && is_end(s.p[at])); at++) {
        was_end = is_end(s.p[at]);
        to[at] = was_end ? '\r' : s.p[at];
    }
    return at;
}

/* ---- control bytes ---- */

#ifdef __SSE2__
static inline uint64_t controls_in_step(const char *p)
{
    __m128i v = load(p);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ' - 1)), v));
}

static inline uint64_t controls_in(const char *p)
{
    return controls_in_step(p) | controls_in_step(p + STEP) << 16 |
           controls_in_step(p + 2 * STEP) << 32 | controls_in_step(p + 3 * STEP) << 48;
}
#else
static uint64_t controls_in(const char *p)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i++) {
        bits |= (uint64_t)((unsigned char)p[i] < ' ') << i;
    }
    return bits;
}
#endif

static __attribute__((noinline)) uint64_t controls_in_last(const char *p, size_t n)
{
    char last[64];
    memset(last, ' ', sizeof(last));
    memcpy(last, p, n);
    return controls_in(last);
}

uint64_t lines_controls_at(struct str s, size_t at)
{
    return s.n - at < 64 ? controls_in_last(s.p + at, s.n - at) : controls_in(s.p + at);
}
