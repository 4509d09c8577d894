/* Language section 3: absent, empty, null. */
#include "tests/unit/rules/rows.h"

TestSuite(absent, .init = kit_begin, .fini = kit_end);

/* PID-13 two repetitions beside empty ones, PID-11.4 and PID-19 null, PID-20 empty, PID-30 and PV2 absent. */
#define PID_LINE                                                                                   \
    "PID|1||4711^^^EPIC^MR~\"\"||DOE^JANE||19800101|F|||1 "                                        \
    "MAIN^^^\"\"||~555^PRN~~556^WPN~||||||\"\"||"
static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN|A01\r" PID_LINE "\r"
                          "PV1|1|I|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x\r"
                          "ZPI|\"\"~5~\"\"|^^|a^\"\"^\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SET   ROUTE "do:\n  - set:\n      @@\n  - send: lab\n"
#define MAP                                                                                        \
    ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  k: x\n"     \
          "  v: >-\n    @@\n"

/* What is nothing: PID-30, PID-20, PID-19, PV2-3, and {} itself. */
static const char *const nothings[] = {"PID-30", "PID-20", "PID-19", "PV2-3", "{}"};

static void check_nothings(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof(nothings) / sizeof(nothings[0]); k++) {
            const char *hole = strstr(rows[i].text, "@@");
            cr_assert(hole, "%s", rows[i].text);
            const char *behind = strstr(hole + 2, "@@");
            struct str text =
                str_printf(&kit_arena, "%.*s%s%.*s%s%s", (int)(hole - rows[i].text), rows[i].text,
                           nothings[k], behind ? (int)(behind - hole - 2) : (int)strlen(hole + 2),
                           hole + 2, behind ? nothings[k] : "", behind ? behind + 2 : "");
            const char *got = kit_eval(text.p, adt);
            cr_expect_str_eq(got, rows[i].want, "%s: %s\n  got  %s\n  want %s", rows[i].name,
                             text.p, got, rows[i].want);
        }
    }
}

Test(absent, operators_take_absent_empty_and_null_as_nothing)
{
    static const struct row rows[] = {
        {"equal", "@@ = 'x'", ""},
        {"equal to the empty text", "@@ = ''", ""},
        {"equal to two quotes", "@@ = '\"\"'", ""},
        {"equal to itself", "@@ = @@", ""},
        {"on the right", "'x' = @@", ""},
        {"not equal", "@@ != 'x'", ""},
        {"equivalent", "@@ ~ 'x'", "boolean:false"},
        {"equivalent to nothing", "@@ ~ {}", "boolean:true"},
        {"not equivalent", "@@ !~ 'x'", "boolean:true"},
        {"less", "@@ < 1", ""},
        {"less or equal", "@@ <= 1", ""},
        {"greater", "1 > @@", ""},
        {"greater or equal", "1 >= @@", ""},
        {"plus", "@@ + 1", ""},
        {"plus text", "'a' + @@", ""},
        {"minus", "@@ - 1", ""},
        {"times", "2 * @@", ""},
        {"divided", "@@ / 2", ""},
        {"divided by it", "2 / @@", ""},
        {"div", "@@ div 2", ""},
        {"mod", "2 mod @@", ""},
        {"sign", "-(@@)", ""},
        {"concatenation", "@@ & 'a'", "string:a"},
        {"concatenation on the right", "'a' & @@", "string:a"},
        {"concatenation of two", "@@ & @@ & 'a'", "string:a"},
        {"union", "@@ | 'a'", "string:a"},
        {"in", "@@ in ('a' | '')", ""},
        {"in it", "'a' in @@", "boolean:false"},
        {"contains", "@@ contains ''", "boolean:false"},
        {"and true", "@@ and true", ""},
        {"and false", "@@ and false", "boolean:false"},
        {"or true", "@@ or true", "boolean:true"},
        {"or false", "@@ or false", ""},
        {"xor", "@@ xor true", ""},
        {"implies true", "@@ implies true", "boolean:true"},
        {"implies false", "@@ implies false", ""},
        {"is", "@@ is String", ""},
        {"as", "@@ as String", ""},
        {"a part of it", "(@@).1", ""},
    };
    check_nothings(ROWS(rows));
}

Test(absent, functions_of_collections_take_absent_empty_and_null_as_nothing)
{
    static const struct row rows[] = {
        {"exists", "@@.exists()", "boolean:false"},
        {"exists with a condition", "@@.exists($this = '\"\"')", "boolean:false"},
        {"empty", "@@.empty()", "boolean:true"},
        {"not", "@@.not()", ""},
        {"count", "@@.count()", "integer:0"},
        {"all", "@@.all($this = 'x')", "boolean:true"},
        {"allTrue", "@@.allTrue()", "boolean:true"},
        {"anyTrue", "@@.anyTrue()", "boolean:false"},
        {"allFalse", "@@.allFalse()", "boolean:true"},
        {"anyFalse", "@@.anyFalse()", "boolean:false"},
        {"subsetOf", "@@.subsetOf('a')", "boolean:true"},
        {"subsetOf of it", "'a'.subsetOf(@@)", "boolean:false"},
        {"supersetOf", "@@.supersetOf('a')", "boolean:false"},
        {"isDistinct", "@@.isDistinct()", "boolean:true"},
        {"where", "@@.where(true)", ""},
        {"select", "@@.select('x')", ""},
        {"select it", "'x'.select(@@)", ""},
        {"repeat", "@@.repeat('x')", ""},
        {"ofType", "@@.ofType(String)", ""},
        {"aggregate", "@@.aggregate($total + 1, 0)", "integer:0"},
        {"first", "@@.first()", ""},
        {"last", "@@.last()", ""},
        {"single", "@@.single()", ""},
        {"tail", "@@.tail()", ""},
        {"skip", "@@.skip(0)", ""},
        {"take", "@@.take(1)", ""},
        {"distinct", "@@.distinct()", ""},
        {"intersect", "@@.intersect('a')", ""},
        {"exclude", "'a'.exclude(@@)", "string:a"},
        {"union", "@@.union('a')", "string:a"},
        {"combine", "'a'.combine(@@)", "string:a"},
        {"min", "@@.min()", ""},
        {"max", "(@@ | 3).max()", "integer:3"},
        {"coalesce", "coalesce(@@, @@, 'a')", "string:a"},
        {"coalesce of nothing else", "coalesce(@@)", ""},
        {"iif", "iif(@@, 1, 2)", "integer:2"},
        {"iif that gives it", "iif(true, @@, 2)", ""},
        {"oneOf", "@@.oneOf('', '\"\"')", "boolean:false"},
        {"oneOf it", "'a'.oneOf(@@, 'a')", "boolean:true"},
        {"is", "@@.is(String)", ""},
        {"as", "@@.as(String)", ""},
        {"trace", "@@.trace('t')", ""},
        {"join", "@@.join(',')", ""},
        {"join with others", "(@@ | 'a').join(',')", "string:a"},
    };
    check_nothings(ROWS(rows));
}

Test(absent, functions_of_one_value_take_absent_empty_and_null_as_nothing)
{
    static const struct row rows[] = {
        {"startsWith", "@@.startsWith('')", ""},
        {"startsWith it", "'a'.startsWith(@@)", ""},
        {"endsWith", "@@.endsWith('')", ""},
        {"contains", "@@.contains('')", ""},
        {"indexOf", "@@.indexOf('')", ""},
        {"lastIndexOf", "@@.lastIndexOf('')", ""},
        {"substring", "@@.substring(0)", ""},
        {"substring from it", "'a'.substring(@@)", ""},
        {"length", "@@.length()", ""},
        {"upper", "@@.upper()", ""},
        {"lower", "@@.lower()", ""},
        {"trim", "@@.trim()", ""},
        {"replace", "@@.replace('', 'x')", ""},
        {"replace it", "'a'.replace(@@, 'x')", ""},
        {"matches", "@@.matches('.*')", ""},
        {"matchesFull", "@@.matchesFull('.*')", ""},
        {"replaceMatches", "@@.replaceMatches('.*', 'x')", ""},
        {"split", "@@.split(',')", ""},
        {"toChars", "@@.toChars()", ""},
        {"toString", "@@.toString()", ""},
        {"toInteger", "@@.toInteger()", ""},
        {"toDecimal", "@@.toDecimal()", ""},
        {"toBoolean", "@@.toBoolean()", ""},
        {"toQuantity", "@@.toQuantity()", ""},
        {"toDate", "@@.toDate()", ""},
        {"toDateTime", "@@.toDateTime()", ""},
        {"toTime", "@@.toTime()", ""},
        {"convertsToString", "@@.convertsToString()", ""},
        {"convertsToInteger", "@@.convertsToInteger()", ""},
        {"convertsToDate", "@@.convertsToDate()", ""},
        {"abs", "@@.abs()", ""},
        {"ceiling", "@@.ceiling()", ""},
        {"floor", "@@.floor()", ""},
        {"truncate", "@@.truncate()", ""},
        {"round", "@@.round(1)", ""},
        {"sqrt", "@@.sqrt()", ""},
        {"exp", "@@.exp()", ""},
        {"ln", "@@.ln()", ""},
        {"log", "@@.log(2)", ""},
        {"power", "2.power(@@)", ""},
        {"format", "@@.format('yyyy')", ""},
        {"raw", "@@.raw()", ""},
        {"isValid", "@@.isValid()", ""},
        {"text", "@@.text()", ""},
        {"key", "@@.key()", ""},
        {"following", "@@.following('ROL')", ""},
        {"uuid", "uuid(@@)", ""},
        {"escaped", "escaped(@@)", ""},
    };
    check_nothings(ROWS(rows));
}

Test(absent, routes_take_absent_empty_and_null_as_nothing_too)
{
    static const struct row rows[] = {
        {"exists of null", "=iif(PID-19.exists(), 'yes', 'no')", "{\"k\":\"x\",\"v\":\"no\"}"},
        {"exists of empty", "=PID-12.exists()", "{\"k\":\"x\",\"v\":false}"},
        {"exists of a null component", "=PID-11[1].4.exists()", "{\"k\":\"x\",\"v\":false}"},
        {"equal to two quotes", "=iif(PID-19 = '\"\"', 'yes', 'no')", "{\"k\":\"x\",\"v\":\"no\"}"},
        {"oneOf two quotes", "=PID-19.oneOf('\"\"', '')", "{\"k\":\"x\",\"v\":false}"},
        {"no text of it", "='<' & PID-19 & '>'", "{\"k\":\"x\",\"v\":\"<>\"}"},
        {"no text of empty", "='<' & PID-12 & '>'", "{\"k\":\"x\",\"v\":\"<>\"}"},
        {"a table has no row for it", "=coalesce(PID-19.lookup('sex'), 'none')",
         "{\"k\":\"x\",\"v\":\"none\"}"},
        {"count leaves it out", "=ZPI-1.count()", "{\"k\":\"x\",\"v\":1}"},
        {"a condition on each", "=ZPI-1.where($this = '5').count()", "{\"k\":\"x\",\"v\":1}"},
        {"min leaves it out", "=ZPI-1.min()", "{\"k\":\"x\",\"v\":\"5\"}"},
    };
    static const struct row names[] = {
        {"a name that copied it does not exist", "=$x.exists()", "{\"k\":\"x\",\"v\":false}"},
        {"nor does it count", "=$x.count()", "{\"k\":\"x\",\"v\":0}"},
        {"nor is it two quotes", "=$x.oneOf('\"\"')", "{\"k\":\"x\",\"v\":false}"},
        {"nor has it text", "='<' & $x & '>'", "{\"k\":\"x\",\"v\":\"<>\"}"},
        {"nor is it chosen", "=coalesce($x, 'none')", "{\"k\":\"x\",\"v\":\"none\"}"},
        {"a copy of the name is a copy", "=$x", "{\"k\":\"x\",\"v\":null}"},
    };
    rows_payload("tables: { sex: { file: sex.csv } }\n---\n" MAP, adt, ROWS(rows));
    rows_payload(ROUTE
                 "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nnulls: null\n"
                 "let: { x: =PID-19 }\nvalue:\n  k: x\n  v: >-\n    @@\n",
                 adt, ROWS(names));
}

Test(absent, state_tells_absent_empty_null_and_value_apart)
{
    static const struct row rows[] = {
        {"a value", "PID-8.state()", "string:value"},
        {"behind the last field", "PID-30.state()", "string:absent"},
        {"a segment that is not there", "PV2-3.state()", "string:absent"},
        {"a segment that is not there so often", "PV1[2]-2.state()", "string:absent"},
        {"between separators", "PID-20.state()", "string:empty"},
        {"behind the last separator", "PID-21.state()", "string:empty"},
        {"null", "PID-19.state()", "string:null"},
        {"the first part of null", "PID-19.1.state()", "string:null"},
        {"a second part of null", "PID-19.2.state()", "string:absent"},
        {"a null component", "PID-11[1].4.state()", "string:null"},
        {"an empty component", "PID-11[1].2.state()", "string:empty"},
        {"a component behind the last", "PID-11[1].5.state()", "string:absent"},
        {"a composite with one part", "PID-11.state()", "string:value"},
        {"separators alone", "ZPI-2.state()", "string:empty"},
        {"an empty repetition", "PID-13[1].state()", "string:empty"},
        {"a repetition that is there", "PID-13[2].state()", "string:value"},
        {"a repetition behind the last", "PID-13[6].state()", "string:absent"},
        {"the last repetition", "PID-13[last].state()", "string:empty"},
        {"without an index the first place", "PID-13.state()", "string:empty"},
    };
    static const struct row routes[] = {
        {"as a decision", "=iif(PID-19.state() = 'null', 'cleared', 'kept')",
         "{\"k\":\"x\",\"v\":\"cleared\"}"},
        {"absent is a text, not nothing", "=PV2-3.state()", "{\"k\":\"x\",\"v\":\"absent\"}"},
    };
    static const struct row refused[] = {
        {"of what is no path", "PID-3.first().state() = 'null'",
         "r.yaml:4:21: error: this wants a path before it, as in PID-19.state()"},
    };
    rows_eval(adt, ROWS(rows));
    rows_payload(MAP, adt, ROWS(routes));
    rows_check(ROUTE "when: @@\ndo: { send: lab }\n", ROWS(refused));
}

Test(absent, a_path_skips_empty_repetitions_and_an_index_does_not)
{
    static const struct row rows[] = {
        {"those that hold something", "PID-13", "XTN:555^PRN XTN:556^WPN"},
        {"counted", "PID-13.count()", "integer:2"},
        {"their parts", "PID-13.2", "ID:PRN ID:WPN"},
        {"the first of them", "PID-13.first().1", "ST:555"},
        {"position 1 is empty", "PID-13[1]", ""},
        {"position 2 is not", "PID-13[2].2", "ID:PRN"},
        {"position 3 is empty", "PID-13[3].2", ""},
        {"position 4 is not", "PID-13[4].2", "ID:WPN"},
        {"the last one is empty", "PID-13[last].1", ""},
        {"nulls are skipped by functions", "ZPI-1.count()", "integer:1"},
        {"a component that all lack", "PID-13.9", ""},
    };
    rows_eval(adt, ROWS(rows));
}

Test(absent, a_stored_null_comes_through_where_a_formula_is_a_path_alone)
{
    static const struct row eval[] = {
        {"a path", "PID-19", "ST:\"\""},
        {"in brackets", "(PID-19)", "ST:\"\""},
        {"a path from the top", "$message.PID-19", "ST:\"\""},
        {"a component", "PID-11[1].4", "ST:\"\""},
        {"each repetition", "ZPI-1", "string:\"\" string:5 string:\"\""},
        {"not through a function", "PID-19.first()", ""},
        {"nor a union", "PID-19 | {}", ""},
        {"nor a choice", "coalesce(PID-19)", ""},
        {"nor a selection", "PID.select(PID-19)", ""},
        {"nor one level down", "PID-11.first().4", ""},
    };
    static const struct row set[] = {
        {"copied", "PV1-2: =PID-19", "PV1|1|\"\"|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"a component copied", "PV1-2: =PID-11[1].4", "PV1|1|\"\"|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"copied by a step", "PV1-2: x\n  - copy: PID-19\n    to: PV1-2",
         "PV1|1|\"\"|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"each repetition copied", "PV1-7: =ZPI-1",
         "PV1|1|I|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x||\"\"~5~\"\""},
        {"not through a function", "PV1-2: =PID-19.first()",
         "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"not through a choice", "PV1-2: =coalesce(PID-19, 'n')",
         "PV1|1|n|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
    };
    rows_eval(adt, ROWS(eval));
    rows_lines(SET, adt, ROWS(set));
}

Test(absent, set_from_a_path_alone_copies_byte_for_byte)
{
    static const struct row rows[] = {
        {"escapes and separators", "PV1-42: =PV1-3",
         "PV1|1|I|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x|||||||||||||||||||||||||||||||||||||"
         "W\\T\\1^\\H\\bold\\N\\^^"},
        {"a component with formatting", "PV1-2: =PV1-3.2",
         "PV1|1|\\H\\bold\\N\\|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"with a null inside", "PV1-6: =ZPI-3", "PV1|1|I|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x|a^\"\"^"},
        {"decoded and encoded where it is no path alone", "PV1-2: =PV1-3.1 & ''",
         "PV1|1|W\\T\\1|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
    };
    rows_lines(SET, adt, ROWS(rows));
}

Test(absent, any_other_empty_result_makes_the_target_empty)
{
    static const struct row rows[] = {
        {"a path that finds nothing", "PV1-2: =PID-30", "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"a path that finds an empty field", "PV1-2: =PID-20",
         "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"a formula", "PV1-2: =PID-8.where($this = 'M').first()",
         "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"nothing itself", "PV1-2: ={}", "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"a stored null goes, too", "PV1-4: =PID-30", "PV1|1|I|W\\T\\1^\\H\\bold\\N\\^^||x"},
        {"a component", "PV1-3.1: =PID-30", "PV1|1|I|^\\H\\bold\\N\\^^|\"\"|x"},
        {"the empty text", "PV1-2: ''", "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"the empty text of a formula", "PV1-2: =''", "PV1|1||W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"null() writes two quotes", "PV1-2: =null()",
         "PV1|1|\"\"|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"null() into a component", "PV1-3.1: =null()", "PV1|1|I|\"\"^\\H\\bold\\N\\^^|\"\"|x"},
        {"null() as one of two", "PV1-2: =iif(PID-8 = 'F', null(), 'x')",
         "PV1|1|\"\"|W\\T\\1^\\H\\bold\\N\\^^|\"\"|x"},
        {"delete leaves nothing", "PV1-2: y\n  - delete: PV1-4",
         "PV1|1|y|W\\T\\1^\\H\\bold\\N\\^^||x"},
        {"delete of the last field leaves no null", "PV1-2: y\n  - delete: PV1-5",
         "PV1|1|y|W\\T\\1^\\H\\bold\\N\\^^|\"\"|"},
        {"delete of what is null or not", "PV1-2: y\n  - delete: PID-19",
         "PID|1||4711^^^EPIC^MR~\"\"||DOE^JANE||19800101|F|||1 "
         "MAIN^^^\"\"||~555^PRN~~556^WPN~||||||||"},
    };
    static const struct row deleted[] = {
        {"a deleted null has no state",
         "PV1-2: y\n  - delete: PV1-4\n  - drop: gone\n"
         "    if: PV1-4.state().oneOf('absent', 'empty')",
         "filtered <a: gone (r.yaml:8)>"},
        {"a condition sees a null repetition as nothing",
         "PV1-2: y\n  - delete: PID-3\n    if: $this.exists()\n  - drop: kept\n"
         "    if: PID-3[1].state() = 'null'",
         "filtered <a: kept (r.yaml:9)>"},
    };
    rows_lines(SET, adt, ROWS(rows));
    rows_told(SET, adt, ROWS(deleted));
}

Test(absent, in_a_map_nothing_leaves_the_key_out_and_nulls_says_what_null_becomes)
{
    static const struct {
        const char *name, *nulls, *v, *want;
    } rows[] = {
        {"absent", "", "=PID-30", "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"empty", "", "=PID-12", "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"absent where nulls are written", "nulls: null\n", "=PID-30",
         "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"empty where nulls are errors", "nulls: error\n", "=PID-12",
         "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"null is left out by default", "", "=PID-19", "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"null is left out", "nulls: omit\n", "=PID-19", "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"null is written", "nulls: null\n", "=PID-19",
         "accepted\ndesk EPIC/4711: {\"k\":\"x\",\"v\":null}"},
        {"null is an error", "nulls: error\n", "=PID-19",
         "accepted\ndesk EPIC/4711 held <r.yaml:13:6: PID-19: the value is an explicit null, and "
         "nulls: is error>"},
        {"a component", "nulls: null\n", "=PID-11[1].4",
         "accepted\ndesk EPIC/4711: {\"k\":\"x\",\"v\":null}"},
        {"not through a function", "nulls: null\n", "=PID-19.first()",
         "accepted\ndesk EPIC/4711: {\"k\":\"x\"}"},
        {"null() is null whatever nulls: says", "nulls: omit\n", "=null()",
         "accepted\ndesk EPIC/4711: {\"k\":\"x\",\"v\":null}"},
    };
    static const struct row refused[] = {
        {"another word", "nulls: keep", "r.yaml:9:8: error: nulls: is omit, null or error"},
        {"nothing", "nulls:",
         "r.yaml:9:1: error: found the key `nulls` with nothing after it; "
         "write '' for an empty text, or leave the key out"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text =
            str_printf(&kit_arena,
                       ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\n"
                             "to: json\n%svalue:\n  k: x\n  v: >-\n    %s\n",
                       rows[i].nulls, rows[i].v);
        const char *got = kit_run(text.p, adt);
        cr_expect_str_eq(got, rows[i].want, "%s\n  got  %s\n  want %s", rows[i].name, got,
                         rows[i].want);
    }
    rows_check(ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n@@\n"
                     "value: { k: x }\n",
               ROWS(refused));
}

Test(absent, items_of_a_list_are_left_out_or_written_likewise)
{
    static const struct row omit[] = {
        {"only what is there", "v: [ =ZPI-1, =PID-30, =PID-8 ]",
         "{\"k\":\"x\",\"v\":[\"5\",\"F\"]}"},
        {"a list of nothing is no key", "v: [ =PID-19, =PID-30 ]", "{\"k\":\"x\"}"},
        {"an object of nothing is no key", "v: { w: =PID-19 }", "{\"k\":\"x\"}"},
        {"a loop over null has no rounds", "v:\n    - $for: PID-19\n      w: y", "{\"k\":\"x\"}"},
    };
    static const struct row null[] = {
        {"each null is an item", "v: [ =ZPI-1 ]", "{\"k\":\"x\",\"v\":[null,\"5\",null]}"},
        {"a member that is null stays", "v: { w: =PID-19 }", "{\"k\":\"x\",\"v\":{\"w\":null}}"},
    };
    const char *map = "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n";
    rows_payload(str_printf(&kit_arena, ROUTE "%svalue:\n  k: x\n  @@\n", map).p, adt, ROWS(omit));
    rows_payload(str_printf(&kit_arena, ROUTE "%snulls: null\nvalue:\n  k: x\n  @@\n", map).p, adt,
                 ROWS(null));
}
