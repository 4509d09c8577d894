#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/asked.h"
#include "engine/flow/park.h"

#include <stdlib.h>

struct endpoint *destination_endpoint(struct destination *d)
{
    return &d->ep;
}

void destination_ready(struct destination *d)
{
    engine_kick(d->engine);
}

static unsigned on_room(void *arg)
{
    struct destination *t = arg;
    return t->is_open ? t->ep.adapter->out->room(t) : 0;
}

static void on_send(void *arg, struct delivery **v, size_t n)
{
    struct destination *t = arg;
    t->ep.adapter->out->send(t, v, n);
}

static void on_cancel(void *arg, struct delivery *d)
{
    struct destination *t = arg;
    t->ep.adapter->out->cancel(t, d);
}

/* One timer a destination, set again only when the wanted time is another one. */
static void on_wake_at(void *arg, int64_t mono_us)
{
    struct destination *t = arg;
    if (mono_us == t->timer_at_us) {
        return;
    }
    t->timer_at_us = mono_us;
    if (mono_us == INT64_MAX) {
        event_del(t->timer);
        return;
    }
    int64_t us = mono_us - engine_mono_us(t->engine);
    us = us > 0 ? us : 0;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(t->timer, &tv);
}

static void on_kick(void *arg)
{
    struct destination *t = arg;
    engine_kick(t->engine);
}

/* A failed route that was released stands for the first thing its route sends here. */
static int on_rerun(void *arg, struct msg *m, struct entry_output *o, struct str *out_why)
{
    struct destination *t = arg;
    struct rules_result r;
    int rc = engine_rerun(t->engine, m, o, &r, out_why);
    for (unsigned i = 0; rc == 0 && i < r.noutputs; i++) {
        if (t->engine->destinations[r.outputs[i].destination] == t) {
            engine_output(t->engine, &m->arena, &r.outputs[i], o);
            return 0;
        }
    }
    *out_why = rc == 0 ? STR("today's rules send nothing to this destination") : *out_why;
    return ERR_STATE;
}

/* The answer first, as a message where routes read it; then whoever waits for it. */
static bool on_ended(void *arg, const struct queue_end *how)
{
    struct destination *t = arg;
    struct asked made = {0};
    bool is_taken = !t->is_asked || !how->m || asked_take(t, how->ref, how->m, how->out, &made);
    if (is_taken && how->is_awaited) {
        await_ended(t->engine, how->ref, how->end, how->m, how->out, &made);
    }
    asked_free(&made);
    return is_taken;
}

static void on_over(void *arg, struct entry_ref ref)
{
    struct destination *t = arg;
    park_settled(t->engine->parked, ref);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct destination *t = arg;
    (void)fd;
    (void)what;
    t->timer_at_us = INT64_MAX;
    queue_tick(t->queue);
}

static const struct queue_ops queue_ops = {.room = on_room,
                                           .send = on_send,
                                           .cancel = on_cancel,
                                           .wake_at = on_wake_at,
                                           .kick = on_kick,
                                           .rerun = on_rerun,
                                           .ended = on_ended,
                                           .over = on_over};

static struct queue *make_queue(struct destination *t)
{
    struct engine *e = t->engine;
    struct queue_conf c = {.name = t->own_name,
                           .destination = t->name_id,
                           .batch = t->ep.adapter->out->batch,
                           .ops = &queue_ops,
                           .arg = t,
                           .journal = e->conf.journal,
                           .clock = e->conf.clock,
                           .random = e->conf.random,
                           .random_arg = e->conf.random_arg,
                           .log = e->conf.log,
                           .pool = &e->pool,
                           .budget = &e->budget};
    return queue_new(&c, t->want);
}

static struct str own(struct str name)
{
    char *p = xmalloc(name.n + 1);
    memcpy(p, name.p, name.n);
    p[name.n] = '\0';
    return str_from(p, name.n);
}

/* Started anew under another name: the journal knows it by the one it had. */
static uint32_t name_id(struct engine *e, const struct plan_destination *want)
{
    struct journal *j = e->conf.journal;
    uint32_t was = want->was.n ? journal_name_id(j, JOURNAL_DESTINATION, want->was) : 0;
    if (was && !journal_name_id(j, JOURNAL_DESTINATION, want->name)) {
        (void)journal_rename(j, JOURNAL_DESTINATION, was,
                             want->name); /* the name was asked for above */
    }
    return journal_name(j, JOURNAL_DESTINATION, want->name);
}

struct destination *destination_new(struct engine *e, const struct plan_destination *want)
{
    struct destination *t = X_NEW(struct destination);
    t->engine = e;
    t->own_name = own(want->name);
    t->name_id = name_id(e, want);
    t->want = want;
    t->ep = (struct endpoint){.name = t->own_name,
                              .adapter = want->adapter,
                              .conf = want->conf,
                              .loop = e->conf.loop,
                              .clock = &e->conf.clock,
                              .log = e->conf.log};
    t->timer = evtimer_new(e->conf.loop, on_timer, t);
    t->timer_at_us = INT64_MAX;
    t->queue = make_queue(t);
    return t;
}

int destination_open(struct destination *t, struct diags *d)
{
    int r = t->ep.adapter->out->open(t, d);
    t->is_open = r == 0;
    return r;
}

void destination_rename(struct destination *t, struct str name)
{
    struct str old = t->own_name;
    log_event(t->ep.log, LOG_LEVEL_INFO, "renamed", log_str("destination", old),
              log_str("to", name));
    t->own_name = own(name);
    t->ep.name = t->own_name;
    queue_rename(t->queue, t->own_name);
    (void)journal_rename(t->engine->conf.journal, JOURNAL_DESTINATION, t->name_id,
                         t->own_name); /* a name in use was refused before */
    free((char *)(uintptr_t)old.p);
}

uint64_t destination_backlog(const struct destination *t)
{
    struct journal *j = t->engine->conf.journal;
    return consumer_backlog(journal_consumer(j, t->name_id, ENTRY_INTERACTIVE)) +
           consumer_backlog(journal_consumer(j, t->name_id, ENTRY_BULK));
}

uint64_t destination_backlog_bound(const struct destination *t)
{
    struct journal_space space;
    if (t->want->backlog_bytes) {
        return t->want->backlog_bytes;
    }
    journal_space(t->engine->conf.journal, &space);
    return space.bound / 4;
}

/* A sixteenth must be free before it takes again, so that one message does not open and the next one close. */
bool destination_takes(struct destination *t)
{
    uint64_t bytes = destination_backlog(t), bound = destination_backlog_bound(t);
    uint64_t most = t->is_full ? bound - bound / 16 : bound;
    bool is_full = bound > 0 && bytes >= most;
    if (is_full != t->is_full) {
        t->is_full = is_full;
        log_event(t->ep.log, is_full ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
                  is_full ? "backlog-full" : "backlog-free", log_str("destination", t->ep.name),
                  log_uint("bytes", bytes), log_uint("bound", bound),
                  log_cstr("text", is_full ? "messages routed to it are refused until some of "
                                             "what waits is delivered or dropped"
                                           : "messages routed to it are taken again"));
    }
    return !is_full;
}

static void use_plan(struct destination *t)
{
    struct plan *old = t->plan;
    t->plan = plan_ref(t->engine->plan);
    t->ep.conf = t->want->conf;
    plan_unref(&old);
}

void destination_set(struct destination *t, const struct plan_destination *want)
{
    bool is_same = want->adapter == t->ep.adapter &&
                   plan_same_conf(want->adapter->out_opts, want->conf, t->ep.conf);
    t->want = want;
    queue_set(t->queue, want);
    if (!t->is_open || (is_same && !t->is_reopening)) {
        t->ep.adapter = want->adapter;
        use_plan(t);
        return;
    }
    t->is_reopening = true; /* what is in flight ends under the old settings first */
    queue_stop(t->queue, true);
}

static void reopen(struct destination *t)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    destination_close(t);
    t->ep.adapter = t->want->adapter;
    use_plan(t);
    t->is_reopening = false;
    if (destination_open(t, &d) < 0) {
        log_event(t->ep.log, LOG_LEVEL_ERROR, "cannot-open", log_str("destination", t->ep.name),
                  log_str("text", d.first ? d.first->text : STR("")));
    }
    queue_stop(t->queue, false);
    arena_free(&a);
}

void destination_run(struct destination *t)
{
    if (t->is_reopening && queue_in_flight(t->queue) == 0) {
        reopen(t);
    }
    queue_run(t->queue);
    if (t->is_full) {
        (void)destination_takes(t); /* told when it is over */
    }
}

void destination_close(struct destination *t)
{
    if (t->is_open) {
        queue_cancel(t->queue);
        t->is_open = false;
        t->ep.adapter->out->close(t);
    }
}

void destination_free(struct destination **t)
{
    struct destination *one = *t;
    if (!one) {
        return;
    }
    destination_close(one);
    queue_free(&one->queue);
    event_free(one->timer);
    plan_unref(&one->plan);
    free((char *)(uintptr_t)one->own_name.p);
    free(one);
    *t = NULL;
}
