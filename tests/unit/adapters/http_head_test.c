/* Heads and bodies of requests: what is taken, and what two readers could take differently. */
#include "adapters/http_body.h"
#include "adapters/http_head.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(http_head);

#define POST "POST /in HTTP/1.1\r\nHost: h\r\n"

static struct http_head head_of(const char *text)
{
    struct http_head h;
    struct str s = str_of(text);
    cr_assert_eq(http_head_length(s, 0), s.n, "%s", text);
    http_head_read(s, &h);
    return h;
}

Test(http_head, heads_are_refused_or_taken)
{
    static const struct {
        const char *name, *head;
        int status;
    } rows[] = {
        {"plain", POST "\r\n", 0},
        {"length", POST "Content-Length: 5\r\n\r\n", 0},
        {"chunked", POST "Transfer-Encoding: chunked\r\n\r\n", 0},
        {"chunked in capitals", POST "TRANSFER-ENCODING:Chunked\r\n\r\n", 0},
        {"values may be empty or hold bytes above ASCII", POST "X:\r\nY: \xc3\xa9\r\n\r\n", 0},
        {"HTTP/1.0 without Host", "POST /in HTTP/1.0\r\n\r\n", 0},
        {"identity is no coding", POST "Content-Encoding: identity\r\n\r\n", 0},
        /* shapes of smuggling */
        {"length and chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"chunked and length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {"two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        {"the same length twice", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
        {"a list of lengths", POST "Content-Length: 5, 5\r\n\r\n", 400},
        {"a signed length", POST "Content-Length: +5\r\n\r\n", 400},
        {"a negative length", POST "Content-Length: -1\r\n\r\n", 400},
        {"a hexadecimal length", POST "Content-Length: 0x5\r\n\r\n", 400},
        {"a length with a blank inside", POST "Content-Length: 1 2\r\n\r\n", 400},
        {"no length at all", POST "Content-Length:\r\n\r\n", 400},
        {"an endless length", POST "Content-Length: 9999999999999999999\r\n\r\n", 400},
        {"two codings", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         400},
        {"a list of codings", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"identity as coding", POST "Transfer-Encoding: identity\r\n\r\n", 501},
        {"chunked with a tab inside", POST "Transfer-Encoding: chun\tked\r\n\r\n", 501},
        {"chunked, quoted", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501},
        {"chunked in HTTP/1.0", "POST /in HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"a blank before the colon", POST "Content-Length : 5\r\n\r\n", 400},
        {"a folded header", POST "X: a\r\n b\r\n\r\n", 400},
        {"a folded first header", "POST /in HTTP/1.1\r\n Host: h\r\n\r\n", 400},
        {"a bare LF in a header", POST "X: a\nContent-Length: 5\r\n\r\n", 400},
        {"a bare CR in a header", POST "X: a\rContent-Length: 5\r\n\r\n", 400},
        {"a bare LF behind the request line", "POST /in HTTP/1.1\nHost: h\r\n\r\n", 400},
        {"a header without a colon", POST "Nonsense\r\n\r\n", 400},
        {"a header without a name", POST ": x\r\n\r\n", 400},
        {"a name that is no token", POST "X(y): z\r\n\r\n", 400},
        {"two hosts", POST "Host: i\r\n\r\n", 400},
        {"no host", "POST /in HTTP/1.1\r\n\r\n", 400},
        {"a host with its port", "POST /in HTTP/1.1\r\nHost: [2001:db8::1]:8081\r\n\r\n", 0},
        {"an empty host", "POST /in HTTP/1.1\r\nHost:\r\n\r\n", 0},
        {"two hosts in one", "POST /in HTTP/1.1\r\nHost: h, i\r\n\r\n", 400},
        {"a host with a blank", "POST /in HTTP/1.1\r\nHost: h i\r\n\r\n", 400},
        {"a host with a user", "POST /in HTTP/1.1\r\nHost: u@h\r\n\r\n", 400},
        {"a host with a path", "POST /in HTTP/1.1\r\nHost: h/x\r\n\r\n", 400},
        {"bytes above ASCII in the host", "POST /in HTTP/1.1\r\nHost: \xff\r\n\r\n", 400},
        {"two content types", POST "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n", 400},
        {"two authorizations", POST "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
        /* the request line */
        {"no version", "POST /in\r\nHost: h\r\n\r\n", 400},
        {"two blanks", "POST  /in HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"a blank behind", "POST /in HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
        {"a tab", "POST\t/in HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"an absolute target", "POST http://h/in HTTP/1.1\r\nHost: h\r\n\r\n", 0},
        {"an absolute target without a host", "POST http:///in HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"an absolute target with a user", "POST http://u@h/in HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"an absolute target without a path, with a query",
         "POST http://h?x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"an absolute target of another scheme", "POST ftp://h/in HTTP/1.1\r\nHost: h\r\n\r\n",
         400},
        {"an absolute target, and no Host", "POST http://h/in HTTP/1.1\r\n\r\n", 400},
        {"a target that is a host", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"a target that is no path", "POST * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"a target with a fragment", "POST /in#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"bytes above ASCII in the target", "POST /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"small letters", "POST /in http/1.1\r\nHost: h\r\n\r\n", 400},
        {"HTTP/2", "PRI /in HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"HTTP/1.2", "POST /in HTTP/1.2\r\nHost: h\r\n\r\n", 505},
        /* what is not spoken here */
        {"gzip", POST "Content-Encoding: gzip\r\n\r\n", 415},
        {"an expectation", POST "Expect: wonders\r\n\r\n", 417},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_head h = head_of(rows[i].head);
        cr_expect_eq(h.status, rows[i].status, "%s: %d %s", rows[i].name, h.status,
                     h.reason ? h.reason : "");
        cr_expect_eq(h.reason == NULL, rows[i].status == 0, "%s", rows[i].name);
        cr_expect(h.closes || rows[i].status == 0, "%s: what is refused closes", rows[i].name);
    }
}

/* As a proxy is asked; the host in it counts, and here none does. Source: RFC 9112, 3.2.2. */
Test(http_head, an_absolute_target_is_its_path)
{
    static const struct {
        const char *target, *want;
    } rows[] = {
        {"/in", "/in"},
        {"http://h/in", "/in"},
        {"HTTPS://other.example:8443/in/x?y=http://z/", "/in/x?y=http://z/"},
        {"http://[2001:db8::1]:8081/", "/"},
        {"http://h", "/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[128];
        snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: h\r\n\r\n", rows[i].target);
        struct http_head h = head_of(text);
        cr_expect_eq(h.status, 0, "%s", rows[i].target);
        cr_expect(str_is(h.target, rows[i].want), "%s: %.*s", rows[i].target, STR_ARG(h.target));
    }
}

Test(http_head, a_nul_is_refused)
{
    static const char text[] = POST "X: a\0b\r\n\r\n";
    struct http_head h;
    http_head_read(str_from(text, sizeof text - 1), &h);
    cr_expect_eq(h.status, 400);
}

Test(http_head, a_hundred_headers_are_the_bound)
{
    for (int n = 99; n <= 100; n++) { /* Host is one */
        struct buf b = {0};
        struct http_head h;
        buf_puts(&b, POST);
        for (int i = 0; i < n; i++) {
            buf_printf(&b, "X-%d: y\r\n", i);
        }
        buf_puts(&b, "\r\n");
        http_head_read(buf_str(&b), &h);
        cr_expect_eq(h.status, n == 99 ? 0 : 431, "%d", n);
        buf_free(&b);
    }
}

Test(http_head, what_a_head_says_is_read)
{
    struct http_head h = head_of(POST "Content-Length:  42 \r\nContent-Type: application/hl7-v2\r\n"
                                      "Authorization: Bearer x\r\nExpect: 100-continue\r\n\r\n");
    cr_expect(str_is(h.method, "POST") && str_is(h.target, "/in"));
    cr_expect_eq(h.length, 42);
    cr_expect(h.has_length && !h.is_chunked && h.wants_continue && !h.closes);
    cr_expect(str_is(h.content_type, "application/hl7-v2"));
    cr_expect(str_is(h.authorization, "Bearer x"));
    cr_expect(head_of(POST "Connection: x, Close\r\n\r\n").closes);
    cr_expect(head_of("POST / HTTP/1.0\r\n\r\n").closes);
    cr_expect_not(head_of("POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").closes);
}

Test(http_head, the_end_of_a_head_is_found_however_it_comes)
{
    static const char text[] = "POST / HTTP/1.1\r\nHost: h\r\n\r\nbody";
    struct str s = str_of(text);
    for (size_t seen = 0; seen < 28; seen++) {
        cr_expect_eq(http_head_length(s, seen), 28, "%zu", seen);
    }
    cr_expect_eq(http_head_length(str_slice(s, 0, 27), 20), 0);
}

Test(http_head, a_bare_lf_is_seen_before_the_head_is_whole)
{
    static const struct {
        const char *bytes;
        bool is_bare;
    } rows[] = {
        {"POST / HTTP/1.1\nHost: h\n\n", true},
        {"\n", true},
        {"POST / HTTP/1.1\r\nHost: h\r\nX: y\n", true},
        {"POST / HTTP/1.1\r\nHost: h\r\n", false},
        {"POST / HTTP/1.1\r", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str s = str_of(rows[i].bytes);
        for (size_t seen = 0; seen < s.n; seen++) { /* cut anywhere: found in one of the two */
            bool found =
                http_head_has_bare_lf(str_slice(s, 0, seen), 0) || http_head_has_bare_lf(s, seen);
            cr_expect_eq(found, rows[i].is_bare, "%zu, cut at %zu", i, seen);
        }
    }
}

/* ---- bodies ---- */

static const struct {
    const char *name, *bytes, *body, *rest;
    enum http_body_state state;
} chunks[] = {
    {"one", "5\r\nhello\r\n0\r\n\r\n", "hello", "", HTTP_BODY_WHOLE},
    {"two, and the next request", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nPOST", "hello!", "POST",
     HTTP_BODY_WHOLE},
    {"hexadecimal in both cases", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
     "01234567890123456789", "", HTTP_BODY_WHOLE},
    {"leading zeros", "0005\r\nhello\r\n00\r\n\r\n", "hello", "", HTTP_BODY_WHOLE},
    {"an extension", "5;a=\"b\"\r\nhello\r\n0;c\r\n\r\n", "hello", "", HTTP_BODY_WHOLE},
    {"trailers", "0\r\nX: y\r\nZ: 1\r\n\r\n", "", "", HTTP_BODY_WHOLE},
    {"nothing", "0\r\n\r\n", "", "", HTTP_BODY_WHOLE},
    {"a bare LF behind the size", "5\nhello\r\n0\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a bare CR behind the size", "5\rhello\r\n0\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a bare LF behind the data", "5\r\nhello\n0\r\n\r\n", "hello", NULL, HTTP_BODY_BROKEN},
    {"data that is longer than said", "5\r\nhello!\r\n0\r\n\r\n", "hello", NULL, HTTP_BODY_BROKEN},
    {"no size", "\r\nhello\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a negative size", "-5\r\nhello\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"0x", "0x5\r\nhello\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a blank behind the size", "5 \r\nhello\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"nine digits", "000000005\r\nhello\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a bare LF in a trailer", "0\r\nX: y\nZ: 1\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a trailer without a colon", "0\r\nnonsense\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a trailer without a name", "0\r\n: y\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a blank in a trailer's name", "0\r\nX : y\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"a folded trailer", "0\r\nX: y\r\n z\r\n\r\n", "", NULL, HTTP_BODY_BROKEN},
    {"larger than the limit", "15\r\n", "", NULL, HTTP_BODY_TOO_LARGE},
    {"all together larger than the limit", "a\r\n0123456789\r\nb\r\n", "0123456789", NULL,
     HTTP_BODY_TOO_LARGE},
};

/* The same bytes cut at every place give the same. */
Test(http_head, chunks_are_read_strictly_however_they_are_cut)
{
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct str all = str_of(chunks[i].bytes);
        for (size_t cut = 0; cut <= all.n; cut++) {
            struct http_body b;
            struct buf out = {0}, in = {0};
            http_body_begin(&b, true, 0, 20);
            buf_put_str(&in, str_slice(all, 0, cut));
            buf_consume(&in, http_body_take(&b, buf_str(&in), &out));
            buf_put_str(&in, str_slice(all, cut, all.n));
            buf_consume(&in, http_body_take(&b, buf_str(&in), &out));
            cr_expect_eq(b.state, chunks[i].state, "%s, cut at %zu: %d", chunks[i].name, cut,
                         b.state);
            cr_expect(str_is(buf_str(&out), chunks[i].body), "%s, cut at %zu: %.*s", chunks[i].name,
                      cut, STR_ARG(buf_str(&out)));
            cr_expect(!chunks[i].rest || str_is(buf_str(&in), chunks[i].rest), "%s, cut at %zu",
                      chunks[i].name, cut);
            buf_free(&out);
            buf_free(&in);
        }
    }
}

Test(http_head, a_body_ends_with_its_length)
{
    struct http_body b;
    struct buf out = {0};
    http_body_begin(&b, false, 5, 20);
    cr_expect_eq(http_body_take(&b, STR("hel"), &out), 3);
    cr_expect_eq(b.state, HTTP_BODY_DATA);
    cr_expect_eq(http_body_take(&b, STR("loPOST"), &out), 2);
    cr_expect_eq(b.state, HTTP_BODY_WHOLE);
    cr_expect(str_is(buf_str(&out), "hello"));
    http_body_begin(&b, false, 21, 20);
    cr_expect_eq(b.state, HTTP_BODY_TOO_LARGE);
    http_body_begin(&b, false, 0, 20);
    cr_expect_eq(b.state, HTTP_BODY_WHOLE);
    buf_free(&out);
}

Test(http_head, lines_without_end_and_trailers_without_end_are_broken)
{
    struct http_body b;
    struct buf out = {0}, in = {0};
    buf_puts(&in, "5;");
    for (int i = 0; i < HTTP_LINE_MAX; i++) {
        buf_putc(&in, 'x');
    }
    http_body_begin(&b, true, 0, 20);
    (void)http_body_take(&b, buf_str(&in), &out);
    cr_expect_eq(b.state, HTTP_BODY_BROKEN);
    http_body_begin(&b, true, 0, 20);
    (void)http_body_take(&b, STR("0\r\n"), &out);
    for (int i = 0; i < HTTP_TRAILERS_MAX && b.state == HTTP_BODY_TRAILER; i++) {
        (void)http_body_take(&b, STR("X: y\r\n"), &out);
    }
    cr_expect_eq(b.state, HTTP_BODY_BROKEN);
    buf_free(&in);
    buf_free(&out);
}
