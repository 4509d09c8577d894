#include "engine/flow/engine.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/engine_priv.h"
#include "engine/flow/park.h"
#include "engine/rules/invariant.h"
#include "engine/flow/repeat.h"

#include <stdlib.h>

/* ---- what follows from events ---- */

void engine_kick(struct engine *e)
{
    if (!e->is_polling && !e->is_kicked) {
        e->is_kicked = true;
        if (e->is_following) { /* what is active already would go before all sockets */
            event_add(e->on_kick, &(struct timeval){0});
        } else {
            event_active(e->on_kick, EV_TIMEOUT, 0);
        }
    }
}

void engine_pause(struct engine *e)
{
    if (e->is_paused) {
        return;
    }
    e->is_paused = true;
    for (unsigned i = 0; i < e->nsources; i++) {
        e->sources[i]->ep.adapter->in->pause(e->sources[i]);
    }
}

/* Read again. A source may offer at once, and fill the journal anew. */
static void resume(struct engine *e)
{
    if (!e->is_paused || e->is_fenced || journal_is_full(e->conf.journal)) {
        return;
    }
    e->is_paused = false;
    for (unsigned i = 0; i < e->nsources; i++) {
        e->sources[i]->ep.adapter->in->resume(e->sources[i]);
    }
}

/* A commit failed: nobody may be answered any more. */
static void fence(struct engine *e)
{
    e->is_fenced = true;
    log_event(e->conf.log, LOG_LEVEL_ERROR, "journal-failed",
              log_cstr("text",
                       "a write or sync of the journal failed; nothing more is answered, the "
                       "process ends with status 2"),
              log_cstr("reason", journal_error(e->conf.journal)
                                     ? strerror(-journal_error(e->conf.journal))
                                     : "not known"));
    for (unsigned i = 0; i < e->nsources; i++) {
        source_close(e->sources[i]);
    }
    for (unsigned i = 0; i < e->ndestinations; i++) {
        queue_stop(e->destinations[i]->queue, true);
    }
    event_del(e->on_journal);
    event_base_loopbreak(e->conf.loop);
}

/* Sources that a reload removed go when their last exchange is over. */
static void free_left(struct engine *e)
{
    struct source **at = &e->leaving;
    while (*at) {
        struct source *s = *at;
        if (s->waiting == 0) {
            *at = s->next_leaving;
            source_free(&s);
        } else {
            at = &s->next_leaving;
        }
    }
}

static bool is_idle(const struct engine *e)
{
    unsigned in_flight = 0;
    for (unsigned i = 0; i < e->ndestinations; i++) {
        in_flight += queue_in_flight(e->destinations[i]->queue);
    }
    return e->open_exchanges == 0 && in_flight == 0;
}

static void end_drain(struct engine *e)
{
    bool is_late = engine_mono_us(e) >= e->drain_until_us;
    if (e->is_draining && e->drained && (is_late || is_idle(e) || e->is_fenced)) {
        void (*done)(void *) = e->drained;
        e->drained = NULL;
        event_del(e->on_drain);
        done(e->drained_arg);
    }
}

static void follow(struct engine *e)
{
    e->is_following = true;
    for (unsigned i = 0; i < e->ndestinations && !e->is_fenced; i++) {
        destination_run(e->destinations[i]);
    }
    resume(e);
    parks_run(e->parked);
    e->uncommitted = 0;
    journal_commit(e->conf.journal);
    free_left(e);
    e->is_following = false;
    if (e->is_draining) {
        awaits_drain(e->awaits);
        parks_drain(e->parked);
    }
    end_drain(e);
}

static void on_journal(evutil_socket_t fd, short what, void *arg)
{
    struct engine *e = arg;
    (void)fd;
    (void)what;
    for (unsigned i = 0; i < e->ndestinations; i++) {
        queue_flush(e->destinations[i]->queue);
    }
    e->is_polling = true;
    e->polled_us = e->conf.clock.wall_us(e->conf.clock.arg);
    int r = journal_poll(e->conf.journal);
    e->is_polling = false;
    if (r < 0) {
        fence(e);
    }
    follow(e);
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
    struct engine *e = arg;
    (void)fd;
    (void)what;
    e->is_kicked = false;
    follow(e);
}

/* The clock of the loop is a coarse one: its timer may come before its time. */
static void on_drain(evutil_socket_t fd, short what, void *arg)
{
    struct engine *e = arg;
    e->drain_until_us = engine_mono_us(e);
    on_kick(fd, what, e);
}

/* ---- life ---- */

static void tell_missing(const struct engine *e)
{
    uint64_t n = journal_ids_missing(e->conf.journal);
    if (n) {
        log_event(e->conf.log, LOG_LEVEL_WARN, "keys-missing", log_uint("volumes", n),
                  log_cstr("text", "key files are made again; until then what is sent again from "
                                   "these volumes is taken as new"));
    }
}

struct engine *engine_new(const struct engine_conf *conf, struct plan *plan, struct diags *d)
{
    struct engine *e = X_NEW(struct engine);
    e->conf = *conf;
    e->id_state = conf->random(conf->random_arg);
    e->ids = dup_new(REPEAT_IDS_MAX, INT64_MAX); /* until the plan says */
    e->misses = misses_new();
    e->tally = tally_new();
    e->awaits = awaits_new(e);
    e->parts = parts_new(e);
    e->parked = parks_new(e);
    repeat_load(e->ids, conf->journal);
    tell_missing(e);
    journal_defer(conf->journal);
    e->on_journal =
        event_new(conf->loop, journal_fd(conf->journal), EV_READ | EV_PERSIST, on_journal, e);
    e->on_kick = event_new(conf->loop, -1, 0, on_kick, e);
    e->on_drain = evtimer_new(conf->loop, on_drain, e);
    event_add(e->on_journal, NULL);
    if (engine_reload(e, plan, ENGINE_REFUSE_PENDING, d) < 0) {
        engine_free(&e);
        return NULL;
    }
    parts_load(e->parts); /* how long they wait is the sources' */
    parks_load(e->parked, e);
    return e;
}

void engine_drain(struct engine *e, int64_t within_us, void (*done)(void *arg), void *arg)
{
    struct timeval tv = {.tv_sec = within_us / 1000000, .tv_usec = within_us % 1000000};
    e->is_draining = true;
    e->drain_until_us = engine_mono_us(e) + within_us;
    e->drained = done;
    e->drained_arg = arg;
    for (unsigned i = 0; i < e->nsources && !e->is_fenced; i++) {
        e->sources[i]->ep.adapter->in->drain(e->sources[i]);
    }
    for (unsigned i = 0; i < e->ndestinations; i++) {
        queue_stop(e->destinations[i]->queue, true);
    }
    event_add(e->on_drain, &tv);
    engine_kick(e);
}

static void free_sources(struct engine *e)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        source_close(e->sources[i]);
    }
    for (struct source *s = e->leaving; s; s = s->next_leaving) {
        source_close(s);
    }
}

/* Sources first, so that nobody is answered; then what is in flight is canceled and stays unsettled;
 * the journal closes while exchanges and queues still stand, as its last callbacks reach them. */
void engine_free(struct engine **ep)
{
    struct engine *e = *ep;
    if (!e) {
        return;
    }
    *ep = NULL;
    free_sources(e);
    for (unsigned i = 0; i < e->ndestinations; i++) {
        queue_stop(e->destinations[i]->queue, true);
        destination_close(e->destinations[i]);
    }
    journal_close(&e->conf.journal);
    awaits_free(&e->awaits);
    parts_free(&e->parts);
    parks_free(&e->parked);
    invariants_free(&e->invariants);
    for (unsigned i = 0; i < e->nsources; i++) {
        source_free(&e->sources[i]);
    }
    while (e->leaving) {
        struct source *s = e->leaving;
        e->leaving = s->next_leaving;
        source_free(&s);
    }
    for (unsigned i = 0; i < e->ndestinations; i++) {
        destination_free(&e->destinations[i]);
    }
    free(e->sources);
    free(e->destinations);
    free(e->by_name_id);
    free(e->route_ids);
    buf_free(&e->ack);
    dup_free(&e->ids);
    misses_free(&e->misses);
    tally_free(&e->tally);
    msg_pool_free(&e->pool);
    event_free(e->on_journal);
    event_free(e->on_kick);
    event_free(e->on_drain);
    plan_unref(&e->plan);
    free(e);
}

void engine_trim(struct engine *e)
{
    msg_pool_free(&e->pool);
}

bool engine_is_fenced(const struct engine *e)
{
    return e->is_fenced;
}
