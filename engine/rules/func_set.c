/* Functions over collections. */
#include "engine/rules/func.h"

static bool put(struct eval *e, struct values *out, struct value v)
{
    *values_add(out, e->a) = v;
    return true;
}

static bool copy(struct eval *e, const struct call *c, uint32_t from, uint32_t to,
                 struct values *out)
{
    for (uint32_t i = from; i < to && i < c->in->n; i++) {
        *values_add(out, e->a) = c->in->v[i];
    }
    return true;
}

static struct scope inner(const struct call *c, uint32_t i)
{
    return (struct scope){&c->in->v[i], i, c->in->n, c->s};
}

/* The condition for value `i`. False: fault. */
static bool holds(struct eval *e, const struct call *c, uint32_t i, bool *out_true)
{
    struct scope s = inner(c, i);
    bool good = true;
    *out_true = eval_truth(e, call_arg(c, 0), &s, &good) == ANSWER_TRUE;
    return good;
}

bool func_exists(struct eval *e, const struct call *c, struct values *out)
{
    bool found = call_nargs(c) == 0 && c->in->n;
    for (uint32_t i = 0; call_nargs(c) && i < c->in->n && !found; i++) {
        if (!holds(e, c, i, &found)) {
            return false;
        }
    }
    return put(e, out, value_boolean(found));
}

bool func_empty(struct eval *e, const struct call *c, struct values *out)
{
    return put(e, out, value_boolean(c->in->n == 0));
}

bool func_not(struct eval *e, const struct call *c, struct values *out)
{
    bool is_true = c->one->kind != VALUE_BOOLEAN || c->one->i;
    if (c->one->kind != VALUE_BOOLEAN && e->is_route) {
        return eval_fail(e, c->n, "not() wants true or false");
    }
    return put(e, out, value_boolean(!is_true));
}

bool func_count(struct eval *e, const struct call *c, struct values *out)
{
    return put(e, out, value_integer(c->in->n));
}

bool func_first(struct eval *e, const struct call *c, struct values *out)
{
    return copy(e, c, 0, 1, out);
}

bool func_last(struct eval *e, const struct call *c, struct values *out)
{
    return c->in->n == 0 || copy(e, c, c->in->n - 1, c->in->n, out);
}

bool func_single(struct eval *e, const struct call *c, struct values *out)
{
    if (c->in->n > 1) {
        return eval_fail(e, c->n, "single() wants one value, there are %u", c->in->n);
    }
    return copy(e, c, 0, 1, out);
}

bool func_tail(struct eval *e, const struct call *c, struct values *out)
{
    return copy(e, c, 1, c->in->n, out);
}

/* The number argument, clamped to the collection. */
static bool number_arg(struct eval *e, const struct call *c, uint32_t *out)
{
    int64_t n = 0;
    if (call_integer(e, c, 0, &n) == ANSWER_FALSE) {
        return false;
    }
    *out = n < 0 ? 0 : n > c->in->n ? c->in->n : (uint32_t)n;
    return true;
}

bool func_skip(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t n;
    return number_arg(e, c, &n) && copy(e, c, n, c->in->n, out);
}

bool func_take(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t n;
    return number_arg(e, c, &n) && copy(e, c, 0, n, out);
}

static bool is_among(struct eval *e, const struct node *n, const struct value *v,
                     const struct values *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (e->steps-- == 0) {
            e->steps = 0;
            return !eval_fail(e, n, "the formula took too many steps");
        }
        if (eval_equal(e, n, v, &l->v[i]) == ANSWER_TRUE) {
            return true;
        }
    }
    return false;
}

bool func_distinct(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(seen);
    for (uint32_t i = 0; i < c->in->n && !e->fault.text.n; i++) {
        if (!is_among(e, c->n, &c->in->v[i], &seen)) {
            *values_add(&seen, e->a) = c->in->v[i];
            *values_add(out, e->a) = c->in->v[i];
        }
    }
    return !e->fault.text.n;
}

bool func_where(struct eval *e, const struct call *c, struct values *out)
{
    for (uint32_t i = 0; i < c->in->n; i++) {
        bool is_true;
        if (!holds(e, c, i, &is_true)) {
            return false;
        }
        if (is_true) {
            *values_add(out, e->a) = c->in->v[i];
        }
    }
    return true;
}

bool func_select(struct eval *e, const struct call *c, struct values *out)
{
    for (uint32_t i = 0; i < c->in->n; i++) {
        struct scope s = inner(c, i);
        if (!eval_node(e, call_arg(c, 0), &s, out)) {
            return false;
        }
    }
    return true;
}

bool func_all(struct eval *e, const struct call *c, struct values *out)
{
    bool is_true = true;
    for (uint32_t i = 0; i < c->in->n && is_true; i++) {
        if (!holds(e, c, i, &is_true)) {
            return false;
        }
    }
    return put(e, out, value_boolean(is_true));
}

static bool extreme(struct eval *e, const struct call *c, int wanted, struct values *out)
{
    const struct value *best = c->in->n ? &c->in->v[0] : NULL;
    for (uint32_t i = 1; i < c->in->n; i++) {
        int order = 0;
        enum value_answer got = eval_compare(e, c->n, &c->in->v[i], best, &order);
        if (got == ANSWER_FALSE) {
            return false;
        }
        best = got == ANSWER_TRUE && order == wanted ? &c->in->v[i] : best;
    }
    return !best || put(e, out, *best);
}

bool func_min(struct eval *e, const struct call *c, struct values *out)
{
    return extreme(e, c, -1, out);
}

bool func_max(struct eval *e, const struct call *c, struct values *out)
{
    return extreme(e, c, 1, out);
}

bool func_coalesce(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t before = out->n;
    for (unsigned i = 0; i < call_nargs(c) && out->n == before; i++) {
        if (!eval_node(e, call_arg(c, i), c->s, out)) {
            return false;
        }
    }
    return true;
}

bool func_iif(struct eval *e, const struct call *c, struct values *out)
{
    struct scope s = {c->in->n ? &c->in->v[0] : NULL, 0, 1, c->s};
    const struct scope *use = c->n->has_input ? &s : c->s;
    bool good = true;
    if (c->n->has_input && c->in->n > 1) {
        return eval_fail(e, c->n, "iif() wants one value, there are %u", c->in->n);
    }
    bool is_true = eval_truth(e, call_arg(c, 0), use, &good) == ANSWER_TRUE;
    if (!good || (!is_true && call_nargs(c) < 3)) {
        return good;
    }
    return eval_node(e, call_arg(c, is_true ? 1 : 2), use, out);
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
    return put(e, out, value_boolean(found));
}

bool func_null(struct eval *e, const struct call *c, struct values *out)
{
    (void)c; /* takes nothing */
    return put(e, out, (struct value){.kind = VALUE_NULL});
}

bool func_key(struct eval *e, const struct call *c, struct values *out)
{
    return put(e, out, *c->one);
}
