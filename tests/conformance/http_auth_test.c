/* Who the http destination says it is: passwords, tokens of a token server, signatures. */
#include "adapters/http.h"
#include "adapters/http_oauth.h"
#include "engine/base/base64.h"
#include "engine/base/json.h"
#include "engine/base/webhook.h"
#include "tests/conformance/http_house.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define S      ((int64_t)1000000)
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER  "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct house h;
static struct peer server, conn, tokens, token_conn;

static void end(void)
{
    peer_close(&conn);
    peer_close(&token_conn);
    peer_close(&server);
    peer_close(&tokens);
    house_close(&h);
}

static void begin(const char *more)
{
    conn.fd = token_conn.fd = tokens.fd = -1;
    http_begin(&h, &server, more);
}

static struct str next_request(unsigned n)
{
    return http_peer_next(&server, &conn, n);
}

static void answer(struct delivery *d, int status, enum verdict v, const char *reason)
{
    http_peer_answers(&conn, status, "", "");
    http_expect(&h, d, v, reason);
}

/* ---- passwords ---- */

Test(http_auth, a_user_has_a_password_that_may_be_replaced)
{
    setenv("CORRIDOR_TEST_TOKEN", "open sesame:\xc3\xa4", 1);
    begin("auth: {basic: {user: Aladdin, password: env:CORRIDOR_TEST_TOKEN}}\n");
    struct delivery *d = house_give(&h, "x");
    http_peer_expects(next_request(0), "Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZTrDpA==");
    setenv("CORRIDOR_TEST_TOKEN", "open sesame", 1);
    answer(d, 401, DELIVERY_UNREACHABLE, "answered 401, unauthorized");
    d = house_give(&h, "x");
    http_peer_expects(next_request(1), "Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    cr_expect_not(house_logged(&h, "sesame"));
    cr_expect_not(house_logged(&h, "QWxh"));
    end();
}

Test(http_auth, a_password_that_is_missing_or_evil_is_waited_for)
{
    unsetenv("CORRIDOR_TEST_TOKEN");
    begin("auth: {basic: {user: Aladdin, password: env:CORRIDOR_TEST_TOKEN}}\n");
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE,
                "the secret of password cannot be read");
    cr_expect(house_logged(&h, "no-secret"));
    setenv("CORRIDOR_TEST_TOKEN", "a\x01z", 1);
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE,
                "the secret of password cannot be read");
    end();
}

Test(http_auth, a_fixed_token_may_stand_under_auth)
{
    setenv("CORRIDOR_TEST_TOKEN", "t0k3n", 1);
    begin("auth: {bearer: env:CORRIDOR_TEST_TOKEN}\n");
    struct delivery *d = house_give(&h, "x");
    http_peer_expects(next_request(0), "Authorization", "Bearer t0k3n");
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    end();
}

/* ---- a token server ---- */

static void begin_oauth(const char *more)
{
    struct buf yaml = {0};
    house_open(&h);
    conn.fd = token_conn.fd = -1;
    setenv("CORRIDOR_TEST_TOKEN", "s3cret/+", 1);
    buf_printf(&yaml,
               "url: http://127.0.0.1:%d/in\nauth:\n  oauth2:\n"
               "    token-url: http://127.0.0.1:%d/token\n    client-id: corri:dor\n"
               "    client-secret: env:CORRIDOR_TEST_TOKEN\n%s",
               peer_listen(&server, h.loop), peer_listen(&tokens, h.loop), more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static struct str token_request(unsigned n)
{
    if (n == 0) {
        peer_accept(&tokens, &token_conn);
    }
    cr_assert(http_peer_takes(&token_conn, n + 1), "no request for a token");
    return http_peer_request(&token_conn, n);
}

static void give_token(const char *token, int life_s)
{
    char body[128];
    snprintf(body, sizeof body,
             "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%d}", token,
             life_s);
    http_peer_answers(&token_conn, 200, "Content-Type: application/json\r\n", body);
}

static unsigned token_requests(void)
{
    unsigned n = 0;
    run_now(h.loop);
    while (http_peer_request(&token_conn, n).p) {
        n++;
    }
    return n;
}

static void pass(int64_t us)
{
    h.time.mono_us += us;
    h.time.wall_us += us;
}

Test(http_auth, a_token_is_asked_for_once_and_used_by_all_who_wait)
{
    struct delivery *d[5];
    char want[64];
    begin_oauth("    scope: events.write desk\n    audience: https://desk\n");
    for (unsigned i = 0; i < 5; i++) {
        d[i] = house_give(&h, "x");
    }
    struct str r = token_request(0);
    cr_expect(str_starts(r, STR("POST /token HTTP/1.1\r\n")));
    http_peer_expects(r, "Content-Type", "application/x-www-form-urlencoded");
    http_peer_expects(r, "Accept", "application/json");
    struct buf basic = {0}; /* RFC 6749 2.3.1: each part is encoded before */
    buf_puts(&basic, "Basic ");
    base64_put(&basic, STR("corri%3Ador:s3cret%2F%2B"));
    buf_putc(&basic, 0);
    http_peer_expects(r, "Authorization", basic.p);
    cr_expect(str_is(http_peer_body(r), "grant_type=client_credentials&scope=events.write%20desk&"
                                        "audience=https%3A%2F%2Fdesk"));
    give_token("first", 3600);
    for (unsigned i = 0; i < 5; i++) {
        struct peer one = {.fd = -1};
        peer_accept(&server, &one);
        cr_assert(http_peer_takes(&one, 1));
        snprintf(want, sizeof want, "Bearer %s", "first");
        http_peer_expects(http_peer_request(&one, 0), "Authorization", want);
        http_peer_answers(&one, 200, "", "");
        http_expect(&h, d[i], DELIVERY_DELIVERED, "answered 200");
        peer_close(&one);
    }
    cr_expect_eq(token_requests(), 1);
    cr_expect_not(house_logged(&h, "first"));
    cr_expect_not(house_logged(&h, "s3cret"));
    buf_free(&basic);
    end();
}

Test(http_auth, a_token_server_on_this_machine_is_meant_though_the_receiver_is_elsewhere)
{
    struct buf yaml = {0};
    house_open(&h);
    conn.fd = token_conn.fd = server.fd = -1;
    setenv("CORRIDOR_TEST_TOKEN", "s3cret", 1);
    buf_printf(&yaml,
               "url: http://desk.invalid/in\nauth:\n  oauth2:\n"
               "    token-url: http://127.0.0.1:%d/token\n    client-id: c\n"
               "    client-secret: env:CORRIDOR_TEST_TOKEN\n",
               peer_listen(&tokens, h.loop));
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    (void)house_give(&h, "x");
    cr_expect(str_starts(token_request(0), STR("POST /token ")));
    buf_free(&yaml);
    peer_close(&token_conn);
    peer_close(&tokens);
    house_close(&h);
}

Test(http_auth, the_secret_may_stand_in_the_body)
{
    begin_oauth("    send-secret: body\n");
    (void)house_give(&h, "x");
    struct str r = token_request(0);
    http_peer_expects(r, "Authorization", NULL);
    cr_expect(
        str_is(http_peer_body(r),
               "grant_type=client_credentials&client_id=corri%3Ador&client_secret=s3cret%2F%2B"));
    end();
}

/* One delivery with `token` in the n-th request. */
static void deliver(unsigned n, const char *token)
{
    char want[64];
    struct delivery *d = house_give(&h, "x");
    snprintf(want, sizeof want, "Bearer %s", token);
    http_peer_expects(next_request(n), "Authorization", want);
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
}

static void deliver_first(const char *token, int life_s)
{
    char want[64];
    struct delivery *d = house_give(&h, "x");
    (void)token_request(0);
    give_token(token, life_s);
    snprintf(want, sizeof want, "Bearer %s", token);
    http_peer_expects(next_request(0), "Authorization", want);
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
}

Test(http_auth, a_token_is_renewed_beside_the_traffic_before_it_ends)
{
    begin_oauth("");
    deliver_first("first", 1000);
    pass(740 * S);
    deliver(1, "first");
    cr_expect_eq(token_requests(), 1);
    pass(20 * S); /* a quarter of its life is left */
    deliver(2, "first");
    (void)token_request(1);
    setenv("CORRIDOR_TEST_TOKEN", "rotated", 1);
    http_peer_answers(&token_conn, 500, "", "");
    deliver(3, "first"); /* it holds still */
    pass(10 * S);
    deliver(4, "first");
    struct buf basic = {0};
    buf_puts(&basic, "Basic ");
    base64_put(&basic, STR("corri%3Ador:rotated"));
    buf_putc(&basic, 0);
    http_peer_expects(token_request(2), "Authorization", basic.p);
    give_token("second", 1000);
    while (!house_logged(&h, "token destination=out seconds=1000\n") || token_conn.in.n == 0) {
        run_now(h.loop);
    }
    run_now(h.loop);
    deliver(5, "second");
    buf_free(&basic);
    end();
}

Test(http_auth, a_token_that_ended_is_not_used)
{
    begin_oauth("");
    deliver_first("first", 100);
    pass(91 * S);
    struct delivery *d = house_give(&h, "x");
    (void)token_request(1);
    give_token("second", 100);
    http_peer_expects(next_request(1), "Authorization", "Bearer second");
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(http_auth, a_refused_token_is_renewed_once_a_minute_at_most)
{
    begin_oauth("");
    deliver_first("first", 3600);
    struct delivery *d = house_give(&h, "x");
    (void)next_request(1);
    http_peer_answers(&conn, 401, "", "");
    (void)token_request(1);
    give_token("second", 3600);
    struct str r = next_request(2);
    http_peer_expects(r, "Authorization", "Bearer second");
    http_peer_expects(r, "Corridor-Attempt", "1");
    answer(d, 401, DELIVERY_UNREACHABLE, "answered 401, unauthorized");
    d = house_give(&h, "x");
    http_peer_expects(next_request(3), "Authorization", "Bearer second");
    answer(d, 401, DELIVERY_UNREACHABLE, "answered 401, unauthorized");
    cr_expect_eq(token_requests(), 2, "a server that refuses all gets no flood");
    pass(61 * S);
    (void)house_give(&h, "x");
    (void)next_request(4);
    http_peer_answers(&conn, 401, "", "");
    (void)token_request(2);
    end();
}

/* A server that gives each token for one request, or takes it back when another client asks. */
Test(http_auth, a_token_that_served_is_renewed_whenever_it_is_refused)
{
    char token[16] = "first";
    begin_oauth("");
    deliver_first(token, 3600);
    for (unsigned i = 1; i < 4; i++) {
        struct delivery *d = house_give(&h, "x");
        (void)next_request(2 * i - 1);
        http_peer_answers(&conn, 401, "", "");
        (void)token_request(i);
        snprintf(token, sizeof token, "next%u", i);
        give_token(token, 3600);
        (void)next_request(2 * i);
        answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    }
    end();
}

Test(http_auth, a_token_server_that_speaks_something_else_is_told_apart)
{
    begin_oauth("");
    struct delivery *d = house_give(&h, "x");
    (void)token_request(0);
    peer_send(&token_conn, STR("SSH-2.0-OpenSSH_9.2\r\n"));
    http_expect(&h, d, DELIVERY_UNREACHABLE, "no token: the token server gives no answer");
    cr_expect(house_logged(&h,
                           "no-token destination=out reason=\"no token: the token server gives no "
                           "answer\" text=\"the answer is no HTTP\""));
    end();
}

Test(http_auth, a_token_that_drips_is_given_up)
{
    begin_oauth("reply-within: 100ms\n");
    struct delivery *d = house_give(&h, "x");
    http_peer_expects(token_request(0), "Accept-Encoding", "identity");
    peer_send(&token_conn, STR("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{\"access"));
    run_now(h.loop);
    pass(1 * S);
    http_expect(&h, d, DELIVERY_UNREACHABLE, "no token: the token server does not answer");
    end();
}

Test(http_auth, a_request_whose_token_ended_early_goes_again_by_itself)
{
    begin_oauth("cloudevents: {source: /c, type: t, mode: batch}\n");
    deliver_first("first", 3600);
    struct delivery *d = house_give_json(&h, "{}", 1);
    struct buf body = {0};
    buf_put_str(&body, http_peer_body(next_request(1)));
    http_peer_answers(&conn, 401, "", "");
    (void)token_request(1);
    give_token("second", 3600);
    struct str r = next_request(2);
    http_peer_expects(r, "Authorization", "Bearer second");
    cr_expect(str_eq(http_peer_body(r), buf_str(&body)), "the same bytes");
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    d = house_give(&h, "x");
    (void)next_request(3);
    h.destination.ep.adapter->out->cancel(&h.destination, d);
    cr_expect_eq(d->done, 1, "what was given up does not go again");
    buf_free(&body);
    end();
}

/* ---- an assertion in place of a secret ---- */

static char key_file[] = "/tmp/corridor-smart-XXXXXX";

static void write_key(const char *kind)
{
    EVP_PKEY *key = strcmp(kind, "P-384") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind)
                                               : EVP_PKEY_Q_keygen(NULL, NULL, kind);
    FILE *f = fopen(key_file, "w");
    cr_assert(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    EVP_PKEY_free(key);
}

static void begin_smart(void)
{
    struct buf yaml = {0};
    house_open(&h);
    conn.fd = token_conn.fd = -1;
    close(mkstemp(key_file));
    buf_printf(&yaml,
               "url: http://127.0.0.1:%d/in\nauth:\n  smart:\n"
               "    token-url: http://127.0.0.1:%d/token\n    client-id: corri:dor\n"
               "    key: %s\n    kid: k1\n    scope: system/Patient.cu system/Appointment.cu\n",
               peer_listen(&server, h.loop), peer_listen(&tokens, h.loop), key_file);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
}

/* The claims of the assertion in a request for a token. */
static struct json *claims_of(struct arena *a, struct str request)
{
    struct str form = http_peer_body(request), one;
    struct json *root = NULL;
    struct json_fault fault;
    while (str_split(&form, '&', &one) && !str_starts(one, STR("client_assertion="))) {
    }
    (void)str_split(&form, '&', &one);
    struct str jwt = str_starts(one, STR("client_assertion=")) ? one : form, head, claims;
    (void)str_split(&jwt, '.', &head);
    cr_assert(str_split(&jwt, '.', &claims));
    struct buf text = {0}, json = {0};
    for (size_t i = 0; i < claims.n; i++) {
        buf_putc(&text, claims.p[i] == '-' ? '+' : claims.p[i] == '_' ? '/' : claims.p[i]);
    }
    while (text.n % 4) {
        buf_putc(&text, '=');
    }
    cr_assert(base64_read(buf_str(&text), &json));
    cr_assert_eq(json_parse(a, str_dup(a, buf_str(&json)), NULL, &root, &fault), 0);
    buf_free(&text);
    buf_free(&json);
    return root;
}

Test(http_auth, a_private_key_signs_each_request_for_a_token_anew)
{
    struct arena a = {0};
    int64_t exp;
    begin_smart();
    write_key("P-384");
    struct delivery *d = house_give(&h, "x");
    struct str r = token_request(0), body = http_peer_body(r);
    http_peer_expects(r, "Authorization", NULL);
    cr_expect(str_starts(
        body,
        STR("grant_type=client_credentials&scope=system%2FPatient.cu%20system%2FAppointment.cu"
            "&client_assertion_type="
            "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
            "&client_assertion=ey")));
    struct json *one = claims_of(&a, r);
    cr_expect(str_is(json_text(json_get(one, "iss")), "corri:dor"));
    cr_expect(str_is(json_text(json_get(one, "sub")), "corri:dor"));
    cr_expect(str_ends(json_text(json_get(one, "aud")), STR("/token")));
    cr_expect(json_to_i64(json_get(one, "exp"), &exp));
    cr_expect_eq(exp, h.time.wall_us / S + 240);
    struct str jti = str_dup(&a, json_text(json_get(one, "jti")));
    cr_expect_eq(jti.n, 32);
    http_peer_answers(&token_conn, 500, "", "");
    http_expect(&h, d, DELIVERY_UNREACHABLE, "no token: the token server is out of order");
    (void)house_give(&h, "x");
    one = claims_of(&a, token_request(1));
    cr_expect_not(str_eq(json_text(json_get(one, "jti")), jti), "a jti is used once");
    give_token("first", 300);
    http_peer_expects(next_request(0), "Authorization", "Bearer first");
    unlink(key_file);
    arena_free(&a);
    end();
}

Test(http_auth, a_key_that_cannot_sign_is_told_and_waited_for)
{
    begin_smart();
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE, "no token: the key cannot be used");
    cr_expect(house_logged(&h, "option=key"));
    cr_expect(house_logged(&h, "it is empty"));
    write_key("ED25519");
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE, "no token: the key cannot be used");
    cr_expect(house_logged(&h, "the key is of another kind; expected RSA, or EC on P-384"));
    cr_expect_not(house_logged(&h, "PRIVATE"));
    write_key("P-384");
    (void)house_give(&h, "x");
    (void)token_request(0);
    unlink(key_file);
    end();
}

static const struct {
    int status;
    const char *headers, *body, *reason;
    int64_t retry_after_s;
} refusals[] = {
    {401, "", "{\"error\":\"invalid_client\"}", "no token: the token server says invalid_client",
     0},
    {503, "Retry-After: 30\r\n", "", "no token: the token server is out of order", 30},
    {429, "Retry-After: 7200\r\n", "", "no token: the token server says too many requests", 3600},
    {302, "Location: /token\r\n", "", "no token: the token server redirects; it is not followed",
     0},
    {200, "", "<html>", "no token: the token server's answer is no JSON", 0},
};

Test(http_auth, a_token_server_that_gives_none_makes_the_destination_unreachable)
{
    begin_oauth("");
    for (unsigned i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct delivery *a = house_give(&h, "x"), *b = house_give(&h, "y");
        (void)token_request(i);
        http_peer_answers(&token_conn, refusals[i].status, refusals[i].headers, refusals[i].body);
        http_expect(&h, a, DELIVERY_UNREACHABLE, refusals[i].reason);
        http_expect(&h, b, DELIVERY_UNREACHABLE, refusals[i].reason);
        cr_expect_eq(b->last.retry_after_us, refusals[i].retry_after_s * S);
        cr_expect(house_logged(&h, "no-token"));
    }
    cr_expect_eq(server.accepted, 0);
    end();
}

Test(http_auth, a_token_server_that_is_down_or_silent_is_given_up)
{
    begin_oauth("connect-within: 100ms\nreply-within: 100ms\n");
    struct delivery *d = house_give(&h, "x");
    (void)token_request(0);
    pass(1 * S);
    http_expect(&h, d, DELIVERY_UNREACHABLE, "no token: the token server does not answer");
    peer_close(&token_conn);
    peer_close(&tokens);
    tokens.fd = -1;
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE,
                "no token: the token server cannot be reached");
    unsetenv("CORRIDOR_TEST_TOKEN");
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE,
                "no token: client-secret cannot be read");
    end();
}

Test(http_auth, what_waits_for_a_token_can_be_given_up)
{
    begin_oauth("");
    struct delivery *a = house_give(&h, "x"), *b = house_give(&h, "y");
    (void)token_request(0);
    h.destination.ep.adapter->out->cancel(&h.destination, a);
    cr_expect_eq(a->last.verdict, DELIVERY_UNREACHABLE);
    give_token("first", 3600);
    cr_expect(str_is(http_peer_body(next_request(0)), "y"));
    answer(b, 200, DELIVERY_DELIVERED, "answered 200");
    end();
}

/* ---- signatures ---- */

static const char *verify(struct str r, const char *secrets)
{
    struct webhook_secrets s;
    cr_assert_null(webhook_secrets_read(str_of(secrets), &s));
    return webhook_verify(
        &s, http_peer_header(r, "webhook-id"), http_peer_header(r, "webhook-timestamp"),
        http_peer_header(r, "webhook-signature"), http_peer_body(r), h.time.wall_us / S);
}

Test(http_auth, requests_are_signed_at_each_attempt_and_secrets_rotate_without_a_reload)
{
    setenv("CORRIDOR_TEST_TOKEN", SECRET, 1);
    begin("sign: {secret: env:CORRIDOR_TEST_TOKEN}\n");
    struct delivery *d = house_give_json(&h, "{\"test\": 2432232314}", 2);
    struct str r = next_request(0);
    http_peer_expects(r, "webhook-id", "abcdefghijklmnopqrstuvwxyz");
    http_peer_expects(r, "Idempotency-Key", "abcdefghijklmnopqrstuvwxyz");
    http_peer_expects(r, "webhook-timestamp", "1780000000");
    cr_expect_null(verify(r, SECRET));
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    setenv("CORRIDOR_TEST_TOKEN", OTHER "\n" SECRET, 1);
    pass(11 * S);
    d = house_give(&h, "x");
    r = next_request(1);
    http_peer_expects(r, "webhook-timestamp", "1780000011");
    cr_expect_null(verify(r, SECRET));
    cr_expect_null(verify(r, OTHER));
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    setenv("CORRIDOR_TEST_TOKEN", "half writ", 1);
    pass(11 * S);
    d = house_give(&h, "x");
    cr_expect_null(verify(next_request(2), OTHER), "the old ones stay until there are new ones");
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    cr_expect(house_logged(&h, "no-secret"));
    cr_expect_not(house_logged(&h, "half writ"));
    end();
}

Test(http_auth, without_a_secret_nothing_is_sent_unsigned)
{
    setenv("CORRIDOR_TEST_TOKEN", "not a secret", 1);
    begin("sign: {secret: env:CORRIDOR_TEST_TOKEN}\n");
    http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE, "the secret of sign cannot be read");
    cr_expect_eq(server.accepted, 0);
    end();
}
