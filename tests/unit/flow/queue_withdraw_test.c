/* Outputs whose sender waits for an answer: withdrawn while nobody can have them, and told how they ended. */
#include "engine/flow/queue_priv.h"
#include "tests/unit/flow/queue_world.h"

static unsigned withdrawn;

static void on_withdrawn(void *arg, enum journal_status status, uint64_t seq)
{
    (void)arg;
    cr_expect_eq(status, JOURNAL_STORED);
    cr_expect_gt(seq, 0);
    withdrawn++;
}

static bool withdraw(struct world *w, uint64_t seq)
{
    struct entry_ref ref = {seq, 0};
    withdrawn = 0;
    bool did = queue_withdraw(w->queue, ref, on_withdrawn, NULL);
    cr_expect_eq(withdrawn, 0, "not before it is durable");
    run(w);
    cr_expect_eq(withdrawn, did ? 1u : 0u);
    return did;
}

Test(queue_withdraw, what_waits_behind_another_is_withdrawn)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a", 1), b = put1(&w, "b", 1), c = put1(&w, "c", 1);
    run(&w);
    cr_assert(w.nfly == 1 && find(&w, "a") >= 0);
    cr_expect_not(withdraw(&w, a), "it is with its peer");
    cr_expect(withdraw(&w, b));
    cr_expect_not(withdraw(&w, b), "once");
    answer_text(&w, "a", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(find(&w, "c") >= 0, "those behind it go on");
    expect_history(&w, b, "X");
    expect_history(&w, c, "");
    cr_expect_eq(status(&w).dropped, 1u);
    close_world(&w);
}

Test(queue_withdraw, an_unreachable_destination_gives_up_what_lies_ahead_too)
{
    struct world w;
    uint64_t v[50];
    open_world(&w);
    w.want.parallel = 1;
    v[0] = put1(&w, "m", 0);
    run(&w);
    answer_text(&w, "m", DELIVERY_UNREACHABLE);
    for (unsigned i = 1; i < 50; i++) {
        v[i] = put1(&w, "m", i);
        run(&w);
    }
    cr_expect(status(&w).behind, "the window takes up nothing while nobody is there");
    cr_expect(withdraw(&w, v[49]));
    cr_expect(withdraw(&w, v[0]));
    cr_expect(withdraw(&w, v[20]));
    expect_history(&w, v[49], "X");
    expect_history(&w, v[0], "X");
    cr_expect_eq(w.sent, 1u);
    close_world(&w);
}

static const struct {
    const char *name;
    enum verdict verdict;
    bool may;
} tried[] = {
    {"unreachable: nothing was sent", DELIVERY_UNREACHABLE, true},
    {"busy: the peer said that it did not take it", DELIVERY_BUSY, true},
    {"unknown: the peer may have it", DELIVERY_UNKNOWN, false},
};

Test(queue_withdraw, only_what_the_peer_cannot_have)
{
    for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
        struct world w;
        open_world(&w);
        uint64_t a = put1(&w, "a", 1);
        run(&w);
        answer_text(&w, "a", tried[i].verdict);
        run(&w);
        cr_expect_eq(withdraw(&w, a), tried[i].may, "%s", tried[i].name);
        close_world(&w);
    }
}

Test(queue_withdraw, a_probe_under_way_is_given_up)
{
    struct world w;
    open_world(&w);
    uint64_t a = put1(&w, "a", 1);
    run(&w);
    answer_text(&w, "a", DELIVERY_UNREACHABLE);
    run(&w);
    clock_fake_advance(&w.time, 2 * SECOND);
    run(&w);
    cr_assert(find(&w, "a") >= 0, "the probe");
    cr_expect_not(withdraw(&w, a), "the adapter says that something was sent");
    cr_expect(find(&w, "a") < 0 || w.nfly == 1);
    close_world(&w);
}
