#include "engine/rules/moment.h"

#include "engine/hl7/dtm.h"

static const int part_low[MOMENT_PARTS] = {1, 1, 1, 0, 0, 0, 0};
static const int part_high[MOMENT_PARTS] = {9999, 12, 31, 23, 59, 59, 999999};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_digits(struct str *s, unsigned n, int *out)
{
    int v = 0;
    if (s->n < n) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!is_digit(s->p[i])) {
            return false;
        }
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_from(s->p + n, s->n - n);
    *out = v;
    return true;
}

static bool read_fraction(struct str *s, struct moment *m)
{
    int v = 0, digits = 0;
    while (s->n && is_digit(s->p[0])) {
        if (digits < 6) {
            v = v * 10 + (s->p[0] - '0');
            digits++;
        }
        *s = str_from(s->p + 1, s->n - 1);
    }
    m->fraction_digits = digits;
    for (int i = digits; i < 6; i++) {
        v *= 10;
    }
    m->part[MOMENT_MICROSECOND] = v;
    return digits > 0;
}

static bool read_offset(struct str *s, struct moment *m)
{
    if (s->n == 0) {
        return true;
    }
    m->has_offset = true;
    if (str_take(s, 'Z')) {
        return true;
    }
    int sign = s->p[0] == '-' ? -1 : 1, h = 0, min = 0;
    if ((!str_take(s, '+') && !str_take(s, '-')) || !read_digits(s, 2, &h) || !str_take(s, ':') ||
        !read_digits(s, 2, &min) || h > 14 || min > 59) {
        return false;
    }
    m->offset_min = sign * (h * 60 + min);
    return true;
}

static bool read_clock(struct str *s, struct moment *m)
{
    if (!read_digits(s, 2, &m->part[MOMENT_HOUR])) {
        return false;
    }
    for (int i = MOMENT_MINUTE; i <= MOMENT_SECOND && str_take(s, ':'); i++) {
        if (!read_digits(s, 2, &m->part[i])) {
            return false;
        }
    }
    return m->part[MOMENT_SECOND] < 0 || !str_take(s, '.') || read_fraction(s, m);
}

static bool is_valid(const struct moment *m)
{
    for (int i = 0; i < MOMENT_PARTS; i++) {
        if (m->part[i] >= 0 && (m->part[i] < part_low[i] || m->part[i] > part_high[i])) {
            return false;
        }
    }
    return m->part[MOMENT_DAY] < 0 ||
           m->part[MOMENT_DAY] <= dtm_month_days(m->part[MOMENT_YEAR], m->part[MOMENT_MONTH]);
}

static bool read_date(struct str *s, struct moment *m)
{
    if (!read_digits(s, 4, &m->part[MOMENT_YEAR])) {
        return false;
    }
    for (int i = MOMENT_MONTH; i <= MOMENT_DAY && str_take(s, '-'); i++) {
        if (!read_digits(s, 2, &m->part[i])) {
            return false;
        }
    }
    return true;
}

bool moment_read(struct str s, enum value_kind kind, struct moment *out)
{
    struct moment m = {.kind = kind, .part = {-1, -1, -1, -1, -1, -1, -1}};
    bool good = kind == VALUE_TIME ? read_clock(&s, &m) : read_date(&s, &m);
    if (good && kind == VALUE_DATETIME && str_take(&s, 'T') && s.n) {
        good = m.part[MOMENT_DAY] > 0 && read_clock(&s, &m) && read_offset(&s, &m);
    }
    if (!good || s.n || !is_valid(&m)) {
        return false;
    }
    *out = m;
    return true;
}

bool moment_read_v2(struct str v2, bool is_time, struct moment *out, const char **out_why)
{
    struct dtm t;
    if (dtm_parse(v2, is_time ? DTM_TIME : DTM_BOTH, &t, out_why) != 0) {
        return false;
    }
    struct moment m = {.kind = is_time ? VALUE_TIME : VALUE_DATETIME,
                       .part = {-1, -1, -1, -1, -1, -1, -1},
                       .fraction_digits = t.fraction_digits,
                       .has_offset = t.has_offset,
                       .offset_min = t.offset_min};
    const int given[] = {
        t.year, t.month, t.day, t.hour, t.minute, t.second, t.ten_thousandths * 100};
    for (int i = is_time ? MOMENT_HOUR : MOMENT_YEAR; i <= (int)t.precision; i++) {
        m.part[i] = given[i];
    }
    if (t.precision == DTM_HOUR) {
        m.part[MOMENT_MINUTE] = 0;
    }
    m.has_offset = m.has_offset && m.part[MOMENT_HOUR] >= 0;
    *out = m;
    return true;
}

enum moment_part moment_precision(const struct moment *m)
{
    int i = MOMENT_MICROSECOND;
    while (i > 0 && m->part[i] < 0) {
        i--;
    }
    return (enum moment_part)i;
}

/* ---- writing ---- */

/* Text under way: 2026-11-24T09:30:00.123456-06:00 is the longest. */
struct line {
    char text[48];
    size_t n;
};

static void put(struct line *l, char c)
{
    l->text[l->n++] = c;
}

/* The last two digits. */
static void put_two(struct line *l, int n)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    memcpy(l->text + l->n, pairs + (size_t)2 * ((unsigned)n % 100), 2);
    l->n += 2;
}

static void put_part(struct line *l, enum moment_part part, int n)
{
    if (part == MOMENT_YEAR) {
        put_two(l, n / 100);
    }
    put_two(l, n);
}

static void put_fraction(struct line *l, const struct moment *m, int most)
{
    int n = m->part[MOMENT_MICROSECOND], unit = 100000;
    int used = m->fraction_digits > 0 && m->fraction_digits <= 6 ? m->fraction_digits : 6;
    if (n < 0) {
        return;
    }
    put(l, '.');
    for (int i = 0; i < used && i < most; i++, unit /= 10) {
        put(l, (char)('0' + n / unit % 10));
    }
}

static void put_offset(struct line *l, const struct moment *m, bool is_v2)
{
    int off = m->offset_min < 0 ? -m->offset_min : m->offset_min;
    if (!m->has_offset || m->part[MOMENT_HOUR] < 0) {
        return;
    }
    if (off == 0 && !is_v2) {
        put(l, 'Z');
        return;
    }
    put(l, m->offset_min < 0 ? '-' : '+');
    put_two(l, off / 60);
    if (!is_v2) {
        put(l, ':');
    }
    put_two(l, off % 60);
}

struct str moment_text(struct arena *a, const struct moment *m)
{
    static const char separators[] = {0, '-', '-', 'T', ':', ':'};
    struct line l = {.n = 0};
    for (int i = m->kind == VALUE_TIME ? MOMENT_HOUR : MOMENT_YEAR;
         i <= MOMENT_SECOND && m->part[i] >= 0; i++) {
        if (l.n) {
            put(&l, separators[i]);
        }
        put_part(&l, (enum moment_part)i, m->part[i]);
    }
    put_fraction(&l, m, 6);
    put_offset(&l, m, false);
    return str_dup(a, str_from(l.text, l.n));
}

struct str moment_text_v2(struct arena *a, const struct moment *m)
{
    struct line l = {.n = 0};
    for (int i = 0; i <= MOMENT_SECOND; i++) {
        if (m->part[i] >= 0) {
            put_part(&l, (enum moment_part)i, m->part[i]);
        }
    }
    put_fraction(&l, m, 4);
    put_offset(&l, m, true);
    return str_dup(a, str_from(l.text, l.n));
}

/* ---- order ---- */

int64_t moment_local_us(const struct moment *m)
{
    int p[MOMENT_PARTS];
    for (int i = 0; i < MOMENT_PARTS; i++) {
        p[i] = m->part[i] < 0 ? part_low[i] : m->part[i];
    }
    int64_t days =
        m->kind == VALUE_TIME ? 0 : dtm_days(p[MOMENT_YEAR], p[MOMENT_MONTH], p[MOMENT_DAY]);
    int64_t s = days * 86400 + p[MOMENT_HOUR] * 3600 + p[MOMENT_MINUTE] * 60 + p[MOMENT_SECOND];
    return s * 1000000 + p[MOMENT_MICROSECOND];
}

void moment_of_local_us(int64_t us, struct moment *out)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t days = us / day_us, rest = us % day_us;
    if (rest < 0) {
        rest += day_us;
        days--;
    }
    *out = (struct moment){.kind = VALUE_DATETIME, .fraction_digits = rest % 1000000 ? 6 : 0};
    dtm_civil(days, &out->part[MOMENT_YEAR], &out->part[MOMENT_MONTH], &out->part[MOMENT_DAY]);
    out->part[MOMENT_HOUR] = (int)(rest / 3600000000);
    out->part[MOMENT_MINUTE] = (int)(rest / 60000000 % 60);
    out->part[MOMENT_SECOND] = (int)(rest / 1000000 % 60);
    out->part[MOMENT_MICROSECOND] = rest % 1000000 ? (int)(rest % 1000000) : -1;
}

/* Both to the minute at least, with offsets, and seconds in both or in none: as instants. */
static bool are_instants(const struct moment *a, const struct moment *b)
{
    return a->has_offset && b->has_offset && a->part[MOMENT_MINUTE] >= 0 &&
           b->part[MOMENT_MINUTE] >= 0 &&
           (a->part[MOMENT_SECOND] < 0) == (b->part[MOMENT_SECOND] < 0);
}

/* Seconds and their fraction are one part: a missing fraction is zero. */
static int part_of(const struct moment *m, int i)
{
    bool zero = i == MOMENT_MICROSECOND && m->part[MOMENT_SECOND] >= 0 && m->part[i] < 0;
    return zero ? 0 : m->part[i];
}

enum value_answer moment_cmp(const struct moment *a, const struct moment *b, int *out)
{
    *out = 0;
    if (are_instants(a, b)) {
        const int64_t minute_us = 60000000;
        int64_t p = moment_local_us(a) - a->offset_min * minute_us,
                q = moment_local_us(b) - b->offset_min * minute_us;
        *out = (p > q) - (p < q);
        return ANSWER_TRUE;
    }
    if (a->has_offset != b->has_offset && a->part[MOMENT_HOUR] >= 0 && b->part[MOMENT_HOUR] >= 0) {
        return ANSWER_EMPTY;
    }
    for (int i = a->kind == VALUE_TIME ? MOMENT_HOUR : MOMENT_YEAR; i < MOMENT_PARTS; i++) {
        int p = part_of(a, i), q = part_of(b, i);
        if (p != q) {
            *out = p < q ? -1 : 1;
            return p < 0 || q < 0 ? ANSWER_EMPTY : ANSWER_TRUE;
        }
        if (p < 0) {
            break;
        }
    }
    return ANSWER_TRUE;
}
