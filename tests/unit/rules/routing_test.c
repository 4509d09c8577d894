/* Language section 8: routes. Dispatch, order, drop, on-error, all or nothing. */
#include "tests/unit/rules/rows.h"

TestSuite(routing, .init = kit_begin, .fini = kit_end);

#define HEADER(type) "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||" type "|M1|P|2.5.1\r"
static const char adt[] = HEADER("ADT^A01") "EVN|A01\rPID|1||4711^^^EPIC^MR||DOE^JANE||19800101|F\r"
                                            "PV1|1|I|W1\r";

/* A map of a short constant tells who sent. */
#define SAY                                                                                        \
    "---\nmap: m\nreads: [ADT, SIU_S12, ORU_R01]\nto: json\nwith: { who: x }\nvalue: { w: =$who "  \
    "}\n"
#define ROUTE          "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define OF(name, rest) "route: " name "\nfrom: epic\nmessages: [ADT^A01]\n" rest
#define SEND(who)      "{ send: desk, as: m, with: { who: " who " } }"
#define SENT(who)      "desk EPIC/4711: {\"w\":\"" who "\"}"

Test(routing, type_and_event_decide_which_routes_run)
{
    static const struct {
        const char *name, *messages, *type;
        bool reads;
    } rows[] = {
        {"the event", "[ADT^A01]", "ADT^A01", true},
        {"the event with its structure", "[ADT^A01]", "ADT^A01^ADT_A01", true},
        {"another structure is another matter", "[ADT^A01]", "ADT^A01^ADT_A05", true},
        {"another event", "[ADT^A01]", "ADT^A02", false},
        {"another type", "[ADT^A01]", "SIU^A01", false},
        {"one without a list", "ADT^A01", "ADT^A01", true},
        {"the second of a list", "[SIU^S12, ADT^A01]", "ADT^A01", true},
        {"none of a list", "[SIU^S12, ADT^A01]", "ADT^A03", false},
        {"no event", "[ADT^A01]", "ADT", false},
        {"an empty event", "[ADT^A01]", "ADT^", false},
        {"no type", "[ADT^A01]", "", false},
        {"small letters", "[ADT^A01]", "adt^a01", false},
        {"the first of a range", "[SIU^S12..S15]", "SIU^S12", true},
        {"one inside a range", "[SIU^S12..S15]", "SIU^S14", true},
        {"the last of a range", "[SIU^S12..S15]", "SIU^S15", true},
        {"before a range", "[SIU^S12..S15]", "SIU^S11", false},
        {"behind a range", "[SIU^S12..S15]", "SIU^S16", false},
        {"another letter", "[SIU^S12..S15]", "SIU^T13", false},
        {"a range of another type", "[SIU^S12..S15]", "ADT^S13", false},
        {"three digits", "[SIU^S12..S15]", "SIU^S120", false},
        {"a range over tens", "[ADT^A08..A11]", "ADT^A10", true},
        {"a family of events", "[ADT^A*]", "ADT^A44", true},
        {"a family with a first digit", "[ADT^A0*]", "ADT^A08", true},
        {"outside of it", "[ADT^A0*]", "ADT^A10", false},
        {"all events", "[ADT^*]", "ADT^Z99", true},
        {"a type alone", "ADT", "ADT^A01", true},
        {"a type alone without an event", "ADT", "ADT", true},
        {"a type alone is no beginning", "[AD]", "ADT^A01", false},
        {"everything", "'*'", "QRY^R02", true},
        {"everything, without a type", "'*'", "", true},
        {"an event of one's own", "[ZPM^Z01]", "ZPM^Z01", true},
        {"a long event of one's own", "['ADT^ZABCDEF1']", "ADT^ZABCDEF1", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str yaml =
            str_printf(&kit_arena, "route: a\nfrom: epic\nmessages: %s\ndo: { drop: read }\n",
                       rows[i].messages);
        struct str text = str_printf(
            &kit_arena, "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||%s|M1|P|2.5.1\r", rows[i].type);
        const char *got = kit_run(yaml.p, text.p),
                   *want = rows[i].reads ? "filtered <a: read (r.yaml:4)>" : "unrouted";
        cr_expect_str_eq(got, want, "%s\n  got  %s\n  want %s", rows[i].name, got, want);
    }
}

Test(routing, routes_read_their_sources_only)
{
    static const struct row rows[] = {
        {"its source", "from: epic", "filtered <a: read (r.yaml:4)>"},
        {"one of two", "from: [other, epic]", "filtered <a: read (r.yaml:4)>"},
        {"another one", "from: other", "unrouted"},
    };
    rows_told("route: a\n@@\nmessages: ADT\ndo: { drop: read }\n", adt, ROWS(rows));
}

Test(routing, message_types_are_checked)
{
    static const struct row rows[] = {
        {"a range the wrong way round", "[SIU^S15..S12]",
         "r.yaml:3:12: error: SIU^S15..S12 is no message type; write ADT^A01, ADT^A*, "
         "SIU^S12..S15, ADT "
         "or \"*\""},
        {"a range of two letters", "[SIU^S12..T15]",
         "r.yaml:3:12: error: SIU^S12..T15 is no message type; write ADT^A01, ADT^A*, "
         "SIU^S12..S15, ADT "
         "or \"*\""},
        {"small letters", "[adt^a01]",
         "r.yaml:3:12: error: adt^a01 is no message type; write ADT^A01, ADT^A*, SIU^S12..S15, ADT "
         "or "
         "\"*\""},
        {"with an underscore", "[ADT_A01]",
         "r.yaml:3:12: error: ADT_A01 is no message type; write ADT^A01, ADT^A*, SIU^S12..S15, ADT "
         "or "
         "\"*\""},
        {"with the structure", "[ADT^A01^ADT_A01]",
         "r.yaml:3:12: error: ADT^A01^ADT_A01 is no message type; write ADT^A01, ADT^A*, "
         "SIU^S12..S15, "
         "ADT or \"*\""},
        {"a type that no version has", "[ADX^A01]",
         "r.yaml:3:12: remark: ADX^A01: no HL7 version has this message; the route sees it only if "
         "a feed sends it; did you mean ADT^A01?"},
        {"a type that no version has with any event", "[SIUU]",
         "r.yaml:3:12: remark: SIUU: no HL7 version has this message; the route sees it only if a "
         "feed sends it; did you mean SIU?"},
        {"an event of another type", "[ADT^S12]",
         "r.yaml:3:12: remark: ADT^S12: no HL7 version has this message; the route sees it only if "
         "a feed sends it; did you mean SIU^S12?"},
        {"an event of one's own", "[ADT^Z11]", ""},
        {"a type of one's own", "[ZPM^A01, ZPM]", ""},
        {"an event that no version has", "[ADT^A99]",
         "r.yaml:3:12: remark: ADT^A99: no HL7 version has this message; the route sees it only if "
         "a feed "
         "sends it"},
        {"a FHIR type that is none", "[Patiant]",
         "r.yaml:3:12: error: FHIR R4 has no resource Patiant; did you mean Patient?"},
        {"a datatype of FHIR", "[HumanName]",
         "r.yaml:3:12: error: FHIR R4 has no resource HumanName; write Patient, Bundle or another "
         "one, Resource for any, or json"},
        {"two kinds of data", "[ADT^A01, Patient]",
         "r.yaml:3:21: error: a route reads one kind of data: HL7 v2, FHIR or JSON; write a route "
         "for each"},
        {"a list in it", "[[ADT]]",
         "r.yaml:3:12: error: a message type should be a text, this is a list"},
    };
    rows_check("route: a\nfrom: epic\nmessages: @@\ndo: { send: lab }\n", ROWS(rows));
}

Test(routing, the_types_decide_the_structure)
{
    static const struct row rows[] = {
        {"an appointment's note is one level's",
         "[SIU^S12]\nwhen: NTE.count() = 1 and RGS.exists()", ""},
        {"an admission has none", "[ADT^A01]\nwhen: RGS.exists()",
         "r.yaml:4:7: remark: RGS is not part of ADT_A01; it is looked for in the whole message"},
        {"of two types one may have it", "[ADT^A01, SIU^S12]\nwhen: RGS.exists()", ""},
        {"an event is read with the structure of its event", "[ADT^A04]\nwhen: NK1-1 = 1",
         "r.yaml:4:7: error: NK1-1 may give several values, one is wanted here; write NK1[1]-1, "
         "NK1-1.where(...).first(), .exists(...) or .join(' ')"},
        {"everything has no structure", "'*'\nwhen: RGS.exists() and OBX.exists()", ""},
    };
    rows_check("route: a\nfrom: epic\nmessages: @@\ndo: { send: lab }\n", ROWS(rows));
}

Test(routing, a_route_that_can_never_match_is_an_error)
{
    static const struct row rows[] = {
        {"false", "when: false",
         "r.yaml:4:7: error: this is never true: the route can never match"},
        {"a constant", "when: 1 = 2",
         "r.yaml:4:7: error: this is never true: the route can never match"},
        {"a constant text", "when: \"'a'.startsWith('b')\"",
         "r.yaml:4:7: error: this is never true: the route can never match"},
        {"nothing", "when: >-\n  {}",
         "r.yaml:4:7: error: this is never true: the route can never match"},
        {"true is fine", "when: true", ""},
        {"true at run time", "when: PV1-2 = 'I'", ""},
    };
    rows_check(ROUTE "@@\ndo: { send: lab }\n", ROWS(rows));
}

Test(routing, every_matching_route_runs_on_the_message_as_received)
{
    static const struct row rows[] = {
        {"all that match", OF("a", "do: " SEND("a")) "\n---\n" OF("b", "do: " SEND("b")) "\n" SAY,
         "accepted\n" SENT("a") "\n" SENT("b")},
        {"not those that do not",
         OF("a", "when: PV1-2 = 'O'\ndo: " SEND("a")) "\n---\n" OF("b", "do: " SEND("b")) "\n" SAY,
         "accepted\n" SENT("b")},
        {"edits do not leak",
         OF("a", "do: { set: { PV1-2: O, PID-3: X } }") "\n---\n" OF(
             "b", "do: { send: desk, as: m, with: { who: =PV1-2 } }") "\n" SAY,
         "accepted\n" SENT("I")},
        {"nor do deleted segments",
         OF("a", "do: { keep: [MSH] }") "\n---\n" OF(
             "b", "do: { send: desk, as: m, with: { who: '=PID-5[1].2' } }") "\n" SAY,
         "accepted\n" SENT("JANE")},
        {"nor do names",
         OF("a",
            "do:\n  - let: { x: a }\n  - { send: desk, as: m, with: { who: =$x } "
            "}") "\n---\n" OF("b",
                              "do:\n  - let: { x: b }\n    if: PV1-2 = 'O'\n  - { send: desk, as: "
                              "m, with: { who: =$x & '.' } }") "\n" SAY,
         "accepted\n" SENT("a") "\n" SENT(".")},
        {"nor does a failure",
         OF("a",
            "do: [ { set: { PV1-2: O } }, { require: PV1-2 = 'I' } ]\non-error: "
            "skip") "\n---\n" OF("b", "do: { send: desk, as: m, with: { who: =PV1-2 } }") "\n" SAY,
         "accepted\n" SENT("I")},
        {"a drop ends its route alone",
         OF("a", "do: { drop: not here }") "\n---\n" OF("b", "do: " SEND("b")) "\n" SAY,
         "accepted\n" SENT("b")},
        {"edits of one route are seen by its own steps",
         OF("a", "do: [ { set: { PV1-2: O } }, { send: desk, as: m, with: { who: "
                 "=PV1-2 } } ]") "\n" SAY,
         "accepted\n" SENT("O")},
    };
    rows_told(NULL, adt, ROWS(rows));
}

Test(routing, outputs_leave_in_order_of_route_name_then_of_the_steps)
{
    static const struct row rows[] = {
        {"by name, not by place in the file",
         OF("b", "do: " SEND("b")) "\n---\n" OF("a", "do: " SEND("a")) "\n---\n" OF(
             "c", "do: " SEND("c")) "\n" SAY,
         "accepted\n" SENT("a") "\n" SENT("b") "\n" SENT("c")},
        {"by bytes of the name",
         OF("a-b", "do: " SEND("1")) "\n---\n" OF("B", "do: " SEND("2")) "\n---\n" OF(
             "a", "do: " SEND("3")) "\n" SAY,
         "accepted\n" SENT("2") "\n" SENT("3") "\n" SENT("1")},
        {"then by step",
         OF("a", "do:\n  - { send: desk, as: m, id: z, with: { who: first } }\n"
                 "  - { send: desk, as: m, id: y, with: { who: second } }") "\n" SAY,
         "accepted\ndesk id=z EPIC/4711: {\"w\":\"first\"}\ndesk id=y EPIC/4711: "
         "{\"w\":\"second\"}"},
    };
    rows_told(NULL, adt, ROWS(rows));
}

#define AFTER                                                                                      \
    " error: this drop may come after a send, which it would not undo; put the drop before the "   \
    "send"

Test(routing, a_drop_may_not_come_after_a_send)
{
    static const struct row refused[] = {
        {"directly behind", "- send: lab\n  - drop: late", "r.yaml:6:5:" AFTER},
        {"behind a send with if", "- send: lab\n    if: PV1-2 = 'I'\n  - drop: late",
         "r.yaml:7:5:" AFTER},
        {"a drop with if", "- send: lab\n  - drop: late\n    if: PV1-2 = 'I'", "r.yaml:6:5:" AFTER},
        {"behind a then", "- if: PV1-2 = 'I'\n    then: { send: lab }\n  - drop: late",
         "r.yaml:7:5:" AFTER},
        {"behind an else",
         "- if: PV1-2 = 'I'\n    then: { set: { PV1-2: x } }\n    else: { send: lab }\n  - drop: "
         "late",
         "r.yaml:8:5:" AFTER},
        {"behind a choose",
         "- choose:\n      - { if: PV1-2 = 'I', do: { send: lab } }\n      - else: { set: { PV1-2: "
         "x } }\n"
         "  - drop: late",
         "r.yaml:8:5:" AFTER},
        {"inside a then", "- send: lab\n  - if: PV1-2 = 'I'\n    then: { drop: late }",
         "r.yaml:7:13:" AFTER},
        {"behind a loop", "- for: PV1\n    do: { send: lab }\n  - drop: late", "r.yaml:7:5:" AFTER},
        {"in a loop, of the round before",
         "- for: PV1\n    do:\n      - { drop: late, if: PV1-2 = 'O' }\n"
         "      - send: lab",
         "r.yaml:7:11: error: this drop may come after a send of an earlier round of the loop, "
         "which it would not undo; decide before the loop, or leave out the send with if:"},
        {"behind used steps", "- use: s\n  - drop: late", "r.yaml:6:5:" AFTER},
        {"in used steps", "- send: lab\n  - use: t",
         "r.yaml:14:7: error: this drop may come after a send, which it would not undo; put the "
         "drop before the send"},
        {"in the else of require",
         "- send: lab\n  - require: PV1-2 = 'I'\n    else: { drop: late }", "r.yaml:7:13:" AFTER},
    };
    static const struct row good[] = {
        {"before", "- drop: early\n    if: PV1-2 = 'O'\n  - send: lab", ""},
        {"in the other branch",
         "- if: PV1-2 = 'I'\n    then: { send: lab }\n    else: { drop: fine }", ""},
        {"in another branch of choose",
         "- choose:\n      - { if: PV1-2 = 'I', do: { send: lab } }\n      - else: { drop: fine }",
         ""},
        {"a loop without a send", "- for: PV1\n    do: { drop: fine }\n  - send: lab", ""},
    };
    const char *steps = "---\nsteps: s\nreads: ADT\ndo: { send: all }\n---\nsteps: t\nreads: "
                        "ADT\ndo: { drop: late }\n";
    rows_check(str_printf(&kit_arena, ROUTE "do:\n  @@\n%s", steps).p, ROWS(refused));
    rows_check(ROUTE "do:\n  @@\n", ROWS(good));
}

Test(routing, drop_ends_the_route)
{
    static const struct row told[] = {
        {"what stands behind does not run", "- drop: enough\n  - send: lab",
         "filtered <a: enough (r.yaml:5)>"},
        {"out of a loop", "- for: PV1\n    do: { drop: enough }\n  - send: lab",
         "filtered <a: enough (r.yaml:6)>"},
        {"out of branches",
         "- choose:\n      - else:\n          - if: PV1-2 = 'I'\n            then: { drop: enough "
         "}\n"
         "  - send: lab",
         "filtered <a: enough (r.yaml:8)>"},
        {"out of used steps", "- use: d\n  - send: lab", "filtered <a: used (r.yaml:15)>"},
    };
    rows_told(
        ROUTE
        "do:\n  @@\n---\nsteps: d\nreads: ADT\ndo:\n  - set: { PV1-2: x }\n\n\n\n  - drop: used\n",
        adt, ROWS(told));
}

Test(routing, unrouted_and_filtered_are_told_apart)
{
    static const struct row rows[] = {
        {"no route reads the type", "route: a\nfrom: epic\nmessages: [SIU^S12]\ndo: { send: lab }",
         "unrouted"},
        {"no route reads the source",
         "route: a\nfrom: other\nmessages: [ADT^A01]\ndo: { send: lab }", "unrouted"},
        {"no routes at all", "tables: { sex: { file: sex.csv } }", "unrouted"},
        {"read by type, no when is true", ROUTE "when: PV1-2 = 'O'\ndo: { send: lab }",
         "filtered <a: when is not true (r.yaml:4)>"},
        {"of two the first reason",
         OF("a", "when: PV1-2 = 'O'\ndo: { send: lab }") "\n---\n" OF(
             "b", "when: PV1-2 = 'E'\ndo: { send: lab }"),
         "filtered <a: when is not true (r.yaml:4)>"},
        {"matched and sent nothing", ROUTE "do: { set: { PV1-2: x } }",
         "filtered <a: no step sent anything (r.yaml:1)>"},
        {"matched, and its send was passed over", ROUTE "do: { send: lab, if: PV1-2 = 'O' }",
         "filtered <a: no step sent anything (r.yaml:1)>"},
        {"matched, and its loop had no rounds", ROUTE "do: { for: NK1, do: { send: lab } }",
         "filtered <a: no step sent anything (r.yaml:1)>"},
        {"matched and dropped", ROUTE "do: { drop: a test }", "filtered <a: a test (r.yaml:4)>"},
        {"what matched says more than what did not",
         OF("a", "when: PV1-2 = 'O'\ndo: { send: lab }") "\n---\n" OF("b", "do: { drop: a test }"),
         "filtered <b: a test (r.yaml:10)>"},
        {"one that sends makes it accepted",
         OF("a", "when: PV1-2 = 'O'\ndo: { send: lab }") "\n---\n" OF("b",
                                                                      "do: " SEND("b")) "\n" SAY,
         "accepted\n" SENT("b")},
    };
    rows_told(NULL, adt, ROWS(rows));
}

#define FAIL   "require: PV1-2 = 'O'"
#define NOT_SO ": PV1-2: what is required here is not so"

Test(routing, on_error_says_what_a_failure_does)
{
    static const struct row rows[] = {
        {"held by default", ROUTE "do: [ { " FAIL " }, { send: lab } ]",
         "accepted\nlab held <r.yaml:4:24" NOT_SO ">"},
        {"hold", ROUTE "on-error: hold\ndo: [ { " FAIL " }, { send: lab } ]",
         "accepted\nlab held <r.yaml:5:24" NOT_SO ">"},
        {"held where its first send goes",
         ROUTE "do: [ { " FAIL " }, { send: all }, { send: lab } ]",
         "accepted\nall /* held <r.yaml:4:24" NOT_SO ">"},
        {"held with the keys of its destination", ROUTE "do: [ { " FAIL " }, " SEND("a") " ]\n" SAY,
         "accepted\ndesk EPIC/4711 held <r.yaml:4:24" NOT_SO ">"},
        {"what it had sent is taken back",
         ROUTE "do: [ { send: lab }, { " FAIL " }, { send: all } ]",
         "accepted\nlab held <r.yaml:4:39" NOT_SO ">"},
        {"a failure in when",
         ROUTE "when: PV1-2.lookup('sex') = 'x'\ndo: { send: lab }\n---\ntables: { sex: { file: "
               "sex.csv } }",
         "accepted\nlab held <r.yaml:4:13: PV1-2: the table sex has no row for the value>"},
        {"reject", ROUTE "on-error: reject\ndo: [ { " FAIL " }, { send: lab } ]",
         "rejected <a: r.yaml:5:24" NOT_SO "> AE/207/PV1-2/a: r.yaml:5:24" NOT_SO},
        {"skip", ROUTE "on-error: skip\ndo: [ { " FAIL " }, { send: lab } ]",
         "filtered <a: r.yaml:5:24" NOT_SO ">"},
        {"skip takes back what was sent",
         ROUTE "on-error: skip\ndo: [ { send: lab }, { " FAIL " } ]",
         "filtered <a: r.yaml:5:39" NOT_SO ">"},
        {"nowhere to hold it: rejected", ROUTE "do: { " FAIL " }",
         "rejected <a: r.yaml:4:22" NOT_SO "> AE/207/PV1-2/a: r.yaml:4:22" NOT_SO},
    };
    static const struct row refused[] = {
        {"another word", "on-error: stop", "r.yaml:4:11: error: on-error: is hold, reject or skip"},
        {"a list", "on-error: [hold]", "r.yaml:4:11: error: on-error: is hold, reject or skip"},
    };
    rows_told(NULL, adt, ROWS(rows));
    rows_check(ROUTE "@@\ndo: { send: lab }\n", ROWS(refused));
}

Test(routing, a_held_route_stops_no_other_and_a_rejecting_one_stops_all)
{
    static const struct row rows[] = {
        {"held, the next one sends",
         OF("a", "do: [ { " FAIL " }, { send: lab } ]") "\n---\n" OF("b",
                                                                     "do: " SEND("b")) "\n" SAY,
         "accepted\nlab held <r.yaml:4:24" NOT_SO ">\n" SENT("b")},
        {"held, the one before has sent",
         OF("a", "do: " SEND("a")) "\n---\n" OF("b",
                                                "do: [ { " FAIL " }, { send: lab } ]") "\n" SAY,
         "accepted\n" SENT("a") "\nlab held <r.yaml:9:24" NOT_SO ">"},
        {"two held",
         OF("a", "do: [ { " FAIL " }, { send: lab } ]") "\n---\n" OF("b", "do: [ { " FAIL
                                                                          " }, { send: all } ]"),
         "accepted\nlab held <r.yaml:4:24" NOT_SO ">\nall /* held <r.yaml:9:24" NOT_SO ">"},
        {"a rejection takes back what others sent",
         OF("a", "do: " SEND("a")) "\n---\n" OF("b",
                                                "do: { reply: { code: AE, error: 101 } }") "\n" SAY,
         "rejected <b: Required field missing (r.yaml:9)> AE/101//Required field missing"},
        {"and what was held",
         OF("a", "do: [ { " FAIL " }, { send: lab } ]") "\n---\n" OF(
             "b", "do: { reply: { code: AE, error: 101 } }"),
         "rejected <b: Required field missing (r.yaml:9)> AE/101//Required field missing"},
        {"and what comes behind it",
         OF("a", "do: { reply: { code: AE, error: 101 } }") "\n---\n" OF("b",
                                                                         "do: " SEND("b")) "\n" SAY,
         "rejected <a: Required field missing (r.yaml:4)> AE/101//Required field missing"},
        {"AR is worse than AE",
         OF("a", "do: { reply: { code: AR, error: 200 } }") "\n---\n" OF(
             "b", "do: { reply: { code: AE, error: 101 } }"),
         "rejected <b: Required field missing (r.yaml:9)> AR/200//Unsupported message type "
         "AR/101//Required field "
         "missing"},
        {"in any order",
         OF("a", "do: { reply: { code: AE, error: 101 } }") "\n---\n" OF(
             "b", "do: { reply: { code: AR, error: 200 } }"),
         "rejected <b: Unsupported message type (r.yaml:9)> AR/101//Required field missing "
         "AR/200//Unsupported message "
         "type"},
        {"AE is worse than a failure that is skipped",
         OF("a", "on-error: skip\ndo: { " FAIL
                 " }") "\n---\n" OF("b", "do: { reply: { code: AE, error: 102 } }"),
         "rejected <b: Data type error (r.yaml:10)> AE/102//Data type error"},
    };
    rows_told(NULL, adt, ROWS(rows));
}
