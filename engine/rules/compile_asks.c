/* Routes that read answers and ask again with each: a warning, since nothing else ends that. */
#include "engine/rules/ruleset_priv.h"

#include <limits.h>

/* Destinations by destinations: does an answer of the first lead to a message for the second? */
struct leads {
    bool *v;
    unsigned n;
};

static bool sends_to(const struct step *s, unsigned d);

static bool branch_sends_to(const struct branch *b, unsigned d)
{
    bool found = false;
    for (; b && !found; b = b->next) {
        found = sends_to(b->steps, d);
    }
    return found;
}

/* Does one of the steps, or of those within them? */
static bool sends_to(const struct step *s, unsigned d)
{
    bool found = false;
    for (; s && !found; s = s->next) {
        found = s->kind == STEP_SEND      ? s->send.destination == d
                : s->kind == STEP_REQUIRE ? sends_to(s->require.otherwise, d)
                : s->kind == STEP_CHOOSE  ? branch_sends_to(s->choose.first, d)
                : s->kind == STEP_FOR     ? sends_to(s->each.steps, d)
                : s->kind == STEP_USE     ? sends_to(s->use.steps, d)
                                          : false;
    }
    return found;
}

/* The destination whose answers source `i` of the route is; UINT_MAX: it is a source. */
static unsigned asked_by(const struct ruleset *r, const struct route *route, unsigned i)
{
    unsigned source = route->sources[i];
    return r->sources[source].is_asked ? source - rules_answers_of(r, 0) : UINT_MAX;
}

static void add_route(const struct ruleset *r, const struct route *route, struct leads *l)
{
    for (unsigned i = 0; i < route->nsources; i++) {
        unsigned from = asked_by(r, route, i);
        for (unsigned to = 0; from != UINT_MAX && to < l->n; to++) {
            l->v[from * l->n + to] |= sends_to(route->steps, to);
        }
    }
}

/* Whatever leads on leads on further. O(destinations ^ 3). */
static void close_over(struct leads *l)
{
    for (unsigned via = 0; via < l->n; via++) {
        for (unsigned from = 0; from < l->n; from++) {
            for (unsigned to = 0; l->v[from * l->n + via] && to < l->n; to++) {
                l->v[from * l->n + to] |= l->v[via * l->n + to];
            }
        }
    }
}

static void look_at_route(struct compiler *c, const struct route *route, const struct leads *l)
{
    for (unsigned i = 0; i < route->nsources; i++) {
        unsigned from = asked_by(c->r, route, i);
        if (from != UINT_MAX && l->v[from * l->n + from]) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_WARNING, "asks-again", route->pos,
                               "an answer of %.*s leads to the next message for %.*s, and so on",
                               STR_ARG(c->r->destinations[from].name),
                               STR_ARG(c->r->destinations[from].name)),
                      "see to it that when: or if: ends this");
        }
    }
}

void compile_asks(struct compiler *c)
{
    const struct ruleset *r = c->r;
    struct leads l = {.n = r->ndestinations};
    bool is_asked = false;
    for (unsigned i = 0; i < l.n; i++) {
        is_asked = is_asked || rules_reads_answers(r, i);
    }
    if (!is_asked) {
        return;
    }
    l.v = ARENA_ARRAY(c->a, bool, (size_t)l.n *l.n);
    memset(l.v, 0, (size_t)l.n * l.n * sizeof(bool));
    for (unsigned i = 0; i < r->nroutes; i++) {
        add_route(r, r->routes[i], &l);
    }
    close_over(&l);
    for (unsigned i = 0; i < r->nroutes; i++) {
        look_at_route(c, r->routes[i], &l);
    }
}
