/* A draft's tree and its segments as they are now, changed in place. */
#include "engine/hl7/draft.h"

#include "engine/hl7/draft_priv.h"
#include "engine/hl7/shapes.h"

void draft_init(struct draft *d, struct arena *a, const struct hl7 *m, draft_structure_fn find,
                const void *find_arg)
{
    *d = (struct draft){.a = a, .m = m, .find = find, .find_arg = find_arg};
}

const struct structure *draft_structure(struct draft *d)
{
    if (d->find) {
        d->s = d->find(d->find_arg, d->m);
        d->find = NULL;
    }
    return d->s;
}

struct edit *draft_edit(struct draft *d)
{
    if (!d->edit) {
        d->edit = edit_new(d->a, d->m);
    }
    return d->edit;
}

struct group *draft_new_group(struct draft *d, struct group *parent, unsigned node)
{
    struct group *g = ARENA_NEW(d->a, struct group);
    g->node = node;
    g->seg = UINT32_MAX;
    g->parent = parent;
    return g;
}

void draft_link(struct group *parent, struct group *sibling, struct group *g)
{
    struct group **at = sibling ? &sibling->next : &parent->first;
    g->next = *at;
    *at = g;
    parent->last = parent->last == sibling || !parent->last ? g : parent->last;
}

/* Every segment in the message itself: no structure is known. */
static struct group *flat_root(struct draft *d)
{
    struct group *root = draft_new_group(d, NULL, STRUCTURE_NONE), *last = NULL;
    d->leaf = arena_alloc(d->a, d->m->segs * sizeof(struct group));
    for (uint32_t i = 0; i < d->m->segs; i++) {
        struct group *leaf = &d->leaf[i];
        *leaf = (struct group){.node = STRUCTURE_NONE, .seg = i, .parent = root};
        draft_link(root, last, leaf);
        last = leaf;
    }
    return root;
}

static void sort_anew(struct draft *d)
{
    struct grouping g;
    structure_group(d->a, d->m, d->s, NULL, &g);
    d->root = g.root;
    d->leaf = g.leaf;
}

struct group *draft_sort(struct draft *d)
{
    struct shape_key key;
    bool recalls = d->shapes && d->m->segs && d->m->segs <= DRAFT_SHORT;
    if (!draft_structure(d)) {
        d->root = flat_root(d);
    } else if (!recalls) {
        sort_anew(d);
    } else if (!shapes_find(d->shapes, d, &key)) {
        sort_anew(d);
        shapes_keep(d->shapes, d, &key);
    }
    return d->root;
}

const char *draft_id(const struct draft *d, const struct group *leaf)
{
    return leaf->line ? edit_line_id(leaf->line) : d->m->seg[leaf->seg].id;
}

bool draft_is_gone(const struct draft *d, const struct group *leaf)
{
    return leaf->line ? edit_line_is_gone(leaf->line) : d->edit && edit_is_gone(d->edit, leaf->seg);
}

struct edit_seg draft_read(struct draft *d, const struct group *leaf)
{
    if (leaf->line) {
        return edit_line_read(d->edit, leaf->line);
    }
    return d->edit ? edit_read(d->edit, leaf->seg) : (struct edit_seg){d->m, &d->m->seg[leaf->seg]};
}

struct edit_line *draft_line(struct draft *d, const struct group *leaf)
{
    return leaf->line ? leaf->line : edit_line_of(draft_edit(d), leaf->seg);
}

struct group *draft_first(const struct draft *d, struct group *g)
{
    for (struct group *at = g; at; at = group_next(g, at)) {
        if (group_is_leaf(at) && !draft_is_gone(d, at)) {
            return at;
        }
    }
    return NULL;
}

struct group *draft_opened_by(const struct draft *d, struct group *leaf)
{
    struct group *g = leaf->parent;
    bool opens = d->s && g && g->node != STRUCTURE_NONE &&
                 structure_is_opened_by(d->s, g->node, draft_id(d, leaf));
    return opens ? g : leaf;
}

int draft_set(struct draft *d, struct group *leaf, const struct path *p, struct str raw)
{
    return edit_line_set(draft_edit(d), draft_line(d, leaf), p, raw);
}

int draft_set_flat(struct draft *d, const struct path *p, struct str raw)
{
    return edit_set(draft_edit(d), p, raw);
}

int draft_clear(struct draft *d, struct group *leaf, const struct path *p)
{
    return edit_line_delete(draft_edit(d), draft_line(d, leaf), p);
}

int draft_remove(struct draft *d, struct group *leaf)
{
    draft_reshape(d, draft_id(d, leaf));
    return edit_line_remove(draft_edit(d), draft_line(d, leaf));
}

void draft_hide(struct draft *d, struct group *g, bool is_hidden)
{
    for (struct group *at = g; at; at = group_next(g, at)) {
        if (group_is_leaf(at)) {
            edit_line_hide(draft_edit(d), draft_line(d, at), is_hidden);
        }
    }
}

struct splices draft_splices(struct draft *d)
{
    if (d->edit) {
        return edit_splices(d->edit, d->a);
    }
    struct splice *one = arena_alloc(d->a, sizeof(*one));
    *one = (struct splice){NULL, 0, (uint32_t)d->m->raw.n};
    return (struct splices){one, 1};
}
