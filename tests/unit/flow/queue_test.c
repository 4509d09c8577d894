/* The queue on a fake clock, over the journal in memory, before a destination that the test plays. */
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
    unsigned nfly, room;
    uint64_t sent; /* ever */
    int64_t wake_us;
};

static void keep_line(void *arg, enum log_level level, struct str line)
{
    struct world *w = arg;
    (void)level;
    buf_put_str(&w->lines, line);
}

static uint64_t random_u64(void *arg)
{
    struct world *w = arg;
    return rng_u64(&w->rng);
}

static unsigned room(void *arg)
{
    struct world *w = arg;
    return w->room - w->nfly;
}

static void send(void *arg, struct delivery **v, size_t n)
{
    struct world *w = arg;
    for (size_t i = 0; i < n; i++) {
        cr_assert(w->nfly < FLY_MAX);
        w->fly[w->nfly++] = v[i];
        w->sent++;
    }
}

/* Answer delivery `i` of those in flight. */
static void answer(struct world *w, unsigned i, struct outcome o)
{
    struct delivery *d = w->fly[i];
    w->fly[i] = w->fly[--w->nfly];
    delivery_done(d, o);
}

static void cancel(void *arg, struct delivery *d)
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

static void wake_at(void *arg, int64_t us)
{
    ((struct world *)arg)->wake_us = us;
}

static void kick(void *arg)
{
    (void)arg; /* run() is called by the test */
}

static const struct queue_ops ops = {room, send, cancel, wake_at, kick};

static void open_world(struct world *w)
{
    *w = (struct world){.time = {1780000000000000, 5 * SECOND}, .seed = {7}, .room = 64};
    w->rng = rng_of_seeded(&w->seed);
    struct clock clock = clock_of_fake(&w->time);
    struct journal_conf jc = {.clock = clock, .random = random_u64, .random_arg = w, .retention_us = 1};
    log_init(&w->log, LOG_LEVEL_INFO, clock, keep_line, w);
    cr_assert_eq(journal_open_memory(&jc, &w->journal), 0);
    w->name = journal_name(w->journal, JOURNAL_DESTINATION, STR("lab"));
    w->want = (struct plan_destination){.name = STR("lab"), .parallel = 8, .retry_first_us = SECOND,
                                        .retry_longest_us = 60 * SECOND};
    w->conf = (struct queue_conf){.name = STR("lab"), .destination = w->name, .batch = 4, .ops = &ops, .arg = w,
                                  .journal = w->journal, .clock = clock, .random = random_u64, .random_arg = w,
                                  .log = &w->log, .pool = &w->pool, .budget = &w->budget};
    w->queue = queue_new(&w->conf, &w->want);
}

static void close_world(struct world *w)
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
static void run(struct world *w)
{
    for (int i = 0; i < 4; i++) {
        queue_flush(w->queue);
        cr_assert_eq(journal_poll(w->journal), 0);
        queue_tick(w->queue);
    }
}

/* The arg of the journal's callback: which message, in which world. */
struct carried {
    struct world *w;
    struct msg *m;
};

static void stored(void *arg, enum journal_status status, uint64_t seq)
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
static uint64_t put(struct world *w, const char *text, const uint64_t *keys, uint32_t nkeys, const char *finding)
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
    m->e = (struct entry_message){.id = {0x0123456789abcdef, 0xfedcba9876543210}, .source = 1, .raw = str_dup(&m->arena, str_of(text)),
                                  .peer = STR(""), .reply = STR(""), .reason = STR(""), .engine_version = STR("1")};
    *s = (struct splice){NULL, 0, (uint32_t)m->e.raw.n};
    *o = (struct entry_output){.destination = w->name, .route = 0, .keys = own, .nkeys = nkeys, .payload = {s, 1},
                               .id_part = STR("part"), .finding = STR("")};
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

static uint64_t put1(struct world *w, const char *text, uint64_t key)
{
    return put(w, text, &key, 1, NULL);
}

static int find(const struct world *w, const char *text)
{
    for (unsigned i = 0; i < w->nfly; i++) {
        if (str_is(delivery_view(w->fly[i]).payload, text)) {
            return (int)i;
        }
    }
    return -1;
}

static void answer_text(struct world *w, const char *text, enum verdict v)
{
    int i = find(w, text);
    cr_assert(i >= 0, "%s is not in flight", text);
    answer(w, (unsigned)i, (struct outcome){.verdict = v, .reason = "test"});
}

static struct queue_status status(const struct world *w)
{
    struct queue_status s;
    queue_status(w->queue, &s);
    return s;
}

/* Verdicts of one output in the journal, in order: "H", "RD" .. */
static void history(struct world *w, uint64_t seq, char *out)
{
    static const char letters[] = {[ENTRY_DELIVERED] = 'D', [ENTRY_REFUSED] = 'R', [ENTRY_HELD] = 'H',
                                   [ENTRY_DROPPED] = 'X', [ENTRY_RELEASED] = 'L'};
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

static void expect_history(struct world *w, uint64_t seq, const char *want)
{
    char got[64];
    history(w, seq, got);
    cr_expect_str_eq(got, want, "outcomes of %lu: %s, wanted %s", (unsigned long)seq, got, want);
}

Test(queue, delivers_in_order_of_key_and_writes_the_outcome_down)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1), b = put1(&w, "a2", 1), c = put1(&w, "b1", 2);
    run(&w);
    cr_expect(find(&w, "a1") >= 0 && find(&w, "b1") >= 0 && find(&w, "a2") < 0);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(find(&w, "a2") >= 0);
    answer_text(&w, "a2", DELIVERY_DELIVERED);
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "D");
    expect_history(&w, b, "D");
    expect_history(&w, c, "D");
    cr_expect_eq(status(&w).delivered, 3);
    cr_expect_eq(status(&w).queued, 0);
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}

Test(queue, a_merge_waits_for_both_patients_and_both_wait_for_it)
{
    struct world w;
    open_world(&w);
    uint64_t both[] = {1, 2};
    put1(&w, "one", 1);
    put1(&w, "two", 2);
    put(&w, "merge", both, 2, NULL);
    put1(&w, "one again", 1);
    put1(&w, "two again", 2);
    run(&w);
    cr_expect_eq(w.nfly, 2);
    answer_text(&w, "two", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(find(&w, "merge") < 0 && w.nfly == 1);
    answer_text(&w, "one", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(find(&w, "merge") >= 0 && w.nfly == 1);
    answer_text(&w, "merge", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(w.nfly, 2);
    close_world(&w);
}

Test(queue, what_is_busy_is_sent_again_later_and_blocks_only_its_key)
{
    struct world w;
    open_world(&w);
    put1(&w, "a1", 1);
    put1(&w, "a2", 1);
    put1(&w, "b1", 2);
    run(&w);
    int64_t before = w.time.mono_us;
    answer_text(&w, "a1", DELIVERY_BUSY);
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(w.nfly, 0);
    cr_expect_eq(w.wake_us - before, SECOND, "the first wait is retry.first");
    clock_fake_advance(&w.time, SECOND - 1);
    run(&w);
    cr_expect_eq(w.nfly, 0);
    clock_fake_advance(&w.time, 1);
    run(&w);
    cr_assert_eq(w.nfly, 1);
    cr_expect_eq(delivery_view(w.fly[0]).attempt, 2);
    cr_expect(find(&w, "a1") >= 0);
    answer(&w, 0, (struct outcome){.verdict = DELIVERY_BUSY, .retry_after_us = 30 * SECOND});
    run(&w);
    cr_expect(w.wake_us - w.time.mono_us == 30 * SECOND, "the peer's wish is longer than ours");
    clock_fake_advance(&w.time, 30 * SECOND);
    run(&w);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(find(&w, "a2") >= 0);
    close_world(&w);
}

Test(queue, an_unreachable_destination_is_probed_one_at_a_time)
{
    struct world w;
    open_world(&w);
    for (uint64_t k = 1; k <= 6; k++) {
        char text[8];
        snprintf(text, sizeof(text), "m%lu", (unsigned long)k);
        put1(&w, text, k);
    }
    run(&w);
    cr_assert_eq(w.nfly, 6);
    while (w.nfly > 0) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_UNREACHABLE, .reason = "connection refused"});
    }
    uint64_t sent = w.sent;
    run(&w);
    cr_expect(status(&w).unreachable);
    cr_expect_str_eq(status(&w).reason, "connection refused");
    cr_expect_eq(w.nfly, 0);
    for (int i = 1; i <= 5; i++) {
        cr_assert(w.wake_us != INT64_MAX && w.wake_us > w.time.mono_us);
        clock_fake_advance(&w.time, w.wake_us - w.time.mono_us);
        run(&w);
        cr_assert_eq(w.nfly, 1, "one probe, not %u", w.nfly);
        cr_expect_eq(w.wake_us, INT64_MAX, "nothing to wake for while the probe is out");
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_UNREACHABLE, .reason = "connection refused"});
        run(&w);
    }
    cr_expect_eq(w.sent - sent, 5);
    clock_fake_advance(&w.time, 60 * SECOND);
    run(&w);
    answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
    run(&w);
    cr_expect_not(status(&w).unreachable);
    cr_expect_eq(w.nfly, 5, "all others go at once");
    cr_expect(str_find(buf_str(&w.lines), STR("unreachable destination=lab")) >= 0);
    cr_expect(str_find(buf_str(&w.lines), STR("reachable destination=lab")) >= 0);
    close_world(&w);
}

Test(queue, several_unknown_outcomes_in_a_row_make_it_probe)
{
    struct world w;
    open_world(&w);
    for (uint64_t k = 1; k <= 20; k++) {
        put1(&w, "m", k);
    }
    run(&w);
    while (w.nfly > 0) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_UNKNOWN, .reason = "no answer within reply-within"});
    }
    run(&w);
    cr_expect(status(&w).unreachable);
    cr_expect_eq(w.nfly, 0);
    clock_fake_advance(&w.time, 60 * SECOND);
    run(&w);
    cr_expect_eq(w.nfly, 1);
    close_world(&w);
}

Test(queue, what_is_refused_is_held_and_keeps_its_key)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1);
    put1(&w, "a2", 1);
    put1(&w, "b1", 2);
    run(&w);
    answer(&w, (unsigned)find(&w, "a1"), (struct outcome){.verdict = DELIVERY_REFUSED, .reply = STR("MSA|AE|1")});
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "H");
    cr_expect_eq(w.nfly, 0);
    cr_expect_eq(status(&w).held, 1);
    cr_expect_eq(status(&w).queued, 1);
    struct entry_ref held[2];
    cr_expect_eq(queue_held(w.queue, held, 2), 1);
    cr_expect_eq(held[0].seq, a);
    cr_expect_eq(queue_release(w.queue, a + 100, 0, STR("ann")), ERR_NOT_FOUND);
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    cr_expect(find(&w, "a1") >= 0 && w.nfly == 1);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "HLD");
    cr_expect(find(&w, "a2") >= 0);
    close_world(&w);
}

Test(queue, a_dropped_output_is_settled_and_frees_its_key)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1);
    put1(&w, "a2", 1);
    run(&w);
    answer_text(&w, "a1", DELIVERY_REFUSED);
    run(&w);
    cr_expect_eq(queue_drop(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    expect_history(&w, a, "HX");
    cr_expect(find(&w, "a2") >= 0);
    cr_expect_eq(status(&w).dropped, 1);
    close_world(&w);
}

Test(queue, on_hold_continue_lets_the_key_go_on)
{
    struct world w;
    open_world(&w);
    w.want.continue_on_hold = true;
    uint64_t a = put1(&w, "a1", 1);
    put1(&w, "a2", 1);
    run(&w);
    answer_text(&w, "a1", DELIVERY_REFUSED);
    run(&w);
    cr_expect(find(&w, "a2") >= 0);
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    cr_expect(find(&w, "a1") < 0, "released, it queues behind what went on without it");
    answer_text(&w, "a2", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(find(&w, "a1") >= 0);
    close_world(&w);
}

Test(queue, a_failed_route_is_held_from_the_start_and_keeps_its_key)
{
    struct world w;
    open_world(&w);
    uint64_t key = 1, a = put(&w, "a1", &key, 1, "routes/x.yaml:3:1 PID-8");
    put1(&w, "a2", 1);
    run(&w);
    cr_expect_eq(w.nfly, 0);
    cr_expect_eq(status(&w).held, 1);
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), ERR_STATE);
    cr_expect_eq(queue_drop(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    cr_expect(find(&w, "a2") >= 0);
    close_world(&w);
}

static const struct {
    const char *name;
    enum verdict verdict;
    int code; /* -1: none */
    enum plan_reply policy;
    bool hold_on_unknown;
    const char *want; /* history; "" still waiting */
} verdicts[] = {
    {"AA", DELIVERY_DELIVERED, ACK_AA, PLAN_REPLY_DEFAULT, false, "D"},
    {"AE by default", DELIVERY_REFUSED, ACK_AE, PLAN_REPLY_DEFAULT, false, "H"},
    {"AR by default", DELIVERY_REFUSED, ACK_AR, PLAN_REPLY_DEFAULT, false, "H"},
    {"AE: hold", DELIVERY_REFUSED, ACK_AE, PLAN_REPLY_HOLD, false, "H"},
    {"AR: retry", DELIVERY_REFUSED, ACK_AR, PLAN_REPLY_RETRY, false, ""},
    {"AE: refused", DELIVERY_REFUSED, ACK_AE, PLAN_REPLY_REFUSED, false, "R"},
    {"AE: delivered", DELIVERY_REFUSED, ACK_AE, PLAN_REPLY_DELIVERED, false, "D"},
    {"refused without a code", DELIVERY_REFUSED, -1, PLAN_REPLY_REFUSED, false, "H"},
    {"busy", DELIVERY_BUSY, -1, PLAN_REPLY_DEFAULT, false, ""},
    {"unreachable", DELIVERY_UNREACHABLE, -1, PLAN_REPLY_DEFAULT, false, ""},
    {"unknown", DELIVERY_UNKNOWN, -1, PLAN_REPLY_DEFAULT, false, ""},
    {"on-unknown: hold", DELIVERY_UNKNOWN, -1, PLAN_REPLY_DEFAULT, true, "H"},
};

Test(queue, judges_by_the_reply_policy_of_its_destination)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        struct world w;
        open_world(&w);
        w.want.hold_on_unknown = verdicts[i].hold_on_unknown;
        for (unsigned c = 0; c < PLAN_REPLIES; c++) {
            w.want.replies[c] = verdicts[i].policy;
        }
        uint64_t seq = put1(&w, "m", 1);
        run(&w);
        answer(&w, 0, (struct outcome){.verdict = verdicts[i].verdict, .has_code = verdicts[i].code >= 0,
                                       .code = (enum ack_code)(verdicts[i].code >= 0 ? verdicts[i].code : 0)});
        run(&w);
        char got[64];
        history(&w, seq, got);
        cr_expect_str_eq(got, verdicts[i].want, "%s: %s", verdicts[i].name, got);
        close_world(&w);
    }
}

Test(queue, gives_up_after_the_time_set_and_holds)
{
    struct world w;
    open_world(&w);
    w.want.give_up_after_us = 100 * SECOND;
    uint64_t a = put1(&w, "a1", 1);
    char got[64] = "";
    int tries = 0;
    for (run(&w); w.nfly > 0 && tries < 1000; tries++) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_BUSY});
        run(&w);
        history(&w, a, got);
        if (w.wake_us != INT64_MAX) {
            clock_fake_advance(&w.time, w.wake_us - w.time.mono_us);
            run(&w);
        }
    }
    cr_expect_str_eq(got, "H");
    cr_expect(tries >= 3 && tries < 200, "%d tries", tries);
    close_world(&w);
}

Test(queue, cancels_what_is_in_flight_without_settling_it)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1);
    run(&w);
    queue_stop(w.queue, true);
    queue_cancel(w.queue);
    run(&w);
    cr_expect_eq(w.nfly, 0);
    expect_history(&w, a, "");
    queue_stop(w.queue, false);
    run(&w);
    cr_assert_eq(w.nfly, 1);
    cr_expect_eq(delivery_view(w.fly[0]).attempt, 2);
    close_world(&w);
}

/* The reference, computed apart: base32(SHA-256(id || "lab\0" || "\0" || "part\0")) in lower case. */
Test(queue, the_event_id_is_the_same_at_every_attempt)
{
    struct world w;
    open_world(&w);
    put1(&w, "a1", 1);
    run(&w);
    char first[27] = "";
    memcpy(first, delivery_id(w.fly[0]).p, 26);
    answer(&w, 0, (struct outcome){.verdict = DELIVERY_BUSY});
    run(&w);
    clock_fake_advance(&w.time, 60 * SECOND);
    run(&w);
    cr_assert_eq(w.nfly, 1);
    cr_expect(str_is(delivery_id(w.fly[0]), first));
    cr_expect_str_eq(first, "sbyvgzlzj2z6ll24kdohgoup6v");
    close_world(&w);
}

Test(queue, a_backlog_costs_the_window_and_no_more)
{
    struct world w;
    open_world(&w);
    w.room = 0;
    enum { N = 20000 };
    for (uint64_t i = 0; i < N; i++) {
        put1(&w, "a message that waits", i);
        if (i % 512 == 0) {
            run(&w);
        }
    }
    run(&w);
    struct queue_status s = status(&w);
    cr_expect(s.behind);
    cr_expect_leq(s.loaded, QUEUE_WINDOW_OUTPUTS);
    cr_expect_leq(s.loaded_bytes, QUEUE_WINDOW_BYTES + 65536);
    w.room = 64;
    uint64_t done = 0;
    for (int spin = 0; spin < 100000 && done < N; spin++) {
        run(&w);
        while (w.nfly > 0) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
            done++;
        }
    }
    run(&w);
    cr_expect_eq(done, N);
    cr_expect_eq(w.sent, N, "each once");
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}

Test(queue, one_blocked_patient_does_not_stop_the_others)
{
    struct world w;
    open_world(&w);
    put1(&w, "first", 1);
    run(&w);
    answer_text(&w, "first", DELIVERY_REFUSED);
    enum { BLOCKED = 9000 };
    for (int i = 0; i < BLOCKED; i++) {
        put1(&w, "blocked", 1);
        if (i % 512 == 0) {
            run(&w);
        }
    }
    put1(&w, "free", 2);
    run(&w);
    run(&w);
    cr_expect_eq(w.nfly, 1);
    cr_expect(find(&w, "free") >= 0);
    cr_expect_leq(status(&w).loaded, QUEUE_WINDOW_OUTPUTS);
    close_world(&w);
}

/* ---- a random schedule against the rule of the design ---- */

enum { RANDOM_N = 300, RANDOM_KEYS = 6 };

struct model {
    uint64_t keys[3];
    unsigned nkeys;
    bool is_settled;
};

static bool conflicts(const struct model *a, const struct model *b)
{
    for (unsigned i = 0; i < a->nkeys; i++) {
        for (unsigned k = 0; k < b->nkeys; k++) {
            if (a->keys[i] == b->keys[k]) {
                return true;
            }
        }
    }
    return false;
}

static unsigned number_of(const struct delivery *d)
{
    struct str p = delivery_view(d).payload;
    int64_t v = -1;
    cr_assert(str_to_i64(p, &v));
    return (unsigned)v;
}

static void check_in_flight(struct world *w, const struct model *m)
{
    for (unsigned i = 0; i < w->nfly; i++) {
        unsigned n = number_of(w->fly[i]);
        cr_assert_not(m[n].is_settled, "%u is sent again after it was settled", n);
        for (unsigned k = 0; k < n; k++) {
            cr_assert(m[k].is_settled || !conflicts(&m[k], &m[n]), "%u overtook %u", n, k);
        }
    }
}

static void random_answer(struct world *w, struct model *m, bool is_calm)
{
    static const enum verdict v[] = {DELIVERY_DELIVERED, DELIVERY_DELIVERED, DELIVERY_BUSY, DELIVERY_UNKNOWN,
                                     DELIVERY_UNREACHABLE};
    unsigned i = (unsigned)rng_below(&w->rng, w->nfly);
    enum verdict verdict = is_calm ? DELIVERY_DELIVERED : v[rng_below(&w->rng, 5)];
    if (verdict == DELIVERY_DELIVERED) {
        m[number_of(w->fly[i])].is_settled = true;
    }
    answer(w, i, (struct outcome){.verdict = verdict, .reason = "test"});
}

static void random_run(uint64_t seed)
{
    struct world w;
    struct model m[RANDOM_N] = {0};
    unsigned n = 0;
    open_world(&w);
    w.seed.state = seed;
    for (unsigned step = 0; step < 40000 && (n < RANDOM_N || !queue_is_empty(w.queue)); step++) {
        unsigned what = (unsigned)rng_below(&w.rng, 4);
        if (what == 0 && n < RANDOM_N) {
            char text[16];
            snprintf(text, sizeof(text), "%u", n);
            m[n].nkeys = (unsigned)rng_below(&w.rng, 4);
            for (unsigned i = 0; i < m[n].nkeys; i++) {
                m[n].keys[i] = rng_below(&w.rng, RANDOM_KEYS);
            }
            put(&w, text, m[n].keys, m[n].nkeys, NULL);
            n++;
        } else if (what == 1) {
            clock_fake_advance(&w.time, (int64_t)rng_below(&w.rng, 20 * SECOND));
        } else if (what == 2 && w.nfly > 0) {
            random_answer(&w, m, step > 20000);
        } else {
            run(&w);
        }
        check_in_flight(&w, m);
    }
    run(&w);
    for (unsigned i = 0; i < RANDOM_N; i++) {
        cr_assert(m[i].is_settled, "seed %lu: %u was never delivered", (unsigned long)seed, i);
    }
    cr_expect_eq(status(&w).delivered, RANDOM_N);
    close_world(&w);
}

Test(queue, random_schedules_keep_the_order_of_every_key_and_lose_nothing)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        random_run(seed);
    }
}

/* Invariant 4: only queue.c changes a delivery's state; every final state is in the journal before it is
 * shown. */
Test(invariant, four_a_final_state_is_in_the_journal_before_it_is_shown)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1);
    run(&w);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    char got[64];
    history(&w, a, got);
    cr_expect_str_eq(got, "");
    cr_expect_eq(status(&w).delivered, 0, "not durable yet, so not shown");
    run(&w);
    history(&w, a, got);
    cr_expect_str_eq(got, "D");
    cr_expect_eq(status(&w).delivered, 1);
    close_world(&w);
}

/* A store whose reading fails as the test wants; everything else is the real one's. */
static int read_fails, fails_left;
static const struct store_ops *real_ops;

static int failing_next(struct journal *j, struct journal_cursor *c, uint64_t limit, struct stored *out)
{
    if (read_fails == 0 || fails_left == 0) {
        return real_ops->next(j, c, limit, out);
    }
    fails_left--;
    c->next += read_fails == ERR_DAMAGE; /* the cursor stands behind it */
    return read_fails;
}

static void fail_reads(struct world *w, int rc, int times)
{
    static struct store_ops failing;
    if (!real_ops) {
        real_ops = w->journal->ops;
        failing = *real_ops;
        failing.next = failing_next;
    }
    w->journal->ops = &failing;
    read_fails = rc;
    fails_left = times;
}

static void begin_anew(struct world *w)
{
    queue_stop(w->queue, true);
    queue_cancel(w->queue);
    run(w);
    queue_free(&w->queue);
    w->queue = queue_new(&w->conf, &w->want);
}

Test(queue, a_start_with_many_unsettled_loads_no_more_than_the_window)
{
    struct world w;
    open_world(&w);
    enum { MANY = QUEUE_WINDOW_OUTPUTS + 1000 };
    for (uint64_t k = 1; k <= MANY; k++) {
        put1(&w, "m", k);
        run(&w);
        while (w.nfly) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_BUSY, .retry_after_us = 3600 * (int64_t)SECOND});
        }
    }
    run(&w);
    cr_expect_eq(status(&w).queued, MANY);
    begin_anew(&w);
    cr_expect_eq(status(&w).queued, MANY);
    cr_expect_leq(status(&w).loaded, QUEUE_WINDOW_OUTPUTS);
    w.room = FLY_MAX;
    w.want.parallel = 64;
    for (int i = 0; i < 3000 && w.queue && status(&w).queued; i++) {
        run(&w);
        while (w.nfly) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
        }
    }
    run(&w);
    cr_expect_eq(status(&w).delivered, MANY);
    close_world(&w);
}

Test(queue, a_start_holds_what_it_cannot_read_instead_of_forgetting_it)
{
    struct world w;
    open_world(&w);
    w.room = 0;
    uint64_t a = put1(&w, "a", 1), b = put1(&w, "b", 2);
    run(&w);
    fail_reads(&w, ERR_DAMAGE, 2);
    begin_anew(&w);
    cr_expect_not(queue_is_empty(w.queue));
    cr_expect_eq(status(&w).held, 2);
    read_fails = 0;
    run(&w);
    expect_history(&w, a, "H");
    expect_history(&w, b, "H");
    cr_expect_eq(queue_release(w.queue, a, 0, STR("anna")), 0);
    w.room = 64;
    run(&w);
    answer_text(&w, "a", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "HLD");
    close_world(&w);
}

/* No descriptor, say: nothing is held for it, and it goes on by itself. */
Test(queue, what_cannot_be_read_now_is_read_a_second_later)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a", 1);
    run(&w);
    answer_text(&w, "a", DELIVERY_UNREACHABLE);
    uint64_t b = put1(&w, "b", 2); /* not asked for: behind */
    run(&w);
    fail_reads(&w, ERR_IO, 1000);
    clock_fake_advance(&w.time, SECOND);
    run(&w);
    answer_text(&w, "a", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(w.nfly, 0);
    cr_expect_leq(w.wake_us - w.time.mono_us, SECOND, "it would wait for some other event");
    cr_expect_not(queue_is_empty(w.queue));
    read_fails = 0;
    clock_fake_advance(&w.time, SECOND);
    run(&w);
    answer_text(&w, "b", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "D");
    expect_history(&w, b, "D");
    close_world(&w);
}

Test(queue, damage_ahead_is_told_and_passed_at_once)
{
    struct world w;
    open_world(&w);
    w.room = 0;
    put1(&w, "a", 1);
    run(&w);
    queue_stop(w.queue, true);
    put1(&w, "lost", 2);
    run(&w);
    queue_stop(w.queue, false);
    fail_reads(&w, ERR_DAMAGE, 1);
    w.room = 64;
    queue_run(w.queue);
    read_fails = 0;
    run(&w);
    cr_expect(journal_is_degraded(w.journal));
    cr_expect_not_null(memmem(w.lines.p, w.lines.n, "journal-unreadable", strlen("journal-unreadable")));
    uint64_t c = put1(&w, "c", 3);
    run(&w);
    answer_text(&w, "c", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, c, "D");
    close_world(&w);
}

static bool has_room;

static bool failing_admits(struct journal *j, enum entry_type type, uint64_t n)
{
    return (has_room || type != ENTRY_OUTCOME) && real_ops->admits(j, type, n);
}

/* Whatever is sent without a place for its outcome may be sent again after a crash. */
Test(queue, sends_no_more_when_outcomes_find_no_room)
{
    struct world w;
    open_world(&w);
    fail_reads(&w, 0, 0);
    struct store_ops full = *w.journal->ops;
    full.admits = failing_admits;
    w.journal->ops = &full;
    has_room = false;
    enum { MANY = 3000 };
    char reply[1000];
    memset(reply, 'r', sizeof(reply));
    for (uint64_t k = 1; k <= MANY; k++) {
        put1(&w, "m", k);
    }
    for (unsigned i = 0; i < MANY; i++) {
        run(&w);
        while (w.nfly) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED, .reply = str_from(reply, sizeof(reply))});
        }
    }
    cr_expect(w.sent > 200 && w.sent < 400, "%lu sent", (unsigned long)w.sent);
    cr_expect_eq(status(&w).delivered, 0, "shown only when durable");
    has_room = true;
    for (unsigned i = 0; i < MANY; i++) {
        run(&w);
        while (w.nfly) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
        }
    }
    cr_expect_eq(w.sent, MANY);
    cr_expect_eq(status(&w).queued, 0);
    close_world(&w);
}
