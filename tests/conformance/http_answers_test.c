/* The http destination on the wire: what it sends, and what each answer means. */
#include "adapters/http.h"
#include "tests/conformance/http_house.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct house h;
static struct peer server, conn;

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

static struct str next_request(unsigned n)
{
    return http_peer_next(&server, &conn, n);
}

Test(http, sends_an_hl7_message_as_it_is)
{
    char host[64];
    begin("");
    struct delivery *d = house_give(&h, MSH);
    struct str r = next_request(0);
    snprintf(host, sizeof(host), "127.0.0.1:%d", server.port);
    cr_expect(str_starts(r, STR("POST /in HTTP/1.1\r\n")));
    http_peer_expects(r, "Host", host);
    http_peer_expects(r, "Content-Type", "application/hl7-v2");
    http_peer_expects(r, "Idempotency-Key", "abcdefghijklmnopqrstuvwxyz");
    http_peer_expects(r, "Corridor-Attempt", "1");
    http_peer_expects(r, "User-Agent", "corridor/" CORRIDOR_VERSION);
    http_peer_expects(r, "Expect", NULL);
    http_peer_expects(r, "Authorization", NULL);
    cr_expect(str_is(http_peer_body(r), MSH));
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(http, sends_what_a_map_made_as_json)
{
    begin("");
    struct delivery *d = house_give_json(&h, "{\"a\":1.10}", 3);
    struct str r = next_request(0);
    http_peer_expects(r, "Content-Type", "application/json");
    http_peer_expects(r, "Corridor-Attempt", "3");
    cr_expect(str_is(http_peer_body(r), "{\"a\":1.10}"));
    http_peer_answers(&conn, 201, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 201");
    end();
}

Test(http, options_change_method_type_and_headers)
{
    setenv("CORRIDOR_TEST_TOKEN", "t0k3n", 1);
    begin("method: PUT\ncontent-type: text/plain\nbearer: env:CORRIDOR_TEST_TOKEN\n"
          "headers: [\"X-Tenant: 7\", \"Accept: application/json\"]\n");
    struct delivery *d = house_give_json(&h, "{}", 1);
    struct str r = next_request(0);
    cr_expect(str_starts(r, STR("PUT /in HTTP/1.1\r\n")));
    http_peer_expects(r, "Content-Type", "text/plain");
    http_peer_expects(r, "Authorization", "Bearer t0k3n");
    http_peer_expects(r, "X-Tenant", "7");
    http_peer_expects(r, "Accept", "application/json");
    http_peer_answers(&conn, 204, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 204");
    cr_expect_not(house_logged(&h, "t0k3n"));
    end();
}

Test(http, a_token_is_read_anew_after_401)
{
    setenv("CORRIDOR_TEST_TOKEN", "old", 1);
    begin("bearer: env:CORRIDOR_TEST_TOKEN\n");
    struct delivery *d = house_give(&h, MSH);
    http_peer_expects(next_request(0), "Authorization", "Bearer old");
    setenv("CORRIDOR_TEST_TOKEN", "new", 1);
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    d = house_give(&h, MSH);
    http_peer_expects(next_request(1), "Authorization", "Bearer old");
    http_peer_answers(&conn, 401, "", "");
    http_expect(&h, d, DELIVERY_UNREACHABLE, "answered 401, unauthorized");
    d = house_give(&h, MSH);
    http_peer_expects(next_request(2), "Authorization", "Bearer new");
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(http, a_token_that_is_not_there_is_waited_for)
{
    unsetenv("CORRIDOR_TEST_TOKEN");
    begin("bearer: env:CORRIDOR_TEST_TOKEN\n");
    struct delivery *d = house_give(&h, MSH);
    http_expect(&h, d, DELIVERY_UNREACHABLE, "the secret of bearer cannot be read");
    cr_expect(house_logged(&h, "no-secret"));
    setenv("CORRIDOR_TEST_TOKEN", "line\nX-Evil: 1", 1);
    d = house_give(&h, MSH);
    http_expect(&h, d, DELIVERY_UNREACHABLE, "the secret of bearer cannot be read");
    setenv("CORRIDOR_TEST_TOKEN", "now", 1);
    d = house_give(&h, MSH);
    http_peer_expects(next_request(0), "Authorization", "Bearer now");
    http_peer_answers(&conn, 200, "", "");
    http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
    cr_expect_not(house_logged(&h, "Evil"));
    end();
}

static const struct {
    int status;
    const char *headers;
    enum verdict verdict;
    int64_t retry_after_s;
    const char *reason;
} answers[] = {
    {200, "", DELIVERY_DELIVERED, 0, "answered 200"},
    {202, "", DELIVERY_DELIVERED, 0, "answered 202"},
    {204, "", DELIVERY_DELIVERED, 0, "answered 204"},
    {299, "", DELIVERY_DELIVERED, 0, "answered with another 2xx"},
    {302, "Location: /in\r\n", DELIVERY_REFUSED, 0, "answered 302, a redirect; it is not followed"},
    {307, "Location: http://127.0.0.1:1/\r\n", DELIVERY_REFUSED, 0,
     "answered 307, a redirect; it is not followed"},
    {304, "", DELIVERY_REFUSED, 0, "answered with another 3xx"},
    {400, "", DELIVERY_REFUSED, 0, "answered 400, bad request"},
    {401, "WWW-Authenticate: Basic realm=x\r\n", DELIVERY_UNREACHABLE, 0,
     "answered 401, unauthorized"},
    {403, "", DELIVERY_UNREACHABLE, 0, "answered 403, forbidden"},
    {404, "", DELIVERY_UNREACHABLE, 0, "answered 404, not found"},
    {408, "", DELIVERY_UNREACHABLE, 0, "answered 408, request timeout"},
    {409, "", DELIVERY_REFUSED, 0, "answered 409, conflict"},
    {410, "", DELIVERY_UNREACHABLE, 3600, "answered 410, gone; asked again in an hour"},
    {413, "", DELIVERY_REFUSED, 0, "answered 413, content too large"},
    {417, "", DELIVERY_REFUSED, 0, "answered with another 4xx"},
    {422, "Retry-After: 5\r\n", DELIVERY_REFUSED, 0, "answered 422, unprocessable content"},
    {425, "", DELIVERY_UNREACHABLE, 0, "answered 425, too early"},
    {429, "", DELIVERY_UNREACHABLE, 0, "answered 429, too many requests"},
    {429, "Retry-After: 30\r\n", DELIVERY_BUSY, 30, "answered 429, too many requests"},
    {500, "", DELIVERY_UNREACHABLE, 0, "answered 500, internal server error"},
    {501, "", DELIVERY_UNREACHABLE, 0, "answered with another 5xx"},
    {502, "", DELIVERY_UNREACHABLE, 0, "answered 502, bad gateway"},
    {503, "", DELIVERY_UNREACHABLE, 0, "answered 503, service unavailable"},
    {503, "retry-after: 60\r\n", DELIVERY_BUSY, 60, "answered 503, service unavailable"},
    {503, "Retry-After: 120\r\n", DELIVERY_UNREACHABLE, 120, "answered 503, service unavailable"},
    /* the house's clock stands at 2026-05-28 20:26:40 */
    {503, "Retry-After: Thu, 28 May 2026 20:27:10 GMT\r\n", DELIVERY_BUSY, 30,
     "answered 503, service unavailable"},
    {503, "Retry-After: Thu, 28 May 2026 20:31:40 GMT\r\n", DELIVERY_UNREACHABLE, 300,
     "answered 503, service unavailable"},
    {503, "Retry-After: later\r\n", DELIVERY_UNREACHABLE, 0, "answered 503, service unavailable"},
    {504, "", DELIVERY_UNREACHABLE, 0, "answered 504, gateway timeout"},
    {999, "", DELIVERY_UNKNOWN, 0, "answered with a status that means nothing"},
};

Test(http, every_answer_has_its_verdict_and_one_connection_serves_all)
{
    begin("");
    for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct delivery *d = house_give(&h, MSH);
        next_request(i);
        http_peer_answers(&conn, answers[i].status, answers[i].headers, "");
        http_expect(&h, d, answers[i].verdict, answers[i].reason);
        cr_expect_eq(d->last.retry_after_us, answers[i].retry_after_s * 1000000, "%d: %lld us",
                     answers[i].status, (long long)d->last.retry_after_us);
        cr_expect_not(d->last.has_code);
        cr_expect(str_starts(buf_str(&d->reply), STR("HTTP/1.1 ")));
    }
    cr_expect_eq(h.destination.ep.counters.connections, 1);
    cr_expect_eq(h.destination.ep.counters.connections_open, 1);
    cr_expect_eq(server.accepted, 0, "no redirect is followed");
    end();
}

static const struct {
    const char *bytes, *body;
} forms[] = {
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n"
     "X-Trailer: 1\r\n\r\n",
     "abcdefg"},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\nRetry-After: 5\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     "ok"},
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ""},
    {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", ""},
    {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>",
     "<html>hi</html>"},
    {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"}, /* bare line feeds */
    {"HTTP/1.0 200 OK\r\n\r\nuntil it closes", "until it closes"},
};

Test(http, answers_come_in_many_forms)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct buf want = {0};
        begin("");
        struct delivery *d = house_give(&h, MSH);
        next_request(0);
        for (const char *p = forms[i].bytes; *p;
             p++) { /* byte by byte: no form depends on pieces */
            peer_send(&conn, str_from(p, 1));
            run_now(h.loop);
        }
        peer_half_close(&conn);
        http_expect(&h, d, DELIVERY_DELIVERED, "answered 200");
        buf_printf(&want, "HTTP/1.1 200\r\n\r\n%s", forms[i].body);
        cr_expect(str_eq(buf_str(&d->reply), buf_str(&want)), "%s\ngave %.*s", forms[i].bytes,
                  STR_ARG(buf_str(&d->reply)));
        buf_free(&want);
        end();
    }
}

Test(http, a_web_page_is_judged_by_its_status)
{
    begin("");
    struct delivery *d = house_give(&h, MSH);
    next_request(0);
    http_peer_answers(&conn, 502, "Content-Type: text/html\r\n", "<html>NIGHTSHADE^ANN</html>");
    http_expect(&h, d, DELIVERY_UNREACHABLE, "answered 502, bad gateway");
    cr_expect_geq(str_find(buf_str(&d->reply), STR("NIGHTSHADE")), 0, "the reply is handed on");
    cr_expect_not(house_logged(&h, "NIGHTSHADE"));
    end();
}

static const char *body_of(struct peer *p)
{
    static char text[64];
    snprintf(text, sizeof(text), "%.*s", STR_ARG(http_peer_body(http_peer_request(p, 0))));
    return text;
}

Test(http, many_are_under_way_at_once_and_end_in_any_order)
{
    enum { N = 40 };
    static struct peer peers[N];
    struct delivery *d[N];
    char text[32];
    begin("");
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof(text), "message %d.", i);
        d[i] = house_give(&h, text);
    }
    for (int i = 0; i < N; i++) {
        peer_accept(&server, &peers[i]);
        cr_assert(http_peer_takes(&peers[i], 1));
    }
    for (int i = N - 1; i >= 0; i--) { /* answers tell what they answer; each finds its own */
        http_peer_answers(&peers[i], 200, "", body_of(&peers[i]));
    }
    for (int i = 0; i < N; i++) {
        http_expect(&h, d[i], DELIVERY_DELIVERED, "answered 200");
        snprintf(text, sizeof(text), "message %d.", i);
        cr_expect_geq(str_find(buf_str(&d[i]->reply), str_of(text)), 0);
        peer_close(&peers[i]);
    }
    cr_expect_eq(h.destination.ep.counters.connections, N);
    end();
}
