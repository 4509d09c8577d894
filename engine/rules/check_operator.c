/* Operators: what stands on both sides, and what comes of it. */
#include "engine/rules/check_priv.h"

static bool is_date_shape(const struct shape *s)
{
    return s->kind == SHAPE_DATE || (s->kind == SHAPE_HL7 && s->of == TYPE_DATE);
}

static bool is_number_shape(const struct shape *s)
{
    return s->kind == SHAPE_NUMBER || (s->kind == SHAPE_HL7 && s->of == TYPE_NUMBER) ||
           (s->kind == SHAPE_STRING && s->is_cell);
}

static void check_order(struct check *c, const struct node *n, const struct shape *s,
                        bool beside_date)
{
    bool text = (s->kind == SHAPE_STRING && !s->is_cell) ||
                (s->kind == SHAPE_HL7 &&
                 (s->of == TYPE_TEXT || s->of == TYPE_FORMATTED || s->of == TYPE_SIMPLE));
    if (c->f->is_route && !c->failed && text) {
        diag_hint(c->d, check_fail(c, n, "text-order", "text has no order; numbers and dates have"),
                  beside_date ? "a date is written @2026-11-24, without quotes"
                              : "add .toInteger() or .toDecimal() to compare numbers");
    }
}

static struct node *check_logic(struct check *c, struct node *n, struct shape *out)
{
    for (int i = 0; i < 2 && !c->failed; i++) {
        n->arg[i] = check_node(c, n->arg[i], out);
        check_boolean(c, n->arg[i], out);
    }
    *out = (struct shape){.kind = SHAPE_BOOLEAN};
    return check_fold(c, n);
}

static struct node *check_union(struct check *c, struct node *n, struct shape *out)
{
    struct shape left;
    n->arg[0] = check_node(c, n->arg[0], &left);
    n->arg[1] = check_node(c, n->arg[1], out);
    out->many = true;
    out->kind = left.kind == out->kind ? out->kind : SHAPE_ANY;
    out->model = left.model == out->model ? out->model : 0;
    out->choice = left.choice == out->choice ? out->choice : NULL;
    if (left.type != out->type) {
        bool dates = left.of == TYPE_DATE && out->of == TYPE_DATE;
        out->of = dates ? TYPE_DATE : TYPE_UNKNOWN;
        out->type = NULL;
        out->elem = NULL;
    }
    return n;
}

/* x in list, list contains x, ~: lists are allowed. */
static struct node *check_lists(struct check *c, struct node *n, struct shape *out)
{
    unsigned one = n->op == NODE_IN ? 0 : n->op == NODE_CONTAINS ? 1 : 2;
    for (unsigned i = 0; i < 2 && !c->failed; i++) {
        n->arg[i] = check_node(c, n->arg[i], out);
        if (i == one) {
            check_one(c, n->arg[i], out);
        }
    }
    *out = (struct shape){.kind = SHAPE_BOOLEAN};
    return n;
}

/* A text where a number is wanted: nothing but a fault at run time could come of it. */
static void check_countable(struct check *c, const struct node *n, const struct shape *s)
{
    bool text = (s->kind == SHAPE_STRING && !s->is_cell) || s->kind == SHAPE_BOOLEAN;
    if (!c->f->is_route || c->failed || !text) {
        return;
    }
    struct diag *one = check_fail(c, n, "no-number", "this is a text, a number is wanted here");
    if (n->op == NODE_CALL && n->func && n->func->run == func_lookup && !n->table->is_broken) {
        unsigned column = n->level == TABLE_VALUE ? n->table->value : n->level;
        int64_t row = table_not_number(n->table, column);
        diag_hint(c->d, one, "%s %u of table %.*s holds a text in the column %.*s",
                  table_row_word(n->table), row >= 0 ? n->table->lines[row] : 1,
                  STR_ARG(n->table->name), STR_ARG(n->table->columns[column]));
    } else {
        diag_hint(c->d, one, "add .toInteger() or .toDecimal()");
    }
}

static enum shape_kind result_kind(const struct node *n, const struct shape *left,
                                   const struct shape *right)
{
    bool arithmetic = n->op == NODE_MUL || n->op == NODE_DIVIDE || n->op == NODE_DIV ||
                      n->op == NODE_MOD || n->op == NODE_SUB;
    if (n->op >= NODE_EQ && n->op <= NODE_GE) {
        return SHAPE_BOOLEAN;
    }
    if (n->op == NODE_CONCAT) {
        return SHAPE_STRING;
    }
    if (right->kind == SHAPE_QUANTITY || left->kind == SHAPE_QUANTITY) {
        return is_date_shape(left) ? SHAPE_DATE : SHAPE_QUANTITY;
    }
    bool number = is_number_shape(left) || is_number_shape(right);
    return arithmetic || number || n->op != NODE_ADD ? SHAPE_NUMBER : SHAPE_STRING;
}

static void remark_plus(struct check *c, const struct node *n, const struct shape *left,
                        const struct shape *right)
{
    bool texts = (left->kind == SHAPE_STRING || left->kind == SHAPE_HL7) &&
                 (right->kind == SHAPE_STRING || right->kind == SHAPE_HL7) &&
                 !is_number_shape(left) && !is_number_shape(right);
    if (n->op == NODE_ADD && texts && c->f->is_route && !c->failed) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_REMARK, "plus", n->pos,
                           "+ on texts gives nothing where one of them is absent"),
                  "& takes an absent text as empty");
    }
}

static struct node *check_values(struct check *c, struct node *n, struct shape *out)
{
    struct shape s[2] = {{.kind = SHAPE_ANY}, {.kind = SHAPE_ANY}};
    bool order = n->op >= NODE_LT && n->op <= NODE_GE;
    bool is_order = n->op == NODE_MINUS && n->level == MINUS_ORDER;
    bool numbers = n->op == NODE_MUL || n->op == NODE_DIVIDE || n->op == NODE_DIV ||
                   n->op == NODE_MOD || n->op == NODE_SUB || (n->op == NODE_MINUS && !is_order);
    for (uint32_t i = 0; i < n->nargs && !c->failed; i++) {
        n->arg[i] = check_node(c, n->arg[i], &s[i]);
        if (!c->failed) {
            check_one(c, n->arg[i], &s[i]);
            check_text(c, n->arg[i], &s[i]);
        }
        if (order) {
            check_order(c, n->arg[i], &s[i], i && is_date_shape(&s[0]));
        }
        if (numbers && n->arg[i]->op != NODE_LITERAL) {
            check_countable(c, n->arg[i], &s[i]);
        }
    }
    if (n->nargs == 2) {
        check_sum(c, n, s);
        remark_plus(c, n, &s[0], &s[1]);
        check_comparable(c, n, s);
        if (n->op == NODE_EQ || n->op == NODE_NE) {
            check_code(c, n->arg[0], &s[0], n->arg[1]);
            check_code(c, n->arg[1], &s[1], n->arg[0]);
        }
    }
    *out = (struct shape){.kind = result_kind(n, &s[0], &s[1])};
    return c->failed || is_order ? n : check_fuse_eq(c, check_fold(c, n));
}

struct node *check_operator(struct check *c, struct node *n, struct shape *out)
{
    switch ((enum node_op)n->op) {
    case NODE_AND:
    case NODE_OR:
    case NODE_XOR:
    case NODE_IMPLIES:
        return check_logic(c, n, out);
    case NODE_UNION:
        return check_union(c, n, out);
    case NODE_IN:
    case NODE_CONTAINS:
    case NODE_SAME:
    case NODE_NOT_SAME:
        return check_lists(c, n, out);
    default: /* one value on each side */
        return check_values(c, n, out);
    }
}
