#include "engine/hl7/dtm.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>

Test(dtm, valid_values_keep_precision_and_offset)
{
    static const struct {
        enum dtm_kind kind;
        const char *text, *written; /* NULL: as read */
        enum dtm_precision precision;
    } rows[] = {
        {DTM_DATE, "2026", NULL, DTM_YEAR},
        {DTM_DATE, "202611", NULL, DTM_MONTH},
        {DTM_DATE, "20261124", NULL, DTM_DAY},
        {DTM_DATE, "20240229", NULL, DTM_DAY},
        {DTM_DATE, "20000229", NULL, DTM_DAY},
        {DTM_DATE, "00010101", NULL, DTM_DAY},
        {DTM_DATE, "99991231", NULL, DTM_DAY},
        {DTM_TIME, "09", NULL, DTM_HOUR},
        {DTM_TIME, "0930", NULL, DTM_MINUTE},
        {DTM_TIME, "093015", NULL, DTM_SECOND},
        {DTM_TIME, "093015.1234+0100", NULL, DTM_FRACTION},
        {DTM_TIME, "2400", "0000", DTM_MINUTE},
        {DTM_BOTH, "2026", NULL, DTM_YEAR},
        {DTM_BOTH, "2026+0100", NULL, DTM_YEAR},
        {DTM_BOTH, "20261124", NULL, DTM_DAY},
        {DTM_BOTH, "2026112409", NULL, DTM_HOUR},
        {DTM_BOTH, "202611240930-0600", NULL, DTM_MINUTE},
        {DTM_BOTH, "20261124093015", NULL, DTM_SECOND},
        {DTM_BOTH, "20261124093015.5", NULL, DTM_FRACTION},
        {DTM_BOTH, "20261124093015.0500+1400", NULL, DTM_FRACTION},
        {DTM_BOTH, "20261124093015-1200", NULL, DTM_SECOND},
        {DTM_BOTH, "202611242400", "202611250000", DTM_MINUTE},
        {DTM_BOTH, "20261231240000+0000", "20270101000000+0000", DTM_SECOND},
        {DTM_BOTH, "2024022824", "2024022900", DTM_HOUR},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct dtm t;
        const char *why = "";
        char text[DTM_TEXT_MAX];
        cr_assert_eq(dtm_parse(str_of(rows[i].text), rows[i].kind, &t, &why), 0, "%s: %s",
                     rows[i].text, why);
        size_t n = dtm_format(&t, text);
        cr_expect_eq(n, strlen(text));
        cr_expect_str_eq(text, rows[i].written ? rows[i].written : rows[i].text);
        cr_expect_eq(t.precision, rows[i].precision, "%s", rows[i].text);
    }
}

Test(dtm, invalid_values_say_why)
{
    static const struct {
        enum dtm_kind kind;
        const char *text, *why;
    } rows[] = {
        {DTM_DATE, "", "year"},
        {DTM_DATE, "0000", "year"},
        {DTM_DATE, "00000000", "year"},
        {DTM_DATE, "26", "year"},
        {DTM_DATE, "202", "year"},
        {DTM_DATE, "20261", "month"},
        {DTM_DATE, "202613", "month"},
        {DTM_DATE, "202600", "month"},
        {DTM_DATE, "20260230", "day"},
        {DTM_DATE, "20250229", "day"},
        {DTM_DATE, "19000229", "day"},
        {DTM_DATE, "20261100", "day"},
        {DTM_DATE, "2026-11-24", "follow"},
        {DTM_DATE, "2026112409", "follow"},
        {DTM_DATE, "20261124+0100", "follow"},
        {DTM_DATE, " 20261124", "year"},
        {DTM_TIME, "25", "hour"},
        {DTM_TIME, "9", "hour"},
        {DTM_TIME, "0960", "minute"},
        {DTM_TIME, "093060", "second"},
        {DTM_TIME, "2401", "2400"},
        {DTM_TIME, "0930.5", "follow"},
        {DTM_BOTH, "2026112425", "hour"},
        {DTM_BOTH, "20261124093", "minute"},
        {DTM_BOTH, "20261124093015.", "decimal point"},
        {DTM_BOTH, "20261124093015.12345", "four digits"},
        {DTM_BOTH, "20261124093015+1", "offset"},
        {DTM_BOTH, "20261124093015+1500", "offset"},
        {DTM_BOTH, "20261124093015-1230", "offset"},
        {DTM_BOTH, "20261124093015+0160", "offset"},
        {DTM_BOTH, "20261124093015Z", "follow"},
        {DTM_BOTH, "20261124240001", "2400"},
        {DTM_BOTH, "999912312400", "9999"},
        {DTM_BOTH, "unknown", "year"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct dtm t;
        const char *why = "";
        cr_expect_eq(dtm_parse(str_of(rows[i].text), rows[i].kind, &t, &why), ERR_SYNTAX, "%s",
                     rows[i].text);
        cr_expect(strstr(why, rows[i].why), "%s: %s", rows[i].text, why);
    }
}

Test(dtm, instants_and_back)
{
    static const struct {
        const char *text;
        int offset;
        int64_t seconds;
    } rows[] = {
        {"19700101", 0, 0},
        {"19691231235959", 0, -1},
        {"20261124093000+0000", 999, 1795512600},
        {"20261124093000", 60, 1795512600 - 3600},
        {"20261124033000-0600", 0, 1795512600},
        {"2026", 0, 1767225600},
        {"00010101", 0, -62135596800},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct dtm t;
        cr_assert_eq(dtm_parse(str_of(rows[i].text), DTM_BOTH, &t, NULL), 0);
        cr_expect_eq(dtm_to_us(&t, rows[i].offset), rows[i].seconds * 1000000, "%s: %lld",
                     rows[i].text, (long long)dtm_to_us(&t, rows[i].offset));
    }
    for (int64_t us = -62135596800000000; us < 253402300000000000; us += 7777777777777700) {
        for (int offset = -720; offset <= 840; offset += 390) {
            struct dtm t = dtm_from_us(us, offset);
            cr_assert_eq(dtm_to_us(&t, 0), us, "%lld", (long long)us);
        }
    }
}

Test(dtm, every_day_has_its_number)
{
    int64_t day = dtm_days(1896, 1, 1);
    for (int y = 1896; y < 2105; y++) {
        for (int m = 1; m <= 12; m++) {
            for (int d = 1; d <= dtm_month_days(y, m); d++, day++) {
                int yy, mm, dd;
                dtm_civil(day, &yy, &mm, &dd);
                cr_assert_eq(dtm_days(y, m, d), day);
                cr_assert(yy == y && mm == m && dd == d);
            }
        }
    }
}
