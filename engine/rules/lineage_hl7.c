/* HL7 v2 messages: what was read of one that rules change, and what the fields of an output come from. */
#include "engine/rules/lineage_own.h"

#include "engine/hl7/structure.h"

/* ---- reading ---- */

bool lineage_covers(const struct path *write, const struct path *p)
{
    return memcmp(write->seg, p->seg, 4) == 0 && write->field == p->field &&
           (!write->rep || !p->rep || write->rep == p->rep) &&
           (!write->comp || write->comp == (p->comp ? p->comp : 1)) &&
           (!write->sub || write->sub == (p->sub ? p->sub : 1));
}

/* A value in a line that a rule has changed: what went into it, where a rule wrote it. */
static void see_changed(struct lineage *l, const struct path *p, struct str text, bool is_result)
{
    for (const struct lineage_write *w = l->writes; w; w = w->before) {
        if (!w->is_gone && !w->copied && lineage_covers(&w->path, p)) {
            lineage_see_all(l, w->rule->from);
            return;
        }
    }
    lineage_see(l, LINEAGE_FIELD, text, is_result);
}

void lineage_value_seen(struct lineage *l, const struct value *v, bool is_result)
{
    struct path p;
    const struct hl7_seg *s;
    if (l->reads) {
        lineage_read(l, v, is_result);
        return;
    }
    if (v->kind != VALUE_HL7 || !v->m || !v->text.n ||
        !lineage_place_of(v->m, v->text, v->level, &p, &s)) {
        return;
    }
    if (l->cause && v->m == l->cause->m) {
        lineage_see(l, LINEAGE_FIELD,
                    str_printf(l->a, "$cause.%.*s", STR_ARG(lineage_text_of(l->a, v->m, s, &p))),
                    is_result);
        return;
    }
    bool is_received = v->text.p >= l->m->raw.p && v->text.p < l->m->raw.p + l->m->raw.n;
    if (is_received) {
        lineage_see(l, LINEAGE_FIELD, lineage_text_of(l->a, v->m, s, &p), is_result);
    } else {
        see_changed(l, &p, lineage_text_of(l->a, v->m, s, &p), is_result);
    }
}

/* ---- writing ---- */

static struct lineage_write *add(struct lineage *l, const struct group *leaf, const struct path *p)
{
    struct lineage_write *w = ARENA_NEW(l->a, struct lineage_write);
    *w = (struct lineage_write){.before = l->writes, .leaf = leaf, .path = *p};
    l->writes = w;
    return w;
}

void lineage_set(struct lineage *l, const struct group *leaf, const struct path *p,
                 struct diag_pos pos, const void *key)
{
    if (l && leaf) {
        struct lineage_write *w = add(l, leaf, p);
        w->path.rep = p->rep > PATH_INDEX_MAX ? PATH_ALL : !p->rep && p->comp ? 1 : p->rep;
        w->rule = lineage_rule(
            l, pos, (struct lineage_seen){(struct lineage_source *)lineage_at(l, key), NULL});
    }
}

void lineage_written(struct lineage *l, const struct group *line, const struct path *p,
                     const struct json *v)
{
    const struct lineage_rule *rule = l && line ? lineage_of(l, v) : NULL;
    if (rule) {
        struct lineage_write *w = add(l, line, p);
        w->path.rep = p->rep > PATH_INDEX_MAX ? PATH_ALL : !p->rep && p->comp ? 1 : p->rep;
        w->rule = rule;
    }
}

void lineage_filled(struct lineage *l, const struct group *line, const struct path *p,
                    struct diag_pos pos)
{
    if (l && line) {
        add(l, line, p)->rule = lineage_rule(l, pos, (struct lineage_seen){0});
    }
}

void lineage_carried(struct lineage *l, const struct group *line, const struct path *p,
                     const struct json *v, const struct hl7 *m, struct str field)
{
    const struct value one = {.kind = VALUE_HL7, .level = LEVEL_REPETITION, .text = field, .m = m};
    const struct lineage_rule *rule = l && line ? lineage_of(l, v) : NULL;
    if (l && l->reads) {
        lineage_result(l, &one);
    }
    if (rule) {
        struct lineage_seen before = lineage_enter(l);
        lineage_result(l, &one);
        add(l, line, p)->rule = lineage_rule(l, rule->pos, lineage_leave(l, before));
    }
}

void lineage_cleared(struct lineage *l, const struct group *leaf, const struct path *p)
{
    for (struct lineage_write *w = l ? l->writes : NULL; w && p->rep && !p->comp; w = w->before) {
        bool is_there = w->leaf == leaf && w->path.field == p->field && !w->is_gone && w->path.rep;
        w->is_gone = w->is_gone || (is_there && w->path.rep == p->rep);
        w->path.rep = (uint16_t)(w->path.rep - (is_there && w->path.rep > p->rep));
    }
}

static void copy_writes(struct lineage *l, const struct group *from, const struct group *made)
{
    for (const struct lineage_write *w = l->writes, *end = NULL; w != end; w = w->before) {
        if (w->leaf == from && !w->is_gone) {
            struct lineage_write *again = add(l, made, &w->path);
            again->rule = w->rule;
            again->copied = w->copied;
        }
    }
}

void lineage_copied(struct lineage *l, const struct draft *d, const struct group *from,
                    const struct group *made, struct diag_pos pos)
{
    struct group *x = (struct group *)from, *y = (struct group *)made;
    while (l && x && y) {
        while (x && (!group_is_leaf(x) || draft_is_gone(d, x))) {
            x = group_next(from, x);
        }
        while (y && !group_is_leaf(y)) {
            y = group_next(made, y);
        }
        if (x && y) {
            struct path none = {0};
            struct lineage_write *w = add(l, y, &none);
            w->copied = x;
            w->rule = lineage_rule(l, pos, (struct lineage_seen){0});
            copy_writes(l, x, y);
            x = group_next(from, x);
            y = group_next(made, y);
        }
    }
}

/* ---- an output ---- */

/* One output under way. */
struct telling {
    struct lineage *l;
    struct hl7 m;
    struct lineage_fields *all;
    const struct hl7_seg *seg;
    const struct group *leaf;
};

static const struct lineage_write *last_write(const struct telling *t, const struct path *p)
{
    for (const struct lineage_write *w = t->l->writes; w; w = w->before) {
        if (w->leaf == t->leaf && !w->is_gone && !w->copied && lineage_covers(&w->path, p)) {
            return w;
        }
    }
    return NULL;
}

static const struct lineage_write *copy_of(const struct telling *t)
{
    for (const struct lineage_write *w = t->l->writes; w; w = w->before) {
        if (w->leaf == t->leaf && w->copied) {
            return w;
        }
    }
    return NULL;
}

/* The repetition of `field` that reads `rep`: number `n` if it does, else the first that does; 0: none. */
static uint16_t same_repetition(const struct hl7 *m, struct str field, struct str rep, uint16_t n)
{
    if (str_eq(hl7_repetition(&m->d, field, n), rep)) {
        return n;
    }
    for (unsigned i = 1; i < PATH_INDEX_MAX; i++) {
        struct str one = hl7_repetition(&m->d, field, i);
        if (!one.p || str_eq(one, rep)) {
            return one.p ? (uint16_t)i : 0;
        }
    }
    return 0;
}

/* Where a value that no rule wrote stood in the message as received. */
static struct str received_at(const struct telling *t, const struct path *p)
{
    const struct lineage_write *copy = copy_of(t);
    const struct group *leaf = copy ? copy->copied : t->leaf;
    struct path at = *p;
    if (!leaf || !t->l->m || leaf->seg >= t->l->m->segs) {
        return STR("");
    }
    const struct hl7_seg *s = &t->l->m->seg[leaf->seg];
    struct str own = hl7_field(&t->m, t->seg, p->field), field = hl7_field(t->l->m, s, p->field);
    uint16_t rep = same_repetition(t->l->m, field, hl7_repetition(&t->m.d, own, p->rep), p->rep);
    at.rep = rep ? rep : p->rep;
    return strcmp(s->id, t->seg->id) == 0 ? lineage_text_of(t->l->a, t->l->m, s, &at) : STR("");
}

/* Of a composite that was written whole each part comes from the same part. */
static const struct lineage_rule *rule_for(struct telling *t, const struct lineage_write *w,
                                           const struct path *p)
{
    struct lineage *l = t->l;
    const struct lineage_source *s = w->rule->from;
    unsigned part = w->path.comp ? (w->path.sub ? 0 : p->sub) : p->comp;
    unsigned below = w->path.comp ? 0 : p->sub;
    while (s && !(s->is_result && s->kind == LINEAGE_FIELD)) {
        s = s->next;
    }
    if (!s || !part) {
        return w->rule;
    }
    struct lineage_seen before = lineage_enter(l);
    lineage_see(l, s->kind,
                below ? str_printf(l->a, "%.*s.%u.%u", STR_ARG(s->text), part, below)
                      : str_printf(l->a, "%.*s.%u", STR_ARG(s->text), part),
                true);
    for (const struct lineage_source *other = w->rule->from; other; other = other->next) {
        if (other != s) {
            lineage_see(l, other->kind, other->text, other->is_result);
        }
    }
    return lineage_rule(l, w->rule->pos, lineage_leave(l, before));
}

static void tell(struct telling *t, const struct path *p, struct str value)
{
    struct lineage_fields *all = t->all;
    if (all->n == all->cap) {
        unsigned cap = all->cap ? all->cap * 2 : 64;
        struct lineage_field *v = ARENA_ARRAY(t->l->a, struct lineage_field, cap);
        if (all->n) {
            memcpy(v, all->v, all->n * sizeof *v);
        }
        all->v = v;
        all->cap = cap;
    }
    const struct lineage_write *w = last_write(t, p), *copy = w ? NULL : copy_of(t);
    struct lineage_field *one = &all->v[all->n++];
    struct path at = *p;
    if (w && !at.comp) { /* as the rule names it: MSH-5.1, though it stands alone */
        at.comp = w->path.comp;
    }
    if (w && !at.sub && at.comp == w->path.comp) {
        at.sub = w->path.sub;
    }
    *one = (struct lineage_field){.at = lineage_text_of(t->l->a, &t->m, t->seg, &at),
                                  .value = value,
                                  .rule = w      ? rule_for(t, w, p)
                                          : copy ? copy->rule
                                                 : NULL};
    one->received = w ? STR("") : received_at(t, p);
}

/* Components and subcomponents that hold something; level 1 or 2. */
static void tell_parts(struct telling *t, struct path p, struct str whole, unsigned level)
{
    struct str (*part)(const struct hl7_delims *, struct str, uint32_t) =
        level == 1 ? hl7_component : hl7_subcomponent;
    bool is_only = level > 2 || !part(&t->m.d, whole, 2).p;
    if (!whole.n) {
        return;
    }
    if (level > 2) {
        tell(t, &p, whole);
        return;
    }
    if (is_only) { /* of one part: the whole */
        tell_parts(t, p, whole, level + 1);
        return;
    }
    for (uint32_t i = 1; i < PATH_INDEX_MAX; i++) {
        struct str one = part(&t->m.d, whole, i);
        struct path q = p;
        if (!one.p) {
            return;
        }
        if (level == 1) {
            q.comp = (uint16_t)i;
        } else {
            q.comp = q.comp ? q.comp : 1;
            q.sub = (uint16_t)i;
        }
        tell_parts(t, q, one, level + 1);
    }
}

static void tell_segment(struct telling *t)
{
    uint32_t last = t->seg->fields + (hl7_is_header(t->seg->id) ? 1 : 0);
    for (uint32_t f = hl7_is_header(t->seg->id) ? 3 : 1; f <= last; f++) {
        struct path p = {.field = (uint16_t)f};
        memcpy(p.seg, t->seg->id, sizeof p.seg);
        struct str field = hl7_field(&t->m, t->seg, f), rep;
        for (uint32_t r = 1; field.n && (rep = hl7_repetition(&t->m.d, field, r)).p; r++) {
            p.rep = (uint16_t)r;
            tell_parts(t, p, rep, 1);
        }
    }
}

/* The next segment called `id`: misplaced ones stand elsewhere in the message than among the groups. */
static const struct group *next_leaf(struct lineage_leaf *leaves, unsigned n, const char *id)
{
    for (unsigned i = 0; i < n; i++) {
        if (!leaves[i].is_taken && strcmp(leaves[i].id, id) == 0) {
            leaves[i].is_taken = true;
            return leaves[i].leaf;
        }
    }
    return NULL;
}

void lineage_output(struct lineage *l, unsigned output, struct str bytes,
                    struct lineage_leaf *leaves, unsigned n)
{
    struct telling t = {.l = l, .all = ARENA_NEW(l->a, struct lineage_fields)};
    struct hl7_fault fault;
    if (hl7_parse(l->a, bytes, &t.m, &fault) < 0) {
        return;
    }
    for (uint32_t i = 0; i < t.m.segs; i++) {
        t.seg = &t.m.seg[i];
        t.leaf = next_leaf(leaves, n, t.seg->id);
        tell_segment(&t);
    }
    (void)map64_put(&l->outputs, output, (uint64_t)(uintptr_t)t.all); /* new or not */
}

const struct lineage_field *lineage_fields(const struct lineage *l, unsigned output,
                                           unsigned *out_n)
{
    uint64_t at = 0;
    (void)map64_get(&l->outputs, output, &at); /* none: 0 */
    const struct lineage_fields *all = (const struct lineage_fields *)(uintptr_t)at;
    *out_n = all ? all->n : 0;
    return all ? all->v : NULL;
}
