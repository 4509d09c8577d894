/* What the http destination sends as CloudEvents, batches of them, and whom it does not speak to. */
#include "adapters/http.h"
#include "engine/base/json.h"
#include "tests/conformance/http_house.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct house h;
static struct peer server, conn;

#define MSH "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1||4711^^^HOSP||M\\S\\ller^Eva\r"
#define EVENTS                                                                                     \
    "cloudevents:\n  source: /corridor/main\n  type: org.example.{/kind}.v1\n"                     \
    "  subject: Patient/{/patient/0/id}\n"

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

static void expect_body(struct str request, const char *want)
{
    struct str got = http_peer_body(request);
    cr_expect(str_is(got, want), "%.*s\nwanted %s", STR_ARG(got), want);
}

static void answer(struct delivery *d, int status, enum verdict v, const char *reason)
{
    http_peer_answers(&conn, status, "", "");
    http_expect(&h, d, v, reason);
}

Test(http_events, binary_mode_has_attributes_as_headers)
{
    begin(EVENTS);
    struct delivery *d =
        house_give_json(&h, "{\"kind\":\"booked\",\"patient\":[{\"id\":\"\xc3\xa4 1\"}]}", 1);
    struct str r = next_request(0);
    http_peer_expects(r, "ce-specversion", "1.0");
    http_peer_expects(r, "ce-id", "abcdefghijklmnopqrstuvwxyz");
    http_peer_expects(r, "ce-source", "/corridor/main");
    http_peer_expects(r, "ce-type", "org.example.booked.v1");
    http_peer_expects(r, "ce-subject", "Patient/%C3%A4%201");
    http_peer_expects(r, "ce-time", "2026-05-28T20:26:40.123Z");
    http_peer_expects(r, "Content-Type", "application/json");
    expect_body(r, "{\"kind\":\"booked\",\"patient\":[{\"id\":\"\xc3\xa4 1\"}]}");
    answer(d, 202, DELIVERY_DELIVERED, "answered 202");
    end();
}

Test(http_events, structured_mode_carries_json_and_hl7)
{
    begin("cloudevents: {mode: structured, source: /c, type: \"v2.{MSH-9.1}.{MSH-9.2}\", "
          "subject: \"{PID-5.1}\"}\n");
    struct delivery *d = house_give(&h, MSH);
    struct str r = next_request(0);
    http_peer_expects(r, "Content-Type", "application/cloudevents+json");
    http_peer_expects(r, "ce-id", NULL);
    expect_body(r,
                "{\"specversion\":\"1.0\",\"id\":\"abcdefghijklmnopqrstuvwxyz\","
                "\"source\":\"/c\",\"type\":\"v2.ADT.A01\",\"time\":\"2026-05-28T20:26:40.123Z\","
                "\"subject\":\"M^ller\",\"datacontenttype\":\"application/hl7-v2\","
                "\"data\":\"MSH|^~\\\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\\rPID|1||4711^^^"
                "HOSP||M\\\\S\\\\ller^Eva\\r\"}");
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    d = house_give(&h, "MSH|^~\\&|||||||ADT^A01\rPID|||||M\xfcller\r");
    struct arena a = {0};
    struct json *root = NULL;
    struct json_fault fault;
    cr_assert_eq(json_parse(&a, http_peer_body(next_request(1)), NULL, &root, &fault), 0);
    cr_expect(str_is(json_text(json_get(root, "subject")), "M\xc3\xbcller"), "as UTF-8");
    cr_expect(str_is(json_text(json_get(root, "data_base64")),
                     "TVNIfF5+XCZ8fHx8fHx8QURUXkEwMQ1QSUR8fHx8fE38bGxlcg0="),
              "the bytes as they are");
    arena_free(&a);
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(http_events, an_event_without_type_is_held_and_one_without_subject_goes)
{
    begin(EVENTS);
    struct delivery *d = house_give_json(&h, "{\"patient\":[{\"id\":7}]}", 1);
    http_expect(&h, d, DELIVERY_REFUSED,
                "the type of the CloudEvent needs a value that the payload does not have");
    d = house_give_json(&h, "{\"kind\":\"seen\"}", 1);
    struct str r = next_request(0);
    http_peer_expects(r, "ce-type", "org.example.seen.v1");
    http_peer_expects(r, "ce-subject", NULL);
    answer(d, 200, DELIVERY_DELIVERED, "answered 200");
    end();
}

/* ---- batches ---- */

#define BATCH "cloudevents: {mode: batch, source: /c, type: \"{/k}\", most: 3}\n"

static unsigned count_of(struct str body, const char *want)
{
    unsigned n = 0;
    for (ptrdiff_t at; (at = str_find(body, str_of(want))) >= 0; n++) {
        body = str_slice(body, (size_t)at + 1, body.n);
    }
    return n;
}

Test(http_events, a_batch_is_one_request_and_one_verdict_for_each)
{
    static const char *const payloads[] = {"{\"k\":\"a\"}", "{\"k\":\"b\"}", "{}", "{\"k\":\"c\"}"};
    begin(BATCH);
    struct delivery *d = house_give_all(&h, payloads, 4, 1);
    struct str r = next_request(0);
    http_peer_expects(r, "Content-Type", "application/cloudevents-batch+json");
    http_peer_expects(r, "Corridor-Attempt", "1");
    cr_expect_eq(http_peer_header(r, "Idempotency-Key").n, 32, "a batch has an id of its own");
    struct str body = http_peer_body(r);
    cr_expect(str_starts(body, STR("[{")) && str_ends(body, STR("}]")));
    cr_expect_eq(count_of(body, "\"specversion\""), 3);
    cr_expect(str_find(body, STR("xya\"")) < str_find(body, STR("xyb\"")), "in order");
    cr_expect_eq(d[2].last.verdict, DELIVERY_REFUSED, "the one that has no type");
    http_peer_answers(&conn, 200, "", "");
    for (unsigned i = 0; i < 4; i++) {
        if (i != 2) {
            http_expect(&h, &d[i], DELIVERY_DELIVERED, "answered 200");
        }
    }
    cr_expect_eq(h.destination.ep.counters.messages, 3);
    end();
}

Test(http_events, more_than_most_are_several_batches)
{
    static const char *const payloads[] = {"{\"k\":1}", "{\"k\":2}", "{\"k\":3}", "{\"k\":4}"};
    struct peer second = {.fd = -1};
    begin(BATCH);
    struct delivery *d = house_give_all(&h, payloads, 4, 1);
    cr_expect_eq(count_of(http_peer_body(next_request(0)), "\"id\""), 3);
    peer_accept(&server, &second);
    cr_assert(http_peer_takes(&second, 1));
    struct str r = http_peer_request(&second, 0);
    cr_expect_eq(count_of(http_peer_body(r), "\"id\""), 1);
    http_peer_expects(r, "Idempotency-Key", "abcdefghijklmnopqrstuvwxyd");
    http_peer_answers(&conn, 503, "Retry-After: 5\r\n", "");
    for (unsigned i = 0; i < 3; i++) {
        http_expect(&h, &d[i], DELIVERY_BUSY, "answered 503, service unavailable");
        cr_expect_eq(d[i].last.retry_after_us, 5000000);
    }
    http_peer_answers(&second, 200, "", "");
    http_expect(&h, &d[3], DELIVERY_DELIVERED, "answered 200");
    peer_close(&second);
    end();
}

Test(http_events, a_batch_that_is_refused_goes_one_by_one)
{
    static const char *const payloads[] = {"{\"k\":1}", "{\"k\":2}"};
    struct peer second = {.fd = -1};
    begin(BATCH);
    struct delivery *d = house_give_all(&h, payloads, 2, 1);
    (void)next_request(0);
    http_peer_answers(&conn, 400, "", "");
    for (unsigned i = 0; i < 2; i++) {
        http_expect(&h, &d[i], DELIVERY_BUSY, "the batch was refused; each goes by itself now");
    }
    d = house_give_all(&h, payloads, 2, 2);
    struct str r = next_request(1);
    cr_expect_eq(count_of(http_peer_body(r), "\"id\""), 1);
    http_peer_expects(r, "Corridor-Attempt", "2");
    peer_accept(&server, &second);
    cr_assert(http_peer_takes(&second, 1));
    http_peer_answers(&second, 200, "", "");
    bool is_first = str_find(http_peer_body(r), STR("xya\"")) >= 0;
    http_peer_answers(&conn, 400, "", "");
    http_expect(&h, &d[is_first ? 0 : 1], DELIVERY_REFUSED, "answered 400, bad request");
    http_expect(&h, &d[is_first ? 1 : 0], DELIVERY_DELIVERED, "answered 200");
    peer_close(&second);
    end();
}

Test(http_events, a_batch_given_up_ends_all_of_it)
{
    static const char *const payloads[] = {"{\"k\":1}", "{\"k\":2}"};
    begin(BATCH);
    struct delivery *d = house_give_all(&h, payloads, 2, 1);
    (void)next_request(0);
    h.destination.ep.adapter->out->cancel(&h.destination, &d[1]);
    http_expect(&h, &d[0], DELIVERY_UNKNOWN, "canceled");
    http_expect(&h, &d[1], DELIVERY_UNKNOWN, "canceled");
    end();
}

/* ---- whom it does not speak to ---- */

static void begin_at(const char *host, const char *more)
{
    struct buf yaml = {0};
    house_open(&h);
    conn.fd = -1;
    buf_printf(&yaml, "url: http://%s:%d/in\n%s", host, peer_listen(&server, h.loop), more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
}

#define DENIED "the host leads to an address that deny names"

Test(http_events, a_host_that_leads_to_a_denied_address_is_not_connected_to)
{
    /* no literal, and so a name: the resolver makes 127.0.0.1 of it */
    static const char *const names[] = {"2130706433", "0x7f.1", "127.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin_at(names[i], "");
        http_expect(&h, house_give(&h, "x"), DELIVERY_UNREACHABLE, DENIED);
        run_now(h.loop);
        cr_expect_eq(server.accepted, 0);
        cr_expect_eq(h.destination.ep.counters.connections_open, 0);
        end();
    }
}

Test(http_events, what_the_url_itself_names_is_meant)
{
    static const struct {
        const char *host, *more;
        bool is_denied;
    } rows[] = {
        {"localhost", "", false},
        {"127.0.0.1", "", false},
        {"2130706433", "deny: [link-local]\n", false},
        {"localhost", "deny: [127.0.0.0/8, \"::1\"]\n", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_at(rows[i].host, rows[i].more);
        struct delivery *d = house_give(&h, "x");
        if (rows[i].is_denied) {
            http_expect(&h, d, DELIVERY_UNREACHABLE, DENIED);
        } else {
            (void)next_request(0);
            answer(d, 200, DELIVERY_DELIVERED, "answered 200");
        }
        end();
    }
}
