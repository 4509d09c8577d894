/* lowBoundary, highBoundary, precision; comparable: what a value may be at least and at most.
 * Source: FHIRPath STU 2 "Utility functions". Differs: an hour without minutes is its first minute, as FHIR and HL7 v2
 * read it; without an offset the boundaries are those of the whole world, +14:00 and -12:00. */
#include "engine/hl7/dtm.h"
#include "engine/rules/func.h"
#include "engine/rules/tree.h"
#include "engine/rules/unit.h"

enum { PLACES_DEFAULT = 8, DATE_DIGITS = 8, TIME_DIGITS = 9, DATE_TIME_DIGITS = 17 };

/* ---- numbers ---- */

/* `d` to exactly `places` digits behind the point, towards lower or higher numbers. False: too many digits. */
static bool fit(const struct decimal *d, unsigned places, bool high, struct decimal *out)
{
    struct decimal zero = {0, (uint8_t)places}, scaled = *d, ten = decimal_of(10), whole;
    struct decimal count = decimal_of((int64_t)places), power;
    if (!decimal_power(&ten, &count, &power) || !decimal_mul(d, &power, &scaled)) {
        return false;
    }
    whole = high ? decimal_ceiling(&scaled) : decimal_floor(&scaled);
    whole.scale = (uint8_t)places;
    return decimal_add(&zero, &whole, out);
}

static bool decimal_boundary(const struct decimal *d, int64_t places, bool high,
                             struct decimal *out)
{
    struct decimal half = {5, (uint8_t)(d->scale + 1)}, edge;
    bool good = places >= 0 && places <= DECIMAL_SCALE_MAX && d->scale < DECIMAL_SCALE_MAX &&
                (high ? decimal_add(d, &half, &edge) : decimal_sub(d, &half, &edge));
    return good && fit(&edge, (unsigned)places, high, out);
}

static bool number_boundary(struct eval *e, const struct call *c, int64_t places, bool high,
                            struct values *out)
{
    struct decimal d = value_decimal(c->one);
    int64_t whole;
    if (!decimal_boundary(&d, places, high, &d)) {
        return true;
    }
    struct value v = value_of_decimal(d);
    if (c->one->kind == VALUE_QUANTITY) {
        v.kind = VALUE_QUANTITY;
        v.type = c->one->type;
    } else if (places == 0 && decimal_to_i64(&d, &whole)) {
        v = value_integer(whole);
    }
    return call_put(e, out, v);
}

/* ---- moments ---- */

/* The part that the number of digits ends with; false: it ends none. */
static bool part_of_digits(int64_t digits, bool is_time, enum moment_part *out)
{
    static const int ends[MOMENT_PARTS] = {4, 6, 8, 10, 12, 14, 17};
    for (int i = is_time ? MOMENT_HOUR : MOMENT_YEAR; i < MOMENT_PARTS; i++) {
        if (digits == (is_time ? ends[i] - DATE_DIGITS : ends[i])) {
            *out = (enum moment_part)i;
            return true;
        }
    }
    return false;
}

static void fill(struct moment *m, bool high)
{
    static const int low[MOMENT_PARTS] = {1, 1, 1, 0, 0, 0, 0},
                     most[MOMENT_PARTS] = {9999, 12, 31, 23, 59, 59, 999000};
    if (m->part[MOMENT_HOUR] >= 0 && m->part[MOMENT_MINUTE] < 0) {
        m->part[MOMENT_MINUTE] = 0;
    }
    for (int i = m->kind == VALUE_TIME ? MOMENT_HOUR : MOMENT_YEAR; i < MOMENT_PARTS; i++) {
        if (m->part[i] < 0) {
            m->part[i] = high ? most[i] : low[i];
            if (high && i == MOMENT_DAY) {
                m->part[i] = dtm_month_days(m->part[MOMENT_YEAR], m->part[MOMENT_MONTH]);
            }
        }
    }
    m->fraction_digits = m->fraction_digits > 3 ? m->fraction_digits : 3;
}

static bool moment_boundary(struct eval *e, const struct call *c, int64_t digits, bool high,
                            struct values *out)
{
    struct moment m;
    enum moment_part last;
    bool is_time;
    if (!eval_moment(e, c->one, &m)) {
        return true;
    }
    is_time = m.kind == VALUE_TIME;
    if (!part_of_digits(digits, is_time, &last) || (m.kind == VALUE_DATE && digits > DATE_DIGITS)) {
        return true;
    }
    fill(&m, high);
    if (!is_time && !m.has_offset) {
        m.has_offset = true;
        m.offset_min = high ? -12 * 60 : 14 * 60;
    }
    for (int i = (int)last + 1; i < MOMENT_PARTS; i++) {
        m.part[i] = -1;
    }
    m.has_offset = m.has_offset && !is_time && m.part[MOMENT_HOUR] >= 0;
    return call_put(e, out, (struct value){.kind = (uint8_t)m.kind, .text = moment_text(e->a, &m)});
}

static bool boundary(struct eval *e, const struct call *c, bool high, struct values *out)
{
    int64_t digits = c->one->kind == VALUE_TIME   ? TIME_DIGITS
                     : c->one->kind == VALUE_DATE ? DATE_DIGITS
                     : value_is_moment(c->one)    ? DATE_TIME_DIGITS
                                                  : PLACES_DEFAULT;
    enum value_answer got = call_nargs(c) ? call_integer(e, c, 0, &digits) : ANSWER_TRUE;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    struct value quantity;
    struct call of = *c;
    if (c->one->kind == VALUE_NODE && tree_quantity(e, c->one, &quantity)) {
        of.one = &quantity; /* of FHIR */
    }
    if (value_is_number(of.one) || of.one->kind == VALUE_QUANTITY) {
        return number_boundary(e, &of, digits, high, out);
    }
    return value_is_moment(c->one)
               ? moment_boundary(e, c, digits, high, out)
               : eval_fail(e, c->n, "%s() wants a number, a date or a time", c->n->func->name);
}

bool func_low_boundary(struct eval *e, const struct call *c, struct values *out)
{
    return boundary(e, c, false, out);
}

bool func_high_boundary(struct eval *e, const struct call *c, struct values *out)
{
    return boundary(e, c, true, out);
}

bool func_precision(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m;
    int64_t digits = 0;
    if (value_is_number(c->one)) {
        digits = value_decimal(c->one).scale;
    } else if (value_is_moment(c->one) && eval_moment(e, c->one, &m)) {
        for (size_t i = 0; i < c->one->text.n; i++) {
            char letter = c->one->text.p[i];
            if (letter == 'Z' || letter == '+' || (letter == '-' && i > 7)) {
                break;
            }
            digits += letter >= '0' && letter <= '9';
        }
    } else {
        return eval_fail(e, c->n, "precision() wants a number, a date or a time");
    }
    return call_put(e, out, value_integer(digits));
}

bool func_comparable(struct eval *e, const struct call *c, struct values *out)
{
    struct value other, x, y;
    enum value_answer got = eval_one(e, call_arg(c, 0), c->s, &other);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    got = eval_quantities(e, c->one, &other, false, &x, &y);
    if (got == ANSWER_FALSE) {
        return !e->is_route || eval_fail(e, c->n, "comparable() wants two quantities");
    }
    return call_put(e, out, value_boolean(got == ANSWER_TRUE));
}
