/* Calendar arithmetic and CLDR patterns. */
#include "engine/hl7/dtm.h"
#include "engine/rules/moment.h"

struct unit_word {
    const char *one, *many, *ucum;
};

static const struct unit_word unit_words[] = {
    [UNIT_YEAR] = {"year", "years", "a"},
    [UNIT_MONTH] = {"month", "months", "mo"},
    [UNIT_WEEK] = {"week", "weeks", "wk"},
    [UNIT_DAY] = {"day", "days", "d"},
    [UNIT_HOUR] = {"hour", "hours", "h"},
    [UNIT_MINUTE] = {"minute", "minutes", "min"},
    [UNIT_SECOND] = {"second", "seconds", "s"},
    [UNIT_MILLISECOND] = {"millisecond", "milliseconds", "ms"},
};

enum moment_unit moment_unit_of(struct str word, bool ucum)
{
    for (int i = 0; i < UNIT_NONE; i++) {
        const struct unit_word *u = &unit_words[i];
        if (str_is(word, u->one) || str_is(word, u->many) || (ucum && str_is(word, u->ucum))) {
            return (enum moment_unit)i;
        }
    }
    return UNIT_NONE;
}

/* The unit in milliseconds, a month as 30 days, a year as 365. */
static int64_t unit_ms(enum moment_unit u)
{
    static const int64_t ms[] = {[UNIT_YEAR] = INT64_C(365) * 86400000,
                                 [UNIT_MONTH] = INT64_C(30) * 86400000,
                                 [UNIT_WEEK] = INT64_C(7) * 86400000,
                                 [UNIT_DAY] = 86400000,
                                 [UNIT_HOUR] = 3600000,
                                 [UNIT_MINUTE] = 60000,
                                 [UNIT_SECOND] = 1000,
                                 [UNIT_MILLISECOND] = 1};
    return ms[u];
}

/* The unit of the last part that is given. */
static enum moment_unit unit_of_part(enum moment_part p)
{
    static const enum moment_unit of[] = {UNIT_YEAR,   UNIT_MONTH,  UNIT_DAY,        UNIT_HOUR,
                                          UNIT_MINUTE, UNIT_SECOND, UNIT_MILLISECOND};
    return of[p];
}

static bool add_months(struct moment *m, int64_t months)
{
    int64_t at = (int64_t)m->part[MOMENT_YEAR] * 12 +
                 (m->part[MOMENT_MONTH] < 0 ? 0 : m->part[MOMENT_MONTH] - 1) + months;
    if (at < 12 || at >= INT64_C(10000) * 12) {
        return false;
    }
    m->part[MOMENT_YEAR] = (int)(at / 12);
    if (m->part[MOMENT_MONTH] >= 0) {
        m->part[MOMENT_MONTH] = (int)(at % 12) + 1;
    }
    if (m->part[MOMENT_DAY] > 0) {
        int last = dtm_month_days(m->part[MOMENT_YEAR], m->part[MOMENT_MONTH]);
        m->part[MOMENT_DAY] = m->part[MOMENT_DAY] > last ? last : m->part[MOMENT_DAY];
    }
    return true;
}

/* Put the parts of a reading back, to the precision there was. */
static void keep_precision(struct moment *m, int64_t us)
{
    struct moment moved;
    moment_of_local_us(us, &moved);
    moved.part[MOMENT_MICROSECOND] =
        moved.part[MOMENT_MICROSECOND] < 0 ? 0 : moved.part[MOMENT_MICROSECOND];
    for (int i = 0; i < MOMENT_PARTS; i++) {
        m->part[i] = m->part[i] < 0 ? -1 : moved.part[i];
    }
}

static bool add_us(struct moment *m, int64_t us)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t at;
    if (us % 1000000 && m->part[MOMENT_SECOND] >= 0 && m->part[MOMENT_MICROSECOND] < 0) {
        m->part[MOMENT_MICROSECOND] = 0;
        m->fraction_digits = 3;
    }
    if (__builtin_add_overflow(moment_local_us(m), us, &at)) {
        return false;
    }
    if (m->kind == VALUE_TIME) {
        at %= day_us;
        at += at < 0 ? day_us : 0;
    } else if (at < dtm_days(1, 1, 1) * day_us || at >= dtm_days(9999, 12, 31) * day_us + day_us) {
        return false;
    }
    keep_precision(m, at);
    return true;
}

bool moment_add(struct moment *m, const struct decimal *n, enum moment_unit unit)
{
    enum moment_unit finest = unit_of_part(moment_precision(m));
    struct decimal whole = decimal_truncate(n), scaled;
    int64_t count, us;
    if (unit == UNIT_SECOND && m->part[MOMENT_SECOND] >= 0) { /* the only one with a fraction */
        struct decimal million = decimal_of(1000000);
        return decimal_mul(n, &million, &scaled) &&
               (scaled = decimal_truncate(&scaled), decimal_to_i64(&scaled, &us)) && add_us(m, us);
    }
    if (unit == UNIT_NONE || !decimal_to_i64(&whole, &count) || count > INT32_MAX * INT64_C(1000) ||
        count < INT32_MIN * INT64_C(1000)) {
        return false;
    }
    bool is_calendar = unit == UNIT_YEAR || unit == UNIT_MONTH;
    if (m->kind == VALUE_TIME && (is_calendar || unit == UNIT_WEEK || unit == UNIT_DAY)) {
        return false;
    }
    if (is_calendar) {
        count *= unit == UNIT_YEAR ? 12 : 1;
        return add_months(m, finest == UNIT_YEAR ? count / 12 * 12 : count);
    }
    if (finest <= UNIT_MONTH) { /* days and less to a year or month: in whole ones of those */
        int64_t units = count * unit_ms(unit) / unit_ms(finest);
        return add_months(m, finest == UNIT_YEAR ? units * 12 : units);
    }
    int64_t ms = count * unit_ms(unit);
    if (finest < unit) {
        ms -= ms % unit_ms(finest);
    }
    return add_us(m, ms * 1000);
}

/* ---- patterns ---- */

const char *const moment_months[12] = {"January",   "February", "March",    "April",
                                       "May",       "June",     "July",     "August",
                                       "September", "October",  "November", "December"};
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

size_t moment_run(struct str s)
{
    size_t n = 1;
    while (n < s.n && s.p[n] == s.p[0]) {
        n++;
    }
    return n;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_known(char c, size_t n)
{
    switch (c) {
    case 'y':
        return n == 1 || n == 2 || n == 4;
    case 'M':
    case 'E':
        return n <= 4;
    case 'd':
    case 'H':
    case 'h':
    case 'm':
    case 's':
        return n <= 2;
    case 'a':
        return n == 1;
    case 'S':
        return n <= 6;
    case 'D':
        return n <= 3;
    case 'X':
    case 'x':
        return n <= 3;
    case 'Z':
        return n == 1;
    default:
        return false;
    }
}

/* Bytes of the text in quotes at the beginning of `s`, or 0: it is not closed. Two quotes are one, inside of
 * such a text and by themselves. */
static size_t quoted(struct str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] != '\'') {
            continue;
        }
        if (i == 1 || i + 1 == s.n || s.p[i + 1] != '\'') {
            return i + 1;
        }
        i++;
    }
    return 0;
}

/* What stands in them. */
static struct str unquoted(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n), *to = p;
    for (size_t i = 1; i + 1 < s.n; i++) {
        *to++ = s.p[i];
        i += s.p[i] == '\'';
    }
    return s.n == 2 ? STR("'") : str_from(p, (size_t)(to - p));
}

bool moment_pattern_valid(struct str pattern, size_t *out_at)
{
    for (size_t i = 0; i < pattern.n;) {
        struct str rest = str_slice(pattern, i, pattern.n);
        size_t n = rest.p[0] == '\'' ? quoted(rest) : moment_run(rest);
        bool good = n && (!is_letter(rest.p[0]) || is_known(rest.p[0], n));
        if (!good) {
            *out_at = i;
            return false;
        }
        i += n;
    }
    return true;
}

static struct str offset_text(struct arena *a, const struct moment *m, char c, size_t n)
{
    int off = m->offset_min < 0 ? -m->offset_min : m->offset_min;
    char sign = m->offset_min < 0 ? '-' : '+';
    if (c == 'X' && off == 0) {
        return STR("Z");
    }
    if (n == 1 && c != 'Z' && off % 60 == 0) {
        return str_printf(a, "%c%02d", sign, off / 60);
    }
    return str_printf(a, n == 3 ? "%c%02d:%02d" : "%c%02d%02d", sign, off / 60, off % 60);
}

static int day_of_year(const struct moment *m)
{
    return (int)(dtm_days(m->part[MOMENT_YEAR], m->part[MOMENT_MONTH], m->part[MOMENT_DAY]) -
                 dtm_days(m->part[MOMENT_YEAR], 1, 1)) +
           1;
}

static const char *day_name(const struct moment *m)
{
    int64_t days = dtm_days(m->part[MOMENT_YEAR], m->part[MOMENT_MONTH], m->part[MOMENT_DAY]);
    return day_names[((days + 4) % 7 + 7) % 7];
}

/* The part that a letter speaks of. */
static enum moment_part part_of(char c)
{
    switch (c) {
    case 'y':
        return MOMENT_YEAR;
    case 'M':
        return MOMENT_MONTH;
    case 'd':
    case 'E':
    case 'D':
        return MOMENT_DAY;
    case 'm':
        return MOMENT_MINUTE;
    case 's':
    case 'S':
        return MOMENT_SECOND;
    default:
        return MOMENT_HOUR;
    }
}

static struct str name_text(const char *name, size_t n)
{
    struct str all = str_of(name);
    return n == 4 ? all : str_slice(all, 0, 3);
}

/* With zeros in front up to `width`. */
static struct str number_text(struct arena *a, int v, size_t width)
{
    char text[16], *end = text + sizeof(text), *at = end;
    for (; at > text && (v > 0 || at == end || (size_t)(end - at) < width); v /= 10) {
        *--at = (char)('0' + v % 10);
    }
    return str_dup(a, str_from(at, (size_t)(end - at)));
}

static struct str letter_text(struct arena *a, const struct moment *m, char c, size_t n)
{
    int v = m->part[part_of(c)];
    switch (c) {
    case 'y':
        return n == 2 ? number_text(a, v % 100, 2) : number_text(a, v, n == 4 ? 4 : 1);
    case 'M':
        return n > 2 ? name_text(moment_months[v - 1], n) : number_text(a, v, n);
    case 'E':
        return name_text(day_name(m), n);
    case 'D':
        return number_text(a, day_of_year(m), n);
    case 'h':
        return number_text(a, v % 12 ? v % 12 : 12, n);
    case 'a':
        return v < 12 ? STR("AM") : STR("PM");
    case 'S':
        v = m->part[MOMENT_MICROSECOND] < 0 ? 0 : m->part[MOMENT_MICROSECOND];
        return str_slice(number_text(a, v, 6), 0, n);
    case 'X':
    case 'x':
    case 'Z':
        return offset_text(a, m, c, n);
    default: /* d H m s */
        return number_text(a, v, n);
    }
}

static struct str joined(struct arena *a, struct str s, struct str t)
{
    char *p = arena_alloc(a, s.n + t.n + 1);
    memcpy(p, s.n ? s.p : "", s.n);
    memcpy(p + s.n, t.n ? t.p : "", t.n);
    p[s.n + t.n] = '\0';
    return str_from(p, s.n + t.n);
}

bool moment_format(struct arena *a, const struct moment *m, struct str pattern, struct str *out,
                   const char **out_why)
{
    struct str s = STR(""), piece;
    for (size_t i = 0; i < pattern.n;) {
        struct str rest = str_slice(pattern, i, pattern.n);
        char c = rest.p[0];
        size_t n = c == '\'' ? quoted(rest) : moment_run(rest);
        bool is_offset = c == 'X' || c == 'x' || c == 'Z';
        if (n == 0 || (is_letter(c) && !is_known(c, n))) {
            *out_why = "the pattern has a letter that is not known";
            return false;
        }
        if (is_letter(c) && (m->part[part_of(c)] < 0 || (is_offset && !m->has_offset))) {
            *out_why = is_offset ? "the pattern wants an offset, the value has none"
                                 : "the pattern wants more than the value gives";
            return false;
        }
        piece = is_letter(c) ? letter_text(a, m, c, n) : str_slice(rest, 0, n);
        piece = c == '\'' ? unquoted(a, piece) : piece;
        s = joined(a, s, piece);
        i += n;
    }
    *out = s;
    return true;
}
