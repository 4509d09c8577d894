/* Calls: the number of arguments, what stands before, what each argument is to be. */
#include "engine/rules/check_priv.h"

static bool check_arity(struct check *c, struct node *n)
{
    const struct func *f = n->func;
    unsigned given = n->nargs - (n->has_input ? 1u : 0u);
    if (given >= f->min && given <= f->max) {
        return true;
    }
    c->failed = true;
    struct diag *one = f->min == f->max ? diag_add(c->d, DIAG_ERROR, "arguments", n->pos,
                                                   "%s() takes %u argument%s, this gives %u",
                                                   f->name, f->min, f->min == 1 ? "" : "s", given)
                                        : diag_add(c->d, DIAG_ERROR, "arguments", n->pos,
                                                   "%s() takes %u to %u arguments, this gives %u",
                                                   f->name, f->min, f->max, given);
    bool in_front = !n->has_input && f->input != FUNC_NO_INPUT && given == f->max + 1u;
    if (in_front) { /* upper(PID-3) */
        diag_hint(c->d, one, "it stands behind the value: VALUE.%s(%s)", f->name, f->arguments);
    } else {
        diag_hint(c->d, one, "%s(%s)", f->name, f->arguments);
    }
    return false;
}

/* where(startsWith('x')): the input is $this. */
static void imply_this(struct check *c, struct node *n)
{
    struct node *self = ARENA_NEW(c->a, struct node),
                **arg = ARENA_ARRAY(c->a, struct node *, n->nargs + 1);
    *self = (struct node){.op = NODE_NAME, .pos = n->pos, .at = n->at, .text = STR("this")};
    arg[0] = self;
    if (n->nargs) {
        memcpy(arg + 1, n->arg, n->nargs * sizeof(*arg));
    }
    n->arg = arg;
    n->nargs++;
    n->has_input = true;
}

static bool check_input(struct check *c, struct node *n)
{
    enum func_input wants = (enum func_input)n->func->input;
    if (n->has_input && wants == FUNC_NO_INPUT) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "input", n->pos, "nothing stands before %s()", n->func->name);
        return false;
    }
    if (n->has_input && n->func->run == func_coalesce && c->f->is_route) {
        diag_hint(c->d, check_fail(c, n, "input", "nothing stands before coalesce()"),
                  "write coalesce(VALUE, %s)", "'otherwise'");
        return false;
    }
    bool lookup_this = wants == FUNC_MAYBE && str_is(n->text, "lookup") && n->nargs == 1;
    if (n->has_input || wants == FUNC_NO_INPUT || (wants == FUNC_MAYBE && !lookup_this)) {
        return true;
    }
    if (!c->inner && !check_is_tree(c)) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "input", n->pos, "%s() works on what stands before it",
                           n->func->name),
                  "write PATH.%s(%s)", n->func->name, n->func->arguments);
        return false;
    }
    imply_this(c, n);
    return true;
}

/* What one argument has to be. */
static void check_argument(struct check *c, struct node *n, uint32_t i, struct shape *s,
                           struct shape *out)
{
    bool condition = (n->func->flags & FUNC_CONDITION) && i == (uint32_t)n->has_input;
    if (condition) {
        check_boolean(c, n->arg[i], s);
        check_guards(c, n->arg[i]);
    } else if (n->func->flags & FUNC_LISTS) {
        out->many = out->many || s->many;
        bool last = i + 1 == n->nargs;
        bool places = s->kind == SHAPE_SEGMENT || s->kind == SHAPE_GROUP;
        bool same = n->func->run == func_select;
        out->model = same ? s->model : 0;
        out->choice = same ? s->choice : NULL;
        if (last && (places || s->kind == SHAPE_NUMBER)) {
            out->kind = s->kind;
            out->elem = s->elem;
        }
    } else {
        check_one(c, n->arg[i], s);
        check_text(c, n->arg[i], s);
    }
}

static void check_arguments(struct check *c, struct node *n, const struct shape *in,
                            struct shape *out)
{
    bool lambda = (n->func->flags & FUNC_LAMBDA) && n->has_input;
    struct shape one = *in;
    struct inner inner = {&one, c->inner};
    struct check before = *c;
    one.many = false;
    if (lambda) {
        c->inner = &inner;
        c->element = one.elem ? one.elem : c->element;
    }
    for (uint32_t i = n->has_input; i < n->nargs && !(n->func->flags & FUNC_TYPE); i++) {
        struct shape s;
        n->arg[i] = check_node(c, n->arg[i], &s);
        if (c->failed) {
            break;
        }
        check_argument(c, n, i, &s, out);
    }
    c->inner = before.inner;
    c->element = before.element;
}

static struct node *unknown_function(struct check *c, struct node *n)
{
    const char *near = func_nearest(n->text);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-function", n->pos,
                                "there is no function %.*s()", STR_ARG(n->text));
    const char *refused = func_refused(n->text);
    c->failed = true;
    if (refused) {
        diag_hint(c->d, one, "%s", refused);
    } else if (near) {
        diag_hint(c->d, one, "did you mean %s()?", near);
    }
    return n;
}

static void call_shape(const struct node *n, const struct shape *in, struct shape *out)
{
    const struct func *f = n->func;
    struct shape given = *out;
    bool many = f->input == FUNC_SET || f->input == FUNC_EACH || f->input == FUNC_MAYBE
                    ? in->many || given.many
                    : given.many;
    if (f->gives == SHAPE_INPUT) {
        *out = *in;
    } else if (f->gives != SHAPE_ANY) {
        *out = (struct shape){.kind = (enum shape_kind)f->gives, .is_cell = given.is_cell};
        out->type = f->gives == SHAPE_SEGMENT ? given.type : NULL;
        out->elem = f->gives == SHAPE_SEGMENT ? given.elem : NULL;
    }
    out->many = (many || (f->flags & FUNC_MANY)) && !(f->flags & FUNC_GIVES_ONE);
}

static bool check_path_input(struct check *c, struct node *n)
{
    if (n->func->input == FUNC_PATH && n->arg[0]->op != NODE_PATH) {
        check_fail(c, n, "input", "this wants a path before it, as in PID-19.state()");
        return false;
    }
    return true;
}

struct node *check_call(struct check *c, struct node *n, struct shape *out)
{
    struct shape in = {.kind = SHAPE_ANY};
    *out = in;
    n->func = func_find(n->text);
    if (!n->func) {
        return unknown_function(c, n);
    }
    if (!check_arity(c, n) || !check_input(c, n)) {
        return n;
    }
    if (n->has_input) {
        n->arg[0] = check_input_node(c, n->arg[0], &in);
    }
    if (c->failed || !check_path_input(c, n)) {
        return n;
    }
    if (n->func->run == func_define_variable) {
        return check_define(c, n, &in, out);
    }
    if (n->func->input == FUNC_ONE) {
        check_one(c, n->arg[0], &in);
    }
    if (n->has_input && (n->func->flags & FUNC_TEXT)) {
        check_text(c, n->arg[0], &in);
    }
    check_arguments(c, n, &in, out);
    check_reader(c, n, &in);
    if (!c->failed) {
        check_special(c, n, &in, out);
    }
    call_shape(n, &in, out);
    if (check_is_tree(c) && !c->failed) {
        check_tree_call(c, n, &in, out);
    }
    bool pure = (n->func->flags & FUNC_PURE) && n->has_input && !c->failed;
    return pure ? check_fuse_call(c, check_fold(c, n)) : check_fuse_call(c, n);
}
