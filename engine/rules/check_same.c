/* Do two formulas, or parts of them, read the same? */
#include "engine/rules/check_priv.h"

static bool is_same_literal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || a->kind == VALUE_QUANTITY) {
        return false;
    }
    return value_is_number(a)         ? value_number_cmp(a, b) == 0
           : a->kind == VALUE_BOOLEAN ? a->i == b->i
                                      : str_eq(a->text, b->text);
}

bool check_is_fused(const struct node *n)
{
    return n->op == NODE_PATH_EXISTS || n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF;
}

bool check_is_same_path(const struct node *a, const struct node *b)
{
    return memcmp(&a->path, &b->path, sizeof(a->path)) == 0;
}

bool check_is_same(const struct node *a, const struct node *b)
{
    bool path = a->op == NODE_PATH || a->op == NODE_SUBPATH || check_is_fused(a);
    bool named = a->op == NODE_CALL || a->op == NODE_GROUP || a->op == NODE_TREE_MEMBER;
    if (a->op != b->op || a->model != b->model || a->level != b->level || a->nargs != b->nargs) {
        return false;
    }
    if (a->op == NODE_LITERAL) {
        return is_same_literal(&a->value, &b->value);
    }
    if ((path && !check_is_same_path(a, b)) || (named && !str_eq(a->text, b->text))) {
        return false;
    }
    for (uint32_t i = 0; i < a->nargs; i++) {
        if (!check_is_same(a->arg[i], b->arg[i])) {
            return false;
        }
    }
    return true;
}

const struct node *check_value_of(const struct node *n)
{
    static bool (*const keepers[])(struct eval *, const struct call *, struct values *) = {
        func_where, func_first, func_last, func_single,    func_skip,     func_take, func_tail,
        func_sort,  func_trace, func_trim, func_to_string, func_distinct, NULL};
    for (int i = 0; n->op == NODE_CALL && n->has_input && keepers[i]; i++) {
        if (n->func->run == keepers[i]) {
            return n->arg[0];
        }
    }
    return NULL;
}
