/* The values of a path, one by one: of messages that were changed or are long, whose segments stand out of order, and wherever
 * a field is more than path_quick() tells. */
#include "engine/rules/eval_priv.h"

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

/* Of a message that was changed, or is long, or whose segments stand out of order. */
static EVAL_APART void begin_look(struct eval *e, const struct node *n, struct group *at,
                                  struct eval_walk *w)
{
    eval_looked(e);
    if (eval_is_itself(e, n, at)) {
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
    w->is_set = eval_path_set(e, n, s, &w->set);
    if (!w->is_set) {
        begin_look(e, n, eval_path_element(n, s), w);
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

/* The values in the segment that the walk is at. */
void eval_walk_segment(struct eval_walk *w, bool nulls, struct values *out)
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
void eval_walk_rest(struct eval_walk *w, bool nulls, struct values *out)
{
    while (next_segment(w, &w->now)) {
        eval_walk_segment(w, nulls, out);
    }
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
void eval_walk_group(struct eval *e, const struct node *n, struct draft_iter from, bool nulls,
                     struct values *out)
{
    struct eval_walk w = {.e = e, .n = n};
    if (!n->path.field) {
        eval_add_leaves(e, &n->path, from, out);
        return;
    }
    eval_looked(e);
    start_in(&w, from.in, from.below);
    if (n->path.seg_n != PATH_ALL) {
        find_only(&w);
    }
    eval_walk_rest(&w, nulls, out);
}
