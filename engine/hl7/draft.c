#include "engine/hl7/draft.h"

#include "engine/base/err.h"

enum {
    SOLE_FROM = 64,  /* segments from which on it pays to remember where one stands */
    DRAFT_NAMES = 64 /* place_of() takes six bits of a hash */
};

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

static struct edit *edit_of(struct draft *d)
{
    if (!d->edit) {
        d->edit = edit_new(d->a, d->m);
    }
    return d->edit;
}

/* ---- the tree ---- */

static struct group *new_group(struct draft *d, struct group *parent, unsigned node)
{
    struct group *g = ARENA_NEW(d->a, struct group);
    g->node = node;
    g->seg = UINT32_MAX;
    g->parent = parent;
    return g;
}

static struct group *new_leaf(struct draft *d, struct group *parent, const char *id,
                              struct edit_line *line)
{
    bool placed = d->s && parent->node != STRUCTURE_NONE;
    struct group *leaf = new_group(
        d, parent, placed ? structure_segment_in(d->s, parent->node, id) : STRUCTURE_NONE);
    leaf->seg = 0;
    leaf->line = line;
    return leaf;
}

/* Behind `sibling`, or first where that is NULL. */
static void link_behind(struct group *parent, struct group *sibling, struct group *g)
{
    struct group **at = sibling ? &sibling->next : &parent->first;
    g->next = *at;
    *at = g;
    parent->last = parent->last == sibling || !parent->last ? g : parent->last;
}

/* Every segment in the message itself: no structure is known. */
static struct group *flat_root(struct draft *d)
{
    struct group *root = new_group(d, NULL, STRUCTURE_NONE), *last = NULL;
    for (uint32_t i = 0; i < d->m->segs; i++) {
        struct group *leaf = new_group(d, root, STRUCTURE_NONE);
        leaf->seg = i;
        link_behind(root, last, leaf);
        last = leaf;
    }
    return root;
}

struct group *draft_root(struct draft *d)
{
    struct grouping g;
    if (!d->root && draft_structure(d)) {
        structure_group(d->a, d->m, d->s, NULL, &g);
        d->root = g.root;
    } else if (!d->root) {
        d->root = flat_root(d);
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

static struct edit_line *line_of(struct draft *d, const struct group *leaf)
{
    return leaf->line ? leaf->line : edit_line_of(edit_of(d), leaf->seg);
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

/* ---- looking for segments ---- */

static bool is_long(const struct draft *d)
{
    return d->m->segs + d->reshaped >= SOLE_FROM;
}

/* Where it is remembered of a long message. By names and places of the structure, not by addresses: what a message
 * costs is counted, and must be the same each time. */
static struct draft_sole *sole_slot(struct draft *d, const struct group *in, const char id[4])
{
    uint32_t name;
    if (!d->soles) {
        d->soles = ARENA_ARRAY(d->a, struct draft_sole, DRAFT_SOLES);
    }
    memcpy(&name, id, sizeof(name));
    uint64_t place = in ? (uint64_t)in->node * 2 + 1 : 0;
    uint64_t hash = (name * UINT64_C(0x9E3779B97F4A7C15) ^ place) * UINT64_C(0xD6E8FEB86659FD93);
    return &d->soles[hash >> 58];
}

static bool is_sole_of(const struct draft_sole *s, const struct group *in, const char id[4],
                       bool below)
{
    return s->is_set && s->in == in && s->below == below && memcmp(s->id, id, 4) == 0;
}

/* A segment of this name came or went. */
static void reshape(struct draft *d, const char *id)
{
    d->reshaped++;
    for (unsigned i = 0; d->soles && i < DRAFT_SOLES; i++) {
        d->soles[i].is_set = d->soles[i].is_set && memcmp(d->soles[i].id, id, 4) != 0;
    }
}

static bool is_named(const struct draft *d, const struct group *g, const char id[4])
{
    return group_is_leaf(g) && memcmp(draft_id(d, g), id, 4) == 0 && !draft_is_gone(d, g);
}

/* The same of a leaf of a message that nothing has been changed in. */
static inline bool is_received(const struct draft *d, const struct group *g, uint32_t want)
{
    uint32_t name;
    if (!group_is_leaf(g)) {
        return false;
    }
    memcpy(&name, d->m->seg[g->seg].id, sizeof(name));
    return name == want;
}

/* group_next() */
static inline struct group *next_below(const struct group *in, struct group *g)
{
    return g->first ? g->first : g != in && g->next ? g->next : group_next(in, g);
}

static struct group *next_step(const struct draft_iter *it, struct group *g)
{
    return it->below ? next_below(it->in, g ? g : it->in) : g ? g->next : it->in->first;
}

static struct group *next_named(struct draft *d, const struct draft_iter *it)
{
    uint64_t looked = 1;
    uint32_t want;
    struct group *g = next_step(it, it->at);
    memcpy(&want, it->id, sizeof(want));
    if (d->edit) {
        for (; g && !is_named(d, g, it->id); looked++) {
            g = next_step(it, g);
        }
    } else if (it->below) {
        for (; g && !is_received(d, g, want); looked++) {
            g = next_below(it->in, g);
        }
    } else {
        for (; g && !is_received(d, g, want); looked++) {
            g = g->next;
        }
    }
    d->looked += looked;
    return g;
}

/* The same where it may be remembered that there is but one. */
static struct group *next_sole(struct draft *d, struct draft_iter *it)
{
    struct draft_sole *sole = sole_slot(d, it->in, it->id);
    bool known = is_sole_of(sole, it->in, it->id, it->below);
    if (!it->found) {
        it->reshaped = d->reshaped;
        it->before = d->looked;
    }
    struct group *g = !known ? next_named(d, it) : it->found ? NULL : sole->leaf;
    bool was_long = d->looked - it->before >= SOLE_FROM; /* set back meanwhile: so it was */
    if (!g && !known && it->found < 2 && was_long && it->reshaped == d->reshaped) {
        *sole = (struct draft_sole){
            .in = it->in, .below = it->below, .is_set = true, .has = it->found, .leaf = it->at};
        memcpy(sole->id, it->id, sizeof(sole->id));
    }
    return g;
}

struct group *draft_next(struct draft *d, struct draft_iter *it)
{
    struct group *g = is_long(d) ? next_sole(d, it) : next_named(d, it);
    it->at = g ? g : it->at;
    it->found += g != NULL;
    return g;
}

/* Where the segments of each name stand in a short message as received. */
struct draft_names {
    uint32_t name[DRAFT_NAMES]; /* by a hash, or behind it; 0: no name */
    uint8_t first[DRAFT_NAMES]; /* segment of that name */
    uint8_t next[SOLE_FROM]; /* of the same name behind each segment; else the number of segments */
};

/* Its place in v->name, or the free one where it would be: there are fewer names than places. */
static unsigned place_of(const struct draft_names *v, uint32_t name)
{
    unsigned at = name * 0x9e3779b1u >> 26;
    while (v->name[at] && v->name[at] != name) {
        at = (at + 1) % DRAFT_NAMES;
    }
    return at;
}

static struct draft_names *names_of(struct draft *d)
{
    const struct hl7 *m = d->m;
    struct draft_names *v = d->names = ARENA_NEW(d->a, struct draft_names);
    for (uint32_t i = m->segs; i-- > 0;) {
        uint32_t name;
        memcpy(&name, m->seg[i].id, sizeof(name));
        unsigned at = place_of(v, name);
        v->next[i] = v->name[at] ? v->first[at] : (uint8_t)m->segs;
        v->name[at] = name;
        v->first[at] = (uint8_t)i;
    }
    return v;
}

/* The next segment of the name at `from` or behind it in a short message; its number of segments: there is none. */
static uint32_t next_in_short(struct draft *d, uint32_t from, uint32_t name)
{
    struct draft_names *v = d->names ? d->names : names_of(d);
    if (from) { /* behind one that was found */
        return from < d->m->segs ? v->next[from - 1] : from;
    }
    unsigned at = place_of(v, name);
    return v->name[at] ? v->first[at] : d->m->segs;
}

static uint32_t next_in_long(const struct hl7 *m, uint32_t from, uint32_t want)
{
    uint32_t name;
    for (; from < m->segs; from++) {
        memcpy(&name, m->seg[from].id, sizeof(name));
        if (name == want) {
            break;
        }
    }
    return from;
}

/* As received: nothing has been changed. */
static bool flat_received(struct draft_flat *it, const char id[4])
{
    const struct hl7 *m = it->d->m;
    uint32_t name;
    memcpy(&name, id, sizeof(name));
    uint32_t at = next_in_long(m, it->seg, name);
    it->d->looked += at + 1 - it->seg;
    it->last = at;
    it->seg = at < m->segs ? at + 1 : at;
    return at < m->segs;
}

/* The next segment of the name, as received or touched: it->last, or it->last_line. */
static bool flat_named(struct draft_flat *it, const char id[4])
{
    const struct hl7 *m = it->d->m;
    if (!it->d->edit) {
        return flat_received(it, id);
    }
    it->walk.e = it->d->edit;
    for (;;) {
        it->d->looked++;
        if (!edit_next(&it->walk, &it->last, &it->last_line)) {
            return false;
        }
        const char *name = it->last_line ? edit_line_id(it->last_line) : m->seg[it->last].id;
        if (memcmp(name, id, 4) == 0) {
            return true;
        }
    }
}

static struct edit_seg flat_read(struct draft *d, uint32_t seg, struct edit_line *line)
{
    return line      ? edit_line_read(d->edit, line)
           : d->edit ? edit_read(d->edit, seg)
                     : (struct edit_seg){d->m, &d->m->seg[seg]};
}

/* The same where it may be remembered that there is but one. */
static bool flat_sole(struct draft_flat *it, const char id[4])
{
    struct draft_sole *sole = sole_slot(it->d, NULL, id);
    if (is_sole_of(sole, NULL, id, true)) {
        it->last = sole->seg;
        it->last_line = sole->line;
        return sole->has && !it->found;
    }
    uint32_t before = it->last;
    struct edit_line *before_line = it->last_line;
    bool has = flat_named(it, id);
    if (!has && it->found < 2) {
        *sole = (struct draft_sole){
            .below = true, .is_set = true, .has = it->found, .seg = before, .line = before_line};
        memcpy(sole->id, id, sizeof(sole->id));
    }
    return has;
}

/* Of a long message, or a changed one. */
static __attribute__((noinline)) bool flat_next(struct draft_flat *it, const char id[4],
                                                struct edit_seg *out)
{
    bool has = is_long(it->d) ? flat_sole(it, id) : flat_named(it, id);
    it->found += has;
    if (has) {
        *out = flat_read(it->d, it->last, it->last_line);
    }
    return has;
}

bool draft_flat_next(struct draft_flat *it, const char id[4], struct edit_seg *out)
{
    struct draft *d = it->d;
    const struct hl7 *m = d->m;
    uint32_t name;
    if (d->edit || m->segs >= SOLE_FROM) {
        return flat_next(it, id, out);
    }
    memcpy(&name, id, sizeof(name));
    uint32_t at = next_in_short(d, it->seg, name);
    d->looked += at + 1 - it->seg;
    it->seg = at;
    if (at == m->segs) {
        return false;
    }
    it->last = at;
    it->seg = at + 1;
    it->found++;
    *out = (struct edit_seg){m, &m->seg[at]};
    return true;
}

struct group *draft_next_group(struct draft *d, struct group *in, unsigned node, struct group *at)
{
    struct group *g = next_below(in, at ? at : in);
    uint64_t looked = 1;
    while (g && (g->node != node || group_is_leaf(g) || !draft_first(d, g))) {
        g = next_below(in, g);
        looked++;
    }
    d->looked += looked;
    return g;
}

/* ---- fields ---- */

int draft_set(struct draft *d, struct group *leaf, const struct path *p, struct str raw)
{
    return edit_line_set(edit_of(d), line_of(d, leaf), p, raw);
}

int draft_set_flat(struct draft *d, const struct path *p, struct str raw)
{
    return edit_set(edit_of(d), p, raw);
}

int draft_clear(struct draft *d, struct group *leaf, const struct path *p)
{
    return edit_line_delete(edit_of(d), line_of(d, leaf), p);
}

int draft_remove(struct draft *d, struct group *leaf)
{
    reshape(d, draft_id(d, leaf));
    return edit_line_remove(edit_of(d), line_of(d, leaf));
}

/* ---- new segments ---- */

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
        return line_of(d, leaf);
    }
    leaf = first_leaf(g);
    struct edit_line *before = leaf ? edit_line_before(edit_of(d), line_of(d, leaf)) : NULL;
    return before ? before : edit_line_of(edit_of(d), d->m->segs - 1);
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
    int rc = edit_line_add(edit_of(d), at->after, text, &line);
    if (rc == 0) {
        reshape(d, edit_line_id(line));
        *out = new_leaf(d, at->parent, edit_line_id(line), line);
        link_behind(at->parent, at->sibling, *out);
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
        struct group *made = new_group(d, at.parent, child);
        link_behind(at.parent, at.sibling, made);
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
        spot.after = edit_line_before(edit_of(d), line_of(d, first_leaf(at)));
    } else {
        spot.after = line_of(d, last_leaf(at));
    }
    return spot.after ? add_leaf(d, &spot, line, out_leaf) : ERR_USAGE;
}

/* ---- copies ---- */

static int copy_into(struct draft *d, const struct group *from, struct spot *at, struct group **out)
{
    if (group_is_leaf(from)) {
        struct edit_seg seg = draft_read(d, from);
        int rc = add_leaf(d, at, hl7_seg_text(seg.m, seg.seg), out);
        at->after = rc == 0 ? (*out)->line : at->after;
        return rc;
    }
    *out = new_group(d, at->parent, from->node);
    link_behind(at->parent, at->sibling, *out);
    struct spot inner = {*out, NULL, at->after};
    for (const struct group *k = from->first; k; k = k->next) {
        struct group *made;
        if (group_is_leaf(k) && draft_is_gone(d, k)) {
            continue;
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

int draft_copy(struct draft *d, const struct group *from, struct group *after,
               struct group **out_copy)
{
    for (struct group *g = after->parent; g; g = g->parent) {
        after = g == from ? g : after; /* never into itself */
    }
    if (!after->parent) {
        return ERR_USAGE;
    }
    struct spot at = {after->parent, after, line_of(d, last_leaf(after))};
    return copy_into(d, from, &at, out_copy);
}

void draft_hide(struct draft *d, struct group *g, bool is_hidden)
{
    for (struct group *at = g; at; at = group_next(g, at)) {
        if (group_is_leaf(at)) {
            edit_line_hide(edit_of(d), line_of(d, at), is_hidden);
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
