/* Functions over collections. */
#include "engine/rules/eval_priv.h"
#include "engine/rules/func.h"

#include <stdlib.h>

enum { FEW = 16 }; /* values that are compared each with each */

/* Nobody looks at the others. */
COLD static void pass_over(struct eval *e, const struct call *c, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < c->in->n; i++) {
        if (i < from || i >= to) {
            lineage_unread(e->lineage, &c->in->v[i]);
        }
    }
}

static bool copy(struct eval *e, const struct call *c, uint32_t from, uint32_t to,
                 struct values *out)
{
    for (uint32_t i = from; i < to && i < c->in->n; i++) {
        *values_add(out, e->a) = c->in->v[i];
    }
    if (e->lineage) {
        pass_over(e, c, from, to);
    }
    return true;
}

static struct scope inner(const struct call *c, uint32_t i)
{
    return (struct scope){.self = &c->in->v[i], .index = i, .total = c->in->n, .outer = c->s};
}

bool call_holds(struct eval *e, const struct call *c, uint32_t index, bool *out_true)
{
    struct scope s = inner(c, index);
    bool good = true;
    *out_true = eval_truth(e, call_arg(c, 0), &s, &good) == ANSWER_TRUE;
    return good;
}

/* ---- existence ---- */

bool func_exists(struct eval *e, const struct call *c, struct values *out)
{
    bool found = call_nargs(c) == 0 && c->in->n;
    for (uint32_t i = 0; call_nargs(c) && i < c->in->n && !found; i++) {
        if (!call_holds(e, c, i, &found)) {
            return false;
        }
    }
    return call_put(e, out, value_boolean(found));
}

bool func_empty(struct eval *e, const struct call *c, struct values *out)
{
    return call_put(e, out, value_boolean(c->in->n == 0));
}

bool func_not(struct eval *e, const struct call *c, struct values *out)
{
    bool is_true = c->one->kind != VALUE_BOOLEAN || c->one->i;
    if (c->one->kind != VALUE_BOOLEAN && e->is_route) {
        return eval_fail(e, c->n, "not() wants true or false");
    }
    return call_put(e, out, value_boolean(!is_true));
}

bool func_count(struct eval *e, const struct call *c, struct values *out)
{
    return call_put(e, out, value_integer(c->in->n));
}

bool func_all(struct eval *e, const struct call *c, struct values *out)
{
    bool is_true = true;
    for (uint32_t i = 0; i < c->in->n && is_true; i++) {
        if (!call_holds(e, c, i, &is_true)) {
            return false;
        }
    }
    return call_put(e, out, value_boolean(is_true));
}

/* Is there a value that is `wanted`? Values that are no truth are a fault. */
static bool any_is(struct eval *e, const struct call *c, bool wanted, bool *out_found)
{
    *out_found = false;
    for (uint32_t i = 0; i < c->in->n && !*out_found; i++) {
        if (c->in->v[i].kind != VALUE_BOOLEAN) {
            return eval_fail(e, c->n, "%s() wants values that are true or false", c->n->func->name);
        }
        *out_found = (c->in->v[i].i != 0) == wanted;
    }
    return true;
}

bool func_all_true(struct eval *e, const struct call *c, struct values *out)
{
    bool found;
    return any_is(e, c, false, &found) && call_put(e, out, value_boolean(!found));
}

bool func_any_true(struct eval *e, const struct call *c, struct values *out)
{
    bool found;
    return any_is(e, c, true, &found) && call_put(e, out, value_boolean(found));
}

bool func_all_false(struct eval *e, const struct call *c, struct values *out)
{
    bool found;
    return any_is(e, c, true, &found) && call_put(e, out, value_boolean(!found));
}

bool func_any_false(struct eval *e, const struct call *c, struct values *out)
{
    bool found;
    return any_is(e, c, false, &found) && call_put(e, out, value_boolean(found));
}

/* Is every value of `a` among those of `b`? A fault is told by e->fault. */
static bool is_subset(struct eval *e, const struct node *n, const struct values *a,
                      const struct values *b)
{
    for (uint32_t i = 0; i < a->n; i++) {
        if (!eval_among(e, n, &a->v[i], b)) {
            return false;
        }
    }
    return true;
}

bool func_subset_of(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(other);
    bool is = call_values(e, c, 0, &other) && is_subset(e, c->n, c->in, &other);
    return !e->fault.text.n && call_put(e, out, value_boolean(is));
}

bool func_superset_of(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(other);
    bool is = call_values(e, c, 0, &other) && is_subset(e, c->n, &other, c->in);
    return !e->fault.text.n && call_put(e, out, value_boolean(is));
}

/* ---- parts ---- */

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

/* The number argument, clamped to the collection. EMPTY: there is none, and so no result. */
static enum value_answer number_arg(struct eval *e, const struct call *c, uint32_t *out)
{
    int64_t n = 0;
    enum value_answer got = call_integer(e, c, 0, &n);
    *out = n < 0 ? 0 : n > c->in->n ? c->in->n : (uint32_t)n;
    return got;
}

bool func_skip(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t n;
    enum value_answer got = number_arg(e, c, &n);
    return got == ANSWER_TRUE ? copy(e, c, n, c->in->n, out) : got == ANSWER_EMPTY;
}

bool func_take(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t n;
    enum value_answer got = number_arg(e, c, &n);
    return got == ANSWER_TRUE ? copy(e, c, 0, n, out) : got == ANSWER_EMPTY;
}

/* ---- sets ---- */

/* Append the values of `l` that are not in `seen` yet. */
static bool add_distinct(struct eval *e, const struct node *n, const struct values *l,
                         struct values *seen, struct values *out)
{
    for (uint32_t i = 0; i < l->n && !e->fault.text.n; i++) {
        if (!eval_among(e, n, &l->v[i], seen)) {
            *values_add(seen, e->a) = l->v[i];
            *values_add(out, e->a) = l->v[i];
        }
    }
    return !e->fault.text.n;
}

bool func_distinct(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t first = out->n;
    return copy(e, c, 0, c->in->n, out) && eval_once(e, c->n, first, first, out);
}

static bool are_texts(const struct values *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].kind != VALUE_STRING || l->v[i].is_cell) {
            return false;
        }
    }
    return true;
}

static int by_text(const void *left, const void *right)
{
    return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* Texts alone, sorted: O(n log n), where comparing each with each takes too long. */
static bool are_distinct_texts(struct eval *e, const struct values *l)
{
    struct str *all = ARENA_ARRAY(e->a, struct str, l->n);
    for (uint32_t i = 0; i < l->n; i++) {
        all[i] = l->v[i].text;
    }
    qsort(all, l->n, sizeof *all, by_text);
    for (uint32_t i = 1; i < l->n; i++) {
        if (str_eq(all[i], all[i - 1])) {
            return false;
        }
    }
    return true;
}

bool func_is_distinct(struct eval *e, const struct call *c, struct values *out)
{
    if (c->in->n > FEW && are_texts(c->in)) {
        return call_put(e, out, value_boolean(are_distinct_texts(e, c->in)));
    }
    VALUES(all);
    return copy(e, c, 0, c->in->n, &all) && eval_once(e, c->n, 0, 0, &all) &&
           call_put(e, out, value_boolean(all.n == c->in->n));
}

bool func_union(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t first = out->n;
    return copy(e, c, 0, c->in->n, out) && call_values(e, c, 0, out) &&
           eval_once(e, c->n, first, first, out);
}

/* Whether the order matters or not, it is kept. */
bool func_combine(struct eval *e, const struct call *c, struct values *out)
{
    struct value in_order;
    if (call_nargs(c) > 1 && eval_one(e, call_arg(c, 1), c->s, &in_order) == ANSWER_FALSE) {
        return false;
    }
    return copy(e, c, 0, c->in->n, out) && call_values(e, c, 0, out);
}

/* Those that are (or are not) among the other values. */
static bool choose(struct eval *e, const struct call *c, bool among, struct values *out)
{
    VALUES(other);
    if (!call_values(e, c, 0, &other)) {
        return false;
    }
    for (uint32_t i = 0; i < c->in->n && !e->fault.text.n; i++) {
        if (eval_among(e, c->n, &c->in->v[i], &other) == among) {
            *values_add(out, e->a) = c->in->v[i];
        }
    }
    return !e->fault.text.n;
}

bool func_intersect(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(both);
    VALUES(seen);
    return choose(e, c, true, &both) && add_distinct(e, c->n, &both, &seen, out);
}

bool func_exclude(struct eval *e, const struct call *c, struct values *out)
{
    return choose(e, c, false, out);
}

/* ---- for each ---- */

/* Is there what was asked for, where `before` were in `out` already? */
static bool is_enough(const struct call *c, const struct values *out, uint32_t before)
{
    return c->n->for_first && out->n > before;
}

/* From value `i` on there was no need to look. */
static bool leave(struct eval *e, const struct call *c, uint32_t i)
{
    for (; e->lineage && i < c->in->n; i++) {
        lineage_unread(e->lineage, &c->in->v[i]);
    }
    return true;
}

bool func_where(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t before = out->n, i = 0;
    for (; i < c->in->n && !is_enough(c, out, before); i++) {
        bool is_true;
        if (!call_holds(e, c, i, &is_true)) {
            return false;
        }
        if (is_true) {
            *values_add(out, e->a) = c->in->v[i];
        }
    }
    return leave(e, c, i);
}

bool func_select(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t before = out->n, i = 0;
    for (; i < c->in->n && !is_enough(c, out, before); i++) {
        struct scope s = inner(c, i);
        if (!eval_node(e, call_arg(c, 0), &s, out)) {
            return false;
        }
    }
    return leave(e, c, i);
}

bool func_repeat(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(seen);
    VALUES(found);
    if (!func_select(e, c, &found) || !add_distinct(e, c->n, &found, &seen, out)) {
        return false;
    }
    for (uint32_t i = 0; i < seen.n; i++) {
        struct value self = seen.v[i];
        struct scope s = {.self = &self, .index = i, .total = seen.n, .outer = c->s};
        found.n = 0;
        if (!eval_node(e, call_arg(c, 0), &s, &found) ||
            !add_distinct(e, c->n, &found, &seen, out)) {
            return false;
        }
    }
    return true;
}

/* What is found is added once more for each time it is found: the budget ends what goes in a circle. */
bool func_repeat_all(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(found);
    if (!func_select(e, c, &found)) {
        return false;
    }
    for (uint32_t i = 0; i < found.n; i++) {
        struct value self = found.v[i];
        struct scope s = {.self = &self, .index = i, .total = found.n, .outer = c->s};
        if (!eval_step(e, c->n) || !eval_node(e, call_arg(c, 0), &s, &found)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < found.n; i++) {
        *values_add(out, e->a) = found.v[i];
    }
    return true;
}

bool func_aggregate(struct eval *e, const struct call *c, struct values *out)
{
    struct values total = {0};
    if (call_nargs(c) > 1 && !call_values(e, c, 1, &total)) {
        return false;
    }
    for (uint32_t i = 0; i < c->in->n; i++) {
        struct scope s = inner(c, i);
        struct values next = {0};
        s.sum = &total;
        if (!eval_node(e, call_arg(c, 0), &s, &next)) {
            return false;
        }
        total = next;
    }
    for (uint32_t i = 0; i < total.n; i++) {
        *values_add(out, e->a) = total.v[i];
    }
    return true;
}

/* ---- types ---- */

bool func_of_type(struct eval *e, const struct call *c, struct values *out)
{
    for (uint32_t i = 0; i < c->in->n; i++) {
        if (eval_is_type(&c->in->v[i], call_arg(c, 0), true)) {
            *values_add(out, e->a) = c->in->v[i];
        }
    }
    return true;
}

bool func_is(struct eval *e, const struct call *c, struct values *out)
{
    return call_put(e, out, value_boolean(eval_is_type(c->one, call_arg(c, 0), false)));
}

bool func_as(struct eval *e, const struct call *c, struct values *out)
{
    return !eval_is_type(c->one, call_arg(c, 0), true) || call_put(e, out, *c->one);
}

/* ---- the rest ---- */

bool func_trace(struct eval *e, const struct call *c, struct values *out)
{
    return copy(e, c, 0, c->in->n,
                out); /* message content is never logged: it only passes through */
}

bool func_null(struct eval *e, const struct call *c, struct values *out)
{
    (void)c; /* takes nothing */
    return call_put(e, out, (struct value){.kind = VALUE_NULL});
}

bool func_key(struct eval *e, const struct call *c, struct values *out)
{
    return call_put(e, out, *c->one);
}
