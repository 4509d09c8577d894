/* draft.h - a message on its way through a route: its segments sorted into groups, read as they are now,
 * changed in place. Groups and leaves (struct group) may be held on to while others come and go. What was
 * not asked for is not made: without changes and groups a draft is the message itself.
 * Lives in one arena with the message. One thread. Source: HL7 v2 abstract message definitions. */
#ifndef CORRIDOR_HL7_DRAFT_H
#define CORRIDOR_HL7_DRAFT_H

#include "engine/hl7/edit.h"
#include "engine/hl7/structure.h"

/* The structure that messages of this kind have, or NULL. Asked once, when it is needed. */
typedef const struct structure *(*draft_structure_fn)(const void *arg, const struct hl7 *m);

/* Where the only segment of a name stands, once it was looked for in a long message: else one path in a loop over
 * its segments would look through all of them each time. */
struct draft_sole {
    const struct group *in; /* NULL: in the whole message */
    char id[4];
    bool below, is_set, has;
    struct group *leaf;
    struct edit_line *line;
    uint32_t seg;
};
enum { DRAFT_SOLES = 64 }; /* sole_slot() takes six bits of a hash */

/* Where the segments of each name stand in a short message as received: sets of segments, a bit each. */
enum { DRAFT_SHORT = 63, /* segments at most */ DRAFT_NAMES = 64 };
struct draft_names {
    uint32_t name[DRAFT_NAMES]; /* by a hash, or behind it; 0: no name */
    uint64_t set[DRAFT_NAMES];  /* of that name */
};
struct shapes;
struct draft {
    struct arena *a;
    const struct hl7 *m;       /* as received */
    const struct structure *s; /* see draft_structure() */
    draft_structure_fn find;   /* NULL: s is found, or there is none */
    const void *find_arg;
    struct edit *edit;  /* NULL until something is changed */
    struct group *root; /* NULL until asked for */
    struct group *leaf; /* then: of each segment as received */
    uint64_t
        looked; /* segments and groups that were looked at: what it cost; whoever counts sets it back */
    uint32_t reshaped;        /* how often segments came or went */
    struct draft_sole *soles; /* DRAFT_SOLES of them; NULL until a long message is looked through */
    struct draft_names *names; /* NULL until a short message is looked through */
    struct shapes *shapes;     /* what earlier messages were sorted into (shapes.h); or NULL */
    bool is_filled;            /* the groups of a short message have their sets */
    bool is_ordered;           /* then: the groups have the segments in the order of the message */
};

/* `find` NULL: no structure; every segment then stands in the message itself. Then `shapes` may be set. */
void draft_init(struct draft *d, struct arena *a, const struct hl7 *m, draft_structure_fn find,
                const void *find_arg);
/* The message's structure, or NULL where none is known. */
const struct structure *draft_structure(struct draft *d);
/* The message as a group; sorts the segments when first asked. O(segments) then. */
struct group *draft_sort(struct draft *d);
static inline struct group *draft_root(struct draft *d)
{
    return d->root ? d->root : draft_sort(d);
}
/* "PID", "" for a line that is no segment. */
const char *draft_id(const struct draft *d, const struct group *leaf);
bool draft_is_gone(const struct draft *d, const struct group *leaf);
struct edit_seg draft_read(struct draft *d, const struct group *leaf);
/* The leaf that opens group `g`: its first one that is not gone; NULL: all are gone. */
struct group *draft_first(const struct draft *d, struct group *g);
/* The smallest group that `leaf` opens, or the leaf itself. */
struct group *draft_opened_by(const struct draft *d, struct group *leaf);

/* Segments named `id` in the order of the message: start with {.in = group}. */
struct draft_iter {
    struct group *in;
    char id[4];
    bool below; /* also those of groups below `in` */
    struct group *at;
    uint32_t found, reshaped;
    uint64_t before; /* d->looked when it began */
};
struct group *draft_next(struct draft *d, struct draft_iter *it);
/* Segments named `id` as a set, the first one its lowest bit, where that is all there is to know: of a short message
 * that nothing has been changed in. */
static inline bool draft_has_sets(const struct draft *d)
{
    return !d->edit && d->m->segs <= DRAFT_SHORT;
}
uint64_t draft_named(struct draft *d, const char id[4]);
/* The same in group `in`. False: ask draft_next(). */
bool draft_named_in(struct draft *d, const struct group *in, bool below, const char id[4],
                    uint64_t *out);
/* The same over the whole message without sorting it into groups: start with {.d = d}. False at the end. */
struct draft_flat {
    struct draft *d;
    struct edit_walk walk;
    uint32_t seg, found;
    uint32_t last; /* the segment, and its line, that was found */
    struct edit_line *last_line;
};
bool draft_flat_next(struct draft_flat *it, const char id[4], struct edit_seg *out);
/* The next instance of group node `node` inside `in`, behind `at` (NULL: the first). */
struct group *draft_next_group(struct draft *d, struct group *in, unsigned node, struct group *at);

/* Changes. 0 or what edit_line_set() and the like return. */
int draft_set(struct draft *d, struct group *leaf, const struct path *p, struct str raw);
/* edit_set() on the message: the first segment of the name, which is there. */
int draft_set_flat(struct draft *d, const struct path *p, struct str raw);
int draft_clear(struct draft *d, struct group *leaf, const struct path *p);
int draft_remove(struct draft *d, struct group *leaf);
/* A new segment `id` in group `in`, where the structure places it: behind the last of its own kind, else
 * behind what stands before it. `holder` (structure node, STRUCTURE_NONE: the structure lacks it) is `in`'s
 * node or one below; missing groups between are made, an existing one is used. ERR_NOT_FOUND: several
 * instances could take it. */
int draft_create(struct draft *d, struct group *in, unsigned holder, const char *id,
                 struct group **out_leaf);
/* A new group instance for `holder` even where one exists, opened by segment `id`. */
int draft_create_group(struct draft *d, struct group *in, unsigned holder, const char *id,
                       struct group **out_leaf);
/* A new line directly behind leaf or group `after` (or directly before), in the same group. */
int draft_add(struct draft *d, struct group *at, bool is_before, struct str line,
              struct group **out_leaf);
/* A copy of leaf or group `from` behind leaf or group `after`; behind `from`, where `after` stands in it.
 * What is gone is not copied; ERR_NOT_FOUND: all of `from` is. */
int draft_copy(struct draft *d, struct group *from, struct group *after, struct group **out_copy);
/* Hide or show every segment of `g` in draft_splices(). */
void draft_hide(struct draft *d, struct group *g, bool is_hidden);
struct splices draft_splices(struct draft *d);

#endif
