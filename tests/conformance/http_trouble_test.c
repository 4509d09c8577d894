/* The http destination where connections do not come, break or are given up. */
#include "adapters/http.h"
#include "tests/conformance/http_house.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct house h;
static struct peer server, conn;
static unsigned taken; /* requests over `conn` */

#define MSH "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1\r"

static void begin(const char *more)
{
    conn.fd = -1;
    http_begin(&h, &server, more);
}

static void end(void)
{
    peer_close(&conn);
    peer_close(&server);
    house_close(&h);
}

static void to_url(const char *url, const char *more)
{
    struct buf yaml = {0};
    conn.fd = -1;
    house_open(&h);
    buf_printf(&yaml, "url: \"%s\"\n%s", url, more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
}

/* A request that is on its way: taken by the server. */
static struct delivery *sent(void)
{
    struct delivery *d = house_give(&h, MSH);
    if (conn.fd < 0) {
        peer_accept(&server, &conn);
        taken = 0;
    }
    cr_assert(http_peer_takes(&conn, ++taken));
    return d;
}

static void deliver_one(void)
{
    struct delivery *d = sent();
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
}

/* ---- no connection ---- */

Test(http_trouble, nobody_listening_is_unreachable)
{
    begin("");
    peer_close(&server);
    http_expect(&h, house_give(&h, MSH), DELIVERY_UNREACHABLE, "connection refused");
    cr_expect_eq(h.destination.ep.counters.connections, 0);
    cr_expect_eq(h.destination.ep.counters.connections_open, 0);
    house_close(&h);
}

Test(http_trouble, a_connection_that_does_not_come_is_unreachable)
{
    /* 192.0.2.0/24 is nobody's (RFC 5737): packets get lost, or are refused by a router */
    to_url("http://192.0.2.1/", "connect-within: 100ms\n");
    struct delivery *d = house_give(&h, MSH);
    clock_fake_advance(&h.time, 101000);
    cr_assert(house_is_done(&h, d));
    cr_expect_eq(d->last.verdict, DELIVERY_UNREACHABLE);
    house_close(&h);
}

Test(http_trouble, a_name_that_does_not_exist_is_unreachable)
{
    /* a label of 64: the resolver says no without asking the network */
    to_url("http://aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd.invalid/",
           "connect-within: 5m\n");
    http_expect(&h, house_give(&h, MSH), DELIVERY_UNREACHABLE, "the host name cannot be resolved");
    house_close(&h);
}

/* Neither canceling nor closing waits for the resolver. */
Test(http_trouble, a_name_that_takes_its_time_can_be_given_up)
{
    to_url("http://no.such.host.invalid/", "");
    struct delivery *d = house_give(&h, MSH);
    event_base_loop(h.loop, EVLOOP_NONBLOCK); /* the resolver's thread begins */
    if (!d->done) { /* it may have answered already: there is no such host */
        http_adapter.out->cancel(&h.destination, d);
    }
    cr_expect_eq(d->done, 1);
    cr_expect_eq(d->last.verdict, DELIVERY_UNREACHABLE);
    house_close(&h);
}

/* `server` listens already. */
static void deliver_to(const char *host)
{
    char url[64];
    struct buf yaml = {0};
    conn.fd = -1;
    snprintf(url, sizeof(url), "http://%s:%d/six?x=1", host, server.port);
    buf_printf(&yaml, "url: \"%s\"\n", url);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
    deliver_one();
    end();
}

Test(http_trouble, names_are_resolved)
{
    house_open(&h);
    peer_listen(&server, h.loop);
    deliver_to("localhost");
}

Test(http_trouble, ipv6_works)
{
    house_open(&h);
    if (peer_listen_v6(&server, h.loop) == 0) {
        house_close(&h);
        cr_skip("there is no IPv6");
    }
    deliver_to("[::1]");
}

/* ---- lost on the way ---- */

Test(http_trouble, a_peer_that_hangs_up_without_an_answer_is_unknown)
{
    begin("");
    struct delivery *d = sent();
    peer_close(&conn);
    http_expect(&h, d, DELIVERY_UNKNOWN, "the peer closed the connection");
    end();
}

Test(http_trouble, a_peer_that_half_closes_is_unknown)
{
    begin("");
    struct delivery *d = sent();
    peer_half_close(&conn);
    http_expect(&h, d, DELIVERY_UNKNOWN, "the peer closed the connection");
    end();
}

Test(http_trouble, a_reset_after_the_request_is_unknown)
{
    begin("");
    struct delivery *d = sent();
    peer_reset(&conn);
    http_expect(&h, d, DELIVERY_UNKNOWN, "the connection was lost");
    end();
}

static const struct {
    const char *bytes;
    enum verdict verdict;
    const char *reason;
} cuts[] = {
    {"HTTP/1.1 20", DELIVERY_UNKNOWN, "the peer closed the connection"},
    {"HTTP/1.1 200 OK\r\nContent-Le", DELIVERY_UNKNOWN, "the answer was cut short"},
    {"HTTP/1.1 100 Continue\r\n\r\n", DELIVERY_UNKNOWN, "the peer closed the connection"},
    {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", DELIVERY_UNKNOWN,
     "the peer closed the connection"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of", DELIVERY_UNKNOWN,
     "the answer was cut short"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf of", DELIVERY_UNKNOWN,
     "the answer was cut short"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", DELIVERY_UNKNOWN,
     "the answer was cut short"},
    {"HTTP/1.1 400 No\r\nContent-Length: 100\r\n\r\nhalf of", DELIVERY_REFUSED,
     "answered 400, bad request"},
    {"HTTP/1.1 503 No\r\nRetry-After: 3\r\nContent-Length: 100\r\n\r\nhalf of", DELIVERY_BUSY,
     "answered 503, service unavailable"},
    {"SSH-2.0-OpenSSH_9.2\r\n", DELIVERY_UNKNOWN, "the answer is no HTTP"},
    {"<html>old</html>", DELIVERY_UNKNOWN, "the answer is no HTTP"},
    {"\x15\x03\x01\x00\x02\x02\x46", DELIVERY_UNKNOWN, "the answer is no HTTP"},
    {"\vMSH|^~\\&|A\rMSA|AA|ID1\r\x1c\r", DELIVERY_UNKNOWN, "the answer is no HTTP"},
};

Test(http_trouble, an_answer_cut_short_is_unknown_unless_it_said_no)
{
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        begin("");
        struct delivery *d = sent();
        peer_send(&conn, str_of(cuts[i].bytes));
        run_now(h.loop);
        peer_half_close(&conn);
        cr_assert(house_is_done(&h, d));
        cr_expect(d->last.verdict == cuts[i].verdict, "%s: %d", cuts[i].bytes, d->last.verdict);
        cr_expect_str_eq(d->last.reason, cuts[i].reason, "%s: %s", cuts[i].bytes, d->last.reason);
        end();
    }
}

/* ---- kept connections ---- */

Test(http_trouble, connects_anew_when_the_peer_closed_while_idle)
{
    begin("");
    deliver_one();
    peer_close(&conn);
    deliver_one();
    cr_expect_eq(h.destination.ep.counters.connections, 2);
    end();
}

Test(http_trouble, connects_anew_after_an_answer_that_closes)
{
    begin("");
    struct delivery *d = sent();
    http_peer_answers(&conn, 200, "Connection: close\r\n", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    cr_expect(peer_sees_end(&conn));
    cr_expect_eq(h.destination.ep.counters.connections_open, 0);
    end();
}

static bool somebody_waits(void *arg)
{
    return ((struct peer *)arg)->accepted > 0;
}

/* libcurl would send it again over a new connection, under the same attempt. */
Test(http_trouble, a_kept_connection_that_dies_under_a_request_sends_nothing_twice)
{
    begin("");
    deliver_one();
    struct delivery *d = sent();
    peer_close(&conn);
    http_expect(&h, d, DELIVERY_UNKNOWN, "the peer closed the connection");
    run_now(h.loop);
    if (somebody_waits(&server)) {
        peer_accept(&server, &conn);
        cr_expect(peer_sees_end(&conn));
        cr_expect_eq(conn.in.n, 0, "%.*s", STR_ARG(buf_str(&conn.in)));
    }
    end();
}

/* ---- given up ---- */

Test(http_trouble, a_time_out_is_unknown_and_hangs_up)
{
    begin("reply-within: 100ms\n");
    struct delivery *d = sent();
    clock_fake_advance(&h.time, 101000);
    http_expect(&h, d, DELIVERY_UNKNOWN, "no answer within reply-within");
    cr_expect(peer_sees_end(&conn), "a late answer must find nobody");
    end();
}

Test(http_trouble, cancel_before_anything_was_sent_is_unreachable)
{
    begin("");
    for (int i = 0; i < 3; i++) { /* the later ones over what the first one left */
        struct delivery *d = house_give(&h, MSH);
        http_adapter.out->cancel(&h.destination, d);
        cr_expect_eq(d->done, 1, "before it returns");
        cr_expect_eq(d->last.verdict, DELIVERY_UNREACHABLE, "%d", i);
        deliver_one();
        peer_close(&conn);
    }
    end();
}

Test(http_trouble, cancel_of_what_was_sent_is_unknown)
{
    begin("");
    struct delivery *d = sent();
    http_adapter.out->cancel(&h.destination, d);
    cr_expect_eq(d->done, 1);
    cr_expect_eq(d->last.verdict, DELIVERY_UNKNOWN);
    cr_expect_str_eq(d->last.reason, "canceled");
    cr_expect(peer_sees_end(&conn));
    end();
}
