/* check.h - from a parsed tree to one that the interpreter may run: names become what they stand for,
 * tables and columns are found, what can only go wrong is refused here, constants are folded and
 * frequent shapes fused. In `corridor eval` only names are resolved: N1 to the letter.
 * Source: docs/language.md "One or many", "Decisions", "Types". */
#ifndef CORRIDOR_RULES_CHECK_H
#define CORRIDOR_RULES_CHECK_H

#include "engine/hl7/structure.h"
#include "engine/rules/func.h"
#include "engine/rules/table.h"
#include "engine/rules/type.h"

enum {
    CHECK_LETS_MAX = 64,
    CHECK_STRUCTURES_MAX = 64, /* further ones are not asked whether a segment repeats */
};

enum check_want {
    CHECK_ANY,      /* any number of values */
    CHECK_ONE,      /* one value, or none */
    CHECK_DECISION, /* true or false */
};

struct shape {
    enum shape_kind kind;
    bool many;          /* a field repeats by itself */
    enum type_class of; /* SHAPE_HL7 */
    const char *type;   /* SHAPE_HL7: "CX" or NULL */
};

/* What formulas of one place may name. */
struct names {
    struct table *const *tables;
    unsigned ntables;
    struct str let[CHECK_LETS_MAX];
    struct shape let_shape[CHECK_LETS_MAX];
    unsigned nlets;
    enum hl7_version version; /* paths are typed by it first */
    const struct structure
        *structure[CHECK_STRUCTURES_MAX]; /* of the messages that the route reads */
    unsigned nstructures;
    const struct shape *each; /* $this outside of every function: `if` of a delete; or NULL */
};

/* What the place of the formula allows and wants. */
struct frame {
    struct arena *a; /* where the tree lives */
    const struct names *names;
    enum check_want want;
    struct shape *out_shape; /* what the formula gives; or NULL */
};

/* The tree to run, or NULL after errors in `d`. */
struct node *formula_check(const struct formula *f, struct node *n, const struct frame *frame,
                           struct diags *d);
/* Is the path known to some version of HL7? Else an error at `pos`. */
bool check_path(struct diags *d, struct arena *a, struct diag_pos pos, const struct path *p);
/* May segment `seg` follow itself where the route's messages have it? Groups around it do not count. */
bool check_segment_repeats(const struct names *names, const char *seg);
/* How many letters may differ so that a suggestion still makes sense. */
unsigned check_near_limit(struct str word);
/* The nearest of `n` words, or an empty text. */
struct str check_nearest(struct str word, const struct str *words, unsigned n);

#endif
