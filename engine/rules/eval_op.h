/* eval_op.h - what the files of the operators share; eval_operator() calls them. Thread: the run's own. */
#ifndef CORRIDOR_RULES_EVAL_OP_H
#define CORRIDOR_RULES_EVAL_OP_H

#include "engine/rules/eval_priv.h"

static inline bool eval_put(struct eval *e, struct values *out, struct value v)
{
    *values_add(out, e->a) = v;
    return true;
}

/* Both operands as single values. EMPTY when one is missing. */
enum value_answer eval_two(struct eval *e, const struct node *n, const struct scope *s,
                           struct value *a, struct value *b);

/* eval_concat.c: `a & b & ...`, and two values as one text. */
EVAL_APART bool eval_op_concat(struct eval *e, const struct node *n, const struct scope *s,
                               struct values *out);
bool eval_joined(struct eval *e, const struct node *n, const struct value *a, const struct value *b,
                 struct values *out);

/* eval_arithmetic.c: two operands; + and - before one. */
EVAL_APART bool eval_op_arithmetic(struct eval *e, const struct node *n, const struct scope *s,
                                   struct values *out);
EVAL_APART bool eval_op_sign(struct eval *e, const struct node *n, const struct scope *s,
                             struct values *out);

#endif
