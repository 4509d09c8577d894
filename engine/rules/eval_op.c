/* Operators of FHIRPath N1 section 6. */
#include "engine/rules/eval_priv.h"

#include "engine/rules/tree.h"
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

/* ---- equality and order ---- */

static enum value_answer lists_equal(struct eval *e, const struct node *n, const struct values *a,
                                     const struct values *b)
{
    if (a->n == 0 || b->n == 0) {
        return ANSWER_EMPTY;
    }
    if (a->n != b->n) {
        return ANSWER_FALSE;
    }
    enum value_answer all = ANSWER_TRUE;
    for (uint32_t i = 0; i < a->n; i++) {
        enum value_answer got = eval_equal(e, n, &a->v[i], &b->v[i]);
        if (got == ANSWER_FALSE) { /* one pair that differs decides, whatever is open */
            return got;
        }
        all = got == ANSWER_EMPTY ? got : all;
    }
    return all;
}

static EVAL_APART bool op_equal(struct eval *e, const struct node *n, const struct scope *s,
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
static bool lists_same(struct eval *e, const struct node *n, const struct values *a,
                       const struct values *b)
{
    bool *used = ARENA_ARRAY(e->a, bool, b->n + 1);
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t k = 0;
        while (k < b->n && (used[k] || !eval_same(e, &a->v[i], &b->v[k]))) {
            k++;
            if (!eval_step(e, n)) {
                return false;
            }
        }
        if (k == b->n) {
            return false;
        }
        used[k] = true;
    }
    return true;
}

static EVAL_APART bool op_same(struct eval *e, const struct node *n, const struct scope *s,
                               struct values *out)
{
    VALUES(a);
    VALUES(b);
    if (!eval_node(e, n->arg[0], s, &a) || !eval_node(e, n->arg[1], s, &b)) {
        return false;
    }
    bool same = a.n == b.n && lists_same(e, n, &a, &b);
    return !e->fault.text.n && put(e, out, value_boolean(same == (n->op == NODE_SAME)));
}

static EVAL_APART bool op_compare(struct eval *e, const struct node *n, const struct scope *s,
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

/* ---- text and numbers ---- */

/* Texts that are to become one, in order. */
enum { PIECES_MAX = 8 };
struct pieces {
    struct str v[PIECES_MAX];
    unsigned n;
    size_t bytes;
};

static struct str put_together(struct eval *e, const struct pieces *all)
{
    char *p = arena_alloc(e->a, all->bytes + 1), *to = p;
    for (unsigned i = 0; i < all->n; i++) {
        str_copy(to, all->v[i]);
        to += all->v[i].n;
    }
    return str_from(p, all->bytes);
}

static inline void add_text(struct eval *e, struct str text, struct pieces *all)
{
    if (all->n == PIECES_MAX) {
        all->v[0] = put_together(e, all);
        all->n = 1;
    }
    all->v[all->n++] = text;
    all->bytes += text.n;
}

/* One more; NULL: there is none, and that is an empty text. */
static inline bool add_piece(struct eval *e, const struct node *n, const struct value *v,
                             struct pieces *all)
{
    struct str text;
    if (!v) {
        return true;
    }
    if (!eval_text(e, n, v, &text)) {
        return false;
    }
    add_text(e, text, all);
    return true;
}

static bool fits(struct eval *e, const struct node *n, const struct pieces *all)
{
    return all->bytes <= EVAL_BYTES_MAX || eval_fail(e, n, "the text would be longer than 64 MiB");
}

/* + of two texts. */
static bool concat(struct eval *e, const struct node *n, const struct value *a,
                   const struct value *b, struct values *out)
{
    struct pieces all = {.n = 0};
    return add_piece(e, n, a, &all) && add_piece(e, n, b, &all) && fits(e, n, &all) &&
           put(e, out, value_string(put_together(e, &all)));
}

static bool gather(struct eval *e, const struct node *n, const struct scope *s, struct pieces *all);

/* What stands left of the second & of A & B & C. */
static bool gather_left(struct eval *e, const struct node *n, const struct scope *s,
                        struct pieces *all)
{
    if (!eval_may_enter(e)) {
        return eval_no_entry(e, n);
    }
    e->steps--;
    e->depth++;
    bool good = gather(e, n, s, all);
    e->depth--;
    return good;
}

static bool is_text_literal(const struct node *n)
{
    return n->op == NODE_LITERAL && n->value.kind == VALUE_STRING;
}

/* What stands left: more of the chain and text literals are added at once, and *v is not written. */
static enum value_answer left_operand(struct eval *e, const struct node *n, const struct scope *s,
                                      struct pieces *all, struct value *v)
{
    if (n->op == NODE_CONCAT) {
        return gather_left(e, n, s, all) ? ANSWER_EMPTY : ANSWER_FALSE;
    }
    if (is_text_literal(n)) {
        add_text(e, n->value.text, all);
        return ANSWER_EMPTY;
    }
    return eval_one(e, n, s, v);
}

/* A & B & C is one text: its pieces are put together once. Both operands are evaluated before they are read. */
static bool gather(struct eval *e, const struct node *n, const struct scope *s, struct pieces *all)
{
    const struct node *right = n->arg[1];
    struct value a, b;
    enum value_answer x = left_operand(e, n->arg[0], s, all, &a), y = x;
    if (x != ANSWER_FALSE) {
        y = is_text_literal(right) ? ANSWER_EMPTY : eval_one(e, right, s, &b);
    }
    if (y == ANSWER_FALSE || !add_piece(e, n, x == ANSWER_TRUE ? &a : NULL, all)) {
        return false;
    }
    if (is_text_literal(right)) {
        add_text(e, right->value.text, all);
    }
    return add_piece(e, n, y == ANSWER_TRUE ? &b : NULL, all) && fits(e, n, all);
}

static EVAL_APART bool op_concat(struct eval *e, const struct node *n, const struct scope *s,
                                 struct values *out)
{
    struct pieces all;
    all.n = 0;
    all.bytes = 0;
    return gather(e, n, s, &all) && put(e, out, value_string(put_together(e, &all)));
}

static const char too_long[] = "the result has too many digits";

/* N1 6.6: what overflows is nothing. A route fails. */
static bool overflow(struct eval *e, const struct node *n, const char *text)
{
    return !e->is_route || eval_fail(e, n, "%s", text);
}

static bool put_decimal(struct eval *e, const struct node *n, bool good, const struct decimal *d,
                        struct values *out)
{
    return good ? put(e, out, value_of_decimal(*d)) : overflow(e, n, too_long);
}

/* Of a Long and an Integer comes a Long. */
static struct value whole_of(int64_t i, const struct value *a, const struct value *b)
{
    return value_is_long(a) || value_is_long(b) ? value_long(i) : value_integer(i);
}

/* Whole quotient or rest. */
static bool op_whole(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out)
{
    struct decimal x = value_decimal(a), y = value_decimal(b), z;
    int64_t whole;
    bool integers = a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER;
    if (y.digits == 0) {
        return true;
    }
    bool good = n->op == NODE_DIV ? decimal_div(&x, &y, &z) : decimal_mod(&x, &y, &z);
    if (good && (integers || n->op == NODE_DIV)) {
        return decimal_to_i64(&z, &whole) ? put(e, out, whole_of(whole, a, b))
                                          : overflow(e, n, too_long);
    }
    return put_decimal(e, n, good, &z, out);
}

/* An Integer of N1 has 32 bits, one of a route as many as a Long. */
static bool integer_result(const struct eval *e, enum node_op op, const struct value *a,
                           const struct value *b, int64_t *out)
{
    bool is_short = !e->is_route && !value_is_long(a) && !value_is_long(b);
    bool fits = op == NODE_MUL   ? !__builtin_mul_overflow(a->i, b->i, out)
                : op == NODE_ADD ? !__builtin_add_overflow(a->i, b->i, out)
                                 : !__builtin_sub_overflow(a->i, b->i, out);
    return fits && (!is_short || (*out >= INT32_MIN && *out <= INT32_MAX));
}

static bool op_numbers(struct eval *e, const struct node *n, const struct value *a,
                       const struct value *b, struct values *out)
{
    struct decimal x = value_decimal(a), y = value_decimal(b), z = {0};
    enum node_op op = n->op;
    int64_t whole;
    if (op == NODE_DIV || op == NODE_MOD) {
        return op_whole(e, n, a, b, out);
    }
    if (op == NODE_DIVIDE) {
        return y.digits == 0 || put_decimal(e, n, decimal_divide(&x, &y, &z), &z, out);
    }
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER) {
        return integer_result(e, op, a, b, &whole) ? put(e, out, whole_of(whole, a, b))
                                                   : overflow(e, n, too_long);
    }
    bool good = op == NODE_MUL   ? decimal_mul(&x, &y, &z)
                : op == NODE_ADD ? decimal_add(&x, &y, &z)
                                 : decimal_sub(&x, &y, &z);
    return put_decimal(e, n, good, &z, out);
}

/* A date or time and a length of time. */
static bool op_moment(struct eval *e, const struct node *n, const struct value *a,
                      const struct value *b, struct values *out)
{
    struct moment m;
    struct decimal by = value_decimal(b);
    enum moment_unit unit = moment_unit_of(str_of(b->type), true);
    bool calendar = unit <= UNIT_MONTH && moment_unit_of(str_of(b->type), false) == UNIT_NONE;
    if (unit == UNIT_NONE || calendar) {
        return eval_fail(e, n, "%s wants a length of time, as in 3 days, this is a %s",
                         node_op_text(n->op), b->type);
    }
    if (!eval_moment(e, a, &m)) {
        return eval_fail(e, n, "the value is no date, and %s wants one", node_op_text(n->op));
    }
    by = n->op == NODE_SUB ? decimal_neg(&by) : by;
    if (!moment_add(&m, &by, unit)) {
        static const char left[] = "the date would leave the years 1 to 9999, or a time its day";
        return m.kind == VALUE_TIME ? eval_fail(e, n, "%s", left) : overflow(e, n, left);
    }
    return put(e, out, (struct value){.kind = (uint8_t)m.kind, .text = moment_text(e->a, &m)});
}

static bool is_date_like(const struct value *v)
{
    return value_is_moment(v) ||
           (v->kind == VALUE_HL7 && (v->of == TYPE_DATE || v->of == TYPE_TIME));
}

static bool is_text_like(const struct value *v)
{
    return v->kind == VALUE_STRING || (v->kind == VALUE_HL7 && v->of != TYPE_NUMBER);
}

static bool is_quantity_like(const struct value *v)
{
    return v->kind == VALUE_QUANTITY ||
           (v->kind == VALUE_NODE && fhir_type_is(v->model, FHIR_TYPE_QUANTITY));
}

/* Can it be taken for a number? Text out of the formula cannot. */
static bool may_count(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_HL7 || (v->kind == VALUE_STRING && v->is_cell);
}

bool eval_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, struct values *out)
{
    struct value x, y;
    bool texts = n->op == NODE_ADD && is_text_like(a) && is_text_like(b);
    if (texts) {
        return concat(e, n, a, b, out);
    }
    bool sum = n->op == NODE_ADD || n->op == NODE_SUB;
    if (sum && is_date_like(a) && is_quantity_like(b) && tree_quantity(e, b, &y)) {
        return op_moment(e, n, a, &y, out);
    }
    if (is_quantity_like(a) || is_quantity_like(b)) {
        return eval_quantity_arithmetic(e, n, a, b, out);
    }
    if (!may_count(a) || !may_count(b)) {
        return eval_fail(e, n, "%s wants two numbers, there is a %s and a %s", node_op_text(n->op),
                         value_kind_text(a->kind), value_kind_text(b->kind));
    }
    bool first = eval_number(e, a, &x);
    if (!first || !eval_number(e, b, &y)) {
        eval_fail(e, n, "the value is no number, and %s wants one", node_op_text(n->op));
        return eval_fail_about(e, n, first ? b : a);
    }
    return op_numbers(e, n, &x, &y, out);
}

static EVAL_APART bool op_arithmetic(struct eval *e, const struct node *n, const struct scope *s,
                                     struct values *out)
{
    struct value a, b;
    enum value_answer got = two(e, n, s, &a, &b);
    return got == ANSWER_TRUE ? eval_arithmetic(e, n, &a, &b, out) : got == ANSWER_EMPTY;
}

static EVAL_APART bool op_sign(struct eval *e, const struct node *n, const struct scope *s,
                               struct values *out)
{
    struct value v;
    enum value_answer got = eval_one(e, n->arg[0], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (v.kind != VALUE_QUANTITY &&
        ((v.kind == VALUE_STRING && !v.is_cell) || !eval_number(e, &v, &v))) {
        return eval_fail(e, n, "%s wants a number", node_op_text(n->op));
    }
    if (n->op == NODE_MINUS && v.kind == VALUE_INTEGER) {
        return v.i == INT64_MIN ? eval_fail(e, n, "%s", too_long)
                                : put(e, out, whole_of(-v.i, &v, &v));
    }
    if (n->op == NODE_MINUS) {
        struct decimal d = value_decimal(&v);
        struct value negative = value_of_decimal(decimal_neg(&d));
        negative.kind = v.kind;
        negative.type = v.type;
        return put(e, out, negative);
    }
    return put(e, out, v);
}

static EVAL_APART bool op_logic(struct eval *e, const struct node *n, const struct scope *s,
                                struct values *out)
{
    enum verdict got = eval_decide(e, n, s);
    return got != VERDICT_FAULT && put_answer(e, out, (enum value_answer)got);
}

/* ---- lists ---- */

/* a in b, b contains a: `a` is one value. */
static EVAL_APART bool op_member(struct eval *e, const struct node *n, const struct scope *s,
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
    bool found = eval_among(e, n, &v, &all);
    return !e->fault.text.n && put(e, out, value_boolean(found));
}

/* Each value of both, once. A | B | C is one list, to which each is added in turn: what A | B holds, from `first` on,
 * need not be compared again. */
static bool unite(struct eval *e, const struct node *n, const struct scope *s, uint32_t first,
                  struct values *out)
{
    const struct node *left = n->arg[0];
    bool is_more = left->op == NODE_UNION;
    bool good =
        is_more ? eval_step(e, left) && unite(e, left, s, first, out) : eval_node(e, left, s, out);
    uint32_t from = is_more ? out->n : first;
    return good && eval_node(e, n->arg[1], s, out) &&
           (out->n == from || eval_once(e, n, first, from, out));
}

static EVAL_APART bool op_union(struct eval *e, const struct node *n, const struct scope *s,
                                struct values *out)
{
    return unite(e, n, s, out->n, out);
}

/* ---- types ---- */

static EVAL_APART bool op_type(struct eval *e, const struct node *n, const struct scope *s,
                               struct values *out)
{
    struct value v;
    enum value_answer got = eval_one(e, n->arg[0], s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    bool is = eval_is_type(&v, n, n->op == NODE_AS);
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
