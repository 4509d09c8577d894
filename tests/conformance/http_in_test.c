/* The listening end of HTTP: requests as peers send them, answers and when they come, limits, the door. */
#include "adapters/http.h"
#include "adapters/http_in_priv.h"
#include "tests/conformance/house.h"
#include "tests/support/tls_kit.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct house h;
static struct peer p;

#define BODY "MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5.1\r"
#define HEAD "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/hl7-v2\r\n"

static void open_with(const char *more)
{
    struct buf yaml = {0};
    buf_printf(&yaml, "listen: 127.0.0.1:0\n%s%s", peer_source_tls(), more);
    buf_putc(&yaml, '\0');
    cr_assert_eq(house_source(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
    peer_connect(&p, h.loop, house_address(&h));
}

static void begin(void)
{
    house_open(&h);
    h.source.answers_at_once = true;
}

static void end(void)
{
    peer_close(&p);
    house_close(&h);
}

static void send_text(const char *text)
{
    peer_send(&p, str_of(text));
}

static void post(const char *headers, const char *body)
{
    struct buf b = {0};
    buf_printf(&b, "%s%sContent-Length: %zu\r\n\r\n%s", HEAD, headers, strlen(body), body);
    peer_send(&p, buf_str(&b));
    buf_free(&b);
}

static unsigned answers(const struct peer *x)
{
    unsigned n = 0;
    struct str rest = buf_str(&x->in);
    for (ptrdiff_t at; (at = str_find(rest, STR("HTTP/1.1 "))) >= 0; n++) {
        rest = str_slice(rest, (size_t)at + 9, rest.n);
    }
    return n;
}

static unsigned wanted;
RUN_UNTIL_DECLARE(has_answers, const struct peer *, answers(x) >= wanted)

static bool gets(unsigned n)
{
    wanted = n;
    return run_until(h.loop, has_answers, &p);
}

static bool says(const char *text)
{
    return str_find(buf_str(&p.in), str_of(text)) >= 0;
}

static void expect_refusal(int status, const char *name)
{
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    cr_assert(gets(1), "%s", name);
    cr_expect(says(line), "%s: %.*s", name, STR_ARG(buf_str(&p.in)));
    cr_expect(says("Connection: close\r\n"), "%s", name);
    cr_expect(peer_sees_end(&p), "%s", name);
    cr_expect_eq(h.source.n, 0, "%s: nothing reaches the engine", name);
}

TestSuite(http_in, .init = begin, .fini = end, .timeout = 60);

Test(http_in, a_message_is_answered_by_its_acknowledgement)
{
    open_with("");
    post("", BODY);
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 200 OK\r\n"));
    cr_expect(says("Content-Type: application/hl7-v2\r\n"));
    cr_expect(says("\r\n\r\nre:" BODY));
    cr_expect(says("Date: Thu, 28 May 2026 20:26:40 GMT\r\n"), "%.*s", STR_ARG(buf_str(&p.in)));
    cr_assert_eq(h.source.n, 1);
    cr_expect(str_eq(buf_str(&h.source.v[0].bytes), STR(BODY)));
    cr_expect(str_starts(buf_str(&h.source.v[0].peer), STR("127.0.0.1:")));
}

Test(http_in, fhir_and_json_are_answered_in_their_own_words)
{
    static const struct {
        const char *type, *body, *want;
    } rows[] = {
        {"application/json; charset=utf-8", "{}", "HTTP/1.1 200 OK\r\n"},
        {"application/json", "{}",
         "Content-Type: application/json\r\nContent-Length: 53\r\n\r\n"
         "{\"id\":\"abcdefghijklmnopqrstuvwxyz\",\"status\":\"stored\"}"},
        {"application/fhir+json", "{}",
         "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"information\","},
        {"application/json", "MSH|^~\\&", "HTTP/1.1 400 Bad Request\r\n"},
        {"application/hl7-v2", " {}", "HTTP/1.1 400 Bad Request\r\n"},
    };
    open_with("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        buf_printf(
            &b, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
            rows[i].type, strlen(rows[i].body), rows[i].body);
        peer_send(&p, buf_str(&b));
        cr_assert(gets((unsigned)i + 1), "%s", rows[i].want);
        run_now(h.loop);
        cr_expect(says(rows[i].want), "%s: %.*s", rows[i].want, STR_ARG(buf_str(&p.in)));
        buf_free(&b);
    }
    cr_expect_eq(h.source.n, 3, "what is not what it says reaches nobody");
}

Test(http_in, one_connection_serves_many_also_sent_ahead)
{
    h.source.answers_at_once = false;
    open_with("");
    post("", BODY);
    post("", "second");
    cr_assert(house_takes(&h, 1));
    run_now(h.loop);
    cr_expect_eq(h.source.n, 1, "one at a time");
    house_answer(&h, 0, 1);
    cr_assert(house_takes(&h, 2));
    house_answer(&h, 1, 1);
    cr_assert(gets(2));
    cr_expect(says("re:second"));
    cr_expect_eq(h.source.ep.counters.connections, 1);
}

Test(http_in, a_request_however_it_is_cut)
{
    static const char text[] =
        HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nMSH|^\r\n3\r\n~\\&\r\n0\r\n\r\n";
    open_with("");
    for (size_t i = 0; i < sizeof text - 1; i++) {
        peer_send(&p, str_from(text + i, 1));
        run_now(h.loop);
    }
    cr_assert(gets(1));
    cr_expect(says("re:MSH|^~\\&"));
}

Test(http_in, no_reply_due_is_204_and_of_two_the_application_answers)
{
    h.source.answers_at_once = false;
    open_with("");
    post("", BODY);
    cr_assert(house_takes(&h, 1));
    house_answer(&h, 0, 0);
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 204 No Content\r\n"));
    post("", "x");
    cr_assert(house_takes(&h, 2));
    house_answer(&h, 1, 2);
    cr_assert(gets(2));
    cr_expect(says("re:x"));
    cr_expect_not(says("ca:x"));
}

Test(http_in, an_exchange_without_an_answer_is_504_and_the_end)
{
    h.source.answers_at_once = false;
    open_with("");
    post("", BODY);
    cr_assert(house_takes(&h, 1));
    http_source.abandon(&h.source, h.source.v[0].conn, h.source.v[0].token);
    h.source.v[0].is_answered = true;
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 504 Gateway Timeout\r\n"));
    cr_expect(says("Connection: close\r\n"));
    cr_expect(peer_sees_end(&p));
}

Test(http_in, a_client_that_asks_first_is_told_to_continue)
{
    open_with("");
    send_text(HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 100 Continue\r\n\r\n"));
    send_text("abc");
    cr_assert(gets(2));
    cr_expect(says("re:abc"));
}

Test(http_in, close_is_honoured)
{
    open_with("");
    post("Connection: close\r\n", BODY);
    cr_assert(peer_sees_end(&p));
    cr_expect(says("Connection: close\r\n"));
    cr_expect(says("re:" BODY));
}

#define DATA  "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
#define FIFTY "01234567890123456789012345678901234567890123456789"
#define KEY   FIFTY FIFTY FIFTY FIFTY FIFTY "01234" /* 255 characters */

Test(http_in, what_is_not_for_us_is_refused_before_its_body)
{
    static const struct {
        const char *name, *text;
        int status;
    } rows[] = {
        {"another path",
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: application/hl7-v2\r\nContent-Length: "
         "5\r\n\r\n",
         404},
        {"another method", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 405},
        {"another type",
         "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n",
         415},
        {"no type", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 415},
        {"no length", HEAD "\r\n", 411},
        {"too large", HEAD "Content-Length: 17000000\r\nExpect: 100-continue\r\n\r\n", 413},
        {"chunks that grow too large", HEAD "Transfer-Encoding: chunked\r\n\r\nffffff1\r\n", 413},
        {"broken chunks", HEAD "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n", 400},
        {"smuggled",
         HEAD
         "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
         400},
        {"two keys", DATA "Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 5\r\n\r\n",
         400},
        {"a long key", DATA "Idempotency-Key: " KEY "x\r\nContent-Length: 5\r\n\r\n", 400},
        {"TLS", "\x16\x03\x01\x02\x00\x01", 400},
        {"MLLP", "\x0bMSH|", 400},
        {"small letters", "hello\r\n", 400},
    };
    open_with("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        send_text(rows[i].text);
        expect_refusal(rows[i].status, rows[i].name);
        peer_close(&p);
        peer_connect(&p, h.loop, house_address(&h));
    }
    cr_expect(house_logged(&h, "request-refused source=in peer=127.0.0.1:"));
    cr_expect_eq(h.source.ep.counters.frames_refused, sizeof rows / sizeof *rows);
}

Test(http_in, a_head_without_end_is_refused)
{
    open_with("");
    send_text("POST / HTTP/1.1\r\n");
    for (int i = 0; i < 400; i++) {
        send_text("X: 012345678901234567890123456789012345678\r\n");
    }
    expect_refusal(431, "a head without end");
}

Test(http_in, the_types_of_hl7_are_taken)
{
    static const char *const types[] = {"application/hl7-v2", "Application/HL7-v2; charset=utf-8",
                                        "application/hl7-v2+er7", "x-application/hl7-v2+er7 ; a=b"};
    open_with("path: /in");
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        struct buf b = {0};
        buf_printf(
            &b,
            "POST /in?a=b HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: 1\r\n\r\nx",
            types[i]);
        peer_send(&p, buf_str(&b));
        buf_free(&b);
        cr_assert(gets(i + 1), "%s", types[i]);
        cr_expect_eq(h.source.n, i + 1, "%s", types[i]);
    }
}

Test(http_in, only_a_known_token_opens_the_door)
{
    static const struct {
        const char *header;
        bool enters;
    } rows[] = {
        {"", false},
        {"Authorization: Bearer one\r\n", true},
        {"Authorization: bearer two\r\n", true},
        {"Authorization: Bearer on\r\n", false},
        {"Authorization: Bearer onee\r\n", false},
        {"Authorization: Bearer \r\n", false},
        {"Authorization: Basic one\r\n", false},
        {"Authorization: one\r\n", false},
        {"Authorization: Bearer one two\r\n", false},
    };
    char path[] = "/tmp/corridor-tokens-XXXXXX";
    struct buf yaml = {0};
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, "one\ntwo\n", 8), 8);
    close(fd);
    buf_printf(&yaml, "bearer: file:%s", path);
    buf_putc(&yaml, '\0');
    open_with(yaml.p);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned before = h.source.n;
        post(rows[i].header, BODY);
        cr_assert(gets(1), "%s", rows[i].header);
        cr_expect_eq(h.source.n - before, rows[i].enters ? 1 : 0, "%s", rows[i].header);
        cr_expect(rows[i].enters ||
                  says("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n"));
        peer_close(&p);
        peer_connect(&p, h.loop, house_address(&h));
    }
    fd = open(path, O_WRONLY | O_TRUNC); /* write, truncate: a new token, known without a reload */
    cr_assert_eq(write(fd, "three\n", 6), 6);
    close(fd);
    clock_fake_advance(&h.time, 2000000);
    post("Authorization: Bearer three\r\n", BODY);
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 200 OK"));
    unlink(path);
    buf_free(&yaml);
}

Test(http_in, a_token_names_who_sent_it)
{
    setenv("CORRIDOR_TEST_TOKEN", "# who\nportal: one\nlab: two\n", 1);
    open_with("auth: {tokens: env:CORRIDOR_TEST_TOKEN}\n");
    post("Authorization: Bearer two\r\n", BODY);
    cr_assert(gets(1));
    cr_expect(str_ends(buf_str(&h.source.v[0].peer), STR(" lab")));
    post("Authorization: Bearer one\r\n", BODY);
    cr_assert(gets(2));
    cr_expect(str_ends(buf_str(&h.source.v[1].peer), STR(" portal")));
}

Test(http_in, what_there_is_no_room_for_is_503_and_the_connection_stays)
{
    h.source.answers_at_once = false;
    open_with("");
    post("", BODY);
    cr_assert(house_takes(&h, 1));
    struct str ar = STR("MSH|x\rMSA|AR|1\r");
    http_source.turn_away(&h.source, h.source.v[0].conn, h.source.v[0].token, &ar, 1);
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"));
    cr_expect(says("Content-Type: application/hl7-v2\r\n"));
    cr_expect(says("\r\n\r\nMSH|x\rMSA|AR|1\r"));
    post("", BODY);
    cr_assert(house_takes(&h, 2));
    http_source.turn_away(&h.source, h.source.v[1].conn, h.source.v[1].token, NULL, 0);
    cr_assert(gets(2));
    cr_expect(says("there is no room for it now"));
    post("", BODY);
    cr_assert(house_takes(&h, 3));
    house_answer(&h, 2, 1);
    cr_assert(gets(3));
    cr_expect(says("HTTP/1.1 200 OK"));
}

Test(http_in, tokens_that_cannot_be_read_are_told_at_the_start)
{
    cr_expect_neq(
        house_source(&h, &http_adapter, "listen: 127.0.0.1:0\nbearer: file:/nowhere/tokens\n"), 0);
    cr_expect_eq(h.diags.errors, 1);
    p.fd = -1;
}

/* ---- a reload ---- */

static void write_tokens(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_geq(fputs(text, f), 0);
    fclose(f);
}

static void *conf_with(const char *tls, const char *tokens)
{
    struct buf yaml = {0};
    buf_printf(&yaml, "listen: 127.0.0.1:0\nbearer: file:%s\n%s", tokens, tls);
    buf_putc(&yaml, '\0');
    void *conf = house_conf(&h, http_adapter.in_opts, http_adapter.in_conf_size, yaml.p);
    cr_assert_not_null(conf);
    buf_free(&yaml);
    return conf;
}

static bool lets_in(const char *authorization)
{
    const struct http_in *in = h.source.ep.state;
    return http_tokens_find(&in->gate.tokens, str_of(authorization)) != NULL;
}

struct reloads {
    char first[64], second[64]; /* files of tokens */
    char tls[1024];
};

/* With TLS and the first file; then the second file is there, too. */
static void open_for_reloads(struct reloads *r)
{
    snprintf(r->first, sizeof r->first, "/tmp/corridor-first-%d", (int)getpid());
    snprintf(r->second, sizeof r->second, "/tmp/corridor-second-%d", (int)getpid());
    snprintf(r->tls, sizeof r->tls, "tls: { cert: \"%s/server.pem\", key: \"%s/server.key\" }\n",
             tls_kit(), tls_kit());
    write_tokens(r->first, "one\n");
    write_tokens(r->second, "two\n");
    struct buf yaml = {0};
    buf_printf(&yaml, "listen: 127.0.0.1:0\nbearer: file:%s\n%s", r->first, r->tls);
    buf_putc(&yaml, '\0');
    cr_assert_eq(house_source(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
    p.fd = -1;
}

static unsigned lines_with(const char *text)
{
    unsigned n = 0;
    struct str rest = buf_str(&h.lines);
    for (ptrdiff_t at; rest.n && (at = str_find(rest, str_of(text))) >= 0; n++) {
        rest = str_slice(rest, (size_t)at + strlen(text), rest.n);
    }
    return n;
}

/* After the time at which the file is read again. */
static void ask_later(const char *authorization)
{
    struct http_in *in = h.source.ep.state;
    const struct http_in_conf *conf = h.source.ep.conf;
    clock_fake_advance(&h.time, 11 * 1000000);
    (void)http_gate_name(&in->gate, &conf->bearer, str_of(authorization));
}

static void end_reloads(struct reloads *r)
{
    unlink(r->first);
    unlink(r->second);
}

/* Another source could not follow, and the file of the settings in force was moved away meanwhile. */
Test(http_in, a_reload_that_is_taken_back_needs_no_files)
{
    struct reloads r;
    open_for_reloads(&r);
    int64_t until_s = h.source.ep.tls_until_s;
    cr_assert_neq(until_s, 0);
    cr_assert_eq(http_source.reload(&h.source, conf_with("", r.second), &h.diags), 0);
    cr_expect(lets_in("Bearer two"));
    unlink(r.first);
    cr_expect_eq(http_source.reload(&h.source, h.source.ep.conf, &h.diags), 0);
    cr_expect_eq(h.source.ep.tls_until_s, until_s, "it speaks TLS again");
    cr_expect(lets_in("Bearer one"));
    cr_expect_not(lets_in("Bearer two"), "those of the rejected settings are not let in");
    end_reloads(&r);
}

Test(http_in, a_reload_without_its_tokens_changes_nothing)
{
    struct reloads r;
    open_for_reloads(&r);
    int64_t until_s = h.source.ep.tls_until_s;
    cr_expect_lt(http_source.reload(&h.source, conf_with("", "/nowhere/tokens"), &h.diags), 0);
    cr_expect_eq(h.source.ep.tls_until_s, until_s);
    cr_expect(lets_in("Bearer one"));
    end_reloads(&r);
}

Test(http_in, tokens_that_can_no_longer_be_read_stay_and_are_told_once_for_each_change)
{
    struct reloads r;
    open_for_reloads(&r);
    unlink(r.first);
    ask_later("Bearer one");
    ask_later("Bearer one");
    cr_expect_eq(lines_with("tokens-kept source=in"), 1, "%.*s", STR_ARG(buf_str(&h.lines)));
    write_tokens(r.first, "s3cret t0ken\n");
    ask_later("Bearer one");
    ask_later("Bearer one");
    cr_expect_eq(lines_with("tokens-kept source=in"), 2, "another reason");
    cr_expect_eq(lines_with("s3cret"), 0, "never what is in it");
    cr_expect(lets_in("Bearer one"));
    write_tokens(r.first, "three\n");
    ask_later("Bearer three");
    ask_later("Bearer three");
    cr_expect_eq(lines_with("tokens-read source=in"), 1, "it is over");
    unlink(r.first);
    ask_later("Bearer three");
    cr_expect_eq(lines_with("tokens-kept source=in"), 3);
    end_reloads(&r);
}

/* ---- limits ---- */

Test(http_in, a_full_engine_is_waited_for_a_second_then_503)
{
    h.source.is_full = true;
    open_with("");
    post("", BODY);
    run_now(h.loop);
    for (int i = 0; i < 50; i++) {
        usleep(1000);
        run_now(h.loop);
    }
    cr_expect_eq(answers(&p), 0);
    clock_fake_advance(&h.time, 1500000);
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"));
    p.in.n = 0;
    post("", "again");
    for (int i = 0; i < 50; i++) {
        usleep(1000);
        run_now(h.loop);
    }
    h.source.is_full = false;
    http_source.resume(&h.source);
    cr_assert(gets(1));
    cr_expect(says("re:again"));
}

Test(http_in, bodies_have_a_bound_together)
{
    struct buf large = {0};
    open_with("body-memory: 1MiB\nbody-limit: 4MiB");
    while (large.n < 1100000) {
        buf_puts(&large, "0123456789");
    }
    struct buf b = {0};
    buf_printf(&b, HEAD "Content-Length: 2000000\r\n\r\n%.*s", STR_ARG(buf_str(&large)));
    peer_send(&p, buf_str(&b));
    cr_assert(gets(1));
    cr_expect(says("HTTP/1.1 503 "));
    buf_free(&b);
    buf_free(&large);
}

Test(http_in, a_request_that_drips_is_answered_408)
{
    open_with("request-within: 5s");
    send_text("POST / HT");
    for (int i = 0; i < 30; i++) {
        usleep(1000);
        run_now(h.loop);
    }
    clock_fake_advance(&h.time, 6000000);
    expect_refusal(408, "drips");
}

static void wait_a_little(void)
{
    for (int i = 0; i < 30; i++) {
        usleep(1000);
        run_now(h.loop);
    }
}

Test(http_in, an_empty_line_behind_a_body_begins_no_request)
{
    open_with("request-within: 5s\nidle: 60s");
    post("", BODY);
    send_text("\r\n");
    cr_assert(gets(1));
    wait_a_little();
    clock_fake_advance(&h.time, 6000000);
    wait_a_little();
    cr_expect_eq(answers(&p), 1, "nobody asked, nobody is answered: %.*s", STR_ARG(buf_str(&p.in)));
    post("", BODY);
    cr_expect(gets(2));
    send_text("\r\n\r\n");
    cr_expect(gets(3));
    cr_expect(says("HTTP/1.1 400 "), "two are none of HTTP");
}

Test(http_in, bare_line_feeds_are_refused_at_once)
{
    open_with("");
    send_text("POST / HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc");
    expect_refusal(400, "bare LF");
    cr_expect(says("bare LF"));
}

Test(http_in, an_idle_connection_is_closed_silently)
{
    open_with("idle: 5s");
    for (int i = 0; i < 30; i++) {
        usleep(1000);
        run_now(h.loop);
    }
    clock_fake_advance(&h.time, 6000000);
    cr_assert(peer_sees_end(&p));
    cr_expect_eq(p.in.n, 0);
}

Test(http_in, a_peer_that_leaves_while_its_message_is_stored_harms_nobody)
{
    h.source.answers_at_once = false;
    open_with("");
    post("", BODY);
    cr_assert(house_takes(&h, 1));
    peer_reset(&p);
    run_now(h.loop);
    house_answer(&h, 0, 1);
    run_now(h.loop);
    peer_connect(&p, h.loop, house_address(&h));
    post("", "next");
    cr_assert(house_takes(&h, 2));
    house_answer(&h, 1, 1);
    cr_assert(gets(1));
}

Test(http_in, draining_answers_what_is_under_way_and_closes)
{
    struct peer idle;
    h.source.answers_at_once = false;
    open_with("");
    peer_connect(&idle, h.loop, house_address(&h));
    post("", BODY);
    cr_assert(house_takes(&h, 1));
    http_source.drain(&h.source);
    cr_expect(peer_sees_end(&idle));
    house_answer(&h, 0, 1);
    cr_assert(peer_sees_end(&p));
    cr_expect(says("re:" BODY) && says("Connection: close\r\n"));
    peer_close(&idle);
}
