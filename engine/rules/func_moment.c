/* Parts of dates and times, and what lies between two of them.
 * Source: FHIRPath 3.0.0 5.9.7 (components), 5.10 (duration, difference). Differs: in a route what is no date is a fault;
 * `duration` of a whole day and more takes both as they read, whatever their offsets. */
#include "engine/hl7/dtm.h"
#include "engine/rules/func.h"

enum { MINUTE_US = 60000000, WEEK_DAYS = 7, SUNDAY = 4 /* of 1970-01-01, a Thursday */ };

/* The input. EMPTY: it is no date or time, in `eval`; FALSE: fault. */
static enum value_answer read_input(struct eval *e, const struct call *c, struct moment *out)
{
    if (eval_moment(e, c->one, out)) {
        return ANSWER_TRUE;
    }
    if (e->is_route) {
        eval_fail(e, c->n, "%s() wants a date or a time", c->n->func->name);
        return ANSWER_FALSE;
    }
    return ANSWER_EMPTY;
}

static bool put_part(struct eval *e, const struct call *c, enum moment_part part,
                     struct values *out)
{
    struct moment m;
    enum value_answer got = read_input(e, c, &m);
    if (got != ANSWER_TRUE || m.part[part] < 0) {
        return got != ANSWER_FALSE;
    }
    int64_t n = part == MOMENT_MICROSECOND ? m.part[part] / 1000 : m.part[part];
    return call_put(e, out, value_integer(n));
}

bool func_year_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_YEAR, out);
}

bool func_month_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_MONTH, out);
}

bool func_day_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_DAY, out);
}

bool func_hour_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_HOUR, out);
}

bool func_minute_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_MINUTE, out);
}

bool func_second_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_SECOND, out);
}

bool func_millisecond_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_part(e, c, MOMENT_MICROSECOND, out);
}

/* In hours: -7.0, 8.75. */
bool func_timezone_offset_of(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m;
    struct decimal minutes, hour = decimal_of(60), hours;
    enum value_answer got = read_input(e, c, &m);
    if (got != ANSWER_TRUE || !m.has_offset) {
        return got != ANSWER_FALSE;
    }
    minutes = decimal_of(m.offset_min);
    return !decimal_divide(&minutes, &hour, &hours) || call_put(e, out, value_of_decimal(hours));
}

/* The parts from `from` to `to` as a value of their own; nothing where the first is not given. */
static bool put_parts(struct eval *e, const struct call *c, enum moment_part from,
                      enum moment_part to, struct values *out)
{
    struct moment m;
    enum value_answer got = read_input(e, c, &m);
    if (got != ANSWER_TRUE || m.part[from] < 0) {
        return got != ANSWER_FALSE;
    }
    for (int i = 0; i < MOMENT_PARTS; i++) {
        m.part[i] = i < (int)from || i > (int)to ? -1 : m.part[i];
    }
    m.kind = from == MOMENT_YEAR ? VALUE_DATE : VALUE_TIME;
    m.has_offset = false;
    return call_put(e, out, (struct value){.kind = (uint8_t)m.kind, .text = moment_text(e->a, &m)});
}

bool func_date_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_parts(e, c, MOMENT_YEAR, MOMENT_DAY, out);
}

bool func_time_of(struct eval *e, const struct call *c, struct values *out)
{
    return put_parts(e, c, MOMENT_HOUR, MOMENT_MICROSECOND, out);
}

/* ---- between two ---- */

struct between {
    struct moment a, b;
    enum moment_unit unit;
};

/* Is there a part as fine as the unit? Seconds are as fine as milliseconds. */
static bool is_as_fine(const struct moment *m, enum moment_unit unit)
{
    static const enum moment_part part[] = {
        [UNIT_YEAR] = MOMENT_YEAR,     [UNIT_MONTH] = MOMENT_MONTH,
        [UNIT_WEEK] = MOMENT_DAY,      [UNIT_DAY] = MOMENT_DAY,
        [UNIT_HOUR] = MOMENT_HOUR,     [UNIT_MINUTE] = MOMENT_MINUTE,
        [UNIT_SECOND] = MOMENT_SECOND, [UNIT_MILLISECOND] = MOMENT_SECOND};
    return m->part[part[unit]] >= 0;
}

/* Both, and the unit of the second argument. EMPTY: it cannot be said; FALSE: fault. */
static enum value_answer read_between(struct eval *e, const struct call *c, struct between *out)
{
    struct value other;
    struct str unit;
    enum value_answer got = read_input(e, c, &out->a);
    got = got == ANSWER_TRUE ? eval_one(e, call_arg(c, 0), c->s, &other) : got;
    got = got == ANSWER_TRUE ? call_text(e, c, 1, &unit) : got;
    if (got != ANSWER_TRUE) {
        return got;
    }
    out->unit = moment_unit_of(unit, false);
    bool good = eval_moment(e, &other, &out->b) &&
                (out->a.kind == VALUE_TIME) == (out->b.kind == VALUE_TIME);
    if (!good || out->unit == UNIT_NONE) {
        eval_fail(e, c->n,
                  good ? "%s() counts 'year', 'month', 'week', 'day', 'hour', 'minute', "
                         "'second' or 'millisecond'"
                       : "%s() wants two dates or two times",
                  c->n->func->name);
        return ANSWER_FALSE;
    }
    bool open = out->unit >= UNIT_HOUR && out->a.has_offset != out->b.has_offset;
    return !open && is_as_fine(&out->a, out->unit) && is_as_fine(&out->b, out->unit) ? ANSWER_TRUE
                                                                                     : ANSWER_EMPTY;
}

/* Of hours and less the instants count, otherwise what a calendar and a clock there show. */
static int64_t reading_us(const struct moment *m, enum moment_unit unit)
{
    bool instant = unit >= UNIT_HOUR && m->has_offset;
    return moment_local_us(m) - (instant ? (int64_t)m->offset_min * MINUTE_US : 0);
}

static int64_t floor_div(int64_t a, int64_t by)
{
    return a / by - (a % by < 0);
}

static int64_t unit_us(enum moment_unit unit)
{
    static const int64_t us[] = {[UNIT_WEEK] = INT64_C(604800000000),
                                 [UNIT_DAY] = INT64_C(86400000000),
                                 [UNIT_HOUR] = INT64_C(3600000000),
                                 [UNIT_MINUTE] = MINUTE_US,
                                 [UNIT_SECOND] = 1000000,
                                 [UNIT_MILLISECOND] = 1000};
    return us[unit];
}

static int64_t month_of(const struct moment *m)
{
    return (int64_t)m->part[MOMENT_YEAR] * 12 +
           (m->part[MOMENT_MONTH] < 0 ? 0 : m->part[MOMENT_MONTH] - 1);
}

/* Whole months from the earlier to the later: the last day of a short month does not stand for a later one. */
static int64_t whole_months(const struct moment *from, const struct moment *to)
{
    struct moment a = *from, b = *to;
    int64_t months = month_of(to) - month_of(from);
    a.part[MOMENT_YEAR] = b.part[MOMENT_YEAR] =
        2000; /* the rest: day and time of a month of 31 days */
    a.part[MOMENT_MONTH] = b.part[MOMENT_MONTH] = 1;
    bool given = from->part[MOMENT_DAY] >= 0 && to->part[MOMENT_DAY] >= 0;
    return months - (given && moment_local_us(&a) > moment_local_us(&b));
}

bool func_duration(struct eval *e, const struct call *c, struct values *out)
{
    struct between w;
    enum value_answer got = read_between(e, c, &w);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    int64_t a = reading_us(&w.a, w.unit), b = reading_us(&w.b, w.unit), n;
    if (w.unit <= UNIT_MONTH) {
        n = a <= b ? whole_months(&w.a, &w.b) : -whole_months(&w.b, &w.a);
        n /= w.unit == UNIT_YEAR ? 12 : 1;
    } else {
        n = (b - a) / unit_us(w.unit);
    }
    return call_put(e, out, value_integer(n));
}

bool func_difference(struct eval *e, const struct call *c, struct values *out)
{
    struct between w;
    enum value_answer got = read_between(e, c, &w);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    int64_t a = reading_us(&w.a, w.unit), b = reading_us(&w.b, w.unit), n;
    if (w.unit <= UNIT_MONTH) {
        n = w.unit == UNIT_YEAR ? w.b.part[MOMENT_YEAR] - w.a.part[MOMENT_YEAR]
                                : month_of(&w.b) - month_of(&w.a);
    } else if (w.unit == UNIT_WEEK) { /* which begins on a Sunday */
        n = floor_div(floor_div(b, unit_us(UNIT_DAY)) + SUNDAY, WEEK_DAYS) -
            floor_div(floor_div(a, unit_us(UNIT_DAY)) + SUNDAY, WEEK_DAYS);
    } else {
        n = floor_div(b, unit_us(w.unit)) - floor_div(a, unit_us(w.unit));
    }
    return call_put(e, out, value_integer(n));
}
