#include "engine/hl7/dtm.h"

#include "engine/base/err.h"

static const int64_t us_per_second = 1000000, us_per_day = INT64_C(86400000000);

int64_t dtm_days(int year, int month, int day)
{
    /* Years from March: the leap day is the last of its year. */
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void dtm_civil(int64_t days, int *out_year, int *out_month, int *out_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *out_day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *out_month = (int)(m < 10 ? m + 3 : m - 9);
    *out_year = (int)(y + era * 400 + (*out_month <= 2));
}

int dtm_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* ---- reading ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `count` digits at the start of *rest, within [min, max]. */
static bool take(struct str *rest, unsigned count, int min, int max, int *out)
{
    int n = 0;
    if (rest->n < count) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!is_digit(rest->p[i])) {
            return false;
        }
        n = n * 10 + (rest->p[i] - '0');
    }
    *rest = str_from(rest->p + count, rest->n - count);
    *out = n;
    return n >= min && n <= max;
}

static bool more(const struct str *rest)
{
    return rest->n && is_digit(rest->p[0]);
}

static const char *read_date(struct str *rest, struct dtm *t)
{
    t->month = t->day = 1;
    t->precision = DTM_YEAR;
    if (!take(rest, 4, 1, 9999, &t->year)) {
        return "a date begins with a year of four digits, 0001 to 9999";
    }
    if (!more(rest)) {
        return NULL;
    }
    t->precision = DTM_MONTH;
    if (!take(rest, 2, 1, 12, &t->month)) {
        return "the month is two digits, 01 to 12";
    }
    if (!more(rest)) {
        return NULL;
    }
    t->precision = DTM_DAY;
    return take(rest, 2, 1, dtm_month_days(t->year, t->month), &t->day)
               ? NULL
               : "the day is two digits and must exist in its month";
}

static const char *read_fraction(struct str *rest, struct dtm *t)
{
    int scale = 1000;
    *rest = str_from(rest->p + 1, rest->n - 1);
    t->precision = DTM_FRACTION;
    while (more(rest)) {
        if (t->fraction_digits == 4) {
            return "a fraction of a second has at most four digits";
        }
        t->ten_thousandths += (rest->p[0] - '0') * scale;
        scale /= 10;
        t->fraction_digits++;
        *rest = str_from(rest->p + 1, rest->n - 1);
    }
    return t->fraction_digits ? NULL : "digits are missing after the decimal point";
}

static const char *read_time(struct str *rest, struct dtm *t)
{
    t->precision = DTM_HOUR;
    if (!take(rest, 2, 0, 24, &t->hour)) {
        return "the hour is two digits, 00 to 23 (24 only in 2400)";
    }
    if (!more(rest)) {
        return NULL;
    }
    t->precision = DTM_MINUTE;
    if (!take(rest, 2, 0, 59, &t->minute)) {
        return "the minute is two digits, 00 to 59";
    }
    if (!more(rest)) {
        return NULL;
    }
    t->precision = DTM_SECOND;
    if (!take(rest, 2, 0, 59, &t->second)) {
        return "the second is two digits, 00 to 59";
    }
    return rest->n && rest->p[0] == '.' ? read_fraction(rest, t) : NULL;
}

static const char *read_offset(struct str *rest, struct dtm *t)
{
    static const char why[] = "the offset is +HHMM or -HHMM, -1200 to +1400";
    int hours, minutes, sign = rest->p[0] == '-' ? -1 : 1;
    *rest = str_from(rest->p + 1, rest->n - 1);
    if (!take(rest, 2, 0, 14, &hours) || !take(rest, 2, 0, 59, &minutes)) {
        return why;
    }
    t->offset_min = sign * (hours * 60 + minutes);
    t->has_offset = true;
    return t->offset_min < -12 * 60 || t->offset_min > 14 * 60 ? why : NULL;
}

static const char *settle_midnight(struct dtm *t)
{
    if (t->hour != 24) {
        return NULL;
    }
    if (t->minute || t->second || t->ten_thousandths) {
        return "hour 24 is only valid as 2400, the end of the day";
    }
    t->hour = 0;
    if (t->kind == DTM_TIME) {
        t->is_next_day = true;
        return NULL;
    }
    dtm_civil(dtm_days(t->year, t->month, t->day) + 1, &t->year, &t->month, &t->day);
    return t->year > 9999 ? "the year is at most 9999" : NULL;
}

static const char *read_all(struct str rest, struct dtm *t)
{
    const char *why = t->kind == DTM_TIME ? NULL : read_date(&rest, t);
    bool has_time =
        t->kind == DTM_TIME || (t->kind == DTM_BOTH && t->precision == DTM_DAY && more(&rest));
    if (!why && has_time) {
        why = read_time(&rest, t);
    }
    if (!why && t->kind != DTM_DATE && rest.n && (rest.p[0] == '+' || rest.p[0] == '-')) {
        why = read_offset(&rest, t);
    }
    if (!why && rest.n) {
        why = "nothing may follow the date or time";
    }
    return why ? why : settle_midnight(t);
}

int dtm_parse(struct str s, enum dtm_kind kind, struct dtm *out, const char **out_why)
{
    struct dtm t = {.kind = kind};
    const char *why = read_all(s, &t);
    if (why) {
        if (out_why) {
            *out_why = why;
        }
        return ERR_SYNTAX;
    }
    *out = t;
    return 0;
}

/* ---- writing ---- */

static char *digits(char *to, int n, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + n % 10);
        n /= 10;
    }
    return to + count;
}

static char *put_date(const struct dtm *t, char *to)
{
    to = digits(to, t->year, 4);
    to = t->precision >= DTM_MONTH ? digits(to, t->month, 2) : to;
    return t->precision >= DTM_DAY ? digits(to, t->day, 2) : to;
}

static char *put_time(const struct dtm *t, char *to)
{
    static const int scale[] = {10000, 1000, 100, 10, 1};
    to = t->precision >= DTM_HOUR ? digits(to, t->hour, 2) : to;
    to = t->precision >= DTM_MINUTE ? digits(to, t->minute, 2) : to;
    to = t->precision >= DTM_SECOND ? digits(to, t->second, 2) : to;
    if (t->precision >= DTM_FRACTION) {
        *to++ = '.';
        to = digits(to, t->ten_thousandths / scale[t->fraction_digits], t->fraction_digits);
    }
    return to;
}

size_t dtm_format(const struct dtm *t, char out[DTM_TEXT_MAX])
{
    char *to = t->kind == DTM_TIME ? out : put_date(t, out);
    to = t->kind == DTM_DATE ? to : put_time(t, to);
    if (t->has_offset) {
        int minutes = t->offset_min < 0 ? -t->offset_min : t->offset_min;
        *to++ = t->offset_min < 0 ? '-' : '+';
        to = digits(digits(to, minutes / 60, 2), minutes % 60, 2);
    }
    *to = 0;
    return (size_t)(to - out);
}

int64_t dtm_to_us(const struct dtm *t, int offset_min)
{
    int64_t seconds = (int64_t)t->hour * 3600 + t->minute * 60 + t->second;
    seconds -= (t->has_offset ? t->offset_min : offset_min) * 60;
    return dtm_days(t->year, t->month, t->day) * us_per_day + seconds * us_per_second +
           t->ten_thousandths * 100;
}

struct dtm dtm_from_us(int64_t us, int offset_min)
{
    struct dtm t = {.kind = DTM_BOTH,
                    .precision = DTM_FRACTION,
                    .fraction_digits = 4,
                    .has_offset = true,
                    .offset_min = offset_min};
    us += offset_min * 60 * us_per_second;
    int64_t days = us / us_per_day, rest = us % us_per_day;
    if (rest < 0) {
        rest += us_per_day;
        days--;
    }
    dtm_civil(days, &t.year, &t.month, &t.day);
    int64_t seconds = rest / us_per_second;
    t.hour = (int)(seconds / 3600);
    t.minute = (int)(seconds / 60 % 60);
    t.second = (int)(seconds % 60);
    t.ten_thousandths = (int)(rest % us_per_second / 100);
    return t;
}
