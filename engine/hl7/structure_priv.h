/* structure_priv.h - the rows of structures, shared by structure.c (lookups) and those that sort (structure_group_priv.h). */
#ifndef CORRIDOR_HL7_STRUCTURE_PRIV_H
#define CORRIDOR_HL7_STRUCTURE_PRIV_H

#include "engine/hl7/structure.h"

struct structure_node {
    uint16_t name; /* offset in the pool */
    uint16_t span; /* this node and all below it */
    uint16_t up;   /* distance to the parent, 0: the message */
    uint16_t id;   /* segment: number of its name from 1; else 0 */
    uint8_t min, max, kind;
};

enum { STRUCTURE_IDS_MAX = 255 };

/* The nodes of `s`, in order. */
const struct structure_node *structure_rows(const struct structure *s);
/* The number of a segment name, 0 when no structure has it. O(log n). */
unsigned structure_segment_id(const char *seg);
/* The first required segment or choice in group `g`, 0 when all is optional. */
unsigned structure_first_required(const struct structure_node *rows, unsigned g);
/* Is `node` the segment `id` or a choice that has it? */
bool structure_is(const struct structure_node *rows, unsigned node, unsigned id);

#endif
