/* Operators of FHIRPath N1 section 6. */
#include "engine/rules/eval.h"

#include "engine/rules/type.h"

static bool put(struct eval *e, struct values *out, struct value v)
{
    *values_add(out, e->a) = v;
    return true;
}

static bool put_answer(struct eval *e, struct values *out, enum value_answer a)
{
    if (a != ANSWER_EMPTY) {
        *values_add(out, e->a) = value_boolean(a == ANSWER_TRUE);
    }
    return true;
}

/* Both operands as single values. EMPTY when one is missing. */
static enum value_answer two(struct eval *e, const struct node *n, const struct scope *s,
                             struct value *a, struct value *b)
{
    enum value_answer x = eval_one(e, n->arg[0], s, a);
    if (x == ANSWER_FALSE) {
        return x;
    }
    enum value_answer y = eval_one(e, n->arg[1], s, b);
    return y == ANSWER_FALSE                      ? y
           : x == ANSWER_TRUE && y == ANSWER_TRUE ? ANSWER_TRUE
                                                  : ANSWER_EMPTY;
}

static enum value_answer lists_equal(struct eval *e, const struct node *n, const struct values *a,
                                     const struct values *b)
{
    if (a->n == 0 || b->n == 0) {
        return ANSWER_EMPTY;
    }
    if (a->n != b->n) {
        return ANSWER_FALSE;
    }
    for (uint32_t i = 0; i < a->n; i++) {
        enum value_answer got = eval_equal(e, n, &a->v[i], &b->v[i]);
        if (got != ANSWER_TRUE) {
            return got;
        }
    }
    return ANSWER_TRUE;
}

static bool op_equal(struct eval *e, const struct node *n, const struct scope *s,
                     struct values *out)
{
    enum value_answer got;
    if (e->is_route) {
        struct value a, b;
        got = two(e, n, s, &a, &b);
        got = got == ANSWER_TRUE ? eval_equal(e, n, &a, &b) : got;
    } else {
        VALUES(a);
        VALUES(b);
        if (!eval_node(e, n->arg[0], s, &a) || !eval_node(e, n->arg[1], s, &b)) {
            return false;
        }
        got = lists_equal(e, n, &a, &b);
    }
    if (e->fault.text.n) {
        return false;
    }
    if (n->op == NODE_NE && got != ANSWER_EMPTY) {
        got = got == ANSWER_TRUE ? ANSWER_FALSE : ANSWER_TRUE;
    }
    return put_answer(e, out, got);
}

/* Each value of `a` has a partner of its own in `b`. */
static bool lists_same(struct eval *e, const struct values *a, const struct values *b)
{
    bool *used = ARENA_ARRAY(e->a, bool, b->n + 1);
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t k = 0;
        while (k < b->n && e->steps && (used[k] || !eval_same(e, &a->v[i], &b->v[k]))) {
            e->steps--;
            k++;
        }
        if (k == b->n || !e->steps) {
            return false;
        }
        used[k] = true;
    }
    return true;
}

static bool op_same(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    VALUES(a);
    VALUES(b);
    if (!eval_node(e, n->arg[0], s, &a) || !eval_node(e, n->arg[1], s, &b)) {
        return false;
    }
    bool same = a.n == b.n && lists_same(e, &a, &b);
    return e->steps ? put(e, out, value_boolean(same == (n->op == NODE_SAME)))
                    : eval_fail(e, n, "the formula took too many steps");
}

static bool op_compare(struct eval *e, const struct node *n, const struct scope *s,
                       struct values *out)
{
    struct value a, b;
    int order = 0;
    enum value_answer got = two(e, n, s, &a, &b);
    got = got == ANSWER_TRUE ? eval_compare(e, n, &a, &b, &order) : got;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY && !e->fault.text.n;
    }
    bool holds = n->op == NODE_LT   ? order < 0
                 : n->op == NODE_LE ? order <= 0
                 : n->op == NODE_GT ? order > 0
                                    : order >= 0;
    return put(e, out, value_boolean(holds));
}

static bool op_concat(struct eval *e, const struct node *n, const struct scope *s,
                      struct values *out)
{
    struct str part[2] = {STR(""), STR("")};
    for (int i = 0; i < 2; i++) {
        struct value v;
        enum value_answer got = eval_one(e, n->arg[i], s, &v);
        if (got == ANSWER_FALSE || (got == ANSWER_TRUE && !eval_text(e, n, &v, &part[i]))) {
            return false;
        }
    }
    if (part[0].n + part[1].n > EVAL_BYTES_MAX) {
        return eval_fail(e, n, "the text would be longer than 64 MiB");
    }
    char *p = arena_alloc(e->a, part[0].n + part[1].n + 1);
    memcpy(p, part[0].n ? part[0].p : "", part[0].n);
    memcpy(p + part[0].n, part[1].n ? part[1].p : "", part[1].n);
    return put(e, out, value_string(str_from(p, part[0].n + part[1].n)));
}

static bool is_number_like(const struct value *v)
{
    return v->kind == VALUE_INTEGER || v->kind == VALUE_DECIMAL ||
           (v->kind == VALUE_HL7 && v->of == TYPE_NUMBER);
}

static bool is_text_like(const struct value *v)
{
    return v->kind == VALUE_STRING || (v->kind == VALUE_HL7 && v->of != TYPE_NUMBER);
}

/* Whole quotient or rest. */
static bool op_whole(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out)
{
    if (b->i == 0) {
        return true;
    }
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER) {
        bool edge = a->i == INT64_MIN && b->i == -1;
        if (edge) {
            return eval_fail(e, n, "the result has more than 18 digits");
        }
        return put(e, out, value_integer(n->op == NODE_DIV ? a->i / b->i : a->i % b->i));
    }
    uint8_t scale = a->scale > b->scale ? a->scale : b->scale;
    __int128 x = a->i, y = b->i;
    for (uint8_t i = a->scale; i < scale; i++) {
        x *= 10;
    }
    for (uint8_t i = b->scale; i < scale; i++) {
        y *= 10;
    }
    __int128 got = n->op == NODE_DIV ? x / y : x % y;
    if (got > INT64_MAX || got < INT64_MIN) {
        return eval_fail(e, n, "the result has more than 18 digits");
    }
    return put(e, out,
               n->op == NODE_DIV
                   ? value_integer((int64_t)got)
                   : (struct value){.kind = VALUE_DECIMAL, .scale = scale, .i = (int64_t)got});
}

static bool op_numbers(struct eval *e, const struct node *n, struct value *a, struct value *b,
                       struct values *out)
{
    struct value got;
    bool good = true;
    switch ((enum node_op)n->op) {
    case NODE_DIV:
    case NODE_MOD:
        return op_whole(e, n, a, b, out);
    case NODE_DIVIDE:
        if (b->i == 0) {
            return true;
        }
        good = value_divide(a, b, &got);
        break;
    case NODE_MUL:
        good = value_arithmetic('*', a, b, &got);
        break;
    case NODE_ADD:
        good = value_arithmetic('+', a, b, &got);
        break;
    default: /* NODE_SUB */
        good = value_arithmetic('-', a, b, &got);
        break;
    }
    return good ? put(e, out, got) : eval_fail(e, n, "the result has more than 18 digits");
}

static bool op_arithmetic(struct eval *e, const struct node *n, const struct scope *s,
                          struct values *out)
{
    struct value a, b, x, y;
    enum value_answer got = two(e, n, s, &a, &b);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    bool texts = n->op == NODE_ADD && is_text_like(&a) && is_text_like(&b);
    if (texts) {
        return op_concat(e, n, s, out);
    }
    bool wrong = (a.kind == VALUE_STRING || b.kind == VALUE_STRING) ||
                 (!is_number_like(&a) && a.kind != VALUE_HL7) ||
                 (!is_number_like(&b) && b.kind != VALUE_HL7);
    if (wrong) {
        return eval_fail(e, n, "%s wants two numbers, there is a %s and a %s", node_op_text(n->op),
                         value_kind_text(a.kind), value_kind_text(b.kind));
    }
    if (!eval_number(e, &a, &x) || !eval_number(e, &b, &y)) {
        return eval_fail(e, n, "the value is no number, and %s wants one", node_op_text(n->op));
    }
    return op_numbers(e, n, &x, &y, out);
}

static bool op_sign(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    struct value v;
    enum value_answer got = eval_one(e, n->arg[0], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (v.kind == VALUE_STRING || !eval_number(e, &v, &v)) {
        return eval_fail(e, n, "%s wants a number", node_op_text(n->op));
    }
    if (n->op == NODE_MINUS && v.i == INT64_MIN) {
        return eval_fail(e, n, "the result has more than 18 digits");
    }
    v.i = n->op == NODE_MINUS ? -v.i : v.i;
    return put(e, out, v);
}

static enum value_answer logic(enum node_op op, enum value_answer a, enum value_answer b)
{
    static const enum value_answer not_of[] = {ANSWER_TRUE, ANSWER_FALSE, ANSWER_EMPTY};
    switch (op) {
    case NODE_AND:
        return a == ANSWER_FALSE || b == ANSWER_FALSE ? ANSWER_FALSE
               : a == ANSWER_TRUE && b == ANSWER_TRUE ? ANSWER_TRUE
                                                      : ANSWER_EMPTY;
    case NODE_XOR:
        return a == ANSWER_EMPTY || b == ANSWER_EMPTY ? ANSWER_EMPTY
               : a != b                               ? ANSWER_TRUE
                                                      : ANSWER_FALSE;
    case NODE_IMPLIES:
        return logic(NODE_OR, not_of[a], b);
    default: /* NODE_OR */
        return a == ANSWER_TRUE || b == ANSWER_TRUE     ? ANSWER_TRUE
               : a == ANSWER_FALSE && b == ANSWER_FALSE ? ANSWER_FALSE
                                                        : ANSWER_EMPTY;
    }
}

static bool op_logic(struct eval *e, const struct node *n, const struct scope *s,
                     struct values *out)
{
    bool good;
    enum value_answer a = eval_truth(e, n->arg[0], s, &good);
    if (!good) {
        return false;
    }
    bool decided = (n->op == NODE_AND && a == ANSWER_FALSE) ||
                   (n->op == NODE_OR && a == ANSWER_TRUE) ||
                   (n->op == NODE_IMPLIES && a == ANSWER_FALSE);
    if (decided) {
        return put(e, out, value_boolean(n->op != NODE_AND));
    }
    enum value_answer b = eval_truth(e, n->arg[1], s, &good);
    return good && put_answer(e, out, logic(n->op, a, b));
}

static bool is_among(struct eval *e, const struct node *n, const struct value *v,
                     const struct values *l)
{
    for (uint32_t i = 0; i < l->n && !e->fault.text.n; i++) {
        if (e->steps == 0) {
            return eval_fail(e, n, "the formula took too many steps");
        }
        e->steps--;
        if (eval_equal(e, n, v, &l->v[i]) == ANSWER_TRUE) {
            return true;
        }
    }
    return false;
}

/* a in b, b contains a: `a` is one value. */
static bool op_member(struct eval *e, const struct node *n, const struct scope *s,
                      struct values *out)
{
    unsigned one = n->op == NODE_IN ? 0 : 1;
    VALUES(all);
    struct value v;
    enum value_answer got = eval_one(e, n->arg[one], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (!eval_node(e, n->arg[1 - one], s, &all)) {
        return false;
    }
    bool found = is_among(e, n, &v, &all);
    return !e->fault.text.n && put(e, out, value_boolean(found));
}

static bool op_union(struct eval *e, const struct node *n, const struct scope *s,
                     struct values *out)
{
    VALUES(all);
    if (!eval_node(e, n->arg[0], s, &all) || !eval_node(e, n->arg[1], s, &all)) {
        return false;
    }
    VALUES(seen);
    for (uint32_t i = 0; i < all.n && !e->fault.text.n; i++) {
        if (!is_among(e, n, &all.v[i], &seen)) {
            *values_add(&seen, e->a) = all.v[i];
            *values_add(out, e->a) = all.v[i];
        }
    }
    return !e->fault.text.n;
}

static bool has_type(const struct value *v, struct str type)
{
    if (v->kind == VALUE_HL7 && v->type) {
        return str_is(type, v->type);
    }
    struct str kind = str_of(value_kind_text(v->kind));
    return kind.n == type.n && str_eq_nocase(kind, type);
}

static bool op_type(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    struct value v;
    enum value_answer got = eval_one(e, n->arg[0], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    bool is = has_type(&v, n->text);
    if (n->op == NODE_IS) {
        return put(e, out, value_boolean(is));
    }
    return !is || put(e, out, v);
}

bool eval_operator(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    switch ((enum node_op)n->op) {
    case NODE_EQ:
    case NODE_NE:
        return op_equal(e, n, s, out);
    case NODE_SAME:
    case NODE_NOT_SAME:
        return op_same(e, n, s, out);
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return op_compare(e, n, s, out);
    case NODE_CONCAT:
        return op_concat(e, n, s, out);
    case NODE_UNION:
        return op_union(e, n, s, out);
    case NODE_AND:
    case NODE_OR:
    case NODE_XOR:
    case NODE_IMPLIES:
        return op_logic(e, n, s, out);
    case NODE_IN:
    case NODE_CONTAINS:
        return op_member(e, n, s, out);
    case NODE_MINUS:
    case NODE_PLUS:
        return op_sign(e, n, s, out);
    case NODE_IS:
    case NODE_AS:
        return op_type(e, n, s, out);
    default: /* * / div mod + - */
        return op_arithmetic(e, n, s, out);
    }
}
