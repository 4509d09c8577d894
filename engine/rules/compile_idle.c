/* What is declared and nobody uses, and what nobody decided: remarks, once everything is compiled without an error. */
#include "engine/rules/compile_priv.h"

static bool has_row_for_all(const struct table *t)
{
    for (uint32_t row = 0; row < t->nrows; row++) {
        bool is_for_all = true;
        for (unsigned i = 0; i < t->nkeys && is_for_all; i++) {
            is_for_all = str_is(table_cell(t, row, t->key[i]), "*");
        }
        if (is_for_all) {
            return true;
        }
    }
    return false;
}

static void look_at_table(struct compiler *c, const struct table *t)
{
    if (t->is_broken || t->is_profile) {
        return; /* a profile's stand in for others */
    }
    if (!t->is_used && !str_eq(t->name, RULES_LEFT_OUT)) {
        diag_add(c->d, DIAG_REMARK, "unused-table", t->pos, "no formula looks into the table %.*s",
                 STR_ARG(t->name));
    } else if (t->is_used && t->on_miss == MISS_ROUTE && !has_row_for_all(t)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_REMARK, "undecided-miss", t->pos,
                           "nothing says what a value without a row in %.*s leads to; it is held, "
                           "or what on-error: of the route says",
                           STR_ARG(t->name)),
                  "write on-miss: hold, reject, empty or keep, or add a row *");
    }
}

static void mark_map(struct map *m)
{
    if (m->is_used) {
        return;
    }
    m->is_used = true;
    for (unsigned i = 0; i < m->nuses; i++) {
        mark_map(m->uses[i]);
    }
}

/* One with tests is kept on purpose: a library has many. */
static void look_at_map(struct compiler *c, const struct map *m)
{
    if (!m->is_used && !m->is_tested && !yaml_get(m->doc, "tests")) {
        diag_add(c->d, DIAG_REMARK, "unused-map", m->pos,
                 "the map %.*s is used by no route or map, and has no tests", STR_ARG(m->name));
    }
}

void compile_idle(struct compiler *c)
{
    struct ruleset *r = c->r;
    for (unsigned i = 0; i < r->nroutes; i++) {
        for (unsigned k = 0; k < r->routes[i]->nuses; k++) {
            mark_map(r->routes[i]->uses[k]);
        }
    }
    for (unsigned i = 0; i < r->nmaps; i++) { /* what a library's maps use */
        if (r->maps[i]->is_tested || yaml_get(r->maps[i]->doc, "tests")) {
            mark_map(r->maps[i]);
        }
    }
    for (unsigned i = 0; i < r->nmaps; i++) {
        look_at_map(c, r->maps[i]);
    }
    for (unsigned i = 0; i < r->ntables; i++) {
        look_at_table(c, r->tables[i]);
    }
    for (unsigned i = 0; i < r->nsteps; i++) {
        if (!r->steps[i]->is_used) {
            diag_add(c->d, DIAG_REMARK, "unused-steps", r->steps[i]->pos,
                     "the steps %.*s are used by no route", STR_ARG(r->steps[i]->name));
        }
    }
}
