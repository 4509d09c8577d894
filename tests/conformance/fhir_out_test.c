/* The fhir destination against a server played by the test. */
#include "adapters/fhir.h"
#include "tests/conformance/http_house.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct house h;
static struct peer server, conn;

#define NEW "{\"resourceType\":\"Patient\",\"active\":true}"
#define OLD "{\"resourceType\":\"Appointment\",\"id\":\"7\",\"status\":\"booked\"}"
#define TX                                                                                         \
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{}},{"          \
    "\"request\":{}}]}"
#define OO(code)                                                                                   \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"" code   \
    "\",\"diagnostics\":\"Mrs Secret\",\"expression\":[\"Appointment.slot\"]}]}"

static void begin(const char *more)
{
    struct buf yaml = {0};
    house_open(&h);
    conn.fd = -1;
    buf_printf(&yaml, "url: http://127.0.0.1:%d/fhir/r4/\n%s", peer_listen(&server, h.loop), more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(&h, &fhir_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static void end(void)
{
    peer_close(&conn);
    peer_close(&server);
    house_close(&h);
}

static struct str next(unsigned n)
{
    return http_peer_next(&server, &conn, n);
}

static void expect_line(struct str request, const char *line)
{
    cr_expect(str_starts(request, str_of(line)) &&
                  str_starts(str_slice(request, strlen(line), request.n), STR(" HTTP/1.1\r\n")),
              "%.*s, wanted %s", 60, request.p, line);
}

static void answer(struct delivery *d, int status, const char *headers, const char *body,
                   enum verdict v, const char *reason)
{
    http_peer_answers(&conn, status, headers, body);
    http_expect(&h, d, v, reason);
}

Test(fhir_out, a_new_resource_is_created_once)
{
    begin("match: [\"urn:mrn\"]\n");
    struct delivery *d = house_give_json(
        &h,
        "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"7\"}]}",
        2);
    struct str r = next(0);
    expect_line(r, "POST /fhir/r4/Patient");
    http_peer_expects(r, "Content-Type", "application/fhir+json; charset=utf-8");
    http_peer_expects(r, "Accept", "application/fhir+json");
    http_peer_expects(r, "Accept-Encoding", "identity");
    http_peer_expects(r, "Prefer", "return=minimal");
    http_peer_expects(r, "If-None-Exist", "identifier=urn%3Amrn%7C7");
    http_peer_expects(r, "If-Match", NULL);
    http_peer_expects(r, "X-Request-Id", "abcdefghijklmnopqrstuvwxyz");
    http_peer_expects(r, "Idempotency-Key", "abcdefghijklmnopqrstuvwxyz");
    http_peer_expects(r, "Corridor-Attempt", "2");
    cr_expect(str_eq(http_peer_body(r), buf_str(&d->payload)), "the payload goes as it is");
    answer(d, 201, "Location: /fhir/r4/Patient/1\r\n", "", DELIVERY_DELIVERED, "answered 201");
    end();
}

Test(fhir_out, requests_of_all_kinds_share_a_connection)
{
    begin("");
    struct delivery *d = house_give_json(&h, OLD, 1);
    expect_line(next(0), "PUT /fhir/r4/Appointment/7");
    answer(d, 200, "", "", DELIVERY_DELIVERED, "answered 200");
    d = house_give_with(&h, OLD, (const char *const[]){"interaction=delete", NULL});
    struct str r = next(1);
    expect_line(r, "DELETE /fhir/r4/Appointment/7");
    http_peer_expects(r, "Content-Type", NULL);
    http_peer_expects(r, "Content-Length", NULL);
    cr_expect_eq(http_peer_body(r).n, 0);
    answer(d, 204, "", "", DELIVERY_DELIVERED, "answered 204");
    d = house_give_json(&h, NEW, 1);
    r = next(2);
    expect_line(r, "POST /fhir/r4/Patient");
    cr_expect(str_is(http_peer_body(r), NEW));
    answer(d, 201, "", "", DELIVERY_DELIVERED, "answered 201");
    d = house_give_with(&h, "[{\"op\":\"remove\",\"path\":\"/slot\"}]",
                        (const char *const[]){"target=Appointment/7", "if-match=3", NULL});
    r = next(3);
    expect_line(r, "PATCH /fhir/r4/Appointment/7");
    http_peer_expects(r, "Content-Type", "application/json-patch+json");
    http_peer_expects(r, "If-Match", "W/\"3\"");
    answer(d, 412, "", OO("conflict"), DELIVERY_REFUSED,
           "the server's OperationOutcome says conflict");
    cr_expect_eq(h.destination.ep.counters.connections, 1);
    end();
}

Test(fhir_out, what_is_no_resource_is_refused_and_sends_nothing)
{
    begin("");
    http_expect(&h, house_give(&h, "MSH|"), DELIVERY_REFUSED,
                "the payload is an HL7 v2 message, no FHIR resource");
    http_expect(&h, house_give_json(&h, "{\"type\":\"booked\"}", 1), DELIVERY_REFUSED,
                "the payload is no resource of FHIR R4");
    http_expect(&h, house_give_with(&h, OLD, (const char *const[]){"interaction=upsert", NULL}),
                DELIVERY_REFUSED,
                "interaction is none of auto, create, update, patch, delete, transaction, read");
    http_expect(&h, house_give_with(&h, OLD, (const char *const[]){"if-match=a\r\nX: y", NULL}),
                DELIVERY_REFUSED, "if-match has a blank or is too long");
    struct delivery *d =
        house_give_with(&h, NEW, (const char *const[]){"if-none-exist=identifier=a\r\nX: y", NULL});
    http_peer_expects(next(0), "If-None-Exist", "identifier=a%0D%0AX:%20y");
    answer(d, 200, "", "", DELIVERY_DELIVERED, "answered 200");
    cr_expect_eq(h.destination.ep.counters.messages, 1);
    end();
}

Test(fhir_out, a_transaction_is_judged_entry_by_entry)
{
    begin("");
    struct delivery *d = house_give_json(&h, TX, 1);
    struct str r = next(0);
    expect_line(r, "POST /fhir/r4");
    http_peer_expects(r, "Content-Type", "application/fhir+json; charset=utf-8");
    answer(
        d, 200, "",
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\",\"entry\":[{\"response\":{"
        "\"status\":\"201\"}},{\"response\":{\"status\":\"200\"}}]}",
        DELIVERY_DELIVERED, "answered 200");
    d = house_give_json(&h, TX, 1);
    (void)next(1);
    answer(d, 200, "",
           "{\"resourceType\":\"Bundle\",\"entry\":[{\"response\":{\"status\":\"201\"}},{"
           "\"response\":{"
           "\"status\":\"422\",\"outcome\":" OO("business-rule") "}}]}",
           DELIVERY_REFUSED, "the server's OperationOutcome says business-rule");
    cr_expect(house_logged(&h, "fhir-issue destination=out event=abcdefghijklmnopqrstuvwxyz "
                               "status=422 code=business-rule expression=Appointment.slot"));
    cr_expect_not(house_logged(&h, "Secret"));
    cr_expect(str_find(buf_str(&d->reply), STR("Mrs Secret")) > 0, "the journal keeps the answer");
    cr_expect(
        str_starts(buf_str(&d->reply),
                   STR("HTTP/1.1 200 the server's OperationOutcome says business-rule\r\n\r\n{")),
        "and why it is none");
    end();
}

Test(fhir_out, a_large_transaction_is_read_to_its_end)
{
    struct buf sent = {0}, got = {0};
    enum { ENTRIES = 2000 };
    begin("");
    buf_puts(&sent, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{}");
    buf_puts(&got, "{\"resourceType\":\"Bundle\",\"entry\":[{\"response\":{\"status\":\"201\"}}");
    for (unsigned i = 1; i < ENTRIES; i++) {
        buf_puts(&sent, ",{}");
        buf_printf(
            &got, ",{\"response\":{\"status\":\"201 Created\",\"location\":\"Patient/%060u\"}}", i);
    }
    buf_puts(&sent, "]}");
    buf_puts(&got, "]}");
    buf_putc(&sent, 0);
    buf_putc(&got, 0);
    struct delivery *d = house_give_json(&h, sent.p, 1);
    (void)next(0);
    answer(d, 200, "", got.p, DELIVERY_DELIVERED, "answered 200");
    buf_free(&sent);
    buf_free(&got);
    end();
}

Test(fhir_out, the_current_version_is_read_before_a_change)
{
    begin("if-match: current\n");
    struct delivery *d = house_give_json(&h, OLD, 1);
    struct str r = next(0);
    expect_line(r, "GET /fhir/r4/Appointment/7");
    http_peer_expects(r, "Content-Length", NULL);
    http_peer_expects(r, "Prefer", NULL);
    http_peer_answers(&conn, 200, "ETag: W/\"4\"\r\n", OLD);
    r = next(1);
    expect_line(r, "PUT /fhir/r4/Appointment/7");
    http_peer_expects(r, "If-Match", "W/\"4\"");
    cr_expect(str_is(http_peer_body(r), OLD));
    answer(d, 409, "", "", DELIVERY_BUSY, "the version changed meanwhile; it is read again");
    d = house_give_json(&h, OLD, 2);
    (void)next(2);
    http_peer_answers(&conn, 200, "",
                      "{\"resourceType\":\"Appointment\",\"meta\":{\"versionId\":\"5\"}}");
    http_peer_expects(next(3), "If-Match", "W/\"5\"");
    answer(d, 200, "", "", DELIVERY_DELIVERED, "answered 200");
    cr_expect_eq(h.destination.ep.counters.messages, 2, "a read is no message");
    end();
}

Test(fhir_out, what_has_no_version_is_told)
{
    begin("if-match: current\n");
    struct delivery *d = house_give_json(&h, OLD, 1);
    (void)next(0);
    http_peer_answers(&conn, 404, "", OO("not-found"));
    struct str r = next(1);
    expect_line(r, "PUT /fhir/r4/Appointment/7");
    http_peer_expects(r, "If-Match", NULL);
    answer(d, 201, "", "", DELIVERY_DELIVERED, "answered 201");
    d = house_give_json(&h, OLD, 1);
    (void)next(2);
    answer(d, 200, "", "{\"resourceType\":\"Appointment\"}", DELIVERY_REFUSED,
           "the server gives no version to use in If-Match");
    d = house_give_json(&h, OLD, 1);
    (void)next(3);
    answer(d, 503, "", "", DELIVERY_UNREACHABLE, "answered 503, service unavailable");
    d = house_give_json(&h, OLD, 1);
    (void)next(4);
    h.destination.ep.adapter->out->cancel(&h.destination, d);
    cr_expect_eq(d->done, 1);
    end();
}

Test(fhir_out, what_is_gone_when_its_version_is_read_was_deleted_before)
{
    begin("if-match: current\ninteraction: delete\n");
    struct delivery *d = house_give_json(&h, OLD, 1);
    expect_line(next(0), "GET /fhir/r4/Appointment/7");
    answer(d, 410, "", "", DELIVERY_DELIVERED, "it was deleted before");
    d = house_give_json(&h, OLD, 1);
    (void)next(1);
    answer(d, 404, "", OO("not-found"), DELIVERY_DELIVERED, "it was deleted before");
    end();
}

Test(fhir_out, a_read_that_was_lost_changed_nothing)
{
    begin("if-match: current\n");
    struct delivery *d = house_give_json(&h, OLD, 1);
    (void)next(0);
    peer_close(&conn);
    http_expect(&h, d, DELIVERY_UNREACHABLE, "the peer closed the connection");
    end();
}

Test(fhir_out, a_lost_answer_is_unknown_and_the_repeat_is_the_same_request)
{
    begin("match: \"*\"\n");
    struct buf first = {0};
    static const char patient[] =
        "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:x\",\"value\":\"1\"}]}";
    struct delivery *d = house_give_json(&h, patient, 1);
    buf_put_str(&first, next(0));
    peer_close(&conn);
    http_expect(&h, d, DELIVERY_UNKNOWN, "the peer closed the connection");
    d = house_give_json(&h, patient, 1);
    conn.fd = -1;
    cr_expect(str_eq(next(0), buf_str(&first)), "with the same If-None-Exist and keys");
    answer(d, 200, "", "", DELIVERY_DELIVERED, "answered 200");
    buf_free(&first);
    end();
}

Test(fhir_out, a_page_of_a_proxy_delivers_nothing)
{
    begin("");
    struct delivery *d = house_give_json(&h, NEW, 1);
    (void)next(0);
    answer(d, 200, "Content-Type: text/html\r\n", "<html>sign in</html>", DELIVERY_UNREACHABLE,
           "answered yes with something else than FHIR");
    end();
}

Test(fhir_out, a_version_is_not_taken_from_what_is_no_resource)
{
    begin("if-match: current\n");
    struct delivery *d = house_give_json(&h, OLD, 1);
    (void)next(0);
    answer(d, 200, "ETag: \"page\"\r\n", "<html>sign in</html>", DELIVERY_UNREACHABLE,
           "answered yes with something else than FHIR");
    d = house_give_json(&h, OLD, 1);
    (void)next(1);
    answer(d, 200, "ETag: W/\"1\"\r\n", OO("timeout"), DELIVERY_BUSY,
           "the server's OperationOutcome says timeout");
    d = house_give_json(&h, OLD, 1);
    (void)next(2);
    http_peer_answers(&conn, 200, "ETag: W/\"2\"\r\n", "");
    http_peer_expects(next(3), "If-Match", "W/\"2\"");
    answer(d, 200, "", "", DELIVERY_DELIVERED, "answered 200");
    end();
}

Test(fhir_out, a_yes_whose_body_does_not_come_is_unknown)
{
    begin("reply-within: 100ms\n");
    struct delivery *d = house_give_json(&h, TX, 1);
    (void)next(0);
    peer_send(&conn, STR("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{\"resourceType\":\"Bund"));
    run_now(h.loop);
    clock_fake_advance(&h.time, 101000);
    http_expect(&h, d, DELIVERY_UNKNOWN, "the answer did not end within reply-within");
    end();
}

Test(fhir_out, a_message_is_answered_by_a_message)
{
    static const char event[] = "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{}]}";
    begin("");
    struct delivery *d = house_give_json(&h, event, 1);
    expect_line(next(0), "POST /fhir/r4/$process-message");
    answer(d, 200, "",
           "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"resource\":{"
           "\"resourceType\":"
           "\"MessageHeader\",\"response\":{\"code\":\"fatal-error\"}}},{\"resource\":" OO(
               "business-rule") "}]}",
           DELIVERY_REFUSED, "the server's OperationOutcome says business-rule");
    cr_expect(house_logged(&h, "code=business-rule expression=Appointment.slot"));
    end();
}

Test(fhir_out, a_deleted_resource_does_not_stop_the_others)
{
    begin("");
    struct delivery *d = house_give_json(&h, OLD, 1);
    expect_line(next(0), "PUT /fhir/r4/Appointment/7");
    answer(d, 410, "", "", DELIVERY_REFUSED, "answered 410: the resource was deleted");
    end();
}

Test(fhir_out, an_entry_that_failed_without_a_word_is_told_with_its_status)
{
    begin("");
    struct delivery *d = house_give_json(&h, TX, 1);
    (void)next(0);
    answer(
        d, 200, "",
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"response\":{\"status\":\"201\"}},{\"response\":"
        "{\"status\":\"404 Not Found\"}}]}",
        DELIVERY_REFUSED, "an entry of the Bundle was answered 404");
    end();
}

/* Who says yes before it has all of it has not read it. */
Test(fhir_out, a_yes_before_the_end_of_the_request_is_unknown)
{
    struct buf sent = {0};
    begin("");
    buf_puts(&sent, "{\"resourceType\":\"Patient\",\"id\":\"");
    for (unsigned i = 0; i < 32; i++) {
        buf_putc(&sent, 'x');
    }
    buf_puts(&sent, "\",\"text\":\"");
    for (unsigned i = 0; i < 24000000; i++) {
        buf_putc(&sent, 'x');
    }
    buf_puts(&sent, "\"}");
    buf_putc(&sent, 0);
    struct delivery *d = house_give_json(&h, sent.p, 1);
    peer_accept(&server, &conn);
    event_del(conn.on_read);
    http_peer_answers(&conn, 201, "Connection: close\r\n", "");
    peer_close(&conn);
    http_expect(&h, d, DELIVERY_UNKNOWN, "answered before the request was sent");
    buf_free(&sent);
    end();
}
