/* structure_group_priv.h - one message being sorted into groups: between structure_group.c (the tree), structure_spot.c (where a
 * segment goes) and structure_tell.c (findings). */
#ifndef CORRIDOR_HL7_STRUCTURE_GROUP_PRIV_H
#define CORRIDOR_HL7_STRUCTURE_GROUP_PRIV_H

#include "engine/hl7/structure_priv.h"

/* The state of one sorting. Segment names are numbers ("id", 0: the structure has no such segment). */
struct sorting {
    struct arena *arena;
    const struct hl7 *m;
    const struct structure *s;
    const struct structure_node *rows;
    struct diags *findings; /* may be NULL */
    uint8_t *id;            /* of each segment */
    uint32_t *same;         /* index of the next segment of the same id, UINT32_MAX: none */
    uint32_t
        upcoming[STRUCTURE_IDS_MAX + 1];  /* next segment of that id, the current one included */
    uint32_t seen[STRUCTURE_IDS_MAX + 1]; /* segments of that id up to the current one */
    struct group *cur;                    /* where the last segment went */
    struct group *leaf;                   /* of each segment */
};

/* A place for a segment: instance `in` gets `leaf`, through the groups between. */
struct spot {
    struct group *in; /* NULL: none found */
    unsigned leaf;
    bool skipped; /* something optional was passed over inside a newly opened group */
};

/* The child of group `g` that `node` is or lies in. */
static inline unsigned structure_child_of(const struct structure_node *rows, unsigned g,
                                          unsigned node)
{
    while (node - rows[node].up != g)
        node -= rows[node].up;
    return node;
}

/* ---- structure_spot.c: places for segment `i`, each where those before it have none ---- */

/* In order: further on, or in a group that repeats. */
struct spot structure_spot_nearest(struct sorting *w, uint32_t i);
/* An earlier (or blocked) place of a group that is open: its own segment first, then a group in it. */
struct spot structure_spot_backward(struct sorting *w, uint32_t i);
/* In a group without what it requires. */
struct spot structure_spot_late(struct sorting *w, uint32_t i);
/* What comes before the segment that should open its group (AIS before the first RGS): it is a thing of its
 * own, so the group repeats for it. A part of what comes (IN2 before its IN1) stays without a place. */
struct spot structure_spot_alone(struct sorting *w, uint32_t i);

/* ---- structure_tell.c ---- */

/* "`what` STRUCTURE" of segment `i`, if anybody listens. */
void structure_tell(struct sorting *w, const char *code, uint32_t i, const char *what);
/* Required segments and groups that are not there. */
void structure_tell_missing(struct sorting *w, struct group *root);

#endif
