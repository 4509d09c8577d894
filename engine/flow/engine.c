#include "engine/flow/engine.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/engine_priv.h"
#include "engine/flow/repeat.h"

#include <stdlib.h>

/* ---- what follows from events ---- */

void engine_kick(struct engine *e)
{
    if (!e->is_polling && !e->is_kicked) {
        e->is_kicked = true;
        event_active(e->on_kick, EV_TIMEOUT, 0);
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
                       "process ends with status 2"));
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
    for (unsigned i = 0; i < e->ndestinations && !e->is_fenced; i++) {
        destination_run(e->destinations[i]);
    }
    resume(e);
    e->uncommitted = 0;
    journal_commit(e->conf.journal);
    free_left(e);
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

/* ---- plans ---- */

static void index_names(struct engine *e)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        uint32_t id = e->destinations[i]->name_id;
        if (id >= e->nby_name_id) {
            uint32_t n = id + 16;
            e->by_name_id = xrealloc(e->by_name_id, n * sizeof(struct destination *));
            memset(e->by_name_id + e->nby_name_id, 0,
                   (n - e->nby_name_id) * sizeof(struct destination *));
            e->nby_name_id = n;
        }
        e->by_name_id[id] = e->destinations[i];
    }
}

static void index_routes(struct engine *e)
{
    unsigned n = rules_route_count(e->plan->rules);
    e->route_ids = xrealloc(e->route_ids, (n ? n : 1) * sizeof(*e->route_ids));
    for (unsigned i = 0; i < n; i++) {
        e->route_ids[i] =
            journal_name(e->conf.journal, JOURNAL_ROUTE, rules_route_name(e->plan->rules, i));
    }
}

static struct source *find_source(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        if (str_eq(e->sources[i]->own_name, name)) {
            return e->sources[i];
        }
    }
    return NULL;
}

static struct destination *find_destination(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        if (str_eq(e->destinations[i]->own_name, name)) {
            return e->destinations[i];
        }
    }
    return NULL;
}

static bool plan_has_destination(const struct plan *p, struct str name)
{
    for (unsigned i = 0; i < p->ndestinations; i++) {
        if (str_eq(p->destinations[i].name, name)) {
            return true;
        }
    }
    return false;
}

static int refuse_lost_outputs(const struct engine *e, const struct plan *p, struct diags *d)
{
    int r = 0;
    for (unsigned i = 0; i < e->ndestinations; i++) {
        const struct destination *t = e->destinations[i];
        if (!plan_has_destination(p, t->own_name) && !queue_is_empty(t->queue)) {
            diag_add(d, DIAG_ERROR, "destination-not-empty", DIAG_NOWHERE,
                     "destination \"%.*s\" was removed but has undelivered messages; keep it until "
                     "they are "
                     "delivered, dropped or moved",
                     STR_ARG(t->own_name));
            r = ERR_STATE;
        }
    }
    return r;
}

/* The running source for `want`: the one of that name with its new settings, or a new one. NULL with
 * findings when it cannot listen. */
static struct source *take_source(struct engine *e, const struct plan_source *want, struct diags *d)
{
    struct source *s = find_source(e, want->name);
    if (s && s->ep.adapter == want->adapter) {
        bool is_same = plan_same_conf(want->adapter->in_opts, want->conf, s->ep.conf);
        return is_same || want->adapter->in->reload(s, want->conf, d) == 0 ? s : NULL;
    }
    s = source_new(e, want);
    if (source_open(s, d) < 0) {
        source_free(&s);
    }
    return s;
}

static bool is_running(const struct engine *e, const struct source *s)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        if (e->sources[i] == s) {
            return true;
        }
    }
    return false;
}

/* Open what is new; on failure close it again and give the others their old settings back. */
static struct source **take_sources(struct engine *e, const struct plan *p, struct diags *d)
{
    struct source **v = xcalloc(p->nsources + 1, sizeof(struct source *));
    unsigned n = 0;
    while (n < p->nsources && (v[n] = take_source(e, &p->sources[n], d))) {
        n++;
    }
    if (n == p->nsources) {
        return v;
    }
    while (n-- > 0) {
        if (is_running(e, v[n])) {
            (void)v[n]->ep.adapter->in->reload(v[n], v[n]->ep.conf,
                                               d); /* it held these a moment ago */
        } else {
            source_free(&v[n]);
        }
    }
    free(v);
    return NULL;
}

static void leave(struct engine *e, struct source *s)
{
    s->is_leaving = true;
    s->ep.adapter->in->drain(s);
    s->next_leaving = e->leaving;
    e->leaving = s;
}

static void use_sources(struct engine *e, struct source **v, unsigned n)
{
    struct source **old = e->sources;
    unsigned nold = e->nsources;
    e->sources = v;
    e->nsources = n;
    for (unsigned i = 0; i < n; i++) {
        source_set(v[i], &e->plan->sources[i], i);
    }
    for (unsigned i = 0; i < nold; i++) {
        if (!is_running(e, old[i])) {
            old[i]->want = NULL; /* its plan may go: it takes nothing more */
            leave(e, old[i]);
        }
    }
    free(old);
}

static void use_destinations(struct engine *e, const struct plan *p)
{
    struct destination **v = xcalloc(p->ndestinations + 1, sizeof(struct destination *));
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    for (unsigned i = 0; i < p->ndestinations; i++) {
        v[i] = find_destination(e, p->destinations[i].name);
        bool is_new = !v[i];
        v[i] = is_new ? destination_new(e, &p->destinations[i]) : v[i];
        destination_set(v[i], &p->destinations[i]);
        if (is_new && destination_open(v[i], &d) < 0) {
            log_event(e->conf.log, LOG_LEVEL_ERROR, "cannot-open",
                      log_str("destination", v[i]->ep.name),
                      log_str("text", d.first ? d.first->text : STR("")));
        }
    }
    for (size_t i = 0; i < e->nby_name_id; i++) {
        e->by_name_id[i] = NULL;
    }
    for (unsigned i = 0; i < e->ndestinations; i++) {
        if (!plan_has_destination(p, e->destinations[i]->own_name)) {
            destination_free(&e->destinations[i]);
        }
    }
    free(e->destinations);
    e->destinations = v;
    e->ndestinations = p->ndestinations;
    index_names(e);
    arena_free(&a);
}

int engine_reload(struct engine *e, struct plan *plan, struct diags *d)
{
    if (e->is_fenced || e->is_draining) {
        return ERR_STATE;
    }
    int r = e->plan ? refuse_lost_outputs(e, plan, d) : 0;
    struct source **sources = r == 0 ? take_sources(e, plan, d) : NULL;
    if (!sources) {
        return r ? r : ERR_IO;
    }
    struct plan *old = e->plan;
    e->plan = plan_ref(plan);
    use_destinations(e, plan);
    index_routes(e);
    use_sources(e, sources, plan->nsources);
    plan_unref(&old);
    engine_kick(e);
    return 0;
}

/* Unsettled outputs of a destination that is not configured stay in the journal, and so do the volumes they
 * stand in: say so. One that is only behind, as after a crash, is read up to its first unsettled output, so
 * that it does not keep settled volumes for ever. */
static void look_for_orphans(struct engine *e)
{
    struct arena a = {0};
    struct str name;
    for (uint32_t id = 1;
         (name = journal_name_text(e->conf.journal, JOURNAL_DESTINATION, id)).n > 0; id++) {
        if (id < e->nby_name_id && e->by_name_id[id]) {
            continue;
        }
        struct consumer *c = journal_consumer(e->conf.journal, id, ENTRY_INTERACTIVE);
        struct entry_message m;
        struct consumer_item item;
        int r = ERR_DAMAGE;
        while (consumer_count(c) == 0 && r == ERR_DAMAGE) {
            r = consumer_next(c, &a, &m, &item);
            arena_reset(&a);
        }
        if (consumer_oldest(c)) {
            log_event(
                e->conf.log, LOG_LEVEL_WARN, "undelivered", log_str("destination", name),
                log_cstr("text",
                         "not configured any more, but has undelivered messages; they are kept "
                         "until it is configured again"));
        }
    }
    arena_free(&a);
}

/* ---- life ---- */

struct engine *engine_new(const struct engine_conf *conf, struct plan *plan, struct diags *d)
{
    struct engine *e = X_NEW(struct engine);
    e->conf = *conf;
    e->id_state = conf->random(conf->random_arg);
    e->ids = dup_new(REPEAT_IDS_MAX, REPEAT_WINDOW_US);
    e->misses = misses_new();
    repeat_load(e->ids, conf->journal);
    journal_defer(conf->journal);
    e->on_journal =
        event_new(conf->loop, journal_fd(conf->journal), EV_READ | EV_PERSIST, on_journal, e);
    e->on_kick = event_new(conf->loop, -1, 0, on_kick, e);
    e->on_drain = evtimer_new(conf->loop, on_kick, e);
    event_add(e->on_journal, NULL);
    if (engine_reload(e, plan, d) < 0) {
        engine_free(&e);
    } else {
        look_for_orphans(e);
    }
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
