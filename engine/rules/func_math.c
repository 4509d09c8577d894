/* Functions over one number. Whole numbers stay whole where the answer is. */
#include "engine/rules/func.h"

/* The input as a number; a value that is none is a fault. */
static bool input(struct eval *e, const struct call *c, struct value *out)
{
    bool quantity = c->one->kind == VALUE_QUANTITY;
    if (quantity) {
        *out = *c->one;
        return true;
    }
    bool text = c->one->kind == VALUE_STRING && !c->one->is_cell;
    return (!text && eval_number(e, c->one, out)) ||
           eval_fail(e, c->n, "%s() wants a number", c->n->func->name);
}

static bool put_decimal(struct eval *e, const struct value *in, struct decimal d,
                        struct values *out)
{
    struct value v = value_of_decimal(d);
    v.kind = in->kind == VALUE_QUANTITY ? VALUE_QUANTITY : VALUE_DECIMAL;
    v.type = in->kind == VALUE_QUANTITY ? in->type : NULL;
    return call_put(e, out, v);
}

/* A whole answer as an integer where it fits. */
static bool put_whole(struct eval *e, const struct call *c, const struct value *in,
                      struct decimal d, struct values *out)
{
    int64_t whole;
    if (in->kind == VALUE_QUANTITY) {
        return put_decimal(e, in, d, out);
    }
    return decimal_to_i64(&d, &whole)
               ? call_put(e, out, value_is_long(in) ? value_long(whole) : value_integer(whole))
               : eval_fail(e, c->n, "the result of %s() has too many digits", c->n->func->name);
}

bool func_abs(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = {0};
    if (!input(e, c, &v)) {
        return false;
    }
    struct decimal d = value_decimal(&v);
    d = decimal_abs(&d);
    return v.kind == VALUE_INTEGER ? put_whole(e, c, &v, d, out) : put_decimal(e, &v, d, out);
}

static bool rounded(struct eval *e, const struct call *c,
                    struct decimal (*how)(const struct decimal *), struct values *out)
{
    struct value v = {0};
    if (!input(e, c, &v)) {
        return false;
    }
    struct decimal d = value_decimal(&v);
    return put_whole(e, c, &v, how(&d), out);
}

bool func_ceiling(struct eval *e, const struct call *c, struct values *out)
{
    return rounded(e, c, decimal_ceiling, out);
}

bool func_floor(struct eval *e, const struct call *c, struct values *out)
{
    return rounded(e, c, decimal_floor, out);
}

bool func_truncate(struct eval *e, const struct call *c, struct values *out)
{
    return rounded(e, c, decimal_truncate, out);
}

bool func_round(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = {0};
    int64_t places = 0;
    if (!input(e, c, &v)) {
        return false;
    }
    enum value_answer got = call_nargs(c) ? call_integer(e, c, 0, &places) : ANSWER_TRUE;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (places < 0) {
        return eval_fail(e, c->n, "round() wants a number of places from 0 on");
    }
    struct decimal d = value_decimal(&v);
    d = decimal_round(&d, places > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : (unsigned)places);
    return v.kind == VALUE_INTEGER ? put_whole(e, c, &v, d, out) : put_decimal(e, &v, d, out);
}

/* Outside of where it is defined the answer is nothing, as N1 has it. */
static bool computed(struct eval *e, const struct call *c,
                     bool (*how)(const struct decimal *, struct decimal *), struct values *out)
{
    struct value v = {0};
    if (!input(e, c, &v)) {
        return false;
    }
    struct decimal d = value_decimal(&v), got;
    return !how(&d, &got) || put_decimal(e, &v, got, out);
}

bool func_exp(struct eval *e, const struct call *c, struct values *out)
{
    return computed(e, c, decimal_exp, out);
}

bool func_ln(struct eval *e, const struct call *c, struct values *out)
{
    return computed(e, c, decimal_ln, out);
}

bool func_sqrt(struct eval *e, const struct call *c, struct values *out)
{
    return computed(e, c, decimal_sqrt, out);
}

/* The number argument. EMPTY: none; FALSE: fault. */
static enum value_answer argument(struct eval *e, const struct call *c, struct value *out)
{
    enum value_answer got = eval_one(e, call_arg(c, 0), c->s, out);
    if (got == ANSWER_TRUE && (out->kind == VALUE_STRING || !eval_number(e, out, out))) {
        eval_fail(e, c->n, "%s() wants a number", c->n->func->name);
        return ANSWER_FALSE;
    }
    return got;
}

bool func_log(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = {0}, base = {0};
    if (!input(e, c, &v)) {
        return false;
    }
    enum value_answer got = argument(e, c, &base);
    struct decimal x = value_decimal(&v), y, z;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    y = value_decimal(&base);
    return !decimal_log(&x, &y, &z) || put_decimal(e, &v, z, out);
}

bool func_power(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = {0}, by = {0};
    if (!input(e, c, &v)) {
        return false;
    }
    enum value_answer got = argument(e, c, &by);
    struct decimal x = value_decimal(&v), y, z;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    y = value_decimal(&by);
    if (!decimal_power(&x, &y, &z)) {
        return true;
    }
    bool whole = v.kind == VALUE_INTEGER && by.kind == VALUE_INTEGER && by.i >= 0;
    return whole ? put_whole(e, c, &v, z, out) : put_decimal(e, &v, z, out);
}
