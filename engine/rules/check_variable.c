/* defineVariable('name'[, formula]) and %name: a name for what stands behind it in the chain, not for other operands.
 * Source: FHIRPath 3.0.0 5.9.4. Differs: the name is a text as written, so that what it means is known before it runs. */
#include "engine/rules/check_priv.h"

static const struct variable *find(const struct check *c, struct str name)
{
    for (const struct variable *v = c->variables; v; v = v->outer) {
        if (str_eq(v->name, name)) {
            return v;
        }
    }
    return NULL;
}

bool check_variable(struct check *c, struct node *n, struct shape *out)
{
    const struct variable *v = find(c, n->text);
    if (!v) {
        return false;
    }
    n->op = NODE_VARIABLE;
    n->arg = ARENA_ARRAY(c->a, struct node *, 1);
    n->arg[0] = v->by; /* not one of its operands: nargs stays 0 */
    *out = v->shape;
    return true;
}

/* The name as it is written; empty after an error. */
static struct str name_of(struct check *c, struct node *call)
{
    struct node *n = call->arg[1];
    const struct value *v = &n->value;
    if (n->op != NODE_LITERAL || v->kind != VALUE_STRING || v->text.n == 0) {
        diag_hint(c->d, check_fail(c, n, "no-name", "a name in quotes should stand here"),
                  "write defineVariable('first', ...), and %%first behind it");
        return STR("");
    }
    if (check_is_external(c, v->text) || find(c, v->text)) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "same-name", n->pos, "%%%.*s is there already",
                 STR_ARG(v->text));
        return STR("");
    }
    return v->text;
}

struct node *check_define(struct check *c, struct node *n, const struct shape *in,
                          struct shape *out)
{
    struct variable *v = ARENA_NEW(c->a, struct variable);
    struct inner inner = {in, c->inner};
    const struct element *element = c->element;
    *out = *in;
    *v = (struct variable){.name = name_of(c, n), .by = n, .shape = *in, .outer = c->variables};
    if (n->nargs > 2 && !c->failed) {
        c->inner = &inner;
        c->element = in->elem ? in->elem : c->element;
        n->arg[2] = check_node(c, n->arg[2], &v->shape);
        c->inner = inner.outer;
        c->element = element;
    }
    c->variables = v;
    return n;
}
