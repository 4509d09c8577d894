/* eval_priv.h - what the files of the interpreter share. */
#ifndef CORRIDOR_RULES_EVAL_PRIV_H
#define CORRIDOR_RULES_EVAL_PRIV_H

#include "engine/rules/eval.h"
#include "engine/rules/tree.h"
#include "engine/rules/type.h"

/* Is there a step left for one node more, and room for one level more? */
static inline bool eval_may_enter(const struct eval *e)
{
    return e->steps > 0 && e->a->total <= e->bytes_max && e->depth < EVAL_DEPTH_MAX;
}

/* The fault of a node that may not be entered. Always false. */
bool eval_no_entry(struct eval *e, const struct node *n);

/* The value that a name or $this holds, or NULL. */
static inline const struct value *eval_held_by(const struct eval *e, const struct node *n,
                                               const struct scope *s)
{
    if (n->op == NODE_LET) {
        return e->lets[n->level].n == 1 ? e->lets[n->level].v : NULL;
    }
    return n->op == NODE_THIS && s && !s->all ? s->self : NULL;
}

/* Where the only value of `n` stands already: of a name that holds one, of $this. It counts as evaluated, with its
 * step. NULL: evaluate it; nothing is done then. */
static inline const struct value *eval_held(struct eval *e, const struct node *n,
                                            const struct scope *s)
{
    const struct value *v = eval_held_by(e, n, s);
    bool is_there = v && !e->lineage && !(v->kind == VALUE_HL7 && v->is_null) &&
                    !tree_is_hollow(v) && eval_may_enter(e);
    e->steps -= is_there ? 1 : 0;
    return is_there ? v : NULL;
}

/* The same of NODE_LEVEL `n`, $name.3.1 or $this.4: the part of what is held, in *out. EMPTY: it has none; FALSE:
 * evaluate it, nothing is done then. */
enum value_answer eval_part_held(struct eval *e, const struct node *n, const struct scope *s,
                                 struct value *out);
/* The same where nobody wants to know more than whether it is there. */
enum value_answer eval_has_part(struct eval *e, const struct node *n, const struct scope *s);

/* ---- paths ---- */

/* What the path `n` found in `m`. */
static inline struct value eval_hl7_value(const struct hl7 *m, const struct node *n,
                                          struct hl7_val raw)
{
    const struct path *p = &n->path;
    uint8_t level = p->sub ? LEVEL_SUBCOMPONENT : p->comp ? LEVEL_COMPONENT : LEVEL_REPETITION;
    return (struct value){.kind = VALUE_HL7,
                          .level = level,
                          .is_null = raw.state == HL7_NULL,
                          .of = n->of,
                          .text = raw.raw,
                          .m = m,
                          .type = n->type};
}

/* MSH-1 and MSH-2 hold the delimiters: plain text, without parts and escapes. */
static inline bool eval_is_delimiters(const struct path *p)
{
    return p->field && p->field <= 2 && hl7_is_header(p->seg);
}

/* Is the current element itself the segment that is named? */
static inline bool eval_is_itself(const struct eval *e, const struct node *n,
                                  const struct group *at)
{
    return at && group_is_leaf(at) && n->path.seg_n == PATH_ALL &&
           memcmp(draft_id(e->doc, at), n->path.seg, 4) == 0;
}

/* The element that a path starts from. */
static inline struct group *eval_path_element(const struct node *n, const struct scope *s)
{
    return n->is_flat && !s ? NULL : eval_element(s);
}

/* eval_reach.c: finds e->structure. */
void eval_find_structure(struct eval *e);

/* What check found for the structure of this message; NULL: it was not among those checked. */
static inline const struct structure_reach *eval_known_reach(struct eval *e,
                                                             const struct structure_reach *all)
{
    if (!all) {
        return NULL;
    }
    if (e->structure == EVAL_STRUCTURE_LATER) {
        eval_find_structure(e);
    }
    return e->structure != EVAL_STRUCTURE_OTHER ? &all[e->structure] : NULL;
}

/* eval_reach() by what eval_known_reach() gave. */
struct reach eval_reach_by(struct eval *e, const struct structure_reach *known, struct group *at,
                           const char *seg);

/* eval_path.c: the segments of a path as a set (draft.h). False: it takes the general way. */
bool eval_path_set(struct eval *e, const struct node *n, const struct scope *s, uint64_t *out);
/* Does the path find something? */
bool eval_has_path(struct eval *e, const struct node *n, const struct scope *s);
/* Is a value that it finds one of the texts n->arg? False: a fault. */
bool eval_path_one_of(struct eval *e, const struct node *n, const struct scope *s, bool *out);
/* Leaves of the name in `from`, the one of an index only. */
void eval_add_leaves(struct eval *e, const struct path *p, struct draft_iter from,
                     struct values *out);
/* eval_walk.c: the values in the segment that the walk is at; in all segments that are still to come; of the path in a group. */
void eval_walk_segment(struct eval_walk *w, bool nulls, struct values *out);
void eval_walk_rest(struct eval_walk *w, bool nulls, struct values *out);
void eval_walk_group(struct eval *e, const struct node *n, struct draft_iter from, bool nulls,
                     struct values *out);

/* eval_foreign.c: $batch.BHS-4.1, $cause.PID-3[1].1. */
bool eval_header(struct eval *e, const struct node *n, bool nulls, struct values *out);
bool eval_cause(struct eval *e, const struct node *n, bool nulls, struct values *out);

/* eval_truth.c: what a decision comes to; the first three are those of enum value_answer. */
enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_OPEN, VERDICT_FAULT };
/* For check. */
enum decision eval_decision_of(const struct node *n);
/* Of a decision that was entered already. */
enum verdict eval_decide(struct eval *e, const struct node *n, const struct scope *s);
/* As a value. False: a fault. */
bool eval_put_verdict(struct eval *e, enum verdict v, struct values *out);
/* eval_op.c: = != < <= > >=. */
enum verdict eval_comparison(struct eval *e, const struct node *n, const struct scope *s);
/* + - * / div mod of two values, as n->op says; of two texts + joins them. */
bool eval_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out);
/* + - * / where one side is a quantity. */
bool eval_quantity_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                              const struct value *b, struct values *out);

/* eval_tree.c: a member of FHIR or JSON data, the resource by its type. */
bool eval_tree_member(struct eval *e, const struct node *n, const struct scope *s,
                      struct values *out);
bool eval_tree_type(struct eval *e, const struct node *n, const struct scope *s,
                    struct values *out);
/* Order and equality (`similar`: ~) where one of two values is a node. */
enum value_answer eval_compare_nodes(struct eval *e, const struct node *n, const struct value *a,
                                     const struct value *b, int *out);
enum value_answer eval_nodes_equal(struct eval *e, const struct node *n, const struct value *a,
                                   const struct value *b, bool similar);
/* Two numbers, rounded to the digits of the less precise one. */
bool eval_numbers_same(const struct value *a, const struct value *b);

/* ---- parts of values, in eval_part.c ---- */

/* The same where it is not the value that was asked for a part last. */
struct str eval_part_anew(struct eval *e, const struct hl7 *m, struct str whole, unsigned level,
                          uint32_t n);

/* The parts of `whole`, a value of message `m` at `level`, if they are known; NULL: not so. */
static inline const struct eval_cut *eval_cut_of(const struct eval *e, const struct hl7 *m,
                                                 struct str whole, unsigned level)
{
    if (level == LEVEL_SUBCOMPONENT) {
        return NULL;
    }
    const struct eval_cut *c = &e->cut[level - LEVEL_REPETITION];
    return c->whole.p == whole.p && c->whole.n == whole.n && c->m == m ? c : NULL;
}

/* Its part `n`; its bytes stay where they are as long as `e` runs. */
static inline struct str eval_part_text(struct eval *e, const struct hl7 *m, struct str whole,
                                        unsigned level, uint32_t n)
{
    if (level == LEVEL_SUBCOMPONENT) { /* its part 1 is itself */
        return n == 1 ? whole : str_from(NULL, 0);
    }
    const struct eval_cut *c = eval_cut_of(e, m, whole, level);
    return c ? hl7_cut_part(&c->parts, whole, n) : eval_part_anew(e, m, whole, level, n);
}

static inline unsigned eval_level_below(unsigned level)
{
    return level + (level < LEVEL_SUBCOMPONENT);
}

/* `out`, of several pieces, is component `n` of a value of datatype `type`. */
void eval_part_typed(const struct node *n, const char *type, struct value *out);

/* What `text`, which NODE_LEVEL `n` found in `m`, is as a value of `level`. Where check did not know what stands in a name, the
 * datatype of the value whose component it is tells: `type`; NULL: nobody knows. That decides only on several pieces. */
static inline void eval_put_part(const struct node *n, const struct hl7 *m, struct str text,
                                 unsigned level, const char *type, struct value *out)
{
    *out = (struct value){.kind = VALUE_HL7,
                          .level = (uint8_t)level,
                          .of = n->of,
                          .is_null = hl7_is_null(text),
                          .text = text,
                          .m = m,
                          .type = n->type};
    if (n->of == TYPE_UNKNOWN && type && m->d.subcomponent &&
        memchr(text.p, m->d.subcomponent, text.n)) {
        eval_part_typed(n, type, out);
    }
}

#endif
