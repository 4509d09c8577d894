/* sum() and avg(). Source: FHIRPath 3.0.0 7.2, 7.5. Differs: in a route quantities whose units do not fit are a fault. */
#include "engine/rules/eval_priv.h"
#include "engine/rules/func.h"
#include "engine/rules/tree.h"

/* A number or a quantity: of texts there is no sum. */
static bool as_summand(struct eval *e, const struct call *c, const struct value *v,
                       struct value *out)
{
    bool text = v->kind == VALUE_STRING && !v->is_cell;
    *out = *v;
    bool good = v->kind == VALUE_QUANTITY || v->kind == VALUE_NODE
                    ? tree_quantity(e, v, out)
                    : !text && eval_number(e, v, out);
    return good || eval_fail(e, c->n, "%s() wants numbers or quantities, there is a %s",
                             c->n->func->name, value_type_text(v));
}

/* EMPTY: there are no values, or their units do not fit; FALSE: fault. */
static enum value_answer total(struct eval *e, const struct call *c, struct value *out)
{
    struct node plus = *c->n;
    plus.op = NODE_ADD;
    for (uint32_t i = 0; i < c->in->n; i++) {
        struct value next;
        VALUES(sum);
        if (!as_summand(e, c, &c->in->v[i], &next) || !eval_step(e, c->n)) {
            return ANSWER_FALSE;
        }
        if (i > 0 && (next.kind == VALUE_QUANTITY) != (out->kind == VALUE_QUANTITY)) {
            eval_fail(e, c->n, "%s() wants values of one kind", c->n->func->name);
            return ANSWER_FALSE;
        }
        if (i > 0 && !eval_arithmetic(e, &plus, out, &next, &sum)) {
            return ANSWER_FALSE;
        }
        if (i > 0 && sum.n == 0) {
            return ANSWER_EMPTY;
        }
        *out = i > 0 ? sum.v[0] : next;
        out->model = 0;
    }
    return c->in->n ? ANSWER_TRUE : ANSWER_EMPTY;
}

bool func_sum(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = {0};
    enum value_answer got = total(e, c, &v);
    return got == ANSWER_TRUE ? call_put(e, out, v) : got == ANSWER_EMPTY;
}

bool func_avg(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = {0};
    enum value_answer got = total(e, c, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    struct decimal sum = value_decimal(&v), n = decimal_of(c->in->n), mean;
    if (!decimal_divide(&sum, &n, &mean)) {
        return eval_fail(e, c->n, "the result has too many digits");
    }
    struct value by = value_of_decimal(mean);
    by.kind = v.kind == VALUE_QUANTITY ? VALUE_QUANTITY : VALUE_DECIMAL;
    by.type = v.kind == VALUE_QUANTITY ? v.type : NULL;
    return call_put(e, out, by);
}
