/* Two rulesets of nearly the same texts: where can they answer otherwise? In what is known to differ, and in rows of tables. A
 * run that came to nothing of it, and whose lookups both answer alike, tells what the other would do. */
#include "engine/rules/profile.h"
#include "engine/rules/ruleset_priv.h"
#include "engine/rules/table.h"

bool table_twin_differs(const struct table *t, const struct str *keys, int64_t row, unsigned column)
{
    int64_t other = table_find(t->twin, keys);
    if (row < 0 || other < 0) {
        return (row < 0) != (other < 0);
    }
    return !str_eq(table_cell(t, row, column), table_cell(t->twin, other, column));
}

/* What the text of the configuration and the head of the file say of it. */
static bool same_head(const struct table *t, const struct table *o)
{
    bool same = str_eq(t->name, o->name) && t->ncolumns == o->ncolumns && t->nkeys == o->nkeys &&
                t->value == o->value && t->range == o->range && t->ignore_case == o->ignore_case &&
                t->on_miss == o->on_miss && !t->is_broken && !o->is_broken;
    for (unsigned i = 0; same && i < t->nkeys; i++) {
        same = t->key[i] == o->key[i];
    }
    for (unsigned i = 0; same && i < t->ncolumns; i++) {
        same = str_eq(t->columns[i], o->columns[i]);
    }
    return same;
}

static bool same_rows(const struct table *t, const struct table *o)
{
    bool same = t->nrows == o->nrows;
    for (size_t i = 0; same && i < (size_t)t->nrows * t->ncolumns; i++) {
        same = str_eq(t->cells[i], o->cells[i]);
    }
    return same;
}

static bool pair(struct table *t, const struct table *o)
{
    bool good = same_head(t, o);
    t->twin = good && !same_rows(t, o) ? o : NULL;
    return good;
}

/* Cells name zones, too, and what is no zone ends a column of them: a formula may find one that the other lacks. */
static bool same_zones(const struct zones *z, const struct zones *o)
{
    bool same = z->n == o->n;
    for (unsigned i = 0; same && i < z->n; i++) {
        same = str_eq(z->v[i].name, o->v[i].name) && !z->v[i].zone == !o->v[i].zone;
    }
    return same;
}

static bool is_among(const struct rules_change *changes, unsigned n, struct str name, bool is_route)
{
    bool found = false;
    for (unsigned i = 0; i < n && !found; i++) {
        found = changes[i].is_route == is_route && str_eq(changes[i].name, name);
    }
    return found;
}

static bool pair_profile(struct profile *p, const struct profile *o)
{
    bool good = p->ntables == o->ntables && str_eq(p->name, o->name);
    for (unsigned i = 0; good && i < p->ntables; i++) {
        good = pair(p->tables[i].table, o->tables[i].table);
    }
    return good;
}

static void mark(struct ruleset *r, const struct rules_change *changes, unsigned n)
{
    for (unsigned i = 0; i < r->nroutes; i++) {
        r->routes[i]->is_changed = is_among(changes, n, r->routes[i]->name, true);
    }
    for (unsigned i = 0; i < r->nmaps; i++) {
        r->maps[i]->is_changed = is_among(changes, n, r->maps[i]->name, false);
    }
}

bool rules_pair(struct ruleset *r, const struct ruleset *other, const struct rules_change *changes,
                unsigned n)
{
    bool good = r->ntables == other->ntables && r->nprofiles == other->nprofiles &&
                same_zones(&r->zones, &other->zones);
    for (unsigned i = 0; good && i < r->ntables; i++) {
        good = pair(r->tables[i], other->tables[i]);
    }
    for (unsigned i = 0; good && i < r->nprofiles; i++) {
        good = pair_profile(r->profiles[i], other->profiles[i]);
    }
    mark(r, changes, n);
    return good;
}
