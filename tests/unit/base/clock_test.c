#include "engine/base/clock.h"

#include <criterion/criterion.h>

static const struct {
    int64_t us;
    struct civil c;
    const char *hl7, *rfc;
} rows[] = {
    {0, {1970, 1, 1, 0, 0, 0, 0}, "19700101000000.000+0000", "1970-01-01T00:00:00.000Z"},
    {-1, {1969, 12, 31, 23, 59, 59, 999999}, "19691231235959.999+0000", "1969-12-31T23:59:59.999Z"},
    {INT64_C(951782400000000),
     {2000, 2, 29, 0, 0, 0, 0},
     "20000229000000.000+0000",
     "2000-02-29T00:00:00.000Z"},
    {INT64_C(951868799999999),
     {2000, 2, 29, 23, 59, 59, 999999},
     "20000229235959.999+0000",
     "2000-02-29T23:59:59.999Z"},
    {INT64_C(1795512600123000),
     {2026, 11, 24, 9, 30, 0, 123000},
     "20261124093000.123+0000",
     "2026-11-24T09:30:00.123Z"},
    {INT64_C(4107542400000000),
     {2100, 3, 1, 0, 0, 0, 0},
     "21000301000000.000+0000",
     "2100-03-01T00:00:00.000Z"},
    {INT64_C(-2208988800000000),
     {1900, 1, 1, 0, 0, 0, 0},
     "19000101000000.000+0000",
     "1900-01-01T00:00:00.000Z"},
    {INT64_C(253402300799999999),
     {9999, 12, 31, 23, 59, 59, 999999},
     "99991231235959.999+0000",
     "9999-12-31T23:59:59.999Z"},
    {INT64_C(-62167219200000000),
     {0, 1, 1, 0, 0, 0, 0},
     "00000101000000.000+0000",
     "0000-01-01T00:00:00.000Z"},
};

Test(clock, converts_both_ways)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct civil c = civil_of_us(rows[i].us);
        int64_t us = 1;
        char text[CLOCK_HL7_SIZE];
        cr_expect_eq(memcmp(&c, &rows[i].c, sizeof(c)), 0, "%s", rows[i].rfc);
        cr_expect(civil_to_us(&rows[i].c, &us));
        cr_expect_eq(us, rows[i].us, "%s", rows[i].rfc);
        clock_hl7(rows[i].us, text);
        cr_expect_str_eq(text, rows[i].hl7);
        clock_rfc3339(rows[i].us, text);
        cr_expect_str_eq(text, rows[i].rfc);
    }
}

Test(clock, agrees_with_itself_for_every_day_of_800_years)
{
    int64_t day = civil_days(1600, 1, 1);
    for (int y = 1600; y < 2400; y++) {
        for (int m = 1; m <= 12; m++) {
            for (int d = 1; d <= civil_month_days(y, m); d++, day++) {
                struct civil c = civil_of_us(day * INT64_C(86400000000));
                cr_assert(civil_days(y, m, d) == day && c.year == y && c.month == m && c.day == d,
                          "%d-%d-%d", y, m, d);
            }
        }
    }
}

Test(clock, clamps_years_it_cannot_write)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(INT64_MAX, text);
    cr_expect_str_eq(text, "9999-12-31T23:59:59.999Z");
    clock_rfc3339(INT64_MIN, text);
    cr_expect_str_eq(text, "0000-01-01T00:00:00.000Z");
}

Test(clock, refuses_what_names_no_moment)
{
    static const struct civil bad[] = {
        {2026, 0, 1, 0, 0, 0, 0},       {2026, 13, 1, 0, 0, 0, 0},    {2026, 2, 29, 0, 0, 0, 0},
        {1900, 2, 29, 0, 0, 0, 0},      {2026, 4, 31, 0, 0, 0, 0},    {2026, 1, 0, 0, 0, 0, 0},
        {2026, 1, 1, 24, 0, 0, 0},      {2026, 1, 1, 0, 60, 0, 0},    {2026, 1, 1, 0, 0, 60, 0},
        {2026, 1, 1, 0, 0, 0, 1000000}, {INT32_MAX, 1, 1, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t us;
        cr_expect_not(civil_to_us(&bad[i], &us), "%zu", i);
    }
}

Test(clock, reads_rfc3339)
{
    static const struct {
        const char *in;
        int64_t us; /* -1: refused */
    } in[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31 18:30:00-05:30", 0},
        {"1970-01-01t00:00:00.5z", 500000},
        {"1970-01-01T00:00:00.123456789Z", 123456},
        {"2026-11-24T09:30:00.123Z", INT64_C(1795512600123000)},
        {"1970-01-01T00:00:00", -1},
        {"1970-01-01", -1},
        {"1970-01-01T00:00:00.Z", -1},
        {"1970-01-01T00:00:00+0100", -1},
        {"1970-01-01T00:00:00+24:00", -1},
        {"1970-02-30T00:00:00Z", -1},
        {"1970-01-01T23:59:60Z", -1},
        {"1970-01-01T00:00:00Zx", -1},
        {"1970-1-01T00:00:00Z", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
        int64_t us = -1;
        cr_expect_eq(clock_read_rfc3339(str_of(in[i].in), &us), in[i].us >= 0, "%s", in[i].in);
        cr_expect_eq(us, in[i].us, "%s", in[i].in);
    }
}

Test(clock, fake_stands_still_until_moved)
{
    struct clock_fake f = {.wall_us = 5, .mono_us = 7};
    struct clock c = clock_of_fake(&f);
    cr_expect_eq(clock_wall_us(&c), 5);
    clock_fake_advance(&f, 10);
    cr_expect_eq(clock_wall_us(&c), 15);
    cr_expect_eq(clock_mono_us(&c), 17);
}

Test(clock, real_goes_forward)
{
    struct clock c = clock_real();
    int64_t a = clock_mono_us(&c), b = clock_mono_us(&c);
    cr_expect(b >= a);
    cr_expect(clock_wall_us(&c) > INT64_C(1700000000000000));
}

Test(clock, writes_dates_as_mail_and_http_have_them)
{
    static const struct {
        int64_t s;
        const char *want;
    } times[] = {{0, "Thu, 01 Jan 1970 00:00:00"},
                 {1795512600, "Tue, 24 Nov 2026 09:30:00"},
                 {951782400, "Tue, 29 Feb 2000 00:00:00"},
                 {-1, "Wed, 31 Dec 1969 23:59:59"}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[CLOCK_NET_SIZE];
        clock_net(times[i].s * 1000000, text);
        cr_expect_str_eq(text, times[i].want);
    }
}
