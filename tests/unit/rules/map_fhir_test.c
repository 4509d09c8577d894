/* Maps to FHIR types: elements, what may stand there, what must, how it is written. Language, sections 1, 3, 10. */
#include "tests/unit/rules/rows.h"

TestSuite(map_fhir, .init = kit_begin, .fini = kit_end);

static const char adt[] =
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
    "EVN||20261124093000-0600\r"
    "PID|007||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE^Q~ROE||19800101|F|||1 A ST^^B|"
    "|555~\"\"~777|||M^Married|||\"\"||||||+05|||||Y\r"
    "NK1|1|A^B|FTH\r"
    "NK1|2|C\r"
    "PV1|1|I|W1^2^^H|||||||||||||||||||||||||||||||||||||||||20261124093000\r"
    "OBX|1|NM|8867-4^Heart rate^LN||72.50|/min\r";

#define ROUTE                                                                                      \
    "---\nroute: a\nfrom: [epic, profiled]\nmessages: [ADT^A01]\ndo: { send: desk, as: m }\n"
static const char patient[] = "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n" ROUTE;
static const char observation[] =
    "map: m\nreads: ADT_A01\nto: Observation\nvalue:\n  status: final\n  "
    "code: { text: x }\n@@\n---\nroute: a\nfrom: profiled\nmessages: [ADT^A01]\ndo: { send: desk, "
    "as: m }\n"
    "---\nprofile: p\nlet: { x: 1 }\n";

Test(map_fhir, a_resource_begins_with_its_type_and_arrays_stand_where_elements_repeat)
{
    static const struct row rows[] = {
        {"a boolean", "  active: true", "{\"resourceType\":\"Patient\",\"active\":true}"},
        {"quoted, the type comes from the element", "  active: 'false'",
         "{\"resourceType\":\"Patient\",\"active\":false}"},
        {"one object for a list", "  name:\n    family: =PID-5[1].1.1",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"DOE\"}]}"},
        {"one formula for a list gives all its values", "  name: { given: =PID-5.2 }",
         "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"JANE\"]}]}"},
        {"one text for a list", "  name: { given: Q }",
         "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"Q\"]}]}"},
        {"a list", "  name:\n    given:\n      - =PID-5[1].2\n      - =PID-5[1].3",
         "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"JANE\",\"Q\"]}]}"},
        {"$for", "  identifier:\n    - $for: PID-3\n      value: =$this.1",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"7\"},{\"value\":\"8\"}]}"},
        {"$for without a list", "  identifier:\n    $for: PID-3\n    value: =$this.1",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"7\"},{\"value\":\"8\"}]}"},
        {"a choice", "  deceasedBoolean: =PID-30 = 'Y'",
         "{\"resourceType\":\"Patient\",\"deceasedBoolean\":true}"},
        {"extensions of a primitive",
         "  _birthDate: { extension: { url: 'urn:x', valueString: y } }",
         "{\"resourceType\":\"Patient\",\"_birthDate\":{\"extension\":[{\"url\":\"urn:x\","
         "\"valueString\":\"y\"}]}}"},
        {"the type may be said", "  resourceType: Patient\n  gender: female",
         "{\"resourceType\":\"Patient\",\"gender\":\"female\"}"},
        {"a resource inside", "  contained: { resourceType: Organization, name: H }",
         "{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Organization\","
         "\"name\":\"H\"}]}"},
        {"$if, $let, $value",
         "  $let:\n    f: =PID-5[1].1.1\n  name: { $if: $f.exists(), family: =$f "
         "}\n  birthDate: { $value: =PID-7.toDate() }",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"DOE\"}],\"birthDate\":\"1980-01-"
         "01\"}"},
    };
    rows_payload(patient, adt, ROWS(rows));
}

Test(map_fhir, what_is_empty_leaves_no_husk)
{
    static const struct row rows[] = {
        {"an element", "  gender: =PID-31\n  active: true",
         "{\"resourceType\":\"Patient\",\"active\":true}"},
        {"an object", "  name: { family: =PID-31, given: [=PID-23] }\n  active: true",
         "{\"resourceType\":\"Patient\",\"active\":true}"},
        {"an empty text", "  gender: =PID-31 & ''\n  active: true",
         "{\"resourceType\":\"Patient\",\"active\":true}"},
        {"HL7's null", "  telecom: [{ $for: PID-13, value: =$this.1 }]",
         "{\"resourceType\":\"Patient\",\"telecom\":[{\"value\":\"555\"},{\"value\":\"777\"}]}"},
        {"a resource inside another",
         "  contained: { resourceType: Organization, name: =PID-31 "
         "}\n  active: true",
         "{\"resourceType\":\"Patient\",\"active\":true}"},
    };
    rows_payload(patient, adt, ROWS(rows));
    static const struct row whole[] = {
        {"the whole map", "  gender: =PID-31",
         "accepted\ndesk L/7 S/8 held <r.yaml:10:7: the map m came out empty>"},
    };
    rows_told(patient, adt, ROWS(whole));
}

Test(map_fhir, primitives_are_written_as_their_type_is)
{
    kit_source = 2;
    static const struct row rows[] = {
        {"a decimal keeps its places", "  valueQuantity:\n    value: =OBX[1]-5[1].toDecimal()",
         ",\"valueQuantity\":{\"value\":72.50}}"},
        {"a literal keeps its places", "  valueQuantity: { value: 2.10 }",
         ",\"valueQuantity\":{\"value\":2.10}}"},
        {"NM as an integer", "  valueInteger: =PID-25", ",\"valueInteger\":5}"},
        {"SI as a text", "  valueString: =PID-1", ",\"valueString\":\"007\"}"},
        {"a date at its own precision", "  effectiveDateTime: =PID-7.toDateTime()",
         ",\"effectiveDateTime\":\"1980-01-01\"}"},
        {"a time has the feed's offset", "  effectiveDateTime: =MSH-7.toDateTime()",
         ",\"effectiveDateTime\":\"2026-11-24T09:30:00-06:00\"}"},
        {"an instant", "  issued: =EVN-2.toDateTime()",
         ",\"issued\":\"2026-11-24T09:30:00-06:00\"}"},
        {"a text that is a date", "  effectiveDateTime: =PID-7.format('yyyy')",
         ",\"effectiveDateTime\":\"1980\"}"},
        {"a literal", "  effectiveDateTime: 2026-11", ",\"effectiveDateTime\":\"2026-11\"}"},
        {"a time", "  valueTime: =MSH-7.toTime()", ",\"valueTime\":\"09:30:00\"}"},
        {"derived from the message", "  identifier:\n    system: =uuid('a').substring(0, 9)",
         ",\"identifier\":[{\"system\":\"urn:uuid:\"}]}"},
        {"a composite is its first component", "  valueString: =PID-16[1]",
         ",\"valueString\":\"M\"}"},
    };
    static const char head[] =
        "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"}";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_payload(rows_text(observation, rows[i].text), adt);
        cr_expect(strncmp(got, head, sizeof(head) - 1) == 0 &&
                      strcmp(got + sizeof(head) - 1, rows[i].want) == 0,
                  "%s: found %s", rows[i].name, got);
    }
}

Test(map_fhir, a_value_that_is_not_of_its_type_is_a_fault)
{
    static const struct row rows[] = {
        {"no boolean", "  active: =PID-8 & ''",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:18: PID-8: the value is no boolean, which is true "
         "or "
         "false>"},
        {"no code", "  gender: =' ' & PID-8",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:16: PID-8: the value is no code, which is a text "
         "without "
         "blanks around it or two in a row>"},
        {"no whole number", "  multipleBirthInteger: =5 / 2",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:28: the value is no integer, which is a whole "
         "number of 32 bits>"},
        {"a time where a date is wanted", "  birthDate: =coalesce(MSH-7.toDateTime('UTC'))",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:15: MSH-7: the value holds a time, and date is "
         "none; "
         ".toDate() cuts>"},
        {"two of a choice", "  deceasedBoolean: =PID-30 = 'Y'\n  deceasedDateTime: =PID-7.toDate()",
         "accepted\ndesk L/7 S/8 held <r.yaml:6:21: Patient has one of deceasedBoolean and "
         "deceasedDateTime, here are both>"},
        {"what is required came out empty",
         "  communication: { language: { text: =PID-31 }, preferred: true }",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:30: Patient.communication demands language, and it "
         "came out empty>"},
    };
    rows_told(patient, adt, ROWS(rows));
}

Test(map_fhir, check_refuses_what_the_type_does_not_have)
{
    static const struct row rows[] = {
        {"an element", "  brithDate: x",
         "r.yaml:5:3: error: Patient has no element brithDate; did you mean birthDate?"},
        {"of a part", "  contact: { nme: { text: x } }",
         "r.yaml:5:14: error: Patient.contact has no element nme; did you mean name?"},
        {"a choice without its type", "  deceased: true",
         "r.yaml:5:3: error: deceased may be of several types; its key says which; write "
         "deceasedBoolean, deceasedDateTime"},
        {"a list where one stands", "  gender: [female]",
         "r.yaml:5:11: error: this is a list, Patient.gender wants one code; write the one value "
         "itself"},
        {"a text where members stand", "  name: x",
         "r.yaml:5:9: error: this is a text, Patient.name wants HumanName, which has members; "
         "write "
         "its members, or $use: a map that makes one"},
        {"members where a text stands", "  gender: { text: x }",
         "r.yaml:5:11: error: this is an object, Patient.gender wants code, one value; write a "
         "text or a formula, or { $value: =... }"},
        {"a composite", "  name: [=PID-5]",
         "r.yaml:5:11: error: this gives XPN, Patient.name wants HumanName; write its members, or "
         "$for: over it and $use: a map that reads it"},
        {"a truth value", "  gender: =PID-8 = 'F'",
         "r.yaml:5:18: error: this gives true or false, Patient.gender wants code"},
        {"no truth value", "  active: =PID-30",
         "r.yaml:5:12: error: this gives ID, Patient.active wants boolean; compare it, as in "
         "=PID-30 = 'Y', or look it up in a table"},
        {"a date as HL7 has it", "  birthDate: =PID-7",
         "r.yaml:5:15: error: this gives TS, Patient.birthDate wants date; write .toDate() behind "
         "it"},
        {"a point in time for a date", "  birthDate: =PID-7.toDateTime('UTC')",
         "r.yaml:5:21: error: this gives a date or time, Patient.birthDate wants date; write "
         ".toDate() behind it"},
        {"a date of HL7 for a point in time", "  deceasedDateTime: =PID-29",
         "r.yaml:5:22: error: this gives TS, Patient.deceasedDateTime wants dateTime; write "
         ".toDateTime() behind it, with a zone if need be"},
        {"a literal", "  birthDate: 24.11.2026",
         "r.yaml:5:14: error: this is no date, as Patient.birthDate wants; write YYYY, YYYY-MM or "
         "YYYY-MM-DD"},
        {"a day that no month has", "  birthDate: 2026-02-30",
         "r.yaml:5:14: error: this is no date, as Patient.birthDate wants; write YYYY, YYYY-MM or "
         "YYYY-MM-DD"},
        {"a literal of a number", "  multipleBirthInteger: 1.5",
         "r.yaml:5:25: error: this is no integer, as Patient.multipleBirthInteger wants; write a "
         "whole number of 32 bits"},
        {"null", "  gender: null",
         "r.yaml:5:11: error: FHIR has no null; leave the key out; the text is written 'null'"},
        {"required elements", "  link: { type: seealso }",
         "r.yaml:5:9: error: Patient.link demands other, and nothing makes it; write other: ..."},
        {"nothing of an item whose $value: has a mistake",
         "  link: { $value: { other: { display: x }, type: =PID-99 } }",
         "r.yaml:5:51: error: PID-99: no HL7 version has a field 99 in PID"},
        {"nor of one whose $use: has", "  link: { $use: nobody }",
         "r.yaml:5:17: error: no map is called nobody; declare it in a document that begins with "
         "map: nobody"},
        {"another resource", "  resourceType: Person",
         "r.yaml:5:17: error: this is Person, the map makes Patient"},
        {"no resource", "  contained: { name: x }",
         "r.yaml:5:14: error: Patient.contained takes any resource; nothing says which one this "
         "is; write resourceType: Patient, or $use: a map that makes one"},
        {"an unknown resource", "  contained: { resourceType: Patent }",
         "r.yaml:5:30: error: FHIR R4 has no resource Patent; did you mean Patient?"},
        {"a datatype for a resource", "  contained: { resourceType: HumanName }",
         "r.yaml:5:30: error: FHIR R4 has no resource HumanName; name a resource, as Patient"},
        {"a choice with another type", "  deceasedText: x",
         "r.yaml:5:3: error: Patient has no element deceasedText; write deceasedBoolean, "
         "deceasedDateTime"},
        {"an abstract one", "  contained: { resourceType: DomainResource }",
         "r.yaml:5:30: error: DomainResource is abstract: nothing is just a DomainResource; name a "
         "type that is based on it"},
        {"extensions of what repeats", "  name: { _given: { id: x } }",
         "r.yaml:5:11: error: _given: extensions of an element that repeats are not available in "
         "this version; extensions of single elements are, as _birthDate"},
    };
    rows_check(patient, ROWS(rows));
    static const struct row choice[] = {
        {"required choice", "  component: { code: { text: x } }\n  note: { time: 2026 }",
         "r.yaml:8:9: error: Annotation demands text, and nothing makes it; write text: ..."},
        {"one of several",
         "  contained: { resourceType: List, status: current, mode: working }\n"
         "  extension: { url: x, valueUsageContext: { code: { code: a } } }",
         "r.yaml:8:43: error: UsageContext demands value[x], and nothing makes it; write "
         "valueCodeableConcept, valueQuantity, valueRange, valueReference"},
    };
    rows_check(observation, ROWS(choice));
}

Test(map_fhir, the_head_says_what_is_made)
{
    static const char frame[] = "map: m\nreads: ADT_A01\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"no type", "to: Patiant\nvalue: { active: true }",
         "r.yaml:3:5: error: FHIR R4 has no type Patiant; did you mean Patient?"},
        {"an abstract one", "to: Resource\nvalue: { id: x }",
         "r.yaml:3:5: error: Resource is abstract: nothing is just a Resource; name a type that is "
         "based on it"},
        {"null", "to: Patient\nnulls: null\nvalue: { active: true }",
         "r.yaml:4:8: error: FHIR has no null; nulls: omit leaves the key out, nulls: error "
         "refuses it"},
        {"a list", "to: Patient\nvalue: [{ active: true }]",
         "r.yaml:4:8: error: this is a list, the map wants one Patient; write the one value "
         "itself"},
        {"a part", "to: Patient.contact\nvalue: { gender: male }", ""},
        {"a primitive", "to: date\nvalue: =PID-7.toDate()", ""},
    };
    rows_check(frame, ROWS(rows));
}

/* ---- fragments ---- */

#define CX                                                                                         \
    "---\nmap: cx\nreads: CX\nto: Identifier\nneeds: [default_system]\nvalue:\n  $if: "            \
    "$this.1.exists()\n  use: usual\n  type:\n    $if: $this.5.exists()\n    coding:\n      - { "  \
    "system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: =$this.5 }\n  system: "        \
    "=coalesce('urn:oid:' + $this.4.2, $default_system)\n  value: =$this.1\n"
#define XPN                                                                                        \
    "---\nmap: xpn\nreads: XPN\nto: HumanName\nvalue:\n  family: =$this.1.1\n  given: [ "          \
    "=$this.2, "                                                                                   \
    "=$this.3 ]\n  prefix: [ =$this.5 ]\n"

Test(map_fhir, fragments_make_datatypes)
{
    static const char frame[] = "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n" CX XPN ROUTE;
    static const struct row rows[] = {
        {"lists",
         "  identifier: [{ $for: PID-3, $use: cx, $with: { default_system: 'urn:d' } }]\n "
         " name: [{ $for: PID-5, $use: xpn }]",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"use\":\"usual\",\"type\":{\"coding\":[{"
         "\"system\":\"http://terminology.hl7.org/CodeSystem/v2-0203\",\"code\":\"MR\"}]},"
         "\"system\":\"urn:oid:1.2.3\",\"value\":\"7\"},{\"use\":\"usual\",\"type\":{\"coding\":[{"
         "\"system\":\"http://terminology.hl7.org/CodeSystem/v2-0203\",\"code\":\"SS\"}]},"
         "\"system\":\"urn:d\",\"value\":\"8\"}],\"name\":[{\"family\":\"DOE\",\"given\":["
         "\"JANE\",\"Q\"]},{\"family\":\"ROE\"}]}"},
        {"laid over", "  name: [{ $for: PID-5, $use: xpn, $also: { use: official, family: X } }]",
         "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"JANE\",\"Q\"],\"use\":\"official\","
         "\"family\":\"X\"},{\"use\":\"official\",\"family\":\"X\"}]}"},
    };
    rows_payload(frame, adt, ROWS(rows));
    static const struct row wrong[] = {
        {"of another type", "  address: [{ $for: PID-5, $use: xpn }]",
         "r.yaml:5:34: error: the map xpn makes HumanName, Patient.address wants Address; use a "
         "map with to: Address"},
        {"of json", "  address: [{ $for: PID-5, $use: j }]",
         "r.yaml:5:34: error: the map j makes json, Patient.address wants Address; use a map with "
         "to: Address"},
        {"what is laid over", "  name: [{ $for: PID-5, $use: xpn, $also: { uses: official } }]",
         "r.yaml:5:45: error: HumanName has no element uses; did you mean use?"},
        {"for any resource", "  contained: [{ $for: PID-5, $use: xpn }]",
         "r.yaml:5:36: error: the map xpn makes HumanName, Patient.contained wants Resource; use a "
         "map with to: Patient, or another resource"},
    };
    static const char json[] = "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n" XPN
                               "---\nmap: j\nreads: XPN\nto: json\nvalue: { a: =$this.2 }\n" ROUTE;
    rows_check(json, ROWS(wrong));
}

Test(map_fhir, an_entry_whose_url_an_earlier_one_has_is_left_out)
{
    static const char frame[] =
        "map: m\nreads: ADT_A01\nto: Bundle\nvalue:\n  type: collection\n  entry:\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"the first stays, also of several",
         "    - { fullUrl: 'urn:a', resource: { resourceType: Patient, gender: male } }\n"
         "    - { fullUrl: 'urn:b', resource: { resourceType: Patient, gender: female } }\n"
         "    - { fullUrl: 'urn:a', resource: { resourceType: Patient, gender: other } }\n"
         "    - { fullUrl: 'urn:a', resource: { resourceType: Patient, gender: unknown } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"fullUrl\":\"urn:a\","
         "\"resource\":{\"resourceType\":\"Patient\",\"gender\":\"male\"}},{\"fullUrl\":\"urn:b\","
         "\"resource\":{\"resourceType\":\"Patient\",\"gender\":\"female\"}}]}"},
        {"without a url both stay",
         "    - { resource: { resourceType: Patient, gender: male } }\n"
         "    - { resource: { resourceType: Patient, gender: male } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"gender\":\"male\"}},{\"resource\":{\"resourceType\":"
         "\"Patient\",\"gender\":\"male\"}}]}"},
    };
    rows_payload(frame, adt, ROWS(rows));
}

Test(map_fhir, a_bundle_holds_resources)
{
    static const char frame[] =
        "map: m\nreads: ADT_A01\nto: Bundle\nvalue:\n  type: transaction\n  entry:\n@@\n---\n"
        "map: patient\nreads: ADT_A01\nto: Patient\nvalue: { gender: female, deceasedBoolean: "
        "=PID-30 = 'Y' }\n---\nmap: nothing\nreads: ADT_A01\nto: Patient\nvalue: { gender: =PID-31 "
        "}\n" ROUTE;
    static const struct row rows[] = {
        {"a map's", "    - resource: { $use: patient }",
         "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"gender\":\"female\",\"deceasedBoolean\":true}}]}"},
        {"a choice laid over another",
         "    - resource: { $use: patient, $also: { "
         "deceasedDateTime: 2026, active: false } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"gender\":\"female\",\"deceasedDateTime\":\"2026\","
         "\"active\":false}}]}"},
        {"what is laid over nothing is a resource, too",
         "    - resource: { $use: nothing, $also: { active: true } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"active\":true}}]}"},
        {"one written here",
         "    - resource: { resourceType: Patient, active: false, link: [{ "
         "type: replaced-by, other: { reference: 'Patient/1' } }] }",
         "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"active\":false,\"link\":[{\"type\":\"replaced-by\","
         "\"other\":{"
         "\"reference\":\"Patient/1\"}}]}}]}"},
        {"for each",
         "    - $for: NK1\n      request: { method: POST, url: RelatedPerson }\n      "
         "resource: { resourceType: RelatedPerson, patient: { reference: 'a' }, name: "
         "{ family: =NK1-2.first().1.1 } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{"
         "\"method\":\"POST\",\"url\":\"RelatedPerson\"},\"resource\":{\"resourceType\":"
         "\"RelatedPerson\",\"patient\":{\"reference\":\"a\"},\"name\":[{\"family\":\"A\"}]}},{"
         "\"request\":{\"method\":\"POST\",\"url\":\"RelatedPerson\"},\"resource\":{"
         "\"resourceType\":\"RelatedPerson\",\"patient\":{\"reference\":\"a\"},\"name\":[{"
         "\"family\":\"C\"}]}}]}"},
    };
    rows_payload(frame, adt, ROWS(rows));
}

Test(map_fhir, what_is_laid_over_nothing_has_what_its_type_demands)
{
    static const char frame[] =
        "map: m\nreads: ADT_A01\nto: Bundle\nvalue:\n  type: collection\n  entry:\n    - resource: "
        "{ "
        "$use: nothing, $also: { @@ } }\n---\nmap: nothing\nreads: ADT_A01\nto: Observation\n"
        "value: { $if: PID-31.exists(), status: final, code: { text: x } }\n" ROUTE;
    static const struct row rows[] = {
        {"there", "status: final, code: { text: y }",
         "accepted\ndesk L/7 S/8: {\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{"
         "\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":"
         "\"y\"}}}]}"},
        {"not there", "status: final",
         "accepted\ndesk L/7 S/8 held <r.yaml:7:41: Observation demands code, and it came out "
         "empty>"},
    };
    rows_told(frame, adt, ROWS(rows));
}

/* Each with each took minutes: a message of some megabytes stopped all others. */
Test(map_fhir, many_entries_are_compared_in_good_time, .timeout = 30)
{
    static const char rules[] =
        "map: m\nreads: ADT_A01\nto: Bundle\nvalue:\n  type: collection\n  entry:\n    - $for: "
        "OBX\n      fullUrl: =OBX-3.1\n" ROUTE;
    struct buf text = {0};
    unsigned entries = 0;
    buf_puts(&text, "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\rPID|1\rPV1|1\r");
    for (unsigned i = 0; i < 24000; i++) {
        buf_printf(&text, "OBX|1|ST|urn:uuid:5a4e0c1e-0000-4000-8000-%012u\r", i % 20000);
    }
    buf_putc(&text, '\0');
    struct str got = str_of(kit_payload(rules, text.p)), part;
    while (str_split(&got, '"', &part)) { /* strstr() reads all to the end each time under ASan */
        entries += str_is(part, "fullUrl");
    }
    cr_expect_eq(entries, 20000);
    buf_free(&text);
}

Test(map_fhir, a_code_is_one_of_those_that_its_binding_requires)
{
#define CODES "female, male, other or unknown"
    static const struct row refused[] = {
        {"a text", "  gender: F",
         "r.yaml:5:11: error: F is no code that Patient.gender may have; write one of " CODES},
        {"a text of an inner element", "  telecom: { system: telephone }",
         "r.yaml:5:22: error: telephone is no code that ContactPoint.system may have; write one of "
         "email, fax, other, pager, phone, sms or url"},
        {"a table that gives another",
         "  gender: =PID-8.lookup('gender')\n---\ntables: { gender: { "
         "file: wrong.csv, on-miss: hold } }",
         "r.yaml:5:18: error: the table gives weiblich (wrong.csv:3), which is no code that "
         "Patient.gender may have; write one of " CODES},
        {"a query that gives another",
         "  gender: =PID-8.lookup('gender')\n---\ntables: { gender: { sqlite: wrong.csv, query: "
         "select, on-miss: hold } }",
         "r.yaml:5:18: error: the table gives weiblich (wrong.csv, row 2), which is no code that "
         "Patient.gender may have; write one of " CODES},
        {"another column of it",
         "  gender: =PID-8.lookup('gender').second\n---\ntables: { gender: "
         "{ file: wrong.csv, on-miss: hold } }",
         ""},
        {"what the sender says", "  gender: =PID-8",
         "r.yaml:5:12: warning: Patient.gender takes codes of its own; one of HL7 v2 that is none "
         "of them holds the message; write .lookup('...') with a table that translates"},
        {"in small letters", "  gender: =PID-8.lower()",
         "r.yaml:5:18: warning: Patient.gender takes codes of its own; one of HL7 v2 that is none "
         "of them holds the message; write .lookup('...') with a table that translates"},
        {"the first of several", "  gender: =PID-10.first().1",
         "r.yaml:5:26: warning: Patient.gender takes codes of its own; one of HL7 v2 that is none "
         "of them holds the message; write .lookup('...') with a table that translates"},
        {"asked before", "  gender: =PID-8.lower().where($this.oneOf('male', 'female'))", ""},
        {"a choice of two", "  gender: =iif(PID-8 = 'F', 'female', 'male')", ""},
        {"an open set", "  maritalStatus: { coding: { system: 'urn:x', code: ANY } }", ""},
    };
    static const struct row told[] = {
        {"what is none is a fault", "  gender: =PID-8",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:12: PID-8: the value is none of the codes " CODES
         ">"},
        {"also what was computed", "  active: true\n  gender: =PID-8.lower()",
         "accepted\ndesk L/7 S/8 held <r.yaml:6:18: PID-8: the value is none of the codes " CODES
         ">"},
    };
    kit_file("wrong.csv", "code,first,second\nM,male,male\nF,weiblich,female\n");
    rows_check(patient, ROWS(refused));
    rows_told(patient, adt, ROWS(told));
}
