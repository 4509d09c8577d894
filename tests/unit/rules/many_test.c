/* Language section 4: one or many. */
#include "tests/unit/rules/rows.h"

TestSuite(many, .init = kit_begin, .fini = kit_end);

static const char adt[] =
    "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
    "EVN|A01\r"
    "PID|1||4711^^^EPIC^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||||555~556\r"
    "NK1|1|DOE^JIM\rNK1|2|DOE^TIM\r"
    "PV1|1|I|W1\r";
static const char siu[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||SIU^S12|M1|P|2.5.1\r"
                          "SCH|1\r"
                          "PID|1||4711||DOE^JANE||19800101|F\r"
                          "RGS|1\rAIS|1||A^a\r";
static const char siu_two[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||SIU^S12|M1|P|2.5.1\r"
                              "SCH|1\r"
                              "PID|1||4711||DOE^JANE||19800101|F\r"
                              "PID|2||4712||DOE^JIM||19800101|F\r"
                              "RGS|1\rAIS|1||A^a\rAIS|2||B^b\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SIU   "route: a\nfrom: epic\nmessages: [SIU^S12]\n"
#define WHEN  "when: @@\ndo: { send: lab }\n"
#define SET   "do:\n  - set:\n      @@\n  - send: lab\n"
#define MAP   "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  @@\n"
#define MANY(path, one)                                                                            \
    " error: " path " may give several values, one is wanted here; write " one ", " path           \
    ".where(...).first(), .exists(...) or .join(' ')"
#define PART(field, part, one)                                                                     \
    " error: " field part " may give several values, one is wanted here; write " one ", " field    \
    ".where(...).first()" part ", .exists(...) or .join(' ')"
#define SEVERAL                                                                                    \
    " error: the value may give several values, one is wanted here; add .first(), "                \
    ".where(...).first(), .exists(...) or .join(' ')"

Test(many, comparison_arithmetic_and_concatenation_want_one_value)
{
    static const struct row rows[] = {
        {"equal", "PID-5.1.1 = 'DOE'", "r.yaml:4:7:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"equal on the right", "\"'DOE' = PID-5.1.1\"",
         "r.yaml:4:16:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"not equal", "PID-5.1.1 != 'DOE'", "r.yaml:4:7:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"less", "NK1-1 < 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"less or equal", "NK1-1 <= 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"greater", "2 > NK1-1", "r.yaml:4:11:" MANY("NK1-1", "NK1[1]-1")},
        {"greater or equal", "NK1-1 >= 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"both repeat", "NK1-2.1.1 = 'x'", "r.yaml:4:7:" PART("NK1-2", ".1.1", "NK1[1]-2[1].1.1")},
        {"the segment repeats alone", "NK1-2[1].1.1 = 'x'",
         "r.yaml:4:7:" PART("NK1-2[1]", ".1.1", "NK1[1]-2[1].1.1")},
        {"plus", "NK1-1 + 1 = 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"minus", "NK1-1 - 1 = 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"times", "2 * NK1-1 = 2", "r.yaml:4:11:" MANY("NK1-1", "NK1[1]-1")},
        {"divided", "NK1-1 / 2 = 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"div", "NK1-1 div 2 = 2", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"mod", "NK1-1 mod 2 = 1", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"sign", "-(NK1-1) = 2", "r.yaml:4:9:" MANY("NK1-1", "NK1[1]-1")},
        {"concatenation", "PID-5.1.1 & 'x' = 'y'",
         "r.yaml:4:7:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"one in a list", "NK1-1 in (1 | 2)", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"a list contains one", "(1 | 2) contains NK1-1", "r.yaml:4:24:" MANY("NK1-1", "NK1[1]-1")},
        {"the list of in may be long", "2 in NK1-1", ""},
        {"is", "NK1-1 is SI", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"a choice of values", "PID-5.where(true).1.1 = 'x'", "r.yaml:4:26:" SEVERAL},
        {"a union", "(PID-8 | PV1-2) = 'x'", "r.yaml:4:14:" SEVERAL},
        {"parts of a text", "\"'a,b'.split(',') = 'a'\"", "r.yaml:4:14:" SEVERAL},
        {"one value is fine", "PID-8 = 'F' and PV1-3.1 = 'W1'", ""},
    };
    rows_check(ROUTE WHEN, ROWS(rows));
}

Test(many, scalar_arguments_decisions_and_single_targets_want_one_value)
{
    static const struct row decisions[] = {
        {"what a function works on", "PID-5.1.1.startsWith('D')",
         "r.yaml:4:7:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"an argument", "PV1-2.startsWith(PID-5.1.1)",
         "r.yaml:4:24:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"a second argument", "PV1-2.substring(0, NK1-1).exists()",
         "r.yaml:4:26:" MANY("NK1-1", "NK1[1]-1")},
        {"a key of a table", "lookup('sex', PID-5.1.1).exists()",
         "r.yaml:4:21:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"a decision", "PID-3.1.select($this = 'x')", "r.yaml:4:15:" SEVERAL},
        {"a condition", "iif(NK1.select(true), true)", "r.yaml:4:15:" SEVERAL},
        {"an operand of and", "PV1-2 = 'I' and NK1.select(true)", "r.yaml:4:27:" SEVERAL},
        {"not", "NK1.select(true).not()", "r.yaml:4:11:" SEVERAL},
    };
    static const struct row targets[] = {
        {"a field", "PV1-2: =PID-5.1.1", "r.yaml:6:15:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"a component", "PV1-3.1: =PID-3.1", "r.yaml:6:17:" PART("PID-3", ".1", "PID-3[1].1")},
        {"one repetition", "'PID-3[1]': =PID-4", "r.yaml:6:20:" MANY("PID-4", "PID-4[1]")},
        {"a new repetition", "'PID-3[+]': =PID-4", "r.yaml:6:20:" MANY("PID-4", "PID-4[1]")},
        {"each repetition", "'PID-3[*].1': =PID-4.1",
         "r.yaml:6:22:" PART("PID-4", ".1", "PID-4[1].1")},
        {"a component of a new one", "'PID-3[+].1': =PID-4.1",
         "r.yaml:6:22:" PART("PID-4", ".1", "PID-4[1].1")},
        {"a whole field takes all", "PID-3: =PID-4", ""},
    };
    static const struct row steps[] = {
        {"an id", "- send: lab\n    id: =PID-3.1",
         "r.yaml:6:10:" PART("PID-3", ".1", "PID-3[1].1")},
        {"a key takes all", "- send: lab\n    key: =PID-3.1", ""},
        {"if", "- send: lab\n    if: PID-3.1 = 'x'",
         "r.yaml:6:9:" PART("PID-3", ".1", "PID-3[1].1")},
        {"require", "- require: PID-3.1 = 'x'", "r.yaml:5:14:" PART("PID-3", ".1", "PID-3[1].1")},
        {"a name takes all", "- let: { x: =PID-3.1 }\n  - send: lab\n    id: =$x.join('-')", ""},
        {"a name that holds several is not one",
         "- let: { x: =PID-3.1 }\n  - send: lab\n    id: =$x", "r.yaml:7:10:" SEVERAL},
        {"a loop takes all", "- for: PID-3.1\n    do: { send: lab }", ""},
    };
    static const struct row maps[] = {
        {"a member", "v: =PID-5.1.1", "r.yaml:10:7:" PART("PID-5", ".1.1", "PID-5[1].1.1")},
        {"a member over segments", "v: =NK1-1", "r.yaml:10:7:" MANY("NK1-1", "NK1[1]-1")},
        {"an item takes all", "v: [ =PID-5.1.1 ]", ""},
    };
    rows_check(ROUTE WHEN "---\ntables: { sex: { file: sex.csv } }\n", ROWS(decisions));
    rows_check(ROUTE SET, ROWS(targets));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
    rows_check(ROUTE MAP, ROWS(maps));
}

Test(many, what_the_message_offers_works)
{
    static const struct row rows[] = {
        {"an index", "v: \"=PID-5[1].1.1\"", "{\"v\":\"DOE\"}"},
        {"an index of the segment", "v: \"=NK1[1]-2[1].2\"", "{\"v\":\"JIM\"}"},
        {"a choice and its first", "v: =PID-3.where($this.5 = 'SS').first().1", "{\"v\":\"99-1\"}"},
        {"the first", "v: =PID-5.1.1.first()", "{\"v\":\"DOE\"}"},
        {"a question", "v: =PID-5.exists($this.1.1 = 'ROE')", "{\"v\":true}"},
        {"a question of a part", "v: =PID-5.1.1.exists($this = 'POE')", "{\"v\":false}"},
        {"joined", "v: =PID-5.1.1.join(' ')", "{\"v\":\"DOE ROE\"}"},
        {"one of", "v: >-\n    =PID-5.1.1.oneOf('X', 'ROE')", "{\"v\":true}"},
        {"counted", "v: =NK1-1.count()", "{\"v\":2}"},
        {"the least", "v: =NK1-1.min()", "{\"v\":1}"},
        {"the greatest", "v: =NK1-1.max()", "{\"v\":2}"},
        {"the last", "v: =NK1-1.last()", "{\"v\":2}"},
        {"the only one", "v: =PID-5.where($this.2 = 'J').single().1.1", "{\"v\":\"ROE\"}"},
    };
    rows_payload(ROUTE MAP, adt, ROWS(rows));
}

Test(many, where_only_a_group_around_may_repeat_the_path_is_allowed)
{
    static const struct row check[] = {
        {"a patient of an appointment", "PID-8 = 'F' and PV1-2 = 'I'", ""},
        {"its repetitions stay several", "PID-3.1 = 'x'",
         "r.yaml:4:7:" PART("PID-3", ".1", "PID-3[1].1")},
        {"a segment below two groups", "AIS-3.1 = 'A'", ""},
        {"the same with a dot", "RGS.AIS-3.1 = 'A'", ""},
        {"the same from the top", "$message.AIS-3.1 = 'A'", ""},
        {"the same by the group's name", "SERVICE.AIS-3.1 = 'A'", ""},
        {"behind a dot what repeats is several", "PID.OBX-11 = 'F'",
         "r.yaml:4:11: error: OBX-11 may give several values, one is wanted here; add .first(), "
         ".where(...).first(), .exists(...) or .join(' ')"},
        {"a segment that repeats in its group", "AIS-3.1 = 'A' and OBX-11 = 'F'",
         "r.yaml:4:25:" MANY("OBX-11", "OBX[1]-11")},
    };
    static const struct row one[] = {
        {"one at run time is one", "PID-8 = 'F' and AIS-3.1 = 'A'", "accepted\nlab: MSH..."},
        {"none is nothing", "PV1-2 = 'I'",
         "filtered <a: when is not true, PV1-2 is empty (r.yaml:4)>"},
    };
    static const struct row two[] = {
        {"equal", "PID-8 = 'F'",
         "accepted\nlab held <r.yaml:4:13: PID-8: one value is wanted here, the message has "
         "several>"},
        {"a part", "AIS-3.1 = 'A'",
         "accepted\nlab held <r.yaml:4:15: AIS-3.1: one value is wanted here, the message has "
         "several>"},
        {"behind a dot", "RGS.AIS-3.1 = 'A'",
         "accepted\nlab held <r.yaml:4:11: AIS-3.1: one value is wanted here, there are 2>"},
        {"concatenation", "PID-8 & 'x' = 'Fx'",
         "accepted\nlab held <r.yaml:4:7: PID-8: one value is wanted here, the message has "
         "several>"},
        {"a function of one", "PID-8.startsWith('F')",
         "accepted\nlab held <r.yaml:4:13: PID-8: startsWith() wants one value, there are 2>"},
        {"a question of all works", "PID-8.oneOf('M', 'F') and PID-8.exists($this = 'F')",
         "accepted\nlab: MSH..."},
        {"an index works", "PID[2]-5[1].2 = 'JIM' and AIS[last]-3.1 = 'B'",
         "accepted\nlab: MSH..."},
    };
    static const struct row set[] = {
        {"a value of two", "SCH-6: =PID-8",
         "accepted\nlab held <r.yaml:6:15: PID-8: one value is "
         "wanted here, there are 2>"},
        {"a target of two", "PID-8: M",
         "accepted\nlab held <r.yaml:6:7: PID-8: the message has several PID, the target must say "
         "which one>"},
        {"a target that says which", "'PID[2]-8': M",
         "accepted\nlab: MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||SIU^S12|M1|P|2.5.1\rSCH|1\r"
         "PID|1||4711||DOE^JANE||19800101|F\rPID|2||4712||DOE^JIM||19800101|M\r..."},
    };
    rows_check(SIU WHEN, ROWS(check));
    rows_told(SIU WHEN, siu, ROWS(one));
    rows_told(SIU WHEN, siu_two, ROWS(two));
    rows_told(SIU SET, siu_two, ROWS(set));
}

Test(many, several_in_one_message_are_an_error_although_check_could_not_know)
{
    static const struct row rows[] = {
        {"a segment twice against the structure", "PV1-2 = 'I'",
         "accepted\nlab held <r.yaml:4:13: PV1-2: one value is wanted here, the message has "
         "several>"},
        {"a field that repeats against the dictionary", "PID-8 = 'F'",
         "accepted\nlab held <r.yaml:4:13: PID-8: one value is wanted here, the message has "
         "several>"},
    };
    static const char twice[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                                "PID|1||4711||DOE^JANE||19800101|F~M\rPV1|1|I\rPV1|2|O\r";
    rows_told(ROUTE WHEN, twice, ROWS(rows));
}

Test(many, the_versions_of_the_feed_decide_what_repeats)
{
    static const struct {
        const char *name, *first, *second, *want;
    } rows[] = {
        {"no versions are said: as 2.5.1", NULL, NULL,
         "r.yaml:4:7:" MANY("PID-10", "PID-10[1]") "\n"},
        {"a version in which it does not repeat", "2.3", NULL, ""},
        {"one of two in which it does", "2.3", "2.3.1",
         "r.yaml:4:7:" MANY("PID-10", "PID-10[1]") "\n"},
        {"in any order", "2.3.1", "2.3", "r.yaml:4:7:" MANY("PID-10", "PID-10[1]") "\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got =
            rows_versions(rows_text(ROUTE WHEN, "PID-10 = 'x'"), rows[i].first, rows[i].second);
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                         rows[i].want);
    }
}

#define FAMILY  "route: a\nfrom: epic\nmessages: [ADT^A*]\n"
#define RESULTS "route: a\nfrom: epic\nmessages: [ORU^R*]\n"

Test(many, of_a_family_a_path_is_refused_only_where_all_structures_agree)
{
    static const struct row exact[] = {
        {"A17 has two patients", "PID-8 = 'F'", "r.yaml:4:7:" MANY("PID-8", "PID[1]-8")},
    };
    static const struct row family[] = {
        {"A17 alone has two patients", "PID-8 = 'F' and PV1-2 = 'I'", ""},
        {"all that have NK1 repeat it", "NK1-1 = 1", "r.yaml:4:7:" MANY("NK1-1", "NK1[1]-1")},
        {"a field repeats in all", "PID-3.1 = 'x'",
         "r.yaml:4:7:" PART("PID-3", ".1", "PID-3[1].1")},
    };
    static const struct row both[] = {
        {"named beside the family it counts", "PID-8 = 'F'",
         "r.yaml:4:7:" MANY("PID-8", "PID[1]-8")},
    };
    static const struct row results[] = {
        {"R01 alone has two groups with OBX", "OBX-11 = 'F'", ""},
    };
    static const struct row result[] = {
        {"R01 by its name", "OBX-11 = 'F'",
         "r.yaml:4:7: error: OBX stands in several groups below here: OBSERVATION or SPECIMEN; "
         "say which, as in OBSERVATION.OBX, or walk the groups with for:"},
    };
    static const struct row targets[] = {
        {"a target of the family", "PID-8: M", ""},
        {"a target that repeats in all", "NK1-3.1: M",
         "r.yaml:6:7: error: NK1-3.1: NK1 repeats, the target must say which one; write NK1[1]-3, "
         "[last], [+] for a new one, or [*] for each"},
    };
    rows_check("route: a\nfrom: epic\nmessages: [ADT^A17]\n" WHEN, ROWS(exact));
    rows_check(FAMILY WHEN, ROWS(family));
    rows_check("route: a\nfrom: epic\nmessages: ADT\n" WHEN, ROWS(family));
    rows_check("route: a\nfrom: epic\nmessages: [ADT^A01..A17]\n" WHEN, ROWS(family));
    rows_check("route: a\nfrom: epic\nmessages: [ADT^A*, ADT^A17]\n" WHEN, ROWS(both));
    rows_check(RESULTS WHEN, ROWS(results));
    rows_check("route: a\nfrom: epic\nmessages: [ORU^R01]\n" WHEN, ROWS(result));
    rows_check(FAMILY SET, ROWS(targets));
}

Test(many, what_a_family_does_not_agree_on_is_decided_by_the_message)
{
    static const char a17[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A17|M1|P|2.5.1\rEVN|A17\r"
        "PID|1||4711||DOE||1980|F\rPV1|1|I\rPID|2||4712||ROE||1981|F\rPV1|2|I\r";
    static const struct row one[] = {
        {"one patient", "PID-8 = 'F'", "accepted\nlab: MSH..."},
    };
    static const struct row two[] = {
        {"two patients", "PID-8 = 'F'",
         "accepted\nlab held <r.yaml:4:13: PID-8: one value is wanted here, the message has "
         "several>"},
    };
    rows_told(FAMILY WHEN, adt, ROWS(one));
    rows_told(FAMILY WHEN, a17, ROWS(two));
}

Test(many, conversions_lookup_text_format_and_levels_work_on_each_value)
{
    static const struct row rows[] = {
        {"a level", "=PID-3.1", "[\"4711\",\"99-1\"]"},
        {"two levels", "=PID-3.where(true).4.1", "[\"EPIC\",\"SSA\"]"},
        {"toString", "=NK1-1.toString()", "[\"1\",\"2\"]"},
        {"toInteger", "=PID-13.1.toInteger()", "[555,556]"},
        {"toDecimal", "=PID-13.1.toDecimal()", "[555,556]"},
        {"toBoolean", "=('yes' | 'no').toBoolean()", "[true,false]"},
        {"toDate", "=('2026-11-24' | '2026-11').toDate()", "[\"2026-11-24\",\"2026-11\"]"},
        {"toDateTime", "=('2026-11-24' | '2025').toDateTime('UTC')", "[\"2026-11-24\",\"2025\"]"},
        {"toTime", "=('09:30' | '10:00').toTime()", "[\"09:30\",\"10:00\"]"},
        {"lookup", "=NK1-2.2.lookup('names')", "[\"James\",\"Timothy\"]"},
        {"a column of it", "=NK1-2.2.lookup('names').short", "[\"J\",\"T\"]"},
        {"text", "=NK1-2.2.text()", "[\"JIM\",\"TIM\"]"},
        {"raw", "=PID-5.2.raw()", "[\"JANE\",\"J\"]"},
        {"format", "=('2026-11-24' | '2025-01-02').toDate().format('dd.MM.yyyy', 'UTC')",
         "[\"24.11.2026\",\"02.01.2025\"]"},
        {"isValid", "=NK1-1.isValid()", "[true,true]"},
    };
    kit_file("names.csv", "k,long,short\nJIM,James,J\nTIM,Timothy,T\n");
    rows_payload("tables: { names: { file: names.csv } }\n---\n" ROUTE
                 "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n"
                 "  - >-\n    @@\n",
                 adt, ROWS(rows));
}

Test(many, an_item_of_a_list_gives_all_its_values)
{
    static const struct row rows[] = {
        {"repetitions", "v: [ =PID-3.1 ]", "{\"v\":[\"4711\",\"99-1\"]}"},
        {"of segments", "v: [ =NK1-2.2 ]", "{\"v\":[\"JIM\",\"TIM\"]}"},
        {"between others", "v: [ a, =PID-3.1, b, =PID-8 ]",
         "{\"v\":[\"a\",\"4711\",\"99-1\",\"b\",\"F\"]}"},
        {"nothing gives no item", "v: [ a, =PID-30, b ]", "{\"v\":[\"a\",\"b\"]}"},
        {"a union", "v: [ =PID-8 | PV1-2 ]", "{\"v\":[\"F\",\"I\"]}"},
        {"$value of an item", "v:\n    - $value: =PID-3.1", "{\"v\":[\"4711\",\"99-1\"]}"},
        {"$value in a loop", "v:\n    - $for: NK1\n      $value: =NK1-1", "{\"v\":[1,2]}"},
        {"a list in a list", "v:\n    - [ =NK1-1 ]\n    - [ =PID-8 ]", "{\"v\":[[1,2],[\"F\"]]}"},
    };
    rows_payload(ROUTE MAP, adt, ROWS(rows));
}
