/* Tables that a query fills: what its rows may be, and how findings name them. Language, section 13. */
#include "tests/unit/rules/rows.h"

#include "engine/rules/coverage.h"
#include "engine/rules/table.h"

TestSuite(table_query, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "PID|1||7~8||||19800101|F|||||||||||\"\"\rPV1|1|I|W1\r";

/* A formula in line 14, behind a table t of the query. */
#define ALONE(options)                                                                             \
    "tables: { t: { sqlite: x.db, query: select, " options                                         \
    "on-miss: hold } }\n---\nroute: a\nfrom: epic\n"                                               \
    "messages: [ADT^A01]\ndo: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n"       \
    "value:\n  v:\n    - >-\n      =@@\n"

#define CELL(text) "{\"v\":[\"" text "\"]}"

Test(table_query, its_columns_are_those_of_the_table)
{
    static const struct row rows[] = {
        {"the first column is the key, the second the value", "lookup('t', 'W1')", CELL("10")},
        {"another column", "lookup('t', 'W1').phone", CELL("555")},
        {"blanks around are no part of a cell", "lookup('t', 'W2')", CELL("e f")},
        {"no-break ones, too", "lookup('t', 'W3')", CELL("11")},
        {"an empty cell is empty", "coalesce(lookup('t', 'W3').phone, 'none')", CELL("none")},
        {"a star matches any", "lookup('t', 'x')", CELL("12")},
        {"of a spreadsheet nothing is taken away", "lookup('t', 'W4')", CELL("=\\\"1\\\"")},
        {"nor is a comma of one", "lookup('t', 'W5')", CELL("#N/A")},
        {"a cell that is a number counts", "lookup('t', 'W1').phone + 1", "{\"v\":[556]}"},
    };
    kit_file("x.db", "unit, desk ,phone\nW1,10,555\n W2 , e f\t,7\n\xc2\xa0W3,11\xc2\xa0,\n*,12,8\n"
                     "W4,=\"1\",9\nW5,#N/A,9\n");
    rows_payload(ALONE(""), adt, ROWS(rows));
}

Test(table_query, it_has_keys_ranges_and_cases_as_any_table)
{
    static const struct row two[] = {{"two keys", "lookup('t', 'MAIN', 'w1')", CELL("10")},
                                     {"a star beside", "lookup('t', 'MAIN', 'x')", CELL("11")},
                                     {"a range", "lookup('t', 'east', '15')", CELL("12")}};
    kit_file("x.db", "unit,facility,desk\nW1,MAIN,10\n*,MAIN,11\n10..19,EAST,12\n");
    rows_payload(ALONE("keys: [facility, unit], value: desk, ignore-case: true, ranges: unit, "),
                 adt, ROWS(two));
}

Test(table_query, check_names_what_its_rows_may_not_be)
{
    static const char frame[] = "tables:\n  t:\n    query: >-\n      select unit\n    sqlite: @@\n";
    static const struct row rows[] = {
        {"one column", "one.db",
         "r.yaml:4:7: error: the query gives one column; a table needs at least two columns, a key "
         "and a value"},
        {"a column twice", "twice.db",
         "r.yaml:4:7: error: two columns of the query have the name k; write: as ANOTHER-NAME"},
        {"a column without a name", "nameless.db",
         "r.yaml:4:7: error: a column of the query has no name; write: as NAME"},
        {"a key twice", "dup.db",
         "r.yaml:4:7: error: row 3 of table t has the same key as row 1: a"},
        {"a key twice by its blanks", "blanks.db",
         "r.yaml:4:7: error: row 2 of table t has the same key as row 1: a"},
        {"a blob", "blob.db",
         "r.yaml:4:7: error: row 2, column v: the value is a blob; write cast(v as text), or "
         "hex(v)"},
        {"no UTF-8", "latin.db",
         "r.yaml:4:7: error: row 1, column v: the text is not UTF-8; it was written into the "
         "database in another encoding"},
        {"a control character", "control.db",
         "r.yaml:4:7: error: row 1, column k: the text holds the control character U+000B; take it "
         "out in the query, with replace(...)"},
        {"a tab inside is none", "tab.db", ""},
        {"a real number as a key", "real.db",
         "r.yaml:4:7: warning: key k: row 2 holds the real number 1.0; a message hardly sends it "
         "so; write cast(k as integer) as k"},
        {"a real number as a value", "value.db", ""},
        {"no rows", "none.db", "r.yaml:4:7: warning: the query gives no rows"},
        {"no such database", "no.db", "r.yaml:5:13: error: no.db: No such file or directory"},
        {"a range that is none", "down.db\n    ranges: k",
         "r.yaml:4:7: error: row 1, 9..1: the range ends before it begins"},
        {"ranges that overlap", "over.db\n    ranges: k",
         "r.yaml:4:7: error: row 2 of table t: the range 9.. overlaps 1..9 of row 1"},
        {"no such column", "tab.db\n    keys: [j]",
         "r.yaml:6:12: error: the table has no column j"},
    };
    kit_file("one.db", "k\na\n");
    kit_file("twice.db", "k,k\na,b\n");
    kit_file("nameless.db", "k, \na,b\n");
    kit_file("dup.db", "k,v\na,b\nc,d\na,e\n");
    kit_file("blanks.db", "k,v\na,b\n a ,c\n");
    kit_file("blob.db", "k,v\na,b\nc,%b\n");
    kit_file("latin.db", "k,v\na,\xe4\n");
    kit_file("control.db", "k,v\na\vb,b\n");
    kit_file("tab.db", "k,v\na\tb,b\n");
    kit_file("real.db", "k,v\n1,b\n%r1.0,b\n%r2.0,c\n");
    kit_file("value.db", "k,v\n1,%r1.0\n");
    kit_file("none.db", "k,v\n");
    kit_file("down.db", "k,v\n9..1,b\n");
    kit_file("over.db", "k,v\n1..9,b\n9..,c\n");
    rows_check(frame, ROWS(rows));
}

Test(table_query, check_finds_the_place_in_the_query)
{
    static const struct row rows[] = {
        {"unquoted", "query: select !unt",
         "r.yaml:4:19: error: it is wrong here; did you mean unit?"},
        {"in quotes", "query: 'select '''', !unt'",
         "r.yaml:4:26: error: it is wrong here; did you mean unit?"},
        {"in a block", "query: |\n      select a,\n        \xc3\xa4, !zzz\n",
         "r.yaml:6:12: error: it is wrong here"},
        {"folded", "query: >-\n      select a\n      from !facilty",
         "r.yaml:6:12: error: it is wrong here; did you mean facility?"},
        {"no query", "", "r.yaml:3:5: error: sqlite: wants query:, a select that gives the rows"},
        {"a file, too", "query: x\n    file: x.csv",
         "r.yaml:3:5: error: a table has file: or sqlite:, not both"},
        {"an empty one", "query: ''", "r.yaml:4:12: error: query: should be a text, this is empty"},
        {"another name of it", "databse: x",
         "r.yaml:4:5: error: databse: is not known in a table; known here: file, sqlite, query, "
         "keys, value, ranges, ignore-case, on-miss"},
    };
    rows_check("tables:\n  t:\n    sqlite: x.db\n    @@\n", ROWS(rows));
    static const struct row alone[] = {
        {"no database", "{ query: x }",
         "r.yaml:2:6: error: query: wants sqlite:, the file of the database"},
    };
    rows_check("tables:\n  t: @@\n", ROWS(alone));
}

Test(table_query, findings_of_formulas_name_its_rows)
{
    static const struct row rows[] = {
        {"arithmetic with texts", "lookup('t', 'W1') * 2",
         "r.yaml:14:8: error: this is a text, a number is wanted here; row 2 of table t holds a "
         "text in the column desk"},
    };
    kit_file("x.db", "unit,desk\nW1,1\nW2,b\n");
    rows_check(ALONE(""), ROWS(rows));
}

Test(table_query, a_profile_may_have_one)
{
    static const struct row rows[] = {
        {"that of the feed", "from: profiled", "accepted\nlab: {\"v\":\"its own\"}"},
        {"that of all", "from: epic", "accepted\nlab: {\"v\":\"all\"}"},
    };
    static const char frame[] =
        "tables: { t: { file: all.csv } }\n---\nprofile: p\n"
        "tables: { t: { sqlite: x.db, query: select, keys: [unit], value: desk } }\n---\nroute: a\n"
        "@@\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: "
        "json\nvalue: { v: \"=lookup('t', 'W1')\" }\n";
    kit_file("all.csv", "unit,desk\nW1,all\n");
    kit_file("x.db", "desk,unit\nits own,W1\n");
    kit_source = 2;
    rows_told(frame, adt, rows, 1);
    kit_source = 0;
    rows_told(frame, adt, rows + 1, 1);
}

Test(table_query, its_digest_is_that_of_the_rows_in_any_order)
{
    struct str columns[] = {STR("k"), STR("v")}, other[] = {STR("k"), STR("w")};
    struct str one[] = {STR("a"), STR("b"), STR("c"), STR("d")},
               turned[] = {STR("c"), STR("d"), STR("a"), STR("b")},
               changed[] = {STR("a"), STR("b"), STR("c"), STR("e")},
               moved[] = {STR("ab"), STR(""), STR("c"), STR("d")},
               swapped[] = {STR("a"), STR("d"), STR("c"), STR("b")};
    uint64_t digest = table_digest(columns, 2, one, 2);
    cr_expect_eq(table_digest(columns, 2, turned, 2), digest);
    cr_expect_neq(table_digest(columns, 2, changed, 2), digest);
    cr_expect_neq(table_digest(columns, 2, moved, 2), digest);
    cr_expect_neq(table_digest(columns, 2, swapped, 2), digest);
    cr_expect_neq(table_digest(other, 2, one, 2), digest);
    cr_expect_neq(table_digest(columns, 2, one, 1), digest);
    cr_expect_neq(table_digest(columns, 2, one, 0), table_digest(other, 2, one, 0));
}
