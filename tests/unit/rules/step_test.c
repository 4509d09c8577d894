/* Steps that decide: if, choose, then, for, let, require, use, drop, reply. Language, section 9. */
#include "tests/unit/rules/rows.h"

TestSuite(step, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "PID|1||7^^^L^MR~8^^^S^SS||||19800101|F\r"
                          "NK1|1|A\r"
                          "NK1|2|B\r"
                          "PV1|1|I|W1^2\r";
#define MSH "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
#define PID "PID|1||7^^^L^MR~8^^^S^SS||||19800101|F\r"
#define NK1 "NK1|1|A\rNK1|2|B\r"
#define PV1 "PV1|1|I|W1^2\r"

/* The steps of a row, from line 5 on. */
static const char steps[] = "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n@@\n";
/* The same behind a list of steps called s; its steps begin in line 4. */
#define USED(head, list) "steps: s\nreads: ADT\n" head "do:\n" list "---\n"

/* ---- if ---- */

Test(step, every_step_may_carry_if_and_acts_only_on_true)
{
    static const struct row rows[] = {
        {"set", "  - { set: { PV1-2: O }, if: PID-8 = '@' }",
         "accepted\nlab: " MSH PID NK1 "PV1|1|O|W1^2\r"},
        {"delete", "  - { delete: PV1-2, if: PID-8 = '@' }",
         "accepted\nlab: " MSH PID NK1 "PV1|1||W1^2\r"},
        {"keep", "  - { keep: NK1, if: PID-8 = 'x@' }", "accepted\nlab: " MSH PID PV1},
        {"add", "  - { add: PD1, if: PID-8 = '@' }", "accepted\nlab: " MSH PID "PD1\r" NK1 PV1},
        {"copy", "  - { copy: PV1-2, to: PV1-4, if: PID-8 = '@' }",
         "accepted\nlab: " MSH PID NK1 "PV1|1|I|W1^2|I\r"},
        {"for", "  - { for: PV1, do: { set: { PV1-2: O } }, if: PID-8 = '@' }",
         "accepted\nlab: " MSH PID NK1 "PV1|1|O|W1^2\r"},
        {"choose", "  - { choose: [{ else: { set: { PV1-2: O } } }], if: PID-8 = '@' }",
         "accepted\nlab: " MSH PID NK1 "PV1|1|O|W1^2\r"},
        {"then", "  - { if: PID-8 = '@', then: { set: { PV1-2: O } } }",
         "accepted\nlab: " MSH PID NK1 "PV1|1|O|W1^2\r"},
        {"let", "  - { let: { x: O }, if: PID-8 = '@' }\n  - { set: { PV1-4: =$x } }",
         "accepted\nlab: " MSH PID NK1 "PV1|1|I|W1^2|O\r"},
        {"require", "  - { require: false, if: PID-8 = '@' }",
         "accepted\nlab held <r.yaml:5:16: what is required here is not so>"},
        {"use", "  - { use: s, if: PID-8 = '@' }", "accepted\nlab: " MSH PID NK1 "PV1|1|S|W1^2\r"},
        {"drop", "  - { drop: why, if: PID-8 = '@' }", "filtered <a: why (r.yaml:5)>"},
        {"reply", "  - { reply: { code: AE }, if: PID-8 = '@' }",
         "rejected <a: Application internal error (r.yaml:5)> AE/207//Application internal error"},
        {"send", "  - { send: all, if: PID-8 = '@' }",
         "accepted\nall /*: " MSH PID NK1 PV1 "\nlab: " MSH PID NK1 PV1},
    };
    static const char *const unless[] = {"M", "F"}; /* the message says F */
    const char *plain = "accepted\nlab: " MSH PID NK1 PV1;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i / 2];
        const char *at = strchr(row->text, '@');
        struct str text = str_printf(&kit_arena, "%.*s%s%s\n  - send: lab\n", (int)(at - row->text),
                                     row->text, unless[i % 2], at + 1);
        struct str all = str_printf(&kit_arena, "%s---\n%s", rows_text(steps, text.p),
                                    "steps: s\nreads: ADT\ndo: { set: { PV1-2: S } }\n");
        const char *got = kit_run(all.p, adt);
        const char *want = i % 2 ? row->want : strcmp(row->name, "keep") == 0 ? row->want : plain;
        cr_expect_str_eq(got, want, "%s, %s\n  got  %s", row->name, unless[i % 2], got);
    }
}

Test(step, if_wants_a_decision)
{
    static const struct row rows[] = {
        {"empty is not true", "  - { drop: why, if: PV1-18 = 'x' }\n  - { send: lab }",
         "accepted\nlab: ..."},
        {"a fault in it is one of the route",
         "  - { drop: why, if: PID-3.1.single() = '7' }\n  - { send: lab }",
         "accepted\nlab held <r.yaml:5:30: PID-3.1: single() wants one value, there are 2>"},
    };
    rows_told(steps, adt, ROWS(rows));
    static const struct row refused[] = {
        {"a value", "  - { drop: why, if: PV1-2 }\n  - { send: lab }",
         "r.yaml:5:22: error: a decision wants true or false, this is a value; write "
         "PV1-2.exists()"},
        {"unguarded", "  - { drop: why, if: PV1-2 != 'I' }\n  - { send: lab }",
         "r.yaml:5:28: error: where PV1-2 is absent this is neither true nor false; write "
         "`PV1-2.exists() and ...` or .oneOf('...').not()"},
        {"a word that is none of the step's", "  - { drop: why, iff: true }\n  - { send: lab }",
         "r.yaml:5:18: error: iff: is not known in this step; did you mean if:?"},
    };
    rows_check(steps, ROWS(refused));
}

/* ---- choose, if/then/else ---- */

Test(step, choose_takes_the_first_branch_that_is_true)
{
    static const struct row rows[] = {
        {"the first of two that are true",
         "  - choose:\n      - { if: PV1-2 = 'I', do: { send: lab, id: a } }\n"
         "      - { if: PID-8 = 'F', do: { send: lab, id: b } }\n"
         "      - { else: { send: lab, id: c } }",
         "accepted\nlab id=a: ..."},
        {"empty is not true",
         "  - choose:\n      - { if: PV1-18 = 'I', do: { send: lab, id: a } }\n"
         "      - { if: PID-8 = 'F', do: { send: lab, id: b } }\n"
         "      - { else: { send: lab, id: c } }",
         "accepted\nlab id=b: ..."},
        {"else",
         "  - choose:\n      - { if: PV1-2 = 'O', do: { send: lab, id: a } }\n"
         "      - { else: [{ send: lab, id: c }, { send: all }] }",
         "accepted\nlab id=c: ..."},
        {"none",
         "  - choose:\n      - { if: PV1-2 = 'O', do: { send: lab, id: a } }\n  - send: all",
         "accepted\nall /*: ..."},
        {"what stands behind goes on",
         "  - choose:\n      - { if: PV1-2 = 'I', do: { set: { PV1-2: X } } }\n  - send: lab\n"
         "    id: =PV1-2",
         "accepted\nlab id=X: ..."},
        {"then",
         "  - if: PV1-2 = 'I'\n    then: { send: lab, id: a }\n    else: { send: lab, id: b }",
         "accepted\nlab id=a: ..."},
        {"else of then",
         "  - if: PV1-2 = 'O'\n    then: { send: lab, id: a }\n    else: [{ send: lab, id: b }]",
         "accepted\nlab id=b: ..."},
        {"else where if is empty",
         "  - if: PV1-18 = 'O'\n    then: { send: lab, id: a }\n    else: { send: lab, id: b }",
         "accepted\nlab id=b: ..."},
        {"then without else", "  - if: PV1-2 = 'O'\n    then: { send: lab }\n  - send: all",
         "accepted\nall /*: ..."},
    };
    rows_told(steps, adt, ROWS(rows));
    static const struct row refused[] = {
        {"else is the last",
         "  - choose:\n      - { else: { send: lab } }\n      - { if: PID-8 = 'F', do: { send: all "
         "} }",
         "r.yaml:7:9: error: this is no branch of choose; each is { if: ..., do: ... }, the last "
         "one "
         "may be { else: ... }"},
        {"if without do", "  - choose:\n      - { if: PID-8 = 'F' }",
         "r.yaml:6:9: error: this is no branch of choose; each is { if: ..., do: ... }, the last "
         "one "
         "may be { else: ... }"},
        {"then without if", "  - then: { send: lab }",
         "r.yaml:5:5: error: then: wants an if: beside it"},
        {"else without then", "  - else: { send: lab }",
         "r.yaml:5:5: error: this is no step; steps "
         "are set, delete, keep, add, copy, for, use, "
         "send, drop, require, reply, choose, "
         "if/then/else, let"},
    };
    rows_check(steps, ROWS(refused));
}

/* ---- for ---- */

Test(step, for_runs_its_steps_for_each)
{
    static const struct row rows[] = {
        {"segments",
         "  - for: NK1\n    do: { set: { NK1-3: =$number & '/' & $total } }\n  - send: lab",
         "accepted\nlab: " MSH PID "NK1|1|A|1/2\rNK1|2|B|2/2\r" PV1},
        {"values", "  - for: PID-3\n    do: { send: lab, id: =$this.1 & $index }",
         "accepted\nlab id=70: " MSH PID NK1 PV1 "\nlab id=81: " MSH PID NK1 PV1},
        {"what a formula gives",
         "  - for: PID-3.where($this.5 = 'SS')\n    do: { send: lab, id: =$this.1 }",
         "accepted\nlab id=8: " MSH PID NK1 PV1},
        {"none", "  - for: PID-30\n    do: { send: lab }\n  - send: all",
         "accepted\nall /*: " MSH PID NK1 PV1},
        {"drop ends the loop, too",
         "  - for: NK1\n    do: { drop: second, if: NK1-1 = '2' }\n  - send: lab",
         "filtered <a: second (r.yaml:6)>"},
    };
    rows_told(steps, adt, ROWS(rows));
    static const struct row refused[] = {
        {"no do", "  - for: NK1", "r.yaml:5:5: error: for: wants do:, its steps"},
        {"not known", "  - for: NK1\n    do: { send: lab }\n    then: { send: all }",
         "r.yaml:7:5: error: then: is not known in this step; known here: for, do, if"},
    };
    rows_check(steps, ROWS(refused));
}

/* ---- let ---- */

Test(step, let_gives_names_for_the_steps_behind_it)
{
    static const struct row rows[] = {
        {"texts and formulas", "  - let: { a: lit, b: =PV1-2 }\n  - { send: lab, id: =$a & $b }",
         "accepted\nlab id=litI: ..."},
        {"a name keeps its value",
         "  - let: { b: =PV1-2 & '' }\n  - set: { PV1-2: X }\n  - { send: lab, id: =$b & PV1-2 }",
         "accepted\nlab id=IX: ..."},
        {"several values",
         "  - let: { b: =PID-3.1 }\n  - { send: lab, id: =$b.count().toString() }",
         "accepted\nlab id=2: ..."},
        {"inside loops and branches",
         "  - let: { b: =PV1-2 }\n  - for: NK1\n    do:\n      - if: $b = 'I'\n        then: { "
         "send: "
         "lab, id: =NK1-1 & $b }",
         "accepted\nlab id=1I: " MSH PID NK1 PV1 "\nlab id=2I: ..."},
        {"a later let sees an earlier one",
         "  - let: { a: =PV1-2 }\n  - let: { b: =$a & $a }\n  - { send: lab, id: =$b }",
         "accepted\nlab id=II: ..."},
        {"the same name again in another list",
         "  - if: true\n    then: [{ let: { a: x } }, { send: lab, id: =$a }]\n  - let: { a: y }\n"
         "  - { send: all, id: =$a }",
         "accepted\nlab id=x: " MSH PID NK1 PV1 "\nall id=y /*: ..."},
        {"a let that was passed over holds nothing, also in the next round",
         "  - for: NK1\n    do:\n      - let: { a: x }\n        if: NK1-1 = '1'\n      - send: "
         "lab\n"
         "        id: =NK1-1 & $a",
         "accepted\nlab id=1x: " MSH PID NK1 PV1 "\nlab id=2: ..."},
    };
    rows_told(steps, adt, ROWS(rows));
    static const struct row refused[] = {
        {"names of one let do not see each other",
         "  - let: { a: x, b: =$a }\n  - { send: lab, id: =$a & $b }",
         "r.yaml:5:22: error: $a is not known here; names of one let: do not see each other; put "
         "this one into a let: behind"},
        {"a name that means something", "  - let: { this: x }",
         "r.yaml:5:12: error: $this means something already"},
        {"a name that is none", "  - let: { a-b: x }",
         "r.yaml:5:12: error: a-b cannot be a name: letters, digits and _, not a digit first"},
        {"twice", "  - let: { a: x }\n  - let: { a: y }\n  - { send: lab, id: =$a }",
         "r.yaml:6:12: error: $a is a name here already; a name keeps its value"},
        {"unused", "  - let: { a: x }\n  - send: lab", "r.yaml:5:12: remark: $a is not used"},
        {"no mapping", "  - let: x",
         "r.yaml:5:10: error: let should be a mapping of names, at most 64; this is a text"},
    };
    rows_check(steps, ROWS(refused));
}

/* ---- require ---- */

Test(step, require_ends_the_route_where_it_is_not_true)
{
    static const struct row rows[] = {
        {"true", "  - require: PV1-2 = 'I'\n  - send: lab", "accepted\nlab: ..."},
        {"false", "  - require: PV1-2 = 'O'\n  - send: lab",
         "accepted\nlab held <r.yaml:5:20: PV1-2: what is required here is not so>"},
        {"empty fails", "  - require: PV1-18 = 'O'\n  - send: lab",
         "accepted\nlab held <r.yaml:5:21: PV1-18: what is required here is not so>"},
        {"else replies",
         "  - require: PV1-2 = 'O'\n    else: { reply: { code: AE, error: 103, at: PV1-2 } }\n"
         "  - send: lab",
         "rejected <a: Table value not found (r.yaml:6)> AE/103/PV1-2/Table value not found"},
        {"else drops", "  - require: PV1-2 = 'O'\n    else: { drop: no outpatient }\n  - send: lab",
         "filtered <a: no outpatient (r.yaml:6)>"},
        {"else ends the route in any case",
         "  - require: PV1-2 = 'O'\n    else: { send: all }\n  - send: lab",
         "accepted\nall /*: ..."},
        {"else with nothing to tell",
         "  - require: PV1-2 = 'O'\n    else: { set: { PV1-2: O } }\n"
         "  - send: lab",
         "filtered <a: what is required is not so (r.yaml:5)>"},
        {"else is passed over where it is true",
         "  - require: PV1-2 = 'I'\n    else: { drop: why }\n  - send: lab", "accepted\nlab: ..."},
    };
    rows_told(steps, adt, ROWS(rows));
    static const struct row refused[] = {
        {"a value", "  - require: PV1-2\n  - send: lab",
         "r.yaml:5:14: error: a decision wants true or false, this is a value; write "
         "PV1-2.exists()"},
    };
    rows_check(steps, ROWS(refused));
}

/* ---- use ---- */

Test(step, use_runs_a_list_of_steps_with_its_parameters)
{
    static const struct row rows[] = {
        {"as if it stood there",
         USED("", "  - { set: { PV1-2: S } }\n") "@  - use: s\n  - send: lab",
         "accepted\nlab: " MSH PID NK1 "PV1|1|S|W1^2\r"},
        {"what it needs",
         USED("needs: [v]\n",
              "  - { set: { PV1-2: =$v } }\n") "@  - { use: s, with: { v: X } }\n  - "
                                               "send: lab",
         "accepted\nlab: " MSH PID NK1 "PV1|1|X|W1^2\r"},
        {"a default",
         USED("with: { v: D }\n", "  - { set: { PV1-2: =$v } }\n") "@  - use: s\n  - send: lab",
         "accepted\nlab: " MSH PID NK1 "PV1|1|D|W1^2\r"},
        {"a default that is not wanted",
         USED("with: { v: D }\n",
              "  - { set: { PV1-2: =$v } }\n") "@  - use: s\n    with:\n"
                                               "      v: =NK1[2]-2\n  - send: lab",
         "accepted\nlab: " MSH PID NK1 "PV1|1|B|W1^2\r"},
        {"given, but empty",
         USED("with: { v: D }\n",
              "  - { set: { PV1-2: =$v } }\n") "@  - use: s\n    "
                                               "with: { v: =PID-30 }\n  - send: lab",
         "accepted\nlab: " MSH PID NK1 "PV1|1||W1^2\r"},
        {"once for each round of a loop",
         USED("needs: [v]\n",
              "  - { set: { PV1-2: =PV1-2 & $v } }\n") "@  - for: NK1\n    do: { use: s, "
                                                       "with: { v: =NK1-1 } }\n  - send: lab",
         "accepted\nlab: " MSH PID NK1 "PV1|1|I12|W1^2\r"},
        {"its drop ends the route", USED("", "  - { drop: why }\n") "@  - use: s\n  - send: lab",
         "filtered <a: why (r.yaml:4)>"},
        {"its send is one of the route", USED("", "  - { send: lab }\n") "@  - use: s",
         "accepted\nlab: " MSH PID NK1 PV1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = strchr(rows[i].text, '@');
        struct str text = str_printf(&kit_arena, "%.*s%s", (int)(at - rows[i].text), rows[i].text,
                                     rows_text(steps, at + 1));
        const char *got = kit_run(text.p, adt);
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s", rows[i].name, got);
    }
}

Test(step, check_refuses_a_use_that_cannot_work)
{
#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n"
    static const struct row rows[] = {
        {"no such steps", ROUTE "  - use: tt\n---\nsteps: t\nreads: ADT\ndo: { drop: x }",
         "r.yaml:5:10: error: no steps are called tt; did you mean t?"},
        {"they read something else",
         ROUTE "  - use: t\n  - send: lab\n---\nsteps: t\nreads: SIU_S12\n"
               "do: { set: { PID-8: M } }",
         "r.yaml:5:10: error: the steps t do not read ADT_A01, which comes here"},
        {"a parameter is missing",
         ROUTE "  - use: t\n  - send: lab\n---\nsteps: t\nreads: ADT\n"
               "needs: [v]\ndo: { set: { PID-8: =$v } }",
         "r.yaml:5:10: error: t needs $v; give it with with: {v: ...}"},
        {"a parameter that it has not",
         ROUTE "  - { use: t, with: { w: 1 } }\n  - send: lab\n---\nsteps: t\nreads: ADT\n"
               "with: { v: x }\ndo: { set: { PID-8: =$v } }",
         "r.yaml:5:23: error: t has no parameter w; it declares them with needs: and with:"},
        {"names around are not seen",
         ROUTE "  - let: { v: 1 }\n  - use: t\n  - { send: lab, id: =$v }\n---\nsteps: t\nreads: "
               "ADT\ndo: { set: { PID-8: =$v } }",
         "r.yaml:11:22: error: $v is not known here; names come from let:, from parameters "
         "(needs:, "
         "with:) and from the feed's profile"},
        {"they use themselves",
         "steps: t\nreads: ADT\ndo: { use: u }\n---\nsteps: u\nreads: ADT\n"
         "do: { use: t }",
         "r.yaml:3:12: error: the steps u would use themselves\n"
         "r.yaml:7:12: error: the steps t would use themselves"},
        {"no reads", "steps: t\ndo: { drop: x }",
         "r.yaml:1:1: error: the steps have no reads:, the messages they are for; write reads: "
         "ADT, "
         "or reads: [SIU_S12]"},
        {"no do", "steps: t\nreads: ADT", "r.yaml:1:1: error: the steps have no do:"},
        {"a drop behind a send of the route",
         ROUTE "  - send: lab\n  - use: t\n---\nsteps: t\nreads: ADT\ndo: { drop: x }",
         "r.yaml:10:7: error: this drop may come after a send, which it would not undo; put the "
         "drop before the send"},
        {"errors are told although nobody uses them",
         "steps: t\nreads: ADT\ndo: { set: { PID-99: x } }",
         "r.yaml:3:14: error: PID-99: no HL7 version has a field 99 in PID"},
    };
    rows_check(NULL, ROWS(rows));
}

/* ---- drop, reply ---- */

Test(step, drop_ends_this_route_with_its_reason)
{
    static const struct row rows[] = {
        {"nothing behind it runs", "  - drop: test patient\n  - send: lab",
         "filtered <a: test patient (r.yaml:5)>"},
        {"other routes go on",
         "  - drop: why\n---\nroute: b\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab }",
         "accepted\nlab: ..."},
        {"a reason that looks like a formula is a text", "  - drop: PID-8 is F",
         "filtered <a: PID-8 is F (r.yaml:5)>"},
        {"in a branch beside a send",
         "  - if: PV1-2 = 'I'\n    then: { drop: inpatient }\n    else: { send: lab }",
         "filtered <a: inpatient (r.yaml:6)>"},
    };
    rows_told(steps, adt, ROWS(rows));
#define LATE                                                                                       \
    "this drop may come after a send, which it would not undo; put the drop before the send"
#define ROUND                                                                                      \
    "this drop may come after a send of an earlier round of the loop, which it would not undo; "   \
    "decide before the loop, or leave out the send with if:"
    static const struct row refused[] = {
        {"no reason", "  - drop: ''",
         "r.yaml:5:11: error: drop: wants a reason, which should be a text, this is empty"},
        {"behind a send", "  - send: lab\n  - drop: why", "r.yaml:6:5: error: " LATE},
        {"behind a send that may be left out", "  - { send: lab, if: PID-8 = 'F' }\n  - drop: why",
         "r.yaml:6:5: error: " LATE},
        {"behind a branch that sends",
         "  - choose: [{ if: PID-8 = 'F', do: { send: lab } }, { else: { set: { PID-8: F } } }]\n"
         "  - drop: why",
         "r.yaml:6:5: error: " LATE},
        {"behind a loop that sends", "  - { for: NK1, do: { send: lab } }\n  - drop: why",
         "r.yaml:6:5: error: " LATE},
        {"before the send of the same loop",
         "  - for: NK1\n    do:\n      - { drop: why, if: NK1-1 = '2' }\n      - send: lab",
         "r.yaml:7:11: error: " ROUND},
        {"in a require behind a send",
         "  - send: lab\n  - { require: PV1-2 = 'I', else: { drop: x } }",
         "r.yaml:6:37: error: " LATE},
    };
    rows_check(steps, ROWS(refused));
}

Test(step, reply_rejects_the_message)
{
    static const struct row rows[] = {
        {"all of it", "  - reply: { code: AE, error: 101, at: 'PID-3[2].4', text: no authority }",
         "rejected <a: no authority (r.yaml:5)> AE/101/PID-3[2].4/no authority"},
        {"AR, and the text of the code", "  - reply: { code: AR, error: 202 }",
         "rejected <a: Unsupported processing id (r.yaml:5)> AR/202//Unsupported processing id"},
        {"nothing of the message is sent", "  - send: lab\n  - reply: { code: AE, error: 103 }",
         "rejected <a: Table value not found (r.yaml:6)> AE/103//Table value not found"},
        {"a text that looks like a formula", "  - reply: { code: AE, text: PID-3 }",
         "rejected <a: PID-3 (r.yaml:5)> AE/207//PID-3"},
        {"it ends the route", "  - reply: { code: AE }\n  - reply: { code: AR }",
         "rejected <a: Application internal error (r.yaml:5)> AE/207//Application internal error"},
    };
    rows_told(steps, adt, ROWS(rows));
    static const struct row refused[] = {
        {"no code", "  - reply: { text: x }",
         "r.yaml:5:12: error: reply: wants code: AE (error) or AR (reject)"},
        {"AA", "  - reply: { code: AA }",
         "r.yaml:5:20: error: reply: wants code: AE (error) or AR (reject)"},
        {"an error that is none", "  - reply: { code: AE, error: 99 }",
         "r.yaml:5:31: error: error: is no error code of HL7 table 0357; 100 segment sequence, 101 "
         "required field missing, 102 data type, 103 table value, 200 to 207 rejections"},
        {"0 is no error", "  - reply: { code: AE, error: 0 }",
         "r.yaml:5:31: error: error: is no error code of HL7 table 0357; 100 segment sequence, 101 "
         "required field missing, 102 data type, 103 table value, 200 to 207 rejections"},
        {"no path", "  - reply: { code: AE, at: somewhere }",
         "r.yaml:5:28: error: at: is a path, as PID-3"},
        {"a path that no version has", "  - reply: { code: AE, at: PID-99 }",
         "r.yaml:5:28: error: PID-99: no HL7 version has a field 99 in PID"},
        {"as: a map that is none", "  - reply: { as: m }",
         "r.yaml:5:18: error: no map is called m; declare it in a document that begins with map: "
         "m"},
        {"as: beside code:", "  - reply: { as: m, code: AE }",
         "r.yaml:5:21: error: reply: has code: beside as:; the map writes the whole answer"},
        {"a key", "  - reply: { code: AE, txt: x }",
         "r.yaml:5:24: error: txt: is not known in reply; did you mean text:?"},
        {"no mapping", "  - reply: AE",
         "r.yaml:5:12: error: reply should be a mapping of keys, this "
         "is a text"},
    };
    rows_check(steps, ROWS(refused));
}
