/* eval.h - one interpreter for checked formulas. Pure; allocates in the run's arena only; every program
 * ends: steps and memory have budgets. A failure is a fault with its place in the file and in the
 * message, never a wrong value.
 * Source: FHIRPath N1 sections 4.5 (singletons), 5, 6; docs/language.md "Absent, empty, null", "One or many". */
#ifndef CORRIDOR_RULES_EVAL_H
#define CORRIDOR_RULES_EVAL_H

#include "engine/rules/formula.h"

struct rules_source;

enum {
    EVAL_STEPS_MAX = 1000000,  /* nodes evaluated in one run */
    EVAL_BYTES_MAX = 64 << 20, /* bytes one run may allocate */
};

/* Who decides what a fault does: the route's on-error, or the table's on-miss. */
enum fault_kind { FAULT_ROUTE, FAULT_HOLD, FAULT_REJECT };

struct fault {
    enum fault_kind kind;
    struct diag_pos pos;
    struct str path; /* "PID-8", may be empty */
    struct str text; /* no message content */
};

struct eval {
    struct arena *a;
    const struct hl7 *m; /* NULL: paths find nothing */
    const struct rules_source *source;
    struct values *lets;
    uint32_t steps;   /* left */
    size_t bytes_max; /* a->total may grow to this */
    bool is_route;
    struct fault fault;
};

/* What $this, $index and $total are, innermost first. */
struct scope {
    const struct value *self;
    int64_t index, total;
    const struct scope *outer;
};

void eval_init(struct eval *e, struct arena *a, const struct hl7 *m, bool is_route);
/* Append what `n` gives to `out`. False: e->fault says why. */
bool eval_node(struct eval *e, const struct node *n, const struct scope *s, struct values *out);
/* The same where nothing but a path keeps the stored "" (a copy). */
bool eval_bare(struct eval *e, const struct node *n, const struct scope *s, struct values *out);
/* At most one value; ANSWER_EMPTY when there is none, ANSWER_FALSE after a fault. */
enum value_answer eval_one(struct eval *e, const struct node *n, const struct scope *s,
                           struct value *out);
/* A truth value as N1 takes it (in routes only booleans). FALSE with a fault set is told by *out_good. */
enum value_answer eval_truth(struct eval *e, const struct node *n, const struct scope *s,
                             bool *out_good);

/* Set the fault; always false, so that `return eval_fail(...)` reads well. */
bool eval_fail(struct eval *e, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The one text of a value: HL7 decoded, a simple composite by its first component. False: fault. */
bool eval_text(struct eval *e, const struct node *n, const struct value *v, struct str *out);
/* A number, from an integer, a decimal or HL7 text. FALSE: it is none (no fault set). */
bool eval_number(struct eval *e, const struct value *v, struct value *out);
/* N1 equality and order of two single values. */
enum value_answer eval_equal(struct eval *e, const struct node *n, const struct value *a,
                             const struct value *b);
enum value_answer eval_compare(struct eval *e, const struct node *n, const struct value *a,
                               const struct value *b, int *out);
/* ~ : the same regardless of case and blanks. */
bool eval_same(struct eval *e, const struct value *a, const struct value *b);
/* Operators, in eval_op.c; called by eval_node() only. */
bool eval_operator(struct eval *e, const struct node *n, const struct scope *s, struct values *out);
/* Component, repetition or subcomponent `n->level` of `v`, appended when it holds something. */
void eval_level(struct eval *e, const struct node *n, const struct value *v, struct values *out);

#endif
