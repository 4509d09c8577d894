/* The policies of a destination: what they say stands over a kill, and a reload changes it. */
#include "engine/flow/queue_priv.h"
#include "tests/unit/flow/queue_world.h"

/* The process is gone: the journal hears nothing of what was in flight. */
static void kill_queue(struct world *w)
{
    queue_stop(w->queue, true);
    while (w->nfly > 0) {
        w->fly[0]->q->is_marked = false;
        answer(w, 0, (struct outcome){.verdict = DELIVERY_UNREACHABLE});
    }
    queue_free(&w->queue);
    w->queue = queue_new(&w->conf, &w->want);
}

Test(queue_policy, on_unknown_hold_stands_over_a_kill)
{
    struct world w;
    open_world(&w);
    w.want.hold_on_unknown = true;
    w.want.parallel = 2;
    uint64_t a = put1(&w, "a", 1);
    put1(&w, "b", 2);
    uint64_t c = put1(&w, "c", 3);
    run(&w);
    cr_assert_eq(w.nfly, 2u);
    kill_queue(&w);
    run(&w);
    cr_expect_eq(status(&w).held, 2u, "what was in flight waits for a person");
    cr_assert(w.nfly == 1 && find(&w, "c") >= 0, "what was not is sent");
    answer_text(&w, "c", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "H");
    expect_history(&w, c, "HD");
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    answer_text(&w, "a", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "HLHD");
    close_world(&w);
}

Test(queue_policy, on_unknown_hold_does_not_hold_what_surely_did_not_arrive)
{
    struct world w;
    open_world(&w);
    w.want.hold_on_unknown = true;
    uint64_t a = put1(&w, "a", 1);
    run(&w);
    answer_text(&w, "a", DELIVERY_UNREACHABLE);
    run(&w);
    clock_fake_advance(&w.time, SECOND);
    run(&w);
    answer_text(&w, "a", DELIVERY_BUSY);
    run(&w);
    expect_history(&w, a, "HLHL");
    kill_queue(&w);
    run(&w);
    cr_expect_eq(status(&w).held, 0u);
    cr_expect_eq(w.nfly, 1u);
    close_world(&w);
}

Test(queue_policy, on_unknown_hold_holds_what_a_stop_cancels)
{
    struct world w;
    open_world(&w);
    w.want.hold_on_unknown = true;
    put1(&w, "a", 1);
    run(&w);
    queue_stop(w.queue, true);
    queue_cancel(w.queue); /* the world says: unknown */
    run(&w);
    cr_expect_eq(status(&w).held, 1u);
    close_world(&w);
}

Test(queue_policy, parallel_bounds_what_is_under_way_and_a_reload_changes_it)
{
    struct world w;
    open_world(&w);
    w.want.parallel = 3;
    for (uint64_t k = 1; k <= 40; k++) {
        put1(&w, "m", k);
    }
    run(&w);
    cr_expect_eq(w.nfly, 3u);
    struct plan_destination more = w.want;
    more.parallel = 20;
    queue_set(w.queue, &more);
    run(&w);
    cr_expect_eq(w.nfly, 20u);
    more.parallel = 1;
    while (w.nfly > 0) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
    }
    run(&w);
    cr_expect_eq(w.nfly, 1u);
    close_world(&w);
}

Test(queue_policy, on_hold_continue_by_a_reload_frees_those_who_wait)
{
    struct world w;
    open_world(&w);
    put1(&w, "a1", 1);
    put1(&w, "a2", 1);
    put1(&w, "b1", 2);
    put1(&w, "b2", 2);
    run(&w);
    answer_text(&w, "a1", DELIVERY_REFUSED);
    answer_text(&w, "b1", DELIVERY_REFUSED);
    run(&w);
    cr_expect_eq(w.nfly, 0u);
    struct plan_destination freely = w.want;
    freely.continue_on_hold = true;
    queue_set(w.queue, &freely);
    run(&w);
    cr_expect_eq(w.nfly, 2u);
    cr_expect_eq(status(&w).held, 2u);
    close_world(&w);
}

Test(queue_policy, on_hold_continue_stands_over_a_restart)
{
    struct world w;
    open_world(&w);
    w.want.continue_on_hold = true;
    put1(&w, "a1", 1);
    run(&w);
    answer_text(&w, "a1", DELIVERY_REFUSED);
    run(&w);
    begin_anew(&w);
    put1(&w, "a2", 1);
    run(&w);
    cr_expect(status(&w).held == 1 && find(&w, "a2") >= 0);
    close_world(&w);
}
