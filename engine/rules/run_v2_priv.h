/* run_v2_priv.h - a message or part of HL7 v2 while it is written: shared by run_v2_write.c (its structure), run_v2_line.c
 * (lines of one segment name), run_v2_field.c (what stands in a line) and run_v2_fill.c (what the engine fills in). Lives
 * in the arena of its interpreter. */
#ifndef CORRIDOR_RULES_RUN_V2_PRIV_H
#define CORRIDOR_RULES_RUN_V2_PRIV_H

#include "engine/base/buf.h"
#include "engine/rules/run_v2.h"

/* What a map made, on its way into a message. */
struct v2_writing {
    struct eval *e;
    const struct map *m;
    const struct structure *s;
    struct hl7_delims d;
    struct str charset; /* MSH-18; empty: that of the message that is read */
    struct buf out;
    uint16_t rep;              /* the repetition under way, of a list of them; else 0 */
    struct run_v2_lines lines; /* for lineage */
};

/* A segment under way. */
struct v2_line {
    struct group *leaf; /* stands for it in lineage; or NULL */
    struct str *field;  /* from 1 */
    unsigned n, cap;
};

/* Those of one name. */
struct v2_lines {
    struct v2_line *v;
    unsigned n, cap;
};

/* False, always: the fault stands at the map and names the place. */
bool v2_fault(struct v2_writing *w, struct str place, const char *what);

/* run_v2_field.c */

/* Room for field `field` of the line. False: no segment has as many. */
bool v2_room(struct v2_writing *w, struct v2_line *l, unsigned field);
/* Encoded bytes at the place `p`; empty ones are left out. False: fault. */
bool v2_set(struct v2_writing *w, struct v2_line *l, const struct path *p, struct str raw);
/* What the map made for the place `p`: a text, an object of parts, or a list of repetitions. False: fault. */
bool v2_write_field(struct v2_writing *w, struct v2_line *l, const struct path *p,
                    const struct json *v);
/* What stands for the line in lineage; NULL where none is asked for. */
const struct group *v2_leaf_of(struct v2_writing *w, struct v2_line *l);

/* run_v2_line.c */

/* The line at `index` (from 0), made where it is not there; NULL: too many. */
struct v2_line *v2_line_at(struct v2_writing *w, struct v2_lines *all, unsigned index);
/* A whole segment `v`, or a list of them: the next lines. False: fault. */
bool v2_write_segments(struct v2_writing *w, struct v2_lines *all, const char *seg,
                       const struct json *v);
/* All that the keys of `object` say of segments called `seg`. False: fault. */
bool v2_collect(struct v2_writing *w, const char *seg, const struct json *object,
                struct v2_lines *all);
/* To w->out: a line, and those of `all` that hold something (returns how many). */
void v2_put_line(struct v2_writing *w, const char *seg, const struct v2_line *l);
unsigned v2_put_lines(struct v2_writing *w, const char *seg, const struct v2_lines *all);

/* run_v2_fill.c: into the first line of MSH or EVN; of other segments nothing. */
void v2_fill(struct v2_writing *w, const char *seg, struct v2_lines *all);

#endif
