/* & and + of texts: a row of them is put together once. Source: FHIRPath N1 section 6.6. */
#include "engine/rules/eval_op.h"

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
bool eval_joined(struct eval *e, const struct node *n, const struct value *a, const struct value *b,
                 struct values *out)
{
    struct pieces all = {.n = 0};
    return add_piece(e, n, a, &all) && add_piece(e, n, b, &all) && fits(e, n, &all) &&
           eval_put(e, out, value_string(put_together(e, &all)));
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

bool eval_op_concat(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    struct pieces all;
    all.n = 0;
    all.bytes = 0;
    return gather(e, n, s, &all) && eval_put(e, out, value_string(put_together(e, &all)));
}
