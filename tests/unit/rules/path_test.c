/* Language section 2: paths. Tokens, levels, indexes, what no version has, Z-segments. */
#include "tests/unit/rules/rows.h"

TestSuite(path, .init = kit_begin, .fini = kit_end);

static const char adt[] =
    "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
    "EVN|A01\r"
    "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA&9.9^SS~X7|B7|DOE&VAN^JANE~ROE^J||19800101|F\r"
    "NK1|1|DOE^JIM\rNK1|2|DOE^TIM\rNK1|3|DOE^KIM\r"
    "PV1|3|I|W1^101\r"
    "ZPI|5|p^q&r~s|2951-2^NA^LN\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SET   ROUTE "do:\n  - set:\n      @@\n  - send: lab\n"
#define WHEN  ROUTE "when: @@\ndo: { send: lab }\n"

Test(path, the_longest_match_is_one_token)
{
    static const struct row rows[] = {
        {"segment and field", "PID-8", "IS:F"},
        {"letters and digits", "PV1-2", "IS:I"},
        {"index of the segment", "NK1[2]-1", "SI:2"},
        {"index of the field", "PID-3[2].1", "ST:99-1"},
        {"component", "PID-3[1].5", "ID:MR"},
        {"subcomponent", "PID-3[1].4.2", "ST:1.2.3"},
        {"both indexes and both levels", "PID[1]-3[2].4.2", "ST:9.9"},
        {"last ones", "NK1[last]-2[last].2", "ST:KIM"},
        {"two digits", "MSH-12", "VID:2.5.1"},
        {"a function behind it", "PID-8.exists()", "boolean:true"},
        {"an operator behind it", "PID-8='F'", "boolean:true"},
        {"a bracket behind it", "(PID-8)", "IS:F"},
        {"subtraction of a path needs blanks", "PV1-1 - NK1[1]-1", "integer:2"},
        {"subtraction of a number needs a blank before", "PV1-1 -1", "integer:2"},
        {"subtraction elsewhere", "3-1", "integer:2"},
        {"subtraction behind a bracket", "(PV1-1)-1", "integer:2"},
        {"negative", "-(PV1-1)", "integer:-3"},
    };
    static const struct row wrong[] = {
        {"a blank inside", "PID -3",
         "-:1:5: error: PID: - wants two numbers, there is a segment and a integer"},
        {"four letters", "PIDX-3", "-:1:1: error: PIDX is not known..."},
        {"small letters", "pid-3", "-:1:1: error: pid is not known..."},
        {"a digit first", "1PV-3", "-:1:1: error: a name cannot begin with a digit..."},
        {"a digit glued to it", "PV11-3", "-:1:1: error: PV11 is not known..."},
    };
    rows_eval(adt, ROWS(rows));
    rows_eval(adt, ROWS(wrong));
}

Test(path, a_dot_and_digits_go_one_level_down)
{
    static const struct row rows[] = {
        {"$this of repetitions", "=PID-3.where($this.5 = 'SS').1", "[\"99-1\"]"},
        {"$this twice down", "=PID-3.where($this.4.1 = 'SSA').1", "[\"99-1\"]"},
        {"behind a bracket", "=(PID-3 | PID-4).1", "[\"4711\",\"99-1\",\"X7\",\"B7\"]"},
        {"behind a call", "=PID-3.first().4.2", "[\"1.2.3\"]"},
        {"behind a path", "=PID-3.4.2", "[\"1.2.3\",\"9.9\"]"},
        {"a field of a segment", "=NK1.where($this.1 = 3).2.2", "[\"KIM\"]"},
        {"a field of $this", "=NK1.select($this.1)", "[1,2,3]"},
        {"a subcomponent of a component", "=PID-3.4.select($this.1)", "[\"EPIC\",\"SSA\"]"},
        {"a name", "=$x.4.1", "[\"EPIC\"]"},
    };
    static const struct row refused[] = {
        {"a blank behind the dot", "PID-3.exists($this. 5 = 'SS')",
         "r.yaml:4:27: error: after the dot a function, a name or a number should stand"},
        {"zero", "PID-3.exists($this.0 = 'SS')",
         "r.yaml:4:25: error: fields, components and subcomponents count from 1"},
        {"below the subcomponent", "PID-3[1].4.1.1.exists()",
         "r.yaml:4:19: error: a path ends with the subcomponent: "
         "segment-field.component.subcomponent"},
        {"a component that the type lacks", "PID-3.exists($this.4.9 = 'x')",
         "r.yaml:4:27: error: .9: no HL7 version has this component in a HD"},
        {"a part of a number", "PID-3.count().1 = 1",
         "r.yaml:4:20: error: only values of the message have numbered parts"},
    };
    const char *frame =
        ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n"
              "let: { x: '=PID-3[1]' }\nvalue:\n  - $if: $x.exists()\n    $value: >-\n"
              "      @@\n";
    rows_payload(frame, adt, ROWS(rows));
    rows_check(WHEN, ROWS(refused));
}

Test(path, a_name_with_no_field_is_a_segment)
{
    static const struct row rows[] = {
        {"it exists", "PV1.exists()", "boolean:true"},
        {"it does not", "PV2.exists()", "boolean:false"},
        {"one of several", "NK1[3]", "segment:NK1|3|DOE^KIM"},
        {"each of several", "NK1.count()", "integer:3"},
        {"beyond them", "NK1[4].exists()", "boolean:false"},
        {"the last one", "NK1[last]", "segment:NK1|3|DOE^KIM"},
    };
    static const struct row refused[] = {
        {"a segment is no decision", "PV1",
         "r.yaml:4:7: error: a decision wants true or false, this is a value; write PV1.exists()"},
        {"a segment is no text", "PV1[1] = 'x'",
         "r.yaml:4:7: error: this is a whole segment, one value is wanted here; name a field, as "
         "in "
         "PV1-1"},
    };
    rows_eval(adt, ROWS(rows));
    rows_check(WHEN, ROWS(refused));
}

Test(path, spellings_of_other_engines_are_errors_that_say_what_to_write)
{
    static const struct row rows[] = {
        {"a second hyphen", "PID-3-1 = 'x'",
         "r.yaml:4:12: error: components follow a dot: write PID-3.1"},
        {"a dot before the field", "PID.3.1 = 'x'",
         "r.yaml:4:10: error: a field follows a hyphen: write PID-3.1"},
        {"round brackets", "PID-3(1).1 = 'x'",
         "r.yaml:4:12: error: an index stands in square brackets: write PID-3[1]"},
        {"round brackets behind the segment", "NK1(1)-2.1 = 'x'",
         "r.yaml:4:10: error: an index stands in square brackets: write PID-3[1]"},
        {"an index of a component", "PID-3.4[1] = 'x'",
         "r.yaml:4:14: error: only segments and fields repeat: write PID-3[1].4"},
        {"two indexes", "PID-3[1][2].1 = 'x'",
         "r.yaml:4:15: error: one index is enough: write PID-3[1]"},
        {"letters glued to it", "PID-3a = 'x'",
         "r.yaml:4:12: error: the path ends here: write PID-3"},
        {"a second hyphen of another field", "PID-13-7 = 'x'",
         "r.yaml:4:13: error: components follow a dot: write PID-13.7"},
        {"three hyphens", "PID-3-4-2 = 'x'",
         "r.yaml:4:12: error: components follow a dot: write PID-3.4.2"},
        {"dots alone", "PID.13.7 = 'x'",
         "r.yaml:4:10: error: a field follows a hyphen: write PID-13.7"},
        {"a minus glued to it", "PV1-1- 1 = 2",
         "r.yaml:4:12: error: - touches a path; subtraction next to a path wants spaces on both "
         "sides"},
        {"a minus glued before it", "5 -PV1-1 = 2",
         "r.yaml:4:9: error: - touches a path; subtraction next to a path wants spaces on both "
         "sides"},
    };
    static const struct row targets[] = {
        {"a second hyphen", "PID-3-1: x",
         "r.yaml:6:12: error: components follow a dot: write PID-3.1"},
        {"a dot before the field", "PID.3.1: x",
         "r.yaml:6:10: error: a field follows a hyphen: write PID-3.1"},
        {"round brackets", "PID-3(1): x",
         "r.yaml:6:12: error: an index stands in square brackets: write PID-3[1]"},
        {"quoted", "'PID-3-1': x", "r.yaml:6:13: error: components follow a dot: write PID-3.1"},
        {"small letters", "pid-3: x",
         "r.yaml:6:7: error: a path begins with a segment name of three capitals or digits, as "
         "PID-3.1"},
        {"more behind it", "PV1-2 x: x", "r.yaml:6:12: error: nothing may follow the path"},
        {"a function", "PV1-2.first(): x", "r.yaml:6:12: error: nothing may follow the path"},
    };
    static const struct row steps[] = {
        {"in delete", "- delete: PID-3-1",
         "r.yaml:5:18: error: components follow a dot: write PID-3.1"},
        {"in copy", "- copy: PID.3\n    to: PV1-4",
         "r.yaml:5:14: error: a field follows a hyphen: write PID-3.1"},
        {"in for", "- for: PID-3-1\n    do: { send: lab }",
         "r.yaml:5:15: error: components follow a dot: write PID-3.1"},
    };
    rows_check(WHEN, ROWS(rows));
    rows_check(SET, ROWS(targets));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
}

Test(path, indexes_of_a_path_count_from_one)
{
    static const struct row rows[] = {
        {"the first", "PID-3[1].1", "ST:4711"},
        {"the second", "PID-3[2].1", "ST:99-1"},
        {"the last", "PID-3[last].1", "ST:X7"},
        {"beyond the last", "PID-3[4].1", ""},
        {"of a field that is there once", "PID-8[1]", "IS:F"},
        {"of a segment", "NK1[1]-2.2", "ST:JIM"},
        {"the last segment", "NK1[last]-2.2", "ST:KIM"},
        {"the indexer of FHIRPath counts from 0", "('a' | 'b')[0]", "string:a"},
        {"eval keeps it on values of a message", "PID-3.where(true)[1].4.1", "IS:SSA"},
        {"$index counts from 0", "NK1.select($index)", "integer:0 integer:1 integer:2"},
        {"$number counts from 1", "NK1.select($number)", "integer:1 integer:2 integer:3"},
    };
    static const struct row refused[] = {
        {"zero", "PID-3[0].1 = 'x'",
         "r.yaml:4:13: error: positions count from 1: write [1] for the first"},
        {"zero of a segment", "NK1[0]-1 = '1'",
         "r.yaml:4:11: error: positions count from 1: write [1] for the first"},
        {"a zero before", "PID-3[01].1 = 'x'",
         "r.yaml:4:13: error: a number has no leading zero here"},
        {"below zero", "PID-3[-1].1 = 'x'",
         "r.yaml:4:13: error: an index is a number from 1 or [last]; for a condition write "
         ".where(...)"},
        {"a condition", "PID-3[$this.5 = 'MR'].1 = 'x'",
         "r.yaml:4:13: error: an index is a number from 1 or [last]; for a condition write "
         ".where(...)"},
        {"not closed", "PID-3[1.1 = 'x'", "r.yaml:4:14: error: ] is missing after the index"},
        {"too large", "PID-3[70000].1 = 'x'",
         "r.yaml:4:13: error: the number is too large: at most 65520"},
    };
    rows_eval(adt, ROWS(rows));
    rows_check(WHEN, ROWS(refused));
}

Test(path, plus_and_star_are_for_targets_only)
{
    static const struct row targets[] = {
        {"a new repetition", "PID-3[+].1: N",
         "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA&9.9^SS~X7"
         "~N|B7|DOE&VAN^JANE~ROE^J||19800101|F"},
        {"each repetition", "PID-3[*].5: N",
         "PID|1||4711^^^EPIC&1.2.3&ISO^N~99-1^^^SSA&9.9^N~X7"
         "^^^^N|B7|DOE&VAN^JANE~ROE^J||19800101|F"},
        {"a new segment", "NK1[+]-1: 4", "NK1|1|DOE^JIM\rNK1|2|DOE^TIM\rNK1|3|DOE^KIM\rNK1|4"},
        {"each segment", "NK1[*]-1: 4", "NK1|4|DOE^JIM\rNK1|4|DOE^TIM\rNK1|4|DOE^KIM"},
    };
    static const struct row formulas[] = {
        {"plus in a formula", "PID-3[+].1 = 'x'",
         "r.yaml:4:7: error: [+] and [*] are for targets; a path without an index means each one"},
        {"star in a formula", "PID-3[*].1 = 'x'",
         "r.yaml:4:7: error: [+] and [*] are for targets; a path without an index means each one"},
        {"plus of a segment", "NK1[+].exists()",
         "r.yaml:4:7: error: [+] and [*] are for targets; a path without an index means each one"},
    };
    static const struct row steps[] = {
        {"star in delete", "- delete: 'PID-3[*]'",
         "r.yaml:5:20: error: [*] is for targets: a path without an index means each one"},
        {"plus in delete", "- delete: 'NK1[+]'",
         "r.yaml:5:18: error: [+] appends: only a target may have it"},
        {"plus as what is copied", "- copy: 'PID-3[+]'\n    to: PV1-4",
         "r.yaml:5:18: error: [+] appends: only a target may have it"},
        {"star behind after:", "- copy: 'NK1[1]'\n    after: 'NK1[*]'",
         "r.yaml:6:17: error: [*] is for targets: a path without an index means each one"},
    };
    rows_lines(SET, adt, ROWS(targets));
    rows_check(WHEN, ROWS(formulas));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
}

#define INDEXER                                                                                    \
    " error: [n] stands only inside a path, where it counts from 1; write PID-3[1].4, or "         \
    ".first(), .last(), .skip(n).first()"

Test(path, an_indexer_on_values_of_a_message_is_refused_in_routes)
{
    static const struct row refused[] = {
        {"behind a call", "PID-3.where($this.5 = 'MR')[0].1 = 'x'", "r.yaml:4:34:" INDEXER},
        {"behind a bracket", "(PID-3)[0].1 = 'x'", "r.yaml:4:14:" INDEXER},
        {"behind a blank", "PID-3 [0].1 = 'x'", "r.yaml:4:13:" INDEXER},
        {"behind segments", "NK1.where(NK1-1 = 1)[0].exists()", "r.yaml:4:27:" INDEXER},
        {"behind $this", "PID-3.exists($this[0].5 = 'x')", "r.yaml:4:25:" INDEXER},
    };
    static const struct row good[] = {
        {"on other values", "=('a' | 'b')[1]", "[\"b\"]"},
        {"on parts of a text", "='a,b'.split(',')[1]", "[\"b\"]"},
        {"first", "=PID-3.1.first()", "[\"4711\"]"},
        {"last", "=PID-3.1.last()", "[\"X7\"]"},
        {"the second", "=PID-3.skip(1).first().1", "[\"99-1\"]"},
    };
    rows_check(WHEN, ROWS(refused));
    rows_payload(ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n"
                       "  - >-\n    @@\n",
                 adt, ROWS(good));
}

Test(path, a_union_keeps_the_order_of_first_appearance)
{
    static const struct row rows[] = {
        {"texts", "'b' | 'a' | 'c' | 'a' | 'b'", "string:b string:a string:c"},
        {"of a message", "PID-4.1 | PID-3.1", "ST:B7 ST:4711 ST:99-1 ST:X7"},
        {"the same path twice", "NK1-1 | NK1-1", "SI:1 SI:2 SI:3"},
        {"as a function", "('b' | 'a').union('c' | 'a')", "string:b string:a string:c"},
        {"nothing on one side", "{} | 'a'", "string:a"},
    };
    rows_eval(adt, ROWS(rows));
}

Test(path, a_path_that_no_version_has_is_an_error_wherever_it_stands)
{
    static const struct row formulas[] = {
        {"a segment", "QQQ-1 = 'x'",
         "r.yaml:4:7: error: QQQ-1: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"a whole segment", "QQQ.exists()",
         "r.yaml:4:7: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"a field", "PID-99 = 'x'",
         "r.yaml:4:7: error: PID-99: no HL7 version has a field 99 in PID"},
        {"a component", "PV1-3.99 = 'x'",
         "r.yaml:4:7: error: PV1-3.99: no HL7 version has this component in PV1-3"},
        {"a second component of a number", "PV1-1.2 = 'x'",
         "r.yaml:4:7: error: PV1-1.2: no HL7 version has this component in PV1-1"},
        {"a subcomponent", "PID-3[1].4.9 = 'x'",
         "r.yaml:4:7: error: PID-3[1].4.9: no HL7 version has this component in PID-3"},
        {"behind $message", "$message.PID-99 = 'x'",
         "r.yaml:4:16: error: PID-99: no HL7 version has a field 99 in PID"},
        {"a field of $this", "NK1.exists($this.99 = 'x')",
         "r.yaml:4:23: error: NK1-99: no HL7 version has a field 99 in NK1"},
        {"inside a condition", "PID-3.exists($this.99 = 'x')",
         "r.yaml:4:25: error: .99: no HL7 version has this component in a CX"},
        {"the first part of a text is the text", "PID-8.1.1 = 'F'", ""},
    };
    static const struct row steps[] = {
        {"a target", "- set: { PID-99: x }",
         "r.yaml:5:12: error: PID-99: no HL7 version has a field 99 in PID"},
        {"a target's component", "- set: { PV1-1.2: x }",
         "r.yaml:5:12: error: PV1-1.2: no HL7 version has this component in PV1-1"},
        {"in delete", "- delete: [PID-19, QQQ]",
         "r.yaml:5:22: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"in except", "- delete: Z*\n    except: [QQQ]",
         "r.yaml:6:14: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"in keep", "- keep: [MSH, QQQ]",
         "r.yaml:5:17: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"in add", "- add: QQQ",
         "r.yaml:5:10: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"a field of add", "- add: NTE\n    after: PV1\n    set: { 99: x }",
         "r.yaml:7:12: error: NTE-99: no HL7 version has a field 99 in NTE"},
        {"in for", "- for: QQQ\n    do: { send: lab }",
         "r.yaml:5:10: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"in a reply", "- reply: { code: AE, at: PID-99 }",
         "r.yaml:5:28: error: PID-99: no HL7 version has a field 99 in PID"},
    };
    static const struct row eval[] = {
        {"eval finds nothing", "PID-99", ""},
        {"nor in a segment that is none", "QQQ-1.exists()", "boolean:false"},
    };
    rows_check(WHEN, ROWS(formulas));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
    rows_eval(adt, ROWS(eval));
}

Test(path, a_path_that_the_versions_of_the_feed_lack_is_a_remark)
{
    static const struct {
        const char *name, *when, *first, *second, *want;
    } rows[] = {
        {"no versions are said", "PID-39[1].1 = 'x'", NULL, NULL, ""},
        {"the version has it", "PID-39[1].1 = 'x'", "2.5.1", NULL, ""},
        {"a field that came later", "PID-39[1].1 = 'x'", "2.3", NULL,
         "r.yaml:4:7: remark: PID-39[1].1: the versions that the feeds send lack it\n"},
        {"one of the versions has it", "PID-39[1].1 = 'x'", "2.3", "2.5.1", ""},
        {"none of two has it", "PID-39[1].1 = 'x'", "2.3", "2.4",
         "r.yaml:4:7: remark: PID-39[1].1: the versions that the feeds send lack it\n"},
        {"a component that came later", "PID-3[1].9 = 'x'", "2.3", NULL,
         "r.yaml:4:7: remark: PID-3[1].9: the versions that the feeds send lack it\n"},
        {"a component that is there", "PID-3[1].4 = 'x'", "2.3", NULL, ""},
        {"a field that became a composite later", "PID-8.2 = 'x'", "2.5.1", NULL,
         "r.yaml:4:7: remark: PID-8.2: the versions that the feeds send lack it\n"},
        {"a segment that came later", "UAC.exists()", "2.3", NULL,
         "r.yaml:4:7: remark: UAC: the versions that the feeds send lack it\n"
         "r.yaml:4:7: remark: UAC is not part of ADT_A01; it is looked for in the whole message\n"},
        {"a Z-segment has no versions", "ZPI-3.exists()", "2.3", NULL, ""},
        {"what no version has stays an error", "PID-99.exists()", "2.3", NULL,
         "r.yaml:4:7: error: PID-99: no HL7 version has a field 99 in PID\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got =
            rows_versions(rows_text(WHEN, rows[i].when), rows[i].first, rows[i].second);
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                         rows[i].want);
    }
}

#define PROFILED "profile: p\ntypes: { ZPI-1: NM, ZPI-3: CE, ZPI-2: CX }\n---\n"

Test(path, z_segments_are_text_unless_a_profile_types_them)
{
    static const struct row text[] = {
        {"as it stands", "=ZPI-1", "[\"5\"]"},    {"its parts", "=ZPI-3.2", "[\"NA\"]"},
        {"a repetition", "=ZPI-2[2]", "[\"s\"]"}, {"each repetition", "=ZPI-2.1", "[\"p\",\"s\"]"},
        {"any field", "=ZPI-99", "[\"k\"]"},      {"any component", "=ZPI-1.7", "[\"k\"]"},
        {"any segment", "=ZQQ-1", "[\"k\"]"},     {"a calculation reads it", "=ZPI-1 + 1", "[6]"},
    };
    static const struct row typed[] = {
        {"a number", "=ZPI-1", "[5]"},
        {"a coded value is its first part", "=ZPI-3", "[\"2951-2\"]"},
        {"a composite has its parts", "=ZPI-2.1", "[\"p\",\"s\"]"},
    };
    static const struct row refused[] = {
        {"a composite has no text", "ZPI-2[1] = 'x'",
         "r.yaml:7:7: error: ZPI-2[1] is a CX of several parts, one text is wanted here; say which "
         "part, as in ZPI-2[1].1"},
        {"a component that the type lacks", "ZPI-3.99 = 'x'",
         "r.yaml:7:7: error: ZPI-3.99: no HL7 version has this component in ZPI-3"},
        {"a subcomponent that the type lacks", "ZPI-2[1].4.9 = 'x'",
         "r.yaml:7:7: error: ZPI-2[1].4.9: no HL7 version has this component in ZPI-2"},
        {"a subcomponent that it has", "ZPI-2[1].4.2 = 'x'", ""},
        {"a number has order", "ZPI-1[1].exists() and ZPI-1[1] < 6", ""},
    };
    static const struct row order[] = {
        {"text has no order", "ZPI-1.exists() and ZPI-1 < 6",
         "r.yaml:4:26: error: text has no order; numbers and dates have; add .toInteger() or "
         ".toDecimal() to compare numbers"},
        {"a number of it has", "ZPI-1.exists() and ZPI-1.toInteger() < 6", ""},
        {"a part of it has none, either", "ZPI-3[1].2.exists() and ZPI-3[1].2 < 6",
         "r.yaml:4:31: error: text has no order; numbers and dates have; add .toInteger() or "
         ".toDecimal() to compare numbers"},
    };
    const char *map = "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n"
                      "  - >-\n    @@\n";
    rows_payload(str_printf(&kit_arena, ROUTE "%s", map).p, adt, text, 4);
    rows_payload(str_printf(&kit_arena, ROUTE "%s  - k\n", map).p, adt, text + 4, 3);
    rows_payload(str_printf(&kit_arena, ROUTE "%s", map).p, adt, text + 7, 1);
    kit_source = 2;
    rows_payload(
        str_printf(&kit_arena, PROFILED "route: a\nfrom: profiled\nmessages: [ADT^A01]\n%s", map).p,
        adt, ROWS(typed));
    rows_check(PROFILED
               "route: a\nfrom: profiled\nmessages: [ADT^A01]\nwhen: @@\ndo: { send: lab }\n",
               ROWS(refused));
    rows_check(WHEN, ROWS(order));
}
