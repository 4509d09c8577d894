/* form.h - conversions that may fail: what a value is known to be before a message comes, which conversions of it can
 * then go wrong, and which conditions around them rule that out. Told as findings once everything is compiled.
 * A conversion is undecided where the value is a text of the message and nothing around asks whether it can be
 * converted. Pure; everything lives in the arena of the compilation.
 * Source: docs/language.md "Conversions that may fail"; docs/decisions/061-conversions-that-may-fail.md. */
#ifndef CORRIDOR_RULES_FORM_H
#define CORRIDOR_RULES_FORM_H

#include "engine/rules/ruleset_priv.h"

/* What a value can be read as without failing. Nothing set: not known, and nothing is said of it. */
enum form {
    FORM_NUMBER = 1,
    FORM_WHOLE = 2,
    FORM_DATE = 4,
    FORM_TIME = 8,
    FORM_TRUTH = 16,
    FORM_QUANTITY = 32,
    FORM_TEXT =
        64, /* it is a text: what it cannot be read as is a failure; else it gives nothing */
    FORM_DATA = 128 /* of JSON: a text or not */
};

/* A function that reads its input as something. */
struct form_reader {
    bool (*run)(struct eval *, const struct call *, struct values *);
    uint8_t need; /* any of these will do; 0: nothing is sure to do */
    bool (*asked_by)(struct eval *, const struct call *, struct values *); /* or NULL */
    const char *is_no;                                                     /* "whole number" */
    bool is_said; /* it is called to convert; else it only wants what it works on to be that */
};
/* NULL: it reads texts as they are. */
const struct form_reader *form_reader(const struct node *call);
/* The function that asks whether it can be read so, or NULL. */
const struct func *form_asker(const struct form_reader *r);
/* The reader that `call` asks for (convertsToInteger), or NULL. */
const struct form_reader *form_asked(const struct node *call);

/* What a node of this shape gives can be read as; is_tree: of FHIR or JSON data. */
uint8_t form_of(const struct shape *s, const struct node *n, bool is_tree);
uint8_t form_of_type(const char *type);
/* Can the literal be read as one of `need`? */
bool form_literal(struct arena *a, const struct value *v, uint8_t need);
/* 'dd.MM.yyyy' of toDate('dd.MM.yyyy'), or "". */
struct str form_pattern(const struct node *call);
/* A text that the regular expression of the call of matches() takes, and that cannot be read so; NULL: none of those
 * that are tried. */
const char *form_stranger(struct arena *a, const struct node *call, uint8_t need);

/* A condition that holds here (or does not); innermost first. Without one it is a border. */
struct form_known {
    const struct node *cond;
    bool is_true;
    const char *
        seg; /* a border where $this, and the paths of this segment ("": of none), become others; NULL: of a map,
                        which has names of its own */
    const struct form_known *outer;
};

enum {
    FORM_USES_MAX = 10000,   /* of maps; beyond, they are looked at without the conditions around */
    FORM_MAPS_MAX = 32,      /* within each other; deeper ones are looked at by themselves */
    FORM_STEPS_MAX = 200000, /* of one formula; beyond, all of it is taken for sure */
};
struct form_spent {
    unsigned uses, steps;
};

/* Where the search is. */
struct form_look {
    struct arena *a;
    struct diags *d;
    const struct ruleset *r;
    const struct form_known *known;
    struct str pattern;            /* the date under way is to be written so; "": as HL7 has it */
    const char *stranger;          /* what an expression that was asked takes, too; or NULL */
    const struct profile *profile; /* the one whose names are meant; NULL: all, one by one */
    const struct node *let[SLOTS_MAX]; /* what names stand for; NULL: not known */
    enum diag_severity severity;
    bool *was_in, *was_bare; /* maps that were looked at, by index; without any condition around */
    unsigned depth;          /* maps within each other */
    struct form_spent *spent;
};
void form_push(struct form_look *l, const struct node *cond, bool is_true);
/* Into a loop over what `input` gives: conditions of its where(...) hold for $this. */
void form_enter(struct form_look *l, const struct node *input, const char *seg);

/* form_known.c: does a condition say so? */
bool form_is_known(struct form_look *l, const struct node *x, uint8_t need);
/* Without trim(), toString() and the like: what is asked of the one holds for the other. */
const struct node *form_untrimmed(const struct node *n);
/* What a name stands for; NULL: it is none, or not known. */
const struct node *form_named(const struct form_look *l, const struct node *n);
/* Can `x`, an operand, be read as one of `need` whatever the message has there? */
bool form_is_sure(struct form_look *l, const struct node *x, uint8_t need);
/* Tell of the conversions of the formula (NULL: none) that may fail. */
void form_ask(struct form_look *l, const struct node *n);

/* What is written, where the place takes only what can be read so. */
struct form_target {
    struct str name; /* "PID-7", "birthDate" */
    uint8_t need;
    const char *is_no;
};
/* Tell where `x`, a text of the message, goes there as it is. */
void form_ask_target(struct form_look *l, const struct node *x, const struct form_target *to);

#endif
