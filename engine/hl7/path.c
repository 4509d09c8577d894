/* The values that a path finds. Small functions on one hot path, with cuts.h below them. */
#include "engine/hl7/path.h"

#include "engine/hl7/cuts.h"

HOT struct hl7_val plain_val(struct str raw)
{
    if (!raw.n) {
        return (struct hl7_val){raw.p ? HL7_EMPTY : HL7_ABSENT, {NULL, 0}};
    }
    return (struct hl7_val){hl7_is_null(raw) ? HL7_NULL : HL7_VALUE, raw};
}

struct hl7_val hl7_val_of(struct str raw)
{
    return plain_val(raw);
}

static bool holds_only_separators(const struct hl7_delims *d, struct str raw)
{
    size_t i = 0;
    while (i < raw.n &&
           (raw.p[i] == d->component || (d->subcomponent && raw.p[i] == d->subcomponent))) {
        i++;
    }
    return i == raw.n;
}

/* `^^` and `&` hold nothing: a value of separators only is empty. */
HOT struct hl7_val val_of(const struct hl7_delims *d, struct str raw)
{
    bool may_be = raw.p && raw.n && (raw.p[0] == d->component || raw.p[0] == d->subcomponent);
    if (__builtin_expect(may_be, 0) && holds_only_separators(d, raw)) {
        return (struct hl7_val){HL7_EMPTY, {NULL, 0}};
    }
    return plain_val(raw);
}

/* The part of one component that `p` names. */
HOT struct hl7_val sub_of(const struct hl7 *m, struct str comp, const struct path *p)
{
    if (!p->sub || !comp.p) {
        return val_of(&m->d, comp);
    }
    return hl7_val_of(cuts_nth(&m->d, comp, m->raw.p + m->raw.n, m->d.subcomponent, p->sub));
}

/* The part of one repetition that `p` names. */
HOT struct hl7_val part_of(const struct hl7 *m, struct str rep, const struct path *p)
{
    if (!p->comp || !rep.p) {
        return val_of(&m->d, rep);
    }
    return sub_of(m, cuts_nth(&m->d, rep, m->raw.p + m->raw.n, m->d.component, p->comp), p);
}

/* The same in the first repetition of a field: found in one walk, the repetition's end is the stop. */
HOT struct hl7_val first_part_of(const struct hl7 *m, struct str field, const struct path *p)
{
    if (!field.p || m->d.wide) {
        return part_of(m, hl7_repetition(&m->d, field, 1), p);
    }
    const struct cuts by = {m->raw.p + m->raw.n, m->d.component, m->d.repetition};
    return sub_of(m, cuts_nth_plain(field.p, cuts_end(field), by, p->comp), p);
}

/* MSH-1 and MSH-2 hold the delimiters themselves: they have no parts. */
HOT bool is_delimiter_field(const struct path *p)
{
    return p->field && p->field <= 2 && hl7_is_header(p->seg);
}

static struct hl7_val delimiter_value(struct str field, const struct path *p)
{
    bool first =
        (p->rep == PATH_ALL || p->rep == 1 || p->rep == PATH_LAST || p->rep == PATH_EACH) &&
        p->comp <= 1 && p->sub <= 1;
    return hl7_val_of(first ? field : str_from(NULL, 0));
}

static struct str last_repetition(const struct hl7_delims *d, struct str field)
{
    struct str rep = field;
    while (field.p) {
        rep = cuts_off(d, &field, d->repetition);
    }
    return rep;
}

HOT struct str repetition_of(const struct hl7 *m, struct str field, uint16_t rep)
{
    uint32_t n = rep == PATH_ALL || rep == PATH_EACH ? 1 : rep;
    if (__builtin_expect(rep == PATH_LAST, 0)) {
        return last_repetition(&m->d, field);
    }
    if (rep == PATH_APPEND) {
        return str_from(NULL, 0);
    }
    return cuts_nth(&m->d, field, m->raw.p + m->raw.n, m->d.repetition, n);
}

HOT struct hl7_val value_in(const struct hl7 *m, const struct hl7_seg *s, const struct path *p)
{
    if (!p->field) {
        return (struct hl7_val){HL7_VALUE, hl7_seg_text(m, s)};
    }
    struct str field = hl7_field(m, s, p->field);
    if (is_delimiter_field(p)) {
        return delimiter_value(field, p);
    }
    if (p->comp && (p->rep == PATH_ALL || p->rep == 1)) {
        return first_part_of(m, field, p);
    }
    return part_of(m, repetition_of(m, field, p->rep), p);
}

HOT bool has_name(const struct hl7_seg *s, const struct path *p)
{
    return memcmp(s->id, p->seg, sizeof(p->seg)) == 0;
}

/* The n-th segment (from 1) that `p` names. */
HOT const struct hl7_seg *nth_segment(const struct hl7 *m, const struct path *p, uint32_t n)
{
    for (const struct hl7_seg *s = m->seg, *end = s + m->segs; s < end; s++) {
        if (has_name(s, p) && --n == 0) {
            return s;
        }
    }
    return NULL;
}

static const struct hl7_seg *last_segment(const struct hl7 *m, const struct path *p)
{
    const struct hl7_seg *s = m->seg + m->segs;
    while (s > m->seg && !has_name(s - 1, p)) {
        s--;
    }
    return s > m->seg ? s - 1 : NULL;
}

HOT const struct hl7_seg *segment_of(const struct hl7 *m, const struct path *p)
{
    if (p->seg_n == PATH_ALL || p->seg_n == PATH_EACH) {
        return nth_segment(m, p, 1);
    }
    if (p->seg_n == PATH_LAST) {
        return last_segment(m, p);
    }
    return p->seg_n == PATH_APPEND ? NULL : nth_segment(m, p, p->seg_n);
}

const struct hl7_seg *path_segment(const struct hl7 *m, const struct path *p)
{
    return segment_of(m, p);
}

struct hl7_val path_get(const struct hl7 *m, const struct path *p)
{
    const struct hl7_seg *s = segment_of(m, p);
    return s ? value_in(m, s, p) : (struct hl7_val){HL7_ABSENT, {NULL, 0}};
}

/* ---- all values ---- */

static bool is_each(uint16_t n)
{
    return n == PATH_ALL || n == PATH_EACH;
}

enum { ONE_SEGMENT = UINT32_MAX }; /* it->seen: the walk ends with this segment */

struct path_iter path_each(const struct hl7 *m, const struct path *p)
{
    if (is_each(p->seg_n)) {
        return (struct path_iter){.m = m, .p = p};
    }
    return path_each_in(m, path_segment(m, p), p);
}

struct path_iter path_each_in(const struct hl7 *m, const struct hl7_seg *s, const struct path *p)
{
    return (struct path_iter){
        .m = m, .p = p, .seg = s ? (uint32_t)(s - m->seg) : m->segs, .seen = ONE_SEGMENT};
}

/* The next segment the walk comes to, or NULL; it->seg is behind it afterwards. */
static const struct hl7_seg *next_segment(struct path_iter *it)
{
    const struct hl7 *m = it->m;
    while (it->seg < m->segs) {
        const struct hl7_seg *s = &m->seg[it->seg++];
        if (it->seen == ONE_SEGMENT) {
            it->seg = m->segs;
            return s;
        }
        if (has_name(s, it->p)) {
            it->seen++;
            return s;
        }
    }
    return NULL;
}

struct hl7_val path_again(const struct hl7 *m, const struct path *p, struct str *rest)
{
    const char *limit = m->raw.p + m->raw.n, *end = cuts_end(*rest), *stop;
    struct hl7_val val;
    if (__builtin_expect(m->d.wide != 0, 0)) {
        struct str rep = cuts_nth(&m->d, *rest, limit, m->d.repetition, 1);
        stop = cuts_end(rep);
        val = part_of(m, rep, p);
    } else if (p->comp) {
        const struct cuts by = {limit, m->d.component, m->d.repetition};
        val = sub_of(m, cuts_nth_before(rest->p, end, by, p->comp, &stop), p);
    } else {
        const struct cuts by = {limit, m->d.repetition, 0};
        struct str rep = cuts_nth_plain(rest->p, end, by, 1);
        stop = cuts_end(rep);
        val = val_of(&m->d, rep);
    }
    *rest = stop < end ? str_from(stop + 1, (size_t)(end - stop - 1)) : str_from(NULL, 0);
    return val;
}

/* Of one place, as an index names it. */
static __attribute__((noinline)) struct hl7_val
only_value(const struct hl7 *m, const struct hl7_seg *s, const struct path *p)
{
    return value_in(m, s, p);
}

struct hl7_val path_first(const struct hl7 *m, const struct hl7_seg *s, const struct path *p,
                          struct str *rest)
{
    *rest = str_from(NULL, 0);
    if (!m->segs) {
        return (struct hl7_val){HL7_ABSENT, {NULL, 0}};
    }
    if (p->field && is_each(p->rep) && !is_delimiter_field(p)) {
        struct str field = hl7_field(m, s, p->field);
        if (!field.n) {
            bool has = field.p && p->comp <= 1 && p->sub <= 1;
            return (struct hl7_val){has ? HL7_EMPTY : HL7_ABSENT, {NULL, 0}};
        }
        *rest = field;
        return path_again(m, p, rest);
    }
    return only_value(m, s, p);
}

/* Part `n` of `s`, between the `hits` in it; p NULL: it may hold nothing but separators. */
HOT struct str quick_part(const struct hl7 *m, struct str s, uint64_t hits, unsigned n)
{
    unsigned begin = 0;
    for (; n > 1 && hits; n--, hits &= hits - 1) {
        begin = (unsigned)__builtin_ctzll(hits) + 1;
    }
    if (n > 1) {
        return str_from(s.p, 0);
    }
    unsigned end = hits ? (unsigned)__builtin_ctzll(hits) : (unsigned)s.n;
    bool is_odd = begin < end && (s.p[begin] == m->d.subcomponent || s.p[begin] == m->d.component);
    return str_from(is_odd ? NULL : s.p + begin, end - begin);
}

struct str path_quick(const struct hl7 *m, const struct hl7_seg *s, const struct path *p)
{
    const char *limit = m->raw.p + m->raw.n;
    if (p->rep > 1 || p->sub || !p->field || m->d.wide || is_delimiter_field(p)) {
        return str_from(NULL, 0);
    }
    struct str field = hl7_field(m, s, p->field);
    if (!field.n) {
        return str_from(m->raw.p, 0);
    }
    if (field.n > 32 || limit - field.p < 32) {
        return str_from(NULL, 0);
    }
    uint64_t within = (UINT64_C(1) << field.n) - 1;
    uint64_t ends = cuts_hits_32(field.p, m->d.repetition) & within;
    if (ends) {
        if (p->rep == PATH_ALL) { /* there are more */
            return str_from(NULL, 0);
        }
        within &= (ends & (0 - ends)) - 1;
        field.n = (size_t)__builtin_ctzll(ends);
    }
    uint64_t hits = p->comp ? cuts_hits_32(field.p, m->d.component) & within : 0;
    return quick_part(m, field, hits, p->comp);
}

bool path_next(struct path_iter *it, struct hl7_val *out)
{
    if (it->rest.p) {
        *out = path_again(it->m, it->p, &it->rest);
        return true;
    }
    const struct hl7_seg *s = next_segment(it);
    if (!s) {
        return false;
    }
    *out = path_first(it->m, s, it->p, &it->rest);
    return true;
}
