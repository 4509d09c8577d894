/* The step send: as, with, id, key, part, class, options. Language, section 9. */
#include "engine/base/pairs.h"
#include "tests/unit/rules/rows.h"

TestSuite(step_send, .init = kit_begin, .fini = kit_end);

#define MSH "MSH|^~\\&|L|MAIN|D|X|20261124093000||"
#define ORU MSH "ORU^R01^ORU_R01|M1|P|2.5.1\r"
#define PID "PID|1||7^^^L^MR~8^^^S^SS\r"
static const char oru[] = ORU PID "OBR|1|A\rOBX|1|ST|K\rOBX|2|ST|L\rOBR|2|B\rOBX|1|ST|M\r";
#define A40 MSH "ADT^A40^ADT_A39|M1|P|2.5.1\rEVN||2026\r"
static const char a40[] = A40 "PID|1||1^^^L\rMRG|2^^^L\rPID|2||3^^^&9.9&ISO\rMRG|4^^^L~5\r";

static const char route[] = "route: a\nfrom: [epic, bulk]\nmessages: [ORU^R01, ADT^A40]\ndo:\n@@\n";
#define MAP(head, value)                                                                           \
    "---\nmap: m\nreads: [ORU_R01, ADT_A39]\nto: json\n" head "value:\n  v: " value "\n"

/* ---- id ---- */

Test(step_send, the_id_is_a_formula_or_the_numbers_of_the_loops)
{
    static const struct row rows[] = {
        {"no loop: none", "  - send: all", "accepted\nall /*: MSH..."},
        {"a formula", "  - { send: all, id: =PID-1 & 'x' }", "accepted\nall id=1x /*: MSH..."},
        {"a text", "  - { send: all, id: booked }", "accepted\nall id=booked /*: MSH..."},
        {"a number", "  - { send: all, id: =1 + 1 }", "accepted\nall id=2 /*: MSH..."},
        {"a text that a formula would be", "  - { send: all, id: ='PID-1' }",
         "accepted\nall id=PID-1 /*: MSH..."},
        {"the loop's number",
         "  - { for: OBR, do: { send: all, as: m } }\n" MAP("", "=OBR.count()"),
         "accepted\nall id=1 /*: {\"v\":1}\nall id=2 /*: {\"v\":1}"},
        {"the numbers of loops within each other",
         "  - for: OBR\n    do: { for: OBX, do: { send: all, as: m } }\n" MAP("", "1"),
         "accepted\nall id=1.1 /*: {\"v\":1}\nall id=1.2 /*: {\"v\":1}\nall id=2.1 /*: {\"v\":1}"},
        {"a loop over values counts, too",
         "  - for: PID-3\n    do: { send: all, as: m }\n" MAP("", "1"),
         "accepted\nall id=1 /*: {\"v\":1}\nall id=2 /*: {\"v\":1}"},
        {"in a loop and outside of it",
         "  - { send: all, as: m }\n  - for: PID-3\n    do: { send: all, as: m }\n" MAP("", "1"),
         "accepted\nall /*: {\"v\":1}\nall id=1 /*: {\"v\":1}\nall id=2 /*: {\"v\":1}"},
        {"a send elsewhere changes no id",
         "  - { send: lab, as: m, id: first }\n  - for: PID-3\n    do:\n      - { send: lab, as: "
         "m, id: "
         "=$this.1 }\n      - { send: all, as: m }\n" MAP("", "1"),
         "accepted\nlab id=first: {\"v\":1}\nlab id=7: {\"v\":1}\nall id=1 /*: {\"v\":1}\n"
         "lab id=8: {\"v\":1}\nall id=2 /*: {\"v\":1}"},
        {"the same id to another destination",
         "  - { send: lab, as: m, id: x }\n  - { send: all, as: m, id: x }\n" MAP("", "1"),
         "accepted\nlab id=x: {\"v\":1}\nall id=x /*: {\"v\":1}"},
        {"the same id of another route",
         "  - { send: lab, as: m }\n---\nroute: b\nfrom: epic\nmessages: [ORU^R01]\ndo: { send: "
         "lab, as: "
         "m }\n" MAP("", "1"),
         "accepted\nlab: {\"v\":1}\nlab: {\"v\":1}"},
    };
    rows_told(route, oru, ROWS(rows));
}

Test(step_send, an_id_that_is_empty_or_taken_is_a_located_error)
{
#define SAME "the id is the same as that of another output of this message"
    static const struct row rows[] = {
        {"empty", "  - { send: lab, id: =PID-30 }",
         "accepted\nlab held <r.yaml:5:23: PID-30: the id is empty>"},
        {"a text without characters", "  - { send: lab, id: =PID-30 & PID-31 }",
         "accepted\nlab held <r.yaml:5:30: PID-30: the id is empty>"},
        {"null", "  - { send: lab, id: =PID-19 }",
         "accepted\nlab held <r.yaml:5:23: PID-19: the id is empty>"},
        {"equal to another", "  - { send: lab, id: x }\n  - { send: lab, id: ='x' }",
         "accepted\nlab held <r.yaml:6:23: " SAME ">"},
        {"equal to another of the loop", "  - for: PID-3\n    do: { send: lab, id: =PID-1 }",
         "accepted\nlab held <r.yaml:6:27: PID-1: " SAME ">"},
        {"equal by the numbers of two loops",
         "  - { for: PID-3, do: { send: lab } }\n  - { for: PID-3, do: { send: lab } }",
         "accepted\nlab held <r.yaml:6:25: " SAME "; give this send an id:>"},
        {"equal where each may be left out",
         "  - { send: lab, if: PID-1 = '1' }\n  - { send: lab, if: PID-3.exists() }",
         "accepted\nlab held <r.yaml:6:7: " SAME "; give this send an id:>"},
        {"what the route had sent is taken back", "  - send: all\n  - { send: lab, id: =PID-30 }",
         "accepted\nall /* held <r.yaml:6:23: PID-30: the id is empty>"},
    };
    static const char nulls[] = ORU "PID|1||7~8||||||||||||||||\"\"\r";
    rows_told(route, nulls, ROWS(rows));
    static const struct row refused[] = {
        {"two sends of one list that both happen", "  - send: lab\n  - send: lab",
         "r.yaml:6:5: error: a send to lab stands before this one, and both would have the same "
         "id; "
         "give this one an id:, a formula or a text that tells them apart"},
        {"in a loop",
         "  - for: OBR\n    do:\n      - send: lab\n      - send: all\n      - send: lab",
         "r.yaml:9:9: error: a send to lab stands before this one, and both would have the same "
         "id; "
         "give this one an id:, a formula or a text that tells them apart"},
        {"one with an id", "  - send: lab\n  - { send: lab, id: x }", ""},
        {"in branches of which one is taken",
         "  - choose: [{ if: PID-1 = '1', do: { send: lab } }, { else: { send: lab } }]", ""},
        {"several values", "  - { send: lab, id: =PID-3.1 }",
         "r.yaml:5:23: error: PID-3.1 may give several values, one is wanted here; write "
         "PID-3[1].1, "
         "PID-3.where(...).first().1, .exists(...) or .join(' ')"},
        {"a composite", "  - { send: lab, id: =PID-3.first() }",
         "r.yaml:5:29: error: the value is a CX of several parts, one text is wanted here; say "
         "which "
         "part, as in (...).1"},
        {"a formula without its =", "  - { send: lab, id: PID-1 }",
         "r.yaml:5:22: error: this text looks like a formula; write =... for the formula or ='...' "
         "for the text"},
    };
    rows_check(route, ROWS(refused));
}

/* ---- key ---- */

Test(step_send, the_key_is_that_of_the_destination_or_a_formula)
{
    static const struct row rows[] = {
        {"the patient: PID-3 and MRG-1", "  - { send: desk, as: m }\n" MAP("", "1"),
         "accepted\ndesk L/1 L/2 9.9/3 L/4 /5: {\"v\":1}"},
        {"the patient of the loop's element",
         "  - { for: PID, do: { send: desk, as: m } }\n" MAP("", "1"),
         "accepted\ndesk id=1 L/1 L/2: {\"v\":1}\ndesk id=2 9.9/3 L/4 /5: {\"v\":1}"},
        {"as received, not as edited",
         "  - for: PID\n    do:\n      - set:\n          PID-3: X\n          MRG-1[1].1: Y\n"
         "      - { send: desk, as: m }\n" MAP("at: PID\n", "=PID-3[1].1 & MRG-1[1].1"),
         "accepted\ndesk id=1 L/1 L/2: {\"v\":\"XY\"}\ndesk id=2 9.9/3 L/4 /5: {\"v\":\"XY\"}"},
        {"in a loop over values that of the message",
         "  - { for: EVN-2, do: { send: desk, as: m } }\n" MAP("", "1"),
         "accepted\ndesk id=1 L/1 L/2 9.9/3 L/4 /5: {\"v\":1}"},
        {"none", "  - { send: lab, as: m }\n" MAP("", "1"), "accepted\nlab: {\"v\":1}"},
        {"all", "  - { send: all, as: m }\n" MAP("", "1"), "accepted\nall /*: {\"v\":1}"},
        {"the destination's formula", "  - { send: acct, as: m }\n" MAP("", "1"),
         "accepted\nacct /MAIN: {\"v\":1}"},
        {"key() of identifiers", "  - { send: lab, as: m, key: =MRG-1.key() }\n" MAP("", "1"),
         "accepted\nlab L/2 L/4 /5: {\"v\":1}"},
        {"a union of them, each once",
         "  - { send: all, as: m, key: =PID-3.key() | MRG-1.key() | PID-3.key() }\n" MAP("", "1"),
         "accepted\nall L/1 9.9/3 L/2 L/4 /5: {\"v\":1}"},
        {"texts", "  - { send: desk, as: m, key: =EVN-2 & 'x' }\n" MAP("", "1"),
         "accepted\ndesk /2026x: {\"v\":1}"},
        {"a text", "  - { send: desk, as: m, key: fixed }\n" MAP("", "1"),
         "accepted\ndesk /fixed: {\"v\":1}"},
        {"on the loop's element",
         "  - { for: PID, do: { send: lab, as: m, key: =MRG-1.key() } }\n" MAP("", "1"),
         "accepted\nlab id=1 L/2: {\"v\":1}\nlab id=2 L/4 /5: {\"v\":1}"},
        {"nothing: no order", "  - { send: desk, as: m, key: =PID-30 }\n" MAP("", "1"),
         "accepted\ndesk: {\"v\":1}"},
    };
    rows_told(route, a40, ROWS(rows));
}

/* ---- part ---- */

Test(step_send, part_current_leaves_the_other_elements_out)
{
    static const struct row rows[] = {
        {"groups", "  - { for: OBR, do: { send: lab, part: current } }",
         "accepted\nlab id=1: " ORU PID "OBR|1|A\rOBX|1|ST|K\rOBX|2|ST|L\r\n"
         "lab id=2: " ORU PID "OBR|2|B\rOBX|1|ST|M\r"},
        {"loops within each other",
         "  - for: OBR\n    do: { for: OBX, do: { send: lab, part: current, if: OBX-1 = '1' } }",
         "accepted\nlab id=1.1: " ORU PID "OBR|1|A\rOBX|1|ST|K\r\n"
         "lab id=2.1: " ORU PID "OBR|2|B\rOBX|1|ST|M\r"},
        {"as edited so far",
         "  - for: OBR\n    do:\n      - { set: { OBR-1: '9' }, if: $number = 1 }\n      - { send: "
         "lab, "
         "part: current, if: $number = 2 }\n      - { send: all, if: $number = 2 }",
         "accepted\nlab id=2: " ORU PID "OBR|2|B\rOBX|1|ST|M\r\n"
         "all id=2 /*: " ORU PID "OBR|9|A\rOBX|1|ST|K\rOBX|2|ST|L\rOBR|2|B\rOBX|1|ST|M\r"},
        {"without it the whole message", "  - for: OBR\n    do: { send: lab, if: $number = 1 }",
         "accepted\nlab id=1: " ORU PID "OBR|1|A\rOBX|1|ST|K\rOBX|2|ST|L\rOBR|2|B\rOBX|1|ST|M\r"},
    };
    rows_told(route, oru, ROWS(rows));
    static const struct row refused[] = {
        {"no loop", "  - { send: lab, part: current }",
         "r.yaml:5:24: error: part: current stands in a loop over segments or groups; put the send "
         "into for: SEG"},
        {"a loop over values", "  - { for: PID-3, do: { send: lab, part: current } }",
         "r.yaml:5:42: error: part: current stands in a loop over segments or groups; put the send "
         "into for: SEG"},
        {"another word", "  - { for: OBR, do: { send: lab, part: rest } }",
         "r.yaml:5:40: error: part: is current: the message without the loop's other elements"},
        {"with a map", "  - { for: OBR, do: { send: lab, as: m, part: current } }\n" MAP("", "1"),
         "r.yaml:5:47: error: part: is for the message itself; a map takes what it reads"},
    };
    rows_check(route, ROWS(refused));
}

/* ---- class, options ---- */

Test(step_send, the_class_is_interactive_or_bulk)
{
    static const struct row interactive[] = {
        {"default", "  - send: lab", "accepted\nlab: ..."},
        {"bulk", "  - { send: lab, class: bulk }", "accepted\nlab bulk: ..."},
        {"interactive", "  - { send: lab, class: interactive }", "accepted\nlab: ..."},
    };
    static const struct row files[] = {
        {"default of what files bring", "  - send: lab", "accepted\nlab bulk: ..."},
        {"interactive all the same", "  - { send: lab, class: interactive }", "accepted\nlab: ..."},
    };
    static const struct row refused[] = {
        {"another word", "  - { send: lab, class: slow }",
         "r.yaml:5:25: error: class: is interactive or bulk"},
    };
    rows_told(route, oru, ROWS(interactive));
    rows_check(route, ROWS(refused));
    kit_source = 3;
    rows_told(route, oru, ROWS(files));
}

static bool one_option(void *arg, unsigned d, const struct yaml_node *n, struct diags *findings)
{
    (void)n;
    *(unsigned *)arg = d;
    if (d == 1) {
        return true;
    }
    diag_add(findings, DIAG_ERROR, "x", (struct diag_pos){"r.yaml", 9, 9}, "no such option");
    return false;
}

Test(step_send, options_are_those_of_the_destinations_adapter)
{
    unsigned asked = 99;
    struct rules_env env = kit_env;
    struct diags d;
    struct rules_file good = {"r.yaml",
                              str_of(rows_text(route, "  - { send: lab, options: { x: 1 } }"))},
                      bad = {"r.yaml",
                             str_of(rows_text(route, "  - { send: all, options: { x: 1 } }"))};
    env.arg = &asked;
    env.message_options = one_option;
    diags_init(&d, &kit_arena);
    cr_expect(rules_compile(&kit_arena, &good, 1, &env, &d) != NULL);
    cr_expect_eq(asked, 1);
    cr_expect_null(rules_compile(&kit_arena, &bad, 1, &env, &d));
    cr_expect_eq(asked, 2);
    cr_expect_str_eq(kit_findings(&d), "r.yaml:9:9: error: no such option\n");
    static const struct row refused[] = {
        {"none here", "  - { send: lab, options: { x: 1 } }",
         "r.yaml:5:27: error: options: cannot be used here"},
    };
    rows_check(route, ROWS(refused));
}

/* ruleset of `steps` where every destination knows every option. */
static struct ruleset *with_options(const char *steps)
{
    static unsigned asked;
    struct rules_env env = kit_env;
    struct rules_file *f = ARENA_NEW(&kit_arena, struct rules_file);
    struct diags d;
    *f = (struct rules_file){"r.yaml", str_of(rows_text(route, steps))};
    env.arg = &asked;
    env.message_options = one_option;
    diags_init(&d, &kit_arena);
    struct ruleset *r = rules_compile(&kit_arena, f, 1, &env, &d);
    cr_assert(r, "%s", kit_findings(&d));
    return r;
}

static struct rules_result run_options(struct ruleset *r)
{
    struct rules_result res;
    struct rules_input in = {.m = kit_message(oru)};
    rules_run(r, &in, &kit_arena, &res);
    return res;
}

Test(step_send, options_are_texts_and_formulas_beside_the_payload)
{
    struct rules_result res =
        run_options(with_options("  - for: OBR\n    do: { send: lab, options: { x: plain, y: "
                                 "='Patient/' & $number, z: =PID-8 "
                                 "} }"));
    cr_assert_eq(res.noutputs, 2);
    for (unsigned i = 0; i < 2; i++) {
        struct str o = res.outputs[i].options;
        cr_expect(str_is(pairs_get(o, "x"), "plain"));
        cr_expect(str_is(pairs_get(o, "y"), i ? "Patient/2" : "Patient/1"));
        cr_expect_null(pairs_get(o, "z").p, "what comes to nothing is left out");
    }
    res = run_options(with_options("  - { send: lab, options: { x: =MSH-10.toDate() } }"));
    cr_assert_eq(res.noutputs, 1);
    cr_expect(res.outputs[0].finding.n > 0, "a failure holds it");
}

/* ---- as, with ---- */

Test(step_send, as_sends_what_a_map_makes)
{
    static const struct row rows[] = {
        {"of the message as edited",
         "  - set: { PID-1: '5' }\n  - { send: lab, as: m }\n" MAP("", "=PID-1"),
         "accepted\nlab: {\"v\":5}"},
        {"of the loop's element, where the map starts there",
         "  - for: OBR\n    do: { send: lab, as: m }\n" MAP("at: OBR\n",
                                                            "=OBSERVATION.OBX.count()"),
         "accepted\nlab id=1: {\"v\":2}\nlab id=2: {\"v\":1}"},
        {"with parameters",
         "  - let: { x: =PID-1 }\n  - { send: lab, as: m, with: { p: =$x & 'y' } }\n" MAP(
             "needs: [p]\n", "=$p"),
         "accepted\nlab: {\"v\":\"1y\"}"},
        {"a map that comes out empty is an error", "  - { send: lab, as: m }\n" MAP("", "=PID-30"),
         "accepted\nlab held <r.yaml:5:7: the map m came out empty>"},
    };
    rows_told("route: a\nfrom: epic\nmessages: [ORU^R01]\ndo:\n@@\n", oru, ROWS(rows));
    static const struct row refused[] = {
        {"no such map", "  - { send: lab, as: n }\n" MAP("", "1"),
         "r.yaml:5:22: error: no map is called n; declare it in a document that begins with map: "
         "n"},
        {"a map of one value",
         "  - { send: lab, as: n }\n---\nmap: n\nreads: CX\nto: json\nvalue: { v: =$this.1 }",
         "r.yaml:5:22: error: the map n reads a CX, a send gives it a message; such a map is for "
         "$use:"},
        {"a map of other messages",
         "  - { send: lab, as: n }\n---\nmap: n\nreads: [SIU_S12, ORU_R01]\nto: json\nvalue: { v: "
         "=SCH-1.1 }",
         "r.yaml:5:22: error: the map n reads SIU_S12, ORU_R01; ADT_A39 comes here, too; add it to "
         "the "
         "map's reads:, or send other types elsewhere"},
        {"a map that starts elsewhere", "  - { send: lab, as: m }\n" MAP("at: PID\n", "=PID-1"),
         "r.yaml:5:22: error: the map m starts at PID, and no loop is at one here; put this into "
         "for: "
         "PID"},
        {"with: without as:", "  - { send: lab, with: { p: x } }",
         "r.yaml:5:24: error: with: gives parameters to a map, and there is no as:"},
        {"a parameter is missing", "  - { send: lab, as: m }\n" MAP("needs: [p]\n", "=$p"),
         "r.yaml:5:22: error: m needs $p; give it with with: {p: ...}"},
        {"a parameter that it has not",
         "  - { send: lab, as: m, with: { qq: x } }\n" MAP("with: { q: x }\n", "=$q"),
         "r.yaml:5:33: error: m has no parameter qq; did you mean q?"},
        {"no destination", "  - send: lob",
         "r.yaml:5:11: error: no destination is called lob; did you mean lab?"},
        {"$batch", "  - { send: lab, if: $batch.BHS-4.1 = 'X' }",
         "r.yaml:5:22: error: messages of the source epic come without the header of their batch; "
         "give the source its batch: in the configuration, or take it out of from:"},
        {"$cause", "  - { send: lab, id: =$cause.PID-1 }",
         "r.yaml:5:23: error: messages of the source epic are no answers: nothing asked for them; "
         "name a destination in from:, its answers have a $cause\n"
         "r.yaml:5:23: error: messages of the source bulk are no answers: nothing asked for them; "
         "name a destination in from:, its answers have a $cause"},
    };
    rows_check(route, ROWS(refused));
}

Test(step_send, a_destination_that_cannot_carry_json_refuses_maps)
{
    struct rules_destination to[] = {{.name = {"lab", 3}, .refuses = "mllp"}};
    struct rules_env env = kit_env;
    struct diags d;
    struct rules_file file = {
        "r.yaml", str_of("route: a\nfrom: epic\nmessages: [ORU^R01]\ndo: { send: lab, as: "
                         "m }\n" MAP("", "1"))};
    env.destinations = to;
    env.ndestinations = 1;
    diags_init(&d, &kit_arena);
    cr_expect_null(rules_compile(&kit_arena, &file, 1, &env, &d));
    cr_expect_str_eq(kit_findings(&d),
                     "r.yaml:4:22: error: the destination lab is \"mllp\": it cannot carry "
                     "JSON; send it to a destination that can, as http\n");
}
