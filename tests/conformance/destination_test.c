/* Every destination: delivered, refused, time-out, half-closed, slow peer, cancel. */
#include "adapters/discard.h"
#include "adapters/mllp.h"
#include "tests/conformance/house.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct house h;
static struct peer server, conn;

#define MSH_1 "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1\r"
#define MSH_2 "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID2|P|2.5.1\rPID|2\r"

static void begin(const char *more)
{
    struct buf yaml = {0};
    house_open(&h);
    int port = peer_listen(&server, h.loop);
    buf_printf(&yaml, "host: 127.0.0.1\nport: %d\n%s%s", port, peer_destination_tls(), more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &mllp_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static void end(void)
{
    peer_close(&conn);
    peer_close(&server);
    house_close(&h);
}

static void reply(struct peer *p, const char *code, const char *id)
{
    struct buf b = {0};
    buf_printf(&b, "MSH|^~\\&|C|D|A|B|20260101||ACK|R|P|2.5.1\rMSA|%s|%s\r", code, id);
    buf_putc(&b, 0);
    peer_send_frame(p, b.p);
    buf_free(&b);
}

static void expect(struct delivery *d, enum verdict v, const char *reason)
{
    cr_assert(house_is_done(&h, d), "no outcome; wanted %s", reason);
    cr_expect_eq(d->last.verdict, v, "verdict %d (%s), wanted %d", d->last.verdict, d->last.reason,
                 v);
    cr_expect_str_eq(d->last.reason, reason);
}

static const struct {
    const char *code;
    enum verdict verdict;
    enum ack_code ack;
    const char *reason;
} codes[] = {
    {"AA", DELIVERY_DELIVERED, ACK_AA, "answered AA"},
    {"CA", DELIVERY_DELIVERED, ACK_CA, "answered CA"},
    {"AE", DELIVERY_REFUSED, ACK_AE, "answered AE"},
    {"CE", DELIVERY_REFUSED, ACK_CE, "answered CE"},
    {"AR", DELIVERY_REFUSED, ACK_AR, "answered AR"},
    {"CR", DELIVERY_REFUSED, ACK_CR, "answered CR"},
};

Test(destination, reads_delivered_and_refused_from_the_answer)
{
    begin("");
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct delivery *d = house_give(&h, MSH_1);
        if (i == 0) {
            peer_accept(&server, &conn);
        }
        cr_assert(peer_has_frames(&conn, (unsigned)i + 1));
        cr_expect(str_is(peer_frame(&conn, (unsigned)i), MSH_1), "the payload goes out as it is");
        reply(&conn, codes[i].code, "ID1");
        expect(d, codes[i].verdict, codes[i].reason);
        cr_expect(d->last.has_code && d->last.code == codes[i].ack);
        cr_expect(str_find(buf_str(&d->reply), STR("MSA|")) > 0, "the peer's answer is handed on");
    }
    cr_expect_eq(h.destination.ep.counters.connections, 1, "one connection serves all");
    end();
}

Test(destination, a_time_out_is_unknown_and_hangs_up)
{
    begin("reply-within: 100ms\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    clock_fake_advance(&h.time, 101000);
    expect(d, DELIVERY_UNKNOWN, "no answer within reply-within");
    cr_expect(peer_sees_end(&conn), "a late answer must find nobody");
    peer_close(&conn);
    struct delivery *next = house_give(&h, MSH_2);
    peer_accept(&server, &conn);
    reply(&conn, "AA", "ID2");
    expect(next, DELIVERY_DELIVERED, "answered AA");
    end();
}

Test(destination, an_answer_to_another_message_is_not_taken)
{
    begin("");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    reply(&conn, "AA", "ID0");
    reply(&conn, "AE", "id1");
    reply(&conn, "AA", "");
    reply(&conn, "CA", "ID1");
    expect(d, DELIVERY_DELIVERED, "answered CA");
    cr_expect(house_logged(&h, "unmatched-answer"));
    end();
}

Test(destination, nobody_listening_is_unreachable)
{
    begin("");
    peer_close(&server);
    struct delivery *d = house_give(&h, MSH_1);
    expect(d, DELIVERY_UNREACHABLE, "connection refused");
    house_close(&h);
}

Test(destination, a_connection_that_does_not_come_is_unreachable)
{
    house_open(&h);
    /* 192.0.2.0/24 is nobody's (RFC 5737): packets get lost, or are refused by a router */
    cr_assert_eq(house_destination(&h, &mllp_adapter, "host: 192.0.2.1\nconnect-within: 100ms\n"),
                 0);
    struct delivery *d = house_give(&h, MSH_1);
    clock_fake_advance(&h.time, 101000);
    cr_assert(house_is_done(&h, d));
    cr_expect_eq(d->last.verdict, DELIVERY_UNREACHABLE);
    house_close(&h);
}

static bool is_decided(void *arg)
{
    const struct delivery *d = arg;
    return d->done || server.accepted;
}

Test(destination, names_are_resolved_without_blocking)
{
    struct buf yaml = {0};
    house_open(&h);
    int port = peer_listen(&server, h.loop);
    buf_printf(&yaml, "host: localhost\nport: %d\n%s", port, peer_destination_tls());
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &mllp_adapter, yaml.p), 0);
    struct delivery *d = house_give(&h, MSH_1);
    cr_assert(run_until(h.loop, is_decided, d));
    if (d->done) { /* ::1 came first and nobody listens there: the next attempt takes the other address */
        cr_expect_eq(d->last.verdict, DELIVERY_UNREACHABLE);
        d = house_give(&h, MSH_1);
    }
    peer_accept(&server, &conn);
    reply(&conn, "AA", "ID1");
    expect(d, DELIVERY_DELIVERED, "answered AA");
    buf_free(&yaml);
    end();
}

Test(destination, a_name_that_does_not_exist_is_unreachable)
{
    house_open(&h);
    cr_assert_eq(
        house_destination(&h, &mllp_adapter, "host: no.such.host.invalid\nconnect-within: 100ms\n"),
        0);
    struct delivery *d = house_give(&h, MSH_1);
    clock_fake_advance(&h.time, 101000);
    cr_assert(house_is_done(&h, d));
    cr_expect_eq(d->last.verdict, DELIVERY_UNREACHABLE);
    house_close(&h);
}

Test(destination, a_peer_that_hangs_up_without_an_answer_is_unknown)
{
    begin("");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    peer_close(&conn);
    expect(d, DELIVERY_UNKNOWN, "the peer closed the connection");
    end();
}

Test(destination, a_peer_that_half_closes_is_unknown)
{
    begin("");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    peer_half_close(&conn);
    expect(d, DELIVERY_UNKNOWN, "the peer closed the connection");
    end();
}

Test(destination, an_answer_cut_short_is_unknown)
{
    begin("");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    peer_send(&conn, STR("\vMSH|^~\\&|C|D|A|B|20260101||ACK|R|P|2.5.1\rMSA|AA|ID"));
    run_now(h.loop);
    peer_close(&conn);
    expect(d, DELIVERY_UNKNOWN, "the peer closed the connection");
    end();
}

static const struct {
    const char *bytes, *reason;
} garbage[] = {
    {"\vhello\x1c\r", "the answer is no acknowledgement"},
    {"\vMSH|^~\\&|C|D|A|B|20260101||ADT^A01|R|P|2.5.1\rPID|1\r\x1c\r",
     "the answer is no acknowledgement"},
    {"\vMSH|^~\\&|C|D|A|B|20260101||ACK|R|P|2.5.1\rMSA|OK|ID1\r\x1c\r",
     "the answer is no acknowledgement"},
    {"\vMSH\x1cxx", "the answer is no MLLP frame"},
};

Test(destination, garbage_for_an_answer_is_unknown)
{
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        begin("");
        struct delivery *d = house_give(&h, MSH_1);
        peer_accept(&server, &conn);
        peer_send(&conn, str_of(garbage[i].bytes));
        expect(d, DELIVERY_UNKNOWN, garbage[i].reason);
        end();
    }
}

Test(destination, an_answer_larger_than_a_mebibyte_is_refused)
{
    begin("");
    struct buf big = {0};
    buf_putc(&big, '\v');
    while (big.n < (2 << 20)) {
        buf_puts(&big, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    peer_send(&conn, buf_str(&big));
    expect(d, DELIVERY_UNKNOWN, "the answer is no MLLP frame");
    buf_free(&big);
    end();
}

Test(destination, a_slow_answer_is_put_together)
{
    static const char answer[] = "\vMSH|^~\\&|C|D|A|B|20260101||ACK|R|P|2.5.1\rMSA|AA|ID1\r\x1c";
    begin("");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    for (size_t i = 0; i < sizeof(answer) - 1; i++) {
        peer_send(&conn, str_from(answer + i, 1));
        run_now(h.loop);
    }
    expect(d, DELIVERY_DELIVERED, "answered AA"); /* without CR: silence ends it */
    end();
}

Test(destination, a_peer_that_reads_slowly_gets_all_of_it)
{
    begin("reply-within: 60s\n");
    struct buf big = {0};
    buf_puts(&big, MSH_1);
    while (big.n < (8 << 20)) {
        buf_puts(&big,
                 "OBX|1|TX|x||0123456789012345678901234567890123456789012345678901234567890123\r");
    }
    buf_putc(&big, 0);
    struct delivery *d = house_give(&h, big.p);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    cr_expect(str_is(peer_frame(&conn, 0), big.p));
    reply(&conn, "AA", "ID1");
    expect(d, DELIVERY_DELIVERED, "answered AA");
    buf_free(&big);
    end();
}

Test(destination, cancel_ends_what_is_in_flight)
{
    begin("connections: 1\npipeline: 2\n");
    struct delivery *a = house_give(&h, MSH_1), *b = house_give(&h, MSH_2);
    mllp_adapter.out->cancel(&h.destination, a);
    cr_expect_eq(a->done, 1);
    cr_expect_eq(a->last.verdict, DELIVERY_UNREACHABLE, "nothing was sent yet");
    cr_assert(house_is_done(&h, b));
    struct delivery *c = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    peer_close(&conn); /* the first connection, given up */
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    mllp_adapter.out->cancel(&h.destination, c);
    cr_expect_eq(c->last.verdict, DELIVERY_UNKNOWN, "it was sent");
    end();
}

Test(destination, pipelined_answers_find_their_messages)
{
    char text[100], id[8];
    struct delivery *d[4];
    begin("connections: 1\npipeline: 4\n");
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof(text), "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|P%d|P|2.5.1\r", i);
        d[i] = house_give(&h, text);
    }
    cr_expect_eq(mllp_adapter.out->room(&h.destination), 0);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 4));
    for (int i = 3; i >= 0; i--) {
        snprintf(id, sizeof(id), "P%d", i);
        reply(&conn, i == 2 ? "AE" : "AA", id);
        cr_assert(house_is_done(&h, d[i]));
        cr_expect_eq(d[i]->last.verdict, i == 2 ? DELIVERY_REFUSED : DELIVERY_DELIVERED);
    }
    end();
}

Test(destination, opens_a_further_connection_only_when_all_are_busy)
{
    begin("connections: 2\n");
    struct peer second;
    struct delivery *a = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    struct delivery *b = house_give(&h, MSH_2);
    peer_accept(&server, &second);
    cr_expect_eq(mllp_adapter.out->room(&h.destination), 0);
    reply(&conn, "AA", "ID1");
    expect(a, DELIVERY_DELIVERED, "answered AA");
    struct delivery *c = house_give(&h, MSH_1);
    cr_assert(peer_has_frames(&conn, 2), "the idle one is used again");
    reply(&conn, "AA", "ID1");
    reply(&second, "AA", "ID2");
    expect(b, DELIVERY_DELIVERED, "answered AA");
    expect(c, DELIVERY_DELIVERED, "answered AA");
    peer_close(&second);
    end();
}

static bool is_closed(void *arg)
{
    (void)arg;
    return h.destination.ep.counters.connections_open == 0;
}

Test(destination, connects_anew_when_the_peer_closed_while_idle)
{
    begin("");
    struct delivery *a = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    reply(&conn, "AA", "ID1");
    expect(a, DELIVERY_DELIVERED, "answered AA");
    peer_close(&conn);
    cr_assert(run_until(h.loop, is_closed, NULL));
    struct delivery *b = house_give(&h, MSH_2);
    peer_accept(&server, &conn);
    reply(&conn, "AA", "ID2");
    expect(b, DELIVERY_DELIVERED, "answered AA");
    end();
}

Test(destination, reply_none_counts_what_is_sent)
{
    begin("reply: none\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    expect(d, DELIVERY_DELIVERED, "sent; no answer is expected");
    cr_expect_not(d->last.has_code);
    cr_assert(peer_has_frames(&conn, 1));
    end();
}

Test(destination, a_ca_may_be_followed_by_the_applications_answer)
{
    begin("reply: application\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    reply(&conn, "CA", "ID1");
    run_now(h.loop);
    cr_expect_eq(d->done, 0, "the message is stored there, no more");
    reply(&conn, "AE", "ID1");
    expect(d, DELIVERY_REFUSED, "answered AE");
    struct delivery *e = house_give(&h, MSH_2);
    cr_assert(peer_has_frames(&conn, 2));
    reply(&conn, "CE", "ID2");
    expect(e, DELIVERY_REFUSED, "answered CE");
    end();
}

Test(destination, a_ca_alone_is_no_answer_where_more_is_to_follow)
{
    begin("reply: application\nreply-within: 100ms\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    reply(&conn, "CA", "ID1");
    run_now(h.loop);
    clock_fake_advance(&h.time, 200000);
    expect(d, DELIVERY_UNKNOWN, "no answer within reply-within");
    end();
}

RUN_UNTIL_DECLARE(is_hung_up, const struct house *, x->destination.done == 2)

Test(destination, a_ca_once_more_gives_no_more_time)
{
    begin("reply: application\nreply-within: 100ms\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    for (int i = 0; i < 4 && !d->done; i++) {
        reply(&conn, "CA", "ID1");
        run_now(h.loop);
        clock_fake_advance(&h.time, 60000);
    }
    expect(d, DELIVERY_UNKNOWN, "no answer within reply-within");
    cr_expect(peer_sees_end(&conn));
    end();
}

/* The first has a CA and with it more time; the second waits for its own answer no longer for that. */
Test(destination, the_time_of_each_message_is_its_own)
{
    begin("reply: application\nreply-within: 100ms\npipeline: 2\nconnections: 1\n");
    struct delivery *d = house_give(&h, MSH_1), *e = house_give(&h, MSH_2);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 2));
    clock_fake_advance(&h.time, 90000);
    reply(&conn, "CA", "ID1");
    run_now(h.loop);
    clock_fake_advance(&h.time, 20000);
    cr_assert(run_until(h.loop, is_hung_up, &h));
    cr_expect_eq(d->done, 1);
    expect(e, DELIVERY_UNKNOWN, "no answer within reply-within");
    end();
}

static void commit_block(char byte)
{
    peer_send(&conn, str_from((char[]){0x0b, byte, 0x1c, 0x0d}, 4));
}

Test(destination, release_2_waits_for_the_block_and_the_answer_and_confirms_it)
{
    begin("release: 2\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    commit_block(0x06);
    run_now(h.loop);
    cr_expect_eq(d->done, 0);
    reply(&conn, "AA", "ID1");
    expect(d, DELIVERY_DELIVERED, "answered AA");
    cr_assert(peer_has_frames(&conn, 2));
    cr_expect(str_is(peer_frame(&conn, 1), "\x06"), "and says that it has the answer");
    struct delivery *e = house_give(&h, MSH_2);
    cr_assert(peer_has_frames(&conn, 3));
    commit_block(0x15);
    expect(e, DELIVERY_BUSY, "not stored by the peer (NAK)");
    end();
}

/* A peer that sends answers and reads nothing would fill the memory with blocks for it. */
Test(destination, release_2_confirms_no_answer_that_is_of_no_message)
{
    begin("release: 2\n");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    reply(&conn, "AA", "ID0");
    reply(&conn, "AA", "ID1");
    expect(d, DELIVERY_DELIVERED, "answered AA");
    cr_assert(house_logged(&h, "unmatched-answer"));
    cr_assert(peer_has_frames(&conn, 2));
    run_now(h.loop);
    cr_expect_eq(peer_frames(&conn), 2, "one block, for the answer that was waited for");
    end();
}

Test(destination, release_2_without_answers_counts_what_the_peer_has_stored)
{
    begin("release: 2\nreply: none\npipeline: 2\nconnections: 1\n");
    struct delivery *d = house_give(&h, MSH_1), *e = house_give(&h, MSH_2);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 2));
    run_now(h.loop);
    cr_expect_eq(d->done, 0, "sent is not stored");
    commit_block(0x06);
    expect(d, DELIVERY_DELIVERED, "stored by the peer");
    cr_expect_eq(e->done, 0);
    commit_block(0x15);
    expect(e, DELIVERY_BUSY, "not stored by the peer (NAK)");
    end();
}

Test(destination, a_single_byte_is_no_answer_in_release_1)
{
    begin("");
    struct delivery *d = house_give(&h, MSH_1);
    peer_accept(&server, &conn);
    cr_assert(peer_has_frames(&conn, 1));
    commit_block(0x06);
    expect(d, DELIVERY_UNKNOWN, "the answer is no acknowledgement");
    end();
}

Test(destination, a_payload_without_a_control_id_takes_the_only_answer)
{
    begin("");
    struct delivery *d = house_give(&h, "not HL7");
    peer_accept(&server, &conn);
    reply(&conn, "AA", "whatever");
    expect(d, DELIVERY_DELIVERED, "answered AA");
    end();
}

Test(destination, discard_takes_everything)
{
    house_open(&h);
    cr_assert_eq(house_destination(&h, &discard_adapter, "room: 3\n"), 0);
    cr_expect_eq(discard_adapter.out->room(&h.destination), 3);
    for (int i = 0; i < 100; i++) {
        struct delivery *d = house_give(&h, MSH_1);
        expect(d, DELIVERY_DELIVERED, "discarded");
    }
    cr_expect_eq(h.destination.ep.counters.messages, 100);
    house_close(&h);
}
