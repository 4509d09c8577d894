/* Looking for segments in a draft: within a group, over the whole message, and what is remembered of it. */
#include "engine/hl7/draft_priv.h"

enum {
    SOLE_FROM = DRAFT_SHORT + 1
}; /* segments from which on it pays to remember where one stands */

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

void draft_reshape(struct draft *d, const char *id)
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

/* ---- short messages, by sets ---- */

static uint32_t word_of(const char id[4])
{
    uint32_t name;
    memcpy(&name, id, sizeof(name));
    return name;
}

/* Its place in v->name, or the free one where it would be: there are fewer names than places. */
static unsigned place_of(const struct draft_names *v, uint32_t name)
{
    unsigned at = name * 0x9e3779b1u >> 26;
    while (v->name[at] && v->name[at] != name) {
        at = (at + 1) % DRAFT_NAMES;
    }
    return at;
}

static __attribute__((noinline)) struct draft_names *names_of(struct draft *d)
{
    struct draft_names *v = d->names = ARENA_NEW(d->a, struct draft_names);
    for (uint32_t i = 0; i < d->m->segs; i++) {
        uint32_t name = word_of(d->m->seg[i].id);
        unsigned at = place_of(v, name);
        v->name[at] = name;
        v->set[at] |= name ? UINT64_C(1) << i : 0; /* a line without a name is none */
    }
    return v;
}

uint64_t draft_named(struct draft *d, const char id[4])
{
    struct draft_names *v = d->names ? d->names : names_of(d);
    return v->set[place_of(v, word_of(id))];
}

__attribute__((noinline)) void draft_fill(struct draft *d)
{
    struct group *root = draft_root(d), *last = root;
    uint32_t seen = 0;
    d->names = d->names ? d->names : names_of(d);
    d->is_filled = d->is_ordered = true;
    for (struct group *g = next_below(root, root); g; g = next_below(root, g)) {
        if (!group_is_leaf(g)) {
            last = last->following = g;
            continue;
        }
        uint64_t one = UINT64_C(1) << g->seg;
        d->is_ordered = d->is_ordered && g->seg == seen++;
        g->parent->own |= one;
        for (struct group *in = g->parent; in; in = in->parent) {
            in->all |= one;
        }
    }
}

/* False: the message is long, or was changed. */
static inline bool has_filled(struct draft *d)
{
    if (!draft_has_sets(d)) {
        return false;
    }
    if (!d->is_filled) {
        draft_fill(d);
    }
    return true;
}

bool draft_named_in(struct draft *d, const struct group *in, bool below, const char id[4],
                    uint64_t *out)
{
    if (!has_filled(d) || !d->is_ordered) {
        return false;
    }
    *out = d->names->set[place_of(d->names, word_of(id))] & (below ? in->all : in->own);
    return true;
}

/* ---- in groups ---- */

struct group *draft_next(struct draft *d, struct draft_iter *it)
{
    uint64_t set;
    struct group *g;
    if (it->id[0] && draft_named_in(d, it->in, it->below, it->id, &set)) {
        set &= it->at ? ~UINT64_C(0) << (it->at->seg + 1) : ~UINT64_C(0);
        g = set ? &d->leaf[__builtin_ctzll(set)] : NULL;
        d->looked++;
    } else {
        g = is_long(d) ? next_sole(d, it) : next_named(d, it);
    }
    it->at = g ? g : it->at;
    it->found += g != NULL;
    return g;
}

/* ---- in the whole message ---- */

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
    if (!draft_has_sets(d)) {
        return flat_next(it, id, out);
    }
    uint64_t set = draft_named(d, id) & ~UINT64_C(0) << it->seg;
    uint32_t at = set ? (uint32_t)__builtin_ctzll(set) : d->m->segs;
    d->looked += at + 1 - it->seg;
    it->seg = set ? at + 1 : at;
    if (!set) {
        return false;
    }
    it->last = at;
    it->found++;
    *out = (struct edit_seg){d->m, &d->m->seg[at]};
    return true;
}

/* As received: a group has segments, which those around it have, too. */
static struct group *next_received(struct draft *d, const struct group *in, unsigned node,
                                   struct group *g)
{
    do {
        d->looked++;
        g = g->following;
    } while (g && g->node != node && (g->all & in->all));
    return g && (g->all & in->all) ? g : NULL;
}

struct group *draft_next_group(struct draft *d, struct group *in, unsigned node, struct group *at)
{
    if (has_filled(d)) {
        return next_received(d, in, node, at ? at : in);
    }
    struct group *g = next_below(in, at ? at : in);
    uint64_t looked = 1;
    while (g && (g->node != node || group_is_leaf(g) || !draft_first(d, g))) {
        g = next_below(in, g);
        looked++;
    }
    d->looked += looked;
    return g;
}
