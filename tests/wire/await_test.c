/* await: of a send. The next messages of a patient are parked until the answer is there, so that what comes of it is sent
 * before them, wherever it goes. */
#include "engine/flow/operate.h"
#include "engine/flow/park.h"
#include "engine/flow/queue.h"
#include "tests/wire/await_ask.h"

#include <event2/event.h>

Test(await, what_comes_of_the_answer_goes_before_the_next_message)
{
    begin();
    begin_parked();
    tell(&q, "A08", "C1", "8"); /* another patient passes */
    EXPECT(&q, 0, "MSA|AA|C1");
    desk_has(0, "C1");
    cr_expect_eq(peer_frames(&p), 1, "who is parked is not answered");
    cr_expect_eq(site_destination(&s, "lab").awaited, 1);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 1, "MSA|AA|B1");
    desk_has(1, "LABA1");
    desk_has(2, "B1");
    cr_expect_eq(site_source(&s, "in").parked, 0);
    cr_expect_eq(site_destination(&s, "lab").awaited, 0);
    cr_expect_eq(site_destination(&s, "lab").late_answers, 0);
    cr_expect_eq(site_source(&s, "in").accepted, 2);
    end();
}

Test(await, what_is_parked_is_not_stored)
{
    struct entry_message m;
    begin();
    begin_parked();
    cr_assert(site_stored(&s, 0, &m));
    cr_expect_not(site_stored(&s, 1, &m));
    end();
}

Test(await, what_makes_nothing_or_is_of_nobody_does_not_wait)
{
    begin();
    begin_parked();
    tell(&q, "A03", "U1", "7"); /* no route reads it */
    EXPECT(&q, 0, "MSA|AA|U1");
    tell(&q, "A08", "N1", ""); /* names no patient */
    EXPECT(&q, 1, "MSA|AA|N1");
    desk_has(0, "N1");
    are_parked(1);
    end();
}

Test(await, the_time_ends_it)
{
    begin_with("", "", ASK("1s") NEXT TELL);
    begin_parked();
    peer_accept(&listener, &lab);
    desk_has(0, "B1");
    EXPECT(&p, 1, "MSA|AA|B1");
    cr_expect(site_logged(&s, "answer-late"));
    cr_expect_eq(site_destination(&s, "lab").late_answers, 1);
    cr_expect_eq(site_destination(&s, "lab").awaited, 0);
    lab_says(1, "AA", "A1");
    desk_has(1, "LABA1");
    end();
}

Test(await, a_refusal_that_is_held_is_an_answer)
{
    begin();
    begin_parked();
    lab_says(1, "AE", "A1");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    cr_expect_eq(site_destination(&s, "lab").held, 1);
    cr_expect_eq(site_destination(&s, "lab").late_answers, 0);
    end();
}

Test(await, a_refusal_that_settles_is_an_answer)
{
    begin_with("", "    replies: { AE: refused }\n", routes);
    begin_parked();
    lab_says(1, "AE", "A1");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    cr_expect_eq(site_destination(&s, "lab").refused, 1);
    end();
}

/* Nobody knows whether it arrived, and it is not sent again: there will be no answer. */
Test(await, a_peer_that_dies_ends_it_where_its_outcome_is_held)
{
    begin_with("", "    on-unknown: hold\n", routes);
    begin_parked();
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_close(&lab);
    desk_has(0, "B1");
    cr_expect_eq(site_destination(&s, "lab").held, 1);
    end();
}

Test(await, a_peer_that_dies_is_asked_again_and_waited_for)
{
    begin();
    begin_parked();
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_close(&lab);
    lab.fd = -1;
    lab_says(1, "AA", "A1");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    end();
}

/* The number of the `n`-th message in the journal. */
static uint64_t entry_of(unsigned n)
{
    struct journal_cursor c = {0};
    struct entry e;
    while (journal_next(s.journal, &c, &s.arena, &e) == 1) {
        if (entry_is_message(e.type) && n-- == 0) {
            return e.seq;
        }
    }
    return 0;
}

static bool lab_is_idle(void *arg)
{
    (void)arg;
    return site_destination(&s, "lab").in_flight == 0;
}

Test(await, who_drops_the_question_ends_it)
{
    struct operate_result result = {0};
    struct str why = STR("");
    uint64_t entry;
    begin();
    peer_close(&listener); /* nobody takes it */
    begin_parked();
    entry = entry_of(0);
    struct operate_order order = {.kind = OPERATE_DROP,
                                  .destination = STR("lab"),
                                  .by = STR("me"),
                                  .entries = &entry,
                                  .nentries = 1};
    queue_hold_all(engine_queue(s.engine, STR("lab")), STR("me"), NULL, NULL);
    cr_assert(run_until(s.loop, lab_is_idle, NULL));
    cr_assert_eq(engine_operate(s.engine, &order, &s.arena, &result, &why), 0);
    cr_expect_eq(result.done, 1);
    desk_has(0, "B1");
    cr_expect_eq(site_destination(&s, "lab").dropped, 1);
    end();
}

Test(await, several_on_one_connection_keep_their_order)
{
    begin();
    begin_parked();
    tell(&p, "A08", "C1", "8"); /* stored at once, answered in its turn */
    tell(&p, "A08", "B2", "7");
    tell(&p, "A08", "B3", "7");
    are_parked(3);
    desk_has(0, "C1");
    cr_expect_eq(peer_frames(&p), 1);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 4, "MSA|AA|B3");
    EXPECT(&p, 1, "MSA|AA|B1");
    EXPECT(&p, 2, "MSA|AA|C1");
    EXPECT(&p, 3, "MSA|AA|B2");
    desk_has(1, "LABA1");
    desk_has(2, "B1");
    desk_has(3, "B2");
    desk_has(4, "B3");
    end();
}

/* A merge of 7 and 8 waits for 7, and what comes of 8 behind it waits for the merge. */
Test(await, what_is_parked_is_waited_for)
{
    begin();
    tell(&p, "A01", "A1", "7");
    EXPECT(&p, 0, "MSA|AA|A1");
    tell(&p, "A40", "M1", "7~8");
    are_parked(1);
    tell(&q, "A08", "C1", "8");
    are_parked(2);
    tell(&q, "A08", "D1", "9");
    desk_has(0, "D1");
    lab_says(1, "AA", "A1");
    desk_has(1, "LABA1");
    desk_has(2, "M1");
    desk_has(3, "C1");
    end();
}

static void tell_account(struct peer *from, const char *event, const char *id, const char *rest)
{
    char text[300];
    snprintf(text, sizeof(text), "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^%s|%s|P|2.5.1\rPID|1||%s\r",
             event, id, rest);
    peer_send_frame(from, text);
}

/* Beside the patient's, the keys that the two outputs go by. */
Test(await, a_key_of_the_route_is_held_beside_the_patients)
{
    begin_with("", "",
               "route: ask\nfrom: in\nmessages: [ADT^A01]\ndo:\n"
               "  - { send: lab, await: 20s, key: =PID-18.1 }\n---\n"
               "route: next\nfrom: [in, other]\nmessages: [ADT^A08]\ndo:\n"
               "  - { send: desk, key: =PID-18.1 }\n---\n" TELL);
    tell_account(&p, "A01", "A1", "7|||||||||||||||ACC1");
    EXPECT(&p, 0, "MSA|AA|A1");
    tell_account(&q, "A08", "C1", "8|||||||||||||||ACC2");
    EXPECT(&q, 0, "MSA|AA|C1");
    tell_account(&q, "A08", "B1", "9|||||||||||||||ACC1"); /* of the account */
    tell_account(&q, "A08", "B2", "7|||||||||||||||ACC3"); /* of the patient */
    are_parked(2);
    lab_says(1, "AA", "A1");
    EXPECT(&q, 1, "MSA|AA|B1");
    EXPECT(&q, 2, "MSA|AA|B2");
    desk_has(0, "C1");
    desk_has(1, "LABA1");
    end();
}

/* A destination that keeps everything in order means nobody in particular. */
Test(await, order_by_all_does_not_make_others_wait)
{
    begin_with("", "    order-by: all\n",
               ASK("20s") "route: next\nfrom: [in, other]\n"
                          "messages: [ADT^A08]\ndo: [{ send: desk }, { send: lab, if: "
                          "PID-8.oneOf('X') }]\n---\n" TELL);
    begin_parked();
    tell_account(&q, "A08", "C1", "8|||||X");
    EXPECT(&q, 0, "MSA|AA|C1");
    desk_has(0, "C1");
    tell_account(&q, "A08", "B2", "7|||||X");
    are_parked(2);
    end();
}

/* What goes on is awaited itself. */
Test(await, one_question_after_the_other)
{
    begin();
    tell(&p, "A01", "A1", "7");
    tell(&p, "A01", "A2", "7");
    tell(&p, "A08", "B1", "7");
    are_parked(2);
    lab_says(1, "AA", "A1");
    are_parked(1);
    desk_has(0, "LABA1");
    lab_says(2, "AA", "A2");
    desk_has(1, "LABA2");
    desk_has(2, "B1");
    end();
}

/* An answer whose own question is awaited: the patient's messages wait for both. */
Test(await, an_answer_that_asks_on_is_awaited_too)
{
    begin_with("", "",
               ASK("20s") NEXT
               "route: tell\nfrom: lab\nmessages: [ACK]\ndo:\n"
               "  - { send: lab, id: again, await: 20s, if: MSH-10.oneOf('LABA1') }\n"
               "  - { send: desk, if: MSH-10.oneOf('LABA1').not() }\n");
    begin_parked();
    lab_says(1, "AA", "A1");
    lab_says(2, "AA", "LABA1");
    desk_has(0, "LABLABA1");
    desk_has(1, "B1");
    end();
}

Test(await, a_copy_of_what_is_parked_is_one_message)
{
    begin();
    begin_parked();
    tell(&q, "A08", "B1", "7"); /* of another source: another message */
    tell(&p, "A08", "B1", "7");
    are_parked(3);
    tell(&p, "A01", "A1", "7"); /* of what is awaited: answered as before */
    lab_says(1, "AA", "A1");
    EXPECT(&p, 1, "MSA|AA|B1");
    EXPECT(&p, 2, "MSA|AA|B1");
    EXPECT(&p, 3, "MSA|AA|A1");
    EXPECT(&q, 0, "MSA|AA|B1");
    desk_has(0, "LABA1");
    desk_has(2, "B1");
    cr_expect_eq(site_source(&s, "in").accepted, 2);
    cr_expect_eq(site_source(&s, "in").repeated, 2);
    end();
}

Test(await, who_waits_for_the_answer_gets_it_and_the_next_waits)
{
    begin_with("    ack: { answered-by: lab, within: 10s }\n", "", routes);
    tell(&p, "A01", "A1", "7");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    tell(&p, "A08", "B1", "7");
    are_parked(1);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 0, "MSA|AA|A1");
    EXPECT(&p, 1, "MSA|AA|B1");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    end();
}

Test(await, a_reload_keeps_it_and_what_goes_on_goes_by_the_new_rules)
{
    begin();
    begin_parked();
    cr_assert_eq(site_reload(&s, configure("", ""),
                             ASK("20s") "route: next\nfrom: in\nmessages: [ADT^A08]\ndo:\n"
                                        "  - set: { PID-8: F }\n  - send: desk\n---\n" TELL),
                 0);
    are_parked(1);
    lab_says(1, "AA", "A1");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    cr_expect(str_find(peer_frame(&desk, 1), STR("EXAMPLE|||F")) > 0);
    end();
}

Test(await, what_goes_on_waits_for_an_answer_as_the_new_plan_says)
{
    begin();
    begin_parked();
    cr_assert_eq(site_reload(&s, configure("    ack: { answered-by: lab, within: 10s }\n", ""),
                             ASK("20s") "route: next\nfrom: in\nmessages: [ADT^A08]\n"
                                        "do: [{ send: lab }]\n---\n" TELL),
                 0);
    lab_says(1, "AA", "A1");
    lab_says(2, "AA", "B1");
    EXPECT(&p, 1, "MSA|AA|B1");
    end();
}

/* By the new rules it has a key that is held as well: it waits on where it stood, and who stood behind it too. */
Test(await, what_goes_on_may_wait_again_and_keeps_its_place)
{
#define ASK_BY_ACCOUNT                                                                             \
    "route: ask\nfrom: in\nmessages: [ADT^A01]\ndo:\n"                                             \
    "  - { send: lab, await: 20s, key: =PID-18.1 }\n---\n"
    begin_with("", "", ASK_BY_ACCOUNT NEXT TELL);
    tell_account(&p, "A01", "A1", "7|||||||||||||||ACC1");
    EXPECT(&p, 0, "MSA|AA|A1");
    tell_account(&p, "A01", "A2", "9|||||||||||||||ACC9");
    EXPECT(&p, 1, "MSA|AA|A2");
    tell_account(&p, "A08", "B1", "7|||||||||||||||ACC9");
    tell_account(&p, "A08", "C1", "7");
    are_parked(2);
    cr_assert_eq(site_reload(&s, configure("", ""),
                             ASK_BY_ACCOUNT "route: next\nfrom: in\nmessages: [ADT^A08]\ndo:\n"
                                            "  - { send: desk, key: =PID-18.1 }\n---\n" TELL),
                 0);
    lab_says(1, "AA", "A1");
    desk_has(0, "LABA1");
    are_parked(2);
    peer_close(&lab); /* the other question came over a connection of its own */
    lab.fd = -1;
    lab_says(1, "AA", "A2");
    desk_has(1, "LABA2");
    desk_has(2, "B1");
    desk_has(3, "C1");
    end();
}

Test(await, what_the_new_rules_do_not_read_is_answered)
{
    begin();
    begin_parked();
    cr_assert_eq(site_reload(&s, configure("    unrouted: reject\n", ""), ASK("20s") TELL), 0);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 1, "MSA|AR|B1");
    end();
}

Test(await, a_source_that_goes_lets_go_of_what_is_parked)
{
    static const char without[] =
        "sources:\n  other: { mllp: { listen: \"127.0.0.1:0\" } }\n"
        "destinations:\n"
        "  desk:\n    mllp: { host: \"127.0.0.1\", port: %d, reply: none }\n"
        "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d }\n";
    begin();
    begin_parked();
    snprintf(config, sizeof(config), without, desk_port, lab_port);
    cr_assert_eq(
        site_reload(&s, config, "route: tell\nfrom: lab\nmessages: [ACK]\ndo: [{ send: desk }]\n"),
        0);
    EXPECT(&p, 1, "MSA|AA|B1");
    desk_has(0, "B1");
    end();
}

Test(await, at_a_stop_nobody_is_answered)
{
    struct entry_message m;
    begin();
    peer_close(&listener);
    begin_parked();
    site_drain(&s);
    cr_assert(peer_sees_end(&p));
    cr_expect_eq(peer_frames(&p), 1);
    cr_assert(site_stored(&s, 0, &m));
    cr_expect_not(site_stored(&s, 1, &m));
    end();
}

static void restart(const char *rules)
{
    peer_close(&p);
    peer_close(&q);
    peer_close(&lab);
    peer_close(&desk);
    lab.fd = desk.fd = -1;
    site_stop(&s);
    simdisk_restart(s.disk);
    site_start(&s, configure("", ""), rules);
    connect_peers();
}

/* What was parked comes again, and the question is as open as it was. */
Test(await, after_a_crash_the_question_is_still_awaited)
{
    begin();
    begin_parked();
    peer_accept(&listener, &lab);
    restart(routes);
    cr_expect_eq(site_destination(&s, "lab").awaited, 1);
    tell(&p, "A08", "B1", "7");
    are_parked(1);
    tell(&q, "A08", "C1", "8");
    desk_has(0, "C1");
    lab_says(1, "AA", "A1");
    desk_has(1, "LABA1");
    desk_has(2, "B1");
    end();
}

Test(await, after_a_crash_what_was_answered_or_is_too_old_is_not_awaited)
{
    begin_with("", "", ASK("1s") NEXT TELL);
    tell(&p, "A01", "A1", "7");
    lab_says(1, "AA", "A1");
    desk_has(0, "LABA1");
    tell(&p, "A01", "A2", "8");
    EXPECT(&p, 1, "MSA|AA|A2");
    tell(&p, "A08", "B1", "8");
    are_parked(1);
    are_parked(0); /* its second is over */
    event_base_loopexit(s.loop, &(struct timeval){.tv_usec = 20000});
    event_base_dispatch(s.loop);
    restart(ASK("1s") NEXT TELL);
    cr_expect_eq(site_destination(&s, "lab").awaited, 0);
    end();
}

/* ---- other ways in ---- */

#define B2 "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^A08|B2|P|2.5.1\rPID|1||8||D\r"
#define B3 "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^A08|B3|P|2.5.1\rPID|1||7||D\r"

/* A batch waits as a whole. */
Test(await, a_batch_is_parked_whole)
{
    begin_with("    batch: { split: yes }\n", "", routes);
    begin_parked();
    peer_send_frame(&p, "BHS|^~\\&|EPIC|MAIN|C|H|2026||||BATCH\r" B2 B3 "BTS|2\r");
    are_parked(2);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 2, "MSA|AA|BATCH");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    desk_has(2, "B2");
    desk_has(3, "B3");
    cr_expect_eq(site_source(&s, "in").c.messages, 4);
    cr_expect_eq(site_source(&s, "in").accepted, 4);
    end();
}

/* What a message of a batch asks is awaited by those behind the batch. */
Test(await, a_message_of_a_batch_holds_its_own_patient)
{
    begin_with("    batch: { split: yes }\n", "", routes);
    peer_send_frame(&p, "BHS|^~\\&|EPIC|MAIN|C|H|2026||||BATCH\r" B2
                        "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^A01|A1|P|2.5.1\rPID|1||7||D\rBTS|2\r");
    EXPECT(&p, 0, "MSA|AA|");
    desk_has(0, "B2");
    tell(&q, "A08", "C1", "8");
    desk_has(1, "C1");
    tell(&q, "A08", "B1", "7");
    are_parked(1);
    lab_says(1, "AA", "A1");
    desk_has(2, "LABA1");
    desk_has(3, "B1");
    end();
}

/* The last part waits, and with it the message that it completes. */
Test(await, a_message_in_parts_is_parked_with_its_last_part)
{
    begin_with("    continuation: { join: yes }\n", "", routes);
    tell(&p, "A01", "A1", "7");
    EXPECT(&p, 0, "MSA|AA|A1");
    peer_send_frame(&p, "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^A08|F1|P|2.5.1\rPID|1||7||D\rDSC|x|F\r");
    EXPECT(&p, 1, "MSA|AA|F1");
    peer_send_frame(&p, "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^A08|F2|P|2.5.1||x\rNTE|1||rest\r");
    are_parked(1);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 2, "MSA|AA|F2");
    desk_has(0, "LABA1");
    desk_has(1, "F1");
    cr_expect(str_find(peer_frame(&desk, 1), STR("rest")) > 0);
    end();
}

static void numbered(const char *event, const char *id, const char *patient, int number)
{
    char text[300];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|EPIC|MAIN|CORR|HUB|2026||ADT^%s|%s|P|2.5.1|%d\rPID|1||%s||EXAMPLE\r", event,
             id, number, patient);
    peer_send_frame(&p, text);
}

/* Numbers follow each other: who comes behind waits, whoever's it is. */
Test(await, a_source_that_counts_waits_as_one)
{
    begin_with("    sequence-numbers: on\n", "", routes);
    numbered("A01", "A1", "7", 1);
    EXPECT(&p, 0, "MSA|AA|A1||1");
    numbered("A08", "B1", "7", 2);
    numbered("A08", "C1", "8", 3);
    are_parked(2);
    lab_says(1, "AA", "A1");
    EXPECT(&p, 1, "MSA|AA|B1||2");
    EXPECT(&p, 2, "MSA|AA|C1||3");
    desk_has(0, "LABA1");
    desk_has(1, "B1");
    desk_has(2, "C1");
    end();
}

/* ---- limits ---- */

/* As many as are kept; one more is refused, and so it is told apart from one that is stored. */
Test(await, so_many_are_parked_and_no_more)
{
    struct peer many[4];
    char id[16];
    begin();
    tell(&p, "A01", "A1", "7");
    EXPECT(&p, 0, "MSA|AA|A1");
    for (unsigned i = 0; i < 4; i++) {
        peer_connect(&many[i], s.loop, site_address(&s, "in"));
    }
    for (unsigned i = 0; i < 4096; i++) {
        snprintf(id, sizeof(id), "N%u", i);
        tell(&many[i / 1024], "A08", id, "7");
    }
    are_parked(4096);
    tell(&q, "A08", "ONE", "7");
    EXPECT(&q, 0, "MSA|AR|ONE", "too many messages wait");
    tell(&q, "A08", "C1", "8");
    EXPECT(&q, 1, "MSA|AA|C1");
    desk_has(0, "C1");
    lab_says(1, "AA", "A1");
    are_parked(0);
    desk_has(1, "LABA1");
    desk_has(2, "N0");
    for (unsigned i = 0; i < 4; i++) {
        cr_expect(peer_has_frames(&many[i], 1024));
        peer_close(&many[i]);
    }
    cr_expect_eq(site_source(&s, "in").accepted, 4097);
    end();
}

enum { BATCHES = 8, OF_BATCH = PARK_HOLDS_MAX / BATCHES };

/* Batches that ask for a patient each. */
static void fill_with_questions(void)
{
    static char text[OF_BATCH * 100];
    for (int i = 0; i < BATCHES; i++) {
        size_t n = (size_t)sprintf(text, "BHS|^~\\&|E|M|C|H|2026||||BATCH%d\r", i);
        for (int k = i * OF_BATCH; k < (i + 1) * OF_BATCH; k++) {
            n += (size_t)sprintf(text + n,
                                 "MSH|^~\\&|E|M|C|H|2026||ADT^A01|A%d|P|2.5.1\rPID|1||K%d\r", k, k);
        }
        (void)sprintf(text + n, "BTS|%d\r", OF_BATCH);
        peer_send_frame(&p, text);
        EXPECT(&p, (unsigned)i, "MSA|AA|BATCH");
    }
}

/* One question more is refused, and asks nothing; who asks nothing is taken. */
Test(await, so_many_are_awaited_and_no_more)
{
    begin_with("    batch: { split: yes }\n", "", ASK("60s") NEXT TELL);
    fill_with_questions();
    cr_assert_eq(site_destination(&s, "lab").awaited, PARK_HOLDS_MAX);
    tell(&q, "A01", "ONE", "one");
    EXPECT(&q, 0, "MSA|AR|ONE", "too many messages wait");
    tell(&q, "A08", "C1", "8");
    EXPECT(&q, 1, "MSA|AA|C1");
    lab_says(1, "AA", "A0");
    desk_has(0, "C1");
    desk_has(1, "LABA0");
    tell(&q, "A01", "ONE", "one");
    EXPECT(&q, 2, "MSA|AA|ONE");
    end();
}
