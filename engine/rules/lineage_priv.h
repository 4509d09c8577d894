/* lineage_priv.h - what the interpreter tells (run_*.c, eval*.c). `l` NULL: nobody asks, and nothing is done. */
#ifndef CORRIDOR_RULES_LINEAGE_PRIV_H
#define CORRIDOR_RULES_LINEAGE_PRIV_H

#include "engine/rules/lineage.h"
#include "engine/rules/value.h"

struct run;
struct table;
struct rules_cause;

/* Where somebody asks, which is not where speed counts. */
#define COLD __attribute__((cold, noinline))

/* Sources seen by one formula, newest last. */
struct lineage_seen {
    struct lineage_source *first, *last;
};

/* What is read from now on is gathered anew; returns what was gathered before, for lineage_leave(). */
struct lineage_seen lineage_enter(struct lineage *l);
/* What was gathered since; gathering goes on as before. */
struct lineage_seen lineage_leave(struct lineage *l, struct lineage_seen before);

/* Where a value of a message stands, "NK1[2]-16"; empty where it is none. Nobody need ask for lineage. */
struct str lineage_place(struct arena *a, const struct value *v);
/* From now on values may be of the message that asked: they are told as $cause.PID-3. */
void lineage_cause(struct lineage *l, const struct rules_cause *cause);
/* A value of the message was read, or (`is_result`) a formula came to it: that is told even where only parts of it were
 * asked for on the way. `l` is not NULL. */
void lineage_value_seen(struct lineage *l, const struct value *v, bool is_result);
static inline void lineage_value(struct lineage *l, const struct value *v)
{
    if (l) {
        lineage_value_seen(l, v, false);
    }
}
static inline void lineage_result(struct lineage *l, const struct value *v)
{
    if (l) {
        lineage_value_seen(l, v, true);
    }
}
/* `v` is left out because it is one of `known`: who reads that one reads this one. */
COLD void lineage_again_seen(struct lineage *l, const struct value *v, const struct values *known);
static inline void lineage_again(struct lineage *l, const struct value *v,
                                 const struct values *known)
{
    if (l) {
        lineage_again_seen(l, v, known);
    }
}
/* One text, number or date was made of `v`, of its first part `part`. */
COLD void lineage_first_seen(struct lineage *l, const struct value *v, const struct value *part);
static inline void lineage_first(struct lineage *l, const struct value *v, const struct value *part)
{
    if (l) {
        lineage_first_seen(l, v, part);
    }
}
/* Nobody looked at a value that was told as read: what was asked for came before it. `l` is not NULL. */
void lineage_unread(struct lineage *l, const struct value *v);
/* A row of a table; a node of FHIR or JSON data below `root`. */
void lineage_row(struct lineage *l, const struct table *t, int64_t row);
void lineage_node(struct lineage *l, const struct json *root, const struct json *node);
/* `key` (a name's slot, an element of a loop, an assignment) holds what came from `seen`; and: it was read. */
void lineage_bind(struct lineage *l, const void *key, struct lineage_seen seen);
void lineage_bound(struct lineage *l, const void *key);
/* The same of a name, and it was read: what it holds is read then, and not where it is named. */
COLD void lineage_named_so(struct lineage *l, const struct values *slot, struct lineage_seen seen);
static inline void lineage_named(struct lineage *l, const struct values *slot,
                                 struct lineage_seen seen)
{
    if (l) {
        lineage_named_so(l, slot, seen);
    }
}
void lineage_name(struct lineage *l, const struct values *slot);
/* What is bound to `from` is bound to `to`. `l` is not NULL. */
void lineage_rebind(struct lineage *l, const void *from, const void *to);
/* A map's item at `pos` made `leaf`. */
void lineage_made(struct lineage *l, const struct json *leaf, struct diag_pos pos,
                  struct lineage_seen seen);

/* ---- FHIR and JSON as they are changed ---- */

/* The route changes a copy of `data`: what is read is told by its place in that. */
void lineage_received(struct lineage *l, const struct json *data);
/* `to` is now what `from` was; and: all of the tree `to` what those of its copy `from` are. */
void lineage_moved(struct lineage *l, const struct json *from, const struct json *to);
void lineage_copied_tree(struct lineage *l, const struct json *from, const struct json *to);

/* ---- the message as it is changed (leaf: a segment, hl7/draft.h) ---- */

/* The value bound to `key` was written to `p` (without indexes that mean all) of `leaf`. */
void lineage_set(struct lineage *l, const struct group *leaf, const struct path *p,
                 struct diag_pos pos, const void *key);
/* A repetition went: those behind it move up. */
void lineage_cleared(struct lineage *l, const struct group *leaf, const struct path *p);
/* `made` is a copy of what is left of `from` in `d`. */
void lineage_copied(struct lineage *l, const struct draft *d, const struct group *from,
                    const struct group *made, struct diag_pos pos);
/* The message as it is now is sent, with this leaf. */
void lineage_sent(struct lineage *l, struct draft *d, const struct group *leaf);
/* A map to HL7 v2 wrote the leaf `v` of what it made to `p` of a new line; `line` stands for it. */
void lineage_written(struct lineage *l, const struct group *line, const struct path *p,
                     const struct json *v);
/* The engine filled `p` in, for the map at `pos`. */
void lineage_filled(struct lineage *l, const struct group *line, const struct path *p,
                    struct diag_pos pos);
/* The same where `v` is a whole segment of `m`, of which `field` is carried over. */
void lineage_carried(struct lineage *l, const struct group *line, const struct path *p,
                     const struct json *v, const struct hl7 *m, struct str field);
/* A segment of the message as it is now. */
struct lineage_leaf {
    const struct group *leaf;
    const char *id;
    bool is_taken; /* lineage_output(): it was met in the bytes */
};
/* An output of the message as it is now: output number `output`, its bytes and the segments in them, those of one
 * name in order. */
void lineage_output(struct lineage *l, unsigned output, struct str bytes,
                    struct lineage_leaf *leaves, unsigned n);

#endif
