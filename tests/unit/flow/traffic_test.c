#include "engine/flow/traffic.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { S = 1000000 };
static const int64_t HOUR = 3600 * (int64_t)S;

Test(traffic, days_are_read)
{
    static const struct {
        const char *text;
        int want; /* -1: refused */
    } rows[] = {{"mon", 1},        {"mon-fri", 0x1f}, {"sat-sun", 0x60},  {"fri-mon", 0x71},
                {"MON-Sun", 0x7f}, {"wed-wed", 4},    {"", -1},           {"mon-", -1},
                {"-fri", -1},      {"monday", -1},    {"mon-fri-sat", -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t days = 0;
        bool good = traffic_read_days(str_of(rows[i].text), &days);
        cr_expect_eq(good ? days : -1, rows[i].want, "%s: %d", rows[i].text, good ? days : -1);
    }
}

Test(traffic, hours_are_read)
{
    static const struct {
        const char *text;
        int from, to; /* -1: refused */
    } rows[] = {{"07-18", 420, 1080}, {"7-18", 420, 1080}, {"07:30-18:15", 450, 1095},
                {"22-06", 1320, 360}, {"00-24", 0, 1440},  {"23:59-00:00", 1439, 0},
                {"07", -1, 0},        {"18-18", -1, 0},    {"24-07", -1, 0},
                {"7-25", -1, 0},      {"07:60-08", -1, 0}, {"07:3-08", -1, 0},
                {"07:-08", -1, 0},    {"-08", -1, 0},      {"007-08", -1, 0},
                {"24:01-08", -1, 0},  {"07-18h", -1, 0},   {"", -1, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int from = 0, to = 0;
        bool good = traffic_read_hours(str_of(rows[i].text), &from, &to);
        cr_expect_eq(good, rows[i].from >= 0, "%s", rows[i].text);
        cr_expect(!good || (from == rows[i].from && to == rows[i].to), "%s: %d to %d", rows[i].text,
                  from, to);
    }
}

Test(traffic, rates_are_read)
{
    static const struct {
        const char *text;
        int64_t n, seconds; /* 0: refused */
    } rows[] = {{"20/h", 20, 3600}, {"5/15m", 5, 900}, {"1/d", 1, 86400},  {"3/1s", 3, 1},
                {"20", 0, 0},       {"/h", 0, 0},      {"0/h", 0, 0},      {"-1/h", 0, 0},
                {"20/", 0, 0},      {"20/2d", 0, 0},   {"20/500ms", 0, 0}, {"20/week", 0, 0},
                {"1.5/h", 0, 0},    {"20/never", 0, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t n = 0;
        int64_t us = 0;
        bool good = traffic_read_rate(str_of(rows[i].text), &n, &us);
        cr_expect_eq(good, rows[i].n > 0, "%s", rows[i].text);
        cr_expect(!good || (n == (uint64_t)rows[i].n && us == rows[i].seconds * S), "%s",
                  rows[i].text);
    }
}

/* ---- the meter ---- */

Test(traffic, a_meter_forgets_what_is_older_than_its_period)
{
    struct traffic_meter m = {.period_us = HOUR};
    uint64_t counter = 1000;
    int64_t at = 7 * HOUR;
    traffic_feed(&m, counter, at);
    cr_expect_eq(traffic_count(&m), 0, "what came before it is not its affair");
    for (int minute = 1; minute <= 60; minute++) {
        traffic_feed(&m, counter += 2, at + minute * HOUR / 60);
    }
    cr_expect_eq(traffic_count(&m), 120);
    cr_expect(traffic_is_full(&m, at + HOUR));
    cr_expect_not(traffic_is_full(&m, at + HOUR - 1));
    traffic_feed(&m, counter, at + HOUR + HOUR / 2);
    cr_expect(traffic_count(&m) >= 60 && traffic_count(&m) <= 62, "%d", (int)traffic_count(&m));
    traffic_feed(&m, counter, at + 3 * HOUR);
    cr_expect_eq(traffic_count(&m), 0);
    traffic_feed(&m, counter + 7, at + 300 * HOUR);
    cr_expect_eq(traffic_count(&m), 7);
}

Test(traffic, a_counter_that_became_smaller_begins_anew)
{
    struct traffic_meter m = {.period_us = HOUR};
    traffic_feed(&m, 50, HOUR);
    traffic_feed(&m, 90, HOUR + S);
    cr_expect_eq(traffic_count(&m), 40);
    traffic_feed(&m, 3, HOUR + 2 * S);
    cr_expect_eq(traffic_count(&m), 0);
    cr_expect_not(traffic_is_full(&m, 2 * HOUR));
    traffic_feed(&m, 5, HOUR + 3 * S);
    cr_expect_eq(traffic_count(&m), 2);
}

/* ---- hours of the zone ---- */

/* The real zone, as the daemon reads it. */
static const struct zone *chicago(struct arena *a)
{
    static char bytes[64 * 1024];
    struct zone *z = NULL;
    FILE *f = fopen("/usr/share/zoneinfo/America/Chicago", "re");
    size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
    if (f) {
        fclose(f);
    }
    cr_assert(n > 0 && zone_load(a, str_from(bytes, n), &z, NULL) == 0,
              "no time zones are installed");
    return z;
}

static int64_t at(const char *rfc3339)
{
    int64_t us = 0;
    cr_assert(clock_read_rfc3339(str_of(rfc3339), &us), "%s", rfc3339);
    return us;
}

Test(traffic, hours_are_those_of_the_zone_and_the_weekday)
{
    struct arena a = {0};
    const struct zone *z = chicago(&a);
    static const struct {
        const char *name, *days, *hours, *when;
        bool want;
    } rows[] = {
        {"Friday, first minute", "mon-fri", "07-18", "2026-11-27T13:00:00Z", true},
        {"Friday, just before", "mon-fri", "07-18", "2026-11-27T12:59:59Z", false},
        {"Friday, last second", "mon-fri", "07-18", "2026-11-27T23:59:59Z", true},
        {"Friday, just after", "mon-fri", "07-18", "2026-11-28T00:00:00Z", false},
        {"Saturday", "mon-fri", "07-18", "2026-11-28T18:00:00Z", false},
        {"UTC says Saturday, Chicago Friday", "fri", "00-24", "2026-11-28T03:00:00Z", true},
        {"UTC says Friday, Chicago Thursday", "fri", "00-24", "2026-11-27T05:59:59Z", false},
        {"summer: an hour earlier in UTC", "mon-fri", "07-18", "2026-07-24T12:00:00Z", true},
        {"summer: just before", "mon-fri", "07-18", "2026-07-24T11:59:59Z", false},
        {"spring forward: 01:59:59", "sun", "02-04", "2026-03-08T07:59:59Z", false},
        {"spring forward: 03:00 follows", "sun", "02-04", "2026-03-08T08:00:00Z", true},
        {"spring forward: 04:00", "sun", "02-04", "2026-03-08T09:00:00Z", false},
        {"fall back: 01:30 for the first time", "sun", "01-02", "2026-11-01T06:30:00Z", true},
        {"fall back: 01:30 again", "sun", "01-02", "2026-11-01T07:30:00Z", true},
        {"fall back: 02:00", "sun", "01-02", "2026-11-01T08:00:00Z", false},
        {"a night begins", "fri", "22-06", "2026-11-28T04:00:00Z", true},
        {"it goes on past midnight", "fri", "22-06", "2026-11-28T11:59:59Z", true},
        {"it ends", "fri", "22-06", "2026-11-28T12:00:00Z", false},
        {"the night before is Thursday's", "fri", "22-06", "2026-11-27T07:00:00Z", false},
        {"Sunday's night is Monday's morning", "sun", "22-06", "2026-11-30T08:00:00Z", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct traffic_floor f = {.at_least = 1, .period_us = HOUR};
        cr_assert(traffic_read_days(str_of(rows[i].days), &f.days));
        cr_assert(traffic_read_hours(str_of(rows[i].hours), &f.from_min, &f.to_min));
        cr_expect_eq(traffic_is_expected(&f, z, at(rows[i].when)), rows[i].want, "%s",
                     rows[i].name);
    }
    arena_free(&a);
}

Test(traffic, a_floor_is_judged_once_the_whole_period_was_expected)
{
    struct arena a = {0};
    const struct zone *z = chicago(&a);
    struct traffic_floor f = {.days = 0x1f, .from_min = 420, .to_min = 1080, .at_least = 3};
    f.period_us = HOUR;
    static const struct {
        const char *name, *when;
        int64_t watched_min;
        uint64_t came;
        enum condition_verdict want;
    } rows[] = {
        {"quiet at noon", "2026-11-27T18:00:00Z", 120, 2, CONDITION_BAD},
        {"enough at noon", "2026-11-27T18:00:00Z", 120, 3, CONDITION_GOOD},
        {"quiet, but not watched for an hour", "2026-11-27T18:00:00Z", 59, 0, CONDITION_KEEP},
        {"enough already", "2026-11-27T18:00:00Z", 5, 3, CONDITION_GOOD},
        {"half an hour into the day", "2026-11-27T13:30:00Z", 600, 0, CONDITION_KEEP},
        {"an hour into the day", "2026-11-27T14:00:00Z", 600, 0, CONDITION_BAD},
        {"quiet in the evening", "2026-11-28T01:00:00Z", 600, 0, CONDITION_KEEP},
        {"enough in the evening", "2026-11-28T01:00:00Z", 600, 9, CONDITION_GOOD},
        {"quiet on Saturday", "2026-11-28T18:00:00Z", 600, 0, CONDITION_KEEP},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct traffic_meter m = {.period_us = f.period_us};
        int64_t end = 100 * HOUR, begin = end - rows[i].watched_min * 60 * S;
        traffic_feed(&m, 0, begin);
        traffic_feed(&m, rows[i].came, end - S);
        cr_expect_eq(traffic_judge(&f, &m, z, at(rows[i].when), end), rows[i].want, "%s",
                     rows[i].name);
    }
    arena_free(&a);
}

Test(traffic, a_long_period_is_judged_within_one_window_only)
{
    struct arena a = {0};
    const struct zone *z = chicago(&a);
    static const struct {
        const char *name, *days, *hours, *when;
        int64_t period_h;
        enum condition_verdict want;
    } rows[] = {
        {"a night lies between", "mon-sun", "06-20", "2026-11-27T13:00:00Z", 12, CONDITION_KEEP},
        {"twelve hours of the day", "mon-sun", "06-20", "2026-11-28T00:30:00Z", 12, CONDITION_BAD},
        {"an hour too early", "mon-sun", "06-20", "2026-11-27T23:00:00Z", 12, CONDITION_KEEP},
        {"all day", "mon-sun", "00-24", "2026-11-27T13:00:00Z", 24, CONDITION_BAD},
        {"all day, Sunday is not", "mon-sat", "00-24", "2026-11-30T13:00:00Z", 12, CONDITION_KEEP},
        {"as long as its hours, when they end", "mon-sun", "02-06", "2026-11-27T12:00:00.8Z", 4,
         CONDITION_BAD},
        {"as long as its hours, before", "mon-sun", "02-06", "2026-11-27T11:59:59Z", 4,
         CONDITION_KEEP},
        {"as long as its hours, a minute later", "mon-sun", "02-06", "2026-11-27T12:01:00Z", 4,
         CONDITION_KEEP},
        {"as long as its day", "sat", "00-24", "2026-11-29T06:00:01Z", 24, CONDITION_BAD},
        {"within a night", "fri", "22-06", "2026-11-28T11:00:00Z", 6, CONDITION_BAD},
        {"a pause of a minute", "mon-sun", "00:01-00", "2026-11-27T13:00:00Z", 12, CONDITION_KEEP},
        {"a gap that spring cuts", "mon-sun", "04-02", "2026-03-08T13:00:00Z", 12, CONDITION_KEEP},
        {"a gap that spring skips", "mon-sun", "03-02", "2026-03-08T13:00:00Z", 12, CONDITION_BAD},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct traffic_floor f = {.at_least = 1, .period_us = rows[i].period_h * HOUR};
        struct traffic_meter m = {.period_us = f.period_us};
        cr_assert(traffic_read_days(str_of(rows[i].days), &f.days));
        cr_assert(traffic_read_hours(str_of(rows[i].hours), &f.from_min, &f.to_min));
        traffic_feed(&m, 0, HOUR);
        cr_expect_eq(traffic_judge(&f, &m, z, at(rows[i].when), 100 * HOUR), rows[i].want, "%s",
                     rows[i].name);
    }
    arena_free(&a);
}
