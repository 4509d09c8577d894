/* What could be touched: steps, branches, items of maps, rows of tables. */
#include "engine/rules/coverage_own.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/rules/change.h"
#include "engine/rules/profile.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/table.h"

/* A walk over the rules; what was met once (steps: used twice) is not counted again. */
struct walk {
    const struct coverage *c;
    struct arena *a;
    struct coverage_report *out;
    struct coverage_miss *v;
    unsigned cap;
    struct coverage *met;
    struct str of;
    bool is_query; /* rows of a table that is one */
};

static void miss(struct walk *w, const struct coverage_miss *one)
{
    if (!w->v || w->out->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->v = xrealloc(w->v, w->cap * sizeof *w->v);
    }
    w->v[w->out->n++] = *one;
}

static void meet(struct walk *w, enum coverage_kind kind, uint64_t key, struct diag_pos pos,
                 struct str what)
{
    if (!coverage_mark(w->met, key)) {
        return;
    }
    w->out->all[kind]++;
    if (coverage_has(w->c, key)) {
        w->out->touched[kind]++;
    } else {
        miss(w, &(struct coverage_miss){kind, pos, w->is_query, w->of, what});
    }
}

static void walk_steps(struct walk *w, const struct step *s);
static void walk_items(struct walk *w, const struct item *item, struct str key);

/* What is written is as in a map. */
static void walk_change(struct walk *w, const struct change *all)
{
    for (unsigned i = 0; all && i < all->n; i++) {
        walk_items(w, all->v[i].value, STR(""));
    }
}

static void walk_branches(struct walk *w, const struct branch *b)
{
    for (; b; b = b->next) {
        meet(w, COVERAGE_BRANCH, coverage_place_key(b->pos), b->pos,
             b->cond ? STR("") : STR("else"));
        walk_steps(w, b->steps);
    }
}

static void walk_steps(struct walk *w, const struct step *s)
{
    for (; s; s = s->next) {
        meet(w, COVERAGE_STEP, coverage_place_key(s->pos), s->pos, str_of(run_step_name(s->kind)));
        walk_change(w, s->change);
        switch (s->kind) {
        case STEP_REQUIRE:
            walk_steps(w, s->require.otherwise);
            break;
        case STEP_CHOOSE:
            walk_branches(w, s->choose.first);
            break;
        case STEP_FOR:
            walk_steps(w, s->each.steps);
            break;
        case STEP_USE:
            walk_steps(w, s->use.steps);
            break;
        case STEP_SET:
        case STEP_DELETE:
        case STEP_KEEP:
        case STEP_ADD:
        case STEP_COPY:
        case STEP_SEND:
        case STEP_DROP:
        case STEP_REPLY:
        case STEP_LET:
            break;
        }
    }
}

/* Leaves: objects and lists are there when one of them is. */
static void walk_items(struct walk *w, const struct item *item, struct str key)
{
    if (!item) {
        return;
    }
    key = item->key.n ? item->key : key;
    if (item->kind == ITEM_FORMULA || item->kind == ITEM_LITERAL) {
        meet(w, COVERAGE_ITEM, coverage_place_key(item->pos), item->pos, key);
    }
    for (const struct item *one = item->first; one; one = one->next) {
        walk_items(w, one, key);
    }
    walk_items(w, item->value, key);
    walk_items(w, item->also, key);
}

static void walk_table(struct walk *w, const struct table *t)
{
    w->of = t->name;
    w->is_query = t->is_query;
    for (uint32_t i = 0; i < t->nrows; i++) {
        struct diag_pos pos = {.file = t->file ? t->file : t->pos.file,
                               .line = t->lines ? t->lines[i] : t->pos.line};
        meet(w, COVERAGE_ROW, coverage_row_key(t, i), pos, table_row_keys(w->a, t, i));
    }
}

static void walk_rules(struct walk *w, const struct ruleset *r)
{
    for (unsigned i = 0; i < r->nroutes; i++) {
        w->of = r->routes[i]->name;
        walk_steps(w, r->routes[i]->steps);
    }
    for (unsigned i = 0; i < r->nmaps; i++) {
        w->of = r->maps[i]->name;
        walk_items(w, r->maps[i]->value, STR(""));
    }
    for (unsigned i = 0; i < r->ntables; i++) {
        walk_table(w, r->tables[i]);
    }
    for (unsigned i = 0; i < r->nprofiles; i++) {
        for (unsigned k = 0; k < r->profiles[i]->ntables; k++) {
            walk_table(w, r->profiles[i]->tables[k].table);
        }
    }
}

/* Of two tables on one database one goes before the other. */
static int by_place(const void *x, const void *y)
{
    const struct coverage_miss *a = x, *b = y;
    int c = strcmp(a->pos.file ? a->pos.file : "", b->pos.file ? b->pos.file : "");
    c = c == 0 && a->is_query && b->is_query ? str_cmp(a->of, b->of) : c;
    c = c ? c : (a->pos.line > b->pos.line) - (a->pos.line < b->pos.line);
    return c ? c : (a->pos.col > b->pos.col) - (a->pos.col < b->pos.col);
}

void coverage_of(const struct coverage *c, const struct ruleset *r, struct arena *a,
                 struct coverage_report *out)
{
    struct walk w = {.c = c, .a = a, .out = out, .met = coverage_new()};
    *out = (struct coverage_report){0};
    walk_rules(&w, r);
    struct coverage_miss *v = ARENA_ARRAY(a, struct coverage_miss, out->n + 1);
    if (w.v) {
        memcpy(v, w.v, out->n * sizeof *v);
        qsort(v, out->n, sizeof *v, by_place);
    }
    out->misses = v;
    free(w.v);
    coverage_free(&w.met);
}
