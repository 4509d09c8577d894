#include "engine/base/zone.h"

#include "engine/base/clock.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The zone of that name; NULL where this system does not have it. */
static struct zone *system_zone(struct arena *a, const char *name)
{
    char path[128];
    struct zone *z = NULL;
    const char *why = "";
    char *bytes = arena_alloc(a, ZONE_FILE_MAX);
    cr_assert(zone_name_valid(str_of(name)), "%s", name);
    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        return NULL;
    }
    size_t n = fread(bytes, 1, ZONE_FILE_MAX, f);
    (void)fclose(f); /* was only read */
    cr_assert_eq(zone_load(a, str_from(bytes, n), &z, &why), 0, "%s: %s", name, why);
    return z;
}

/* Seconds of "2026-03-08T02:30:00", be it an instant or a reading. */
static int64_t seconds(const char *text)
{
    char full[40];
    int64_t us = 0;
    (void)snprintf(full, sizeof(full), "%sZ", text);
    cr_assert(clock_read_rfc3339(str_of(full), &us), "%s", text);
    return us / 1000000;
}

#define HM(hours, minutes) ((hours)*3600 + (minutes)*60)

Test(zone, knows_the_offsets_of_real_zones)
{
    static const struct {
        const char *name, *utc;
        int32_t offset_s;
    } rows[] = {
        {"UTC", "1901-01-01T00:00:00", 0},
        {"UTC", "2026-07-01T00:00:00", 0},
        {"UTC", "2999-01-01T00:00:00", 0},
        {"America/Chicago", "1883-11-18T17:59:59", -(HM(5, 50) + 36)}, /* local mean time */
        {"America/Chicago", "1883-11-18T18:00:00", HM(-6, 0)},
        {"America/Chicago", "1918-07-01T12:00:00", HM(-5, 0)},
        {"America/Chicago", "1943-01-01T12:00:00", HM(-5, 0)}, /* war time */
        {"America/Chicago", "2006-04-02T07:59:59", HM(-6, 0)}, /* the rules before 2007 */
        {"America/Chicago", "2006-04-02T08:00:00", HM(-5, 0)},
        {"America/Chicago", "2026-03-08T07:59:59", HM(-6, 0)},
        {"America/Chicago", "2026-03-08T08:00:00", HM(-5, 0)},
        {"America/Chicago", "2026-11-01T06:59:59", HM(-5, 0)},
        {"America/Chicago", "2026-11-01T07:00:00", HM(-6, 0)},
        {"America/Chicago", "2037-07-01T00:00:00", HM(-5, 0)},
        {"America/Chicago", "2038-03-14T07:59:59", HM(-6, 0)}, /* the footer, and behind 32 bits */
        {"America/Chicago", "2038-03-14T08:00:00", HM(-5, 0)},
        {"America/Chicago", "2060-11-07T06:59:59", HM(-5, 0)},
        {"America/Chicago", "2060-11-07T07:00:00", HM(-6, 0)},
        {"America/Chicago", "9999-07-01T00:00:00", HM(-5, 0)},
        {"Europe/Berlin", "1893-03-31T23:06:31", HM(0, 53) + 28},
        {"Europe/Berlin", "1893-03-31T23:06:32", HM(1, 0)},
        {"Europe/Berlin", "1945-06-01T12:00:00", HM(3, 0)}, /* double summer time */
        {"Europe/Berlin", "1960-07-01T12:00:00", HM(1, 0)},
        {"Europe/Berlin", "2026-03-29T00:59:59", HM(1, 0)},
        {"Europe/Berlin", "2026-03-29T01:00:00", HM(2, 0)},
        {"Europe/Berlin", "2026-10-25T00:59:59", HM(2, 0)},
        {"Europe/Berlin", "2026-10-25T01:00:00", HM(1, 0)},
        {"Europe/Berlin", "2050-03-27T00:59:59", HM(1, 0)},
        {"Europe/Berlin", "2050-03-27T01:00:00", HM(2, 0)},
        {"Asia/Kolkata", "1943-01-01T00:00:00", HM(6, 30)},
        {"Asia/Kolkata", "2026-01-01T00:00:00", HM(5, 30)},
        {"Asia/Kolkata", "2055-07-01T00:00:00", HM(5, 30)},
        {"Australia/Lord_Howe", "2026-04-04T14:59:59", HM(11, 0)},
        {"Australia/Lord_Howe", "2026-04-04T15:00:00", HM(10, 30)},
        {"Australia/Lord_Howe", "2026-10-03T15:29:59", HM(10, 30)},
        {"Australia/Lord_Howe", "2026-10-03T15:30:00", HM(11, 0)},
        {"Australia/Lord_Howe", "2045-01-01T00:00:00", HM(11, 0)},
        {"Australia/Lord_Howe", "2045-06-01T00:00:00", HM(10, 30)},
        {"America/St_Johns", "1900-01-01T00:00:00", -(HM(3, 30) + 52)},
        {"America/St_Johns", "1988-07-01T00:00:00", HM(-1, -30)}, /* two hours of summer time */
        {"America/St_Johns", "2026-01-01T00:00:00", HM(-3, -30)},
        {"America/St_Johns", "2040-07-01T00:00:00", HM(-2, -30)},
        {"Africa/Casablanca", "2025-02-23T01:59:59", HM(1, 0)}, /* Ramadan: an hour back */
        {"Africa/Casablanca", "2025-02-23T02:00:00", HM(0, 0)},
        {"Africa/Casablanca", "2025-04-06T01:59:59", HM(0, 0)},
        {"Africa/Casablanca", "2025-04-06T02:00:00", HM(1, 0)},
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct zone *z = system_zone(&a, rows[i].name);
        if (z) {
            int32_t got = zone_offset(z, seconds(rows[i].utc));
            cr_expect_eq(got, rows[i].offset_s, "%s %s: %d", rows[i].name, rows[i].utc, got);
        }
        arena_reset(&a);
    }
    arena_free(&a);
}

Test(zone, turns_readings_into_instants)
{
    static const struct {
        const char *name, *local, *utc;
        enum zone_how how;
        int32_t gap_s;
    } rows[] = {
        {"America/Chicago", "2026-07-01T09:30:00", "2026-07-01T14:30:00", ZONE_ONCE, 0},
        {"America/Chicago", "2026-12-01T09:30:00", "2026-12-01T15:30:00", ZONE_ONCE, 0},
        {"America/Chicago", "2026-03-08T01:59:59", "2026-03-08T07:59:59", ZONE_ONCE, 0},
        {"America/Chicago", "2026-03-08T02:00:00", "2026-03-08T08:00:00", ZONE_GAP, 3600},
        {"America/Chicago", "2026-03-08T02:30:00", "2026-03-08T08:30:00", ZONE_GAP, 3600},
        {"America/Chicago", "2026-03-08T02:59:59", "2026-03-08T08:59:59", ZONE_GAP, 3600},
        {"America/Chicago", "2026-03-08T03:00:00", "2026-03-08T08:00:00", ZONE_ONCE, 0},
        {"America/Chicago", "2026-11-01T00:59:59", "2026-11-01T05:59:59", ZONE_ONCE, 0},
        {"America/Chicago", "2026-11-01T01:00:00", "2026-11-01T06:00:00", ZONE_TWICE, 0},
        {"America/Chicago", "2026-11-01T01:59:59", "2026-11-01T06:59:59", ZONE_TWICE, 0},
        {"America/Chicago", "2026-11-01T02:00:00", "2026-11-01T08:00:00", ZONE_ONCE, 0},
        {"America/Chicago", "2045-03-12T02:30:00", "2045-03-12T08:30:00", ZONE_GAP, 3600},
        {"America/Chicago", "2045-11-05T01:30:00", "2045-11-05T06:30:00", ZONE_TWICE, 0},
        /* noon of that day came twice: 12:09:24 of local mean time became 12:00:00 */
        {"America/Chicago", "1883-11-18T12:05:00", "1883-11-18T17:55:36", ZONE_TWICE, 0},
        {"Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00", ZONE_GAP, 3600},
        {"Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00", ZONE_TWICE, 0},
        {"Europe/Berlin", "2060-10-31T02:30:00", "2060-10-31T00:30:00", ZONE_TWICE, 0},
        {"Australia/Lord_Howe", "2026-10-04T02:10:00", "2026-10-03T15:40:00", ZONE_GAP, 1800},
        {"Australia/Lord_Howe", "2026-10-04T02:30:00", "2026-10-03T15:30:00", ZONE_ONCE, 0},
        {"Australia/Lord_Howe", "2026-04-05T01:29:59", "2026-04-04T14:29:59", ZONE_ONCE, 0},
        {"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00", ZONE_TWICE, 0},
        {"Australia/Lord_Howe", "2026-04-05T02:00:00", "2026-04-04T15:30:00", ZONE_ONCE, 0},
        {"America/St_Johns", "2026-03-08T02:15:00", "2026-03-08T05:45:00", ZONE_GAP, 3600},
        {"Africa/Casablanca", "2025-04-06T02:30:00", "2025-04-06T02:30:00", ZONE_GAP, 3600},
        {"Africa/Casablanca", "2025-02-23T02:30:00", "2025-02-23T01:30:00", ZONE_TWICE, 0},
        {"Asia/Kolkata", "2026-01-01T00:00:00", "2025-12-31T18:30:00", ZONE_ONCE, 0},
        {"UTC", "2026-03-08T02:30:00", "2026-03-08T02:30:00", ZONE_ONCE, 0},
        /* the whole day was left out */
        {"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00", ZONE_GAP, 86400},
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct zone *z = system_zone(&a, rows[i].name);
        int64_t local = seconds(rows[i].local), instant;
        if (z) {
            struct zone_local got = zone_local(z, local);
            instant = local - got.offset_s;
            cr_expect_eq(instant, seconds(rows[i].utc), "%s %s: %d s east", rows[i].name,
                         rows[i].local, got.offset_s);
            cr_expect_eq(got.how, rows[i].how, "%s %s: %d", rows[i].name, rows[i].local, got.how);
            cr_expect_eq(got.gap_s, rows[i].gap_s, "%s %s", rows[i].name, rows[i].local);
            cr_expect_eq(instant + zone_offset(z, instant), local + got.gap_s, "%s %s",
                         rows[i].name, rows[i].local);
        }
        arena_reset(&a);
    }
    arena_free(&a);
}

/* glibc reads the same files by itself. */
Test(zone, agrees_with_the_system_library)
{
    static const char *const names[] = {
        "America/Chicago",  "Europe/Berlin",     "Asia/Kolkata", "Australia/Lord_Howe",
        "America/St_Johns", "Africa/Casablanca", "UTC",          "Europe/Dublin",
        "America/Nuuk",     "Asia/Gaza",         "Pacific/Apia", "America/Sao_Paulo",
    };
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct zone *z = system_zone(&a, names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t t = seconds("1901-12-14T00:00:00"); z && t < seconds("2062-01-01T00:00:00");
             t += 98765) {
            struct tm tm;
            cr_assert(localtime_r(&t, &tm));
            cr_assert_eq(zone_offset(z, t), tm.tm_gmtoff, "%s %lld", names[i], (long long)t);
            struct zone_local back = zone_local(z, t + tm.tm_gmtoff);
            cr_assert(back.how == ZONE_TWICE
                          ? back.offset_s >= tm.tm_gmtoff
                          : back.how == ZONE_ONCE && back.offset_s == tm.tm_gmtoff,
                      "%s %lld", names[i], (long long)t);
        }
        arena_reset(&a);
    }
    arena_free(&a);
}

/* A file made here. */
struct made {
    char bytes[1024];
    size_t n;
};

static void put(struct made *m, const void *p, size_t n)
{
    cr_assert(m->n + n <= sizeof(m->bytes));
    memcpy(m->bytes + m->n, p, n);
    m->n += n;
}

static void put_number(struct made *m, int64_t v, unsigned width)
{
    while (width--) {
        char byte = (char)(uint8_t)((uint64_t)v >> (8 * width));
        put(m, &byte, 1);
    }
}

struct plan {
    char version;
    uint32_t times, types;
    int64_t at[4];
    uint8_t type[4];
    int32_t offset_s[4];
};

/* The counts, then times, the type of each, the types, and an abbreviation. */
static void put_part(struct made *m, const struct plan *p, unsigned width)
{
    put(m, "TZif", 4);
    put(m, &p->version, 1);
    put(m, (char[15]){0}, 15);
    const uint32_t counts[] = {0, 0, 0, p->times, p->types, 4};
    for (size_t i = 0; i < COUNT(counts); i++) {
        put_number(m, counts[i], 4);
    }
    for (uint32_t i = 0; i < p->times; i++) {
        put_number(m, p->at[i], width);
    }
    put(m, p->type, p->times);
    for (uint32_t i = 0; i < p->types; i++) {
        put_number(m, p->offset_s[i], 4);
        put(m, "\0", 2);
    }
    put(m, "XXX", 4);
}

static struct made make(const struct plan *p, const char *footer)
{
    struct made m = {.n = 0};
    const struct plan none = {.version = p->version, .types = 1};
    if (p->version == 0) {
        put_part(&m, p, 4);
        return m;
    }
    put_part(&m, &none, 4);
    put_part(&m, p, 8);
    put(&m, "\n", 1);
    put(&m, footer, strlen(footer));
    put(&m, "\n", 1);
    return m;
}

static const struct plan plain = {.version = '2', .types = 1, .offset_s = {3600}};

static int load_made(struct arena *a, const struct made *m, struct zone **z, const char **why)
{
    return zone_load(a, str_from(m->bytes, m->n), z, why);
}

Test(zone, reads_every_version)
{
    struct plan p = {.times = 2,
                     .types = 3,
                     .at = {-1000, 1000},
                     .type = {1, 2},
                     .offset_s = {HM(-5, 0), HM(1, 0), HM(2, 0)}};
    static const char versions[] = {0, '2', '3', '4'};
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct arena a = {0};
        struct zone *z = NULL;
        const char *why = "";
        p.version = versions[i];
        struct made m = make(&p, "");
        cr_assert_eq(load_made(&a, &m, &z, &why), 0, "version %d: %s", versions[i], why);
        cr_expect_eq(zone_offset(z, INT64_MIN), HM(-5, 0));
        cr_expect_eq(zone_offset(z, -1001), HM(-5, 0));
        cr_expect_eq(zone_offset(z, -1000), HM(1, 0));
        cr_expect_eq(zone_offset(z, 999), HM(1, 0));
        cr_expect_eq(zone_offset(z, 1000), HM(2, 0));
        cr_expect_eq(zone_offset(z, INT64_MAX), HM(2, 0));
        arena_free(&a);
    }
}

Test(zone, follows_the_footer)
{
    static const struct {
        const char *footer, *utc;
        int32_t offset_s;
    } rows[] = {
        {"UTC0", "2026-01-01T00:00:00", 0},
        {"<+0330>-3:30", "2026-01-01T00:00:00", HM(3, 30)},
        {"<-12>+12:00:30", "2026-01-01T00:00:00", -(HM(12, 0) + 30)},
        {"CST6CDT,M3.2.0,M11.1.0", "2026-03-08T07:59:59", HM(-6, 0)},
        {"CST6CDT,M3.2.0,M11.1.0", "2026-03-08T08:00:00", HM(-5, 0)},
        {"CST6CDT,M3.2.0,M11.1.0", "2026-11-01T07:00:00", HM(-6, 0)},
        {"CST6CDT4:30,M3.2.0,M11.1.0", "2026-07-01T00:00:00", HM(-4, -30)},
        /* southern: summer lies over the turn of the year */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00", HM(11, 0)},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-06-01T00:00:00", HM(10, 0)},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2025-12-31T23:59:59", HM(11, 0)},
        /* the second one is winter: Ireland */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00", 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00", HM(1, 0)},
        /* Jn does not count 29 February, n does */
        {"AAA0BBB,J60/0,J300/0", "2024-02-29T23:59:59", 0},
        {"AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00", HM(1, 0)},
        {"AAA0BBB,J60/0,J300/0", "2025-02-28T23:59:59", 0},
        {"AAA0BBB,J60/0,J300/0", "2025-03-01T00:00:00", HM(1, 0)},
        {"AAA0BBB,J59/0,J300/0", "2024-02-28T00:00:00", HM(1, 0)},
        {"AAA0BBB,59/0,300/0", "2024-02-28T23:59:59", 0},
        {"AAA0BBB,59/0,300/0", "2024-02-29T00:00:00", HM(1, 0)},
        {"AAA0BBB,59/0,300/0", "2025-03-01T00:00:00", HM(1, 0)},
        {"AAA0BBB,59/0,300/0", "2025-02-28T23:59:59", 0},
        /* the last Sunday, in months of four and of five; the fifth is the last */
        {"AAA0BBB,M2.5.0/0,M10.4.0/0", "2026-02-21T23:59:59", 0},
        {"AAA0BBB,M2.5.0/0,M10.4.0/0", "2026-02-22T00:00:00", HM(1, 0)},
        {"AAA0BBB,M2.5.4/0,M10.4.0/0", "2024-02-29T00:00:00", HM(1, 0)},
        {"AAA0BBB,M2.5.4/0,M10.4.0/0", "2024-02-28T23:59:59", 0},
        /* hours before and behind the day: Greenland, Gaza */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59", HM(-2, 0)},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00", HM(-1, 0)},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59", HM(2, 0)},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00", HM(3, 0)},
        /* a week over the turn of the year */
        {"AAA0BBB,365/167,J100/0", "2026-01-07T22:59:59", 0},
        {"AAA0BBB,365/167,J100/0", "2026-01-07T23:00:00", HM(1, 0)},
        {"AAA0BBB,J200/0,J1/-167", "2025-12-24T23:59:59", HM(1, 0)},
        {"AAA0BBB,J200/0,J1/-167", "2025-12-25T00:00:00", 0},
        /* summer all year: it begins where it ends */
        {"XXX3EDT4,0/0,J365/23", "2026-01-01T02:59:59", HM(-4, 0)},
        {"XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00", HM(-4, 0)},
        {"XXX3EDT4,0/0,J365/23", "2024-12-31T12:00:00", HM(-4, 0)},
        {"XXX3EDT4,0/0,J365/23", "2026-07-01T00:00:00", HM(-4, 0)},
        /* seconds */
        {"AAA0:00:01BBB-0:0:1,M3.1.0/1:02:03,M10.1.0", "2026-03-01T01:02:03", -1},
        {"AAA0:00:01BBB-0:0:1,M3.1.0/1:02:03,M10.1.0", "2026-03-01T01:02:04", 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct zone *z = NULL;
        const char *why = "";
        struct made m = make(&plain, rows[i].footer);
        cr_assert_eq(load_made(&a, &m, &z, &why), 0, "%s: %s", rows[i].footer, why);
        /* rules repeat every 400 years, as far as one likes */
        for (int64_t k = -1; k <= 2; k++) {
            int64_t at = seconds(rows[i].utc) + k * INT64_C(12622780800) * 1000000;
            cr_expect_eq(zone_offset(z, at), rows[i].offset_s, "%s %s", rows[i].footer,
                         rows[i].utc);
            struct zone_local back = zone_local(z, at + rows[i].offset_s);
            cr_expect(back.how == ZONE_TWICE || back.offset_s == rows[i].offset_s, "%s %s",
                      rows[i].footer, rows[i].utc);
        }
        arena_free(&a);
    }
}

Test(zone, keeps_to_its_transitions_before_the_footer)
{
    const struct plan p = {.version = '2',
                           .times = 2,
                           .types = 2,
                           .at = {0, 1000000},
                           .type = {1, 0},
                           .offset_s = {0, HM(9, 0)}};
    struct arena a = {0};
    struct zone *z = NULL;
    struct made m = make(&p, "AAA-5");
    cr_assert_eq(load_made(&a, &m, &z, NULL), 0);
    cr_expect_eq(zone_offset(z, -1), 0);
    cr_expect_eq(zone_offset(z, 0), HM(9, 0));
    cr_expect_eq(zone_offset(z, 999999), HM(9, 0));
    cr_expect_eq(zone_offset(z, 1000000), HM(5, 0));
    arena_free(&a);
}

/* Changes closer than their sizes: the first reading counts, and a gap that is filled later is none. */
Test(zone, bears_changes_within_hours_of_each_other)
{
    static const struct {
        struct plan plan;
        int64_t local_s;
        struct zone_local want;
    } rows[] = {
        /* forward by two hours at 0, back by two at 3600 */
        {{'2', 2, 2, {0, 3600}, {1, 0}, {0, 7200}}, 3600, {0, ZONE_ONCE, 0}},
        {{'2', 2, 2, {0, 3600}, {1, 0}, {0, 7200}}, 1800, {0, ZONE_GAP, 7200}},
        {{'2', 2, 2, {0, 3600}, {1, 0}, {0, 7200}}, 7200, {7200, ZONE_TWICE, 0}},
        /* back twice: three times the same reading */
        {{'2', 2, 3, {7200, 7300}, {1, 2}, {0, -3600, -7200}}, 7100, {0, ZONE_TWICE, 0}},
        /* forward twice at nearly the same time: the reading lies in the second gap */
        {{'2', 2, 3, {0, 60}, {1, 2}, {0, 3600, 7200}}, 5000, {3600, ZONE_GAP, 3600}},
        /* a change of nothing */
        {{'2', 1, 2, {0}, {1}, {60, 60}}, 60, {60, ZONE_ONCE, 0}},
        /* farthest east to farthest west */
        {{'2', 1, 2, {0}, {1}, {93599, -89999}}, 93598, {93599, ZONE_TWICE, 0}},
        {{'2', 1, 2, {0}, {1}, {-89999, 93599}}, 93598, {-89999, ZONE_GAP, 183598}},
        {{'2', 1, 2, {0}, {1}, {-89999, 93599}}, 93599, {93599, ZONE_ONCE, 0}},
        /* where numbers end */
        {{'2', 2, 2, {INT64_MIN, INT64_MAX}, {1, 0}, {0, 3600}}, INT64_MAX, {3600, ZONE_ONCE, 0}},
        {{'2', 2, 2, {INT64_MIN, INT64_MAX}, {1, 0}, {0, 3600}}, INT64_MIN, {3600, ZONE_ONCE, 0}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct zone *z = NULL;
        struct made m = make(&rows[i].plan, "");
        cr_assert_eq(load_made(&a, &m, &z, NULL), 0);
        struct zone_local got = zone_local(z, rows[i].local_s), want = rows[i].want;
        cr_expect(got.offset_s == want.offset_s && got.how == want.how && got.gap_s == want.gap_s,
                  "%zu: %d %d %d", i, got.offset_s, got.how, got.gap_s);
        arena_free(&a);
    }
}

Test(zone, refuses_footers_that_say_no_time)
{
    static const char *const rows[] = {"0",
                                       "AA0",
                                       "AAA",
                                       "<AA>0",
                                       "<AAA0",
                                       "AAA25",
                                       "AAA0:60",
                                       "AAA0:",
                                       "AAA-",
                                       "AAA0 ",
                                       "AAA0B",
                                       "AAA0BBB",
                                       "AAA0BBB,",
                                       "AAA0BBB,M3.2.0",
                                       "AAA0BBB,M3.2.0,",
                                       "AAA0BBB,M3.2.0,M11.1.0,",
                                       "AAA0BBB,M13.2.0,M11.1.0",
                                       "AAA0BBB,M0.2.0,M11.1.0",
                                       "AAA0BBB,M3.6.0,M11.1.0",
                                       "AAA0BBB,M3.0.0,M11.1.0",
                                       "AAA0BBB,M3.2.7,M11.1.0",
                                       "AAA0BBB,M3.2,M11.1.0",
                                       "AAA0BBB,J0,J100",
                                       "AAA0BBB,J366,J100",
                                       "AAA0BBB,366,100",
                                       "AAA0BBB,1/168,100",
                                       "AAA0BBB,1/-168,100",
                                       "AAA0BBB,1/,100",
                                       "AAA0BBB26,1,100",
                                       "AAA99999999999999999999",
                                       "\xC3\xA4\xC3\xA4",
                                       "AAA0\nBBB"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct zone *z = NULL;
        const char *why = NULL;
        struct made m = make(&plain, rows[i]);
        cr_expect_eq(load_made(&a, &m, &z, &why), ERR_SYNTAX, "%s", rows[i]);
        cr_expect(why && !z, "%s", rows[i]);
        arena_free(&a);
    }
}

static const struct plan full = {
    .version = '2', .times = 2, .types = 2, .at = {0, 1000}, .type = {1, 0}, .offset_s = {0, 3600}};

/* Where things stand in make(&full, ""): the second header behind a first part of 44 + 6 + 4 bytes. */
enum {
    SECOND = 54,
    COUNTS = SECOND + 20,
    TIMES = SECOND + 44,
    INDEX = TIMES + 16,
    TYPES = INDEX + 2
};

Test(zone, refuses_what_contradicts_itself)
{
    static const struct {
        size_t at;
        unsigned char byte;
        const char *why;
    } rows[] = {
        {0, 'X', "no time zone file"},
        {4, '1', "version"},
        {4, '5', "version"},
        {SECOND, 'X', "no time zone file"},
        {SECOND + 4, '9', "version"},
        {35, 9, "no time zone file"},  /* more times in the first part */
        {COUNTS + 3, 1, "contradict"}, /* UTC marks */
        {COUNTS + 7, 3, "contradict"}, /* standard time marks */
        {COUNTS + 11, 1, "leap"},
        {COUNTS + 12, 0xFF, "too early"}, /* four thousand million times */
        {COUNTS + 15, 3, "too early"},
        {COUNTS + 19, 0, "no offsets"},
        {COUNTS + 18, 2, "more than 256"},
        {COUNTS + 23, 0, "no offsets"},
        {TIMES + 6, 0x10, "order"},
        {INDEX, 2, "order"},
        {TYPES + 0, 0x7F, "cannot be"},
        {TYPES + 4, 2, "cannot be"},
        {TYPES + 5, 4, "cannot be"},
        {TYPES + 6, 0x80, "cannot be"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct zone *z = NULL;
        const char *why = "";
        struct made m = make(&full, "");
        m.bytes[rows[i].at] = (char)rows[i].byte;
        cr_expect_eq(load_made(&a, &m, &z, &why), ERR_SYNTAX, "%zu", i);
        cr_expect(strstr(why, rows[i].why), "%zu: %s", i, why);
        arena_free(&a);
    }
}

Test(zone, refuses_files_cut_or_continued_anywhere)
{
    static const char *const footers[] = {"", "CST6CDT,M3.2.0,M11.1.0"};
    for (size_t k = 0; k < 3; k++) {
        struct plan p = full;
        p.version = k == 2 ? 0 : '2';
        struct made m = make(&p, footers[k % 2]);
        for (size_t n = 0; n <= m.n + 1; n++) {
            struct arena a = {0};
            struct zone *z = NULL;
            const char *why = NULL;
            char *exact = malloc(n ? n : 1); /* so that one byte too far is seen */
            memcpy(exact, m.bytes, n < sizeof(m.bytes) ? n : sizeof(m.bytes));
            int rc = zone_load(&a, str_from(exact, n), &z, &why);
            cr_expect_eq(rc, n == m.n ? 0 : ERR_SYNTAX, "%zu of %zu", n, m.n);
            free(exact);
            arena_free(&a);
        }
    }
}

Test(zone, refuses_large_files_and_leaves_nothing_behind)
{
    static char large[ZONE_FILE_MAX + 1];
    struct arena a = {0};
    struct zone *z = NULL;
    const char *why = "";
    cr_expect_eq(zone_load(&a, str_from(large, sizeof(large)), &z, &why), ERR_LIMIT);
    cr_expect(strstr(why, "64 KiB"));
    cr_expect_eq(zone_load(&a, str_from(large, sizeof(large) - 1), &z, &why), ERR_SYNTAX);
    cr_expect_eq(zone_load(&a, (struct str){NULL, 0}, &z, NULL), ERR_SYNTAX);
    cr_expect_eq(a.total, 0);
    arena_free(&a);
}

Test(zone, survives_noise)
{
    uint64_t state = 3;
    for (int i = 0; i < 20000; i++) {
        struct arena a = {0};
        struct zone *z = NULL;
        struct made m = make(&full, "CST6CDT,M3.2.0,M11.1.0");
        for (int k = 0; k < 1 + i % 4; k++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            m.bytes[(state >> 33) % m.n] = (char)(state >> 25);
        }
        if (load_made(&a, &m, &z, NULL) == 0) {
            int64_t at = (int64_t)state >> (state % 60);
            struct zone_local got = zone_local(z, at);
            int32_t offset = zone_offset(z, at);
            cr_expect(offset <= ZONE_EAST_MAX_S && offset >= -ZONE_WEST_MAX_S);
            cr_expect_eq(got.how == ZONE_GAP, got.gap_s > 0);
        }
        arena_free(&a);
    }
}

Test(zone, names_stay_below_their_folder)
{
    static const struct {
        const char *name;
        bool ok;
    } rows[] = {
        {"UTC", true},
        {"America/Chicago", true},
        {"America/Argentina/Buenos_Aires", true},
        {"America/Port-au-Prince", true},
        {"Etc/GMT+12", true},
        {"EST5EDT", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"", false},
        {"/", false},
        {"/etc/passwd", false},
        {"America/", false},
        {"America//Chicago", false},
        {"../etc/passwd", false},
        {"America/../UTC", false},
        {"America/.", false},
        {"tzdata.zi", false},
        {"America Chicago", false},
        {"America\\Chicago", false},
        {"UTC\n", false},
        {"Europe/K\xC3\xB6ln", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        cr_expect_eq(zone_name_valid(str_of(rows[i].name)), rows[i].ok, "%s", rows[i].name);
    }
    cr_expect(!zone_name_valid((struct str){"UTC\0x", 5}));
    cr_expect(!zone_name_valid((struct str){NULL, 0}));
}
