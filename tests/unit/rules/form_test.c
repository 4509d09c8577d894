/* Conversions that may fail: those that nothing around decides about are told, all others are not. Language,
 * "Conversions that may fail". */
#include "tests/unit/rules/rows.h"

#include <stdio.h>

TestSuite(form, .init = kit_begin, .fini = kit_end);

#define DO        "route: a\nfrom: profiled\nmessages: [ADT^A01]\ndo: { send: desk, as: m }\n---\n"
#define MAP       "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v: >-\n    =@@\n"
#define FORMULA   DO MAP
#define AT        "r.yaml:11:"
#define OPEN      ", and nothing says what then: the message is held"
#define BEFORE(f) "; write .where(" f ") before it, which leaves out what is none" ELSE
#define BEHIND(f) "; write .where(" f ") behind it, which leaves out what is none" ELSE
#define ELSE      ", or say on-error: in the route"
#define AS_NUMBER "convertsToDecimal()).toDecimal("
#define AS_DATE   "convertsToDateTime()).toDateTime("

Test(form, what_fails_on_a_text_is_told)
{
    static const struct row rows[] = {
        {"toInteger", "PID-3[1].1.toInteger()",
         AT "17: warning: toInteger() fails where PID-3[1].1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"toLong", "PV1-5.1.toLong()",
         AT "14: warning: toLong() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToLong()")},
        {"toDecimal", "PV1-5.1.toDecimal()",
         AT "14: warning: toDecimal() fails where PV1-5.1 is no number" OPEN BEFORE(
             "convertsToDecimal()")},
        {"toBoolean", "PV1-5.1.toBoolean()",
         AT "14: warning: toBoolean() fails where PV1-5.1 is no truth value" OPEN BEFORE(
             "convertsToBoolean()")},
        {"toQuantity", "PV1-5.1.toQuantity()",
         AT "14: warning: toQuantity() fails where PV1-5.1 is no quantity" OPEN BEFORE(
             "convertsToQuantity()")},
        {"toDate", "ZPI-2.toDate()",
         AT "12: warning: toDate() fails where ZPI-2 is no date" OPEN BEFORE("convertsToDate()")},
        {"toDate by a pattern", "ZPI-2.toDate('dd.MM.yyyy')",
         AT "12: warning: toDate() fails where ZPI-2 is no date" OPEN BEFORE(
             "convertsToDate('dd.MM.yyyy')")},
        {"toDateTime", "ZPI-2.toDateTime()",
         AT "12: warning: toDateTime() fails where ZPI-2 is no date" OPEN BEFORE(
             "convertsToDateTime()")},
        {"toTime", "ZPI-2.toTime()",
         AT "12: warning: toTime() fails where ZPI-2 is no time" OPEN BEFORE("convertsToTime()")},
        {"format", "ZPI-2.format('yyyy')",
         AT "12: warning: format() fails where ZPI-2 is no date" OPEN BEFORE(AS_DATE)},
        {"decode", "ZPI-2.decode('base64')",
         AT "12: warning: decode() fails where ZPI-2 is no text in that code" OPEN
            "; say on-error: in the route"},
        {"a function of numbers", "ZPI-2.round()",
         AT "12: warning: round() fails where ZPI-2 is no number" OPEN BEFORE(AS_NUMBER)},
        {"a function of dates", "ZPI-2.yearOf()",
         AT "12: warning: yearOf() fails where ZPI-2 is no date" OPEN BEFORE(AS_DATE)},
        {"arithmetic", "PV1-5.1 * 2",
         AT "6: warning: * fails where PV1-5.1 is no number" OPEN BEHIND(AS_NUMBER)},
        {"a sum with a number", "1 + PV1-5.1",
         AT "10: warning: + fails where PV1-5.1 is no number" OPEN BEHIND(AS_NUMBER)},
        {"a sum with days", "ZPI-2 + 1 day",
         AT "6: warning: + fails where ZPI-2 is no date or quantity" OPEN BEHIND(AS_DATE)},
        {"a comparison with a number", "OBX[1]-5[1] >= 5",
         AT "6: warning: >= fails where OBX[1]-5[1] is no number" OPEN BEHIND(AS_NUMBER)},
        {"within a call", "PV1-5.1.toInteger().toString()",
         AT "14: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"of a part that is known by its type", "PID-3[1].5.toInteger()",
         AT "17: warning: toInteger() fails where PID-3[1].5 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"one of several", "coalesce(PV1-25[1], ZPI-2).toDate()",
         AT
         "33: warning: toDate() fails where the value is no date" OPEN BEFORE("convertsToDate()")},
        {"digits alone may be none", "PV1-5.1.replaceMatches('[^0-9]', '').toInteger()",
         AT "43: warning: toInteger() fails where the value is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"coalesce goes on where there is nothing", "coalesce(PV1-5.1.toInteger(), 0)",
         AT "23: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN
            "; coalesce() goes on where there is nothing, not where a conversion fails; write "
            ".where(convertsToInteger()) before it, which leaves out what is none" ELSE},
        {"exists does not ask", "PV1-5.1.toInteger().exists()",
         AT "14: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN
            "; convertsToInteger() asks whether it can be converted"},
    };
    rows_idle(FORMULA, ROWS(rows));
}

Test(form, what_gives_nothing_without_a_word_is_told)
{
    static const struct row rows[] = {
        {"a quotient", "(PID-1 / 2).toInteger()",
         AT
         "18: warning: toInteger() gives nothing of a number with a decimal point, as a quotient "
         "has, and the value is lost; write .round(), .floor() or .truncate()"},
        {"rounded", "(PID-1 / 2).round().toInteger()", ""},
        {"a whole quotient", "(PID-1 div 2).toInteger()", ""},
        {"a count", "PID-3.count().toInteger()", ""},
        {"a number as a date", "PID-3.count().toDate()",
         AT "20: warning: toDate() gives nothing of what is neither text nor such a value, and the "
            "value is lost; leave it out, or write .toString() before it"},
    };
    rows_idle(FORMULA, ROWS(rows));
}

Test(form, what_is_known_is_not_told)
{
    static const struct row rows[] = {
        {"NM", "PV1-47.toDecimal()", ""},
        {"SI", "PID-1.toInteger() + 1", ""},
        {"DT", "PV1-25[1].toDate()", ""},
        {"TS", "PID-7.toDateTime()", ""},
        {"DTM", "PID-7.1.toDate()", ""},
        {"its time", "PV1-44.toTime()", ""},
        {"the first component stands for it", "DG1[1]-5.toDate()", ""},
        {"ID of a table of yes and no", "PID-30.toBoolean()", ""},
        {"two dates", "coalesce(PV1-44, EVN-2, PID-7.1).toDateTime()", ""},
        {"either of two", "iif(PV1-2 = 'I', PV1-44, EVN-2).toDate()", ""},
        {"the least of dates", "(PV1-44 | EVN-2).min().toDate()", ""},
        {"the date that was received", "now().format('yyyy')", ""},
        {"a quantity of a number", "(PID-1 & ' minutes').toQuantity()", ""},
        {"the day of a point in time", "PID-7.toString().substring(0, 8).toDate()", ""},
        {"as it was sent", "PID-7.raw().toDate()", ""},
        {"a day and zeros", "(PV1-25[1] & '0000').toDateTime()", ""},
        {"OBX-2 of one of several", "iif(OBX[1]-2 = 'NM', OBX[1]-5.first().toDecimal())", ""},
        {"OBX-2 of a part of it", "iif(OBX[1]-2 = 'SN', OBX[1]-5.first().2.toDecimal())", ""},
        {"arithmetic with numbers", "PID-1 * 2", ""},
        {"a date and days", "PID-7 + 1 day", ""},
        {"text and text", "PV1-5.1 & 'x'", ""},
        {"OBX-2 says NM", "iif(OBX[1]-2 = 'NM', OBX[1]-5[1] > 5)", ""},
        {"OBX-2 says a date", "iif(OBX[1]-2.oneOf('DT', 'TS'), OBX[1]-5[1].toDate())", ""},
        {"OBX-2 says SN, of which this is a number",
         "iif(OBX[1]-2 = 'SN', OBX[1]-5[1].2.toDecimal())", ""},
        {"OBX-2 says ST", "iif(OBX[1]-2 = 'ST', OBX[1]-5[1].toDecimal())",
         AT "39: warning: toDecimal() fails where OBX[1]-5[1] is no number" OPEN BEFORE(
             "convertsToDecimal()")},
    };
    rows_idle(FORMULA, ROWS(rows));
}

Test(form, cells_of_tables_are_known)
{
    static const char frame[] = DO "tables:\n"
                                   "  whole: { file: whole.csv, on-miss: hold }\n"
                                   "  dated: { file: dated.csv, on-miss: hold }\n"
                                   "  parts: { file: parts.csv, on-miss: hold }\n"
                                   "  kept: { file: whole.csv, on-miss: keep }\n"
                                   "---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n"
                                   "  t: [\"=PV1-2.lookup('whole')\", \"=PV1-2.lookup('dated')\", "
                                   "\"=PV1-2.lookup('parts')\", \"=PV1-2.lookup('kept')\"]\n"
                                   "  v: >-\n    =@@\n";
    static const struct row rows[] = {
        {"numbers", "PV1-2.lookup('whole').toInteger()", ""},
        {"dates", "PV1-2.lookup('dated').toDate()", ""},
        {"numbers that are not whole", "PV1-2.lookup('parts').toInteger()",
         "r.yaml:18:28: warning: toInteger() fails where the value is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"another column", "PV1-2.lookup('parts').n.toInteger()", ""},
        {"a miss keeps what was looked up", "PV1-2.lookup('kept').toInteger()",
         "r.yaml:18:27: warning: toInteger() fails where the value is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
    };
    kit_file("whole.csv", "k,v\na,1\nb,20\n");
    kit_file("dated.csv", "k,v\na,2026-11-24\n");
    kit_file("parts.csv", "k,v,n\na,1,7\nb,1.5,8\n");
    rows_idle(frame, ROWS(rows));
}

#define X "PV1-5.1"

Test(form, what_is_asked_before_is_not_told)
{
    static const char told[] =
        AT "36: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
            "convertsToInteger()");
    static const struct row rows[] = {
        {"iif", "iif(" X ".convertsToInteger(), " X ".toInteger())", ""},
        {"iif, with another value", "iif(" X ".convertsToInteger(), " X ".toInteger(), 0)", ""},
        {"the other way round",
         "iif(" X ".exists() and " X ".convertsToInteger().not(), 0, " X ".toInteger())", ""},
        {"where it is not asked", "iif(" X ".convertsToInteger(), 0, " X ".toInteger())",
         AT "50: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"a whole number is a number", "iif(" X ".convertsToInteger(), " X ".toDecimal())", ""},
        {"a number may be no whole one", "iif(" X ".convertsToDecimal(), " X ".toInteger())",
         AT "47: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"another value", "iif(PV1-5.4.convertsToInteger(), " X ".toInteger())",
         AT "47: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"where", X ".where(convertsToInteger()).toInteger()", ""},
        {"where, of $this", X ".where($this.convertsToInteger()).toInteger()", ""},
        {"where, and one of them", "PID-3.where($this.1.convertsToInteger()).first().1.toInteger()",
         ""},
        {"where, and another part",
         "PID-3.where($this.4.1.convertsToInteger()).first().1.toInteger()",
         AT "59: warning: toInteger() fails where the value is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"where, then each",
         "PID-3.where($this.1.convertsToInteger()).select($this.1.toInteger())"
         ".first()",
         ""},
        {"each, unasked", "PID-3.select($this.1.toInteger()).first()",
         AT "27: warning: toInteger() fails where $this.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"and", X ".convertsToInteger() and " X ".toInteger() = 5", ""},
        {"and, too late", X ".toInteger() = 5 and " X ".convertsToInteger()",
         AT "14: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"or", X ".empty() or " X ".convertsToInteger().not() or " X ".toInteger() = 5", ""},
        {"either of two that ask",
         "iif(" X ".convertsToInteger() or " X ".matches('^[0-9]+$'), " X ".toInteger())", ""},
        {"either of which one asks",
         "iif(" X ".convertsToInteger() or PV1-2 = 'I', " X ".toInteger())",
         AT "62: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"one text", "iif(" X " = '5', " X ".toInteger())", ""},
        {"one of texts", "iif(" X ".oneOf('5', '6'), " X ".toInteger())", ""},
        {"one of texts that are none", "iif(" X ".oneOf('5', 'x'), " X ".toInteger())",
         AT "43: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"it is not there", "iif(" X ".exists(), 'x', " X ".toInteger())", ""},
        {"it is there", "iif(" X ".exists(), " X ".toInteger())", told},
        {"trimmed", "iif(" X ".trim().matches('^[0-9]+$'), " X ".toInteger())", ""},
        {"in coalesce", "coalesce(" X ".where(convertsToInteger()).toInteger(), PID-1)", ""},
        {"an operand", X ".where(convertsToDecimal()) * 2", ""},
    };
    rows_idle(FORMULA, ROWS(rows));
}

Test(form, an_expression_counts_by_what_it_takes)
{
    static const struct row rows[] = {
        {"digits", "iif(" X ".matches('^[0-9]+$'), " X ".toInteger())", ""},
        {"digits in other words", "iif(" X ".matchesFull('\\\\d{1,9}'), " X ".toInteger())", ""},
        {"digits with a sign", "iif(" X ".matches('^[+-]?(0|[1-9][0-9]*)$'), " X ".toInteger())",
         ""},
        {"digits somewhere", "iif(" X ".matches('[0-9]+'), " X ".toInteger())",
         AT "45: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN
            "; the regular expression takes 1A, too; write .where(convertsToInteger()) before it, "
            "which leaves out what is none" ELSE},
        {"letters", "iif(" X ".matches('^[A-Z]+$'), " X ".toInteger())",
         AT "47: warning: toInteger() fails where PV1-5.1 is no whole number" OPEN
            "; the regular expression takes A, too; write .where(convertsToInteger()) before it, "
            "which leaves out what is none" ELSE},
        {"a part of what was asked",
         "iif(" X ".matches('^[SMHD][0-9]+$'), " X ".substring(1).toInteger())", ""},
        {"digits of what has some",
         "iif(" X ".matches('[0-9]'), " X ".replaceMatches('[^0-9]', '').toInteger())", ""},
        {"an expression that takes more", "iif(" X ".matches('^[0-9.]+$'), " X ".toDecimal())",
         AT
         "48: warning: toDecimal() fails where PV1-5.1 is no number" OPEN
         "; the regular expression takes 1.2.3, too; write .where(convertsToDecimal()) before it, "
         "which leaves out what is none" ELSE},
        {"eight digits are a date", "iif(" X ".matches('^[0-9]{8}$'), " X ".toDate())", ""},
        {"its pattern", "iif(" X ".convertsToDate('dd.MM.yyyy'), " X ".toDate('dd.MM.yyyy'))", ""},
        {"another pattern", "iif(" X ".convertsToDate(), " X ".toDate('dd.MM.yyyy'))",
         AT "44: warning: toDate() fails where PV1-5.1 is no date" OPEN BEFORE(
             "convertsToDate('dd.MM.yyyy')")},
    };
    rows_idle(FORMULA, ROWS(rows));
}

/* ---- around the formula ---- */

#define ROUTE "route: a\nfrom: profiled\nmessages: [ADT^A01]\n"
#define TOLD(at)                                                                                   \
    "r.yaml:" at ": warning: toInteger() fails where PV1-5.1 is no whole number" OPEN BEFORE(      \
        "convertsToInteger()")
#define SET "set: { PV1-4: =PV1-5.1.toInteger() }"

Test(form, what_steps_ask_before_counts)
{
    static const struct row rows[] = {
        {"when", ROUTE "when: PV1-5.1.convertsToInteger()\ndo: [{ " SET " }, { send: lab }]", ""},
        {"when asks something else", ROUTE "when: PV1-2 = 'I'\ndo: [{ " SET " }, { send: lab }]",
         TOLD("5:31")},
        {"if of the step",
         ROUTE "do:\n  - " SET "\n    if: PV1-5.1.matches('^[0-9]+$')\n"
               "  - send: lab",
         ""},
        {"if of another step",
         ROUTE "do:\n  - delete: PV1-6\n    if: PV1-5.1.convertsToInteger()\n  - " SET
               "\n  - send: lab",
         TOLD("7:28")},
        {"require before it",
         ROUTE "do:\n  - require: PV1-5.1.convertsToInteger()\n  - " SET "\n  - send: lab", ""},
        {"require behind it",
         ROUTE "do:\n  - " SET "\n  - require: PV1-5.1.convertsToInteger()\n  - send: lab",
         TOLD("5:28")},
        {"require under an if",
         ROUTE "do:\n  - require: PV1-5.1.convertsToInteger()\n    if: PV1-2 = 'I'\n  - " SET
               "\n  - send: lab",
         TOLD("7:28")},
        {"dropped before it",
         ROUTE "do:\n  - drop: no number\n    if: "
               "PV1-5.1.exists() and PV1-5.1.convertsToInteger().not()\n  - " SET "\n  - send: lab",
         ""},
        {"rejected before it",
         ROUTE "do:\n  - reply: { code: AE, error: 101, at: PV1-5, text: none }\n    if: "
               "PV1-5.1.exists() and PV1-5.1.convertsToInteger().not()\n  - " SET "\n  - send: lab",
         ""},
        {"then",
         ROUTE "do:\n  - if: PV1-5.1.convertsToInteger()\n    then: { " SET " }\n  - send: lab",
         ""},
        {"else",
         ROUTE "do:\n  - if: PV1-5.1.convertsToInteger()\n    then: { delete: PV1-6 }\n"
               "    else: { " SET " }\n  - send: lab",
         TOLD("7:36")},
        {"a branch of choose",
         ROUTE "do:\n  - choose:\n      - if: PV1-5.1.convertsToInteger()\n        do: { " SET
               " }\n      - else: { delete: PV1-6 }\n  - send: lab",
         ""},
        {"the branch behind it",
         ROUTE "do:\n  - choose:\n      - if: PV1-5.1.exists() and "
               "PV1-5.1.convertsToInteger().not()\n        do: { "
               "delete: PV1-6 }\n      - else: { " SET " }\n  - send: lab",
         ""},
        {"a loop over those that are some",
         ROUTE "do:\n  - for: PID-3.where($this.1.convertsToInteger())\n    do: { send: lab, id: "
               "=$this.1.toInteger() }",
         ""},
        {"each of a loop is another",
         ROUTE "do:\n  - if: PV1-5.1.convertsToInteger()\n    then:\n      - for: OBX\n        do: "
               "{ send: lab, id: =OBX-3.1.toInteger() }",
         "r.yaml:8:39: warning: toInteger() fails where OBX-3.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
    };
    rows_idle(NULL, ROWS(rows));
}

Test(form, a_name_stands_for_what_it_was_given)
{
    static const struct row rows[] = {
        {"a name that asks",
         ROUTE "do:\n  - let: { counts: =PV1-5.1.convertsToInteger() }\n  - "
               "if: $counts\n    then: { " SET " }\n  - send: lab",
         ""},
        {"a name for the value",
         ROUTE "do:\n  - let: { n: =PV1-5.1 }\n  - if: $n.convertsToInteger()\n    then: { set: { "
               "PV1-4: =$n.toInteger() } }\n  - send: lab",
         ""},
        {"a name for one of those that were asked",
         ROUTE
         "do:\n  - let: { mrn: =PID-3.where($this.1.convertsToInteger()).first() }\n  - set: { "
         "PV1-4: =$mrn.1.toInteger() }\n  - send: lab",
         ""},
        {"a profile's name for one",
         "profile: p\nlet: { mrn: =PID-3.where($this.1.convertsToInteger()).first() }\n---\n" ROUTE
         "do: [{ set: { PV1-4: =$mrn.1.toInteger() } }, { send: lab }]",
         ""},
        {"a profile's name, unasked",
         "profile: p\nlet: { mrn: =PID-3.first() }\n---\n" ROUTE
         "do: [{ set: { PV1-4: =$mrn.1.toInteger() } }, { send: lab }]",
         "r.yaml:7:30: warning: toInteger() fails where $mrn.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"a name, unasked",
         ROUTE "do:\n  - let: { n: =PV1-5.1 }\n  - set: { PV1-4: =$n.toInteger() }\n  - send: lab",
         "r.yaml:6:23: warning: toInteger() fails where $n is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"a name for what was asked",
         ROUTE
         "when: PV1-5.1.convertsToInteger()\ndo:\n  - let: { n: =PV1-5.1 }\n  - set: { PV1-4: "
         "=$n.toInteger() }\n  - send: lab",
         ""},
        {"rejected in a branch before it",
         ROUTE
         "do:\n  - if: PV1-5.1.exists() and PV1-5.1.convertsToInteger().not()\n    then:\n      - "
         "{ reply: { code: AE, error: 101, at: PV1-5, text: none } }\n  - " SET "\n  - send: lab",
         ""},
        {"changed in a branch before it",
         ROUTE "do:\n  - if: PV1-5.1.exists() and PV1-5.1.convertsToInteger().not()\n    then: { "
               "delete: PV1-6 }\n  - " SET "\n  - send: lab",
         TOLD("7:28")},
        {"steps that require it",
         "steps: counted\nreads: ADT\ndo: { require: PV1-5.1.convertsToInteger() }\n---\n" ROUTE
         "do:\n  - use: counted\n  - " SET "\n  - send: lab",
         ""},
        {"a name for a number",
         ROUTE "do:\n  - let: { n: =PV1-47 }\n  - set: { PV1-4: =$n.toInteger() }\n  - send: lab",
         ""},
    };
    rows_idle(NULL, ROWS(rows));
}

Test(form, what_items_of_a_map_ask_counts)
{
    static const char frame[] = DO "map: m\nreads: ADT_A01\nto: json\nvalue:\n@@\n";
    static const struct row rows[] = {
        {"$if", "  v: { $if: PV1-5.1.convertsToInteger(), n: =PV1-5.1.toInteger() }", ""},
        {"$if of another", "  v: { $if: PV1-2.exists(), n: =PV1-5.1.toInteger() }", TOLD("10:41")},
        {"$let comes before $if",
         "  v: { $let: { n: =PV1-5.1.toInteger() }, $if: PV1-5.1.convertsToInteger(), v: =$n }",
         TOLD("10:28")},
        {"$for",
         "  v:\n    - $for: PID-3.where($this.1.convertsToInteger())\n      n: "
         "=$this.1.toInteger()",
         ""},
    };
    rows_idle(frame, ROWS(rows));
}

Test(form, what_is_asked_around_a_map_counts_in_it)
{
#define SENT  "---\nmap: m\nreads: ADT_A01\nto: json\nvalue: { v: =PV1-5.1.toInteger() }"
#define OTHER "\n---\nroute: b\nfrom: profiled\nmessages: [ADT^A01]\ndo: { send: desk, as: m }"
    static const struct row rows[] = {
        {"when of the route",
         ROUTE "when: PV1-5.1.convertsToInteger()\ndo: { send: desk, as: m }\n" SENT, ""},
        {"when of one of two routes",
         ROUTE "when: PV1-5.1.convertsToInteger()\ndo: { send: desk, as: m }\n" SENT OTHER,
         TOLD("10:22")},
        {"require before the send",
         ROUTE "do:\n  - require: PV1-5.1.convertsToInteger()\n  - { send: desk, as: m }\n" SENT,
         ""},
        {"a name of the route",
         ROUTE
         "do:\n  - let: { n: =PV1-5.1.convertsToInteger() }\n  - if: $n\n    then: { send: desk, "
         "as: m }\n" SENT,
         ""},
        {"a name of the route is none of the map's",
         ROUTE
         "do:\n  - let: { n: =PV1-5.1.convertsToInteger() }\n  - if: $n or $n\n    then: { send: "
         "desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nlet: { n: "
         "=ZPI-2.convertsToInteger() }\nvalue: { a: =$n, v: =ZPI-2.toInteger() }",
         "r.yaml:13:28: warning: toInteger() fails where ZPI-2 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"$for around $use",
         DO "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n    - $for: "
            "PID-3.where($this.1.convertsToInteger())\n      $use: n\n---\nmap: n\nreads: CX\nto: "
            "json\nvalue: { v: =$this.1.toInteger() }",
         ""},
        {"$for that asks nothing",
         DO "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n    - $for: PID-3\n      $use: "
            "n\n---\nmap: n\nreads: CX\nto: json\nvalue: { v: =$this.1.toInteger() }",
         "r.yaml:17:22: warning: toInteger() fails where $this.1 is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
    };
    rows_idle(NULL, ROWS(rows));
}

Test(form, a_route_that_says_what_then_is_remarked)
{
    static const struct row rows[] = {
        {"it says so", ROUTE "on-error: hold\ndo: [{ " SET " }, { send: lab }]",
         "r.yaml:5:31: remark: toInteger() fails where PV1-5.1 is no whole number; on-error: of "
         "the route says what then; write .where(convertsToInteger()) before it, which leaves out "
         "what is none"},
        {"of a map, too",
         ROUTE "on-error: skip\ndo: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n"
               "value: { v: =PV1-5.1.toInteger() }",
         "r.yaml:10:22: remark: toInteger() fails where PV1-5.1 is no whole number; on-error: of "
         "the route says what then; write .where(convertsToInteger()) before it, which leaves out "
         "what is none"},
        {"of two routes one does",
         ROUTE "on-error: skip\ndo: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n"
               "value: { v: =PV1-5.1.toInteger() }\n---\nroute: b\nfrom: epic\nmessages: "
               "[ADT^A01]\ndo: { send: desk, as: m }",
         TOLD("10:22")},
        {"a profile's name",
         "profile: p\nlet: { n: =PV1-5.1.toInteger() }\n---\n" ROUTE
         "do: [{ set: { PV1-4: =$n } }, { send: lab }]",
         TOLD("2:20")},
    };
    rows_idle(NULL, ROWS(rows));
}

Test(form, what_would_take_too_long_is_taken_for_sure)
{
    char lets[4000] = "", one[80];
    for (int i = 1; i < 40; i++) { /* each twice the one before */
        snprintf(one, sizeof(one), "  - let: { n%d: \"=coalesce($n%d, $n%d)\" }\n", i, i - 1,
                 i - 1);
        strcat(lets, one);
    }
    const char *text = str_printf(&kit_arena,
                                  ROUTE "do:\n  - let: { n0: =PV1-44 }\n%s  - set: { PV1-4: "
                                        "=$n39.toDate() }\n  - send: lab",
                                  lets)
                           .p;
    cr_expect_str_eq(kit_check(text), "");
}

/* ---- FHIR and JSON ---- */

Test(form, of_fhir_types_are_known)
{
    static const char frame[] =
        "route: a\nfrom: profiled\nmessages: [Patient]\ndo: { send: desk, as: m "
        "}\n---\nmap: m\nreads: Patient\nto: json\nvalue:\n  v: >-\n    =@@\n";
    static const struct row rows[] = {
        {"a text", "id.toInteger()",
         AT "9: warning: toInteger() fails where id is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"asked", "iif(id.convertsToInteger(), id.toInteger())", ""},
        {"of those for which it is so",
         "identifier.where(value.convertsToInteger()).first().value.toInteger()", ""},
        {"a date", "birthDate.toDateTime()", ""},
        {"a boolean or a date, as it is", "deceased.toDateTime()", ""},
        {"a boolean or a number", "multipleBirth.toInteger()", ""},
        {"a text and a number never fit", "identifier.first().value + 1",
         AT "25: error: this is a text, a number is wanted here; & joins a number and a text; "
            ".toInteger() or .toDecimal() makes a number of it"},
    };
    rows_idle(frame, ROWS(rows));
}

Test(form, of_json_nothing_is_known)
{
    static const char frame[] =
        "route: a\nfrom: epic\nmessages: [json]\ndo: { send: desk, as: m }\n---\nmap: m\nreads: "
        "json\nto: json\nvalue:\n  v: >-\n    =@@\n";
    static const struct row rows[] = {
        {"it may be a text", "visit.n.toInteger()",
         AT "14: warning: toInteger() fails where visit.n is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"asked", "visit.n.where(convertsToInteger()).toInteger()", ""},
        {"each of a list", "visits.select($this.toInteger()).first()",
         AT "26: warning: toInteger() fails where $this is no whole number" OPEN BEFORE(
             "convertsToInteger()")},
        {"numbers are numbers there", "visit.n * 2 + visit.n.round()", ""},
        {"a date", "day.toDate()",
         AT "10: warning: toDate() fails where day is no date" OPEN BEFORE("convertsToDate()")},
    };
    rows_idle(frame, ROWS(rows));
}

/* ---- targets ---- */

Test(form, a_text_for_what_takes_none_is_told)
{
    static const char fhir[] = DO "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n  id: x\n  @@\n";
    static const char v2[] = "route: a\nfrom: epic\nmessages: [Patient]\ndo: { send: lab, as: m }\n"
                             "---\nmap: m\nreads: Patient\nto: ADT^A31\nversion: 2.5.1\nvalue:\n"
                             "  PID-3: { 1: x }\n  PID-5: { 1.1: y }\n  PV1-2: N\n  @@\n";
    static const struct row to_fhir[] = {
        {"a date", "birthDate: =ZPI-2",
         AT
         "15: warning: birthDate fails where ZPI-2 is no date" OPEN
         "; write .where(convertsToDate()).toDate() behind it, which leaves out what is none" ELSE},
        {"a number", "multipleBirthInteger: =PV1-5.1",
         AT "26: warning: multipleBirthInteger fails where PV1-5.1 is no whole number" OPEN BEHIND(
             AS_NUMBER)},
        {"one of several", "birthDate: =coalesce(PV1-25[1], ZPI-2)",
         AT
         "35: warning: birthDate fails where ZPI-2 is no date" OPEN
         "; write .where(convertsToDate()).toDate() behind it, which leaves out what is none" ELSE},
        {"a number of HL7", "multipleBirthInteger: =PID-25", ""},
        {"a text that is written as one", "birthDate: =PID-7.format('yyyy-MM-dd')", ""},
        {"asked", "birthDate: =ZPI-2.where(convertsToDate()).toDate()", ""},
    };
    static const struct row to_v2[] = {
        {"a date", "PID-7: =id",
         "r.yaml:14:11: warning: PID-7 fails where id is no date" OPEN BEHIND(AS_DATE)},
        {"a date of FHIR", "PID-7: =birthDate", ""},
        {"a number", "PID-25: =identifier.first().value",
         "r.yaml:14:31: warning: PID-25 fails where the value is no number" OPEN BEHIND(AS_NUMBER)},
        {"a text", "PID-19: =id", ""},
    };
    rows_idle(fhir, ROWS(to_fhir));
    rows_idle(v2, ROWS(to_v2));
}
