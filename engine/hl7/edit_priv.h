/* edit_priv.h - shared by edit.c (lines by path), edit_line.c (one line) and edit_emit.c (the bytes they make). */
#ifndef CORRIDOR_HL7_EDIT_PRIV_H
#define CORRIDOR_HL7_EDIT_PRIV_H

#include "engine/hl7/edit.h"

/* A field whose bytes differ from what the line holds. */
struct edit_override {
    uint32_t field;
    struct str value;
};

/* A line that is not as it was, or that somebody holds: an original segment with overrides, one that is
 * gone, or a new one. */
struct edit_line {
    uint32_t seg;     /* index of the original segment it is, or behind which it stands */
    bool is_original; /* its bytes are those of seg[seg] */
    bool is_slot;     /* it takes the place of seg[seg], original or replaced */
    bool is_gone, is_hidden;
    char id[4];
    struct str text;         /* bytes of the line before overrides */
    struct edit_override *v; /* ascending by field */
    uint32_t n, cap;
    struct edit_line *behind; /* the next line inserted behind the same segment */
    struct hl7 *now;          /* it with its overrides, indexed; NULL: to be made */
};

struct edit {
    struct arena *a;
    const struct hl7 *m;
    struct edit_line *
        *slot; /* of each segment: NULL while untouched; NULL before the first touch */
    bool is_changed;
    bool is_reshaped; /* lines were added, replaced or removed: m's segments no longer count */
    uint32_t hidden;  /* lines left out of what is sent */
    size_t added;     /* bytes taken in by changes, against the size limit */
    struct hl7 *view; /* of the current state, or NULL */
};

static inline struct edit_line *edit_slot(const struct edit *e, uint32_t seg)
{
    return e->slot ? e->slot[seg] : NULL;
}
/* Field `f` as the line's own bytes have it. Absent: p NULL. */
struct str edit_own_field(const struct edit *e, const struct edit_line *l, uint32_t f);
/* Fields that they have. */
uint32_t edit_own_count(const struct edit *e, const struct edit_line *l);
/* May `raw` be written at `p` (NULL: as a line)? 0; ERR_USAGE: it would break the line; ERR_LIMIT. */
int edit_check_raw(const struct edit *e, const struct path *p, struct str raw);
/* Is it one place, and may it be written? */
bool edit_is_definite(const struct path *p);
int edit_set_field(struct edit *e, struct edit_line *l, const struct path *p, struct str raw);
/* The whole line becomes `raw`; an empty one removes it. */
int edit_set_segment(struct edit *e, struct edit_line *l, struct str raw);
/* The bytes of one line with its overrides. */
struct str edit_line_bytes(struct edit *e, const struct edit_line *l);

#endif
