/* defineVariable(): what it gave last is kept by the call, which %name points to (check_variable.c). Whatever may read
 * it stands behind the call, and so runs after it. */
#include "engine/rules/func.h"

struct eval_variable {
    const struct node *by;
    struct values values;
    struct eval_variable *next;
};

static struct eval_variable *find(struct eval *e, const struct node *by)
{
    struct eval_variable *v = e->variables;
    while (v && v->by != by) {
        v = v->next;
    }
    return v;
}

static void keep(struct eval *e, const struct node *by, const struct values *l)
{
    struct eval_variable *v = find(e, by);
    if (!v) {
        v = ARENA_NEW(e->a, struct eval_variable);
        *v = (struct eval_variable){.by = by, .next = e->variables};
        e->variables = v;
    }
    v->values.n = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        *values_add(&v->values, e->a) = l->v[i];
    }
}

bool func_define_variable(struct eval *e, const struct call *c, struct values *out)
{
    const bool is_one = c->in->n == 1;
    struct scope s = {.self = is_one ? &c->in->v[0] : NULL,
                      .all = is_one ? NULL : c->in,
                      .index = c->s ? c->s->index : 0,
                      .total = c->s ? c->s->total : 0,
                      .sum = c->s ? c->s->sum : NULL,
                      .outer = c->s};
    VALUES(given);
    bool has = call_nargs(c) > 1;
    if (has && !eval_node(e, call_arg(c, 1), &s, &given)) {
        return false;
    }
    keep(e, c->n, has ? &given : c->in);
    for (uint32_t i = 0; i < c->in->n; i++) {
        *values_add(out, e->a) = c->in->v[i];
    }
    return true;
}

bool eval_variable(struct eval *e, const struct node *n, struct values *out)
{
    const struct eval_variable *v = find(e, n->arg[0]);
    for (uint32_t i = 0; v && i < v->values.n; i++) {
        *values_add(out, e->a) = v->values.v[i];
    }
    return true;
}
