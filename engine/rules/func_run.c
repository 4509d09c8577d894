/* Calls: arguments, the value before the dot, one call or one for each value. */
#include "engine/rules/eval_priv.h"
#include "engine/rules/func.h"

static EVAL_APART enum value_answer call_made_text(struct eval *e, const struct call *c,
                                                   const struct node *arg, struct str *out)
{
    struct value v;
    enum value_answer got = eval_one(e, arg, c->s, &v);
    if (got != ANSWER_TRUE) {
        return got;
    }
    return eval_text(e, c->n, &v, out) ? ANSWER_TRUE : ANSWER_FALSE;
}

enum value_answer call_text(struct eval *e, const struct call *c, unsigned i, struct str *out)
{
    const struct node *arg = call_arg(c, i);
    if (arg->op == NODE_LITERAL && arg->value.kind == VALUE_STRING) {
        *out = arg->value.text;
        return ANSWER_TRUE;
    }
    const struct value *held = eval_held(e, arg, c->s);
    if (!held) {
        return call_made_text(e, c, arg, out);
    }
    return eval_text(e, c->n, held, out) ? ANSWER_TRUE : ANSWER_FALSE;
}

enum value_answer call_integer(struct eval *e, const struct call *c, unsigned i, int64_t *out)
{
    const struct node *arg = call_arg(c, i);
    struct value v;
    if (arg->op == NODE_LITERAL && arg->value.kind == VALUE_INTEGER) {
        *out = arg->value.i;
        return ANSWER_TRUE;
    }
    enum value_answer got = eval_one(e, arg, c->s, &v);
    if (got != ANSWER_TRUE) {
        return got;
    }
    bool text = v.kind == VALUE_STRING && !v.is_cell;
    if (text || !eval_number(e, &v, &v) || v.kind != VALUE_INTEGER) {
        eval_fail(e, c->n, "%s() wants a whole number", c->n->func->name);
        return ANSWER_FALSE;
    }
    *out = v.i;
    return ANSWER_TRUE;
}

static bool run_each(struct eval *e, struct call *c, struct values *out)
{
    bool texts = c->n->func->flags & FUNC_TEXT;
    for (uint32_t i = 0; i < c->in->n; i++) {
        c->one = &c->in->v[i];
        if (!(texts && tree_is_hollow(c->one)) && !c->n->func->run(e, c, out)) {
            return eval_fail_about(e, c->n, c->one);
        }
    }
    return true;
}

/* What FHIRPath turns into text only where it is asked to. */
static bool is_no_text(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_BOOLEAN || v->kind == VALUE_QUANTITY;
}

/* In a route the one value of the input asks for no more than this. */
static inline bool run_one(struct eval *e, struct call *c, const struct value *v,
                           struct values *out)
{
    c->one = v;
    return c->n->func->run(e, c, out) || eval_fail_about(e, c->n, v);
}

static bool wants_one_each(const struct func *f)
{
    return f->input == FUNC_ONE || f->input == FUNC_EACH;
}

/* Of an input that is a list, or has to be looked at before the function sees it. */
static EVAL_APART bool run_list(struct eval *e, struct call *c, struct values *out)
{
    const struct node *n = c->n;
    const struct values *in = c->in;
    bool is_one =
        n->func->input == FUNC_ONE || (!e->is_route && e->root && (n->func->flags & FUNC_SINGLE));
    if (in->n > 1 && is_one) {
        eval_fail(e, n, "%s() wants one value, there are %u", n->func->name, in->n);
        return eval_fail_held(e, n, &in->v[0]);
    }
    bool is_text = n->func->input == FUNC_ONE && (n->func->flags & FUNC_STRING);
    if (in->n && !e->is_route && is_text && is_no_text(&in->v[0])) {
        return eval_fail(e, n, "%s() wants a text, this is a %s", n->func->name,
                         value_type_text(&in->v[0]));
    }
    return run_each(e, c, out);
}

/* On the one value that is there already. */
static inline bool run_held(struct eval *e, const struct node *n, const struct scope *s,
                            const struct value *v, struct values *out)
{
    struct values in = {(struct value *)(uintptr_t)v, 1, 1}; /* functions only read it */
    struct call c = {.n = n, .s = s, .in = &in};
    return wants_one_each(n->func) ? run_one(e, &c, v, out) : n->func->run(e, &c, out);
}

/* On what stands before the dot, once it is a list. */
static EVAL_APART bool run_behind(struct eval *e, const struct node *n, const struct scope *s,
                                  struct values *out)
{
    VALUES(in);
    struct call c = {.n = n, .s = s, .in = &in};
    if (n->func->input != FUNC_PATH && !eval_node(e, n->arg[0], s, &in)) {
        return false;
    }
    if (!wants_one_each(n->func)) {
        return n->func->run(e, &c, out);
    }
    bool is_simple = in.n == 1 && e->is_route && !tree_is_hollow(in.v);
    return is_simple ? run_one(e, &c, in.v, out) : run_list(e, &c, out);
}

/* Nothing stands before the dot, or what does gives nothing. */
static EVAL_APART bool run_alone(struct eval *e, const struct node *n, const struct scope *s,
                                 struct values *out)
{
    const struct values none = {0};
    struct call c = {.n = n, .s = s, .in = &none};
    return wants_one_each(n->func) || n->func->run(e, &c, out);
}

static EVAL_APART bool run_on_part(struct eval *e, const struct node *n, const struct scope *s,
                                   struct values *out)
{
    struct value v;
    enum value_answer got = eval_part_held(e, n->arg[0], s, &v);
    if (got == ANSWER_TRUE) {
        return run_held(e, n, s, &v, out);
    }
    return got == ANSWER_EMPTY ? run_alone(e, n, s, out) : run_behind(e, n, s, out);
}

/* On what a name or $this holds. */
static EVAL_APART bool run_on_held(struct eval *e, const struct node *n, const struct scope *s,
                                   struct values *out)
{
    const struct value *v = eval_held(e, n->arg[0], s);
    return v ? run_held(e, n, s, v, out) : run_behind(e, n, s, out);
}

/* Hands on to one that has a frame of its own. */
bool func_run(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    if (!n->has_input) { /* the choices are frequent, and ask for no call */
        return n->func->run == func_coalesce ? func_first_given(e, n, 0, s, out)
               : n->func->run == func_iif    ? func_choice(e, n, 0, s, out)
                                             : run_alone(e, n, s, out);
    }
    enum node_op input = (enum node_op)n->arg[0]->op;
    if (!e->is_route || n->func->input == FUNC_PATH) {
        return run_behind(e, n, s, out);
    }
    return input == NODE_LEVEL                       ? run_on_part(e, n, s, out)
           : input == NODE_LET || input == NODE_THIS ? run_on_held(e, n, s, out)
                                                     : run_behind(e, n, s, out);
}
