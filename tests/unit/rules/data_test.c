/* Routes and maps over FHIR and JSON. Language, sections 4, 5, 8, 9, 10. */
#include "tests/unit/rules/rows.h"

TestSuite(data, .init = kit_begin, .fini = kit_end);

static const char patient[] =
    "{\"resourceType\": \"Patient\", \"id\": \"p1\", \"active\": true, "
    "\"identifier\": [{\"system\": \"urn:oid:1.2\", \"value\": \"7\"}, {\"value\": \"8\"}], "
    "\"name\": [{\"use\": \"official\", \"family\": \"ROE\", \"given\": [\"JANE\", \"Q\"]},"
    "{\"family\": \"DOE\"}], "
    "\"birthDate\": \"1980-01\", \"multipleBirthInteger\": 2, "
    "\"contact\": [{\"name\": {\"text\": \"JIM ROE\"}}]}";
static const char appointment[] =
    "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"start\":\"2026-11-24T09:30:00Z\","
    "\"participant\":[{\"actor\":{\"reference\":\"Practitioner/1\"},\"status\":\"accepted\"},{"
    "\"actor\":{\"reference\":\"http://x/Patient/p1/_history/2\"},\"status\":\"accepted\"}]}";
static const char bundle[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"fullUrl\":\"urn:uuid:a\","
    "\"resource\":{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"s\",\"value\":\"1\"}]"
    ",\"name\":[{\"family\":\"ROE\"}]}},{\"resource\":{\"resourceType\":\"Encounter\",\"status\":"
    "\"planned\",\"class\":{\"code\":\"AMB\"},\"subject\":{\"reference\":\"urn:uuid:a\"}}}]}";
static const char json[] =
    "{\"id\": 12.50, \"who\": {\"name\": \"ROE\", \"tags\": [\"a\", \"b\"]}, "
    "\"items\": [{\"code\": \"x\", \"n\": 1}, {\"code\": \"y\"}]}";

#define ROUTE(types) "route: a\nfrom: epic\nmessages: [" types "]\n"

Test(data, a_message_goes_out_byte_for_byte)
{
    static const struct row rows[] = {
        {"FHIR", ROUTE("Patient") "do: { send: desk }", patient},
        {"any resource", ROUTE("Resource") "do: { send: desk }", patient},
        {"JSON", ROUTE("json") "do: { send: desk }", json},
    };
    cr_expect_str_eq(kit_payload(rows[0].text, patient), patient);
    cr_expect_str_eq(kit_payload(rows[1].text, patient), patient);
    cr_expect_str_eq(kit_payload(rows[2].text, json), json);
}

Test(data, routes_read_by_type)
{
    static const struct {
        const char *name, *types, *message, *want;
    } rows[] = {
        {"another resource", "Appointment", patient, "unrouted"},
        {"several", "Appointment, Patient", patient, "accepted"},
        {"JSON is no resource", "Resource", json, "unrouted"},
        {"a resource is no plain JSON", "json", patient, "unrouted"},
        {"HL7 v2 is neither", "'*'", patient, "unrouted"},
        {"what it is based on", "DomainResource", patient, "accepted"},
        {"a Bundle is none of that", "DomainResource", bundle, "unrouted"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const char frame[] = "route: a\nfrom: epic\nmessages: [@@]\ndo: { send: desk }\n";
        const char *got = kit_run(rows_text(frame, rows[i].types), rows[i].message);
        cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s", rows[i].name,
                  got);
    }
    static const char v2[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\rPID|1\r";
    cr_expect_str_eq(kit_run(ROUTE("Patient") "do: { send: desk }", v2), "unrouted");
}

Test(data, decisions_name_members)
{
    static const char frame[] = ROUTE("Patient") "when: @@\ndo: { send: all }\n";
    static const struct row rows[] = {
        {"true", "active", "accepted..."},
        {"a value", "name.where(use = 'official').first().family = 'ROE'", "accepted..."},
        {"not true", "name.exists(family = 'X')", "filtered <a: when is not true (r.yaml:4)>"},
        {"nothing there", "gender = 'male'",
         "filtered <a: when is not true, gender is empty (r.yaml:4)>"},
        {"precision leaves it open", "birthDate.exists() and birthDate < @1980-01-15",
         "filtered..."},
        {"from the type", "Patient.contact.first().name.text = 'JIM ROE'", "accepted..."},
        {"a choice", "multipleBirth = 2", "accepted..."},
        {"the whole message", "$message.id = 'p1'", "accepted..."},
    };
    rows_told(frame, patient, ROWS(rows));
    static const struct row refused[] = {
        {"an element that is none", "nam.exists()",
         "r.yaml:4:7: error: Patient has no element nam; did you mean name?"},
        {"a path of HL7 v2", "PID.exists()",
         "r.yaml:4:7: error: Patient has no element PID; this is a path of HL7 v2, and the data is "
         "not"},
        {"no decision", "name",
         "r.yaml:4:7: error: a decision wants true or false, this is a value; compare it, or add "
         ".exists()"},
        {"several", "name.family = 'ROE'",
         "r.yaml:4:12: error: the value may give several values, one is wanted here; add .first(), "
         ".where(...).first(), .exists(...) or .join(' ')"},
        {"nothing guards it", "gender != 'male'",
         "r.yaml:4:14: error: where gender is absent this is neither true nor false; write "
         "`gender.exists() and ...` or .oneOf('...').not()"},
        {"another is guarded", "birthDate.exists() and gender != 'male'",
         "r.yaml:4:37: error: where gender is absent this is neither true nor false; write "
         "`gender.exists() and ...` or .oneOf('...').not()"},
        {"guarded", "gender.exists() and gender != 'male'", ""},
        {"a whole element", "name.first() & 'x' = 'y'",
         "r.yaml:4:12: error: this is a whole HumanName, one text is wanted here; say which member "
         "of it"},
    };
    rows_check(frame, ROWS(refused));
}

Test(data, one_of_several_resources_has_the_elements_of_any)
{
    static const char frame[] = ROUTE("Patient, Appointment") "when: @@\ndo: { send: all }\n";
    static const struct row rows[] = {
        {"of one", "birthDate.exists()", ""},
        {"of the other", "status = 'booked'", ""},
        {"of both", "identifier.exists()", ""},
        {"of none", "brithDate.exists()",
         "r.yaml:4:7: error: Patient has no element brithDate; did you mean birthDate?"},
    };
    rows_check(frame, ROWS(rows));
}

Test(data, steps)
{
    static const char frame[] = ROUTE("Patient") "do:\n@@\n";
    static const struct row rows[] = {
        {"drop", "  - drop: inactive\n    if: active\n", "filtered..."},
        {"require",
         "  - require: gender.exists()\n    else: { reply: { code: AE, error: 101, at: "
         "Patient.gender, text: no gender } }\n  - send: all\n",
         "rejected <a: no gender (r.yaml:6)> AE/101/Patient.gender/no gender"},
        {"choose and let",
         "  - let: { n: =name.first().family }\n  - choose:\n      - if: $n = "
         "'X'\n        do: { send: lab }\n      - else: { drop: other }\n",
         NULL},
        {"a loop",
         "  - for: identifier\n    do: { send: acct, as: i, id: =value }\n---\nmap: "
         "i\nreads: Identifier\nto: json\nvalue: { v: =value, n: =$message.name.count() }",
         "accepted\nacct id=7: {\"v\":\"7\",\"n\":2}\nacct id=8: {\"v\":\"8\",\"n\":2}"},
    };
    rows_told(frame, patient, rows, 2);
    rows_told(frame, patient, rows + 3, 1);
    static const struct row refused[] = {
        {"part:", "  - for: name\n    do: { send: desk, part: current }",
         "r.yaml:6:29: error: part: current stands in a loop over segments or groups; put the send "
         "into for: SEG"},
    };
    rows_check(frame, ROWS(refused));
}

Test(data, keys_are_those_of_the_patient)
{
    static const struct {
        const char *name, *message, *want;
    } rows[] = {
        {"identifiers and id", patient, "desk Patient/p1 urn:oid:1.2/7 /8: "},
        {"references", appointment, "desk Patient/p1: "},
        {"in a Bundle", bundle, "desk s/1 /urn:uuid:a: "},
        {"of JSON none", json, "desk: "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run("route: a\nfrom: epic\nmessages: [Resource]\ndo: { send: desk "
                                  "}\n---\nroute: b\nfrom: epic\nmessages: [json]\ndo: { send: "
                                  "desk }\n",
                                  rows[i].message);
        cr_expect(strstr(got, rows[i].want) == got + 9, "%s: %s", rows[i].name, got);
    }
}

/* ---- maps ---- */

Test(data, maps_read_members_and_write_json)
{
    static const char frame[] =
        "map: m\nreads: Patient\nto: json\nvalue:\n@@\n---\n" ROUTE("Patient") "do: { send: all, "
                                                                               "as: m }\n";
    static const struct row rows[] = {
        {"a text", "  v: =name.where(use = 'official').family.first()", "{\"v\":\"ROE\"}"},
        {"true", "  v: =active", "{\"v\":true}"},
        {"a number", "  v: =multipleBirth", "{\"v\":2}"},
        {"a date at its precision", "  v: =birthDate", "{\"v\":\"1980-01\"}"},
        {"all of a list", "  v: [=name.given]", "{\"v\":[\"JANE\",\"Q\"]}"},
        {"a part as it is", "  v: =name.last()", "{\"v\":{\"family\":\"DOE\"}}"},
        {"parts as they are", "  v: [=contact.name]", "{\"v\":[{\"text\":\"JIM ROE\"}]}"},
        {"$for",
         "  v:\n    - $for: identifier.where(system.exists())\n      a: =value\n      b: "
         "=$number",
         "{\"v\":[{\"a\":\"7\",\"b\":1}]}"},
        {"[n] counts from 0", "  v: >-\n    =name[1].family", "{\"v\":\"DOE\"}"},
        {"what is empty leaves no trace", "  v: =gender\n  w: { x: =photo.url.first() }\n  y: 1",
         "{\"y\":1}"},
    };
    rows_payload(frame, patient, ROWS(rows));
    static const struct row refused[] = {
        {"several", "  v: =name.family",
         "r.yaml:5:12: error: the value may give several values, one is wanted here; add .first(), "
         ".where(...).first(), .exists(...) or .join(' ')"},
        {"unknown", "  v: =name.first().famly",
         "r.yaml:5:20: error: HumanName has no element famly; did you mean family?"},
        {"inside a loop", "  v: [{ $for: contact, a: =nme.text }]",
         "r.yaml:5:28: error: Patient.contact has no element nme; did you mean name?"},
    };
    rows_check(frame, ROWS(refused));
}

Test(data, types_flow_into_maps_to_fhir)
{
    static const char frame[] =
        "map: m\nreads: Patient\nto: Person\nvalue:\n@@\n---\n" ROUTE("Patient") "do: { send: all, "
                                                                                 "as: m }\n";
    static const struct row rows[] = {
        {"whole elements", "  name: [=name]\n  birthDate: =birthDate\n  active: =active",
         "{\"resourceType\":\"Person\",\"name\":[{\"use\":\"official\",\"family\":\"ROE\","
         "\"given\":[\"JANE\",\"Q\"]},{\"family\":\"DOE\"}],\"birthDate\":\"1980-01\",\"active\":"
         "true}"},
        {"without a list", "  name: =name.where(use = 'official')",
         "{\"resourceType\":\"Person\",\"name\":[{\"use\":\"official\",\"family\":\"ROE\","
         "\"given\":[\"JANE\",\"Q\"]}]}"},
    };
    rows_payload(frame, patient, ROWS(rows));
    static const struct row refused[] = {
        {"another type", "  name: [=identifier]",
         "r.yaml:5:11: error: this gives Identifier, Person.name wants HumanName; write its "
         "members, or $use: a map that makes one"},
        {"a text for a part", "  name: [=id]",
         "r.yaml:5:11: error: this gives id, Person.name wants HumanName; write its members, or "
         "$use: a map that makes one"},
        {"a truth value for a text", "  gender: =active",
         "r.yaml:5:12: error: this gives boolean, Person.gender wants code"},
    };
    rows_check(frame, ROWS(refused));
}

Test(data, json_has_any_members)
{
    static const char frame[] = "map: m\nreads: json\nto: json\nvalue:\n@@\n---\n" ROUTE(
        "json") "do: { send: all, as: m }\n";
    static const struct row rows[] = {
        {"digits stay", "  v: =id", "{\"v\":12.50}"},
        {"deeper", "  v: =who.name", "{\"v\":\"ROE\"}"},
        {"lists", "  v: [=who.tags]", "{\"v\":[\"a\",\"b\"]}"},
        {"each", "  v: [{ $for: items, c: =code, n: =n }]",
         "{\"v\":[{\"c\":\"x\",\"n\":1},{\"c\":\"y\"}]}"},
        {"what is not there", "  v: =nobody.knows\n  w: 1", "{\"w\":1}"},
        {"a map of each",
         "  v: [{ $for: items, $use: k }]\n---\nmap: k\nreads: json\nto: "
         "json\nvalue: { k: =code }",
         "{\"v\":[{\"k\":\"x\"},{\"k\":\"y\"}]}"},
    };
    rows_payload(frame, json, ROWS(rows));
    static const struct row faults[] = {
        {"several where one is meant", "  v: =items.code",
         "accepted\nall /* held <r.yaml:5:13: items.code: one value is wanted here, there are 2>"},
    };
    rows_told(frame, json, ROWS(faults));
}

Test(data, maps_begin_with_what_they_read)
{
    static const char frame[] =
        "map: m\nreads: Bundle\nto: json\nvalue:\n@@\n---\nmap: p\nreads: Patient\nto: "
        "json\nvalue: "
        "{ f: =name.first().family, same: =Patient.name.family.first(), t: =$this.name.count(), b: "
        "=$message.type }\n---\nmap: n\nreads: HumanName\nto: json\nvalue: { f: =family "
        "}\n---\n" ROUTE("Bundle") "do: { send: all, as: m }\n";
    static const struct row rows[] = {
        {"a resource of the Bundle", "  v: [{ $for: entry.resource.ofType(Patient), $use: p }]",
         "{\"v\":[{\"f\":\"ROE\",\"same\":\"ROE\",\"t\":1,\"b\":\"message\"}]}"},
        {"a datatype", "  v: [{ $for: entry.resource.ofType(Patient).name, $use: n }]",
         "{\"v\":[{\"f\":\"ROE\"}]}"},
    };
    rows_payload(frame, bundle, ROWS(rows));
    static const struct row refused[] = {
        {"the message is another", "  v: { $use: p }",
         "r.yaml:5:14: error: the map p reads Patient, and Bundle comes here; walk values of that "
         "type with for:, or add the type to its reads:"},
        {"another datatype", "  v: [{ $for: entry.link, $use: n }]",
         "r.yaml:5:33: error: the map n reads HumanName, and Bundle comes here; walk values of "
         "that type with for:, or add the type to its reads:"},
    };
    rows_check(frame, ROWS(refused));
}

/* Parts of the message that a map hands on are the map's own: what is done to them is not done to the message. */
Test(data, a_map_changes_its_copy_of_the_message)
{
    static const char frame[] =
        "map: one\nreads: Patient\nto: HumanName\nvalue: =name.first()\n---\n"
        "map: m\nreads: Patient\nto: Patient\nvalue:\n  name: { $use: one, $also: @@ }\n---\n"
        "map: json\nreads: Patient\nto: json\nvalue: { name: =name.first() }\n---\n"
        "route: a\nfrom: epic\nmessages: [Patient]\ndo:\n  - { send: desk, as: m }\n"
        "  - { send: desk, as: json, id: x }\n";
    static const char two[] = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\","
                              "\"text\":\"t\",\"given\":[\"B\"]}]}";
    static const struct row rows[] = {
        {"a member in place of another", "{ text: over }",
         "accepted\ndesk: {\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\",\"given\":["
         "\"B\"],\"text\":\"over\"}]}\ndesk id=x: {\"name\":{\"family\":\"A\",\"text\":\"t\","
         "\"given\":[\"B\"]}}"},
        {"one more", "{ use: usual }",
         "accepted\ndesk: {\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\",\"text\":"
         "\"t\",\"given\":[\"B\"],\"use\":\"usual\"}]}\ndesk id=x: {\"name\":{\"family\":\"A\","
         "\"text\":\"t\",\"given\":[\"B\"]}}"},
    };
    rows_told(frame, two, ROWS(rows));
}

Test(data, what_is_sent_suits_the_map)
{
    static const char frame[] = "map: m\nreads: @@\nto: json\nvalue: { v: =id }\n---\n" ROUTE(
        "Patient, Appointment") "do: { send: all, as: m }\n";
    static const struct row rows[] = {
        {"all of them", "[Patient, Appointment]", ""},
        {"any", "Resource", ""},
        {"one of them", "Patient",
         "r.yaml:9:22: error: the map m reads Patient, and Patient, Appointment comes here; walk "
         "values of that type with for:, or add the type to its reads:"},
        {"JSON takes everything", "json", ""},
        {"two kinds", "[Patient, json]",
         "r.yaml:2:18: error: reads: is of one kind of data: HL7 v2, FHIR or JSON\n"},
    };
    rows_check(frame, rows, 4);
}

Test(data, what_cannot_be_read_is_refused_with_its_place)
{
    static const struct row rows[] = {
        {"a key twice", "{\"a\":1,\n \"a\":2}", "line 2, column 2: "},
        {"no UTF-8", "{\"a\":\"\xff\"}", "line 1, column 7: "},
        {"not whole", "{\"a\":", "line 1, column 6: "},
        {"two", "{} {}", "line 1, column 4: "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json *data;
        struct str why = STR("");
        cr_expect_lt(rules_read_data(&kit_arena, str_of(rows[i].text), &data, &why), 0, "%s",
                     rows[i].name);
        cr_expect(str_starts(why, str_of(rows[i].want)), "%s: %.*s", rows[i].name, STR_ARG(why));
    }
    char deep[140];
    struct json *data;
    struct str why;
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    cr_expect_lt(rules_read_data(&kit_arena, str_from(deep, 130), &data, &why), 0);
    cr_expect_eq(rules_read_data(&kit_arena, str_from(deep + 1, 128), &data, &why), 0);
}

Test(data, a_message_is_called_what_its_sender_calls_it)
{
    static const struct row rows[] = {
        {"HL7 v2", "MSH|^~\\&|L|MAIN|D|X|2026||ADT^A01|M1|P|2.5.1\rPID|1\r", "M1"},
        {"a resource", "{\"resourceType\":\"Patient\",\"id\":\"p1\"}", "p1"},
        {"a Bundle by its identifier",
         "{\"resourceType\":\"Bundle\",\"id\":\"b\",\"identifier\":{\"value\":\"i\"},\"entry\":[{"
         "\"resource\":{\"resourceType\":\"MessageHeader\",\"id\":\"h\"}}]}",
         "i"},
        {"by its MessageHeader",
         "{\"resourceType\":\"Bundle\",\"id\":\"b\",\"entry\":[{\"resource\":{\"resourceType\":"
         "\"MessageHeader\",\"id\":\"h\"}}]}",
         "h"},
        {"by its own id",
         "{\"resourceType\":\"Bundle\",\"id\":\"b\",\"entry\":[{\"fullUrl\":"
         "\"u\"}]}",
         "b"},
        {"JSON has none", "{\"id\":\"x\"}", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rules_input in = {.source = 0};
        struct hl7 m;
        struct str why = STR("");
        cr_assert_eq(rules_read(&kit_arena, str_of(rows[i].text), &m, &in, &why), 0, "%s: %.*s",
                     rows[i].name, STR_ARG(why));
        struct str got = rules_message_id(&in);
        cr_expect(str_is(got, rows[i].want), "%s: %.*s", rows[i].name, STR_ARG(got));
    }
    struct rules_input in = {.source = 0};
    struct hl7 m;
    struct str why = STR("");
    cr_expect_lt(rules_read(&kit_arena, STR("{\"a\":"), &m, &in, &why), 0);
    cr_expect_lt(rules_read(&kit_arena, STR("PID|1\r"), &m, &in, &why), 0);
    cr_expect(why.n > 0 && !in.m && !in.data);
}

/* Of a value of JSON nothing is known, but that it is no message of HL7 v2 is. */
Test(data, a_map_of_hl7_v2_begins_with_nothing_of_json)
{
    static const struct row rows[] = {
        {"a message", "ADT", "r.yaml:4:37: error: the map m reads HL7 v2, and json comes here"},
        {"JSON", "json", ""},
    };
    rows_check("route: a\nfrom: epic\nmessages: [json]\ndo: { for: l, do: { send: desk, as: m } }\n"
               "---\nmap: m\nreads: @@\nto: json\nvalue: { x: a }\n",
               ROWS(rows));
}

Test(data, codes_that_an_element_cannot_have_are_warned_of)
{
    static const char frame[] = ROUTE("Appointment") "when: >-\n  @@\ndo: { send: desk }";
#define BOOKED                                                                                     \
    "; write one of arrived, booked, cancelled, checked-in, entered-in-error, fulfilled, noshow, " \
    "pending, proposed or waitlist"
    static const struct row rows[] = {
        {"one", "status = 'Booked'",
         "r.yaml:5:12: warning: Booked is no code that status can have" BOOKED},
        {"the other way round", "'canceled' = status",
         "r.yaml:5:3: warning: canceled is no code that status can have" BOOKED},
        {"one of several", "status.oneOf('booked', 'canceled')",
         "r.yaml:5:26: warning: canceled is no code that status can have" BOOKED},
        {"of some that are chosen", "participant.exists(status = 'acepted')",
         "r.yaml:5:31: warning: acepted is no code that status can have; write one of accepted, "
         "declined, needs-action or tentative"},
        {"codes", "status = 'booked' or status.oneOf('noshow')", ""},
        {"a text that is no code", "description = 'Booked'", ""},
    };
    rows_check(frame, ROWS(rows));
}

Test(data, a_type_that_is_misspelt_is_one_finding)
{
    static const struct row rows[] = {
        {"of a route",
         ROUTE("Apointment") "when: status = 'booked'\ndo:\n  - require: "
                             "participant.exists(actor.exists())\n    else: { reply: "
                             "{ code: AE, error: 101, at: Appointment.participant, "
                             "text: x } }\n  - send: desk",
         "r.yaml:3:12: error: FHIR R4 has no resource Apointment; did you mean Appointment?"},
        {"of the place that a reply is about",
         ROUTE("Appointment") "do:\n  - require: participant.exists()\n    else: { reply: { code: "
                              "AE, error: 101, "
                              "at: Appointment.particpant, text: x } }\n  - send: desk",
         "r.yaml:6:60: error: Appointment has no element particpant; did you mean participant?"},
        {"of a reference",
         ROUTE("Patient") "do: { send: desk, as: m }\n---\nmap: m\nreads: Patient\nto: "
                          "Person\nvalue:\n"
                          "  link: [{ target: { reference: \"='Practitionr/' & id\" } }]",
         "r.yaml:10:33: error: FHIR R4 has no resource Practitionr; did you mean Practitioner?"},
    };
    rows_check(NULL, ROWS(rows));
}
