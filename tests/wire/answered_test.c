/* ack: {answered-by, within}: every way in which the destination may answer, or not. */
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>

#define ROUTES                                                                                     \
    "route: ask\nfrom: in\nmessages: [ADT^A01]\nwhen: PID-8 = 'F'\ndo:\n  - set: { MSH-10: ='x' "  \
    "& "                                                                                           \
    "MSH-10 }\n  - send: lab\n  - send: log\n"

static struct site s;
static struct peer p, listener, lab;
static int lab_port;
static char config[700];

static const char *configure(const char *within, const char *more)
{
    snprintf(config, sizeof(config),
             "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n"
             "    ack: { answered-by: lab, within: %s }\n"
             "destinations:\n  log:\n    discard: {}\n    order-by: none\n"
             "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d, reply-within: 30s }\n"
             "    order-by: none\n    retry: { first: 20ms, longest: 20ms }\n%s",
             within, lab_port, more);
    return config;
}

static const char *message(const char *id, const char *when)
{
    static char text[512];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|EPIC^1.2^ISO|MAIN|CORR|HUB|20260101120000||ADT^A01|%s|P|2.5.1|||%s\r"
             "PID|1||77||DOE^JANE||1980|F\r",
             id, when);
    return text;
}

static void begin_with(const char *within, const char *more)
{
    lab.fd = -1;
    site_prepare(&s, true); /* where places of entries are known */
    lab_port = peer_listen(&listener, s.loop);
    site_start(&s, configure(within, more), ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void begin(const char *within)
{
    begin_with(within, "");
}

static void end(void)
{
    peer_close(&p);
    peer_close(&lab);
    peer_close(&listener);
    site_close(&s);
}

static void ask(const char *id, const char *when)
{
    peer_send_frame(&p, message(id, when));
}

/* The lab has the n-th question, and answers this. */
static void lab_says(unsigned n, const char *code, const char *id, const char *rest)
{
    char text[400];
    cr_assert(peer_has_frames(&lab, n), "the question did not reach the lab");
    snprintf(text, sizeof(text),
             "MSH|^~\\&|LAB|L|EPIC|M|20260101||ACK|LAB%u|P|2.5.1\rMSA|%s|%s\r%s", n, code, id,
             rest);
    peer_send_frame(&lab, text);
}

#define EXPECT(n, ...) peer_expects(&p, n, (const char *const[]){__VA_ARGS__, NULL})

/* Of the journal, in order. */
static unsigned stored(enum entry_status status, struct entry_message *out)
{
    struct entry_message m;
    unsigned n = 0;
    for (unsigned i = 0; site_stored(&s, i, &m); i++) {
        if (m.status == status) {
            *out = m;
            n++;
        }
    }
    return n;
}

struct wanted_number {
    const char *name;
    uint64_t (*of)(struct engine_destination_status);
    uint64_t n;
};
static bool has_number(void *arg)
{
    const struct wanted_number *w = arg;
    return w->of(site_destination(&s, w->name)) >= w->n;
}
static uint64_t of_refused(struct engine_destination_status d)
{
    return d.refused;
}
static uint64_t of_queued(struct engine_destination_status d)
{
    return d.queued;
}
static bool lab_has(uint64_t (*of)(struct engine_destination_status), uint64_t n)
{
    struct wanted_number w = {"lab", of, n};
    return run_until(s.loop, has_number, &w);
}

Test(answered, the_answer_is_passed_on_under_the_senders_ids)
{
    struct entry_message m, a;
    begin("10s");
    ask("Q1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_expect_eq(peer_frames(&p), 0, "nobody is answered before the lab is");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1, "and it is stored");
    lab_says(1, "AA", "xQ1", "ZLB|found\r");
    EXPECT(0, "MSH|^~\\&|CORR|HUB|EPIC^1.2^ISO|MAIN|", "|ACK|", "\rMSA|AA|Q1\r", "\rZLB|found\r");
    cr_expect_lt(str_find(peer_frame(&p, 0), STR("LAB1")), 0, "MSH-10 is ours");
    cr_assert_eq(stored(ENTRY_ANSWERED, &a), 1, "the answer is in the journal");
    cr_expect_eq(a.cause.lo, m.id.lo);
    cr_expect(str_find(a.raw, STR("MSA|AA|xQ1")) > 0);
    cr_expect(str_eq(a.reply, peer_frame(&p, 0)));
    cr_expect(str_is(a.reason, "delivered"));
    cr_expect_eq(site_source(&s, "in").waiting, 0);
    end();
}

Test(answered, what_the_route_does_not_send_there_is_answered_when_stored)
{
    begin("10s");
    peer_send_frame(&p, "MSH|^~\\&|E|M|C|H|2026||ADT^A01|N1|P|2.5.1\rPID|1||7||D||1|M\r");
    EXPECT(0, "MSA|AA|N1");
    peer_send_frame(&p, "MSH|^~\\&|E|M|C|H|2026||ORU^R01|N2|P|2.5.1\r");
    EXPECT(1, "MSA|AA|N2");
    end();
}

Test(answered, a_refusal_settles_the_output_and_is_passed_on_and_runs_anew)
{
    struct entry_message m;
    begin("10s");
    ask("Q1", "");
    peer_accept(&listener, &lab);
    lab_says(1, "AE", "xQ1", "ERR||PID^1^3|204^Unknown key^HL70357|E\r");
    EXPECT(0, "\rMSA|AE|Q1\r", "\rERR||PID^1^3|204");
    cr_expect(lab_has(of_refused, 1));
    cr_expect_eq(site_destination(&s, "lab").held, 0, "nothing is left to a person");
    ask("Q1", "");
    lab_says(2, "AA", "xQ1", "");
    EXPECT(1, "\rMSA|AA|Q1\r");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 2);
    ask("Q1", "");
    EXPECT(2, "\rMSA|AA|Q1\r");
    cr_expect_eq(peer_frames(&lab), 2, "what was answered positively is not asked again");
    end();
}

Test(answered, enhanced_mode_is_answered_at_both_levels)
{
    begin("10s");
    ask("E1", "AL|AL");
    EXPECT(0, "\rMSA|CA|E1\r");
    peer_accept(&listener, &lab);
    cr_expect_eq(peer_frames(&p), 1);
    lab_says(1, "CA", "xE1", "");
    EXPECT(1, "\rMSA|AA|E1\r", "|P|2.5.1||||NE");
    ask("E1", "AL|AL");
    EXPECT(2, "\rMSA|CA|E1\r");
    EXPECT(3, "\rMSA|AA|E1\r");
    ask("E2", "AL|NE"); /* wants to hear of the commit only */
    EXPECT(4, "\rMSA|CA|E2\r");
    ask("E3", "NE|ER");
    lab_says(2, "AA", "xE2", "");
    lab_says(3, "AA", "xE3", "");
    ask("E4", "NE|ER");
    lab_says(4, "AR", "xE4", "");
    EXPECT(5, "\rMSA|AR|E4\r");
    end();
}

Test(answered, replies_leave_in_arrival_order)
{
    begin("10s");
    ask("O1", "AL|AL");
    peer_accept(&listener, &lab);
    peer_send_frame(&p, "MSH|^~\\&|E|M|C|H|2026||ORU^R01|O2|P|2.5.1|||AL|AL\r");
    ask("O3", "AL|AL");
    EXPECT(0, "MSA|CA|O1");
    lab_says(1, "AA", "xO1", "");
    EXPECT(1, "MSA|AA|O1");
    EXPECT(2, "MSA|CA|O2");
    EXPECT(3, "MSA|AA|O2");
    EXPECT(4, "MSA|CA|O3");
    end();
}

Test(answered, what_nobody_took_in_time_is_withdrawn)
{
    struct entry_message m;
    begin("200ms");
    peer_close(&listener);             /* connection refused */
    for (unsigned i = 0; i < 5; i++) { /* more than the window takes up of an unreachable one */
        char id[8];
        snprintf(id, sizeof(id), "W%u", i);
        ask(id, "");
    }
    ask("W0", ""); /* a copy waits as well */
    for (unsigned i = 0; i < 6; i++) {
        EXPECT(i, "\rMSA|AR|W", "207");
    }
    cr_expect_eq(site_destination(&s, "lab").queued, 0);
    cr_expect(site_logged(&s, "withdrawn"));
    cr_expect_not(p.is_ended);
    peer_listen_at(&listener, s.loop, lab_port);
    ask("W0", ""); /* AR may be sent again, and runs anew */
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "xW0", "");
    EXPECT(6, "\rMSA|AA|W0\r");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 6);
    end();
}

Test(answered, a_silent_peer_means_no_answer_and_a_copy_waits_again)
{
    struct entry_message m;
    begin("150ms");
    ask("S1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_expect(peer_sees_end(&p), "the connection closes");
    cr_expect_eq(peer_frames(&p), 0, "and nothing is said");
    cr_expect(site_logged(&s, "no-answer"));
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    ask("S1", "");
    run_now(s.loop);
    lab_says(1, "AA", "xS1", "");
    EXPECT(0, "\rMSA|AA|S1\r");
    cr_expect_eq(peer_frames(&lab), 1, "it was asked once");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1);
    end();
}

Test(answered, a_late_answer_is_kept_for_the_copy_that_comes_later)
{
    struct entry_message m;
    begin("150ms");
    ask("L1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_assert(peer_sees_end(&p));
    lab_says(1, "AA", "xL1", "ZLB|late\r");
    cr_assert(site_delivers(&s, "lab", 1));
    cr_expect_eq(stored(ENTRY_ANSWERED, &m), 1);
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    ask("L1", "");
    EXPECT(0, "\rMSA|AA|L1\r", "ZLB|late");
    cr_expect_eq(site_source(&s, "in").repeated, 1);
    end();
}

Test(answered, an_answer_to_another_message_is_none)
{
    begin("300ms");
    ask("M1", "");
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "xOTHER", "");
    cr_expect(peer_sees_end(&p));
    cr_expect_eq(peer_frames(&p), 0);
    end();
}

Test(answered, a_peer_that_dies_is_asked_again)
{
    begin("10s");
    ask("D1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_reset(&lab);
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "xD1", "");
    EXPECT(0, "\rMSA|AA|D1\r");
    end();
}

Test(answered, a_peer_that_died_with_it_leaves_no_answer)
{
    begin("300ms");
    ask("D2", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_close(&listener);
    peer_reset(&lab);
    cr_expect(peer_sees_end(&p), "it may have arrived: nobody says that it did not");
    cr_expect_eq(peer_frames(&p), 0);
    cr_expect(lab_has(of_queued, 1));
    end();
}

Test(answered, a_policy_that_holds_passes_the_code_on)
{
    begin_with("10s", "    replies: { AE: hold }\n");
    ask("H1", "");
    peer_accept(&listener, &lab);
    lab_says(1, "AE", "xH1", "");
    EXPECT(0, "\rMSA|AE|H1\r");
    cr_expect_eq(site_destination(&s, "lab").held, 1);
    ask("H1", "");
    EXPECT(1, "\rMSA|AE|H1\r");
    cr_expect_eq(peer_frames(&lab), 1);
    end();
}

/* The process dies in between: what was asked, and what was answered, is known at the next start. */
static void restart_within(const char *within)
{
    peer_close(&p);
    site_stop(&s);
    simdisk_restart(s.disk);
    peer_close(&lab);
    site_start(&s, configure(within, ""), ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void restart(void)
{
    restart_within("10s");
}

Test(answered, what_an_earlier_process_may_have_sent_is_not_withdrawn)
{
    begin("10s");
    ask("P1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_close(&listener);
    restart_within("150ms");
    ask("P1", "");
    cr_expect(peer_sees_end(&p));
    cr_expect_eq(peer_frames(&p), 0);
    end();
}

Test(answered, a_copy_after_a_restart_waits_or_gets_the_answer)
{
    struct entry_message m;
    begin_with("10s", "");
    ask("R1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    restart();
    ask("R1", "");
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "xR1", "ZLB|1\r");
    EXPECT(0, "\rMSA|AA|R1\r", "ZLB|1");
    restart();
    ask("R1", "");
    EXPECT(0, "\rMSA|AA|R1\r", "ZLB|1");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1);
    end();
}

Test(answered, the_end_of_the_process_does_not_wait_for_those_who_wait)
{
    begin("10s");
    peer_close(&listener);
    ask("Z1", "");
    run_now(s.loop);
    site_drain(&s);
    cr_expect(peer_sees_end(&p));
    cr_expect_eq(peer_frames(&p), 0);
    end();
}

Test(answered, what_is_turned_away_is_told_so_at_once)
{
    static char text[71000], note[70000];
    unsigned n = 0;
    begin_with("10s", "    backlog: 1MiB\n");
    peer_close(&listener);
    memset(note, 'x', sizeof(note) - 1);
    for (; n < 40 && !site_destination(&s, "lab").backlog_full; n++) {
        char id[8];
        snprintf(id, sizeof(id), "F%u", n);
        snprintf(text, sizeof(text), "%sNTE|1||%s\r", message(id, ""), note);
        peer_send_frame(&p, text);
        while (site_source(&s, "in").c.messages <= n) {
            event_base_loop(s.loop, EVLOOP_ONCE);
        }
        run_now(s.loop);
    }
    cr_assert_lt(n, 40);
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    ask("T1", "");
    EXPECT(0, "\rMSA|AR|T1", "207");
    end();
}

/* The source may be gone when its message is durable. */
Test(answered, a_source_that_goes_meanwhile_takes_nobody_with_it)
{
    char other[700];
    begin("10s");
    snprintf(other, sizeof(other),
             "sources:\n  else:\n    mllp: { listen: \"127.0.0.1:0\" }\n"
             "destinations:\n  log:\n    discard: {}\n"
             "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d }\n    order-by: none\n",
             lab_port);
    ask("G1", "");
    while (!site_source(&s, "in").waiting) { /* taken, and not durable yet */
        event_base_loop(s.loop, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    cr_assert_eq(
        site_reload(&s, other, "route: ask\nfrom: else\nmessages: [ADT^A01]\ndo:\n  - send: lab\n"),
        0);
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "xG1", "");
    run_now(s.loop);
    end();
}

Test(answered, a_copy_is_answered_when_its_source_does_not_wait_any_more)
{
    begin("150ms");
    ask("C1", "");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_expect(peer_sees_end(&p));
    peer_close(&p);
    char *at = strstr(config, "    ack:");
    memset(at, ' ', (size_t)(strchr(at, '\n') - at)); /* stored */
    cr_assert_eq(site_reload(&s, config, ROUTES), 0);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    ask("C1", "");
    EXPECT(0, "\rMSA|AA|C1\r");
    cr_expect_eq(peer_frames(&lab), 1, "it was asked once");
    end();
}

Test(answered, what_was_withdrawn_runs_anew_in_a_batch_as_well)
{
    char text[700];
    begin("200ms");
    peer_close(&listener);
    ask("W1", "");
    EXPECT(0, "\rMSA|AR|W1", "207");
    snprintf(text, sizeof(text), "BHS|^~\\&|A|B|C|D|2026||||B1\r%sBTS|1\r", message("W1", ""));
    peer_send_frame(&p, text);
    EXPECT(1, "\rMSA|AA|B1\r");
    cr_expect_eq(site_destination(&s, "lab").queued, 1, "it waits for the lab");
    end();
}
