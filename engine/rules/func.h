/* func.h - the one table of functions: name, arguments, types, one sentence, code. Lookups, checks, the
 * interpreter, suggestions and the reference manual read it. To add a function, add a row.
 * Source: FHIRPath N1 section 5; docs/language.md "Functions" for those that N1 has not. */
#ifndef CORRIDOR_RULES_FUNC_H
#define CORRIDOR_RULES_FUNC_H

#include "engine/rules/eval.h"

enum func_input {
    FUNC_NO_INPUT, /* coalesce(...): nothing stands before it */
    FUNC_MAYBE,    /* iif, lookup: both ways */
    FUNC_SET,      /* takes the whole collection */
    FUNC_ONE,      /* takes one value; of none gives none */
    FUNC_EACH,     /* works on each value by itself */
    FUNC_PATH,     /* wants a path itself, not its values */
};

/* What a formula gives, as far as can be known before it runs. */
enum shape_kind {
    SHAPE_ANY,
    SHAPE_BOOLEAN,
    SHAPE_STRING,
    SHAPE_NUMBER,
    SHAPE_DATE,
    SHAPE_HL7,
    SHAPE_SEGMENT,
    SHAPE_NULL,
    SHAPE_INPUT /* functions only: what their input is */
};

enum {
    FUNC_LAMBDA = 1,     /* arguments are evaluated for each value, as $this */
    FUNC_TEXT = 2,       /* the input is read as one text each: composites are refused */
    FUNC_PURE = 4,       /* literals in, the same literal out: folded at check time */
    FUNC_CERTAIN = 8,    /* never empty */
    FUNC_GIVES_ONE = 16, /* one value at most, whatever the input */
};

/* One call under way. `in` is the input; `one` its current value for FUNC_ONE and FUNC_EACH. */
struct call {
    const struct node *n;
    const struct scope *s;
    const struct values *in;
    const struct value *one;
};

struct func {
    const char *name;
    uint8_t min, max; /* arguments besides the input */
    uint8_t input;    /* enum func_input */
    uint8_t gives;    /* enum shape_kind */
    uint8_t flags;
    bool (*run)(struct eval *e, const struct call *c, struct values *out);
    const char *arguments; /* as the manual shows them */
    const char *summary;
};

/* NULL when there is none. */
const struct func *func_find(struct str name);
/* Functions in the order of the manual; NULL behind the last. */
const struct func *func_at(unsigned index);
/* The nearest name, or NULL when none is near. */
const char *func_nearest(struct str name);
bool func_is_calendar_unit(struct str word);
bool func_run(struct eval *e, const struct node *n, const struct scope *s, struct values *out);

/* Argument `i` (from 0, the input not counted). */
static inline const struct node *call_arg(const struct call *c, unsigned i)
{
    return c->n->arg[i + (c->n->has_input ? 1u : 0u)];
}
static inline unsigned call_nargs(const struct call *c)
{
    return c->n->nargs - (c->n->has_input ? 1u : 0u);
}
/* Argument as one text or integer: EMPTY when it gives nothing, FALSE after a fault. */
enum value_answer call_text(struct eval *e, const struct call *c, unsigned i, struct str *out);
enum value_answer call_integer(struct eval *e, const struct call *c, unsigned i, int64_t *out);

/* Code of the rows, by file. */
#define FUNC_CODE(name) bool name(struct eval *e, const struct call *c, struct values *out)
FUNC_CODE(func_exists);
FUNC_CODE(func_empty);
FUNC_CODE(func_not);
FUNC_CODE(func_count);
FUNC_CODE(func_first);
FUNC_CODE(func_last);
FUNC_CODE(func_skip);
FUNC_CODE(func_take);
FUNC_CODE(func_single);
FUNC_CODE(func_tail);
FUNC_CODE(func_distinct);
FUNC_CODE(func_where);
FUNC_CODE(func_select);
FUNC_CODE(func_all);
FUNC_CODE(func_min);
FUNC_CODE(func_max);
FUNC_CODE(func_coalesce);
FUNC_CODE(func_iif);
FUNC_CODE(func_one_of);
FUNC_CODE(func_starts_with);
FUNC_CODE(func_ends_with);
FUNC_CODE(func_contains);
FUNC_CODE(func_index_of);
FUNC_CODE(func_substring);
FUNC_CODE(func_length);
FUNC_CODE(func_upper);
FUNC_CODE(func_lower);
FUNC_CODE(func_trim);
FUNC_CODE(func_replace);
FUNC_CODE(func_join);
FUNC_CODE(func_split);
FUNC_CODE(func_to_chars);
FUNC_CODE(func_to_string);
FUNC_CODE(func_to_integer);
FUNC_CODE(func_to_decimal);
FUNC_CODE(func_to_boolean);
FUNC_CODE(func_lookup);
FUNC_CODE(func_state);
FUNC_CODE(func_raw);
FUNC_CODE(func_is_valid);
FUNC_CODE(func_text);
FUNC_CODE(func_escaped);
FUNC_CODE(func_null);
FUNC_CODE(func_key);

#endif
