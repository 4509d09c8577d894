/* Conversions. In a route a text that is not what it should be is a fault, never silently nothing; `eval`
 * keeps N1, which gives nothing. */
#include "engine/rules/func.h"
#include "engine/rules/tree.h"
#include "engine/rules/type.h"
#include "engine/rules/unit.h"

static bool nothing(struct eval *e, const struct call *c, const char *what)
{
    bool text = c->one->kind == VALUE_HL7 || c->one->kind == VALUE_STRING;
    return !e->is_route || !text ||
           eval_fail(e, c->n, "the value is no %s, %s() wants one", what, c->n->func->name);
}

bool func_to_string(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    struct value quantity;
    if (!e->is_route && c->one->kind == VALUE_NODE) { /* an object is no text; a Quantity has one */
        return !tree_quantity(e, c->one, &quantity) ||
               call_put(e, out, value_string(value_text(e->a, &quantity)));
    }
    return eval_text(e, c->n, c->one, &text) && call_put(e, out, value_string(text));
}

/* ---- numbers ---- */

static bool as_integer(struct eval *e, const struct value *in, struct value *out)
{
    if (in->kind == VALUE_BOOLEAN) {
        *out = value_integer(in->i);
        return true;
    }
    return in->kind != VALUE_DECIMAL && in->kind != VALUE_QUANTITY && eval_number(e, in, out) &&
           out->kind == VALUE_INTEGER;
}

static bool as_decimal(struct eval *e, const struct value *in, struct value *out)
{
    struct value v = in->kind == VALUE_BOOLEAN ? value_integer(in->i) : *in;
    if (v.kind == VALUE_QUANTITY || !eval_number(e, &v, &v)) {
        return false;
    }
    *out = value_of_decimal(value_decimal(&v));
    return true;
}

/* An Integer of FHIRPath has 32 bits; in a route it is whatever whole number the text says. */
static bool fits_integer(const struct eval *e, const struct value *v)
{
    return e->is_route || (v->i >= INT32_MIN && v->i <= INT32_MAX);
}

bool func_to_integer(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    return as_integer(e, c->one, &v) && fits_integer(e, &v) ? call_put(e, out, value_integer(v.i))
                                                            : nothing(e, c, "whole number");
}

bool func_to_long(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    return as_integer(e, c->one, &v) ? call_put(e, out, value_long(v.i))
                                     : nothing(e, c, "whole number");
}

bool func_to_decimal(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    return as_decimal(e, c->one, &v) ? call_put(e, out, v) : nothing(e, c, "number");
}

/* ---- truth ---- */

/* 1 and 0; of texts N1 knows one spelling more. */
static bool number_as_boolean(struct eval *e, const struct value *in, bool *out)
{
    struct value number;
    const struct value one = value_integer(1), zero = value_integer(0);
    bool counts = value_is_number(in) || (in->kind == VALUE_HL7 && in->of == TYPE_NUMBER);
    if (!counts || !eval_number(e, in, &number)) {
        return false;
    }
    *out = value_number_cmp(&number, &one) == 0;
    return *out || value_number_cmp(&number, &zero) == 0;
}

static bool as_boolean(struct eval *e, const struct value *in, bool *out)
{
    static const char *const words[2][6] = {{"false", "f", "no", "n", "0", "0.0"},
                                            {"true", "t", "yes", "y", "1", "1.0"}};
    if (in->kind == VALUE_SEGMENT || in->kind == VALUE_GROUP || in->kind == VALUE_QUANTITY) {
        return false;
    }
    if (number_as_boolean(e, in, out)) {
        return true;
    }
    struct str text = value_text(e->a, in);
    for (int yes = 0; yes < 2; yes++) {
        for (int i = 0; i < 6; i++) {
            if (str_eq_nocase(text, str_of(words[yes][i]))) {
                *out = yes;
                return true;
            }
        }
    }
    return false;
}

bool func_to_boolean(struct eval *e, const struct call *c, struct values *out)
{
    bool b;
    return as_boolean(e, c->one, &b) ? call_put(e, out, value_boolean(b))
                                     : nothing(e, c, "truth value");
}

/* ---- quantities: NUMBER, NUMBER 'unit', NUMBER days ---- */

static bool as_quantity(struct eval *e, const struct value *in, struct value *out)
{
    struct value v;
    if (in->kind == VALUE_QUANTITY || in->kind == VALUE_NODE) {
        return tree_quantity(e, in, out);
    }
    struct value number = *in;
    if (in->kind == VALUE_BOOLEAN) {
        number = value_of_decimal((struct decimal){in->i * 10, 1}); /* 1.0, 0.0 */
    }
    if (in->kind != VALUE_STRING && in->kind != VALUE_HL7) {
        if (!eval_number(e, &number, &v)) {
            return false;
        }
        *out = value_of_decimal(value_decimal(&v));
        out->kind = VALUE_QUANTITY;
        out->type = "1";
        return true;
    }
    struct str text = str_trim(value_text(e->a, in));
    size_t n = 0;
    while (n < text.n && strchr("+-.0123456789", text.p[n])) {
        n++;
    }
    struct str digits = str_slice(text, 0, n),
               unit = n == text.n ? STR("'1'") : str_trim(str_slice(text, n, text.n));
    bool quoted = unit.n > 2 && unit.p[0] == '\'' && unit.p[unit.n - 1] == '\'';
    if (!value_number(digits, &v) || (!quoted && moment_unit_of(unit, false) == UNIT_NONE)) {
        return false;
    }
    *out = value_of_decimal(value_decimal(&v));
    out->kind = VALUE_QUANTITY;
    out->type = str_dup(e->a, quoted ? str_slice(unit, 1, unit.n - 1) : unit).p;
    return true;
}

/* Between the calendar and UCUM a year and a month are what they are where the value comes from: 1 year is 1 'a'. */
static struct str counterpart(struct str from, struct str to)
{
    enum moment_unit u = moment_unit_of(to, true);
    bool calendar = moment_unit_of(from, false) != UNIT_NONE;
    return u == UNIT_YEAR    ? calendar ? STR("year") : STR("a")
              : u == UNIT_MONTH ? calendar ? STR("month") : STR("mo")
                                : to;
}

/* Into the unit that the argument names, which a number without one takes. EMPTY: it cannot be. */
static enum value_answer converted(struct eval *e, const struct call *c, struct value *v)
{
    struct str to, from = str_of(v->type);
    struct unit u, into;
    struct decimal d = value_decimal(v);
    enum value_answer got = call_text(e, c, 0, &to);
    if (got != ANSWER_TRUE) {
        return got;
    }
    bool bare = str_is(from, "1");
    bool good = unit_parse(from, &u) && unit_parse(counterpart(from, to), &into) &&
                (bare || unit_convert(&d, &u, &into, &d));
    if (good) {
        *v = value_of_decimal(d);
        v->kind = VALUE_QUANTITY;
        v->type = str_dup(e->a, to).p;
    }
    return good ? ANSWER_TRUE : ANSWER_EMPTY;
}

bool func_to_quantity(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    if (!as_quantity(e, c->one, &v)) {
        return nothing(e, c, "quantity");
    }
    enum value_answer got = call_nargs(c) ? converted(e, c, &v) : ANSWER_TRUE;
    if (got == ANSWER_EMPTY && e->is_route) {
        return eval_fail(e, c->n, "toQuantity() cannot convert this unit");
    }
    return got == ANSWER_TRUE ? call_put(e, out, v) : got == ANSWER_EMPTY;
}

/* ---- can it be converted? ---- */

static bool may(struct eval *e, struct values *out, bool can)
{
    return call_put(e, out, value_boolean(can));
}

bool func_converts_to_string(struct eval *e, const struct call *c, struct values *out)
{
    bool whole =
        c->one->kind == VALUE_SEGMENT || c->one->kind == VALUE_GROUP || c->one->kind == VALUE_NODE;
    return may(e, out, !whole);
}

bool func_converts_to_integer(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    return may(e, out, as_integer(e, c->one, &v) && fits_integer(e, &v));
}

bool func_converts_to_long(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    return may(e, out, as_integer(e, c->one, &v));
}

bool func_converts_to_decimal(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    return may(e, out, as_decimal(e, c->one, &v));
}

bool func_converts_to_boolean(struct eval *e, const struct call *c, struct values *out)
{
    bool b;
    return may(e, out, as_boolean(e, c->one, &b));
}

bool func_converts_to_quantity(struct eval *e, const struct call *c, struct values *out)
{
    struct value v;
    bool can = as_quantity(e, c->one, &v);
    enum value_answer got = can && call_nargs(c) ? converted(e, c, &v) : ANSWER_TRUE;
    return (got != ANSWER_FALSE || !e->fault.text.n) && may(e, out, can && got == ANSWER_TRUE);
}

/* A date, dateTime or time in N1's spelling, or in v2's where the message wrote it. */
static bool as_moment(struct eval *e, const struct value *in, enum value_kind wanted)
{
    struct moment m;
    const char *why;
    bool time = wanted == VALUE_TIME;
    if (time && in->kind == VALUE_DATETIME && !e->is_route) {
        return false; /* as N1 has it */
    }
    if (in->kind == VALUE_HL7 || value_is_moment(in)) {
        return eval_moment(e, in, &m) && (time ? m.part[MOMENT_HOUR] >= 0 : m.kind != VALUE_TIME);
    }
    return in->kind == VALUE_STRING && (moment_read(in->text, wanted, &m) ||
                                        (e->is_route && moment_read_v2(in->text, time, &m, &why)));
}

/* By the pattern, where there is one. */
static bool scans(struct eval *e, const struct call *c, bool *out_can)
{
    struct moment m;
    enum value_answer got = func_scan_date(e, c, &m);
    *out_can = got == ANSWER_TRUE;
    return got != ANSWER_EMPTY;
}

bool func_converts_to_date(struct eval *e, const struct call *c, struct values *out)
{
    bool can;
    if (scans(e, c, &can)) {
        return !e->fault.text.n && may(e, out, can);
    }
    return may(e, out, as_moment(e, c->one, VALUE_DATE) || as_moment(e, c->one, VALUE_DATETIME));
}

bool func_converts_to_date_time(struct eval *e, const struct call *c, struct values *out)
{
    bool can;
    if (scans(e, c, &can)) {
        return !e->fault.text.n && may(e, out, can);
    }
    return may(e, out, as_moment(e, c->one, VALUE_DATETIME));
}

bool func_converts_to_time(struct eval *e, const struct call *c, struct values *out)
{
    return may(e, out, as_moment(e, c->one, VALUE_TIME));
}
