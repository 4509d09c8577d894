/* answers: {from}: the peer takes a message with CA, and its application answers over a connection of its own. */
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>

#define ROUTES                                                                                     \
    "route: ask\nfrom: in\nmessages: [ADT^A01]\nwhen: PID-8 = 'F'\ndo:\n  - send: lab\n"           \
    "---\nroute: both\nfrom: in\nmessages: [ADT^A02]\ndo:\n  - send: lab\n"                        \
    "  - set: { MSH-5: OTHER }\n  - send: other\n"

#define TOLD                                                                                       \
    "---\nroute: told\nfrom: lab\nmessages: [ACK]\ndo:\n"                                          \
    "  - send: log\n    if: MSA-1 = 'AA' and $cause.PID-3[1].1 = '77'\n"

static const char *routes = ROUTES;
static struct site s;
static struct peer p, listener, lab, app;
static int lab_port;
static char config[1000];

static const char *configure(const char *within, const char *lab_more, const char *in_more)
{
    snprintf(config, sizeof(config),
             "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n%s"
             "  acks:\n    mllp: { listen: \"127.0.0.1:0\" }\n    senders: [LAB, OTHER]\n"
             "destinations:\n"
             "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d, reply-within: 30s }\n"
             "    answers: { from: acks, within: %s, most: 3 }\n    order-by: none\n"
             "    retry: { first: 20ms, longest: 20ms }\n%s"
             "  other:\n    mllp: { host: \"127.0.0.1\", port: %d, reply-within: 30s }\n"
             "    answers: { from: acks }\n    order-by: none\n"
             "  log:\n    discard: {}\n    order-by: none\n",
             in_more, lab_port, within, lab_more, lab_port);
    return config;
}

static void begin_with(const char *within, const char *lab_more, const char *in_more)
{
    lab.fd = -1;
    site_prepare(&s, true);
    lab_port = peer_listen(&listener, s.loop);
    site_start(&s, configure(within, lab_more, in_more), routes);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    peer_connect(&app, s.loop, site_address(&s, "acks"));
}

static void begin(const char *within)
{
    begin_with(within, "", "");
}

static void end(void)
{
    peer_close(&p);
    peer_close(&lab);
    peer_close(&app);
    peer_close(&listener);
    site_close(&s);
}

/* A message that asks for both answers, and is taken by us. */
static void ask_as(const char *type, const char *id, const char *when)
{
    char text[400];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|EPIC|MAIN|LAB|L|20260101120000||ADT^%s|%s|P|2.5.1|||%s\r"
             "PID|1||77||DOE^JANE||1980|F\r",
             type, id, when);
    peer_send_frame(&p, text);
}
static void ask(const char *id, const char *when)
{
    ask_as("A01", id, when);
}

/* The lab has the n-th message (from 1) on its connection. */
static void lab_has(unsigned n, const char *id)
{
    char msh[64];
    cr_assert(peer_has_frames(&lab, n), "%s did not reach the lab", id);
    snprintf(msh, sizeof(msh), "|%s|P|2.5.1|", id);
    cr_assert(str_find(peer_frame(&lab, n - 1), str_of(msh)) > 0, "%s: %.*s", id,
              STR_ARG(peer_frame(&lab, n - 1)));
}

static void say(struct peer *who, const char *from, const char *code, const char *id,
                const char *when, const char *rest)
{
    static unsigned n;
    char text[400];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|%s|L|EPIC|MAIN|20260101||ACK|S%u|P|2.5.1|||%s\rMSA|%s|%s\r%s", from, ++n,
             when, code, id, rest);
    peer_send_frame(who, text);
}

struct wanted {
    const char *name;
    uint64_t delivered, queued, held, answering;
};
static bool is_so(void *arg)
{
    const struct wanted *w = arg;
    struct engine_destination_status d = site_destination(&s, w->name);
    return d.delivered == w->delivered && d.queued == w->queued && d.held == w->held &&
           d.answering == w->answering;
}
static void becomes(const char *name, uint64_t delivered, uint64_t queued, uint64_t held,
                    uint64_t answering)
{
    struct wanted w = {name, delivered, queued, held, answering};
    struct engine_destination_status d;
    bool ok = run_until(s.loop, is_so, &w);
    d = site_destination(&s, name);
    cr_assert(ok, "%s: delivered %lu, queued %lu, held %lu, answering %lu", name,
              (unsigned long)d.delivered, (unsigned long)d.queued, (unsigned long)d.held,
              (unsigned long)d.answering);
}

static bool is_logged(void *arg)
{
    return site_logged(&s, arg);
}
static void logs(const char *text)
{
    cr_assert(run_until(s.loop, is_logged, (void *)(uintptr_t)text), "not in the log: %s", text);
}

static unsigned times_logged(const char *text)
{
    struct str rest = buf_str(&s.lines);
    unsigned n = 0;
    for (ptrdiff_t at; (at = str_find(rest, str_of(text))) >= 0; n++) {
        rest = str_slice(rest, (size_t)at + 1, rest.n);
    }
    return n;
}

/* The first message is with the lab. */
static void begin_sent(const char *within, const char *lab_more, const char *in_more)
{
    begin_with(within, lab_more, in_more);
    ask("Q1", "AL|AL");
    peer_accept(&listener, &lab);
    lab_has(1, "Q1");
}

static void is_taken(void)
{
    say(&lab, "LAB", "CA", "Q1", "", "");
    becomes("lab", 0, 1, 0, 1);
}

static void is_taken_and_answered(void)
{
    is_taken();
    say(&app, "LAB", "AA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
}

/* And it took it. */
static void begin_taken(const char *within, const char *lab_more, const char *in_more)
{
    begin_sent(within, lab_more, in_more);
    is_taken();
}

/* The application answered before that. */
static void begin_overtaken(const char *lab_more, const char *code)
{
    begin_sent("30s", lab_more, "");
    say(&app, "LAB", code, "Q1", "AL|NE", "");
    cr_assert(peer_has_frames(&app, 1), "it asked for CA");
    cr_expect(str_find(peer_frame(&app, 0), STR("\rMSA|CA|S")) > 0);
}

Test(answers, settle_what_was_taken_before)
{
    struct entry_message m;
    begin_taken("30s", "", "");
    say(&app, "LAB", "AA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
    cr_expect_eq(peer_frames(&app), 0, "it did not ask for an answer");
    cr_assert(site_stored(&s, 1, &m), "it is stored");
    cr_expect(m.status == ENTRY_FILTERED && str_is(m.reason, "ack"));
    cr_expect_not(site_logged(&s, "unmatched-answer"));
    end();
}

Test(answers, of_error_do_what_replies_says)
{
    begin_taken("30s", "    replies: { AR: retry, AE: refused }\n", "");
    say(&app, "LAB", "AR", "Q1", "", "");
    lab_has(2, "Q1"); /* again, under the same id */
    is_taken();
    say(&app, "LAB", "AE", "Q1", "", "ERR|||207|E\r");
    becomes("lab", 0, 0, 0, 0);
    cr_expect_eq(site_destination(&s, "lab").refused, 1);
    end();
}

Test(answers, of_error_hold_where_nothing_else_is_said)
{
    begin_taken("30s", "", "");
    say(&app, "LAB", "AE", "Q1", "", "ERR|||207|E\r");
    becomes("lab", 0, 0, 1, 0);
    say(&app, "LAB", "AA", "Q1", "", ""); /* a person decides by now */
    logs("unmatched-answer");
    becomes("lab", 0, 0, 1, 0);
    end();
}

Test(answers, that_do_not_come_have_it_sent_again)
{
    begin_taken("100ms", "", "");
    lab_has(2, "Q1");
    logs("no application answer within");
    cr_expect_not(site_destination(&s, "lab").unreachable);
    say(&app, "LAB", "AA", "Q1", "", ""); /* to the first one, before the second is taken */
    say(&lab, "LAB", "CA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
    end();
}

Test(answers, that_do_not_come_hold_where_a_repeat_does_harm)
{
    begin_taken("100ms", "    on-unknown: hold\n", "");
    becomes("lab", 0, 0, 1, 0);
    run_now(s.loop);
    cr_expect_eq(peer_frames(&lab), 1, "it is not sent again");
    end();
}

Test(answers, may_overtake_the_accept_level)
{
    begin_overtaken("", "AA");
    cr_expect_eq(site_destination(&s, "lab").delivered, 0,
                 "its turn on the connection comes first");
    say(&lab, "LAB", "CA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
    end();
}

Test(answers, that_overtake_stand_when_the_connection_is_lost)
{
    begin_overtaken("", "AA");
    peer_reset(&lab);
    becomes("lab", 1, 0, 0, 0);
    end();
}

/* What overtook the first attempt says nothing of the second. */
Test(answers, that_overtake_are_judged_once)
{
    begin_overtaken("    replies: { AR: retry }\n", "AR");
    say(&lab, "LAB", "CA", "Q1", "", "");
    lab_has(2, "Q1");
    is_taken_and_answered();
    end();
}

Test(answers, at_the_accept_level_settle_at_once_when_they_refuse)
{
    begin_sent("30s", "", "");
    say(&lab, "LAB", "CE", "Q1", "", "");
    becomes("lab", 0, 0, 1, 0);
    ask("Q2", "AL|AL");
    lab_has(2, "Q2");
    say(&lab, "LAB", "AA", "Q2", "", ""); /* on the connection, against the rules */
    becomes("lab", 1, 0, 1, 0);
    end();
}

/* Nobody is to answer for the application. */
Test(answers, are_not_waited_for_where_none_was_asked_for)
{
    static const char *const modes[] = {"AL|NE", "AL", ""};
    begin("30s");
    peer_close(&lab);
    for (unsigned i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof(id), "N%u", i);
        ask(id, modes[i]);
        if (i == 0) {
            peer_accept(&listener, &lab);
        }
        lab_has(i + 1, id);
        say(&lab, "LAB", *modes[i] ? "CA" : "AA", id, "", "");
        becomes("lab", i + 1, 0, 0, 0);
    }
    end();
}

Test(answers, of_errors_alone_are_waited_for_and_silence_is_good)
{
    begin("150ms");
    ask("Q1", "AL|ER");
    peer_accept(&listener, &lab);
    lab_has(1, "Q1");
    is_taken();
    becomes("lab", 1, 0, 0, 0);
    ask("Q2", "AL|ER");
    lab_has(2, "Q2");
    say(&lab, "LAB", "CA", "Q2", "", "");
    say(&app, "LAB", "AE", "Q2", "", "");
    becomes("lab", 1, 0, 1, 0);
    end();
}

Test(answers, to_nothing_are_told_and_never_answered)
{
    static const struct {
        const char *from, *code, *id, *text;
    } rows[] = {
        {"LAB", "AA", "Q2", "nothing waits for it"},
        {"LAB", "AA", "", "nothing waits for it"},
        {"LAB", "AA", "q1", "nothing waits for it"},
        {"LAB", "CA", "Q1", "speaks for no application"},
        {"LAB", "XX", "Q1", "speaks for no application"},
        {"SPY", "AA", "Q1", "not in `senders`"},
    };
    begin_taken("30s", "", "");
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_clear(&s.lines);
        say(&app, rows[i].from, rows[i].code, rows[i].id, "", "");
        logs(rows[i].text);
        cr_expect_eq(times_logged("unmatched-answer"), 1, "once");
        cr_expect_lt(str_find(buf_str(&s.lines), STR("MSA")), 0);
    }
    cr_expect_eq(peer_frames(&app), 0);
    becomes("lab", 0, 1, 0, 1);
    say(&app, "LAB", "AA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
    end();
}

/* One that was not confirmed comes again: it is confirmed, and settles nothing any more. */
Test(answers, that_come_again_are_confirmed_again)
{
    begin_taken("30s", "", "");
    say(&app, "LAB", "AA", "Q1", "AL|AL", ""); /* it may ask at the accept level alone */
    becomes("lab", 1, 0, 0, 0);
    say(&app, "LAB", "AA", "Q1", "AL|NE", "");
    cr_assert(peer_has_frames(&app, 2));
    cr_expect(str_find(peer_frame(&app, 0), STR("\rMSA|CA|S")) > 0);
    cr_expect(str_find(peer_frame(&app, 1), STR("\rMSA|CA|S")) > 0);
    run_now(s.loop);
    cr_expect_eq(peer_frames(&app), 2, "and nothing at the application level");
    becomes("lab", 1, 0, 0, 0);
    end();
}

Test(answers, are_waited_for_by_so_many_at_once)
{
    begin("30s");
    for (unsigned i = 1; i <= 5; i++) {
        char id[8];
        snprintf(id, sizeof(id), "Q%u", i);
        ask(id, "AL|AL");
    }
    cr_assert(peer_has_frames(&p, 5));
    for (unsigned i = 1; i <= 3; i++) {
        struct peer one = {.fd = -1};
        char id[8];
        snprintf(id, sizeof(id), "Q%u", i);
        peer_accept(&listener, &one);
        cr_assert(peer_has_frames(&one, 1));
        say(&one, "LAB", "CA", id, "", "");
        becomes("lab", 0, 5, 0, i);
        peer_close(&one);
    }
    run_now(s.loop);
    cr_expect_eq(site_destination(&s, "lab").in_flight, 0, "`most` are with the lab");
    say(&app, "LAB", "AA", "Q2", "", "");
    peer_accept(&listener, &lab);
    lab_has(1, "Q4");
    end();
}

/* The same control id goes to two, who answer at one source. */
Test(answers, are_told_apart_by_their_sender)
{
    struct peer one = {.fd = -1};
    begin("30s");
    ask_as("A02", "Q1", "AL|AL");
    peer_accept(&listener, &lab);
    peer_accept(&listener, &one);
    cr_assert(peer_has_frames(&lab, 1) && peer_has_frames(&one, 1));
    say(&lab, "LAB", "CA", "Q1", "", "");
    say(&one, "LAB", "CA", "Q1", "", "");
    becomes("lab", 0, 1, 0, 1);
    becomes("other", 0, 1, 0, 1);
    say(&app, "OTHER", "AE", "Q1", "", "");
    becomes("other", 0, 0, 1, 0);
    becomes("lab", 0, 1, 0, 1);
    say(&app, "LAB", "AA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
    peer_close(&one);
    end();
}

Test(answers, lost_by_a_restart_are_asked_for_again)
{
    begin_taken("30s", "", "");
    peer_close(&p);
    peer_close(&app);
    site_stop(&s);
    peer_close(&lab);
    simdisk_restart(s.disk);
    site_start(&s, config, ROUTES);
    peer_connect(&app, s.loop, site_address(&s, "acks"));
    peer_connect(&p, s.loop, site_address(&s, "in"));
    peer_accept(&listener, &lab);
    lab_has(1, "Q1");
    is_taken_and_answered();
    end();
}

#define ANSWERED_BY "    ack: { answered-by: lab, within: 20s }\n"

Test(answers, are_passed_on_where_the_sender_waits_for_them)
{
    begin_taken("30s", "", ANSWERED_BY);
    cr_assert(peer_has_frames(&p, 1));
    cr_expect(str_find(peer_frame(&p, 0), STR("\rMSA|CA|Q1")) > 0);
    say(&app, "LAB", "AE", "Q1", "AL|NE", "ERR||PID^1^3|204|E\r");
    cr_assert(peer_has_frames(&p, 2), "the lab's answer is passed on");
    cr_expect(str_find(peer_frame(&p, 1), STR("\rMSA|AE|Q1\rERR||PID^1^3|204|E")) > 0, "%.*s",
              STR_ARG(peer_frame(&p, 1)));
    becomes("lab", 0, 0, 0, 0);
    end();
}

Test(answers, that_come_too_late_for_the_sender_are_there_when_it_asks_again)
{
    begin_taken("30s", "", "    ack: { answered-by: lab, within: 150ms }\n");
    cr_assert(peer_sees_end(&p), "nobody knows, so nobody is told");
    say(&app, "LAB", "AA", "Q1", "", "");
    becomes("lab", 1, 0, 0, 0);
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    ask("Q1", "AL|AL");
    cr_assert(peer_has_frames(&p, 2));
    cr_expect(str_find(peer_frame(&p, 1), STR("\rMSA|AA|Q1")) > 0);
    cr_expect_eq(peer_frames(&lab), 1, "the lab was asked once");
    end();
}

Test(answers, can_be_had_for_reload_and_done_without)
{
    begin_taken("30s", "", "");
    char plain[1000];
    snprintf(plain, sizeof(plain), "%s", config);
    char *at = strstr(plain, "    answers: { from: acks, within");
    memmove(at, strchr(at, '\n') + 1, strlen(strchr(at, '\n') + 1) + 1);
    cr_assert_eq(site_reload(&s, plain, ROUTES), 0);
    ask("Q2", "AL|AL");
    lab_has(2, "Q2");
    say(&lab, "LAB", "CA", "Q2", "", "");
    becomes("lab", 1, 1, 0, 1);
    cr_assert_eq(site_reload(&s, configure("30s", "", ""), ROUTES), 0);
    say(&app, "LAB", "AA", "Q1", "", "");
    becomes("lab", 2, 0, 0, 0);
    end();
}

/* A route reads what the lab answers, wherever it comes from: the answer of the application, not CA. */
Test(answers, are_read_by_routes)
{
    routes = ROUTES TOLD;
    begin_taken("30s", "", "");
    run_now(s.loop);
    cr_expect_eq(site_destination(&s, "log").delivered, 0, "CA is no answer");
    say(&app, "LAB", "AA", "Q1", "AL|NE", "");
    becomes("lab", 1, 0, 0, 0);
    becomes("log", 1, 0, 0, 0);
    end();
}
