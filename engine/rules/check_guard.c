/* A decision acts on true only. `PV1-2 != 'I'` is empty, not true, where PV1-2 is absent: the writer must say
 * what is meant then. Source: docs/language.md "Decisions". */
#include "engine/rules/check_priv.h"

enum { GUARDS_MAX = 32 };

/* Operands that are known to hold something, from the other parts of the same `and`. */
struct guards {
    const struct node *v[GUARDS_MAX];
    unsigned n;
};

static bool is_fused(const struct node *n)
{
    return n->op == NODE_PATH_EXISTS || n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF;
}

/* Do both trees read the same? A fused shape stands for its path. */
static bool is_same(const struct node *a, const struct node *b)
{
    uint8_t x = is_fused(a) ? NODE_PATH : a->op, y = is_fused(b) ? NODE_PATH : b->op;
    if (x != y || a->level != b->level) {
        return false;
    }
    if (x == NODE_PATH || x == NODE_SUBPATH) {
        if (memcmp(&a->path, &b->path, sizeof(a->path)) != 0) {
            return false;
        }
        if (x == NODE_PATH) {
            return true;
        }
    }
    bool named = x == NODE_CALL || x == NODE_MEMBER;
    if (a->nargs != b->nargs || (named && !str_eq(a->text, b->text)) || x == NODE_LITERAL) {
        return false;
    }
    for (uint32_t i = 0; i < a->nargs; i++) {
        if (!is_same(a->arg[i], b->arg[i])) {
            return false;
        }
    }
    return true;
}

static bool is_guarded(const struct guards *g, const struct node *n)
{
    for (unsigned i = 0; i < g->n; i++) {
        if (is_same(g->v[i], n)) {
            return true;
        }
    }
    return false;
}

/* What `n` proves to be there when it is true; NULL: nothing. */
static const struct node *proven(const struct node *n)
{
    bool exists = n->op == NODE_CALL && n->func->run == func_exists && n->nargs == 1;
    bool one_of = n->op == NODE_CALL && n->func->run == func_one_of;
    bool equal = n->op == NODE_EQ && n->arg[1]->op == NODE_LITERAL;
    return is_fused(n) ? n : exists || one_of || equal ? n->arg[0] : NULL;
}

static void collect(const struct node *n, struct guards *g)
{
    const struct node *there = proven(n);
    if (there && g->n < GUARDS_MAX) {
        g->v[g->n++] = there;
    }
    for (uint32_t i = 0; n->op == NODE_AND && i < n->nargs; i++) {
        collect(n->arg[i], g);
    }
}

/* The operand that may make `n` empty, or NULL. */
static const struct node *uncertain(const struct node *n, const struct guards *g)
{
    if (is_guarded(g, n)) {
        return NULL;
    }
    switch ((enum node_op)n->op) {
    case NODE_PATH:
    case NODE_SUBPATH:
    case NODE_PATH_EQ:
    case NODE_LET:
    case NODE_PROFILE:
    case NODE_LEVEL:
        return n;
    case NODE_LITERAL:
    case NODE_EMPTY:
    case NODE_PATH_EXISTS:
    case NODE_PATH_ONE_OF:
    case NODE_SAME:
    case NODE_NOT_SAME:
    case NODE_CONCAT:
        return NULL;
    case NODE_CALL:
        if (n->func->flags & FUNC_CERTAIN) {
            return NULL;
        }
        break;
    default: /* as certain as the operands */
        break;
    }
    bool alternatives = n->op == NODE_CALL && n->func->run == func_coalesce;
    const struct node *hit = NULL;
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct node *one = uncertain(n->arg[i], g);
        if (!one && alternatives) {
            return NULL;
        }
        hit = hit ? hit : one;
    }
    return hit;
}

/* How the writer spelled the operand, as far as one word can say it. */
static struct str spelling(struct check *c, const struct node *n)
{
    if (n->op == NODE_PATH || is_fused(n)) {
        return path_text(c->a, &n->path);
    }
    size_t end = n->at;
    struct str text = c->f->text;
    if (n->op == NODE_LET || n->op == NODE_PROFILE) {
        do {
            end++;
        } while (end < text.n &&
                 ((text.p[end] >= 'a' && text.p[end] <= 'z') ||
                  (text.p[end] >= 'A' && text.p[end] <= 'Z') ||
                  (text.p[end] >= '0' && text.p[end] <= '9') || text.p[end] == '_'));
        return str_slice(text, n->at, end);
    }
    return STR("the value");
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
              STR_ARG(str_is(text, "the value") ? STR("...") : text),
              is_not ? " or .oneOf('...').not()" : "");
}

static void visit(struct check *c, const struct node *n, struct guards g)
{
    bool negative = n->op == NODE_NE || (n->op >= NODE_LT && n->op <= NODE_GE) ||
                    (n->op == NODE_CALL && n->func->run == func_not);
    if (n->op == NODE_AND) {
        collect(n, &g);
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
    }
}

void check_guards(struct check *c, const struct node *n)
{
    if (c->f->is_route && !c->failed) {
        visit(c, n, (struct guards){.n = 0});
    }
}
