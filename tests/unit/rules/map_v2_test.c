/* Maps to messages of HL7 v2: places, what may stand there, what must, how it is written. Language, section 10. */
#include "tests/unit/rules/rows.h"

TestSuite(map_v2, .init = kit_begin, .fini = kit_end);

static const char adt[] =
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|T|2.3\r"
    "EVN||20261124093000\r"
    "PID|007||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE\\T\\K^Q~ROE||19800101|F|||1 A ST^^B\r"
    "NK1|1|A^B|FTH\r"
    "NK1|2|C|MTH\r"
    "PV1|1|I|W1^2^^H\r"
    "OBX|1|NM|8867-4^Heart rate^LN||72.50|/min\r"
    "OBX|2|ST|X||\"\"|\r"
    "ZPI|a|b^c\r";
static const char patient[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"R|O^E\","
    "\"given\":[\"J\\u00fcrgen\"]}],\"birthDate\":\"1980-01-02\",\"active\":true,"
    "\"_gender\":{\"extension\":[{\"url\":\"x\",\"valueCode\":\"masked\"}]},"
    "\"multipleBirthInteger\":2,\"text\":{\"status\":\"generated\",\"div\":\"a\\nb\"}}";

#define HEAD  "reads: ADT_A01\nto: ADT^A31\nversion: 2.5.1\nvalue:\n"
#define ROUTE "---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: all, as: m }\n"
static const char frame[] = "map: m\n" HEAD "  PID-3: =PID-3\n  PID-5: =PID-5\n@@\n" ROUTE;
static const char whole[] = "map: m\n" HEAD "@@\n" ROUTE;
static const char from_fhir[] =
    "map: m\nreads: Patient\nto: ADT^A31\nversion: 2.5.1\nvalue:\n  PID-3: { 1: =id }\n@@\n---\n"
    "route: a\nfrom: epic\nmessages: [Patient]\ndo: { send: all, as: m }\n";

Test(map_v2, the_engine_fills_the_head)
{
    static const struct row rows[] = {
        {"all of it", "  PV1-2: N",
         "MSH|^~\\&|||||19700101000000+0000||ADT^A31^ADT_A05|wjtj3rtit5yde7ak2pzm|T|2.5.1"},
        {"unless given", "  PV1-2: N\n  MSH-3.1: A\n  MSH-10: X1\n  MSH-11: { 1: D }",
         "MSH|^~\\&|A||||19700101000000+0000||ADT^A31^ADT_A05|X1|D|2.5.1"},
        {"the event", "  PV1-2: N", "EVN|A31|19700101000000+0000"},
        {"a copied head keeps what says which message this is", "  PV1-2: N\n  MSH: =MSH",
         "MSH|^~\\&|L|MAIN|D|X|19700101000000+0000||ADT^A31^ADT_A05|wjtj3rtit5yde7ak2pzm|T|2.5.1"},
        {"a copied event, too", "  PV1-2: N\n  EVN: =EVN", "EVN|A31|20261124093000"},
        {"some of it", "  PV1-2: N\n  EVN-5: { 1: U }", "EVN|A31|19700101000000+0000|||U"},
    };
    rows_lines(frame, adt, ROWS(rows));
}

Test(map_v2, an_older_version_names_no_structure)
{
    static const char old[] =
        "map: m\nreads: ADT_A01\nto: ADT^A08\nversion: 2.3\nvalue:\n  PID-3: =PID-3\n  PID-5: "
        "=PID-5.first()\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"2.3", "  PV1-2: I",
         "MSH|^~\\&|||||19700101000000+0000||ADT^A08|wjtj3rtit5yde7ak2pzm|T|2.3"},
    };
    rows_lines(old, adt, ROWS(rows));
}

Test(map_v2, places)
{
    static const struct row rows[] = {
        {"whole repetitions", "  PV1-2: N",
         "PID|||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE\\T\\K^Q~ROE"},
        {"a field", "  PV1-2: N\n  PID-8: =PID-8",
         "PID|||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE"
         "\\T\\K^Q~ROE|||F"},
        {"a segment copied", "  PV1: =PV1", "PV1|1|I|W1^2^^H"},
        {"all of a name copied", "  PV1-2: N\n  NK1: =NK1", "NK1|1|A^B|FTH\rNK1|2|C|MTH"},
        {"a list of segments",
         "  PV1-2: N\n  NK1:\n    - $for: NK1\n      1: =$number\n      2: =NK1-2\n      3.1: "
         "=NK1-3.1",
         "NK1|1|A^B|FTH\rNK1|2|C|MTH"},
        {"a list of repetitions",
         "  PV1-2: N\n  PV1-7:\n    - $for: PID-3\n      1: =$this.1\n      9.1: =$this.4.1",
         "PV1||N|||||7^^^^^^^^L~8^^^^^^^^S"},
        {"a repetition by its number", "  PV1-2: N\n  PV1-7[2].1: 9", "PV1||N|||||~9"},
        {"one object for a list", "  PV1-2: N\n  PV1-7: { 1: 9, 9: { 1: L, 2: 1.2 } }",
         "PV1||N|||||9^^^^^^^^L&1.2"},
        {"an indexed segment", "  PV1-2: N\n  NK1[1]-3.1: FTH\n  NK1[2]-3.1: MTH",
         "NK1|||FTH\rNK1|||MTH"},
        {"a segment as one object", "  PV1: { 2: N, 3: { 1: W1 } }", "PV1||N|W1"},
        {"Z-segments", "  PV1-2: N\n  ZPI: =ZPI", "ZPI|a|b^c"},
        {"Z-fields", "  PV1-2: N\n  ZZZ-2: x", "ZZZ||x"},
        {"what is empty is not there", "  PV1-2: N\n  NK1:\n    - $for: NK1\n      5: =NK1-5",
         "no NK1"},
        {"a component of a copied type", "  PV1-2: N\n  PV1-3: =PV1-3", "PV1||N|W1^2^^H"},
        {"zeros in front of a number", "  PV1-2: N\n  NK1: { 1: =PID-1 }", "NK1|007"},
        {"a sign, too", "  PV1-2: N\n  NK1: { 1: +1 }", "NK1|+1"},
        {"a component becomes a field", "  PV1-2: N\n  PID-18:\n    1: 9\n    4: =PID-3[1].4",
         "PID|||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE\\T\\K^Q~ROE|||||||||||||9^^^L&1.2.3&ISO"},
    };
    rows_lines(frame, adt, ROWS(rows));
}

Test(map_v2, segments_stand_where_the_structure_has_them)
{
    const char *told = kit_run(rows_text(frame, "  OBX: =OBX\n  PV1-2: N\n  ROL[1]-1.1: r\n  NK1: "
                                                "=NK1\n  PD1-4[1].1: d"),
                               adt);
    static const char *const order[] = {"MSH", "EVN", "PID|", "PD1", "ROL", "NK1", "PV1", "OBX"};
    const char *at = told;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const char *next = strstr(at, order[i]);
        cr_expect(next, "%s: %s", order[i], told);
        at = next ? next : at;
    }
}

Test(map_v2, groups_hold_their_segments)
{
    static const char oru[] =
        "map: m\nreads: ADT_A01\nto: ORU^R01\nversion: 2.5.1\nvalue:\n  PATIENT_RESULT:\n    "
        "PATIENT: { PID-3: =PID-3, PID-5: =PID-5 }\n    ORDER_OBSERVATION:\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"one of each",
         "      - OBR-4.1: A\n        OBSERVATION:\n          - $for: OBX\n            OBX-2: "
         "=OBX-2\n            OBX-3: =OBX-3\n            OBX-11: F\n      - OBR-4.1: B",
         "OBR||||A\rOBR||||B"},
        {"below",
         "      - OBR-4.1: A\n        OBSERVATION:\n          - $for: OBX\n            OBX-2: "
         "=OBX-2\n            OBX-3: =OBX-3\n            OBX-11: F",
         "OBX||NM|8867-4^Heart rate^LN||||||||F\rOBX||ST|X||||||||F"},
        {"as segments", "      - OBR: { 4: { 1: A } }\n        NTE: [{ 3: n }, { 3: o }]",
         "NTE|||n\rNTE|||o"},
    };
    rows_lines(oru, adt, ROWS(rows));
    const char *told = kit_run(
        rows_text(oru, "      - OBR-4.1: A\n        OBSERVATION: [{ OBX-3.1: x, OBX-11: F }]\n     "
                       " - OBR-4.1: B\n        OBSERVATION: [{ OBX-3.1: y, OBX-11: F }]"),
        adt);
    cr_expect(strstr(told, "OBR||||A\rOBX|||x||||||||F\rOBR||||B\rOBX|||y||||||||F\r"), "%s", told);
    static const struct row refused[] = {
        {"a group without its opener", "      - OBSERVATION: [{ OBX-3.1: x, OBX-11: F }]",
         "r.yaml:9:9: error: ORDER_OBSERVATION demands OBR, and nothing makes it; write its "
         "fields, "
         "as OBR-1: ..."},
        {"a segment of another group", "      - OBR-4.1: A\n        PID-8: F",
         "r.yaml:10:9: error: ORU_R01 has no segment PID in this group"},
    };
    rows_check(oru, ROWS(refused));
}

#define PARTS                                                                                      \
    "---\nmap: cx\nreads: CX\nto: CX\nversion: 2.5.1\nwith: { kind: PI }\nvalue:\n  1: "           \
    "=$this.1\n  "                                                                                 \
    "4: =$this.4\n  5: =coalesce($this.5, $kind)\n"                                                \
    "---\nmap: nk1\nreads: ADT_A01\nat: NK1\nto: NK1\nversion: 2.5.1\nneeds: [n]\nvalue:\n  1: "   \
    "=$n\n  2: "                                                                                   \
    "=NK1-2\n  3.1: =NK1-3.1\n"                                                                    \
    "---\nmap: obx\nreads: ADT_A01\nat: OBX\nto: ORU_R01.OBSERVATION\nversion: 2.5.1\nvalue:\n  "  \
    "OBX-2: "                                                                                      \
    "=OBX-2\n  OBX-3: =OBX-3\n  OBX-11: F\n  NTE: [{ 3: =OBX-6.1 }]\n"                             \
    "---\nmap: cwe\nreads: CWE\nto: CWE\nversion: 2.5.1\nvalue: { 1: =$this.1 }\n"                 \
    "---\nmap: old\nreads: CX\nto: CX\nversion: 2.3\nvalue: { 1: =$this.1 }\n"                     \
    "---\nmap: whole\nreads: ADT_A01\nto: ADT^A31\nversion: 2.5.1\nvalue: { PV1: =PV1, PID: =PID " \
    "}\n"                                                                                          \
    "---\nmap: tree\nreads: CX\nto: json\nvalue: { a: =$this.1 }\n"

Test(map_v2, parts_are_made_by_maps_of_their_own)
{
    static const char parts[] = "map: m\n" HEAD "  PID-5: =PID-5\n  PV1-2: N\n@@\n" PARTS ROUTE;
    static const struct row rows[] = {
        {"repetitions of a datatype", "  PID-3: [{ $for: PID-3, $use: cx }]",
         "PID|||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE\\T\\K^Q~ROE"},
        {"a field that is a value of the message",
         "  PID-3: =PID-3\n  PV1-19: { $use: cx2 }\n---\nmap: cx2\nreads: ADT_A01\nto: "
         "CX\nversion: 2.5.1\nvalue: '=PID-3[2]'",
         "PV1||N|||||||||||||||||8^^^S^SS"},
        {"a default and a parameter",
         "  PID-3:\n    - { $for: PID-3, $use: cx, $with: { kind: X }, $also: { 5: Y, 6.1: f } }",
         "PID|||7^^^L&1.2.3&ISO^Y^f~8^^^S^Y^f||DOE^JANE\\T\\K^Q~ROE"},
        {"segments",
         "  PID-3: =PID-3\n  NK1:\n    - $for: NK1\n      $use: nk1\n      $with: { n: =$number }",
         "NK1|1|A^B|FTH\rNK1|2|C|MTH"},
        {"a segment with a field laid over",
         "  PID-3: =PID-3\n  NK1:\n    - $for: NK1\n      $use: nk1\n      $with: { n: 9 }\n      "
         "$also: { "
         "3.1: FRD }",
         "NK1|9|A^B|FRD\rNK1|9|C|FRD"},
        {"a segment of one's own",
         "  PID-3: =PID-3\n  ZPI: { $use: zpi }\n---\nmap: zpi\nreads: ADT_A01\nto: ZPI\nversion: "
         "2.5.1\nvalue: { 2: =PID-8 }",
         "ZPI||F"},
    };
    rows_lines(parts, adt, ROWS(rows));
    static const char oru[] =
        "map: m\nreads: ADT_A01\nto: ORU^R01\nversion: 2.5.1\nvalue:\n"
        "  PATIENT_RESULT:\n    ORDER_OBSERVATION:\n      - OBR-4.1: A\n@@\n" PARTS ROUTE;
    static const struct row groups[] = {
        {"groups", "        OBSERVATION: [{ $for: OBX, $use: obx }]",
         "OBX||NM|8867-4^Heart rate^LN||||||||F\rOBX||ST|X||||||||F"},
        {"with all that they hold", "        OBSERVATION: [{ $for: OBX, $use: obx }]",
         "NTE|||/min"},
    };
    rows_lines(oru, adt, ROWS(groups));
}

Test(map_v2, a_message_is_another_one_with_more)
{
    static const char more[] =
        "map: m\nreads: ADT_A01\nto: ADT^A28\nversion: 2.5.1\nvalue:\n  $use: base\n  $with: { c: "
        "O }\n"
        "@@\n---\nmap: base\nreads: ADT_A01\nto: ADT^A31\nversion: 2.5.1\nneeds: [c]\nvalue:\n"
        "  PID: { 3: =PID-3, 5: =PID-5 }\n  PV1-2: =$c\n" ROUTE;
    static const struct row rows[] = {
        {"the event is its own", "",
         "MSH|^~\\&|||||19700101000000+0000||ADT^A28^ADT_A05|wjtj3rtit5yde7ak2pzm|T|2.5.1"},
        {"with its parameter", "", "PV1||O"},
        {"with a segment", "  $also: { NK1: =NK1 }", "NK1|1|A^B|FTH\rNK1|2|C|MTH"},
        {"with a field", "  $also: { PID-8: =PID-8 }",
         "PID|||7^^^L&1.2.3&ISO^MR~8^^^S^SS||DOE^JANE\\T\\K^Q~ROE|||F"},
        {"with another value", "  $also: { PV1-2: E }", "PV1||E"},
    };
    rows_lines(more, adt, ROWS(rows));
    static const char other[] =
        "map: m\nreads: ADT_A01\nto: SIU^S12\nversion: 2.5.1\nvalue: { $use: base }\n@@\n---\nmap: "
        "base\n"
        "reads: ADT_A01\nto: ADT^A31\nversion: 2.5.1\nvalue: { PID: =PID, PV1: =PV1 }\n" ROUTE;
    static const struct row refused[] = {
        {"of another structure", "",
         "r.yaml:5:16: error: the map base makes ADT^A31, and SIU_S12 is wanted here"},
    };
    rows_check(other, ROWS(refused));
}

Test(map_v2, a_part_stands_where_it_fits)
{
    static const char parts[] =
        "map: m\n" HEAD "  PID-3: =PID-3\n  PID-5: =PID-5\n@@\n" PARTS ROUTE;
    static const struct row rows[] = {
        {"a datatype for another", "  PV1-2: N\n  PID-11: [{ $for: PID-3, $use: cx }]",
         "r.yaml:9:33: error: the map cx makes CX, and XAD is wanted here; such a map says to: XAD "
         "with version: 2.5.1"},
        {"another datatype than it reads", "  PV1-2: N\n  PID-10: [{ $for: OBX-3, $use: cwe }]",
         "r.yaml:9:33: error: the map cwe reads a CWE, $this is CE here; walk values of that type "
         "with $for:"},
        {"a segment for another", "  PV1: { $use: nk1, $with: { n: 1 } }",
         "r.yaml:8:16: error: the map nk1 makes NK1, and PV1 is wanted here; such a map says to: "
         "PV1 with version: 2.5.1"},
        {"a group of another structure", "  PV1-2: N\n  PROCEDURE: [{ $use: obx }]",
         "r.yaml:9:23: error: the map obx makes ORU_R01.OBSERVATION, and PROCEDURE is wanted here"},
        {"of another version", "  PV1-2: N\n  PV1-19: { $use: old }",
         "r.yaml:9:19: error: the map old makes CX of version 2.3, this message is of 2.5.1; a "
         "part "
         "has the version: of the message it goes into"},
        {"JSON", "  PV1-2: N\n  PV1-19: { $use: tree }",
         "r.yaml:9:19: error: the map tree makes json, and CX is wanted here; such a map says to: "
         "CX "
         "with version: 2.5.1"},
        {"a message", "  PV1-2: N\n  PV1-19: { $use: whole }",
         "r.yaml:9:13: error: that map makes a message of HL7 v2, which is no part of anything; "
         "send it with send: NAME, as: MAP"},
        {"no loop at what it reads", "  PV1-2: N\n  NK1: [{ $use: nk1, $with: { n: 1 } }]",
         "r.yaml:9:17: error: the map nk1 starts at NK1, and no loop is at one here; put this into "
         "for: NK1"},
        {"a parameter that is not given", "  PV1-2: N\n  NK1: [{ $for: NK1, $use: nk1 }]",
         "r.yaml:9:28: error: nk1 needs $n; give it with with: {n: ...}"},
        {"one that uses itself",
         "  PV1-2: N\n  NK1: [{ $use: c }]\n---\nmap: c\nreads: ADT_A01\nto: NK1\nversion: "
         "2.5.1\nvalue: { $use: c }",
         "r.yaml:1:6: error: the map m uses itself, directly or through another"},
        {"a part that no message has",
         "  PV1-2: N\n---\nmap: x\nreads: ADT_A01\nto: XX1\nversion: 2.5.1\nvalue: { 1: a }",
         "r.yaml:12:5: error: XX1 is nothing that a message of version 2.5.1 has; write a message "
         "as ADT^A31, a segment as NK1, a datatype as CX, or a group as ORU_R01.OBSERVATION"},
        {"a part without a version",
         "  PV1-2: N\n---\nmap: x\nreads: ADT_A01\nto: NK1\nvalue: { 1: 1 }",
         "r.yaml:12:5: error: a map to HL7 v2 says its version; write version: 2.5.1, "
         "what the receiver reads"},
        {"a field that it lacks",
         "  PV1-2: N\n---\nmap: x\nreads: ADT_A01\nto: CX\nversion: 2.5.1\nvalue: { 19: a }",
         "r.yaml:14:10: error: CX has 10 parts in version 2.5.1"},
        {"a part that is sent",
         "  PV1-2: N\n---\nroute: z\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: all, as: cx2 "
         "}\n---\n"
         "map: cx2\nreads: ADT_A01\nto: CX\nversion: 2.5.1\nvalue: { 1: a }",
         "r.yaml:13:22: error: the map cx2 makes a CX, and a message is sent; such a map is for "
         "$use:"},
        {"a part in JSON",
         "  PV1-2: N\n---\nmap: j\nreads: ADT_A01\nto: json\nvalue: { a: { $use: cx2 } "
         "}\n---\nmap: "
         "cx2\nreads: ADT_A01\nto: CX\nversion: 2.5.1\nvalue: { 1: a }",
         "r.yaml:13:15: error: that map makes a part of a message of HL7 v2, and this is none; use "
         "a "
         "map to json or to a type of FHIR"},
    };
    rows_check(parts, ROWS(rows));
}

Test(map_v2, values_are_encoded)
{
    static const struct row rows[] = {
        {"delimiters", "  PV1-2: N\n  PID-5:\n    - $for: name\n      1.1: =family",
         "PID|||p||R\\F\\O\\S\\E"},
        {"a date", "  PV1-2: N\n  PID-5.1: { 1: x }\n  PID-7: =birthDate", "PID|||p||x||19800102"},
        {"a number", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-25: =multipleBirth",
         "PID|||p||x||||||||||||||||||||2"},
        {"true or false", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-24: =iif(active, 'Y', 'N')",
         "PID|||p||x|||||||||||||||||||Y"},
        {"the null", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-19: =null()",
         "PID|||p||x||||||||||||||\"\""},
        {"a line feed in formatted text",
         "  PV1-2: N\n  PID-5: { 1.1: x }\n  ZPI-1: y\n  OBX[1]-5: >-\n    "
         "='a' & 'b'\n  OBX[1]-3.1: c\n  OBX[1]-11: F",
         "OBX|||c||ab||||||F"},
        {"no line feed breaks a segment", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-23: =text.div",
         "PID|||p||x||||||||||||||||||a\\X0A\\b"},
        {"a text that is no ASCII",
         "  PV1-2: N\n  PID-5:\n    - $for: name\n      2: =given.first()",
         "PID|||p||^J\xc3\xbcrgen"},
        {"its character set, before what stands behind it",
         "  PV1-2: N\n  MSH-21: { 1: prof }\n  PID-5:\n    - $for: name\n      2: =given.first()",
         "MSH|^~\\&|||||19700101000000+0000||ADT^A31^ADT_A05|wjtj3rtit5yde7ak2pzm|P|2.5.1||||||"
         "UNICODE UTF-8|||prof"},
        {"its character set", "  PV1-2: N\n  PID-5:\n    - $for: name\n      2: =given.first()",
         "MSH|^~\\&|||||19700101000000+0000||ADT^A31^ADT_A05|wjtj3rtit5yde7ak2pzm|P|2.5.1||||||"
         "UNICODE UTF-8"},
    };
    static const struct row fixed[] = {
        {"a date in a component", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-7: =birthDate",
         "PID|||p||x||19800102"},
        {"a primitive of extensions alone", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-8: =gender",
         "PID|||p||x"},
    };
    rows_lines(from_fhir, patient, rows, 1);
    rows_lines(from_fhir, patient, ROWS(fixed));
    rows_lines(from_fhir, patient, rows + 2, sizeof(rows) / sizeof(rows[0]) - 2);
}

Test(map_v2, what_is_not_of_its_type_is_a_fault)
{
    static const struct row rows[] = {
        {"no date", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-7: =id",
         "accepted\nall /* held <r.yaml:9:11: id: the value is no TS, as PID-7 wants>"},
        {"no number", "  PV1-2: N\n  PID-5: { 1.1: x }\n  PID-25: =id",
         "accepted\nall /* held <r.yaml:9:12: id: the value is no NM, as PID-25 wants>"},
        {"what the structure demands is empty", "  PV1-2: =gender\n  PID-5: { 1.1: x }",
         "accepted\nall /* held <r.yaml:1:6: PV1: the structure demands it, and it came out "
         "empty>"},
    };
    rows_told(from_fhir, patient, ROWS(rows));
}

Test(map_v2, check_refuses_what_the_message_does_not_have)
{
    static const struct row rows[] = {
        {"a field", "  PV1-2: N\n  PID-99: x",
         "r.yaml:9:3: error: PID-99: no HL7 version has a field 99 in PID"},
        {"a field of a later version", "  PV1-2: N\n  PID-40: x",
         "r.yaml:9:3: error: PID-40: version 2.5.1 has no such place"},
        {"a component", "  PV1-2: N\n  PV1-3.99: x",
         "r.yaml:9:3: error: PV1-3.99: no HL7 version has this component in PV1-3"},
        {"a segment of other messages", "  PV1-2: N\n  SCH-1.1: x",
         "r.yaml:9:3: error: ADT_A05 has no segment SCH"},
        {"what is no place", "  PV1-2: N\n  pid: x",
         "r.yaml:9:3: error: pid is no place of a message: a path begins with a segment name of "
         "three "
         "capitals or digits, as PID-3.1; keys are paths as PID-3[1].1, segments, or groups of "
         "ADT_A05"},
        {"which segment", "  PV1-2: N\n  NK1-3.1: FTH",
         "r.yaml:9:3: error: NK1 repeats, the key must say which one; write NK1[1]-3, or a list of "
         "segments under NK1"},
        {"which repetition", "  PV1-2: N\n  PV1-7.1: x",
         "r.yaml:9:3: error: PV1-7 repeats, the key must say which repetition; write PV1-7[1].1, "
         "or "
         "a list under PV1-7"},
        {"a list where one stands", "  PV1-2: [N]",
         "r.yaml:8:10: error: PV1-2 does not repeat, and this is a list"},
        {"a text for a composite", "  PV1-2: N\n  PV1-3: W1",
         "r.yaml:9:10: error: PV1-3 is a PL of several parts, and this is one text; write its "
         "parts: { 1: ... }"},
        {"another type", "  PV1-2: N\n  PV1-3: =PID-3.first()",
         "r.yaml:9:17: error: PV1-3 wants PL, this gives one text or another type; write its "
         "parts: { 1: =... }"},
        {"several parts for one text", "  PV1-2: =PV1-3",
         "r.yaml:8:11: error: PV1-2 wants IS, this gives several parts; say which part, as in .1"},
        {"parts of what has none", "  PV1-2: { 1: N }",
         "r.yaml:8:10: error: PV1-2 has no parts, and this is an object; write a text or a "
         "formula, "
         "or { $value: =... }"},
        {"true or false", "  PV1-2: =PID-8 = 'F'",
         "r.yaml:8:17: error: PV1-2 wants IS, this gives true or false; write =iif(..., 'Y', 'N')"},
        {"a literal", "  PV1-2: N\n  PID-7: 1980-01-01",
         "r.yaml:9:10: error: this is no TS, as PID-7 wants; write YYYYMMDD or YYYYMMDDHHMMSS"},
        {"the delimiters", "  PV1-2: N\n  MSH-2: x",
         "r.yaml:9:3: error: MSH-1 and MSH-2 are the delimiters, which the engine writes; leave "
         "the key out"},
        {"the character set", "  PV1-2: N\n  MSH-18: x",
         "r.yaml:9:3: error: MSH-18 is written by the engine, as the text is; leave the key out"},
        {"the same twice", "  PV1: =PV1\n  PV1-2: N",
         "r.yaml:9:3: error: PV1-2 overlaps with PV1 in the same object"},
        {"a part of what is written whole", "  PV1-2: N\n  PID-3[1].1: 7",
         "r.yaml:9:3: error: PID-3[1].1 overlaps with PID-3 in the same object"},
        {"another segment", "  PV1-2: N\n  PD1: =PV1",
         "r.yaml:9:9: error: PD1 wants a segment of this name, this gives something else; write "
         "=PD1 or fields: { 1: ... }"},
        {"a number", "  PV1-2: N\n  PID-1: one",
         "r.yaml:9:10: error: this is no SI, as PID-1 wants; write digits, as 12 or 1.5"},
        {"a code of another table", "  PV1-2: N\n  PID-30: Q",
         "r.yaml:9:11: warning: Q is no code of HL7 table 0136 (Yes/no indicator), as PID-30 "
         "wants"},
        {"a day", "  PV1-2: N\n  PV1-25: [1.2.2026]",
         "r.yaml:9:12: error: this is no DT, as PV1-25 wants; write YYYYMMDD"},
        {"a group nearly", "  PV1-2: N\n  INSURENCE: [{ IN1-1: 1 }]",
         "r.yaml:9:3: error: INSURENCE is no place of a message; did you mean INSURANCE?"},
        {"several of what stands in a group", "  PV1-2: N\n  IN1: [{ 1: 1 }]",
         "r.yaml:9:8: error: IN1 does not repeat, and this is a list; its group does: write a list "
         "under INSURANCE"},
        {"a part by its name", "  PV1-2: N\n  PV1-7: { a: x }",
         "r.yaml:9:12: error: a is no part of PV1-7; keys here are numbers: of fields in a "
         "segment, "
         "of components (4.2) in a field"},
        {"a part by its whole name", "  PV1-2: N\n  NK1: [{ NK1-2: x }]",
         "r.yaml:9:11: error: NK1-2 is no part of NK1; write 2 here"},
        {"a component by its whole name", "  PV1-2: N\n  PV1-7: { PV1-7.2: x }",
         "r.yaml:9:12: error: PV1-7.2 is no part of PV1-7; write 2 here"},
        {"a part of another segment", "  PV1-2: N\n  NK1: [{ PID-2: x }]",
         "r.yaml:9:11: error: PID-2 is no part of NK1; keys here are numbers: of fields in a "
         "segment, of components (4.2) in a field"},
        {"another map", "  PV1-2: N\n  NK1: [{ $use: m }]",
         "r.yaml:9:11: error: that map makes a message of HL7 v2, which is no part of anything; "
         "send "
         "it with send: NAME, as: MAP"},
    };
    rows_check(frame, ROWS(rows));
    static const struct row missing[] = {
        {"segments", "  PID-3: =PID-3",
         "r.yaml:6:3: error: ADT_A05 demands PV1, and nothing makes it; write its fields, as "
         "PV1-1: "
         "..."},
    };
    rows_check(whole, ROWS(missing));
}

Test(map_v2, segments_of_groups_may_be_written_from_outside)
{
    static const char siu[] = "map: m\nreads: ADT_A01\nto: SIU^S12\nversion: "
                              "2.5.1\nvalue:\n  SCH-2.1: x\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"one instance", "  RGS[1]-1: 1\n  AIS[1]-1: 1\n  AIS[1]-3.1: s", "RGS|1"},
        {"with what is below", "  RGS[1]-1: 1\n  AIS[1]-1: 1\n  AIS[1]-3.1: s", "AIS|1||s"},
    };
    rows_lines(siu, adt, ROWS(rows));
    static const struct row refused[] = {
        {"without what opens it", "  AIS[1]-3.1: s",
         "r.yaml:6:3: error: RESOURCES demands RGS, and nothing makes it; write its fields, as "
         "RGS-1: ..., or a list under RESOURCES:"},
        {"without the group, which is demanded", "  SCH-1.1: x",
         "r.yaml:6:3: error: RESOURCES demands RGS, and nothing makes it; write its fields, as "
         "RGS-1: ..., or a list under RESOURCES:"},
        {"beside the group's own name", "  RGS[1]-2: A\n  RESOURCES: [{ RGS-1: 1 }]",
         "r.yaml:7:3: error: RGS stands in RESOURCES, which is written by its name in the same "
         "object; write it under RESOURCES"},
        {"below that group", "  RESOURCES: [{ RGS-1: 1 }]\n  AIS[1]-1: 1",
         "r.yaml:8:3: error: AIS stands in RESOURCES, which is written by its name in the same "
         "object; write it under RESOURCES"},
    };
    rows_check(siu, ROWS(refused));
}

Test(map_v2, a_group_that_is_demanded_and_comes_out_empty_fails_the_route)
{
    static const char siu[] = "map: m\nreads: ADT_A01\nto: SIU^S12\nversion: "
                              "2.5.1\nvalue:\n  SCH-2.1: x\n  RESOURCES:\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"the group", "    - { $for: DG1, RGS-1: 1 }",
         "accepted\nall /* held <r.yaml:1:6: RESOURCES: the structure demands it, and it "
         "came "
         "out empty>"},
        {"one in it may", "    - { RGS-1: 1, SERVICE: [{ $for: DG1, AIS-1: 1, AIS-3.1: x }] }",
         "accepted\nall..."},
    };
    rows_told(siu, adt, ROWS(rows));
}

Test(map_v2, required_fields_are_a_remark)
{
    static const char list[] = "map: m\n" HEAD "  PID-3: =PID-3\n  PV1-2: N\n  NK1:\n@@\n" ROUTE;
    static const struct row rows[] = {
        {"missing", "    - { 2: { 1.1: x } }",
         "r.yaml:9:7: remark: NK1-1 (Set ID - NK1) is required in version 2.5.1, and nothing makes "
         "it"},
        {"there", "    - { 1: 1, 2: { 1.1: x } }", ""},
        {"filled by the engine", "    - { 1: 1 }\n  MSH: { 3.1: A }\n  EVN: { 4: O }", ""},
    };
    rows_check(list, ROWS(rows));
}

Test(map_v2, the_head_says_message_and_version)
{
    static const char head[] = "map: m\nreads: ADT_A01\n@@\nvalue: { PV1-2: N, PID-3: =PID-3 }\n";
    static const struct row rows[] = {
        {"a structure: nothing more of what it would make", "to: ADT_A01",
         "r.yaml:3:5: error: FHIR R4 has no type ADT_A01; a map makes json, a type of FHIR R4 as "
         "Patient or HumanName, or a message of HL7 v2 as ADT^A31"},
        {"no version", "to: ADT^A31",
         "r.yaml:3:5: error: a map to HL7 v2 says its version; write version: 2.5.1, "
         "what the receiver reads"},
        {"no such version", "to: ADT^A31\nversion: 3.0",
         "r.yaml:4:10: error: this is no version of HL7 v2 from 2.1 to 2.7.1; write version: "
         "2.5.1, "
         "what the receiver reads"},
        {"no such message", "to: ADT^X99\nversion: 2.5.1",
         "r.yaml:3:5: error: ADT^X99 is no message of HL7 v2 with a known structure"},
        {"small letters", "to: ADT^a31\nversion: 2.5.1",
         "r.yaml:3:5: error: ADT^a31 is no message of HL7 v2 with a known structure; did you mean "
         "ADT^A31?"},
        {"an event of another type", "to: ADT^S12\nversion: 2.5.1",
         "r.yaml:3:5: error: ADT^S12 is no message of HL7 v2 with a known structure; did you mean "
         "SIU^S12?"},
        {"a version of what has none", "to: json\nversion: 2.5.1",
         "r.yaml:4:1: error: version: is for maps to HL7 v2, as to: ADT^A31 or to: NK1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_check(rows_text(head, rows[i].text));
        cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s", rows[i].name,
                  got);
    }
}

Test(map_v2, outputs_of_one_message_have_ids_of_their_own)
{
    static const char two[] =
        "map: m\n" HEAD "  PID-3: =PID-3\n  PV1-2: N\n---\nroute: a\nfrom: epic\nmessages: "
        "[ADT^A01]\ndo:\n  - send: all\n    as: m\n    id: x\n  - send: all\n    as: m\n    id: "
        "y\n";
    const char *told = kit_run(two, adt), *first = strstr(told, "ADT_A05|"),
               *second = first ? strstr(first + 1, "ADT_A05|") : NULL;
    cr_assert(first && second, "%s", told);
    cr_expect_neq(strncmp(first, second, 28), 0);
}

Test(map_v2, a_field_may_repeat_often)
{
    static const char rules[] =
        "map: m\nreads: ADT_A01\nto: ADT^A31\nversion: 2.5.1\nvalue:\n  PID-3:\n    - $for: NK1\n"
        "      1: =NK1-2.first().1.1\n      4.1: A\n  PID-5: =PID-5\n  PV1-2: N\n" ROUTE;
    struct buf text = {0};
    unsigned n = 0;
    buf_puts(&text, "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|T|2.5.1\rPID|1||7||DOE\r");
    for (unsigned i = 0; i < 9000; i++) {
        buf_printf(&text, "NK1|1|%040u\r", i);
    }
    buf_puts(&text, "PV1|1|I\r");
    buf_putc(&text, '\0');
    const char *told = kit_line(kit_run(rules, text.p), "PID");
    for (const char *p = told; (p = strstr(p, "^^^A")); p++) {
        n++;
    }
    cr_expect_eq(n, 9000, "%.200s", told);
    buf_free(&text);
}

Test(map_v2, segments_of_ones_own_are_as_many_as_there_are)
{
    struct buf keys = {0};
    unsigned n = 0;
    buf_puts(&keys, "  PV1-2: N\n");
    for (unsigned i = 0; i < 100; i++) {
        buf_printf(&keys, "  Z%02u-1: a\n  Z%02u-2: b\n", i, i);
    }
    buf_putc(&keys, '\0');
    for (const char *p = kit_run(rows_text(frame, keys.p), adt); (p = strstr(p, "|a|b\r")); p++) {
        n++;
    }
    cr_expect_eq(n, 100);
    buf_free(&keys);
}
