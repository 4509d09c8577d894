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
    SHAPE_GROUP,
    SHAPE_QUANTITY,
    SHAPE_NULL,
    SHAPE_NODE, /* of FHIR or JSON data */
    SHAPE_INPUT /* functions only: what their input is */
};

enum {
    FUNC_LAMBDA = 1,      /* arguments are evaluated for each value, as $this */
    FUNC_TEXT = 2,        /* the input is read as one text each: composites are refused */
    FUNC_PURE = 4,        /* literals in, the same literal out: folded at check time */
    FUNC_CERTAIN = 8,     /* never empty */
    FUNC_GIVES_ONE = 16,  /* one value at most, whatever the input */
    FUNC_MANY = 32,       /* several values out of one */
    FUNC_CONDITION = 64,  /* the first argument is a decision */
    FUNC_LISTS = 128,     /* arguments may be lists */
    FUNC_TYPE = 256,      /* the argument is the name of a type, not a formula */
    FUNC_ZONE = 512,      /* reads a date: a zone is the last argument, or the feed's */
    FUNC_SINGLE = 1024,   /* FUNC_EACH: several are an error in `eval` of FHIR and JSON */
    FUNC_STRING = 2048,   /* FUNC_ONE: in `eval` a number or truth value is an error */
    FUNC_FLEETING = 4096, /* of the same input something else with each message */
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
    uint16_t flags;
    bool (*run)(struct eval *e, const struct call *c, struct values *out);
    const char *arguments; /* as the manual shows them */
    const char *summary;
};

/* NULL when there is none. */
const struct func *func_find(struct str name);
/* Why there is none of this name, though FHIRPath or FHIR has it; NULL: they have none. */
const char *func_refused(struct str name);
/* Functions in the order of the manual; NULL behind the last. */
const struct func *func_at(unsigned index);
/* The nearest name, or NULL when none is near. */
const char *func_nearest(struct str name);
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
/* The truth of argument `i` with `v` as $this, at `index` of `total`. False: fault. */
bool call_holds(struct eval *e, const struct call *c, uint32_t index, bool *out_true);
/* All values of argument `i`. False: fault. */
static inline bool call_values(struct eval *e, const struct call *c, unsigned i, struct values *out)
{
    return eval_node(e, call_arg(c, i), c->s, out);
}
/* Append; always true. */
static inline bool call_put(struct eval *e, struct values *out, struct value v)
{
    *values_add(out, e->a) = v;
    return true;
}
/* Argument as one text or integer: EMPTY when it gives nothing, FALSE after a fault. */
enum value_answer call_text(struct eval *e, const struct call *c, unsigned i, struct str *out);
enum value_answer call_integer(struct eval *e, const struct call *c, unsigned i, int64_t *out);

/* Is the text a pattern of a date ("dd.MM.yyyy"), not the name of a zone? A pattern has a year. */
static inline bool func_is_pattern(struct str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i - 1] == 'y' && s.p[i] == 'y') {
            return true;
        }
    }
    return false;
}
/* A text of the input by the pattern that is the first argument. EMPTY: it has none, or is no text; FALSE: it reads
 * otherwise, or a fault. */
enum value_answer func_scan_date(struct eval *e, const struct call *c, struct moment *out);

/* Code of the rows, by file. */
#define FUNC_CODE(name) bool name(struct eval *e, const struct call *c, struct values *out)
/* func_choice.c */
FUNC_CODE(func_min);
FUNC_CODE(func_max);
FUNC_CODE(func_coalesce);
FUNC_CODE(func_iif);
FUNC_CODE(func_one_of);
/* func_set.c */
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
FUNC_CODE(func_is_distinct);
FUNC_CODE(func_where);
FUNC_CODE(func_select);
FUNC_CODE(func_repeat);
FUNC_CODE(func_repeat_all);
FUNC_CODE(func_all);
FUNC_CODE(func_all_true);
FUNC_CODE(func_any_true);
FUNC_CODE(func_all_false);
FUNC_CODE(func_any_false);
FUNC_CODE(func_subset_of);
FUNC_CODE(func_superset_of);
FUNC_CODE(func_intersect);
FUNC_CODE(func_exclude);
FUNC_CODE(func_union);
FUNC_CODE(func_combine);
FUNC_CODE(func_aggregate);
FUNC_CODE(func_of_type);
FUNC_CODE(func_is);
FUNC_CODE(func_as);
FUNC_CODE(func_trace);
FUNC_CODE(func_null);
FUNC_CODE(func_key);
/* coalesce() and iif(), whose arguments begin at n->arg[first]. */
bool func_first_given(struct eval *e, const struct node *n, uint32_t first, const struct scope *s,
                      struct values *out);
bool func_choice(struct eval *e, const struct node *n, uint32_t first, const struct scope *s,
                 struct values *out);
/* func_text.c */
FUNC_CODE(func_starts_with);
FUNC_CODE(func_ends_with);
FUNC_CODE(func_contains);
FUNC_CODE(func_index_of);
FUNC_CODE(func_last_index_of);
FUNC_CODE(func_substring);
FUNC_CODE(func_length);
FUNC_CODE(func_upper);
FUNC_CODE(func_lower);
FUNC_CODE(func_trim);
FUNC_CODE(func_replace);
FUNC_CODE(func_join);
FUNC_CODE(func_split);
FUNC_CODE(func_to_chars);
FUNC_CODE(func_matches);
FUNC_CODE(func_matches_full);
FUNC_CODE(func_replace_matches);
/* "(?i)" for the flags "i" and the like; p NULL where they are none. */
struct str func_regex_flags(struct str flags);
/* func_convert.c */
FUNC_CODE(func_to_string);
FUNC_CODE(func_to_integer);
FUNC_CODE(func_to_long);
FUNC_CODE(func_to_decimal);
FUNC_CODE(func_to_boolean);
FUNC_CODE(func_to_quantity);
FUNC_CODE(func_converts_to_string);
FUNC_CODE(func_converts_to_integer);
FUNC_CODE(func_converts_to_long);
FUNC_CODE(func_converts_to_decimal);
FUNC_CODE(func_converts_to_boolean);
FUNC_CODE(func_converts_to_quantity);
FUNC_CODE(func_converts_to_date);
FUNC_CODE(func_converts_to_date_time);
FUNC_CODE(func_converts_to_time);
/* func_math.c */
FUNC_CODE(func_abs);
FUNC_CODE(func_ceiling);
FUNC_CODE(func_exp);
FUNC_CODE(func_floor);
FUNC_CODE(func_ln);
FUNC_CODE(func_log);
FUNC_CODE(func_power);
FUNC_CODE(func_round);
FUNC_CODE(func_sqrt);
FUNC_CODE(func_truncate);
/* func_date.c */
FUNC_CODE(func_now);
FUNC_CODE(func_today);
FUNC_CODE(func_time_of_day);
FUNC_CODE(func_to_date);
FUNC_CODE(func_to_date_time);
FUNC_CODE(func_to_time);
FUNC_CODE(func_format);
/* func_moment.c */
FUNC_CODE(func_year_of);
FUNC_CODE(func_month_of);
FUNC_CODE(func_day_of);
FUNC_CODE(func_hour_of);
FUNC_CODE(func_minute_of);
FUNC_CODE(func_second_of);
FUNC_CODE(func_millisecond_of);
FUNC_CODE(func_timezone_offset_of);
FUNC_CODE(func_date_of);
FUNC_CODE(func_time_of);
FUNC_CODE(func_duration);
FUNC_CODE(func_difference);
/* func_hl7.c */
FUNC_CODE(func_state);
FUNC_CODE(func_raw);
FUNC_CODE(func_is_valid);
FUNC_CODE(func_text);
FUNC_CODE(func_escaped);
FUNC_CODE(func_following);
FUNC_CODE(func_uuid);
FUNC_CODE(func_same_uuid);
/* The id of the message, where it was left to be made by whoever asks. */
void func_settle_id(struct eval *e);
/* func_fhir.c */
FUNC_CODE(func_children);
FUNC_CODE(func_descendants);
FUNC_CODE(func_extension);
FUNC_CODE(func_has_value);
FUNC_CODE(func_get_value);
FUNC_CODE(func_type);
FUNC_CODE(func_conforms_to);
FUNC_CODE(func_resolve);
FUNC_CODE(func_html_checks);
FUNC_CODE(func_check_modifiers);
FUNC_CODE(func_member_of);
/* func_bound.c */
FUNC_CODE(func_low_boundary);
FUNC_CODE(func_high_boundary);
FUNC_CODE(func_precision);
FUNC_CODE(func_comparable);
/* func_code.c */
FUNC_CODE(func_encode);
FUNC_CODE(func_decode);
FUNC_CODE(func_escape);
FUNC_CODE(func_unescape);
/* func_sort.c */
FUNC_CODE(func_sort);
/* func_sum.c */
FUNC_CODE(func_sum);
FUNC_CODE(func_avg);
/* func_variable.c */
FUNC_CODE(func_define_variable);
/* func_lookup.c */
FUNC_CODE(func_lookup);

#endif
