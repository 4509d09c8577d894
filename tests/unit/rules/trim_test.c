/* Documents shape: what a destination's server takes. */
#include "tests/unit/rules/rows.h"

TestSuite(trim, .init = kit_begin, .fini = kit_end);

#define HEAD                                                                                       \
    "route: a\nfrom: epic\nmessages: ADT^A01\ndo: { send: desk, as: m }\n---\nmap: m\nreads: "     \
    "ADT\nto: "                                                                                    \
    "json\nvalue:\n"

static const char adt[] =
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01^ADT_A01|M1|P|2.5.1\rPID|1\r";

/* What rules of `text` make of `message`, HL7 v2 or JSON; the destination desk has the shape s. */
static const char *run(const char *text, const char *message)
{
    static struct rules_destination with[4];
    struct rules_env env = kit_env;
    struct rules_file f = {"r.yaml", str_of(text)};
    struct diags d;
    struct rules_result res;
    memcpy(with, kit_env.destinations, sizeof with);
    with[0].shape = STR("s");
    with[0].shape_pos = (struct diag_pos){"c.yaml", 7, 3};
    env.destinations = with;
    diags_init(&d, &kit_arena);
    struct ruleset *r = rules_compile(&kit_arena, &f, 1, &env, &d);
    if (!r) {
        return kit_findings(&d);
    }
    struct rules_input in = {.m = NULL};
    struct hl7 m = {.raw = str_of(message)};
    struct str why;
    cr_assert_eq(rules_read(&kit_arena, str_of(message), &m, &in, &why), 0);
    rules_run(r, &in, &kit_arena, &res);
    return kit_told(&m, &res);
}

/* What goes out of a map of `value` to a destination with the shape s, of the document `doc`. */
static const char *sent(const char *value, const char *doc)
{
    return run(str_printf(&kit_arena, HEAD "%s\n---\n%s", value, doc).p, adt);
}

static const struct {
    const char *name, *value, *rows, *want;
} rows[] = {
    {"an element is left out",
     "  { resourceType: Appointment, status: booked, participant: [{ type: x, status: y }, { "
     "status: z }] }",
     "drop: [Appointment.participant.type]\n",
     "accepted\ndesk: "
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"participant\":[{\"status\":"
     "\"y\"},{\"status\":\"z\"}]}"},
    {"with all that had nothing else",
     "  { resourceType: Patient, contact: [{ name: { text: x } }], active: true }",
     "drop: [Patient.contact.name.text]\n",
     "accepted\ndesk: {\"resourceType\":\"Patient\",\"active\":true}"},
    {"and what belongs to it",
     "  { resourceType: Patient, birthDate: 2020-01-01, _birthDate: { id: x }, active: true }",
     "drop: [Patient.birthDate]\n",
     "accepted\ndesk: {\"resourceType\":\"Patient\",\"active\":true}"},
    {"a choice of any type",
     "  { resourceType: Patient, deceasedBoolean: true, deceased: x, active: true }",
     "drop: [Patient.deceased]\n",
     "accepted\ndesk: {\"resourceType\":\"Patient\",\"active\":true}"},
    {"a choice of one type",
     "  { resourceType: Observation, valueString: x, status: final, code: { text: y } }",
     "drop: [Observation.valueQuantity.unit]\n",
     "accepted\ndesk: "
     "{\"resourceType\":\"Observation\",\"valueString\":\"x\",\"status\":\"final\",\"code\":{"
     "\"text\":\"y\"}}"},
    {"another resource is not touched", "  { resourceType: Slot, comment: x }",
     "drop: [Appointment.comment]\nrequire: [Appointment.slot]\n",
     "accepted\ndesk: {\"resourceType\":\"Slot\",\"comment\":\"x\"}"},
    {"nor JSON of another kind", "  { kind: booked }", "drop: [Appointment.comment]\n",
     "accepted\ndesk: {\"kind\":\"booked\"}"},
    {"resources in a Bundle and in others are",
     "  { resourceType: Bundle, entry: [{ resource: { resourceType: Appointment, comment: x, "
     "contained: [{ "
     "resourceType: Patient, active: true, language: de }] } }] }",
     "drop: [Appointment.comment, Patient.language]\n",
     "accepted\ndesk: "
     "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Appointment\","
     "\"contained\":[{\"resourceType\":\"Patient\",\"active\":true}]}}]}"},
    {"not where the same stands in another resource",
     "  { resourceType: Bundle, entry: [{ resource: { resourceType: Appointment, appointmentType: "
     "{ "
     "$use: n, $with: { p: x } } } }, { resource: { resourceType: Slot, appointmentType: { $use: "
     "n, "
     "$with: { p: x } } } }] }\n---\nmap: n\nreads: ADT\nto: json\nneeds: [p]\nvalue: { coding: [{ "
     "code: =$p, display: y }] }",
     "drop: [Appointment.appointmentType.coding.display]\n",
     "accepted\ndesk: "
     "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Appointment\","
     "\"appointmentType\":{\"coding\":[{\"code\":\"x\"}]}}},{\"resource\":{\"resourceType\":"
     "\"Slot\","
     "\"appointmentType\":{\"coding\":[{\"code\":\"x\",\"display\":\"y\"}]}}}]}"},
    {"what is wanted and not there holds", "  { resourceType: Appointment, status: booked }",
     "require: [Appointment.slot]\n",
     "accepted\ndesk held <r.yaml:4:7: the shape s wants Appointment.slot, which is not there>"},
    {"wanted of each one that is there",
     "  { resourceType: Appointment, participant: [{ actor: { display: x } }, { status: y }] }",
     "require: [Appointment.participant.actor]\n",
     "accepted\ndesk held <r.yaml:4:7: the shape s wants Appointment.participant.actor, which is "
     "not there>"},
    {"not of what is not there", "  { resourceType: Appointment, status: booked }",
     "require: [Appointment.participant.actor]\n",
     "accepted\ndesk: {\"resourceType\":\"Appointment\",\"status\":\"booked\"}"},
    {"a choice is there by any of its names", "  { resourceType: Patient, deceasedBoolean: false }",
     "require: [Patient.deceased]\n",
     "accepted\ndesk: {\"resourceType\":\"Patient\",\"deceasedBoolean\":false}"},
    {"a value that may stand there", "  { resourceType: Appointment, status: booked }",
     "values: { Appointment.status: [proposed, booked] }\n",
     "accepted\ndesk: {\"resourceType\":\"Appointment\",\"status\":\"booked\"}"},
    {"one that may not", "  { resourceType: Appointment, status: arrived }",
     "values: { Appointment.status: [proposed, booked] }\n",
     "accepted\ndesk held <r.yaml:4:7: the shape s allows other values of Appointment.status "
     "only>"},
    {"an element that is none", "  { a: b }", "drop: [Appointment.participants.type]\n",
     "r.yaml:13:8: error: Appointment has no element participants; did you mean participant?\n"},
    {"a type that is none", "  { a: b }", "require: [Appointmnt.status]\n",
     "r.yaml:13:11: error: Appointmnt.status names no element of a resource of R4; expected as "
     "Appointment.participant\n"},
    {"a resource alone", "  { a: b }", "require: [Appointment]\n",
     "r.yaml:13:11: error: Appointment names no element of a resource of R4; expected as "
     "Appointment.participant\n"},
    {"what R4 wants is not left out", "  { a: b }", "drop: [Appointment.participant.status]\n",
     "r.yaml:13:8: error: Appointment.participant.status must be there in R4: what is left would "
     "be no "
     "resource\n"},
    {"below a choice without its type", "  { a: b }", "drop: [Observation.value.unit]\n",
     "r.yaml:13:8: error: Observation.value.unit goes below an element of several types; name one, "
     "as "
     "valueQuantity\n"},
    {"a key that is none", "  { a: b }", "dropp: [Appointment.slot]\n",
     "r.yaml:13:1: error: dropp: is not known in a shape; did you mean drop:?\n"},
    {"no list", "  { a: b }", "drop: Appointment.slot\n",
     "r.yaml:13:7: error: drop: is a list of elements, as Appointment.participant.type\n"},
    {"no values", "  { a: b }", "values: { Appointment.status: booked }\n",
     "r.yaml:13:31: error: expected a list of values\n"},
};

Test(trim, does_what_a_shape_says)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *doc = str_printf(&kit_arena, "shape: s\n%s", rows[i].rows).p;
        const char *got = sent(rows[i].value, doc);
        cr_expect_str_eq(got, rows[i].want, "%s: got\n%s", rows[i].name, got);
    }
}

Test(trim, a_destination_names_one_that_is_there_and_a_name_stands_once)
{
    cr_expect_str_eq(sent("  { a: b }", "shape: s\n---\nshape: s\n"),
                     "r.yaml:14:8: error: a shape s stands already at r.yaml:12\n");
    cr_expect_str_eq(sent("  { a: b }", "shape: s\n---\nshape: t\n"),
                     "accepted\ndesk: {\"a\":\"b\"}");
    cr_expect_str_eq(sent("  { a: b }", "shape: ss\n"),
                     "c.yaml:7:3: error: no shape is called s; among the routes a document begins "
                     "with shape: NAME\n");
}

Test(trim, the_message_is_left_as_it_is_for_the_other_destinations)
{
    static const char rules[] =
        "route: a\nfrom: epic\nmessages: Patient\ndo:\n  - { send: desk, as: m }\n  - { send: "
        "acct, "
        "as: m }\n---\nmap: m\nreads: Patient\nto: json\nvalue:\n  resourceType: Bundle\n  entry:\n"
        "    - resource: =$message\n---\nshape: s\ndrop: [Patient.gender, Patient.name.text]\n";
    cr_expect_str_eq(
        run(rules, "{\"resourceType\":\"Patient\",\"gender\":\"male\",\"name\":[{\"text\":\"x\","
                   "\"family\":\"y\"}]}"),
        "accepted\n"
        "desk: {\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":"
        "\"Patient\",\"name\":[{\"family\":\"y\"}]}}]}\n"
        "acct: {\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":"
        "\"Patient\",\"gender\":\"male\",\"name\":[{\"text\":\"x\",\"family\":\"y\"}]}}]}");
}
