/* eval.h - one interpreter for checked formulas. Pure; allocates in the run's arena only; every program
 * ends: steps and memory have budgets. A failure is a fault with its place in the file and in the
 * message, never a wrong value.
 * Source: FHIRPath N1 sections 4.5 (singletons), 5, 6; docs/language.md "Absent, empty, null", "One or many". */
#ifndef CORRIDOR_RULES_EVAL_H
#define CORRIDOR_RULES_EVAL_H

#include "engine/hl7/draft.h"
#include "engine/hl7/text.h"
#include "engine/rules/formula.h"
#include "engine/rules/lineage_priv.h"
#include "engine/rules/moment.h"
#include "engine/rules/ruleset.h"

struct fhir_bundle_index;
struct profile;
struct zones;

enum {
    EVAL_STEPS_MAX = 1000000,  /* nodes evaluated in one run */
    EVAL_BYTES_MAX = 64 << 20, /* bytes one run may allocate */
    EVAL_DEPTH_MAX = 200,      /* formulas, maps and profiles within each other */
    EVAL_MEMOS = 32,           /* lists of what maps made */
    EVAL_REACHED = 32, /* names looked up in the structure that are remembered; a power of 2 */
    EVAL_SETS = 32,    /* the same of what they find; a power of 2 */
};
/* struct eval.structure: not looked up yet; none of them. */
#define EVAL_STRUCTURE_LATER UINT32_MAX
#define EVAL_STRUCTURE_OTHER (UINT32_MAX - 1)

/* Who decides what a fault does: the route's on-error, or the table's on-miss. */
enum fault_kind { FAULT_ROUTE, FAULT_HOLD, FAULT_REJECT };

struct fault {
    enum fault_kind kind;
    struct diag_pos pos;
    struct str path; /* "PID-8", may be empty */
    struct str text; /* no message content */
};

/* What %resource, %rootResource and %context are where they are not the document; NULL: they are. */
struct eval_around {
    const struct value *resource, *root, *context;
};

/* Where a name led from a group of the structure when it was last looked up. */
struct eval_reached {
    const struct structure *s; /* NULL: nothing yet */
    unsigned from;
    char seg[4];
    struct structure_reach reach;
};

/* The segments that a name means from an element. */
struct eval_set {
    const struct group *at; /* or NULL: the message */
    bool is_known;          /* where check says that the name leads: many paths say the same */
    struct structure_reach known;
    uint32_t seg; /* its four bytes; 0: nothing yet */
    uint64_t set; /* draft.h */
};

/* The parts of the value that was last asked for one: maps read several in a row. */
struct eval_cut {
    struct str whole; /* whole.p NULL: nothing yet, or it could not be cut */
    const struct hl7 *m;
    struct hl7_parts parts;
};

struct eval_date;
struct eval_memo;
struct eval_uuid;
struct eval_variable;

struct eval {
    struct arena *a;
    struct draft *doc;                      /* NULL: paths find nothing */
    const struct json *root;                /* FHIR or JSON data; or NULL */
    const struct fhir_bundle_index *bundle; /* of `root`, once it was asked for; or NULL */
    struct eval_around around;
    const struct batch_headers *batch;         /* that the message stands in; or NULL */
    const struct rules_cause *cause;           /* that it answers; or NULL */
    const struct structure *const *structures; /* that the running program was checked with */
    unsigned nstructures;
    unsigned structure; /* index of the message's among them; see eval_program() */
    const struct rules_source *source;
    const struct profile *profile; /* of the source; or NULL */
    const struct zones *zones;
    struct values *lets;             /* of the running program */
    struct eval_variable *variables; /* of defineVariable(), newest first */
    uint64_t id_hi, id_lo;           /* func_settle_id() before they are read */
    struct str id_of;                /* rules_input.id_of; p NULL: they are settled */
    struct str output;               /* names the output under way among those of its message */
    int64_t received_us;
    uint32_t steps;   /* left */
    size_t bytes_max; /* a->total may grow to this */
    uint32_t
        depth; /* formulas within each other; not beside `steps`: read as one, both would be waited for */
    bool is_route;
    bool has_charset; /* asked for: the message's, below */
    struct hl7_text charset;
    struct fault fault;
    struct rules_miss *misses; /* newest first */
    struct rules_remark *remarks;
    struct eval_reached reached[EVAL_REACHED]; /* by a hash of group and name */
    struct eval_set sets[EVAL_SETS];           /* by a hash of element and name */
    struct eval_cut cut[2];                    /* of repetitions, of components */
    const struct eval_memo *memo[EVAL_MEMOS];  /* by a hash of what they were given (run_memo.c) */
    const struct eval_uuid *uuids;             /* of sameUuid(), newest first (func_hl7.c) */
    const struct eval_date *dates;             /* of toDateTime(), newest first (func_date.c) */
    struct lineage *lineage;   /* told what is read; NULL: nobody asks (lineage_priv.h) */
    struct coverage *coverage; /* told what is touched (coverage.h); or NULL */
    struct recall *recall;     /* in maps of an output; or NULL (run_recall.c) */
    uint64_t *differs;         /* rules_input.differs; or NULL */
};

/* What $this, $index and $total are, innermost first. */
struct scope {
    const struct value *self;
    int64_t index, total;
    const struct scope *outer;
    const struct values *sum; /* aggregate(): $total is what was gathered; else NULL */
    const struct values
        *all; /* defineVariable(): $this is all of these, and `self` NULL; else NULL */
};

/* Of a function that is called seldom, or at the end of another: its frame is not paid for by its caller. */
#define EVAL_APART __attribute__((noinline))

/* Which structures the formulas to come were checked with; their paths know where to look in each. */
void eval_program(struct eval *e, const struct structure *const *structures, unsigned n);
void eval_init(struct eval *e, struct arena *a, struct draft *doc, bool is_route);
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
/* The first path in `n` that finds nothing, as text; empty when all find something. */
struct str eval_empty_operand(struct eval *e, const struct node *n, const struct scope *s);

/* Set the fault; always false, so that `return eval_fail(...)` reads well. */
bool eval_fail(struct eval *e, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool eval_fail_at(struct eval *e, struct diag_pos pos, struct str path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The fault that `n` has just told is about `v`: its place in the message is told, where it has one. Always false. */
bool eval_fail_about(struct eval *e, const struct node *n, const struct value *v);
/* The same where the formula names another field, or none: of what a parameter or $this holds. Returns false. */
bool eval_fail_held(struct eval *e, const struct node *n, const struct value *v);
void eval_remark(struct eval *e, const struct node *n, const char *text);
/* Memory that was taken: of the arena, and by eval_charge(). Differences count. */
static inline size_t eval_taken(const struct eval *e)
{
    return arena_used(e->a) - e->bytes_max;
}

/* So many bytes as if they had been taken: what stands in several places is written in each. */
static inline void eval_charge(struct eval *e, size_t bytes)
{
    e->bytes_max -= bytes < e->bytes_max ? bytes : e->bytes_max;
}

/* One step less; false after a fault when none is left. */
bool eval_step(struct eval *e, const struct node *n);
/* The same for going through `looked` members or items of data, of which 32 are a step. */
bool eval_look(struct eval *e, const struct node *n, uint64_t looked);
/* The same for the segments and groups that paths and targets have looked at since: 128 are a step. */
void eval_looked(struct eval *e);
/* The one text of a value: HL7 decoded, a simple composite by its first component. False: fault. */
bool eval_text(struct eval *e, const struct node *n, const struct value *v, struct str *out);
/* What the bytes of the message mean. */
const struct hl7_text *eval_charset(struct eval *e);
/* ASCII without an escape to another character set. O(n / 8). */
bool eval_is_ascii(struct str s);
/* Text of the message, unescaped, as UTF-8; and UTF-8 as bytes of the message (false: it cannot say them). */
struct str eval_utf8(struct eval *e, struct str text);
bool eval_bytes(struct eval *e, struct str utf8, struct str *out);
/* A number, from an integer, a decimal or HL7 text. FALSE: it is none (no fault set). */
bool eval_number(struct eval *e, const struct value *v, struct value *out);
/* A date or time, from one or from HL7 text. FALSE: it is none (no fault set). */
bool eval_moment(struct eval *e, const struct value *v, struct moment *out);
/* The first component of a composite, and its first subcomponent. */
struct value eval_first_part(const struct value *v);
/* Is `v` of the type that n->text, level and model name? Primitives of FHIR are of their own type and, unless
 * `exact`, of those it is based on. */
bool eval_is_type(const struct value *v, const struct node *n, bool exact);
/* Two quantities as numbers of one unit. EMPTY: they cannot be compared; FALSE: one is no quantity. */
enum value_answer eval_quantities(struct eval *e, const struct value *a, const struct value *b,
                                  bool similar, struct value *p, struct value *q);
/* N1 equality and order of two single values. */
enum value_answer eval_equal(struct eval *e, const struct node *n, const struct value *a,
                             const struct value *b);
enum value_answer eval_compare(struct eval *e, const struct node *n, const struct value *a,
                               const struct value *b, int *out);
/* ~ : the same regardless of case and blanks. */
bool eval_same(struct eval *e, const struct value *a, const struct value *b);
/* Is `v` among the values of `l`? A fault ends it with false. */
bool eval_among(struct eval *e, const struct node *n, const struct value *v,
                const struct values *l);
/* From `from` on, only those stay that are not among the ones before, which begin at `first`. Segments and groups in one pass, other
 * values each against each. False: a fault, or no steps left. */
bool eval_once(struct eval *e, const struct node *n, uint32_t first, uint32_t from,
               struct values *l);
/* Operators, in eval_op.c; called by eval_node() only. */
bool eval_operator(struct eval *e, const struct node *n, const struct scope *s, struct values *out);

/* What defineVariable() made of NODE_VARIABLE `n`; in func_variable.c. */
bool eval_variable(struct eval *e, const struct node *n, struct values *out);

/* What the paired ruleset has otherwise was reached (rules_pair): counted, so that what came to it can be told from what
 * others did. */
static inline void eval_came_to(struct eval *e, bool is_changed)
{
    if (is_changed && e->differs) {
        ++*e->differs;
    }
}

/* ---- paths, in eval_path.c, eval_reach.c and eval_walk.c ---- */

/* Where a segment name leads at run time. */
struct reach {
    struct group *in; /* the group to search */
    unsigned
        holder; /* structure node that holds the segment; STRUCTURE_NONE: the structure lacks it */
    bool below; /* in groups below `in` as well */
};
/* The group or segment that bare paths start from: of the innermost scope that is at one; NULL: the message. */
struct group *eval_element(const struct scope *s);
/* Seen from element `at` (NULL: the message). `known` is what check found, by structure; or NULL. */
struct reach eval_reach(struct eval *e, const struct structure_reach *known, struct group *at,
                        const char *seg);

/* The values of a path, one by one. */
struct eval_walk {
    struct eval *e;
    const struct node *n;
    bool nulls; /* a stored "" too */
    bool is_set, is_flat, has_segment, is_only;
    uint64_t set;    /* segments still to come, where a set says it (draft.h) */
    struct str rest; /* repetitions of `now` still to come */
    struct edit_seg now;
    struct draft_flat flat;
    struct draft_iter leaves;
};
/* False: there is nothing to walk. */
bool eval_walk_begin(struct eval *e, const struct node *n, const struct scope *s,
                     struct eval_walk *w);
bool eval_walk_next(struct eval_walk *w, struct value *out);
/* The values of a path node; with `nulls` also a stored "". */
bool eval_path(struct eval *e, const struct node *n, const struct scope *s, bool nulls,
               struct values *out);
/* The only value; several are a fault in a route. */
enum value_answer eval_path_one(struct eval *e, const struct node *n, const struct scope *s,
                                struct value *out);
/* PATH.state(): of the first place that the path names. */
enum hl7_state eval_path_state(struct eval *e, const struct node *n, const struct scope *s);
/* False, with a fault: $cause is not there. */
bool eval_has_cause(struct eval *e, const struct node *n);
/* A path behind a dot: down from each segment or group. */
bool eval_subpath(struct eval *e, const struct node *n, const struct scope *s, bool nulls,
                  struct values *out);
/* Groups called n->text, from the current element outward. */
bool eval_groups(struct eval *e, const struct node *n, const struct scope *s, struct values *out);
/* Component, repetition or subcomponent `n->level` of `v`, or its field, appended when it holds something. */
void eval_level(struct eval *e, const struct node *n, const struct value *v, bool nulls,
                struct values *out);
/* The same of what is no segment and so has one at most: false where it has none. */
bool eval_part(struct eval *e, const struct node *n, const struct value *v, bool nulls,
               struct value *out);

#endif
