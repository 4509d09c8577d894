/* set, delete and keep over FHIR and JSON. Language, "Changes". */
#include "tests/unit/rules/rows.h"

#include <stdio.h>

TestSuite(change, .init = kit_begin, .fini = kit_end);

#define ROUTE(types) "route: a\nfrom: epic\nmessages: [" types "]\n"
#define SET(types)   ROUTE(types) "do:\n  - set:\n@@\n  - send: desk\n"
#define DO(types)    ROUTE(types) "do:\n@@\n  - send: desk\n"

Test(change, set_writes_where_the_target_says)
{
    static const char frame[] = SET("Patient");
    static const char small[] = "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{"
                                "\"family\":\"ROE\"},{\"family\":\"DOE\"}], \"x\":1.50}";
    static const struct row rows[] = {
        {"a value", "      Patient.active: true",
         "{\"resourceType\":\"Patient\",\"active\":true,\"name\":[{\"family\":\"ROE\"},{\"family\":"
         "\"DOE\"}], \"x\":1.50}"},
        {"without the resource before it", "      active: true",
         "{\"resourceType\":\"Patient\",\"active\":true,\"name\":[{\"family\":\"ROE\"},{\"family\":"
         "\"DOE\"}], \"x\":1.50}"},
        {"what was not there", "      Patient.gender: male",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"DOE\"}], \"x\":1.50, \"gender\":\"male\"}"},
        {"and what it stands in", "      Patient.maritalStatus.coding[0].code: M",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"DOE\"}], \"x\":1.50, \"maritalStatus\":{\"coding\":[{\"code\":\"M\"}]}}"},
        {"[n] counts from 0", "      Patient.name[1].family: X",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"X\"}], \"x\":1.50}"},
        {"[last]", "      Patient.name[last].family: X",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"X\"}], \"x\":1.50}"},
        {"[*]", "      Patient.name[*].family: X",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"X\"},{"
         "\"family\":\"X\"}], \"x\":1.50}"},
        {"[*] of nothing", "      Patient.link[*].type: refer",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"DOE\"}], \"x\":1.50}"},
        {"[+] of one place is the same new one",
         "      Patient.name[+].family: X\n      Patient.name[+].given[+]: Y",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"DOE\"},{\"family\":\"X\",\"given\":[\"Y\"]}], \"x\":1.50}"},
        {"numbers mean what was there",
         "      Patient.name[+].family: NEW\n      Patient.name[0].family: OLD",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"OLD\"},{"
         "\"family\":\"DOE\"},{\"family\":\"NEW\"}], \"x\":1.50}"},
        {"the next one", "      Patient.name[2].family: X",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"ROE\"},{"
         "\"family\":\"DOE\"},{\"family\":\"X\"}], \"x\":1.50}"},
        {"all of what repeats", "      Patient.name: { family: X }",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"X\"}], "
         "\"x\":1.50}"},
        {"a list", "      Patient.name: [{ family: X }, { text: Y }]",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"X\"},{\"text\":"
         "\"Y\"}], \"x\":1.50}"},
        {"all right sides see the message before",
         "      Patient.name[0].family: =name[1].family\n"
         "      Patient.name[1].family: =name[0].family",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"DOE\"},{"
         "\"family\":\"ROE\"}], \"x\":1.50}"},
        {"a whole element", "      Patient.name[0]: =name[1]",
         "{\"resourceType\":\"Patient\",\"active\":false,\"name\":[{\"family\":\"DOE\"},{"
         "\"family\":\"DOE\"}], \"x\":1.50}"},
    };
    rows_payload(frame, small, ROWS(rows));
}

Test(change, what_was_written_may_be_written_again)
{
    static const char frame[] = DO("Patient");
    static const char small[] = "{\"resourceType\":\"Patient\"}";
    static const struct row rows[] = {
        {"a plain text, then one with signs to escape",
         "  - set: { gender: male }\n  - set:\n      name[0].text: Ann\n  - set:\n      "
         "name[0].text: 'Ann \"A\" \\ Roe'",
         "{\"resourceType\":\"Patient\",\"gender\":\"male\",\"name\":[{\"text\":\"Ann \\\"A\\\" "
         "\\\\ Roe\"}]}"},
    };
    rows_payload(frame, small, ROWS(rows));
}

Test(change, what_is_empty_goes_with_what_had_nothing_else)
{
    static const char frame[] = SET("Patient");
    static const char small[] =
        "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"ROE\"}],"
        "\"maritalStatus\":{\"coding\":[{\"code\":\"M\"}]},\"active\":true}";
    static const struct row rows[] = {
        {"a value", "      active: =gender",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"ROE\"}],\"maritalStatus\":{"
         "\"coding\":[{\"code\":\"M\"}]}}"},
        {"husks", "      maritalStatus.coding[0].code: =''",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"ROE\"}],\"active\":true}"},
        {"an array", "      name: =contact.name",
         "{\"resourceType\":\"Patient\",\"maritalStatus\":{\"coding\":[{\"code\":\"M\"}]},"
         "\"active\":true}"},
        {"what is not there", "      contact[0].name.family: =gender",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"ROE\"}],\"maritalStatus\":{"
         "\"coding\":[{\"code\":\"M\"}]},\"active\":true}"},
        {"one goes, one comes: numbers mean what was there",
         "      name[0].family: =gender\n      name[1].family: X",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"X\"}],\"maritalStatus\":{"
         "\"coding\":[{\"code\":\"M\"}]},\"active\":true}"},
    };
    rows_payload(frame, small, ROWS(rows));
}

Test(change, a_primitive_goes_with_what_is_beside_it)
{
    static const char small[] =
        "{\"resourceType\":\"Patient\",\"birthDate\":\"1980\",\"_birthDate\":{\"id\":\"b\"},"
        "\"deceasedDateTime\":\"2020\",\"_deceasedDateTime\":{\"id\":\"d\"},\"name\":[{\"given\":["
        "\"A\",\"B\"],\"_given\":[{\"id\":\"g\"},{\"id\":\"h\"}]}]}";
#define NAME ",\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"g\"},{\"id\":\"h\"}]}]}"
#define BORN "{\"resourceType\":\"Patient\",\"birthDate\":\"1980\",\"_birthDate\":{\"id\":\"b\"}"
#define DIED ",\"deceasedDateTime\":\"2020\",\"_deceasedDateTime\":{\"id\":\"d\"}"
    static const struct row rows[] = {
        {"set", "  - set: { birthDate: 1981-02-03 }",
         "{\"resourceType\":\"Patient\",\"birthDate\":\"1981-02-03\"" DIED NAME},
        {"deleted", "  - delete: birthDate", "{\"resourceType\":\"Patient\"" DIED NAME},
        {"itself", "  - delete: _birthDate",
         "{\"resourceType\":\"Patient\",\"birthDate\":\"1980\"" DIED NAME},
        {"both set", "  - set: { _birthDate: { id: c }, birthDate: 1981 }",
         "{\"resourceType\":\"Patient\",\"birthDate\":\"1981\"" DIED NAME},
        {"a choice has one type", "  - set: { deceasedBoolean: true }",
         BORN ",\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"g\"},{\"id\":\"h\"}]}],"
              "\"deceasedBoolean\":true}"},
        {"an item", "  - set:\n      name[0].given[0]: X",
         BORN DIED ",\"name\":[{\"given\":[\"X\",\"B\"],\"_given\":[null,{\"id\":\"h\"}]}]}"},
        {"an item goes", "  - delete: name[0].given[0]",
         BORN DIED ",\"name\":[{\"given\":[\"B\"],\"_given\":[{\"id\":\"h\"}]}]}"},
        {"a new item", "  - set:\n      name[0].given[+]: X",
         BORN DIED ",\"name\":[{\"given\":[\"A\",\"B\",\"X\"],\"_given\":[{\"id\":\"g\"},{\"id\":"
                   "\"h\"},null]}]}"},
        {"all items", "  - set:\n      name[0].given[*]: X",
         BORN DIED ",\"name\":[{\"given\":[\"X\",\"X\"]}]}"},
    };
    rows_payload(DO("Patient"), small, rows, 3);
    rows_payload(DO("Patient"), small, rows + 4, sizeof(rows) / sizeof(rows[0]) - 4);
    cr_expect_str_eq(
        kit_payload(
            rows_text(DO("Patient"), "  - set:\n      name[0].given[0]: X"),
            "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"A\" , \"B\"],\"_given\":[{"
            "\"id\":\"g\"} , {\"id\":\"h\"} ]}]}"),
        "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"X\" , \"B\"],\"_given\":[null , "
        "{\"id\":\"h\"} ]}]}");
    const char *got = kit_payload(rows_text(DO("Patient"), rows[3].text), small);
    cr_expect(strstr(got, "\"birthDate\":\"1981\"") && strstr(got, "\"_birthDate\":{\"id\":\"c\"}"),
              "%s", got);
}

Test(change, delete_and_keep_ask_of_each_one)
{
    static const char small[] =
        "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"a\",\"value\":\"1\"},{"
        "\"system\":\"b\"},{\"system\":\"a\",\"value\":\"3\"}],\"active\":true}";
    static const struct row rows[] = {
        {"all of it", "  - delete: Patient.identifier",
         "{\"resourceType\":\"Patient\",\"active\":true}"},
        {"those", "  - delete: Patient.identifier\n    if: system = 'a'",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"b\"}],\"active\":true}"},
        {"the others", "  - keep: Patient.identifier\n    if: system = 'a'",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"a\",\"value\":\"1\"},{"
         "\"system\":\"a\",\"value\":\"3\"}],\"active\":true}"},
        {"none is left", "  - delete: identifier\n    if: system.exists()",
         "{\"resourceType\":\"Patient\",\"active\":true}"},
        {"by number", "  - delete: identifier\n    if: $index > 0",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"a\",\"value\":\"1\"}],"
         "\"active\":true}"},
        {"below each", "  - delete: identifier[*].system",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"1\"},{\"value\":\"3\"}],"
         "\"active\":true}"},
        {"places mean the message before",
         "  - delete: ['identifier[0]', 'identifier[1]', "
         "'identifier[0].value']",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"a\",\"value\":\"3\"}],"
         "\"active\":true}"},
        {"asked once where it does not repeat", "  - delete: active\n    if: identifier.exists()",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"a\",\"value\":\"1\"},{"
         "\"system\":\"b\"},{\"system\":\"a\",\"value\":\"3\"}]}"},
        {"and not true", "  - delete: active\n    if: name.exists()",
         "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"a\",\"value\":\"1\"},{"
         "\"system\":\"b\"},{\"system\":\"a\",\"value\":\"3\"}],\"active\":true}"},
    };
    rows_payload(DO("Patient"), small, ROWS(rows));
}

Test(change, loops_are_written_inside)
{
    static const char bundle[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
        "\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"family\":\"A\"}]}},{\"resource\":{"
        "\"resourceType\":\"Slot\",\"id\":\"2\"}},{\"resource\":{\"resourceType\":\"Patient\","
        "\"id\":\"3\"}}]}";
    static const struct row rows[] = {
        {"of one type",
         "  - for: entry.resource.ofType(Patient)\n    do: { set: { active: =id = '1' } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"family\":\"A\"}],\"active\":true}}"
         ",{\"resource\":{\"resourceType\":\"Slot\",\"id\":\"2\"}},{\"resource\":{"
         "\"resourceType\":\"Patient\",\"id\":\"3\",\"active\":false}}]}"},
        {"the resource that it is",
         "  - for: entry.resource\n    do: { set: { Patient.active: true } }",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"family\":\"A\"}],\"active\":true}}"
         ",{\"resource\":{\"resourceType\":\"Slot\",\"id\":\"2\"}},{\"resource\":{"
         "\"resourceType\":\"Patient\",\"id\":\"3\",\"active\":true}}]}"},
        {"an element that went is not walked any more",
         "  - for: entry.resource\n    do:\n      - delete: $message.entry\n        if: "
         "resource.id.oneOf('1', '2')\n      - set: { id: =id & 'x' }",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"id\":\"3x\"}}]}"},
        {"a husk in a loop",
         "  - for: entry.resource.ofType(Patient).name\n    do: { delete: family }",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Patient\",\"id\":\"1\"}},{\"resource\":{\"resourceType\":\"Slot\","
         "\"id\":\"2\"}},{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"3\"}}]}"},
        {"$message from inside",
         "  - for: entry.resource.ofType(Slot)\n    do: { set: { $message.type: =id & 'x' } }\n"
         "    if: type = 'none'",
         bundle},
    };
    rows_payload(DO("Bundle"), bundle, ROWS(rows));
}

Test(change, formulas_and_maps_behind_it_see_it)
{
    static const char small[] = "{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":false}";
    static const char frame[] = ROUTE("Patient") "do:\n@@";
    static const struct row rows[] = {
        {"if", "  - set: { active: true }\n  - send: desk\n    if: active\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true}"},
        {"a map",
         "  - set: { active: true, gender: male }\n  - send: acct\n    as: m\n---\nmap: m\nreads: "
         "Patient\nto: json\nvalue: { a: =active, g: =$message.gender }\n",
         "accepted\nacct: {\"a\":true,\"g\":\"male\"}"},
        {"what was sent before stays", "  - send: { }\n", NULL},
        {"each send as far as it came",
         "  - { send: desk, id: one }\n  - set: { active: true }\n  - { send: desk, id: two }\n"
         "  - delete: active\n  - { send: desk, id: three }\n",
         "accepted\ndesk id=one Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":"
         "false}\ndesk id=two Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":"
         "true}\ndesk id=three Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\"}"},
        {"no other route",
         "  - set: { active: true }\n  - send: desk\n---\nroute: b\nfrom: epic\nmessages: "
         "[Patient]\ndo: { send: lab }\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true}\n"
         "lab: {\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":false}"},
        {"it is ordered as received", "  - set: { id: q }\n  - send: desk\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"id\":\"q\",\"active\":false}"},
    };
    rows_told(frame, small, rows, 2);
    rows_told(frame, small, rows + 3, 3);
}

Test(change, json_is_written_as_in_maps)
{
    static const char small[] = "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]},\"z\":null}";
    static const struct row rows[] = {
        {"a number", "      n: 2.50",
         "{\"n\": 2.50,\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]},\"z\":null}"},
        {"a text", "      n: '2'",
         "{\"n\": \"2\",\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]},\"z\":null}"},
        {"null", "      n: =null()",
         "{\"n\": null,\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]},\"z\":null}"},
        {"a path", "      o.a-b[1].q: =n",
         "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":1},{\"q\":1.50}]},\"z\":null}"},
        {"a quoted name", "      o.`a-b`[*].q: 7",
         "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":7},{\"q\":7}]},\"z\":null}"},
        {"made on the way", "      p.q[+].r: x",
         "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]},\"z\":null,\"p\": "
         "{\"q\":[{\"r\":\"x\"}]}}"},
        {"null is nothing on the way", "      z.y: x",
         "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]},\"z\":{\"y\":\"x\"}}"},
        {"an object", "      o: { a: [1, x] }", "{\"n\": 1.50,\"o\":{\"a\":[1,\"x\"]},\"z\":null}"},
        {"empty", "      o.a-b[*].q: =m", "{\"n\": 1.50,\"z\":null}"},
    };
    rows_payload(SET("json"), small, ROWS(rows));
    static const struct row steps[] = {
        {"each", "  - delete: o.a-b[*]\n    if: q = 1",
         "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":2}]},\"z\":null}"},
        {"keep", "  - keep: o.a-b[*]\n    if: q = 1",
         "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":1}]},\"z\":null}"},
        {"once", "  - delete: o.a-b\n    if: n = 1.5", "{\"n\": 1.50,\"z\":null}"},
        {"null, too", "  - delete: z", "{\"n\": 1.50,\"o\":{\"a-b\":[{\"q\":1},{\"q\":2}]}}"},
    };
    rows_payload(DO("json"), small, ROWS(steps));
    static const struct row arrays[] = {
        {"each item of the document", "      $message[*].q: =m", "[{\"a\":1}]"},
        {"one", "      $message[0].a: 2", "[{\"q\":1,\"a\":2}, {\"q\":2}]"},
        {"a new one", "      $message[+].q: 3", "[{\"q\":1,\"a\":1}, {\"q\":2}, {\"q\":3}]"},
    };
    rows_payload(SET("json"), "[{\"q\":1,\"a\":1}, {\"q\":2}]", ROWS(arrays));
}

Test(change, what_does_not_fit_the_message_is_a_failure)
{
    static const char small[] = "{\"n\": 1,\"o\":{},\"a\":[{\"q\":1},{\"q\":2}]}";
    static const struct row rows[] = {
        {"an array on the way", "      a.q: 1",
         "desk held <r.yaml:6:7: a.q: an array stands on the way, the target must say which one"},
        {"no array", "      o[0]: 1",
         "desk held <r.yaml:6:7: o[0]: an index stands behind what is no array"},
        {"no object", "      n.x: 1",
         "desk held <r.yaml:6:7: n.x: what stands on the way is no object"},
        {"a gap", "      a[3].q: 1",
         "desk held <r.yaml:6:7: a[3].q: the index skips one: the array has fewer items"},
        {"several values", "      n: =a.q",
         "desk held <r.yaml:6:13: a.q: one value is wanted here, there are 2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run(rows_text(SET("json"), rows[i].text), small);
        cr_expect(strstr(got, rows[i].want), "%s: %s", rows[i].name, got);
    }
}

Test(change, check_knows_the_places_of_fhir)
{
    static const struct row rows[] = {
        {"an element that is none", "      Patient.activ: true",
         "r.yaml:6:15: error: Patient has no element activ; did you mean active?"},
        {"deeper", "      Patient.name[0].famly: X",
         "r.yaml:6:23: error: HumanName has no element famly; did you mean family?"},
        {"which one", "      Patient.name.family: X",
         "r.yaml:6:15: error: Patient.name repeats, the target must say which one; write name[0], "
         "[last], [+] for a new one, or [*] for each"},
        {"it does not repeat", "      Patient.active[0]: true",
         "r.yaml:6:15: error: Patient.active does not repeat; leave the index out"},
        {"no index", "      Patient.name[x].family: X",
         "r.yaml:6:19: error: this is no index; write [0] for the first one, [last], [+] for a new "
         "one, or [*] for each"},
        {"a choice", "      Patient.deceased: true",
         "r.yaml:6:15: error: deceased may be of several types; its key says which; write "
         "deceasedBoolean, deceasedDateTime"},
        {"a literal of the type", "      Patient.active: yes",
         "r.yaml:6:23: error: this is no boolean, as Patient.active wants; write true or false"},
        {"a code", "      Patient.gender: m",
         "r.yaml:6:23: error: m is no code that Patient.gender may have; write one of female, "
         "male, "
         "other or unknown"},
        {"a formula of another type", "      Patient.birthDate: =active",
         "r.yaml:6:27: error: this gives boolean, Patient.birthDate wants date"},
        {"a text for what has members", "      Patient.name[0]: X",
         "r.yaml:6:24: error: this is a text, Patient.name wants HumanName, which has members; "
         "write its members, or $use: a map that makes one"},
        {"null", "      Patient.gender: =null()",
         "r.yaml:6:24: error: this gives the null of HL7 v2, Patient.gender wants code"},
        {"an object lacks what is required", "      Patient.link[+]: { type: refer }",
         "r.yaml:6:24: error: Patient.link demands other, and nothing makes it; write other: ..."},
        {"overlap", "      Patient.name[0].family: X\n      name[*]: { text: Y }",
         "r.yaml:7:7: error: name[*] overlaps with Patient.name[0].family in the same set"},
        {"overlap of a choice", "      deceasedBoolean: true\n      deceasedDateTime: 2020",
         "r.yaml:7:7: error: deceasedDateTime overlaps with deceasedBoolean in the same set"},
        {"[*] beside [+]", "      name[*].text: X\n      name[+].family: Y",
         "r.yaml:7:7: error: name[+].family overlaps with name[*].text in the same set"},
        {"other numbers", "      name[0].text: X\n      name[1].text: Y", ""},
        {"resourceType", "      resourceType: Person",
         "r.yaml:6:7: error: resourceType stays what it is; a map makes another resource: send: "
         "NAME with as: MAP"},
        {"a path of HL7 v2", "      PID-3: X",
         "r.yaml:6:7: error: this is a path of HL7 v2, and the data is not; name an element, as "
         "Patient.birthDate"},
        {"another resource", "      Observation.status: final",
         "r.yaml:6:7: error: this is a Patient here, no Observation"},
        {"functions", "      name.first().text: X",
         "r.yaml:6:12: error: a target is names and indexes, no functions; [0] is the first one, "
         "[last] the last; what its content decides is walked with for: FORMULA, and written "
         "inside"},
        {"contained", "      contained[0].name: X",
         "r.yaml:6:20: error: which type stands here is not known, and not every Resource has "
         "name; walk those of one type, as for: entry.resource.ofType(Patient), and write inside"},
        {"the whole", "      Patient: X",
         "r.yaml:6:7: error: the whole message is no target; name an element of it"},
    };
    rows_check(SET("Patient"), ROWS(rows));
    static const struct row several[] = {
        {"alike", "      meta.tag[+].code: X", ""},
        {"not alike", "      birthDate: 2020",
         "r.yaml:6:7: error: not all resources that come here have birthDate alike; begin with the "
         "resource that is meant, as Patient.birthDate"},
        {"of one of them", "      Patient.birthDate: 2020", ""},
    };
    rows_check(SET("Patient, Appointment"), ROWS(several));
}

Test(change, check_knows_the_steps)
{
    static const struct row rows[] = {
        {"add", "  - add: name",
         "r.yaml:5:5: error: add: is a step over segments of HL7 v2; write set: with "
         "Patient.telecom[+]: for a new one"},
        {"copy", "  - copy: name",
         "r.yaml:5:5: error: copy: is a step over segments of HL7 v2; write set: with TARGET: "
         "=PATH "
         "for what stands elsewhere"},
        {"keep without if", "  - keep: name",
         "r.yaml:5:11: error: keep: of FHIR and JSON wants one place, and if: that is asked of "
         "each one; write keep: Patient.identifier with if: system = '...'; a shape of the "
         "destination leaves out elements"},
        {"keep of one", "  - keep: active\n    if: active",
         "r.yaml:5:11: error: active does not repeat: there is nothing to keep some of; use "
         "delete: active with the opposite if:"},
        {"except", "  - delete: name\n    except: [x]",
         "r.yaml:6:5: error: except: is of segments of HL7 v2"},
        {"a new one", "  - delete: name[+]",
         "r.yaml:5:13: error: name[+]: a new one cannot be taken away"},
        {"if of several", "  - delete: [name, active]\n    if: active",
         "r.yaml:6:9: error: if: beside several places could be asked of each name; give each "
         "place a step of its own"},
        {"each one has its type", "  - delete: name\n    if: system = 'x'",
         "r.yaml:6:9: error: HumanName has no element system"},
        {"the element of a loop", "  - for: name.given\n    do: { set: { x: y } }",
         "r.yaml:6:18: error: $this is no object of the message here, and has no elements to "
         "change; walk objects with for:, or begin with $message"},
        {"outside the loop", "  - for: name\n    do: { set: { Patient.active: true } }",
         "r.yaml:6:18: error: this is a HumanName here, no Patient; begin with $message for what "
         "is outside the loop"},
        {"what is demanded", "  - delete: communication[*].language",
         "r.yaml:5:13: warning: Patient.communication demands language"},
    };
    rows_check(DO("Patient"), ROWS(rows));
}

Test(change, steps_under_a_name_change_the_message_of_the_route)
{
    static const char yaml[] =
        ROUTE("Patient") "do:\n  - { use: clean, with: { to: male } }\n  - send: desk\n---\n"
                         "steps: clean\nreads: Patient\nneeds: [to]\ndo:\n  - set: { gender: =$to "
                         "}\n  - delete: active\n";
    cr_expect_str_eq(kit_payload(yaml, "{\"resourceType\":\"Patient\",\"active\":true}"),
                     "{\"resourceType\":\"Patient\",\"gender\":\"male\"}");
}

Test(change, names_hold_a_value_as_it_was_and_an_object_as_it_is)
{
    static const char small[] = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\"}]}";
    static const struct row rows[] = {
        {"a value",
         "  - let: { n: =name.first().family }\n  - set:\n      name[0].family: B\n      "
         "name[0].text: =$n\n  - set: { id: =$n }",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"B\",\"text\":\"A\"}],\"id\":"
         "\"A\"}"},
        {"an object",
         "  - let: { n: =name.first() }\n  - set:\n      name[0].family: B\n  - set: { id: "
         "=$n.family }",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"B\"}],\"id\":\"B\"}"},
        {"one that is gone",
         "  - let: { n: =name.first() }\n  - delete: name\n  - set: { id: =$n.family }",
         "{\"resourceType\":\"Patient\",\"id\":\"A\"}"},
        {"it can be put elsewhere",
         "  - let: { n: =name.first() }\n  - delete: name\n  - set:\n      name[+]: =$n\n      "
         "contact[+].name: =$n\n  - set:\n      name[0].family: B",
         "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"B\"}],\"contact\":[{\"name\":{"
         "\"family\":\"A\"}}]}"},
    };
    rows_payload(DO("Patient"), small, ROWS(rows));
}

Test(change, the_message_that_asked_is_not_changed)
{
    static const char frame[] = "route: a\nfrom: desk\nmessages: [json]\ndo:\n@@  - send: lab\n";
    static const struct row refused[] = {
        {"walked", "  - for: $cause.name\n    do: { set: { id: x } }\n",
         "r.yaml:6:18: error: $this is no object of the message here, and has no elements to "
         "change; walk objects with for:, or begin with $message"},
        {"under a name", "  - set: { $c.id: x }\n",
         "r.yaml:5:12: error: a name is no place of the message; begin with an element, $message "
         "or, in a loop, $this"},
    };
    rows_check(frame, ROWS(refused));
    static const struct row rows[] = {
        {"through a name that hides it",
         "  - let: { c: \"=iif($message.a = 1, $cause.name)\" }\n  - for: $c\n    do: { set: { id: "
         "x } "
         "}\n",
         "accepted\nlab held <r.yaml:7:18: id: the element of the loop is no part of the message>"},
        {"it can be copied", "  - set: { b: =$cause.name }\n",
         "accepted\nlab: {\"a\":1,\"b\":{\"family\":\"A\"}}"},
    };
    kit_source = 4;
    kit_cause = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\"}]}";
    rows_told(frame, "{\"a\":1}", ROWS(rows));
}

Test(change, references_are_found_in_what_was_changed)
{
    static const char bundle[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"fullUrl\":\"urn:uuid:a\","
        "\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\"}},{\"resource\":{\"resourceType\":"
        "\"Encounter\",\"status\":\"planned\",\"class\":{\"code\":\"AMB\"},\"subject\":{"
        "\"reference\":\"urn:uuid:a\"}}}]}";
    static const struct row rows[] = {
        {"what is there now",
         "  - for: entry.resource.ofType(Patient)\n    do: { set: { gender: male } }\n  - for: "
         "entry.resource.ofType(Encounter)\n    do: { set: { id: "
         "=subject.resolve().ofType(Patient).gender } }\n  - delete: entry\n    if: "
         "resource.ofType(Patient).exists()",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Encounter\",\"status\":\"planned\",\"class\":{\"code\":\"AMB\"},"
         "\"subject\":{\"reference\":\"urn:uuid:a\"},\"id\":\"male\"}}]}"},
        {"a reference that was written, to what was written",
         "  - for: entry.resource.ofType(Encounter)\n    do:\n      - set:\n          "
         "contained[+]: "
         "{ resourceType: Patient, gender: female, id: c }\n          subject.reference: '#c'\n"
         "          participant[+].individual: { reference: '#c' }\n      - set: { id: "
         "=subject.resolve().ofType(Patient).gender & "
         "participant.first().individual.resolve().ofType(Patient).gender }\n      - delete: "
         "[contained, "
         "participant]\n  - delete: entry\n    if: resource.ofType(Patient).exists()",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Encounter\",\"status\":\"planned\",\"class\":{\"code\":\"AMB\"},"
         "\"subject\":{\"reference\":\"#c\"},\"id\":\"femalefemale\"}}]}"},
        {"an entry that was added",
         "  - set:\n      entry[0].fullUrl: urn:uuid:b\n      entry[+]: { fullUrl: 'urn:uuid:a', "
         "resource: { resourceType: Patient, id: new } }\n  - for: "
         "entry.resource.ofType(Encounter)\n    do: { set: { id: "
         "=subject.resolve().ofType(Patient).id } }\n  - keep: entry\n    if: "
         "resource.ofType(Encounter).exists()",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":\"Encounter\",\"status\":\"planned\",\"class\":{\"code\":\"AMB\"},"
         "\"subject\":{\"reference\":\"urn:uuid:a\"},\"id\":\"new\"}}]}"},
    };
    rows_payload(DO("Bundle"), bundle, ROWS(rows));
    static const struct row told[] = {
        {"the step that changes it asked, too",
         "  - set:\n      identifier.value: =entry[1].resource.ofType(Encounter).subject.resolve()"
         ".ofType(Patient).id\n      entry[0].fullUrl: urn:uuid:b\n  - drop: it leads nowhere\n    "
         "if: "
         "entry.resource.ofType(Encounter).subject.resolve().exists().not()\n  - send: desk\n",
         "filtered <a: it leads nowhere (r.yaml:8)>"},
        {"so did what was asked of each one",
         "  - delete: entry\n    if: $message.entry.resource.ofType(Encounter).subject.resolve()"
         ".exists() and resource.ofType(Patient).exists()\n  - drop: it leads nowhere\n    if: "
         "entry.resource.ofType(Encounter).subject.resolve().exists().not()\n  - send: desk\n",
         "filtered <a: it leads nowhere (r.yaml:7)>"},
    };
    rows_told(ROUTE("Bundle") "do:\n@@", bundle, ROWS(told));
}

/* What a map made goes into the message as it is, not as a copy. Were maps of FHIR remembered (run_memo.c, today those of
 * HL7 v2 alone), a step would have to forget what they made. */
Test(change, what_a_map_made_is_changed_in_the_message_only)
{
    static const char frame[] = ROUTE(
        "Patient") "do:\n@@---\nmap: relative\nreads: Patient\nto: Patient.contact\nneeds: "
                   "[name]\nvalue: { name: { family: =$name, period: { start: '2020' } } }\n---\n"
                   "map: whole\nreads: Patient\nto: Patient\nneeds: [name]\nvalue: { contact: [{ "
                   "$use: relative, $with: { name: =$name } }] }\n";
    static const char small[] = "{\"resourceType\":\"Patient\",\"id\":\"p\"}";
#define MADE(start) "{\"name\":{\"family\":\"R\",\"period\":{\"start\":\"" start "\"}}}"
#define TWICE                                                                                      \
    "  - set:\n      contact[+]: { $use: relative, $with: { name: R } }\n  - set:\n      "         \
    "contact[0].name.period.start: '2021'\n"
    static const struct row rows[] = {
        {"by the next step",
         TWICE
         "  - set:\n      contact[+]: { $use: relative, $with: { name: R } }\n  - send: desk\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"contact\":[" MADE(
             "2021") "," MADE("2020") "]}"},
        {"by the step itself, which names its place in two ways",
         "  - set:\n      contact[+].id: a\n  - for: contact\n    do:\n      - set:\n          "
         "$message.contact[0]: { $use: relative, $with: { name: R } }\n          "
         "name.period.start: '2021'\n      - set:\n          $message.contact[+]: { $use: "
         "relative, "
         "$with: { name: R } }\n  - send: desk\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"contact\":[" MADE(
             "2021") "," MADE("2020") "]}"},
        {"and the next output has it as the map makes it",
         TWICE "  - send: desk\n    as: whole\n    with: { name: R }\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"contact\":[" MADE("2020") "]}"},
        {"after an output made from it",
         "  - send: desk\n    as: whole\n    with: { name: R }\n    id: one\n" TWICE
         "  - send: desk\n    id: two\n",
         "accepted\ndesk id=one Patient/p: {\"resourceType\":\"Patient\",\"contact\":[" MADE(
             "2020") "]}\ndesk id=two Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\","
                     "\"contact\":[" MADE("2021") "]}"},
        {"in each of several places",
         "  - set:\n      contact[+].id: a\n  - set:\n      contact[+].id: b\n  - set:\n      "
         "contact[*]: { $use: relative, $with: { name: R } }\n  - set:\n      "
         "contact[0].name.period.start: '2021'\n  - send: desk\n",
         "accepted\ndesk Patient/p: {\"resourceType\":\"Patient\",\"id\":\"p\",\"contact\":[" MADE(
             "2021") "," MADE("2020") "]}"},
    };
    rows_told(frame, small, ROWS(rows));
}

/* Texts and keys that need no escape are known as such, and stay so only as long as they are. */
Test(change, what_needs_an_escape_gets_one_wherever_it_was_written)
{
    static const char frame[] = DO("json");
    static const char small[] = "{\"a\":\"x\",\"q\\\"k\":[\"y\"],\"z\":1}";
    static const struct row rows[] = {
        {"a literal, then what is received",
         "  - set: { b: plain }\n  - set: { b: =$message.a & '\"' }",
         "{\"a\":\"x\",\"q\\\"k\":[\"y\"],\"z\":1,\"b\":\"x\\\"\"}"},
        {"an object in place of a text", "  - set: { a: plain }\n  - set: { a: { 'q\"': 'r\"' } }",
         "{\"a\":{\"q\\\"\":\"r\\\"\"},\"q\\\"k\":[\"y\"],\"z\":1}"},
        {"a member goes beside it", "  - set: { b: { 'c\"': p, d: 'e\"' } }\n  - delete: b.d",
         "{\"a\":\"x\",\"q\\\"k\":[\"y\"],\"z\":1,\"b\":{\"c\\\"\":\"p\"}}"},
        {"a copy of what has such a key", "  - set: { b: =$message }\n  - delete: z",
         "{\"a\":\"x\",\"q\\\"k\":[\"y\"],\"b\":{\"a\":\"x\",\"q\\\"k\":[\"y\"],\"z\":1}}"},
        {"a key of such a name", "  - set: { '`n\"m`': plain }\n  - set: { '`n\"m`': 2 }",
         "{\"a\":\"x\",\"q\\\"k\":[\"y\"],\"z\":1,\"n\\\"m\":2}"},
    };
    rows_payload(frame, small, ROWS(rows));
}

Test(change, an_empty_value_for_what_is_demanded_is_a_failure)
{
    const char *got = kit_run(rows_text(SET("Slot"), "      Slot.status: =comment"),
                              "{\"resourceType\":\"Slot\",\"status\":\"free\"}");
    cr_expect(strstr(got, "Slot.status: FHIR demands this element, and it came out empty"), "%s",
              got);
}

/* It may come out empty because all that was in it went. */
Test(change, what_is_demanded_does_not_go_with_what_was_in_it)
{
    static const struct {
        const char *set, *code;
        bool fails;
    } rows[] = {
        {"code.text: '={}'", "{\"text\":\"x\"}", true},
        {"code.coding[0].code: '={}'", "{\"coding\":[{\"code\":\"x\"}]}", true},
        {"code.coding: '={}'", "{\"coding\":[{\"code\":\"x\"}]}", true},
        {"code.coding[0].code: '={}'", "{\"text\":\"x\",\"coding\":[{\"code\":\"x\"}]}", false},
        {"code.text: '={}'", "{\"coding\":[{\"code\":\"x\"}]}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[100], message[200];
        snprintf(line, sizeof line, "      %s", rows[i].set);
        snprintf(message, sizeof message,
                 "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":%s}",
                 rows[i].code);
        const char *got = kit_run(rows_text(SET("Observation"), line), message);
        const char *found = strstr(got, "it leaves nothing in an element that FHIR demands");
        cr_expect_eq(found != NULL, rows[i].fails, "%s, %s: %s", rows[i].set, rows[i].code, got);
    }
}

Test(change, a_map_makes_what_is_written)
{
    static const char yaml[] = ROUTE(
        "Patient") "do:\n  - set:\n      meta.tag[+]: { $use: tag, $with: { code: a } }\n      "
                   "contact[+]: { $use: relative }\n  - set:\n      meta.tag[+]: { $use: tag, "
                   "$with: { code: a } }\n  - set:\n      meta.tag[0].display: X\n  - send: "
                   "desk\n---\nmap: tag\nreads: Patient\nto: Coding\nneeds: [code]\nvalue: { "
                   "system: urn:x, code: =$code }\n---\nmap: relative\nreads: Patient\nto: "
                   "Patient.contact\nvalue: { name: =name.first() }\n";
    const char *got =
        kit_payload(yaml, "{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"R\"}]}");
    cr_expect_str_eq(got, "{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"R\"}],\"meta\":{"
                          "\"tag\":[{\"system\":\"urn:x\",\"code\":\"a\",\"display\":\"X\"},{"
                          "\"system\":\"urn:x\",\"code\":\"a\"}]},\"contact\":[{\"name\":{\"text\":"
                          "\"R\"}}]}");
}

Test(change, no_message_becomes_deeper_than_what_is_read)
{
    static const char frame[] = ROUTE("json") "do:\n@@\n  - send: desk\n";
    static const char small[] = "{\"a\":1}";
    static const struct row rows[] = {
        {"each round one more",
         "  - for: (1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10)\n    do:\n      - "
         "for: (1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10)\n        do: { set: { "
         "$message.a: { b: =$message.a } } }",
         "accepted\ndesk held <r.yaml:8:22: $message.a: the message would be deeper than 64 "
         "levels>"},
        {"each round twice as much",
         "  - for: (1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10)\n    do:\n      - for: (1 | 2 | 3 | 4 "
         "| 5 "
         "| 6 | 7 | 8 | 9 | 10)\n        do: { set: { $message.a: [=$message.a, =$message.a] } }",
         NULL},
    };
    rows_told(frame, small, rows, 1);
    const char *got = kit_run(rows_text(frame, rows[1].text), small);
    cr_expect(strstr(got, "held <r.yaml:8:"), "%s", got);
}

Test(change, extensions_are_elements_as_others)
{
    static const char small[] = "{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"a\","
                                "\"valueString\":\"1\"},{\"url\":"
                                "\"b\",\"valueCode\":\"x\"}],\"birthDate\":\"1980\",\"_birthDate\":"
                                "{\"extension\":[{\"url\":"
                                "\"c\"},{\"url\":\"d\"}]}}";
#define HEAD "{\"resourceType\":\"Patient\",\"extension\":["
#define BORN_AT                                                                                    \
    "\"birthDate\":\"1980\",\"_birthDate\":{\"extension\":[{\"url\":\"c\"},{\"url\":\"d\"}]}}"
    static const struct row rows[] = {
        {"one goes", "  - delete: extension\n    if: url = 'a'",
         HEAD "{\"url\":\"b\",\"valueCode\":\"x\"}]," BORN_AT},
        {"one is written",
         "  - for: extension.where(url = 'b')\n    do: { set: { valueString: y } }",
         HEAD
         "{\"url\":\"a\",\"valueString\":\"1\"},{\"url\":\"b\",\"valueString\":\"y\"}]," BORN_AT},
        {"one of a primitive goes", "  - delete: _birthDate.extension\n    if: url = 'c'",
         HEAD "{\"url\":\"a\",\"valueString\":\"1\"},{\"url\":\"b\",\"valueCode\":\"x\"}],"
              "\"birthDate\":\"1980\",\"_birthDate\":{\"extension\":[{\"url\":\"d\"}]}}"},
        {"one of a primitive comes",
         "  - set:\n      _birthDate.extension[+]: { url: e, valueString: f }",
         HEAD
         "{\"url\":\"a\",\"valueString\":\"1\"},{\"url\":\"b\",\"valueCode\":\"x\"}],"
         "\"birthDate\":\"1980\",\"_birthDate\":{\"extension\":[{\"url\":\"c\"},{\"url\":\"d\"},{"
         "\"url\":\"e\",\"valueString\":\"f\"}]}}"},
    };
    rows_payload(DO("Patient"), small, ROWS(rows));
}

Test(change, what_every_resource_has_is_written_in_any)
{
    static const char bundle[] = "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{"
                                 "\"resource\":{\"resourceType\":"
                                 "\"Slot\",\"id\":\"1\"}},{\"resource\":{\"resourceType\":"
                                 "\"Patient\",\"meta\":{\"tag\":[{\"code\":"
                                 "\"o\"}]}}}]}";
    static const struct row rows[] = {
        {"in each", "  - set:\n      entry[*].resource.meta.tag[+].code: x",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":"
         "\"Slot\",\"id\":\"1\",\"meta\":{\"tag\":[{\"code\":\"x\"}]}}},{\"resource\":{"
         "\"resourceType\":\"Patient\",\"meta\":{\"tag\":[{\"code\":\"o\"},{\"code\":\"x\"}]}}}]}"},
        {"a new one of them in each",
         "  - set:\n      entry[*].resource.meta.tag[+].code: x\n      "
         "entry[*].resource.meta.tag[+].display: y",
         "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{"
         "\"resourceType\":"
         "\"Slot\",\"id\":\"1\",\"meta\":{\"tag\":[{\"code\":\"x\",\"display\":\"y\"}]}}},{"
         "\"resource\":{\"resourceType\":\"Patient\",\"meta\":{\"tag\":[{\"code\":\"o\"},{\"code\":"
         "\"x\",\"display\":\"y\"}]}}}]}"},
    };
    rows_payload(DO("Bundle"), bundle, ROWS(rows));
    static const char several[] =
        ROUTE("Patient, Slot") "do:\n  - set: { Patient.active: true, id: x "
                               "}\n  - send: desk\n";
    cr_expect_str_eq(kit_payload(several, "{\"resourceType\":\"Slot\",\"status\":\"free\"}"),
                     "{\"resourceType\":\"Slot\",\"status\":\"free\",\"id\":\"x\"}");
    cr_expect_str_eq(kit_payload(several, "{\"resourceType\":\"Patient\"}"),
                     "{\"resourceType\":\"Patient\",\"active\":true,\"id\":\"x\"}");
}
