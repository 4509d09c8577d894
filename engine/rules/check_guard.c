/* A decision acts on true only. `PV1-2 != 'I'` is empty, not true, where PV1-2 is absent: the writer must say
 * what is meant then. Source: docs/language.md "Decisions". */
#include "engine/rules/check_priv.h"
#include "engine/rules/tree.h"

enum { GUARDS_MAX = 32 };

/* Operands that are known to hold something, from the other parts of the same `and`. */
struct guards {
    const struct node *v[GUARDS_MAX];
    unsigned n;
};

/* A fused shape stands for its path. */
static bool is_guarded(const struct guards *g, const struct node *n)
{
    bool path = n->op == NODE_PATH || check_is_fused(n);
    for (unsigned i = 0; i < g->n; i++) {
        const struct node *v = g->v[i];
        bool both = path && (v->op == NODE_PATH || check_is_fused(v));
        if (both ? check_is_same_path(v, n) : check_is_same(v, n)) {
            return true;
        }
    }
    return false;
}

static void add_guard(struct guards *g, const struct node *n)
{
    if (g->n < GUARDS_MAX) {
        g->v[g->n++] = n;
    }
}

/* What the parts of an `and` prove to be there when they are true. `certain`: those alone that are never empty
 * themselves. */
static void collect(const struct node *n, bool certain, struct guards *g)
{
    bool call = n->op == NODE_CALL && n->has_input;
    bool asks = call && (n->func->run == func_exists || n->func->run == func_one_of);
    bool one = call && n->func->input == FUNC_ONE && n->func->gives == SHAPE_BOOLEAN;
    bool fused = n->op == NODE_PATH_EQ ? !certain : check_is_fused(n);
    if (n->op == NODE_AND) {
        collect(n->arg[0], certain, g);
        collect(n->arg[1], certain, g);
    } else if (n->op == NODE_EQ && !certain) {
        add_guard(g, n->arg[0]);
        add_guard(g, n->arg[1]);
    } else if (fused) {
        add_guard(g, n);
    } else if (asks || (one && !certain)) {
        add_guard(g, n->arg[0]);
    }
}

/* A lookup that may find nothing and say so by giving nothing. */
static bool may_miss(const struct node *n)
{
    const struct table *t = n->table;
    if (!t || t->is_broken) {
        return false;
    }
    unsigned column = n->level == TABLE_VALUE ? t->value : n->level;
    bool empty = t->on_miss == MISS_EMPTY;
    for (uint32_t row = 0; row < t->nrows && !empty; row++) {
        empty = table_cell(t, row, column).n == 0;
    }
    return empty;
}

/* May it give nothing although its operands are there? */
static bool may_lose(const struct node *n)
{
    static bool (*const losers[])(struct eval *, const struct call *,
                                  struct values *) = {func_where,
                                                      func_repeat,
                                                      func_of_type,
                                                      func_tail,
                                                      func_skip,
                                                      func_take,
                                                      func_intersect,
                                                      func_exclude,
                                                      func_as,
                                                      func_sqrt,
                                                      func_ln,
                                                      func_log,
                                                      func_substring,
                                                      func_power,
                                                      func_children,
                                                      func_descendants,
                                                      func_extension,
                                                      func_resolve,
                                                      func_get_value,
                                                      func_low_boundary,
                                                      func_high_boundary,
                                                      NULL};
    bool divides = n->op == NODE_DIVIDE || n->op == NODE_DIV || n->op == NODE_MOD;
    if (divides) { /* a literal 0 gives nothing, too, but is no literal any more */
        return n->arg[1]->op != NODE_LITERAL;
    }
    if (n->op != NODE_CALL) {
        return n->op == NODE_AS;
    }
    for (int i = 0; losers[i]; i++) {
        if (n->func->run == losers[i]) {
            return true;
        }
    }
    bool no_else = n->func->run == func_iif && n->nargs - n->has_input < 3;
    return no_else || (n->func->run == func_lookup && may_miss(n));
}

/* The operand that may make `n` empty, or NULL. */
static const struct node *uncertain(const struct node *n, const struct guards *outer)
{
    struct guards g = *outer;
    const struct node *hit = NULL;
    if (is_guarded(&g, n)) {
        return NULL;
    }
    switch ((enum node_op)n->op) {
    case NODE_PATH:
    case NODE_SUBPATH:
    case NODE_PATH_EQ:
    case NODE_LET:
    case NODE_PROFILE:
    case NODE_LEVEL:
    case NODE_TREE_MEMBER:
    case NODE_TREE_TYPE:
    case NODE_VARIABLE:
    case NODE_EMPTY:
        return n;
    case NODE_SOURCE_MEMBER: /* the name is always there */
        return n->level ? n : NULL;
    case NODE_LITERAL:
    case NODE_PATH_EXISTS:
    case NODE_PATH_ONE_OF:
    case NODE_SAME:
    case NODE_NOT_SAME:
    case NODE_CONCAT:
        return NULL;
    case NODE_AND:
        collect(n, true, &g);
        break;
    default: /* as certain as the operands */
        break;
    }
    if (n->op == NODE_CALL && (n->func->flags & FUNC_CERTAIN)) {
        return NULL;
    }
    bool alternatives = n->op == NODE_CALL && n->func->run == func_coalesce;
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct node *one = uncertain(n->arg[i], &g);
        if (!one && alternatives) {
            return NULL;
        }
        hit = hit ? hit : one;
    }
    return hit ? hit : may_lose(n) ? n : NULL;
}

static const char the_value[] = "the value";

/* How the writer spelled the operand, as far as one word can say it. */
static struct str spelling(struct check *c, const struct node *n)
{
    if (n->op == NODE_PATH || check_is_fused(n)) {
        return path_text(c->a, &n->path);
    }
    if (n->op == NODE_TREE_MEMBER) {
        struct str name = tree_spelling(c->a, n);
        return name.n ? name : str_of(the_value);
    }
    size_t end = n->at;
    struct str text = c->f->text;
    if (n->op == NODE_SOURCE_MEMBER || n->op == NODE_THIS) {
        return n->op == NODE_THIS ? STR("$this") : STR("$source.timezone");
    }
    if (n->op == NODE_LEVEL) {
        struct str of = spelling(c, n->arg[0]);
        return str_is(of, the_value) ? of : str_printf(c->a, "%.*s.%u", STR_ARG(of), n->level);
    }
    if (n->op == NODE_LET || n->op == NODE_PROFILE) {
        do {
            end++;
        } while (end < text.n &&
                 ((text.p[end] >= 'a' && text.p[end] <= 'z') ||
                  (text.p[end] >= 'A' && text.p[end] <= 'Z') ||
                  (text.p[end] >= '0' && text.p[end] <= '9') || text.p[end] == '_'));
        return str_slice(text, n->at, end);
    }
    return str_of(the_value);
}

static void complain(struct check *c, const struct node *n, const struct node *operand)
{
    struct str text = spelling(c, operand);
    bool is_not = n->op == NODE_CALL || n->op == NODE_NE;
    c->failed = true;
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unguarded", n->pos,
                 "where %.*s is absent this is neither true nor false", STR_ARG(text));
    diag_hint(c->d, one, "write `%.*s.exists() and ...`%s",
              STR_ARG(str_is(text, the_value) ? STR("(...)") : text),
              is_not ? " or .oneOf('...').not()" : "");
}

static void visit(struct check *c, const struct node *n, struct guards g)
{
    bool negative = n->op == NODE_NE || (n->op >= NODE_LT && n->op <= NODE_GE) ||
                    (n->op == NODE_CALL && n->func->run == func_not);
    if (n->op == NODE_AND) {
        collect(n, false, &g);
    }
    if (negative) {
        const struct node *operand = uncertain(n, &g);
        if (operand && !c->failed) {
            complain(c, n, operand);
        }
        return;
    }
    bool deeper =
        n->op == NODE_AND || n->op == NODE_OR || n->op == NODE_XOR || n->op == NODE_IMPLIES;
    for (uint32_t i = 0; deeper && i < n->nargs; i++) {
        visit(c, n->arg[i], g);
        if (n->op == NODE_IMPLIES) { /* the right side counts only where the left one is true */
            collect(n->arg[0], false, &g);
        }
    }
}

void check_guards(struct check *c, const struct node *n)
{
    if (c->f->is_route && !c->failed) {
        visit(c, n, (struct guards){.n = 0});
    }
}
