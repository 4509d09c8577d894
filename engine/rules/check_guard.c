/* A decision acts on true only. `PV1-2 != 'I'` is empty, not true, where PV1-2 is absent: the writer must say
 * what is meant then. Source: docs/language.md "Decisions". */
#include "engine/rules/check_priv.h"

enum { GUARDS_MAX = 32 };

/* Paths that are known to hold something, from the other parts of the same `and`. */
struct guards {
    const struct path *v[GUARDS_MAX];
    unsigned n;
};

static bool is_guarded(const struct guards *g, const struct path *p)
{
    for (unsigned i = 0; i < g->n; i++) {
        if (memcmp(g->v[i], p, sizeof(*p)) == 0) {
            return true;
        }
    }
    return false;
}

static void collect(const struct node *n, struct guards *g)
{
    bool proof = n->op == NODE_PATH_EXISTS || n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF;
    if (proof && g->n < GUARDS_MAX) {
        g->v[g->n++] = &n->path;
    }
    for (uint32_t i = 0; n->op == NODE_AND && i < n->nargs; i++) {
        collect(n->arg[i], g);
    }
}

/* The path that may make `n` empty, or NULL. */
static const struct node *uncertain(const struct node *n, const struct guards *g)
{
    switch ((enum node_op)n->op) {
    case NODE_PATH:
    case NODE_PATH_EQ:
        return is_guarded(g, &n->path) ? NULL : n;
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
    bool alternatives = n->op == NODE_CALL && str_is(n->text, "coalesce");
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

static void complain(struct check *c, const struct node *n, const struct node *path)
{
    struct str text = path_text(c->a, &path->path);
    bool is_not = n->op == NODE_CALL;
    c->failed = true;
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "unguarded", n->pos,
                       "where %.*s is absent this is neither true nor false", STR_ARG(text)),
              "write `%.*s.exists() and ...`%s", STR_ARG(text),
              n->op == NODE_NE ? " or .oneOf('...').not()"
              : is_not         ? " or .oneOf('...').not()"
                               : "");
}

static void visit(struct check *c, const struct node *n, struct guards g)
{
    bool negative = n->op == NODE_NE || (n->op >= NODE_LT && n->op <= NODE_GE) ||
                    (n->op == NODE_CALL && str_is(n->text, "not"));
    if (n->op == NODE_AND) {
        collect(n, &g);
    }
    if (negative) {
        const struct node *path = uncertain(n, &g);
        if (path && !c->failed) {
            complain(c, n, path);
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
