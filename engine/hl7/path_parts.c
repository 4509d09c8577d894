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
