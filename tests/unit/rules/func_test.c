/* Conversions, dates, functions over messages; that no function is without its rows; logic of three values. N1 5.5, 5.8,
 * 5.9, 6.5; language, section 12. */
#include "engine/base/buf.h"
#include "engine/rules/func.h"
#include "tests/unit/rules/func_rows.h"
#include "tests/unit/rules/rows.h"

TestSuite(func, .init = kit_begin, .fini = kit_end);

static const char adt[] =
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
    "PID|007||7^^^L^MR~8^^^S^SS||DOE^J~ROE||19800101|F|||||||||||\"\"||||||x\rROL|1\rROL|2\r"
    "PV1|1|I||||||||||||||||||||||||||||||||||||||||||202601020930\rROL|3\rROL|4\rDG1|1|||a\\T\\b "
    "\\H\\c\\N\\\r";

void func_rows_eval(struct func_rows rows, const char *message)
{
    for (size_t i = 0; i < rows.n; i++) {
        const struct func_row *row = &rows.v[i];
        const char *got = kit_eval(row->text, message);
        cr_expect_str_eq(got, row->want, "%s\n  got  %s\n  want %s", row->text, got, row->want);
    }
}

static const struct func_row conversions[] = {
    {"toString", USUAL, "(5).toString()", "string:5"},
    {"toString", USUAL, "(5.50).toString()", "string:5.50"},
    {"toString", USUAL, "true.toString()", "string:true"},
    {"toString", USUAL, "@2026-11-24.toString()", "string:2026-11-24"},
    {"toString", USUAL, "@T09:30.toString()", "string:09:30"},
    {"toString", USUAL, "(5 'mg').toString()", "string:5 'mg'"},
    {"toString", USUAL, "(4 days).toString()", "string:4 days"},
    {"toString", EMPTY, "{}.toString()", ""},
    {"toString", WRONG, "'a'.toString(1)",
     "-:1:5: error: toString() takes 0 arguments, this gives 1; toString()"},
    {"toInteger", USUAL, "'12'.toInteger()", "integer:12"},
    {"toInteger", USUAL, "'+12'.toInteger()", "integer:12"},
    {"toInteger", USUAL, "'-12'.toInteger()", "integer:-12"},
    {"toInteger", USUAL, "true.toInteger()", "integer:1"},
    {"toInteger", USUAL, "(5).toInteger()", "integer:5"},
    {"toInteger", EMPTY, "{}.toInteger()", ""},
    {"toInteger", WRONG, "'x'.toInteger()", ""},
    {"toInteger", WRONG, "'1.5'.toInteger()", ""},
    {"toInteger", WRONG, "(1.5).toInteger()", ""},
    {"toInteger", WRONG, "'12345678901234567890'.toInteger()", ""},
    {"toDecimal", USUAL, "'1.50'.toDecimal()", "decimal:1.50"},
    {"toDecimal", USUAL, "'2'.toDecimal()", "decimal:2.0"},
    {"toDecimal", USUAL, "(2).toDecimal()", "decimal:2.0"},
    {"toDecimal", USUAL, "true.toDecimal()", "decimal:1.0"},
    {"toDecimal", EMPTY, "{}.toDecimal()", ""},
    {"toDecimal", USUAL, "'12345678901234567890'.toDecimal()", "decimal:12345678901234567890.0"},
    {"toDecimal", WRONG, "'1,5'.toDecimal()", ""},
    {"toDecimal", WRONG, "'1.'.toDecimal()", ""},
    {"toBoolean", USUAL, "('true' | 't' | 'yes' | 'y' | '1').toBoolean()",
     "boolean:true boolean:true boolean:true boolean:true boolean:true"},
    {"toBoolean", USUAL, "('false' | 'f' | 'no' | 'n' | '0').toBoolean()",
     "boolean:false boolean:false boolean:false boolean:false boolean:false"},
    {"toBoolean", USUAL, "'TRUE'.toBoolean()", "boolean:true"},
    {"toBoolean", USUAL, "('1.0' | '0.0').toBoolean()", "boolean:true boolean:false"},
    {"toBoolean", USUAL, "(1).combine(0).combine(1.0).combine(0.0).toBoolean()",
     "boolean:true boolean:false boolean:true boolean:false"},
    {"toBoolean", EMPTY, "{}.toBoolean()", ""},
    {"toBoolean", WRONG, "'x'.toBoolean()", ""},
    {"toBoolean", WRONG, "(2).toBoolean()", ""},
    {"toBoolean", WRONG, "'01'.toBoolean()", ""},
    {"toQuantity", USUAL, "(5).toQuantity()", "Quantity:5 '1'"},
    {"toQuantity", USUAL, "'5 days'.toQuantity()", "Quantity:5 days"},
    {"toQuantity", USUAL, "'5.5 \\'mg\\''.toQuantity()", "Quantity:5.5 'mg'"},
    {"toQuantity", USUAL, "'5\\'mg\\''.toQuantity()", "Quantity:5 'mg'"},
    {"toQuantity", USUAL, "'5'.toQuantity()", "Quantity:5 '1'"},
    {"toQuantity", EMPTY, "{}.toQuantity()", ""},
    {"toQuantity", WRONG, "'5 mg'.toQuantity()", ""},
    {"toQuantity", WRONG, "'mg'.toQuantity()", ""},
    {"toDate", USUAL, "'2026-11-24'.toDate()", "date:2026-11-24"},
    {"toDate", USUAL, "'2026-11'.toDate()", "date:2026-11"},
    {"toDate", USUAL, "@2026-11-24T09:30.toDate()", "date:2026-11-24"},
    {"toDate", USUAL, "PID-7.toDate()", "date:1980-01-01"},
    {"toDate", EMPTY, "{}.toDate()", ""},
    {"toDate", WRONG, "'24.11.2026'.toDate()", ""},
    {"toDate", WRONG, "'2026-02-30'.toDate()", ""},
    {"toDateTime", USUAL, "'2026-11-24T09:30:00-06:00'.toDateTime()",
     "dateTime:2026-11-24T09:30:00-06:00"},
    {"toDateTime", USUAL, "'2026-11-24'.toDateTime()", "dateTime:2026-11-24"},
    {"toDateTime", USUAL, "@2026-11-24.toDateTime()", "dateTime:2026-11-24"},
    {"toDateTime", EMPTY, "{}.toDateTime()", ""},
    {"toDateTime", WRONG, "'2026-11-24T25:30'.toDateTime()", ""},
    {"toTime", USUAL, "'09:30:15.5'.toTime()", "time:09:30:15.5"},
    {"toTime", USUAL, "@T09.toTime()", "time:09"},
    {"toTime", USUAL, "PV1-44.toTime()", "time:09:30"},
    {"toTime", WRONG, "@2026-01-02T09:30.toTime()", ""},
    {"toTime", EMPTY, "{}.toTime()", ""},
    {"toTime", WRONG, "'24:00'.toTime()", ""},
    {"toTime", WRONG, "'0930'.toTime()", ""},
    {"convertsToString", USUAL, "(5).convertsToString()", "boolean:true"},
    {"convertsToString", USUAL, "PID.convertsToString()", "boolean:false"},
    {"convertsToString", EMPTY, "{}.convertsToString()", ""},
    {"convertsToString", WRONG, "(1 | 2).convertsToString()",
     "-:1:9: error: convertsToString() wants one value, there are 2"},
    {"convertsToInteger", USUAL, "'12'.convertsToInteger()", "boolean:true"},
    {"convertsToInteger", USUAL, "'1.5'.convertsToInteger()", "boolean:false"},
    {"convertsToInteger", EMPTY, "{}.convertsToInteger()", ""},
    {"convertsToInteger", WRONG, "(1 | 2).convertsToInteger()",
     "-:1:9: error: convertsToInteger() wants one value, there are 2"},
    {"convertsToDecimal", USUAL, "'1.5'.convertsToDecimal()", "boolean:true"},
    {"convertsToDecimal", USUAL, "'x'.convertsToDecimal()", "boolean:false"},
    {"convertsToDecimal", EMPTY, "{}.convertsToDecimal()", ""},
    {"convertsToDecimal", WRONG, "(1 | 2).convertsToDecimal()",
     "-:1:9: error: convertsToDecimal() wants one value, there are 2"},
    {"convertsToBoolean", USUAL, "'yes'.convertsToBoolean()", "boolean:true"},
    {"convertsToBoolean", USUAL, "(2).convertsToBoolean()", "boolean:false"},
    {"convertsToBoolean", EMPTY, "{}.convertsToBoolean()", ""},
    {"convertsToBoolean", WRONG, "(1 | 2).convertsToBoolean()",
     "-:1:9: error: convertsToBoolean() wants one value, there are 2"},
    {"convertsToQuantity", USUAL, "'5 days'.convertsToQuantity()", "boolean:true"},
    {"convertsToQuantity", USUAL, "'5 mg'.convertsToQuantity()", "boolean:false"},
    {"convertsToQuantity", EMPTY, "{}.convertsToQuantity()", ""},
    {"convertsToQuantity", WRONG, "(1 | 2).convertsToQuantity()",
     "-:1:9: error: convertsToQuantity() wants one value, there are 2"},
    {"convertsToDate", USUAL, "'2026-11'.convertsToDate()", "boolean:true"},
    {"convertsToDate", USUAL, "@2026-11-24T09:30.convertsToDate()", "boolean:true"},
    {"convertsToDate", USUAL, "'x'.convertsToDate()", "boolean:false"},
    {"convertsToDate", EMPTY, "{}.convertsToDate()", ""},
    {"convertsToDate", WRONG, "('a' | 'b').convertsToDate()",
     "-:1:13: error: convertsToDate() wants one value, there are 2"},
    {"convertsToDateTime", USUAL, "'2026-11-24T09:30'.convertsToDateTime()", "boolean:true"},
    {"convertsToDateTime", USUAL, "@2026.convertsToDateTime()", "boolean:true"},
    {"convertsToDateTime", USUAL, "(5).convertsToDateTime()", "boolean:false"},
    {"convertsToDateTime", EMPTY, "{}.convertsToDateTime()", ""},
    {"convertsToDateTime", WRONG, "('a' | 'b').convertsToDateTime()",
     "-:1:13: error: convertsToDateTime() wants one value, there are 2"},
    {"convertsToTime", USUAL, "'09:30'.convertsToTime()", "boolean:true"},
    {"convertsToTime", USUAL, "PV1-44.convertsToTime()", "boolean:true"},
    {"convertsToTime", USUAL, "@2026-01-02T09:30.convertsToTime()", "boolean:false"},
    {"convertsToTime", USUAL, "PID-7.convertsToTime()", "boolean:false"},
    {"convertsToTime", USUAL, "'x'.convertsToTime()", "boolean:false"},
    {"convertsToTime", EMPTY, "{}.convertsToTime()", ""},
    {"convertsToTime", WRONG, "('a' | 'b').convertsToTime()",
     "-:1:13: error: convertsToTime() wants one value, there are 2"},
    /* the receipt time is 1970 where there is no message */
    {"now", USUAL, "now()", "dateTime:1970-01-01T00:00:00.000Z"},
    {"now", EMPTY, "now().empty()", "boolean:false"},
    {"now", WRONG, "PID-7.now()", "-:1:7: error: nothing stands before now()"},
    {"today", USUAL, "today()", "date:1970-01-01"},
    {"today", EMPTY, "today().exists()", "boolean:true"},
    {"today", WRONG, "today(1)", "-:1:1: error: today() takes 0 arguments, this gives 1; today()"},
    {"timeOfDay", USUAL, "timeOfDay()", "time:00:00:00.000"},
    {"timeOfDay", EMPTY, "timeOfDay().exists()", "boolean:true"},
    {"timeOfDay", WRONG, "('a').timeOfDay()", "-:1:7: error: nothing stands before timeOfDay()"},
    {"format", USUAL, "@2026-11-24.format('dd.MM.yyyy')", "string:24.11.2026"},
    {"format", EMPTY, "{}.format('dd')", ""},
    {"format", EMPTY, "@2026-11-24.format({})", ""},
    {"format", WRONG, "@2026-11-24.format('HH')",
     "-:1:13: error: format(): the pattern wants more than the value gives"},
    {"trace", USUAL, "(1 | 2).trace('x')", "integer:1 integer:2"},
    {"trace", USUAL, "(1).trace('x', $this + 1)", "integer:1"},
    {"trace", EMPTY, "{}.trace('x')", ""},
    {"trace", WRONG, "(1).trace()",
     "-:1:5: error: trace() takes 1 to 2 arguments, this gives 0; trace(name[, formula])"},
    {"state", USUAL, "PID-8.state()", "string:value"},
    {"state", USUAL, "PID-19.state()", "string:null"},
    {"state", EMPTY, "PID-10.state()", "string:empty"},
    {"state", EMPTY, "PID-39.state()", "string:absent"},
    {"state", WRONG, "('a').state()",
     "-:1:7: error: this wants a path before it, as in PID-19.state()"},
    {"raw", USUAL, "DG1-4.raw()", "string:a\\T\\b \\H\\c\\N\\"},
    {"raw", USUAL, "PID-3.raw()", "string:7^^^L^MR string:8^^^S^SS"},
    {"raw", EMPTY, "{}.raw()", ""},
    {"raw", WRONG, "('a').raw()", "string:a"},
    {"isValid", USUAL, "PID-1.isValid()", "boolean:true"},
    {"isValid", USUAL, "PID-25.isValid()", "boolean:false"},
    {"isValid", EMPTY, "PID-19.isValid()", ""},
    {"isValid", WRONG, "('a').isValid()", "boolean:true"},
    {"text", USUAL, "DG1-4.text()", "string:a&b c"},
    {"text", EMPTY, "PID-19.text()", ""},
    {"text", WRONG, "(5).text()", "string:5"},
    {"key", USUAL, "PID-3.key()", "CX:7^^^L^MR CX:8^^^S^SS"},
    {"key", EMPTY, "PID-2.key()", ""},
    {"key", WRONG, "key()", "-:1:1: error: key() works on what stands before it; write PATH.key()"},
    {"following", USUAL, "PID.following('ROL').1", "string:1 string:2"},
    {"following", USUAL, "PV1.following('ROL').1", "string:3 string:4"},
    {"following", USUAL, "DG1.following('ROL')", ""},
    {"following", EMPTY, "{}.following('ROL')", ""},
    {"following", EMPTY, "PV1.following({})", ""},
    {"following", WRONG, "PID-3.following('ROL')",
     "-:1:7: error: PID-3: following() wants a segment before it, as PV1.following('ROL')"},
    {"uuid", USUAL, "uuid('a') = uuid('a')", "boolean:true"},
    {"uuid", USUAL, "uuid('a') = uuid('b')", "boolean:false"},
    {"uuid", EMPTY, "uuid({})", ""},
    {"uuid", WRONG, "('a').uuid('b')", "-:1:7: error: nothing stands before uuid()"},
    {"sameUuid", USUAL, "sameUuid('Patient', 'L', '7')",
     "string:urn:uuid:452037b7-47fd-8d79-a5df-e29b137448c8"},
    {"sameUuid", USUAL, "sameUuid('ab', 'c') = sameUuid('a', 'bc')", "boolean:false"},
    {"sameUuid", USUAL, "sameUuid('a', {}) = sameUuid('a', '')", "boolean:true"},
    {"sameUuid", USUAL, "sameUuid('a', PID-3[1].1) = sameUuid('a', '7')", "boolean:true"},
    {"sameUuid", EMPTY, "sameUuid({}) = sameUuid({})", "boolean:true"},
    {"sameUuid", USUAL, /* the second and the third are remembered */
     "('b' | PID-3[1].1).select(sameUuid('a', $this)).isDistinct() and "
     "sameUuid('a', PID-3[1].1) = 'urn:uuid:58692290-e9a5-8ba6-8d4a-9c124a7f0c5c'",
     "boolean:true"},
    {"sameUuid", USUAL, /* with its lengths just one block, and just none */
     "sameUuid(PID-3[1].1, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb') = "
     "sameUuid('7', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbc')",
     "boolean:false"},
    {"sameUuid", USUAL,
     "sameUuid(PID-3[1].1, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')",
     "string:urn:uuid:78504913-4b8e-8e55-a9af-41182474f13e"},
    {"sameUuid", WRONG, "('a').sameUuid('b')", "-:1:7: error: nothing stands before sameUuid()"},
    {"escaped", USUAL, "escaped('\\\\H\\\\')", "string:\\H\\"},
    {"escaped", EMPTY, "escaped({})", ""},
    {"escaped", WRONG, "escaped()",
     "-:1:1: error: escaped() takes 1 argument, this gives 0; escaped(text)"},
    {"null", USUAL, "null()", "null:\"\""},
    {"null", EMPTY, "null().exists()", "boolean:true"},
    {"null", WRONG, "('a').null()", "-:1:7: error: nothing stands before null()"},
    {"lookup", WRONG, "('a').lookup('t')",
     "-:1:14: error: no table is called t; declare it under tables:"},
};

struct func_rows func_rows_of_conversions(void)
{
    return (struct func_rows){conversions, sizeof(conversions) / sizeof(conversions[0])};
}

Test(func, conversions_dates_and_functions_over_messages_do_as_documented)
{
    func_rows_eval(func_rows_of_conversions(), adt);
}

/* ---- in a route ---- */

#define HELD(what) "accepted\nlab held <r.yaml:9:" what ">"
#define V(json)    "accepted\nlab: {\"v\":[" json "]}"

/* What routes do otherwise: a text that cannot be converted is a fault, never silently nothing. */
static const struct func_row messages[] = {
    {"lookup", USUAL, "PID-8.lookup('t')", V("\"female\"")},
    {"lookup", EMPTY, "coalesce(PID-19.lookup('t'), 'none')", V("\"none\"")},
    {"lookup", WRONG, "PV1-2.lookup('t')", HELD("14: PV1-2: the table t has no row for the value")},
    {"toInteger", USUAL, "'12'.toInteger()", V("12")},
    {"toInteger", WRONG, "PID-8.toInteger()",
     HELD("14: PID-8: the value is no whole number, toInteger() wants one")},
    {"toDecimal", USUAL, "'1.50'.toDecimal()", V("1.50")},
    {"toDecimal", WRONG, "PID-8.toDecimal()",
     HELD("14: PID-8: the value is no number, toDecimal() wants one")},
    {"toBoolean", USUAL, "'y'.toBoolean()", V("true")},
    {"toBoolean", WRONG, "PV1-2.toBoolean()",
     HELD("14: PV1-2: the value is no truth value, toBoolean() wants one")},
    {"toQuantity", USUAL, "'4 days'.toQuantity().toString()", V("\"4 days\"")},
    {"toQuantity", WRONG, "PID-8.toQuantity()",
     HELD("14: PID-8: the value is no quantity, toQuantity() wants one")},
    {"toDate", WRONG, "PID-8.toDate()",
     HELD("14: PID-8: the value is no date, toDate() wants one")},
    {"toDateTime", WRONG, "PID-8.toDateTime('UTC')",
     HELD("14: PID-8: the value is no date, toDateTime() wants one")},
    {"toTime", WRONG, "PID-8.toTime()",
     HELD("14: PID-8: the value is no time, toTime() wants one")},
    {"not", WRONG, "PID-8.not()", HELD("14: PID-8: not() wants true or false")},
    {"convertsToDate", USUAL, "('2026' & '1124').convertsToDate()", V("true")},
    {"convertsToDateTime", USUAL, "'202611240930'.convertsToDateTime()", V("true")},
    {"convertsToTime", USUAL, "'0930'.convertsToTime()", V("true")},
    {"toTime", USUAL, "(PV1-44.toDateTime('UTC')).toTime()", V("\"09:30:00\"")},
    {"convertsToTime", USUAL, "(PV1-44.toDateTime('UTC')).convertsToTime()", V("true")},
    {"toBoolean", USUAL, "PID-1.where($this = 7).select($this / 7).toBoolean()", V("true")},
    {"key", USUAL, "PID-3.key().1", V("\"7\",\"8\"")},
    {"following", USUAL, "PV1.following('ROL').count()", V("2")},
    {"oneOf", EMPTY, "PID-31.oneOf('a')", V("false")},
    {"oneOf", USUAL, "PID-3.1.oneOf('8')", V("true")},
    {"state", USUAL, "PID-19.state()", V("\"null\"")},
    {"toDate", USUAL, "('26.11.' & '2026').toDate('dd.MM.yyyy')", V("\"2026-11-26\"")},
    {"toDate", WRONG, "PID-8.toDate('dd.MM.yyyy')",
     HELD("14: PID-8: the value is no date as the pattern says, toDate() wants one")},
    {"toDateTime", USUAL, "('26.11.2026 09:30').toDateTime('dd.MM.yyyy HH:mm', 'UTC')",
     V("\"2026-11-26T09:30:00Z\"")},
    {"hourOf", USUAL, "PV1-44.hourOf()", V("9")},
    {"dateOf", USUAL, "PV1-44.dateOf()", V("\"2026-01-02\"")},
    {"duration", USUAL, "PV1-44.duration(@2026-11-25, 'day')", V("326")},
    {"yearOf", WRONG, "PID-8.yearOf()", HELD("14: PID-8: yearOf() wants a date or a time")},
    {"sort", USUAL, "PID-3.1.sort($this desc)", V("\"8\",\"7\"")},
    {"sum", USUAL, "PID-1.combine(PID-1).sum()", V("14")},
    {"toLong", USUAL, "PID-3.1.first().toLong()", V("7")},
    {"defineVariable", USUAL, "PID-3.1.defineVariable('all').select($this & '/' & %all.count())",
     V("\"7/2\",\"8/2\"")},
};

struct func_rows func_rows_of_messages(void)
{
    return (struct func_rows){messages, sizeof(messages) / sizeof(messages[0])};
}

Test(func, in_a_route_a_text_that_cannot_be_converted_is_a_fault)
{
    static const char frame[] =
        "tables: { t: { file: sex.csv } }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n   "
        " - >-\n      =@@\n"
        "---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n";
    struct func_rows rows = func_rows_of_messages();
    for (size_t i = 0; i < rows.n; i++) {
        struct row one = {rows.v[i].text, rows.v[i].text, rows.v[i].want};
        rows_told(frame, adt, &one, 1);
    }
}

Test(func, check_refuses_arguments_that_cannot_be)
{
    static const char frame[] =
        "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n    - >-\n      =@@\n";
    static const struct row rows[] = {
        {"a regular expression", "PID-8.matches('(a')",
         "r.yaml:7:22: error: the regular expression is refused at character 3: missing closing "
         "parenthesis"},
        {"a type", "PID-8.ofType(Strng)",
         "r.yaml:7:21: error: Strng is no type here; types are String, Integer, Decimal, Boolean, "
         "Date, "
         "DateTime, Time, Quantity and the datatypes of HL7, as CX"},
        {"a type that is known", "PID-8.ofType(System.String) | PID-3.ofType(CX).1", ""},
        {"a type of is", "PID-8 is Strng",
         "r.yaml:7:14: error: Strng is no type here; types are String, Integer, Decimal, Boolean, "
         "Date, "
         "DateTime, Time, Quantity and the datatypes of HL7, as CX"},
        {"a segment", "PV1.following('ROX')",
         "r.yaml:7:22: error: following() wants the name of a segment, as in PV1.following('ROL')"},
        {"no such function", "PID-8.exits()",
         "r.yaml:7:14: error: there is no function exits(); did you mean exists()?"},
        {"a constant that fails", "'a'.substring('b')",
         "r.yaml:7:12: error: substring() wants a whole number"},
    };
    rows_check(frame, ROWS(rows));
}

/* ---- the table ---- */

static bool has_row(struct func_rows rows, const char *name, enum func_input_kind input)
{
    for (size_t i = 0; i < rows.n; i++) {
        struct str call = str_printf(&kit_arena, "%s(", name);
        if (strcmp(rows.v[i].func, name) == 0 && rows.v[i].input == input) {
            cr_expect(str_find(str_of(rows.v[i].text), call) >= 0, "%s does not call %s()",
                      rows.v[i].text, name);
            return true;
        }
    }
    return false;
}

Test(func, every_function_of_the_table_has_rows_for_usual_empty_and_wrong_input)
{
    static const char *const kinds[] = {"usual", "empty", "wrong"};
    const struct func_rows all[] = {func_rows_of_sets(),    func_rows_of_texts(),
                                    func_rows_of_numbers(), func_rows_of_conversions(),
                                    func_rows_of_later(),   func_rows_of_trees(),
                                    func_rows_of_messages()};
    cr_assert(func_at(80) && func_at(0), "the table has more than 80 functions");
    for (unsigned i = 0; func_at(i); i++) {
        for (int k = 0; k < INPUT_KINDS; k++) {
            bool found = false;
            for (size_t t = 0; t < sizeof(all) / sizeof(all[0]) && !found; t++) {
                found = has_row(all[t], func_at(i)->name, (enum func_input_kind)k);
            }
            cr_expect(found, "%s() has no row for %s input", func_at(i)->name, kinds[k]);
        }
    }
    for (size_t t = 0; t < sizeof(all) / sizeof(all[0]); t++) {
        for (size_t i = 0; i < all[t].n; i++) {
            cr_expect(func_find(str_of(all[t].v[i].func)), "there is no function %s()",
                      all[t].v[i].func);
        }
    }
}

/* ---- logic ---- */

Test(func, and_or_xor_and_implies_know_true_false_and_empty)
{
    static const char *const operands[] = {"true", "false", "{}"}, *const words[] = {"and", "or",
                                                                                     "xor",
                                                                                     "implies"};
    static const char wants[4][10] = {"TF-FFF-F-", "TTTTF-T--", "FT-TF----",
                                      "TF-TTTT--"}; /* N1 6.5 */
    for (int op = 0; op < 4; op++) {
        for (int i = 0; i < 9; i++) {
            struct str text =
                str_printf(&kit_arena, "%s %s %s", operands[i / 3], words[op], operands[i % 3]);
            char want = wants[op][i];
            cr_expect_str_eq(kit_eval(text.p, NULL),
                             want == 'T'   ? "boolean:true"
                             : want == 'F' ? "boolean:false"
                                           : "",
                             "%s", text.p);
        }
    }
    cr_expect_str_eq(kit_eval("'a' and 5", NULL), "boolean:true", "a single value is true");
    cr_expect_str_eq(kit_eval("false and (1 | 2).single()", NULL), "boolean:false",
                     "what decides nothing is not asked");
}

Test(func, quantities_compare_where_units_convert)
{
    static const struct row rows[] = {
        {"equal", "5 'mg' = 5.0 'mg'", "boolean:true"},
        {"greater", "5 'mg' > 3 'mg'", "boolean:true"},
        {"other units are converted", "5 'mg' = 5 'g'", "boolean:false"},
        {"order of other units, too", "5 'mg' > 5 'g'", "boolean:false"},
        {"units of something else leave it open", "5 'mg' = 5 'cm'", ""},
        {"order of those, too", "5 'mg' > 5 'cm'", ""},
        {"days are days", "4 days = 4 'd'", "boolean:true"},
        {"one is the unit of a number", "5 '1' = 5", "boolean:true"},
        {"a unit and a number leave it open", "5 'mg' = 5", ""},
        {"sums", "5 'mg' + 3 'mg'", "Quantity:8 'mg'"},
        {"a factor", "2 * 5 'mg'", "Quantity:10 'mg'"},
        {"sums of other units", "5 'mg' + 3 'g'", "Quantity:3005 'mg'"},
        {"sums of something else", "5 'mg' + 3 'cm'", ""},
    };
    rows_eval(NULL, ROWS(rows));
}

Test(func, places_of_a_message_are_equal_to_themselves)
{
    static const struct row rows[] = {
        {"distinct", "ROL.combine(ROL).distinct().count()", "integer:4"},
        {"another segment", "PID.combine(PV1).distinct().count()", "integer:2"},
        {"a segment and a text", "ROL.combine('a').distinct().count()", "integer:5"},
        {"in", "PV1 in (PID | PV1)", "boolean:true"},
        {"not in", "DG1 in (PID | PV1)", "boolean:false"},
    };
    rows_eval(adt, ROWS(rows));
}
