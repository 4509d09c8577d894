/* ack: {application-to}: the application's answer is a message to a destination. */
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define ROUTES                                                                                     \
    "route: all\nfrom: in\nmessages: [ADT^A01]\nwhen: PID-8 = 'F'\ndo:\n  - require: "             \
    "PID-3.exists()\n    else: { reply: { code: AE, error: 101, at: PID-3, text: no id } }\n"      \
    "  - send: out\n"

static struct site s;
static struct peer p, listener, back;
static char config[500];
static unsigned replies;

static void begin(void)
{
    replies = 0;
    back.fd = -1;
    site_prepare(&s, true);
    snprintf(config, sizeof(config),
             "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n"
             "    ack: { application-to: back }\n"
             "destinations:\n  out:\n    discard: {}\n    order-by: none\n"
             "  back:\n    mllp: { host: \"127.0.0.1\", port: %d }\n"
             "    retry: { first: 20ms, longest: 20ms }\n",
             peer_listen(&listener, s.loop));
    site_start(&s, config, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void end(void)
{
    peer_close(&p);
    peer_close(&back);
    peer_close(&listener);
    site_close(&s);
}

static void tell(const char *id, const char *mode, const char *pid)
{
    char text[300];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|E|M|C|H|2026||ADT^A01^ADT_A01|%s|P|2.5.1|||%s\rPID|1||%s||||1980|F\r", id,
             mode, pid);
    peer_send_frame(&p, text);
}

static void answered(const char *msa)
{
    cr_assert(peer_has_frames(&p, ++replies), "%s: no answer", msa);
    struct str f = peer_frame(&p, replies - 1);
    cr_expect(str_find(f, str_of(msa)) >= 0, "%s is not in %.*s", msa, STR_ARG(f));
}

/* The n-th message (from 1) that the other side has, all these in it; it is taken with CA. */
static void came_back(unsigned n, const char *msh, const char *msa)
{
    char text[200];
    cr_assert(peer_has_frames(&back, n), "nothing came back");
    struct str f = peer_frame(&back, n - 1);
    cr_expect(str_starts(f, str_of("MSH|^~\\&|C|H|E|M|")), "%.*s", STR_ARG(f));
    cr_expect(str_find(f, str_of(msh)) > 0, "%s is not in %.*s", msh, STR_ARG(f));
    cr_expect(str_find(f, str_of(msa)) > 0, "%s is not in %.*s", msa, STR_ARG(f));
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    cr_assert_eq(hl7_parse(&a, f, &m, &fault), 0);
    snprintf(text, sizeof(text), "MSH|^~\\&|E|M|C|H|2026||ACK|K%u|P|2.5.1\rMSA|CA|%.*s\r", n,
             STR_ARG(hl7_field(&m, &m.seg[0], 10)));
    peer_send_frame(&back, text);
    arena_free(&a);
}

#define ASKS "|P|2.5.1|||AL|NE\r"

Test(ack_elsewhere, the_application_answers_over_a_destination)
{
    begin();
    tell("1", "AL|AL", "7");
    answered("\rMSA|CA|1\r");
    peer_accept(&listener, &back);
    came_back(1, ASKS, "\rMSA|AA|1\r");
    tell("2", "AL|AL", "");
    answered("\rMSA|CA|2\r");
    came_back(2, ASKS, "\rMSA|AE|2\r");
    tell("3", "AL|NE", "7"); /* nobody wants one */
    answered("\rMSA|CA|3\r");
    tell("4", "AL|ER", "7"); /* only if it were bad */
    answered("\rMSA|CA|4\r");
    tell("5", "", "7"); /* original mode: on the same connection */
    answered("\rMSA|AA|5\r");
    tell("6", "NE|AL", "7");
    came_back(3, ASKS, "\rMSA|AA|6\r");
    cr_assert(site_delivers(&s, "back", 3));
    cr_expect_eq(peer_frames(&p), replies);
    end();
}

Test(ack_elsewhere, a_copy_gets_its_accept_answer_and_no_second_one_of_the_application)
{
    begin();
    tell("1", "AL|AL", "7");
    answered("\rMSA|CA|1\r");
    tell("1", "AL|AL", "7");
    answered("\rMSA|CA|1\r");
    peer_accept(&listener, &back);
    came_back(1, ASKS, "\rMSA|AA|1\r");
    cr_assert(site_delivers(&s, "back", 1));
    cr_expect_eq(site_destination(&s, "back").queued, 0);
    end();
}

Test(ack_elsewhere, it_stands_over_a_restart)
{
    begin();
    tell("1", "AL|AL", "7");
    answered("\rMSA|CA|1\r");
    peer_accept(&listener, &back); /* it comes, and is not confirmed */
    cr_assert(peer_has_frames(&back, 1));
    peer_close(&p);
    site_stop(&s);
    peer_close(&back);
    simdisk_restart(s.disk);
    site_start(&s, config, ROUTES);
    peer_accept(&listener, &back);
    came_back(1, ASKS, "\rMSA|AA|1\r");
    cr_assert(site_delivers(&s, "back", 1));
    end();
}
