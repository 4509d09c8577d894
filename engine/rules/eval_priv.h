/* eval_priv.h - what the files of the interpreter share. */
#ifndef CORRIDOR_RULES_EVAL_PRIV_H
#define CORRIDOR_RULES_EVAL_PRIV_H

#include "engine/rules/eval.h"

/* and, or, xor, implies. FALSE with a fault set is told by *out_good. */
enum value_answer eval_logic(struct eval *e, const struct node *n, const struct scope *s,
                             bool *out_good);
/* + - * / div mod of two values, as n->op says; of two texts + joins them. */
bool eval_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out);
/* + - * / where one side is a quantity. */
bool eval_quantity_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                              const struct value *b, struct values *out);

/* eval_tree.c: a member of FHIR or JSON data, the resource by its type. */
bool eval_tree_member(struct eval *e, const struct node *n, const struct scope *s,
                      struct values *out);
bool eval_tree_type(struct eval *e, const struct node *n, const struct scope *s,
                    struct values *out);
/* Order and equality (`similar`: ~) where one of two values is a node. */
enum value_answer eval_compare_nodes(struct eval *e, const struct node *n, const struct value *a,
                                     const struct value *b, int *out);
enum value_answer eval_nodes_equal(struct eval *e, const struct node *n, const struct value *a,
                                   const struct value *b, bool similar);
/* Two numbers, rounded to the digits of the less precise one. */
bool eval_numbers_same(const struct value *a, const struct value *b);

#endif
