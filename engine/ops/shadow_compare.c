#include "engine/ops/shadow_compare.h"

#include <limits.h>
#include <stdlib.h>

#include "engine/ops/differ.h"
#include "engine/ops/shadow_told.h"
#include "engine/ops/trace_out.h"

/* A message under way. */
struct comparing {
    const struct shadow_pair *pair;
    struct str raw;
    const struct rules_result *was, *now;
    struct arena *keep, *scratch;
    struct str route, to; /* of the output under way */
    struct shadow_found *first, **end;
};

/* ---- names ---- */

static unsigned find_route(const struct plan *p, struct str name)
{
    for (unsigned i = 0; i < rules_route_count(p->rules); i++) {
        if (str_eq(rules_route_name(p->rules, i), name)) {
            return i;
        }
    }
    return UINT_MAX;
}

static unsigned find_destination(const struct plan *p, struct str name)
{
    for (unsigned i = 0; i < p->ndestinations; i++) {
        if (str_eq(p->destinations[i].name, name)) {
            return i;
        }
    }
    return UINT_MAX;
}

void shadow_pair_init(struct shadow_pair *p, struct arena *a, struct plan *was,
                      const struct plan *now)
{
    unsigned n = rules_route_count(was->rules);
    *p = (struct shadow_pair){.was = was, .now = now};
    p->routes = ARENA_ARRAY(a, unsigned, n + 1);
    p->destinations = ARENA_ARRAY(a, unsigned, was->ndestinations + 1);
    for (unsigned i = 0; i < n; i++) {
        p->routes[i] = find_route(now, rules_route_name(was->rules, i));
    }
    for (unsigned i = 0; i < was->ndestinations; i++) {
        p->destinations[i] = find_destination(now, was->destinations[i].name);
    }
}

/* ---- what differs ---- */

static void add(struct comparing *c, enum shadow_kind kind, struct str at, struct str was,
                struct str now)
{
    struct shadow_found *one = ARENA_NEW(c->keep, struct shadow_found);
    one->what = (struct shadow_difference){.kind = kind,
                                           .route = c->route,
                                           .to = c->to,
                                           .at = str_dup(c->keep, at),
                                           .was = str_dup(c->keep, was),
                                           .now = str_dup(c->keep, now)};
    *c->end = one;
    c->end = &one->next;
}

static void on_difference(void *arg, enum differ_kind kind, struct str at, struct str was,
                          struct str now)
{
    static const enum shadow_kind kinds[] = {SHADOW_CHANGED, SHADOW_ADDED, SHADOW_REMOVED};
    add(arg, kinds[kind], at, was, now);
}

static struct str payload(struct comparing *c, const struct rules_output *o)
{
    size_t n = splices_size(o->payload);
    char *p = arena_alloc(c->scratch, n + 1);
    splices_write(o->payload, c->raw, p);
    return str_from(p, n);
}

/* Made the same way from the same bytes: most are. */
static bool same_pieces(struct splices x, struct splices y)
{
    bool same = x.n == y.n;
    for (uint32_t i = 0; same && i < x.n; i++) {
        const struct splice *a = &x.v[i], *b = &y.v[i];
        same = a->n == b->n && !a->literal == !b->literal &&
               (a->literal ? memcmp(a->literal, b->literal, a->n) == 0 : a->from == b->from);
    }
    return same;
}

static void compare_payload(struct comparing *c, const struct rules_output *was,
                            const struct rules_output *now)
{
    struct differ d = {.a = c->scratch, .fn = on_difference, .arg = c};
    if (was->is_json != now->is_json) {
        add(c, SHADOW_CHANGED, STR("(JSON or HL7 v2)"), STR(""), STR(""));
        return;
    }
    if (same_pieces(was->payload, now->payload)) {
        return;
    }
    if (was->is_json) {
        differ_json(&d, was->value, now->value);
    } else {
        differ_hl7(&d, payload(c, was), payload(c, now));
    }
    if (d.found == 0 && !str_eq(payload(c, was), payload(c, now))) {
        add(c, SHADOW_CHANGED, STR("(order of members)"), STR(""), STR(""));
    }
    buf_free(&d.at);
}

static bool same_keys(const struct rules_output *x, const struct rules_output *y)
{
    bool same = x->nkeys == y->nkeys;
    for (unsigned i = 0; same && i < x->nkeys; i++) {
        same = str_eq(x->keys[i].authority, y->keys[i].authority) &&
               str_eq(x->keys[i].id, y->keys[i].id);
    }
    return same;
}

static void compare_errors(struct comparing *c, struct str was, struct str now)
{
    if (was.n && now.n && str_eq(shadow_told_without_place(was), shadow_told_without_place(now))) {
        return;
    }
    if (was.n) {
        add(c, SHADOW_GONE_ERROR, was, STR(""), STR(""));
    }
    if (now.n) {
        add(c, SHADOW_NEW_ERROR, now, STR(""), STR(""));
    }
}

static void compare_outputs(struct comparing *c, const struct rules_output *was,
                            const struct rules_output *now)
{
    if (was->finding.n || now->finding.n) {
        compare_errors(c, was->finding, now->finding);
        return;
    }
    compare_payload(c, was, now);
    if (was->is_bulk != now->is_bulk) {
        add(c, SHADOW_CHANGED, STR("(class)"), STR(""), STR(""));
    }
    if (!str_eq(was->options, now->options)) {
        add(c, SHADOW_CHANGED, STR("(options)"), STR(""), STR(""));
    }
    if (!same_keys(was, now)) {
        add(c, SHADOW_CHANGED, STR("(order keys)"), STR(""), STR(""));
    }
    if (was->await_ms != now->await_ms) {
        add(c, SHADOW_CHANGED, STR("(await)"), STR(""), STR(""));
    }
}

/* ---- which output is which ---- */

static void about(struct comparing *c, const struct plan *p, const struct rules_output *o)
{
    c->route = rules_route_name(p->rules, o->route);
    c->to = p->destinations[o->destination].name;
}

static bool is_same(const struct shadow_pair *p, const struct rules_output *was,
                    const struct rules_output *now)
{
    return p->routes[was->route] == now->route &&
           p->destinations[was->destination] == now->destination &&
           (str_eq(was->id_part, now->id_part) || was->finding.n || now->finding.n);
}

/* The first output not yet taken that is `o` of before; looked for from behind the one found last. */
static unsigned find_same(const struct comparing *c, const struct rules_output *o,
                          const bool *taken, unsigned from)
{
    unsigned n = c->now->noutputs;
    for (unsigned i = 0; i < n; i++) {
        unsigned k = (from + i) % n;
        if (!taken[k] && is_same(c->pair, o, &c->now->outputs[k])) {
            return k;
        }
    }
    return UINT_MAX;
}

static void only_one(struct comparing *c, const struct rules_output *out, bool is_new)
{
    about(c, is_new ? c->pair->now : c->pair->was, out);
    if (out->finding.n) {
        compare_errors(c, is_new ? STR("") : out->finding, is_new ? out->finding : STR(""));
    } else {
        add(c, is_new ? SHADOW_NEW_OUTPUT : SHADOW_GONE_OUTPUT, STR(""), STR(""), STR(""));
    }
}

/* Is output `k` of now made before one to the same destination that it was made after? `latest`: behind the last one found
 * so far, of each destination of now. */
static bool is_overtaken(const struct comparing *c, unsigned *latest, unsigned k)
{
    unsigned *last = &latest[c->now->outputs[k].destination];
    bool is_late = k < *last;
    *last = is_late ? *last : k + 1;
    return is_late;
}

static void compare_all(struct comparing *c)
{
    const struct rules_result *x = c->was, *y = c->now;
    bool *taken = ARENA_ARRAY(c->scratch, bool, y->noutputs + 1);
    unsigned *latest = ARENA_ARRAY(c->scratch, unsigned, c->pair->now->ndestinations + 1);
    unsigned next = 0;
    for (unsigned i = 0; i < x->noutputs; i++) {
        unsigned k = find_same(c, &x->outputs[i], taken, next);
        if (k == UINT_MAX) {
            only_one(c, &x->outputs[i], false);
            continue;
        }
        taken[k] = true;
        next = k + 1;
        about(c, c->pair->was, &x->outputs[i]);
        compare_outputs(c, &x->outputs[i], &y->outputs[k]);
        if (is_overtaken(c, latest, k)) {
            add(c, SHADOW_CHANGED, STR("(order of outputs)"), STR(""), STR(""));
        }
    }
    for (unsigned i = 0; i < y->noutputs; i++) {
        if (!taken[i]) {
            only_one(c, &y->outputs[i], true);
        }
    }
}

/* ---- what the sender is told ---- */

/* Of a message that neither takes: the reason is that of one route, the reply says what all of them found. */
static void compare_refusals(struct comparing *c)
{
    struct str was = shadow_told_refusal(c->scratch, c->was),
               now = shadow_told_refusal(c->scratch, c->now);
    if (!c->first && !str_eq(was, now)) {
        add(c, SHADOW_STATUS, STR("(reply)"), was, now);
    }
}

/* The answer that a route makes. */
static void compare_replies(struct comparing *c)
{
    const struct rules_result *x = c->was, *y = c->now;
    struct differ d = {.a = c->scratch, .fn = on_difference, .arg = c};
    if (str_eq(x->reply, y->reply)) {
        return;
    }
    c->route = x->reply.n ? rules_route_name(c->pair->was->rules, x->reply_route)
                          : rules_route_name(c->pair->now->rules, y->reply_route);
    c->to = STR("(reply)");
    if (x->reply.n && y->reply.n) {
        differ_hl7(&d, x->reply, y->reply);
    } else {
        add(c, x->reply.n ? SHADOW_GONE_OUTPUT : SHADOW_NEW_OUTPUT, STR(""), STR(""), STR(""));
    }
    buf_free(&d.at);
}

static void compare_status(struct comparing *c)
{
    const struct rules_result *x = c->was, *y = c->now;
    bool was_bad = x->verdict == RULES_REJECTED, is_bad = y->verdict == RULES_REJECTED;
    c->route = c->to = STR("");
    compare_errors(c, was_bad ? x->reason : STR(""), is_bad ? y->reason : STR(""));
    if (x->verdict != y->verdict) {
        add(c, SHADOW_STATUS, STR(""), str_of(trace_verdict_text(x->verdict)),
            str_of(trace_verdict_text(y->verdict)));
    }
    if (was_bad && is_bad) {
        compare_refusals(c);
    }
}

struct shadow_found *shadow_compare(const struct shadow_pair *p, struct str raw,
                                    const struct rules_result *was, const struct rules_result *now,
                                    struct arena *keep, struct arena *scratch)
{
    struct comparing c = {
        .pair = p, .raw = raw, .was = was, .now = now, .keep = keep, .scratch = scratch};
    c.end = &c.first;
    compare_status(&c);
    if (was->verdict != RULES_REJECTED || now->verdict != RULES_REJECTED) {
        compare_all(&c);
        compare_replies(&c);
    }
    return c.first;
}
