/* class: bulk lets others go first, where no key is shared. */
#include "tests/unit/flow/queue_world.h"

static uint64_t put_bulk(struct world *w, const char *text, uint64_t key)
{
    w->is_bulk = true;
    uint64_t seq = put1(w, text, key);
    w->is_bulk = false;
    return seq;
}

Test(queue_class, others_overtake_bulk_where_no_key_is_shared)
{
    struct world w;
    open_world(&w);
    w.want.parallel = 1;
    put_bulk(&w, "bulk1", 1);
    put_bulk(&w, "bulk2", 2);
    run(&w);
    put1(&w, "first", 3);
    put1(&w, "behind", 2);
    static const char *const order[] = {"bulk1", "first", "bulk2", "behind"};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        run(&w);
        cr_assert(w.nfly == 1 && find(&w, order[i]) >= 0, "%s is not the next", order[i]);
        answer_text(&w, order[i], DELIVERY_DELIVERED);
    }
    run(&w);
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}

Test(queue_class, what_is_tried_again_stands_with_its_class)
{
    struct world w;
    open_world(&w);
    w.want.parallel = 1;
    put_bulk(&w, "bulk1", 1);
    put_bulk(&w, "bulk2", 2);
    put1(&w, "first", 3);
    run(&w);
    answer_text(&w, "first", DELIVERY_UNREACHABLE);
    clock_fake_advance(&w.time, SECOND);
    run(&w);
    answer_text(&w, "first", DELIVERY_DELIVERED);
    run(&w);
    answer_text(&w, "bulk1", DELIVERY_BUSY);
    run(&w);
    answer_text(&w, "bulk2", DELIVERY_DELIVERED);
    put1(&w, "second", 4);
    clock_fake_advance(&w.time, SECOND);
    run(&w);
    cr_assert(find(&w, "second") >= 0);
    answer_text(&w, "second", DELIVERY_DELIVERED);
    run(&w);
    cr_assert(find(&w, "bulk1") >= 0);
    close_world(&w);
}

/* `n` bulk messages, of which the window takes what it takes; then one that is not. */
static void put_backlog(struct world *w, uint64_t n)
{
    for (uint64_t i = 1; i <= n; i++) {
        put_bulk(w, "bulk", i);
        if (i % 100 == 0) {
            run(w);
        }
    }
    put1(w, "first", 1000000);
    put1(w, "shared", n);
}

Test(queue_class, a_backlog_of_bulk_beyond_the_window_is_overtaken)
{
    struct world w;
    enum { MANY = 3 * QUEUE_WINDOW_OUTPUTS };
    open_world(&w);
    w.want.parallel = 1;
    put_backlog(&w, MANY);
    int sent = 0;
    for (run(&w); find(&w, "first") < 0 && sent < 100; sent++) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
        run(&w);
    }
    cr_expect_lt(sent, 100, "it waits for the whole backlog");
    cr_expect_leq(status(&w).loaded, QUEUE_WINDOW_OUTPUTS);
    answer_text(&w, "first", DELIVERY_DELIVERED);
    for (run(&w); find(&w, "shared") < 0 && sent < 2 * MANY; sent++) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
        run(&w);
    }
    cr_expect_eq(sent, MANY, "one with the key of the last waits for it");
    answer_text(&w, "shared", DELIVERY_DELIVERED);
    run(&w);
    cr_expect(queue_is_empty(w.queue));
    cr_expect_eq(status(&w).delivered, MANY + 2);
    close_world(&w);
}

Test(queue_class, a_restart_takes_both_classes_up_in_the_order_of_the_journal)
{
    struct world w;
    open_world(&w);
    w.room = 0;
    put_bulk(&w, "bulk1", 1);
    put1(&w, "a", 1);
    put_bulk(&w, "bulk2", 1);
    put1(&w, "b", 1);
    put1(&w, "c", 2);
    run(&w);
    begin_anew(&w);
    w.want.parallel = 1;
    w.room = 8;
    static const char *const order[] = {"c", "bulk1", "a", "bulk2", "b"};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        run(&w);
        cr_assert(w.nfly == 1 && find(&w, order[i]) >= 0, "%s is not the next", order[i]);
        answer_text(&w, order[i], DELIVERY_DELIVERED);
    }
    close_world(&w);
}

Test(queue_class, people_find_bulk_ones_too)
{
    struct world w;
    open_world(&w);
    uint64_t a = put_bulk(&w, "bulk", 1);
    run(&w);
    answer_text(&w, "bulk", DELIVERY_REFUSED);
    run(&w);
    cr_expect_eq(status(&w).held, 1u);
    begin_anew(&w);
    cr_expect_eq(status(&w).held, 1u);
    cr_expect_gt(status(&w).oldest_us, 0);
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    answer_text(&w, "bulk", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "HLD");
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}
