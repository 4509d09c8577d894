/* Numbers, dates and quantities: + - * / div mod, and the sign. Source: FHIRPath N1 section 6.6. */
#include "engine/rules/eval_op.h"

#include "engine/rules/tree.h"
#include "engine/rules/type.h"

static const char too_long[] = "the result has too many digits";

/* N1 6.6: what overflows is nothing. A route fails. */
static bool overflow(struct eval *e, const struct node *n, const char *text)
{
    return !e->is_route || eval_fail(e, n, "%s", text);
}

static bool put_decimal(struct eval *e, const struct node *n, bool good, const struct decimal *d,
                        struct values *out)
{
    return good ? eval_put(e, out, value_of_decimal(*d)) : overflow(e, n, too_long);
}

/* Of a Long and an Integer comes a Long. */
static struct value whole_of(int64_t i, const struct value *a, const struct value *b)
{
    return value_is_long(a) || value_is_long(b) ? value_long(i) : value_integer(i);
}

/* Whole quotient or rest. */
static bool op_whole(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out)
{
    struct decimal x = value_decimal(a), y = value_decimal(b), z;
    int64_t whole;
    bool integers = a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER;
    if (y.digits == 0) {
        return true;
    }
    bool good = n->op == NODE_DIV ? decimal_div(&x, &y, &z) : decimal_mod(&x, &y, &z);
    if (good && (integers || n->op == NODE_DIV)) {
        return decimal_to_i64(&z, &whole) ? eval_put(e, out, whole_of(whole, a, b))
                                          : overflow(e, n, too_long);
    }
    return put_decimal(e, n, good, &z, out);
}

/* An Integer of N1 has 32 bits, one of a route as many as a Long. */
static bool integer_result(const struct eval *e, enum node_op op, const struct value *a,
                           const struct value *b, int64_t *out)
{
    bool is_short = !e->is_route && !value_is_long(a) && !value_is_long(b);
    bool fits = op == NODE_MUL   ? !__builtin_mul_overflow(a->i, b->i, out)
                : op == NODE_ADD ? !__builtin_add_overflow(a->i, b->i, out)
                                 : !__builtin_sub_overflow(a->i, b->i, out);
    return fits && (!is_short || (*out >= INT32_MIN && *out <= INT32_MAX));
}

static bool op_numbers(struct eval *e, const struct node *n, const struct value *a,
                       const struct value *b, struct values *out)
{
    struct decimal x = value_decimal(a), y = value_decimal(b), z = {0};
    enum node_op op = n->op;
    int64_t whole;
    if (op == NODE_DIV || op == NODE_MOD) {
        return op_whole(e, n, a, b, out);
    }
    if (op == NODE_DIVIDE) {
        return y.digits == 0 || put_decimal(e, n, decimal_divide(&x, &y, &z), &z, out);
    }
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER) {
        return integer_result(e, op, a, b, &whole) ? eval_put(e, out, whole_of(whole, a, b))
                                                   : overflow(e, n, too_long);
    }
    bool good = op == NODE_MUL   ? decimal_mul(&x, &y, &z)
                : op == NODE_ADD ? decimal_add(&x, &y, &z)
                                 : decimal_sub(&x, &y, &z);
    return put_decimal(e, n, good, &z, out);
}

/* A date or time and a length of time. */
static bool op_moment(struct eval *e, const struct node *n, const struct value *a,
                      const struct value *b, struct values *out)
{
    struct moment m;
    struct decimal by = value_decimal(b);
    enum moment_unit unit = moment_unit_of(str_of(b->type), true);
    bool calendar = unit <= UNIT_MONTH && moment_unit_of(str_of(b->type), false) == UNIT_NONE;
    if (unit == UNIT_NONE || calendar) {
        return eval_fail(e, n, "%s wants a length of time, as in 3 days, this is a %s",
                         node_op_text(n->op), b->type);
    }
    if (!eval_moment(e, a, &m)) {
        return eval_fail(e, n, "the value is no date, and %s wants one", node_op_text(n->op));
    }
    by = n->op == NODE_SUB ? decimal_neg(&by) : by;
    if (!moment_add(&m, &by, unit)) {
        static const char left[] = "the date would leave the years 1 to 9999, or a time its day";
        return m.kind == VALUE_TIME ? eval_fail(e, n, "%s", left) : overflow(e, n, left);
    }
    return eval_put(e, out, (struct value){.kind = (uint8_t)m.kind, .text = moment_text(e->a, &m)});
}

static bool is_date_like(const struct value *v)
{
    return value_is_moment(v) ||
           (v->kind == VALUE_HL7 && (v->of == TYPE_DATE || v->of == TYPE_TIME));
}

static bool is_text_like(const struct value *v)
{
    return v->kind == VALUE_STRING || (v->kind == VALUE_HL7 && v->of != TYPE_NUMBER);
}

static bool is_quantity_like(const struct value *v)
{
    return v->kind == VALUE_QUANTITY ||
           (v->kind == VALUE_NODE && fhir_type_is(v->model, FHIR_TYPE_QUANTITY));
}

/* Can it be taken for a number? Text out of the formula cannot. */
static bool may_count(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_HL7 || (v->kind == VALUE_STRING && v->is_cell);
}

bool eval_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out)
{
    struct value x, y;
    bool texts = n->op == NODE_ADD && is_text_like(a) && is_text_like(b);
    if (texts) {
        return eval_joined(e, n, a, b, out);
    }
    bool sum = n->op == NODE_ADD || n->op == NODE_SUB;
    if (sum && is_date_like(a) && is_quantity_like(b) && tree_quantity(e, b, &y)) {
        return op_moment(e, n, a, &y, out);
    }
    if (is_quantity_like(a) || is_quantity_like(b)) {
        return eval_quantity_arithmetic(e, n, a, b, out);
    }
    if (!may_count(a) || !may_count(b)) {
        return eval_fail(e, n, "%s wants two numbers, there is a %s and a %s", node_op_text(n->op),
                         value_kind_text(a->kind), value_kind_text(b->kind));
    }
    bool first = eval_number(e, a, &x);
    if (!first || !eval_number(e, b, &y)) {
        eval_fail(e, n, "the value is no number, and %s wants one", node_op_text(n->op));
        return eval_fail_about(e, n, first ? b : a);
    }
    return op_numbers(e, n, &x, &y, out);
}

bool eval_op_arithmetic(struct eval *e, const struct node *n, const struct scope *s,
                        struct values *out)
{
    struct value a, b;
    enum value_answer got = eval_two(e, n, s, &a, &b);
    return got == ANSWER_TRUE ? eval_arithmetic(e, n, &a, &b, out) : got == ANSWER_EMPTY;
}

bool eval_op_sign(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    struct value v;
    enum value_answer got = eval_one(e, n->arg[0], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (v.kind != VALUE_QUANTITY &&
        ((v.kind == VALUE_STRING && !v.is_cell) || !eval_number(e, &v, &v))) {
        return eval_fail(e, n, "%s wants a number", node_op_text(n->op));
    }
    if (n->op == NODE_MINUS && v.kind == VALUE_INTEGER) {
        return v.i == INT64_MIN ? eval_fail(e, n, "%s", too_long)
                                : eval_put(e, out, whole_of(-v.i, &v, &v));
    }
    if (n->op == NODE_MINUS) {
        struct decimal d = value_decimal(&v);
        struct value negative = value_of_decimal(decimal_neg(&d));
        negative.kind = v.kind;
        negative.type = v.type;
        return eval_put(e, out, negative);
    }
    return eval_put(e, out, v);
}
