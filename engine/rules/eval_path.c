/* Paths: from a name in a formula to values of the message, within the element that is current. */
#include "engine/rules/eval_priv.h"

/* ---- by sets ---- */

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

static EVAL_APART bool find_anew(struct eval *e, struct group *at,
                                 const struct structure_reach *known, const char seg[4],
                                 struct eval_set *out)
{
    struct eval_set one = {.at = at, .is_known = known != NULL};
    struct reach r = eval_reach_by(e, known, at, seg);
    one.known = known ? *known : one.known;
    memcpy(&one.seg, seg, sizeof(one.seg));
    if (!draft_named_in(e->doc, r.in, r.below, seg, &one.set)) {
        return false;
    }
    *out = one;
    return true;
}

static inline bool is_same_reach(const struct structure_reach *a, const struct structure_reach *b)
{
    return a->how == b->how && a->level == b->level && a->holder == b->holder;
}

/* What a name means from element `at`, remembered: fragments ask the same several times in a row. */
static inline bool find_in(struct eval *e, struct group *at, const struct structure_reach *all,
                           const char seg[4], uint64_t *out)
{
    const struct structure_reach *known = eval_known_reach(e, all);
    uint32_t id;
    memcpy(&id, seg, sizeof(id));
    uint32_t hash = (id ^ (at ? at->node : 0)) * 0x9e3779b1u;
    struct eval_set *c = &e->sets[hash >> 16 & (EVAL_SETS - 1)];
    bool is_last = c->seg == id && c->at == at && c->is_known == (known != NULL) &&
                   (!known || is_same_reach(&c->known, known));
    if (!is_last && !find_anew(e, at, known, seg, c)) {
        return false;
    }
    *out = c->set;
    return true;
}

/* The segments of a path as a set. False: it takes the general way. Its callers here have it within them. */
static inline __attribute__((always_inline)) bool find_set(struct eval *e, const struct node *n,
                                                           const struct scope *s, uint64_t *out)
{
    struct draft *d = e->doc;
    if (!d || !draft_has_sets(d)) {
        return false;
    }
    struct group *at = eval_path_element(n, s);
    bool moved = n->is_anywhere && at;
    if (at && eval_is_itself(e, n, at)) {
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

bool eval_path_set(struct eval *e, const struct node *n, const struct scope *s, uint64_t *out)
{
    return find_set(e, n, s, out);
}

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
    eval_walk_segment(&w, nulls, out);
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
        eval_walk_rest(&w, nulls, out);
    }
    return true;
}

/* ---- whole segments ---- */

/* Leaves of the name in `in`, the one of an index only. */
void eval_add_leaves(struct eval *e, const struct path *p, struct draft_iter it, struct values *out)
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
    if (eval_is_itself(e, n, at)) {
        *values_add(out, e->a) = (struct value){.kind = VALUE_SEGMENT, .leaf = at};
        return true;
    }
    struct reach r = {draft_root(e->doc), STRUCTURE_NONE, true};
    bool moved = n->is_anywhere && at;
    if (!n->is_flat || moved) {
        r = eval_reach(e, moved ? NULL : n->reach, at, n->path.seg);
    }
    eval_add_leaves(e, &n->path, (struct draft_iter){.in = r.in, .below = r.below}, out);
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

static EVAL_APART bool has_looking(struct eval *e, const struct node *n, const struct scope *s)
{
    struct eval_walk w;
    struct value v;
    return eval_walk_begin(e, n, s, &w) && eval_walk_next(&w, &v);
}

bool eval_has_path(struct eval *e, const struct node *n, const struct scope *s)
{
    uint64_t set;
    if (e->lineage || !find_set(e, n, s, &set)) {
        return has_looking(e, n, s);
    }
    for (; set; set &= set - 1) {
        struct str text = path_quick(e->doc->m, &e->doc->m->seg[__builtin_ctzll(set)], &n->path);
        if (!text.p) {
            return has_looking(e, n, s);
        }
        if (text.n && !hl7_is_null(text)) {
            return true;
        }
    }
    return false;
}

static bool is_one_of(const struct node *n, struct str text)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (str_eq(text, n->arg[i]->value.text)) {
            return true;
        }
    }
    return false;
}

static EVAL_APART bool one_of_looking(struct eval *e, const struct node *n, const struct scope *s,
                                      bool *out)
{
    struct eval_walk w;
    struct value v;
    struct str text;
    *out = false;
    for (bool more = eval_walk_begin(e, n, s, &w); more && !*out && eval_walk_next(&w, &v);) {
        if (!eval_text(e, n, &v, &text)) {
            return false;
        }
        *out = is_one_of(n, text);
    }
    return true;
}

bool eval_path_one_of(struct eval *e, const struct node *n, const struct scope *s, bool *out)
{
    uint64_t set;
    *out = false;
    if (e->lineage || !find_set(e, n, s, &set)) {
        return one_of_looking(e, n, s, out);
    }
    const struct hl7 *m = e->doc->m;
    for (; set && !*out; set &= set - 1) {
        struct str text = path_quick(m, &m->seg[__builtin_ctzll(set)], &n->path);
        if (!text.p || !hl7_is_plain(&m->d, text)) {
            return one_of_looking(e, n, s, out);
        }
        *out = text.n && !hl7_is_null(text) && is_one_of(n, text);
    }
    return true;
}

/* ---- behind a dot, and groups ---- */

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
        eval_walk_group(e, n, (struct draft_iter){.in = g, .below = !own}, nulls, out);
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
