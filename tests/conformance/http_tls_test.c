/* The http destination over TLS: whom it trusts. */
#include "adapters/http.h"
#include "tests/conformance/http_house.h"
#include "tests/conformance/tls_peer.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct house h;
static char dir[] = "/tmp/corridor-tls-XXXXXX";

#define MSH "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1\r"

static void make_certificates(void)
{
    signal(SIGPIPE, SIG_IGN); /* of the server's thread */
    cr_assert_not_null(mkdtemp(dir));
    cr_assert(tls_peer_certificates(dir), "see %s/log", dir);
}

static void remove_certificates(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    (void)!system(command);
}

TestSuite(http_tls, .init = make_certificates, .fini = remove_certificates);

static const struct {
    const char *cert, *host, *ca; /* ca "": the system's */
    enum verdict verdict;
    const char *reason;
} rows[] = {
    {"good", "localhost", "ca.pem", DELIVERY_DELIVERED, "answered 200"},
    {"self", "localhost", "self.pem", DELIVERY_DELIVERED, "answered 200"},
    {"good", "127.0.0.1", "ca.pem", DELIVERY_UNREACHABLE,
     "the server's certificate is not trusted"},
    {"good", "localhost", "", DELIVERY_UNREACHABLE, "the server's certificate is not trusted"},
    {"self", "localhost", "ca.pem", DELIVERY_UNREACHABLE,
     "the server's certificate is not trusted"},
    {"other", "localhost", "ca.pem", DELIVERY_UNREACHABLE,
     "the server's certificate is not trusted"},
    {"old", "localhost", "ca.pem", DELIVERY_UNREACHABLE, "the server's certificate is not trusted"},
    {"good", "localhost", "none.pem", DELIVERY_UNREACHABLE, "the files of tls cannot be used"},
    {"good", "localhost", "good.key", DELIVERY_UNREACHABLE, "the files of tls cannot be used"},
    {NULL, "localhost", "ca.pem", DELIVERY_UNREACHABLE, "the TLS handshake failed"},
};

static void try_row(size_t i)
{
    char cert[128], key[128];
    struct buf yaml = {0};
    struct tls_peer p = {.cert = rows[i].cert ? cert : NULL, .key = key};
    snprintf(cert, sizeof(cert), "%s/%s.pem", dir, rows[i].cert ? rows[i].cert : "");
    snprintf(key, sizeof(key), "%s/%s.key", dir, rows[i].cert ? rows[i].cert : "");
    tls_peer_start(&p);
    house_open(&h);
    buf_printf(&yaml, "url: https://%s:%d/in\n", rows[i].host, p.port);
    if (rows[i].ca[0]) {
        buf_printf(&yaml, "tls: { ca: %s/%s }\n", dir, rows[i].ca);
    }
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    http_expect(&h, house_give(&h, MSH), rows[i].verdict, rows[i].reason);
    house_close(&h);
    tls_peer_join(&p);
    cr_expect_eq(p.requests, rows[i].verdict == DELIVERY_DELIVERED, "row %zu", i);
    buf_free(&yaml);
}

Test(http_tls, only_who_is_vouched_for_gets_a_message)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        try_row(i);
    }
}

/* A server that asks for a certificate: {its `tls`, whether it is content}. In TLS 1.3 a client learns of a refusal when it
 * may have written already: then what is refused is unknown, else away. */
static const struct {
    const char *cert, *key; /* NULL: none */
    enum verdict verdict;
    const char *reason; /* NULL: whatever the library says */
} mutual[] = {
    {"good.pem", "good.key", DELIVERY_DELIVERED, "answered 200"},
    {NULL, NULL, DELIVERY_UNKNOWN, NULL},
    {"self.pem", "self.key", DELIVERY_UNKNOWN, NULL},
    {"good.pem", "other.key", DELIVERY_UNREACHABLE, "the files of tls cannot be used"},
    {"none.pem", "good.key", DELIVERY_UNREACHABLE, "the files of tls cannot be used"},
};

Test(http_tls, our_certificate_is_shown_to_who_asks_for_one)
{
    for (size_t i = 0; i < sizeof(mutual) / sizeof(mutual[0]); i++) {
        char cert[128], key[128], ca[128];
        struct buf yaml = {0};
        struct tls_peer p = {.cert = cert, .key = key, .client_ca = ca};
        snprintf(cert, sizeof(cert), "%s/good.pem", dir);
        snprintf(key, sizeof(key), "%s/good.key", dir);
        snprintf(ca, sizeof(ca), "%s/ca.pem", dir);
        tls_peer_start(&p);
        house_open(&h);
        buf_printf(&yaml, "url: https://localhost:%d/in\ntls:\n  ca: %s\n", p.port, ca);
        if (mutual[i].cert) {
            buf_printf(&yaml, "  cert: %s/%s\n  key: %s/%s\n", dir, mutual[i].cert, dir,
                       mutual[i].key);
        }
        buf_putc(&yaml, 0);
        cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
        struct delivery *d = house_give(&h, MSH);
        cr_assert(house_is_done(&h, d), "row %zu", i);
        bool is_early = !mutual[i].reason && d->last.verdict == DELIVERY_UNREACHABLE;
        cr_expect(is_early || d->last.verdict == mutual[i].verdict, "row %zu: %d %s", i,
                  d->last.verdict, d->last.reason);
        cr_expect(!mutual[i].reason || strcmp(d->last.reason, mutual[i].reason) == 0, "row %zu: %s",
                  i, d->last.reason);
        house_close(&h);
        tls_peer_join(&p);
        cr_expect_eq(p.requests, mutual[i].verdict == DELIVERY_DELIVERED, "row %zu", i);
        buf_free(&yaml);
    }
}

/* https to a server that does not speak TLS, and the other way about */
Test(http_tls, a_server_without_tls_gets_nothing)
{
    struct peer server, conn;
    struct buf yaml = {0};
    house_open(&h);
    buf_printf(&yaml, "url: https://127.0.0.1:%d/in\n", peer_listen(&server, h.loop));
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    struct delivery *d = house_give(&h, MSH);
    peer_accept(&server, &conn);
    peer_send(&conn, STR("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    http_expect(&h, d, DELIVERY_UNREACHABLE, "the TLS handshake failed");
    cr_expect_lt(str_find(buf_str(&conn.in), STR("MSH")), 0);
    peer_close(&conn);
    peer_close(&server);
    house_close(&h);
    buf_free(&yaml);
}
