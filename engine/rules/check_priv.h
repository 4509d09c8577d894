/* check_priv.h - what check.c, check_call.c and check_guard.c share. */
#ifndef CORRIDOR_RULES_CHECK_PRIV_H
#define CORRIDOR_RULES_CHECK_PRIV_H

#include "engine/rules/check.h"

/* What $this is inside where(...) and the like. */
struct inner {
    const struct shape *shape;
    const struct inner *outer;
};

struct check {
    struct arena *a;
    struct diags *d;
    const struct formula *f;
    const struct names *names;
    const struct inner *inner;
    bool failed;
};

struct diag *check_fail(struct check *c, const struct node *n, const char *code, const char *what);
struct node *check_node(struct check *c, struct node *n, struct shape *out);
struct node *check_call(struct check *c, struct node *n, struct shape *out);
struct node *check_operator(struct check *c, struct node *n, struct shape *out);
/* In a route: one value is wanted, one text, true or false. */
void check_one(struct check *c, const struct node *n, const struct shape *s);
void check_text(struct check *c, const struct node *n, const struct shape *s);
void check_boolean(struct check *c, const struct node *n, const struct shape *s);
/* Refuse !=, <, .not() on what may be absent where nothing asks whether it is there. */
void check_guards(struct check *c, const struct node *n);
enum shape_kind check_literal_kind(const struct value *v);
/* Evaluate what holds literals only. */
struct node *check_fold(struct check *c, struct node *n);

#endif
