/* Paths: from a name in a formula to values of the message, within the element that is current. */
#include "engine/hl7/escape.h"
#include "engine/rules/eval.h"

struct group *eval_element(const struct scope *s)
{
    for (; s; s = s->outer) {
        if (s->self && (s->self->kind == VALUE_SEGMENT || s->self->kind == VALUE_GROUP)) {
            return s->self->leaf;
        }
    }
    return NULL;
}

/* What check found for the structure of this message; NULL: it was not among those checked. */
static const struct structure_reach *known_reach(struct eval *e, const struct structure_reach *all)
{
    if (e->structure == EVAL_STRUCTURE_LATER) {
        e->structure = EVAL_STRUCTURE_OTHER;
        for (unsigned i = 0; i < e->nstructures; i++) {
            e->structure = e->structures[i] == e->doc->s ? i : e->structure;
        }
    }
    return all && e->structure != EVAL_STRUCTURE_OTHER ? &all[e->structure] : NULL;
}

/* structure_reach() from group node `from`, remembered: fragments ask the same for each element of a loop. */
static struct structure_reach reach_in(struct eval *e, unsigned from, const char *seg)
{
    uint32_t id;
    memcpy(&id, seg, sizeof(id));
    struct eval_reached *r = &e->reached[((id ^ from) * 0x9e3779b1u) >> 16 & (EVAL_REACHED - 1)];
    if (r->s != e->doc->s || r->from != from || memcmp(r->seg, seg, sizeof(r->seg)) != 0) {
        *r = (struct eval_reached){
            .s = e->doc->s, .from = from, .reach = structure_reach(e->doc->s, from, seg)};
        memcpy(r->seg, seg, sizeof(r->seg));
    }
    return r->reach;
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
    const struct structure_reach *found = known_reach(e, known);
    struct structure_reach r = found ? *found : reach_in(e, from->node, seg);
    if (r.how == STRUCTURE_NOWHERE) {
        return nowhere;
    }
    while (from->parent && from->node != r.level) {
        from = from->parent;
    }
    return (struct reach){from, r.holder, r.how != STRUCTURE_OWN};
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

static struct value hl7_value(const struct hl7 *m, const struct node *n, struct hl7_val raw)
{
    const struct path *p = &n->path;
    uint8_t level = p->sub ? LEVEL_SUBCOMPONENT : p->comp ? LEVEL_COMPONENT : LEVEL_REPETITION;
    return (struct value){.kind = VALUE_HL7,
                          .level = level,
                          .is_null = raw.state == HL7_NULL,
                          .of = n->of,
                          .text = raw.raw,
                          .m = m,
                          .type = n->type};
}

/* MSH-1 and MSH-2 hold the delimiters: plain text, without parts and escapes. */
static bool is_delimiters(const struct path *p)
{
    return p->field && p->field <= 2 && hl7_is_header(p->seg);
}

static bool next_segment(struct eval_walk *w, struct edit_seg *out)
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
    eval_looked(e);
    struct group *at = n->is_flat && !s ? NULL : eval_element(s);
    bool itself = at && group_is_leaf(at) && n->path.seg_n == PATH_ALL &&
                  memcmp(draft_id(e->doc, at), n->path.seg, 4) == 0;
    if (itself) {
        w->now = draft_read(e->doc, at);
        w->is_only = w->has_segment = true;
        return true;
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
    return true;
}

/* Where it stays (eval_add_part() says why). */
static inline void put_value(const struct eval_walk *w, struct hl7_val raw, struct value *out)
{
    if (is_delimiters(&w->n->path)) {
        *out = value_string(raw.raw);
    } else {
        *out = hl7_value(w->now.m, w->n, raw);
    }
}

bool eval_walk_next(struct eval_walk *w, struct value *out)
{
    const struct path *p = &w->n->path;
    for (;;) {
        struct hl7_val raw;
        if (w->rest.p) {
            raw = path_again(w->now.m, p, &w->rest);
        } else if (next_segment(w, &w->now)) {
            raw = path_first(w->now.m, w->now.seg, p, &w->rest);
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

static bool add_segments(struct eval *e, const struct node *n, const struct scope *s,
                         struct values *out)
{
    struct group *at = eval_element(s);
    if (!e->doc) {
        return true;
    }
    bool itself = at && group_is_leaf(at) && n->path.seg_n == PATH_ALL &&
                  memcmp(draft_id(e->doc, at), n->path.seg, 4) == 0;
    if (itself) {
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

/* ---- entry ---- */

/* All that is left of the walk. */
static void add_walk(struct eval_walk *w, bool nulls, struct values *out)
{
    const struct path *p = &w->n->path;
    struct eval *e = w->e;
    while (next_segment(w, &w->now)) {
        struct hl7_val raw = path_first(w->now.m, w->now.seg, p, &w->rest);
        for (;;) {
            if (raw.state == HL7_VALUE || (nulls && raw.state == HL7_NULL)) {
                struct value *v = values_add(out, e->a);
                put_value(w, raw, v);
                lineage_value(e->lineage, v);
            }
            if (!w->rest.p) {
                break;
            }
            raw = path_again(w->now.m, p, &w->rest);
        }
    }
}

bool eval_path(struct eval *e, const struct node *n, const struct scope *s, bool nulls,
               struct values *out)
{
    struct eval_walk w;
    if (!n->path.field) {
        return add_segments(e, n, s, out);
    }
    if (eval_walk_begin(e, n, s, &w)) {
        add_walk(&w, nulls, out);
    }
    return true;
}

enum value_answer eval_path_one(struct eval *e, const struct node *n, const struct scope *s,
                                struct value *out)
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

static bool has_delimiters_of(const struct hl7 *a, const struct hl7 *b)
{
    return memcmp(&a->d, &b->d, sizeof(a->d)) == 0;
}

/* Of a header with other delimiters: the same value as the message would write it. */
static bool rewrite(struct eval *e, const struct node *n, struct value *v)
{
    const struct hl7 *m = e->doc->m;
    struct value first = eval_first_part(v);
    if (first.text.n != v->text.n) {
        return eval_fail(e, n, "the batch has other delimiters than the message; name a component");
    }
    struct str text = hl7_unescape(e->a, &v->m->d, v->text);
    v->text = hl7_escape(e->a, &m->d, text, false);
    v->m = m;
    return true;
}

/* One value of another message than the one under way. */
static bool add_foreign(struct eval *e, const struct node *n, struct value v, struct values *out)
{
    if (v.kind == VALUE_HL7 && e->doc && !has_delimiters_of(v.m, e->doc->m) && !rewrite(e, n, &v)) {
        return false;
    }
    *values_add(out, e->a) = v;
    return true;
}

/* $batch.BHS-4.1 */
static bool eval_header(struct eval *e, const struct node *n, bool nulls, struct values *out)
{
    const struct hl7 *m = !e->batch               ? NULL
                          : n->path.seg[0] == 'F' ? &e->batch->file
                                                  : &e->batch->batch;
    struct hl7_val raw;
    if (!m || !m->segs) {
        return true;
    }
    struct path_iter it = path_each_in(m, &m->seg[0], &n->path);
    while (path_next(&it, &raw)) {
        if (raw.state != HL7_VALUE && !(nulls && raw.state == HL7_NULL)) {
            continue;
        }
        if (!add_foreign(e, n,
                         is_delimiters(&n->path) ? value_string(raw.raw) : hl7_value(m, n, raw),
                         out)) {
            return false;
        }
    }
    return true;
}

/* Into the character set of the message under way, as its own values are. */
static bool recode(struct eval *e, const struct node *n, struct value *v)
{
    struct str utf8 = hl7_text_utf8(e->a, hl7_text_of(e->cause->m), v->text);
    return eval_bytes(e, utf8, &v->text) ||
           eval_fail(e, n,
                     "the character set of this message lacks a letter of the one that asked");
}

bool eval_has_cause(struct eval *e, const struct node *n)
{
    return e->cause || eval_fail(e, n, "the message that asked, $cause, is not known here");
}

/* $cause.PID-3[1].1 */
static bool eval_cause(struct eval *e, const struct node *n, bool nulls, struct values *out)
{
    struct hl7_val raw;
    if (!eval_has_cause(e, n)) {
        return false;
    }
    const struct hl7 *m = e->cause->m;
    if (!m) {
        return true;
    }
    struct path_iter it = path_each(m, &n->path);
    while (path_next(&it, &raw)) {
        if (raw.state != HL7_VALUE && !(nulls && raw.state == HL7_NULL)) {
            continue;
        }
        struct value v = is_delimiters(&n->path) ? value_string(raw.raw) : hl7_value(m, n, raw);
        lineage_value(e->lineage, &v); /* where it stands; a recoded copy stands nowhere */
        if (!recode(e, n, &v) || !add_foreign(e, n, v, out)) {
            return false;
        }
    }
    return true;
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
