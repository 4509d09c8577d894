/* from: a destination: its answers are messages, beside whoever waits for them. */
#include "engine/flow/operate.h"
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>

static const char routes[] =
    "route: ask\nfrom: in\nmessages: [ADT^A01]\ndo: [{ send: lab }]\n---\n"
    "route: tell\nfrom: lab\nmessages: [ACK]\non-error: hold\ndo:\n"
    "  - { send: desk, as: card, if: MSA-1 = 'AA' or MSA-1 = 'AE' }\n"
    "  - { reply: { as: own }, if: ZLB-1 = 'own' }\n"
    "  - { reply: { code: AE, error: 204, at: PID-3, text: unknown there }, if: ZLB-1 = 'no' "
    "}\n---\n"
    "map: card\nreads: ACK\nto: json\nvalue:\n  mrn: =$cause.PID-3[1].1\n  said: =MSA-1\n  note: "
    "=ZLB-2\n---\n"
    "map: own\nreads: ACK\nto: ACK\nversion: 2.5.1\nvalue: { MSA-1: AA, MSA-2: x, ZLB-1: "
    "=$cause.MSH-10 }\n";

static struct site s;
static struct peer p, listener, lab;
static int lab_port;
static char config[900];

static const char *configure(const char *ack, const char *desk)
{
    snprintf(
        config, sizeof(config),
        "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n    batch: { split: yes }\n%s"
        "destinations:\n  desk:\n%s    order-by: none\n"
        "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d, reply-within: 30s }\n    parallel: 1\n"
        "    order-by: none\n    retry: { first: 20ms, longest: 20ms }\n",
        ack, desk, lab_port);
    return config;
}

#define ANSWERED "    ack: { answered-by: lab, within: 10s }\n"
#define DISCARD  "    discard: {}\n"

static void begin_with(const char *ack, const char *desk, const char *rules)
{
    lab.fd = -1;
    site_prepare(&s, true);
    lab_port = peer_listen(&listener, s.loop);
    site_start(&s, configure(ack, desk), rules);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void begin(const char *ack)
{
    begin_with(ack, DISCARD, routes);
}

static void end(void)
{
    peer_close(&p);
    peer_close(&lab);
    peer_close(&listener);
    site_close(&s);
}

static void ask(const char *id)
{
    char text[300];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|EPIC|MAIN|CORR|HUB|2026||ADT^A01|%s|P|2.5.1\rPID|1||77-%s||DOE\r", id, id);
    peer_send_frame(&p, text);
}

static void lab_says(unsigned n, const char *code, const char *id, const char *rest)
{
    char text[300];
    cr_assert(peer_has_frames(&lab, n), "the question did not reach the lab");
    snprintf(text, sizeof(text),
             "MSH|^~\\&|LAB|L|EPIC|M|20260101%02u||ACK|LAB%u|P|2.5.1\rMSA|%s|%s\r%s", n, n, code,
             id, rest);
    peer_send_frame(&lab, text);
}

/* One question, and the lab's answer to it. */
static void begin_answered(const char *ack, const char *id, const char *code, const char *rest)
{
    begin(ack);
    ask(id);
    peer_accept(&listener, &lab);
    lab_says(1, code, id, rest);
}

#define EXPECT(n, ...) peer_expects(&p, n, (const char *const[]){__VA_ARGS__, NULL})

/* The `n`-th answer in the journal. */
static bool answer(unsigned n, struct entry_message *out)
{
    for (unsigned i = 0; site_stored(&s, i, out); i++) {
        bool is_one = out->status != ENTRY_ANSWERED && (out->cause.hi || out->cause.lo);
        if (is_one && n-- == 0) {
            return true;
        }
    }
    return false;
}

static const char *payload(const struct entry_message *m, unsigned i)
{
    cr_assert_lt(i, m->noutputs);
    struct splices v = m->outputs[i].payload;
    size_t n = splices_size(v);
    char *text = arena_alloc(&s.arena, n + 1);
    splices_write(v, m->raw, text);
    text[n] = '\0';
    return text;
}

Test(asked, an_answer_is_a_message_caused_by_the_one_that_asked)
{
    struct entry_message asking, m;
    begin("");
    ask("A1");
    EXPECT(0, "MSA|AA|A1");
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "A1", "ZLB|x|y\r");
    cr_assert(site_delivers(&s, "desk", 1));
    cr_assert(site_stored(&s, 0, &asking));
    cr_assert(answer(0, &m));
    cr_expect_eq(m.status, ENTRY_ACCEPTED);
    cr_expect(str_eq(journal_name_text(s.journal, JOURNAL_SOURCE, m.source), STR("lab")));
    cr_expect(m.cause.hi == asking.id.hi && m.cause.lo == asking.id.lo);
    cr_expect(str_find(m.raw, STR("|LAB1|")) > 0, "as it came");
    cr_expect_str_eq(payload(&m, 0), "{\"mrn\":\"77-A1\",\"said\":\"AA\",\"note\":\"y\"}");
    cr_expect(str_starts(m.peer, STR("lab ")) && str_ends(m.peer, STR(".0")), "%.*s",
              STR_ARG(m.peer));
    cr_expect_eq(site_destination(&s, "lab").answers, 1);
    end();
}

Test(asked, what_no_route_reads_is_filtered_and_stays)
{
    struct entry_message m;
    begin("");
    ask("U1");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_send_frame(&lab, "MSH|^~\\&|LAB|L|E|M|2026||RSP^K22|L1|P|2.5.1\rMSA|AA|U1\rQAK|q|OK\r");
    cr_assert(site_delivers(&s, "lab", 1));
    cr_assert(answer(0, &m));
    cr_expect_eq(m.status, ENTRY_FILTERED);
    cr_expect(str_is(m.reason, "unrouted"));
    end();
}

Test(asked, a_refusal_is_an_answer_too)
{
    struct entry_message m;
    begin_answered("", "R1", "AE", "");
    cr_assert(site_delivers(&s, "desk", 1));
    cr_assert(answer(0, &m));
    cr_expect_str_eq(payload(&m, 0), "{\"mrn\":\"77-R1\",\"said\":\"AE\"}");
    cr_expect_eq(site_destination(&s, "lab").held, 1, "the output waits for a person all the same");
    end();
}

Test(asked, a_route_answers_in_place_of_the_peer)
{
    begin_answered(ANSWERED, "P1", "AA", "ZLB|own\r");
    EXPECT(0, "MSH|^~\\&|CORR|HUB|EPIC|MAIN|", "\rMSA|AA|P1\r", "\rZLB|P1\r");
    ask("P1"); /* a copy gets the same */
    EXPECT(1, "\rMSA|AA|P1\r", "\rZLB|P1\r");
    cr_expect_eq(peer_frames(&lab), 1);
    ask("P2"); /* and where no route replies, the peer's passes on */
    lab_says(2, "AA", "P2", "ZLB|theirs\r");
    EXPECT(2, "\rMSA|AA|P2\r", "\rZLB|theirs\r");
    end();
}

Test(asked, a_route_that_rejects_is_told_to_whoever_waits)
{
    begin_answered(ANSWERED, "N1", "AA", "ZLB|no\r");
    EXPECT(0, "\rMSA|AE|N1\r", "204", "unknown there");
    cr_expect_eq(site_destination(&s, "desk").delivered, 0, "no outputs at all");
    ask("N1"); /* runs anew: the analyst may have mended it */
    lab_says(2, "AA", "N1", "");
    EXPECT(1, "\rMSA|AA|N1\r");
    end();
}

static bool is_held(void *arg)
{
    (void)arg;
    return site_destination(&s, "desk").held == 1;
}

#define FAILING                                                                                    \
    "route: ask\nfrom: in\nmessages: [ADT^A01]\ndo: [{ send: lab }]\n---\n"                        \
    "route: tell\nfrom: lab\nmessages: [ACK]\ndo: [{ send: desk, as: card }]\n---\n"               \
    "map: card\nreads: ACK\nto: json\nvalue:\n  mrn: =$cause.PID-3[1].1\n  n: =ZLB-1."

Test(asked, a_route_that_fails_is_held_and_released_with_its_cause)
{
    struct operate_order order = {
        .kind = OPERATE_RELEASE, .destination = STR("desk"), .by = STR("me"), .is_all = true};
    struct operate_result result = {0};
    struct entry_message m;
    struct str why = STR("");
    begin_with(ANSWERED, DISCARD, FAILING "toInteger()\n");
    ask("H1");
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "H1", "ZLB|seven\r");
    EXPECT(0, "\rMSA|AE|H1\r", "its route failed");
    cr_assert(run_until(s.loop, is_held, NULL));
    cr_assert_eq(site_reload(&s, configure(ANSWERED, DISCARD), FAILING "lower()\n"), 0);
    cr_assert_eq(engine_operate(s.engine, &order, &s.arena, &result, &why), 0, "%.*s",
                 STR_ARG(why));
    cr_expect_eq(result.done, 1);
    cr_assert(site_delivers(&s, "desk", 1));
    cr_assert(answer(0, &m));
    cr_expect_eq(m.outputs[0].kind, ENTRY_OUTPUT_FAILED_ROUTE);
    end();
}

/* Of a batch the one message that asked is the cause. */
Test(asked, a_message_of_a_batch_asks_for_itself)
{
    struct entry_message m;
    begin("");
    peer_send_frame(&p, "FHS|^~\\&|E\rBHS|^~\\&|E\r"
                        "MSH|^~\\&|E|M|C|H|2026||ADT^A01|B1|P|2.5.1\rPID|1||77-B1||D\r"
                        "MSH|^~\\&|E|M|C|H|2026||ADT^A01|B2|P|2.5.1\rPID|1||77-B2||D\r"
                        "BTS|2\rFTS|1\r");
    peer_accept(&listener, &lab);
    lab_says(1, "AA", "B1", "");
    lab_says(2, "AA", "B2", "");
    cr_assert(site_delivers(&s, "desk", 2));
    cr_assert(answer(0, &m));
    cr_expect(strstr(payload(&m, 0), "77-B1"));
    cr_assert(answer(1, &m));
    cr_expect(strstr(payload(&m, 0), "77-B2"));
    end();
}

/* The output that asked, as the answer names it. */
static uint64_t asking_entry(const struct entry_message *m)
{
    int64_t seq = 0;
    struct str ref = str_slice(m->peer, 4, m->peer.n);
    cr_assert(str_to_i64(str_slice(ref, 0, (size_t)str_index(ref, '.')), &seq));
    return (uint64_t)seq;
}

static void ask_again(const struct entry_message *m)
{
    struct operate_resend again = {
        .entry = asking_entry(m), .id = m->cause, .destination = STR("lab"), .by = STR("me")};
    struct operate_result result = {0};
    struct entry_id id;
    struct str why = STR("");
    cr_assert_eq(engine_resend(s.engine, &again, &s.arena, &result, &id, &why), 0, "%.*s",
                 STR_ARG(why));
}

/* As after a crash between the answer and the outcome of what asked. */
Test(asked, the_same_answer_to_the_same_output_is_taken_once)
{
    struct entry_message m, other;
    begin_answered("", "C1", "AA", "ZLB|x|y\r");
    cr_assert(site_delivers(&s, "desk", 1));
    cr_assert(answer(0, &m));
    ask_again(&m);
    lab_says(2, "AA", "C1", "ZLB|x|y\r");
    cr_assert(site_delivers(&s, "lab", 2));
    cr_expect_not(answer(1, &other));
    ask_again(&m);
    lab_says(3, "AA", "C1", "ZLB|x|other\r");
    cr_assert(site_delivers(&s, "desk", 2));
    cr_assert(answer(1, &other), "another answer is another message");
    cr_expect(other.id.lo != m.id.lo);
    end();
}

/* The process dies with the answer stored and its output not sent: it is sent at the next start. */
Test(asked, an_answer_that_is_stored_outlives_the_process)
{
    struct entry_message m;
    begin_answered("", "K1", "AA", "ZLB|x|y\r");
    cr_assert(site_delivers(&s, "desk", 1));
    peer_close(&p);
    site_stop(&s);
    simdisk_restart(s.disk);
    peer_close(&lab);
    site_start(&s, configure("", DISCARD), routes);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    cr_assert(answer(0, &m));
    cr_expect(engine_cause(s.journal, &m, &s.arena) != NULL, "what asked is found again");
    end();
}

/* What may wait for desk is used up by answers: the next one stays with lab, which is asked again. */
Test(asked, an_answer_without_room_is_asked_for_again)
{
    static char note[70000], text[71000];
    unsigned n = 0;
    begin_with("", "    mllp: { host: 127.0.0.1, port: 1 }\n    backlog: 1MiB\n",
               "route: ask\nfrom: in\nmessages: [ADT^A01]\ndo: [{ send: lab }]\n---\n"
               "route: tell\nfrom: lab\nmessages: [ACK]\ndo: [{ send: desk }]\n");
    memset(note, 'x', sizeof(note) - 1);
    ask("B0");
    peer_accept(&listener, &lab);
    while (n < 40 && !site_logged(&s, "answer-later")) {
        char id[8];
        snprintf(id, sizeof(id), "B%u", n);
        cr_assert(peer_has_frames(&lab, ++n));
        snprintf(text, sizeof(text),
                 "MSH|^~\\&|L|L|E|M|2026||ACK|L%u|P|2.5.1\rMSA|AA|%s\rNTE|1||%s\r", n, id, note);
        peer_send_frame(&lab, text);
        snprintf(id, sizeof(id), "B%u", n);
        ask(id);
        cr_assert(peer_has_frames(&p, n));
    }
    cr_assert(site_logged(&s, "answer-later"));
    cr_expect_lt(n, 40);
    cr_assert(peer_has_frames(&lab, n + 1), "it is asked again");
    cr_expect_gt(site_destination(&s, "lab").queued, 0, "and nothing is settled meanwhile");
    end();
}
