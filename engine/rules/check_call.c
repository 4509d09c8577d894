/* Calls and operators: arguments, one or many, texts, folding, fused shapes. */
#include "engine/rules/check_priv.h"

static struct str spelling(struct check *c, const struct node *n)
{
    return n->op == NODE_PATH || n->op == NODE_SUBPATH ? path_text(c->a, &n->path)
                                                       : STR("the value");
}

/* The same path with the indexes that make it one value. */
static struct str first_of(struct check *c, const struct node *n)
{
    struct path first = n->path;
    struct place at;
    const struct element *before = c->names->element;
    c->names->element = c->element;
    check_place(c->a, c->names, first.seg, &at);
    c->names->element = before;
    if ((!first.field || at.repeats) && first.seg_n == PATH_ALL) {
        first.seg_n = 1;
    }
    if (first.field && first.rep == PATH_ALL && check_type_of(c->names, &first).field_repeats) {
        first.rep = 1;
    }
    return path_text(c->a, &first);
}

void check_one(struct check *c, const struct node *n, const struct shape *s)
{
    if (!c->f->is_route || !s->many || c->failed) {
        return;
    }
    struct str text = spelling(c, n);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "several-values", n->pos,
                                "%.*s may give several values, one is wanted here", STR_ARG(text));
    c->failed = true;
    if (n->op != NODE_PATH) {
        diag_hint(c->d, one, "add .first(), .where(...).first(), .exists(...) or .join(' ')");
        return;
    }
    struct path whole = n->path;
    whole.comp = whole.sub = 0;
    struct str better = first_of(c, n), field = path_text(c->a, &whole);
    struct str part = str_slice(text, field.n, text.n); /* ".1" of PID-3.1 */
    diag_hint(c->d, one, "write %.*s, %.*s.where(...).first()%.*s, .exists(...) or .join(' ')",
              STR_ARG(better), STR_ARG(field), STR_ARG(part));
}

void check_text(struct check *c, const struct node *n, const struct shape *s)
{
    if (!c->f->is_route || c->failed || s->kind == SHAPE_ANY) {
        return;
    }
    if (s->kind == SHAPE_SEGMENT || s->kind == SHAPE_GROUP) {
        struct diag *one = diag_add(c->d, DIAG_ERROR, "no-text", n->pos,
                                    "this is a whole %s, one value is wanted here",
                                    s->kind == SHAPE_SEGMENT ? "segment" : "group");
        c->failed = true;
        diag_hint(c->d, one, "name a field, as in %s-1", s->type ? s->type : "PID");
    } else if (s->kind == SHAPE_NODE && s->model) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-text", n->pos,
                           "this is a whole %s, one text is wanted here", fhir_type_name(s->model)),
                  "say which member of it");
    } else if (s->kind == SHAPE_HL7 && s->of == TYPE_COMPOSITE) {
        struct str text = spelling(c, n);
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-text", n->pos,
                           "%.*s is a %s of several parts, one text is wanted here", STR_ARG(text),
                           s->type),
                  "say which part, as in %.*s.1",
                  STR_ARG(n->op == NODE_PATH ? text : STR("(...)")));
    }
}

void check_boolean(struct check *c, const struct node *n, const struct shape *s)
{
    if (c->failed || !c->f->is_route || s->kind == SHAPE_ANY || s->kind == SHAPE_BOOLEAN) {
        check_one(c, n, s);
        return;
    }
    struct diag *one =
        check_fail(c, n, "no-decision", "a decision wants true or false, this is a value");
    if (n->op == NODE_PATH) {
        struct str text = path_text(c->a, &n->path);
        diag_hint(c->d, one, "write %.*s.exists()", STR_ARG(text));
    } else {
        diag_hint(c->d, one, "compare it, or add .exists()");
    }
}

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

static struct node *fuse_call(struct check *c, struct node *n)
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
    return pure ? fuse_call(c, check_fold(c, n)) : fuse_call(c, n);
}

/* ---- operators ---- */

static bool is_date_shape(const struct shape *s)
{
    return s->kind == SHAPE_DATE || (s->kind == SHAPE_HL7 && s->of == TYPE_DATE);
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

static struct node *fuse_eq(struct check *c, struct node *n)
{
    bool left = n->op == NODE_EQ && n->arg[0]->op == NODE_PATH && n->arg[0]->path.field &&
                is_text_literal(n->arg[1]);
    return left && c->f->is_route && !c->failed ? fused(n, NODE_PATH_EQ, n->arg[0], n->arg + 1, 1)
                                                : n;
}

static bool is_number_shape(const struct shape *s)
{
    return s->kind == SHAPE_NUMBER || (s->kind == SHAPE_HL7 && s->of == TYPE_NUMBER) ||
           (s->kind == SHAPE_STRING && s->is_cell);
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
    return c->failed || is_order ? n : fuse_eq(c, check_fold(c, n));
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
