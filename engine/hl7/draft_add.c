/* New segments in a draft: where the structure places them, beside others, or as copies. */
#include "engine/base/err.h"
#include "engine/hl7/draft_priv.h"

static struct group *new_leaf(struct draft *d, struct group *parent, const char *id,
                              struct edit_line *line)
{
    bool placed = d->s && parent->node != STRUCTURE_NONE;
    struct group *leaf = draft_new_group(
        d, parent, placed ? structure_segment_in(d->s, parent->node, id) : STRUCTURE_NONE);
    leaf->seg = 0;
    leaf->line = line;
    return leaf;
}

static struct group *last_leaf(struct group *g)
{
    while (g && !group_is_leaf(g)) {
        g = g->last;
    }
    return g;
}

static struct group *first_leaf(struct group *g)
{
    while (g && !group_is_leaf(g)) {
        g = g->first;
    }
    return g;
}

/* The child of group node `g` that `node` is or lies in. */
static unsigned child_of(const struct structure *s, unsigned g, unsigned node)
{
    for (unsigned up; (up = structure_place(s, node).parent) != g && node;) {
        node = up;
    }
    return node;
}

/* The last child of `g` that stands before structure node `node`, or at it; NULL: none does. */
static struct group *sibling_before(struct draft *d, struct group *g, unsigned node)
{
    struct group *hit = NULL;
    if (node == STRUCTURE_NONE) {
        return g->last;
    }
    for (struct group *k = g->first; k; k = k->next, d->looked++) {
        bool placed = k->node != STRUCTURE_NONE && !k->misplaced;
        if (placed && child_of(d->s, g->node, k->node) <= node) {
            hit = k;
        } else if (hit && k->node == STRUCTURE_NONE) {
            hit = hit->next == k ? k : hit; /* a Z segment stays with what it follows */
        }
    }
    return hit;
}

/* The line behind which something new in `g` goes, if it follows `sibling` (NULL: it is the first). */
static struct edit_line *line_behind(struct draft *d, struct group *g, struct group *sibling)
{
    struct group *leaf = last_leaf(sibling);
    if (leaf) {
        return draft_line(d, leaf);
    }
    leaf = first_leaf(g);
    struct edit_line *before = leaf ? edit_line_before(draft_edit(d), draft_line(d, leaf)) : NULL;
    return before ? before : edit_line_of(draft_edit(d), d->m->segs - 1);
}

/* A place for something new: behind `sibling` in `parent`, its line behind `after`. */
struct spot {
    struct group *parent, *sibling;
    struct edit_line *after;
};

static struct spot spot_in(struct draft *d, struct group *g, unsigned child)
{
    struct group *sibling = sibling_before(d, g, child);
    return (struct spot){g, sibling, line_behind(d, g, sibling)};
}

static int add_leaf(struct draft *d, const struct spot *at, struct str text, struct group **out)
{
    struct edit_line *line;
    int rc = edit_line_add(draft_edit(d), at->after, text, &line);
    if (rc == 0) {
        draft_reshape(d, edit_line_id(line));
        *out = new_leaf(d, at->parent, edit_line_id(line), line);
        draft_link(at->parent, at->sibling, *out);
    }
    return rc;
}

/* Groups from `g` down to `holder`, all new, the segment in the innermost. */
static int add_groups(struct draft *d, struct group *g, unsigned holder, const char *id,
                      struct group **out_leaf)
{
    struct spot at = spot_in(d, g, child_of(d->s, g->node, holder));
    while (at.parent->node != holder) {
        unsigned child = child_of(d->s, at.parent->node, holder);
        struct group *made = draft_new_group(d, at.parent, child);
        draft_link(at.parent, at.sibling, made);
        at.parent = made;
        at.sibling = NULL;
    }
    return add_leaf(d, &at, str_from(id, 3), out_leaf);
}

/* The instance of group node `node` in `g`: the only one. ERR_NOT_FOUND: several; *out NULL: none. */
static int only_instance(struct draft *d, struct group *g, unsigned node, struct group **out)
{
    *out = draft_next_group(d, g, node, NULL);
    return *out && draft_next_group(d, g, node, *out) ? ERR_NOT_FOUND : 0;
}

/* Down from `g` to the instance of `holder` as far as there are instances. */
static int descend(struct draft *d, struct group **g, unsigned holder)
{
    while ((*g)->node != holder) {
        struct group *inner;
        unsigned child = child_of(d->s, (*g)->node, holder);
        int rc = only_instance(d, *g, child, &inner);
        if (rc != 0 || !inner) {
            return rc;
        }
        *g = inner;
    }
    return 0;
}

int draft_create(struct draft *d, struct group *in, unsigned holder, const char *id,
                 struct group **out_leaf)
{
    if (!d->s || holder == STRUCTURE_NONE || in->node == STRUCTURE_NONE) {
        struct spot end = {in, in->last, line_behind(d, in, in->last)};
        return add_leaf(d, &end, str_from(id, 3), out_leaf);
    }
    int rc = descend(d, &in, holder);
    if (rc != 0) {
        return rc;
    }
    if (in->node != holder) {
        return add_groups(d, in, holder, id, out_leaf);
    }
    unsigned node = structure_segment_in(d->s, holder, id);
    struct spot at = spot_in(d, in, child_of(d->s, holder, node));
    return add_leaf(d, &at, str_from(id, 3), out_leaf);
}

int draft_create_group(struct draft *d, struct group *in, unsigned holder, const char *id,
                       struct group **out_leaf)
{
    unsigned around = structure_place(d->s, holder).parent;
    int rc = descend(d, &in, around);
    return rc != 0 ? rc : add_groups(d, in, holder, id, out_leaf);
}

int draft_add(struct draft *d, struct group *at, bool is_before, struct str line,
              struct group **out_leaf)
{
    struct spot spot = {at->parent, at, NULL};
    if (!at->parent) {
        return ERR_USAGE; /* the message itself has nothing beside it */
    }
    if (is_before) {
        spot.sibling = NULL;
        for (struct group *k = at->parent->first; k != at; k = k->next) {
            spot.sibling = k;
        }
        spot.after = edit_line_before(draft_edit(d), draft_line(d, first_leaf(at)));
    } else {
        spot.after = draft_line(d, last_leaf(at));
    }
    return spot.after ? add_leaf(d, &spot, line, out_leaf) : ERR_USAGE;
}

static int copy_into(struct draft *d, const struct group *from, struct spot *at, struct group **out)
{
    if (group_is_leaf(from)) {
        struct edit_seg seg = draft_read(d, from);
        int rc = add_leaf(d, at, hl7_seg_text(seg.m, seg.seg), out);
        at->after = rc == 0 ? (*out)->line : at->after;
        return rc;
    }
    *out = draft_new_group(d, at->parent, from->node);
    draft_link(at->parent, at->sibling, *out);
    struct spot inner = {*out, NULL, at->after};
    for (struct group *k = from->first; k; k = k->next) {
        struct group *made;
        if (!draft_first(d, k)) {
            continue; /* gone, or a group of which all is: every group holds a leaf */
        }
        int rc = copy_into(d, k, &inner, &made); /* as deep as the structure */
        if (rc != 0) {
            return rc;
        }
        inner.sibling = made;
    }
    at->after = inner.after;
    return 0;
}

int draft_copy(struct draft *d, struct group *from, struct group *after, struct group **out_copy)
{
    if (!draft_first(d, from)) {
        return ERR_NOT_FOUND;
    }
    for (struct group *g = after->parent; g; g = g->parent) {
        after = g == from ? g : after; /* never into itself */
    }
    if (!after->parent) {
        return ERR_USAGE;
    }
    struct spot at = {after->parent, after, draft_line(d, last_leaf(after))};
    return copy_into(d, from, &at, out_copy);
}
