/* What was read: gathered formula by formula, kept by what it went into. */
#include "engine/rules/lineage_own.h"

#include <assert.h>

#include "engine/rules/reads_own.h"
#include "engine/rules/table.h"

struct lineage *lineage_new(struct arena *a, const struct hl7 *m)
{
    struct lineage *l = ARENA_NEW(a, struct lineage);
    l->a = a;
    l->m = m;
    return l;
}

void lineage_free(struct lineage *l)
{
    map64_free(&l->bound);
    map64_free(&l->made);
    map64_free(&l->outputs);
}

/* ---- gathering ---- */

struct lineage_seen lineage_enter(struct lineage *l)
{
    struct lineage_seen before = {0};
    if (l) {
        before = l->seen;
        l->seen = (struct lineage_seen){0};
    }
    return before;
}

struct lineage_seen lineage_leave(struct lineage *l, struct lineage_seen before)
{
    struct lineage_seen now = {0};
    if (l) {
        now = l->seen;
        l->seen = before;
    }
    return now;
}

static struct lineage_source *find(const struct lineage_seen *seen, enum lineage_kind kind,
                                   struct str text)
{
    struct lineage_source *s = seen->first;
    while (s && !(s->kind == kind && str_eq(s->text, text))) {
        s = s->next;
    }
    return s;
}

void lineage_see(struct lineage *l, enum lineage_kind kind, struct str text, bool is_result)
{
    assert(!l->reads);
    struct lineage_source *known = text.n ? find(&l->seen, kind, text) : NULL;
    if (!text.n || known) {
        if (known) {
            known->is_result = known->is_result || is_result;
            known->reads++;
        }
        return;
    }
    struct lineage_source *one = ARENA_NEW(l->a, struct lineage_source);
    *one = (struct lineage_source){kind, is_result, 1, text, NULL};
    if (l->seen.last) {
        l->seen.last->next = one;
    } else {
        l->seen.first = one;
    }
    l->seen.last = one;
}

static bool was_read(const struct lineage_source *s)
{
    return s->reads || s->is_result;
}

void lineage_see_all(struct lineage *l, const struct lineage_source *all)
{
    for (; all; all = all->next) {
        if (was_read(all)) {
            lineage_see(l, all->kind, all->text, all->is_result);
        }
    }
}

void lineage_unread(struct lineage *l, const struct value *v)
{
    if (l->reads) {
        reads_unread(l->reads, v);
        return;
    }
    struct lineage_seen before = lineage_enter(l);
    lineage_value(l, v);
    struct lineage_seen unread = lineage_leave(l, before);
    for (const struct lineage_source *s = unread.first; s; s = s->next) {
        struct lineage_source *known = find(&l->seen, s->kind, s->text);
        if (known && known->reads) {
            known->reads--;
        }
    }
}

/* Is `inner` a part of `outer`: PID-3[1].1 of PID-3[1]? */
static bool is_part(struct str outer, struct str inner)
{
    return inner.n > outer.n && str_starts(inner, outer) &&
           (inner.p[outer.n] == '.' || inner.p[outer.n] == '[');
}

/* What a formula came to stands first. What was read on the way down to a part says nothing that the part does not
 * say. */
static const struct lineage_source *in_order(struct lineage *l, struct lineage_seen seen)
{
    struct lineage_seen before = lineage_enter(l);
    for (const struct lineage_source *s = seen.first; s; s = s->next) {
        if (s->is_result) {
            lineage_see(l, s->kind, s->text, true);
        }
    }
    for (const struct lineage_source *s = seen.first; s; s = s->next) {
        bool is_whole = false;
        for (const struct lineage_source *t = s->is_result ? NULL : seen.first; t; t = t->next) {
            is_whole = is_whole || (s->kind == LINEAGE_FIELD && t->kind == LINEAGE_FIELD &&
                                    is_part(s->text, t->text));
        }
        if (!is_whole && was_read(s)) {
            lineage_see(l, s->kind, s->text, s->is_result);
        }
    }
    return lineage_leave(l, before).first;
}

const struct lineage_rule *lineage_rule(struct lineage *l, struct diag_pos pos,
                                        struct lineage_seen seen)
{
    struct lineage_rule *r = ARENA_NEW(l->a, struct lineage_rule);
    *r = (struct lineage_rule){pos, in_order(l, seen)};
    return r;
}

/* ---- what is read ---- */

void lineage_row(struct lineage *l, const struct table *t, int64_t row)
{
    if (!l || l->reads) {
        return;
    }
    if (t->is_query) {
        struct str keys = table_row_keys(l->a, t, (uint32_t)row);
        lineage_see(l, LINEAGE_ROW,
                    str_printf(l->a, "row %.*s of table %.*s (%s)", STR_ARG(keys), STR_ARG(t->name),
                               t->file),
                    false);
        return;
    }
    unsigned line = t->lines ? t->lines[row] : t->pos.line;
    const char *file = t->file ? t->file : t->pos.file;
    lineage_see(l, LINEAGE_ROW, str_printf(l->a, "%s:%u", file ? file : "", line), false);
}

/* Append the path of `node` below `at`; false: it is not there. `is_copy`: it is a copy of what is looked for, and where
 * that stands in the source tells. */
static bool find_node(struct buf *out, const struct json *at, const struct json *node, bool is_copy)
{
    unsigned index = 0;
    size_t before = out->n;
    if (at == node || (is_copy && node->at && at->at == node->at)) {
        return true;
    }
    json_each(child, at)
    {
        if (at->kind == JSON_ARRAY) {
            buf_printf(out, "[%u]", index++);
        } else {
            buf_puts(out, out->n ? "." : "");
            buf_put_str(out, child->key);
        }
        if (find_node(out, child, node, is_copy)) {
            return true;
        }
        out->n = before;
    }
    return false;
}

/* As received: what a step wrote came from what its rule read. The message that asked is never a copy, and has the same
 * places as the one that answers. */
static void see_node(struct lineage *l, const struct json *root, const struct json *node)
{
    struct buf path = {0};
    const struct json *asking = l->cause ? l->cause->data : NULL;
    buf_puts(&path, "$cause");
    bool is_found = asking && find_node(&path, asking, node, false);
    if (!is_found && root) {
        buf_clear(&path);
        buf_put_str(&path, json_text(json_get(root, "resourceType")));
        is_found = find_node(&path, root, node, l->data != NULL);
    }
    if (is_found) {
        lineage_see(l, LINEAGE_FIELD, str_dup(l->a, buf_str(&path)), false);
    }
    buf_free(&path);
}

void lineage_node(struct lineage *l, const struct json *root, const struct json *node)
{
    if (l && l->reads) {
        return;
    }
    const struct lineage_rule *rule =
        l && node && l->data && !node->at ? lineage_of(l, node) : NULL;
    if (rule) {
        lineage_see_all(l, rule->from);
    } else if (l && node) {
        see_node(l, l->data ? l->data : root, node);
    }
}

void lineage_received(struct lineage *l, const struct json *data)
{
    if (l) {
        l->data = data;
    }
}

void lineage_cause(struct lineage *l, const struct rules_cause *cause)
{
    if (l) {
        l->cause = cause;
    }
}

/* ---- names and loops ---- */

void lineage_bind(struct lineage *l, const void *key, struct lineage_seen seen)
{
    if (l && !l->reads) {
        (void)map64_put(&l->bound, (uint64_t)(uintptr_t)key,
                        (uint64_t)(uintptr_t)seen.first); /* new or not */
    }
}

const struct lineage_source *lineage_at(const struct lineage *l, const void *key)
{
    uint64_t first = 0;
    (void)map64_get(&l->bound, (uint64_t)(uintptr_t)key, &first); /* none: 0 */
    return (const struct lineage_source *)(uintptr_t)first;
}

void lineage_bound(struct lineage *l, const void *key)
{
    if (l) {
        lineage_see_all(l, lineage_at(l, key));
    }
}

void lineage_rebind(struct lineage *l, const void *from, const void *to)
{
    struct lineage_seen seen = {(struct lineage_source *)(uintptr_t)lineage_at(l, from), NULL};
    lineage_bind(l, to, seen);
}

void lineage_named_so(struct lineage *l, const struct values *slot, struct lineage_seen seen)
{
    lineage_bind(l, slot, seen);
    for (uint32_t i = 0; l && l->reads && i < slot->n; i++) {
        reads_unread(l->reads, &slot->v[i]);
    }
}

void lineage_name(struct lineage *l, const struct values *slot)
{
    lineage_bound(l, slot);
    for (uint32_t i = 0; l && l->reads && i < slot->n; i++) {
        lineage_value_seen(l, &slot->v[i], false);
    }
}

/* ---- what maps make ---- */

void lineage_made(struct lineage *l, const struct json *leaf, struct diag_pos pos,
                  struct lineage_seen seen)
{
    if (l && leaf && !l->reads) {
        (void)map64_put(&l->made, (uint64_t)(uintptr_t)leaf,
                        (uint64_t)(uintptr_t)lineage_rule(l, pos, seen)); /* it is new */
    }
}

const struct lineage_rule *lineage_of(const struct lineage *l, const struct json *leaf)
{
    uint64_t rule = 0;
    (void)map64_get(&l->made, (uint64_t)(uintptr_t)leaf, &rule); /* none: 0 */
    return (const struct lineage_rule *)(uintptr_t)rule;
}

void lineage_moved(struct lineage *l, const struct json *from, const struct json *to)
{
    const struct lineage_rule *rule = l ? lineage_of(l, from) : NULL;
    if (rule) {
        (void)map64_put(&l->made, (uint64_t)(uintptr_t)to,
                        (uint64_t)(uintptr_t)rule); /* new or not */
    } else if (l) {
        (void)map64_remove(&l->made, (uint64_t)(uintptr_t)to, NULL); /* it may have none */
    }
}

void lineage_copied_tree(struct lineage *l, const struct json *from, const struct json *to)
{
    if (!l || l->reads) {
        return;
    }
    lineage_moved(l, from, to);
    for (const struct json *a = from->first, *b = to->first; a && b; a = a->next, b = b->next) {
        lineage_copied_tree(l, a, b);
    }
}
