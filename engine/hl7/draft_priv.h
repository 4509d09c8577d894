/* draft_priv.h - shared by draft.c (the tree of a draft, its changes), draft_find.c (looks for segments) and draft_add.c
 * (adds new ones). */
#ifndef CORRIDOR_HL7_DRAFT_PRIV_H
#define CORRIDOR_HL7_DRAFT_PRIV_H

#include "engine/hl7/draft.h"

/* Its edit; made when first asked for. */
struct edit *draft_edit(struct draft *d);
/* The line of a leaf; from here on it counts as touched. */
struct edit_line *draft_line(struct draft *d, const struct group *leaf);
/* In no list yet: see draft_link(). */
struct group *draft_new_group(struct draft *d, struct group *parent, unsigned node);
/* Behind `sibling`, or first where that is NULL. */
void draft_link(struct group *parent, struct group *sibling, struct group *g);
/* A segment of this name came or went: what is remembered of it no longer holds. */
void draft_reshape(struct draft *d, const char *id);
/* The sets of a short message, of its names and of its groups, and whether these have the segments in order. Nothing has been
 * changed, or it was sorted just now. */
void draft_fill(struct draft *d);

#endif
