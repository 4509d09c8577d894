/* A checked node made simpler: what holds literals only is computed here, frequent shapes become one node. */
#include "engine/rules/check_priv.h"

enum shape_kind check_literal_kind(const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOLEAN:
        return SHAPE_BOOLEAN;
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
        return SHAPE_NUMBER;
    case VALUE_QUANTITY:
        return SHAPE_QUANTITY;
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_TIME:
        return SHAPE_DATE;
    case VALUE_NULL:
        return SHAPE_NULL;
    default: /* literals are nothing else */
        return SHAPE_STRING;
    }
}

struct node *check_fold(struct check *c, struct node *n)
{
    struct eval e;
    VALUES(out);
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (n->arg[i]->op != NODE_LITERAL) {
            return n;
        }
    }
    if (c->failed || !c->f->is_route) {
        return n;
    }
    eval_init(&e, c->a, NULL, true);
    if (!eval_node(&e, n, NULL, &out)) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "constant", n->pos, "%.*s", STR_ARG(e.fault.text));
        return n;
    }
    struct node *literal = ARENA_NEW(c->a, struct node);
    *literal = (struct node){.op = out.n ? NODE_LITERAL : NODE_EMPTY, .pos = n->pos, .at = n->at};
    if (out.n) {
        literal->value = out.v[0];
    }
    return out.n > 1 ? n : literal;
}

/* ---- fused shapes ---- */

static struct node *fused(struct node *n, enum node_op op, struct node *path, struct node **arg,
                          uint32_t nargs)
{
    n->op = (uint8_t)op;
    n->path = path->path;
    n->of = path->of;
    n->type = path->type;
    n->is_flat = path->is_flat;
    n->is_anywhere = path->is_anywhere;
    n->reach = path->reach;
    n->arg = arg;
    n->nargs = nargs;
    return n;
}

static bool is_text_literal(const struct node *n)
{
    return n->op == NODE_LITERAL && n->value.kind == VALUE_STRING;
}

struct node *check_fuse_call(struct check *c, struct node *n)
{
    bool on_path = c->f->is_route && !c->failed && n->op == NODE_CALL && n->has_input &&
                   n->arg[0]->op == NODE_PATH && n->arg[0]->path.field;
    if (on_path && str_is(n->text, "exists") && n->nargs == 1) {
        return fused(n, NODE_PATH_EXISTS, n->arg[0], NULL, 0);
    }
    bool texts = on_path && str_is(n->text, "oneOf");
    for (uint32_t i = 1; i < n->nargs && texts; i++) {
        texts = is_text_literal(n->arg[i]);
    }
    return texts ? fused(n, NODE_PATH_ONE_OF, n->arg[0], n->arg + 1, n->nargs - 1) : n;
}

struct node *check_fuse_eq(struct check *c, struct node *n)
{
    bool left = n->op == NODE_EQ && n->arg[0]->op == NODE_PATH && n->arg[0]->path.field &&
                is_text_literal(n->arg[1]);
    return left && c->f->is_route && !c->failed ? fused(n, NODE_PATH_EQ, n->arg[0], n->arg + 1, 1)
                                                : n;
}
