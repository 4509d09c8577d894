/* lookup(): code tables from formulas. */
#include "engine/rules/func.h"
#include "engine/rules/table.h"

static enum fault_kind fault_of(enum table_miss miss)
{
    return miss == MISS_HOLD ? FAULT_HOLD : miss == MISS_REJECT ? FAULT_REJECT : FAULT_ROUTE;
}

/* No row: as the table's on-miss says. `keys` are in the message, so they are not named. */
static bool missed(struct eval *e, const struct call *c, const struct str *keys, struct values *out)
{
    const struct table *t = c->n->table;
    if (t->on_miss == MISS_EMPTY) {
        return true;
    }
    if (t->on_miss == MISS_KEEP) {
        *values_add(out, e->a) = value_string(keys[0]);
        return true;
    }
    eval_fail(e, c->n, "the table %.*s has no row for the value", STR_ARG(t->name));
    e->fault.kind = fault_of(t->on_miss);
    return false;
}

static bool find(struct eval *e, const struct call *c, const struct str *keys, struct values *out)
{
    const struct table *t = c->n->table;
    bool all_there = true;
    int64_t row = table_find(t, keys);
    for (unsigned i = 0; i < t->nkeys; i++) {
        all_there = all_there && keys[i].n;
    }
    if (row < 0) {
        return !all_there || missed(e, c, keys, out);
    }
    struct str cell = table_cell(t, row, c->n->level);
    if (cell.n) {
        *values_add(out, e->a) = value_string(cell);
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
            return false;
        }
    }
    return c->in->n || find(e, c, keys, out);
}
