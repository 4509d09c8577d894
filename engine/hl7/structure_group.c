/* The segments of a message into the groups of its structure. */
#include "engine/hl7/structure_group_priv.h"

/* ---- the tree ---- */

static struct group *add(struct sorting *w, struct group *parent, unsigned node, uint32_t seg)
{
    bool is_leaf = seg != UINT32_MAX;
    struct group *g = is_leaf ? &w->leaf[seg] : arena_alloc(w->arena, sizeof(struct group));
    *g = (struct group){.node = node, .seg = seg, .parent = parent};
    if (!parent)
        return g;
    if (parent->last)
        parent->last->next = g;
    else
        parent->first = g;
    parent->last = g;
    return g;
}

/* Open the groups from `in` down to the parent of `leaf` and put segment `i` there. */
static struct group *put(struct sorting *w, struct group *in, unsigned leaf, uint32_t i,
                         bool advance)
{
    const struct structure_node *rows = w->rows;
    struct group *top = NULL;
    for (;;) {
        unsigned c = structure_child_of(rows, in->node, leaf);
        if ((advance || top) && c > in->at)
            in->at = c;
        bool group = rows[c].kind == STRUCTURE_GROUP;
        struct group *g = add(w, in, group ? c : leaf, group ? UINT32_MAX : i);
        top = top ? top : g;
        if (!group)
            break;
        in = g;
    }
    if (advance || top != &w->leaf[i])
        w->cur = in;
    return top;
}

/* A segment that the structure does not name: an "any segment" place takes it, else it stands here. */
static void unnamed(struct sorting *w, uint32_t i)
{
    const struct structure_node *rows = w->rows;
    for (struct group *in = w->cur; in; in = in->parent) {
        unsigned c = in->at ? in->at : in->node + 1, end = in->node + rows[in->node].span;
        for (; c < end; c += rows[c].span) {
            if (rows[c].kind == STRUCTURE_ANY && (c != in->at || rows[c].max != 1)) {
                put(w, in, c, i, true);
                return;
            }
        }
    }
    struct group *leaf = add(w, w->cur, STRUCTURE_NONE, i);
    leaf->misplaced = w->m->seg[i].id[0] != 'Z';
    if (leaf->misplaced)
        structure_tell(w, "unexpected-segment", i, "this segment is not part of");
}

static void sort_one(struct sorting *w, uint32_t i)
{
    if (w->id[i] == 0) {
        unnamed(w, i);
        return;
    }
    struct spot spot = structure_spot_nearest(w, i);
    if (spot.in) {
        put(w, spot.in, spot.leaf, i, true);
        return;
    }
    spot = structure_spot_backward(w, i);
    if (spot.in) {
        bool again = structure_child_of(w->rows, spot.in->node, spot.leaf) == spot.in->at;
        put(w, spot.in, spot.leaf, i, false)->misplaced = true;
        structure_tell(w, again ? "repeated-segment" : "misplaced-segment", i,
                       again ? "this segment may stand here only once in"
                             : "this segment stands out of order; it has another place in");
        return;
    }
    spot = structure_spot_late(w, i);
    if (spot.in) {
        put(w, spot.in, spot.leaf, i, true);
        return;
    }
    spot = structure_spot_alone(w, i);
    if (spot.in) {
        put(w, spot.in, spot.leaf, i, false);
        return;
    }
    add(w, w->cur, STRUCTURE_NONE, i)->misplaced = true;
    structure_tell(w, "unexpected-segment", i, "this segment has no place here in");
}

/* ---- all of it ---- */

struct group *group_next(const struct group *root, struct group *g)
{
    if (g->first)
        return g->first;
    while (g != root && !g->next)
        g = g->parent;
    return g == root ? NULL : g->next;
}

static void number_segments(struct sorting *w)
{
    uint32_t n = w->m->segs;
    w->id = ARENA_ARRAY(w->arena, uint8_t, n + 1);
    w->same = ARENA_ARRAY(w->arena, uint32_t, n + 1);
    memset(w->upcoming, 0xff, sizeof w->upcoming);
    uint8_t present[STRUCTURE_IDS_MAX + 1] = {0};
    for (unsigned k = 0; k < structure_nodes(w->s); k++)
        present[w->rows[k].id] = 1;
    for (uint32_t i = n; i-- > 0;) {
        bool again = i + 1 < n && memcmp(w->m->seg[i].id, w->m->seg[i + 1].id, 4) == 0;
        unsigned id = again ? w->id[i + 1] : structure_segment_id(w->m->seg[i].id);
        id = present[id] ? id : 0;
        w->id[i] = (uint8_t)id;
        w->same[i] = w->upcoming[id];
        w->upcoming[id] = i;
    }
}

void structure_group(struct arena *a, const struct hl7 *m, const struct structure *s,
                     struct diags *findings, struct grouping *out)
{
    struct sorting *w = ARENA_NEW(a, struct sorting);
    w->arena = a;
    w->m = m;
    w->s = s;
    w->rows = structure_rows(s);
    w->findings = findings;
    w->leaf = arena_alloc(a, m->segs * sizeof(struct group));
    number_segments(w);
    struct group *root = add(w, NULL, 0, UINT32_MAX);
    w->cur = root;
    for (uint32_t i = 0; i < m->segs; i++) {
        w->seen[w->id[i]]++;
        sort_one(w, i);
        w->upcoming[w->id[i]] = w->same[i];
    }
    if (findings)
        structure_tell_missing(w, root);
    *out = (struct grouping){s, root, w->leaf};
}
