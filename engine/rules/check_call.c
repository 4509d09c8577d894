/* Calls and operators: arguments, one or many, texts, folding, fused shapes. */
#include "engine/rules/check_priv.h"

static struct str spelling(struct check *c, const struct node *n)
{
    return n->op == NODE_PATH || n->op == NODE_SUBPATH ? path_text(c->a, &n->path)
                                                       : STR("the value");
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
    struct path first = n->path;
    bool segment = !first.field || check_segment_repeats(c->names, first.seg);
    first.seg_n = segment && first.seg_n == PATH_ALL ? 1 : first.seg_n;
    first.rep = first.field && first.rep == PATH_ALL &&
                        type_of_path(&first, c->names->version).field_repeats
                    ? 1
                    : first.rep;
    struct str better = path_text(c->a, &first);
    diag_hint(c->d, one, "write %.*s, %.*s.where(...).first(), .exists(...) or .join(' ')",
              STR_ARG(better), STR_ARG(text));
}

void check_text(struct check *c, const struct node *n, const struct shape *s)
{
    if (!c->f->is_route || c->failed || s->kind == SHAPE_ANY) {
        return;
    }
    if (s->kind == SHAPE_SEGMENT) {
        check_fail(c, n, "no-text", "a whole segment is no text; name one of its fields");
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

static bool find_table(struct check *c, struct node *n)
{
    struct node *name = n->arg[n->has_input ? 1 : 0];
    struct str names[64];
    unsigned k = 0;
    if (name->op != NODE_LITERAL || name->value.kind != VALUE_STRING) {
        check_fail(c, name, "no-table", "lookup() wants the name of a table in quotes");
        return false;
    }
    for (unsigned i = 0; i < c->names->ntables; i++) {
        if (str_eq(c->names->tables[i]->name, name->value.text)) {
            n->table = c->names->tables[i];
        }
        if (k < 64) {
            names[k++] = c->names->tables[i]->name;
        }
    }
    if (n->table) {
        return true;
    }
    struct str near = check_nearest(name->value.text, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-table", name->pos,
                                "no table is called %.*s", STR_ARG(name->value.text));
    c->failed = true;
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it under tables:");
    }
    return false;
}

static void check_lookup(struct check *c, struct node *n)
{
    if (!find_table(c, n) || n->table->is_broken) {
        return;
    }
    unsigned keys = n->nargs - 1;
    if (keys != n->table->nkeys) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "table-keys", n->pos,
                 "the table %.*s has %u key column%s, this gives %u", STR_ARG(n->table->name),
                 n->table->nkeys, n->table->nkeys == 1 ? "" : "s", keys);
    }
    if (n->table->on_miss == MISS_KEEP && keys > 1) {
        check_fail(c, n, "table-keys", "on-miss: keep wants a table with one key");
    }
    n->level = n->table->value;
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
    diag_hint(c->d, one, "%s(%s)", f->name, f->arguments);
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
    bool lookup_this = wants == FUNC_MAYBE && str_is(n->text, "lookup") && n->nargs == 1;
    if (n->has_input || wants == FUNC_NO_INPUT || (wants == FUNC_MAYBE && !lookup_this)) {
        return true;
    }
    if (!c->inner) {
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

static void check_arguments(struct check *c, struct node *n, const struct shape *in,
                            struct shape *out)
{
    bool lambda = n->func->flags & FUNC_LAMBDA;
    struct shape one = *in;
    one.many = false;
    struct inner inner = {&one, c->inner};
    const struct inner *before = c->inner;
    bool branches = str_is(n->text, "coalesce") || str_is(n->text, "iif");
    c->inner = lambda && n->has_input ? &inner : before;
    for (uint32_t i = n->has_input; i < n->nargs; i++) {
        struct shape s;
        n->arg[i] = check_node(c, n->arg[i], &s);
        bool condition = lambda && i == (uint32_t)n->has_input && !str_is(n->text, "select");
        if (c->failed) {
            break;
        }
        if (condition) {
            check_boolean(c, n->arg[i], &s);
        } else if (!branches && !lambda) {
            check_one(c, n->arg[i], &s);
            check_text(c, n->arg[i], &s);
        } else {
            out->many = out->many || s.many;
            out->kind = i + 1 == n->nargs && s.kind == SHAPE_SEGMENT ? SHAPE_SEGMENT : out->kind;
        }
    }
    c->inner = before;
}

static struct node *fused(struct node *n, enum node_op op, struct node *path, struct node **arg,
                          uint32_t nargs)
{
    n->op = (uint8_t)op;
    n->path = path->path;
    n->of = path->of;
    n->type = path->type;
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
    bool on_path = c->f->is_route && !c->failed && n->has_input && n->arg[0]->op == NODE_PATH &&
                   n->arg[0]->path.field;
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
    c->failed = true;
    if (near) {
        diag_hint(c->d, one, "did you mean %s()?", near);
    }
    return n;
}

static void call_shape(const struct node *n, const struct shape *in, struct shape *out)
{
    const struct func *f = n->func;
    bool many = f->input == FUNC_SET || f->input == FUNC_EACH || f->input == FUNC_MAYBE
                    ? in->many || out->many
                    : out->many;
    *out = f->gives == SHAPE_INPUT ? *in : (struct shape){.kind = (enum shape_kind)f->gives};
    out->many = many && !(f->flags & FUNC_GIVES_ONE);
    if (str_is(n->text, "split") || str_is(n->text, "toChars")) {
        out->many = true;
    }
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
        n->arg[0] = check_node(c, n->arg[0], &in);
    }
    if (c->failed) {
        return n;
    }
    if (n->func->input == FUNC_PATH && n->arg[0]->op != NODE_PATH) {
        check_fail(c, n, "input", "this wants a path before it, as in PID-19.state()");
        return n;
    }
    if (n->func->input == FUNC_ONE) {
        check_one(c, n->arg[0], &in);
    }
    if (n->has_input && (n->func->flags & FUNC_TEXT)) {
        check_text(c, n->arg[0], &in);
    }
    check_arguments(c, n, &in, out);
    if (!c->failed && str_is(n->text, "lookup")) {
        check_lookup(c, n);
    }
    call_shape(n, &in, out);
    bool pure = (n->func->flags & FUNC_PURE) && n->has_input;
    return pure ? fuse_call(c, check_fold(c, n)) : fuse_call(c, n);
}

static void check_order(struct check *c, const struct node *n, const struct shape *s)
{
    bool text = s->kind == SHAPE_STRING ||
                (s->kind == SHAPE_HL7 &&
                 (s->of == TYPE_TEXT || s->of == TYPE_FORMATTED || s->of == TYPE_SIMPLE));
    if (c->f->is_route && !c->failed && text) {
        diag_hint(c->d, check_fail(c, n, "text-order", "text has no order; numbers and dates have"),
                  "add .toInteger() or .toDecimal() to compare numbers");
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
    if (left.type != out->type) {
        out->of = TYPE_UNKNOWN;
        out->type = NULL;
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

static bool is_comparison(enum node_op op)
{
    return op >= NODE_EQ && op <= NODE_GE;
}

static struct node *fuse_eq(struct check *c, struct node *n)
{
    bool left = n->op == NODE_EQ && n->arg[0]->op == NODE_PATH && n->arg[0]->path.field &&
                is_text_literal(n->arg[1]);
    return left && c->f->is_route && !c->failed ? fused(n, NODE_PATH_EQ, n->arg[0], n->arg + 1, 1)
                                                : n;
}

static struct node *check_values(struct check *c, struct node *n, struct shape *out)
{
    struct shape s;
    bool order = n->op >= NODE_LT && n->op <= NODE_GE;
    bool arithmetic = n->op == NODE_MUL || n->op == NODE_DIVIDE || n->op == NODE_DIV ||
                      n->op == NODE_MOD || n->op == NODE_SUB;
    bool number = false;
    for (uint32_t i = 0; i < n->nargs && !c->failed; i++) {
        n->arg[i] = check_node(c, n->arg[i], &s);
        if (!c->failed) {
            check_one(c, n->arg[i], &s);
            check_text(c, n->arg[i], &s);
        }
        if (order) {
            check_order(c, n->arg[i], &s);
        }
        number = number || s.kind == SHAPE_NUMBER || (s.kind == SHAPE_HL7 && s.of == TYPE_NUMBER);
    }
    *out = (struct shape){.kind = is_comparison(n->op)                        ? SHAPE_BOOLEAN
                                  : n->op == NODE_CONCAT                      ? SHAPE_STRING
                                  : arithmetic || number || n->op != NODE_ADD ? SHAPE_NUMBER
                                                                              : SHAPE_STRING};
    return c->failed ? n : fuse_eq(c, check_fold(c, n));
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
