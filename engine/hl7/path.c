#include "engine/hl7/path.h"

#include "engine/base/err.h"
#include "engine/hl7/wide.h"

#include <stdio.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- the grammar ---- */

/* Where the lexer stands, and what it met that no path may hold. */
struct lexer {
    const char *p, *end;
    bool targets;
    const char *why; /* static sentence; NULL while all is well */
    const char *at;  /* the offending byte */
};

static const char *const no_zero = "positions count from 1: write [1] for the first";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
    return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '_';
}

static void complain(struct lexer *l, const char *at, const char *why)
{
    if (!l->why) {
        l->at = at;
        l->why = why;
    }
}

/* A number from 1 at `*at`; 0 with a complaint, `*at` not moved, when it is none. */
static uint16_t lex_number(struct lexer *l, const char **at, const char *zero)
{
    const char *p = *at;
    uint32_t n = 0;
    while (p < l->end && is_digit(*p) && n <= PATH_INDEX_MAX) {
        n = n * 10 + (uint32_t)(*p++ - '0');
    }
    if (p == *at) {
        complain(l, p, "a number is missing");
        return 0;
    }
    if (**at == '0') {
        complain(l, *at, n ? "a number has no leading zero here" : zero);
        return 0;
    }
    if (n > PATH_INDEX_MAX) {
        complain(l, *at, "the number is too large: at most 65520");
        return 0;
    }
    *at = p;
    return (uint16_t)n;
}

static bool starts(const struct lexer *l, const char *p, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(l->end - p) >= n && memcmp(p, word, n) == 0;
}

/* The index behind '['; moves behind ']'. False with a complaint when it is none. */
static bool lex_index(struct lexer *l, uint16_t *out)
{
    const char *p = l->p + 1;
    uint16_t n = 0;
    if (starts(l, p, "last]")) {
        n = PATH_LAST;
        p += 4;
    } else if (starts(l, p, "+]") || starts(l, p, "*]")) {
        n = *p == '+' ? PATH_APPEND : PATH_EACH;
        if (!l->targets) {
            complain(l, p,
                     *p == '+' ? "[+] appends: only a target may have it"
                               : "[*] is for targets: a path without an index means each one");
            return false;
        }
        p++;
    } else if (p < l->end && is_digit(*p)) {
        n = lex_number(l, &p, no_zero);
    } else {
        complain(l, p, "an index is a number from 1 or [last]; for a condition write .where(...)");
    }
    if (n && (p >= l->end || *p != ']')) {
        complain(l, p, "] is missing after the index");
        n = 0;
    }
    if (!n) {
        return false;
    }
    l->p = p + 1;
    *out = n;
    return true;
}

static bool at_char(const struct lexer *l, char c)
{
    return l->p < l->end && *l->p == c;
}

static bool lex_index_if_any(struct lexer *l, uint16_t *out)
{
    return !at_char(l, '[') || lex_index(l, out);
}

/* `.n`: moves behind it. False when there is no digit after the dot, or the number is none. */
static bool lex_part(struct lexer *l, uint16_t *out)
{
    const char *p = l->p + 1;
    if (!at_char(l, '.') || p >= l->end || !is_digit(*p)) {
        return false;
    }
    uint16_t n = lex_number(l, &p, "components and subcomponents count from 1");
    if (n) {
        *out = n;
        l->p = p;
    }
    return n != 0;
}

/* What stands after the segment: -n [n] .n .n */
static void lex_field(struct lexer *l, struct path *out)
{
    const char *p = l->p + 1;
    uint16_t n = lex_number(l, &p, "fields count from 1");
    if (!n) {
        return;
    }
    out->field = n;
    l->p = p;
    if (lex_index_if_any(l, &out->rep) && lex_part(l, &out->comp)) {
        (void)lex_part(l, &out->sub); /* the last level is optional */
    }
}

static bool lex_segment(struct lexer *l, struct path *out)
{
    const char *p = l->p;
    bool named = l->end - p >= 3 && is_upper(p[0]) && (is_upper(p[1]) || is_digit(p[1])) &&
                 (is_upper(p[2]) || is_digit(p[2]));
    if (!named || (l->end - p > 3 && is_word(p[3]))) {
        complain(l, p, "a path begins with a segment name of three capitals or digits, as PID-3.1");
        return false;
    }
    memcpy(out->seg, p, 3);
    l->p = p + 3;
    return true;
}

/* Lex the longest path; l->p ends behind it. False when there is none at all. */
static bool lex(struct lexer *l, struct path *out)
{
    *out = (struct path){0};
    if (!lex_segment(l, out)) {
        return false;
    }
    if (!lex_index_if_any(l, &out->seg_n)) {
        return true;
    }
    if (l->end - l->p >= 2 && l->p[0] == '-' && is_digit(l->p[1])) {
        lex_field(l, out);
    }
    return true;
}

/* Spellings of other engines right behind a path. NULL: nothing wrong with what follows. */
static const char *misspelt(const struct lexer *l, const struct path *p)
{
    bool digit_next = l->end - l->p >= 2 && is_digit(l->p[1]);
    if (at_char(l, '-') && digit_next && p->field) {
        return p->sub ? "a path ends with the subcomponent: segment-field.component.subcomponent"
                      : "components follow a dot: write PID-3.1";
    }
    if (at_char(l, '.') && digit_next) {
        return p->field ? "a path ends with the subcomponent: segment-field.component.subcomponent"
                        : "a field follows a hyphen: write PID-3.1";
    }
    if (at_char(l, '(')) {
        return "an index stands in square brackets: write PID-3[1]";
    }
    if (at_char(l, '[') && p->comp) {
        return "only segments and fields repeat: write PID-3[1].4";
    }
    if (at_char(l, '[')) {
        return "one index is enough: write PID-3[1]";
    }
    return l->p < l->end && is_word(*l->p) ? "the path ends here: write PID-3.1" : NULL;
}

const char *path_misspelt(struct str text, size_t used, const struct path *p, size_t *out_at)
{
    struct lexer l = {.p = text.p, .end = text.p + text.n, .targets = true};
    struct path again;
    (void)lex(&l, &again); /* only for its complaint about what it left out */
    const char *why = l.why;
    const char *at = l.at;
    if (!why) {
        l.p = at = text.p + used;
        why = misspelt(&l, p);
    }
    if (why) {
        *out_at = (size_t)(at - text.p);
    }
    return why;
}

int path_compile(struct str text, bool targets, struct path *out, size_t *out_at,
                 const char **out_why)
{
    struct lexer l = {.p = text.n ? text.p : "", .targets = targets};
    struct path p;
    const char *start = l.p;
    l.end = l.p + text.n;
    if (lex(&l, &p) && !l.why && l.p < l.end) {
        const char *why = misspelt(&l, &p);
        complain(&l, l.p, why ? why : "nothing may follow the path");
    }
    if (l.why) {
        *out_at = (size_t)(l.at - start);
        *out_why = l.why;
        return ERR_SYNTAX;
    }
    *out = p;
    return 0;
}

size_t path_lex(struct str text, struct path *out)
{
    struct lexer l = {.p = text.p, .end = text.n ? text.p + text.n : text.p, .targets = true};
    struct path p;
    if (!text.n || !lex(&l, &p)) {
        return 0;
    }
    *out = p;
    return (size_t)(l.p - text.p);
}

static size_t put_index(char *to, size_t room, uint16_t n)
{
    int used = 0;
    if (n == PATH_LAST) {
        used = snprintf(to, room, "[last]");
    } else if (n == PATH_APPEND || n == PATH_EACH) {
        used = snprintf(to, room, "[%c]", n == PATH_APPEND ? '+' : '*');
    } else if (n != PATH_ALL) {
        used = snprintf(to, room, "[%u]", n);
    }
    return (size_t)used;
}

struct str path_text(struct arena *a, const struct path *p)
{
    char t[64];
    size_t n = (size_t)snprintf(t, sizeof(t), "%.3s", p->seg);
    n += put_index(t + n, sizeof(t) - n, p->seg_n);
    if (p->field) {
        n += (size_t)snprintf(t + n, sizeof(t) - n, "-%u", p->field);
        n += put_index(t + n, sizeof(t) - n, p->rep);
        n += p->comp ? (size_t)snprintf(t + n, sizeof(t) - n, ".%u", p->comp) : 0;
        n += p->comp && p->sub ? (size_t)snprintf(t + n, sizeof(t) - n, ".%u", p->sub) : 0;
    }
    return str_dup(a, str_from(t, n));
}

/* ---- parts of a value ---- */

/* The functions from here to path_get() are one hot path: a dozen reads a message, each some nanoseconds.
 * Inlined, what they hand to each other stays in registers. */
#define HOT static inline __attribute__((always_inline))

/* How bytes are cut into parts. */
struct cuts {
    const char *limit; /* bytes up to here may be read, though they mean nothing behind the end */
    char separator;    /* between parts */
    char stop;         /* ends the last part; 0 where nothing does */
};

/* Which of 16 bytes are separators and which are stops, a bit each. */
struct hits {
    unsigned separators, stops;
};

#ifdef __SSE2__
HOT struct hits hits_in(__m128i v, struct cuts by)
{
    struct hits h = {(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(by.separator))),
                     0};
    if (by.stop) {
        h.stops = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(by.stop)));
    }
    return h;
}
#endif

/* Of the bytes [at, at + 16), all of which may be read. */
HOT struct hits hits_at(const char *at, struct cuts by)
{
#ifdef __SSE2__
    return hits_in(_mm_loadu_si128((const __m128i *)(const void *)at), by);
#else
    struct hits h = {0, 0};
    for (unsigned i = 0; i < 16; i++) {
        h.separators |= (unsigned)(at[i] == by.separator) << i;
        h.stops |= (unsigned)(by.stop && at[i] == by.stop) << i;
    }
    return h;
#endif
}

/* The same where fewer than 16 bytes, up to `end`, may be read. */
static struct hits last_hits(const char *at, const char *end, struct cuts by)
{
    struct hits h = {0, 0};
    size_t n = (size_t)(end - at);
    unsigned i = 0;
#ifdef __SSE2__
    uint64_t low, high;
    if (n >= 8) { /* put together in registers: see str_word() */
        memcpy(&low, at, sizeof(low));
        memcpy(&high, end - 8, sizeof(high));
        return hits_in(_mm_set_epi64x((int64_t)(n > 8 ? high >> 8 * (16 - n) : 0), (int64_t)low),
                       by);
    }
#endif
    for (; i < n; i++) {
        h.separators |= (unsigned)(at[i] == by.separator) << i;
        h.stops |= (unsigned)(by.stop && at[i] == by.stop) << i;
    }
    return h;
}

/* Bits from `end` on mean nothing; nor do separators behind a stop. */
HOT struct hits within(struct hits h, ptrdiff_t left)
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
HOT struct hits next_hits(const char *at, const char *end, struct cuts by)
{
    struct hits h = by.limit - at >= 16 ? hits_at(at, by) : last_hits(at, end, by);
    return within(h, end - at);
}

/* Pass the separators of the bytes at `at` that stand in front of part `n`, which then begins at *start, as far as they go;
 * what is left of `n`. */
HOT uint32_t pass(struct hits *h, const char *at, const char **start, uint32_t n)
{
    for (; n > 1 && h->separators; n--) {
        *start = at + __builtin_ctz(h->separators) + 1;
        h->separators &= h->separators - 1;
    }
    return n;
}

/* Part `n` (from 1) of [start, end), in one walk, 16 bytes at a time. */
HOT struct str nth_plain(const char *start, const char *end, struct cuts by, uint32_t n)
{
    for (const char *at = start; at < end; at += 16) {
        struct hits h = next_hits(at, end, by);
        n = pass(&h, at, &start, n);
        unsigned over = n == 1 ? h.separators | h.stops : h.stops;
        if (over) {
            return n == 1 ? str_from(start, (size_t)(at + __builtin_ctz(over) - start))
                          : str_from(NULL, 0);
        }
    }
    return n == 1 ? str_from(start, (size_t)(end - start)) : str_from(NULL, 0);
}

/* Part `n` of [start, end) up to the first stop; *out_stop: that one, or `end`. */
HOT struct str nth_before(const char *start, const char *end, struct cuts by, uint32_t n,
                          const char **out_stop)
{
    struct str part = {NULL, 0};
    *out_stop = end;
    for (const char *at = start; at < end; at += 16) {
        struct hits h = next_hits(at, end, by);
        n = pass(&h, at, &start, n);
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

/* Cut the part before the first `c` off `*rest`; `rest->p` NULL afterwards when it was the last. */
static struct str cut(const struct hl7_delims *d, struct str *rest, char c)
{
    const char *end = rest->p + rest->n;
    const char *hit = hl7_find(d, rest->p, end, c);
    struct str part = str_from(rest->p, (size_t)((hit ? hit : end) - rest->p));
    *rest = hit ? str_from(hit + 1, (size_t)(end - hit) - 1) : str_from(NULL, 0);
    return part;
}

static struct str nth_slowly(const struct hl7_delims *d, struct str s, char c, uint32_t n)
{
    struct str part = {NULL, 0};
    while (n && s.p) {
        part = cut(d, &s, c);
        n--;
    }
    return n ? str_from(NULL, 0) : part;
}

/* Behind the last byte; an absent value has none. */
static const char *end_of(struct str s)
{
    return s.p ? s.p + s.n : NULL;
}

/* Part `n` of `s`, whose bytes may be read up to `limit`. */
HOT struct str nth(const struct hl7_delims *d, struct str s, const char *limit, char c, uint32_t n)
{
    if (!s.p || !n) {
        return str_from(NULL, 0);
    }
    if (d->wide || !c) {
        return nth_slowly(d, s, c, n);
    }
    return nth_plain(s.p, s.p + s.n, (struct cuts){limit, c, 0}, n);
}

struct str hl7_repetition(const struct hl7_delims *d, struct str field, uint32_t n)
{
    return nth(d, field, end_of(field), d->repetition, n);
}

struct str hl7_component(const struct hl7_delims *d, struct str repetition, uint32_t n)
{
    return nth(d, repetition, end_of(repetition), d->component, n);
}

struct str hl7_part_in(const struct hl7 *m, struct str whole, char separator, uint32_t n)
{
    const char *end = m->raw.p + m->raw.n;
    bool is_inside = whole.p >= m->raw.p && whole.p <= end;
    return nth(&m->d, whole, is_inside ? end : end_of(whole), separator, n);
}

bool hl7_cut(const struct hl7 *m, struct str whole, char separator, struct hl7_parts *out)
{
    const char *limit = m->raw.p + m->raw.n, *end = whole.p + whole.n;
    const struct cuts by = {whole.p >= m->raw.p && end <= limit ? limit : end, separator, 0};
    out->n = 0;
    if (m->d.wide || !separator || whole.n > UINT16_MAX) {
        return false;
    }
    for (const char *at = whole.p; at < end; at += 16) {
        struct hits h = next_hits(at, end, by);
        for (; h.separators; h.separators &= h.separators - 1) {
            if (out->n == HL7_PARTS - 1) {
                return false;
            }
            out->end[out->n++] = (uint16_t)(at - whole.p + __builtin_ctz(h.separators));
        }
    }
    out->end[out->n++] = (uint16_t)whole.n;
    return true;
}

struct str hl7_subcomponent(const struct hl7_delims *d, struct str component, uint32_t n)
{
    return nth(d, component, end_of(component), d->subcomponent, n);
}

HOT struct hl7_val plain_val(struct str raw)
{
    if (!raw.n) {
        return (struct hl7_val){raw.p ? HL7_EMPTY : HL7_ABSENT, {NULL, 0}};
    }
    bool is_null = raw.n == 2 && raw.p[0] == '"' && raw.p[1] == '"';
    return (struct hl7_val){is_null ? HL7_NULL : HL7_VALUE, raw};
}

struct hl7_val hl7_val_of(struct str raw)
{
    return plain_val(raw);
}

/* A top bit is set where one of eight bytes is `c`, perhaps above it, too. */
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
    return hl7_val_of(nth(&m->d, comp, m->raw.p + m->raw.n, m->d.subcomponent, p->sub));
}

/* The part of one repetition that `p` names. */
HOT struct hl7_val part_of(const struct hl7 *m, struct str rep, const struct path *p)
{
    if (!p->comp || !rep.p) {
        return val_of(&m->d, rep);
    }
    return sub_of(m, nth(&m->d, rep, m->raw.p + m->raw.n, m->d.component, p->comp), p);
}

/* The same in the first repetition of a field: found in one walk, the repetition's end is the stop. */
HOT struct hl7_val first_part_of(const struct hl7 *m, struct str field, const struct path *p)
{
    if (!field.p || m->d.wide) {
        return part_of(m, hl7_repetition(&m->d, field, 1), p);
    }
    const struct cuts by = {m->raw.p + m->raw.n, m->d.component, m->d.repetition};
    return sub_of(m, nth_plain(field.p, end_of(field), by, p->comp), p);
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
        rep = cut(d, &field, d->repetition);
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
    return nth(&m->d, field, m->raw.p + m->raw.n, m->d.repetition, n);
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
    const char *limit = m->raw.p + m->raw.n, *end = end_of(*rest), *stop;
    struct hl7_val val;
    if (__builtin_expect(m->d.wide != 0, 0)) {
        struct str rep = nth(&m->d, *rest, limit, m->d.repetition, 1);
        stop = end_of(rep);
        val = part_of(m, rep, p);
    } else if (p->comp) {
        const struct cuts by = {limit, m->d.component, m->d.repetition};
        val = sub_of(m, nth_before(rest->p, end, by, p->comp, &stop), p);
    } else {
        const struct cuts by = {limit, m->d.repetition, 0};
        struct str rep = nth_plain(rest->p, end, by, 1);
        stop = end_of(rep);
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
