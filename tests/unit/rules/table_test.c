/* Code tables: files, keys, misses. Language, section 13. */
#include "tests/unit/rules/rows.h"

#include <stdio.h>

TestSuite(table, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "PID|1||7~8||||19800101|F|||||||||||\"\"\rPV1|1|I|W1\r";

/* A formula in line 14, behind a table t of the file f.csv with the options of the test. */
#define ALONE(options)                                                                             \
    "tables: { t: { file: f.csv" options " } }\n---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\n"  \
    "do: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n    - >-\n"    \
    "      =@@\n"

#define CELL(text)  "{\"v\":[\"" text "\"]}"
#define MISS(where) "accepted\nlab held <r.yaml:14:" where "the table t has no row for the value>"

Test(table, the_first_column_is_the_key_and_the_second_the_value)
{
    static const struct row rows[] = {
        {"x.lookup", "PID-8.lookup('t')", CELL("female")},
        {"lookup with its key", "lookup('t', PID-8)", CELL("female")},
        {"a key that is a text", "lookup('t', 'M')", CELL("male")},
        {"another column", "PID-8.lookup('t').code", CELL("2")},
        {"another column of lookup()", "lookup('t', 'M').code", CELL("1")},
        {"the key column", "PID-8.lookup('t').hl7", CELL("F")},
        {"each value", "('F' | 'M').lookup('t')", "{\"v\":[\"female\",\"male\"]}"},
        {"inside of select", "('F' | 'M').select(lookup('t'))", "{\"v\":[\"female\",\"male\"]}"},
        {"an empty cell is empty", "coalesce(lookup('t', 'N'), 'none')", CELL("none")},
        {"a cell that is a number counts", "lookup('t', 'F').code * 2", "{\"v\":[4]}"},
        {"a quoted column", "lookup('t', 'F').`a b`", CELL("x")},
    };
    kit_file("f.csv", "hl7,desk,code,a b\nF,female,2,x\nM,male,1,\nN,,,\n");
    rows_payload(ALONE(""), adt, ROWS(rows));
}

Test(table, keys_and_value_name_columns)
{
    static const struct row value[] = {{"value", "lookup('t', 'a')", CELL("3")}};
    static const struct row key[] = {
        {"a key that is not the first; the value is the first that is none", "lookup('t', '2')",
         CELL("a")}};
    static const struct row both[] = {
        {"two keys, in their order", "lookup('t', '2', 'a')", CELL("3")},
        {"the other way round there is none", "coalesce(lookup('t', 'a', '2'), 'none')",
         MISS("17: ")},
    };
    static const struct row all[] = {
        {"nothing but keys: the last is the value", "lookup('t', 'a', '2', '3', '4')", CELL("4")}};
    static const struct row three[] = {{"three", "lookup('t', 'a', '2', '3')", CELL("4")}};
    kit_file("f.csv", "k1,k2,k3,v\na,2,3,4\n");
    rows_payload(ALONE(", value: k3"), adt, ROWS(value));
    rows_payload(ALONE(", keys: k2"), adt, ROWS(key));
    rows_payload(ALONE(", keys: [k2, k1]"), adt, both, 1);
    rows_told(ALONE(", keys: [k2, k1]"), adt, both + 1, 1);
    rows_payload(ALONE(", keys: [k1, k2, k3]"), adt, ROWS(three));
    rows_payload(ALONE(", keys: [k1, k2, k3, v]"), adt, ROWS(all));
}

Test(table, check_refuses_a_lookup_that_does_not_fit)
{
    static const struct row rows[] = {
        {"no table", "PID-8.lookup('tt')",
         "r.yaml:14:21: error: no table is called tt; did you mean t?"},
        {"a name that is no text", "PID-8.lookup(PID-1)",
         "r.yaml:14:21: error: lookup() wants the name of a table in quotes"},
        {"no column", "PID-8.lookup('t').vv",
         "r.yaml:14:26: error: the table t has no column vv; did you mean v?"},
        {"too many keys: there is no positional default", "lookup('t', PID-8, 'none')",
         "r.yaml:14:8: error: the table t has 1 key column, this gives 2"},
        {"a default behind x", "PID-8.lookup('t', 'none')",
         "r.yaml:14:14: error: the table t has 1 key column, this gives 2"},
        {"no key", "lookup('t')",
         "r.yaml:14:8: error: lookup() works on what stands before it; write PATH.lookup('table'[, "
         "key, ...])"},
        {"several values as one key", "lookup('t', PID-3.1)",
         "r.yaml:14:20: error: PID-3.1 may give several values, one is wanted here; write "
         "PID-3[1].1, "
         "PID-3.where(...).first().1, .exists(...) or .join(' ')"},
        {"a composite as a key", "PID-3.lookup('t')",
         "r.yaml:14:8: error: PID-3 is a CX of several parts, one text is wanted here; say which "
         "part, as "
         "in PID-3.1"},
        {"arithmetic with a column that holds texts", "PID-8.lookup('t') * 2",
         "r.yaml:14:14: error: this is a text, a number is wanted here; line 2 of table t holds a "
         "text in "
         "the column v"},
    };
    kit_file("f.csv", "k,v\na,b\n");
    rows_check(ALONE(""), ROWS(rows));
}

/* ---- cells ---- */

Test(table, cells_are_trimmed_text)
{
    static const struct row rows[] = {
        {"blanks around", "lookup('t', 'a')", CELL("b")},
        {"blanks inside stay", "lookup('t', 'c  d')", CELL("e f")},
        {"zeros in front stay", "lookup('t', '007')", CELL("0010")},
        {"and differ", "lookup('t', '7')", CELL("seven")},
        {"quoted: a comma", "lookup('t', 'x,y')", CELL("1,5")},
        {"quoted: a quote", "lookup('t', 'q\"q')", CELL("\\\"")},
        {"quoted: a line feed", "lookup('t', 'line')", CELL("a\\nb")},
        {"quoted: trimmed, too", "lookup('t', 'z')", CELL("w")},
        {"case counts", "lookup('t', 'A')", CELL("B")},
    };
    kit_file("f.csv",
             "\xef\xbb\xbf k , v \r\n a , b \r\nc  d,e f\n007,0010\n7,seven\n\"x,y\",\"1,5\"\n"
             "\"q\"\"q\",\"\"\"\"\nline,\"a\nb\"\n\" z \",\" w \"\n\nA,B\n");
    rows_payload(ALONE(""), adt, ROWS(rows));
}

Test(table, ignore_case_folds_keys)
{
    static const struct row rows[] = {
        {"the key of the message", "lookup('t', 'MAIN')", CELL("Main Desk")},
        {"the key of the table", "lookup('t', 'east')", CELL("East")},
        {"the star still matches any", "lookup('t', 'x')", CELL("rest")},
    };
    kit_file("f.csv", "k,v\nmain,Main Desk\nEAST,East\n*,rest\n");
    rows_payload(ALONE(", ignore-case: true"), adt, ROWS(rows));
    rows_payload(ALONE(", ignore-case: yes"), adt, ROWS(rows));
    static const struct row exact[] = {{"off", "lookup('t', 'MAIN')", CELL("rest")}};
    rows_payload(ALONE(", ignore-case: false"), adt, ROWS(exact));
    rows_payload(ALONE(""), adt, ROWS(exact));
}

/* ---- stars ---- */

Test(table, the_most_exact_row_wins_leftmost_first)
{
    static const struct row rows[] = {
        {"all exact", "lookup('t', 'a', 'b', 'c')", CELL("abc")},
        {"two exact, the left ones", "lookup('t', 'a', 'b', 'x')", CELL("ab*")},
        {"two exact, outer ones before right ones", "lookup('t', 'a', 'x', 'c')", CELL("a*c")},
        {"two exact, the right ones", "lookup('t', 'x', 'b', 'c')", CELL("*bc")},
        {"one exact, the leftmost", "lookup('t', 'a', 'x', 'x')", CELL("a**")},
        {"one exact, the middle", "lookup('t', 'x', 'b', 'x')", CELL("*b*")},
        {"one exact, the right", "lookup('t', 'x', 'x', 'c')", CELL("**c")},
        {"none", "lookup('t', 'x', 'x', 'x')", CELL("***")},
        {"a star does not match absent", "lookup('t', 'a', PID-31, 'c')", CELL("a-c")},
        {"an empty key cell matches absent only", "lookup('t', 'a', PID-19, 'c')", CELL("a-c")},
        {"absent beside stars", "lookup('t', 'q', PID-31, 'q')", CELL("*-*")},
    };
    kit_file(
        "f.csv",
        "x,y,z,v\n*,b,*,*b*\na,*,*,a**\n*,*,*,***\n*,*,c,**c\na,*,c,a*c\na,b,*,ab*\n*,b,c,*bc\n"
        "a,b,c,abc\na,,c,a-c\n*,,*,*-*\n");
    rows_payload(ALONE(", keys: [x, y, z]"), adt, ROWS(rows));
}

Test(table, an_absent_key_without_a_row_is_empty_and_no_miss)
{
    static const struct row rows[] = {
        {"absent", "coalesce(PID-31.lookup('t'), 'none')", CELL("none")},
        {"empty", "coalesce(PID-10.1.lookup('t'), 'none')", CELL("none")},
        {"null", "coalesce(PID-19.lookup('t'), 'none')", CELL("none")},
        {"lookup() with it", "coalesce(lookup('t', PID-31), 'none')", CELL("none")},
        {"a text without characters", "coalesce(lookup('t', PID-31 & PID-19), 'none')",
         CELL("none")},
    };
    kit_file("f.csv", "k,v\na,b\n*,star\n");
    rows_payload(ALONE(""), adt, ROWS(rows));
    static const struct row with[] = {
        {"absent with a row for it", "PID-31.lookup('t')", CELL("nobody")},
        {"null with a row for it", "lookup('t', PID-19)", CELL("nobody")},
        {"other keys do not take it", "lookup('t', 'x')", CELL("star")},
    };
    kit_file("f.csv", "k,v\na,b\n*,star\n,nobody\n");
    rows_payload(ALONE(""), adt, ROWS(with));
    static const struct row one[] = {
        {"one of two keys absent is no miss", "coalesce(lookup('t', 'q', PID-31), 'none')",
         CELL("none")},
    };
    kit_file("f.csv", "k,l,v\na,b,c\n");
    rows_payload(ALONE(", keys: [k, l]"), adt, ROWS(one));
}

/* ---- misses ---- */

Test(table, a_miss_does_what_on_miss_says)
{
    static const struct row row = {"miss", "PID-8.lookup('t')", NULL};
    static const struct {
        const char *options, *route, *want;
    } rows[] = {
        {"", "", MISS("14: PID-8: ")},
        {"", "on-error: hold\n",
         "accepted\nlab held <r.yaml:15:14: PID-8: the table t has no row for the value>"},
        {"", "on-error: skip\n",
         "filtered <a: r.yaml:15:14: PID-8: the table t has no row for the value>"},
        {"", "on-error: reject\n",
         "rejected <a: r.yaml:15:14: PID-8: the table t has no row for the value> AE/207/PID-8/a: "
         "r.yaml:15:14: PID-8: the table t has no row for the value"},
        {", on-miss: hold", "on-error: reject\n",
         "accepted\nlab held <r.yaml:15:14: PID-8: the table t has no row for the value>"},
        {", on-miss: hold", "on-error: skip\n",
         "accepted\nlab held <r.yaml:15:14: PID-8: the table t has no row for the value>"},
        {", on-miss: reject", "on-error: skip\n",
         "rejected <a: r.yaml:15:14: PID-8: the table t has no row for the value> AE/207/PID-8/a: "
         "r.yaml:15:14: PID-8: the table t has no row for the value"},
        {", on-miss: reject", "",
         "rejected <a: r.yaml:14:14: PID-8: the table t has no row for the value> AE/207/PID-8/a: "
         "r.yaml:14:14: PID-8: the table t has no row for the value"},
        {", on-miss: empty", "on-error: reject\n",
         "rejected <a: r.yaml:7:7: the map m came out empty> AE/207//a: r.yaml:7:7: the map m came "
         "out "
         "empty"},
        {", on-miss: keep", "on-error: reject\n", "accepted\nlab: " CELL("F")},
    };
    kit_file("f.csv", "k,v\na,b\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str frame = str_printf(
            &kit_arena,
            "tables: { t: { file: f.csv%s } }\n---\nroute: a\nfrom: epic\nmessages: "
            "[ADT^A01]\n%sdo: { send: lab, "
            "as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n    - >-\n      =@@\n",
            rows[i].options, rows[i].route);
        struct row one = {rows[i].options, row.text, rows[i].want};
        rows_told(frame.p, adt, &one, 1);
    }
}

Test(table, misses_are_told_with_their_keys)
{
    struct diags d;
    kit_file("f.csv", "k,l,v\na,b,c\n");
    const char *text =
        rows_text(ALONE(", keys: [k, l], on-miss: empty"), "lookup('t', PID-8, PV1-3.1)");
    struct ruleset *r = kit_compile(text, &d);
    cr_assert(r, "%s", kit_findings(&d));
    struct rules_input in = {.m = kit_message(adt)};
    struct rules_result res;
    rules_run(r, &in, &kit_arena, &res);
    cr_assert(res.misses);
    cr_expect(str_is(rules_table_name(res.misses->table), "t"));
    cr_expect(str_is(res.misses->keys[0], "F"));
    cr_expect(str_is(res.misses->keys[1], "W1"));
    cr_expect_eq(res.misses->pos.line, 14);
    cr_expect_null(res.misses->next);
}

/* Also those of a map that is run once for the same values (run_memo.c). */
Test(table, misses_are_told_each_time)
{
    static const char text[] =
        "tables: { t: { file: f.csv, on-miss: empty } }\n---\nroute: a\nfrom: epic\nmessages: "
        "[ADT^A01]\ndo: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  - { "
        "$use: n, $with: { p: F } }\n  - { $use: n, $with: { p: F } }\n  - { $use: n, $with: { p: "
        "F } "
        "}\n---\nmap: n\nreads: ADT_A01\nto: json\nneeds: [p]\nvalue: { a: \"=$p.lookup('t')\", b: "
        "\"=('x' & $p).lookup('t')\", c: 1 }\n";
    static const char *const keys[] = {"xF", "F", "xF", "F", "xF", "F"};
    struct diags d;
    kit_file("f.csv", "k,v\na,b\n");
    struct ruleset *r = kit_compile(text, &d);
    cr_assert(r, "%s", kit_findings(&d));
    struct rules_input in = {.m = kit_message(adt)};
    struct rules_result res;
    rules_run(r, &in, &kit_arena, &res);
    unsigned n = 0;
    for (const struct rules_miss *one = res.misses; one; one = one->next, n++) {
        cr_assert(n < 6 && str_is(one->keys[0], keys[n]), "%u", n);
    }
    cr_expect_eq(n, 6);
}

/* ---- declarations ---- */

Test(table, check_refuses_a_table_that_is_none)
{
    static const char frame[] = "tables:\n  t: @@\n";
    static const struct row rows[] = {
        {"no file", "{ keys: k }",
         "r.yaml:2:6: error: a table wants file:, the name of its CSV file, or sqlite: and query:"},
        {"cannot be read", "{ file: none.csv }",
         "r.yaml:2:14: error: none.csv cannot be read: No such file or directory"},
        {"empty", "{ file: empty.csv }",
         "empty.csv:1:1: error: the table is empty; its first line names the columns"},
        {"one column", "{ file: one.csv }",
         "one.csv:1:1: error: a table needs at least two columns, a key and a value"},
        {"a column twice", "{ file: twice.csv }",
         "twice.csv:1:3: error: two columns have this name"},
        {"a row of another length", "{ file: ragged.csv }",
         "ragged.csv:2:5: error: the row has 3 cells, the first line names 2 columns; a cell with "
         "a comma in it stands in double quotes"},
        {"a cell that is not closed", "{ file: open.csv }",
         "open.csv:2:3: error: the cell that begins with a quote here has no closing quote"},
        {"text behind a quote", "{ file: behind.csv }",
         "behind.csv:2:6: error: text follows the closing quote of a cell"},
        {"a key twice", "{ file: dup.csv }",
         "dup.csv:4:1: error: this row of table t has the same key as line 2"},
        {"a key twice by its case", "{ file: case.csv, ignore-case: true }",
         "case.csv:3:1: error: this row of table t has the same key as line 2"},
        {"a key twice by its blanks", "{ file: blanks.csv }",
         "blanks.csv:3:1: error: this row of table t has the same key as line 2"},
        {"two stars", "{ file: stars.csv }",
         "stars.csv:3:1: error: this row of table t has the same key as line 2"},
        {"the line behind one of two", "{ file: lines.csv }",
         "lines.csv:5:1: error: this row of table t has the same key as line 2"},
        {"no such key", "{ file: sex.csv, keys: [hl7, dek] }",
         "r.yaml:2:35: error: the table has no column dek; did you mean desk?"},
        {"no key", "{ file: sex.csv, keys: [] }", "r.yaml:2:29: error: keys: names no column"},
        {"no such value", "{ file: sex.csv, value: code }",
         "r.yaml:2:30: error: the table has no column code"},
        {"on-miss", "{ file: sex.csv, on-miss: skip }",
         "r.yaml:2:32: error: on-miss: is hold, reject, empty or keep"},
        {"ignore-case", "{ file: sex.csv, ignore-case: maybe }",
         "r.yaml:2:36: error: ignore-case: is true or false"},
        {"a key of the declaration", "{ file: sex.csv, key: hl7 }",
         "r.yaml:2:23: error: key: is not known in a table; did you mean keys:?"},
        {"a database as a file", "{ file: base.db }",
         "base.db:1:1: error: this is a database of SQLite, not text; write sqlite: and query: in "
         "place of file:"},
        {"no mapping", "sex.csv",
         "r.yaml:2:6: error: a table should be a mapping of keys, this is a text"},
    };
    kit_file("one.csv", "k\na\n");
    kit_file("twice.csv", "k,k\na,b\n");
    kit_file("open.csv", "k,v\na,\"b\n");
    kit_file("behind.csv", "k,v\na,\"b\"c\n");
    kit_file("base.db", "SQLite format 3");
    kit_file("case.csv", "k,v\na,b\nA,c\n");
    kit_file("blanks.csv", "k,v\na,b\n a ,c\n");
    kit_file("stars.csv", "k,v\n*,b\n*,c\n");
    kit_file("lines.csv", "k,v\na,\"x\ny\"\nb,c\na,d\n");
    rows_check(frame, ROWS(rows));
}

Test(table, keep_wants_one_key_and_names_stand_once)
{
    static const struct row rows[] = {
        {"keep with two keys", "lookup('t', 'a', 'b')",
         "r.yaml:1:52: error: on-miss: keep wants a table with one key"},
    };
    kit_file("f.csv", "k,l,v\na,b,c\n");
    rows_check(ALONE(", keys: [k, l], on-miss: keep"), ROWS(rows));
    static const struct row twice[] = {
        {"in two documents", "tables: { t: { file: f.csv } }\n---\ntables: { t: { file: f.csv } }",
         "r.yaml:3:11: error: a table t stands already at r.yaml:1"},
        {"a key beside tables:", "tables: { t: { file: f.csv } }\nmore: x",
         "r.yaml:2:1: error: more: does not stand beside tables:"},
        {"no mapping", "tables: x",
         "r.yaml:1:9: error: tables: should be a mapping of names, this is a text"},
    };
    rows_check(NULL, ROWS(twice));
}

/* ---- ranges ---- */

Test(table, a_range_takes_both_its_ends)
{
    static const struct row rows[] = {
        {"the lower end", "lookup('t', '10')", CELL("ten to nineteen")},
        {"the upper end", "lookup('t', '19')", CELL("ten to nineteen")},
        {"within, not a whole number", "lookup('t', '19.0')", CELL("ten to nineteen")},
        {"an exact cell wins", "lookup('t', '12')", CELL("twelve")},
        {"open above", "lookup('t', '66')", CELL("old")},
        {"open below", "lookup('t', '-3')", CELL("young")},
        {"of texts", "lookup('t', 'B15')", CELL("ward")},
        {"texts of another length", "lookup('t', 'B155')", CELL("rest")},
        {"between two", "lookup('t', '20')", CELL("rest")},
        {"no number", "lookup('t', 'x')", CELL("rest")},
    };
    kit_file(
        "f.csv",
        "k,v\n..9,young\n10..19,ten to nineteen\n12,twelve\n65..,old\nB10..B19,ward\n*,rest\n");
    rows_payload(ALONE(", ranges: k"), adt, ROWS(rows));
    static const struct row plain[] = {
        {"without ranges: it is text", "lookup('t', '10..19')", CELL("ten to nineteen")}};
    rows_payload(ALONE(""), adt, ROWS(plain));
}

Test(table, a_range_beside_other_keys)
{
    static const struct row rows[] = {
        {"the row of the facility", "lookup('t', 'A', '15')", CELL("1")},
        {"of another one", "lookup('t', 'B', '15')", CELL("2")},
        {"of any", "lookup('t', 'C', '15')", CELL("3")},
        {"a range is exact where the other key is", "lookup('t', 'A', '30')", CELL("4")},
    };
    kit_file("f.csv", "k,n,v\nA,10..19,1\nB,10..19,2\n*,10..19,3\nA,*,4\n");
    rows_payload(ALONE(", keys: [k, n], ranges: n"), adt, ROWS(rows));
}

Test(table, check_refuses_a_range_that_is_none)
{
    static const char frame[] = "tables:\n  t: { file: @@ }\n";
    static const struct row rows[] = {
        {"no end", "none.range, ranges: k",
         "none.range:2:1: error: the range has no end; write * for any value"},
        {"a number and none", "mixed.range, ranges: k",
         "mixed.range:2:1: error: one end of the range is a number, the other is none"},
        {"lengths", "long.range, ranges: k",
         "long.range:2:1: error: the ends of the range are of different length"},
        {"downward", "down.range, ranges: k",
         "down.range:2:1: error: the range ends before it begins"},
        {"overlapping", "over.range, ranges: k",
         "over.range:3:1: error: this range of table t overlaps that of line 2"},
        {"around another", "around.range, ranges: k",
         "around.range:3:1: error: this range of table t overlaps that of line 2"},
        {"no key", "sex.csv, ranges: desk", "r.yaml:2:31: error: ranges: names a key of the table"},
        {"no column", "sex.csv, ranges: dsk",
         "r.yaml:2:31: error: the table has no column dsk; did you mean desk?"},
    };
    kit_file("none.range", "k,v\n..,1\n");
    kit_file("mixed.range", "k,v\n1..B,1\n");
    kit_file("long.range", "k,v\nA1..A10,1\n");
    kit_file("down.range", "k,v\n9..1,1\n");
    kit_file("over.range", "k,v\n1..9,1\n9..,2\n");
    kit_file("around.range", "k,v\n3..4,1\n..9,2\n");
    rows_check(frame, ROWS(rows));
}

/* ---- as spreadsheets save it ---- */

Test(table, check_tells_what_a_spreadsheet_did)
{
    kit_file("zeros.xls", "k,v\n0013,one\n12,two\n1200,three\n");
    kit_file("counts.xls", "k,v\nA,0\nB,10\nC,0.5\n");
    static const char frame[] = "tables:\n  t: { file: @@ }\n";
    static const struct row rows[] = {
        {"semicolons", "semi.xls",
         "semi.xls:1:1: remark: read as UTF-8, cells separated by semicolons"},
        {"another encoding", "umlaut.xls",
         "umlaut.xls:1:1: remark: read as Windows-1252, cells separated by commas"},
        {"an error", "na.xls",
         "na.xls:3:3: error: column v holds an error of the spreadsheet; mend the formula in the "
         "spreadsheet and save the file again"},
        {"a long number", "long.xls",
         "long.xls:2:1: warning: column k holds a long number that a spreadsheet shortened; format "
         "the column as text, enter the number again and save"},
        {"a date", "date.xls",
         "date.xls:3:1: warning: column k holds a code that a spreadsheet took for a date; format "
         "the column as text, enter the code again and save"},
        {"only the first of many", "many.xls",
         "many.xls:2:1: warning: column k holds a code that a spreadsheet took for a date; format "
         "the column as text, enter the code again and save"},
        {"zeros that went", "zeros.xls",
         "zeros.xls:3:1: warning: column k holds 12, and others with zeros before them; if a "
         "spreadsheet took the zeros away, format the column as text and enter the code again"},
        {"zeros of numbers", "counts.xls", ""},
        {"nothing", "fine.xls", ""},
    };
    kit_file("semi.xls", "k;v\na;b\n");
    kit_file("umlaut.xls", "k,v\na,\xe4\n");
    kit_file("na.xls", "k,v\na,b\nc,#N/A\n");
    kit_file("long.xls", "k,v\n1.23457E+12,b\n");
    kit_file("date.xls", "k,v\na,b\n3-Apr,b\n");
    kit_file("many.xls", "k,v\nMar-04,b\nApr-05,c\n");
    kit_file("fine.xls", "k,v\n1E5,b\n3-4,c\n2024-Apr,d\nE+1,e\n");
    rows_check(frame, ROWS(rows));
}

#define SIX "100234,a\n200345,b\n300456,c\n400567,d\n500678,e\n"

Test(table, check_tells_what_a_spreadsheet_did_to_keys)
{
    static const char date[] = "looks like a code that a spreadsheet took for a date; format the "
                               "column as text, enter the code again and save";
    static const struct {
        const char *name, *csv, *want; /* the warning up to what is said of all dates; "": none */
    } rows[] = {
        {"German", "v,k\na,1-1\nb,02. Jan\n", "3:3: warning: key k: 02. Jan %"},
        {"another", "v,k\na,1-1\nb,3. Mrz\n", "3:3: warning: key k: 3. Mrz %"},
        {"French", "v,k\na,1-1\nb,02-f\xc3\xa9vr\n", "3:3: warning: key k: 02-f\xc3\xa9vr %"},
        {"French, with a dot", "v,k\na,1-1\nb,02-janv.\n", "3:3: warning: key k: 02-janv. %"},
        {"Spanish", "v,k\na,1-1\nb,2-ene\n", "3:3: warning: key k: 2-ene %"},
        {"month and year", "v,k\na,1-1\nb,Dez 26\n", "3:3: warning: key k: Dez 26 %"},
        {"in full", "v,k\na,1-1\nb,1/2/2026\n", "3:3: warning: key k: 1/2/2026 %"},
        {"the year first", "v,k\na,1-1\nb,2026-02-01\n", "3:3: warning: key k: 2026-02-01 %"},
        {"several", "v,k\na,1\nb,2\nc,3\nd,4\ne,5\nf,6\ng,7\nh,8\ni,1.2.2026\nj,1.3.2026\n",
         "10:3: warning: key k: 1.2.2026 looks like a code that a spreadsheet took for a date, and "
         "so do 1 more"},
        {"a table of dates", "v,k\na,2026-02-01\nb,2026-02-02\nc,2026-02-03\n", ""},
        {"in capitals", "v,k\na,1-1\nb,2 ENE\n", ""},
        {"a section", "v,k\na,1.1.9\nb,1.1.10\n", ""},
        {"no month", "v,k\na,1-1\nb,2-abc\nc,2-\nd,x-Jan\n", ""},
        {"no day", "v,k\na,1-1\nb,32/1/2026\nc,13/14/2026\n", ""},
        {"a small number", "v,k\na,1-1\nb,\"1,00E-03\"\n",
         "3:3: warning: key k: 1,00E-03 looks like a number that a spreadsheet shortened; format "
         "the column as text, "
         "enter the number again and save"},
        {"shorter than the others", "k,v\n" SIX "99123,f\n",
         "7:1: warning: key k: 99123 is shorter than the others, which have all the same length; "
         "if a spreadsheet took "
         "zeros away, format the column as text and enter the key again"},
        {"of many lengths", "k,v\n" SIX "99,f\n999,g\n", ""},
        {"counted up", "k,v\n998,x\n1001,a\n1002,b\n1003,c\n1004,d\n1005,e\n", ""},
        {"of few", "k,v\n100234,a\n99123,b\n", ""},
        {"with a letter", "k,v\n" SIX "9A,f\n", ""},
        {"with any", "k,v\n" SIX "*,f\n", ""},
        {"a value", "k,v\nA,100234\nB,200345\nC,300456\nD,400567\nE,500678\nF,99123\n", ""},
        {"rounded", "k,v\n400012341234123000,a\n",
         "2:1: warning: key k: 400012341234123000 ends with zeros behind its 15th digit; if a "
         "spreadsheet made zeros of "
         "them, format the column as text and enter the key again"},
        {"not rounded", "k,v\n400012341234123000,a\n400012341234123001,b\n", ""},
        {"a zero at its end", "k,v\n4000123412341230,a\n", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool last = rows[i].csv[0] == 'k';
        char want[512], text[64];
        const char *open = strchr(rows[i].want, '%');
        snprintf(want, sizeof(want), "%s%.*s%s", rows[i].want[0] ? "habit.csv:" : "",
                 open ? (int)(open - rows[i].want) : (int)strlen(rows[i].want), rows[i].want,
                 open ? date : "");
        snprintf(text, sizeof(text), "habit.csv%s }\n", last ? "" : ", keys: [k], value: v");
        kit_file("habit.csv", rows[i].csv);
        const char *got = kit_check(rows_text("tables:\n  t: { file: @@\n", text));
        bool same = rows[i].want[0] ? strstr(got, want) != NULL : !strstr(got, "warning");
        cr_expect(same, "%s: got %s, want %s", rows[i].name, got, want);
    }
}
