/* Which of several: min(), max(), coalesce(), iif(), oneOf(). */
#include "engine/rules/eval_priv.h"
#include "engine/rules/func.h"

static bool extreme(struct eval *e, const struct call *c, int wanted, struct values *out)
{
    const struct value *best = c->in->n ? &c->in->v[0] : NULL;
    for (uint32_t i = 1; i < c->in->n; i++) {
        int order = 0;
        enum value_answer got = eval_compare(e, c->n, &c->in->v[i], best, &order);
        if (got == ANSWER_FALSE) {
            return false;
        }
        best = got == ANSWER_TRUE && (order > 0) - (order < 0) == wanted ? &c->in->v[i] : best;
    }
    return !best || call_put(e, out, *best);
}

bool func_min(struct eval *e, const struct call *c, struct values *out)
{
    return extreme(e, c, -1, out);
}

bool func_max(struct eval *e, const struct call *c, struct values *out)
{
    return extreme(e, c, 1, out);
}

EVAL_APART bool func_first_given(struct eval *e, const struct node *n, uint32_t first,
                                 const struct scope *s, struct values *out)
{
    uint32_t before = out->n;
    for (uint32_t i = first; i < n->nargs && out->n == before; i++) {
        if (!eval_node(e, n->arg[i], s, out)) {
            return false;
        }
    }
    return true;
}

/* What func_first_given() and func_choice() are: from argument `first` on. */
typedef bool choose_fn(struct eval *e, const struct node *n, uint32_t first, const struct scope *s,
                       struct values *out);

/* Behind a dot, $this is the one value before it. */
static bool choose_of_one(struct eval *e, const struct call *c, choose_fn *choose,
                          struct values *out)
{
    struct scope s = {.self = c->in->n ? &c->in->v[0] : NULL, .total = 1, .outer = c->s};
    if (!c->n->has_input) {
        return choose(e, c->n, 0, c->s, out);
    }
    if (c->in->n > 1) {
        return eval_fail(e, c->n, "%s() wants one value, there are %u", c->n->func->name, c->in->n);
    }
    return choose(e, c->n, 1, &s, out);
}

bool func_coalesce(struct eval *e, const struct call *c, struct values *out)
{
    return choose_of_one(e, c, func_first_given, out);
}

/* The condition of iif(), where a value that is no truth is a fault. */
static enum verdict condition(struct eval *e, const struct node *n, const struct node *cond,
                              const struct scope *s)
{
    struct value v;
    bool good;
    if (cond->decision) {
        enum value_answer truth = eval_truth(e, cond, s, &good);
        return good ? (enum verdict)truth : VERDICT_FAULT;
    }
    enum value_answer got = eval_one(e, cond, s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY ? VERDICT_OPEN : VERDICT_FAULT;
    }
    if (v.kind != VALUE_BOOLEAN) {
        eval_fail(e, n, "the condition of iif() is true or false, this is a %s",
                  value_type_text(&v));
        return VERDICT_FAULT;
    }
    return v.i ? VERDICT_YES : VERDICT_NO;
}

EVAL_APART bool func_choice(struct eval *e, const struct node *n, uint32_t first,
                            const struct scope *s, struct values *out)
{
    enum verdict is = condition(e, n, n->arg[first], s);
    if (is == VERDICT_FAULT) {
        return false;
    }
    uint32_t branch = first + (is == VERDICT_YES ? 1 : 2);
    return branch == n->nargs || eval_node(e, n->arg[branch], s, out);
}

bool func_iif(struct eval *e, const struct call *c, struct values *out)
{
    return choose_of_one(e, c, func_choice, out);
}

bool func_one_of(struct eval *e, const struct call *c, struct values *out)
{
    bool found = false;
    for (uint32_t i = 0; i < c->in->n && !found; i++) {
        struct str text, wanted;
        if (!eval_text(e, c->n, &c->in->v[i], &text)) {
            return false;
        }
        for (unsigned k = 0; k < call_nargs(c) && !found; k++) {
            enum value_answer got = call_text(e, c, k, &wanted);
            if (got == ANSWER_FALSE) {
                return false;
            }
            found = got == ANSWER_TRUE && str_eq(text, wanted);
        }
    }
    return call_put(e, out, value_boolean(found));
}
