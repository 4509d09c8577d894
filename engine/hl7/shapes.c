#include "engine/hl7/shapes.h"

#include <stdlib.h>

#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/hl7/draft_priv.h"

enum { SIGHTS = 256 };

struct shape {
    struct shape_key key;
    struct draft_names names;
    bool is_ordered;
    uint32_t groups;      /* the leaves among them */
    struct group group[]; /* of each segment its leaf, then the message, then its groups in order */
};

struct place {
    uint64_t hash;
    struct shape *shape;
};

struct shapes {
    struct place at[SHAPES_MOST]; /* what was asked for last is the first */
    unsigned n;
    uint32_t sights[SIGHTS]; /* hashes of what was met, by other bits of them */
    uint64_t found;
};

struct shapes *shapes_new(void)
{
    return X_NEW(struct shapes);
}

void shapes_free(struct shapes **sp)
{
    struct shapes *s = *sp;
    *sp = NULL;
    for (unsigned i = 0; s && i < s->n; i++) {
        free(s->at[i].shape);
    }
    free(s);
}

uint64_t shapes_found(const struct shapes *s)
{
    return s->found;
}

/* ---- asking ---- */

static void key_of(const struct draft *d, struct shape_key *out)
{
    const struct hl7 *m = d->m;
    for (uint32_t i = 0; i < m->segs; i++) {
        memcpy(&out->name[i], m->seg[i].id, sizeof(out->name[i]));
    }
    out->s = d->s;
    out->segs = m->segs;
    out->hash = hash64(out->name, m->segs * sizeof(out->name[0]), 0);
}

static bool is_same(const struct shape_key *a, const struct shape_key *b)
{
    return a->s == b->s && a->segs == b->segs &&
           memcmp(a->name, b->name, a->segs * sizeof(a->name[0])) == 0;
}

/* `one` becomes the first; the place behind the first `before` is free, or its own. */
static void put_first(struct shapes *s, unsigned before, struct place one)
{
    memmove(s->at + 1, s->at, before * sizeof(*s->at));
    s->at[0] = one;
}

static const struct shape *find(struct shapes *s, const struct shape_key *key)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->at[i].hash == key->hash && is_same(&s->at[i].shape->key, key)) {
            put_first(s, i, s->at[i]);
            return s->at[0].shape;
        }
    }
    return NULL;
}

/* Where the copy of `g` is. */
static inline struct group *moved(const struct group *g, uintptr_t by)
{
    return (struct group *)((uintptr_t)g + by);
}

static inline struct group *moved_if(const struct group *g, uintptr_t by)
{
    return g ? moved(g, by) : NULL;
}

/* A leaf holds nothing, a group always something, and all but the message stand in one. */
static void copy_groups(struct draft *d, const struct shape *shape)
{
    const struct group *g = shape->group, *leaves = g + shape->key.segs, *end = g + shape->groups;
    struct group *to = arena_alloc(d->a, shape->groups * sizeof(*to));
    uintptr_t by = (uintptr_t)to - (uintptr_t)g;
    d->leaf = to;
    d->root = to + shape->key.segs;
    for (; g < leaves; g++, to++) {
        *to = *g;
        to->parent = moved(g->parent, by);
        to->next = moved_if(g->next, by);
    }
    for (; g < end; g++, to++) {
        *to = *g;
        to->parent = moved_if(g->parent, by);
        to->next = moved_if(g->next, by);
        to->first = moved(g->first, by);
        to->last = moved(g->last, by);
        to->following = moved_if(g->following, by);
    }
}

bool shapes_find(struct shapes *s, struct draft *d, struct shape_key *out_key)
{
    key_of(d, out_key);
    const struct shape *shape = find(s, out_key);
    if (!shape) {
        return false;
    }
    copy_groups(d, shape);
    if (!d->names) {
        d->names = arena_alloc(d->a, sizeof(*d->names));
        *d->names = shape->names;
    }
    d->is_filled = true;
    d->is_ordered = shape->is_ordered;
    s->found++;
    return true;
}

/* ---- keeping ---- */

static bool was_met(struct shapes *s, uint64_t hash)
{
    uint32_t *sight = &s->sights[hash % SIGHTS], tag = (uint32_t)(hash >> 32);
    bool was = *sight == tag;
    *sight = tag;
    return was;
}

/* `g` and what it holds, as deep as the structure. `following` is set behind. */
static struct group *keep_group(struct shape *to, const struct group *g, struct group *parent)
{
    struct group *copy = &to->group[group_is_leaf(g) ? g->seg : to->groups++];
    *copy = *g;
    copy->parent = parent;
    copy->next = copy->first = copy->last = copy->following = NULL;
    for (const struct group *k = g->first; k; k = k->next) {
        struct group *one = keep_group(to, k, copy);
        *(copy->last ? &copy->last->next : &copy->first) = one;
        copy->last = one;
    }
    return copy;
}

static struct shape *shape_of(struct draft *d, const struct shape_key *key)
{
    uint32_t groups = key->segs + 1; /* with the message itself */
    for (const struct group *g = d->root->following; g; g = g->following) {
        groups++;
    }
    struct shape *shape = xmalloc(sizeof(*shape) + groups * sizeof(shape->group[0]));
    shape->key = *key;
    shape->names = *d->names;
    shape->is_ordered = d->is_ordered;
    shape->groups = key->segs;
    (void)keep_group(shape, d->root, NULL); /* the one behind the leaves */
    for (uint32_t i = key->segs; i + 1 < groups; i++) {
        shape->group[i].following = &shape->group[i + 1];
    }
    return shape;
}

void shapes_keep(struct shapes *s, struct draft *d, const struct shape_key *key)
{
    if (!was_met(s, key->hash)) {
        return;
    }
    if (s->n == SHAPES_MOST) {
        free(s->at[--s->n].shape);
    }
    draft_fill(d);
    put_first(s, s->n++, (struct place){key->hash, shape_of(d, key)});
}
