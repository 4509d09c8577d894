/* cuts.h - the parts of a value, found in one walk, 16 bytes at a time. Only path.c and path_parts.c use this. Pure. */
#ifndef CORRIDOR_HL7_CUTS_H
#define CORRIDOR_HL7_CUTS_H

#include "engine/hl7/hl7.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* From here to path_get() it is one hot path: a dozen reads a message, each some nanoseconds. Inlined, what the functions
 * hand to each other stays in registers. */
#define HOT static inline __attribute__((always_inline))

/* How bytes are cut into parts. */
struct cuts {
    const char *limit; /* bytes up to here may be read, though they mean nothing behind the end */
    char separator;    /* between parts */
    char stop;         /* ends the last part; 0 where nothing does */
};

/* Which of 16 bytes are separators and which are stops, a bit each. */
struct cuts_hits {
    unsigned separators, stops;
};

/* Of the `n` (up to 16) bytes at `at`, one by one. */
static inline struct cuts_hits cuts_bytewise(const char *at, size_t n, struct cuts by)
{
    struct cuts_hits h = {0, 0};
    for (unsigned i = 0; i < n; i++) {
        h.separators |= (unsigned)(at[i] == by.separator) << i;
        h.stops |= (unsigned)(by.stop && at[i] == by.stop) << i;
    }
    return h;
}

#ifdef __SSE2__
HOT struct cuts_hits cuts_in(__m128i v, struct cuts by)
{
    struct cuts_hits h = {
        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(by.separator))), 0};
    if (by.stop) {
        h.stops = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(by.stop)));
    }
    return h;
}
#endif

/* Of the bytes [at, at + 16), all of which may be read. */
HOT struct cuts_hits cuts_at(const char *at, struct cuts by)
{
#ifdef __SSE2__
    return cuts_in(_mm_loadu_si128((const __m128i *)(const void *)at), by);
#else
    return cuts_bytewise(at, 16, by);
#endif
}

/* The same where fewer than 16 bytes, up to `end`, may be read. */
static inline struct cuts_hits cuts_last(const char *at, const char *end, struct cuts by)
{
    size_t n = (size_t)(end - at);
#ifdef __SSE2__
    uint64_t low, high;
    if (n >= 8) { /* put together in registers: see str_word() */
        memcpy(&low, at, sizeof(low));
        memcpy(&high, end - 8, sizeof(high));
        return cuts_in(_mm_set_epi64x((int64_t)(n > 8 ? high >> 8 * (16 - n) : 0), (int64_t)low),
                       by);
    }
#endif
    return cuts_bytewise(at, n, by);
}

/* Bits from `end` on mean nothing; nor do separators behind a stop. */
HOT struct cuts_hits cuts_within(struct cuts_hits h, ptrdiff_t left)
{
    if (left < 16) {
        unsigned all = (1u << left) - 1;
        h.separators &= all;
        h.stops &= all;
    }
    if (h.stops) {
        h.separators &= (h.stops & (0 - h.stops)) - 1;
    }
    return h;
}

/* Of the next 16 bytes, or of those that are left. */
HOT struct cuts_hits cuts_next(const char *at, const char *end, struct cuts by)
{
    struct cuts_hits h = by.limit - at >= 16 ? cuts_at(at, by) : cuts_last(at, end, by);
    return cuts_within(h, end - at);
}

/* Pass the separators of the bytes at `at` that stand in front of part `n`, which then begins at *start, as far as they go;
 * what is left of `n`. */
HOT uint32_t cuts_pass(struct cuts_hits *h, const char *at, const char **start, uint32_t n)
{
    for (; n > 1 && h->separators; n--) {
        *start = at + __builtin_ctz(h->separators) + 1;
        h->separators &= h->separators - 1;
    }
    return n;
}

/* Part `n` (from 1) of [start, end), in one walk, 16 bytes at a time. */
HOT struct str cuts_nth_plain(const char *start, const char *end, struct cuts by, uint32_t n)
{
    for (const char *at = start; at < end; at += 16) {
        struct cuts_hits h = cuts_next(at, end, by);
        n = cuts_pass(&h, at, &start, n);
        unsigned over = n == 1 ? h.separators | h.stops : h.stops;
        if (over) {
            return n == 1 ? str_from(start, (size_t)(at + __builtin_ctz(over) - start))
                          : str_from(NULL, 0);
        }
    }
    return n == 1 ? str_from(start, (size_t)(end - start)) : str_from(NULL, 0);
}

/* Part `n` of [start, end) up to the first stop; *out_stop: that one, or `end`. */
HOT struct str cuts_nth_before(const char *start, const char *end, struct cuts by, uint32_t n,
                               const char **out_stop)
{
    struct str part = {NULL, 0};
    *out_stop = end;
    for (const char *at = start; at < end; at += 16) {
        struct cuts_hits h = cuts_next(at, end, by);
        n = cuts_pass(&h, at, &start, n);
        unsigned over = h.separators | h.stops;
        if (n == 1 && over) {
            part = str_from(start, (size_t)(at + __builtin_ctz(over) - start));
            n = 0;
        }
        if (h.stops) {
            *out_stop = at + __builtin_ctz(h.stops);
            return part;
        }
    }
    return n == 1 ? str_from(start, (size_t)(end - start)) : part;
}

/* Which of 32 bytes, all of which may be read, are `c`: a bit each. */
HOT uint64_t cuts_hits_32(const char *at, char c)
{
    const struct cuts by = {at + 32, c, 0};
    return cuts_at(at, by).separators | (uint64_t)cuts_at(at + 16, by).separators << 16;
}

/* The first part of `*rest`, up to the first `c`, cut off it; `rest->p` NULL afterwards when it was the last. */
struct str cuts_off(const struct hl7_delims *d, struct str *rest, char c);
/* Part `n` of `s` where `c` may be a byte of a wide character, or 0. O(bytes). */
struct str cuts_nth_slowly(const struct hl7_delims *d, struct str s, char c, uint32_t n);

/* Behind the last byte; an absent value has none. */
static inline const char *cuts_end(struct str s)
{
    return s.p ? s.p + s.n : NULL;
}

/* Part `n` of `s`, whose bytes may be read up to `limit`. */
HOT struct str cuts_nth(const struct hl7_delims *d, struct str s, const char *limit, char c,
                        uint32_t n)
{
    if (!s.p || !n) {
        return str_from(NULL, 0);
    }
    if (d->wide || !c) {
        return cuts_nth_slowly(d, s, c, n);
    }
    return cuts_nth_plain(s.p, s.p + s.n, (struct cuts){limit, c, 0}, n);
}

#endif
