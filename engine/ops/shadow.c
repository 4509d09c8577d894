#include "engine/ops/shadow.h"

#include <limits.h>
#include <stdlib.h>

#include "engine/hl7/path.h"
#include "engine/ops/differ.h"
#include "engine/ops/shadow_crew.h"
#include "engine/ops/trace_out.h"

/* What one configuration makes of the message. */
struct made {
    const struct plan *plan;
    struct rules_result r;
};

/* Both, of the message under way. */
struct comparing {
    struct shadow *s;
    const struct shadow_message *m;
    struct made was, now;
    struct shadow_difference what; /* of the output under way */
    bool differs;
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

void shadow_init(struct shadow *s, struct plan *was, const struct plan *now, unsigned threads,
                 struct shadow_tally *tally)
{
    unsigned n = rules_route_count(was->rules);
    *s = (struct shadow){
        .was = was, .now = now, .threads = threads, .tally = tally, .first_us = INT64_MAX};
    s->routes = ARENA_ARRAY(&tally->arena, unsigned, n + 1);
    s->destinations = ARENA_ARRAY(&tally->arena, unsigned, was->ndestinations + 1);
    for (unsigned i = 0; i < n; i++) {
        s->routes[i] = find_route(now, rules_route_name(was->rules, i));
    }
    for (unsigned i = 0; i < was->ndestinations; i++) {
        s->destinations[i] = find_destination(now, was->destinations[i].name);
    }
}

void shadow_free(struct shadow *s)
{
    shadow_crew_free(&s->crew);
    arena_free(&s->scratch);
}

struct str shadow_guess_source(const struct plan *p, struct arena *a, struct str raw)
{
    struct hl7 m;
    struct rules_input in = {.m = NULL};
    struct str why;
    if (rules_read(a, raw, &m, &in, &why) == 0) {
        for (unsigned i = 0; i < p->nsources; i++) {
            in.source = i;
            if (rules_reads(p->rules, &in, a)) {
                return p->sources[i].name;
            }
        }
    }
    return p->nsources ? p->sources[0].name : STR("");
}

/* ---- what differs ---- */

static void add(struct comparing *c, enum shadow_kind kind, struct str at, struct str was,
                struct str now)
{
    c->what.kind = kind;
    c->what.at = at;
    c->what.was = was;
    c->what.now = now;
    c->differs = true;
    shadow_tally_add(c->s->tally, &c->what, c->s->run, c->m->label);
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
    char *p = arena_alloc(&c->s->scratch, n + 1);
    splices_write(o->payload, c->m->raw, p);
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
    struct differ d = {.a = &c->s->scratch, .fn = on_difference, .arg = c};
    if (was->is_json == now->is_json && same_pieces(was->payload, now->payload)) {
        return;
    }
    struct str x = payload(c, was), y = payload(c, now);
    if (was->is_json != now->is_json) {
        add(c, SHADOW_CHANGED, STR("(JSON or HL7 v2)"), STR(""), STR(""));
    } else if (!str_eq(x, y)) {
        was->is_json ? differ_json(&d, was->value, now->value) : differ_hl7(&d, x, y);
        if (d.found == 0) {
            add(c, SHADOW_CHANGED, STR("(order of members)"), STR(""), STR(""));
        }
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

/* The end of "LINE:COL: " at `at`, or 0. */
static size_t place_end(struct str text, size_t at)
{
    for (unsigned part = 0; part < 2; part++) {
        size_t from = at;
        while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9') {
            at++;
        }
        if (at == from || at == text.n || text.p[at] != ':') {
            return 0;
        }
        at++;
    }
    return at < text.n && text.p[at] == ' ' ? at + 1 : 0;
}

/* Without the place in a route's file, which moves when lines are put in: what stands behind "FILE:LINE:COL: ", or
 * before " (FILE:LINE)". */
static struct str without_place(struct str text)
{
    ptrdiff_t open = text.n && text.p[text.n - 1] == ')' ? str_find(text, STR(" (")) : -1;
    if (open >= 0) {
        text = str_slice(text, 0, (size_t)open);
    }
    for (size_t i = 0; i < text.n; i++) {
        size_t end = text.p[i] == ':' ? place_end(text, i + 1) : 0;
        if (end) {
            return str_slice(text, end, text.n);
        }
    }
    return text;
}

static void compare_errors(struct comparing *c, struct str was, struct str now)
{
    if (was.n && now.n && str_eq(without_place(was), without_place(now))) {
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
}

/* ---- which output is which ---- */

static void about(struct comparing *c, const struct plan *p, const struct rules_output *o)
{
    c->what.route = rules_route_name(p->rules, o->route);
    c->what.to = p->destinations[o->destination].name;
}

static bool is_same(const struct shadow *s, const struct rules_output *was,
                    const struct rules_output *now)
{
    return s->routes[was->route] == now->route &&
           s->destinations[was->destination] == now->destination &&
           (str_eq(was->id_part, now->id_part) || was->finding.n || now->finding.n);
}

/* The first output not yet taken that is `o` of before; looked for from behind the one found last. */
static unsigned find_same(const struct comparing *c, const struct rules_output *o,
                          const bool *taken, unsigned from)
{
    unsigned n = c->now.r.noutputs;
    for (unsigned i = 0; i < n; i++) {
        unsigned k = (from + i) % n;
        if (!taken[k] && is_same(c->s, o, &c->now.r.outputs[k])) {
            return k;
        }
    }
    return UINT_MAX;
}

static void only_one(struct comparing *c, const struct made *o, const struct rules_output *out,
                     bool is_new)
{
    about(c, o->plan, out);
    if (out->finding.n) {
        compare_errors(c, is_new ? STR("") : out->finding, is_new ? out->finding : STR(""));
    } else {
        add(c, is_new ? SHADOW_NEW_OUTPUT : SHADOW_GONE_OUTPUT, STR(""), STR(""), STR(""));
    }
}

static void compare_all(struct comparing *c)
{
    const struct rules_result *x = &c->was.r, *y = &c->now.r;
    bool *taken = ARENA_ARRAY(&c->s->scratch, bool, y->noutputs + 1);
    unsigned next = 0;
    for (unsigned i = 0; i < x->noutputs; i++) {
        unsigned k = find_same(c, &x->outputs[i], taken, next);
        if (k == UINT_MAX) {
            only_one(c, &c->was, &x->outputs[i], false);
            continue;
        }
        taken[k] = true;
        next = k + 1;
        about(c, c->was.plan, &x->outputs[i]);
        compare_outputs(c, &x->outputs[i], &y->outputs[k]);
    }
    for (unsigned i = 0; i < y->noutputs; i++) {
        if (!taken[i]) {
            only_one(c, &c->now, &y->outputs[i], true);
        }
    }
}

static void compare_status(struct comparing *c)
{
    const struct rules_result *x = &c->was.r, *y = &c->now.r;
    bool was_bad = x->verdict == RULES_REJECTED, is_bad = y->verdict == RULES_REJECTED;
    c->what.route = c->what.to = STR("");
    compare_errors(c, was_bad ? x->reason : STR(""), is_bad ? y->reason : STR(""));
    if (x->verdict != y->verdict) {
        add(c, SHADOW_STATUS, STR(""), str_of(trace_verdict_text(x->verdict)),
            str_of(trace_verdict_text(y->verdict)));
    }
}

/* ---- one message ---- */

static void note_time(struct shadow *s, int64_t at_us)
{
    s->first_us = at_us < s->first_us ? at_us : s->first_us;
    s->last_us = at_us > s->last_us ? at_us : s->last_us;
}

/* What both made of a message. */
static void on_turn(void *arg, const struct shadow_turn *t)
{
    struct shadow *s = arg;
    const struct shadow_made *was = &t->made[SHADOW_WAS], *now = &t->made[SHADOW_NOW];
    struct comparing c = {.s = s, .m = &t->m, .was = {s->was, was->r}, .now = {s->now, now->r}};
    arena_reset(&s->scratch);
    if (!was->is_known && !now->is_known) {
        s->strangers++;
        return;
    }
    if (t->is_unread) {
        s->unread++;
        return;
    }
    s->run++;
    note_time(s, t->m.received_us);
    if (t->is_same) {
        s->untouched++;
        return;
    }
    compare_status(&c);
    if (c.was.r.verdict != RULES_REJECTED || c.now.r.verdict != RULES_REJECTED) {
        compare_all(&c);
    }
    s->different += c.differs;
}

void shadow_message(struct shadow *s, const struct shadow_message *m)
{
    s->crew = s->crew ? s->crew : shadow_crew_new(s->was, s->now, s->threads, on_turn, s);
    shadow_crew_add(s->crew, m);
}

void shadow_flush(struct shadow *s)
{
    if (s->crew) {
        shadow_crew_flush(s->crew);
    }
}
