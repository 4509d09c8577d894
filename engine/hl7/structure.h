/* structure.h - message structures (ADT_A01, SIU_S12 ...) as trees of groups, and the segments of a
 * message sorted into them. A structure is constant and shared; its nodes are numbered in the order
 * they are written, 0 being the message itself. A grouping lives in the arena it was made in.
 * Source: HL7 v2 chapters 3, 4, 6, 7, 10 (abstract message definitions), table 0354; docs/dictionary.md.
 * Differs: grouping never fails; what does not fit stays where it stands and is found and named. */
#ifndef CORRIDOR_HL7_STRUCTURE_H
#define CORRIDOR_HL7_STRUCTURE_H

#include "engine/base/diag.h"
#include "engine/hl7/dict.h"
#include "engine/hl7/hl7.h"

enum structure_kind {
    STRUCTURE_SEGMENT,
    STRUCTURE_GROUP,
    STRUCTURE_CHOICE, /* one of its children; has no name and no group of its own in a grouping */
    STRUCTURE_ANY,    /* any one segment (master files) */
};

struct structure;
struct edit_line;

/* One node. Children of a node are node + 1, then each one's `next`, up to the node's own `next`. */
struct structure_place {
    const char *name;         /* "PID", "INSURANCE"; "" for the message and for a choice */
    enum structure_kind kind; /* the message (node 0) is a group */
    unsigned min, max;        /* max 0: unlimited */
    unsigned parent;          /* 0 for node 0 too */
    unsigned next;            /* the node behind it and all that is below it */
};

#define STRUCTURE_NONE 0xffffffffu

/* The structure for MSH-9.1, MSH-9.2, MSH-9.3 (each may be empty): the structure named if that version
 * has it, else the one of the event (ADT, A04 -> ADT_A01), else the same in the nearest later or
 * earlier version. NULL: none; *out_why (never NULL) says why, or what was assumed, "" when it is as
 * published. Static text. O(log n) times the versions looked at. */
const struct structure *structure_of(enum hl7_version v, struct str type, struct str event,
                                     struct str name, const char **out_why);
/* By its own name ("ADT_A01") in exactly that version, or NULL. */
const struct structure *structure_named(enum hl7_version v, struct str name);
/* The structures of one version in byte order; NULL behind the last. */
const struct structure *structure_at(enum hl7_version v, unsigned index);

const char *structure_name(const struct structure *s);
enum hl7_version structure_version(const struct structure *s);
unsigned structure_nodes(const struct structure *s);
struct structure_place structure_place(const struct structure *s, unsigned node);
/* The `nth` (from 0) node called `name`, group or segment, in order; STRUCTURE_NONE when there is none. */
unsigned structure_find(const struct structure *s, const char *name, unsigned nth);
/* Does `node` hold segment `seg` itself (not in a group below it)? */
bool structure_holds(const struct structure *s, unsigned node, const char *seg);
/* The `nth` (from 0) level (group node, 0 the message) that holds `seg` itself, or STRUCTURE_NONE. */
unsigned structure_level_holding(const struct structure *s, const char *seg, unsigned nth);
/* The `nth` (from 0) of the smallest groups whose first required segment is `seg`: FT1 in DFT_P03 gives
 * FINANCIAL. The message itself is no such group. STRUCTURE_NONE when there is none. */
unsigned structure_group_opened_by(const struct structure *s, const char *seg, unsigned nth);
/* The same inside group `within` only, and how many there are. */
unsigned structure_groups_opened_by(const struct structure *s, unsigned within, const char *seg,
                                    unsigned *out_first);
/* Groups called `name` below `within`: the first, and how many there are. */
unsigned structure_groups_named(const struct structure *s, unsigned within, struct str name,
                                unsigned *out_first);
/* The group around `node` (the message around itself): choices are none. */
unsigned structure_around(const struct structure *s, unsigned node);
/* May `node` stand more than once inside `within` (an enclosing node): it or a group between repeats. */
bool structure_repeats(const struct structure *s, unsigned within, unsigned node);

/* Where a bare segment name leads from a group: to segments that a group holds itself, or that exactly one
 * group below it holds; when several do, the name alone does not say which. */
enum structure_how { STRUCTURE_NOWHERE, STRUCTURE_OWN, STRUCTURE_BELOW, STRUCTURE_SEVERAL };
struct structure_reach {
    enum structure_how how;
    unsigned level;  /* group at which the name is found: `from` or one around it */
    unsigned holder; /* group that holds the segment itself; of SEVERAL the first */
    unsigned other;  /* of SEVERAL the second */
};
/* From group `from` outward, the nearest level that has it. O(nodes). */
struct structure_reach structure_reach(const struct structure *s, unsigned from, const char *seg);
/* In group `from` and below it only. */
struct structure_reach structure_reach_in(const struct structure *s, unsigned from,
                                          const char *seg);
/* May `seg` follow itself within one instance of group `holder`, by repeating or by having two places? */
bool structure_segment_repeats(const struct structure *s, unsigned holder, const char *seg);
/* The node of segment `seg` that group `holder` holds itself, or STRUCTURE_NONE. */
unsigned structure_segment_in(const struct structure *s, unsigned holder, const char *seg);
/* Is `seg` the first required segment of group `g` itself? The message is opened by none. */
bool structure_is_opened_by(const struct structure *s, unsigned g, const char *seg);
/* "PATIENT_RESULT/ORDER_OBSERVATION/OBX" */
struct str structure_path(struct arena *a, const struct structure *s, unsigned node);
/* The tree as text for people, in the standard's notation: [optional], {repeating}, <a|b>. */
void structure_describe(struct buf *out, const struct structure *s);

/* A group instance or, as a leaf, one segment of the message. */
struct group {
    unsigned node;        /* its node; STRUCTURE_NONE: a segment that the structure lacks (Zxx) */
    uint32_t seg;         /* leaf: index in m->seg; else UINT32_MAX */
    struct group *parent; /* NULL for the message */
    struct group *next;   /* behind it in the same parent */
    struct group *first, *last; /* what it holds, in the order of the message */
    unsigned at;                /* how far its children are filled: a node, 0: nothing yet */
    bool misplaced;             /* leaf or group that stands where the structure does not have it */
    struct edit_line *line;     /* leaf of a message being changed (draft.h); else NULL */
    /* As draft.h needs them, of a short message: segments it holds, and with those of its groups; the next group in order. */
    uint64_t own, all;
    struct group *following;
};

struct grouping {
    const struct structure *structure;
    struct group *root; /* node 0 */
    struct group *leaf; /* leaf[i] is the leaf of m->seg[i] */
};

/* Sort the segments of `m` into groups. Each segment goes to the nearest place at or behind the current
 * one, else starts an enclosing repeating group over, else to an earlier place of an open group (then
 * it is misplaced and shifts nothing). A segment may not jump over a required one that is still to come, but
 * for one with a group of its own in a group that repeats (AIS before the first RGS): that repeats for it.
 * Codes found: unexpected-segment, misplaced-segment, repeated-segment (warnings), missing-segment
 * (error); `findings` may be NULL. Never fails; nothing of the message is copied.
 * O(segments * nodes) at worst, about O(segments) on messages that fit. */
void structure_group(struct arena *a, const struct hl7 *m, const struct structure *s,
                     struct diags *findings, struct grouping *out);

static inline bool group_is_leaf(const struct group *g)
{
    return g->seg != UINT32_MAX;
}

/* The next group or leaf under `root` in the order of the message, from `g` (start with root itself);
 * NULL at the end. O(1) on average. */
struct group *group_next(const struct group *root, struct group *g);

#endif
