#include "engine/ops/shadow_tally.h"

#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/opt.h"

enum { SHOWN_MAX = 60 };

#define KINDS "any|changed|added|removed|new-output|gone-output|new-error|gone-error|status"

static const struct opt expect_opts[] = {
    OPT(shadow_expected, kind, "kind", ENUM, "any", KINDS, 0, "What kind of difference."),
    OPT(shadow_expected, route, "route", STR, NULL, NULL, 0, "By this route."),
    OPT(shadow_expected, to, "to", STR, NULL, NULL, 0, "In an output to this destination."),
    OPT(shadow_expected, at, "at", STR, NULL, NULL, 0, "At this field path."),
    OPT(shadow_expected, was, "was", STR, NULL, NULL, 0, "From this value."),
    OPT(shadow_expected, now, "now", STR, NULL, NULL, 0, "To this value."),
    {0},
};

void shadow_tally_init(struct shadow_tally *t, unsigned nexamples, bool shows_values)
{
    *t = (struct shadow_tally){.nexamples = nexamples, .shows_values = shows_values};
}

void shadow_tally_free(struct shadow_tally *t)
{
    map_free(&t->by_key);
    arena_free(&t->arena);
    arena_free(&t->scratch);
    buf_free(&t->key);
}

const char *shadow_kind_text(enum shadow_kind k)
{
    static const char *const names[] = {"changed",     "added",     "removed",    "new-output",
                                        "gone-output", "new-error", "gone-error", "status"};
    return names[k];
}

struct str shadow_mask(struct arena *a, struct str value)
{
    struct buf out = {0};
    size_t i = 0;
    for (; i < value.n && out.n < SHOWN_MAX; i++) {
        unsigned char c = (unsigned char)value.p[i];
        bool is_upper = c >= 'A' && c <= 'Z', is_lower = (c >= 'a' && c <= 'z') || c >= 0xC0;
        if ((c & 0xC0) == 0x80) {
            continue; /* the rest of a character */
        }
        buf_putc(&out, is_upper                ? 'X'
                       : is_lower              ? 'x'
                       : c >= '0' && c <= '9'  ? '9'
                       : c < 0x20 || c == 0x7f ? '.'
                                               : (char)c);
    }
    buf_puts(&out, i < value.n ? "..." : "");
    struct str text = str_dup(a, buf_str(&out));
    buf_free(&out);
    return text;
}

/* ---- what is expected ---- */

bool shadow_tally_expect(struct shadow_tally *t, const char *file, struct str bytes,
                         struct diags *d)
{
    struct yaml_doc *doc;
    struct shadow_expected **last = &t->expected;
    (void)yaml_parse(&t->arena, file, bytes, d, &doc); /* its errors are in `d` */
    if (doc && doc->root->kind != YAML_SEQUENCE) {
        diag_add(d, DIAG_ERROR, "expect", doc->root->pos,
                 "%s; expected a list: - { route: NAME, at: PATH }", yaml_kind_text(doc->root));
        return false;
    }
    yaml_each(item, doc ? doc->root : NULL)
    {
        struct shadow_expected *one = ARENA_NEW(&t->arena, struct shadow_expected);
        (void)opt_parse(&t->arena, expect_opts, item, NULL, d, one); /* its errors are in `d` */
        one->pos = item->pos;
        *last = one;
        last = &one->next;
    }
    return d->errors == 0;
}

static bool fits(struct str pattern, struct str text)
{
    if (pattern.n && pattern.p[pattern.n - 1] == '*') {
        return str_starts(text, str_slice(pattern, 0, pattern.n - 1));
    }
    return pattern.p == NULL || pattern.n == 0 || str_eq(pattern, text);
}

static bool is_expected(struct shadow_tally *t, const struct shadow_difference *w)
{
    for (struct shadow_expected *e = t->expected; e; e = e->next) {
        if ((e->kind == 0 || e->kind == (int)w->kind + 1) && fits(e->route, w->route) &&
            fits(e->to, w->to) && fits(e->at, w->at) && fits(e->was, w->was) &&
            fits(e->now, w->now)) {
            e->count++;
            return true;
        }
    }
    return false;
}

/* ---- groups ---- */

static struct shadow_group *new_group(struct shadow_tally *t, struct str key,
                                      const struct shadow_difference *w)
{
    struct shadow_group *g = ARENA_NEW(&t->arena, struct shadow_group);
    g->what = (struct shadow_difference){.kind = w->kind,
                                         .route = str_dup(&t->arena, w->route),
                                         .to = str_dup(&t->arena, w->to),
                                         .at = str_dup(&t->arena, w->at)};
    g->examples = ARENA_ARRAY(&t->arena, struct shadow_example, t->nexamples + 1);
    if (t->last) {
        t->last->next = g;
    } else {
        t->first = g;
    }
    t->last = g;
    t->ngroups++;
    (void)map_put(&t->by_key, str_dup(&t->arena, key), g); /* it is new */
    return g;
}

static struct shadow_group *group_of(struct shadow_tally *t, const struct shadow_difference *w)
{
    const struct str parts[] = {w->route, w->to, w->at};
    t->key.n = 0;
    buf_putc(&t->key, (char)w->kind);
    for (unsigned i = 0; i < 3; i++) {
        buf_put_str(&t->key, parts[i]);
        buf_putc(&t->key, 0);
    }
    struct shadow_group *g = map_get(&t->by_key, buf_str(&t->key));
    if (!g && t->ngroups < SHADOW_GROUPS_MAX) {
        g = new_group(t, buf_str(&t->key), w);
    }
    return g;
}

static struct str shown(struct shadow_tally *t, struct arena *a, enum shadow_kind k, struct str v)
{
    return t->shows_values || k == SHADOW_STATUS ? v : shadow_mask(a, v);
}

static void add_example(struct shadow_tally *t, struct shadow_group *g,
                        const struct shadow_difference *w, struct str label)
{
    struct str was = shown(t, &t->scratch, w->kind, w->was);
    struct str now = shown(t, &t->scratch, w->kind, w->now);
    unsigned i = 0;
    while (i < g->nexamples &&
           !(str_eq(g->examples[i].was, was) && str_eq(g->examples[i].now, now))) {
        i++;
    }
    if (i == g->nexamples && i < t->nexamples) {
        g->examples[g->nexamples++] = (struct shadow_example){.was = str_dup(&t->arena, was),
                                                              .now = str_dup(&t->arena, now),
                                                              .message = str_dup(&t->arena, label)};
    }
    if (i < g->nexamples) {
        g->examples[i].count++;
    }
    arena_reset(&t->scratch);
}

void shadow_tally_add(struct shadow_tally *t, const struct shadow_difference *what, uint64_t number,
                      struct str label)
{
    struct shadow_group *g = group_of(t, what);
    bool expected = is_expected(t, what);
    t->unexpected += !expected;
    if (!g) {
        t->more++;
        return;
    }
    g->count++;
    g->expected += expected;
    g->messages += g->last_message != number;
    g->last_message = number;
    if (!expected) {
        add_example(t, g, what, label);
    }
}

static int by_place(const void *x, const void *y)
{
    const struct shadow_group *a = *(struct shadow_group *const *)x,
                              *b = *(struct shadow_group *const *)y;
    int c = str_cmp(a->what.route, b->what.route);
    c = c ? c : str_cmp(a->what.to, b->what.to);
    c = c ? c : (a->what.kind > b->what.kind) - (a->what.kind < b->what.kind);
    return c ? c : str_cmp(a->what.at, b->what.at);
}

struct shadow_group **shadow_tally_sorted(struct shadow_tally *t)
{
    struct shadow_group **v = ARENA_ARRAY(&t->arena, struct shadow_group *, t->ngroups + 1);
    unsigned n = 0;
    for (struct shadow_group *g = t->first; g; g = g->next) {
        v[n++] = g;
    }
    qsort(v, n, sizeof *v, by_place);
    return v;
}
