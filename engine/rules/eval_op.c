/* Operators of FHIRPath N1 section 6. */
#include "engine/rules/eval_op.h"

#include "engine/rules/tree.h"
#include "engine/rules/type.h"

enum value_answer eval_two(struct eval *e, const struct node *n, const struct scope *s,
                           struct value *a, struct value *b)
{
    enum value_answer x = eval_one(e, n->arg[0], s, a);
    if (x == ANSWER_FALSE) {
        return x;
    }
    enum value_answer y = eval_one(e, n->arg[1], s, b);
    return y == ANSWER_FALSE                      ? y
           : x == ANSWER_TRUE && y == ANSWER_TRUE ? ANSWER_TRUE
                                                  : ANSWER_EMPTY;
}

/* ---- equality and order ---- */

static enum value_answer lists_equal(struct eval *e, const struct node *n, const struct values *a,
                                     const struct values *b)
{
    if (a->n == 0 || b->n == 0) {
        return ANSWER_EMPTY;
    }
    if (a->n != b->n) {
        return ANSWER_FALSE;
    }
    enum value_answer all = ANSWER_TRUE;
    for (uint32_t i = 0; i < a->n; i++) {
        enum value_answer got = eval_equal(e, n, &a->v[i], &b->v[i]);
        if (got == ANSWER_FALSE) { /* one pair that differs decides, whatever is open */
            return got;
        }
        all = got == ANSWER_EMPTY ? got : all;
    }
    return all;
}

static EVAL_APART enum value_answer lists_compared(struct eval *e, const struct node *n,
                                                   const struct scope *s)
{
    VALUES(a);
    VALUES(b);
    if (!eval_node(e, n->arg[0], s, &a) || !eval_node(e, n->arg[1], s, &b)) {
        return ANSWER_FALSE;
    }
    return lists_equal(e, n, &a, &b);
}

static EVAL_APART enum verdict equality(struct eval *e, const struct node *n, const struct scope *s)
{
    struct value a, b;
    enum value_answer got = e->is_route ? eval_two(e, n, s, &a, &b) : lists_compared(e, n, s);
    if (e->is_route && got == ANSWER_TRUE) {
        got = eval_equal(e, n, &a, &b);
    }
    if (e->fault.text.n) {
        return VERDICT_FAULT;
    }
    if (got == ANSWER_EMPTY) {
        return VERDICT_OPEN;
    }
    return (got == ANSWER_TRUE) == (n->op == NODE_EQ) ? VERDICT_YES : VERDICT_NO;
}

/* Each value of `a` has a partner of its own in `b`. */
static bool lists_same(struct eval *e, const struct node *n, const struct values *a,
                       const struct values *b)
{
    bool *used = ARENA_ARRAY(e->a, bool, b->n + 1);
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t k = 0;
        while (k < b->n && (used[k] || !eval_same(e, &a->v[i], &b->v[k]))) {
            k++;
            if (!eval_step(e, n)) {
                return false;
            }
        }
        if (k == b->n) {
            return false;
        }
        used[k] = true;
    }
    return true;
}

static EVAL_APART bool op_same(struct eval *e, const struct node *n, const struct scope *s,
                               struct values *out)
{
    VALUES(a);
    VALUES(b);
    if (!eval_node(e, n->arg[0], s, &a) || !eval_node(e, n->arg[1], s, &b)) {
        return false;
    }
    bool same = a.n == b.n && lists_same(e, n, &a, &b);
    return !e->fault.text.n && eval_put(e, out, value_boolean(same == (n->op == NODE_SAME)));
}

static EVAL_APART enum verdict order_of(struct eval *e, const struct node *n, const struct scope *s)
{
    struct value a, b;
    int order = 0;
    enum value_answer got = eval_two(e, n, s, &a, &b);
    got = got == ANSWER_TRUE ? eval_compare(e, n, &a, &b, &order) : got;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY && !e->fault.text.n ? VERDICT_OPEN : VERDICT_FAULT;
    }
    bool holds = n->op == NODE_LT   ? order < 0
                 : n->op == NODE_LE ? order <= 0
                 : n->op == NODE_GT ? order > 0
                                    : order >= 0;
    return holds ? VERDICT_YES : VERDICT_NO;
}

enum verdict eval_comparison(struct eval *e, const struct node *n, const struct scope *s)
{
    return n->op == NODE_EQ || n->op == NODE_NE ? equality(e, n, s) : order_of(e, n, s);
}

/* ---- lists ---- */

/* a in b, b contains a: `a` is one value. */
static EVAL_APART bool op_member(struct eval *e, const struct node *n, const struct scope *s,
                                 struct values *out)
{
    unsigned one = n->op == NODE_IN ? 0 : 1;
    VALUES(all);
    struct value v;
    enum value_answer got = eval_one(e, n->arg[one], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (!eval_node(e, n->arg[1 - one], s, &all)) {
        return false;
    }
    bool found = eval_among(e, n, &v, &all);
    return !e->fault.text.n && eval_put(e, out, value_boolean(found));
}

/* Each value of both, once. A | B | C is one list, to which each is added in turn: what A | B holds, from `first` on,
 * need not be compared again. */
static bool unite(struct eval *e, const struct node *n, const struct scope *s, uint32_t first,
                  struct values *out)
{
    const struct node *left = n->arg[0];
    bool is_more = left->op == NODE_UNION;
    bool good =
        is_more ? eval_step(e, left) && unite(e, left, s, first, out) : eval_node(e, left, s, out);
    uint32_t from = is_more ? out->n : first;
    return good && eval_node(e, n->arg[1], s, out) &&
           (out->n == from || eval_once(e, n, first, from, out));
}

static EVAL_APART bool op_union(struct eval *e, const struct node *n, const struct scope *s,
                                struct values *out)
{
    return unite(e, n, s, out->n, out);
}

/* ---- types ---- */

static EVAL_APART bool op_type(struct eval *e, const struct node *n, const struct scope *s,
                               struct values *out)
{
    struct value v;
    enum value_answer got = eval_one(e, n->arg[0], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    bool is = eval_is_type(&v, n, n->op == NODE_AS);
    if (n->op == NODE_IS) {
        return eval_put(e, out, value_boolean(is));
    }
    return !is || eval_put(e, out, v);
}

bool eval_operator(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    switch ((enum node_op)n->op) {
    case NODE_EQ:
    case NODE_NE:
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return eval_put_verdict(e, eval_comparison(e, n, s), out);
    case NODE_AND:
    case NODE_OR:
    case NODE_XOR:
    case NODE_IMPLIES:
        return eval_put_verdict(e, eval_decide(e, n, s), out);
    case NODE_SAME:
    case NODE_NOT_SAME:
        return op_same(e, n, s, out);
    case NODE_CONCAT:
        return eval_op_concat(e, n, s, out);
    case NODE_UNION:
        return op_union(e, n, s, out);
    case NODE_IN:
    case NODE_CONTAINS:
        return op_member(e, n, s, out);
    case NODE_MINUS:
    case NODE_PLUS:
        return eval_op_sign(e, n, s, out);
    case NODE_IS:
    case NODE_AS:
        return op_type(e, n, s, out);
    default: /* * / div mod + - */
        return eval_op_arithmetic(e, n, s, out);
    }
}
