#include "engine/rules/value.h"

#include "engine/hl7/escape.h"

static const int64_t powers[VALUE_SCALE_MAX + 2] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

enum { QUOTIENT_PLACES = 8 };

struct value *values_grow(struct values *l, struct arena *a)
{
    uint32_t cap = l->cap ? l->cap * 2 : VALUES_ROOM;
    struct value *v = arena_alloc(a, cap * sizeof(*v));
    if (l->n) {
        memcpy(v, l->v, l->n * sizeof(*v));
    }
    l->v = v;
    l->cap = cap;
    return &l->v[l->n++];
}

const char *value_kind_text(enum value_kind k)
{
    static const char *const names[] = {"string",   "integer", "decimal", "boolean", "date",
                                        "dateTime", "time",    "string",  "segment", "message",
                                        "source",   "null",    "string"};
    return names[k];
}

bool value_is_composite(const struct value *v)
{
    if (v->kind == VALUE_SEGMENT) {
        return true;
    }
    if (v->kind != VALUE_HL7 || v->level == LEVEL_SUBCOMPONENT || v->text.n == 0) {
        return false;
    }
    if (v->level == LEVEL_REPETITION && memchr(v->text.p, v->m->d.component, v->text.n)) {
        return true;
    }
    return memchr(v->text.p, v->m->d.subcomponent, v->text.n) != NULL;
}

static struct str number_text(struct arena *a, const struct value *v)
{
    if (v->kind == VALUE_INTEGER || v->scale == 0) {
        return str_printf(a, v->kind == VALUE_DECIMAL ? "%lld.0" : "%lld", (long long)v->i);
    }
    uint64_t digits = v->i < 0 ? 0u - (uint64_t)v->i : (uint64_t)v->i;
    uint64_t unit = (uint64_t)powers[v->scale];
    return str_printf(a, "%s%llu.%0*llu", v->i < 0 ? "-" : "", (unsigned long long)(digits / unit),
                      (int)v->scale, (unsigned long long)(digits % unit));
}

static struct str hl7_text(struct arena *a, const struct value *v)
{
    char escape = v->m->d.escape;
    if (v->text.n == 0 || !escape || !memchr(v->text.p, escape, v->text.n) ||
        value_is_composite(v)) {
        return v->text;
    }
    return hl7_unescape(a, &v->m->d, v->text);
}

struct str value_text(struct arena *a, const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_STRING:
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_TIME:
    case VALUE_ESCAPED:
        return v->text;
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
        return number_text(a, v);
    case VALUE_BOOLEAN:
        return v->i ? STR("true") : STR("false");
    case VALUE_HL7:
        return hl7_text(a, v);
    case VALUE_SEGMENT:
        return hl7_seg_text(v->m, v->seg);
    case VALUE_NULL:
        return STR("\"\"");
    case VALUE_MESSAGE:
        return v->m ? v->m->raw : STR("");
    case VALUE_SOURCE:
        return v->text;
    }
    return STR("");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool value_number(struct str s, struct value *out)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    bool negative = i && s.p[0] == '-';
    size_t first = i, dot = s.n;
    int64_t n = 0;
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && dot == s.n && i > first) {
            dot = i;
            continue;
        }
        if (!is_digit(s.p[i]) || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, s.p[i] - '0', &n)) {
            return false;
        }
    }
    size_t scale = dot == s.n ? 0 : s.n - dot - 1;
    if (first == s.n || (dot != s.n && scale == 0) || scale > VALUE_SCALE_MAX) {
        return false;
    }
    *out = (struct value){.kind = dot == s.n ? VALUE_INTEGER : VALUE_DECIMAL,
                          .scale = (uint8_t)scale,
                          .i = negative ? -n : n};
    return true;
}

static __int128 scaled(const struct value *v, unsigned scale)
{
    return (__int128)v->i * powers[scale - v->scale];
}

static unsigned common_scale(const struct value *a, const struct value *b)
{
    return a->scale > b->scale ? a->scale : b->scale;
}

int value_number_cmp(const struct value *a, const struct value *b)
{
    unsigned scale = common_scale(a, b);
    __int128 x = scaled(a, scale), y = scaled(b, scale);
    return (x > y) - (x < y);
}

/* Drop trailing zeros until the digits fit; false when they never do. */
static bool number_fit(__int128 digits, unsigned scale, bool is_decimal, struct value *out)
{
    while (scale > VALUE_SCALE_MAX ||
           ((digits > INT64_MAX || digits < INT64_MIN) && scale && digits % 10 == 0)) {
        digits /= 10;
        scale--;
    }
    if (digits > INT64_MAX || digits < INT64_MIN) {
        return false;
    }
    *out = (struct value){.kind = is_decimal ? VALUE_DECIMAL : VALUE_INTEGER,
                          .scale = (uint8_t)scale,
                          .i = (int64_t)digits};
    return true;
}

bool value_arithmetic(char op, const struct value *a, const struct value *b, struct value *out)
{
    bool is_decimal = a->kind == VALUE_DECIMAL || b->kind == VALUE_DECIMAL;
    if (op == '*') {
        return number_fit((__int128)a->i * b->i, (unsigned)a->scale + b->scale, is_decimal, out);
    }
    unsigned scale = common_scale(a, b);
    __int128 x = scaled(a, scale), y = scaled(b, scale);
    return number_fit(op == '+' ? x + y : x - y, scale, is_decimal, out);
}

bool value_divide(const struct value *a, const struct value *b, struct value *out)
{
    if (b->i == 0) {
        return false;
    }
    unsigned scale = common_scale(a, b);
    __int128 x = scaled(a, scale), y = scaled(b, scale), whole = x / y, rest = x % y;
    __int128 unit = powers[QUOTIENT_PLACES];
    bool negative = (rest < 0) != (y < 0);
    rest = rest < 0 ? -rest : rest;
    y = y < 0 ? -y : y;
    if (whole > INT64_MAX / unit || whole < INT64_MIN / unit) {
        return false;
    }
    /* |rest| < 2^123 at worst: halve both until the product fits. */
    while (rest > (__int128)1 << 96) {
        rest >>= 1;
        y >>= 1;
    }
    __int128 part = (rest * unit * 2 + y) / (y * 2);
    __int128 digits = whole * unit + (negative ? -part : part);
    unsigned places = QUOTIENT_PLACES;
    while (places && digits % 10 == 0) {
        digits /= 10;
        places--;
    }
    return number_fit(digits, places, true, out);
}

/* The parts of a date or time: -1 where precision ends. */
struct moment {
    int part[7]; /* year, month, day, hour, minute, second, microsecond */
    int offset_min;
    bool has_offset;
};

static const int part_low[7] = {1, 1, 1, 0, 0, 0, 0};
static const int part_high[7] = {9999, 12, 31, 23, 59, 59, 999999};

static bool read_digits(struct str *s, unsigned n, int *out)
{
    if (s->n < n) {
        return false;
    }
    int v = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!is_digit(s->p[i])) {
            return false;
        }
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_slice(*s, n, s->n);
    *out = v;
    return true;
}

static bool take(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = str_slice(*s, 1, s->n);
    return true;
}

static bool read_fraction(struct str *s, int *out)
{
    int v = 0, digits = 0;
    while (s->n && is_digit(s->p[0])) {
        if (digits < 6) {
            v = v * 10 + (s->p[0] - '0');
            digits++;
        }
        *s = str_slice(*s, 1, s->n);
    }
    if (digits == 0) {
        return false;
    }
    for (; digits < 6; digits++) {
        v *= 10;
    }
    *out = v;
    return true;
}

static bool read_offset(struct str *s, struct moment *m)
{
    if (s->n == 0) {
        return true;
    }
    m->has_offset = true;
    if (take(s, 'Z')) {
        return true;
    }
    int sign = s->p[0] == '-' ? -1 : 1, h = 0, min = 0;
    if ((!take(s, '+') && !take(s, '-')) || !read_digits(s, 2, &h) || !take(s, ':') ||
        !read_digits(s, 2, &min) || h > 14 || min > 59) {
        return false;
    }
    m->offset_min = sign * (h * 60 + min);
    return true;
}

static bool read_clock(struct str *s, struct moment *m)
{
    if (!read_digits(s, 2, &m->part[3])) {
        return false;
    }
    for (int i = 4; i < 6 && take(s, ':'); i++) {
        if (!read_digits(s, 2, &m->part[i])) {
            return false;
        }
    }
    return m->part[5] < 0 || !take(s, '.') || read_fraction(s, &m->part[6]);
}

static bool moment_valid(const struct moment *m)
{
    static const int days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int i = 0; i < 7; i++) {
        if (m->part[i] >= 0 && (m->part[i] < part_low[i] || m->part[i] > part_high[i])) {
            return false;
        }
    }
    if (m->part[2] < 0) {
        return true;
    }
    int y = m->part[0];
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m->part[2] <= days[m->part[1] - 1] && (m->part[1] != 2 || leap || m->part[2] < 29);
}

static bool moment_read(struct str s, bool is_time, struct moment *m)
{
    *m = (struct moment){.part = {-1, -1, -1, -1, -1, -1, -1}};
    if (is_time) {
        return read_clock(&s, m) && s.n == 0 && moment_valid(m);
    }
    if (!read_digits(&s, 4, &m->part[0])) {
        return false;
    }
    for (int i = 1; i < 3 && take(&s, '-'); i++) {
        if (!read_digits(&s, 2, &m->part[i])) {
            return false;
        }
    }
    if (take(&s, 'T') && s.n && (!read_clock(&s, m) || !read_offset(&s, m))) {
        return false;
    }
    return s.n == 0 && moment_valid(m);
}

bool value_date_valid(struct str s, enum value_kind kind)
{
    struct moment m;
    bool has_t = str_index(s, 'T') >= 0;
    if (kind == VALUE_DATE && has_t) {
        return false;
    }
    return moment_read(s, kind == VALUE_TIME, &m);
}

/* Days since 1970-01-01 of a civil date. */
static int64_t civil_days(int y, int m, int d)
{
    y -= m <= 2;
    int era = y / 400;
    int yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return (int64_t)era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int64_t moment_us(const struct moment *m)
{
    int64_t s = civil_days(m->part[0], m->part[1], m->part[2]) * 86400;
    s += m->part[3] * 3600 + (m->part[4] - m->offset_min) * 60 + (m->part[5] < 0 ? 0 : m->part[5]);
    return s * 1000000 + (m->part[6] < 0 ? 0 : m->part[6]);
}

enum value_answer value_date_cmp(struct str a, struct str b, bool is_time, int *out)
{
    struct moment x, y;
    if (!moment_read(a, is_time, &x) || !moment_read(b, is_time, &y)) {
        return ANSWER_FALSE;
    }
    if (x.has_offset != y.has_offset && (x.part[3] >= 0 || y.part[3] >= 0)) {
        return ANSWER_EMPTY;
    }
    if (x.has_offset && y.has_offset && x.part[4] >= 0 && y.part[4] >= 0 &&
        (x.part[5] < 0) == (y.part[5] < 0)) {
        int64_t p = moment_us(&x), q = moment_us(&y);
        *out = (p > q) - (p < q);
        return ANSWER_TRUE;
    }
    for (int i = is_time ? 3 : 0; i < 7; i++) {
        int p = i == 6 && x.part[5] >= 0 && x.part[6] < 0 ? 0 : x.part[i];
        int q = i == 6 && y.part[5] >= 0 && y.part[6] < 0 ? 0 : y.part[i];
        if (p != q) {
            *out = p < q ? -1 : 1;
            return p < 0 || q < 0 ? ANSWER_EMPTY : ANSWER_TRUE;
        }
        if (p < 0) {
            break;
        }
    }
    *out = 0;
    return ANSWER_TRUE;
}
