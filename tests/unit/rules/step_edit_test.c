/* Steps that change the message: set, delete, keep, add, copy. Language, section 9. */
#include "tests/unit/rules/rows.h"

TestSuite(step_edit, .init = kit_begin, .fini = kit_end);

static const char oru[] =
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ORU^R01^ORU_R01|M1|P|2.5.1\r"
    "PID|1||7^^^L^MR~8^^^S^SS~9^^^L^SS||DOE^J\\T\\K||19800101|F|||||||||||\"\"\r"
    "OBR|1|A\r"
    "OBX|1|NM|NA||140|||AA\r"
    "NTE|1||a\r"
    "OBX|2|ST|K||x|||N\r"
    "OBR|2|B\r"
    "OBX|1|ST|C||y|||AA\r"
    "NTE|1||b\r"
    "ZPI|1\r"
    "ZAB|2\r";
static const char adt[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN||20261124\r"
                          "PID|1||7\r"
                          "NK1|1|A~B\r"
                          "NK1|2|C\r"
                          "PV1|1|I|W1^2\r";

#define FRAME(type) "route: a\nfrom: epic\nmessages: [" type "]\ndo:\n@@\n  - send: lab\n"
static const char on_oru[] = FRAME("ORU^R01"), on_adt[] = FRAME("ADT^A01");

/* What leaves without its MSH, a slash where a segment ends; PID and OBX by their first fields alone. */
static const char *body(const char *told)
{
    const char *at = strstr(told, ": MSH");
    struct str rest = str_of(at ? at + 2 : told), line, all = STR("");
    cr_assert(at, "no payload: %s", told);
    (void)str_split(&rest, '\r', &line); /* the MSH */
    while (rest.n && str_split(&rest, '\r', &line)) {
        if (str_starts(line, STR("PID|1||7^^^L^MR~"))) {
            line = STR("PID");
        } else if (str_starts(line, STR("OBX|"))) {
            line = str_slice(line, 0, 5);
        }
        all = str_printf(&kit_arena, "%.*s%s%.*s", STR_ARG(all), all.n ? "/" : "", STR_ARG(line));
    }
    return all.p;
}

static void bodies(const char *frame, const char *message, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = rows_text(frame, rows[i].text);
        struct diags d;
        bool good = kit_compile(text, &d) != NULL;
        cr_expect(good, "%s: %s", rows[i].name, kit_findings(&d));
        if (good) {
            const char *got = body(kit_run(text, message));
            cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                             rows[i].want);
        }
    }
}

/* ---- set ---- */

Test(step_edit, set_writes_texts_and_formulas_to_paths)
{
    static const struct row rows[] = {
        {"a text", "  - set: { PV1-2: O }", "PV1|1|O|W1^2"},
        {"a formula", "  - set: { PV1-2: =PID-1 & 'x' }", "PV1|1|1x|W1^2"},
        {"a leading = is no part of the text", "  - set: { PV1-2: '==1' }", "PV1|1|I|W1^2"},
        {"several at once", "  - set: { PV1-2: O, PV1-3.2: '9', PV1-4: E }", "PV1|1|O|W1^9|E"},
        {"an empty value empties", "  - set: { PV1-2: =PID-30 }", "PV1|1||W1^2"},
        {"an empty value creates nothing", "  - set: { PV2-3: =PID-30 }", "no PV2"},
        {"a value creates the segment where it belongs", "  - set: { PV2-3: X }", "PV2|||X"},
        {"steps see what those before wrote", "  - set: { PV1-2: O }\n  - set: { PV1-4: =PV1-2 }",
         "PV1|1|O|W1^2|O"},
    };
    rows_lines(on_adt, adt, rows, 2);
    rows_lines(on_adt, adt, rows + 3, sizeof(rows) / sizeof(rows[0]) - 3);
}

/* ---- delete ---- */

Test(step_edit, delete_takes_segments_away)
{
    static const struct row rows[] = {
        {"all of a name", "  - delete: NTE", "PID/OBR|1|A/OBX|1/OBX|2/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
        {"one by its number", "  - delete: OBX[2]",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBR|2|B/OBX|1/NTE|1||b/ZPI|1/ZAB|2"},
        {"the last", "  - delete: OBX[last]",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/OBR|2|B/NTE|1||b/ZPI|1/ZAB|2"},
        {"a number that is not there", "  - delete: OBX[4]\n  - delete: [OBX, NTE]",
         "PID/OBR|1|A/OBR|2|B/ZPI|1/ZAB|2"},
        {"every Z-segment", "  - delete: Z*\n  - delete: [OBX, NTE]", "PID/OBR|1|A/OBR|2|B"},
        {"a list", "  - delete: [OBX, NTE, ZPI]", "PID/OBR|1|A/OBR|2|B/ZAB|2"},
        {"a segment that the message lacks", "  - delete: [OBX, NTE, NK1, Z*]",
         "PID/OBR|1|A/OBR|2|B"},
        {"except: keeps what it names", "  - delete: Z*\n    except: [ZAB]\n  - delete: [OBX, NTE]",
         "PID/OBR|1|A/OBR|2|B/ZAB|2"},
        {"except: a single name", "  - delete: [Z*, OBX, NTE]\n    except: ZPI",
         "PID/OBR|1|A/OBR|2|B/ZPI|1"},
        {"in a loop outward, where its element cannot hold it",
         "  - for: OBR\n    do: { delete: PID }\n  - delete: [OBX, NTE, Z*]", "OBR|1|A/OBR|2|B"},
        {"in a loop those of its element",
         "  - for: OBR\n    do:\n      - delete: OBX\n        if: $number = 1 and OBX-2 = 'NM'\n"
         "  - delete: NTE",
         "PID/OBR|1|A/OBX|2/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
    };
    bodies(on_oru, oru, ROWS(rows));
}

Test(step_edit, delete_takes_fields_repetitions_and_components_away)
{
    static const struct row rows[] = {
        {"a field leaves nothing, not even null", "  - delete: PID-19\n  - delete: PID-3",
         "PID|1||||DOE^J\\T\\K||19800101|F|||||||||||"},
        {"a repetition: those behind it move up", "  - delete: PID-3[1]\n  - delete: PID-5",
         "PID|1||8^^^S^SS~9^^^L^SS||||19800101|F|||||||||||\"\""},
        {"the last repetition", "  - delete: PID-3[last]\n  - delete: PID-5",
         "PID|1||7^^^L^MR~8^^^S^SS||||19800101|F|||||||||||\"\""},
        {"a component of one repetition", "  - delete: PID-3[2].4\n  - delete: PID-5",
         "PID|1||7^^^L^MR~8^^^^SS~9^^^L^SS||||19800101|F|||||||||||\"\""},
        {"what is not there", "  - delete: [PID-30, 'PID-3[7]']\n  - delete: PID-5",
         "PID|1||7^^^L^MR~8^^^S^SS~9^^^L^SS||||19800101|F|||||||||||\"\""},
    };
    rows_lines(on_oru, oru, ROWS(rows));
}

Test(step_edit, if_beside_delete_is_asked_of_each_one)
{
    static const struct row rows[] = {
        {"segments", "  - delete: OBX\n    if: OBX-8.oneOf('AA')\n  - delete: NTE",
         "PID/OBR|1|A/OBX|2/OBR|2|B/ZPI|1/ZAB|2"},
        {"segments, as $this", "  - delete: OBX\n    if: $this.8.oneOf('AA')\n  - delete: NTE",
         "PID/OBR|1|A/OBX|2/OBR|2|B/ZPI|1/ZAB|2"},
        {"never true", "  - delete: OBX\n    if: OBX-8.oneOf('Q')\n  - delete: NTE",
         "PID/OBR|1|A/OBX|1/OBX|2/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
        {"empty is not true", "  - delete: OBX\n    if: OBX-11 = 'F'\n  - delete: NTE",
         "PID/OBR|1|A/OBX|1/OBX|2/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
        {"Z-segments, too", "  - delete: Z*\n    if: $this.1 = '2'\n  - delete: [OBX, NTE]",
         "PID/OBR|1|A/OBR|2|B/ZPI|1"},
        {"one segment is asked once", "  - delete: OBX[1]\n    if: PID-8 = 'M'\n  - delete: NTE",
         "PID/OBR|1|A/OBX|1/OBX|2/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
        {"one segment goes", "  - delete: OBX[1]\n    if: PID-8 = 'F'\n  - delete: NTE",
         "PID/OBR|1|A/OBX|2/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
        {"a list of single places: all as before the step",
         "  - delete: ['OBX[1]', 'OBX[2]']\n    if: PID-8 = 'F'\n"
         "  - delete: NTE",
         "PID/OBR|1|A/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
    };
    bodies(on_oru, oru, ROWS(rows));
    static const struct row fields[] = {
        {"repetitions", "  - delete: PID-3\n    if: $this.5 = 'SS'\n  - delete: PID-5",
         "PID|1||7^^^L^MR||||19800101|F|||||||||||\"\""},
        {"all are judged before the first goes",
         "  - delete: PID-3\n    if: $index = 0 or $number = 3\n  - delete: PID-5",
         "PID|1||8^^^S^SS||||19800101|F|||||||||||\"\""},
        {"a field that does not repeat is asked once",
         "  - delete: PID-8\n    if: PID-8 = 'F'\n  - delete: [PID-3, PID-5]",
         "PID|1||||||19800101||||||||||||\"\""},
        {"numbers of a list mean the repetitions as before the step",
         "  - delete: ['PID-3[1]', 'PID-3[3]', 'PID-3[2].4']\n  - delete: PID-5",
         "PID|1||8^^^^SS||||19800101|F|||||||||||\"\""},
        {"a repetition and a part of it",
         "  - delete: ['PID-3[1]', 'PID-3[1].4']\n  - delete: PID-5",
         "PID|1||8^^^S^SS~9^^^L^SS||||19800101|F|||||||||||\"\""},
        {"if is asked once for all of a list",
         "  - delete: [PID-8, PID-7]\n    if: PID-8 = 'F'\n  - delete: [PID-3, PID-5]",
         "PID|1||||||||||||||||||\"\""},
        {"a field that stays", "  - delete: PID-8\n    if: PID-8 = 'M'\n  - delete: [PID-3, PID-5]",
         "PID|1||||||19800101|F|||||||||||\"\""},
    };
    rows_lines(on_oru, oru, ROWS(fields));
}

Test(step_edit, check_refuses_what_cannot_be_deleted)
{
    static const struct row rows[] = {
        {"MSH", "  - delete: MSH", "r.yaml:5:13: error: MSH, MSH-1 and MSH-2 cannot be deleted"},
        {"MSH-1", "  - delete: [PID-3, MSH-1]",
         "r.yaml:5:21: error: MSH, MSH-1 and MSH-2 cannot be deleted"},
        {"a component below repetitions", "  - delete: PID-3.1",
         "r.yaml:5:13: error: PID-3.1: the field repeats, say which repetition"},
        {"a field of segments that repeat", "  - delete: OBX-5",
         "r.yaml:5:13: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "walk the groups with for:, and write inside"},
        {"no field", "  - delete: PID-99",
         "r.yaml:5:13: error: PID-99: no HL7 version has a field 99 in PID"},
        {"no segment", "  - delete: QQQ",
         "r.yaml:5:13: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"a new one", "  - delete: OBX[+]",
         "r.yaml:5:17: error: [+] appends: only a target may have it"},
        {"except: a path", "  - delete: Z*\n    except: [ZPI-1]",
         "r.yaml:6:14: error: ZPI-1 is no name of a segment"},
        {"if beside several places", "  - delete: [OBX, NTE]\n    if: OBX-8.oneOf('AA')",
         "r.yaml:6:9: error: if: beside several places could be asked of each OBX; give each place "
         "a step of its own"},
        {"nothing", "  - delete: {}",
         "r.yaml:5:13: error: delete: should be a text, this is a mapping"},
        {"a stray key", "  - delete: OBX\n    after: OBR",
         "r.yaml:6:5: error: after: is not known in this step; known here: delete, except, if"},
    };
    rows_check(on_oru, ROWS(rows));
}

/* ---- keep ---- */

Test(step_edit, keep_takes_all_others_away)
{
    static const struct row rows[] = {
        {"a list; the MSH stays", "  - keep: [OBR, ZPI]", "OBR|1|A/OBR|2|B/ZPI|1"},
        {"one name", "  - keep: OBR", "OBR|1|A/OBR|2|B"},
        {"Z*", "  - keep: [PID, Z*]", "PID/ZPI|1/ZAB|2"},
        {"MSH alone leaves MSH", "  - keep: [MSH, ZAB]", "ZAB|2"},
        {"in a loop those of its element",
         "  - for: OBR\n    do:\n      - if: $number = 2\n        then: { keep: [OBR, ZAB] }",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/OBR|2|B/ZAB|2"},
        {"with if: concerns that place only",
         "  - keep: OBX\n    if: OBX-8.oneOf('AA')\n  - delete: NTE",
         "PID/OBR|1|A/OBX|1/OBR|2|B/OBX|1/ZPI|1/ZAB|2"},
        {"empty is not true", "  - keep: OBX\n    if: OBX-11 = 'F'\n  - delete: NTE",
         "PID/OBR|1|A/OBR|2|B/ZPI|1/ZAB|2"},
        {"Z* with if:", "  - keep: Z*\n    if: $this.1 = '1'\n  - delete: [OBX, NTE]",
         "PID/OBR|1|A/OBR|2|B/ZPI|1"},
    };
    bodies(on_oru, oru, ROWS(rows));
    static const struct row fields[] = {
        {"repetitions with if:", "  - keep: PID-3\n    if: $this.5 = 'SS'\n  - delete: PID-5",
         "PID|1||8^^^S^SS~9^^^L^SS||||19800101|F|||||||||||\"\""},
        {"none of them", "  - keep: PID-3\n    if: $this.5 = 'XX'\n  - delete: PID-5",
         "PID|1||||||19800101|F|||||||||||\"\""},
    };
    rows_lines(on_oru, oru, ROWS(fields));
}

Test(step_edit, check_refuses_what_keep_cannot_mean)
{
    static const struct row rows[] = {
        {"a field without if:", "  - keep: PID-3",
         "r.yaml:5:11: error: PID-3 is no name of a segment"},
        {"a list with if:", "  - keep: [OBX, NTE]\n    if: OBX-8.oneOf('AA')",
         "r.yaml:6:9: error: if: beside keep: is asked of each one of a single place; write keep: "
         "PID-3 or keep: OBX, one place a step"},
        {"a place that does not repeat", "  - keep: PID-8\n    if: PID-8 = 'F'",
         "r.yaml:5:11: error: PID-8 does not repeat: there is nothing to keep some of; use delete: "
         "with the opposite if:"},
        {"one of several", "  - keep: OBX[1]\n    if: PID-8 = 'F'",
         "r.yaml:5:11: error: OBX[1] does not repeat: there is nothing to keep some of; use "
         "delete: with the opposite if:"},
        {"except:", "  - keep: OBX\n    except: [OBR]",
         "r.yaml:6:5: error: except: is not known in this step; known here: keep, if"},
    };
    rows_check(on_oru, ROWS(rows));
}

/* ---- add ---- */

Test(step_edit, add_makes_a_segment)
{
    static const struct row rows[] = {
        {"behind a segment", "  - add: NTE\n    after: OBR[2]",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/OBR|2|B/NTE/OBX|1/NTE|1||b/ZPI|1/ZAB|2"},
        {"before a segment", "  - add: NTE\n    before: OBR[2]\n    set: { 3: x }",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/NTE|||x/OBR|2|B/OBX|1/NTE|1||b/ZPI|1/ZAB|2"},
        {"behind the last", "  - add: ZZZ\n    after: OBR[last]\n    set: { 1: '9' }",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/OBR|2|B/ZZZ|9/OBX|1/NTE|1||b/ZPI|1/ZAB|2"},
        {"in a loop behind its element",
         "  - for: OBX\n    do:\n      - add: NTE\n        after: OBX\n        set: { 1: =$number, "
         "3: "
         "=OBX-3.1 }\n        if: OBX-8.oneOf('AA')",
         "PID/OBR|1|A/OBX|1/NTE|1||NA/NTE|1||a/OBX|2/OBR|2|B/OBX|1/NTE|3||C/NTE|1||b/ZPI|1/ZAB|2"},
        {"where the structure has it: a group of its own", "  - add: OBR\n    set: { 1: '3' }",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/OBR|2|B/OBX|1/NTE|1||b/ZPI|1/ZAB|2/OBR|3"},
        {"in a loop where the structure has it",
         "  - for: OBR\n    do:\n      - add: ORC\n        set: { 1: RE }\n  - delete: [NTE, OBX, "
         "Z*]",
         "PID/ORC|RE/OBR|1|A/ORC|RE/OBR|2|B"},
    };
    bodies(on_oru, oru, ROWS(rows));
    static const struct row places[] = {
        {"PD1 stands behind PID", "  - add: PD1\n    set: { 3: x }",
         "EVN||20261124/PID|1||7/PD1|||x/NK1|1|A~B/NK1|2|C/PV1|1|I|W1^2"},
        {"one more that repeats", "  - add: NK1\n    set: { 1: '3', '2[2].1.1': D }",
         "EVN||20261124/PID|1||7/NK1|1|A~B/NK1|2|C/NK1|3|~D/PV1|1|I|W1^2"},
        {"right sides see before",
         "  - add: NK1\n    before: NK1[1]\n    set: { 1: =NK1.count(), 3: =PV1-2 }",
         "EVN||20261124/PID|1||7/NK1|2||I/NK1|1|A~B/NK1|2|C/PV1|1|I|W1^2"},
        {"a segment of one's own", "  - add: ZPX\n    after: PV1\n    set: { 2: a }",
         "EVN||20261124/PID|1||7/NK1|1|A~B/NK1|2|C/PV1|1|I|W1^2/ZPX||a"},
    };
    bodies(on_adt, adt, ROWS(places));
}

Test(step_edit, an_added_segment_needs_its_neighbour)
{
    static const struct row rows[] = {
        {"none there", "  - add: NTE\n    after: NK1[3]",
         "accepted\nlab held <r.yaml:6:12: NK1[3]: the message has no such segment>"},
    };
    rows_told(on_adt, adt, ROWS(rows));
}

Test(step_edit, check_refuses_what_cannot_be_added)
{
    static const struct row rows[] = {
        {"MSH", "  - add: MSH",
         "r.yaml:5:10: error: MSH is no segment that can be added; write its name, as in add: NTE"},
        {"a field", "  - add: NK1-2",
         "r.yaml:5:10: error: NK1-2 is no segment that can be added; write its name, as in add: "
         "NTE"},
        {"an index", "  - add: NK1[2]",
         "r.yaml:5:10: error: NK1[2] is no segment that can be added; write its name, as in add: "
         "NTE"},
        {"both sides", "  - add: NK1\n    after: PID\n    before: PV1",
         "r.yaml:7:13: error: after: or before:, not both"},
        {"behind a field", "  - add: NK1\n    after: PID-3",
         "r.yaml:6:12: error: a segment stands behind or before a segment, not a field"},
        {"which one?", "  - add: NTE\n    after: NK1",
         "r.yaml:6:12: error: NK1: NK1 repeats, the target must say which one; write NK1[1], or "
         "[last]"},
        {"no field of it", "  - add: NK1\n    set: { 99: x }",
         "r.yaml:6:12: error: NK1-99: no HL7 version has a field 99 in NK1"},
        {"below a field that repeats", "  - add: NK1\n    set: { 2.1: x }",
         "r.yaml:6:12: error: NK1-2.1: NK1-2 repeats, the target must say which repetition; write "
         "NK1-2[1].1, or [+] for a new one, [*] for each"},
        {"twice the same", "  - add: NK1\n    set: { 3: x, 3.1: y }",
         "r.yaml:6:18: error: NK1-3.1 overlaps with NK1-3 in the same set"},
        {"set: is no mapping", "  - add: NK1\n    set: x",
         "r.yaml:6:10: error: set: should be a mapping of paths, this is a text; write set: { 1: "
         "1, "
         "3: text }: field numbers of the new segment"},
    };
    rows_check(on_adt, ROWS(rows));
}

/* ---- copy ---- */

Test(step_edit, copy_of_a_segment_means_the_group_it_opens)
{
    static const struct row rows[] = {
        {"an order with its results, behind that of the other",
         "  - copy: OBR[1]\n    after: OBR[2]\n  - delete: Z*",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|2/OBR|2|B/OBX|1/NTE|1||b/OBR|1|A/OBX|1/NTE|1||a/OBX|2"},
        {"in a loop, behind itself",
         "  - for: OBX\n    do:\n      - copy: OBX\n        after: OBX\n        if: $number < 3",
         "PID/OBR|1|A/OBX|1/NTE|1||a/OBX|1/NTE|1||a/OBX|2/OBX|2/OBR|2|B/OBX|1/NTE|1||b/ZPI|1/"
         "ZAB|2"},
        {"a segment that is not there",
         "  - copy: OBR[1]\n    after: OBR[1]\n    if: PID-8 = 'M'\n"
         "  - delete: [NTE, OBX, Z*]",
         "PID/OBR|1|A/OBR|2|B"},
    };
    bodies(on_oru, oru, ROWS(rows));
    static const struct row single[] = {
        {"a segment that opens none", "  - copy: NK1[1]\n    after: NK1[last]",
         "EVN||20261124/PID|1||7/NK1|1|A~B/NK1|2|C/NK1|1|A~B/PV1|1|I|W1^2"},
    };
    bodies(on_adt, adt, ROWS(single));
}

Test(step_edit, copy_of_a_field_goes_byte_for_byte)
{
    static const struct row rows[] = {
        {"a field, escapes as they stand", "  - copy: PID-5[1]\n    to: OBR[1]-3",
         "OBR|1|A|DOE^J\\T\\K\rOBR|2|B"},
        {"a repetition", "  - copy: PID-3[2]\n    to: OBR[1]-3", "OBR|1|A|8^^^S^SS\rOBR|2|B"},
        {"a component", "  - copy: PID-3[2].5\n    to: OBR[1]-3.2", "OBR|1|A|^SS\rOBR|2|B"},
        {"an explicit null", "  - copy: PID-19\n    to: OBR[1]-3", "OBR|1|A|\"\"\rOBR|2|B"},
        {"what is empty empties", "  - copy: PID-30\n    to: OBR[1]-2", "OBR|1|\rOBR|2|B"},
        {"all repetitions into a field that repeats", "  - copy: PID-3\n    to: OBR[1]-16",
         "OBR|1|A||||||||||||||7^^^L^MR~8^^^S^SS~9^^^L^SS\rOBR|2|B"},
    };
    rows_lines(on_oru, oru, ROWS(rows));
}

Test(step_edit, check_refuses_what_cannot_be_copied)
{
    static const struct row rows[] = {
        {"a field wants to:", "  - copy: PID-3",
         "r.yaml:5:11: error: copy: of a field wants to:; write copy: PID-3 with to: PATH"},
        {"a field with after:", "  - copy: PID-3\n    after: PV1",
         "r.yaml:6:12: error: after: is for segments; a field is copied with to: PATH"},
        {"a segment wants after:", "  - copy: NK1[1]",
         "r.yaml:5:11: error: copy: of a segment wants after:, the segment it goes behind; write "
         "copy: NK1[1] with after: NK1[last]"},
        {"a segment with to:", "  - copy: NK1[1]\n    to: NK1[2]",
         "r.yaml:6:9: error: copy: of a segment wants after:, the segment it goes behind; write "
         "copy: NK1[1] with after: NK1[last]"},
        {"MSH", "  - copy: MSH\n    after: PV1", "r.yaml:5:11: error: MSH cannot be copied"},
        {"which one?", "  - copy: NK1\n    after: PV1",
         "r.yaml:5:11: error: NK1: NK1 repeats, the target must say which one; write NK1[1], or "
         "[last]"},
        {"several into one", "  - copy: PID-3\n    to: PV1-2",
         "r.yaml:5:11: error: PID-3 may give several values, one is wanted here; write PID-3[1], "
         "PID-3.where(...).first(), .exists(...) or .join(' ')"},
    };
    rows_check(on_adt, ROWS(rows));
}

/* Parts of a value are cut once for several readers, and a short message knows where its names stand: neither outlives
 * what a step changes, nor goes from one route to the next. */
Test(step_edit, what_was_read_is_read_again_behind_a_change)
{
    static const char small[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                                "PID|1||7^^^L&1.2&ISO^MR~8^^^S^SS\r"
                                "NK1|1|A\r"
                                "PV1|1|I|W1^2\r";
#define HEAD   "accepted\nlab: " MSH_OF
#define MSH_OF "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
#define WHOLE  "PID|1||7^^^L&1.2&ISO^MR~8^^^S^SS\r"
    static const struct row rows[] = {
        {"parts of a name, and of the same place later",
         "  - let: { p: '=PID-3[1]' }\n  - set: { PV1-3.1: =$p.1 & $p.4.2 & $p.5 }\n  - set: { "
         "'PID-3[1].1': 9, 'PID-3[1].4.2': '3' }\n  - set: { PV1-3.2: =$p.1 & $p.4.2 & $p.5 }\n  - "
         "let: { q: '=PID-3[1]' }\n  - set: { PV1-3.3: =$q.1 & $q.4.2 & $q.5 }",
         HEAD "PID|1||9^^^L&3&ISO^MR~8^^^S^SS\rNK1|1|A\rPV1|1|I|71.2MR^71.2MR^93MR\r"},
        {"of what a loop walks",
         "  - for: PID-3\n    do:\n      - set: { PV1-2: =$this.1 & $this.5 }\n      - set: { "
         "'PID-3[1].1': 9 }\n      - set: { PV1-3: =$this.1 & $this.5 }",
         HEAD "PID|1||9^^^L&1.2&ISO^MR~8^^^S^SS\rNK1|1|A\rPV1|1|8SS|8SS\r"},
        {"names that come and go",
         "  - set: { PV1-2: =NK1.count().toString() & PD1.count().toString() }\n  - add: PD1\n  - "
         "{ add: NK1, set: { 2: B } }\n  - set: { PV1-3: '=NK1.count().toString() & "
         "PD1.count().toString() & NK1[last]-2[1].1.1' }\n  - delete: NK1\n  - set: { PV1-4: "
         "=NK1.count().toString() & PD1.count().toString() }\n",
         HEAD WHOLE "PD1\rPV1|1|10|21B|01\r"},
        {"another route has them as received",
         "  - set: { PV1-2: '=NK1[1]-2[1].1.1 & PID-3[1].4.2', 'PID-3[1].4.2': '3' }\n  - delete: "
         "NK1\n  - "
         "send: lab\n---\nroute: b\nfrom: epic\nmessages: [ADT^A01]\ndo:\n  - let: { p: "
         "'=PID-3[1]' "
         "}\n  - set: { PV1-2: '=NK1[1]-2[1].1.1 & $p.4.2 & $p.1' }\n  - send: acct\n---\nroute: "
         "c\nfrom: "
         "epic\nmessages: [ADT^A01]\ndo:\n  - { drop: never, if: PID.exists().not() }",
         HEAD "PID|1||7^^^L&3&ISO^MR~8^^^S^SS\rPV1|1|A1.2|W1^2\r\nacct /MAIN: " MSH_OF WHOLE
              "NK1|1|A\rPV1|1|A1.27|W1^2\r\nlab: " MSH_OF WHOLE "NK1|1|A\rPV1|1|I|W1^2\r"},
    };
    rows_told(on_adt, small, ROWS(rows));
}
