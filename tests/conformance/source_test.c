/* Every source: split reads, oversize, order of replies, pause, half-close, slow readers, limits. */
#include "adapters/mllp.h"
#include "tests/conformance/house.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct house h;

static void begin(const char *more)
{
    struct buf yaml = {0};
    house_open(&h);
    buf_printf(&yaml, "listen: 127.0.0.1:0\n%s%s", peer_source_tls(), more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_source(&h, &mllp_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static void connect_to(struct peer *p)
{
    peer_connect(p, h.loop, house_address(&h));
}

static void expect_frame(struct peer *p, unsigned n, const char *want)
{
    cr_assert(peer_has_frames(p, n + 1), "reply %u (%s) did not come", n, want);
    cr_expect(str_is(peer_frame(p, n), want), "reply %u is %.*s, wanted %s", n,
              STR_ARG(peer_frame(p, n)), want);
}

static void expect_taken(unsigned n, const char *want, bool is_refusal)
{
    cr_assert(house_takes(&h, n + 1), "exchange %u did not come", n);
    cr_expect(str_is(buf_str(&h.source.v[n].bytes), want), "exchange %u", n);
    cr_expect_eq(h.source.v[n].is_refusal, is_refusal);
}

static bool no_connection(void *arg)
{
    (void)arg;
    return h.source.ep.counters.connections_open == 0;
}

Test(source, reads_frames_however_they_are_cut)
{
    static const char stream[] = "\vone\x1c\r\vtwo\x1c\r\v\x1c\r\vthree\x1c\r";
    for (size_t cut = 1; cut <= sizeof(stream); cut += 3) {
        struct peer p;
        begin("");
        h.source.answers_at_once = true;
        connect_to(&p);
        for (size_t at = 0; at < sizeof(stream) - 1; at += cut) {
            peer_send(&p, str_slice(str_from(stream, sizeof(stream) - 1), at, at + cut));
            run_now(h.loop);
        }
        expect_taken(0, "one", false);
        expect_taken(1, "two", false);
        expect_taken(2, "", false);
        expect_taken(3, "three", false);
        expect_frame(&p, 0, "re:one");
        expect_frame(&p, 3, "re:three");
        cr_expect_eq(h.source.ep.counters.noise_bytes, 0);
        peer_close(&p);
        house_close(&h);
    }
}

Test(source, names_the_peer)
{
    struct peer p;
    begin("");
    connect_to(&p);
    peer_send_frame(&p, "x");
    cr_assert(house_takes(&h, 1));
    cr_expect(str_starts(buf_str(&h.source.v[0].peer), STR("127.0.0.1:")));
    peer_close(&p);
    house_close(&h);
}

static const struct {
    const char *name, *bytes;
    bool is_closed;      /* by the peer, after sending */
    const char *want[3]; /* exchanges; "!" before a refusal */
} endings[] = {
    {"CR ends a frame", "\va\x1c\r\vb\x1c\r", false, {"a", "b"}},
    {"VT ends a frame", "\va\x1c\vb\x1c\r", false, {"a", "b"}},
    {"the end of the stream ends a frame", "\va\x1c", true, {"a"}},
    {"silence ends a frame", "\va\x1c", false, {"a"}},
    {"another byte breaks it", "\va\x1cx\vb\x1c\r", false, {"!a"}},
    {"a message that begins inside breaks it", "\vMSH|a\vMSH|b\x1c\r", false, {"!MSH|a\vMSH"}},
    {"VT is text", "\va\vMS\v\v\x1c\r", false, {"a\vMS\v\v"}},
    {"a part is dropped at the end of the stream", "\va\x1c\r\vpart", true, {"a"}},
    {"noise between frames is skipped", "GET /\r\n\va\x1c\r\n\n\vb\x1c\r", false, {"a", "b"}},
};

Test(source, ends_frames_by_the_rules)
{
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct peer p;
        unsigned n = 0;
        begin("");
        h.source.answers_at_once = true;
        connect_to(&p);
        peer_send(&p, str_of(endings[i].bytes));
        if (endings[i].is_closed) {
            peer_half_close(&p);
        }
        for (; n < 3 && endings[i].want[n]; n++) {
            const char *want = endings[i].want[n];
            bool is_refusal = want[0] == '!';
            cr_assert(house_takes(&h, n + 1), "%s: exchange %u", endings[i].name, n);
            cr_expect(str_is(buf_str(&h.source.v[n].bytes), want + is_refusal), "%s",
                      endings[i].name);
            cr_expect_eq(h.source.v[n].is_refusal, is_refusal, "%s", endings[i].name);
            cr_assert(peer_has_frames(&p, n + 1), "%s: reply %u", endings[i].name, n);
        }
        bool ends = endings[i].is_closed || endings[i].want[0][0] == '!';
        cr_expect(!ends || peer_sees_end(&p), "%s", endings[i].name);
        cr_expect_eq(h.source.n, n, "%s: nothing more", endings[i].name);
        peer_close(&p);
        house_close(&h);
    }
}

Test(source, a_late_carriage_return_is_no_noise)
{
    struct peer p;
    begin("");
    h.source.answers_at_once = true;
    connect_to(&p);
    peer_send(&p, STR("\va\x1c"));
    expect_frame(&p, 0, "re:a");
    peer_send(&p, STR("\r\vb\x1c\r"));
    expect_frame(&p, 1, "re:b");
    cr_expect_eq(h.source.ep.counters.noise_bytes, 0);
    peer_close(&p);
    house_close(&h);
}

Test(source, refuses_what_is_too_large_and_serves_the_next)
{
    struct peer p, q;
    struct buf big = {0};
    begin("frame-limit: 100kB\n");
    h.source.answers_at_once = true;
    connect_to(&p);
    connect_to(&q);
    buf_putc(&big, '\v');
    while (big.n < 300000) {
        buf_puts(&big, "0123456789");
    }
    peer_send(&p, buf_str(&big));
    cr_assert(house_takes(&h, 1));
    cr_expect(h.source.v[0].is_refusal);
    cr_expect_eq(h.source.v[0].bytes.n, 65536, "the first part is kept");
    cr_expect(peer_has_frames(&p, 1));
    cr_expect(peer_sees_end(&p));
    peer_send_frame(&q, "next");
    expect_frame(&q, 0, "re:next");
    peer_close(&p);
    peer_close(&q);
    buf_free(&big);
    house_close(&h);
}

Test(source, takes_a_frame_of_exactly_the_limit)
{
    struct peer p;
    char text[1001];
    begin("frame-limit: 1kB\n");
    h.source.answers_at_once = true;
    memset(text, 'x', 1000);
    text[1000] = 0;
    connect_to(&p);
    peer_send_frame(&p, text);
    cr_assert(house_takes(&h, 1));
    cr_expect_not(h.source.v[0].is_refusal);
    cr_expect_eq(h.source.v[0].bytes.n, 1000);
    peer_close(&p);
    house_close(&h);
}

Test(source, bounds_the_memory_of_unfinished_frames)
{
    struct peer p[3];
    struct buf part = {0};
    begin("frame-limit: 16MiB\nframe-memory: 1MiB\n");
    buf_putc(&part, '\v');
    while (part.n < 500000) {
        buf_puts(&part, "0123456789");
    }
    for (int i = 0; i < 3; i++) {
        connect_to(&p[i]);
        peer_send(&p[i], buf_str(&part));
        run_now(h.loop);
    }
    cr_assert(house_takes(&h, 1));
    cr_expect(h.source.v[0].is_refusal, "the third does not fit");
    house_answer(&h, 0, 1);
    run_now(h.loop);
    cr_expect_eq(h.source.n, 1);
    for (int i = 0; i < 3; i++) {
        peer_close(&p[i]);
    }
    buf_free(&part);
    house_close(&h);
}

Test(source, replies_leave_in_the_order_of_arrival)
{
    struct peer p;
    begin("");
    connect_to(&p);
    for (int i = 0; i < 5; i++) {
        char text[2] = {(char)('a' + i), 0};
        peer_send_frame(&p, text);
    }
    cr_assert(house_takes(&h, 5));
    house_answer(&h, 4, 1);
    house_answer(&h, 2, 2);
    house_answer(&h, 1, 0);
    run_now(h.loop);
    cr_expect_eq(peer_frames(&p), 0, "the first one is not known yet");
    house_answer(&h, 0, 1);
    expect_frame(&p, 0, "re:a");
    expect_frame(&p, 1, "ca:c");
    expect_frame(&p, 2, "re:c");
    run_now(h.loop);
    cr_expect_eq(peer_frames(&p), 3);
    house_answer(&h, 3, 2);
    expect_frame(&p, 3, "ca:d");
    expect_frame(&p, 4, "re:d");
    expect_frame(&p, 5, "re:e");
    peer_close(&p);
    house_close(&h);
}

static void say_accepted(unsigned i)
{
    struct taken *t = &h.source.v[i];
    struct buf text = {0};
    buf_printf(&text, "ok:%.*s", STR_ARG(buf_str(&t->bytes)));
    mllp_adapter.in->accept(&h.source, t->conn, t->token, buf_str(&text));
    buf_free(&text);
}

Test(source, what_is_said_at_the_accept_level_keeps_the_order_too)
{
    struct peer p;
    begin("");
    connect_to(&p);
    for (int i = 0; i < 3; i++) {
        char text[2] = {(char)('a' + i), 0};
        peer_send_frame(&p, text);
    }
    cr_assert(house_takes(&h, 3));
    say_accepted(1);
    run_now(h.loop);
    cr_expect_eq(peer_frames(&p), 0, "nothing overtakes the first one");
    say_accepted(0);
    expect_frame(&p, 0, "ok:a");
    house_answer(&h, 1, 1);
    say_accepted(2);
    run_now(h.loop);
    cr_expect_eq(peer_frames(&p), 1);
    house_answer(&h, 0, 1);
    expect_frame(&p, 1, "re:a");
    expect_frame(&p, 2, "ok:b");
    expect_frame(&p, 3, "re:b");
    expect_frame(&p, 4, "ok:c");
    house_answer(&h, 2, 1);
    expect_frame(&p, 5, "re:c");
    peer_close(&p);
    house_close(&h);
}

Test(source, without_an_answer_the_connection_closes_behind_what_was_said)
{
    struct peer p;
    begin("");
    connect_to(&p);
    peer_send_frame(&p, "a");
    peer_send_frame(&p, "b");
    peer_send_frame(&p, "c");
    cr_assert(house_takes(&h, 3));
    house_answer(&h, 0, 1);
    mllp_adapter.in->abandon(&h.source, h.source.v[1].conn, h.source.v[1].token);
    cr_expect(peer_sees_end(&p));
    cr_expect_eq(peer_frames(&p), 1);
    house_answer(&h, 2, 1); /* is over as well, and nobody hears it */
    run_now(h.loop);
    cr_expect_eq(h.source.ep.counters.connections_open, 0);
    peer_close(&p);
    house_close(&h);
}

Test(source, release_2_says_first_whether_a_frame_is_stored)
{
    struct peer p;
    begin("release: 2\n");
    connect_to(&p);
    for (int i = 0; i < 5; i++) {
        char text[2] = {(char)('a' + i), 0};
        peer_send_frame(&p, text);
    }
    cr_assert(house_takes(&h, 5));
    say_accepted(1);
    house_answer(&h, 1, 1);
    mllp_adapter.in->turn_away(&h.source, h.source.v[2].conn, h.source.v[2].token, NULL, 0);
    h.source.v[2].is_answered = true;
    say_accepted(0);
    house_answer(&h, 0, 1);
    house_answer(&h, 3, 0);
    mllp_adapter.in->turn_away(&h.source, h.source.v[4].conn, h.source.v[4].token, NULL, 0);
    h.source.v[4].is_answered = true;
    static const char *const want[] = {"\x06", "ok:a", "re:a", "\x06", "ok:b",
                                       "re:b", "\x15", "\x06", "\x15"};
    for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        expect_frame(&p, i, want[i]);
    }
    peer_send(&p, STR("\x0b\x06\x1c\r")); /* the peer has our answer: nothing to be answered */
    peer_send_frame(&p, "f");
    cr_assert(house_takes(&h, 6));
    cr_expect(str_is(buf_str(&h.source.v[5].bytes), "f"));
    house_answer(&h, 5, 1);
    expect_frame(&p, 9, "\x06");
    expect_frame(&p, 10, "re:f");
    peer_close(&p);
    house_close(&h);
}

Test(source, in_release_1_a_refusal_is_said_in_an_answer)
{
    struct peer p;
    begin("");
    connect_to(&p);
    peer_send_frame(&p, "a");
    cr_assert(house_takes(&h, 1));
    struct str text = STR("no:a");
    mllp_adapter.in->turn_away(&h.source, h.source.v[0].conn, h.source.v[0].token, &text, 1);
    h.source.v[0].is_answered = true;
    expect_frame(&p, 0, "no:a");
    peer_close(&p);
    house_close(&h);
}

Test(source, loses_nothing_over_a_pause)
{
    struct peer p, q;
    char text[16];
    begin("");
    connect_to(&p);
    connect_to(&q);
    h.source.is_full = true;
    h.source.ep.adapter->in->pause(&h.source);
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "m%d", i);
        peer_send_frame(&p, text);
    }
    peer_send_frame(&q, "q");
    run_now(h.loop);
    cr_expect_eq(h.source.n, 0);
    h.source.is_full = false;
    h.source.answers_at_once = true;
    h.source.ep.adapter->in->resume(&h.source);
    cr_assert(peer_has_frames(&p, 200) && peer_has_frames(&q, 1));
    expect_frame(&p, 0, "re:m0");
    expect_frame(&p, 199, "re:m199");
    cr_expect_eq(h.source.n, 201);
    peer_close(&p);
    peer_close(&q);
    house_close(&h);
}

/* A refused peer that goes on sending still gets its answer, and is hung up on after a while. */
Test(source, a_refusal_is_not_lost_in_a_reset)
{
    struct peer p;
    struct buf junk = {0};
    begin("");
    h.source.answers_at_once = true;
    connect_to(&p);
    while (junk.n < 300000) {
        buf_puts(&junk, "more and more ");
    }
    peer_send(&p, STR("\va\x1cx"));
    peer_send(&p, buf_str(&junk));
    expect_frame(&p, 0, "re:a");
    cr_assert(peer_sees_end(&p));
    cr_expect_eq(h.source.ep.counters.connections_open, 1,
                 "our side is closed, the rest is thrown away");
    clock_fake_advance(&h.time, 3 * 1000000ll);
    cr_expect(run_until(h.loop, no_connection, NULL));
    cr_expect_eq(h.source.n, 1);
    peer_close(&p);
    buf_free(&junk);
    house_close(&h);
}

/* One sender that pipelines without end is not read further than the bound. */
Test(source, bounds_the_exchanges_of_one_connection)
{
    struct peer p;
    struct buf all = {0};
    begin("");
    connect_to(&p);
    for (int i = 0; i < 1500; i++) {
        buf_printf(&all, "\v%d\x1c\r", i);
    }
    peer_send(&p, buf_str(&all));
    cr_assert(house_takes(&h, 1024));
    run_now(h.loop);
    cr_expect_eq(h.source.n, 1024);
    for (unsigned i = 0; i < 1024; i++) {
        house_answer(&h, i, 1);
    }
    cr_assert(house_takes(&h, 1500));
    for (unsigned i = 1024; i < 1500; i++) {
        house_answer(&h, i, 1);
    }
    expect_frame(&p, 1499, "re:1499");
    peer_close(&p);
    buf_free(&all);
    house_close(&h);
}

/* The engine fills up in the middle of what one read brought, again and again. */
Test(source, offers_again_what_was_not_taken)
{
    struct peer p;
    struct buf all = {0};
    begin("");
    connect_to(&p);
    h.source.is_full = true; /* without being told to pause: the adapter only learns by PAUSED */
    for (int i = 0; i < 50; i++) {
        buf_printf(&all, "\vm%d\x1c\r", i);
    }
    peer_send(&p, buf_str(&all));
    run_now(h.loop);
    cr_expect_eq(h.source.n, 0);
    peer_half_close(&p);
    for (int round = 0; round < 3; round++) { /* told to go on, but still full */
        h.source.ep.adapter->in->pause(&h.source);
        run_now(h.loop);
    }
    h.source.is_full = false;
    h.source.answers_at_once = true;
    h.source.ep.adapter->in->resume(&h.source);
    cr_assert(peer_has_frames(&p, 50));
    expect_frame(&p, 49, "re:m49");
    cr_expect(peer_sees_end(&p), "half-closed: all is answered, then it closes");
    peer_close(&p);
    buf_free(&all);
    house_close(&h);
}

Test(source, answers_what_it_got_before_the_half_close)
{
    struct peer p;
    begin("");
    connect_to(&p);
    peer_send_frame(&p, "a");
    peer_send_frame(&p, "b");
    peer_half_close(&p);
    cr_assert(house_takes(&h, 2));
    run_now(h.loop);
    cr_expect_not(p.is_ended, "not closed while it owes answers");
    house_answer(&h, 0, 1);
    house_answer(&h, 1, 1);
    cr_assert(peer_has_frames(&p, 2));
    cr_expect(peer_sees_end(&p));
    cr_expect(run_until(h.loop, no_connection, NULL));
    peer_close(&p);
    house_close(&h);
}

Test(source, survives_a_peer_that_is_gone_before_its_answer)
{
    struct peer p;
    begin("");
    connect_to(&p);
    peer_send_frame(&p, "a");
    peer_send_frame(&p, "b");
    cr_assert(house_takes(&h, 2));
    peer_reset(&p);
    cr_assert(run_until(h.loop, no_connection, NULL));
    house_answer(&h, 1, 1);
    house_answer(&h, 0, 2);
    run_now(h.loop);
    house_close(&h);
}

static bool is_choked(void *arg)
{
    static unsigned before;
    static int same;
    (void)arg;
    same = h.source.n == before ? same + 1 : 0;
    before = h.source.n;
    return same > 20;
}

Test(source, a_peer_that_never_reads_stalls_nobody_else)
{
    struct peer deaf, p;
    struct buf all = {0};
    char text[1500];
    begin("idle: 60s\n");
    h.source.answers_at_once = true;
    peer_connect_deaf(&deaf, h.loop, house_address(&h));
    connect_to(&p);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    for (int i = 0; i < 3500; i++) {
        buf_printf(&all, "\v%s\x1c\r", text);
    }
    struct str rest = buf_str(&all);
    while (rest.n > 0) { /* as much as it takes */
        ssize_t n = peer_write(&deaf, str_slice(rest, 0, 65536));
        if (n > 0) {
            rest = str_slice(rest, (size_t)n, rest.n);
        } else if (is_choked(NULL)) {
            break;
        }
        run_now(h.loop);
    }
    cr_expect(h.source.n < 3500, "its answers are bounded, so it is not read any more");
    peer_send_frame(&p, "me");
    expect_frame(&p, 0, "re:me");
    clock_fake_advance(&h.time, 61 * 1000000ll);
    peer_send_frame(&p, "me too"); /* traffic: this one is not idle */
    expect_frame(&p, 1, "re:me too");
    for (uint64_t want = 1; h.source.ep.counters.connections_open > want;) {
        event_base_loop(h.loop, EVLOOP_ONCE);
    }
    cr_expect(house_logged(&h, "reason=idle"));
    peer_close(&deaf);
    peer_close(&p);
    buf_free(&all);
    house_close(&h);
}

Test(source, closes_what_is_idle_and_what_takes_too_long)
{
    struct peer idle, slow, busy;
    begin("idle: 600s\nframe-within: 60s\n");
    connect_to(&idle);
    connect_to(&slow);
    connect_to(&busy);
    peer_send(&slow, STR("\vMSH|"));
    peer_send_frame(&busy, "waits for us");
    cr_assert(house_takes(&h, 1));
    run_now(h.loop);
    clock_fake_advance(&h.time, 61 * 1000000ll);
    cr_assert(peer_sees_end(&slow));
    cr_expect(house_logged(&h, "frame-within passed"));
    cr_expect_not(idle.is_ended);
    clock_fake_advance(&h.time, 600 * 1000000ll);
    cr_assert(peer_sees_end(&idle));
    cr_expect_not(busy.is_ended, "an exchange is under way");
    house_answer(&h, 0, 1);
    cr_expect(peer_has_frames(&busy, 1));
    peer_close(&idle);
    peer_close(&slow);
    peer_close(&busy);
    house_close(&h);
}

RUN_UNTIL_DECLARE(is_noisy, const struct house *, x->source.ep.counters.noise_bytes >= 45)

/* A sender that forgets VT waits for an answer that never comes: somebody has to be told why. */
Test(source, a_message_outside_of_a_frame_is_told_once)
{
    struct peer p;
    begin("");
    h.source.answers_at_once = true;
    connect_to(&p);
    peer_send(&p, STR("\va\x1c\r\r\n\r\n"));
    expect_frame(&p, 0, "re:a");
    cr_expect_not(house_logged(&h, "noise"), "blank lines are nothing to tell");
    peer_send(&p, STR("MSH|^~\\&|A\r\x1c\r\vb\x1c\r"));
    peer_send(&p, STR("MSH|^~\\&|A\r\x1c\r\vc\x1c\r"));
    expect_frame(&p, 1, "re:b");
    expect_frame(&p, 2, "re:c");
    peer_send(&p, STR("GET / HTTP/1.1\r\n"));
    cr_expect(run_until(h.loop, is_noisy, &h));
    struct str log = buf_str(&h.lines);
    ptrdiff_t at = str_find(log, STR("noise source="));
    cr_expect_geq(at, 0);
    cr_expect_lt(str_find(str_slice(log, (size_t)at + 5, log.n), STR("noise source=")), 0);
    peer_close(&p);
    house_close(&h);
}

Test(source, closes_after_64_KiB_of_noise)
{
    struct peer p;
    struct buf noise = {0};
    begin("");
    connect_to(&p);
    while (noise.n < 70000) {
        buf_puts(&noise, "\x15\x03 this is not MLLP ");
    }
    peer_send(&p, buf_str(&noise));
    cr_expect(peer_sees_end(&p));
    cr_expect_eq(h.source.n, 0, "noise gets no answer");
    cr_expect(house_logged(&h, "noise") && house_logged(&h, "first_byte=21"));
    cr_expect_not(house_logged(&h, "not MLLP"), "content is not logged");
    peer_close(&p);
    buf_free(&noise);
    house_close(&h);
}

#ifndef PEER_TLS /* who is not accepted yet has no handshake */
Test(source, at_the_limit_of_connections_further_ones_wait)
{
    struct peer p[3];
    begin("connections: 2\n");
    h.source.answers_at_once = true;
    for (int i = 0; i < 3; i++) {
        connect_to(&p[i]);
        peer_send_frame(&p[i], "hello");
    }
    expect_frame(&p[0], 0, "re:hello");
    expect_frame(&p[1], 0, "re:hello");
    run_now(h.loop);
    cr_expect_eq(peer_frames(&p[2]), 0);
    cr_expect_not(p[2].is_ended, "it waits, it is not turned away");
    peer_close(&p[0]);
    expect_frame(&p[2], 0, "re:hello");
    peer_close(&p[1]);
    peer_close(&p[2]);
    house_close(&h);
}

Test(source, goes_on_when_descriptors_run_out)
{
    struct peer p, q;
    struct rlimit old, few;
    int probe = -1;
    begin("");
    h.source.answers_at_once = true;
    connect_to(&p);
    peer_send_frame(&p, "before");
    expect_frame(&p, 0, "re:before");
    connect_to(&q); /* in the backlog: not accepted yet */
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    probe = open("/dev/null", O_RDONLY);
    few.rlim_cur = (rlim_t)probe;
    close(probe);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < 200; i++) {
        run_now(h.loop);
    }
    setrlimit(RLIMIT_NOFILE, &old);
    cr_expect_eq(h.source.ep.counters.connections_refused, 1,
                 "one was turned away, and it did not spin");
    cr_expect(peer_sees_end(&q));
    peer_send_frame(&p, "after");
    expect_frame(&p, 1, "re:after");
    peer_close(&q);
    connect_to(&q);
    peer_send_frame(&q, "again");
    expect_frame(&q, 0, "re:again");
    peer_close(&p);
    peer_close(&q);
    house_close(&h);
}

#endif

Test(source, drains_without_losing_an_answer)
{
    struct peer p, idle;
    begin("");
    connect_to(&p);
    connect_to(&idle);
    peer_send_frame(&p, "a");
    cr_assert(house_takes(&h, 1));
    struct buf address = {0};
    buf_put_str(&address, house_address(&h));
    h.source.ep.adapter->in->drain(&h.source);
    cr_expect(peer_sees_end(&idle));
    cr_expect_not(p.is_ended);
    struct house other; /* the port is free at once */
    house_open(&other);
    struct buf yaml = {0};
    buf_printf(&yaml, "listen: %.*s\n", STR_ARG(buf_str(&address)));
    buf_putc(&yaml, 0);
    cr_expect_eq(house_source(&other, &mllp_adapter, yaml.p), 0);
    house_answer(&h, 0, 1);
    expect_frame(&p, 0, "re:a");
    cr_expect(peer_sees_end(&p));
    peer_close(&p);
    peer_close(&idle);
    buf_free(&address);
    buf_free(&yaml);
    house_close(&other);
    house_close(&h);
}

Test(source, a_port_in_use_is_a_finding_that_names_it)
{
    struct house other;
    struct buf yaml = {0};
    begin("");
    buf_printf(&yaml, "listen: %.*s\n", STR_ARG(house_address(&h)));
    buf_putc(&yaml, 0);
    house_open(&other);
    cr_expect_eq(house_source(&other, &mllp_adapter, yaml.p), ERR_IO);
    cr_assert_eq(other.diags.errors, 1);
    cr_expect(str_find(other.diags.first->text, STR("Address already in use")) >= 0);
    cr_expect(str_find(other.diags.first->text, str_slice(house_address(&h), 10, 99)) >= 0);
    buf_free(&yaml);
    house_close(&other);
    house_close(&h);
}

Test(source, a_reload_moves_the_listener_and_keeps_connections)
{
    struct peer p, q;
    begin("");
    h.source.answers_at_once = true;
    connect_to(&p);
    run_now(h.loop);
    struct buf before = {0}, yaml = {0};
    buf_put_str(&before, house_address(&h));
    buf_printf(&yaml, "listen: localhost:0\nidle: 5m\n%s", peer_source_tls());
    buf_putc(&yaml, 0);
    void *conf = house_conf(&h, mllp_adapter.in_opts, mllp_adapter.in_conf_size, yaml.p);
    cr_assert_eq(mllp_adapter.in->reload(&h.source, conf, &h.diags), 0);
    h.source.ep.conf = conf;
    cr_expect_not(str_eq(house_address(&h), buf_str(&before)));
    connect_to(&q);
    peer_send_frame(&q, "new");
    expect_frame(&q, 0, "re:new");
    peer_send_frame(&p, "old");
    expect_frame(&p, 0, "re:old");
    peer_close(&p);
    peer_close(&q);
    buf_free(&before);
    buf_free(&yaml);
    house_close(&h);
}

Test(source, idle_connections_cost_little)
{
    enum { N = 400 };
    static struct peer p[N];
    begin("connections: 1000\n");
    for (int i = 0; i < N; i++) {
        connect_to(&p[i]);
        peer_send(&p[i], STR("\vx\x1c\r"));
    }
    cr_assert(house_takes(&h, N));
    for (int i = 0; i < N; i++) {
        house_answer(&h, (unsigned)i, 1);
    }
    for (int i = 0; i < N; i++) {
        cr_assert(peer_has_frames(&p[i], 1));
    }
    cr_expect_eq(h.source.ep.counters.connections_open, N);
    for (int i = 0; i < N; i++) {
        peer_close(&p[i]);
    }
    cr_expect(run_until(h.loop, no_connection, NULL));
    house_close(&h);
}
