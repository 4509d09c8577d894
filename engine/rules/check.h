/* check.h - from a parsed tree to one that the interpreter may run: names become what they stand for,
 * paths get their place in the structures of the messages, tables and columns are found, what can only go
 * wrong is refused here, constants are folded and frequent shapes fused. In `corridor eval` only names are
 * resolved: N1 to the letter.
 * Source: docs/language.md "One or many", "Decisions", "Scope", "Types". */
#ifndef CORRIDOR_RULES_CHECK_H
#define CORRIDOR_RULES_CHECK_H

#include "engine/fhir/model.h"
#include "engine/hl7/structure.h"
#include "engine/rules/func.h"
#include "engine/rules/profile.h"
#include "engine/rules/table.h"
#include "engine/rules/type.h"

enum {
    CHECK_LETS_MAX = 64,
    CHECK_STRUCTURES_MAX = 256, /* of one route or map, all versions counted; more are an error */
    CHECK_PROFILE_NAMES_MAX = 256,
};

enum check_want {
    CHECK_ANY,      /* any number of values */
    CHECK_ONE,      /* one value, or none */
    CHECK_TEXT,     /* the same, as one text */
    CHECK_TEXTS,    /* any number, each as one text */
    CHECK_DECISION, /* true or false */
};

/* The element that bare paths start from, for each structure of the place: a group, or a single segment
 * within one. */
struct element {
    char seg[4]; /* opens the group, or is the segment; "" a group by name */
    unsigned node[CHECK_STRUCTURES_MAX]; /* the group, or the group that holds the segment */
    bool is_segment[CHECK_STRUCTURES_MAX];
};

struct shape {
    enum shape_kind kind;
    bool many;     /* several because a field or segment repeats by itself */
    bool by_group; /* SHAPE_SEGMENT, SHAPE_GROUP: many only because a group around may repeat */
    bool is_cell;  /* SHAPE_STRING out of a table whose cells of the column are numbers */
    enum type_class of;                /* SHAPE_HL7 */
    const char *type;                  /* SHAPE_HL7: "CX" or NULL; SHAPE_SEGMENT: its name */
    const struct element *elem;        /* SHAPE_SEGMENT, SHAPE_GROUP: where they stand; or NULL */
    unsigned model;                    /* of FHIR data: its type; 0: not known */
    const struct fhir_element *choice; /* it is of one of the types of this element */
    unsigned codes;                    /* the value set that a code of FHIR must be of; 0: any */
    bool unordered;                    /* out of children(), descendants() */
    bool is_data;                      /* of the message that asked, in a formula over HL7 v2 */
};

/* What $this is: in a loop, in where(...) and the like. */
struct inner {
    const struct shape *shape;
    const struct inner *outer;
};

/* What a program needs of the feed that it will run for: told to the routes that use it. */
enum need_kind { NEED_NAME, NEED_TABLE, NEED_TIMEZONE, NEED_BATCH, NEED_CAUSE };
struct need {
    enum need_kind kind;
    unsigned name;   /* NEED_NAME: id */
    struct str text; /* name or table */
    struct diag_pos pos;
    struct need *next;
};
/* Once of each; `needs` NULL: nobody asks. */
void check_add_need(struct arena *a, struct need **needs, const struct need *need);

/* Names that profiles declare; what each of them gives, as far as all agree. */
struct profile_names {
    struct str name[CHECK_PROFILE_NAMES_MAX];
    struct shape shape[CHECK_PROFILE_NAMES_MAX];
    unsigned n;
};

enum data_kind {
    DATA_HL7,
    DATA_NONE, /* no data at all: `corridor eval` without a file */
    DATA_JSON,
    DATA_FHIR,
};

/* What a route, map or list of steps reads. DATA_FHIR: of which types, at least one. */
struct data_types {
    enum data_kind kind;
    const unsigned *v;
    unsigned n;
};

/* What formulas of one place may name. */
struct names {
    enum data_kind data;
    unsigned resource; /* DATA_FHIR: the type of the document; FHIR_TYPE_RESOURCE: one of several */
    struct data_types types; /* of a route or map: those it may be of */
    bool
        is_strict; /* what may depend on an order that is not defined is refused, and other resources' names */
    struct table *const *tables;
    unsigned ntables;
    struct str let[CHECK_LETS_MAX];
    struct shape let_shape[CHECK_LETS_MAX];
    bool let_used[CHECK_LETS_MAX];
    struct diag_pos let_pos[CHECK_LETS_MAX];
    const struct str *siblings; /* names of the let: that is being compiled, not seen yet */
    unsigned nsiblings;
    unsigned nlets, let_floor; /* names below the floor are not seen: those of a caller */
    const struct profile_names *profiles; /* or NULL */
    const struct profile *const *typing;  /* profiles that type Z-segments here */
    unsigned ntyping;
    enum hl7_version version;                /* paths are typed by it first */
    enum hl7_version versions[HL7_VERSIONS]; /* what the feeds send; none: not said */
    unsigned nversions;
    const struct structure *structure[CHECK_STRUCTURES_MAX]; /* of the messages that come here */
    bool is_family[CHECK_STRUCTURES_MAX]; /* it comes by ADT^A* or ADT, not by its own name */
    unsigned nstructures;
    const struct element *element; /* NULL: the message */
    const struct inner *loops;     /* of the loops around; NULL: none */
    const struct shape *context;   /* %context, where it is not the document; or NULL */
    struct need **needs;           /* the list that grows; NULL: nobody asks */
    const struct zone *(*zone)(void *arg, struct str name); /* NULL: no zones here */
    void *zone_arg;
    bool is_anywhere; /* the place is not known before it runs: paths look outward then */
};

/* What the place of the formula allows and wants. */
struct frame {
    struct arena *a; /* where the tree lives */
    struct names *names;
    enum check_want want;
    struct shape *out_shape; /* what the formula gives; or NULL */
};

/* The tree to run, or NULL after errors in `d`. */
struct node *formula_check(const struct formula *f, struct node *n, const struct frame *frame,
                           struct diags *d);
/* The shape of a value of FHIR type `t`; 0: of any. */
struct shape check_tree_shape(unsigned t, bool many);
/* Is the path known to some version of HL7? Else an error at `pos`; a remark if the feeds' versions lack it. */
bool check_path(struct diags *d, struct arena *a, struct diag_pos pos, const struct path *p,
                const struct names *names);
/* The type of a path here: profiles type Z-segments. */
struct type_info check_type_of(const struct names *names, const struct path *p);

/* Where segment `seg` stands, seen from `names->element`: by structure, in `a`. */
struct place {
    const struct structure_reach *reach;
    bool is_flat;     /* nothing but the name decides: the whole message is searched */
    bool repeats;     /* it may follow itself; of a family (ADT^A*) in all that have it */
    bool is_unknown;  /* no structure here has it */
    unsigned several; /* index + 1 of a structure where groups compete; 0: none */
    unsigned own_seg; /* it is the very segment that the element is: structures in which it is so */
};
void check_place(struct arena *a, const struct names *names, const char *seg, struct place *out);
/* A remark where no structure here has the segment: it is looked for in the whole message. */
void check_missing(struct diags *d, struct diag_pos pos, const char *seg, const struct place *p,
                   const struct names *names);
/* An element for the segments found at `p`. */
struct element *check_element(struct arena *a, const struct names *names, const char *seg,
                              const struct place *p);
/* "OBSERVATION or SPECIMEN": the groups that compete. */
struct str check_rivals(struct arena *a, const struct names *names, const struct place *p);
/* How many letters may differ so that a suggestion still makes sense. */
unsigned check_near_limit(struct str word);
/* The nearest of `n` words, or an empty text. */
struct str check_nearest(struct str word, const struct str *words, unsigned n);

#endif
