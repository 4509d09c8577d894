/* A fhir source to which the same criterion (If-None-Exist) comes twice: in one Bundle, and while the first is not durable yet. */
#include "tests/wire/fhir_ask.h"

TestSuite(wire_fhir_twice, .timeout = 60);

#define WHERE "\"location\":\"/fhir/Patient/"
enum { WHERE_SIZE = sizeof WHERE - 1, ID_SIZE = 26 };

/* The ids in the locations of a Bundle that is an answer; how many there are. */
static unsigned locations(struct str answer, struct str *out, unsigned room)
{
    unsigned n = 0;
    ptrdiff_t at;
    while (n < room && (at = str_find(answer, STR(WHERE))) >= 0) {
        answer = str_slice(answer, (size_t)at + WHERE_SIZE, answer.n);
        out[n++] = str_slice(answer, 0, ID_SIZE);
    }
    return n;
}

#define ONCE(resource)                                                                             \
    "{\"resource\":" resource                                                                      \
    ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"identifier=a|1\"}}"
#define ALSO "{\"resourceType\":\"Patient\",\"active\":true,\"gender\":\"male\"}"

Test(wire_fhir_twice, the_second_entry_of_a_criterion_is_where_the_first_is)
{
    static const char *const bundles[] = {
        BUNDLE("batch", ONCE(GOOD) "," ONCE(ALSO)),
        BUNDLE("transaction", ONCE(GOOD) "," ONCE(ALSO)),
    };
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
        struct str id[2] = {{0}};
        begin();
        struct str a = ask("POST /fhir", JSON, bundles[i]);
        EXPECT(a, 200, "\"201 Created\"", "\"200 OK\",\"location\"");
        cr_assert_eq(locations(a, id, 2), 2, "%.*s", STR_ARG(a));
        cr_expect(str_eq(id[0], id[1]), "%.*s", STR_ARG(a));
        cr_assert(site_delivers(&s, "away", 1));
        end();
    }
}

Test(wire_fhir_twice, an_entry_that_was_rejected_is_nobodys_first)
{
    struct str id[2] = {{0}};
    begin();
    struct str a = ask("POST /fhir", JSON, BUNDLE("batch", ONCE(BAD) "," ONCE(GOOD)));
    EXPECT(a, 200, "\"422 Unprocessable Content\"", "\"201 Created\"");
    cr_assert_eq(locations(a, id, 2), 1U, "%.*s", STR_ARG(a));
    buf_put_str(&text, id[0]);
    buf_putc(&text, '\0');
    EXPECT(ask("POST /fhir/Patient", JSON "If-None-Exist: identifier=a|1\r\n", GOOD), 200,
           "Location: /fhir/Patient/", text.p);
    end();
}

static struct peer other;

static bool both_answered(void *arg)
{
    (void)arg;
    return str_find(buf_str(&p.in), STR("Location: ")) >= 0 &&
           str_find(buf_str(&other.in), STR("\"batch-response\"")) >= 0;
}

/* Neither of the two is durable when the other one comes. */
Test(wire_fhir_twice, an_entry_that_is_a_copy_of_what_is_being_stored_is_where_that_is)
{
    static const char body[] = BUNDLE("batch", ONCE(ALSO));
    struct str id[1] = {{0}};
    struct buf b = {0};
    begin();
    peer_connect(&other, s.loop, site_address(&s, "in"));
    peer_send(&p, STR("POST /fhir/Patient HTTP/1.1\r\nHost: h\r\n" JSON
                      "If-None-Exist: identifier=a|1\r\nContent-Length: 40\r\n\r\n" GOOD));
    buf_printf(&b, "POST /fhir HTTP/1.1\r\nHost: h\r\n" JSON "Content-Length: %zu\r\n\r\n%s",
               sizeof body - 1, body);
    peer_send(&other, buf_str(&b));
    cr_assert(run_until(s.loop, both_answered, NULL));
    cr_expect_eq(locations(buf_str(&other.in), id, 1), 1, "%.*s", STR_ARG(buf_str(&other.in)));
    cr_expect(str_find(buf_str(&p.in), id[0]) > 0, "%.*s", STR_ARG(buf_str(&p.in)));
    buf_free(&b);
    peer_close(&other);
    end();
}

#define HEADER(more)                                                                               \
    "{\"resource\":{\"resourceType\":\"MessageHeader\",\"id\":\"m1\",\"eventUri\":\"urn:e\"" more  \
    "}}"

/* As a control id of HL7 v2 is, but its place is not in an MSH. */
Test(wire_fhir_twice, an_id_of_another_body_may_be_refused)
{
    begin_with(" }\n    duplicates: { window: 1h, differs: reject } # {", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir/Patient", JSON "Idempotency-Key: k1\r\n", GOOD), 201, "Location");
    struct str a = ask("POST /fhir/Patient", JSON "Idempotency-Key: k1\r\n", ALSO);
    EXPECT(a, 422, "\"duplicate\"", "another message had this id before");
    cr_expect_not(has(a, "MSH"), "%.*s", STR_ARG(a));
    EXPECT(ask("POST /fhir", JSON, BUNDLE("message", HEADER(""))), 200, "\"ok\"");
    a = ask("POST /fhir", JSON, BUNDLE("message", HEADER(",\"reason\":{}")));
    EXPECT(a, 422, "\"duplicate\"", "another message had this id before");
    cr_expect_not(has(a, "MSH"), "%.*s", STR_ARG(a));
    EXPECT(ask("POST /fhir/Patient", JSON "Idempotency-Key: k1\r\n", GOOD), 201, "Location");
    end();
}

/* All of them stand in one entry of the journal. It is read once, and not for each of them: that would take minutes and all memory. */
Test(wire_fhir_twice, a_large_batch_is_known_at_once)
{
    enum { MANY = 9999 };
    struct buf b = {0};
    begin_with("", "route: a\nfrom: in\nmessages: [Patient]\ndo: [ { drop: unread } ]\n");
    for (unsigned i = 0; i < MANY; i++) {
        buf_printf(&b,
                   "%s{\"resource\":" GOOD ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\","
                   "\"ifNoneExist\":\"identifier=a|%u\"}}",
                   i ? "," : "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[", i);
    }
    buf_puts(&b, "]}");
    EXPECT(ask_bytes("POST /fhir", JSON, buf_str(&b)), 200, "201 Created");
    struct str a = ask_bytes("POST /fhir", JSON, buf_str(&b)), last[1];
    EXPECT(a, 200, "200 OK");
    cr_expect_not(has(a, "201 Created"));
    cr_expect_eq(locations(a, last, 1), 1);
    cr_expect_eq(site_source(&s, "in").repeated, MANY);
    cr_expect_eq(stored(), 1);
    buf_free(&b);
    end();
}
