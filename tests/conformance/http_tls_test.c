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
