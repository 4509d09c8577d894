/* The whole engine with a fhir source: requests as clients send them, what becomes of them in the journal and at destinations, and
 * what is answered. */
#include "tests/wire/fhir_ask.h"

TestSuite(wire_fhir, .timeout = 60);

/* ---- one resource ---- */

Test(wire_fhir, a_create_is_answered_when_it_is_stored)
{
    begin();
    struct str a = ask("POST /fhir/Patient", JSON, " " GOOD "\n");
    EXPECT(a, 201, "Location: /fhir/Patient/", "/_history/1\r\n",
           "ETag: W/\"1\"\r\nLast-Modified: ");
    cr_assert_eq(stored(), 1);
    struct entry_message m = message(0);
    char id[27];
    entry_id_text(m.id, id);
    cr_expect(has(a, id));
    cr_expect(str_is(m.raw, " " GOOD "\n"), "as it came");
    cr_expect_eq(m.status, ENTRY_ACCEPTED);
    cr_assert(site_delivers(&s, "away", 1));
    end();
}

Test(wire_fhir, prefer)
{
    begin();
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 201, "Content-Length: 0\r\n");
    EXPECT(ask("POST /fhir/Patient", JSON "Prefer: return=representation\r\n",
               "{\"id\":\"mine\",\"active\":true,\"resourceType\":\"Patient\",\"x\":1.10}"),
           201, "{\"resourceType\":\"Patient\",\"id\":\"a", "\"active\":true,\"x\":1.10}");
    EXPECT(ask("POST /fhir/Patient", JSON "Prefer: return=\"representation\"\r\n", GOOD), 201,
           "{\"resourceType\":\"Patient\",\"id\":\"a");
    EXPECT(ask("POST /fhir/Patient", JSON "Prefer: respond-async, return = minimal\r\n", GOOD), 201,
           "Content-Length: 0\r\n");
    EXPECT(ask("POST /fhir/Patient", JSON "Prefer: return=OperationOutcome\r\n", GOOD), 201,
           "\"OperationOutcome\"", "\"informational\"", "accepted");
    end();
}

Test(wire_fhir, an_update_has_the_id_of_its_url)
{
    begin();
    EXPECT(ask("PUT /fhir/Patient/7", JSON,
               "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}"),
           200, "Location: /fhir/Patient/7/_history/", "ETag: W/\"a");
    EXPECT(ask("PUT /fhir/Patient/7", JSON,
               "{\"resourceType\":\"Patient\",\"id\":\"8\",\"active\":true}"),
           400, "another id than that of the URL", "\"expression\":[\"Patient.id\"]");
    EXPECT(ask("PUT /fhir/Patient/7", JSON, GOOD), 400, "\"required\"", "Patient.id");
    EXPECT(ask("PUT /fhir/Patient/7", JSON, "{\"resourceType\":\"Group\",\"id\":\"7\"}"), 400,
           "resourceType");
    EXPECT(ask("PUT /fhir/Patient?identifier=a%7C1", JSON, GOOD), 201, "Location");
    cr_expect_eq(stored(), 2);
    end();
}

Test(wire_fhir, a_deletion_is_a_bundle_to_routes)
{
    begin_with("", ROUTES BUNDLES);
    EXPECT(ask("DELETE /fhir/Patient/7", "", ""), 204, "\r\n\r\n");
    cr_expect(str_is(
        message(0).raw,
        "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"request\":{\"method\":"
        "\"DELETE\",\"url\":\"Patient/7\"},\"response\":{\"status\":\"204\"}}]}"));
    cr_expect_eq(message(0).status, ENTRY_ACCEPTED);
    EXPECT(ask("DELETE /fhir/Patient?identifier=a%7C1", "", ""), 204, "\r\n\r\n");
    cr_expect(has(message(1).raw, "\"url\":\"Patient?identifier=a%7C1\""));
    cr_assert(site_delivers(&s, "away", 2));
    end();
}

Test(wire_fhir, the_same_identifier_is_created_once)
{
    begin();
    struct str a = ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a%7C1\r\n", GOOD);
    EXPECT(a, 201, "Location");
    char id[27];
    entry_id_text(message(0).id, id);
    a = ask("POST /fhir/Patient",
            JSON "If-None-Exist: ?identifier=a|1\r\nPrefer: return=representation\r\n",
            "{\"resourceType\":\"Patient\",\"active\":false}");
    EXPECT(a, 200, "Location", "it was accepted before", id);
    cr_expect_not(has(a, "Last-Modified"));
    cr_expect_eq(stored(), 1);
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a|2\r\n", GOOD), 201,
           "Location");
    cr_expect_eq(stored(), 2);
    cr_expect_eq(site_source(&s, "in").repeated, 1);
    end();
}

/* One that cannot be undone is not the same as every other one that cannot. */
Test(wire_fhir, a_broken_escape_is_the_same_only_as_itself)
{
    begin();
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a|1%\r\n", GOOD), 201,
           "Location");
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a|2%\r\n", GOOD), 201,
           "Location");
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a|2%\r\n", GOOD), 200,
           "Location");
    cr_expect_eq(stored(), 2);
    end();
}

Test(wire_fhir, an_idempotency_key_is_a_message_id)
{
    begin();
    struct str a = ask("POST /fhir/Patient", JSON "Idempotency-Key: k1\r\n", GOOD);
    EXPECT(a, 201, "Location");
    EXPECT(ask("POST /fhir/Patient", JSON "Idempotency-Key: k1\r\n", GOOD), 201, "Location");
    cr_expect_eq(stored(), 1);
    EXPECT(ask("POST /fhir/Patient", JSON "Idempotency-Key: k1\r\n", GOOD " "), 201, "Location");
    cr_expect_eq(stored(), 2, "another body is another message, as with MSH-10");
    cr_expect(site_logged(&s, "reused-id"));
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 201, "Location");
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 201, "Location");
    cr_expect_eq(stored(), 4, "without a key each POST is one");
    end();
}

Test(wire_fhir, what_a_route_refuses_is_told_with_its_place)
{
    begin();
    EXPECT(ask("POST /fhir/Patient", JSON, BAD), 422, "\"required\"", "not active",
           "[\"Patient.active\"]");
    cr_expect_eq(message(0).status, ENTRY_REJECTED);
    EXPECT(ask("POST /fhir/Observation", JSON, "{\"resourceType\":\"Observation\"}"), 201,
           "Location");
    cr_expect_eq(message(1).status, ENTRY_FILTERED, "unrouted");
    end();
}

Test(wire_fhir, versions_are_not_compared_but_where_it_is_said)
{
    begin();
    EXPECT(ask("PUT /fhir/Patient/7", JSON "If-Match: W/\"1\"\r\n",
               "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}"),
           412, "no versions are kept");
    cr_expect_eq(stored(), 0);
    end();
    begin_with(", if-match: accepted", ROUTES);
    EXPECT(ask("PUT /fhir/Patient/7", JSON "If-Match: W/\"1\"\r\n",
               "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}"),
           200, "Location");
    end();
}

/* ---- what is no request ---- */

Test(wire_fhir, bad_bodies_are_refused_with_their_place)
{
    static const struct {
        const char *name, *body;
        const char *parts[3];
    } rows[] = {
        {"no JSON", "Patient", {"\"structure\"", "valueInteger\":1"}},
        {"nothing", "", {"\"structure\""}},
        {"truncated", "{\"resourceType\":\"Patient\",", {"\"structure\"", "valueInteger\":27"}},
        {"a key twice",
         "{\"resourceType\":\"Patient\",\n\"active\":true,\"active\":false}",
         {"\"structure\"", "valueInteger\":2"}},
        {"invalid UTF-8", "{\"resourceType\":\"Patient\",\"x\":\"\xff\"}", {"\"structure\""}},
        {"an array", "[" GOOD "]", {"\"structure\""}},
        {"no type", "{\"active\":true}", {"\"required\"", "[\"resourceType\"]"}},
        {"a type that is none",
         "{\"resourceType\":\"Patent\"}",
         {"\"structure\"", "[\"resourceType\"]"}},
        {"a datatype", "{\"resourceType\":\"HumanName\"}", {"\"structure\""}},
        {"another type", "{\"resourceType\":\"Group\"}", {"that of the URL"}},
        {"an exponent of nine digits",
         "{\"resourceType\":\"Patient\",\"x\":1e999999999}",
         {"\"value\"", "a number that is too long"}},
        {"a number of 70 digits",
         "{\"resourceType\":\"Patient\",\"x\":"
         "1111111111111111111111111111111111111111111111111111111111111111111111}",
         {"\"value\""}},
        {"an id that is none",
         "{\"resourceType\":\"Patient\",\"id\":\"a b\"}",
         {"\"value\"", "Patient.id"}},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str a = ask("POST /fhir/Patient", JSON, rows[i].body);
        cr_expect_eq(status_of(a), 400, "%s: %.*s", rows[i].name, STR_ARG(a));
        for (size_t k = 0; k < 3 && rows[i].parts[k]; k++) {
            cr_expect(has(a, rows[i].parts[k]), "%s: no %s in %.*s", rows[i].name, rows[i].parts[k],
                      STR_ARG(a));
        }
        cr_expect_not(has(a, "Patent"), "nothing of the content is told");
    }
    cr_expect_eq(stored(), 0);
    end();
}

Test(wire_fhir, sixty_four_levels_are_the_bound)
{
    begin();
    for (unsigned levels = 64; levels <= 65; levels++) {
        buf_clear(&text);
        buf_puts(&text, "{\"resourceType\":\"Patient\",\"active\":true,\"x\":");
        for (unsigned i = 1; i < levels; i++) {
            buf_putc(&text, '[');
        }
        for (unsigned i = 1; i < levels; i++) {
            buf_putc(&text, ']');
        }
        buf_putc(&text, '}');
        struct str a = ask_bytes("POST /fhir/Patient", JSON, buf_str(&text));
        cr_expect_eq(status_of(a), levels == 64 ? 201 : 400, "%u: %.*s", levels, STR_ARG(a));
    }
    cr_expect_eq(stored(), 1);
    end();
}

Test(wire_fhir, requests_that_are_not_served)
{
    static const struct {
        const char *line, *headers, *body;
        int status;
        const char *part;
    } rows[] = {
        {"POST /fhir/Patient", "Content-Type: application/fhir+xml\r\n", "<Patient/>", 415,
         "XML is not taken"},
        {"POST /fhir/Patient", "Content-Type: text/plain\r\n", "x", 415,
         "Accept: application/fhir+json"},
        {"POST /fhir/Patient", "", GOOD, 415, "no Content-Type"},
        {"POST /fhir/Patient", JSON "Accept: application/fhir+xml\r\n", GOOD, 406,
         "OperationOutcome"},
        {"GET /fhir/Patient/1", "", "", 405, "Allow: PUT, DELETE"},
        {"GET /fhir/Patient?name=x", "", "", 405, "Allow: POST, PUT, DELETE"},
        {"POST /fhir/Patient/_search", "", "", 405, "Allow: \r\n"},
        {"PATCH /fhir/Patient/1", JSON, "{}", 405, "not-supported"},
        {"POST /fhir/Patent", JSON, GOOD, 404, "not-supported"},
        {"POST /other", JSON, GOOD, 404, "not-found"},
        {"GET /fhir/metadata?_format=xml", "", "", 406, "OperationOutcome"},
        {"POST /fhir/Patient", JSON "Content-Encoding: gzip\r\n", GOOD, 415, "OperationOutcome"},
        {"POST /fhir/Patient", JSON "Expect: more\r\n", GOOD, 417, "OperationOutcome"},
        {"POST /fhir/Patient?x=1", JSON "Prefer: handling=strict\r\n", GOOD, 400,
         "handling=strict"},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EXPECT(ask(rows[i].line, rows[i].headers, rows[i].body), rows[i].status, rows[i].part,
               "application/fhir+json", "OperationOutcome");
        again();
    }
    cr_expect_eq(stored(), 0);
    end();
}

Test(wire_fhir, a_client_that_asks_too_much_is_refused)
{
    begin_with(", requests-per-client: 2", ROUTES);
    unsigned late = 0;
    for (unsigned n = 0; n < 50 && !late; n++) {
        again();
        struct str a = ask("POST /fhir/Patient", JSON, GOOD);
        late = status_of(a) == 429 && has(a, "more than requests-per-client") &&
               has(a, "Retry-After: 1\r\n");
    }
    cr_expect(late, "from another port, and yet the same client");
    end();
}

Test(wire_fhir, what_is_too_large_or_too_much_is_refused_unread)
{
    begin_with(", body-limit: 1kB, requests-per-second: 2", ROUTES);
    before = p.in.n;
    peer_send(
        &p, STR("POST /fhir/Patient HTTP/1.1\r\nHost: h\r\n" JSON "Content-Length: 1001\r\n\r\n"));
    cr_assert(run_until(s.loop, is_whole, NULL));
    EXPECT(buf_str(&p.in), 413, "\"too-long\"");
    unsigned late = 0, n = 0;
    for (; n < 50 && !late; n++) {
        again();
        struct str a = ask("POST /fhir/Patient", JSON, GOOD);
        late = status_of(a) == 429;
        if (late) {
            EXPECT(a, 429, "Retry-After: 1\r\n", "\"throttled\"");
        }
    }
    cr_expect(late);
    end();
}

/* ---- Bundles ---- */

Test(wire_fhir, entries_of_a_batch_are_judged_one_by_one)
{
    begin();
    struct str a = ask(
        "POST /fhir", JSON,
        BUNDLE(
            "batch",
            ENTRY("POST", "Patient", GOOD) "," ENTRY(
                "POST", "Patient",
                BAD) ","
                     "{\"request\":{\"method\":\"GET\",\"url\":\"Patient/1\"}}," ENTRY(
                         "POST", "Group",
                         GOOD) ","
                               "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/"
                               "1\"}},{}," ENTRY(
                                   "PUT", "Patient/7",
                                   "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}")));
    EXPECT(a, 200, "\"batch-response\"", "\"201 Created\"", "\"422 Unprocessable Content\"",
           "not active", "\"405 Method Not Allowed\"", "Bundle.entry[2].request.method",
           "Bundle.entry[3].resource.resourceType", "Bundle.entry[4].request",
           "Bundle.entry[5].request", "\"200 OK\"", "Patient/7/_history/");
    cr_assert_eq(stored(), 1);
    struct entry_message m = message(0);
    cr_assert_eq(m.nmembers, 3);
    cr_expect_eq(m.members[1].status, ENTRY_REJECTED);
    cr_expect_eq(m.noutputs, 2);
    cr_assert(site_delivers(&s, "away", 2));
    end();
}

/* Where each stands is told, and not counted anew from the beginning: that would take minutes. */
Test(wire_fhir, many_faults_behind_much_are_told_at_once)
{
    struct buf b = {0};
    begin();
    buf_puts(&b, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"x\":\"");
    for (unsigned i = 0; i < 15 * 1000 * 1000 / 50; i++) {
        buf_puts(&b, "01234567890123456789012345678901234567890123456789");
    }
    buf_puts(&b, "\"}");
    for (unsigned i = 0; i < 9000; i++) {
        buf_puts(&b, "\n," ENTRY("POST", "Patient", "{}"));
    }
    buf_puts(&b, "]}");
    EXPECT(ask_bytes("POST /fhir", JSON, buf_str(&b)), 200, "Bundle.entry[9000].resource",
           "\"valueInteger\":9001}");
    buf_free(&b);
    end();
}

#define PATIENT_7 "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}"

Test(wire_fhir, entries_are_answered_as_preferred)
{
    const char *two =
        BUNDLE("batch", ENTRY("POST", "Patient", GOOD) "," ENTRY("POST", "Patient", BAD));
    begin();
    struct str a = ask("POST /fhir", JSON "Prefer: return=representation\r\n",
                       BUNDLE("transaction", ENTRY("POST", "Patient",
                                                   GOOD) "," ENTRY("PUT", "Patient/7", PATIENT_7)));
    EXPECT(a, 200, "\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a",
           "\"active\":true},\"response\":{\"status\":\"201 Created\"",
           "{\"resource\":" PATIENT_7 ",\"response\":{\"status\":\"200 OK\"",
           "\"lastModified\":\"20");
    EXPECT(ask("POST /fhir", JSON "Prefer: return=OperationOutcome\r\n", two), 200,
           "\"entry\":[{\"response\":{\"status\":\"201 Created\"",
           "\"outcome\":{\"resourceType\":\"OperationOutcome\"", "\"accepted\"",
           "\"status\":\"422 Unprocessable");
    a = ask("POST /fhir", JSON "Prefer: return=minimal\r\n", two);
    cr_expect(has(a, "201 Created"));
    cr_expect_not(has(a, "\"accepted\""));
    cr_expect_not(has(a, "\"resource\":"));
    end();
}

Test(wire_fhir, a_transaction_is_taken_whole_or_not_at_all)
{
    begin();
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction",
                      ENTRY("POST", "Patient", GOOD) "," ENTRY(
                          "PUT", "Patient/7",
                          "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}"))),
           200, "\"transaction-response\"", "\"201 Created\"", "\"200 OK\"");
    cr_assert(site_delivers(&s, "away", 2));
    cr_expect_eq(message(0).nmembers, 2);
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction",
                      ENTRY("POST", "Patient", GOOD) "," ENTRY("POST", "Patient", BAD))),
           422, "not active", "[\"Bundle.entry[1].resource.active\"]");
    cr_assert_eq(stored(), 2);
    cr_expect_eq(message(1).status, ENTRY_REJECTED);
    cr_expect_eq(message(1).noutputs, 0, "nothing of it is taken");
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction",
                      ENTRY("POST", "Patient",
                            GOOD) ",{\"request\":{\"method\":\"GET\",\"url\":\"Patient/1\"}}")),
           422, "[\"Bundle.entry[1].request.method\"]");
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction",
                      ENTRY("POST", "Patient",
                            GOOD) ",{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/1\"}}")),
           422, "a deletion among others");
    cr_expect_eq(stored(), 2);
    EXPECT(ask("POST /fhir", JSON, BUNDLE("transaction", "")), 200, "\"transaction-response\"");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("collection", "")), 422, "[\"Bundle.type\"]");
    EXPECT(ask("POST /fhir", JSON, GOOD), 400, "resourceType");
    cr_expect_eq(stored(), 2);
    end();
}

#define SEVEN                                                                                      \
    ENTRY("PUT", "Patient/7", "{\"resourceType\":\"Patient\",\"id\":\"7\",\"active\":true}")

Test(wire_fhir, a_transaction_does_one_thing_to_a_resource)
{
    begin();
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction", SEVEN "," ENTRY("POST", "Patient", GOOD) "," SEVEN)),
           400, "\"duplicate\"", "[\"Bundle.entry[2].request.url\"]");
    EXPECT(
        ask("POST /fhir", JSON,
            BUNDLE("transaction", SEVEN "," ENTRY("PUT", "/Patient/%37?_format=json", PATIENT_7))),
        400, "\"duplicate\"", "[\"Bundle.entry[1].request.url\"]");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("batch", SEVEN "," SEVEN)), 200, "\"200 OK\"");
    cr_expect_eq(stored(), 1);
    end();
}

#define MATCHED                                                                                    \
    ENTRY("PUT", "Patient?identifier=a%7C1", "{\"resourceType\":\"Patient\",\"active\":true}")
#define ENTITLED "{\"fullUrl\":\"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0\"," TAIL
#define TAIL     "\"resource\":" GOOD ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}"

Test(wire_fhir, a_transaction_has_one_entry_for_criteria_and_for_a_full_url)
{
    begin_with("", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction", MATCHED "," ENTRY("DELETE", "Patient?identifier=a|1", GOOD))),
           400, "\"duplicate\"", "[\"Bundle.entry[1].request.url\"]");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("transaction", ENTITLED "," ENTITLED)), 400,
           "\"duplicate\"", "[\"Bundle.entry[1].fullUrl\"]");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("transaction", "{" TAIL ",{" TAIL)), 200, "201 Created");
    cr_expect_eq(stored(), 1);
    end();
}

#define NAMED(resource)                                                                            \
    "{\"fullUrl\":\"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0\",\"resource\":" resource        \
    ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}"

Test(wire_fhir, what_validation_finds_in_a_batch_is_the_fault_of_its_entry)
{
    begin_with(", validate: strict", ROUTES);
    const char *odd = "{\"resourceType\":\"Patient\",\"active\":true,\"gender\":\"m\"}";
    struct buf b = {0};
    buf_printf(&b,
               "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[" NAMED(
                   GOOD) ",{"
                         "\"resource\":%s,\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}",
               odd);
    EXPECT(ask_bytes("POST /fhir", JSON, buf_str(&b)), 200, "\"201 Created\"",
           "\"422 Unprocessable Content\"", "\"code-invalid\"",
           "[\"Bundle.entry[1].resource.gender\"]");
    cr_expect_eq(message(0).nmembers, 1);
    buf_clear(&b);
    buf_printf(&b, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"total\":1,\"entry\":[" NAMED(
                       GOOD) "]}");
    EXPECT(ask_bytes("POST /fhir", JSON, buf_str(&b)), 422, "bdl-1");
    cr_expect_eq(stored(), 1, "what is wrong with the Bundle refuses all of it");
    buf_clear(&b);
    buf_puts(&b, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[");
    for (unsigned i = 0; i < 300; i++) {
        buf_printf(&b, "%s{\"resource\":%s,\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}",
                   i ? "," : "", i == 299 ? GOOD : odd);
    }
    buf_puts(&b, "]}");
    EXPECT(ask_bytes("POST /fhir", JSON, buf_str(&b)), 200, "Bundle.entry[298].resource",
           "\"201 Created\"");
    cr_expect_eq(message(1).nmembers, 1, "of many that are wrong the one that is right is taken");
    buf_free(&b);
    end();
}

Test(wire_fhir, where_routes_read_bundles_a_transaction_comes_whole)
{
    begin_with("", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("transaction",
                      "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/1\"}}," ENTRY(
                          "POST", "Patient", BAD))),
           200, "\"transaction-response\"", "\"204 No Content\"", "\"201 Created\"",
           "-2/_history/1");
    cr_expect_eq(message(0).nmembers, 0);
    cr_expect_eq(message(0).noutputs, 1);
    cr_assert(site_delivers(&s, "away", 1));
    end();
}

Test(wire_fhir, an_entry_with_an_identifier_that_was_there_is_not_taken_again)
{
#define ONCE                                                                                       \
    "{\"resource\":" GOOD                                                                          \
    ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"identifier=a|1\"}}"
    begin();
    struct str a =
        ask("POST /fhir", JSON, BUNDLE("transaction", ONCE "," ENTRY("POST", "Patient", GOOD)));
    EXPECT(a, 200, "\"201 Created\"");
    cr_assert(site_delivers(&s, "away", 2));
    char id[27] = "";
    ptrdiff_t at = str_find(a, STR("/fhir/Patient/"));
    cr_assert(at > 0);
    memcpy(id, a.p + at + 14, sizeof id - 1);
    EXPECT(ask("POST /fhir", JSON, BUNDLE("transaction", ONCE "," ENTRY("POST", "Patient", GOOD))),
           200, "\"200 OK\"", "\"201 Created\"", id);
    cr_assert(site_delivers(&s, "away", 3));
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a|1\r\n", GOOD), 200,
           "Location: ", id);
    end();
}

Test(wire_fhir, deletions_and_whole_transactions_have_an_idempotency_key_too)
{
    begin_with("", ROUTES BUNDLES);
    for (int i = 0; i < 2; i++) {
        EXPECT(ask("DELETE /fhir/Patient/1", "Idempotency-Key: k1\r\n", ""), 204, "");
        EXPECT(ask("POST /fhir", JSON "Idempotency-Key: k2\r\n",
                   BUNDLE("transaction", ENTRY("POST", "Patient", GOOD))),
               200, "transaction-response");
    }
    cr_expect_eq(stored(), 2);
    end();
}

/* ---- lines, messages, notifications ---- */

Test(wire_fhir, lines_are_taken_one_by_one)
{
    begin();
    EXPECT(ask("POST /fhir", "Content-Type: application/fhir+ndjson\r\n",
               GOOD "\n" BAD "\r\n\n{\n" GOOD),
           200, "2 of 4 lines accepted", "not active", "\"valueInteger\":2}",
           "\"valueInteger\":4}");
    cr_expect_eq(message(0).nmembers, 3);
    cr_assert(site_delivers(&s, "away", 2));
    EXPECT(ask("POST /fhir", "Content-Type: application/fhir+ndjson\r\n", "{\n"), 422,
           "0 of 1 lines accepted");
    EXPECT(ask("POST /fhir", "Content-Type: application/fhir+ndjson\r\n", "\n"), 400, "no line");
    cr_expect_eq(stored(), 1);
    end();
}

Test(wire_fhir, rules_of_validation_have_levels_of_their_own)
{
    const char *body = "{\"resourceType\":\"Patient\",\"active\":true,\"gender\":\"x\"}",
               *empty = "{\"resourceType\":\"Patient\",\"active\":true,\"contact\":[{}]}";
    begin_with(", validate: { codes: warn }", ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, body), 201, "Location");
    EXPECT(ask("POST /fhir/Patient", JSON, empty), 422, "OperationOutcome", "Patient.contact[0]");
    EXPECT(ask("POST /fhir/$validate", JSON, body), 200, "OperationOutcome", "warning");
    EXPECT(ask("POST /fhir", "Content-Type: application/fhir+ndjson\r\n", body), 200,
           "1 of 1 lines accepted");
    cr_expect(site_logged(&s, "fhir-findings"));
    end();
    begin_with(", validate: { most: warn, codes: strict }", ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, body), 201, "Location");
    end();
    begin_with(", validate: { advice: strict }", ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 422, "dom-6");
    end();
    begin_with(", validate: off", ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, body), 201, "Location");
    end();
}

Test(wire_fhir, strict_takes_only_what_r4_has)
{
    begin_with(", validate: strict", ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, "{\"resourceType\":\"Patient\",\"active\":\"yes\"}"),
           422, "Patient.active");
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 201, "Location");
    EXPECT(ask("POST /fhir", "Content-Type: application/fhir+ndjson\r\n",
               GOOD "\n{\"resourceType\":\"Patient\",\"active\":1}"),
           200, "1 of 2 lines accepted", "[\"Patient.active\"]", "\"structure\"",
           "\"valueInteger\":36}],\"severity\"");
    cr_expect_eq(stored(), 2);
    end();
    begin_with(", validate: warn", ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, "{\"resourceType\":\"Patient\",\"active\":\"yes\"}"),
           201, "Location");
    cr_expect(site_logged(&s, "fhir-findings"));
    end();
}

Test(wire_fhir, it_says_what_its_routes_read)
{
    begin();
    struct str a = ask("GET /fhir/metadata", "", "");
    EXPECT(a, 200, "\"CapabilityStatement\"", "\"fhirVersion\":\"4.0.1\"", "\"type\":\"Patient\"",
           "conditionalCreate");
    cr_expect_not(has(a, "\"type\":\"Appointment\""));
    EXPECT(ask_bytes("POST /fhir/CapabilityStatement/$validate", JSON,
                     str_slice(a, (size_t)str_find(a, STR("\r\n\r\n")) + 4, a.n)),
           200, "\"information\"");
    cr_assert_eq(site_reload(&s, config,
                             "route: a\nfrom: in\nmessages: [Appointment]\ndo: [ { drop: x } ]\n"),
                 0);
    EXPECT(ask("GET /fhir/metadata", "", ""), 200, "\"type\":\"Appointment\"");
    end();
}

/* What no route reads, and what metadata says of it. */
Test(wire_fhir, what_nobody_reads_is_not_promised)
{
    begin_with(" }\n    unrouted: reject # {", ROUTES);
    EXPECT(ask("POST /fhir/Observation", JSON, "{\"resourceType\":\"Observation\"}"), 404,
           "\"not-supported\"", "no route reads");
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("batch", ENTRY("POST", "Observation", "{\"resourceType\":\"Observation\"}"))),
           200, "404 Not Found");
    EXPECT(ask("DELETE /fhir/Patient/7", "", ""), 404, "no route reads");
    struct str a = ask("GET /fhir/metadata", "", "");
    cr_expect_not(has(a, "\"delete\""));
    cr_expect_not(has(a, "conditionalDelete"));
    cr_expect_not(has(a, "process-message"));
    end();
    begin_with("", ROUTES BUNDLES);
    EXPECT(ask("GET /fhir/metadata", "", ""), 200, "\"delete\"", "\"conditionalDelete\":\"single\"",
           "process-message");
    EXPECT(ask("DELETE /fhir/Patient/7", "", ""), 204, "");
    end();
}

Test(wire_fhir, a_head_is_answered_without_a_body)
{
    begin();
    peer_send(&p, STR("HEAD /fhir/metadata HTTP/1.1\r\nHost: h\r\n\r\n"
                      "HEAD /fhir/Patient HTTP/1.1\r\nHost: h\r\n\r\n"
                      "GET /fhir/Patient HTTP/1.1\r\nHost: h\r\n\r\n"));
    wanted = "searched or patched";
    cr_assert(run_until(s.loop, has_come, NULL));
    struct str in = buf_str(&p.in);
    cr_expect(str_starts(in, STR("HTTP/1.1 200 OK\r\n")));
    cr_expect(str_find(in, STR("\r\n\r\nHTTP/1.1 405 Method Not Allowed\r\n")) > 0);
    cr_expect(str_find(in, STR("CapabilityStatement")) < 0, "no body");
    end();
}

Test(wire_fhir, criteria_are_a_search_and_may_hold_a_bar)
{
    begin();
    const char *named = "{\"resourceType\":\"Patient\",\"id\":\"zz\",\"active\":true}";
    EXPECT(ask("PUT /fhir/Patient?identifier=urn:x|1", JSON, GOOD), 201, "/fhir/Patient/");
    EXPECT(ask("PUT /fhir/Patient?identifier=urn:x|1", JSON, named), 201,
           "Location: /fhir/Patient/zz/_history/");
    EXPECT(ask("DELETE /fhir/Patient?identifier=urn:x|1", "", ""), 204, "");
    again();
    EXPECT(ask("PUT /fhir/Patient?identifier", JSON, GOOD), 400, "neither an id nor criteria");
    again();
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: urn:x|1\r\n", GOOD), 400,
           "If-None-Exist is no search");
    again();
    EXPECT(ask("POST /fhir", JSON,
               BUNDLE("batch", "{\"resource\":" GOOD ",\"request\":{\"method\":\"POST\",\"url\":"
                               "\"Patient\",\"ifNoneExist\":\"1\"}}")),
           200, "Bundle.entry[0].request.ifNoneExist");
    EXPECT(
        ask("POST /fhir", JSON,
            BUNDLE("transaction", "{\"resource\":" GOOD ",\"request\":{\"method\":\"POST\",\"url\":"
                                  "\"Patient\",\"ifNoneExist\":\"\"}}")),
        400, "Bundle.entry[0].request.ifNoneExist");
    EXPECT(
        ask("POST /fhir", JSON,
            BUNDLE("transaction", "{\"resource\":" GOOD ",\"request\":{\"method\":\"POST\",\"url\":"
                                  "\"Patient\",\"ifMatch\":null}}")),
        400, "Bundle.entry[0].request.ifMatch");
    EXPECT(ask("PUT /fhir/Patient|1", JSON, GOOD), 400, "the target is no path");
    end();
}

Test(wire_fhir, what_has_no_version_is_not_asked_for_one)
{
    begin();
    EXPECT(ask("GET /fhir/metadata", "If-None-Match: W/\"1\"\r\n", ""), 200, "CapabilityStatement");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON "If-Match: W/\"1\"\r\n", GOOD), 200,
           "OperationOutcome");
    EXPECT(ask("POST /fhir/Patient/7/$validate", JSON,
               "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"mode\",\"valueCode\":"
               "\"delete\"}]}"),
           200, "\"information\"", "a deletion");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON,
               "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"mode\",\"valueCode\":"
               "\"delete\"}]}"),
           400, "no parameter `resource`");
    EXPECT(ask("POST /fhir", JSON, GOOD), 400, "goes to [base]/[type]");
    end();
}

/* ---- durable or not ---- */

Test(wire_fhir, a_failed_commit_answers_nobody)
{
    begin();
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 201, "Location");
    size_t heard = p.in.n;
    s.on_sync = site_fail_sync;
    peer_send(&p, STR("POST /fhir HTTP/1.1\r\nHost: h\r\n" JSON "Content-Length: 154\r\n\r\n"));
    peer_send(&p, STR(BUNDLE("transaction", ENTRY("POST", "Patient", GOOD))));
    cr_assert(run_until(s.loop, site_is_fenced, &s));
    cr_expect(peer_sees_end(&p), "the connection closes");
    cr_expect_eq(p.in.n, heard, "and nothing was answered");
    end();
}

/* ---- who may ---- */

Test(wire_fhir, only_who_has_a_token_is_let_in)
{
    char more[128];
    write_file("portal: sesame\n");
    snprintf(more, sizeof more, ", auth: { tokens: \"file:%s\" }", file);
    begin_with(more, ROUTES);
    EXPECT(ask("POST /fhir/Patient", JSON, GOOD), 401, "WWW-Authenticate: Bearer\r\n", "\"login\"");
    again();
    EXPECT(ask("POST /fhir/Patient", JSON "Authorization: Bearer other\r\n", GOOD), 401,
           "error=\"invalid_token\"");
    again();
    cr_expect_eq(stored(), 0);
    EXPECT(ask("GET /fhir/metadata", "", ""), 200, "CapabilityStatement");
    EXPECT(ask("POST /fhir/Patient", JSON "Authorization: Bearer sesame\r\n", GOOD), 201,
           "Location");
    cr_expect(str_ends(message(0).peer, STR(" portal")));
    end();
    unlink(file);
}

/* HMAC-SHA256 of the body with the key "hush", by openssl dgst. */
#define EVENT     BUNDLE("history", NOTICE("event-notification"))
#define SIGNATURE "c388e62a4c0cb9a898654fbe5753c00deccd2c00d78ba4af572bcc358ed86c41"

Test(wire_fhir, a_signature_over_the_body_is_as_good_as_a_token)
{
    char more[128], header[160];
    write_file("hush\n");
    snprintf(more, sizeof more, ", auth: { hub: \"file:%s\" }", file);
    begin_with(more, ROUTES BUNDLES);
    snprintf(header, sizeof header, JSON "X-Hub-Signature: sha256=%s\r\n", SIGNATURE);
    EXPECT(ask("POST /fhir", header, EVENT), 200, "accepted");
    EXPECT(ask("POST /fhir", header, BUNDLE("history", NOTICE("handshake"))), 401,
           "the signature is not that of the body");
    EXPECT(ask("POST /fhir", JSON "X-Hub-Signature: sha256=00\r\n", EVENT), 401, "login");
    EXPECT(ask("POST /fhir", JSON, EVENT), 401, "login");
    cr_expect_eq(stored(), 1);
    end();
    unlink(file);
}
