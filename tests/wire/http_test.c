/* The whole engine with an http destination: what becomes of an output after each kind of answer. */
#include "tests/conformance/http_peer.h"
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct site s;
static struct peer p, server, desk;
static char config[512];
static unsigned taken; /* requests over `desk` */

#define CONFIG                                                                                     \
    "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n"                                     \
    "destinations:\n  desk:\n    http: { url: \"http://127.0.0.1:%d/events\", "                    \
    "reply-within: %s }\n"                                                                         \
    "    parallel: 4\n    retry: { first: 10ms, longest: 50ms }\n%s"
#define ROUTES                                                                                     \
    "route: hl7\nfrom: in\nmessages: ADT^A01\ndo:\n  - send: desk\n---\n"                          \
    "route: json\nfrom: in\nmessages: SIU^S12\ndo:\n  - { send: desk, as: booked }\n---\n"         \
    "map: booked\nreads: SIU_S12\nto: json\nvalue: { id: =SCH-1.1 }\n"

static const char *message(const char *type, const char *id, const char *patient)
{
    static char text[256];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|EPIC|MAIN|X|Y|20260101120000||%s|%s|P|2.5.1\rSCH|A7\rPID|1||%s\r", type, id,
             patient);
    return text;
}

static const char *configure(const char *reply_within, const char *more)
{
    snprintf(config, sizeof(config), CONFIG, server.port, reply_within, more);
    return config;
}

static void begin_with(bool on_disk, const char *reply_within, const char *more)
{
    desk.fd = -1;
    site_prepare(&s, on_disk);
    peer_listen(&server, s.loop);
    site_start(&s, configure(reply_within, more), ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void begin(void)
{
    begin_with(false, "5s", "");
}

static void end(void)
{
    peer_close(&p);
    peer_close(&desk);
    peer_close(&server);
    site_close(&s);
}

static struct str next_request(void)
{
    if (desk.fd < 0) {
        peer_accept(&server, &desk);
        taken = 0;
    }
    cr_assert(http_peer_takes(&desk, ++taken), "no request came");
    return http_peer_request(&desk, taken - 1);
}

static void expect_header(struct str request, const char *name, const char *want)
{
    struct str got = http_peer_header(request, name);
    cr_expect(str_is(got, want), "%s: %.*s", name, STR_ARG(got));
}

static char key[27];
static void keep_key(struct str request)
{
    struct str got = http_peer_header(request, "Idempotency-Key");
    cr_assert_eq(got.n, 26);
    snprintf(key, sizeof(key), "%.*s", STR_ARG(got));
}

static bool is_held(void *arg)
{
    (void)arg;
    return site_destination(&s, "desk").held == 1;
}

static bool is_unreachable(void *arg)
{
    (void)arg;
    return site_destination(&s, "desk").unreachable;
}

Test(wire_http, hl7_and_json_arrive_with_their_types)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    struct str r = next_request();
    expect_header(r, "Content-Type", "application/hl7-v2");
    expect_header(r, "Corridor-Attempt", "1");
    cr_expect(str_is(http_peer_body(r), message("ADT^A01", "1", "7")));
    http_peer_answers(&desk, 200, "", "{\"ok\":true}");
    cr_assert(site_delivers(&s, "desk", 1));
    peer_send_frame(&p, message("SIU^S12", "2", "7"));
    r = next_request();
    expect_header(r, "Content-Type", "application/json");
    cr_expect(str_is(http_peer_body(r), "{\"id\":\"A7\"}"), "%.*s", STR_ARG(http_peer_body(r)));
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 2));
    cr_expect(peer_has_frames(&p, 2));
    end();
}

Test(wire_http, json_is_known_as_json_after_a_restart)
{
    begin_with(true, "5s", "");
    peer_send_frame(&p, message("SIU^S12", "1", "7"));
    cr_assert(peer_has_frames(&p, 1));
    keep_key(next_request());
    peer_close(&p);
    site_stop(&s);
    simdisk_restart(s.disk);
    peer_close(&desk);
    site_start(&s, config, ROUTES);
    struct str r = next_request();
    expect_header(r, "Content-Type", "application/json");
    expect_header(r, "Idempotency-Key", key);
    expect_header(r, "Corridor-Attempt", "2"); /* it may have been sent */
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 1));
    end();
}

Test(wire_http, what_is_refused_is_held_and_its_text_is_kept_but_never_logged)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    next_request();
    http_peer_answers(&desk, 422, "", "patient NIGHTSHADE is unknown");
    cr_assert(run_until(s.loop, is_held, NULL));
    cr_expect(site_logged(&s, "answered 422"));
    cr_expect_not(site_logged(&s, "NIGHTSHADE"));
    end();
}

Test(wire_http, a_redirect_is_held)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    next_request();
    http_peer_answers(&desk, 308, "Location: /elsewhere\r\n", "");
    cr_assert(run_until(s.loop, is_held, NULL));
    cr_expect_eq(http_peer_request(&desk, taken).n, 0, "and not followed");
    end();
}

Test(wire_http, a_lost_answer_is_sent_again_under_the_same_key)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    keep_key(next_request());
    peer_close(&desk);
    struct str r = next_request();
    expect_header(r, "Idempotency-Key", key);
    expect_header(r, "Corridor-Attempt", "2");
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 1));
    end();
}

Test(wire_http, on_unknown_hold_holds_a_lost_answer)
{
    begin_with(false, "5s", "    on-unknown: hold\n");
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    next_request();
    peer_close(&desk);
    cr_assert(run_until(s.loop, is_held, NULL));
    end();
}

Test(wire_http, no_answer_in_time_is_sent_again)
{
    begin_with(false, "100ms", "");
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    keep_key(next_request());
    cr_assert(peer_sees_end(&desk));
    peer_close(&desk);
    expect_header(next_request(), "Idempotency-Key", key);
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 1));
    end();
}

Test(wire_http, a_busy_answer_delays_its_message_and_no_other)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    next_request();
    http_peer_answers(&desk, 429, "Retry-After: 60\r\n", "");
    peer_send_frame(&p, message("ADT^A01", "2", "8"));
    struct str r = next_request();
    cr_expect_geq(str_find(r, STR("|2|P|")), 0);
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 1));
    cr_expect_eq(site_destination(&s, "desk").queued, 1);
    cr_expect_not(site_destination(&s, "desk").unreachable);
    end();
}

Test(wire_http, an_outage_stops_the_destination_and_its_end_starts_it)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    next_request();
    http_peer_answers(&desk, 503, "", "<html>maintenance</html>");
    cr_assert(run_until(s.loop, is_unreachable, NULL));
    cr_expect_str_eq(site_destination(&s, "desk").reason, "answered 503, service unavailable");
    for (int i = 0; i < 2; i++) { /* one probe at a time */
        expect_header(next_request(), "Corridor-Attempt", i ? "3" : "2");
        http_peer_answers(&desk, i ? 200 : 401, "", "");
    }
    cr_assert(site_delivers(&s, "desk", 1));
    cr_expect_not(site_destination(&s, "desk").unreachable);
    end();
}

Test(wire_http, a_new_address_is_taken_over_by_reload)
{
    begin();
    peer_send_frame(&p, message("ADT^A01", "1", "7"));
    next_request();
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 1));
    peer_close(&server);
    peer_listen(&server, s.loop);
    cr_assert_eq(site_reload(&s, configure("5s", ""), ROUTES), 0);
    peer_send_frame(&p, message("ADT^A01", "2", "7"));
    cr_assert(peer_sees_end(&desk), "the old connection goes");
    peer_close(&desk);
    next_request();
    http_peer_answers(&desk, 200, "", "");
    cr_assert(site_delivers(&s, "desk", 2));
    end();
}
