/* check_priv.h - what the files of check share. */
#ifndef CORRIDOR_RULES_CHECK_PRIV_H
#define CORRIDOR_RULES_CHECK_PRIV_H

#include "engine/rules/check.h"

/* What defineVariable() made, innermost first. */
struct variable {
    struct str name;
    struct node *by; /* the call */
    struct shape shape;
    const struct variable *outer;
};

struct check {
    struct arena *a;
    struct diags *d;
    const struct formula *f;
    struct names *names;
    const struct inner *inner;
    const struct element *element;    /* what bare paths start from, here */
    const struct variable *variables; /* that are seen here */
    bool in_lambda;                   /* of a function, not of a loop */
    bool failed;
};

struct diag *check_fail(struct check *c, const struct node *n, const char *code, const char *what);
struct node *check_node(struct check *c, struct node *n, struct shape *out);
/* The same of what something stands behind: that sees its variables, too. */
struct node *check_input_node(struct check *c, struct node *n, struct shape *out);
/* check_call.c, check_operator.c */
struct node *check_call(struct check *c, struct node *n, struct shape *out);
struct node *check_operator(struct check *c, struct node *n, struct shape *out);
/* check_want.c: in a route one value is wanted, one text, true or false. */
void check_one(struct check *c, const struct node *n, const struct shape *s);
void check_text(struct check *c, const struct node *n, const struct shape *s);
void check_boolean(struct check *c, const struct node *n, const struct shape *s);
/* check_fold.c */
enum shape_kind check_literal_kind(const struct value *v);
/* Evaluate what holds literals only. */
struct node *check_fold(struct check *c, struct node *n);
/* PATH.exists(), PATH.oneOf('A', 'B') and PATH = 'A' as one node; `n` itself where it is something else. */
struct node *check_fuse_call(struct check *c, struct node *n);
struct node *check_fuse_eq(struct check *c, struct node *n);
/* check_path.c */
struct node *check_path_node(struct check *c, struct node *n, struct shape *out);
struct node *check_level(struct check *c, struct node *n, struct shape *out);
struct node *check_header_path(struct check *c, struct node *n, struct shape *out);
struct node *check_subpath(struct check *c, struct node *n, struct shape *out);
/* check_place.c: a bare word that names a group of the structures here; false: it is none. */
bool check_group_name(struct check *c, struct node *n, struct shape *out);
/* What name `n` means: of names of a kind the `level`-th. */
static inline struct node *check_resolve(struct node *n, enum node_op op, uint32_t level)
{
    n->op = (uint8_t)op;
    n->level = level;
    return n;
}
/* check_name.c, check_member.c, check_external.c */
struct node *check_name(struct check *c, struct node *n, struct shape *out);
struct node *check_member(struct check *c, struct node *n, struct shape *out);
struct node *check_external(struct check *c, struct node *n, struct shape *out);
/* $batch.BHS-3: of a header of the batch. */
struct node *check_batch(struct check *c, struct node *n, struct shape *out);
/* $cause.PID-3: of the message that asked. */
struct node *check_cause(struct check *c, struct node *n, struct shape *out);
/* Is %name one that is always there? */
bool check_is_external(struct check *c, struct str name);
/* check_variable.c: is %name one that defineVariable() made, and the call that makes it, its input checked. */
bool check_variable(struct check *c, struct node *n, struct shape *out);
struct node *check_define(struct check *c, struct node *n, const struct shape *in,
                          struct shape *out);
/* check_tree.c: names of FHIR and JSON data. */
static inline bool check_is_tree(const struct check *c)
{
    return c->names->data == DATA_JSON || c->names->data == DATA_FHIR;
}
struct shape check_tree_root(const struct check *c);
struct node *check_tree_member(struct check *c, struct node *n, struct shape *out);
/* What call `n` gives, as far as FHIR types tell. */
void check_tree_call(struct check *c, struct node *n, const struct shape *in, struct shape *out);
/* A place in a collection without order: refused where strict. */
void check_order_of(struct check *c, const struct node *n, const struct shape *in);
/* check_compare.c: = and the like of values of two kinds. */
void check_comparable(struct check *c, const struct node *n, const struct shape s[2]);
/* check_code.c: the codes that `e` may have; a warning where `text`, compared with `element`, is none of them. */
void check_code_set(const struct fhir_element *e, struct shape *s);
void check_code(struct check *c, const struct node *element, const struct shape *s,
                const struct node *text);
/* check_sum.c: arithmetic of texts and dates; a function of numbers or dates behind a text. */
void check_sum(struct check *c, const struct node *n, const struct shape s[2]);
void check_reader(struct check *c, const struct node *n, const struct shape *in);
/* Refuse !=, <, .not() on what may be absent where nothing asks whether it is there. */
void check_guards(struct check *c, const struct node *n);
/* check_same.c: do both trees read the same; is it a shape that stands for its path? */
bool check_is_same(const struct node *a, const struct node *b);
bool check_is_same_path(const struct node *a, const struct node *b);
bool check_is_fused(const struct node *n);
/* What some of the values of `n` are taken of as they are: PID-3 of PID-3.where(...); NULL: it makes others. */
const struct node *check_value_of(const struct node *n);
/* In a route: is it the name of a type that a value here can have? */
void check_type_name(struct check *c, struct node *n, struct str type);
/* check_func.c: what single functions ask of their arguments. */
void check_lookup(struct check *c, struct node *n, struct shape *out);
void check_special(struct check *c, struct node *n, const struct shape *in, struct shape *out);
void check_need(struct check *c, enum need_kind kind, unsigned name, struct str text,
                struct diag_pos pos);

#endif
