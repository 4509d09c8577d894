/* Dates read by a CLDR pattern: what moment_format() writes, and what other systems write into texts.
 * Source: FHIRPath 3.0.0 5.5.4 (format codes); Unicode CLDR. Differs: names of months are English; a year of two digits is
 * 1950 to 2049. */
#include "engine/hl7/dtm.h"
#include "engine/rules/moment.h"

enum { YEAR_TURN = 50, HOURS_HALF = 12, FRACTION_DIGITS = 6 };

struct scan {
    struct str text, pattern;
    struct moment m;
    bool is_evening, has_half; /* PM; AM or PM was read */
};

static bool is_digit(struct str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* `least` to `most` digits at the beginning of the text. */
static bool number(struct scan *s, size_t least, size_t most, int *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < most && is_digit(s->text, n); n++) {
        *out = *out * 10 + (s->text.p[n] - '0');
    }
    s->text = str_slice(s->text, n, s->text.n);
    return n >= least;
}

static bool month_name(struct scan *s, bool is_long)
{
    for (int i = 0; i < 12; i++) {
        struct str name = str_of(moment_months[i]);
        name = is_long ? name : str_slice(name, 0, 3);
        if (str_eq_nocase(str_slice(s->text, 0, name.n), name)) {
            s->m.part[MOMENT_MONTH] = i + 1;
            s->text = str_slice(s->text, name.n, s->text.n);
            return true;
        }
    }
    return false;
}

/* +0200, +02:00, +02, Z */
static bool offset(struct scan *s)
{
    int hours, minutes = 0;
    char sign = s->text.n ? s->text.p[0] : '\0';
    s->m.has_offset = true;
    s->text = str_slice(s->text, 1, s->text.n);
    if (sign == 'Z') {
        return true;
    }
    if ((sign != '+' && sign != '-') || !number(s, 2, 2, &hours)) {
        return false;
    }
    bool colon = s->text.n && s->text.p[0] == ':';
    s->text = str_slice(s->text, colon, s->text.n);
    if (is_digit(s->text, 0) ? !number(s, 2, 2, &minutes) : colon) {
        return false;
    }
    s->m.offset_min = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return hours <= 14 && minutes < 60;
}

static bool half(struct scan *s)
{
    struct str two = str_slice(s->text, 0, 2);
    s->is_evening = str_eq_nocase(two, STR("PM"));
    s->has_half = s->is_evening || str_eq_nocase(two, STR("AM"));
    s->text = str_slice(s->text, two.n, s->text.n);
    return s->has_half;
}

static bool year(struct scan *s, size_t n)
{
    int *to = &s->m.part[MOMENT_YEAR];
    bool good = number(s, n == 2 ? 2 : 4, n == 2 ? 2 : 4, to);
    *to += n != 2 ? 0 : *to < YEAR_TURN ? 2000 : 1900;
    return good;
}

static bool fraction(struct scan *s, size_t n)
{
    int *to = &s->m.part[MOMENT_MICROSECOND];
    bool good = n <= FRACTION_DIGITS && number(s, n, n, to);
    for (size_t i = n; i < FRACTION_DIGITS; i++) {
        *to *= 10;
    }
    s->m.fraction_digits = (int)n;
    return good;
}

static bool letter(struct scan *s, char c, size_t n)
{
    switch (c) {
    case 'y':
        return year(s, n);
    case 'M':
        return n > 2 ? month_name(s, n > 3) : number(s, n, 2, &s->m.part[MOMENT_MONTH]);
    case 'd':
        return number(s, n, 2, &s->m.part[MOMENT_DAY]);
    case 'H':
    case 'h':
        return number(s, n, 2, &s->m.part[MOMENT_HOUR]);
    case 'm':
        return number(s, n, 2, &s->m.part[MOMENT_MINUTE]);
    case 's':
        return number(s, n, 2, &s->m.part[MOMENT_SECOND]);
    case 'S':
        return fraction(s, n);
    case 'a':
        return half(s);
    case 'Z':
    case 'X':
    case 'x':
        return offset(s);
    default: /* E and D are only written */
        return false;
    }
}

/* A character that stands for itself; two quotes are one. */
static bool same(struct scan *s, char c)
{
    bool good = s->text.n && s->text.p[0] == c;
    s->text = str_slice(s->text, good, s->text.n);
    return good;
}

/* 'T' of the pattern, from its quote on. */
static bool quoted(struct scan *s)
{
    size_t i = 1;
    bool good = true;
    for (; good && i < s->pattern.n && (s->pattern.p[i] != '\'' || i == 1); i++) {
        if (s->pattern.p[i] == '\'') {
            s->pattern = str_slice(s->pattern, 2, s->pattern.n);
            return same(s, '\'');
        }
        good = same(s, s->pattern.p[i]);
    }
    s->pattern = str_slice(s->pattern, i + 1, s->pattern.n);
    return good;
}

/* 12 AM is midnight, 12 PM noon. */
static bool settle_half(struct scan *s)
{
    int *hour = &s->m.part[MOMENT_HOUR];
    if (!s->has_half) {
        return true;
    }
    bool good = *hour >= 1 && *hour <= HOURS_HALF;
    *hour = *hour % HOURS_HALF + (s->is_evening ? HOURS_HALF : 0);
    return good;
}

static bool is_whole(const struct moment *m)
{
    static const int least[] = {1, 1, 1, 0, 0, 0, 0}, most[] = {9999, 12, 31, 23, 59, 59, 999999};
    bool ended = false;
    for (int i = 0; i < MOMENT_PARTS; i++) {
        bool is_there = m->part[i] >= 0;
        if (is_there && (ended || m->part[i] < least[i] || m->part[i] > most[i])) {
            return false;
        }
        ended = ended || !is_there;
    }
    return m->part[MOMENT_YEAR] > 0 &&
           (m->part[MOMENT_DAY] < 0 ||
            m->part[MOMENT_DAY] <= dtm_month_days(m->part[MOMENT_YEAR], m->part[MOMENT_MONTH]));
}

bool moment_scan(struct str text, struct str pattern, struct moment *out)
{
    struct scan s = {.text = text, .pattern = pattern, .m = {.kind = VALUE_DATETIME}};
    bool good = true;
    for (int i = 0; i < MOMENT_PARTS; i++) {
        s.m.part[i] = -1;
    }
    while (good && s.pattern.n) {
        char c = s.pattern.p[0];
        if (c == '\'') {
            good = quoted(&s);
            continue;
        }
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        size_t n = is_letter ? moment_run(s.pattern) : 1;
        good = is_letter ? letter(&s, c, n) : same(&s, c);
        s.pattern = str_slice(s.pattern, n, s.pattern.n);
    }
    good = good && s.text.n == 0 && settle_half(&s) && is_whole(&s.m) &&
           (!s.m.has_offset || s.m.part[MOMENT_HOUR] >= 0);
    s.m.kind = s.m.part[MOMENT_HOUR] < 0 ? VALUE_DATE : VALUE_DATETIME;
    *out = s.m;
    return good;
}
