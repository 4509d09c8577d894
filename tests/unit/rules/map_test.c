/* Maps to JSON: what becomes of values, objects and lists. Language, sections 1, 3, 10. */
#include "tests/unit/rules/rows.h"

TestSuite(map, .init = kit_begin, .fini = kit_end);

static const char adt[] =
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
    "PID|007||7^^^L&1.2&ISO^MR~8^^^S^SS||DOE^J\\T\\K~ROE||19800101|F|||1 A ST^^B|"
    "|555~\"\"~777|||M^Married|||\"\"||||||+05|||||\"\"\r"
    "NK1|1|A|FTH\r"
    "NK1|2|B\r"
    "PV1|1|I|W1^2^^H\r"
    "DG1|1|||a\\T\\b \\.br\\c\r";

#define ROUTE "---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: desk, as: m }\n"
static const char value[] = "map: m\nreads: ADT_A01\nto: json\nvalue:\n@@\n" ROUTE;

/* ---- scalars ---- */

Test(map, an_unquoted_scalar_that_json_knows_is_that_value)
{
    static const struct row rows[] = {
        {"whole number", "  v: 12", "{\"v\":12}"},
        {"negative", "  v: -0.5", "{\"v\":-0.5}"},
        {"as it was written", "  v: 2.10", "{\"v\":2.10}"},
        {"exponent", "  v: 1e3", "{\"v\":1e3}"},
        {"true", "  v: true", "{\"v\":true}"},
        {"false", "  v: false", "{\"v\":false}"},
        {"null", "  v: null", "{\"v\":null}"},
        {"a leading zero is none of JSON", "  v: 00123", "{\"v\":\"00123\"}"},
        {"a sign is none of JSON", "  v: +1", "{\"v\":\"+1\"}"},
        {"a bare point is none of JSON", "  v: 1.", "{\"v\":\"1.\"}"},
        {"hexadecimal is a text", "  v: 0x1F", "{\"v\":\"0x1F\"}"},
        {"an octal is a text", "  v: 0o17", "{\"v\":\"0o17\"}"},
        {"NO is a text", "  v: NO", "{\"v\":\"NO\"}"},
        {"True is a text", "  v: True", "{\"v\":\"True\"}"},
        {"a date is a text", "  v: 2026-11-24", "{\"v\":\"2026-11-24\"}"},
        {"quoted is a text", "  v: '12'", "{\"v\":\"12\"}"},
        {"quoted twice is a text", "  v: \"true\"", "{\"v\":\"true\"}"},
        {"a text", "  v: MAIN", "{\"v\":\"MAIN\"}"},
        {"an empty text", "  v: ''", "{\"v\":\"\"}"},
        {"a block is a text", "  v: |-\n    12", "{\"v\":\"12\"}"},
        {"in a list", "  v: [1, '1', true, x]", "{\"v\":[1,\"1\",true,\"x\"]}"},
        {"what JSON escapes", "  v: \"a\\\"b\\\\c\\n\\u00e4\"",
         "{\"v\":\"a\\\"b\\\\c\\n\xc3\xa4\"}"},
        {"HL7 escapes mean nothing here", "  v: 'a\\T\\b'", "{\"v\":\"a\\\\T\\\\b\"}"},
    };
    rows_payload(value, adt, ROWS(rows));
}

Test(map, what_a_formula_gives_becomes_json_by_its_type)
{
    static const struct row rows[] = {
        {"SI is a number, without zeros in front", "  v: =PID-1", "{\"v\":7}"},
        {"NM is a number", "  v: =PID-25", "{\"v\":5}"},
        {"ST is a text", "  v: =PID-5[1].2", "{\"v\":\"J&K\"}"},
        {"IS is a text", "  v: =PID-8", "{\"v\":\"F\"}"},
        {"TS is a text", "  v: =PID-7", "{\"v\":\"19800101\"}"},
        {"escapes are decoded", "  v: =DG1[1]-4", "{\"v\":\"a&b \\nc\"}"},
        {"CE is its first component", "  v: =PID-16[1]", "{\"v\":\"M\"}"},
        {"HD is its first subcomponent", "  v: =PID-3[1].4", "{\"v\":\"L\"}"},
        {"a deeper path on a shallower value", "  v: =PID-3[1].1.1", "{\"v\":\"7\"}"},
        {"an integer", "  v: =1 + 2", "{\"v\":3}"},
        {"a decimal", "  v: =1 / 4", "{\"v\":0.25}"},
        {"a decimal keeps its places", "  v: =2.50 * 2", "{\"v\":5.00}"},
        {"true or false", "  v: =PID-8 = 'F'", "{\"v\":true}"},
        {"a text", "  v: =PID-1 & ''", "{\"v\":\"007\"}"},
        {"a date", "  v: =PID-7.toDate()", "{\"v\":\"1980-01-01\"}"},
        {"a time", "  v: =@T09:30", "{\"v\":\"09:30\"}"},
        {"the literal formula", "  v: ='=5 mg'", "{\"v\":\"=5 mg\"}"},
        {"null()", "  v: =null()", "{\"v\":null}"},
        {"an id of the loop", "  v:\n    - $for: NK1\n      $value: =$number", "{\"v\":[1,2]}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row faults[] = {
        {"NM that is no number", "  v: =PID-25",
         "accepted\ndesk L/7 held <r.yaml:5:7: PID-25: the value is no number, as NM wants>"},
        {"SI that is no number", "  v: =PID-1",
         "accepted\ndesk L/7 held <r.yaml:5:7: PID-1: the value is no number, as SI wants>"},
        {"several at run time", "  v: =PID-3.single().1", "accepted\ndesk L/7: {\"v\":\"7\"}"},
    };
    static const char bad[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                              "PID|1a||7^^^L||||||||||||||||||||||x\r";
    rows_told(value, bad, ROWS(faults));
}

Test(map, check_refuses_what_can_be_no_value)
{
    static const struct row rows[] = {
        {"several values", "  v: =PID-3.1",
         "r.yaml:5:7: error: PID-3.1 may give several values, one is wanted here; write "
         "PID-3[1].1, "
         "PID-3.where(...).first().1, .exists(...) or .join(' ')"},
        {"a composite", "  v: =PID-3[1]",
         "r.yaml:5:7: error: PID-3[1] is a CX of several parts, one text is wanted here; say which "
         "part, as in PID-3[1].1"},
        {"a composite in a list", "  v: [=PID-5]",
         "r.yaml:5:8: error: PID-5 is a XPN of several parts, one text is wanted here; say which "
         "part, "
         "as in PID-5.1"},
        {"a segment", "  v: =PV1.first()",
         "r.yaml:5:11: error: this is a whole segment, one value is wanted here; name a field, as "
         "in "
         "PV1-1"},
        {"a text that looks like a formula", "  v: PID-3.1",
         "r.yaml:5:6: error: this text looks like a formula; write =... for the formula or ='...' "
         "for "
         "the text"},
        {"a name that looks like a formula", "  v: $x",
         "r.yaml:5:6: error: this text looks like a formula; write =... for the formula or ='...' "
         "for "
         "the text"},
        {"a formula in curly quotes", "  v: \xe2\x80\x9c=PV1-2\xe2\x80\x9d",
         "r.yaml:5:6: error: a quote of a word processor would be part of this text; type a "
         "straight one, '; if it is meant, put straight ones around the whole"},
        {"a text in curly quotes", "  v: \xe2\x80\x98male\xe2\x80\x99",
         "r.yaml:5:6: warning: a quote of a word processor would be part of this text; type a "
         "straight one, '; if it is meant, put straight ones around the whole"},
        {"a comment behind a text", "  v: M # male",
         "r.yaml:5:6: error: a comment follows an unquoted text, which may have been meant as part "
         "of "
         "it; put the text into quotes, or the comment on its own line"},
        {"a key with nothing behind it", "  v:\n  w: 1",
         "r.yaml:5:3: error: found the key `v` with nothing after it; write '' for an empty text, "
         "or leave "
         "the key out"},
        {"a key twice", "  v: 1\n  v: 2",
         "r.yaml:6:3: error: the key `v` on line 6 stands on line 5 already; a key is given once"},
    };
    rows_check(value, ROWS(rows));
}

/* ---- what is empty ---- */

Test(map, what_is_empty_leaves_no_trace)
{
    static const struct row rows[] = {
        {"a key", "  v: =PID-31\n  w: 1", "{\"w\":1}"},
        {"a key, the component", "  v: =PID-3[1].2\n  w: 1", "{\"w\":1}"},
        {"an object", "  v: { a: =PID-23, b: =PID-31 }\n  w: 1", "{\"w\":1}"},
        {"objects within each other", "  v: { a: { b: { c: =PID-23 } } }\n  w: 1", "{\"w\":1}"},
        {"a list", "  v: [=PID-23, =PID-31]\n  w: 1", "{\"w\":1}"},
        {"an item", "  v: [=PID-23, =PID-8]", "{\"v\":[\"F\"]}"},
        {"an object in a list", "  v:\n    - a: =PID-23\n    - b: =PID-8",
         "{\"v\":[{\"b\":\"F\"}]}"},
        {"a list in a list", "  v: [[=PID-23], [=PID-8]]", "{\"v\":[[\"F\"]]}"},
        {"a loop without elements", "  v:\n    - $for: IN1\n      a: 1\n  w: 1", "{\"w\":1}"},
        {"a loop of husks", "  v:\n    - $for: NK1\n      a: =NK1-3.1",
         "{\"v\":[{\"a\":\"FTH\"}]}"},
        {"an object that holds a constant stays", "  v: { use: usual, a: =PID-23 }",
         "{\"v\":{\"use\":\"usual\"}}"},
        {"an object or list without members", "  v: {}\n  u: []\n  w: 1", "{\"w\":1}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row whole[] = {
        {"the whole map", "  v: =PID-23",
         "accepted\ndesk L/7 S/8 held <r.yaml:10:7: the map m came out empty>"},
    };
    rows_told(value, adt, ROWS(whole));
}

Test(map, nulls_says_what_an_explicit_null_becomes)
{
    static const char frame[] = "map: m\nreads: ADT_A01\nto: json\n@@" ROUTE;
    static const struct row rows[] = {
        {"omit is the default", "value: { v: =PID-19, w: 1 }\n", "{\"w\":1}"},
        {"omit", "nulls: omit\nvalue: { v: =PID-19, w: 1 }\n", "{\"w\":1}"},
        {"null", "nulls: null\nvalue: { v: =PID-19, w: =PID-23, x: 1 }\n", "{\"v\":null,\"x\":1}"},
        {"null of a number", "nulls: null\nvalue: { v: =PID-30 }\n", "{\"v\":null}"},
        {"in lists", "nulls: null\nvalue: { v: [=PID-13.1] }\n", "{\"v\":[\"555\",null,\"777\"]}"},
        {"omitted in lists", "value: { v: [=PID-13.1] }\n", "{\"v\":[\"555\",\"777\"]}"},
        {"a formula is no bare path", "nulls: null\nvalue: { v: =coalesce(PID-19), w: 1 }\n",
         "{\"w\":1}"},
        {"its state", "value: { v: =PID-19.state(), w: =PID-23.state(), x: =PID-8.state() }\n",
         "{\"v\":\"null\",\"w\":\"empty\",\"x\":\"value\"}"},
        {"null() is null whatever nulls says", "nulls: omit\nvalue: { v: =null() }\n",
         "{\"v\":null}"},
        {"no null with error", "nulls: error\nvalue: { v: =PID-23, w: =PID-8 }\n", "{\"w\":\"F\"}"},
    };
    rows_payload(frame, adt, ROWS(rows));
    static const struct row faults[] = {
        {"error", "nulls: error\nvalue: { v: =PID-19 }\n",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:14: PID-19: the value is an explicit null, and "
         "nulls: "
         "is error>"},
        {"error in a list", "nulls: error\nvalue: { v: [=PID-13.1] }\n",
         "accepted\ndesk L/7 S/8 held <r.yaml:5:15: PID-13.1: the value is an explicit null, and "
         "nulls: is error>"},
    };
    rows_told(frame, adt, ROWS(faults));
    static const struct row refused[] = {
        {"another word", "nulls: keep\nvalue: { v: 1 }\n",
         "r.yaml:4:8: error: nulls: is omit, null or error"},
    };
    rows_check(frame, ROWS(refused));
}

/* ---- lists ---- */

Test(map, an_item_of_a_list_contributes_all_its_values)
{
    static const struct row rows[] = {
        {"a path", "  v: [=PID-3.1]", "{\"v\":[\"7\",\"8\"]}"},
        {"several items", "  v: [=PID-3.1, x, =PID-13.1]",
         "{\"v\":[\"7\",\"8\",\"x\",\"555\",\"777\"]}"},
        {"segments' fields", "  v: [=NK1-2.1.1]", "{\"v\":[\"A\",\"B\"]}"},
        {"$value of an item", "  v:\n    - $value: =PID-3.1\n    - $value: x",
         "{\"v\":[\"7\",\"8\",\"x\"]}"},
        {"a list within", "  v: [[=PID-3.1]]", "{\"v\":[[\"7\",\"8\"]]}"},
        {"the whole value a list of one formula", "  v: [=PID-3.1.where($this = '9')]\n  w: 1",
         "{\"w\":1}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const char root[] = "map: m\nreads: ADT_A01\nto: json\nvalue:\n@@\n" ROUTE;
    static const struct row roots[] = {
        {"the root is a list", "  - =PID-3.1\n  - $for: NK1\n    a: =NK1-1",
         "[\"7\",\"8\",{\"a\":1},{\"a\":2}]"},
    };
    rows_payload(root, adt, ROWS(roots));
    static const char scalar[] = "map: m\nreads: ADT_A01\nto: json\nvalue: @@\n" ROUTE;
    static const struct row scalars[] = {
        {"the root is a formula", "=PID-8", "\"F\""},
        {"the root is a text", "x", "\"x\""},
        {"the root has a condition", "{ $if: PID-8 = 'F', a: 1 }", "{\"a\":1}"},
    };
    rows_payload(scalar, adt, ROWS(scalars));
}

/* ---- keys of the data ---- */

Test(map, every_key_is_data_except_those_that_begin_with_a_dollar)
{
    static const struct row rows[] = {
        {"words of the language without $",
         "  for: a\n  if: b\n  use: c\n  value: d\n  let: e\n  to: f",
         "{\"for\":\"a\",\"if\":\"b\",\"use\":\"c\",\"value\":\"d\",\"let\":\"e\",\"to\":\"f\"}"},
        {"paths", "  PID-3: a\n  '1': b", "{\"PID-3\":\"a\",\"1\":\"b\"}"},
        {"order is as written", "  b: 1\n  a: 2", "{\"b\":1,\"a\":2}"},
        {"$$ is one $", "  $$for: a\n  $$x: b", "{\"$for\":\"a\",\"$x\":\"b\"}"},
        {"$$ in an object of a loop", "  v:\n    - $for: NK1\n      $$if: =NK1-1",
         "{\"v\":[{\"$if\":1},{\"$if\":2}]}"},
        {"a $ alone", "  $: b", "{\"$\":\"b\"}"},
        {"three are two", "  $$$x: b", "{\"$$x\":\"b\"}"},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"near one", "  $uses: m",
         "r.yaml:5:3: error: $uses is no key of the language; did you mean $use?"},
        {"far from all", "  $ref: x",
         "r.yaml:5:3: error: $ref is no key of the language; a key of the data that begins with $ "
         "is "
         "written with two: $$ref"},
    };
    rows_check(value, ROWS(refused));
}
