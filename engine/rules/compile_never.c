/* `when:` that can never be true: it wants two values of one place at once, or a message type that the route does not
 * read. Only what is certain: places that equal a text, joined by `and`. */
#include "engine/rules/compile_priv.h"

enum { WANTS_MAX = 32 };

/* A place and the texts it may equal. */
struct wants {
    const struct node *of[WANTS_MAX];
    unsigned n;
};

static void collect(const struct node *n, struct wants *w)
{
    if (n->op == NODE_AND) {
        collect(n->arg[0], w);
        collect(n->arg[1], w);
    } else if ((n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF) && w->n < WANTS_MAX) {
        w->of[w->n++] = n;
    }
}

static struct str text_at(const struct node *n, uint32_t i)
{
    return n->arg[i]->value.text;
}

static bool same_place(const struct path *a, const struct path *b)
{
    return strcmp(a->seg, b->seg) == 0 && a->seg_n == b->seg_n && a->field == b->field &&
           a->rep == b->rep && a->comp == b->comp && a->sub == b->sub;
}

static bool share(const struct node *a, const struct node *b)
{
    for (uint32_t i = 0; i < a->nargs; i++) {
        for (uint32_t k = 0; k < b->nargs; k++) {
            if (str_eq(text_at(a, i), text_at(b, k))) {
                return true;
            }
        }
    }
    return false;
}

/* oneOf() asks whether any of several values is among the texts: only = says that there is one. */
static bool excludes(const struct node *a, const struct node *b)
{
    bool is_one = a->op == NODE_PATH_EQ || b->op == NODE_PATH_EQ || strcmp(a->path.seg, "MSH") == 0;
    return is_one && same_place(&a->path, &b->path) && !share(a, b);
}

/* Can a message type of the route have this text in MSH-9.1 or MSH-9.2? */
static bool may_be(const struct route *r, unsigned component, struct str text)
{
    for (unsigned i = 0; i < r->npatterns; i++) {
        const struct pattern *p = &r->patterns[i];
        bool fits = component == 1 ? !p->type.n || str_eq(p->type, text)
                                   : pattern_matches(p, p->type, text);
        if (fits) {
            return true;
        }
    }
    return false;
}

static bool is_of_other_types(const struct route *r, const struct node *n)
{
    const struct path *p = &n->path;
    bool is_type = strcmp(p->seg, "MSH") == 0 && p->field == 9 && (p->comp == 1 || p->comp == 2);
    for (uint32_t i = 0; i < n->nargs && is_type; i++) {
        is_type = !may_be(r, p->comp, text_at(n, i));
    }
    return is_type && r->npatterns;
}

static void find(struct compiler *c, const struct route *r, const struct wants *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        if (is_of_other_types(r, w->of[i])) {
            diag_add(c->d, DIAG_ERROR, "never-matches", w->of[i]->pos,
                     "messages: has no such type: the route can never match");
            return;
        }
        for (unsigned k = 0; k < i; k++) {
            if (excludes(w->of[k], w->of[i])) {
                diag_hint(c->d,
                          diag_add(c->d, DIAG_ERROR, "never-matches", w->of[i]->pos,
                                   "this cannot be true together with what is asked of the same "
                                   "place before: the route can never match"),
                          "for either of them write oneOf('a', 'b')");
                return;
            }
        }
    }
}

void compile_never(struct compiler *c, const struct route *r)
{
    struct wants w = {.n = 0};
    if (r->when->op == NODE_EMPTY || (r->when->op == NODE_LITERAL && !r->when->value.i)) {
        diag_add(c->d, DIAG_ERROR, "never-matches", r->when_pos,
                 "this is never true: the route can never match");
        return;
    }
    collect(r->when, &w);
    find(c, r, &w);
}
