#include "engine/hl7/structure.h"

#include "engine/hl7/structure_priv.h"

/* The state of one sorting. Segment names are numbers ("id", 0: the structure has no such segment). */
struct sorting {
    struct arena *arena;
    const struct hl7 *m;
    const struct structure *s;
    const struct structure_node *rows;
    struct diags *findings; /* may be NULL */
    uint8_t *id;            /* of each segment */
    uint32_t *same;         /* index of the next segment of the same id, UINT32_MAX: none */
    uint32_t
        upcoming[STRUCTURE_IDS_MAX + 1];  /* next segment of that id, the current one included */
    uint32_t seen[STRUCTURE_IDS_MAX + 1]; /* segments of that id up to the current one */
    struct group *cur;                    /* where the last segment went */
    struct group *leaf;                   /* of each segment */
};

/* A place for a segment: instance `in` gets `leaf`, through the groups between. */
struct spot {
    struct group *in; /* NULL: none found */
    unsigned leaf;
    bool skipped; /* something optional was passed over inside a newly opened group */
};

/* ---- findings ---- */

static bool is_name(const char *id)
{
    for (unsigned i = 0; i < 3; i++) {
        bool upper = id[i] >= 'A' && id[i] <= 'Z', digit = id[i] >= '0' && id[i] <= '9';
        if (!upper && !(digit && i > 0))
            return false;
    }
    return id[3] == '\0';
}

/* "OBX[3]", or "segment 7" for a line that is no segment and may hold anything. */
static struct str place_of(struct sorting *w, uint32_t i)
{
    const struct hl7_seg *seg = &w->m->seg[i];
    if (!is_name(seg->id))
        return str_printf(w->arena, "segment %u", i + 1);
    uint32_t n = w->id[i] ? w->seen[w->id[i]] : 0;
    for (uint32_t k = 0; w->id[i] == 0 && k <= i; k++)
        n += memcmp(w->m->seg[k].id, seg->id, sizeof seg->id) == 0;
    return str_printf(w->arena, "%s[%u]", seg->id, n);
}

static bool is_full(const struct diags *d)
{
    return d->count >= (d->limit ? d->limit : 1000);
}

static void found(struct sorting *w, const char *code, uint32_t i, const char *what)
{
    if (!w->findings)
        return;
    struct str path = is_full(w->findings) ? STR("") : place_of(w, i);
    diag_add_path(w->findings, DIAG_WARNING, code, path, "%s %s", what, structure_name(w->s));
}

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

/* The child of group `g` that `node` is or lies in. */
static unsigned child_of(const struct structure_node *rows, unsigned g, unsigned node)
{
    while (node - rows[node].up != g)
        node -= rows[node].up;
    return node;
}

/* Open the groups from `in` down to the parent of `leaf` and put segment `i` there. */
static struct group *put(struct sorting *w, struct group *in, unsigned leaf, uint32_t i,
                         bool advance)
{
    const struct structure_node *rows = w->rows;
    struct group *top = NULL;
    for (;;) {
        unsigned c = child_of(rows, in->node, leaf);
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

static struct spot nearest(struct sorting *w, uint32_t i)
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

/* An earlier (or blocked) place of a group that is open: its own segment first, then a group in it. */
static struct spot backward(struct sorting *w, uint32_t i)
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

static struct spot late(struct sorting *w, uint32_t i)
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

/* What comes before the segment that should open its group (AIS before the first RGS): it is a thing of its
 * own, so the group repeats for it. A part of what comes (IN2 before its IN1) stays without a place. */
static struct spot alone(struct sorting *w, uint32_t i)
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
        found(w, "unexpected-segment", i, "this segment is not part of");
}

static void sort_one(struct sorting *w, uint32_t i)
{
    if (w->id[i] == 0) {
        unnamed(w, i);
        return;
    }
    struct spot spot = nearest(w, i);
    if (spot.in) {
        put(w, spot.in, spot.leaf, i, true);
        return;
    }
    spot = backward(w, i);
    if (spot.in) {
        bool again = child_of(w->rows, spot.in->node, spot.leaf) == spot.in->at;
        put(w, spot.in, spot.leaf, i, false)->misplaced = true;
        found(w, again ? "repeated-segment" : "misplaced-segment", i,
              again ? "this segment may stand here only once in"
                    : "this segment stands out of order; it has another place in");
        return;
    }
    spot = late(w, i);
    if (spot.in) {
        put(w, spot.in, spot.leaf, i, true);
        return;
    }
    spot = alone(w, i);
    if (spot.in) {
        put(w, spot.in, spot.leaf, i, false);
        return;
    }
    add(w, w->cur, STRUCTURE_NONE, i)->misplaced = true;
    found(w, "unexpected-segment", i, "this segment has no place here in");
}

/* ---- what is missing ---- */

static void report_missing(struct sorting *w, const struct group *g, unsigned c)
{
    const struct structure_node *rows = w->rows;
    unsigned r = rows[c].kind == STRUCTURE_GROUP ? structure_first_required(rows, c) : c;
    if (!r)
        r = c;
    if (rows[r].kind == STRUCTURE_CHOICE || rows[r].kind == STRUCTURE_GROUP)
        r++;
    const char *name = structure_place(w->s, r).name;
    struct str path = structure_path(w->arena, w->s, g->node);
    const struct group *begin = g;
    while (begin->first)
        begin = begin->first;
    if (g->node)
        diag_add_path(w->findings, DIAG_ERROR, "missing-segment", str_of(name),
                      "required segment is missing in group %.*s that begins at segment %u of %s",
                      STR_ARG(path), begin->seg + 1, structure_name(w->s));
    else
        diag_add_path(w->findings, DIAG_ERROR, "missing-segment", str_of(name),
                      "required segment is missing in %s", structure_name(w->s));
}

/* Name the required children that instance `g` has not. `stamp` has one entry a node. */
static void check_group(struct sorting *w, const struct group *g, uint32_t *stamp, uint32_t mark)
{
    const struct structure_node *rows = w->rows;
    for (const struct group *k = g->first; k; k = k->next) {
        if (k->node != STRUCTURE_NONE)
            stamp[child_of(rows, g->node, k->node)] = mark;
    }
    for (unsigned c = g->node + 1; c < g->node + rows[g->node].span; c += rows[c].span) {
        if (rows[c].min == 0 || stamp[c] == mark)
            continue;
        if (is_full(w->findings))
            diag_add(w->findings, DIAG_ERROR, "missing-segment", DIAG_NOWHERE, "missing");
        else
            report_missing(w, g, c);
    }
}

static void check_missing(struct sorting *w, struct group *root)
{
    uint32_t *stamp = ARENA_ARRAY(w->arena, uint32_t, structure_nodes(w->s)), mark = 0;
    for (struct group *g = root; g; g = group_next(root, g)) {
        if (!group_is_leaf(g))
            check_group(w, g, stamp, ++mark);
    }
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
        check_missing(w, root);
    *out = (struct grouping){s, root, w->leaf};
}
