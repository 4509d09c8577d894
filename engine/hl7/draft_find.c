/* Looking for segments in a draft: within a group, over the whole message, and what is remembered of it. */
#include "engine/hl7/draft_priv.h"

enum {
    SOLE_FROM = 64,  /* segments from which on it pays to remember where one stands */
    DRAFT_NAMES = 64 /* place_of() takes six bits of a hash */
};

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
