#include "engine/flow/queue_priv.h"
#include "tests/unit/flow/queue_world.h"

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
        answer(&w, 0,
               (struct outcome){.verdict = DELIVERY_UNREACHABLE, .reason = "connection refused"});
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
        answer(&w, 0,
               (struct outcome){.verdict = DELIVERY_UNREACHABLE, .reason = "connection refused"});
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
        answer(&w, 0,
               (struct outcome){.verdict = DELIVERY_UNKNOWN,
                                .reason = "no answer within reply-within"});
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
    answer(&w, (unsigned)find(&w, "a1"),
           (struct outcome){.verdict = DELIVERY_REFUSED, .reply = STR("MSA|AE|1")});
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "H");
    cr_expect_eq(w.nfly, 0);
    cr_expect_eq(status(&w).held, 1);
    cr_expect_eq(status(&w).queued, 1);
    struct queue_row held[2];
    struct arena scratch = {0};
    cr_expect_eq(queue_list(w.queue, QUEUE_ONLY_HELD, &scratch, held, 2), 1u);
    cr_expect_eq(held[0].ref.seq, a);
    arena_free(&scratch);
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
    {"on-unknown: hold", DELIVERY_UNKNOWN, -1, PLAN_REPLY_DEFAULT, true, "HH"},
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
        answer(&w, 0,
               (struct outcome){.verdict = verdicts[i].verdict,
                                .has_code = verdicts[i].code >= 0,
                                .code =
                                    (enum ack_code)(verdicts[i].code >= 0 ? verdicts[i].code : 0)});
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

Test(queue, a_message_that_grows_in_the_window_leaves_it_as_it_came)
{
    struct world w;
    open_world(&w);
    put1(&w, "a", 1);
    run(&w);
    cr_assert_eq(w.nfly, 1);
    (void)arena_alloc(&w.fly[0]->q->msg->arena, 1 << 20);
    answer_text(&w, "a", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(w.queue->loaded_bytes, 0);
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

/* A million outputs of a few patients are never ready together: reading on must not take the loop. */
Test(queue, reading_a_backlog_leaves_turns_to_others)
{
    enum { N = 20000, AT_ONCE = 512 };
    struct world w;
    open_world(&w);
    put1(&w, "first", 1);
    run(&w);
    answer_text(&w, "first", DELIVERY_UNREACHABLE);
    for (int i = 1; i < N; i++) {
        put1(&w, "one after the other", 1);
    }
    cr_assert_eq(journal_poll(w.journal), 0);
    clock_fake_advance(&w.time, 100 * SECOND);
    queue_tick(w.queue);
    answer_text(&w, "first", DELIVERY_DELIVERED);
    struct queue_status s = status(&w);
    uint64_t known = s.blocked + s.ready, rounds = 0;
    for (; s.behind; rounds++) {
        unsigned kicks = w.kicks;
        queue_run(w.queue);
        s = status(&w);
        uint64_t now = s.blocked + s.ready;
        cr_assert_leq(now - known, 2 * AT_ONCE, "it reads again after it has sent something");
        cr_assert(!s.behind || w.kicks > kicks, "nobody would go on");
        known = now;
    }
    cr_expect_eq(known + w.nfly, N - 1);
    cr_expect_gt(rounds, 10, "%zu", (size_t)rounds);
    close_world(&w);
}

/* What waits for another of its patient is read twice when it is read too early. */
Test(queue, a_backlog_is_not_read_past_what_can_be_sent)
{
    enum { N = 20000, PATIENTS = 40 };
    struct world w;
    open_world(&w);
    put1(&w, "first", 1);
    run(&w);
    answer_text(&w, "first", DELIVERY_UNREACHABLE);
    for (uint64_t i = 1; i < N; i++) {
        put1(&w, "of one of many", 1 + i % PATIENTS);
    }
    cr_assert_eq(journal_poll(w.journal), 0);
    clock_fake_advance(&w.time, 100 * SECOND);
    queue_tick(w.queue);
    answer_text(&w, "first", DELIVERY_DELIVERED);
    size_t most = 0, done = 1;
    for (int spin = 0; spin < N && done < N; spin++) {
        run(&w);
        struct queue_status s = status(&w);
        most = s.blocked + s.ready > most ? s.blocked + s.ready : most;
        cr_expect_leq(w.nfly, w.want.parallel);
        while (w.nfly > 0) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
            done++;
        }
    }
    cr_expect_eq(done, N);
    cr_expect_leq(most, QUEUE_WINDOW_OUTPUTS, "%zu known at once", most);
    cr_expect_gt(most, w.want.parallel);
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
    static const enum verdict v[] = {DELIVERY_DELIVERED, DELIVERY_DELIVERED, DELIVERY_BUSY,
                                     DELIVERY_UNKNOWN, DELIVERY_UNREACHABLE};
    unsigned i = (unsigned)rng_below(&w->rng, w->nfly);
    enum verdict verdict = is_calm ? DELIVERY_DELIVERED : v[rng_below(&w->rng, 5)];
    if (verdict == DELIVERY_DELIVERED) {
        m[number_of(w->fly[i])].is_settled = true;
    }
    answer(w, i, (struct outcome){.verdict = verdict, .reason = "test"});
}

static void random_run(uint64_t seed, bool mixes_classes)
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
            w.is_bulk = mixes_classes && rng_below(&w.rng, 2);
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
        random_run(seed, false);
        random_run(seed + 100, true);
    }
}

/* Invariant 4: only queue*.c changes a delivery's state; every final state is in the journal before it is
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
