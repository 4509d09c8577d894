/* queue_world.h - for the tests of the queue: the queue on a fake clock, over the journal in memory, before
 * a destination that the test plays. */
#ifndef CORRIDOR_TESTS_QUEUE_WORLD_H
#define CORRIDOR_TESTS_QUEUE_WORLD_H

#include "engine/flow/queue.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/rng.h"
#include "engine/journal/journal_priv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLY_MAX = 4096, SECOND = 1000000 };

struct world {
    struct clock_fake time;
    struct rng_seeded seed;
    struct rng rng;
    struct log log;
    struct buf lines;
    struct journal *journal;
    struct msg_pool pool;
    struct queue_budget budget;
    struct plan_destination want;
    struct queue *queue;
    struct queue_conf conf;
    uint32_t name;
    struct delivery *fly[FLY_MAX];
    unsigned nfly, room, kicks;
    bool is_bulk;  /* the class of what is put from now on */
    uint64_t sent; /* ever */
    int64_t wake_us;
};

static inline void keep_line(void *arg, enum log_level level, struct str line)
{
    struct world *w = arg;
    (void)level;
    buf_put_str(&w->lines, line);
}

static inline uint64_t random_u64(void *arg)
{
    struct world *w = arg;
    return rng_u64(&w->rng);
}

static inline unsigned room(void *arg)
{
    struct world *w = arg;
    return w->room - w->nfly;
}

static inline void send(void *arg, struct delivery **v, size_t n)
{
    struct world *w = arg;
    for (size_t i = 0; i < n; i++) {
        cr_assert(w->nfly < FLY_MAX);
        w->fly[w->nfly++] = v[i];
        w->sent++;
    }
}

/* Answer delivery `i` of those in flight. */
static inline void answer(struct world *w, unsigned i, struct outcome o)
{
    struct delivery *d = w->fly[i];
    w->fly[i] = w->fly[--w->nfly];
    delivery_done(d, o);
}

static inline void cancel(void *arg, struct delivery *d)
{
    struct world *w = arg;
    for (unsigned i = 0; i < w->nfly; i++) {
        if (w->fly[i] == d) {
            answer(w, i, (struct outcome){.verdict = DELIVERY_UNKNOWN});
            return;
        }
    }
    cr_assert_fail("canceled what is not in flight");
}

static inline void wake_at(void *arg, int64_t us)
{
    ((struct world *)arg)->wake_us = us;
}

static inline void kick(void *arg)
{
    ((struct world *)arg)->kicks++; /* run() is called by the test */
}

static const struct queue_ops ops = {room, send, cancel, wake_at, kick, NULL, NULL, NULL};

static inline void open_world(struct world *w)
{
    *w = (struct world){.time = {1780000000000000, 5 * SECOND}, .seed = {7}, .room = 64};
    w->rng = rng_of_seeded(&w->seed);
    struct clock clock = clock_of_fake(&w->time);
    struct journal_conf jc = {
        .clock = clock, .random = random_u64, .random_arg = w, .retention_us = 1};
    log_init(&w->log, LOG_LEVEL_INFO, clock, keep_line, w);
    cr_assert_eq(journal_open_memory(&jc, &w->journal), 0);
    w->name = journal_name(w->journal, JOURNAL_DESTINATION, STR("lab"));
    w->want = (struct plan_destination){.name = STR("lab"),
                                        .parallel = 8,
                                        .retry_first_us = SECOND,
                                        .retry_longest_us = 60 * SECOND};
    w->conf = (struct queue_conf){.name = STR("lab"),
                                  .destination = w->name,
                                  .batch = 4,
                                  .ops = &ops,
                                  .arg = w,
                                  .journal = w->journal,
                                  .clock = clock,
                                  .random = random_u64,
                                  .random_arg = w,
                                  .log = &w->log,
                                  .pool = &w->pool,
                                  .budget = &w->budget};
    w->queue = queue_new(&w->conf, &w->want);
}

static inline void close_world(struct world *w)
{
    queue_stop(w->queue, true);
    queue_cancel(w->queue);
    journal_close(&w->journal);
    queue_free(&w->queue);
    cr_expect_eq(w->budget.used, 0);
    cr_expect_eq(w->pool.live, 0, "%u messages are still held", w->pool.live);
    msg_pool_free(&w->pool);
    buf_free(&w->lines);
}

/* Everything that is due happens. */
static inline void run(struct world *w)
{
    for (int i = 0; i < 4; i++) {
        queue_flush(w->queue);
        cr_assert_eq(journal_poll(w->journal), 0);
        queue_tick(w->queue);
    }
}

/* Another process takes the queue up. */
static inline void begin_anew(struct world *w)
{
    queue_stop(w->queue, true);
    queue_cancel(w->queue);
    run(w);
    queue_free(&w->queue);
    w->queue = queue_new(&w->conf, &w->want);
}

/* The arg of the journal's callback: which message, in which world. */
struct carried {
    struct world *w;
    struct msg *m;
};

static inline void stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct carried *c = arg;
    cr_assert_eq(status, JOURNAL_STORED);
    c->m->seq = seq;
    for (uint32_t i = 0; i < c->m->e.noutputs; i++) {
        queue_offer(c->w->queue, c->m, i);
    }
    msg_unref(&c->m);
}

/* Append a message whose text is `text`, with one output of these keys. Returns its number. */
static inline uint64_t put(struct world *w, const char *text, const uint64_t *keys, uint32_t nkeys,
                           const char *finding)
{
    struct msg *m = msg_new(&w->pool);
    struct carried *c = ARENA_NEW(&m->arena, struct carried);
    struct entry_output *o = ARENA_NEW(&m->arena, struct entry_output);
    struct splice *s = ARENA_NEW(&m->arena, struct splice);
    uint64_t *own = arena_alloc(&m->arena, (nkeys + 1) * sizeof(*own));
    *c = (struct carried){w, m};
    for (uint32_t i = 0; i < nkeys; i++) {
        own[i] = keys[i];
    }
    m->e = (struct entry_message){.id = {0x0123456789abcdef, 0xfedcba9876543210},
                                  .source = 1,
                                  .received_us = 1780000000000000,
                                  .raw = str_dup(&m->arena, str_of(text)),
                                  .peer = STR(""),
                                  .reply = STR(""),
                                  .reason = STR(""),
                                  .engine_version = STR("1")};
    *s = (struct splice){NULL, 0, (uint32_t)m->e.raw.n};
    *o = (struct entry_output){.destination = w->name,
                               .class = w->is_bulk ? ENTRY_BULK : ENTRY_INTERACTIVE,
                               .route = 0,
                               .keys = own,
                               .nkeys = nkeys,
                               .payload = {s, 1},
                               .id_part = STR("part"),
                               .finding = STR("")};
    if (finding) {
        o->kind = ENTRY_OUTPUT_FAILED_ROUTE;
        o->finding = str_of(finding);
        o->payload.n = 0;
    }
    m->e.outputs = o;
    m->e.noutputs = 1;
    uint64_t seq = journal_append_message(w->journal, &m->e, stored, c);
    cr_assert_neq(seq, 0);
    return seq;
}

static inline uint64_t put1(struct world *w, const char *text, uint64_t key)
{
    return put(w, text, &key, 1, NULL);
}

static inline int find(const struct world *w, const char *text)
{
    for (unsigned i = 0; i < w->nfly; i++) {
        if (str_is(delivery_view(w->fly[i]).payload, text)) {
            return (int)i;
        }
    }
    return -1;
}

static inline void answer_text(struct world *w, const char *text, enum verdict v)
{
    int i = find(w, text);
    cr_assert(i >= 0, "%s is not in flight", text);
    answer(w, (unsigned)i, (struct outcome){.verdict = v, .reason = "test"});
}

static inline struct queue_status status(const struct world *w)
{
    struct queue_status s;
    queue_status(w->queue, &s);
    return s;
}

/* Verdicts of one output in the journal, in order: "H", "RD" .. */
static inline void history(struct world *w, uint64_t seq, char *out)
{
    static const char letters[] = {[ENTRY_DELIVERED] = 'D',
                                   [ENTRY_REFUSED] = 'R',
                                   [ENTRY_HELD] = 'H',
                                   [ENTRY_DROPPED] = 'X',
                                   [ENTRY_RELEASED] = 'L'};
    struct journal_cursor c = {0};
    struct arena a = {0};
    struct entry e;
    size_t n = 0;
    while (journal_next(w->journal, &c, &a, &e) == 1) {
        struct entry_outcomes o;
        if (e.type != ENTRY_OUTCOME || entry_get_outcomes(&a, e.body, &o) != 0) {
            continue;
        }
        for (uint32_t i = 0; i < o.n; i++) {
            if (o.v[i].ref.seq == seq) {
                out[n++] = letters[o.v[i].verdict];
            }
        }
    }
    out[n] = 0;
    arena_free(&a);
}

static inline void expect_history(struct world *w, uint64_t seq, const char *want)
{
    char got[64];
    history(w, seq, got);
    cr_expect_str_eq(got, want, "outcomes of %lu: %s, wanted %s", (unsigned long)seq, got, want);
}

#endif
