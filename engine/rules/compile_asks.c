/* Routes that read answers: those that ask again with each, since nothing else ends that; those that reply where nobody waits;
 * and those that wait for answers that none of them reads. Warnings. */
#include "engine/rules/compile_priv.h"

#include <limits.h>

/* Destinations by destinations: does an answer of the first lead to a message for the second? */
struct leads {
    bool *v;
    unsigned n;
};

typedef bool (*step_fn)(const struct step *s, unsigned d);

static const struct step *find_step(const struct step *s, step_fn is_it, unsigned d);

static const struct step *find_in_branches(const struct branch *b, step_fn is_it, unsigned d)
{
    const struct step *found = NULL;
    for (; b && !found; b = b->next) {
        found = find_step(b->steps, is_it, d);
    }
    return found;
}

/* The first of the steps, or of those within them, that is it. */
static const struct step *find_step(const struct step *s, step_fn is_it, unsigned d)
{
    const struct step *found = NULL;
    for (; s && !found; s = s->next) {
        found = is_it(s, d)               ? s
                : s->kind == STEP_REQUIRE ? find_step(s->require.otherwise, is_it, d)
                : s->kind == STEP_CHOOSE  ? find_in_branches(s->choose.first, is_it, d)
                : s->kind == STEP_FOR     ? find_step(s->each.steps, is_it, d)
                : s->kind == STEP_USE     ? find_step(s->use.steps, is_it, d)
                                          : NULL;
    }
    return found;
}

static bool sends_to(const struct step *s, unsigned d)
{
    return s->kind == STEP_SEND && s->send.destination == d;
}

static bool awaits(const struct step *s, unsigned d)
{
    return sends_to(s, d) && s->send.await_ms;
}

static bool replies_as(const struct step *s, unsigned d)
{
    (void)d; /* whoever waits */
    return s->kind == STEP_REPLY && s->reply.map;
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
            l->v[from * l->n + to] |= find_step(route->steps, sends_to, to) != NULL;
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

/* reply: { as: } in a route of which no answer is waited for. */
static void look_at_replies(struct compiler *c, const struct route *route)
{
    const struct step *reply = find_step(route->steps, replies_as, 0);
    unsigned from = UINT_MAX;
    for (unsigned i = 0; reply && i < route->nsources; i++) {
        from = asked_by(c->r, route, i);
        if (from != UINT_MAX && c->r->destinations[from].is_awaited) {
            return;
        }
    }
    if (reply && from != UINT_MAX) {
        struct str name = c->r->destinations[from].name;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_WARNING, "nobody-waits", reply->pos,
                           "nobody waits for an answer of %.*s: this reply goes nowhere",
                           STR_ARG(name)),
                  "say ack: { answered-by: %.*s, within: 20s } where the source of the question "
                  "stands",
                  STR_ARG(name));
    }
}

/* await: where no route makes anything of the answer. */
static void look_at_awaits(struct compiler *c, const struct route *route)
{
    for (unsigned d = 0; d < c->r->ndestinations; d++) {
        bool is_for_nothing = c->r->await_ms[d] && !rules_reads_answers(c->r, d);
        const struct step *s = is_for_nothing ? find_step(route->steps, awaits, d) : NULL;
        if (s) {
            struct str name = c->r->destinations[d].name;
            diag_hint(c->d,
                      diag_add(c->d, DIAG_WARNING, "nobody-reads", s->pos,
                               "await: and no route reads the answers of %.*s: the patient's next "
                               "messages wait for its delivery, and for nothing that comes of it",
                               STR_ARG(name)),
                      "say from: %.*s in the route that is to read them, or leave await: out",
                      STR_ARG(name));
        }
    }
}

void compile_asks(struct compiler *c)
{
    const struct ruleset *r = c->r;
    struct leads l = {.n = r->ndestinations};
    bool is_asked = false;
    for (unsigned i = 0; i < r->nroutes; i++) {
        look_at_awaits(c, r->routes[i]);
    }
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
        look_at_replies(c, r->routes[i]);
    }
}
