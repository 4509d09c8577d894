/* Age under a wall clock that steps: nothing goes because of it, until a person has accepted the clock. */
#include "engine/journal/age.h"
#include "engine/journal/consumer.h"

#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>

enum { VOLUME = 64 * 1024 };
#define MINUTE_US ((int64_t)60 * 1000000)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)
static const int64_t START_US = (int64_t)1700000000 * 1000000;

Test(age, follows_small_steps_and_doubts_large_ones)
{
    static const struct {
        const char *name;
        int64_t step_us;
        bool is_doubted;
        int64_t now_us; /* an hour later */
    } rows[] = {
        {"none", 0, false, HOUR_US},
        {"59 minutes on", 59 * MINUTE_US, false, HOUR_US},
        {"59 minutes back", -59 * MINUTE_US, false, MINUTE_US},
        {"61 minutes on", 61 * MINUTE_US, true, HOUR_US},
        {"61 minutes back", -61 * MINUTE_US, true, -MINUTE_US},
        {"400 days on", 400 * DAY_US, true, HOUR_US},
        {"400 days back", -400 * DAY_US, true, HOUR_US - 400 * DAY_US},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct age a;
        age_begin(&a, START_US - MINUTE_US, false, START_US, 7);
        cr_assert_not(a.is_suspended);
        int64_t now = age_now(&a, START_US + HOUR_US + rows[i].step_us, HOUR_US + 7);
        cr_expect_eq(now - START_US, rows[i].now_us, "%s", rows[i].name);
        cr_expect_eq(a.is_suspended, rows[i].is_doubted, "%s", rows[i].name);
    }
}

Test(age, takes_up_to_a_day_for_having_been_stopped)
{
    static const struct {
        int64_t gap_us;
        bool was_doubted, is_doubted;
    } rows[] = {
        {0, false, false},           {23 * HOUR_US, false, false}, {25 * HOUR_US, false, true},
        {2 * HOUR_US, true, true},   {MINUTE_US, true, false},     {-2 * HOUR_US, false, true},
        {400 * DAY_US, false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct age a;
        age_begin(&a, START_US, rows[i].was_doubted, START_US + rows[i].gap_us, 0);
        cr_expect_eq(a.is_suspended, rows[i].is_doubted, "row %zu", i);
    }
}

Test(age, a_slow_drift_is_followed)
{
    struct age a;
    age_begin(&a, 0, false, START_US, 0);
    int64_t wall = START_US, mono = 0;
    for (int i = 0; i < 1000; i++) { /* a second in ten minutes */
        wall += 10 * MINUTE_US + 1000000;
        mono += 10 * MINUTE_US;
        (void)age_now(&a, wall, mono);
        cr_assert_not(a.is_suspended);
    }
}

/* ---- a journal ---- */

struct bed {
    struct kit kit;
    struct clock_fake time;
    struct simdisk *disk;
    struct journal *j;
    struct arena arena;
    uint32_t lab;
    struct consumer *c;
};

static void open_bed(struct bed *b)
{
    struct journal_conf conf = kit_conf(&b->kit);
    struct journal_report report;
    struct diags d;
    diags_init(&d, &b->arena);
    conf.clock = clock_of_fake(&b->time);
    conf.disk = simdisk_disk(b->disk);
    conf.volume_bytes = VOLUME;
    conf.retention_us = 30 * DAY_US;
    cr_assert_eq(journal_open(&conf, &d, &b->j, &report), 0);
    b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
    b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
}

static void reopen(struct bed *b)
{
    journal_close(&b->j);
    simdisk_restart(b->disk);
    open_bed(b);
}

static void fill(struct bed *b, unsigned n)
{
    struct entry_message m;
    struct consumer_item item;
    for (unsigned i = 0; i < n; i++) {
        m = kit_message(&b->arena, i, 1000, &b->lab, 1, i);
        cr_assert_neq(journal_append_message(b->j, &m, NULL, NULL), 0u);
        cr_assert_eq(journal_poll(b->j), 0);
        while (consumer_next(b->c, &b->arena, &m, &item) == 1) {
            consumer_outcome(
                b->c, &(struct entry_outcome){.ref = {item.seq, 0}, .verdict = ENTRY_DELIVERED});
        }
        arena_reset(&b->arena);
    }
}

static void tick(struct bed *b)
{
    for (int i = 0; i < 5; i++) {
        journal_tick(b->j);
        cr_assert_eq(journal_poll(b->j), 0);
    }
}

Test(age, a_step_of_400_days_deletes_nothing_until_it_is_accepted)
{
    struct bed b = {.disk = simdisk_new(1), .time = {START_US, 5}};
    open_bed(&b);
    fill(&b, 500);
    clock_fake_advance(&b.time, DAY_US);
    tick(&b);
    b.time.wall_us += 400 * DAY_US;
    int64_t step = 0;
    fill(&b, 100);
    tick(&b);
    cr_expect(journal_is_clock_doubted(b.j, &step) && step > 399 * DAY_US && step < 401 * DAY_US);
    cr_expect_eq(journal_floor(b.j), 1u);
    reopen(&b); /* no way around it */
    tick(&b);
    cr_expect(journal_is_clock_doubted(b.j, NULL));
    cr_expect_eq(journal_floor(b.j), 1u);
    b.time.wall_us -= 400 * DAY_US; /* it comes back by itself */
    tick(&b);
    cr_expect_not(journal_is_clock_doubted(b.j, NULL));
    cr_expect_eq(journal_floor(b.j), 1u);
    b.time.wall_us += 400 * DAY_US;
    tick(&b);
    cr_expect_eq(journal_floor(b.j), 1u);
    journal_accept_clock(b.j);
    tick(&b);
    cr_expect_not(journal_is_clock_doubted(b.j, NULL));
    cr_expect_gt(journal_floor(b.j), 500u, "a person says so");
    reopen(&b);
    cr_expect_not(journal_is_clock_doubted(b.j, NULL));
    journal_close(&b.j);
    simdisk_free(&b.disk);
    arena_free(&b.arena);
}

Test(age, what_is_settled_goes_when_it_is_old_enough_and_nothing_happens)
{
    struct bed b = {.disk = simdisk_new(1), .time = {START_US, 5}};
    open_bed(&b);
    fill(&b, 500);
    for (int day = 0; day < 29; day++) {
        clock_fake_advance(&b.time, DAY_US);
        tick(&b);
    }
    cr_expect_eq(journal_floor(b.j), 1u);
    clock_fake_advance(&b.time, 2 * DAY_US);
    tick(&b);
    cr_expect_gt(journal_floor(b.j), 400u);
    journal_close(&b.j);
    simdisk_free(&b.disk);
    arena_free(&b.arena);
}
