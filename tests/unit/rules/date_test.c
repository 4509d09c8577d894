/* Dates: zones, precision, clock changes, patterns, the receipt time, uuid(). Language, section 12. */
#include "tests/unit/rules/rows.h"

#include "engine/base/buf.h"
#include "engine/base/hash.h"

TestSuite(date, .init = kit_begin, .fini = kit_end);

#define MSH "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
static const char adt[] = MSH "PID|1||||||198001\rPV1|1|||||||||||||||||||||||20260102\r";

/* A formula in line 7, column 8; PV1-44 (TS) is the date of a row where it has one. */
#define MAP "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v:\n    - >-\n      =@@\n---\n"
#define FROM(source)                                                                               \
    MAP "route: a\nfrom: " source "\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n"
static const char chicago[] = FROM("profiled"), nowhere[] = FROM("epic");

struct reading {
    const char *name, *v2, *want;
};

/* What `formula` makes of PV1-44 in the feed of kit_source; a fault as "held ...". */
static const char *made(const char *formula, const char *v2)
{
    const char *frame = kit_source == 2 ? chicago : nowhere;
    struct str message = str_printf(
        &kit_arena, MSH "PID|1\rPV1|1|||||||||||||||||||||||||||||||||||||||||||%s\r", v2);
    const char *told = kit_run(rows_text(frame, formula), message.p),
               *at = strstr(told, "{\"v\":[\"");
    if (!at) {
        at = strstr(told, "held ");
        return at ? at : told;
    }
    at += strlen("{\"v\":[\"");
    return str_dup(&kit_arena, str_from(at, strlen(at) - strlen("\"]}"))).p;
}

static void readings(const char *formula, const struct reading *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = made(formula, rows[i].v2);
        cr_expect_str_eq(got, rows[i].want, "%s: %s\n  got  %s\n  want %s", formula, rows[i].name,
                         got, rows[i].want);
    }
}

/* ---- the zone ---- */

Test(date, to_date_time_takes_the_offset_of_the_data_then_the_argument_then_the_feed)
{
    static const struct reading feed[] = {
        {"no offset: the feed's zone, winter", "20261124093000", "2026-11-24T09:30:00-06:00"},
        {"no offset: the feed's zone, summer", "20260724093000", "2026-07-24T09:30:00-05:00"},
        {"an offset of the data", "20261124093000+0100", "2026-11-24T09:30:00+01:00"},
        {"an offset of zero", "20261124093000+0000", "2026-11-24T09:30:00Z"},
        {"a negative offset with minutes", "202611240930-0330", "2026-11-24T09:30:00-03:30"},
    };
    static const struct reading argument[] = {
        {"no offset: the zone given", "20261124093000", "2026-11-24T09:30:00+01:00"},
        {"in summer", "20260724093000", "2026-07-24T09:30:00+02:00"},
        {"an offset of the data goes before it", "20261124093000-0800",
         "2026-11-24T09:30:00-08:00"},
    };
    kit_source = 2;
    readings("PV1-44.toDateTime()", feed, sizeof(feed) / sizeof(feed[0]));
    readings("PV1-44.toDateTime('Europe/Berlin')", argument, 3);
    readings("PV1-44.toDateTime($source.timezone)", feed, sizeof(feed) / sizeof(feed[0]));
    readings("PV1-44.toDateTime('Asia/Kolkata')",
             &(struct reading){"half an hour", "20261124093000", "2026-11-24T09:30:00+05:30"}, 1);
    readings("PV1-44.toDateTime('UTC')",
             &(struct reading){"UTC", "202611240930", "2026-11-24T09:30:00Z"}, 1);
    readings("PV1-44.toDateTime(PID-31)",
             &(struct reading){"an empty argument: the feed's", "202611240930",
                               "2026-11-24T09:30:00-06:00"},
             1);
    kit_source = 0;
    readings("PV1-44.toDateTime('Europe/Berlin')", argument, 3);
}

Test(date, without_any_zone_check_refuses)
{
#define NO_ZONE                                                                                    \
    "error: the source epic has no timezone:, and a date of it may have no offset; name a zone "   \
    "in the "                                                                                      \
    "brackets, or give the source its timezone: in the configuration"
    static const struct row rows[] = {
        {"toDateTime", "PV1-44.toDateTime()", "r.yaml:7:15: " NO_ZONE},
        {"format of a TS", "PV1-44.format('yyyy')", "r.yaml:7:15: " NO_ZONE},
        {"format of a DT has no clock", "PV1-25.format('yyyy')", ""},
        {"a zone is given", "PV1-44.toDateTime('UTC')", ""},
        {"toDate wants none", "PV1-44.toDate()", ""},
        {"a zone that is none", "PV1-44.toDateTime('America/Chicagoo')",
         "r.yaml:7:26: error: no time zone is called America/Chicagoo; zones have names as "
         "America/Chicago, Europe/Berlin, UTC"},
        {"a name that would leave the folder", "PV1-44.toDateTime('../../etc/passwd')",
         "r.yaml:7:26: error: no time zone is called ../../etc/passwd; zones have names as "
         "America/Chicago, Europe/Berlin, UTC"},
        {"in format", "PV1-44.format('yyyy', 'CST6')",
         "r.yaml:7:30: error: no time zone is called CST6; zones have names as America/Chicago, "
         "Europe/Berlin, UTC"},
    };
    rows_check(nowhere, ROWS(rows));
    static const struct row empty[] = {
        {"an argument that turns out empty", "PV1-44.toDateTime(PID-31)",
         "accepted\nlab held <r.yaml:7:15: PV1-44: the date has no offset, and no time zone is "
         "known for "
         "it>"},
        {"a zone of the message that nobody loaded", "PV1-44.toDateTime(PV1-2)",
         "accepted\nlab held <r.yaml:7:15: PV1-44: the time zone is not one that was known when "
         "the "
         "routes were checked; zones come from the configuration, texts of formulas and cells of "
         "tables>"},
    };
    static const char dated[] =
        MSH "PID|1\rPV1|1|Asia/Tokyo||||||||||||||||||||||||||||||||||||||||||20260102"
            "0930\r";
    rows_told(nowhere, dated, ROWS(empty));
}

Test(date, zones_come_out_of_tables)
{
    static const char frame[] = "tables: { zones: { file: zones.csv } }\n---\n" FROM("epic");
    static const struct row rows[] = {
        {"a cell", "PV1-44.toDateTime(PV1-2.lookup('zones'))",
         "{\"v\":[\"2026-07-02T09:30:00+02:00\"]}"},
        {"another cell", "PV1-44.toDateTime('H2'.lookup('zones'))",
         "{\"v\":[\"2026-07-02T09:30:00+09:00\"]}"},
        {"coalesce", "PV1-44.toDateTime(coalesce(PID-31.lookup('zones'), 'UTC'))",
         "{\"v\":[\"2026-07-02T09:30:00Z\"]}"},
        {"in format", "PV1-44.format('HH:mm XXX', PV1-2.lookup('zones'))",
         "{\"v\":[\"09:30 +02:00\"]}"},
    };
    static const char dated[] =
        MSH "PID|1\rPV1|1|H1||||||||||||||||||||||||||||||||||||||||||202607020930\r";
    kit_file("zones.csv", "k,v\nH1,Europe/Berlin\nH2,Asia/Tokyo\n");
    rows_payload(frame, dated, ROWS(rows));
}

Test(date, zones_come_out_of_names)
{
    static const char frame[] = "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo:\n@@\n";
    static const struct row rows[] = {
        {"a let", "  - let: { tz: Asia/Tokyo }\n  - { send: lab, id: =PV1-44.toDateTime($tz) }",
         "accepted\nlab id=2026-07-02T09:30:00+09:00: ..."},
        {"a parameter",
         "  - { send: lab, as: m, with: { tz: Asia/Tokyo } }\n---\nmap: m\nreads: ADT\nto: json\n"
         "needs: [tz]\nvalue: { v: =PV1-44.toDateTime($tz) }",
         "accepted\nlab: {\"v\":\"2026-07-02T09:30:00+09:00\"}"},
        {"a default",
         "  - { send: lab, as: m }\n---\nmap: m\nreads: ADT\nto: json\nwith: { tz: Asia/Tokyo }\n"
         "value: { v: =PV1-44.toDateTime($tz) }",
         "accepted\nlab: {\"v\":\"2026-07-02T09:30:00+09:00\"}"},
    };
    static const char dated[] =
        MSH "PID|1\rPV1|1|||||||||||||||||||||||||||||||||||||||||||202607020930\r";
    rows_told(frame, dated, ROWS(rows));
    static const struct row profile[] = {
        {"a name of the profile",
         "PV1-44.toDateTime($tz)\n---\nprofile: p\nlet: { tz: Asia/Tokyo }\n",
         "{\"v\":[\"2026-07-02T09:30:00+09:00\"]}"},
    };
    kit_source = 2;
    rows_payload(chicago, dated, ROWS(profile));
}

/* ---- precision ---- */

Test(date, precision_is_kept)
{
    static const struct reading rows[] = {
        {"a year", "1980", "1980"},
        {"a month", "198003", "1980-03"},
        {"a day", "19800301", "1980-03-01"},
        {"an hour gets its minutes", "1980030109", "1980-03-01T09:00:00-06:00"},
        {"minutes", "198003010930", "1980-03-01T09:30:00-06:00"},
        {"seconds", "19800301093015", "1980-03-01T09:30:15-06:00"},
        {"a tenth", "19800301093015.5", "1980-03-01T09:30:15.5-06:00"},
        {"four digits", "19800301093015.1234", "1980-03-01T09:30:15.1234-06:00"},
        {"2400 is the next day", "198003012400", "1980-03-02T00:00:00-06:00"},
        {"240000 is the next day", "19801231240000", "1981-01-01T00:00:00-06:00"},
        {"24 is the next day", "1980022924", "1980-03-01T00:00:00-06:00"},
        {"a leap day", "20000229", "2000-02-29"},
    };
    static const struct reading dates[] = {
        {"a year", "1980", "1980"},
        {"a month", "198003", "1980-03"},
        {"a day", "19800301", "1980-03-01"},
        {"its clock goes", "19800301093015+0100", "1980-03-01"},
        {"2400", "198003012400", "1980-03-02"},
    };
    static const struct reading times[] = {
        {"minutes", "198003010930", "09:30"},
        {"seconds", "19800301093015", "09:30:15"},
        {"a fraction", "19800301093015.25", "09:30:15.25"},
        {"an hour", "1980030109", "09:00"},
        {"its offset goes", "198003010930+0100", "09:30"},
    };
    kit_source = 2;
    readings("PV1-44.toDateTime()", rows, sizeof(rows) / sizeof(rows[0]));
    readings("PV1-44.toDate()", dates, sizeof(dates) / sizeof(dates[0]));
    readings("PV1-44.toTime()", times, sizeof(times) / sizeof(times[0]));
}

Test(date, what_is_no_date_is_a_located_error)
{
    static const char *const rows[] = {
        "0000",         "00000000",   "000000000000",      "198013",         "19800230", "19000229",
        "198003012401", "1980030125", "198003010960",      "19800301093060", "198",      "1980030",
        "abc",          "1980-03-01", "198003010930+2500", "19800301 ",      "+0100"};
    kit_source = 2;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_str_eq(made("PV1-44.toDateTime()", rows[i]),
                         "held <r.yaml:7:15: PV1-44: the value is no date, toDateTime() wants one>",
                         "%s: %s", rows[i], made("PV1-44.toDateTime()", rows[i]));
        cr_expect_str_eq(made("PV1-44.isValid().toString()", rows[i]), "false", "%s", rows[i]);
    }
    cr_expect_str_eq(made("PV1-44.toTime()", "19800301"),
                     "held <r.yaml:7:15: PV1-44: the value is no time, toTime() wants one>");
    cr_expect_str_eq(made("@T09:30.toDateTime()", "1980"),
                     "held <r.yaml:7:16: a time without a date is no point in time>");
    cr_expect_str_eq(made("@T09:30.toDate()", "1980"), "held <r.yaml:7:16: a time is no date>");
}

Test(date, texts_of_formulas_are_read_in_both_spellings)
{
    static const struct row rows[] = {
        {"as v2 writes it", "('2026' & '1124').toDate()", "{\"v\":[\"2026-11-24\"]}"},
        {"as N1 writes it", "'2026-11-24T09:30'.toDateTime()",
         "{\"v\":[\"2026-11-24T09:30:00-06:00\"]}"},
        {"with an offset", "'2026-11-24T09:30:00+01:00'.toDateTime()",
         "{\"v\":[\"2026-11-24T09:30:00+01:00\"]}"},
        {"as v2, with hours", "'202611240930'.toDateTime()",
         "{\"v\":[\"2026-11-24T09:30:00-06:00\"]}"},
        {"a time as v2 writes it", "'0930'.toTime()", "{\"v\":[\"09:30\"]}"},
        {"a time as N1 writes it", "'09:30:15'.toTime()", "{\"v\":[\"09:30:15\"]}"},
        {"each of several", "('1980' | '1981').toDate()", "{\"v\":[\"1980\",\"1981\"]}"},
    };
    kit_source = 2;
    rows_payload(chicago, adt, ROWS(rows));
    static const struct row faults[] = {
        {"none", "'x'.toDate()",
         "accepted\nlab held <r.yaml:7:12: the value is no date, toDate() wants one>"},
        {"no time", "'25:00'.toTime()",
         "accepted\nlab held <r.yaml:7:16: the value is no time, toTime() wants one>"},
    };
    rows_told(chicago, adt, ROWS(faults));
}

/* ---- clock changes ---- */

Test(date, an_hour_that_occurs_twice_is_the_first_and_one_that_does_not_moves_forward)
{
    static const struct reading us[] = {
        {"before the gap", "202603080159", "2026-03-08T01:59:00-06:00"},
        {"its beginning", "20260308020000", "2026-03-08T03:00:00-05:00"},
        {"within", "202603080230", "2026-03-08T03:30:00-05:00"},
        {"its last second", "20260308025959", "2026-03-08T03:59:59-05:00"},
        {"with a fraction", "20260308023000.25", "2026-03-08T03:30:00.25-05:00"},
        {"an hour alone", "2026030802", "2026-03-08T03:00:00-05:00"},
        {"behind it", "202603080300", "2026-03-08T03:00:00-05:00"},
        {"before the overlap", "202611010059", "2026-11-01T00:59:00-05:00"},
        {"its beginning", "202611010100", "2026-11-01T01:00:00-05:00"},
        {"within", "202611010130", "2026-11-01T01:30:00-05:00"},
        {"its last second", "20261101015959", "2026-11-01T01:59:59-05:00"},
        {"behind it", "202611010200", "2026-11-01T02:00:00-06:00"},
        {"with an offset it is neither", "202611010130-0600", "2026-11-01T01:30:00-06:00"},
        {"a day alone has no hour", "20260308", "2026-03-08"},
    };
    static const struct reading de[] = {
        {"before the gap", "202603290159", "2026-03-29T01:59:00+01:00"},
        {"within", "202603290230", "2026-03-29T03:30:00+02:00"},
        {"behind it", "202603290300", "2026-03-29T03:00:00+02:00"},
        {"before the overlap", "202610250159", "2026-10-25T01:59:00+02:00"},
        {"within", "202610250230", "2026-10-25T02:30:00+02:00"},
        {"behind it", "202610250300", "2026-10-25T03:00:00+01:00"},
        {"far ahead", "203607010900", "2036-07-01T09:00:00+02:00"},
    };
    kit_source = 2;
    readings("PV1-44.toDateTime()", us, sizeof(us) / sizeof(us[0]));
    readings("PV1-44.toDateTime('Europe/Berlin')", de, sizeof(de) / sizeof(de[0]));
    readings("PV1-44.format('HH:mm xx')",
             &(struct reading){"format, too", "202603080230", "03:30 -0500"}, 1);
}

/* Run at a time; remarks as "LINE:COL TEXT|", newest first. */
static const char *told_at(const char *yaml, const struct rules_input *how, const char *message,
                           const char **out_remarks)
{
    struct diags d;
    struct ruleset *r = kit_compile(yaml, &d);
    cr_assert(r, "%s", kit_findings(&d));
    struct hl7 *m = kit_message(message);
    struct rules_input in = *how;
    struct rules_result res;
    struct str all = STR("");
    in.m = m;
    rules_run(r, &in, &kit_arena, &res);
    for (const struct rules_remark *one = res.remarks; one; one = one->next) {
        all = str_printf(&kit_arena, "%.*s%u:%u %s|", STR_ARG(all), one->pos.line, one->pos.col,
                         one->text);
    }
    if (out_remarks) {
        *out_remarks = all.n ? all.p : "";
    }
    return kit_told(m, &res);
}

Test(date, both_are_remarked)
{
    static const struct {
        const char *v2, *want;
    } rows[] = {
        {"202611010130", "7:15 the hour occurs twice in its zone; the first one was taken|"},
        {"202603080230",
         "7:15 the hour does not exist in its zone; it was moved forward by the gap|"},
        {"202603080330", ""},
        {"202611010130-0600", ""},
    };
    struct rules_input in = {.source = 2};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str message = str_printf(
            &kit_arena, MSH "PV1|1|||||||||||||||||||||||||||||||||||||||||||%s\r", rows[i].v2);
        const char *remarks;
        (void)told_at(rows_text(chicago, "PV1-44.toDateTime()"), &in, message.p, &remarks);
        cr_expect_str_eq(remarks, rows[i].want, "%s: %s", rows[i].v2, remarks);
    }
}

Test(date, what_is_asked_for_again_is_the_same_again)
{
    static const struct reading rows[] = {
        {"a clock", "202611240930",
         "2026-11-24T09:30:00-06:00 2026-11-24T09:30:00+01:00 2026-11-24T09:30:00-06:00"},
        {"its offset", "202611240930+0900",
         "2026-11-24T09:30:00+09:00 2026-11-24T09:30:00+09:00 2026-11-24T09:30:00+09:00"},
        {"a day", "20261124", "2026-11-24 2026-11-24 2026-11-24"},
    };
    kit_source = 2;
    readings("PV1-44.toDateTime().toString() & ' ' & PV1-44.toDateTime('Europe/Berlin').toString() "
             "& ' ' & PV1-44.toDateTime().toString()",
             rows, 3);
    cr_expect_str_eq(
        made("PV1-44.toDateTime().toString() & MSH-7.toDateTime().toString()", "202611240931"),
        "2026-11-24T09:31:00-06:002026-11-24T09:30:00-06:00");
}

Test(date, what_is_asked_for_again_is_remarked_again)
{
    struct rules_input in = {.source = 2};
    const char *remarks, *again;
    struct str message = str_printf(&kit_arena, MSH "PV1|1|%.*s202611010130\r", 42,
                                    "||||||||||||||||||||||||||||||||||||||||||||||");
    (void)told_at(
        rows_text(chicago, "PV1-44.toDateTime().toString() & PV1-44.toDateTime().toString()"), &in,
        message.p, &remarks);
    again = strstr(remarks, "twice");
    cr_assert(again, "%s", remarks);
    cr_expect(strstr(again + 1, "twice"), "%s", remarks);
}

/* ---- format ---- */

Test(date, format_uses_the_letters_of_cldr)
{
    static const struct row rows[] = {
        {"years", "y yy yyyy", "2026 26 2026"},
        {"months", "M MM MMM MMMM", "3 03 Mar March"},
        {"days", "d dd", "5 05"},
        {"days of the year", "D DD DDD", "64 64 064"},
        {"days of the week", "E EE EEE EEEE", "Thu Thu Thu Thursday"},
        {"hours to 23", "H HH", "14 14"},
        {"hours to 12", "h hh a", "2 02 PM"},
        {"minutes", "m mm", "7 07"},
        {"seconds", "s ss", "9 09"},
        {"fractions", "S SS SSS SSSS SSSSSS", "1 12 123 1234 123400"},
        {"offsets with Z", "X XX XXX", "-06 -0600 -06:00"},
        {"offsets without", "x xx xxx Z", "-06 -0600 -06:00 -0600"},
        {"a usual one", "yyyy-MM-dd HH:mm", "2026-03-05 14:07"},
        {"signs are themselves", "dd.MM.yyyy, HH/mm [ss]", "05.03.2026, 14/07 [09]"},
        {"quoted text", "yyyy\\'T\\'HH", "2026T14"},
        {"quoted letters", "\\'on the\\' d", "on the 5"},
        {"a quote", "h \\'o\\'\\'clock\\'", "2 o'clock"},
        {"glued", "yyyyMMddHHmmss", "20260305140709"},
    };
    kit_source = 2;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str formula = str_printf(&kit_arena, "PV1-44.format('%s')", rows[i].text);
        const char *got = made(formula.p, "20260305140709.1234");
        cr_expect_str_eq(got, rows[i].want, "%s: got %s", rows[i].name, got);
    }
    cr_expect_str_eq(made("PV1-44.format('h a')", "202603050005"), "12 AM");
    cr_expect_str_eq(made("PV1-44.format('h a')", "202603051200"), "12 PM");
    cr_expect_str_eq(made("PV1-44.format('X')", "202603051200+0000"), "Z");
    cr_expect_str_eq(made("PV1-44.format('x')", "202603051200+0000"), "+00");
    cr_expect_str_eq(made("PV1-44.format('X')", "202603051200+0530"), "+0530");
    cr_expect_str_eq(made("PV1-44.format('yyyy-MM')", "198003"), "1980-03");
    cr_expect_str_eq(made("PV1-44.toTime().format('HH.mm')", "202603051200"), "12.00");
    cr_expect_str_eq(made("PV1-44.toString().format('MM/dd/yyyy')", "20260305"), "03/05/2026",
                     "the pattern is written, not read");
}

Test(date, format_shows_the_instant_as_the_zone_does)
{
    static const struct reading rows[] = {
        {"a reading gets the zone", "202603051407", "2026-03-05 14:07 +01:00"},
        {"an instant moves into it", "202603052330-0600", "2026-03-06 06:30 +01:00"},
    };
    static const struct reading own[] = {
        {"a reading of the feed", "202603051407", "2026-03-05 14:07 -06:00"},
        {"without an argument an instant stays as it is", "202603052330+0100",
         "2026-03-05 23:30 +01:00"},
    };
    kit_source = 2;
    readings("PV1-44.format('yyyy-MM-dd HH:mm xxx', 'Europe/Berlin')", rows, 2);
    readings("PV1-44.format('yyyy-MM-dd HH:mm xxx')", own, 2);
    readings("PV1-44.toDateTime().format('dd HH', 'Asia/Tokyo')",
             &(struct reading){"of a dateTime", "202603051407", "06 05"}, 1);
}

Test(date, a_pattern_that_cannot_be_is_refused)
{
#define LETTERS                                                                                    \
    " that is not known; letters are y M d E D H h m s S a X x Z; a text stands in quotes, as in " \
    "'yyyy''T''HH'"
    static const struct row rows[] = {
        {"a letter", "PV1-44.format('yyyy-QQ')",
         "r.yaml:7:22: error: the pattern has a letter at character 6" LETTERS},
        {"too many of it", "PV1-44.format('yyy')",
         "r.yaml:7:22: error: the pattern has a letter at character 1" LETTERS},
        {"an open quote", "PV1-44.format('dd \\'T')",
         "r.yaml:7:22: error: the pattern has a letter at character 4" LETTERS},
        {"the name of a zone", "PV1-44.format('HH z')",
         "r.yaml:7:22: error: the pattern has a letter at character 4" LETTERS},
        {"Java's week year", "PV1-44.format('YYYY')",
         "r.yaml:7:22: error: the pattern has a letter at character 1" LETTERS},
    };
    rows_check(chicago, ROWS(rows));
    kit_source = 2;
    cr_expect_str_eq(
        made("PV1-44.format('yyyy-MM-dd')", "198003"),
        "held <r.yaml:7:15: PV1-44: format(): the pattern wants more than the value gives>");
    cr_expect_str_eq(
        made("PV1-44.format('dd XXX')", "19800301"),
        "held <r.yaml:7:15: PV1-44: format(): the pattern wants an offset, the value has none>");
    cr_expect_str_eq(
        made("PV1-44.toTime().format('HH XXX')", "198003010930"),
        "held <r.yaml:7:24: PV1-44: format(): the pattern wants an offset, the value has none>");
}

/* ---- arithmetic, N1 6.6.7 and 6.6.8 ---- */

Test(date, lengths_of_time_move_a_date_at_its_precision)
{
    static const struct row rows[] = {
        {"days", "@2026-02-27 + 2 days", "date:2026-03-01"},
        {"back", "@2026-03-01 - 1 day", "date:2026-02-28"},
        {"weeks", "@2026-01-31 + 1 week", "date:2026-02-07"},
        {"a month ends sooner", "@2026-01-31 + 1 month", "date:2026-02-28"},
        {"a leap day", "@2024-02-29 + 1 year", "date:2025-02-28"},
        {"months to a year", "@2026 + 24 months", "date:2028"},
        {"months that make no year", "@2026 + 11 months", "date:2026"},
        {"hours to a day", "@2026-01-01 + 23 hours", "date:2026-01-01"},
        {"hours that make a day", "@2026-01-01 + 24 hours", "date:2026-01-02"},
        {"minutes keep the offset", "@2026-01-01T23:59:00-06:00 + 1 minute",
         "dateTime:2026-01-02T00:00:00-06:00"},
        {"seconds have fractions", "@2026-01-01T00:00:00 + 1.5 seconds",
         "dateTime:2026-01-01T00:00:01.500"},
        {"a time goes round", "@T23:30 + 1 hour", "time:00:30"},
        {"nothing", "@2026-01-01 + {}", ""},
        {"the first day", "@0001-01-02 - 1 day", "date:0001-01-01"},
        {"before the first", "@0001-01-01 - 1 day", ""},
        {"the last day", "@9999-12-30 + 1 day", "date:9999-12-31"},
        {"behind the last", "@9999-12-31 + 1 day", ""},
        {"far behind", "@2026-01-01 + 9999999999999 days", ""},
        {"a time by days", "@T09:30 + 1 day",
         "-:1:9: error: the date would leave the years 1 to 9999, or a time its day"},
        {"no length of time", "@2026-01-01 + 1 'mg'",
         "-:1:13: error: + wants a length of time, as in 3 days, this is a mg"},
        {"months of UCUM are none of the calendar", "@2026-01-01 + 1 'mo'",
         "-:1:13: error: + wants a length of time, as in 3 days, this is a mo"},
    };
    rows_eval(NULL, ROWS(rows));
}

Test(date, dates_compare_as_far_as_both_are_precise)
{
    static const struct row rows[] = {
        {"other days", "@2026-01-01 < @2026-01-02", "boolean:true"},
        {"another month decides", "@2026-02 > @2026-01-15", "boolean:true"},
        {"the same month leaves it open", "@2026-01 > @2026-01-15", ""},
        {"instants", "@2026-01-01T12:00:00-06:00 = @2026-01-01T18:00:00Z", "boolean:true"},
        {"one without an offset", "@2026-01-01T12:00:00 = @2026-01-01T12:00:00Z", ""},
        {"one without an offset, at midnight", "@2026-01-01T00:00:00 = @2026-01-01T00:00:00Z", ""},
        {"seconds and their fraction are one part",
         "@2026-01-01T12:00:00 = @2026-01-01T12:00:00.000", "boolean:true"},
        {"times", "@T09:30 < @T10:00", "boolean:true"},
        {"~ wants the same precision", "@2026-01 ~ @2026-01-15", "boolean:false"},
        {"a date is no text", "@2026-01-01 = '2026-01-01'", "boolean:false"},
    };
    rows_eval(NULL, ROWS(rows));
}

/* ---- the receipt time, uuid ---- */

Test(date, now_is_the_receipt_time_where_the_feed_is)
{
    static const struct {
        const char *formula;
        unsigned source;
        const char *want;
    } rows[] = {
        {"now()", 2, "\"2026-03-07T23:30:15.250-06:00\""},
        {"today()", 2, "\"2026-03-07\""},
        {"timeOfDay()", 2, "\"23:30:15.250\""},
        {"now()", 0, "\"2026-03-08T05:30:15.250Z\""},
        {"today()", 0, "\"2026-03-08\""},
        {"timeOfDay()", 0, "\"05:30:15.250\""},
        {"now().format('HH:mm', 'Europe/Berlin')", 0, "\"06:30\""},
        {"now() = now()", 0, "true"},
        {"today() - 1 day", 2, "\"2026-03-06\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rules_input in = {.source = rows[i].source,
                                 .received_us =
                                     INT64_C(1772947815250999)}; /* 2026-03-08T05:30:15.250999Z */
        struct str want = str_printf(&kit_arena, "accepted\nlab: {\"v\":[%s]}", rows[i].want);
        const char *got =
            told_at(rows_text(in.source ? chicago : nowhere, rows[i].formula), &in, adt, NULL);
        cr_expect_str_eq(got, want.p, "%s: %s", rows[i].formula, got);
    }
}

Test(date, a_uuid_is_made_of_the_message_id_and_the_name)
{
    static const char frame[] = FROM("epic");
    struct rules_input one = {.id_hi = 1, .id_lo = 2}, same = one, other = {.id_hi = 1, .id_lo = 3};
    const char *text = rows_text(frame, "uuid('a')"), *name = rows_text(frame, "uuid('b')");
    const char *a = told_at(text, &one, adt, NULL);
    cr_expect_str_eq(a, told_at(text, &same, adt, NULL), "the same for the same message");
    cr_expect_str_neq(a, told_at(text, &other, adt, NULL), "another message");
    cr_expect_str_neq(a, told_at(name, &one, adt, NULL), "another name");
    struct str bytes = STR("whatever names it");
    struct rules_input later = {.id_of = bytes},
                       known = {.id_hi = hash64_str(bytes, 1), .id_lo = hash64_str(bytes, 2)};
    cr_expect_str_eq(told_at(text, &later, adt, NULL), told_at(text, &known, adt, NULL),
                     "an id that is made where it is asked for");
    const char *at = strstr(a, "urn:uuid:");
    cr_assert(at, "%s", a);
    at += strlen("urn:uuid:");
    cr_expect_eq(strspn(at, "0123456789abcdef"), 8);
    cr_expect_eq(strcspn(at, "\""), 36);
    cr_expect(at[8] == '-' && at[13] == '-' && at[18] == '-' && at[23] == '-', "%s", at);
    cr_expect_eq(at[14], '8', "version 8: %s", at);
    cr_expect(strchr("89ab", at[19]), "variant: %s", at);
    /* SHA-256 of the id's sixteen bytes, big end first, and the name. */
    cr_expect_str_eq(at, "d3d825ad-5436-8f96-973b-054d4fd1bd6b\"]}");
}
