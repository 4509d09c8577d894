/* What types values have, when they are one text, escapes in and out. Language, section 12. */
#include "tests/unit/rules/rows.h"

TestSuite(type, .init = kit_begin, .fini = kit_end);

#define MSH "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
static const char adt[] =
    MSH "PID|007||7^^^L&1.2&ISO^MR~8^^^S^SS||DOE&VAN^J~ROE||198001011230|F||2106-3^White^CDCREC|1 "
        "A ST^^B||555^PRN|||||99^^^Q&8.8&ISO^AN|\"\"||||||+05\r"
        "PV1|1|I|W1^2^^H||||12^SMITH||||||||||||||||||20260101|5.||||||||||||||||||20260101\r"
        "OBX|1|TX|A^B||x\rOBX|2|NM|A||12.5\rOBX|3|FT|A||z\r"
        "DG1|1|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X41\\ \\.br\\ \\H\\x\\N\\ \\.in+4\\y\r";

/* The formula stands in line 7, column 8. */
#define MAP(reads) "map: m\nreads: " reads "\nto: json\nvalue:\n  v:\n    - >-\n      =@@\n"
#define ROUTE      "---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\n"
static const char value[] = MAP("ADT_A01") ROUTE "do: { send: lab, as: m }\n";
/* The same of the feed in America/Chicago alone. */
static const char zoned[] =
    MAP("ADT_A01") "---\nroute: a\nfrom: profiled\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n";
static const char set[] = "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n@@\n  - send: lab\n";

#define V(json)    "{\"v\":[" json "]}"
#define EMPTY      "accepted\nlab held <r.yaml:12:7: the map m came out empty>"
#define HELD(what) "accepted\nlab held <r.yaml:7:" what ">"

/* ---- numbers, dates, text ---- */

Test(type, nm_and_si_are_numbers)
{
    static const struct row rows[] = {
        {"SI in arithmetic", "PID-1 + 1", V("8")},
        {"NM in arithmetic", "PID-25 * 2", V("10")},
        {"equal as numbers", "PID-1 = 7", V("true")},
        {"two of them", "PID-1 > PID-25", V("true")},
        {"not in the order of letters", "PID-25 < 10", V("true")},
        {"as JSON", "PID-1", V("7")},
        {"beside a text it is its text", "PID-1 & 'x'", V("\"007x\"")},
        {"a point with nothing behind it", "PV1-26.first() + 1", V("6")},
        {"the least", "OBX-1.min()", V("1")},
        {"what a map makes of a negative one", "-(PID-25)", V("-5")},
        {"OBX-5 counts where it is a number", "OBX[2]-5.first() > 12", V("true")},
    };
    rows_payload(value, adt, ROWS(rows));
}

Test(type, dt_tm_dtm_and_ts_are_dates)
{
    static const struct row rows[] = {
        {"TS beside a date", "PID-7 < @2000-01-01", V("true")},
        {"DT beside a date", "PV1-25.first() = @2026-01-01", V("true")},
        {"two of them", "PID-7 < PV1-44", V("true")},
        {"the same day at another precision", "(PV1-44 = PV1-25.first()).exists()", V("true")},
        {"the latest", "(PID-7 | PV1-44).max().toDate()", V("\"2026-01-01\"")},
        {"moved", "PV1-44 + 1 month", V("\"2026-02-01\"")},
    };
    rows_payload(value, adt, ROWS(rows));
}

Test(type, the_rest_is_text_and_has_no_order)
{
#define ORDER                                                                                      \
    "text has no order; numbers and dates have; add .toInteger() or .toDecimal() to compare "      \
    "numbers"
    static const struct row refused[] = {
        {"IS beside a text", "PID-8 < 'M'", "r.yaml:7:8: error: " ORDER},
        {"ID beside a number", "PV1-2 > 5", "r.yaml:7:8: error: " ORDER},
        {"a number beside ST", "5 <= DG1[1]-4", "r.yaml:7:13: error: " ORDER},
        {"CE", "PID-10.first() >= 'x'", "r.yaml:7:15: error: " ORDER},
        {"FT", "NTE[1]-3.first() > 'x'",
         "r.yaml:7:8: remark: NTE is not part of ADT_A01; it is looked for in the whole "
         "message\nr.yaml:7:17: error: " ORDER},
        {"two texts", "'a' < 'b'", "r.yaml:7:8: error: " ORDER},
        {"a text beside a date", "PID-7 > '19800101'",
         "r.yaml:7:16: error: text has no order; numbers and dates have; a date is written "
         "@2026-11-24, without quotes"},
        {"an untyped Z-segment", "ZPI-1 < '5'", "r.yaml:7:8: error: " ORDER},
        {"arithmetic with a text", "'a' * 2",
         "r.yaml:7:12: error: * wants two numbers, there is a string and a "
         "integer"},
        {"arithmetic with a formula that gives text", "PID-8.upper() - 1",
         "r.yaml:7:14: error: this is a text, a number is wanted here; add .toInteger() or "
         ".toDecimal()"},
    };
    rows_check(value, ROWS(refused));
    static const struct row rows[] = {
        {"converted it has one", "DG1[1]-1.toString().toInteger() < 2", V("true")},
        {"equality of texts is of letters", "PID-1.toString() = '7'", V("false")},
        {"and exact", "PID-8 = 'f'", V("false")},
    };
    rows_payload(value, adt, ROWS(rows));
}

/* ---- one text ---- */

Test(type, an_ampersand_in_a_text_of_no_parts_is_text)
{
    static const char stray[] =
        MSH "PID|1||7&8^^^L||DOE&VAN^J & Q\r"
            "PV1|1|I^in|W&x\\S\\y^2|A&B|||12&3^SMITH&VON^AL|||||||||||||||||||7&8\r"
            "DG1|1|||SALT & PEPPER\r";
    static const struct row rows[] = {
        {"in a component", "PV1-3.1", V("\"W&x^y\"")},
        {"in a field", "DG1[1]-4", V("\"SALT & PEPPER\"")},
        {"in a code", "PV1-4", V("\"A&B\"")},
        {"compared", "PV1-3.1 = 'W&x^y'", V("true")},
        {"in a function", "PID-5.first().2.lower()", V("\"j & q\"")},
        {"beside a text", "PV1-7[1].1 & '!'", V("\"12&3!\"")},
        {"one of the parts that a text has", "PV1-3.1.1", V("\"W\"")},
        {"not in a name, which has parts", "PV1-7[1].2.1", V("\"SMITH\"")},
    };
    rows_payload(value, stray, ROWS(rows));
    static const struct row held[] = {
        {"not where components are", "PV1-2",
         HELD("8: PV1-2: one text is wanted here, the value has components")},
        {"told of the field that $this is of", "PV1-2.select(sameUuid(MSH-4.1, $this))",
         HELD("21: PV1-2: one text is wanted here, the value has components")},
    };
    rows_told(value, stray, ROWS(held));
}

Test(type, a_simple_composite_is_its_first_component)
{
    static const struct row rows[] = {
        {"CE", "PID-10.first()", V("\"2106-3\"")},
        {"CE compared", "PID-10.first() = '2106-3'", V("true")},
        {"HD", "PID-3[1].4", V("\"L\"")},
        {"HD of a field", "MSH-4", V("\"MAIN\"")},
        {"HD in a function", "PID-18.4.length()", V("1")},
        {"TS", "PID-7", V("\"198001011230\"")},
        {"CE in oneOf", "PID-10.oneOf('2106-3')", V("true")},
        {"CE of an OBX", "OBX[1]-3 & '!'", V("\"A!\"")},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row siu[] = {
        {"EI", "SCH-1", V("\"12\"")},
        {"EI of a filler", "SCH-2 & ''", V("\"34\"")},
        {"CQ", "TQ1[1]-2", V("\"5\"")},
        {"CQ counts by its quantity", "TQ1[1]-2 * 2", V("10")},
    };
    static const char message[] =
        "MSH|^~\\&|L|MAIN|D|X|20261124093000||SIU^S12^SIU_S12|M1|P|2.5.1\r"
        "SCH|12^A|34^B\rTQ1|1|5^u\r";
    rows_payload("map: m\nreads: SIU_S12\nto: json\nvalue:\n  v:\n    - >-\n      =@@\n---\nroute: "
                 "a\nfrom: epic\n"
                 "messages: [SIU^S12]\ndo: { send: lab, as: m }\n",
                 message, ROWS(siu));
}

Test(type, a_composite_that_has_no_one_text_is_refused)
{
#define PARTS(path, type, hint)                                                                    \
    "r.yaml:7:8: error: " path " is a " type                                                       \
    " of several parts, one text is wanted here; say which "                                       \
    "part, as in " hint
    static const struct row rows[] = {
        {"CX", "PID-18", PARTS("PID-18", "CX", "PID-18.1")},
        {"XPN", "PID-5", PARTS("PID-5", "XPN", "PID-5.1")},
        {"XAD", "PID-11", PARTS("PID-11", "XAD", "PID-11.1")},
        {"XTN", "PID-13", PARTS("PID-13", "XTN", "PID-13.1")},
        {"XCN", "PV1-7", PARTS("PV1-7", "XCN", "PV1-7.1")},
        {"PL", "PV1-3", PARTS("PV1-3", "PL", "PV1-3.1")},
        {"compared", "PID-18 = 'x'", PARTS("PID-18", "CX", "PID-18.1")},
        {"in a function", "PID-18.length()", PARTS("PID-18", "CX", "PID-18.1")},
        {"in join", "PID-5.join(' ')", PARTS("PID-5", "XPN", "PID-5.1")},
        {"as an argument", "'a'.startsWith(PID-18)",
         "r.yaml:7:23: error: PID-18 is a CX of several parts, one text is wanted here; say which "
         "part, as "
         "in PID-18.1"},
        {"a component", "PID-5[1].1", PARTS("PID-5[1].1", "FN", "PID-5[1].1.1")},
        {"a value of a function", "PID-3.first()",
         "r.yaml:7:14: error: the value is a CX of several parts, one text is wanted here; say "
         "which part, as in "
         "(...).1"},
    };
    rows_check(value, ROWS(rows));
    static const struct row fine[] = {
        {"its existence", "PID-18.exists()", V("true")},
        {"its number", "PID-5.count()", V("2")},
        {"its parts", "PID-18.1", V("\"99\"")},
        {"its bytes", "PID-18.raw()", V("\"99^^^Q&8.8&ISO^AN\"")},
    };
    rows_payload(value, adt, ROWS(fine));
}

Test(type, a_deeper_path_on_a_shallower_value_reads_the_value)
{
    static const struct row rows[] = {
        {"a component of a text", "PID-8.1", V("\"F\"")},
        {"a subcomponent of a text", "PID-8.1.1", V("\"F\"")},
        {"a subcomponent of a component", "PID-3[1].1.1", V("\"7\"")},
        {"behind $this", "PID-3.select($this.1.1)", V("\"7\",\"8\"")},
        {"behind a function", "PID-3.last().1.1", V("\"8\"")},
        {"the surname", "PID-5.1.1", V("\"DOE\",\"ROE\"")},
        {"a number stays one", "PID-1.1.1 + 1", V("8")},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row none[] = {{"the second part of it is empty", "PID-3[2].4.2", EMPTY}};
    rows_told(value, adt, ROWS(none));
}

/* ---- values that are not of their type ---- */

Test(type, a_valued_text_that_is_not_of_its_type_is_a_located_error)
{
    static const char bad[] = MSH "PID|1a||7||D||19801301|F|||||||||||||||||x\rPV1|1|||||||||||||||"
                                  "||||||||||||||||||||||||||||20261\rOBX|1|NM|A||high\r";
    static const struct row rows[] = {
        {"NM in arithmetic", "PID-25 + 1",
         HELD("15: PID-25: the value is no number, and + wants one")},
        {"NM with a sign", "-(PID-25)", HELD("8: PID-25: - wants a number")},
        {"NM compared", "PID-25 > 1",
         HELD("15: PID-25: the value is no number, and is compared with one")},
        {"NM asked for equality", "PID-25 = 1",
         HELD("15: PID-25: the value is no number, and is compared with one")},
        {"NM asked for inequality", "PID-25 != 1",
         HELD("15: PID-25: the value is no number, and is compared with one")},
        {"NM among others", "PID-25 in (1 | 2)",
         HELD("15: PID-25: the value is no number, and is compared with one")},
        {"two of them", "PID-1 = PID-25",
         HELD("14: PID-1: the value is no number, and is compared with one")},
        {"NM as JSON", "PID-25", HELD("8: PID-25: the value is no number, as NM wants")},
        {"NM in a function", "PID-25.abs()", HELD("15: PID-25: abs() wants a number")},
        {"NM converted", "PID-25.toDecimal()",
         HELD("15: PID-25: the value is no number, toDecimal() wants one")},
        {"SI converted", "PID-1.toInteger()",
         HELD("14: PID-1: the value is no whole number, toInteger() wants one")},
        {"a date: month 13", "PID-7.toDate()",
         HELD("14: PID-7: the value is no date, toDate() wants one")},
        {"in toDateTime", "PID-7.toDateTime()",
         HELD("14: PID-7: the value is no date, toDateTime() wants one")},
        {"in format", "PID-7.format('yyyy')",
         HELD("14: PID-7: the value is no date, format() wants one")},
        {"in toTime", "PID-7.toTime()",
         HELD("14: PID-7: the value is no time, toTime() wants one")},
        {"compared", "PID-7 < @2000-01-01",
         HELD("14: PID-7: the value is no date, and is compared with one")},
        {"asked for equality", "PID-7 = @2000-01-01",
         HELD("14: PID-7: the value is no date, and is compared with one")},
        {"moved", "PID-7 + 1 day", HELD("14: PID-7: the value is no date, and + wants one")},
        {"in a union", "(PV1-44 | PID-7).count()",
         HELD("16: PV1-44: the value is no date, and is compared with one")},
        {"the least", "PV1-44.combine(PID-7).min()",
         HELD("30: PV1-44: the value is no date, and is compared with one")},
        {"OBX-5 beside a number", "OBX[1]-5.first() > 1",
         HELD("25: OBX[1]-5: the value is no number, and is compared with one")},
    };
    static const struct row fine[] = {
        {"raw() gives the bytes", "PID-25.raw()", V("\"x\"")},
        {"raw() of a date", "PID-7.raw()", V("\"19801301\"")},
        {"isValid() asks: NM", "PID-25.isValid()", V("false")},
        {"isValid() asks: SI", "PID-1.isValid()", V("false")},
        {"isValid() asks: TS", "PID-7.isValid()", V("false")},
        {"isValid() asks: of text always", "PID-8.isValid()", V("true")},
        {"isValid() of nothing is nothing", "coalesce(PID-29.isValid(), 'none')", V("\"none\"")},
        {"a text compared with a text", "PID-25 = 'x'", V("true")},
    };
    rows_payload(value, bad, ROWS(fine));
    kit_source = 2;
    rows_told(zoned, bad, ROWS(rows));
}

Test(type, such_an_error_goes_the_way_of_on_error)
{
    static const char bad[] = MSH "PID|1a||7||D||19801301|F|||||||||||||||||x\r";
    static const char frame[] =
        "route: a\nfrom: epic\nmessages: [ADT^A01]\non-error: @@\ndo: { send: lab, id: =PID-25 * "
        "1 & 'x' }\n";
#define WRONG "r.yaml:5:30: PID-25: the value is no number, and * wants one"
    static const struct row rows[] = {
        {"skip", "skip", "filtered <a: " WRONG ">"},
        {"reject", "reject", "rejected <a: " WRONG "> AE/207/PID-25/a: " WRONG},
        {"hold", "hold", "accepted\nlab held <" WRONG ">"},
    };
    rows_told(frame, bad, ROWS(rows));
}

/* ---- + and & ---- */

Test(type, plus_is_empty_if_a_part_is_and_ampersand_is_not)
{
    static const struct row rows[] = {
        {"+ of two", "PID-8.lower() + 'x'", V("\"fx\"")},
        {"& of two", "PID-8 & 'x'", V("\"Fx\"")},
        {"& with an absent one", "PID-8 & PID-31", V("\"F\"")},
        {"& with null", "PID-19 & 'x'", V("\"x\"")},
        {"+ with an absent one, the next takes over", "coalesce(PID-31 + 'x', 'none')",
         V("\"none\"")},
        {"+ with null", "coalesce('x' + PID-19, 'none')", V("\"none\"")},
        {"& of a number", "'a' & (1 + 1)", V("\"a2\"")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_str_eq(kit_payload(rows_text(value, rows[i].text), adt), rows[i].want, "%s",
                         rows[i].name);
    }
#define PLUS                                                                                       \
    "remark: + on texts gives nothing where one of them is absent; & takes an absent text as "     \
    "empty"
    static const struct row remarks[] = {
        {"two texts", "PID-8 + 'x'", "r.yaml:7:14: " PLUS},
        {"two formulas", "PID-8.lower() + PID-1.toString()", "r.yaml:7:22: " PLUS},
        {"numbers", "PID-1 + 1", ""},
        {"&", "PID-8 & 'x'", ""},
    };
    rows_check(value, ROWS(remarks));
}

/* ---- escapes ---- */

Test(type, reading_decodes_escapes)
{
    static const struct row rows[] = {
        {"delimiters, hexadecimal, line feed; other formatting stays", "DG1[1]-4",
         V("\"a|b^c&d~e\\\\fA \\n \\\\H\\\\x\\\\N\\\\ \\\\.in+4\\\\y\"")},
        {"text() drops it", "DG1[1]-4.text()", V("\"a|b^c&d~e\\\\fA \\n x y\"")},
        {"raw() does not", "DG1[1]-4.raw()",
         V("\"a\\\\F\\\\b\\\\S\\\\c\\\\T\\\\d\\\\R\\\\e\\\\E\\\\f\\\\X41\\\\ \\\\.br\\\\ "
           "\\\\H\\\\x\\\\N\\\\ "
           "\\\\.in+4\\\\y\"")},
        {"functions see decoded text", "DG1[1]-4.substring(0, 3)", V("\"a|b\"")},
        {"a decoded delimiter is no delimiter", "DG1[1]-4.split('|').count()", V("2")},
        {"text() of each", "DG1[1]-4.text().split('\\n').first().length()", V("13")},
    };
    rows_payload(value, adt, ROWS(rows));
    static const struct row odd[] = {
        {"several bytes", "NK1[1]-3.1", V("\"AB\"")},
        {"small digits", "NK1[1]-3.2", V("\"jj\"")},
        {"what is no escape stays", "NK1[1]-3.3", V("\"a\\\\Q\\\\b\\\\Xg\\\\c\"")},
        {"a lone escape character stays", "NK1[1]-3.4", V("\"a\\\\b\"")},
    };
    static const char odds[] = MSH "PID|1\rNK1|1||\\X4142\\^\\X6a6A\\^a\\Q\\b\\Xg\\c^a\\b\r";
    rows_payload(value, odds, ROWS(odd));
    static const struct row other[] = {
        {"the message's own delimiters", "PV1-18.first() & PV1-4", V("\"a#b*c?d~e?f\"")},
    };
    static const char own[] =
        "MSH#*~?!#L#MAIN#D#X#2026##ADT*A01#M1#P#2.5.1\rPV1#1#I##a?F?b?S?c?E?d?R?e?E?f\r";
    rows_payload(value, own, ROWS(other));
}

Test(type, writing_encodes_delimiters_and_line_feeds)
{
    static const struct row rows[] = {
        {"delimiters", "  - set:\n      DG1[1]-4: =PID-31 & 'a|b^c&d~e\\\\f'",
         "DG1|1|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"},
        {"a literal, too", "  - set:\n      DG1[1]-4: 'a|b^c&d~e'",
         "DG1|1|||a\\F\\b\\S\\c\\T\\d\\R\\e"},
        {"a line feed in a text", "  - set:\n      DG1[1]-4: ='a\\nb'", "DG1|1|||a\\X0A\\b"},
        {"a line feed in FT", "  - set:\n      NTE[+]-3: ='a\\nb & c'", "NTE|||a\\.br\\b \\T\\ c"},
        {"a carriage return", "  - set:\n      NTE[+]-3: ='a\\rb'", "NTE|||a\\X0D\\b"},
        {"in OBX-5 of TX and FT, not of others",
         "  - set:\n      OBX[1]-5: ='a\\nb'\n      OBX[2]-5: ='a\\nb'\n      OBX[3]-5: ='a\\nb'",
         "OBX|1|TX|A^B||a\\.br\\b\rOBX|2|NM|A||a\\X0A\\b\rOBX|3|FT|A||a\\.br\\b"},
        {"in OBX-5 of each round", "  - for: OBX\n    do: { set: { OBX-5: =OBX-2 & '\\n' } }",
         "OBX|1|TX|A^B||TX\\.br\\\rOBX|2|NM|A||NM\\X0A\\\rOBX|3|FT|A||FT\\.br\\"},
        {"null()", "  - set: { PV1-2: =null() }", "PV1|1|\"\"|W1^2^^H|..."},
        {"a bare path copies bytes", "  - set:\n      NTE[+]-3: =DG1[1]-4",
         "NTE|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X41\\ \\.br\\ \\H\\x\\N\\ \\.in+4\\y"},
        {"a formula decodes and encodes", "  - set:\n      NTE[+]-3: =DG1[1]-4.text()",
         "NTE|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\fA \\.br\\ x y"},
        {"escaped() writes what it is given",
         "  - set:\n      DG1[1]-4: =escaped('\\\\H\\\\x\\\\N\\\\')", "DG1|1|||\\H\\x\\N\\"},
        {"a number", "  - set: { PV1-2: =1.50 + 1 }", "PV1|1|2.50|..."},
        {"a truth value", "  - set: { PV1-2: =PID-8 = 'F' }", "PV1|1|true|..."},
        {"a point in time", "  - set: { PV1-2: =PID-7.toDateTime('America/Chicago') }",
         "PV1|1|19800101123000-0600|..."},
        {"a point in time of UTC", "  - set: { PV1-2: =PID-7.toDateTime('UTC') }",
         "PV1|1|19800101123000+0000|..."},
        {"a time", "  - set: { PV1-2: =@T09:30 }", "PV1|1|0930|..."},
        {"a date", "  - set: { PV1-2: =PID-7.toDate() }", "PV1|1|19800101|..."},
    };
    rows_lines(set, adt, ROWS(rows));
}

Test(type, what_no_field_can_hold_is_a_located_error)
{
    static const struct row rows[] = {
        {"a number with a unit", "  - set: { PV1-2: =5 'mg' }",
         "accepted\nlab held <r.yaml:5:12: PV1-2: a number with a unit fits into no field>"},
        {"one of several", "  - set: { PID-3: =PID-3.1.combine(5 'mg') }",
         "accepted\nlab held <r.yaml:5:12: PID-3: a number with a unit fits into no field>"},
        {"a character that the message's set has not", "  - set: { PV1-2: \xe2\x82\xac }",
         "accepted\nlab held <r.yaml:5:12: PV1-2: the character set of the message cannot say this "
         "text>"},
    };
    static const char latin[] =
        "MSH|^~\\&|L|MAIN|D|X|2026||ADT^A01|M1|P|2.5.1||||||8859/1\rPID|1||7\rPV1|1|I|W\xe9\r";
    rows_told(set, latin, ROWS(rows));
    static const struct row fine[] = {
        {"one that it has", "  - set: { PV1-2: \xc3\xa9, PV1-4: =PV1-3.1 & '!' }",
         "PV1|1|\xe9|W\xe9|W\xe9!"},
    };
    rows_lines(set, latin, ROWS(fine));
    cr_expect_str_eq(kit_payload(rows_text(value, "PV1-3.1"), latin), V("\"W\xc3\xa9\""));
}

Test(type, check_refuses_escapes_that_would_go_wrong)
{
#define ESCAPE                                                                                     \
    "error: this is no escape of a FHIRPath string; write \\\\ for a backslash, \\n for a line "   \
    "feed; HL7 escapes stand in escaped('...')"
    static const struct row formulas[] = {
        {"\\.", "'a\\.br\\b'", "r.yaml:7:10: " ESCAPE},
        {"\\T", "'a\\T\\b'", "r.yaml:7:10: " ESCAPE},
        {"\\X", "'\\X0A\\'", "r.yaml:7:9: " ESCAPE},
        {"those of N1", "'\\'\\\\\\/\\f\\n\\r\\t\\`\\u0041\\\"'", ""},
    };
    rows_check(value, ROWS(formulas));
#define PLAIN                                                                                      \
    "error: an HL7 escape in a text would be written as plain characters; write the character "    \
    "itself, "                                                                                     \
    "or =escaped('...')"
    static const struct row texts[] = {
        {"\\T\\", "  - set: { PV1-2: 'a\\T\\b' }", "r.yaml:5:19: " PLAIN},
        {"\\.br\\", "  - set: { PV1-2: 'a\\.br\\b' }", "r.yaml:5:19: " PLAIN},
        {"\\X0A\\", "  - set: { PV1-2: a\\X0A\\b }", "r.yaml:5:19: " PLAIN},
        {"of add", "  - add: NTE\n    after: PID\n    set: { 3: '\\H\\x\\N\\' }",
         "r.yaml:7:15: " PLAIN},
        {"a backslash alone is none", "  - set: { PV1-2: 'C:\\dir' }", ""},
    };
    rows_check(set, ROWS(texts));
}

/* NM until 2.6, but nobody counts with it. */
Test(type, the_digits_of_a_telephone_are_text)
{
    static const char message[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                                  "PID|1||7||||||||||^PRN^PH^^01^0312^0550101^0042\rPV1|1|I\r";
    static const char frame[] =
        "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\n"
        "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v: =@@\n";
    static const struct row rows[] = {
        {"country", "PID-13[1].5", "{\"v\":\"01\"}"},
        {"area", "PID-13[1].6", "{\"v\":\"0312\"}"},
        {"number", "PID-13[1].7", "{\"v\":\"0550101\"}"},
        {"extension", "PID-13[1].8", "{\"v\":\"0042\"}"},
        {"joined", "PID-13[1].6 & PID-13[1].7", "{\"v\":\"03120550101\"}"},
        {"a number is one", "PID-1", "{\"v\":1}"},
    };
    rows_payload(frame, message, ROWS(rows));
}

Test(type, arithmetic_that_can_only_go_wrong_is_refused)
{
    static const char frame[] =
        "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: desk, as: m "
        "}\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  v: >-\n    =@@\n";
#define TEXT "this is a text, a number is wanted here; "
#define JOIN TEXT "& joins a number and a text; .toInteger() or .toDecimal() makes a number of it"
#define DATE "a date is no number, and one is wanted here; "
    static const struct row rows[] = {
        {"a number and a text", "PID-1 + 'x'", "r.yaml:11:14: error: " JOIN},
        {"a text and a number", "'x' + PID-1", "r.yaml:11:6: error: " JOIN},
        {"a count and a text", "PID-3.count() + PV1-2.upper()", "r.yaml:11:28: error: " JOIN},
        {"less a text", "PID-1 - '2'",
         "r.yaml:11:14: error: " TEXT "add .toInteger() or .toDecimal()"},
        {"times a text", "PV1-5.1 * '2'",
         "r.yaml:11:16: error: " TEXT "add .toInteger() or .toDecimal()"},
        {"rounding a text", "PV1-2.trim().round()",
         "r.yaml:11:12: error: " TEXT "add .toInteger() or .toDecimal()"},
        {"the year of a text", "PV1-2.trim().yearOf()",
         "r.yaml:11:12: error: this is a text, a date is wanted here; add .toDate() or "
         ".toDateTime()"},
        {"a date and a number", "PID-7 + 1",
         "r.yaml:11:12: error: " DATE "say what is added, as + 1 day, - 2 hours"},
        {"a date less a number", "PID-7 - 1",
         "r.yaml:11:12: error: " DATE "say what is added, as + 1 day, - 2 hours"},
        {"a date less a date", "PV1-44 - PID-7",
         "r.yaml:11:13: error: " DATE
         "DATE.duration(DATE, 'days') counts the days from the first to the second"},
        {"twice a date", "PID-7 * 2",
         "r.yaml:11:12: error: " DATE "yearOf(), hourOf() and the like give numbers of it"},
        {"texts", "PV1-2 & 'x'", ""},
        {"a number and a text, joined", "PID-1 & 'x'", ""},
        {"a date and days", "PID-7 + 1 day", ""},
        {"numbers", "PID-1 + 1 - PV1-47 * 2", ""},
    };
    rows_check(frame, ROWS(rows));
}
