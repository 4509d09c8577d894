/* Decisions: where nothing but the truth of a formula is wanted, and, or, exists() ... need no value and no list.
 * Source: FHIRPath N1 sections 4.5 (singletons), 6.5 (boolean logic). */
#include "engine/rules/eval_priv.h"
#include "engine/rules/func.h"

static enum verdict verdict(struct eval *e, const struct node *n, const struct scope *s);

static bool is_comparison(const struct node *n)
{
    return n->op == NODE_EQ || n->op == NODE_NE || (n->op >= NODE_LT && n->op <= NODE_GE);
}

enum decision eval_decision_of(const struct node *n)
{
    if (n->op != NODE_CALL) {
        return n->op >= NODE_AND && n->op <= NODE_IMPLIES ? DECISION_LOGIC
               : is_comparison(n)                         ? DECISION_COMPARE
               : n->op == NODE_PATH_EXISTS                ? DECISION_PATH
               : n->op == NODE_PATH_EQ                    ? DECISION_PATH_EQ
               : n->op == NODE_PATH_ONE_OF                ? DECISION_ONE_OF
                                                          : DECISION_NONE;
    }
    if (!n->has_input || n->nargs > 1) {
        return DECISION_NONE;
    }
    return n->func->run == func_exists                            ? DECISION_EXISTS
           : n->func->run == func_empty                           ? DECISION_EMPTY
           : n->func->run == func_not && n->arg[0]->decision != 0 ? DECISION_NOT
                                                                  : DECISION_NONE;
}

static enum verdict yes_or_no(bool is_true)
{
    return is_true ? VERDICT_YES : VERDICT_NO;
}

static enum verdict not_of(enum verdict v)
{
    static const enum verdict opposite[] = {VERDICT_YES, VERDICT_NO, VERDICT_OPEN, VERDICT_FAULT};
    return opposite[v];
}

/* What both operands come to, which are no faults. */
static enum verdict both(enum node_op op, enum verdict a, enum verdict b)
{
    switch (op) {
    case NODE_AND:
        return a == VERDICT_NO || b == VERDICT_NO     ? VERDICT_NO
               : a == VERDICT_YES && b == VERDICT_YES ? VERDICT_YES
                                                      : VERDICT_OPEN;
    case NODE_XOR:
        return a == VERDICT_OPEN || b == VERDICT_OPEN ? VERDICT_OPEN : yes_or_no(a != b);
    case NODE_IMPLIES:
        return both(NODE_OR, not_of(a), b);
    default: /* NODE_OR */
        return a == VERDICT_YES || b == VERDICT_YES ? VERDICT_YES
               : a == VERDICT_NO && b == VERDICT_NO ? VERDICT_NO
                                                    : VERDICT_OPEN;
    }
}

static EVAL_APART enum verdict logic(struct eval *e, const struct node *n, const struct scope *s)
{
    enum verdict a = verdict(e, n->arg[0], s);
    enum verdict decides = n->op == NODE_OR ? VERDICT_YES : VERDICT_NO; /* alone, whatever else */
    if (a == VERDICT_FAULT) {
        return a;
    }
    if (a == decides && n->op != NODE_XOR) {
        return n->op == NODE_AND ? VERDICT_NO : VERDICT_YES;
    }
    enum verdict b = verdict(e, n->arg[1], s);
    return b == VERDICT_FAULT ? b : both((enum node_op)n->op, a, b);
}

static EVAL_APART enum verdict gives_values(struct eval *e, const struct node *n,
                                            const struct scope *s)
{
    VALUES(in);
    return eval_node(e, n, s, &in) ? yes_or_no(in.n > 0) : VERDICT_FAULT;
}

/* Does `n` give something? */
static EVAL_APART enum verdict gives(struct eval *e, const struct node *n, const struct scope *s)
{
    if (n->op == NODE_LEVEL) {
        enum value_answer got = eval_has_part(e, n, s);
        return got == ANSWER_FALSE ? gives_values(e, n, s) : yes_or_no(got == ANSWER_TRUE);
    }
    return eval_held(e, n, s) ? VERDICT_YES : gives_values(e, n, s);
}

/* PATH = 'text' */
static EVAL_APART enum verdict is_text(struct eval *e, const struct node *n, const struct scope *s)
{
    struct value v;
    struct str text;
    enum value_answer got = eval_path_one(e, n, s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY ? VERDICT_OPEN : VERDICT_FAULT;
    }
    return eval_text(e, n, &v, &text) ? yes_or_no(str_eq(text, n->arg[0]->value.text))
                                      : VERDICT_FAULT;
}

/* PATH.oneOf('a', 'b') */
static EVAL_APART enum verdict is_one_of(struct eval *e, const struct node *n,
                                         const struct scope *s)
{
    bool found;
    return eval_path_one_of(e, n, s, &found) ? yes_or_no(found) : VERDICT_FAULT;
}

static EVAL_APART enum verdict path_finds(struct eval *e, const struct node *n,
                                          const struct scope *s)
{
    return yes_or_no(eval_has_path(e, n, s));
}

static EVAL_APART enum verdict is_empty(struct eval *e, const struct node *n, const struct scope *s)
{
    return not_of(gives(e, n->arg[0], s));
}

static EVAL_APART enum verdict opposite(struct eval *e, const struct node *n, const struct scope *s)
{
    return not_of(verdict(e, n->arg[0], s));
}

/* Hands on to what has a frame of its own. */
enum verdict eval_decide(struct eval *e, const struct node *n, const struct scope *s)
{
    switch ((enum decision)n->decision) {
    case DECISION_PATH:
        return path_finds(e, n, s);
    case DECISION_PATH_EQ:
        return is_text(e, n, s);
    case DECISION_ONE_OF:
        return is_one_of(e, n, s);
    case DECISION_COMPARE:
        return eval_comparison(e, n, s);
    case DECISION_EXISTS:
        return gives(e, n->arg[0], s);
    case DECISION_EMPTY:
        return is_empty(e, n, s);
    case DECISION_NOT:
        return opposite(e, n, s);
    default: /* and, or, xor, implies, of check or made by hand */
        return logic(e, n, s);
    }
}

bool eval_put_verdict(struct eval *e, enum verdict v, struct values *out)
{
    if (v == VERDICT_YES || v == VERDICT_NO) {
        *values_add(out, e->a) = value_boolean(v == VERDICT_YES);
    }
    return v != VERDICT_FAULT;
}

/* Of a formula that gives a value. */
static EVAL_APART enum verdict of_value(struct eval *e, const struct node *n, const struct scope *s)
{
    struct value v;
    enum value_answer got = eval_one(e, n, s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY ? VERDICT_OPEN : VERDICT_FAULT;
    }
    if (v.kind == VALUE_BOOLEAN) {
        return yes_or_no(v.i != 0);
    }
    if (e->is_route) {
        eval_fail(e, n, "true or false is wanted here, this is a %s", value_kind_text(v.kind));
        return VERDICT_FAULT;
    }
    return VERDICT_YES; /* N1 4.5: a single value where a truth value is wanted is true */
}

static enum verdict verdict(struct eval *e, const struct node *n, const struct scope *s)
{
    if (!n->decision) {
        return of_value(e, n, s);
    }
    if (!eval_may_enter(e)) {
        eval_no_entry(e, n);
        return VERDICT_FAULT;
    }
    e->steps--;
    e->depth++;
    enum verdict v = eval_decide(e, n, s);
    e->depth--;
    return v;
}

enum value_answer eval_truth(struct eval *e, const struct node *n, const struct scope *s,
                             bool *out_good)
{
    enum verdict v = verdict(e, n, s);
    *out_good = v != VERDICT_FAULT;
    return *out_good ? (enum value_answer)v : ANSWER_FALSE;
}
