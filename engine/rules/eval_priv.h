/* eval_priv.h - what the files of the interpreter share. */
#ifndef CORRIDOR_RULES_EVAL_PRIV_H
#define CORRIDOR_RULES_EVAL_PRIV_H

#include "engine/rules/eval.h"

/* + - * / where one side is a quantity. */
bool eval_quantity_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                              const struct value *b, struct values *out);

#endif
