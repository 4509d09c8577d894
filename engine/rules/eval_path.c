/* Paths: from a name in a formula to values of the message, within the element that is current. */
#include "engine/rules/eval_priv.h"

/* Of the most frequent evaluations: their functions have each of these within them. */
#define HOT static inline __attribute__((always_inline))

struct group *eval_element(const struct scope *s)
{
    for (; s; s = s->outer) {
        if (s->self && (s->self->kind == VALUE_SEGMENT || s->self->kind == VALUE_GROUP)) {
            return s->self->leaf;
        }
    }
    return NULL;
}

/* Which of the structures that were checked is the one of this message: the last of them that is. */
static EVAL_APART void find_structure(struct eval *e)
{
    unsigned i = e->nstructures;
    while (i && e->structures[i - 1] != e->doc->s) {
        i--;
    }
    e->structure = i ? i - 1 : EVAL_STRUCTURE_OTHER;
}

/* What check found for the structure of this message; NULL: it was not among those checked. */
static inline const struct structure_reach *known_reach(struct eval *e,
                                                        const struct structure_reach *all)
{
    if (!all) {
        return NULL;
    }
    if (e->structure == EVAL_STRUCTURE_LATER) {
        find_structure(e);
    }
    return e->structure != EVAL_STRUCTURE_OTHER ? &all[e->structure] : NULL;
}

static EVAL_APART void reach_anew(struct eval_reached *r, const struct structure *s, unsigned from,
                                  const char *seg)
{
    *r = (struct eval_reached){.s = s, .from = from, .reach = structure_reach(s, from, seg)};
    memcpy(r->seg, seg, sizeof(r->seg));
}

/* structure_reach() from group node `from`, remembered: fragments ask the same for each element of a loop. */
static inline const struct structure_reach *reach_in(struct eval *e, unsigned from, const char *seg)
{
    uint32_t id;
    memcpy(&id, seg, sizeof(id));
    struct eval_reached *r = &e->reached[((id ^ from) * 0x9e3779b1u) >> 16 & (EVAL_REACHED - 1)];
    if (r->s != e->doc->s || r->from != from || memcmp(r->seg, seg, sizeof(r->seg)) != 0) {
        reach_anew(r, e->doc->s, from, seg);
    }
    return &r->reach;
}

struct reach eval_reach(struct eval *e, const struct structure_reach *known, struct group *at,
                        const char *seg)
{
    struct group *root = draft_root(e->doc), *from = at && group_is_leaf(at) ? at->parent : at;
    struct reach nowhere = {root, STRUCTURE_NONE, true};
    from = from ? from : root;
    if (!e->doc->s || from->node == STRUCTURE_NONE) {
        return nowhere;
    }
    const struct structure_reach *r = known_reach(e, known);
    r = r ? r : reach_in(e, from->node, seg);
    if (r->how == STRUCTURE_NOWHERE) {
        return nowhere;
    }
    while (from->parent && from->node != r->level) {
        from = from->parent;
    }
    return (struct reach){from, r->holder, r->how != STRUCTURE_OWN};
}

enum { LOOKS_MANY = 4096, SEGMENTS_A_STEP = 128 };

void eval_looked(struct eval *e)
{
    if (!e->doc || e->doc->looked < LOOKS_MANY) {
        return;
    }
    uint64_t steps = e->doc->looked / SEGMENTS_A_STEP;
    e->steps = steps < e->steps ? e->steps - (uint32_t)steps : 0;
    e->doc->looked = 0;
}

/* ---- the walk ---- */

/* The general way. */
static EVAL_APART bool look_on(struct eval_walk *w, struct edit_seg *out)
{
    if (w->is_only) {
        bool has = w->has_segment;
        w->has_segment = false;
        *out = w->now;
        return has;
    }
    if (w->is_flat) {
        return draft_flat_next(&w->flat, w->n->path.seg, out);
    }
    struct group *leaf = draft_next(w->e->doc, &w->leaves);
    if (leaf) {
        *out = draft_read(w->e->doc, leaf);
    }
    return leaf != NULL;
}

static inline bool next_segment(struct eval_walk *w, struct edit_seg *out)
{
    if (!w->is_set) {
        return look_on(w, out);
    }
    if (!w->set) {
        return false;
    }
    const struct hl7 *m = w->e->doc->m;
    *out = (struct edit_seg){m, &m->seg[__builtin_ctzll(w->set)]};
    w->set &= w->set - 1;
    return true;
}

/* The one segment that an index names. */
static void find_only(struct eval_walk *w)
{
    uint16_t want = w->n->path.seg_n;
    struct edit_seg one;
    w->has_segment = false;
    for (uint32_t seen = 1; next_segment(w, &one); seen++) {
        if (want == PATH_LAST || seen == want) {
            w->now = one;
            w->has_segment = true;
        }
        if (seen == want) {
            break;
        }
    }
    w->is_only = true;
}

static void start_in(struct eval_walk *w, struct group *in, bool below)
{
    w->is_flat = false;
    w->leaves = (struct draft_iter){.in = in, .below = below};
    memcpy(w->leaves.id, w->n->path.seg, sizeof(w->leaves.id));
}

/* Of a set of segments the one that an index names. */
static EVAL_APART uint64_t only_of(uint64_t set, uint16_t index)
{
    if (index == PATH_LAST) {
        return set ? UINT64_C(1) << (63 - __builtin_clzll(set)) : 0;
    }
    while (set && --index) {
        set &= set - 1;
    }
    return set & (0 - set);
}

/* Is the current element itself the segment that is named? */
static inline bool is_itself(const struct eval *e, const struct node *n, const struct group *at)
{
    return at && group_is_leaf(at) && n->path.seg_n == PATH_ALL &&
           memcmp(draft_id(e->doc, at), n->path.seg, 4) == 0;
}

/* The element that a path starts from. */
static inline struct group *element_of(const struct node *n, const struct scope *s)
{
    return n->is_flat && !s ? NULL : eval_element(s);
}

static EVAL_APART bool find_anew(struct eval *e, struct group *at,
                                 const struct structure_reach *known, const char seg[4],
                                 struct eval_set *out)
{
    struct eval_set one = {.at = at, .known = known};
    struct reach r = eval_reach(e, known, at, seg);
    memcpy(&one.seg, seg, sizeof(one.seg));
    if (!draft_named_in(e->doc, r.in, r.below, seg, &one.set)) {
        return false;
    }
    *out = one;
    return true;
}

/* What a name means from element `at`, remembered: fragments ask the same several times in a row. */
static inline bool find_in(struct eval *e, struct group *at, const struct structure_reach *known,
                           const char seg[4], uint64_t *out)
{
    uint32_t id;
    memcpy(&id, seg, sizeof(id));
    uint32_t hash = (id ^ (at ? at->node : 0)) * 0x9e3779b1u;
    struct eval_set *c = &e->sets[hash >> 16 & (EVAL_SETS - 1)];
    bool is_last = c->seg == id && c->at == at && c->known == known;
    if (!is_last && !find_anew(e, at, known, seg, c)) {
        return false;
    }
    *out = c->set;
    return true;
}

/* The segments of a path as a set. False: it takes the general way. */
HOT bool find_set(struct eval *e, const struct node *n, const struct scope *s, uint64_t *out)
{
    struct draft *d = e->doc;
    if (!d || !draft_has_sets(d)) {
        return false;
    }
    struct group *at = element_of(n, s);
    bool moved = n->is_anywhere && at;
    if (at && is_itself(e, n, at)) {
        *out = UINT64_C(1) << at->seg;
        return true;
    }
    if (n->is_flat && !moved) {
        *out = draft_named(d, n->path.seg);
    } else if (!find_in(e, at, moved ? NULL : n->reach, n->path.seg, out)) {
        return false;
    }
    if (n->path.seg_n != PATH_ALL) {
        *out = only_of(*out, n->path.seg_n);
    }
    return true;
}

/* Of a message that was changed, or is long, or whose segments stand out of order. */
static EVAL_APART void begin_look(struct eval *e, const struct node *n, struct group *at,
                                  struct eval_walk *w)
{
    eval_looked(e);
    if (is_itself(e, n, at)) {
        w->now = draft_read(e->doc, at);
        w->is_only = w->has_segment = true;
        return;
    }
    bool moved = n->is_anywhere && at;
    if (n->is_flat && !moved) {
        w->is_flat = true;
        w->flat = (struct draft_flat){.d = e->doc};
    } else {
        struct reach r = eval_reach(e, moved ? NULL : n->reach, at, n->path.seg);
        start_in(w, r.in, r.below);
    }
    if (n->path.seg_n != PATH_ALL) {
        find_only(w);
    }
}

bool eval_walk_begin(struct eval *e, const struct node *n, const struct scope *s,
                     struct eval_walk *w)
{
    w->e = e;
    w->n = n;
    w->nulls = w->is_only = false;
    w->rest.p = NULL;
    if (!e->doc) {
        return false;
    }
    w->is_set = find_set(e, n, s, &w->set);
    if (!w->is_set) {
        begin_look(e, n, element_of(n, s), w);
    }
    return true;
}

/* Put together where it stays: a copy of what was just written in parts waits for them. */
static inline void put_value(const struct eval_walk *w, struct hl7_val raw, struct value *out)
{
    if (eval_is_delimiters(&w->n->path)) {
        *out = value_string(raw.raw);
    } else {
        *out = eval_hl7_value(w->now.m, w->n, raw);
    }
}

/* The first value in the segment that the walk is at. */
static inline struct hl7_val first_value(struct eval_walk *w)
{
    struct str quick = path_quick(w->now.m, w->now.seg, &w->n->path);
    if (!quick.p) {
        return path_first(w->now.m, w->now.seg, &w->n->path, &w->rest);
    }
    enum hl7_state state = !quick.n ? HL7_EMPTY : hl7_is_null(quick) ? HL7_NULL : HL7_VALUE;
    return (struct hl7_val){state, quick};
}

bool eval_walk_next(struct eval_walk *w, struct value *out)
{
    const struct path *p = &w->n->path;
    for (;;) {
        struct hl7_val raw;
        if (w->rest.p) {
            raw = path_again(w->now.m, p, &w->rest);
        } else if (next_segment(w, &w->now)) {
            raw = first_value(w);
        } else {
            return false;
        }
        if (raw.state == HL7_VALUE || (w->nulls && raw.state == HL7_NULL)) {
            put_value(w, raw, out);
            lineage_value(w->e->lineage, out);
            return true;
        }
    }
}

/* ---- whole segments ---- */

/* Leaves of the name in `in`, the one of an index only. */
static void add_leaves(struct eval *e, const struct path *p, struct draft_iter it,
                       struct values *out)
{
    uint32_t before = out->n, seen = 0;
    struct group *leaf;
    eval_looked(e);
    memcpy(it.id, p->seg, sizeof(it.id));
    while ((leaf = draft_next(e->doc, &it)) != NULL) {
        seen++;
        if (p->seg_n == PATH_LAST) {
            out->n = before;
        }
        if (p->seg_n == PATH_ALL || p->seg_n == PATH_LAST || seen == p->seg_n) {
            *values_add(out, e->a) = (struct value){.kind = VALUE_SEGMENT, .leaf = leaf};
        }
    }
}

static EVAL_APART bool add_segments(struct eval *e, const struct node *n, const struct scope *s,
                                    struct values *out)
{
    struct group *at = eval_element(s);
    if (!e->doc) {
        return true;
    }
    if (is_itself(e, n, at)) {
        *values_add(out, e->a) = (struct value){.kind = VALUE_SEGMENT, .leaf = at};
        return true;
    }
    struct reach r = {draft_root(e->doc), STRUCTURE_NONE, true};
    bool moved = n->is_anywhere && at;
    if (!n->is_flat || moved) {
        r = eval_reach(e, moved ? NULL : n->reach, at, n->path.seg);
    }
    add_leaves(e, &n->path, (struct draft_iter){.in = r.in, .below = r.below}, out);
    return true;
}

/* The values in the segment that the walk is at. */
static void add_values(struct eval_walk *w, bool nulls, struct values *out)
{
    const struct path *p = &w->n->path;
    struct hl7_val raw = path_first(w->now.m, w->now.seg, p, &w->rest);
    for (;;) {
        if (raw.state == HL7_VALUE || (nulls && raw.state == HL7_NULL)) {
            struct value *v = values_add(out, w->e->a);
            put_value(w, raw, v);
            lineage_value(w->e->lineage, v);
        }
        if (!w->rest.p) {
            return;
        }
        raw = path_again(w->now.m, p, &w->rest);
    }
}

/* All that is left of the walk. */
static void add_walk(struct eval_walk *w, bool nulls, struct values *out)
{
    while (next_segment(w, &w->now)) {
        add_values(w, nulls, out);
    }
}

/* ---- by sets ---- */

static inline void put_quick(struct eval *e, const struct node *n, struct str text,
                             struct value *out)
{
    *out = (struct value){.kind = VALUE_HL7,
                          .level = n->path.comp ? LEVEL_COMPONENT : LEVEL_REPETITION,
                          .is_null = hl7_is_null(text),
                          .of = n->of,
                          .text = text,
                          .m = e->doc->m,
                          .type = n->type};
    lineage_value(e->lineage, out);
}

/* Where path_quick() did not tell. */
static EVAL_APART void add_slowly(struct eval *e, const struct node *n, const struct hl7_seg *seg,
                                  bool nulls, struct values *out)
{
    struct eval_walk w = {.e = e, .n = n, .now = {e->doc->m, seg}};
    add_values(&w, nulls, out);
}

/* The values in a set of segments. */
static inline void add_set(struct eval *e, const struct node *n, uint64_t set, bool nulls,
                           struct values *out)
{
    const struct hl7 *m = e->doc->m;
    for (; set; set &= set - 1) {
        const struct hl7_seg *seg = &m->seg[__builtin_ctzll(set)];
        struct str text = path_quick(m, seg, &n->path);
        if (!text.p) {
            add_slowly(e, n, seg, nulls, out);
        } else if (text.n && (nulls || !hl7_is_null(text))) {
            put_quick(e, n, text, values_add(out, e->a));
        }
    }
}

static EVAL_APART bool add_looking(struct eval *e, const struct node *n, const struct scope *s,
                                   bool nulls, struct values *out)
{
    struct eval_walk w;
    if (eval_walk_begin(e, n, s, &w)) {
        add_walk(&w, nulls, out);
    }
    return true;
}

/* ---- entry ---- */

bool eval_path(struct eval *e, const struct node *n, const struct scope *s, bool nulls,
               struct values *out)
{
    uint64_t set;
    if (!n->path.field) {
        return add_segments(e, n, s, out);
    }
    if (!find_set(e, n, s, &set)) {
        return add_looking(e, n, s, nulls, out);
    }
    add_set(e, n, set, nulls, out);
    return true;
}

static EVAL_APART enum value_answer one_looking(struct eval *e, const struct node *n,
                                                const struct scope *s, struct value *out)
{
    struct eval_walk w;
    struct value more;
    if (!eval_walk_begin(e, n, s, &w) || !eval_walk_next(&w, out)) {
        return ANSWER_EMPTY;
    }
    if (eval_walk_next(&w, &more)) {
        eval_fail(e, n, "one value is wanted here, the message has several");
        return ANSWER_FALSE;
    }
    return ANSWER_TRUE;
}

enum value_answer eval_path_one(struct eval *e, const struct node *n, const struct scope *s,
                                struct value *out)
{
    uint64_t set;
    if (!find_set(e, n, s, &set) || (set & (set - 1))) {
        return one_looking(e, n, s, out);
    }
    if (!set) {
        return ANSWER_EMPTY;
    }
    struct str text = path_quick(e->doc->m, &e->doc->m->seg[__builtin_ctzll(set)], &n->path);
    if (!text.p) {
        return one_looking(e, n, s, out);
    }
    if (!text.n || hl7_is_null(text)) {
        return ANSWER_EMPTY;
    }
    put_quick(e, n, text, out);
    return ANSWER_TRUE;
}

enum hl7_state eval_path_state(struct eval *e, const struct node *n, const struct scope *s)
{
    struct eval_walk w;
    if (!eval_walk_begin(e, n, s, &w) || !next_segment(&w, &w.now)) {
        return HL7_ABSENT;
    }
    return path_first(w.now.m, w.now.seg, &n->path, &w.rest).state;
}

/* The values of the path in group `in`. */
static void walk_group(struct eval *e, const struct node *n, struct draft_iter from, bool nulls,
                       struct values *out)
{
    struct eval_walk w = {.e = e, .n = n};
    if (!n->path.field) {
        add_leaves(e, &n->path, from, out);
        return;
    }
    eval_looked(e);
    start_in(&w, from.in, from.below);
    if (n->path.seg_n != PATH_ALL) {
        find_only(&w);
    }
    add_walk(&w, nulls, out);
}

bool eval_subpath(struct eval *e, const struct node *n, const struct scope *s, bool nulls,
                  struct values *out)
{
    VALUES(in);
    if (n->arg[0]->op == NODE_BATCH) {
        return eval_header(e, n, nulls, out);
    }
    if (n->arg[0]->op == NODE_CAUSE) {
        return eval_cause(e, n, nulls, out);
    }
    if (n->arg[0]->op == NODE_MESSAGE) {
        return eval_path(e, n, NULL, nulls, out);
    }
    if (!eval_node(e, n->arg[0], s, &in)) {
        return false;
    }
    for (uint32_t i = 0; i < in.n; i++) {
        struct group *g = in.v[i].leaf;
        if (in.v[i].kind != VALUE_SEGMENT && in.v[i].kind != VALUE_GROUP) {
            return eval_fail(e, n, "a path behind a dot goes down from a segment or a group");
        }
        g = group_is_leaf(g) ? draft_opened_by(e->doc, g) : g;
        if (group_is_leaf(g)) {
            continue; /* it opens no group; check says so where it can */
        }
        bool own = e->doc->s && g->node != STRUCTURE_NONE &&
                   structure_reach_in(e->doc->s, g->node, n->path.seg).how == STRUCTURE_OWN;
        walk_group(e, n, (struct draft_iter){.in = g, .below = !own}, nulls, out);
    }
    return true;
}

bool eval_groups(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    if (!e->doc || !draft_structure(e->doc)) {
        return true;
    }
    struct group *g = n->level ? NULL : eval_element(s),
                 *at = NULL; /* $message.GROUP: from the top */
    unsigned node = STRUCTURE_NONE;
    g = g && group_is_leaf(g) ? g->parent : g;
    for (g = g ? g : draft_root(e->doc); g; g = g->parent) {
        bool known = g->node != STRUCTURE_NONE;
        if (known && structure_groups_named(e->doc->s, g->node, n->text, &node)) {
            break;
        }
    }
    while (g && (at = draft_next_group(e->doc, g, node, at)) != NULL) {
        *values_add(out, e->a) = (struct value){.kind = VALUE_GROUP, .leaf = at};
    }
    return true;
}
