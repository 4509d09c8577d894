/* shapes.h - into which groups the segments of earlier messages of a feed were sorted: a feed sends the same names in the
 * same order again and again, and the groups depend on those and on the structure alone. What is found is a copy of its
 * own in the draft's arena, as draft_sort() would make it anew; what a draft changes does not come back here. Bounded: short
 * messages, of which those that were not asked for lately go. It holds no content but names of segments. One thread. */
#ifndef CORRIDOR_HL7_SHAPES_H
#define CORRIDOR_HL7_SHAPES_H

#include "engine/hl7/draft.h"

/* A shape of 40 segments takes about 6 KiB, the largest one of DRAFT_SHORT segments about 30. */
enum { SHAPES_MOST = 64 };

struct shapes;

struct shapes *shapes_new(void);
void shapes_free(struct shapes **s);
/* How many messages were sorted from it since it was made. */
uint64_t shapes_found(const struct shapes *s);

/* ---- asked by draft_sort() ---- */

/* The names of the segments, in order, and the structure they were sorted by. */
struct shape_key {
    const struct structure *s;
    uint64_t hash; /* of the names */
    uint32_t segs;
    uint32_t name[DRAFT_SHORT];
};

/* True: the draft is sorted, its sets are filled. Else `out_key` says what to keep it by. The message is short, the
 * draft's structure known. O(segments + groups). */
bool shapes_find(struct shapes *s, struct draft *d, struct shape_key *out_key);
/* The draft was sorted anew, and nothing of it has changed. A copy is kept when these names are met for the second
 * time. */
void shapes_keep(struct shapes *s, struct draft *d, const struct shape_key *key);

#endif
