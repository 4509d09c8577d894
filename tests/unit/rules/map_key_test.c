/* The keys of maps that begin with a dollar, parameters, at:, reads:. Language, section 10. */
#include "tests/unit/rules/rows.h"

TestSuite(map_key, .init = kit_begin, .fini = kit_end);

#define MSH "MSH|^~\\&|L|MAIN|D|X|20261124093000||"
static const char adt[] = MSH "ADT^A01|M1|P|2.5.1\r"
                              "PID|1||7^^^L^MR~8^^^S^SS||DOE^J~ROE||19800101|F\r"
                              "NK1|1|A^B|FTH\r"
                              "NK1|2|C|MTH\r"
                              "PV1|1|I|W1^2^^H\r";
#define ROUTE              "---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n"
#define OTHER(head, value) "---\nmap: n\nreads: ADT_A01\nto: json\n" head "value:\n" value
#define CX(head, value)    "---\nmap: n\nreads: CX\nto: json\n" head "value:\n" value
/* The value of map m from line 5 on, other maps behind it. */
static const char value[] = "map: m\nreads: ADT_A01\nto: json\nvalue:\n@@\n" ROUTE;

/* ---- $for ---- */

Test(map_key, for_makes_an_item_of_each)
{
    static const struct row rows[] = {
        {"segments", "  v:\n    - $for: NK1\n      a: =NK1-3.1",
         "{\"v\":[{\"a\":\"FTH\"},{\"a\":\"MTH\"}]}"},
        {"repetitions", "  v:\n    - $for: PID-3\n      a: =$this.1\n      b: =$this.5",
         "{\"v\":[{\"a\":\"7\",\"b\":\"MR\"},{\"a\":\"8\",\"b\":\"SS\"}]}"},
        {"values of a formula", "  v:\n    - $for: PID-3.where($this.5 = 'SS')\n      a: =$this.1",
         "{\"v\":[{\"a\":\"8\"}]}"},
        {"a leading = is ignored", "  v:\n    - $for: =PID-3\n      a: =$this.1",
         "{\"v\":[{\"a\":\"7\"},{\"a\":\"8\"}]}"},
        {"counts", "  v:\n    - $for: PID-3\n      a: =$index & $number & $total",
         "{\"v\":[{\"a\":\"012\"},{\"a\":\"122\"}]}"},
        {"loops within each other",
         "  v:\n    - $for: NK1\n      a: =NK1-1\n      b:\n        - $for: PID-3\n          c: "
         "=$this.1 & NK1-1",
         "{\"v\":[{\"a\":1,\"b\":[{\"c\":\"71\"},{\"c\":\"81\"}]},{\"a\":2,\"b\":[{\"c\":\"72\"},{"
         "\"c\":\"82\"}]}]}"},
        {"beside other items", "  v:\n    - x\n    - $for: NK1\n      a: =NK1-1\n    - =PID-8",
         "{\"v\":[\"x\",{\"a\":1},{\"a\":2},\"F\"]}"},
        {"paths look outward", "  v:\n    - $for: NK1\n      a: =PID-8 & NK1-1",
         "{\"v\":[{\"a\":\"F1\"},{\"a\":\"F2\"}]}"},
        {"constants in every item", "  v:\n    - $for: NK1\n      a: x",
         "{\"v\":[{\"a\":\"x\"},{\"a\":\"x\"}]}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"no list", "  v:\n    $for: NK1\n    a: =NK1-1",
         "r.yaml:6:5: error: $for: makes several items, and one stands here; write it as an item "
         "of a "
         "list: - $for: ..."},
        {"the root", "  $for: NK1\n  a: =NK1-1",
         "r.yaml:5:3: error: $for: makes several items, and one stands here; write it as an item "
         "of a "
         "list: - $for: ..."},
        {"no path", "  v:\n    - $for: QQQ\n      a: 1",
         "r.yaml:6:13: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
        {"no text", "  v:\n    - $for: { a: 1 }\n      a: 1",
         "r.yaml:6:13: error: for: wants a segment, a path or a formula, which should be a text, "
         "this "
         "is a mapping"},
    };
    rows_check(value, ROWS(refused));
}

/* ---- $if ---- */

Test(map_key, if_stands_on_any_object)
{
    static const struct row rows[] = {
        {"a member: true", "  v: { $if: PID-8 = 'F', a: 1 }", "{\"v\":{\"a\":1}}"},
        {"a member: false", "  v: { $if: PID-8 = 'M', a: 1 }\n  w: 1", "{\"w\":1}"},
        {"a member: empty is not true", "  v: { $if: PV1-18 = 'M', a: 1 }\n  w: 1", "{\"w\":1}"},
        {"an item", "  v: [{ $if: PID-8 = 'F', a: 1 }, { $if: PID-8 = 'M', a: 2 }]",
         "{\"v\":[{\"a\":1}]}"},
        {"each item of a loop",
         "  v:\n    - $for: NK1\n      $if: NK1-1 > 1 and NK1-1.exists()\n      a: =NK1-1",
         "{\"v\":[{\"a\":2}]}"},
        {"with $use", "  v: { $if: PID-8 = 'M', $use: n }\n  w: 1\n" OTHER("", "  a: 1"),
         "{\"w\":1}"},
        {"with $value",
         "  v: { $if: PID-8 = 'F', $value: x }\n  w: { $if: PID-8 = 'M', $value: y }",
         "{\"v\":\"x\"}"},
        {"$value of an item",
         "  v:\n    - { $if: PID-8 = 'M', $value: =PID-3.1 }\n    - { $if: true, $value: =PID-3.1 "
         "}",
         "{\"v\":[\"7\",\"8\"]}"},
        {"what is left out is not evaluated",
         "  v: { $if: PID-8 = 'M', a: =PID-3.1.single() }\n  w: 1", "{\"w\":1}"},
        {"keeps a husk with only a constant out",
         "  v: { $if: PID-31.exists(), use: usual, a: =PID-31 }\n  w: 1", "{\"w\":1}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row faults[] = {
        {"what is not left out is evaluated", "  v: { $if: PID-8 = 'F', a: =PID-3.1.single() }",
         "accepted\nlab held <r.yaml:5:38: PID-3.1: single() wants one value, there are 2>"},
        {"a fault in it", "  v: { $if: PID-3.1.single() = '7', a: 1 }",
         "accepted\nlab held <r.yaml:5:21: PID-3.1: single() wants one value, there are 2>"},
    };
    rows_told(value, adt, ROWS(faults));
    static const struct row refused[] = {
        {"a value", "  v: { $if: PID-8, a: 1 }",
         "r.yaml:5:13: error: a decision wants true or false, this is a value; write "
         "PID-8.exists()"},
        {"unguarded", "  v: { $if: PV1-2 != 'I', a: 1 }",
         "r.yaml:5:19: error: where PV1-2 is absent this is neither true nor false; write "
         "`PV1-2.exists() and ...` or .oneOf('...').not()"},
    };
    rows_check(value, ROWS(refused));
}

/* ---- $use, $with, needs, with ---- */

Test(map_key, use_puts_another_map_there)
{
    static const struct row rows[] = {
        {"a member", "  v: { $use: n }\n" OTHER("", "  a: =PID-8"), "{\"v\":{\"a\":\"F\"}}"},
        {"the root", "  $use: n\n" OTHER("", "  a: =PID-8"), "{\"a\":\"F\"}"},
        {"an item", "  v: [{ $use: n }, x]\n" OTHER("", "  a: =PID-8"),
         "{\"v\":[{\"a\":\"F\"},\"x\"]}"},
        {"that came out empty", "  v: { $use: n }\n  w: 1\n" OTHER("", "  a: =PID-31"),
         "{\"w\":1}"},
        {"a map over a datatype",
         "  v:\n    - $for: PID-3\n      $use: n\n" CX("", "  a: =$this.1\n  b: =$this.4.1"),
         "{\"v\":[{\"a\":\"7\",\"b\":\"L\"},{\"a\":\"8\",\"b\":\"S\"}]}"},
        {"it reads the message, too",
         "  v:\n    - $for: PID-3\n      $use: n\n" CX("", "  a: =PID-8 & $this.1"),
         "{\"v\":[{\"a\":\"F7\"},{\"a\":\"F8\"}]}"},
        {"one that makes a text",
         "  v: { $use: n }\n---\nmap: n\nreads: ADT_A01\nto: json\nvalue: =PID-8", "{\"v\":\"F\"}"},
        {"its nulls are its own",
         "  v: { $use: n }\n" OTHER("nulls: null\n", "  a: =ZPI-1\n  b: =NK1[2]-3.1"),
         "{\"v\":{\"b\":\"MTH\"}}"},
        {"through several",
         "  v: { $use: n }\n" OTHER("", "  a: { $use: o }") "\n---\nmap: o\nreads: ADT\nto: "
                                                            "json\nvalue: { b: =PID-8 }",
         "{\"v\":{\"a\":{\"b\":\"F\"}}}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"no such map", "  v: { $use: nn }\n" OTHER("", "  a: 1"),
         "r.yaml:5:14: error: no map is called nn; did you mean n?"},
        {"members beside it", "  v: { $use: n, a: 1 }\n" OTHER("", "  a: 1"),
         "r.yaml:5:17: error: an object that uses a map has no members beside it; lay them over it "
         "with "
         "$also: { ... }"},
        {"the map reads another structure",
         "  v: { $use: n }\n---\nmap: n\nreads: SIU_S12\nto: json\nvalue: { a: 1 }",
         "r.yaml:5:14: error: the map n reads SIU_S12; ADT_A01 comes here, too; add it to the "
         "map's "
         "reads:, or send other types elsewhere"},
        {"the map reads another datatype",
         "  v:\n    - $for: PID-5\n      $use: n\n" CX("", "  a: =$this.1"),
         "r.yaml:7:13: error: the map n reads a CX, $this is XPN here; walk values of that type "
         "with "
         "$for:"},
        {"the map reads a value, here is none", "  v: { $use: n }\n" CX("", "  a: =$this.1"),
         "r.yaml:5:14: error: the map n reads a CX, $this is none here; walk values of that type "
         "with "
         "$for:"},
        {"itself", "  v: { $use: m }",
         "r.yaml:1:6: error: the map m uses itself, directly or through another"},
        {"itself through another", "  v: { $use: n }\n" OTHER("", "  a: { $use: m }"),
         "r.yaml:1:6: error: the map m uses itself, directly or through another"},
    };
    rows_check(value, ROWS(refused));
}

Test(map_key, needs_and_with_declare_parameters)
{
    static const struct row rows[] = {
        {"required", "  v: { $use: n, $with: { p: x } }\n" OTHER("needs: [p]\n", "  a: =$p"),
         "{\"v\":{\"a\":\"x\"}}"},
        {"required, one name",
         "  v: { $use: n, $with: { p: x } }\n" OTHER("needs: p\n", "  a: =$p"),
         "{\"v\":{\"a\":\"x\"}}"},
        {"a default", "  v: { $use: n }\n" OTHER("with: { p: d }\n", "  a: =$p"),
         "{\"v\":{\"a\":\"d\"}}"},
        {"a default that is a formula",
         "  v: { $use: n }\n" OTHER("with: { p: =PID-8 & 'x' }\n", "  a: =$p"),
         "{\"v\":{\"a\":\"Fx\"}}"},
        {"given instead of the default",
         "  v: { $use: n, $with: { p: x } }\n" OTHER("with: { p: d }\n", "  a: =$p"),
         "{\"v\":{\"a\":\"x\"}}"},
        {"given, but empty",
         "  v: { $use: n, $with: { p: =PID-31 } }\n  w: 1\n" OTHER("with: { p: d }\n", "  a: =$p"),
         "{\"w\":1}"},
        {"evaluated where it is given",
         "  v:\n    - $for: NK1\n      $use: n\n      $with: { p: =NK1-3.1 }\n" OTHER(
             "needs: [p]\n", "  a: =$p & PID-8"),
         "{\"v\":[{\"a\":\"FTHF\"},{\"a\":\"MTHF\"}]}"},
        {"several values",
         "  v: { $use: n, $with: { p: =PID-3.1 } }\n" OTHER("needs: [p]\n", "  a: [=$p]"),
         "{\"v\":{\"a\":[\"7\",\"8\"]}}"},
        {"names of the same word are not mixed up",
         "  $let: { p: =PID-8 }\n  v: { $use: n, $with: { p: =$p & '1' } }\n  w: =$p\n" OTHER(
             "needs: [p]\n", "  a: =$p"),
         "{\"v\":{\"a\":\"F1\"},\"w\":\"F\"}"},
        {"a parameter in a decision",
         "  v: { $use: n, $with: { p: =PID-8 } }\n" OTHER("needs: [p]\n",
                                                          "  a: { $if: $p = 'F', b: 1 }"),
         "{\"v\":{\"a\":{\"b\":1}}}"},
    };
    rows_payload(value, adt, ROWS(rows));
}

Test(map_key, check_refuses_parameters_that_do_not_fit)
{
    static const struct row refused[] = {
        {"one is missing", "  v: { $use: n }\n" OTHER("needs: [p]\n", "  a: =$p"),
         "r.yaml:5:14: error: n needs $p; give it with with: {p: ...}"},
        {"one that it has not",
         "  v: { $use: n, $with: { r: x } }\n" OTHER("with: { p: x }\n", "  a: =$p"),
         "r.yaml:5:26: error: n has no parameter r; it declares them with needs: and with:"},
        {"not declared", "  v: { $use: n }\n" OTHER("", "  a: =$p"),
         "r.yaml:11:7: error: $p is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile"},
        {"names of the caller are not seen",
         "  $let: { p: =PID-8 }\n  w: =$p\n  v: { $use: n }\n" OTHER("", "  a: =$p"),
         "r.yaml:13:7: error: $p is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile"},
        {"declared twice", "  v: =$p\n" OTHER("needs: [p]\nwith: { p: x }\n", "  a: =$p"),
         "r.yaml:5:7: error: $p is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile\n"
         "r.yaml:11:9: error: $p is a name here already; a name keeps its value"},
        {"with: at the head is no mapping", "  v: 1\n" OTHER("with: p\n", "  a: 1"),
         "r.yaml:10:7: error: with: at the head of a map gives names their defaults, as in with: "
         "{use: "
         "home}"},
        {"$with: is no mapping",
         "  v: { $use: n, $with: p }\n" OTHER("with: { p: x }\n", "  a: =$p"),
         "r.yaml:5:24: error: with: is a mapping of parameters, this is a text"},
        {"$with: without $use:", "  v: { $with: { p: x }, a: 1 }",
         "r.yaml:5:8: error: this belongs to $use:, which is not here; name a map with $use:"},
    };
    rows_check(value, ROWS(refused));
}

/* ---- $also ---- */

Test(map_key, also_lays_members_over_a_used_map)
{
    static const struct row rows[] = {
        {"behind its members", "  v: { $use: n, $also: { b: =PID-8 } }\n" OTHER("", "  a: 1"),
         "{\"v\":{\"a\":1,\"b\":\"F\"}}"},
        {"in place of one", "  v: { $use: n, $also: { a: 2 } }\n" OTHER("", "  a: 1\n  b: 1"),
         "{\"v\":{\"b\":1,\"a\":2}}"},
        {"what is empty takes no place",
         "  v: { $use: n, $also: { a: =PID-31 } }\n" OTHER("", "  a: 1"), "{\"v\":{\"a\":1}}"},
        {"over a map that came out empty",
         "  v: { $use: n, $also: { a: 2 } }\n" OTHER("", "  a: =PID-31"), "{\"v\":{\"a\":2}}"},
        {"objects and lists",
         "  v: { $use: n, $also: { b: [{ c: =PID-8 }] } }\n" OTHER("", "  a: 1"),
         "{\"v\":{\"a\":1,\"b\":[{\"c\":\"F\"}]}}"},
        {"in each round",
         "  v:\n    - $for: PID-3\n      $use: n\n      $also: { b: =$number }\n" CX(
             "", "  a: =$this.1"),
         "{\"v\":[{\"a\":\"7\",\"b\":1},{\"a\":\"8\",\"b\":2}]}"},
        {"with a condition of its own",
         "  v: { $use: n, $also: { $if: PID-8 = 'M', a: 2 } }\n" OTHER("", "  a: 1"),
         "{\"v\":{\"a\":1}}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row faults[] = {
        {"over a text",
         "  v:\n    $use: n\n    $also: { a: 2 }\n---\nmap: n\nreads: ADT_A01\nto: json\nvalue: "
         "=PID-8",
         "accepted\nlab held <r.yaml:6:5: $also: lays members over an object, the map n made "
         "none>"},
    };
    rows_told(value, adt, ROWS(faults));
    static const struct row refused[] = {
        {"without $use:", "  v: { $also: { p: x }, a: 1 }",
         "r.yaml:5:8: error: this belongs to $use:, which is not here; name a map with $use:"},
        {"no mapping", "  v: { $use: n, $also: x }\n" OTHER("", "  a: 1"),
         "r.yaml:5:17: error: $also: holds members: a mapping; write $also: { key: value }"},
    };
    rows_check(value, ROWS(refused));
}

/* A map that reads nothing but its parameters is run once for the same values (run_memo.c): nobody may see it. */
Test(map_key, a_map_makes_the_same_of_the_same_values_wherever_it_is_used)
{
    static const struct row rows[] = {
        {"twice",
         "  v: [{ $use: n, $with: { p: x } }, { $use: n, $with: { p: x } }]\n" OTHER(
             "needs: [p]\n", "  a: { b: =$p, c: [1, =$p] }"),
         "{\"v\":[{\"a\":{\"b\":\"x\",\"c\":[1,\"x\"]}},{\"a\":{\"b\":\"x\",\"c\":[1,\"x\"]}}]}"},
        {"under two keys",
         "  v: { $use: n, $with: { p: x } }\n  w: { $use: n, $with: { p: x } }\n" OTHER(
             "needs: [p]\n", "  a: =$p"),
         "{\"v\":{\"a\":\"x\"},\"w\":{\"a\":\"x\"}}"},
        {"of other values something else",
         "  v:\n    - $for: PID-3\n      $use: n\n      $with: { p: =$this.1, q: =$this.4 "
         "}\n" OTHER("needs: [p, q]\n", "  a: =$p & $q.1"),
         "{\"v\":[{\"a\":\"7L\"},{\"a\":\"8S\"}]}"},
        {"the header is the same everywhere",
         "  v:\n    - { $use: n, $with: { p: x } }\n    - $for: NK1\n      $use: n\n      $with: { "
         "p: "
         "x }\n    - $for: MSH\n      $use: n\n      $with: { p: x }\n" OTHER(
             "needs: [p]\n", "  a: =MSH-3 & $p\n  b: =MSH-10"),
         "{\"v\":[{\"a\":\"Lx\",\"b\":\"M1\"},{\"a\":\"Lx\",\"b\":\"M1\"},{\"a\":\"Lx\",\"b\":"
         "\"M1\"},{\"a\":\"Lx\",\"b\":\"M1\"}]}"},
        {"nothing twice",
         "  v: [{ $use: n, $with: { p: =PID-31 } }, { $use: n, $with: { p: =PID-31 } }, x]\n" OTHER(
             "needs: [p]\n", "  a: =$p"),
         "{\"v\":[\"x\"]}"},
        {"a default is not what is given empty",
         "  v: [{ $use: n }, { $use: n, $with: { p: =PID-31 } }, { $use: n }]\n" OTHER(
             "with: { p: d }\n", "  a: =$p"),
         "{\"v\":[{\"a\":\"d\"},{\"a\":\"d\"}]}"},
        {"bytes of the message are not the same text",
         "  v: [{ $use: n, $with: { p: 'W1^2' } }, { $use: n, $with: { p: =PV1-3 } }]\n" OTHER(
             "needs: [p]\n", "  a: =$p.1"),
         "{\"v\":[{\"a\":\"W1^2\"},{\"a\":\"W1\"}]}"},
        {"a number is not a text",
         "  v: [{ $use: n, $with: { p: =1 } }, { $use: n, $with: { p: '1' } }]\n" OTHER(
             "needs: [p]\n", "  a: =$p"),
         "{\"v\":[{\"a\":1},{\"a\":\"1\"}]}"},
        {"what is laid over one is not laid over the next",
         "  v:\n    - $for: NK1\n      $use: n\n      $with: { p: x }\n      $also: { b: =$number "
         "}\n"
         "    - { $use: n, $with: { p: x } }\n    - { $use: n, $with: { p: x }, $also: { a: 2 } }\n"
         "    - { $use: n, $with: { p: x } }\n" OTHER("needs: [p]\n", "  a: =$p\n  c: { d: =$p }"),
         "{\"v\":[{\"a\":\"x\",\"c\":{\"d\":\"x\"},\"b\":1},{\"a\":\"x\",\"c\":{\"d\":\"x\"},\"b\":"
         "2},"
         "{\"a\":\"x\",\"c\":{\"d\":\"x\"}},{\"c\":{\"d\":\"x\"},\"a\":2},{\"a\":\"x\",\"c\":{"
         "\"d\":\"x\"}}]}"},
        {"nor where another map only hands it on",
         "  v:\n    - { $use: o, $also: { a: 2, b: 1 } }\n    - { $use: n, $with: { p: x } "
         "}\n" OTHER("needs: [p]\n",
                     "  a: =$p\n  c: y") "\n---\nmap: o\nreads: ADT_A01\nto: json\nvalue: { "
                                         "$use: n, $with: { p: x } }",
         "{\"v\":[{\"c\":\"y\",\"a\":2,\"b\":1},{\"a\":\"x\",\"c\":\"y\"}]}"},
        {"nor what was laid over it",
         "  v:\n    - { $use: o, $also: { $use: n, $with: { p: x } } }\n    - { $use: n, $with: { "
         "p: x "
         "} }\n    - { $use: o, $also: { $use: n, $with: { p: x }, $also: { d: 1 } } }\n    - { "
         "$use: "
         "n, $with: { p: x } }\n" OTHER("needs: [p]\n", "  a: =$p\n  c: y") "\n---\nmap: o\nreads: "
                                                                            "ADT_A01\nto: "
                                                                            "json\nvalue: { a: 0 }",
         "{\"v\":[{\"a\":\"x\",\"c\":\"y\"},{\"a\":\"x\",\"c\":\"y\"},{\"a\":\"x\",\"c\":\"y\","
         "\"d\":1},"
         "{\"a\":\"x\",\"c\":\"y\"}]}"},
        {"what reads the message reads it each time",
         "  v:\n    - $for: NK1\n      $use: n\n      $with: { p: x }\n" OTHER(
             "at: NK1\nneeds: [p]\n", "  a: =$p & NK1-3.1"),
         "{\"v\":[{\"a\":\"xFTH\"},{\"a\":\"xMTH\"}]}"},
        {"through another that reads it",
         "  v:\n    - $for: NK1\n      $use: n\n      $with: { p: x }\n" OTHER(
             "at: NK1\nneeds: [p]\n", "  a: { $use: o }") "\n---\nmap: o\nreads: ADT_A01\nat: "
                                                          "NK1\nto: json\nvalue: =NK1-3.1",
         "{\"v\":[{\"a\":\"FTH\"},{\"a\":\"MTH\"}]}"},
        {"elements of its own loops",
         "  v: [{ $use: n, $with: { p: =PID-3 } }, { $use: n, $with: { p: =PID-3 } }]\n" OTHER(
             "needs: [p]\n", "  a:\n    - $for: =$p\n      b: =$this.1"),
         "{\"v\":[{\"a\":[{\"b\":\"7\"},{\"b\":\"8\"}]},{\"a\":[{\"b\":\"7\"},{\"b\":\"8\"}]}]}"},
    };
    rows_payload(value, adt, ROWS(rows));
}

/* ---- $let, $value ---- */

Test(map_key, let_names_values_for_the_object)
{
    static const struct row rows[] = {
        {"in its members", "  $let: { x: =PID-8, y: lit }\n  v: =$x\n  w: { a: =$y }",
         "{\"v\":\"F\",\"w\":{\"a\":\"lit\"}}"},
        {"in its condition", "  v: { $let: { x: =PID-8 }, $if: $x = 'F', a: 1 }",
         "{\"v\":{\"a\":1}}"},
        {"anew in each round", "  v:\n    - $for: NK1\n      $let: { x: =NK1-3.1 }\n      a: =$x",
         "{\"v\":[{\"a\":\"FTH\"},{\"a\":\"MTH\"}]}"},
        {"for $value",
         "  v:\n    - $for: NK1\n      $let: { x: =NK1-3.1 }\n      $value: =$x & '!'",
         "{\"v\":[\"FTH!\",\"MTH!\"]}"},
        {"for $with",
         "  v: { $let: { x: =PID-8 }, $use: n, $with: { p: =$x } }\n" OTHER("needs: [p]\n",
                                                                            "  a: =$p"),
         "{\"v\":{\"a\":\"F\"}}"},
        {"for $also",
         "  v: { $let: { x: =PID-8 }, $use: n, $also: { b: =$x } }\n" OTHER("", "  a: 1"),
         "{\"v\":{\"a\":1,\"b\":\"F\"}}"},
        {"the same name in two objects",
         "  v: { $let: { x: a }, a: =$x }\n  w: { $let: { x: b }, a: =$x }",
         "{\"v\":{\"a\":\"a\"},\"w\":{\"a\":\"b\"}}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const char head[] = "map: m\nreads: ADT_A01\nto: json\n@@\n" ROUTE;
    static const struct row heads[] = {
        {"let: of the head", "let: { x: =PID-8, y: lit }\nvalue: { v: =$x & $y }",
         "{\"v\":\"Flit\"}"},
        {"parameters are seen", "with: { p: d }\nlet: { x: =$p & PID-8 }\nvalue: { v: =$x }",
         "{\"v\":\"dF\"}"},
    };
    rows_payload(head, adt, ROWS(heads));
    static const struct row refused[] = {
        {"not outside of it", "  v: { $let: { x: a }, a: =$x }\n  w: =$x",
         "r.yaml:6:7: error: $x is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile"},
        {"what many do not find is told once", "  v: =$x\n  w: =$x\n  y: { z: =$x }",
         "r.yaml:5:7: error: $x is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile; 2 other places name it, too"},
        {"not in its $for", "  v:\n    - $for: $x\n      $let: { x: =PID-3 }\n      a: =$x.count()",
         "r.yaml:6:13: error: $x is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile"},
        {"unused", "  v: { $let: { x: a }, a: 1 }", "r.yaml:5:16: remark: $x is not used"},
    };
    rows_check(value, ROWS(refused));
}

Test(map_key, value_is_the_item_itself)
{
    static const struct row rows[] = {
        {"a member", "  v: { $value: =PID-8 }", "{\"v\":\"F\"}"},
        {"a literal", "  v: { $value: 5 }", "{\"v\":5}"},
        {"an object", "  v: { $value: { a: 1 } }", "{\"v\":{\"a\":1}}"},
        {"items of a loop", "  v:\n    - $for: NK1\n      $value: =NK1-3.1",
         "{\"v\":[\"FTH\",\"MTH\"]}"},
        {"items that are empty",
         "  v:\n    - $for: NK1\n      $value: =NK1-3.1.where($this = 'MTH')", "{\"v\":[\"MTH\"]}"},
        {"a list in a loop", "  v:\n    - $for: NK1\n      $value: [=NK1-1, =NK1-3.1]",
         "{\"v\":[[1,\"FTH\"],[2,\"MTH\"]]}"},
        {"all values of a formula", "  v:\n    - $for: NK1\n      $value: =PID-3.1",
         "{\"v\":[\"7\",\"8\",\"7\",\"8\"]}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"members beside it", "  v: { $value: 1, a: 1 }",
         "r.yaml:5:8: error: $value: is the item itself; it has no members beside it; leave out "
         "the "
         "members, or $value:"},
        {"several values of a member", "  v: { $value: =PID-3.1 }",
         "r.yaml:5:17: error: PID-3.1 may give several values, one is wanted here; write "
         "PID-3[1].1, "
         "PID-3.where(...).first().1, .exists(...) or .join(' ')"},
        {"with $use:", "  v: { $value: 1, $use: n }\n" OTHER("", "  a: 1"),
         "r.yaml:5:8: error: $value: is the item itself; it has no members beside it; leave out "
         "the "
         "members, or $value:"},
    };
    rows_check(value, ROWS(refused));
}
