/* Cleaning: what a dead destination leaves in old volumes is written again, and the volumes go. */
#include "engine/base/err.h"
#include "engine/journal/consumer.h"
#include "engine/journal/verify.h"

#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { VOLUME = 64 * 1024, MESSAGE = 900, EVERY = 20, MESSAGES_MOST = 80000 };
static const int64_t HOUR_US = (int64_t)3600 * 1000000;

/* One destination that takes everything at once, one that takes nothing. */
struct bed {
    struct kit kit;
    struct simdisk *disk;
    struct journal *j;
    struct arena arena;
    uint32_t lab, desk;
    struct consumer *live, *dead;
    uint64_t bound, volume; /* bytes; 0: VOLUME */
    size_t message;         /* bytes; 0: MESSAGE */
    int64_t retention_us;
    bool
        is_reading; /* the dead one's queue takes what it can, as long as it is not asked to send */
    uint64_t n, for_dead, refused;
    uint64_t seqs[MESSAGES_MOST]; /* of the messages for the dead one */
    uint64_t numbers[MESSAGES_MOST];
};

static void open_bed(struct bed *b)
{
    struct journal_conf conf = kit_conf(&b->kit);
    struct journal_report report;
    struct diags d;
    diags_init(&d, &b->arena);
    conf.disk = simdisk_disk(b->disk);
    conf.volume_bytes = b->volume ? b->volume : VOLUME;
    conf.disk_bytes = b->bound;
    conf.retention_us = b->retention_us;
    cr_assert_eq(journal_open(&conf, &d, &b->j, &report), 0);
    cr_expect_not(report.degraded);
    b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
    b->desk = journal_name(b->j, JOURNAL_DESTINATION, STR("desk"));
    b->live = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    b->dead = journal_consumer(b->j, b->desk, ENTRY_INTERACTIVE);
}

static void reopen(struct bed *b)
{
    journal_close(&b->j);
    simdisk_restart(b->disk);
    open_bed(b);
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    simdisk_free(&b->disk);
    arena_free(&b->arena);
}

static void settle_live(struct bed *b)
{
    struct entry_message m;
    struct consumer_item item;
    while (consumer_next(b->live, &b->arena, &m, &item) == 1) {
        consumer_outcome(b->live, &(struct entry_outcome){.ref = {item.seq, item.output},
                                                          .verdict = ENTRY_DELIVERED});
        arena_reset(&b->arena);
    }
}

/* Message `n` for the live one; for the dead one too when `is_for_dead`. */
static bool send(struct bed *b, bool is_for_dead)
{
    uint32_t both[] = {b->lab, b->desk};
    struct entry_message m = kit_message(&b->arena, b->n, b->message ? b->message : MESSAGE, both,
                                         is_for_dead ? 2 : 1, b->n % 5);
    uint64_t seq = journal_append_message(b->j, &m, NULL, NULL);
    arena_reset(&b->arena);
    b->refused += seq == 0;
    if (seq && is_for_dead) {
        b->seqs[b->for_dead] = seq;
        b->numbers[b->for_dead++] = b->n;
    }
    b->n += seq != 0;
    b->kit.now_us += 1000;
    cr_assert_eq(journal_poll(b->j), 0);
    settle_live(b);
    if (b->is_reading) {
        struct consumer_item item;
        (void)consumer_next(b->dead, &b->arena, &m, &item); /* how many is not the matter here */
        arena_reset(&b->arena);
    }
    return seq != 0;
}

static void pass_time(struct bed *b, unsigned polls)
{
    for (unsigned i = 0; i < polls; i++) {
        b->kit.now_us += 100000;
        cr_assert_eq(journal_poll(b->j), 0);
        settle_live(b);
    }
}

/* Everything for the dead one is offered once, in order, whole: first what was taken up, then what is read. */
static void check_dead(struct bed *b)
{
    size_t n;
    uint64_t at = 0;
    struct entry_message m;
    struct consumer_item item;
    const struct consumer_item *v = consumer_unsettled(b->dead, &n);
    for (size_t i = 0; i < n; i++, at++) {
        cr_assert(at < b->for_dead && v[i].seq == b->seqs[at] && v[i].output == 1);
        cr_assert_eq(consumer_read(b->dead, v[i].seq, 1, &b->arena, &m), 0);
        cr_assert(kit_is_message(m.raw, b->numbers[at]));
        arena_reset(&b->arena);
    }
    while (consumer_next(b->dead, &b->arena, &m, &item) == 1) {
        cr_assert(at < b->for_dead && item.seq == b->seqs[at] && item.output == 1, "%zu of %zu",
                  (size_t)at, (size_t)b->for_dead);
        cr_assert(kit_is_message(m.raw, b->numbers[at++]));
        cr_assert(m.outputs[1].destination == b->desk && m.outputs[1].nkeys == 1);
        cr_assert(m.id.hi == b->numbers[at - 1] && str_is(m.reply, "MSA|AA"));
        arena_reset(&b->arena);
    }
    cr_assert_eq(at, b->for_dead);
}

static void check_verify(struct bed *b)
{
    struct verify_result r;
    pass_time(b, 3);
    struct verify_conf conf = {.disk = simdisk_disk(b->disk)};
    verify_live(b->j, &conf.live_volume, &conf.live_end);
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_expect(r.damages == 0 && r.unsettled == b->for_dead, "%zu damages, %zu of %zu unsettled",
              (size_t)r.damages, (size_t)r.unsettled, (size_t)b->for_dead);
}

Test(clean, what_keeps_old_volumes_is_written_again)
{
    for (int is_reading = 0; is_reading < 2; is_reading++) {
        struct bed b = {.disk = simdisk_new(1), .is_reading = is_reading};
        open_bed(&b);
        for (int i = 0; i < 2000; i++) {
            cr_assert(send(&b, i % EVERY == 0));
        }
        pass_time(&b, 100);
        cr_expect_gt(journal_floor(b.j), b.seqs[60], "old volumes went");
        check_verify(&b);
        uint64_t backlog = consumer_backlog(b.dead);
        cr_expect(backlog > b.for_dead * 900 && backlog < b.for_dead * 1200, "%zu",
                  (size_t)backlog);
        cr_expect_eq(consumer_unread(b.dead), is_reading ? 0 : b.for_dead);
        reopen(&b);
        cr_expect_eq(consumer_backlog(b.dead), backlog);
        cr_expect_eq(consumer_unread(b.dead), is_reading ? 0 : b.for_dead);
        check_verify(&b);
        check_dead(&b);
        reopen(&b); /* offered to the queue by now, and so it is known */
        check_dead(&b);
        teardown(&b);
    }
}

/* Between the append of a carry and its commit the queue may want what is in it: it asks again, and nothing is
 * taken for unreadable. */
Test(clean, what_is_written_again_but_not_durable_yet_is_read_later)
{
    struct bed b = {.disk = simdisk_new(1), .is_reading = true};
    unsigned later = 0;
    open_bed(&b);
    for (int i = 0; i < 1500; i++) {
        size_t n;
        cr_assert(send(&b, i % EVERY == 0));
        const struct consumer_item *v = consumer_unsettled(b.dead, &n);
        for (size_t k = 0; k < n; k++) {
            struct entry_message m;
            int rc = consumer_read(b.dead, v[k].seq, v[k].output, &b.arena, &m);
            cr_assert(rc == 0 || rc == ERR_STATE, "message %d, output %zu: %d", i, k, rc);
            later += rc == ERR_STATE;
            arena_reset(&b.arena);
        }
    }
    cr_expect_gt(later, 0u, "it happened");
    pass_time(&b, 5);
    check_dead(&b);
    teardown(&b);
}

/* How often the journal says of message `seq` that it is held, and why. */
static unsigned count_held(struct bed *b, uint64_t seq)
{
    struct journal_cursor c = {0};
    struct entry_outcomes all;
    struct entry e;
    unsigned n = 0;
    while (journal_next(b->j, &c, &b->arena, &e) == 1) {
        bool is_outcome =
            e.type == ENTRY_OUTCOME && entry_get_outcomes(&b->arena, e.body, &all) == 0;
        for (uint32_t i = 0; is_outcome && i < all.n; i++) {
            n += all.v[i].ref.seq == seq && all.v[i].verdict == ENTRY_HELD &&
                 str_is(all.v[i].reply, "AE of theirs");
        }
        arena_reset(&b->arena);
    }
    return n;
}

Test(clean, what_is_held_stays_so_and_why_is_kept)
{
    struct bed b = {.disk = simdisk_new(1), .is_reading = true};
    open_bed(&b);
    for (int i = 0; i < 3; i++) {
        cr_assert(send(&b, true));
    }
    uint64_t seq = b.seqs[1];
    consumer_outcome(b.dead, &(struct entry_outcome){.ref = {seq, 1},
                                                     .verdict = ENTRY_HELD,
                                                     .attempt = 1,
                                                     .reply = STR("AE of theirs")});
    for (int i = 0; i < 2000; i++) {
        cr_assert(send(&b, false));
    }
    pass_time(&b, 100);
    cr_expect_gt(journal_floor(b.j), seq, "its volume went");
    cr_expect_geq(count_held(&b, seq), 1u);
    reopen(&b);
    const struct consumer_item *item = consumer_find(b.dead, seq, 1);
    cr_assert(item && item->is_held && item->home > seq);
    cr_expect_geq(count_held(&b, seq), 1u);
    check_dead(&b);
    struct entry_message m; /* by its number alone */
    cr_assert_eq(journal_read_message(b.j, seq, &b.arena, &m), 0);
    cr_expect(kit_is_message(m.raw, 1) && m.outputs[0].destination == 0);
    teardown(&b);
}

/* A volume full of what is unsettled stands in front of others that are settled. */
Test(clean, a_full_volume_does_not_keep_the_settled_ones_behind_it_for_ever)
{
    struct bed b = {.disk = simdisk_new(1), .bound = VOLUME * 16, .retention_us = 1000 * HOUR_US};
    open_bed(&b);
    for (int i = 0; i < 110; i++) { /* about two volumes */
        cr_assert(send(&b, true));
    }
    for (int i = 0; i < 3000; i++) {
        (void)send(&b, false);
    }
    cr_expect_eq(b.refused, 0u, "%zu refused", (size_t)b.refused);
    struct journal_space space;
    journal_space(b.j, &space);
    cr_expect(space.cut > 10 && space.carried >= 110, "%zu cut, %zu carried", (size_t)space.cut,
              (size_t)space.carried);
    check_verify(&b);
    check_dead(&b);
    teardown(&b);
}

Test(clean, a_volume_that_is_more_than_a_quarter_unsettled_stays)
{
    struct bed b = {.disk = simdisk_new(1)};
    open_bed(&b);
    for (int i = 0; i < 600; i++) {
        cr_assert(send(&b, i % 3 == 0));
    }
    pass_time(&b, 100);
    struct journal_space space;
    journal_space(b.j, &space);
    cr_expect_eq(space.carried, 0u);
    cr_expect_leq(journal_floor(b.j), b.seqs[0]);
    check_dead(&b);
    teardown(&b);
}

/* Three weeks of a destination that is down: 21 days of messages, the bound reached many times over. Nobody else
 * is refused. */
static void three_weeks(struct bed *b, int messages)
{
    int64_t each_us = 21 * 24 * HOUR_US / messages;
    open_bed(b);
    for (int i = 0; i < messages; i++) {
        bool takes = consumer_backlog(b->dead) < b->bound / 4; /* as flow/destination.c asks */
        (void)send(b, takes && i % 16 == 0);
        b->kit.now_us += each_us;
        if (i % (messages / 20 * 3) == messages / 20 * 3 - 1) {
            reopen(b);
        }
    }
    struct journal_space space;
    journal_space(b->j, &space);
    cr_expect_eq(b->refused, 0u, "%zu refused", (size_t)b->refused);
    cr_expect(space.carried > 0 && space.bytes <= b->bound, "%zu carried, %zu bytes",
              (size_t)space.carried, (size_t)space.bytes);
    check_verify(b);
    reopen(b);
    check_dead(b);
    teardown(b);
}

/* At a scale of 1 : 512 in bytes: 2 GiB are 4 MiB. */
Test(clean, a_destination_that_is_dead_for_three_weeks_costs_nobody_else_anything)
{
    struct bed b = {.disk = simdisk_new(1), .bound = VOLUME * 64, .retention_us = 24 * HOUR_US};
    three_weeks(&b, 20000);
    cr_expect(b.for_dead > 400 && b.for_dead < 1250, "%zu: the backlog's bound was reached",
              (size_t)b.for_dead);
}

/* 2 GiB, 9 GB of messages, 5 GB of memory for the disk. */
Test(clean, three_weeks_at_full_size)
{
    if (!getenv("CORRIDOR_LONG")) {
        cr_skip_test("2 GiB: in make soak");
    }
    struct bed b = {
        .disk = simdisk_new(1), .bound = (uint64_t)1 << 31, .retention_us = 24 * HOUR_US};
    b.volume = b.bound / 64;
    b.message = 9000;
    three_weeks(&b, 1000000);
    cr_expect(b.for_dead > 20000 && b.for_dead < 62500, "%zu: the backlog's bound was reached",
              (size_t)b.for_dead);
}
