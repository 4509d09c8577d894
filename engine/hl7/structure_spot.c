/* Where a segment goes: the places that the structure has for it, seen from where the last one went. */
#include "engine/hl7/structure_group_priv.h"

static unsigned opener(struct sorting *w, const struct group *g)
{
    while (g->first)
        g = g->first;
    return group_is_leaf(g) ? w->id[g->seg] : 0;
}

/* ---- looking ahead ---- */

static uint32_t next_of(struct sorting *w, unsigned id, uint32_t behind)
{
    uint32_t at = id ? w->upcoming[id] : UINT32_MAX;
    return at == behind ? w->same[at] : at;
}

/* The first segment behind `i` that can start `in` or a group around it over. */
static uint32_t restart_at(struct sorting *w, const struct group *in, uint32_t i)
{
    uint32_t limit = UINT32_MAX;
    for (; in->parent; in = in->parent) {
        if (w->rows[in->node].max == 1)
            continue;
        uint32_t at = next_of(w, opener(w, in), i);
        limit = at < limit ? at : limit;
    }
    return limit;
}

/* Node `c`, a required child of `in`, would be jumped over: does what it needs still come, before `in`
 * is left, and is there no second place for it further on in the same group? */
static bool still_comes(struct sorting *w, const struct group *in, unsigned c, uint32_t i)
{
    const struct structure_node *rows = w->rows;
    unsigned r = rows[c].kind == STRUCTURE_GROUP ? structure_first_required(rows, c) : c;
    if (!r || rows[r].kind != STRUCTURE_SEGMENT)
        return false;
    uint32_t at = next_of(w, rows[r].id, i);
    if (at == UINT32_MAX || at >= restart_at(w, in, i))
        return false;
    for (unsigned k = c + rows[c].span; k < in->node + rows[in->node].span; k += rows[k].span) {
        if (structure_is(rows, k, rows[r].id))
            return false;
    }
    return true;
}

/* ---- finding a place ---- */

static unsigned alternative(const struct structure_node *rows, unsigned node, unsigned id)
{
    if (rows[node].kind == STRUCTURE_SEGMENT)
        return rows[node].id == id ? node : 0;
    for (unsigned c = node + 1; c < node + rows[node].span; c += rows[c].span) {
        if (rows[c].id == id)
            return c;
    }
    return 0;
}

/* Where in group or segment `c` does `id` stand first, without passing over anything required? */
static unsigned opens(const struct structure_node *rows, unsigned c, unsigned id, bool *skipped)
{
    if (rows[c].kind == STRUCTURE_ANY)
        return 0;
    if (rows[c].kind != STRUCTURE_GROUP)
        return alternative(rows, c, id);
    for (unsigned k = c + 1; k < c + rows[c].span; k += rows[k].span) {
        unsigned leaf = opens(rows, k, id, skipped);
        if (leaf || rows[k].min > 0)
            return leaf;
        *skipped = true;
    }
    return 0;
}

/* The same, passing over required segments, if those do not come any more. */
static unsigned opens_late(struct sorting *w, const struct group *in, unsigned c, unsigned id,
                           uint32_t i)
{
    const struct structure_node *rows = w->rows;
    if (rows[c].kind != STRUCTURE_GROUP)
        return rows[c].kind == STRUCTURE_ANY ? 0 : alternative(rows, c, id);
    for (unsigned k = c + 1; k < c + rows[c].span; k += rows[k].span) {
        unsigned leaf = opens_late(w, in, k, id, i);
        if (leaf)
            return leaf;
        if (rows[k].min > 0 && still_comes(w, in, k, i))
            return 0;
    }
    return 0;
}

/* At or behind the place that `in` has reached. `late`: also groups without their required segments. */
static struct spot forward(struct sorting *w, struct group *in, uint32_t i, bool late)
{
    const struct structure_node *rows = w->rows;
    unsigned id = w->id[i], end = in->node + rows[in->node].span;
    unsigned c = in->at ? in->at : in->node + 1;
    if (in->at && rows[c].max == 1)
        c += rows[c].span;
    for (; c < end; c += rows[c].span) {
        bool skipped = false;
        unsigned leaf = late ? opens_late(w, in, c, id, i) : opens(rows, c, id, &skipped);
        if (leaf)
            return (struct spot){in, leaf, skipped};
        if (rows[c].min > 0 && c != in->at && still_comes(w, in, c, i))
            break;
    }
    return (struct spot){0};
}

/* Start `in` over: it repeats and `id` can open it. */
static struct spot restart(struct sorting *w, struct group *in, unsigned id)
{
    bool skipped = false;
    if (!in->parent || w->rows[in->node].max == 1)
        return (struct spot){0};
    unsigned leaf = opens(w->rows, in->node, id, &skipped);
    return leaf ? (struct spot){in->parent, leaf, skipped} : (struct spot){0};
}

/* A group around that began with this very segment wants it more than an optional group does in which
 * it would not come first (the ORC of the next order, not of prior results). */
static struct spot rather(struct sorting *w, struct spot spot, unsigned id)
{
    for (struct group *g = spot.in; spot.skipped && g->parent; g = g->parent) {
        if (opener(w, g) != id)
            continue;
        struct spot again = restart(w, g, id);
        if (again.in)
            return again;
    }
    return spot;
}

struct spot structure_spot_nearest(struct sorting *w, uint32_t i)
{
    for (struct group *in = w->cur; in; in = in->parent) {
        struct spot spot = forward(w, in, i, false);
        if (spot.in)
            return rather(w, spot, w->id[i]);
        spot = restart(w, in, w->id[i]);
        if (spot.in)
            return spot;
    }
    return (struct spot){0};
}

struct spot structure_spot_backward(struct sorting *w, uint32_t i)
{
    const struct structure_node *rows = w->rows;
    for (struct group *in = w->cur; in; in = in->parent) {
        unsigned end = in->node + rows[in->node].span, group = 0;
        for (unsigned c = in->node + 1; c < end; c += rows[c].span) {
            bool skipped = false;
            unsigned leaf = opens(rows, c, w->id[i], &skipped);
            if (leaf && rows[c].kind != STRUCTURE_GROUP)
                return (struct spot){in, leaf, false};
            group = group ? group : leaf;
        }
        if (group)
            return (struct spot){in, group, false};
    }
    return (struct spot){0};
}

struct spot structure_spot_late(struct sorting *w, uint32_t i)
{
    struct spot spot = {0};
    for (struct group *in = w->cur; in && !spot.in; in = in->parent)
        spot = forward(w, in, i, true);
    return spot;
}

/* Where `id` would begin a group of its own within `c`, which repeats and lacks what it needs. */
static unsigned opens_alone(struct sorting *w, unsigned c, unsigned id)
{
    const struct structure_node *rows = w->rows;
    if (rows[c].kind != STRUCTURE_GROUP || rows[c].max == 1)
        return 0;
    for (unsigned k = c + 1; k < c + rows[c].span; k += rows[k].span) {
        bool skipped = false;
        unsigned leaf = rows[k].kind == STRUCTURE_GROUP ? opens(rows, k, id, &skipped) : 0;
        if (leaf)
            return leaf;
    }
    return 0;
}

struct spot structure_spot_alone(struct sorting *w, uint32_t i)
{
    const struct structure_node *rows = w->rows;
    for (struct group *in = w->cur; in; in = in->parent) {
        unsigned end = in->node + rows[in->node].span;
        for (unsigned c = in->at ? in->at : in->node + 1; c < end; c += rows[c].span) {
            unsigned leaf = opens_alone(w, c, w->id[i]);
            if (leaf)
                return (struct spot){in, leaf, false};
        }
    }
    return (struct spot){0};
}
