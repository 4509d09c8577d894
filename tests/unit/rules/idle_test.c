/* What nobody uses or decided; routes that can never match. Language, sections 8 and 13. */
#include "tests/unit/rules/rows.h"

TestSuite(idle, .init = kit_begin, .fini = kit_end);

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\n"
#define MAP   "map: m\nreads: ADT\nto: json\nvalue: { v: \"=PID-8.lookup('t')\" }\n---\n"

Test(idle, what_nobody_uses_or_decided_is_remarked)
{
    static const struct row rows[] = {
        {"all is used", ROUTE MAP "tables: { t: { file: sex.csv, on-miss: hold } }", ""},
        {"a table that no formula names",
         ROUTE MAP "tables: { t: { file: sex.csv, on-miss: keep }, u: { file: sex.csv } }",
         "r.yaml:11:48: remark: no formula looks into the table u"},
        {"nobody said what a miss does", ROUTE MAP "tables: { t: { file: sex.csv } }",
         "r.yaml:11:11: remark: nothing says what a value without a row in t leads to; it is held, "
         "or what "
         "on-error: of the route says; write on-miss: hold, reject, empty or keep, or add a row *"},
        {"a row for all others", ROUTE MAP "tables: { t: { file: stars.csv } }", ""},
        {"a map",
         ROUTE MAP
         "tables: { t: { file: stars.csv } }\n---\nmap: n\nreads: ADT\nto: json\nvalue: { v: x }",
         "r.yaml:13:6: remark: the map n is used by no route or map, and has no tests"},
        {"a map that only an unused one uses",
         ROUTE MAP "tables: { t: { file: stars.csv } }\n---\nmap: n\nreads: ADT\nto: json\nvalue: "
                   "{ v: { $use: o } }"
                   "\n---\nmap: o\nreads: ADT\nto: json\nvalue: { v: x }",
         "r.yaml:13:6: remark: the map n is used by no route or map, and has no tests\n"
         "r.yaml:18:6: remark: the map o is used by no route or map, and has no tests"},
        {"steps",
         ROUTE MAP
         "tables: { t: { file: stars.csv } }\n---\nsteps: s\nreads: ADT\ndo: { delete: Z* }",
         "r.yaml:13:8: remark: the steps s are used by no route"},
        {"after an error nothing is said of it",
         "map: n\nreads: ADT\nto: json\nvalue: { v: =PID-99 }",
         "r.yaml:4:14: error: PID-99: no HL7 version has a field 99 in PID"},
    };
    kit_file("stars.csv", "k,v\na,b\n*,c\n");
    rows_idle(NULL, ROWS(rows));
}

Test(idle, a_route_that_can_never_match_is_refused)
{
    static const char frame[] = "route: a\nfrom: epic\nmessages: [ADT^A01, SIU^S12..S15, "
                                "ORU^R*]\nwhen: @@\ndo: { send: lab }\n";
#define TWICE                                                                                      \
    "this cannot be true together with what is asked of the same place before: the route can "     \
    "never match; for either of them write oneOf('a', 'b')"
#define TYPE "messages: has no such type: the route can never match"
    static const struct row rows[] = {
        {"two values of one place", "PV1-2 = 'I' and PV1-2 = 'O'", "r.yaml:4:29: error: " TWICE},
        {"far apart", "(PV1-2 = 'I' and PID-8 = 'F') and PV1-2.oneOf('O', 'E')",
         "r.yaml:4:47: error: " TWICE},
        {"the other way round", "PV1-2.oneOf('O', 'E') and PV1-2 = 'I'",
         "r.yaml:4:39: error: " TWICE},
        {"the message header has one of each", "MSH-4.1.oneOf('A') and MSH-4.1.oneOf('B')",
         "r.yaml:4:38: error: " TWICE},
        {"of several values one may be each", "PID-3.5.oneOf('MR') and PID-3.5.oneOf('SS')", ""},
        {"one in common", "PV1-2.oneOf('I', 'O') and PV1-2 = 'O'", ""},
        {"either", "PV1-2 = 'I' or PV1-2 = 'O'", ""},
        {"two places", "PV1-2 = 'I' and PV1-4 = 'O'", ""},
        {"two repetitions", "PID-3[1].5 = 'MR' and PID-3[2].5 = 'SS'", ""},
        {"another event", "MSH-9.2 = 'A08'", "r.yaml:4:15: error: " TYPE},
        {"another type", "PID-8 = 'F' and MSH-9.1.oneOf('DFT', 'MDM')",
         "r.yaml:4:31: error: " TYPE},
        {"one of them", "MSH-9.2.oneOf('A08', 'A01')", ""},
        {"within the range", "MSH-9.2 = 'S14'", ""},
        {"beyond the range", "MSH-9.2 = 'S16'", "r.yaml:4:15: error: " TYPE},
        {"any event", "MSH-9.2 = 'R30'", ""},
    };
    rows_check(frame, ROWS(rows));
}

Test(idle, what_stands_behind_an_end_never_runs)
{
    static const char frame[] = "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n@@\n";
#define NEVER                                                                                      \
    ": warning: this always ends the route: nothing behind it runs; say with if: of which "        \
    "messages it is meant, or put it last"
    static const struct row rows[] = {
        {"a drop", "  - drop: not ours\n  - send: lab", "r.yaml:5:5" NEVER},
        {"a rejection", "  - reply: { code: AR, error: 207, at: MSH-9, text: x }\n  - send: lab",
         "r.yaml:5:5" NEVER},
        {"within a branch",
         "  - if: PV1-2 = 'I'\n    then: [{ drop: x }, { delete: PID-19 }]\n"
         "  - send: lab",
         "r.yaml:6:14" NEVER},
        {"with an if", "  - drop: not ours\n    if: PV1-2 = 'I'\n  - send: lab", ""},
        {"at the end", "  - if: PV1-2 = 'I'\n    then: { drop: x }\n  - send: lab", ""},
    };
    rows_check(frame, ROWS(rows));
}
