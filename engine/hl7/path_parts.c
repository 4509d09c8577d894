/* The parts of a field's value, one or all of them, and whether there are any. */
#include "engine/hl7/cuts.h"
#include "engine/hl7/path.h"

struct str hl7_repetition(const struct hl7_delims *d, struct str field, uint32_t n)
{
    return cuts_nth(d, field, cuts_end(field), d->repetition, n);
}

struct str hl7_component(const struct hl7_delims *d, struct str repetition, uint32_t n)
{
    return cuts_nth(d, repetition, cuts_end(repetition), d->component, n);
}

struct str hl7_part_in(const struct hl7 *m, struct str whole, char separator, uint32_t n)
{
    const char *end = m->raw.p + m->raw.n;
    bool is_inside = whole.p >= m->raw.p && whole.p <= end;
    return cuts_nth(&m->d, whole, is_inside ? end : cuts_end(whole), separator, n);
}

bool hl7_cut(const struct hl7 *m, struct str whole, char separator, struct hl7_parts *out)
{
    const char *limit = m->raw.p + m->raw.n, *end = whole.p + whole.n;
    const struct cuts by = {whole.p >= m->raw.p && end <= limit ? limit : end, separator, 0};
    out->n = 0;
    if (m->d.wide || !separator || whole.n >= UINT16_MAX) {
        return false;
    }
    out->begin[0] = 0;
    for (const char *at = whole.p; at < end; at += 16) {
        struct cuts_hits h = cuts_next(at, end, by);
        for (; h.separators; h.separators &= h.separators - 1) {
            if (out->n == HL7_PARTS - 1) {
                return false;
            }
            out->begin[++out->n] = (uint16_t)(at - whole.p + __builtin_ctz(h.separators) + 1);
        }
    }
    out->begin[++out->n] = (uint16_t)(whole.n + 1);
    return true;
}

struct str hl7_subcomponent(const struct hl7_delims *d, struct str component, uint32_t n)
{
    return cuts_nth(d, component, cuts_end(component), d->subcomponent, n);
}

/* ---- plain text ---- */

#ifdef __SSE2__
/* The bytes that end a plain text, each 16 times. */
struct odd_bytes {
    __m128i component, subcomponent, escape;
};

HOT struct odd_bytes odd_bytes_of(const struct hl7_delims *d)
{
    int32_t four; /* field, component, repetition, escape */
    memcpy(&four, d, sizeof(four));
    __m128i v = _mm_cvtsi32_si128(four);
    v = _mm_unpacklo_epi8(v, v);
    v = _mm_unpacklo_epi16(v, v);
    return (struct odd_bytes){_mm_shuffle_epi32(v, 0x55), _mm_set1_epi8(d->subcomponent),
                              _mm_shuffle_epi32(v, 0xff)};
}

HOT __m128i odd_in(__m128i v, struct odd_bytes by)
{
    __m128i delimiters =
        _mm_or_si128(_mm_cmpeq_epi8(v, by.component), _mm_cmpeq_epi8(v, by.subcomponent));
    __m128i escapes =
        _mm_or_si128(_mm_cmpeq_epi8(v, by.escape), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x1b)));
    return _mm_or_si128(v, _mm_or_si128(delimiters, escapes));
}

HOT __m128i load_16(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Not within its caller in the rules, which would pay for its registers. */
__attribute__((noinline)) bool hl7_is_plain(const struct hl7_delims *d, struct str raw)
{
    struct odd_bytes by = odd_bytes_of(d);
    __m128i odd;
    if (raw.n >= 16) {
        odd = odd_in(load_16(raw.p + raw.n - 16), by);
        for (size_t i = 0; i + 16 < raw.n; i += 16) {
            odd = _mm_or_si128(odd, odd_in(load_16(raw.p + i), by));
        }
    } else if (raw.n) {
        size_t last = raw.n > 8 ? raw.n - 8 : 0;
        uint64_t first = str_word(raw.p, raw.n);
        odd = odd_in(_mm_set_epi64x(last ? (int64_t)str_word(raw.p + last, 8) : (int64_t)first,
                                    (int64_t)first),
                     by);
    } else {
        odd = _mm_setzero_si128();
    }
    return !_mm_movemask_epi8(odd) && !d->wide;
}
#else
/* A top bit is set where one of eight bytes is `c`, perhaps above it, too. HOT: else hl7_is_plain() looks small enough to
 * go into its caller in the rules, which then pays for its registers: 0.5 % of a conversion to FHIR. */
HOT uint64_t any_is(uint64_t w, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t left = w ^ (ones * (unsigned char)c);
    return (left - ones) & ~left;
}

HOT uint64_t any_odd(const struct hl7_delims *d, uint64_t w)
{
    return w | any_is(w, d->component) | any_is(w, d->subcomponent) | any_is(w, d->escape) |
           any_is(w, 0x1b);
}

bool hl7_is_plain(const struct hl7_delims *d, struct str raw)
{
    uint64_t odd = 0;
    size_t i = 0;
    for (; i + 8 <= raw.n; i += 8) {
        odd |= any_odd(d, str_word(raw.p + i, 8));
    }
    if (i < raw.n) { /* of a longer text the last eight once more */
        odd |= raw.n > 8 ? any_odd(d, str_word(raw.p + raw.n - 8, 8))
                         : any_odd(d, str_word(raw.p, raw.n));
    }
    return !(odd & UINT64_C(0x8080808080808080)) && !d->wide;
}
#endif
