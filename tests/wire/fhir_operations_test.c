/* Messages, notifications and $validate of a fhir source, and what metadata says. */
#include "tests/wire/fhir_ask.h"

TestSuite(wire_fhir_operations, .timeout = 60);

#define HEADER                                                                                     \
    "{\"resource\":{\"resourceType\":\"MessageHeader\",\"id\":\"m1\",\"eventUri\":\"urn:e\"}}"

Test(wire_fhir_operations, a_message_is_answered_by_a_message)
{
    begin_with("", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir/$process-message", JSON, BUNDLE("message", HEADER)), 200,
           "\"type\":\"message\"", "\"eventUri\":\"urn:e\"",
           "\"response\":{\"identifier\":\"m1\",\"code\":\"ok\"}");
    EXPECT(ask("POST /fhir/$process-message", JSON, BUNDLE("message", HEADER)), 200,
           "\"code\":\"ok\"");
    cr_expect_eq(stored(), 1, "sent again");
    EXPECT(
        ask("POST /fhir/$process-message", JSON, BUNDLE("message", ENTRY("POST", "Patient", GOOD))),
        422, "MessageHeader");
    EXPECT(ask("POST /fhir/$process-message", JSON, BUNDLE("batch", "")), 422, "no message");
    cr_expect_eq(stored(), 1);
    EXPECT(ask("POST /fhir/$process-message", JSON,
               BUNDLE("message", "{\"resource\":{\"resourceType\":\"MessageHeader\",\"id\":\"m2\","
                                 "\"eventUri\":true}}")),
           200, "\"eventUri\":true,");
    end();
}

#define CONTENT "{\"name\":\"content\",\"resource\":" BUNDLE("message", HEADER) "}"
#define HEADER_GOOD                                                                                \
    "{\"fullUrl\":\"urn:uuid:5f7a6d1f-8a4c-4d9c-9e3a-01d0c32a0a11\",\"resource\":{"                \
    "\"resourceType\":\"MessageHeader\",\"id\":\"m1\",\"eventUri\":\"urn:e\","                     \
    "\"source\":{\"endpoint\":\"urn:s\"}}}"
#define GOOD_MESSAGE    BUNDLE("message", HEADER_GOOD)
#define CONTENT_GOOD    "{\"name\":\"content\",\"resource\":" GOOD_MESSAGE "}"
#define PARAMETERS(...) "{\"resourceType\":\"Parameters\",\"parameter\":[" __VA_ARGS__ "]}"

Test(wire_fhir_operations, a_message_may_come_in_parameters)
{
    begin_with(", validate: strict", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir/$process-message", JSON,
               PARAMETERS("{\"name\":\"async\",\"valueBoolean\":false}," CONTENT_GOOD)),
           200, "\"type\":\"message\"", "\"response\":{\"identifier\":\"m1\",\"code\":\"ok\"}");
    cr_assert_eq(stored(), 1);
    struct str a = ask("POST /fhir/$process-message", JSON, GOOD_MESSAGE);
    EXPECT(ask_bytes("POST /fhir/Bundle/$validate", JSON,
                     str_slice(a, (size_t)str_find(a, STR("\r\n\r\n")) + 4, a.n)),
           200, "\"information\"");
    cr_expect(str_starts(message(0).raw, STR("{\"resourceType\":\"Bundle\"")), "the Bundle alone");
    EXPECT(ask("POST /fhir/$process-message", JSON, GOOD_MESSAGE), 200, "\"code\":\"ok\"");
    cr_expect_eq(stored(), 1, "the same message without them");
    EXPECT(ask("POST /fhir/$process-message", JSON, PARAMETERS(CONTENT)), 422, "Bundle.entry[0]");
    EXPECT(ask("POST /fhir/$process-message", JSON,
               PARAMETERS("{\"name\":\"async\",\"valueBoolean\":true}," CONTENT_GOOD)),
           422, "\"not-supported\"", "async", "Parameters.parameter[0]");
    EXPECT(ask("POST /fhir/$process-message", JSON,
               PARAMETERS(CONTENT_GOOD ",{\"name\":\"response-url\",\"valueUrl\":\"http://h/r\"}")),
           422, "\"not-supported\"", "response-url", "Parameters.parameter[1]");
    EXPECT(ask("POST /fhir/$process-message?async=true", JSON, GOOD_MESSAGE), 422,
           "\"not-supported\"", "async");
    again();
    EXPECT(ask("POST /fhir/$process-message?response-url=http://h/r", JSON, GOOD_MESSAGE), 422,
           "response-url");
    again();
    EXPECT(ask("POST /fhir/$process-message?async=false", JSON, GOOD_MESSAGE), 200, "ok");
    EXPECT(ask("POST /fhir/$process-message", JSON, PARAMETERS()), 400, "\"required\"", "content");
    EXPECT(ask("POST /fhir/$process-message", JSON, PARAMETERS(CONTENT_GOOD "," CONTENT_GOOD)), 400,
           "content", "Parameters.parameter[1]");
    EXPECT(ask("POST /fhir/$process-message", JSON,
               PARAMETERS("{\"name\":\"content\",\"resource\":" GOOD "}")),
           400, "Bundle", "Parameters.parameter[0].resource");
    cr_expect_eq(stored(), 1);
    end();
}

#define HEADED(more)                                                                               \
    "{\"fullUrl\":\"urn:uuid:5f7a6d1f-8a4c-4d9c-9e3a-01d0c32a0a11\",\"resource\":{"                \
    "\"resourceType\":\"MessageHeader\"," more                                                     \
    "\"eventUri\":\"urn:e\",\"source\":{\"endpoint\":\"urn:s\"}}}"

static void expect_fair(struct str answer)
{
    buf_clear(&text);
    buf_put_str(&text, str_slice(answer, (size_t)str_find(answer, STR("\r\n\r\n")) + 4, answer.n));
    EXPECT(ask_bytes("POST /fhir/Bundle/$validate", JSON, buf_str(&text)), 200, "\"information\"");
}

Test(wire_fhir_operations, a_message_without_an_id_is_answered_all_the_same)
{
    begin_with("", ROUTES BUNDLES);
    struct str a =
        ask("POST /fhir/$process-message", JSON,
            "{\"resourceType\":\"Bundle\",\"id\":\"b1\",\"type\":\"message\",\"entry\":[" HEADED(
                "") "]}");
    EXPECT(a, 200, "\"response\":{\"identifier\":\"b1\",\"code\":\"ok\"}");
    expect_fair(a);
    a = ask("POST /fhir/$process-message", JSON, BUNDLE("message", HEADED("")));
    EXPECT(a, 200, "\"_identifier\":{\"extension\":[", "data-absent-reason", "\"code\":\"ok\"");
    cr_expect_not(has(a, "\"identifier\""));
    expect_fair(a);
    cr_expect_eq(stored(), 2);
    end();
}

Test(wire_fhir_operations, a_message_has_an_id_that_is_one)
{
    static const char *const bodies[] = {
        BUNDLE("message", HEADED("\"id\":\"a b\",")), BUNDLE("message", HEADED("\"id\":7,")),
        BUNDLE("message", HEADED("\"id\":\"\",")), BUNDLE("message", HEADED("\"id\":null,"))};
    begin_with("", ROUTES BUNDLES);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        EXPECT(ask("POST /fhir/$process-message", JSON, bodies[i]), 400, "\"value\"",
               "an id that is none", "[\"Bundle.entry[0].resource.id\"]");
    }
    cr_expect_eq(stored(), 0);
    end();
}

#define STATUS(type)                                                                               \
    "{\"resource\":{\"resourceType\":\"SubscriptionStatus\",\"type\":\"" type "\"}}"

Test(wire_fhir_operations, notifications_are_messages_and_signs_of_life_are_not)
{
    begin_with(", validate: strict", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir", JSON, BUNDLE("history", NOTICE("handshake"))), 200, "a sign of life");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("history", NOTICE("heartbeat"))), 200, "a sign of life");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("subscription-notification", STATUS("handshake"))), 200,
           "a sign of life");
    cr_expect_eq(stored(), 0);
    EXPECT(ask("POST /fhir", JSON, BUNDLE("history", NOTICE("event-notification"))), 200,
           "accepted");
    EXPECT(
        ask("POST /fhir", JSON, BUNDLE("subscription-notification", STATUS("event-notification"))),
        200, "accepted");
    cr_expect_eq(stored(), 2);
    EXPECT(ask("POST /fhir", JSON, BUNDLE("history", NOTICE("other"))), 422, "no notification");
    EXPECT(ask("POST /fhir", JSON, BUNDLE("history", "")), 422, "no notification");
    cr_assert(site_delivers(&s, "away", 2));
    end();
}

#define LATER(version) "Content-Type: application/fhir+json; fhirVersion=" version "\r\n"

Test(wire_fhir_operations, of_later_versions_of_fhir_only_notifications_are_taken)
{
    begin_with(", validate: strict", ROUTES BUNDLES);
    EXPECT(ask("POST /fhir", LATER("4.3"), BUNDLE("history", STATUS("heartbeat"))), 200,
           "a sign of life");
    EXPECT(ask("POST /fhir", LATER("5.0"),
               BUNDLE("subscription-notification", STATUS("event-notification"))),
           200, "accepted");
    cr_expect_eq(stored(), 1);
    EXPECT(ask("POST /fhir", LATER("5.0"), BUNDLE("batch", ENTRY("POST", "Patient", GOOD))), 415,
           "\"not-supported\"", "notifications of subscriptions", "Accept: application/fhir+json");
    EXPECT(ask("POST /fhir", LATER("5.0"), "{\"resourceType\":\"Patient\",\"type\":\"history\"}"),
           415, "not-supported");
    EXPECT(ask("POST /fhir", LATER("5.0"), "{"), 400, "structure");
    EXPECT(ask("POST /fhir/Patient", LATER("5.0"), GOOD), 415, "not-supported");
    cr_expect_eq(stored(), 1);
    end();
}

/* Source: FHIR R4 "Operation $validate": with mode=delete the resource may be left out. */
Test(wire_fhir_operations, a_deletion_that_is_only_looked_at_has_no_body)
{
    begin();
    EXPECT(ask("POST /fhir/Patient/7/$validate?mode=delete", "", ""), 200, "\"information\"",
           "a deletion");
    EXPECT(ask("POST /fhir/Patient/7/$validate?mode=delete", JSON, ""), 200, "a deletion");
    EXPECT(ask("POST /fhir/Patient/7/$validate", JSON, ""), 400, "\"structure\"");
    EXPECT(ask("POST /fhir/Patient/$validate?mode=delete", JSON, ""), 400, "\"structure\"");
    EXPECT(ask("POST /fhir/Patient/7/$validate?mode=delete", "", GOOD), 415, "no Content-Type");
    end();
}

/* Only a Bundle to the base may hold what R4 does not have. */
Test(wire_fhir_operations, a_resource_that_calls_itself_history_is_looked_at)
{
    begin_with(", validate: strict", ROUTES);
    EXPECT(ask("POST /fhir/Bundle", JSON,
               "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"other\":true}"),
           422, "Bundle.other");
    EXPECT(ask("POST /fhir/Patient", JSON,
               "{\"resourceType\":\"Patient\",\"active\":true,\"type\":\"history\"}"),
           422, "Patient.type");
    cr_expect_eq(stored(), 0);
    end();
}

/* ---- $validate, metadata ---- */

Test(wire_fhir_operations, validate_looks_and_stores_nothing)
{
    begin();
    EXPECT(ask("POST /fhir/Patient/$validate", JSON, GOOD), 200, "OperationOutcome",
           "\"information\"");
    EXPECT(ask("POST /fhir/$validate", JSON, "{\"resourceType\":\"Patient\",\"gender\":\"x\"}"),
           200, "\"code-invalid\"", "Patient.gender");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON,
               "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"resource\","
               "\"resource\":{\"resourceType\":"
               "\"Patient\",\"birthDate\":\"yesterday\"}}]}"),
           200, "Patient.birthDate", "\"valueInteger\":111}],\"severity\"");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON, "{\"resourceType\":\"Group\"}"), 400,
           "resourceType");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON, "{"), 400, "structure");
    EXPECT(ask("POST /fhir/$validate", JSON,
               "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"resource\","
               "\"resource\":true}]}"),
           200, "this is no object", "\"valueInteger\":73}],\"severity\"");
    cr_expect_eq(stored(), 0);
    end();
}

#define MODE(code)                                                                                 \
    PARAMETERS("{\"name\":\"mode\",\"valueCode\":\"" code "\"},"                                   \
               "{\"name\":\"resource\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"7\"}}")

Test(wire_fhir_operations, validate_has_modes_and_knows_no_profiles)
{
    begin();
    EXPECT(ask("POST /fhir/Patient/7/$validate", JSON, MODE("update")), 200, "\"information\"");
    EXPECT(ask("POST /fhir/Patient/8/$validate", JSON, MODE("update")), 200, "\"error\"",
           "Patient.id");
    EXPECT(ask("POST /fhir/Patient/8/$validate?mode=update", JSON,
               "{\"resourceType\":\"Patient\",\"id\":\"7\"}"),
           200, "\"error\"", "Patient.id");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON, MODE("create")), 200, "\"information\"");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON, MODE("upsert")), 400, "code-invalid", "mode");
    EXPECT(ask("POST /fhir/Patient/$validate?mode=upsert", JSON, GOOD), 400, "code-invalid");
    EXPECT(ask("POST /fhir/Patient/7/$validate", JSON,
               PARAMETERS("{\"name\":\"mode\",\"valueCode\":\"delete\"}")),
           200, "\"information\"");
    EXPECT(ask("POST /fhir/Patient/7/$validate", JSON,
               PARAMETERS("{\"name\":\"mode\",\"valueCode\":\"update\"}")),
           400, "\"required\"", "resource");
    EXPECT(ask("POST /fhir/Patient/$validate?profile=http://hl7.org/fhir/us/core/"
               "StructureDefinition/us-core-patient",
               JSON, GOOD),
           422, "not-supported", "profile");
    EXPECT(ask("POST /fhir/Patient/$validate", JSON,
               PARAMETERS("{\"name\":\"resource\",\"resource\":" GOOD "},{\"name\":\"profile\","
                          "\"valueUri\":\"http://example.org/p\"}")),
           422, "not-supported", "profile");
    EXPECT(ask("POST /fhir/Patient/$validate?profile=http%3A%2F%2Fhl7.org%2Ffhir%2F"
               "StructureDefinition%2FPatient",
               JSON, GOOD),
           200, "\"information\"");
    EXPECT(ask("POST /fhir/$validate", JSON,
               PARAMETERS("{\"name\":\"resource\",\"resource\":" GOOD "},{\"name\":\"profile\","
                          "\"valueCanonical\":\"http://hl7.org/fhir/StructureDefinition/"
                          "DomainResource|4.0.1\"}")),
           200, "\"information\"");
    cr_expect_eq(stored(), 0);
    end();
}
