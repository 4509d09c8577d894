/* The queue when the journal behind it cannot be read, or has no room. */
#include "tests/unit/flow/queue_world.h"

/* A store whose reading fails as the test wants; everything else is the real one's. */
static int read_fails, fails_left;
static const struct store_ops *real_ops;

static int failing_next(struct journal *j, struct journal_cursor *c, uint64_t limit,
                        struct stored *out)
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

Test(queue, a_start_with_many_unsettled_loads_no_more_than_the_window)
{
    struct world w;
    open_world(&w);
    enum { MANY = QUEUE_WINDOW_OUTPUTS + 1000 };
    for (uint64_t k = 1; k <= MANY; k++) {
        put1(&w, "m", k);
        run(&w);
        while (w.nfly) {
            answer(&w, 0,
                   (struct outcome){.verdict = DELIVERY_BUSY,
                                    .retry_after_us = 3600 * (int64_t)SECOND});
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
    cr_expect_not_null(
        memmem(w.lines.p, w.lines.n, "journal-unreadable", strlen("journal-unreadable")));
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
    enum { MANY = 20000 };
    char reply[1000];
    memset(reply, 'r', sizeof(reply));
    for (uint64_t k = 1; k <= MANY; k++) {
        put1(&w, "m", k);
    }
    for (unsigned i = 0; i < MANY / 4; i++) {
        run(&w);
        while (w.nfly) {
            answer(&w, 0,
                   (struct outcome){.verdict = DELIVERY_DELIVERED,
                                    .reply = str_from(reply, sizeof(reply))});
        }
    }
    cr_expect(w.sent > 15000 && w.sent < 18000, "%lu sent", (unsigned long)w.sent);
    cr_expect_eq(status(&w).delivered, 0, "shown only when durable");
    has_room = true;
    for (unsigned i = 0; i < MANY / 4; i++) {
        run(&w);
        while (w.nfly) {
            answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
        }
    }
    cr_expect_eq(w.sent, MANY);
    cr_expect_eq(status(&w).queued, 0);
    close_world(&w);
}
