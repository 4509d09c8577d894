#include "engine/rules/formula.h"

#include "engine/rules/func.h"

static const char *const op_texts[] = {
    [NODE_LITERAL] = "literal",
    [NODE_EMPTY] = "{}",
    [NODE_PATH] = "path",
    [NODE_LEVEL] = "level",
    [NODE_NAME] = "name",
    [NODE_EXTERNAL] = "external",
    [NODE_MEMBER] = "member",
    [NODE_SUBPATH] = "subpath",
    [NODE_INDEX] = "index",
    [NODE_CALL] = "call",
    [NODE_MINUS] = "-",
    [NODE_PLUS] = "+",
    [NODE_MUL] = "*",
    [NODE_DIVIDE] = "/",
    [NODE_DIV] = "div",
    [NODE_MOD] = "mod",
    [NODE_ADD] = "+",
    [NODE_SUB] = "-",
    [NODE_CONCAT] = "&",
    [NODE_UNION] = "|",
    [NODE_EQ] = "=",
    [NODE_NE] = "!=",
    [NODE_SAME] = "~",
    [NODE_NOT_SAME] = "!~",
    [NODE_LT] = "<",
    [NODE_LE] = "<=",
    [NODE_GT] = ">",
    [NODE_GE] = ">=",
    [NODE_IN] = "in",
    [NODE_CONTAINS] = "contains",
    [NODE_AND] = "and",
    [NODE_OR] = "or",
    [NODE_XOR] = "xor",
    [NODE_IMPLIES] = "implies",
    [NODE_IS] = "is",
    [NODE_AS] = "as",
    [NODE_THIS] = "this",
    [NODE_POSITION] = "position",
    [NODE_MESSAGE] = "message",
    [NODE_BATCH] = "batch",
    [NODE_CAUSE] = "cause",
    [NODE_SOURCE] = "source",
    [NODE_SOURCE_MEMBER] = "source-member",
    [NODE_LET] = "let",
    [NODE_PROFILE] = "profile",
    [NODE_GROUP] = "group",
    [NODE_TREE_MEMBER] = "tree-member",
    [NODE_TREE_TYPE] = "tree-type",
    [NODE_TREE_ROOT] = "tree-root",
    [NODE_VARIABLE] = "variable",
    [NODE_PATH_EXISTS] = "path-exists",
    [NODE_PATH_EQ] = "path=",
    [NODE_PATH_ONE_OF] = "path-one-of",
};

const char *node_op_text(enum node_op op)
{
    return op_texts[op];
}

static void print_text(struct buf *out, struct str s)
{
    buf_putc(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, s.p[i]);
    }
    buf_putc(out, '\'');
}

static void print_literal(struct buf *out, const struct value *v)
{
    struct arena a = {0};
    struct str text = value_text(&a, v);
    bool is_date = v->kind == VALUE_DATE || v->kind == VALUE_DATETIME || v->kind == VALUE_TIME;
    if (v->kind == VALUE_STRING) {
        print_text(out, text);
    } else {
        buf_puts(out, is_date ? v->kind == VALUE_TIME ? "@T" : "@" : "");
        buf_put_str(out, text);
    }
    arena_free(&a);
}

static void print_path(struct buf *out, const struct path *p)
{
    struct arena a = {0};
    buf_put_str(out, path_text(&a, p));
    arena_free(&a);
}

/* A name as it is written; by its number where it has none. */
static void put_name(struct buf *out, const char *kind, const struct node *n)
{
    if (n->text.n) {
        buf_printf(out, "$%.*s", STR_ARG(n->text));
    } else {
        buf_printf(out, "$%s%u", kind, n->level);
    }
}

static void print_leaf(struct buf *out, const struct node *n)
{
    switch ((enum node_op)n->op) {
    case NODE_LITERAL:
        print_literal(out, &n->value);
        return;
    case NODE_PATH:
        print_path(out, &n->path);
        return;
    case NODE_NAME:
        buf_printf(out, "$%.*s", STR_ARG(n->text));
        return;
    case NODE_EXTERNAL:
    case NODE_VARIABLE:
        buf_printf(out, "%%%.*s", STR_ARG(n->text));
        return;
    case NODE_POSITION:
        buf_puts(out, n->level == 0 ? "$index" : n->level == 1 ? "$number" : "$total");
        return;
    case NODE_LET:
        put_name(out, "let", n);
        return;
    case NODE_THIS:
        buf_puts(out, "$this");
        return;
    case NODE_PROFILE:
        put_name(out, "profile", n);
        return;
    case NODE_GROUP:
    case NODE_TREE_MEMBER:
    case NODE_TREE_TYPE:
        buf_put_str(out, n->text);
        return;
    default: /* everything else has a name that says it */
        buf_puts(out, op_texts[n->op]);
    }
}

static void print_head(struct buf *out, const struct node *n)
{
    switch ((enum node_op)n->op) {
    case NODE_LEVEL:
        buf_printf(out, ".%u", n->level);
        return;
    case NODE_MEMBER:
    case NODE_TREE_MEMBER:
    case NODE_CALL:
        buf_printf(out, "%s%.*s", n->has_input ? "." : "", STR_ARG(n->text));
        return;
    case NODE_SUBPATH:
        buf_puts(out, ".");
        print_path(out, &n->path);
        return;
    case NODE_IS:
    case NODE_AS:
        buf_printf(out, "%s %.*s", op_texts[n->op], STR_ARG(n->text));
        return;
    case NODE_PATH_EXISTS:
    case NODE_PATH_EQ:
    case NODE_PATH_ONE_OF:
        buf_printf(out, "%s ", op_texts[n->op]);
        print_path(out, &n->path);
        return;
    default: /* operators */
        buf_puts(out, op_texts[n->op]);
    }
}

void formula_print(struct buf *out, const struct node *n)
{
    bool leaf =
        n->nargs == 0 && n->op != NODE_CALL && n->op != NODE_PATH_EXISTS && n->op != NODE_MEMBER;
    if (leaf) {
        print_leaf(out, n);
        return;
    }
    buf_putc(out, '(');
    print_head(out, n);
    for (uint32_t i = 0; i < n->nargs; i++) {
        buf_putc(out, ' ');
        formula_print(out, n->arg[i]);
    }
    buf_putc(out, ')');
}
