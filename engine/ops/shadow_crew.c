#include "engine/ops/shadow_crew.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/config/pair.h"
#include "engine/flow/sender.h"
#include "engine/flow/validation.h"
#include "engine/ops/crew.h"
#include "engine/rules/recall.h"

enum {
    TURNS_MAX = 128,
    TURNS_FIRST = 16,
    TEXTS_MOST = 16 << 20,        /* bytes of messages, above it no more of them at a time */
    FOUND_MOST = ARENA_CHUNK_MAX, /* bytes of differences of a worker, above it fewer messages */
};

/* Of one thread. */
struct worker {
    struct arena made, scratch; /* of the message under way */
    struct arena found;         /* differences that nobody was told of */
    struct recall *was, *now;   /* what both made of the messages before */
    char apart[CREW_APART];
};

struct shadow_crew {
    const struct shadow_pair *pair;
    bool is_paired; /* a run of the one tells whether the other could make something else */
    struct crew *crew;
    struct worker workers[CREW_MOST];
    struct shadow_turn turns[TURNS_MAX];
    struct arena texts; /* of the messages under way */
    unsigned n, most;
    shadow_turn_fn fn;
    void *arg;
};

/* ---- one message ---- */

/* False: the message is rejected before any route. */
static bool is_valid(const struct plan *p, const struct rules_input *in, struct arena *a,
                     struct rules_result *out)
{
    static const struct plan_source answers = {.is_validated = false};
    const struct plan_source *source =
        in->source < p->nsources ? &p->sources[in->source] : &answers;
    const char *stranger = in->m ? sender_fault(&source->senders, in->m) : NULL;
    struct validate_report r;
    if (stranger) {
        *out = (struct rules_result){.verdict = RULES_REJECTED, .reason = STR("unknown sender")};
        return false;
    }
    if (!source->is_validated || !in->m) {
        return true;
    }
    validate_begin(&r, a, in->m, &source->validate);
    rules_validate(p->rules, p->dictionary, in, &r);
    if (r.errors) {
        *out = (struct rules_result){
            .verdict = RULES_REJECTED, .reason = validate_reason(&r), .code = validate_code(&r)};
        out->errors = validate_errors(&r, VALIDATION_ERRORS_MAX, false, &out->nerrors);
    }
    return r.errors == 0;
}

static bool is_for_routes(const struct hl7 *m)
{
    return !ack_is_ack(m) && str_trim(hl7_field(m, &m->seg[0], 10)).n > 0;
}

static void run_routes(const struct plan *p, struct arena *a, const struct shadow_message *m,
                       struct rules_input *in, struct rules_result *out)
{
    if (!rules_source_named(p->rules, m->source, &in->source)) {
        *out = (struct rules_result){
            .verdict = RULES_REJECTED,
            .reason = str_printf(a, "source %.*s is not configured", STR_ARG(m->source))};
        return;
    }
    if (is_valid(p, in, a, out)) {
        rules_run(p->rules, in, a, out);
    }
    if (out->verdict == RULES_UNROUTED && in->source < p->nsources &&
        p->sources[in->source].unrouted == PLAN_UNROUTED_REJECT) {
        out->verdict = RULES_REJECTED;
        out->reason = STR("no route reads this message type");
    }
}

/* Is it read, and a message for routes? */
static bool read_message(struct arena *a, const struct shadow_message *m, struct rules_input *in)
{
    struct hl7 *hl7 = ARENA_NEW(a, struct hl7);
    struct str why;
    if (rules_read(a, m->raw, hl7, in, &why) != 0 || (in->m && !is_for_routes(in->m))) {
        return false;
    }
    in->batch = m->batch;
    in->cause = m->cause;
    in->received_us = m->received_us;
    in->id_hi = m->id_hi;
    in->id_lo = m->id_lo;
    return true;
}

/* Through both, or through one where the other would do the same. */
static void run_both(const struct shadow_crew *c, struct worker *w, struct rules_input *in,
                     struct shadow_turn *t)
{
    struct rules_result was, now;
    uint64_t differs = 0;
    in->differs = c->is_paired ? &differs : NULL;
    in->recall = w->was;
    run_routes(c->pair->was, &w->made, &t->m, in, &was);
    t->is_same = c->is_paired && !differs;
    if (!t->is_same) {
        in->differs = NULL;
        in->recall = w->now;
        run_routes(c->pair->now, &w->made, &t->m, in, &now);
        t->found = shadow_compare(c->pair, t->m.raw, &was, &now, &w->found, &w->scratch);
    }
}

static bool has_source(const struct shadow_pair *p, struct str name)
{
    unsigned source;
    return rules_source_named(p->was->rules, name, &source) ||
           rules_source_named(p->now->rules, name, &source);
}

static void run_turn(void *arg, unsigned worker, size_t item)
{
    struct shadow_crew *c = arg;
    struct shadow_turn *t = &c->turns[item];
    struct worker *w = &c->workers[worker];
    struct rules_input in = {.m = NULL};
    t->is_stranger = !has_source(c->pair, t->m.source);
    t->is_unread = !t->is_stranger && !read_message(&w->made, &t->m, &in);
    if (!t->is_stranger && !t->is_unread) {
        run_both(c, w, &in, t);
    }
    arena_reset_to(&w->made, ARENA_CHUNK_MAX);
    arena_reset(&w->scratch);
}

/* ---- several at once ---- */

/* So many that all workers have something to do between two meetings, and that memory stays small. */
static void adapt(struct shadow_crew *c)
{
    size_t found = 0;
    for (unsigned i = 0; i < crew_size(c->crew); i++) {
        size_t one = arena_used(&c->workers[i].found);
        found = one > found ? one : found;
    }
    if (found > FOUND_MOST && c->most > 1) {
        c->most /= 2;
    } else if (found < FOUND_MOST / 4 && c->n == c->most && c->most < TURNS_MAX) {
        c->most *= 2;
    }
}

void shadow_crew_flush(struct shadow_crew *c)
{
    if (c->n == 0) {
        return;
    }
    crew_run(c->crew, c->n, run_turn, c);
    for (unsigned i = 0; i < c->n; i++) {
        c->fn(c->arg, &c->turns[i]);
    }
    adapt(c);
    c->n = 0;
    arena_reset_to(&c->texts, ARENA_CHUNK_MAX);
    for (unsigned i = 0; i < crew_size(c->crew); i++) {
        arena_reset_to(&c->workers[i].found, FOUND_MOST);
    }
}

void shadow_crew_add(struct shadow_crew *c, const struct shadow_message *m)
{
    struct shadow_turn *t = &c->turns[c->n++];
    bool is_in_batch = m->batch && (m->batch->file.segs || m->batch->batch.segs);
    *t = (struct shadow_turn){.m = *m};
    t->m.source = str_dup(&c->texts, m->source);
    t->m.raw = str_dup(&c->texts, m->raw);
    t->m.label = str_dup(&c->texts, m->label);
    t->m.batch = is_in_batch ? m->batch : NULL;
    bool is_full = c->n >= c->most || arena_used(&c->texts) >= TEXTS_MOST;
    if (is_full || is_in_batch || m->cause) {
        shadow_crew_flush(c);
    }
}

struct shadow_crew *shadow_crew_new(const struct shadow_pair *pair, unsigned threads,
                                    shadow_turn_fn fn, void *arg)
{
    struct shadow_crew *c = X_NEW(struct shadow_crew);
    c->pair = pair;
    c->is_paired = config_pair(pair->was, pair->now);
    c->crew = crew_new(threads);
    for (unsigned i = 0; i < crew_size(c->crew); i++) {
        c->workers[i].was = recall_new(RECALL_BYTES);
        c->workers[i].now = recall_new(RECALL_BYTES);
    }
    c->most = TURNS_FIRST;
    c->fn = fn;
    c->arg = arg;
    return c;
}

void shadow_crew_free(struct shadow_crew **cp)
{
    struct shadow_crew *c = *cp;
    if (!c) {
        return;
    }
    crew_free(&c->crew);
    arena_free(&c->texts);
    for (unsigned i = 0; i < CREW_MOST; i++) {
        arena_free(&c->workers[i].made);
        arena_free(&c->workers[i].scratch);
        arena_free(&c->workers[i].found);
        recall_free(&c->workers[i].was);
        recall_free(&c->workers[i].now);
    }
    free(c);
    *cp = NULL;
}
