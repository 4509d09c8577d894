/* Language section 6: targets. */
#include "tests/unit/rules/rows.h"

TestSuite(target, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN|A01|20261124\r"
                          "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS||DOE^JANE||19800101|F\r"
                          "ZPI|1\r"
                          "NK1|1|DOE^JIM\rNK1|2|DOE^TIM\r"
                          "PV1|1|I|W1^101||||12^SMITH\r"
                          "IN1|1|A\rIN1|2|B\rZIN|2\r";

#define ROUTE    "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SET      ROUTE "do:\n  - set:\n      @@\n  - send: lab\n"
#define STEPS    ROUTE "do:\n  @@\n  - send: lab\n"
#define NK1S     "NK1|1|DOE^JIM\rNK1|2|DOE^TIM"
#define PID_REST "||DOE^JANE||19800101|F"

Test(target, all_right_sides_see_the_message_before_the_step)
{
    static const struct row rows[] = {
        {"two fields change places", "PV1-2: =PV1-3.1\n      PV1-3.1: =PV1-2",
         "PV1|1|W1|I^101||||12^SMITH"},
        {"a chain does not run through", "PV1-2: x\n      PV1-4: =PV1-2\n      PV1-5: =PV1-4",
         "PV1|1|x|W1^101|I|||12^SMITH"},
        {"two repetitions change places", "'PID-3[1]': '=PID-3[2]'\n      'PID-3[2]': '=PID-3[1]'",
         "PID|1||99-1^^^SSA^SS~4711^^^EPIC^MR" PID_REST},
        {"two segments change places",
         "'NK1[1]-2': '=NK1[2]-2[1]'\n      'NK1[2]-2': '=NK1[1]-2[1]'",
         "NK1|1|DOE^TIM\rNK1|2|DOE^JIM"},
        {"a new segment is not there yet",
         "'NK1[+]-1': =NK1.count()\n      'NK1[+]-3.1': =NK1.count()", NK1S "\rNK1|2||2"},
        {"a decision on what is written",
         "PV1-2: O\n      PV1-4: >-\n        =iif(PV1-2 = 'I', 'was', 'is')",
         "PV1|1|O|W1^101|was|||12^SMITH"},
    };
    static const struct row steps[] = {
        {"the next step sees it", "- set: { PV1-2: x }\n  - set: { PV1-4: =PV1-2 }",
         "PV1|1|x|W1^101|x|||12^SMITH"},
        {"so does a copy", "- set: { PV1-2: x }\n  - copy: PV1-2\n    to: PV1-4",
         "PV1|1|x|W1^101|x|||12^SMITH"},
        {"so does what a delete left", "- delete: 'PID-3[1]'\n  - set: { PV1-2: '=PID-3[1].1' }",
         "PV1|1|99-1|W1^101||||12^SMITH"},
    };
    rows_lines(SET, adt, ROWS(rows));
    rows_lines(STEPS, adt, ROWS(steps));
}

#define OVERLAP(line, a, b) "r.yaml:" line ":7: error: " a " overlaps with " b " in the same set"

Test(target, targets_that_overlap_in_one_set_are_an_error)
{
    static const struct row rows[] = {
        {"a component of a field", "PV1-3: x\n      PV1-3.1: y", OVERLAP("7", "PV1-3.1", "PV1-3")},
        {"the field of a component", "PV1-3.1: x\n      PV1-3: y",
         OVERLAP("7", "PV1-3", "PV1-3.1")},
        {"a subcomponent of a component", "PV1-3.4: x\n      PV1-3.4.1: y",
         OVERLAP("7", "PV1-3.4.1", "PV1-3.4")},
        {"a repetition of a whole field", "PID-3: x\n      'PID-3[2]': y",
         OVERLAP("7", "PID-3[2]", "PID-3")},
        {"a new repetition of a whole field", "PID-3: x\n      'PID-3[+]': y",
         OVERLAP("7", "PID-3[+]", "PID-3")},
        {"a component of a repetition", "'PID-3[2]': x\n      'PID-3[2].4.1': y",
         OVERLAP("7", "PID-3[2].4.1", "PID-3[2]")},
        {"each and one", "'PID-3[*].5': x\n      'PID-3[1].5': y",
         OVERLAP("7", "PID-3[1].5", "PID-3[*].5")},
        {"last and one", "'PID-3[last].5': x\n      'PID-3[1].5': y",
         OVERLAP("7", "PID-3[1].5", "PID-3[last].5")},
        {"each segment and one", "'NK1[*]-1': 7\n      'NK1[2]-1': 7",
         OVERLAP("7", "NK1[2]-1", "NK1[*]-1")},
        {"the last segment and one", "'NK1[2]-1': 7\n      'NK1[last]-1': 7",
         OVERLAP("7", "NK1[last]-1", "NK1[2]-1")},
        {"an index that says nothing new", "PV1-2: x\n      'PV1[1]-2': y",
         OVERLAP("7", "PV1[1]-2", "PV1-2")},
        {"the first repetition without its index", "PV1-2: x\n      'PV1-2[1]': y",
         OVERLAP("7", "PV1-2[1]", "PV1-2")},
        {"a new one twice", "'PID-3[+].1': x\n      'PID-3[+].1.1': y",
         OVERLAP("7", "PID-3[+].1.1", "PID-3[+].1")},
        {"a new one and the last", "'PID-3[+].1': x\n      'PID-3[last].5': y",
         OVERLAP("7", "PID-3[last].5", "PID-3[+].1")},
        {"each and a new one", "'PID-3[*].5': x\n      'PID-3[+].1': y",
         OVERLAP("7", "PID-3[+].1", "PID-3[*].5")},
        {"a new segment and the last", "'NK1[+]-1': 7\n      'NK1[last]-3.1': y",
         OVERLAP("7", "NK1[last]-3.1", "NK1[+]-1")},
        {"two fields of the last segment", "'NK1[last]-1': 7\n      'NK1[last]-3.1': y", ""},
        {"with one between", "PV1-3: x\n      PV1-4: z\n      PV1-3.1: y",
         OVERLAP("8", "PV1-3.1", "PV1-3")},
        {"each pair is told", "PV1-3.1: x\n      PV1-3.2: y\n      PV1-3: z",
         OVERLAP("8", "PV1-3", "PV1-3.1") "\n" OVERLAP("8", "PV1-3", "PV1-3.2")},
        {"two components", "PV1-3.1: x\n      PV1-3.2: y", ""},
        {"two subcomponents", "PV1-3.4.1: x\n      PV1-3.4.2: y", ""},
        {"two repetitions", "'PID-3[1]': x\n      'PID-3[2]': y", ""},
        {"an old and a new repetition", "'PID-3[1]': x\n      'PID-3[+]': y", ""},
        {"two segments", "'NK1[1]-1': 7\n      'NK1[2]-1': 7", ""},
        {"an old and a new segment", "'NK1[1]-1': 7\n      'NK1[+]-1': 7", ""},
        {"two fields of a new segment", "'NK1[+]-1': 7\n      'NK1[+]-3': y", ""},
        {"two components of a new repetition", "'PID-3[+].1': x\n      'PID-3[+].5': y", ""},
        {"two steps", "PV1-3: x\n  - set:\n      PV1-3.1: y", ""},
    };
    rows_check(SET, ROWS(rows));
}

Test(target, a_literal_that_is_no_code_of_its_table_is_warned_of)
{
    static const struct row rows[] = {
        {"a code", "MSH-15: AL", ""},
        {"none", "MSH-15: QQ",
         "r.yaml:6:15: warning: QQ is no code of HL7 table 0155 (Accept/application "
         "acknowledgment conditions), as MSH-15 wants"},
        {"of a component", "MSH-11.1: X",
         "r.yaml:6:17: warning: X is no code of HL7 table 0103 (Processing ID), as MSH-11.1 wants"},
        {"a formula is not looked at", "MSH-15: =PID-8", ""},
        {"null", "MSH-15: '\"\"'", ""},
        {"codes of the site", "PV1-2: QQ", ""},
        {"identifier types, which sites add to", "'PID-3[1].5': EPI", ""},
    };
    rows_check(SET, ROWS(rows));
}

Test(target, a_whole_field_takes_all_values_as_its_repetitions)
{
    static const struct row rows[] = {
        {"all of another field", "PID-4: =PID-3",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS|4711^^^EPIC^MR~99-1^^^SSA^SS|DOE^JANE||19800101|F"},
        {"a part of each", "PID-4: =PID-3.1",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS|4711~99-1|DOE^JANE||19800101|F"},
        {"those that are chosen", "PID-3: =PID-3.where($this.5 = 'SS')",
         "PID|1||99-1^^^SSA^SS" PID_REST},
        {"those of two", "PID-3: =PID-3.where($this.5 = 'SS') | PID-3.where($this.5 = 'MR')",
         "PID|1||99-1^^^SSA^SS~4711^^^EPIC^MR" PID_REST},
        {"of all segments", "PID-3: =NK1-2", "PID|1||DOE^JIM~DOE^TIM" PID_REST},
        {"texts", "PID-3: ='a~b' | 'c'", "PID|1||a\\R\\b~c" PID_REST},
        {"one text takes the place of all", "PID-3: x", "PID|1||x" PID_REST},
        {"none empties", "PID-3: =PID-3.where($this.5 = 'XX')", "PID|1||" PID_REST},
    };
    rows_lines(SET, adt, ROWS(rows));
}

#define WHICH_REPETITION(target, field, better)                                                    \
    " error: " target ": " field " repeats, the target must say which repetition; write " better   \
    ", or [+] for a new one, [*] for each"
#define WHICH_SEGMENT(target, seg, field)                                                          \
    " error: " target ": " seg " repeats, the target must say which one; write " seg "[1]-" field  \
    ", [last], [+] for a new one, or [*] for each"

Test(target, below_what_may_repeat_a_target_says_which)
{
    static const struct row refused[] = {
        {"a component", "PID-3.4: x",
         "r.yaml:6:7:" WHICH_REPETITION("PID-3.4", "PID-3", "PID-3[1].4")},
        {"a subcomponent", "PID-3.4.1: x",
         "r.yaml:6:7:" WHICH_REPETITION("PID-3.4.1", "PID-3", "PID-3[1].4.1")},
        {"a field of a segment", "NK1-3: x", "r.yaml:6:7:" WHICH_SEGMENT("NK1-3", "NK1", "3")},
        {"a whole field of a segment", "NK1-2: x",
         "r.yaml:6:7:" WHICH_SEGMENT("NK1-2", "NK1", "2")},
        {"the segment is said, the field is not", "'NK1[1]-2.1': x",
         "r.yaml:6:7:" WHICH_REPETITION("NK1[1]-2.1", "NK1-2", "NK1[1]-2[1].1")},
        {"a segment at two places", "ROL-1: x", "r.yaml:6:7:" WHICH_SEGMENT("ROL-1", "ROL", "1")},
    };
    static const struct row steps[] = {
        {"of add", "- add: NK1\n    set: { 2.1: x }",
         "r.yaml:6:12:" WHICH_REPETITION("NK1-2.1", "NK1-2", "NK1-2[1].1")},
        {"of copy", "- copy: PV1-2\n    to: PID-3.1",
         "r.yaml:6:9:" WHICH_REPETITION("PID-3.1", "PID-3", "PID-3[1].1")},
    };
    static const struct row good[] = {
        {"a repetition", "'PID-3[1].4.1': x", "PID|1||4711^^^x^MR~99-1^^^SSA^SS" PID_REST},
        {"the last one", "'PID-3[last].5': x", "PID|1||4711^^^EPIC^MR~99-1^^^SSA^x" PID_REST},
        {"a new one", "'PID-3[+]': x", "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~x" PID_REST},
        {"a part of a new one", "'PID-3[+].4.1': x",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~^^^x" PID_REST},
        {"each", "'PID-3[*].4.1': x", "PID|1||4711^^^x^MR~99-1^^^x^SS" PID_REST},
        {"a segment", "'NK1[2]-3.1': x", "NK1|1|DOE^JIM\rNK1|2|DOE^TIM|x"},
        {"the last segment", "'NK1[last]-3.1': x", "NK1|1|DOE^JIM\rNK1|2|DOE^TIM|x"},
        {"each segment", "'NK1[*]-3.1': x", "NK1|1|DOE^JIM|x\rNK1|2|DOE^TIM|x"},
        {"each of each", "'NK1[*]-2[*].2': x", "NK1|1|DOE^x\rNK1|2|DOE^x"},
        {"a field that does not repeat needs none", "PV1-3.1: x", "PV1|1|I|x^101||||12^SMITH"},
        {"where only a group repeats", "'IN1[2]-2': x", "IN1|1|A\rIN1|2|x"},
    };
    rows_check(SET, ROWS(refused));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
    rows_lines(SET, adt, ROWS(good));
}

Test(target, plus_of_one_place_in_one_set_is_the_same_new_one)
{
    static const struct row rows[] = {
        {"fields of a segment", "'NK1[+]-1': 3\n      'NK1[+]-2': 'DOE^KIM'",
         NK1S "\rNK1|3|DOE\\S\\KIM"},
        {"in any order", "'NK1[+]-3.1': x\n      PV1-2: y\n      'NK1[+]-1': 3", NK1S "\rNK1|3||x"},
        {"parts of a repetition",
         "'PID-3[+].1': N\n      'PID-3[+].5': MR\n      'PID-3[+].4.1': A",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~N^^^A^MR" PID_REST},
        {"of two fields", "'PID-3[+].1': N\n      'PID-4[+].1': M",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~N|M|DOE^JANE||19800101|F"},
        {"a repetition of a new segment", "'NK1[+]-2[+].1': A\n      'NK1[+]-2[+].2': B",
         NK1S "\rNK1||A^B"},
        {"another set makes another one", "'NK1[+]-1': 3\n  - set:\n      'NK1[+]-1': 4",
         NK1S "\rNK1|3\rNK1|4"},
        {"one that is empty beside one that is not", "'NK1[+]-1': =PID-30\n      'NK1[+]-3.1': x",
         NK1S "\rNK1|||x"},
    };
    rows_lines(SET, adt, ROWS(rows));
}

/* The names of the segments of the only output: "MSH EVN PID". */
static const char *names_of(const char *yaml, const char *message)
{
    struct str rest = str_of(kit_payload(yaml, message)), line, all = STR("");
    while (rest.n && str_split(&rest, '\r', &line) && line.n) {
        all = str_printf(&kit_arena, "%.*s%s%.3s", STR_ARG(all), all.n ? " " : "", line.p);
    }
    return all.p;
}

Test(target, a_missing_segment_is_made_where_the_structure_places_it)
{
    static const char oru[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ORU^R01|M1|P|2.5.1\r"
                              "PID|1\rOBR|1\rOBX|1\rOBX|2\rOBR|2\rOBX|1\r";
    static const struct {
        const char *name, *type, *steps, *message, *want;
    } rows[] = {
        {"behind what it follows", "ADT^A01", "- set: { PV2-3.1: x }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 PV2 IN1 IN1 ZIN"},
        {"a Z-segment stays with what it follows", "ADT^A01", "- set: { PD1-7: x }", adt,
         "MSH EVN PID ZPI PD1 NK1 NK1 PV1 IN1 IN1 ZIN"},
        {"behind the last of its kind", "ADT^A01", "- set: { 'NK1[+]-1': 7 }", adt,
         "MSH EVN PID ZPI NK1 NK1 NK1 PV1 IN1 IN1 ZIN"},
        {"between others", "ADT^A01", "- set: { 'DG1[+]-1': 7 }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 DG1 IN1 IN1 ZIN"},
        {"at the end", "ADT^A01", "- set: { ACC-1: '2026' }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 IN1 IN1 ZIN ACC"},
        {"a group of its own", "ADT^A01", "- set: { 'PR1[+]-1': 7 }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 PR1 IN1 IN1 ZIN"},
        {"a further group", "ADT^A01", "- set: { 'IN1[+]-1': 7 }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 IN1 IN1 ZIN IN1"},
        {"in the group of the loop", "ADT^A01", "- for: IN1\n    do: { set: { IN2-1: x } }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 IN1 IN2 IN1 ZIN IN2"},
        {"behind each observation", "ORU^R01", "- for: OBX\n    do: { set: { 'NTE[+]-3': x } }",
         oru, "MSH PID OBR OBX NTE OBX NTE OBR OBX NTE"},
        {"behind each order", "ORU^R01", "- for: OBR\n    do: { set: { 'NTE[+]-3': x } }", oru,
         "MSH PID OBR NTE OBX OBX OBR NTE OBX"},
        {"a new observation of each order", "ORU^R01",
         "- for: OBR\n    do: { set: { 'SPM[+]-1': 7 } }", oru,
         "MSH PID OBR OBX OBX SPM OBR OBX SPM"},
        {"a Z-segment goes to the end", "ADT^A01", "- set: { ZZZ-1: x }", adt,
         "MSH EVN PID ZPI NK1 NK1 PV1 IN1 IN1 ZIN ZZZ"},
        {"the second of the next index", "ADT^A01", "- set: { 'NK1[3]-1': 7 }", adt,
         "MSH EVN PID ZPI NK1 NK1 NK1 PV1 IN1 IN1 ZIN"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str yaml = str_printf(&kit_arena,
                                     "route: a\nfrom: epic\nmessages: ['%s']\ndo:\n  %s\n"
                                     "  - send: lab\n",
                                     rows[i].type, rows[i].steps);
        const char *got = names_of(yaml.p, rows[i].message);
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                         rows[i].want);
    }
}

Test(target, missing_repetitions_and_fields_are_made)
{
    static const struct row rows[] = {
        {"the next repetition", "'PID-3[3]': x", "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~x" PID_REST},
        {"one further on", "'PID-3[4].2': x", "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~~^x" PID_REST},
        {"of an empty field", "'PID-4[2].1': x",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS|~x|DOE^JANE||19800101|F"},
        {"a field behind the last", "PV1-10: x", "PV1|1|I|W1^101||||12^SMITH|||x"},
        {"a component behind the last", "PV1-3.4: x", "PV1|1|I|W1^101^^x||||12^SMITH"},
        {"a subcomponent", "PV1-3.4.2: x", "PV1|1|I|W1^101^^&x||||12^SMITH"},
        {"a new segment has what it is given", "PV2-3.1: x", "PV2|||x"},
        {"last of a field that is empty", "'PID-4[last].1': x",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS|x|DOE^JANE||19800101|F"},
        {"last of a segment that is not there", "'DG1[last]-1': 7", "DG1|7"},
        {"each of none is none", "'PID-4[*].1': x", "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS" PID_REST},
        {"each segment of none is none", "'DG1[*]-1': 7", "no DG1"},
    };
    static const struct row told[] = {
        {"an index that skips a segment", "'NK1[5]-1': 7",
         "accepted\nlab held <r.yaml:6:7: NK1[5]-1: the segment index skips one>"},
    };
    rows_lines(SET, adt, ROWS(rows));
    rows_told(SET, adt, ROWS(told));
}

Test(target, an_empty_value_makes_nothing)
{
    static const struct row rows[] = {
        {"no segment", "PV2-3.1: =PID-30", "no PV2"},
        {"no segment of an empty text", "PV2-3.1: ''", "no PV2"},
        {"no further segment", "'NK1[+]-1': =PID-30", NK1S},
        {"no group", "'PR1[+]-1': =PID-30", "no PR1"},
        {"no repetition", "'PID-3[+].1': =PID-30", "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS" PID_REST},
        {"no repetition further on", "'PID-3[5].1': =PID-30",
         "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS" PID_REST},
        {"no field", "PV1-40: =PID-30", "PV1|1|I|W1^101||||12^SMITH"},
        {"no component", "PV1-3.9: =PID-30", "PV1|1|I|W1^101||||12^SMITH"},
        {"no subcomponent", "PV1-3.4.2: =PID-30", "PV1|1|I|W1^101||||12^SMITH"},
        {"no index is skipped", "'NK1[5]-1': =PID-30", NK1S},
        {"a null is no empty value", "PV2-3.1: =null()", "PV2|||\"\""},
    };
    rows_lines(SET, adt, ROWS(rows));
}

Test(target, what_is_no_target_is_refused)
{
    static const struct row rows[] = {
        {"a segment", "PID: x",
         "r.yaml:6:7: error: a whole segment is no target; name its fields, as in PID-8"},
        {"the field separator", "MSH-1: x",
         "r.yaml:6:7: error: MSH-1 and MSH-2 are the delimiters of "
         "the message and cannot be set"},
        {"the delimiters", "MSH-2: x",
         "r.yaml:6:7: error: MSH-1 and MSH-2 are the delimiters of the "
         "message and cannot be set"},
        {"a segment as value", "PV1-2: '=PV1[1]'",
         "r.yaml:6:14: error: a whole segment does not fit into a field"},
        {"a list", "PV1-2: [a, b]",
         "r.yaml:6:14: error: a text or a formula should stand here, this is a list"},
        {"a mapping", "PV1-2: { a: b }",
         "r.yaml:6:14: error: a text or a formula should stand here, this is a mapping"},
        {"a segment that the structure lacks is remarked", "SCH-1: x",
         "r.yaml:6:7: remark: SCH is not part of ADT_A01; it is looked for in the whole message"},
        {"a Z-segment is not", "ZZZ-1: x", ""},
    };
    static const struct row steps[] = {
        {"a text for the whole", "- set: PV1-2",
         "r.yaml:5:10: error: set: should be a mapping of paths, this is a text; write set: { "
         "PID-8: "
         "F }"},
        {"a list for the whole", "- set: [PV1-2]",
         "r.yaml:5:10: error: set: should be a mapping of paths, this is a list; write set: { "
         "PID-8: "
         "F }"},
    };
    rows_check(SET, ROWS(rows));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
}

Test(target, a_value_moves_its_parts_to_the_level_of_the_target)
{
    static const struct row rows[] = {
        {"a repetition", "PV1-10: '=PID-3[1]'", "PV1|1|I|W1^101||||12^SMITH|||4711^^^EPIC^MR"},
        {"components become subcomponents", "PV1-3.4: '=NK1[1]-2[1]'",
         "PV1|1|I|W1^101^^DOE&JIM||||12^SMITH"},
        {"a component becomes a field", "PV1-2: =PV1-3.2", "PV1|1|101|W1^101||||12^SMITH"},
        {"a text is escaped", "PV1-2: ='a^b&c|d\\\\e'",
         "PV1|1|a\\S\\b\\T\\c\\F\\d\\E\\e|W1^101||||12^SMITH"},
    };
    static const struct row told[] = {
        {"what has too many parts", "PV1-3.4.1: '=NK1[1]-2[1]'",
         "accepted\nlab held <r.yaml:6:7: PV1-3.4.1: the value has more parts than the target can "
         "hold>"},
    };
    rows_lines(SET, adt, ROWS(rows));
    rows_told(SET, adt, ROWS(told));
}
