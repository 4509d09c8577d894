/* Language section 5: decisions. */
#include "tests/unit/rules/rows.h"

#include "engine/base/buf.h"
#include "engine/rules/trace.h"

TestSuite(decision, .init = kit_begin, .fini = kit_end);

/* PV1-4 is empty, PV1-5 null, PV1-18 and NK1 absent. */
static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN|A01\r"
                          "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS~X7||DOE^JANE||19800101|F\r"
                          "PV1|3|I|W1||\"\"||12^SMITH\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define WHEN  ROUTE "when: >-\n  @@\ndo: { send: lab }\n"
#define STEPS ROUTE "do:\n  @@\n"
#define MAP                                                                                        \
    "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  k: x\n  @@\n"

Test(decision, when_acts_on_true_only)
{
    static const struct row rows[] = {
        {"true", "PV1-2 = 'I'", "accepted\nlab: MSH..."},
        {"false", "PV1-2 = 'O'", "filtered <a: when is not true (r.yaml:4)>"},
        {"an age", "PID-7.exists() and PID-7.duration(@2026-11-26, 'year') >= 18",
         "accepted\nlab: MSH..."},
        {"empty because all alternatives are", "coalesce(PV1-18, PV1-4) = 'I'",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"empty because absent", "PV1-18 = 'I'",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"empty because empty", "PV1-4 = 'I'",
         "filtered <a: when is not true, PV1-4 is empty (r.yaml:4)>"},
        {"empty because null", "PV1-5.1 = 'I'",
         "filtered <a: when is not true, PV1-5.1 is empty (r.yaml:4)>"},
        {"true or empty", "PV1-2 = 'I' or PV1-18 = 'x'", "accepted\nlab: MSH..."},
        {"false or empty", "PV1-2 = 'O' or PV1-18 = 'x'",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"true and empty", "PV1-2 = 'I' and PV1-18 = 'x'",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"the first that is empty is named", "PV1-4 = 'x' and PV1-18 = 'x'",
         "filtered <a: when is not true, PV1-4 is empty (r.yaml:4)>"},
        {"the operand of a function is named", "PV1-18.startsWith('x')",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"an existence that is false names it, too", "PV1-18.exists()",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"implication of nothing", "PV1-18 = 'x' implies PV1-2 = 'I'", "accepted\nlab: MSH..."},
        {"a text that is a word", "'true'.toBoolean()", "accepted\nlab: MSH..."},
    };
    rows_told(WHEN, adt, ROWS(rows));
}

Test(decision, if_acts_on_true_only)
{
    static const struct row rows[] = {
        {"true", "- drop: yes\n    if: PV1-2 = 'I'\n  - send: lab", "filtered <a: yes (r.yaml:5)>"},
        {"false", "- drop: yes\n    if: PV1-2 = 'O'\n  - send: lab", "accepted\nlab: MSH..."},
        {"empty", "- drop: yes\n    if: PV1-18 = 'O'\n  - send: lab", "accepted\nlab: MSH..."},
        {"null", "- drop: yes\n    if: PV1-5.1 = 'O'\n  - send: lab", "accepted\nlab: MSH..."},
        {"then", "- if: PV1-18 = 'O'\n    then: { drop: yes }\n    else: { drop: no }",
         "filtered <a: no (r.yaml:7)>"},
        {"choose",
         "- choose:\n      - { if: PV1-18 = 'O', do: { drop: first } }\n"
         "      - { if: PV1-2 = 'O', do: { drop: second } }\n"
         "      - { if: PV1-2 = 'I', do: { drop: third } }\n      - else: { drop: other }",
         "filtered <a: third (r.yaml:8)>"},
        {"choose nothing",
         "- choose:\n      - { if: PV1-18 = 'O', do: { drop: first } }\n  - send: lab",
         "accepted\nlab: MSH..."},
        {"a name", "- let: { x: a }\n    if: PV1-18 = 'O'\n  - send: lab\n    id: =$x & 'b'",
         "accepted\nlab id=b: MSH..."},
    };
    static const struct row maps[] = {
        {"$if true", "v: { $if: PV1-2 = 'I', w: y }", "{\"k\":\"x\",\"v\":{\"w\":\"y\"}}"},
        {"$if false", "v: { $if: PV1-2 = 'O', w: y }", "{\"k\":\"x\"}"},
        {"$if empty", "v: { $if: PV1-18 = 'O', w: y }", "{\"k\":\"x\"}"},
        {"iif empty", "v: >-\n    =iif(PV1-18 = 'O', 'yes', 'no')", "{\"k\":\"x\",\"v\":\"no\"}"},
        {"where empty", "v: [ =PID-3.where($this.5 = 'MR').1 ]", "{\"k\":\"x\",\"v\":[\"4711\"]}"},
        {"all is not true where one is empty", "v: =PID-3.all($this.5.exists() and $this.5 = 'MR')",
         "{\"k\":\"x\",\"v\":false}"},
        {"exists", "v: =PID-3.exists($this.5 = 'SS')", "{\"k\":\"x\",\"v\":true}"},
    };
    rows_told(STEPS, adt, ROWS(rows));
    rows_payload(ROUTE MAP, adt, ROWS(maps));
}

Test(decision, require_fails_on_what_is_not_true)
{
    static const struct row rows[] = {
        {"true", "- require: PV1-2 = 'I'\n  - send: lab", "accepted\nlab: MSH..."},
        {"false", "- require: PV1-2 = 'O'\n  - send: lab",
         "accepted\nlab held <r.yaml:5:20: PV1-2: what is required here is not so>"},
        {"empty", "- require: PV1-18 = 'O'\n  - send: lab",
         "accepted\nlab held <r.yaml:5:21: PV1-18: what is required here is not so>"},
        {"null", "- require: PV1-5.1 = 'O'\n  - send: lab",
         "accepted\nlab held <r.yaml:5:22: PV1-5.1: what is required here is not so>"},
        {"empty, with an answer", "- require: PV1-18 = 'O'\n    else: { reply: { code: AE } }",
         "rejected <a: Application internal error (r.yaml:6)> AE/207//Application internal error"},
        {"the end of the route behind else",
         "- require: PV1-18 = 'O'\n    else: { set: { PV1-2: x } }"
         "\n  - send: lab",
         "filtered <a: what is required is not so (r.yaml:5)>"},
    };
    rows_told(STEPS, adt, ROWS(rows));
}

#define NO_DECISION " error: a decision wants true or false, this is a value; "

Test(decision, a_value_is_no_decision)
{
    static const struct row whens[] = {
        {"a field", "PV1-16", "r.yaml:5:3:" NO_DECISION "write PV1-16.exists()"},
        {"a component", "PV1-7[1].1", "r.yaml:5:3:" NO_DECISION "write PV1-7[1].1.exists()"},
        {"a field that repeats", "PID-3", "r.yaml:5:3:" NO_DECISION "write PID-3.exists()"},
        {"a segment", "PV1", "r.yaml:5:3:" NO_DECISION "write PV1.exists()"},
        {"a text", "'x'", "r.yaml:5:3:" NO_DECISION "compare it, or add .exists()"},
        {"a number", "1", "r.yaml:5:3:" NO_DECISION "compare it, or add .exists()"},
        {"a count", "PID-3.count()", "r.yaml:5:9:" NO_DECISION "compare it, or add .exists()"},
        {"a sum", "PV1-1 + 1", "r.yaml:5:9:" NO_DECISION "compare it, or add .exists()"},
        {"an operand of and", "PV1-2 = 'I' and PV1-16",
         "r.yaml:5:19:" NO_DECISION "write PV1-16.exists()"},
        {"an operand of or", "PV1-16 or PV1-2 = 'I'",
         "r.yaml:5:3:" NO_DECISION "write PV1-16.exists()"},
        {"a condition of where", "PID-3.where($this.5).exists()",
         "r.yaml:5:20:" NO_DECISION "compare it, or add .exists()"},
        {"a condition of exists", "PID-3.exists(PV1-16)",
         "r.yaml:5:16:" NO_DECISION "write PV1-16.exists()"},
        {"a condition of iif", "iif(PV1-16, true, false)",
         "r.yaml:5:7:" NO_DECISION "write PV1-16.exists()"},
    };
    static const struct row steps[] = {
        {"if", "- send: lab\n    if: PV1-16", "r.yaml:6:9:" NO_DECISION "write PV1-16.exists()"},
        {"then", "- if: PV1-16\n    then: { send: lab }",
         "r.yaml:5:9:" NO_DECISION "write PV1-16.exists()"},
        {"choose", "- choose:\n      - if: PV1-16\n        do: { send: lab }",
         "r.yaml:6:13:" NO_DECISION "write PV1-16.exists()"},
        {"require", "- require: PV1-16", "r.yaml:5:14:" NO_DECISION "write PV1-16.exists()"},
        {"delete of each", "- delete: PID-3\n    if: $this.5",
         "r.yaml:6:14:" NO_DECISION "compare it, or add .exists()"},
    };
    static const struct row maps[] = {
        {"$if", "v: { $if: PV1-16, w: y }", "r.yaml:11:13:" NO_DECISION "write PV1-16.exists()"},
    };
    rows_check(WHEN, ROWS(whens));
    rows_check(STEPS, ROWS(steps));
    rows_check(ROUTE MAP, ROWS(maps));
}

#define ABSENT(operand)                                                                            \
    " error: where " operand " is absent this is neither true nor false; write `" operand          \
    ".exists() and ...`"
#define ABSENT_NOT(operand) ABSENT(operand) " or .oneOf('...').not()"
#define ABSENT_VALUE                                                                               \
    " error: where the value is absent this is neither true nor false; write `(...).exists() and " \
    "...`"

Test(decision, a_comparison_that_may_lack_its_operand_is_refused)
{
    static const struct row rows[] = {
        {"not equal", "PV1-2 != 'I'", "r.yaml:5:9:" ABSENT_NOT("PV1-2")},
        {"not equal on the right", "'I' != PV1-2", "r.yaml:5:7:" ABSENT_NOT("PV1-2")},
        {"less", "PV1-1 < 5", "r.yaml:5:9:" ABSENT("PV1-1")},
        {"less or equal", "PV1-1 <= 5", "r.yaml:5:9:" ABSENT("PV1-1")},
        {"greater", "PV1-1 > 5", "r.yaml:5:9:" ABSENT("PV1-1")},
        {"greater or equal", "5 >= PV1-1", "r.yaml:5:5:" ABSENT("PV1-1")},
        {"a date", "PID-7 < now()", "r.yaml:5:9:" ABSENT("PID-7")},
        {"not of an equation", "(PV1-2 = 'I').not()", "r.yaml:5:17:" ABSENT_NOT("PV1-2")},
        {"not of a function", "PV1-2.startsWith('I').not()", "r.yaml:5:25:" ABSENT_NOT("PV1-2")},
        {"not of two", "(PV1-2 = 'I' or PV1-4 = 'x').not()", "r.yaml:5:32:" ABSENT_NOT("PV1-2")},
        {"an operand of and", "PV1-3.1 = 'x' and PV1-2 != 'I'", "r.yaml:5:27:" ABSENT_NOT("PV1-2")},
        {"an operand of or", "PV1-3.1 = 'x' or PV1-2 != 'I'", "r.yaml:5:26:" ABSENT_NOT("PV1-2")},
        {"an operand of implies", "PV1-3.1 = 'x' implies PV1-2 != 'I'",
         "r.yaml:5:31:" ABSENT_NOT("PV1-2")},
        {"an operand of xor", "PV1-2.exists() xor PV1-2 != 'I'",
         "r.yaml:5:28:" ABSENT_NOT("PV1-2")},
        {"a function of it", "PV1-2.lower() != 'i'", "r.yaml:5:17:" ABSENT_NOT("PV1-2")},
        {"a length of it", "PV1-2.length() > 1", "r.yaml:5:18:" ABSENT("PV1-2")},
        {"a sum of it", "PV1-1 + 1 > 1", "r.yaml:5:13:" ABSENT("PV1-1")},
        {"a chosen one", "PID-3.where($this.5 = 'MR').first().1 != 'x'",
         "r.yaml:5:41:" ABSENT_VALUE " or .oneOf('...').not()"},
        {"the first of none", "NK1.first().1 < 3", "r.yaml:5:17:" ABSENT_VALUE},
        {"alternatives that may all lack", "coalesce(PV1-2, PV1-4) != 'I'",
         "r.yaml:5:26:" ABSENT_NOT("PV1-2")},
        {"iif without else", "iif(PV1-2.exists(), 'a') != 'b'",
         "r.yaml:5:28:" ABSENT_VALUE " or .oneOf('...').not()"},
        {"a part of a text", "'abc'.substring(PID-3.count()) != 'b'",
         "r.yaml:5:34:" ABSENT_VALUE " or .oneOf('...').not()"},
        {"a quotient", "10 / PID-3.count() > 1", "r.yaml:5:22:" ABSENT_VALUE},
        {"what a table may not have", "lookup('soft', 'x') != 'b'",
         "r.yaml:5:23:" ABSENT_VALUE " or .oneOf('...').not()"},
        {"an empty cell of a table", "lookup('dep', 'Q,1', 'a').phone != 'b'",
         "r.yaml:5:35:" ABSENT_VALUE " or .oneOf('...').not()"},
        {"the time zone of a feed", "$source.timezone != 'UTC'",
         "r.yaml:5:20:" ABSENT_NOT("$source.timezone")},
        {"nothing", "{} != 'x'", "r.yaml:5:6:" ABSENT_VALUE " or .oneOf('...').not()"},
    };
    rows_check(WHEN "---\ntables:\n  soft: { file: sex.csv, on-miss: empty }\n"
                    "  dep: { file: dep.csv, keys: [facility, unit] }\n",
               ROWS(rows));
}

Test(decision, so_it_is_inside_conditions_and_steps)
{
    static const struct row rows[] = {
        {"in where", "PID-3.where($this.5 != 'MR').exists()", "r.yaml:5:23:" ABSENT_NOT("$this.5")},
        {"in exists", "PID-3.exists($this.4.1 != 'EPIC')", "r.yaml:5:26:" ABSENT_NOT("$this.4.1")},
        {"in all", "NK1.all(NK1-3.1 != 'x')", "r.yaml:5:19:" ABSENT_NOT("NK1-3.1")},
        {"in iif", "iif(PV1-2 != 'I', true, false)", "r.yaml:5:13:" ABSENT_NOT("PV1-2")},
        {"a guard outside says nothing about each one inside",
         "NK1-3.1.exists() and NK1.exists(NK1-3.1 != 'x')", "r.yaml:5:43:" ABSENT_NOT("NK1-3.1")},
        {"guarded inside", "PID-3.exists($this.5.exists() and $this.5 != 'MR')", ""},
        {"the value itself is there", "PID-3.1.exists($this != '4711')", ""},
    };
    static const struct row steps[] = {
        {"if", "- send: lab\n    if: PV1-2 != 'I'", "r.yaml:6:15:" ABSENT_NOT("PV1-2")},
        {"then", "- if: PV1-2 != 'I'\n    then: { send: lab }", "r.yaml:5:15:" ABSENT_NOT("PV1-2")},
        {"choose", "- choose:\n      - if: PV1-2 != 'I'\n        do: { send: lab }",
         "r.yaml:6:19:" ABSENT_NOT("PV1-2")},
        {"require", "- require: PV1-2 != 'I'", "r.yaml:5:20:" ABSENT_NOT("PV1-2")},
        {"delete of each", "- delete: PID-3\n    if: $this.5 != 'MR'",
         "r.yaml:6:17:" ABSENT_NOT("$this.5")},
        {"a name", "- let: { x: =PV1-2 }\n  - send: lab\n    if: $x != 'I'",
         "r.yaml:7:12:" ABSENT_NOT("$x")},
        {"a part of a name", "- let: { x: =PV1-3 }\n  - send: lab\n    if: $x.1 != 'I'",
         "r.yaml:7:14:" ABSENT_NOT("$x.1")},
        {"a choice in set", "- set: { PID-3: =PID-3.where($this.5 != 'SS') }\n  - send: lab",
         "r.yaml:5:40:" ABSENT_NOT("$this.5")},
        {"a comparison as a value is none",
         "- let: { x: =PV1-2 != 'I' }\n  - send: lab\n    id: =$x & ''", ""},
    };
    rows_check(WHEN, ROWS(rows));
    rows_check(STEPS, ROWS(steps));
}

Test(decision, a_guard_in_the_same_and_allows_it)
{
    static const struct row rows[] = {
        {"exists before", "PV1-2.exists() and PV1-2 != 'I'", ""},
        {"exists behind", "PV1-2 != 'I' and PV1-2.exists()", ""},
        {"exists in another part", "PV1-2.exists() and PV1-3.1 = 'W1' and PV1-2 != 'I'", ""},
        {"around an or", "PV1-2.exists() and (PV1-2 != 'I' or PV1-3.1 = 'x')", ""},
        {"inside an or", "(PV1-2.exists() and PV1-2 != 'I') or PV1-3.1 = 'x'", ""},
        {"an equation", "PV1-2 = 'I' and PV1-2 != 'O'", ""},
        {"an equation the other way round", "'I' = PV1-2 and PV1-2 != 'O'", ""},
        {"oneOf", "PV1-2.oneOf('I', 'O') and PV1-2 != 'O'", ""},
        {"a function that is true", "PV1-2.startsWith('I') and PV1-2 != 'IX'", ""},
        {"both operands", "PV1-2.exists() and PV1-10.exists() and PV1-2 != PV1-10", ""},
        {"a function of it", "PV1-2.exists() and PV1-2.lower() != 'i'", ""},
        {"a sum of it", "PV1-1.exists() and PV1-1 + 1 > 1", ""},
        {"not", "PV1-2.exists() and (PV1-2 = 'I').not()", ""},
        {"not of the whole", "(PV1-2.exists() and PV1-2 = 'I').not()", ""},
        {"the same long formula",
         "PID-3.where($this.5 = 'MR').first().1.exists() and PID-3.where($this.5 = 'MR').first().1 "
         "!= 'x'",
         ""},
        {"what implies it", "PV1-2.exists() implies PV1-2 != 'I'", ""},
        {"what it implies", "PV1-2 != 'I' implies PV1-2.exists()",
         "r.yaml:5:9:" ABSENT_NOT("PV1-2")},
        {"one of two operands", "PV1-2.exists() and PV1-2 != PV1-10",
         "r.yaml:5:28:" ABSENT_NOT("PV1-10")},
        {"another index", "PID-3[1].1.exists() and PID-3[2].1 != 'x'",
         "r.yaml:5:38:" ABSENT_NOT("PID-3[2].1")},
        {"another condition",
         "OBX.where(OBX-2 = 'NM').first().11.exists() and OBX.where(OBX-2 = 'ST').first().11 != "
         "'F'",
         "r.yaml:5:86:" ABSENT_VALUE " or .oneOf('...').not()"},
        {"in an or", "PV1-2.exists() or PV1-2 != 'I'", "r.yaml:5:27:" ABSENT_NOT("PV1-2")},
        {"that it is not there", "PV1-2.empty() and PV1-2 != 'I'",
         "r.yaml:5:27:" ABSENT_NOT("PV1-2")},
        {"one that may be empty itself", "(PV1-2 = 'I' and PV1-2 != 'O').not()",
         "r.yaml:5:34:" ABSENT_NOT("PV1-2")},
    };
    rows_check(WHEN, ROWS(rows));
}

Test(decision, what_is_never_empty_needs_no_guard)
{
    static const struct row rows[] = {
        {"not of exists", "PV1-2.exists().not()", ""},
        {"not of empty", "PV1-2.empty().not()", ""},
        {"not of oneOf", "PV1-2.oneOf('I').not()", ""},
        {"not of all", "PID-3.all($this.5 = 'MR').not()", ""},
        {"count", "PID-3.count() > 1", ""},
        {"count unequal", "PID-3.count() != 1", ""},
        {"coalesce with a text", "coalesce(PV1-2, 'O') != 'I'", ""},
        {"coalesce behind a path", "PV1-2.coalesce('O') = 'I'",
         "r.yaml:5:9: error: nothing stands before coalesce(); write coalesce(VALUE, 'otherwise')"},
        {"iif with else", "iif(PV1-2.exists(), 'a', 'c') != 'b'", ""},
        {"concatenation", "PV1-2 & 'x' != 'Ix'", ""},
        {"state", "PV1-2.state() != 'value'", ""},
        {"not equivalent", "PV1-2 !~ 'I'", ""},
        {"the name of the source", "$source.name != 'x'", ""},
        {"now", "now() > @2020", ""},
        {"a table that has it or fails", "lookup('sex', 'F') != 'x'", ""},
        {"equal", "PV1-2 = 'I'", ""},
        {"a quotient by a number", "PID-3.count() / 2 > 1", ""},
    };
    rows_check(WHEN "---\ntables: { sex: { file: sex.csv } }\n", ROWS(rows));
}

Test(decision, one_of_is_true_or_false_and_never_empty)
{
    static const struct row rows[] = {
        {"one value equals one", "=PV1-2.oneOf('I')", "{\"k\":\"x\",\"v\":true}"},
        {"one value equals one of two", "=PV1-2.oneOf('O', 'I')", "{\"k\":\"x\",\"v\":true}"},
        {"one value equals none", "=PV1-2.oneOf('O', 'E')", "{\"k\":\"x\",\"v\":false}"},
        {"any of several", "=PID-3.5.oneOf('SS')", "{\"k\":\"x\",\"v\":true}"},
        {"none of several", "=PID-3.5.oneOf('PI')", "{\"k\":\"x\",\"v\":false}"},
        {"exactly, with capitals", "=PV1-2.oneOf('i')", "{\"k\":\"x\",\"v\":false}"},
        {"exactly, not a part", "=PID-3.5.oneOf('M')", "{\"k\":\"x\",\"v\":false}"},
        {"exactly, with blanks", "=PV1-2.oneOf('I ')", "{\"k\":\"x\",\"v\":false}"},
        {"absent is false", "=PV1-18.oneOf('I')", "{\"k\":\"x\",\"v\":false}"},
        {"empty is false", "=PV1-4.oneOf('I', '')", "{\"k\":\"x\",\"v\":false}"},
        {"null is false", "=PV1-5.1.oneOf('I', '\"\"')", "{\"k\":\"x\",\"v\":false}"},
        {"a segment that is not there is false", "=NK1-3.1.oneOf('I')",
         "{\"k\":\"x\",\"v\":false}"},
        {"not of absent is true", "=PV1-18.oneOf('I').not()", "{\"k\":\"x\",\"v\":true}"},
        {"an argument that is a path", "=PV1-2.oneOf('O', PV1-2)", "{\"k\":\"x\",\"v\":true}"},
        {"an argument that is absent", "=PV1-2.oneOf(PV1-18)", "{\"k\":\"x\",\"v\":false}"},
        {"of a formula", "=PID-3.where($this.5 = 'XX').1.oneOf('a')", "{\"k\":\"x\",\"v\":false}"},
        {"numbers as they are written", "=PV1-1.oneOf('3.0', '03')", "{\"k\":\"x\",\"v\":false}"},
    };
    static const struct row eval[] = {
        {"absent in eval", "PV1-18.oneOf('I')", "boolean:false"},
        {"any in eval", "PID-3.5.oneOf('SS')", "boolean:true"},
    };
    rows_payload(ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n"
                       "  k: x\n  v: >-\n    @@\n",
                 adt, ROWS(rows));
    rows_eval(adt, ROWS(eval));
}

/* Events of a run, a line each: "kind step line: text". */
static const char *traced(const char *yaml)
{
    struct diags d;
    struct trace t;
    struct rules_result res;
    struct buf b = {0};
    struct ruleset *r = kit_compile(yaml, &d);
    cr_assert(r, "%s", kit_findings(&d));
    trace_init(&t, &kit_arena);
    struct rules_input in = {.m = kit_message(adt), .trace = &t};
    rules_run(r, &in, &kit_arena, &res);
    for (const struct trace_event *e = t.first; e; e = e->next) {
        buf_printf(&b, "%s%s%s%s %u: %.*s", b.n ? "\n" : "", trace_kind_text(e->kind),
                   e->step ? " " : "", e->step ? e->step : "", e->pos.line, STR_ARG(e->text));
    }
    const char *text = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

Test(decision, the_trace_names_the_operand_that_is_empty)
{
    static const struct {
        const char *name, *rest, *want;
    } rows[] = {
        {"when", "when: PV1-18 = 'x'\ndo: { send: lab }\n",
         "skipped 4: when is not true: PV1-18 is empty"},
        {"when that is false", "when: PV1-2 = 'x'\ndo: { send: lab }\n",
         "skipped 4: when is not true"},
        {"if", "do:\n  - drop: x\n    if: PV1-4 = 'x'\n",
         "route 1: always\nnot drop 5: if is not true: PV1-4 is empty\nend 1: done; outputs 0"},
        {"if that is false", "do:\n  - drop: x\n    if: PV1-2 = 'x'\n",
         "route 1: always\nnot drop 5: if is not true\nend 1: done; outputs 0"},
        {"if of null", "do:\n  - drop: x\n    if: PV1-5.1 = 'x'\n",
         "route 1: always\nnot drop 5: if is not true: PV1-5.1 is empty\nend 1: done; outputs 0"},
        {"an operand deep inside",
         "do:\n  - drop: x\n    if: PV1-2 = 'I' and PV1-18.length() = 1\n",
         "route 1: always\nnot drop 5: if is not true: PV1-18 is empty\nend 1: done; outputs 0"},
        {"require", "do:\n  - require: PV1-18 = 'x'\n",
         "route 1: always\nfault 5: PV1-18: what is required here is not so; rejected\n"
         "end 1: failed; outputs 0"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = traced(rows_text(ROUTE "@@", rows[i].rest));
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                         rows[i].want);
    }
}

Test(decision, a_comparison_of_two_kinds_is_never_so)
{
#define NEVER(what, with) "this is " what " and is compared with " with ": that is never so; "
    static const struct row rows[] = {
        {"text, number", "PID-8 = 5",
         "r.yaml:5:11: error: " NEVER(
             "a number", "a text") "a text stands in single quotes; "
                                   ".toInteger() or .toDecimal() makes a number of it"},
        {"number, text", "5 = PID-8",
         "r.yaml:5:3: error: " NEVER("a number",
                                     "a text") "a text stands in single quotes; "
                                               ".toInteger() or .toDecimal() makes a number of it"},
        {"date, text", "PID-7 = '19800101'",
         "r.yaml:5:11: error: " NEVER("a text", "a date") "a date is written @2026-11-24; .raw() "
                                                          "gives the text as sent"},
        {"date, number", "PID-7.exists() and PID-7 > 1980",
         "r.yaml:5:30: error: " NEVER("a number", "a date") "a date is written @2026-11-24; "
                                                            ".raw() gives the text as sent"},
        {"text, date", "PID-8 = @2026",
         "r.yaml:5:11: error: " NEVER("a date", "a text") ".toDate() or .toDateTime() makes a "
                                                          "date of it"},
        {"text, truth", "PID-30 = true",
         "r.yaml:5:12: error: " NEVER("true or false", "a text") "write the code that the sender "
                                                                 "uses, as = 'Y'"},
        {"truth, text", "PID-3.exists() = 'Y'",
         "r.yaml:5:20: error: " NEVER("a text", "true or false") "write = true, or the decision "
                                                                 "alone"},
        {"count, text", "PID-3.count() = '1'",
         "r.yaml:5:19: error: " NEVER("a text", "a number") "a number stands without quotes"},
        {"a number of the message with a text", "PID-1 = '1'", ""},
        {"two dates", "PID-7 = @1980-01-01", ""},
    };
    rows_check(ROUTE "when: >-\n  @@\ndo: { send: lab }\n", ROWS(rows));
}
