/* Language section 7: what for: walks. Where paths are looked for is in scope_test.c. */
#include "tests/unit/rules/rows.h"

TestSuite(loop, .init = kit_begin, .fini = kit_end);

/* Two resource groups; a note of the appointment, of the first service, of the person; none of the second. */
static const char siu[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||SIU^S12|M1|P|2.5.1\r"
                          "SCH|S1\r"
                          "NTE|1||schedule\r"
                          "PID|1||4711||DOE\rPV1|1|O\r"
                          "RGS|1|A\r"
                          "AIS|1||MRI\rNTE|1||service one\rNTE|2||and more\r"
                          "AIS|2||CT\r"
                          "AIP|1||DOC1\rNTE|1||person\r"
                          "RGS|2|U\r"
                          "AIS|1||XR\r"
                          "AIL|1||ROOM\r"
                          "ZAP|last\r";

/* Two results; the first order has no ORC, the second patient no PV1, the third observation no note. */
static const char oru[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ORU^R01|M1|P|2.5.1\r"
                          "PID|1||P1\rNTE|1||patient\rPV1|1|I\r"
                          "OBR|1|||GLU\rNTE|1||order\r"
                          "OBX|1|ST|a||1||||||F\rNTE|1||high\rZOB|x\r"
                          "OBX|2|ST|b||2||||||P\r"
                          "ORC|RE|77\rOBR|2|||CBC\r"
                          "OBX|1|ST|c||3||||||F\r"
                          "SPM|1\rOBX|9|ST|s||4||||||F\r"
                          "PID|2||P2\r"
                          "OBR|1|||TSH\r"
                          "OBX|1|ST|d||5||||||F\r";

static const char dft[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||DFT^P03|M1|P|2.5.1\r"
                          "EVN|P03\rPID|1||P1\rPV1|1|I\r"
                          "FT1|1|||20261124||CG\rNTE|1||first\rPR1|1||A\rPR1|2||B\r"
                          "FT1|2|||20261125||CD\r"
                          "FT1|3|||20261126||CG\rPR1|1||C\r";

#define MAP(type, structure)                                                                       \
    "route: a\nfrom: epic\nmessages: ['" type                                                      \
    "']\ndo: { send: desk, as: m }\n---\nmap: m\nreads: " structure "\nto: json\nvalue:\n  - @@\n"
#define SIU                 MAP("SIU^S12", "SIU_S12")
#define ORU                 MAP("ORU^R01", "ORU_R01")
#define DFT                 MAP("DFT^P03", "DFT_P03")
#define EACH(loop, formula) "$for: " loop "\n    $value: >-\n      =" formula
#define STEPS(type)         "route: a\nfrom: epic\nmessages: ['" type "']\ndo:\n  @@\n"

Test(loop, for_a_segment_walks_the_groups_that_it_opens)
{
    static const struct row charges[] = {
        {"a transaction with its note", EACH("FT1", "FT1-1 & NTE-3[1]"),
         "[\"1first\",\"2\",\"3\"]"},
        {"and its procedures", EACH("FT1", "PR1-3.1.join('+')"), "[\"A+B\",\"C\"]"},
        {"the number of rounds", EACH("FT1", "$number & '/' & $total"),
         "[\"1/3\",\"2/3\",\"3/3\"]"},
        {"procedures of all transactions", EACH("PR1", "PR1-3.1"), "[\"A\",\"B\",\"C\"]"},
        {"with the transaction around each", EACH("PR1", "PR1-3.1 & FT1-1"),
         "[\"A1\",\"B1\",\"C3\"]"},
    };
    static const struct row results[] = {
        {"an order begins with the ORC before its OBR", EACH("OBR", "OBR-4.1 & ORC-2.1"),
         "[\"GLU\",\"CBC77\",\"TSH\"]"},
        {"an ORC opens no group: the segments", EACH("ORC", "ORC-2.1 & OBR-4.1"), "[\"77CBC\"]"},
        {"the smallest group, not the one around", EACH("PID", "PID-3[1].1 & OBR.count()"),
         "[\"P12\",\"P21\"]"},
        {"observations, those of specimens are no group of theirs",
         EACH("OBX", "OBX-3.1 & NTE-3.first()"), "[\"ahigh\",\"b\",\"c\",\"d\"]"},
    };
    static const struct row services[] = {
        {"resource groups", EACH("RGS", "RGS-1 & AIS.count()"), "[\"12\",\"21\"]"},
        {"services of all of them", EACH("AIS", "AIS-3.1 & RGS-1"), "[\"MRI1\",\"CT1\",\"XR2\"]"},
        {"people", EACH("AIP", "AIP-3[1].1 & NTE-3.first()"), "[\"DOC1person\"]"},
        {"a patient and the visit", EACH("PID", "PID-3[1].1 & PV1-2"), "[\"4711O\"]"},
    };
    static const struct row none[] = {
        {"no group at all", EACH("AIG", "AIG-1"),
         "accepted\ndesk /4711 held <r.yaml:4:7: the map m came out empty>"},
    };
    rows_payload(DFT, dft, ROWS(charges));
    rows_payload(ORU, oru, ROWS(results));
    rows_payload(SIU, siu, ROWS(services));
    rows_told(SIU, siu, ROWS(none));
}

Test(loop, where_no_group_begins_with_it_for_walks_the_segments)
{
    static const char adt[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
        "PID|1||P1\rNK1|1|A\rNK1|2|B\rPV1|1|I\rIN1|1|x\rIN2|7\rIN1|2|y\r";
    static const struct row rows[] = {
        {"next of kin", EACH("NK1", "NK1-1 & NK1-2[1].1.1"), "[\"1A\",\"2B\"]"},
        {"one alone", EACH("PV1", "PV1-2"), "[\"I\"]"},
        {"its fields as parts of $this", EACH("NK1", "$this.2.1.1"), "[\"A\",\"B\"]"},
        {"groups beside it", EACH("IN1", "IN1-2.1 & IN2-1[1].1"), "[\"x7\",\"y\"]"},
        {"a segment of a group, with what opens it", EACH("IN2", "IN2-1[1].1 & IN1-2.1"),
         "[\"7x\"]"},
    };
    rows_payload(MAP("ADT^A01", "ADT_A01"), adt, ROWS(rows));
}

Test(loop, a_group_name_works_too)
{
    static const struct row results[] = {
        {"the outermost", EACH("PATIENT_RESULT", "PID-3[1].1 & OBR.count()"), "[\"P12\",\"P21\"]"},
        {"one inside", EACH("ORDER_OBSERVATION", "OBR-4.1"), "[\"GLU\",\"CBC\",\"TSH\"]"},
        {"a specimen with its observations", EACH("SPECIMEN", "OBX-3.1"), "[\"s\"]"},
        {"in a formula", "$value: =OBSERVATION.count()", "[4]"},
        {"down from it", "$value: =OBSERVATION.OBX-3.1.join('')", "[\"abcd\"]"},
        {"down from the other one", "$value: =SPECIMEN.OBX-3.1.join('')", "[\"s\"]"},
        {"chosen", "$value: =ORDER_OBSERVATION.where(OBR-4.1 = 'CBC').OBR-1.join('')", "[\"2\"]"},
    };
    static const struct row refused[] = {
        {"a name of another structure", EACH("FINANCIAL", "PID-3[1].1"),
         "r.yaml:10:11: error: FINANCIAL is not known; a text stands in single quotes; paths look "
         "like "
         "PID-3.1; members are of FHIR and JSON data"},
        {"a group behind a group", EACH("ORDER_OBSERVATION.OBSERVATION", "OBX-1"),
         "r.yaml:10:29: error: OBSERVATION is no segment of ORDER_OBSERVATION; behind a group "
         "stands a segment, as in FINANCIAL.PR1; a group in it is named alone"},
        {"nonsense behind a group", "$value: =OBSERVATION.NONE.count()",
         "r.yaml:10:26: error: NONE is no segment of OBSERVATION; behind a group stands a "
         "segment, as in FINANCIAL.PR1; a group in it is named alone"},
        {"a name of no structure", EACH("RESULT", "PID-3[1].1"),
         "r.yaml:10:11: error: RESULT is not "
         "known; a text stands in single quotes; paths look like PID-3.1; members are of FHIR and "
         "JSON data"},
    };
    rows_payload(ORU, oru, ROWS(results));
    rows_check(ORU, ROWS(refused));
}

Test(loop, for_a_field_walks_repetitions_and_for_a_formula_its_values)
{
    static const char adt[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
        "PID|1||1^^^A~~2^^^B^SS||DOE\rNK1|1|A~B\rNK1|2|C\rPV1|1|I\r";
    static const struct row rows[] = {
        {"repetitions that hold something", EACH("PID-3", "$this.1 & $this.4.1"),
         "[\"1A\",\"2B\"]"},
        {"their numbers", EACH("PID-3", "$number"), "[1,2]"},
        {"of all segments", EACH("NK1-2", "$this.1.1"), "[\"A\",\"B\",\"C\"]"},
        {"components", EACH("PID-3.1", "$this"), "[\"1\",\"2\"]"},
        {"one repetition", EACH("PID-3[3]", "$this.5"), "[\"SS\"]"},
        {"a choice", EACH("PID-3.where($this.5 = 'SS')", "$this.1"), "[\"2\"]"},
        {"a union", EACH("PID-3.1 | PV1-2", "$this & $index"), "[\"10\",\"21\",\"I2\"]"},
        {"texts", "$for: \"'a,b'.split(',')\"\n    $value: =$this & '!'", "[\"a!\",\"b!\"]"},
        {"numbers", EACH("1 | 5", "$this + 1"), "[2,6]"},
        {"segments of a formula", EACH("NK1.where(NK1-1 = 2)", "NK1-2[1].1.1"), "[\"C\"]"},
        {"paths inside look from outside", EACH("PID-3", "PID-5[1].1.1 & $this.1"),
         "[\"DOE1\",\"DOE2\"]"},
    };
    static const struct row steps[] = {
        {"as a step", "- for: PID-3\n    do: { send: lab, id: =$this.1 }",
         "accepted\nlab id=1: MSH..."},
        {"the default id is the number",
         "- for: PID-3\n    do:\n      - drop: none\n        if: $number = 3",
         "filtered <a: no step sent anything (r.yaml:1)>"},
    };
    rows_payload(MAP("ADT^A01", "ADT_A01"), adt, ROWS(rows));
    rows_told("route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n  @@\n", adt, ROWS(steps));
}

Test(loop, the_list_is_fixed_when_the_loop_starts)
{
    static const char adt[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
        "PID|1||1~2||DOE\rNK1|1|A\rNK1|2|B\rPV1|1|I\rIN1|1|x\rIN1|2|y\r";
    static const struct row rows[] = {
        {"segments added do not count", "- for: NK1\n    do: { add: NK1, after: 'NK1[last]' }",
         "NK1|1|A\rNK1|2|B\rNK1\rNK1"},
        {"groups added do not count", "- for: IN1\n    do: { copy: 'IN1', after: 'IN1' }",
         "IN1|1|x\rIN1|1|x\rIN1|2|y\rIN1|2|y"},
        {"repetitions added do not count", "- for: PID-3\n    do: { set: { 'PID-3[+]': =$this } }",
         "PID|1||1~2~1~2||DOE"},
        {"repetitions changed stay as they were",
         "- for: PID-3\n    do: { set: { PID-3: x, PV1-10: =$this } }", "PV1|1|I||||||||2"},
        {"segments deleted are passed over",
         "- for: NK1\n    do:\n      - { delete: 'NK1[last]', if: $number = 1 }\n"
         "      - set: { NK1-3.1: =$total }",
         "NK1|1|A|2"},
        {"a group that goes does not end the loop",
         "- for: IN1\n    do:\n      - { delete: IN1 }\n      - set: { PV1-2: =$number }",
         "PV1|1|2"},
    };
    rows_lines("route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n  @@\n  - send: lab\n", adt,
               ROWS(rows));
}

Test(loop, numbers_count_in_the_innermost_loop)
{
    static const struct row rows[] = {
        {"numbers start anew",
         "$for: RGS\n    $value:\n      - $for: AIS\n        $value: =$number", "[[1,2],[1]]"},
        {"index, number and total", "$for: AIS\n    $value: =$index & $number & $total",
         "[\"013\",\"123\",\"233\"]"},
        {"of the loop around behind the inner one",
         "$for: RGS\n    $value:\n      - $for: AIS\n        $value: =$number\n      - =$number",
         "[[1,2,1],[1,2]]"},
        {"of a condition inside",
         "$for: RGS\n    $value: =$this.AIS.where($number = 1).3.1.join('')", "[\"MRI\",\"XR\"]"},
        {"of the outer loop by a name",
         "$for: RGS\n    $let: { r: =$number }\n    $value:\n      - $for: AIS\n        $value: "
         "=$r & $number",
         "[[\"11\",\"12\"],[\"21\"]]"},
        {"of a loop that is the item of another one",
         "$for: RGS\n    $value:\n      $for: AIS\n      $value: =$number", "[1,2,1]"},
        {"the items of a loop in a loop, chosen in both",
         "$for: RGS\n    $if: RGS-1.exists()\n    $value:\n      $for: AIS\n      $if: $number = "
         "1\n"
         "      n: =AIS-1\n      of: =RGS-1",
         "[{\"n\":1,\"of\":1},{\"n\":1,\"of\":2}]"},
        {"a value of a value",
         "$for: RGS\n    $value:\n      $value:\n        $for: AIS\n        $value: =$number",
         "[1,2,1]"},
    };
    static const struct row refused[] = {
        {"outside of a loop", "$value: =$number",
         "r.yaml:10:14: error: this counts values, and there is nothing to count here; it stands "
         "inside a loop, where(...), select(...), exists(...), all(...)"},
        {"$this outside of a loop", "$value: =$this",
         "r.yaml:10:14: error: there is nothing here that $this would be; it stands inside a loop, "
         "where(...), select(...), exists(...), all(...)"},
    };
    static const struct row steps[] = {
        {"ids are the numbers of the loops",
         "- for: RGS\n    do:\n      - for: AIS\n        do: { send: desk, as: m }",
         "accepted\ndesk id=1.1 /4711: {\"k\":\"x\"}\ndesk id=1.2 /4711: {\"k\":\"x\"}\n"
         "desk id=2.1 /4711: {\"k\":\"x\"}"},
        {"of one loop", "- for: RGS\n    do: { send: desk, as: m }",
         "accepted\ndesk id=1 /4711: {\"k\":\"x\"}\ndesk id=2 /4711: {\"k\":\"x\"}"},
        {"of none", "- send: desk\n    as: m", "accepted\ndesk /4711: {\"k\":\"x\"}"},
    };
    rows_payload(SIU, siu, ROWS(rows));
    rows_check(SIU, ROWS(refused));
    rows_told(STEPS("SIU^S12") "---\nmap: m\nreads: SIU_S12\nto: json\nvalue: { k: x }\n", siu,
              ROWS(steps));
}

Test(loop, group_names_differ_between_versions_and_segments_do_not)
{
    static const struct row rows[] = {
        {"a name that one version lacks", "- for: PATIENT_RESULT\n    do: { send: lab }",
         "r.yaml:5:10: remark: PATIENT_RESULT is no group of ORU_R01 in HL7 2.3; names of groups "
         "differ "
         "between versions: the segment that opens it does not\n"},
        {"the name of the other version", "- for: RESPONSE\n    do: { send: lab }",
         "r.yaml:5:10: remark: RESPONSE is no group of ORU_R01 in HL7 2.5.1; names of groups "
         "differ "
         "between versions: the segment that opens it does not\n"},
        {"a name of both", "- for: ORDER_OBSERVATION\n    do: { send: lab }", ""},
        {"the segment", "- for: OBR\n    do: { send: lab }", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = rows_versions(rows_text(STEPS("ORU^R01"), rows[i].text), "2.3", "2.5.1");
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                         rows[i].want);
    }
    static const struct row others[] = {
        {"another structure may lack it", "- for: ORDER_OBSERVATION\n    do: { send: lab }", ""},
    };
    rows_check("route: a\nfrom: epic\nmessages: [ORU^R01, ADT^A01]\ndo:\n  @@\n", ROWS(others));
}
