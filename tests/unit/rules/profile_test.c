/* Names, and profiles of feeds. Language, section 11. */
#include "tests/unit/rules/rows.h"

TestSuite(profile, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "PID|1||7^^^L^MR~8^^^S^SS||||19800101|F|||||||||||\"\"\r"
                          "NK1|1|A|FTH\rNK1|2|B|MTH\rPV1|1|I\rZPI|5|x^y|1^^^L|20260102|6\r";

#define ROUTE "route: a\nfrom: profiled\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\n"
#define MAP   "map: m\nreads: ADT_A01\nto: json\nvalue:\n"
/* The value of a map from line 10 on; the feed is `profiled`. */
static const char value[] = ROUTE MAP "@@\n";
/* A profile behind it. */
#define P "---\nprofile: p\n"

/* ---- names ---- */

Test(profile, names_of_the_language_are_written_with_a_dollar)
{
    static const struct row rows[] = {
        {"$this", "  v: [=PID-3.select($this.1)]", "{\"v\":[\"7\",\"8\"]}"},
        {"$index", "  v: [=PID-3.select($index)]", "{\"v\":[0,1]}"},
        {"$number", "  v: [=PID-3.select($number)]", "{\"v\":[1,2]}"},
        {"$total", "  v: [=PID-3.select($total)]", "{\"v\":[2,2]}"},
        {"the innermost counts",
         "  v:\n    - $for: NK1\n      $value: =PID-3.select($index).join('') & $index",
         "{\"v\":[\"010\",\"011\"]}"},
        {"$message, from a loop", "  v:\n    - $for: NK1\n      $value: =$message.NK1.count()",
         "{\"v\":[2,2]}"},
        {"$source.name", "  v: =$source.name", "{\"v\":\"profiled\"}"},
        {"$source.timezone", "  v: =$source.timezone", "{\"v\":\"America/Chicago\"}"},
        {"%resource of N1", "  v: =%resource.PID-8", "{\"v\":\"F\"}"},
        {"%context of N1", "  v:\n    - $for: NK1\n      $value: =%context.PID-8",
         "{\"v\":[\"F\",\"F\"]}"},
        {"let", "  $let: { x: =PID-8 }\n  v: =$x", "{\"v\":\"F\"}"},
        {"a let goes before a profile's", "  $let: { x: =PID-8 }\n  v: =$x\n" P "let: { x: q }",
         "{\"v\":\"F\"}"},
    };
    kit_source = 2;
    rows_payload(value, adt, ROWS(rows));
#define NONE   "; names come from let:, from parameters (needs:, with:) and from the feed's profile"
#define COUNTS "; it stands inside a loop, where(...), select(...), exists(...), all(...)"
    static const struct row refused[] = {
        {"unknown", "  v: =$nonsense", "r.yaml:10:7: error: $nonsense is not known here" NONE},
        {"near one of the language", "  v: =$sourc.name",
         "r.yaml:10:7: error: $sourc is not known here; did you mean $source?"},
        {"near one of a profile", "  v: =$apointment\n" P "let: { appointment: x }",
         "r.yaml:10:7: error: $apointment is not known here; did you mean $appointment?"},
        {"$this where nothing is walked", "  v: =$this",
         "r.yaml:10:7: error: there is nothing here that $this would be" COUNTS},
        {"$index where nothing is counted", "  v: =$index",
         "r.yaml:10:7: error: this counts values, and there is nothing to count here" COUNTS},
        {"$number", "  v: =$number",
         "r.yaml:10:7: error: this counts values, and there is nothing to count here" COUNTS},
        {"$total", "  v: =$total",
         "r.yaml:10:7: error: this counts values, and there is nothing to count here" COUNTS},
        {"$source has two members", "  v: =$source.zone",
         "r.yaml:10:15: error: $source has no zone; it has $source.name and $source.timezone"},
        {"$batch", "  v: =$batch.BHS-4",
         "r.yaml:10:7: error: messages of the source profiled come without the header of their "
         "batch; "
         "give the source its batch: in the configuration, or take it out of from:"},
        {"$batch alone", "  v: =$batch.exists()",
         "r.yaml:10:7: error: $batch is read by its fields; write $batch.BHS-3.1, or "
         "$batch.FHS-3.1 "
         "for the header of the file"},
        {"$batch has two headers", "  v: =$batch.PID-3",
         "r.yaml:10:14: error: $batch has fields of BHS and FHS; write $batch.BHS-3.1, or "
         "$batch.FHS-3.1 for the header of the file"},
        {"$cause", "  v: =$cause.PID-3[1].1",
         "r.yaml:10:7: error: messages of the source profiled are no answers: nothing asked for "
         "them; "
         "name a destination in from:, its answers have a $cause"},
        {"other names of N1", "  v: =%umls",
         "r.yaml:10:7: error: %umls is not known here; names are written with a dollar, as in "
         "$source; "
         "%resource and %context are the message, %ucum, %sct, %loinc, %`vs-NAME`, %`ext-NAME` are "
         "URLs"},
    };
    rows_check(value, ROWS(refused));
}

Test(profile, a_feed_without_a_timezone_has_an_empty_one)
{
    static const struct row rows[] = {
        {"none",
         "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\n" MAP
         "  v: =$source.timezone\n  w: =$source.name",
         "{\"w\":\"epic\"}"},
    };
    rows_payload(NULL, adt, ROWS(rows));
}

/* ---- let ---- */

Test(profile, its_names_stand_for_texts_and_formulas)
{
    static const struct row rows[] = {
        {"a text", "  v: =$x\n" P "let: { x: lit }", "{\"v\":\"lit\"}"},
        {"a formula on the message", "  v: =$x\n" P "let: { x: =PID-8 & '!' }", "{\"v\":\"F!\"}"},
        {"several values", "  v: [=$x]\n" P "let: { x: =PID-3.1 }", "{\"v\":[\"7\",\"8\"]}"},
        {"a type of HL7", "  v: =$x\n" P "let: { x: =PID-1 }", "{\"v\":1}"},
        {"in a loop: its paths look in the element",
         "  v:\n    - $for: NK1\n      $value: =$x\n" P "let: { x: =NK1.count() }",
         "{\"v\":[1,1]}"},
        {"an empty one", "  v: =$x\n  w: 1\n" P "let: { x: =PID-31 }", "{\"w\":1}"},
        {"in a condition", "  v: { $if: $x = 'F', a: 1 }\n" P "let: { x: =PID-8 }",
         "{\"v\":{\"a\":1}}"},
        {"one that names another", "  v: =$y\n" P "let:\n  x: =PID-8\n  y: =$x & $x",
         "{\"v\":\"FF\"}"},
    };
    kit_source = 2;
    rows_payload(value, adt, ROWS(rows));
    static const struct row steps[] = {
        {"in when, set and id of a route",
         "route: a\nfrom: profiled\nmessages: [ADT^A01]\nwhen: $x = 'F'\ndo:\n  - set: { PV1-2: "
         "=$y }\n  - { send: "
         "lab, id: =$x & PV1-2 }\n" P "let: { x: =PID-8, y: O }",
         "accepted\nlab id=FO: ..."},
        {"in steps that are used",
         "route: a\nfrom: profiled\nmessages: [ADT^A01]\ndo: [{ use: s }, { send: lab, id: =PV1-2 "
         "}]\n---\nsteps: "
         "s\nreads: ADT\ndo: { set: { PV1-2: =$y } }\n" P "let: { y: O }",
         "accepted\nlab id=O: ..."},
    };
    rows_told(NULL, adt, ROWS(steps));
    static const struct row refused[] = {
        {"no formula", "  v: =$x\n" P "let: { x: =PID-99 }",
         "r.yaml:13:12: error: PID-99: no HL7 version has a field 99 in PID"},
        {"several where one is wanted", "  v: =$x\n" P "let: { x: =PID-3.1 }",
         "r.yaml:10:7: error: the value may give several values, one is wanted here; add .first(), "
         ".where(...).first(), .exists(...) or .join(' ')"},
        {"a name of the language", "  v: 1\n" P "let: { number: x }",
         "r.yaml:13:8: error: $number means something already"},
        {"no name", "  v: 1\n" P "let: { a-b: x }",
         "r.yaml:13:8: error: a-b cannot be a name: letters, digits and _, not a digit first"},
        {"several in one profile",
         "  v: =$x\n" P "let: { x: =PID-8 }\n---\nprofile: q\nlet: { x: =PID-3.1 }",
         "r.yaml:10:7: error: the value may give several values, one is wanted here; add .first(), "
         ".where(...).first(), .exists(...) or .join(' ')"},
        {"several in the first profile",
         "  v: =$x\n" P "let: { x: =PID-3.1 }\n---\nprofile: q\nlet: { x: =PID-8 }",
         "r.yaml:10:7: error: the value may give several values, one is wanted here; add .first(), "
         ".where(...).first(), .exists(...) or .join(' ')"},
        {"text in all profiles has no order",
         "  v: =$x < 5\n" P "let: { x: =PID-8 }\n---\nprofile: q\nlet: { x: =PID-8 }",
         "r.yaml:10:7: error: text has no order; numbers and dates have; add .toInteger() or "
         ".toDecimal() to "
         "compare numbers"},
        {"text here and a number there is left to the message",
         "  v: =$x < 5\n" P "let: { x: =PID-8 }\n---\nprofile: q\n"
         "let: { x: =PID-1 }",
         ""},
        {"a number here and text there, too",
         "  v: =$x < 5\n" P "let: { x: =PID-1 }\n---\nprofile: q\nlet: { x: a }", ""},
        {"no mapping", "  v: 1\n" P "let: x",
         "r.yaml:13:6: error: let: is a mapping of names, this is a text"},
    };
    rows_check(value, ROWS(refused));
}

Test(profile, a_profile_extends_another)
{
    static const struct row rows[] = {
        {"what it has not is that of the other",
         "  v: =$x\n" P "extends: q\n---\nprofile: q\nlet: { x: a }", "{\"v\":\"a\"}"},
        {"what it has goes before",
         "  v: =$x\n" P "extends: q\nlet: { x: b }\n---\nprofile: q\nlet: { x: a }",
         "{\"v\":\"b\"}"},
        {"through several",
         "  v: =$x\n  w: =$y\n" P "extends: q\n---\nprofile: q\nextends: r\nlet: { y: b }\n---\n"
         "profile: r\nlet: { x: a, y: c }",
         "{\"v\":\"a\",\"w\":\"b\"}"},
        {"its formulas see what takes their place",
         "  v: =$y\n" P "extends: q\nlet: { x: b }\n---\nprofile: q\n"
         "let:\n  x: a\n  y: =$x & '!'",
         "{\"v\":\"b!\"}"},
        {"tables, too",
         "  v: =PID-8.lookup('t')\n---\ntables: { t: { file: sex.csv } }\n" P
         "extends: q\n---\nprofile: q\ntables: { t: own.csv }",
         "{\"v\":\"own\"}"},
    };
    kit_source = 2;
    kit_file("own.csv", "hl7,desk\nF,own\n");
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"itself", P "extends: p", "r.yaml:3:10: error: the profile p would extend itself"},
        {"in a circle", P "extends: q\n---\nprofile: q\nextends: p",
         "r.yaml:6:10: error: the profile q would extend itself"},
        {"none", P "extends: q",
         "r.yaml:3:10: error: no profile is called q; declare it in a document that "
         "begins with profile: q"},
        {"a name near", P "extends: pq\n---\nprofile: pr",
         "r.yaml:3:10: error: no profile is called pq; did you "
         "mean pr?"},
        {"twice", P "let: { a: x }\n" P "let: { a: x }",
         "r.yaml:5:10: error: a profile p stands already at r.yaml:2"},
        {"a key", P "lets: { a: x }",
         "r.yaml:3:1: error: lets: is not known in a profile; did you mean let:?"},
        {"no name", "profile: ''\nlet: { a: x }",
         "r.yaml:1:10: error: profile: wants a name, which should be a text, this is empty"},
    };
    rows_check(NULL, ROWS(refused));
}

Test(profile, a_route_is_refused_where_a_feed_lacks_a_name_it_uses)
{
#define FROM(sources) "route: a\nfrom: " sources "\nmessages: [ADT^A01]\ndo:\n"
#define LACKS(what)                                                                                \
    "has no $x; add it under let: of the profile, or take the source out of from:" what
    static const struct row rows[] = {
        {"one that is spelt nearly so",
         "route: a\nfrom: profiled\nmessages: [ADT^A01]\ndo:\n  - { send: lab, id: =$first_id }\n" P
         "let: { frist_id: a }\n---\nprofile: q\nlet: { first_id: b }",
         "r.yaml:5:23: error: the profile p of the source profiled has no $first_id; it has "
         "frist_id at "
         "r.yaml:8; add the one that is meant under let:"},
        {"the source has no profile",
         FROM("[profiled, epic]") "  - { send: lab, id: =$x }\n" P "let: { x: a }",
         "r.yaml:5:23: error: the source epic " LACKS("")},
        {"the profile lacks it",
         FROM("profiled") "  - { send: lab, id: =$x }\n" P "let: { y: a }\n---\nprofile: "
                          "q\nlet: { x: a }",
         "r.yaml:5:23: error: the profile p of the source profiled " LACKS("")},
        {"in a condition of a step",
         FROM("epic") "  - { send: lab, if: $x = 'a' }\n" P "let: { x: a }",
         "r.yaml:5:22: error: the source epic " LACKS("")},
        {"in when",
         "route: a\nfrom: epic\nmessages: [ADT^A01]\nwhen: $x = 'a'\ndo: { send: lab }\n" P
         "let: { x: a }",
         "r.yaml:4:7: error: the source epic " LACKS("")},
        {"in a map it sends",
         FROM("epic") "  - { send: lab, as: m }\n---\n" MAP "  v: =$x\n" P "let: { x: a }",
         "r.yaml:11:7: error: the source epic " LACKS("")},
        {"in a map of a map",
         FROM("epic") "  - { send: lab, as: m }\n---\n" MAP "  v: { $use: n }\n---\n"
                      "map: n\nreads: ADT\nto: json\nvalue: { v: =$x }\n" P "let: { x: a }",
         "r.yaml:16:14: error: the source epic " LACKS("")},
        {"in steps it uses",
         FROM("epic") "  - use: s\n  - send: lab\n---\nsteps: s\nreads: ADT\ndo: { set: { "
                      "PID-8: =$x } }\n" P "let: { x: a }",
         "r.yaml:10:22: error: the source epic " LACKS("")},
        {"in another name of the profile",
         FROM("profiled") "  - { send: lab, id: =$y }\n---\nprofile: q\nlet: { x: a "
                          "}\n" P "let: { y: =$x }",
         "r.yaml:11:12: error: the profile p of the source profiled " LACKS("")},
        {"maps that no route uses ask for nothing", MAP "  v: =$x\n" P "let: { x: a }", ""},
        {"all of its feeds have it",
         FROM("profiled") "  - { send: lab, id: =$x }\n" P "let: { x: a }", ""},
    };
    rows_check(NULL, ROWS(rows));
}

Test(profile, a_name_that_wants_a_timezone_wants_it_of_the_feed)
{
    struct rules_source feed = {.name = {"epic", 4}, .profile = {"p", 1}};
    struct rules_env env = kit_env;
    struct rules_file file = {
        "r.yaml", str_of("route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, id: =$x "
                         "}\n" P "let: { x: =PID-7.toDateTime() }\n")};
    struct diags d;
    env.sources = &feed;
    env.nsources = 1;
    diags_init(&d, &kit_arena);
    cr_expect_null(rules_compile(&kit_arena, &file, 1, &env, &d));
    cr_expect_str_eq(
        kit_findings(&d),
        "r.yaml:7:18: error: the source epic has no timezone:, and a date of it may have no "
        "offset; name a zone in the brackets, or give the source its timezone: in the "
        "configuration\n");
}

/* ---- tables, types ---- */

Test(profile, its_tables_take_the_place_of_others)
{
#define T "---\ntables: { t: { file: sex.csv } }\n"
    static const struct row rows[] = {
        {"the usual one", "  v: =PID-8.lookup('t')\n" T P "let: { x: a }", "{\"v\":\"female\"}"},
        {"a file", "  v: =PID-8.lookup('t')\n" T P "tables: { t: own.csv }", "{\"v\":\"own\"}"},
        {"a file with its columns in another order",
         "  v: =PID-8.lookup('t')\n  w: =PID-8.lookup('t').hl7\n" T P "tables: { t: turned.csv }",
         "{\"v\":\"turned\",\"w\":\"F\"}"},
        {"a table with its own options",
         "  v: =PID-8.lookup('t')\n" T P "tables: { t: { file: fold.csv, ignore-case: true } }",
         "{\"v\":\"folded\"}"},
        {"one that only profiles have", "  v: =PID-8.lookup('u')\n" P "tables: { u: own.csv }",
         "{\"v\":\"own\"}"},
    };
    kit_file("own.csv", "hl7,desk\nF,own\n");
    kit_file("turned.csv", "more,desk,hl7\n1,turned,F\n");
    kit_file("fold.csv", "hl7,desk\nf,folded\n");
    kit_file("keys.csv", "hl7,desk,more\nF,a,b\n");
    kit_file("lacks.csv", "hl7,other\nF,a\n");
    kit_source = 2;
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"a column is missing", "  v: 1\n" T P "tables: { t: lacks.csv }",
         "r.yaml:15:14: error: lacks.csv has no column desk, as the table t has"},
        {"another number of keys",
         "  v: 1\n" T P "tables: { t: { file: keys.csv, keys: [hl7, desk] } }",
         "r.yaml:15:14: error: the table t has 2 key columns here and 1 elsewhere"},
        {"no file", "  v: 1\n" P "tables: { t: none.csv }",
         "r.yaml:13:14: error: none.csv cannot be read: No such file or directory"},
        {"no mapping", "  v: 1\n" P "tables: x",
         "r.yaml:13:9: error: tables: is a mapping of names to files, this is a text"},
    };
    rows_check(value, ROWS(refused));
    static const struct row lacks[] = {
        {"a feed without it",
         FROM("epic") "  - { send: lab, id: =PID-8.lookup('u') }\n" P "tables: { u: own.csv }",
         "r.yaml:5:29: error: the source epic has no table u; add it under tables: of the profile"},
    };
    rows_check(NULL, ROWS(lacks));
}

Test(profile, its_types_are_those_of_z_segments)
{
    static const struct row rows[] = {
        {"text without", "  v: =ZPI-1\n  w: =ZPI-4", "{\"v\":\"5\",\"w\":\"20260102\"}"},
        {"a number", "  v: =ZPI-1[1]\n" P "types: { ZPI-1: NM }", "{\"v\":5}"},
        {"numbers have an order",
         "  v: { $if: ZPI-1.min() > 4 and ZPI-1.min().exists(), a: 1 }\n" P "types: { ZPI-1: NM }",
         "{\"v\":{\"a\":1}}"},
        {"a date", "  v: =ZPI-4[1].toDate()\n" P "types: { ZPI-4: DT }", "{\"v\":\"2026-01-02\"}"},
        {"a coded one is its first component", "  v: [=ZPI-2]\n" P "types: { ZPI-2: CE }",
         "{\"v\":[\"x\"]}"},
        {"components of it", "  v: [=ZPI-3.4.1]\n" P "types: { ZPI-3: CX }", "{\"v\":[\"L\"]}"},
        {"of the profile it extends",
         "  v: =ZPI-1[1]\n" P "extends: q\n---\nprofile: q\ntypes: { ZPI-1: NM }", "{\"v\":5}"},
    };
    kit_source = 2;
    rows_payload(value, adt, ROWS(rows));
    static const struct row refused[] = {
        {"a composite", "  v: =ZPI-3[1]\n" P "types: { ZPI-3: CX }",
         "r.yaml:10:7: error: ZPI-3[1] is a CX of several parts, one text is wanted here; say "
         "which part, "
         "as in ZPI-3[1].1"},
        {"a component that the type lacks", "  v: =ZPI-3[1].77\n" P "types: { ZPI-3: CX }",
         "r.yaml:10:7: error: ZPI-3[1].77: no HL7 version has this component in ZPI-3"},
        {"no type", "  v: 1\n" P "types: { ZPI-3: QQ }",
         "r.yaml:13:17: error: QQ is no datatype of HL7 v2"},
        {"no Z-segment", "  v: 1\n" P "types: { PID-3: CX }",
         "r.yaml:13:10: error: PID-3 is no field of a Z-segment, as ZPI-3; others have their "
         "types"},
        {"no field", "  v: 1\n" P "types: { ZPI: CX }",
         "r.yaml:13:10: error: ZPI is no field of a Z-segment, as ZPI-3; others have their types"},
        {"no mapping", "  v: 1\n" P "types: CX",
         "r.yaml:13:8: error: types: is a mapping as ZPI-3: CX, this is a text"},
    };
    rows_check(value, ROWS(refused));
}
