/* Language section 7: where a path is looked for. Loops are in loop_test.c. */
#include "tests/unit/rules/rows.h"

#include "engine/base/buf.h"

TestSuite(scope, .init = kit_begin, .fini = kit_end);

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

#define MAP(type, structure)                                                                       \
    "route: a\nfrom: epic\nmessages: ['" type                                                      \
    "']\ndo: { send: desk, as: m }\n---\nmap: m\nreads: " structure "\nto: json\nvalue:\n  - @@\n"
#define SIU                 MAP("SIU^S12", "SIU_S12")
#define ORU                 MAP("ORU^R01", "ORU_R01")
#define EACH(loop, formula) "$for: " loop "\n    $value: >-\n      =" formula
#define STEPS(type)         "route: a\nfrom: epic\nmessages: ['" type "']\ndo:\n  @@\n"

Test(scope, a_path_looks_in_the_element_then_outward)
{
    static const struct row results[] = {
        {"in the element", EACH("OBX", "OBX-5.join('')"), "[\"1\",\"2\",\"3\",\"5\"]"},
        {"one level out", EACH("OBX", "OBR-4.1"), "[\"GLU\",\"GLU\",\"CBC\",\"TSH\"]"},
        {"what its order lacks is absent, not that of the next", EACH("OBX", "'.' & ORC-2.1"),
         "[\".\",\".\",\".77\",\".\"]"},
        {"in a group beside the order", EACH("OBX", "PID-3[1].1"), "[\"P1\",\"P1\",\"P1\",\"P2\"]"},
        {"what its patient lacks is absent, not that of another", EACH("OBR", "'.' & PV1-2"),
         "[\".I\",\".I\",\".\"]"},
        {"the header", EACH("OBX", "MSH-9.2"), "[\"R01\",\"R01\",\"R01\",\"R01\"]"},
        {"two loops",
         "$for: OBR\n    $value:\n      - $for: OBX\n        $value: =OBR-4.1 & OBX-3.1",
         "[[\"GLUa\",\"GLUb\"],[\"CBCc\"],[\"TSHd\"]]"},
        {"three loops",
         "$for: PATIENT_RESULT\n    $value:\n      - $for: OBR\n        $value:\n          - $for: "
         "OBX\n"
         "            $value: >-\n              =PID-3[1].1 & OBX-3.1",
         "[[[\"P1a\",\"P1b\"],[\"P1c\"]],[[\"P2d\"]]]"},
        {"segments of the element only", EACH("OBR", "OBSERVATION.OBX-3.1.join('')"),
         "[\"ab\",\"c\",\"d\"]"},
        {"an index counts within the element", EACH("OBR", "NTE[1]-3"), "[\"order\"]"},
    };
    static const struct row services[] = {
        {"services of each resource group",
         "$for: RGS\n    $value:\n      - $for: AIS\n        $value: =AIS-3.1",
         "[[\"MRI\",\"CT\"],[\"XR\"]]"},
        {"what a group has not", "$for: RGS\n    $value:\n      - =AIL-3.1\n      - =RGS-1",
         "[[1],[\"ROOM\",2]]"},
        {"the patient stands outside", EACH("AIS", "PID-3[1].1 & SCH-1.1"),
         "[\"4711S1\",\"4711S1\",\"4711S1\"]"},
    };
    rows_payload(ORU, oru, ROWS(results));
    rows_payload(SIU, siu, ROWS(services));
}

Test(scope, inside_where_exists_select_and_all_the_element_is_that_one_segment)
{
    static const struct row results[] = {
        {"where", "$value: =OBSERVATION.OBX.where(OBX-11 = 'F').select(OBX-3.1).join('')",
         "[\"acd\"]"},
        {"exists", EACH("OBR", "iif(OBSERVATION.OBX.exists(OBX-11 = 'P'), 'open', 'done')"),
         "[\"open\",\"done\",\"done\"]"},
        {"select", "$value: =OBSERVATION.OBX.select(OBX-1 & OBX-3.1).join(' ')",
         "[\"1a 2b 1c 1d\"]"},
        {"all", EACH("OBR", "OBSERVATION.OBX.all(OBX-11 = 'F') & ''"),
         "[\"false\",\"true\",\"true\"]"},
        {"outward from the segment", "$value: =OBSERVATION.OBX.where(OBR-4.1 = 'CBC').count()",
         "[1]"},
        {"its notes", "$value: =OBSERVATION.OBX.where(NTE-3.exists()).select(OBX-3.1).join('')",
         "[\"a\"]"},
        {"over groups it is the group",
         "$value: =ORDER_OBSERVATION.where(ORC-2.1 = '77').OBR-4.1.join('')", "[\"CBC\"]"},
        {"over values it stays", "$value: =PID-3.1.where(MSH-9.2 = 'R01').count()", "[2]"},
        {"a function that says no input takes $this",
         "$value: =OBSERVATION.OBX.where(exists(OBX-11 = 'P')).count() & "
         "PID-3.1.where(startsWith('P')).join('')",
         "[\"1P1P2\"]"},
        {"$index and $number count there",
         "$value: =OBSERVATION.OBX.select($number & $total).join(' ')", "[\"14 24 34 44\"]"},
    };
    rows_payload(ORU, oru, ROWS(results));
}

Test(scope, a_note_is_that_of_its_level)
{
    static const struct row services[] = {
        {"of the appointment alone", "$value: [ =NTE-3.text() ]", "[[\"schedule\"]]"},
        {"of each service", "$for: AIS\n    $value: [ =NTE-3.text(), =AIS-3.1 ]",
         "[[\"service one\",\"and more\",\"MRI\"],[\"CT\"],[\"XR\"]]"},
        {"of each person", "$for: AIP\n    $value: [ =NTE-3.text() ]", "[[\"person\"]]"},
        {"of a place that has none", "$for: AIL\n    $value: [ =NTE-3.text(), =AIL-3.1 ]",
         "[[\"ROOM\"]]"},
        {"counted at the top", "$value: =NTE.count()", "[1]"},
    };
    static const struct row results[] = {
        {"of each patient", "$for: PATIENT\n    $value: [ =NTE-3.text(), =PID-1 ]",
         "[[\"patient\",1],[2]]"},
        {"of each order", "$for: OBR\n    $value: [ =NTE-3.text(), =OBR-1 ]",
         "[[\"order\",1],[2],[1]]"},
        {"of each observation", "$for: OBX\n    $value: [ =NTE-3.text(), =OBX-1 ]",
         "[[\"high\",1],[2],[1],[1]]"},
    };
    static const struct row refused[] = {
        {"of a resource group there is none, of several below it",
         "$for: RGS\n    $value: [ =NTE-3.text() ]",
         "r.yaml:11:16: error: NTE stands in several groups below here: SERVICE or "
         "GENERAL_RESOURCE; "
         "say which, as in AIS.NTE, or walk the groups with for:"},
    };
    rows_payload(SIU, siu, ROWS(services));
    rows_payload(ORU, oru, ROWS(results));
    rows_check(SIU, ROWS(refused));
}

Test(scope, a_dot_goes_down_explicitly)
{
    static const struct row services[] = {
        {"from all groups", "$value: =RGS.AIS-3.1.join(' ')", "[\"MRI CT XR\"]"},
        {"from one of them", "$value: \"=RGS[2].AIS-3.1.join(' ')\"", "[\"XR\"]"},
        {"two steps", "$value: =RGS.AIS.NTE-3.join('; ')", "[\"service one; and more\"]"},
        {"notes of people", "$value: =AIP.NTE-3.join('; ')", "[\"person\"]"},
        {"from the current element", "$for: RGS\n    $value: =$this.AIS-3.1.join(' ')",
         "[\"MRI CT\",\"XR\"]"},
        {"from a choice", "$value: =RGS.where(RGS-2 = 'U').AIS-3.1.join(' ')", "[\"XR\"]"},
        {"from a name", "$let: { r: =RGS }\n    $value: =$r.AIS-3.1.join(' ')", "[\"MRI CT XR\"]"},
        {"nothing below", "$for: RGS\n    $value: [ =RGS-1, =$this.AIL-3.1 ]",
         "[[1],[2,\"ROOM\"]]"},
        {"a segment below", "$value: =RGS.AIL.count()", "[1]"},
        {"an index counts in each group", "$value: \"=RGS.AIS[2]-3.1.join(' ')\"", "[\"CT\"]"},
        {"and in the element", EACH("RGS", "AIS[1]-3.1"), "[\"MRI\",\"XR\"]"},
    };
    static const struct row results[] = {
        {"the own notes of a group, not those below", "$value: =OBR.NTE-3.join('; ')",
         "[\"order\"]"},
        {"those of each observation", "$value: =OBSERVATION.NTE-3.join('; ')", "[\"high\"]"},
        {"of the patient", "$value: =PID.NTE-3.join('; ')", "[\"patient\"]"},
    };
    static const struct row refused[] = {
        {"not part of the group", "$value: =RGS.PID-3.1.join(' ')",
         "r.yaml:10:18: error: PID is not part of the group that RGS opens"},
        {"a segment that opens none", "$value: =SCH.AIS-3.1.join(' ')",
         "r.yaml:10:18: error: SCH opens no group here; the segments directly behind it are "
         "SCH.following('AIS')"},
        {"in several below", "$value: =RGS.NTE-3.join(' ')",
         "r.yaml:10:18: error: NTE stands in several groups below here: SERVICE or "
         "GENERAL_RESOURCE; "
         "say which, as in AIS.NTE, or walk the groups with for:"},
        {"from a value", "$value: =SCH-1.AIS-3.1",
         "r.yaml:10:20: error: a path behind a dot goes down from a segment or a group; components "
         "are "
         "written with numbers, as in PID-3[1].4.1"},
    };
    rows_payload(ORU, oru, ROWS(results));
    rows_payload(SIU, siu, ROWS(services));
    rows_check(SIU, ROWS(refused));
}

Test(scope, a_name_in_one_group_below_is_found_and_of_several_check_asks_which)
{
    static const struct row good[] = {
        {"one group below", "$value: =SPM-1", "[1]"},
        {"two levels below", "$value: =OBR-1.join('')", "[\"121\"]"},
        {"below the current element", EACH("PATIENT_RESULT", "SPM-1.count() & PID-3[1].1"),
         "[\"1P1\",\"0P2\"]"},
        {"in the nearest level that has it", EACH("SPM", "OBX-3.1"), "[\"s\"]"},
    };
    static const struct row refused[] = {
        {"a path", "$value: =OBX-3.1.join('')",
         "r.yaml:10:14: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "say "
         "which, as in OBSERVATION.OBX, or walk the groups with for:"},
        {"in a loop around both", EACH("OBR", "OBX-3.1.join('')"),
         "r.yaml:12:8: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "say "
         "which, as in OBSERVATION.OBX, or walk the groups with for:"},
        {"a question", "$value: =OBX.exists()",
         "r.yaml:10:14: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "say "
         "which, as in OBSERVATION.OBX, or walk the groups with for:"},
    };
    static const struct row targets[] = {
        {"a target", "- set: { 'OBX[1]-3.1': x }",
         "r.yaml:5:12: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "walk the groups with for:, and write inside"},
        {"a target in a loop around both", "- for: OBR\n    do: { set: { 'OBX[1]-3.1': x } }",
         "r.yaml:6:18: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "walk the groups with for:, and write inside"},
        {"what is copied", "- copy: 'OBX[1]'\n    after: OBR",
         "r.yaml:5:11: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "walk the groups with for:, and write inside"},
        {"walked it is one", "- for: OBX\n    do: { set: { OBX-3.1: x } }", ""},
        {"delete takes them all", "- delete: OBX", ""},
    };
    static const struct row loops[] = {
        {"of two kinds of groups", "- for: OBX\n    do: { send: lab }",
         "r.yaml:5:10: error: several kinds of groups in DFT_P03 begin with OBX; walk the group "
         "around first, or name the group"},
        {"of two kinds of procedures' segments", "- for: TQ1\n    do: { send: lab }",
         "r.yaml:5:10: error: several kinds of groups in DFT_P03 begin with TQ1; walk the group "
         "around first, or name the group"},
        {"by the group around", "- for: FT1\n    do:\n      - for: OBX\n        do: { send: lab }",
         ""},
        {"by the name of the group", "- for: FINANCIAL_OBSERVATION\n    do: { send: lab }", ""},
    };
    rows_payload(ORU, oru, ROWS(good));
    rows_check(ORU, ROWS(refused));
    rows_check(STEPS("ORU^R01"), ROWS(targets));
    rows_check(STEPS("DFT^P03"), ROWS(loops));
}

Test(scope, message_starts_at_the_top)
{
    static const struct row services[] = {
        {"a note of the top", "$for: AIS\n    $value: [ =$message.NTE-3, =AIS-1 ]",
         "[[\"schedule\",1],[\"schedule\",2],[\"schedule\",1]]"},
        {"all services in each", EACH("AIS", "$message.AIS-3.1.join('')"),
         "[\"MRICTXR\",\"MRICTXR\",\"MRICTXR\"]"},
        {"an index of the whole", EACH("RGS", "$message.RGS[2]-1"), "[2,2]"},
        {"the same outside of loops", "$value: \"=$message.PID-3[1].1\"", "[\"4711\"]"},
        {"in a condition", "$value: =AIS.where($message.SCH-1.1 = 'S1').count()", "[3]"},
        {"as N1 names it", EACH("AIS", "%resource.AIS.count() & %context.RGS.count()"),
         "[\"32\",\"32\",\"32\"]"},
    };
    static const struct row refused[] = {
        {"of several groups", EACH("OBX", "$message.OBX.count()"),
         "r.yaml:12:17: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "say which, as in OBSERVATION.OBX, or walk the groups with for:"},
        {"no version has it", EACH("OBX", "$message.QQQ-1"),
         "r.yaml:12:17: error: QQQ-1: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
    };
    rows_payload(SIU, siu, ROWS(services));
    rows_check(ORU, ROWS(refused));
}

Test(scope, a_segment_at_two_places_of_one_level_means_both)
{
    static const char adt[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
        "PID|1||1\rROL|a|AD|AT\rROL|b|AD|CP\rNK1|1\rPV1|1|I\rROL|c|AD|AD\r"
        "PV2|x\rROL|d|AD|RP\rROL|e|AD|FHCP\rPR1|1\rROL|f|AD|PP\r";
    static const struct row rows[] = {
        {"both, those of a group below not", "$value: =ROL-1.1.join('')", "[\"abcde\"]"},
        {"walked", EACH("ROL", "ROL-1.1"), "[\"a\",\"b\",\"c\",\"d\",\"e\"]"},
        {"by number", "$value: \"=ROL[3]-1.1 & ROL[last]-1.1\"", "[\"ce\"]"},
        {"behind the patient", "$value: =PID.following('ROL').select(ROL-1.1).join('')",
         "[\"ab\"]"},
        {"behind the visit", "$value: =PV1.following('ROL').select(ROL-1.1).join('')", "[\"c\"]"},
        {"behind its second part", "$value: =PV2.following('ROL').1.1.join('')", "[\"de\"]"},
        {"behind a procedure", "$value: =PR1.following('ROL').1.1.join('')", "[\"f\"]"},
        {"not behind what stands between", "$value: =NK1.following('ROL').count()", "[0]"},
        {"of a segment that is not there", "$value: =GT1.following('ROL').count()", "[0]"},
        {"from $this", "$for: PV2\n    $value: =$this.following('ROL').count()", "[2]"},
        {"from each of several", "$value: =(PID | PV2).following('ROL').count()", "[4]"},
    };
    static const struct row refused[] = {
        {"one of both is not said", "v: =ROL-3.1",
         "r.yaml:10:9: error: ROL-3.1 may give several values, one is wanted here; write "
         "ROL[1]-3.1, ROL-3.where(...).first().1, .exists(...) or .join(' ')"},
        {"no name of a segment", "$value: =PV1.following('role').count()",
         "r.yaml:10:28: error: following() wants the name of a segment, as in "
         "PV1.following('ROL')"},
        {"a name that is no literal", "$value: =PV1.following(PV1-2).count()",
         "r.yaml:10:18: error: following() wants the name of a segment, as in "
         "PV1.following('ROL')"},
    };
    static const struct row told[] = {
        {"behind what is no segment", "$value: =PV1-2.following('ROL').count()",
         "accepted\ndesk /1 held <r.yaml:10:20: PV1-2: following() wants a segment before it, as "
         "PV1.following('ROL')>"},
    };
    rows_payload(MAP("ADT^A01", "ADT_A01"), adt, ROWS(rows));
    rows_check(MAP("ADT^A01", "ADT_A01"), ROWS(refused));
    rows_told(MAP("ADT^A01", "ADT_A01"), adt, ROWS(told));
}

Test(scope, a_z_segment_is_looked_for_in_the_whole_message_and_behind_a_dot_in_the_element)
{
    static const struct row results[] = {
        {"bare", "$value: =ZOB-1", "[\"x\"]"},
        {"bare in a loop", EACH("OBX", "OBX-3.1 & ZOB-1"), "[\"ax\",\"bx\",\"cx\",\"dx\"]"},
        {"of the element", EACH("OBX", "OBX-3.1 & $this.ZOB-1"), "[\"ax\",\"b\",\"c\",\"d\"]"},
        {"of an order", EACH("OBR", "OBR-4.1 & $this.ZOB-1"), "[\"GLUx\",\"CBC\",\"TSH\"]"},
        {"of a segment's group", "$value: =OBR.ZOB-1.join('')", "[\"x\"]"},
        {"none of the specimen", "$value: =SPM.ZOB.count()", "[0]"},
        {"as the element of a loop", "$for: ZOB\n    $value: =ZOB-1", "[\"x\"]"},
        {"in a condition", "$value: =OBSERVATION.where($this.ZOB.exists()).OBX-3.1.join('')",
         "[\"a\"]"},
    };
    rows_payload(ORU, oru, ROWS(results));
}

Test(scope, a_segment_that_is_not_part_of_the_structure_is_a_remark)
{
    static const struct row rows[] = {
        {"read", "- send: lab\n    if: FT1-1.exists()",
         "r.yaml:6:9: remark: FT1 is not part of ADT_A01; it is looked for in the whole message"},
        {"walked", "- for: FT1\n    do: { send: lab }",
         "r.yaml:5:10: remark: FT1 is not part of ADT_A01; it is looked for in the whole message"},
        {"written", "- set: { SCH-1.1: x }",
         "r.yaml:5:12: remark: SCH is not part of ADT_A01; it is looked for in the whole message"},
        {"behind $message, which says so", "- send: lab\n    if: $message.FT1-1.exists()", ""},
        {"a Z-segment is none", "- for: ZPI\n    do: { send: lab, id: =ZPI-1 }", ""},
    };
    static const char adt[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
        "PID|1||1\rPV1|1|I\rFT1|1\rFT1|2\r";
    static const struct row told[] = {
        {"it is found", "- drop: two\n    if: FT1.count() = 2", "filtered <a: two (r.yaml:5)>"},
    };
    rows_check(STEPS("ADT^A01"), ROWS(rows));
    rows_told(STEPS("ADT^A01"), adt, ROWS(told));
}

Test(scope, where_everything_is_read_the_structure_of_the_message_decides)
{
    static const struct row results[] = {
        {"orders and their observations",
         "- for: OBR\n    do:\n      - for: OBX\n        do:\n"
         "          - { set: { OBX-8: =OBR-4.1 & $number & '/' & $total } }\n  - send: lab",
         "OBX|1|ST|a||1|||GLU1/2|||F\rOBX|2|ST|b||2|||GLU2/2|||P\rOBX|1|ST|c||3|||CBC1/1|||F\r"
         "OBX|9|ST|s||4||||||F\rOBX|1|ST|d||5|||TSH1/1|||F"},
        {"notes of each observation",
         "- for: OBX\n    do:\n      - set: { OBX-8: =NTE-3.first() }\n        if: OBX-11 = 'P' or "
         "NTE.exists()\n"
         "  - send: lab",
         "OBX|1|ST|a||1|||high|||F\rOBX|2|ST|b||2||||||P\rOBX|1|ST|c||3||||||F\rOBX|9|ST|s||4||||||"
         "F\r"
         "OBX|1|ST|d||5||||||F"},
    };
    static const struct row services[] = {
        {"the appointment's note, not a service's",
         "- delete: 'NTE[1]'\n  - set: { PV1-3.1: =NTE-3.first() }\n"
         "  - send: lab",
         "PV1|1|O"},
        {"a target of its own level", "- delete: 'NTE[1]'\n  - set: { NTE-3: x }\n  - send: lab",
         "NTE|||x\rNTE|1||service one\rNTE|2||and more\rNTE|1||person"},
    };
    rows_lines("route: a\nfrom: epic\nmessages: '*'\ndo:\n  @@\n", oru, ROWS(results));
    rows_lines("route: a\nfrom: epic\nmessages: '*'\ndo:\n  @@\n", siu, ROWS(services));
    static const char service[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||SIU^S12|M1|P|2.5.1\rSCH|1\r"
        "RGS|1\rAIS|1\rNTE|1||service\r";
    static const struct row only[] = {
        {"though the only note is a service's", "- set: { NTE-3: x }\n  - send: lab",
         "NTE|||x\rNTE|1||service"},
    };
    rows_lines("route: a\nfrom: epic\nmessages: '*'\ndo:\n  @@\n", service, ROWS(only));
}

Test(scope, explain_shows_where_a_path_is_looked_for)
{
    struct diags d;
    struct buf b = {0};
    static const char yaml[] =
        "route: a\nfrom: epic\nmessages: [SIU^S12, ADT^A01]\nwhen: PID-8 = 'F'\ndo:\n"
        "  - for: RGS\n    do:\n      - for: AIS\n        do:\n"
        "          - { send: lab, if: PID-8 = 'F' and NTE-3.exists() }\n"
        "      - { set: { AIL-5: x }, if: NK1.empty() }\n";
    struct ruleset *r = kit_compile(yaml, &d);
    cr_assert(r, "%s", kit_findings(&d));
    rules_explain(&b, r);
    const char *got = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    static const char want[] =
        "route a from epic reads SIU_S12 2.5.1, ADT_A01 2.5.1  r.yaml:1\n"
        "  when (path= PID-8 'F')  r.yaml:4\n"
        "  for RGS  r.yaml:6\n"
        "    walks RESOURCES in SIU_S12; segments in ADT_A01\n"
        "    for AIS  r.yaml:8\n"
        "      walks RESOURCES/SERVICE in SIU_S12; segments in ADT_A01\n"
        "      if (and (path= PID-8 'F') (path-exists NTE-3))  r.yaml:10\n"
        "        PID is looked for in PATIENT in SIU_S12; the message itself in ADT_A01\n"
        "        NTE is looked for in RESOURCES/SERVICE in SIU_S12; the whole message in ADT_A01\n"
        "      send lab  r.yaml:10\n"
        "    if (.empty NK1)  r.yaml:11\n"
        "      NK1 is looked for in the whole message in SIU_S12; the message itself in ADT_A01\n"
        "    set   r.yaml:11\n"
        "      AIL-5 'x'  r.yaml:11\n"
        "        AIL is looked for in RESOURCES/LOCATION_RESOURCE in SIU_S12; the whole message "
        "in ADT_A01\n";
    cr_expect_str_eq(got, want, "explain\n  got  %s\n  want %s", got, want);
}
