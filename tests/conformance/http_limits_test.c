/* The http destination and peers that send too much, too slowly or without end. */
#include "adapters/http.h"
#include "adapters/http_intake.h"
#include "tests/conformance/http_house.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct house h;
static struct peer server, conn;

#define MSH "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1\r"

static struct delivery *begin(const char *more)
{
    http_begin(&h, &server, more);
    struct delivery *d = house_give(&h, MSH);
    peer_accept(&server, &conn);
    cr_assert(http_peer_takes(&conn, 1));
    return d;
}

static void end(void)
{
    peer_close(&conn);
    peer_close(&server);
    house_close(&h);
}

/* Send `piece` again and again until the delivery is over; returns the bytes. */
static size_t flood(struct delivery *d, const char *piece, size_t most)
{
    struct buf b = {0};
    size_t sent = 0;
    while (b.n < 32 * 1024) {
        buf_puts(&b, piece);
    }
    while (!d->done && sent < most) {
        peer_send(&conn, buf_str(&b));
        event_base_loop(h.loop, EVLOOP_NONBLOCK);
        sent += b.n;
    }
    buf_free(&b);
    return sent;
}

Test(http_limits, a_body_of_a_gigabyte_is_not_read)
{
    static const struct {
        const char *head;
        enum verdict verdict;
        const char *reason;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", DELIVERY_DELIVERED,
         "answered 200"},
        {"HTTP/1.1 400 No\r\nContent-Length: 1073741824\r\n\r\n", DELIVERY_REFUSED,
         "answered 400, bad request"},
        {"HTTP/1.1 503 No\r\n\r\n", DELIVERY_UNREACHABLE, "answered 503, service unavailable"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct delivery *d = begin("");
        peer_send(&conn, str_of(rows[i].head));
        cr_expect_lt(flood(d, "0123456789abcdef", 1 << 30), (size_t)16 << 20);
        http_expect(&h, d, rows[i].verdict, rows[i].reason);
        cr_expect_leq(d->reply.n, (size_t)HTTP_BODY_MAX + 32);
        cr_expect_geq(d->reply.n, (size_t)HTTP_BODY_MAX);
        cr_expect(peer_sees_end(&conn), "the rest is not read");
        cr_expect_eq(h.destination.ep.counters.connections_open, 0);
        end();
    }
}

Test(http_limits, a_chunked_body_without_end_is_not_read)
{
    struct delivery *d = begin("");
    peer_send(&conn, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    cr_expect_lt(flood(d, "10\r\n0123456789abcdef\r\n", 1 << 30), (size_t)16 << 20);
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(http_limits, a_body_of_just_the_bound_is_whole)
{
    static char body[HTTP_BODY_MAX + 1];
    memset(body, 'x', HTTP_BODY_MAX);
    struct delivery *d = begin("");
    http_peer_answers(&conn, 200, "", body);
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    cr_expect_eq(h.destination.ep.counters.connections_open, 1, "and the connection is kept");
    end();
}

Test(http_limits, a_head_without_end_is_no_answer)
{
    static const char *const heads[] = {"HTTP/1.1 200 OK\r\n",
                                        "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 100 Continue\r\n\r\n"};
    static const char *const more[] = {"X-Header: 0123456789\r\n", "0123456789abcdef",
                                       "HTTP/1.1 100 Continue\r\n\r\n"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct delivery *d = begin("");
        peer_send(&conn, str_of(heads[i]));
        cr_expect_lt(flood(d, more[i], 1 << 30), (size_t)16 << 20);
        cr_assert(house_is_done(&h, d));
        cr_expect_eq(d->last.verdict, DELIVERY_UNKNOWN, "%s", d->last.reason);
        end();
    }
}

Test(http_limits, a_trailer_without_end_changes_nothing)
{
    struct delivery *d = begin("");
    peer_send(&conn, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"));
    cr_expect_lt(flood(d, "X-Trailer: 0123456789\r\n", 1 << 30), (size_t)16 << 20);
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(http_limits, a_head_that_drips_ends_with_reply_within)
{
    struct delivery *d = begin("reply-within: 1s\n");
    peer_send(&conn, STR("HTTP/1.1 200 OK\r\nX: "));
    for (int i = 0; i < 10; i++) {
        peer_send(&conn, STR("x"));
        run_now(h.loop);
        cr_assert_not(d->done);
        clock_fake_advance(&h.time, 100000); /* each byte does not buy more time */
    }
    http_expect(&h, d, DELIVERY_UNKNOWN, "no answer within reply-within");
    end();
}

Test(http_limits, a_body_that_drips_is_judged_by_its_status_then)
{
    struct delivery *d = begin("reply-within: 100ms\n");
    peer_send(&conn, STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    run_now(h.loop);
    cr_assert_not(d->done);
    clock_fake_advance(&h.time, 101000);
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    cr_expect(str_is(buf_str(&d->reply), "HTTP/1.1 200\r\n\r\nhalf"));
    end();
}

Test(http_limits, reply_within_counts_from_the_connection)
{
    struct delivery *d = begin("reply-within: 300ms\nconnect-within: 100ms\n");
    clock_fake_advance(&h.time, 200000); /* longer than connect-within */
    struct timeval more = {0, 150000};
    event_base_loopexit(h.loop, &more); /* its timer comes by */
    event_base_dispatch(h.loop);
    cr_assert_not(d->done);
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    end();
}

static const char *large(struct buf *b)
{
    buf_puts(b, MSH);
    while (b->n < 8 << 20) {
        buf_puts(b,
                 "OBX|1|TX|x||0123456789012345678901234567890123456789012345678901234567890123\r");
    }
    buf_putc(b, 0);
    return b->p;
}

Test(http_limits, a_large_message_goes_out_whole)
{
    struct buf b = {0};
    http_begin(&h, &server, "reply-within: 60s\n");
    struct delivery *d = house_give(&h, large(&b));
    peer_accept(&server, &conn);
    cr_assert(http_peer_takes(&conn, 1));
    cr_expect(str_is(http_peer_body(http_peer_request(&conn, 0)), b.p));
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    buf_free(&b);
    end();
}

static bool has_begun(void *arg)
{
    return ((struct peer *)arg)->in.n > 0;
}

Test(http_limits, a_peer_that_answers_before_it_has_read_all_is_heard)
{
    struct buf b = {0};
    http_begin(&h, &server, "");
    struct delivery *d = house_give(&h, large(&b));
    peer_accept(&server, &conn);
    cr_assert(run_until(h.loop, has_begun, &conn));
    event_del(conn.on_read); /* reads no more */
    http_peer_answers(&conn, 413, "Connection: close\r\n", "too much");
    http_expect(&h, d, DELIVERY_REFUSED, "answered 413, content too large");
    buf_free(&b);
    end();
}

Test(http_limits, a_peer_that_stops_reading_is_unknown)
{
    struct buf b = {0};
    http_begin(&h, &server, "reply-within: 100ms\n");
    struct delivery *d = house_give(&h, large(&b));
    peer_accept(&server, &conn);
    cr_assert(run_until(h.loop, has_begun, &conn));
    event_del(conn.on_read);
    run_now(h.loop);
    clock_fake_advance(&h.time, 101000);
    http_expect(&h, d, DELIVERY_UNKNOWN, "no answer within reply-within");
    buf_free(&b);
    end();
}
