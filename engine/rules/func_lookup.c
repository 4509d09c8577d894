/* lookup(): code tables from formulas. */
#include "engine/rules/coverage.h"
#include "engine/rules/func.h"
#include "engine/rules/profile.h"
#include "engine/rules/table.h"

static enum fault_kind fault_of(enum table_miss miss)
{
    return miss == MISS_HOLD ? FAULT_HOLD : miss == MISS_REJECT ? FAULT_REJECT : FAULT_ROUTE;
}

/* The table for this feed, and the column of it that is asked for. */
static const struct table *table_of(const struct eval *e, const struct node *n,
                                    unsigned *out_column)
{
    const struct table *t = n->table;
    const struct table *own = e->profile ? profile_table_of(e->profile, t->name) : NULL;
    *out_column = n->level == TABLE_VALUE ? (own ? own : t)->value : n->level;
    if (own && own != t && n->level != TABLE_VALUE) {
        int column = table_column(own, t->columns[n->level]);
        *out_column = column < 0 ? own->value : (unsigned)column; /* check compared the columns */
    }
    return own ? own : t;
}

static void remember(struct eval *e, const struct node *n, const struct table *t,
                     const struct str *keys)
{
    struct rules_miss *one = ARENA_NEW(e->a, struct rules_miss);
    struct str *copy = ARENA_ARRAY(e->a, struct str, t->nkeys);
    for (unsigned i = 0; i < t->nkeys; i++) {
        copy[i] = keys[i];
    }
    *one = (struct rules_miss){t, copy, n->pos, e->misses};
    e->misses = one;
}

/* No row: counted, and as the table's on-miss says. `keys` are in the message, so they are not named. */
static bool missed(struct eval *e, const struct call *c, const struct table *t,
                   const struct str *keys, bool is_value, struct values *out)
{
    remember(e, c->n, t, keys);
    if (t->on_miss == MISS_EMPTY) {
        return true;
    }
    if (t->on_miss == MISS_KEEP) {
        return !is_value || call_put(e, out, value_string(keys[0])); /* no other column is known */
    }
    eval_fail(e, c->n, "the table %.*s has no row for the value", STR_ARG(t->name));
    e->fault.kind = fault_of(t->on_miss);
    return false;
}

static bool are_there(const struct table *t, const struct str *keys)
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        if (!keys[i].n) {
            return false;
        }
    }
    return true;
}

static bool find(struct eval *e, const struct call *c, const struct str *keys, struct values *out)
{
    unsigned column;
    const struct table *t = table_of(e, c->n, &column);
    int64_t row = table_find(t, keys);
    eval_came_to(e, t->twin && e->differs && table_twin_differs(t, keys, row, column));
    if (row < 0) {
        return !are_there(t, keys) || missed(e, c, t, keys, column == t->value, out);
    }
    struct str cell = table_cell(t, row, column);
    lineage_row(e->lineage, t, row);
    coverage_row(e->coverage, t, row);
    if (cell.n) {
        *values_add(out, e->a) =
            (struct value){.kind = VALUE_STRING, .is_cell = true, .text = cell};
    }
    return true;
}

bool func_lookup(struct eval *e, const struct call *c, struct values *out)
{
    struct str keys[TABLE_KEYS_MAX] = {{0}};
    if (!c->n->has_input) {
        for (unsigned i = 1; i < call_nargs(c); i++) {
            if (call_text(e, c, i, &keys[i - 1]) == ANSWER_FALSE) {
                return false;
            }
        }
        return find(e, c, keys, out);
    }
    for (uint32_t i = 0; i < c->in->n; i++) {
        if (!eval_text(e, c->n, &c->in->v[i], &keys[0]) || !find(e, c, keys, out)) {
            return eval_fail_about(e, c->n, &c->in->v[i]);
        }
    }
    return c->in->n || find(e, c, keys, out);
}
