#include "engine/ops/shadow_crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/flow/sender.h"
#include "engine/flow/validation.h"

enum {
    TURNS_MAX = 256,
    TURNS_FIRST = 16,
    SIDE_BYTES_MOST =
        ARENA_CHUNK_MAX, /* of results of a side, above it fewer messages at a time: one chunk, kept */
    SIDE_BYTES_FEW = SIDE_BYTES_MOST / 4, /* below it more */
};

struct side {
    const struct plan *plan;
    struct arena a; /* of all that it makes of the messages under way */
    unsigned number;
};

struct shadow_crew {
    struct side side[SHADOW_SIDES];
    struct shadow_turn turns[TURNS_MAX];
    struct arena texts; /* of the messages under way */
    unsigned n, most;
    shadow_turn_fn fn;
    void *arg;
    pthread_t helper;
    bool has_helper;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    bool is_asked, is_over;
};

/* ---- one side ---- */

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
        *out = (struct rules_result){.verdict = RULES_REJECTED, .reason = validate_reason(&r)};
    }
    return r.errors == 0;
}

static bool is_for_routes(const struct hl7 *m)
{
    return !ack_is_ack(m) && str_trim(hl7_field(m, &m->seg[0], 10)).n > 0;
}

/* Nothing but the message is shared with the other side: it is parsed twice. */
static void run_routes(struct side *s, const struct shadow_message *m, struct rules_input *in,
                       struct shadow_made *made)
{
    bool is_there = rules_source_named(s->plan->rules, m->source, &in->source);
    made->is_known = is_there;
    if (!is_there) {
        made->r = (struct rules_result){
            .verdict = RULES_REJECTED,
            .reason = str_printf(&s->a, "source %.*s is not configured", STR_ARG(m->source))};
        return;
    }
    if (is_valid(s->plan, in, &s->a, &made->r)) {
        rules_run(s->plan->rules, in, &s->a, &made->r);
    }
    if (made->r.verdict == RULES_UNROUTED && in->source < s->plan->nsources &&
        s->plan->sources[in->source].unrouted == PLAN_UNROUTED_REJECT) {
        made->r.verdict = RULES_REJECTED;
        made->r.reason = STR("no route reads this message type");
    }
}

static void run_one(struct side *s, const struct shadow_message *m, struct shadow_made *made)
{
    struct hl7 *hl7 = ARENA_NEW(&s->a, struct hl7);
    struct rules_input in = {.m = NULL};
    struct str why;
    unsigned source;
    *made =
        (struct shadow_made){.is_known = rules_source_named(s->plan->rules, m->source, &source)};
    bool is_read = rules_read(&s->a, m->raw, hl7, &in, &why) == 0;
    made->is_unread = !is_read || (in.m && !is_for_routes(in.m));
    if (made->is_unread) {
        return;
    }
    in.batch = m->batch;
    in.cause = m->cause;
    in.received_us = m->received_us;
    in.id_hi = m->id_hi;
    in.id_lo = m->id_lo;
    run_routes(s, m, &in, made);
}

static void run_side(struct shadow_crew *c, struct side *s)
{
    for (unsigned i = 0; i < c->n; i++) {
        run_one(s, &c->turns[i].m, &c->turns[i].made[s->number]);
    }
}

/* ---- two at once ---- */

static void *help(void *arg)
{
    struct shadow_crew *c = arg;
    pthread_mutex_lock(&c->mutex);
    while (!c->is_over) {
        if (!c->is_asked) {
            pthread_cond_wait(&c->changed, &c->mutex);
            continue;
        }
        pthread_mutex_unlock(&c->mutex);
        run_side(c, &c->side[SHADOW_WAS]);
        pthread_mutex_lock(&c->mutex);
        c->is_asked = false;
        pthread_cond_signal(&c->changed);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

static void set_asked(struct shadow_crew *c)
{
    pthread_mutex_lock(&c->mutex);
    c->is_asked = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

static void wait_for_helper(struct shadow_crew *c)
{
    pthread_mutex_lock(&c->mutex);
    while (c->is_asked) {
        pthread_cond_wait(&c->changed, &c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
}

static void run_both(struct shadow_crew *c)
{
    if (c->has_helper) {
        set_asked(c);
    }
    run_side(c, &c->side[SHADOW_NOW]);
    if (c->has_helper) {
        wait_for_helper(c);
    } else {
        run_side(c, &c->side[SHADOW_WAS]);
    }
}

/* So many that both threads have something to do between two meetings, and that memory stays small. */
static void adapt(struct shadow_crew *c)
{
    size_t was = arena_used(&c->side[SHADOW_WAS].a), now = arena_used(&c->side[SHADOW_NOW].a);
    size_t most = was > now ? was : now;
    if (most > SIDE_BYTES_MOST && c->most > 1) {
        c->most /= 2;
    } else if (most < SIDE_BYTES_FEW && c->n == c->most && c->most < TURNS_MAX) {
        c->most *= 2;
    }
}

void shadow_crew_flush(struct shadow_crew *c)
{
    if (c->n == 0) {
        return;
    }
    run_both(c);
    for (unsigned i = 0; i < c->n; i++) {
        c->fn(c->arg, &c->turns[i]);
    }
    adapt(c);
    c->n = 0;
    arena_reset_to(&c->texts, ARENA_CHUNK_MAX);
    for (unsigned i = 0; i < SHADOW_SIDES; i++) {
        arena_reset_to(&c->side[i].a, ARENA_CHUNK_MAX);
    }
}

void shadow_crew_add(struct shadow_crew *c, const struct shadow_message *m)
{
    struct shadow_turn *t = &c->turns[c->n++];
    bool is_in_batch = m->batch && (m->batch->file.segs || m->batch->batch.segs);
    t->m = *m;
    t->m.source = str_dup(&c->texts, m->source);
    t->m.raw = str_dup(&c->texts, m->raw);
    t->m.label = str_dup(&c->texts, m->label);
    t->m.batch = is_in_batch ? m->batch : NULL;
    if (c->n >= c->most || is_in_batch || m->cause) {
        shadow_crew_flush(c);
    }
}

struct shadow_crew *shadow_crew_new(const struct plan *was, const struct plan *now,
                                    shadow_turn_fn fn, void *arg)
{
    struct shadow_crew *c = X_NEW(struct shadow_crew);
    c->side[SHADOW_WAS] = (struct side){.plan = was, .number = SHADOW_WAS};
    c->side[SHADOW_NOW] = (struct side){.plan = now, .number = SHADOW_NOW};
    c->most = TURNS_FIRST;
    c->fn = fn;
    c->arg = arg;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->has_helper = pthread_create(&c->helper, NULL, help, c) == 0;
    return c;
}

void shadow_crew_free(struct shadow_crew **cp)
{
    struct shadow_crew *c = *cp;
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->mutex);
    c->is_over = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    if (c->has_helper) {
        pthread_join(c->helper, NULL);
    }
    arena_free(&c->texts);
    for (unsigned i = 0; i < SHADOW_SIDES; i++) {
        arena_free(&c->side[i].a);
    }
    pthread_mutex_destroy(&c->mutex);
    pthread_cond_destroy(&c->changed);
    free(c);
    *cp = NULL;
}
