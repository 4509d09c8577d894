/* What people decide about a queue, and what they see of it. */
#include "tests/unit/flow/queue_world.h"

enum { ROWS = 32 };

struct seen {
    struct arena arena;
    struct queue_row v[ROWS];
    unsigned n;
};

static void look(struct world *w, enum queue_filter filter, struct seen *s)
{
    *s = (struct seen){0};
    s->n = queue_list(w->queue, filter, &s->arena, s->v, ROWS);
}

static const struct queue_row *row_of(const struct seen *s, uint64_t seq)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->v[i].ref.seq == seq) {
            return &s->v[i];
        }
    }
    cr_assert_fail("no row for %lu", (unsigned long)seq);
    return NULL;
}

static void refuse(struct world *w, const char *text)
{
    int i = find(w, text);
    cr_assert(i >= 0, "%s is not in flight", text);
    answer(w, (unsigned)i,
           (struct outcome){.verdict = DELIVERY_REFUSED,
                            .reply = STR("MSH|^~\\&|\rMSA|AE|1|NIGHTSHADE is not known\r")});
}

static void count_done(void *arg, enum journal_status status, uint64_t seq)
{
    (void)seq;
    *(unsigned *)arg += status == JOURNAL_STORED;
}

Test(queue_people, a_held_destination_sends_nothing_until_it_is_released)
{
    struct world w;
    unsigned done = 0;
    open_world(&w);
    put1(&w, "a1", 1);
    run(&w);
    queue_hold_all(w.queue, STR("ann"), count_done, &done);
    put1(&w, "b1", 2);
    run(&w);
    cr_expect_eq(done, 1u, "it is said when it is durable");
    cr_expect_eq(w.nfly, 1u, "what is in flight may end");
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(w.nfly, 0u);
    cr_expect_eq(w.wake_us, INT64_MAX);
    cr_expect(status(&w).is_held && str_is(status(&w).held_by, "ann"));
    cr_expect_eq(status(&w).held_since_us, 1780000000000000);
    begin_anew(&w);
    run(&w);
    cr_expect(status(&w).is_held && str_is(status(&w).held_by, "ann"), "also after a restart");
    cr_expect_eq(w.nfly, 0u);
    queue_go_on(w.queue, count_done, &done);
    run(&w);
    cr_expect_eq(done, 2u);
    cr_expect_not(status(&w).is_held);
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    begin_anew(&w);
    cr_expect_not(status(&w).is_held);
    cr_expect(str_find(buf_str(&w.lines), STR("destination-held destination=lab by=ann")) >= 0);
    close_world(&w);
}

Test(queue_people, a_held_destination_is_not_probed)
{
    struct world w;
    open_world(&w);
    put1(&w, "a1", 1);
    run(&w);
    answer_text(&w, "a1", DELIVERY_UNREACHABLE);
    queue_hold_all(w.queue, STR("ann"), NULL, NULL);
    run(&w);
    clock_fake_advance(&w.time, 3600 * (int64_t)SECOND);
    run(&w);
    cr_expect(w.nfly == 0 && w.wake_us == INT64_MAX);
    queue_go_on(w.queue, NULL, NULL);
    run(&w);
    cr_expect_eq(w.nfly, 1u);
    close_world(&w);
}

Test(queue_people, a_destination_that_is_away_is_asked_at_a_persons_word)
{
    struct world w;
    open_world(&w);
    put1(&w, "a1", 1);
    run(&w);
    answer(&w, 0,
           (struct outcome){.verdict = DELIVERY_UNREACHABLE,
                            .reason = "answered 503",
                            .retry_after_us = 3600 * (int64_t)SECOND});
    run(&w);
    cr_expect_eq(w.nfly, 0u);
    queue_ask_now(w.queue);
    run(&w);
    cr_expect_eq(w.nfly, 1u, "it knows better than the server's wish of an hour ago");
    queue_ask_now(w.queue);
    run(&w);
    cr_expect_eq(w.nfly, 1u, "one probe at a time");
    close_world(&w);
}

Test(queue_people, what_waits_says_for_whom)
{
    struct world w;
    struct seen s;
    uint64_t both[] = {1, 2};
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1), b = put1(&w, "b1", 2);
    uint64_t merge = put(&w, "merge", both, 2, NULL), last = put1(&w, "b2", 2);
    run(&w);
    refuse(&w, "a1");
    run(&w);
    look(&w, QUEUE_ANY, &s);
    cr_assert_eq(s.n, 4u);
    cr_expect_eq(row_of(&s, b)->state, QUEUED_SENDING);
    cr_expect_arr_eq(row_of(&s, b)->event, delivery_id(w.fly[0]).p, 26, "as the receiver sees it");
    cr_expect_eq(strlen(row_of(&s, merge)->event), 26u);
    const struct queue_row *held = row_of(&s, a);
    cr_expect_eq(held->state, QUEUED_HELD);
    cr_expect_eq(held->attempt, 1u);
    cr_expect_eq(held->since_us, 1780000000000000);
    cr_expect(str_is(held->why, "AE"), "the code and nothing of the text");
    cr_expect_eq(held->nkeys, 1u);
    const struct queue_row *m = row_of(&s, merge), *behind = row_of(&s, last);
    cr_assert(m->state == QUEUED_BLOCKED && m->ncauses == 2);
    cr_expect(m->causes[0].ref.seq == a && m->causes[0].state == QUEUED_HELD);
    cr_expect(m->causes[1].ref.seq == b && m->causes[1].state == QUEUED_SENDING);
    cr_assert_eq(behind->ncauses, 1u);
    cr_expect(behind->causes[0].ref.seq == b, "the first of the chain, not the one before");
    arena_free(&s.arena);
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    run(&w);
    look(&w, QUEUE_ONLY_WAITING, &s);
    cr_assert_eq(s.n, 2u);
    cr_expect(row_of(&s, last)->causes[0].ref.seq == a, "the way leads through the merge");
    cr_expect_eq(status(&w).blocked, 2u);
    arena_free(&s.arena);
    look(&w, QUEUE_ONLY_HELD, &s);
    cr_expect(s.n == 1 && s.v[0].ref.seq == a);
    arena_free(&s.arena);
    close_world(&w);
}

Test(queue_people, what_is_tried_again_says_when_and_why)
{
    struct world w;
    struct seen s;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1);
    run(&w);
    answer_text(&w, "a1", DELIVERY_BUSY);
    run(&w);
    clock_fake_advance(&w.time, SECOND / 4);
    look(&w, QUEUE_ANY, &s);
    cr_assert(s.n == 1 && s.v[0].ref.seq == a && s.v[0].state == QUEUED_WAITING);
    cr_expect_eq(s.v[0].due_us, 3 * SECOND / 4);
    cr_expect(str_is(s.v[0].why, "test"));
    cr_expect_eq(status(&w).waiting, 1u);
    arena_free(&s.arena);
    close_world(&w);
}

Test(queue_people, held_ones_stand_in_the_order_of_the_journal)
{
    struct world w;
    struct seen s;
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1), b = put1(&w, "b1", 2), c = put1(&w, "c1", 3);
    run(&w);
    refuse(&w, "c1");
    refuse(&w, "a1");
    refuse(&w, "b1");
    run(&w);
    look(&w, QUEUE_ONLY_HELD, &s);
    cr_assert_eq(s.n, 3u);
    cr_expect(s.v[0].ref.seq == a && s.v[1].ref.seq == b && s.v[2].ref.seq == c);
    arena_free(&s.arena);
    begin_anew(&w);
    look(&w, QUEUE_ONLY_HELD, &s);
    cr_assert_eq(s.n, 3u);
    cr_expect(s.v[0].ref.seq == a && s.v[0].id.hi == 0x0123456789abcdef);
    cr_expect_eq(s.v[0].since_us, 0, "since when stands in the journal");
    arena_free(&s.arena);
    close_world(&w);
}

Test(queue_people, all_that_waits_can_be_dropped_in_order_and_what_came_later_stays)
{
    struct world w;
    enum { MANY = QUEUE_WINDOW_OUTPUTS + 500 };
    open_world(&w);
    queue_hold_all(w.queue, STR("ann"), NULL, NULL);
    for (uint64_t i = 0; i < MANY; i++) {
        put1(&w, "m", i % 100);
        if (i % 100 == 99) {
            run(&w);
        }
    }
    run(&w);
    uint64_t through = journal_durable(w.journal), last = 0, dropped = 0, seen[100] = {0};
    uint64_t later = put1(&w, "later", 5);
    run(&w);
    struct entry_ref after = {0, 0};
    struct queued *o;
    while ((o = queue_next(w.queue, QUEUE_ALL, through, &after))) {
        last = queued_ref(o).seq;
        cr_assert_leq(last, through);
        struct msg *m = queue_message(w.queue, o);
        cr_assert_not_null(m);
        uint64_t key = m->e.outputs[0].keys[0];
        cr_assert_gt(last, seen[key], "out of order for its key");
        seen[key] = last;
        msg_unref(&m);
        queue_drop_one(w.queue, o, STR("ann"), STR(""));
        dropped++;
    }
    cr_expect_eq(dropped, MANY);
    run(&w);
    queue_go_on(w.queue, NULL, NULL);
    run(&w);
    cr_assert_eq(w.nfly, 1u);
    answer_text(&w, "later", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, later, "D");
    cr_expect_eq(status(&w).dropped, MANY);
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}

/* Hand the message of entry `seq` to queue_resend(), as operate_resend.c does. */
static int resend(struct world *w, uint64_t seq, uint32_t attempt)
{
    struct msg *m = msg_new(&w->pool);
    struct entry e;
    cr_assert_eq(journal_read(w->journal, seq, 0, &m->arena, &e), 0);
    cr_assert_eq(entry_get_message(&m->arena, e.body, &m->e), 0);
    m->seq = seq;
    int rc = queue_resend(w->queue, (struct entry_ref){seq, 0}, m, attempt, STR("ann"));
    msg_unref(&m);
    return rc;
}

Test(queue_people, what_is_settled_is_sent_again_under_its_id)
{
    struct world w;
    char id[27] = "";
    open_world(&w);
    uint64_t a = put1(&w, "a1", 1), b = put1(&w, "b1", 2);
    run(&w);
    cr_expect_eq(resend(&w, a, 1), ERR_STATE, "it is in flight");
    memcpy(id, delivery_id(w.fly[find(&w, "a1")]).p, 26);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    answer_text(&w, "b1", DELIVERY_REFUSED);
    run(&w);
    cr_expect_eq(queue_drop(w.queue, b, 0, STR("ann")), 0);
    run(&w);
    cr_expect_eq(resend(&w, a, 1), 0);
    cr_expect_eq(resend(&w, b, 0), 0, "dropped by mistake");
    cr_expect_eq(resend(&w, b, 0), ERR_STATE);
    run(&w);
    cr_assert_eq(w.nfly, 2u);
    struct delivery *d = w.fly[find(&w, "a1")];
    cr_expect_eq(delivery_view(d).attempt, 2u);
    cr_expect_arr_eq(delivery_id(d).p, id, 26);
    begin_anew(&w);
    cr_expect_eq(status(&w).queued, 2u, "both are open after a restart");
    run(&w);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    answer_text(&w, "b1", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "DLD");
    expect_history(&w, b, "HXLD");
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}

/* ---- a failed route ---- */

static const char *today; /* what the route sends today; NULL: it fails still */

static int rerun(void *arg, struct msg *m, struct entry_output *o, struct str *out_why)
{
    (void)arg;
    struct splice *s = ARENA_NEW(&m->arena, struct splice);
    if (!today) {
        *out_why = STR("maps.yaml:3:5: no row");
        return ERR_STATE;
    }
    *s = (struct splice){today, 0, (uint32_t)strlen(today)};
    o->kind = ENTRY_OUTPUT_PAYLOAD;
    o->payload = (struct splices){s, 1};
    return 0;
}

static const struct queue_ops rerun_ops = {room, send, cancel, wake_at, kick, rerun, NULL, NULL};

Test(queue_people, a_failed_route_sends_what_todays_rules_make_in_its_place)
{
    struct world w;
    uint64_t key = 1;
    open_world(&w);
    w.conf.ops = &rerun_ops;
    begin_anew(&w);
    today = NULL;
    uint64_t a = put(&w, "raw", &key, 1, "maps.yaml:3:5: no row");
    put1(&w, "a2", 1);
    run(&w);
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), ERR_STATE, "it fails still");
    cr_expect_eq(status(&w).held, 1u);
    begin_anew(&w);
    run(&w);
    cr_expect(status(&w).held == 1 && w.nfly == 0, "a restart releases nothing");
    today = "mended";
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), 0);
    run(&w);
    cr_assert(w.nfly == 1 && find(&w, "mended") >= 0, "before what waits for it");
    begin_anew(&w);
    run(&w);
    cr_assert(w.nfly == 1 && find(&w, "mended") >= 0, "released it is after a restart too");
    answer_text(&w, "mended", DELIVERY_DELIVERED);
    run(&w);
    expect_history(&w, a, "HLD");
    answer_text(&w, "a2", DELIVERY_DELIVERED);
    run(&w);
    close_world(&w);
}

Test(queue_people, a_failed_route_that_fails_again_when_it_is_sent_is_held_again)
{
    struct world w;
    struct seen s;
    uint64_t key = 1;
    open_world(&w);
    w.conf.ops = &rerun_ops;
    begin_anew(&w);
    uint64_t a = put(&w, "raw", &key, 1, "maps.yaml:3:5: no row");
    run(&w);
    today = "mended";
    cr_expect_eq(queue_release(w.queue, a, 0, STR("ann")), 0);
    today = NULL;
    begin_anew(&w); /* by now the rules are others */
    run(&w);
    cr_expect_eq(w.nfly, 0u);
    look(&w, QUEUE_ONLY_HELD, &s);
    cr_assert_eq(s.n, 1u);
    cr_expect(str_is(s.v[0].why, "maps.yaml:3:5: no row") && s.v[0].is_failed_route);
    cr_expect_eq(s.v[0].id.hi, 0x0123456789abcdef);
    arena_free(&s.arena);
    expect_history(&w, a, "HLH");
    close_world(&w);
}

Test(queue_people, ten_thousand_held_patients_hold_up_nobody_else)
{
    struct world w;
    enum { HELD = 10000, EACH = 2 };
    open_world(&w);
    uint64_t first = 0;
    for (uint64_t k = 1; k <= HELD; k++) {
        uint64_t seq = put1(&w, "held", k);
        first = k == 5000 ? seq : first;
        run(&w);
        refuse(&w, "held");
        run(&w);
    }
    for (uint64_t k = 1; k <= HELD; k++) {
        put1(&w, "behind", k);
        if (k % 50 == 0) {
            run(&w);
        }
    }
    run(&w);
    cr_expect_eq(status(&w).held, HELD);
    cr_expect_eq(status(&w).blocked, HELD);
    cr_expect_leq(status(&w).loaded, QUEUE_WINDOW_OUTPUTS);
    for (uint64_t k = 0; k < 1000; k++) { /* everyone else */
        put1(&w, "other", 100000 + k);
        run(&w);
        cr_assert_eq(w.nfly, 1u);
        answer_text(&w, "other", DELIVERY_DELIVERED);
    }
    run(&w);
    cr_expect_eq(queue_release(w.queue, first, 0, STR("ann")), 0);
    run(&w);
    cr_assert_eq(w.nfly, 1u, "only its own");
    answer_text(&w, "held", DELIVERY_DELIVERED);
    run(&w);
    cr_assert_eq(w.nfly, 1u);
    answer_text(&w, "behind", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(w.nfly, 0u);
    cr_expect_eq(status(&w).held, HELD - 1);
    begin_anew(&w);
    run(&w);
    cr_expect_eq(status(&w).held, HELD - 1, "and so it is after a restart");
    cr_expect_eq(w.nfly, 0u);
    close_world(&w);
}

Test(queue_people, the_oldest_says_since_when)
{
    struct world w;
    open_world(&w);
    cr_expect_eq(status(&w).oldest_us, 0);
    uint64_t a = put1(&w, "a1", 1);
    run(&w);
    struct queue_status s = status(&w);
    struct entry e;
    struct entry_message m;
    struct arena arena = {0};
    cr_assert_eq(journal_read(w.journal, a, 0, &arena, &e), 0);
    cr_assert_eq(entry_get_message(&arena, e.body, &m), 0);
    cr_expect_eq(s.oldest_us, m.received_us);
    answer_text(&w, "a1", DELIVERY_DELIVERED);
    run(&w);
    cr_expect_eq(status(&w).oldest_us, 0);
    arena_free(&arena);
    close_world(&w);
}
