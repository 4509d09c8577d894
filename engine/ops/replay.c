#include "engine/ops/replay.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/ops/ending.h"
#include "engine/ops/replay_priv.h"

enum { TICK_US = 500, LOOK_EVERY = 20 };

const char *const replay_code_names[REPLAY_CODES] = {"AA", "AE", "AR", "CA", "CE", "CR"};

int64_t replay_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The next message of the connection without taking it. */
static const struct replay_message *peek(const struct replay *r, const struct replay_conn *c)
{
    const struct replay_corpus *all = r->corpus;
    return !c->mine   ? &all->v[r->next % all->n]
           : c->nmine ? &all->v[c->mine[c->next % c->nmine]]
                      : NULL;
}

/* When it is due: the corpus over and over, each time behind the last message. */
static int64_t due_at(const struct replay *r, const struct replay_conn *c)
{
    const struct replay_message *m = peek(r, c);
    size_t before = c->mine ? (c->nmine ? c->next / c->nmine : 0) : r->next / r->corpus->n;
    int64_t all = r->corpus->v[r->corpus->n - 1].due_us;
    int64_t due = (m ? m->due_us : 0) + (int64_t)before * all;
    return r->start_us + (int64_t)((double)due / r->conf->pace);
}

static const struct replay_message *next_of(struct replay *r, struct replay_conn *c)
{
    const struct replay_corpus *all = r->corpus;
    if (!c->mine) {
        return &all->v[r->next++ % all->n];
    }
    if (!c->nmine || (c->next >= c->nmine && r->limit <= all->n)) {
        return NULL;
    }
    return &all->v[c->mine[c->next++ % c->nmine]];
}

const struct replay_message *replay_take(struct replay *r, struct replay_conn *c,
                                         int64_t *out_since_us)
{
    int64_t now = replay_now();
    if (r->taken >= r->limit || (r->stop_us && now >= r->stop_us)) {
        return NULL;
    }
    if (r->conf->rate > 0 && r->allowance < 1) {
        return NULL;
    }
    int64_t due = r->conf->pace > 0 ? due_at(r, c) : 0;
    if (due > now) {
        return NULL;
    }
    const struct replay_message *m = next_of(r, c);
    if (!m) {
        return NULL;
    }
    *out_since_us = due ? due : now;
    if (r->conf->rate > 0) {
        r->allowance -= 1;
        *out_since_us = r->start_us + (int64_t)((double)r->taken * 1e6 / r->conf->rate);
    }
    r->taken++;
    return m;
}

/* Give up on connections whose oldest message waits too long, or that a stop leaves idle. */
static void look_after(struct replay *r, int64_t now)
{
    for (unsigned i = 0; i < r->conf->connections; i++) {
        struct replay_conn *c = &r->conns[i];
        if (c->ended) {
            continue;
        }
        if (c->count && c->line.fd >= 0 &&
            now - c->ring[c->first].since_us > r->conf->reply_within_us) {
            replay_conn_drop(c);
        }
        if (c->line.fd < 0 && r->stop_us && now > r->stop_us + r->conf->reply_within_us) {
            replay_conn_lose(c);
        }
        replay_conn_end_if_idle(c);
    }
}

struct ticker {
    struct replay *r;
    unsigned ticks;
    double granted; /* messages the rate has allowed so far */
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct ticker *t = arg;
    struct replay *r = t->r;
    (void)fd;
    (void)what; /* a timer: nothing to tell apart */
    int64_t now = replay_now();
    if (r->conf->rate > 0) {
        double due = (double)(now - r->start_us) * r->conf->rate / 1e6 + 1;
        r->allowance += due - t->granted;
        t->granted = due;
        for (unsigned i = 0; i < r->conf->connections && r->allowance >= 1; i++) {
            replay_conn_pump(&r->conns[(i + t->ticks) % r->conf->connections]);
        }
    }
    for (unsigned i = 0; r->conf->pace > 0 && i < r->conf->connections; i++) {
        replay_conn_pump(&r->conns[i]);
    }
    if (t->ticks++ % LOOK_EVERY == 0) {
        look_after(r, now);
    }
}

/* FNV-1a: which connection carries a patient. */
static uint64_t hash_of(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    }
    return h ^ (h >> 29);
}

static void spread_by_patient(struct replay *r)
{
    assert(r->conf->connections > 0); /* the option's lower limit */
    for (size_t i = 0; i < r->corpus->n; i++) {
        struct replay_conn *c = &r->conns[hash_of(r->corpus->v[i].patient) % r->conf->connections];
        if ((c->nmine & (c->nmine - 1)) == 0) {
            c->mine = xrealloc(c->mine, (c->nmine ? c->nmine * 2 : 1) * sizeof *c->mine);
        }
        c->mine[c->nmine++] = (uint32_t)i;
    }
    for (unsigned i = 0; i < r->conf->connections; i++) {
        if (!r->conns[i].mine) {
            r->conns[i].mine = xcalloc(1, sizeof *r->conns[i].mine);
        }
    }
}

static void make_tag(char tag[5])
{
    static const char digits[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t v = (uint64_t)t.tv_sec * 1000003u + (uint64_t)t.tv_nsec / 1000;
    for (int i = 0; i < 4; i++, v /= 32) {
        tag[i] = digits[v % 32];
    }
    tag[4] = 0;
}

static void open_all(struct replay *r)
{
    const struct replay_conf *conf = r->conf;
    r->conns = xcalloc(conf->connections, sizeof *r->conns);
    for (unsigned i = 0; i < conf->connections; i++) {
        r->conns[i] = (struct replay_conn){.run = r, .number = i, .line.fd = -1};
        r->conns[i].ring = xcalloc(conf->window, sizeof *r->conns[i].ring);
    }
    if (conf->by_patient) {
        spread_by_patient(r);
    }
    r->open = conf->connections;
    for (unsigned i = 0; i < conf->connections; i++) {
        replay_conn_open(&r->conns[i]);
    }
}

static uint64_t limit_of(const struct replay_conf *conf, const struct replay_corpus *corpus)
{
    if (conf->messages) {
        return conf->messages;
    }
    return conf->for_us ? UINT64_MAX : corpus->n;
}

/* The first signal stops sending, the second one everything. */
static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    struct replay *r = arg;
    (void)sig;
    (void)what; /* either signal ends it */
    int64_t now = replay_now();
    if (r->stop_us && now >= r->stop_us) {
        event_base_loopbreak(r->loop);
    }
    r->stop_us = now;
}

static void run_loop(struct replay *r)
{
    struct event *signals[] = {evsignal_new(r->loop, SIGTERM, on_signal, r),
                               evsignal_new(r->loop, SIGINT, on_signal, r)};
    struct ticker t = {.r = r};
    struct event *tick = event_new(r->loop, -1, EV_PERSIST, on_tick, &t);
    struct timeval every = {0, r->conf->rate > 0 || r->conf->pace > 0 ? TICK_US : 40 * TICK_US};
    r->start_us = replay_now();
    r->stop_us = r->conf->for_us ? r->start_us + r->conf->for_us : 0;
    open_all(r);
    event_add(tick, &every);
    event_add(signals[0], NULL);
    event_add(signals[1], NULL);
    if (r->open) {
        event_base_dispatch(r->loop);
    }
    r->result->took_us = (r->last_answer_us ? r->last_answer_us : replay_now()) - r->start_us;
    ending_begins();
    event_free(tick);
    event_free(signals[0]);
    event_free(signals[1]);
}

int replay_send(const struct replay_conf *conf, const struct replay_corpus *corpus,
                struct replay_result *out, const char **out_why)
{
    struct replay r = {
        .conf = conf, .corpus = corpus, .result = out, .limit = limit_of(conf, corpus)};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    *out = (struct replay_result){0};
    int failed = getaddrinfo(conf->host, conf->port, &hints, &r.address);
    if (failed) {
        *out_why = gai_strerror(failed);
        return ERR_IO;
    }
    make_tag(r.tag);
    struct event_config *precise = event_config_new();
    event_config_set_flag(precise, EVENT_BASE_FLAG_PRECISE_TIMER); /* ticks below a millisecond */
    r.loop = event_base_new_with_config(precise);
    event_config_free(precise);
    run_loop(&r);
    for (unsigned i = 0; i < conf->connections; i++) {
        replay_conn_lose(&r.conns[i]);
        replay_conn_free(&r.conns[i]);
    }
    free(r.conns);
    buf_free(&r.scratch);
    event_base_free(r.loop);
    freeaddrinfo(r.address);
    if (!out->connects) {
        *out_why = out->tls_why ? out->tls_why : strerror(r.last_errno);
        return ERR_IO;
    }
    return 0;
}
