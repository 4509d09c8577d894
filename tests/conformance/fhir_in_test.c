/* The fhir source against the contract: when it gives to the engine, what it answers, and what becomes of a request whose peer or
 * whose engine goes away. What requests mean is tested with a real engine in tests/wire/fhir_in_test.c. */
#include "adapters/fhir.h"
#include "adapters/fhir_in.h"
#include "tests/conformance/house.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct house h;
static struct peer p;

static void open_with(const char *more)
{
    struct buf yaml = {0};
    buf_printf(&yaml, "listen: 127.0.0.1:0\n%s%s", peer_source_tls(), more);
    buf_putc(&yaml, '\0');
    cr_assert_eq(house_source(&h, &fhir_adapter, yaml.p), 0);
    buf_free(&yaml);
    peer_connect(&p, h.loop, house_address(&h));
}

static void begin(void)
{
    house_open(&h);
}

static void end(void)
{
    peer_close(&p);
    house_close(&h);
}

TestSuite(fhir_in, .init = begin, .fini = end, .timeout = 60);

#define GOOD "{\"resourceType\":\"Patient\"}"

static void post(const char *place, const char *body)
{
    struct buf b = {0};
    buf_printf(&b, "POST /fhir%s HTTP/1.1\r\nHost: h\r\nContent-Type: application/fhir+json\r\n",
               place);
    buf_printf(&b, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    peer_send(&p, buf_str(&b));
    buf_free(&b);
}

static const char *wanted;
RUN_UNTIL_DECLARE(has_come, const struct peer *, str_find(buf_str(&x->in), str_of(wanted)) >= 0)

static bool says(const char *text)
{
    wanted = text;
    return run_until(h.loop, has_come, &p);
}

Test(fhir_in, no_answer_before_the_engine_has_it)
{
    open_with("");
    post("/Patient", GOOD);
    cr_assert(house_takes(&h, 1));
    run_now(h.loop);
    cr_expect_eq(p.in.n, 0, "nothing is said yet");
    house_answer(&h, 0, 1);
    cr_expect(says("HTTP/1.1 201 Created\r\n"));
    cr_expect(says("Location: /fhir/Patient/abcdefghijklmnopqrstuvwxyz/_history/1\r\n"));
    cr_expect(str_eq(buf_str(&h.source.v[0].bytes), STR(GOOD)));
}

Test(fhir_in, parts_of_a_batch_lie_in_its_bytes)
{
    h.source.answers_at_once = true;
    open_with("");
    post("", "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":" GOOD
             ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}");
    cr_expect(says("batch-response"));
    cr_expect(says("\"201 Created\""));
}

Test(fhir_in, a_full_engine_is_waited_for)
{
    h.source.is_full = true;
    open_with("");
    post("/Patient", GOOD);
    for (unsigned i = 0; i < 20; i++) {
        run_now(h.loop);
    }
    cr_expect_eq(h.source.n, 0);
    h.source.is_full = false;
    h.source.answers_at_once = true;
    for (unsigned i = 0; i < 500 && !h.source.n; i++) {
        h.source.ep.adapter->in->resume(&h.source);
        event_base_loop(h.loop, EVLOOP_NONBLOCK);
    }
    cr_expect(says("HTTP/1.1 201 Created\r\n"));
}

RUN_UNTIL_DECLARE(is_refused, const struct peer *,
                  (clock_fake_advance(&h.time, 100 * 1000), x->in.n > 0))

Test(fhir_in, and_after_a_second_it_is_told_to_come_again)
{
    h.source.is_full = true;
    open_with("");
    post("/Patient", GOOD);
    cr_assert(run_until(h.loop, is_refused, &p));
    cr_expect(says("HTTP/1.1 503 Service Unavailable\r\n"));
    cr_expect(says("Retry-After: 1\r\n"));
    cr_expect(says("\"code\":\"transient\""));
    cr_expect_eq(h.source.n, 0);
}

RUN_UNTIL_DECLARE(has_left, const struct house *, x->source.ep.counters.connections_open == 0)

Test(fhir_in, a_peer_that_goes_away_is_not_answered)
{
    open_with("");
    post("/Patient", GOOD);
    cr_assert(house_takes(&h, 1));
    peer_reset(&p);
    run_now(h.loop);
    house_answer(&h, 0, 1);
    cr_expect(run_until(h.loop, has_left, &h));
}

Test(fhir_in, an_exchange_that_nobody_knows_the_end_of)
{
    open_with("");
    post("/Patient", GOOD);
    cr_assert(house_takes(&h, 1));
    h.source.v[0].is_answered = true;
    fhir_source.abandon(&h.source, h.source.v[0].conn, h.source.v[0].token);
    cr_expect(says("HTTP/1.1 504 Gateway Timeout\r\n"));
    cr_expect(says("OperationOutcome"));
    cr_expect(peer_sees_end(&p));
}

static void *conf_of(const char *yaml)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s", yaml, peer_source_tls());
    buf_putc(&text, '\0');
    void *conf = house_conf(&h, fhir_adapter.in_opts, fhir_adapter.in_conf_size, text.p);
    cr_assert_not_null(conf);
    buf_free(&text);
    return conf;
}

static void write_token(const char *name, const char *token)
{
    FILE *f = fopen(name, "w");
    cr_assert_not_null(f);
    (void)fprintf(f, "%s\n", token);
    (void)fclose(f);
}

Test(fhir_in, a_reload_that_is_taken_back_leaves_the_tokens_before)
{
    char first[128], second[128], yaml[256];
    snprintf(first, sizeof first, "/tmp/corridor-fhir-%d-1", getpid());
    snprintf(second, sizeof second, "/tmp/corridor-fhir-%d-2", getpid());
    write_token(first, "one");
    write_token(second, "two");
    h.source.answers_at_once = true;
    snprintf(yaml, sizeof yaml, "auth: { tokens: \"file:%s\" }\n", first);
    open_with(yaml);
    void *before = h.source.ep.conf;
    snprintf(yaml, sizeof yaml, "listen: 127.0.0.1:0\nauth: { hub: \"file:%s\" }\n", second);
    void *after = conf_of(yaml);
    cr_assert_eq(fhir_source.reload(&h.source, after, &h.diags), 0);
    h.source.ep.conf = after;
    post("/Patient", GOOD);
    cr_expect(says("HTTP/1.1 401"));
    h.source.ep.conf = before;
    cr_assert_eq(fhir_source.reload(&h.source, before, &h.diags), 0);
    unlink(first);
    peer_close(&p);
    peer_connect(&p, h.loop, house_address(&h));
    peer_send(
        &p,
        STR("POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer one\r\nContent-Type: "
            "application/json\r\nContent-Length: 26\r\n\r\n" GOOD));
    cr_expect(says("HTTP/1.1 201"));
    snprintf(yaml, sizeof yaml, "listen: 127.0.0.1:0\nauth: { tokens: \"file:%s\" }\n", first);
    cr_expect_eq(fhir_source.reload(&h.source, conf_of(yaml), &h.diags), ERR_IO,
                 "the file is gone");
    unlink(second);
}
