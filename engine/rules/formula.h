/* formula.h - the text of one formula, where it stands in its file, its tokens and its tree.
 * Grammar: FHIRPath N1, plus path tokens (PID-3[2].4.1), levels (.n) and $names of the route
 * language. Trees live in the arena of the compilation and never change after check.
 * Source: FHIRPath N1 section 11 (grammar); docs/language.md "Formulas".
 * Differs: paths are one token, so `-` next to a path wants spaces; in routes `//` is refused. */
#ifndef CORRIDOR_RULES_FORMULA_H
#define CORRIDOR_RULES_FORMULA_H

#include "engine/base/buf.h"
#include "engine/base/diag.h"
#include "engine/rules/value.h"

enum {
    FORMULA_DEPTH_MAX = 64,    /* expressions within each other */
    FORMULA_NODES_MAX = 10000, /* nodes of one formula */
    FORMULA_TREE_MAX = 150,    /* nodes below each other: operators in a row, calls behind calls */
    FORMULA_ARGS_MAX = 64,     /* arguments of one call */
};

/* From byte `at` of the text on, characters stand at line:col and follow each other. */
struct formula_mark {
    uint32_t at;
    unsigned line, col;
};

struct formula {
    struct str text;
    const char *file;
    const struct formula_mark *marks; /* ascending; at least one, at 0 */
    unsigned nmarks;
    bool is_tree;  /* over FHIR or JSON data: no paths of HL7 v2 */
    bool is_route; /* restrictions of routes apply; false for `corridor eval` */
};

struct diag_pos formula_pos(const struct formula *f, size_t at);

enum token_kind {
    TOKEN_END,
    TOKEN_PATH,
    TOKEN_WORD,   /* identifier or keyword */
    TOKEN_QUOTED, /* `identifier` */
    TOKEN_STRING,
    TOKEN_NUMBER,   /* value: integer or decimal */
    TOKEN_DATE,     /* value: date, dateTime or time */
    TOKEN_NAME,     /* $name; text without the $ */
    TOKEN_EXTERNAL, /* %name */
    TOKEN_LEVEL,    /* .n */
    TOKEN_SIGN,     /* operator or bracket; text */
};

struct token {
    enum token_kind kind;
    uint32_t at, end; /* bytes of the formula */
    struct str text;  /* decoded */
    struct path path;
    struct value value;
    uint32_t level;
};

/* All tokens of `f` in `scratch`, their decoded texts in `a`; the last one is TOKEN_END. NULL after an error in `d`. */
struct token *lex_formula(struct arena *a, struct arena *scratch, const struct formula *f,
                          struct diags *d);

enum node_op {
    NODE_LITERAL,  /* value */
    NODE_EMPTY,    /* {} */
    NODE_PATH,     /* path */
    NODE_LEVEL,    /* arg[0] .level */
    NODE_NAME,     /* $text, before check */
    NODE_EXTERNAL, /* %text */
    NODE_MEMBER,   /* arg[0] (or none) .text */
    NODE_SUBPATH,  /* arg[0] . path */
    NODE_INDEX,    /* arg[0] [ arg[1] ] */
    NODE_CALL,     /* func; input (or NULL) and arguments */
    NODE_MINUS,    /* level: MINUS_ORDER where it is the `desc` of sort() */
    NODE_PLUS,
    /* two operands */
    NODE_MUL,
    NODE_DIVIDE,
    NODE_DIV,
    NODE_MOD,
    NODE_ADD,
    NODE_SUB,
    NODE_CONCAT,
    NODE_UNION,
    NODE_EQ,
    NODE_NE,
    NODE_SAME,     /* ~ */
    NODE_NOT_SAME, /* !~ */
    NODE_LT,
    NODE_LE,
    NODE_GT,
    NODE_GE,
    NODE_IN,
    NODE_CONTAINS,
    NODE_AND,
    NODE_OR,
    NODE_XOR,
    NODE_IMPLIES,
    NODE_IS, /* arg[0] is text; level: enum type_space */
    NODE_AS,
    /* what check makes of names */
    NODE_THIS,
    NODE_POSITION, /* $index, $number, $total: level is the offset, 2 for $total */
    NODE_MESSAGE,
    NODE_SOURCE,
    NODE_BATCH,         /* only below a NODE_SUBPATH, which names FHS or BHS */
    NODE_CAUSE,         /* only below a NODE_SUBPATH */
    NODE_SOURCE_MEMBER, /* level 0 name, 1 timezone */
    NODE_LET,           /* level: slot */
    NODE_PROFILE,       /* level: name of the feed's profile */
    NODE_GROUP,         /* groups of segments called text */
    NODE_TREE_MEMBER,   /* arg[0] (or $this) .text, of FHIR or JSON data */
    NODE_TREE_TYPE,     /* $this if it is of FHIR type `model`: Patient in Patient.name */
    NODE_TREE_ROOT,     /* the document; level: enum tree_around */
    NODE_VARIABLE, /* %name of defineVariable(): arg[0], which nargs does not count, is that call */
    /* what check makes of frequent shapes: the same meaning, fewer steps */
    NODE_PATH_EXISTS, /* PATH.exists() */
    NODE_PATH_EQ,     /* PATH = 'text' */
    NODE_PATH_ONE_OF, /* PATH.oneOf('a', 'b') */
};

enum { MINUS_ORDER = 1 };

/* What gives true, false or nothing and needs no value to do so (eval_truth.c); check says which nodes do. */
enum decision {
    DECISION_NONE,
    DECISION_LOGIC,   /* and, or, xor, implies */
    DECISION_COMPARE, /* = != < <= > >= */
    DECISION_PATH,    /* NODE_PATH_EXISTS */
    DECISION_PATH_EQ,
    DECISION_ONE_OF, /* NODE_PATH_ONE_OF */
    DECISION_EXISTS, /* X.exists() */
    DECISION_EMPTY,  /* X.empty() */
    DECISION_NOT,    /* X.not(), where X is a decision */
};

/* What a type's name was qualified with. */
enum type_space { SPACE_ANY, SPACE_SYSTEM, SPACE_FHIR, SPACE_OTHER };

/* %resource, %rootResource, %context: the same but in invariants. AROUND_CAUSE: the message that asked. */
enum tree_around { AROUND_DOCUMENT, AROUND_RESOURCE, AROUND_ROOT, AROUND_CONTEXT, AROUND_CAUSE };

struct func;
struct table;
struct regex;
struct zone;
struct structure_reach;

struct node {
    uint8_t op;       /* enum node_op */
    bool has_input;   /* NODE_CALL: arg[0] is the input */
    bool is_flat;     /* a path: its segments are looked for in the whole message */
    bool is_anywhere; /* a path: within an element its place is not what check found */
    bool for_first;   /* where(), select(): behind it stands first() */
    uint8_t of;       /* NODE_PATH, NODE_LEVEL: enum type_class of what it gives */
    uint8_t form;     /* enum form: what is known of what it gives */
    uint16_t model;   /* the name of a type: its number in FHIR, or 0 */
    const char *type; /* the same: "CX", or NULL */
    uint32_t nargs;
    uint8_t decision; /* enum decision */
    struct node **arg;
    struct diag_pos pos;
    uint32_t at;    /* byte of the formula */
    uint32_t level; /* NODE_LEVEL and others; NODE_CALL of lookup: the column */
    union {
        struct value value;
        struct path path;
        struct str text; /* names */
    };
    const struct func *func;
    union {                        /* what check found for calls and paths */
        const struct table *table; /* lookup */
        const struct regex *regex; /* matches, replaceMatches: a literal pattern */
        const struct zone *zone;   /* toDateTime, format: a literal zone */
        const struct structure_reach
            *reach; /* a path that is not flat: by structure of the place */
    };
};

/* The tree of `f`, or NULL after an error in `d` (one a formula: what follows a syntax error would be noise). */
struct node *formula_parse(struct arena *a, const struct formula *f, struct diags *d);
/* System and FHIR; SPACE_OTHER for anything else. */
enum type_space formula_space(struct str name);
/* (= (path PID-8) 'F'): for tests and `check --explain`. */
void formula_print(struct buf *out, const struct node *n);
const char *node_op_text(enum node_op op);

#endif
