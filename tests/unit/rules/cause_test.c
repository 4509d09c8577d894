/* Answers of destinations as messages: from: a destination, $cause, reply: { as: }. */
#include "tests/unit/rules/rows.h"

#include <stdio.h>

TestSuite(cause, .init = kit_begin, .fini = kit_end);

enum { DESK = 4, LAB }; /* kit_source of their answers */

static const char query[] = "MSH|^~\\&|CC|HOSP|C|X|20261124093000||QBP^Q22^QBP_Q21|Q1|P|2.5.1\r"
                            "QPD|Q22^Find^HL7|Q7|@PID.5.1^DOE\rRCP|I\r";
static const char move[] = "MSH|^~\\&|CC|HOSP|C|X|20261124093000||ADT^A08^ADT_A01|A1|P|2.5.1\r"
                           "EVN||20261124\rPID|1||7^^^H~8^^^K||M\\T\\S\rPV1|1|I\r";
static const char ack[] = "MSH|^~\\&|L|H|C|X|20261124093001||ACK^A08|9|P|2.5.1\rMSA|AA|A1\r";

/* A route over what desk answers as JSON; @@ is a formula of the map. */
static const char of_json[] =
    "route: a\nfrom: desk\nmessages: [json]\ndo: { send: desk, as: m, if: "
    "x.exists() }\n---\nmap: m\nreads: json\nto: json\nvalue:\n@@\n";
static const char of_ack[] =
    "route: a\nfrom: lab\nmessages: [ACK]\ndo: { send: desk, as: m }\n---\n"
    "map: m\nreads: ACK\nto: json\nvalue:\n@@\n";

Test(cause, an_answer_in_json_reads_the_message_that_asked)
{
    static const struct row rows[] = {
        {"a component", "  v: =$cause.PID-3[1].1", "{\"v\":\"7\"}"},
        {"several values", "  v: =$cause.PID-3.count()", "{\"v\":2}"},
        {"a part of one of several", "  v: =$cause.PID-3.where($this.4.1 = 'K').first().1",
         "{\"v\":\"8\"}"},
        {"an escape", "  v: =$cause.PID-5[1].1", "{\"v\":\"M&S\"}"},
        {"of the header", "  v: =$cause.MSH-10", "{\"v\":\"A1\"}"},
        {"beside the answer", "  v: =$cause.MSH-10 & x", "{\"v\":\"A1y\"}"},
        {"a segment that is not there", "  w: =x\n  v: =$cause.NK1-2[1].1", "{\"w\":\"y\"}"},
        {"what only data has", "  w: =x\n  v: =$cause.id", "{\"w\":\"y\"}"},
        {"its source is the destination", "  v: =$source.name", "{\"v\":\"desk\"}"},
    };
    kit_source = DESK;
    kit_cause = move;
    rows_payload(of_json, "{\"x\":\"y\"}", ROWS(rows));
}

Test(cause, an_answer_in_hl7_reads_the_message_that_asked)
{
    static const struct row v2[] = {
        {"a component", "  v: =$cause.PID-3[1].1", "{\"v\":\"7\"}"},
        {"beside the answer", "  v: =$cause.MSH-10 & MSA-2", "{\"v\":\"A1A1\"}"},
    };
    static const struct row fhir[] = {
        {"a member", "  v: =$cause.id", "{\"v\":\"p1\"}"},
        {"further down", "  v: =$cause.name.first().family", "{\"v\":\"DOE\"}"},
        {"a choice of several", "  v: =$cause.name.where(use = 'old').first().family",
         "{\"v\":\"ROE\"}"},
        {"what only HL7 has", "  w: =MSA-1\n  v: =$cause.PID-3[1].1", "{\"w\":\"AA\"}"},
    };
    kit_source = LAB;
    kit_cause = move;
    rows_payload(of_ack, ack, ROWS(v2));
    kit_cause =
        "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"DOE\"},{\"use\":"
        "\"old\",\"family\":\"ROE\"}]}";
    rows_payload(of_ack, ack, ROWS(fhir));
}

Test(cause, an_answer_that_names_no_patient_is_in_the_order_of_the_one_that_asked)
{
    static const char
        json[] = "route: a\nfrom: desk\nmessages: [json]\ndo: { send: desk, if: x.exists() }\n",
        fhir[] = "route: a\nfrom: desk\nmessages: [Patient]\ndo: { send: desk, if: id.exists() }\n";
    kit_source = DESK;
    kit_cause = move;
    cr_expect_str_eq(kit_run(json, "{\"x\":\"y\"}"), "accepted\ndesk H/7 K/8: {\"x\":\"y\"}");
    cr_expect_str_eq(kit_run(fhir, "{\"resourceType\":\"Patient\",\"id\":\"9\"}"),
                     "accepted\ndesk Patient/9: {\"resourceType\":\"Patient\",\"id\":\"9\"}");
    kit_cause = "{\"resourceType\":\"Patient\",\"id\":\"p1\"}";
    cr_expect_str_eq(kit_run(json, "{\"x\":\"y\"}"), "accepted\ndesk Patient/p1: {\"x\":\"y\"}");
}

/* The answer names ISO 8859-1, the message that asked was in UTF-8, and the other way round. */
Test(cause, texts_are_moved_between_character_sets)
{
    static const char utf8[] =
        "MSH|^~\\&|CC|H|C|X|20261124||ADT^A08^ADT_A01|A1|P|2.5.1||||||UNICODE UTF-8"
        "\rPID|1||7||M\xc3\x9cLLER\r",
                      latin[] =
                          "MSH|^~\\&|CC|H|C|X|20261124||ADT^A08^ADT_A01|A1|P|2.5.1||||||8859/1"
                          "\rPID|1||7||M\xdcLLER\r";
    static const struct row rows[] = {
        {"a name", "  v: =$cause.PID-5[1].1.1", "{\"v\":\"M\xc3\x9cLLER\"}"},
    };
    static const char answer[] =
        "MSH|^~\\&|L|H|C|X|20261124||ACK^A08|9|P|2.5.1||||||8859/1\rMSA|AA|A1|gr\xfc\xdf\r";
    kit_source = LAB;
    kit_cause = utf8;
    rows_payload(of_ack, answer, ROWS(rows));
    kit_cause = latin;
    rows_payload(of_ack, answer, ROWS(rows));
    rows_payload(of_ack, ack, ROWS(rows));
    kit_source = DESK;
    rows_payload(of_json, "{\"x\":\"y\"}", ROWS(rows));
}

Test(cause, a_trace_tells_what_was_read_of_the_message_that_asked)
{
    static const struct row of_v2[] = {
        {"a value", "  v: =$cause.MSH-10", "v <- $cause.MSH-10\n"},
        {"a part of one", "  v: =$cause.MSH-10 & x", "v <- $cause.MSH-10, x\n"},
    };
    static const struct row of_data[] = {
        {"a value", "  v: =$cause.id", "v <- $cause.id\n"},
        {"a part of one", "  v: =$cause.name.first().family & MSA-1",
         "v <- $cause.name[0].family, MSA-1\n"},
    };
    kit_source = DESK;
    kit_cause = move;
    for (size_t i = 0; i < sizeof(of_v2) / sizeof(of_v2[0]); i++) {
        cr_expect_str_eq(kit_sources(rows_text(of_json, of_v2[i].text), "{\"x\":\"y\"}"),
                         of_v2[i].want, "%s", of_v2[i].name);
    }
    kit_source = LAB;
    kit_cause = "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"DOE\"}]}";
    for (size_t i = 0; i < sizeof(of_data) / sizeof(of_data[0]); i++) {
        cr_expect_str_eq(kit_sources(rows_text(of_ack, of_data[i].text), ack), of_data[i].want,
                         "%s", of_data[i].name);
    }
    /* its values stand at the same bytes as those of the message that asked */
    static const char same[] =
        "{\"resourceTyped\":\"Patient\",\"x\":\"y1\",\"name\":[{\"family\":\"ROE\"}]}";
    static const struct row of_both[] = {
        {"of a message that asked", "  v: =$cause.id", "v <- $cause.id\n"},
        {"of the answer", "  v: =x", "v <- x\n"},
        {"of both", "  v: =$cause.name.first().family & name.first().family",
         "v <- $cause.name[0].family, name[0].family\n"},
    };
    kit_source = DESK;
    for (size_t i = 0; i < sizeof(of_both) / sizeof(of_both[0]); i++) {
        const char *got = kit_sources(rows_text(of_json, of_both[i].text), same);
        cr_expect_str_eq(got, of_both[i].want, "%s: %s", of_both[i].name, got);
    }
    cr_expect_str_eq(
        kit_sources("route: a\nfrom: desk\nmessages: [json]\ndo:\n  - set: { v: =$cause.id, w: "
                    "=x }\n  - { send: desk, as: m }\n---\nmap: m\nreads: json\nto: json\nvalue: "
                    "{ a: =v, b: =w, c: =$cause.id, d: =x }\n",
                    same),
        "a <- $cause.id\nb <- x\nc <- $cause.id\nd <- x\n");
}

Test(cause, a_cause_that_is_gone_is_a_fault)
{
    static const struct row rows[] = {
        {"of HL7", "  v: =$cause.PID-3[1].1",
         "accepted\ndesk held <r.yaml:10:14: PID-3[1].1: the message that asked, $cause, is not "
         "known here>"},
        {"of data", "  v: =$cause.id",
         "accepted\ndesk held <r.yaml:10:7: the message that asked, $cause, is not known here>"},
    };
    kit_source = DESK;
    rows_told(of_json, "{\"x\":\"y\"}", ROWS(rows));
}

static const char replies[] =
    "route: a\nfrom: desk\nmessages: [Bundle]\ndo:\n@@\n---\nmap: m\nreads: Bundle\nto: RSP^K22\n"
    "version: 2.5.1\nvalue:\n  MSA-1: AA\n  MSA-2: x\n  QAK-1: =$cause.QPD-2\n  QPD-1: "
    "=$cause.QPD-1\n"
    "---\nmap: j\nreads: Bundle\nto: json\nvalue: { v: x }\n";

Test(cause, reply_as_answers_in_place_of_the_peer)
{
    static const struct row rows[] = {
        {"the answer", "  - reply: { as: m }", "MSA|AA|x\rQAK|Q7\rQPD|Q22^Find^HL7\r"},
        {"and what else it sends", "  - { send: acct, as: j, key: =type }\n  - reply: { as: m }",
         "\nacct /searchset: {\"v\":\"x\"}"},
        {"it ends the route", "  - reply: { as: m }\n  - { send: acct, as: j, key: =type }",
         "filtered <a: replied (r.yaml:5)>\nreply: MSH|"},
        {"the first one counts",
         "  - reply: { as: m }\n---\nroute: b\nfrom: desk\nmessages: [Bundle]\ndo: { reply: { as: "
         "n } }\n---\nmap: n\nreads: Bundle\nto: ACK\nversion: 2.5.1\nvalue: { MSA-1: AE, MSA-2: y "
         "}",
         "MSA|AA|x\r"},
        {"an acknowledgement of the event that asked",
         "  - reply: { as: n }\n---\nmap: n\nreads: Bundle\nto: ACK\nversion: 2.5.1\nvalue: { "
         "MSA-1: AE, MSA-2: y }",
         "||ACK^Q22^ACK|"},
        {"a rejection wins",
         "  - reply: { as: m }\n---\nroute: b\nfrom: desk\nmessages: [Bundle]\ndo: { reply: { "
         "code: "
         "AE } }",
         "rejected <b: "},
    };
    kit_source = DESK;
    kit_cause = query;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *told = kit_run(rows_text(replies, rows[i].text),
                                   "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}");
        cr_expect(strstr(told, rows[i].want), "%s: %s", rows[i].name, told);
        cr_expect(!strstr(told, "rejected") || !strstr(told, "reply:"), "%s", told);
    }
}

Test(cause, what_cannot_be_is_refused)
{
    static const struct row rows[] = {
        {"nothing follows from a type that is none",
         "  - { send: acct, as: j }\n---\nroute: b\nfrom: desk\nmessages: [Bundel]\ndo: { send: "
         "acct, as: "
         "j }",
         "r.yaml:9:12: error: FHIR R4 has no resource Bundel; did you mean Bundle?"},
        {"a map to JSON", "  - reply: { as: j }",
         "r.yaml:5:18: error: the map j makes no message of HL7 v2, which a reply is; such a map "
         "says "
         "to: RSP^K22"},
        {"a key that it lacks", "  - reply: { as: m, wiht: {} }",
         "r.yaml:5:21: error: wiht: is not known in reply; did you mean with:?"},
    };
    static const struct row sources[] = {
        {"of a source", "epic",
         "r.yaml:5:18: error: messages of the source epic are no answers: nothing asked for them; "
         "name "
         "a destination in from:, its answers have a $cause"},
        {"also of a source beside", "[lab, other]",
         "r.yaml:5:18: error: messages of the source other are no answers: nothing asked for them; "
         "name a destination in from:, its answers have a $cause"},
    };
    static const struct row alone[] = {
        {"by itself", "  v: =$cause",
         "r.yaml:10:7: error: $cause is the message that asked; a field of it is meant; write "
         "$cause.PID-3[1].1, or $cause.id of FHIR and JSON"},
        {"misspelt", "  v: =$case.id",
         "r.yaml:10:7: error: $case is not known here; did you mean $cause?"},
    };
    rows_check(replies, ROWS(rows));
    rows_check(
        "route: a\nfrom: @@\nmessages: [ACK]\ndo:\n  - reply: { as: m }\n---\nmap: m\nreads: "
        "ACK\nto: ACK\nversion: 2.5.1\nvalue: { MSA-1: AA, MSA-2: x }\n",
        ROWS(sources));
    rows_check(of_json, ROWS(alone));
}

Test(cause, answers_that_ask_again_are_warned_of)
{
    static const struct row rows[] = {
        {"itself", "do: { send: lab }",
         "r.yaml:1:8: warning: an answer of lab leads to the next message for lab, and so on; see "
         "to "
         "it that when: or if: ends this"},
        {"deep within its steps", "do: { choose: [{ if: MSA-1 = 'AA', do: [{ send: lab }] }] }",
         "r.yaml:1:8: warning: an answer of lab leads to the next message for lab, and so on; see "
         "to "
         "it that when: or if: ends this"},
        {"by another one",
         "do: { send: all }\n---\nroute: b\nfrom: all\nmessages: [ACK]\ndo: { send: lab }",
         "r.yaml:1:8: warning: an answer of lab leads to the next message for lab, and so on; see "
         "to "
         "it that when: or if: ends this\n"
         "r.yaml:6:8: warning: an answer of all leads to the next message for all, and so on; see "
         "to "
         "it that when: or if: ends this"},
        {"not where it ends", "do: { send: all }", ""},
        {"nobody waits",
         "do: { choose: [{ if: MSA-1 = 'AA', do: [{ reply: { as: m } }] }] }\n---\nmap: m\nreads: "
         "ACK\nto: "
         "ACK\nversion: 2.5.1\nvalue: { MSA-1: AA, MSA-2: x }",
         "r.yaml:4:43: warning: nobody waits for an answer of lab: this reply goes nowhere; say "
         "ack: { "
         "answered-by: lab, within: 20s } where the source of the question stands"},
    };
    rows_check("route: a\nfrom: lab\nmessages: [ACK]\n@@\n", ROWS(rows));
}

/* ---- await: ---- */

#define READ "---\nroute: b\nfrom: lab\nmessages: [ACK]\ndo: { send: all }\n"

Test(cause, a_send_may_be_awaited_for_a_time_within_limits)
{
    static const char *const limits =
        "is a time from 1s to 60s: so long the patient's next messages wait for the answer; write "
        "await: 10s";
    static const struct row good[] = {
        {"the least", "do: { send: lab, await: 1s }\n" READ, ""},
        {"the most", "do: { send: lab, await: 1m }\n" READ, ""},
        {"in a loop", "do: { for: OBR, do: { send: lab, part: current, await: 1500ms } }\n" READ,
         ""},
    };
    static const struct {
        const char *name, *text;
    } bad[] = {{"less", "999ms"}, {"more", "61s"},         {"no unit", "10"}, {"none", "0"},
               {"ever", "never"}, {"a formula", "=PID-1"}, {"a list", "[1s]"}};
    static const char frame[] = "route: a\nfrom: epic\nmessages: [ORU^R01]\n@@";
    rows_check(frame, ROWS(good));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[200], want[200];
        struct row one = {bad[i].name, text, want};
        snprintf(text, sizeof(text), "do: { send: lab, await: %s }\n" READ, bad[i].text);
        snprintf(want, sizeof(want), "r.yaml:4:25: error: await: %s", limits);
        rows_check(frame, &one, 1);
    }
}

Test(cause, only_who_answers_can_be_awaited)
{
    static const struct row rows[] = {
        {"who never answers", "acct, await: 2s }",
         "r.yaml:4:26: error: await: waits for an answer, and the destination acct writes files, "
         "which answer nothing; leave await: out, or put it on the send to the destination that is "
         "asked"},
        {"whose answers nobody reads", "lab, await: 2s }",
         "r.yaml:4:7: warning: await: and no route reads the answers of lab: the patient's next "
         "messages wait for its delivery, and for nothing that comes of it; say from: lab in the "
         "route that is to read them, or leave await: out"},
        {"of two only the one that is awaited",
         "lab, await: 2s }\n---\nroute: c\nfrom: epic\nmessages: [ORU^R01]\ndo: { send: all "
         "}\n" READ,
         ""},
    };
    rows_check("route: a\nfrom: epic\nmessages: [ORU^R01]\ndo: { send: @@\n", ROWS(rows));
}

Test(cause, an_output_tells_how_long_it_is_awaited)
{
    struct diags d;
    struct rules_result res;
    struct ruleset *r = kit_compile("route: a\nfrom: epic\nmessages: [ORU^R01]\ndo:\n"
                                    "  - { send: lab, await: 10s, if: PID-1 = '1' }\n"
                                    "  - { send: lab, id: x, await: 1500ms }\n"
                                    "  - send: desk\n" READ,
                                    &d);
    cr_assert(r, "%s", kit_findings(&d));
    struct rules_input in = {
        .m = kit_message("MSH|^~\\&|L|M|D|X|2026||ORU^R01|M1|P|2.5.1\rPID|1||7^^^L^MR\r")};
    rules_run(r, &in, &kit_arena, &res);
    cr_assert_eq(res.noutputs, 3);
    cr_expect_eq(res.outputs[0].await_ms, 10000);
    cr_expect_eq(res.outputs[1].await_ms, 1500);
    cr_expect_eq(res.outputs[2].await_ms, 0);
    cr_expect_eq(rules_await_ms(r, 0), 0, "desk");
    cr_expect_eq(rules_await_ms(r, 1), 10000, "lab: the longest");
}
