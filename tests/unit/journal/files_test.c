#include "engine/journal/consumer.h"

#include "engine/base/err.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>

enum { VOLUME = 64 * 1024 };

struct bed {
    struct kit kit;
    struct simdisk *disk;
    struct journal *j;
    struct journal_report report;
    struct arena arena;
    struct consumer *c;
    uint32_t lab;
    unsigned stored, unknown;
    uint64_t bound; /* of the journal */
};

static int open_bed(struct bed *b)
{
    struct journal_conf conf = kit_conf(&b->kit);
    conf.disk = simdisk_disk(b->disk);
    conf.volume_bytes = VOLUME;
    conf.disk_bytes = b->bound;
    conf.retention_us = b->bound ? INT64_MAX / 4 : conf.retention_us;
    struct diags d;
    diags_init(&d, &b->arena);
    int rc = journal_open(&conf, &d, &b->j, &b->report);
    if (rc == 0) {
        b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
        b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    }
    return rc;
}

static void setup(struct bed *b)
{
    *b = (struct bed){.disk = simdisk_new(1)};
    cr_assert_eq(open_bed(b), 0);
    cr_expect_eq(b->report.last_seq, 0u);
}

static void done(void *arg, enum journal_status status, uint64_t seq)
{
    struct bed *b = arg;
    (void)seq;
    b->stored += status == JOURNAL_STORED;
    b->unknown += status == JOURNAL_UNKNOWN;
}

static uint64_t append(struct bed *b, uint64_t i, size_t size)
{
    struct entry_message m = kit_message(&b->arena, i, size, &b->lab, 1, i % 5);
    uint64_t seq = journal_append_message(b->j, &m, done, b);
    arena_reset(&b->arena);
    return seq;
}

static void reopen(struct bed *b)
{
    journal_close(&b->j);
    simdisk_restart(b->disk);
    cr_assert_eq(open_bed(b), 0);
}

/* Read all messages for the lab; returns how many came, from number `first` on in order. */
static uint64_t read_all(struct bed *b, uint64_t first)
{
    struct entry_message m;
    struct consumer_item item;
    uint64_t n = first;
    int rc;
    while ((rc = consumer_next(b->c, &b->arena, &m, &item)) == 1) {
        cr_expect_eq(kit_number(m.raw), n, "message %llu", (unsigned long long)n);
        n++;
        arena_reset(&b->arena);
    }
    cr_expect_eq(rc, 0);
    return n - first;
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    simdisk_free(&b->disk);
    arena_free(&b->arena);
}

Test(files, everything_comes_back_over_many_volumes_in_order)
{
    struct bed b;
    setup(&b);
    uint64_t seqs[2000];
    for (unsigned i = 0; i < 2000; i++) {
        seqs[i] = append(&b, i, 100 + i * 37 % 1500);
        if (i % 7 == 0) {
            cr_assert_eq(journal_poll(b.j), 0);
        }
    }
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.stored, 2000u);
    reopen(&b);
    cr_expect_not(b.report.degraded);
    cr_expect_gt(b.report.volumes, 10u);
    cr_expect_eq(read_all(&b, 0), 2000u);
    struct entry e;
    for (unsigned i = 0; i < 2000; i += 111) {
        struct entry_message m;
        cr_assert_eq(journal_read(b.j, seqs[i], 0, &b.arena, &e), 0);
        cr_assert_eq(entry_get_message(&b.arena, e.body, &m), 0);
        cr_expect_eq(kit_number(m.raw), i);
    }
    cr_expect_eq(journal_read(b.j, seqs[1999] + 1000, 0, &b.arena, &e), ERR_NOT_FOUND);
    teardown(&b);
}

Test(files, large_bodies_cross_volumes)
{
    struct bed b;
    setup(&b);
    for (unsigned i = 0; i < 12; i++) {
        append(&b, i, i % 2 ? 200000 : 100);
    }
    cr_assert_eq(journal_poll(b.j), 0);
    reopen(&b);
    cr_expect_eq(read_all(&b, 0), 12u);
    reopen(&b);
    cr_expect_eq(consumer_count(b.c), 12u, "taken, not settled: in the list after a restart");
    teardown(&b);
}

Test(files, settled_volumes_are_recycled_and_their_old_entries_never_read)
{
    struct bed b;
    setup(&b);
    struct entry_message m;
    struct consumer_item item;
    for (unsigned i = 0; i < 5000; i++) {
        append(&b, i, 1000);
        cr_assert_eq(journal_poll(b.j), 0);
        int n = 0;
        while (consumer_next(b.c, &b.arena, &m, &item) == 1) {
            cr_assert_eq(kit_number(m.raw), i);
            consumer_outcome(
                b.c, &(struct entry_outcome){.ref = {item.seq, 0}, .verdict = ENTRY_DELIVERED});
            n++;
        }
        cr_assert_eq(n, 1);
        arena_reset(&b.arena);
        cr_assert_leq(simdisk_files(b.disk), 9u);
    }
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_gt(journal_floor(b.j), 4000u);
    reopen(&b);
    cr_expect_eq(read_all(&b, 5000), 0u);
    cr_expect_eq(consumer_count(b.c), 0u);
    cr_expect_not(b.report.degraded);
    teardown(&b);
}

/* Take and settle whatever there is. */
static void settle_all(struct bed *b)
{
    struct entry_message m;
    struct consumer_item item;
    while (consumer_next(b->c, &b->arena, &m, &item) == 1) {
        struct entry_outcome o = {.ref = {item.seq, 0}, .verdict = ENTRY_DELIVERED};
        consumer_outcome(b->c, &o);
        arena_reset(&b->arena);
    }
}

Test(files, what_is_opened_again_keeps_its_volume_until_it_is_settled_again)
{
    struct bed b;
    setup(&b);
    uint64_t seq = 0, entry = 0;
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t one = append(&b, i, 1000);
        cr_assert_eq(journal_poll(b.j), 0);
        settle_all(&b);
        if (i == 500) { /* settled, and its volume about to go */
            cr_expect_neq(consumer_flush(b.c), 0u);
            cr_assert_eq(journal_poll(b.j), 0);
            seq = one;
            struct entry_outcome o = {.ref = {seq, 0}, .verdict = ENTRY_RELEASED};
            cr_assert_eq(consumer_reopen(b.c, &o, &entry), 0);
        }
        if (i == 1000) {
            reopen(&b);
        }
    }
    cr_expect_gt(journal_floor(b.j), seq, "it was written again, and its volume let go");
    reopen(&b);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_assert(n >= 1 && v[0].seq == seq && !v[0].is_held);
    struct entry_message e;
    cr_expect_eq(consumer_read(b.c, seq, 0, &b.arena, &e), 0);
    cr_expect(kit_is_message(e.raw, 500));
    consumer_outcome(b.c, &(struct entry_outcome){.ref = {seq, 0}, .verdict = ENTRY_DELIVERED});
    settle_all(&b);
    for (unsigned i = 0; i < 5; i++) {
        append(&b, i, 1000);
        cr_assert_eq(journal_poll(b.j), 0);
        settle_all(&b);
    }
    struct entry_outcome late = {.ref = {seq, 0}, .verdict = ENTRY_RELEASED};
    cr_expect_eq(consumer_reopen(b.c, &late, &entry), ERR_NOT_FOUND);
    teardown(&b);
}

Test(files, a_second_process_is_refused)
{
    struct bed b;
    setup(&b);
    struct journal *first = b.j;
    cr_expect_eq(open_bed(&b), ERR_STATE);
    b.j = first;
    teardown(&b);
}

Test(files, after_a_failed_sync_nothing_is_stored_ever_again)
{
    struct bed b;
    setup(&b);
    append(&b, 0, 100);
    cr_assert_eq(journal_poll(b.j), 0);
    append(&b, 1, 100);
    simdisk_fail_at(b.disk, simdisk_calls(b.disk) + 2, SIMDISK_EIO);
    cr_expect_eq(journal_poll(b.j), ERR_IO);
    cr_expect(b.stored == 1 && b.unknown == 1);
    cr_expect_eq(append(&b, 2, 100), 0u);
    cr_expect_eq(journal_poll(b.j), ERR_IO);
    cr_expect(b.stored == 1 && b.unknown == 1);
    journal_close(&b.j);
    simdisk_restart(b.disk);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect_eq(read_all(&b, 0), 1u, "the page that a failed sync left clean is not believed");
    teardown(&b);
}

Test(files, names_states_and_unsettled_outputs_survive)
{
    struct bed b;
    setup(&b);
    uint32_t route = journal_name(b.j, JOURNAL_ROUTE, STR("adt"));
    journal_state_set(b.j, STR("mllp"), STR("expected"), STR("17"), NULL, NULL);
    journal_state_set(b.j, STR("mllp"), STR("gone"), STR("1"), NULL, NULL);
    journal_state_set(b.j, STR("mllp"), STR("gone"), STR(""), NULL, NULL);
    for (unsigned i = 0; i < 300; i++) {
        append(&b, i, 900);
    }
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(read_all(&b, 0), 300u);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    uint64_t held = v[7].seq;
    for (size_t i = 10; i < 290; i++) {
        consumer_outcome(b.c,
                         &(struct entry_outcome){.ref = {v[i].seq, 0}, .verdict = ENTRY_DELIVERED});
    }
    consumer_outcome(b.c, &(struct entry_outcome){.ref = {held, 0}, .verdict = ENTRY_HELD});
    cr_expect_not(consumer_may_send(b.c, v[0].seq, 0, done, &b));
    cr_assert_eq(journal_poll(b.j), 0);
    reopen(&b);
    cr_expect_eq(journal_name(b.j, JOURNAL_ROUTE, STR("adt")), route);
    cr_expect(str_is(journal_state(b.j, STR("mllp"), STR("expected")), "17"));
    cr_expect(str_is(journal_state(b.j, STR("mllp"), STR("gone")), ""));
    v = consumer_unsettled(b.c, &n);
    cr_assert_eq(n, 20u);
    cr_expect(v[7].is_held && v[7].seq == held && !v[6].is_held);
    cr_expect(consumer_maybe_sent(b.c, v[0].seq, 0));
    cr_expect_eq(read_all(&b, 300), 0u);
    cr_expect(consumer_is_caught_up(b.c));
    struct entry e;
    cr_expect_eq(journal_read(b.j, v[7].seq, v[7].hint, &b.arena, &e), 0);
    uint64_t seq = append(&b, 300, 10);
    cr_expect_gt(seq, v[n - 1].seq);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_not(consumer_maybe_sent(b.c, seq, 0));
    teardown(&b);
}

Test(files, renames_survive_in_checkpoints_and_behind_them)
{
    struct bed b;
    setup(&b);
    uint32_t one = journal_name(b.j, JOURNAL_DESTINATION, STR("one"));
    uint32_t two = journal_name(b.j, JOURNAL_DESTINATION, STR("two"));
    cr_expect(journal_rename(b.j, JOURNAL_DESTINATION, one, STR("uno")));
    uint32_t again = journal_name(b.j, JOURNAL_DESTINATION, STR("one"));
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(journal_poll(b.j), 0);
        reopen(&b); /* closes with a checkpoint, which the second round starts from */
        cr_expect_eq(journal_name_id(b.j, JOURNAL_DESTINATION, STR("uno")), one);
        cr_expect_eq(journal_name_id(b.j, JOURNAL_DESTINATION, STR("one")), again);
        cr_expect(str_is(journal_name_first(b.j, JOURNAL_DESTINATION, one), "one"));
        if (round == 0) {
            cr_expect(journal_rename(b.j, JOURNAL_DESTINATION, two, STR("due")));
        }
    }
    cr_expect_eq(journal_name_id(b.j, JOURNAL_DESTINATION, STR("due")), two);
    cr_expect(journal_rename(b.j, JOURNAL_DESTINATION, two, STR("two")), "and back");
    reopen(&b);
    cr_expect_eq(journal_name_id(b.j, JOURNAL_DESTINATION, STR("two")), two);
    teardown(&b);
}

Test(files, a_full_disk_refuses_messages_and_keeps_taking_outcomes)
{
    struct bed b;
    setup(&b);
    simdisk_set_room(b.disk, VOLUME * 6 + VOLUME / 2); /* three are kept for outcomes */
    unsigned accepted = 0;
    while (accepted < 1000 && append(&b, accepted, 500)) {
        accepted++;
        cr_assert_eq(journal_poll(b.j), 0);
    }
    cr_expect(accepted > 200 && accepted < 500, "%u accepted", accepted);
    cr_expect_eq(read_all(&b, 0), accepted);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    uint64_t *seqs = malloc(n * sizeof(*seqs));
    for (size_t i = 0; i < n; i++) {
        seqs[i] = v[i].seq;
    }
    for (size_t i = 0; i < n; i++) {
        consumer_outcome(b.c,
                         &(struct entry_outcome){.ref = {seqs[i], 0}, .verdict = ENTRY_DELIVERED});
        cr_assert_eq(journal_poll(b.j), 0);
    }
    free(seqs);
    cr_expect_eq(consumer_count(b.c), 0u);
    for (int i = 0; i < 10; i++) {
        b.kit.now_us += 2000000;
        cr_assert_eq(journal_poll(b.j), 0);
    }
    cr_expect_neq(append(&b, accepted, 500), 0u, "settled volumes have made room");
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.unknown, 0u);
    teardown(&b);
}

/* Laid far ahead of the writer, so that no spare was prepared in between. */
Test(files, a_volume_that_cannot_be_made_on_the_spot_is_waited_for)
{
    struct bed b;
    setup(&b);
    simdisk_set_room(b.disk, VOLUME * 2 + VOLUME / 2);
    unsigned laid = 0;
    while (laid < 500 && append(&b, laid, 500)) {
        laid++;
    }
    cr_assert_eq(laid, 500u, "nothing tells yet that there is no room");
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(journal_poll(b.j), 0, "no room is no reason to end");
    }
    unsigned before = b.stored;
    cr_expect(before > 50 && before < 400, "%u stored", before);
    cr_expect_eq(append(&b, laid, 500), 0u, "nothing more is taken");
    simdisk_set_room(b.disk, 0);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.stored, 500u);
    cr_expect_neq(append(&b, laid, 500), 0u);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.unknown, 0u);
    reopen(&b);
    cr_expect_eq(read_all(&b, 0), 501u);
    teardown(&b);
}

static void noted(void *arg, enum journal_status status, uint64_t seq)
{
    (void)seq;
    *(unsigned *)arg += status == JOURNAL_STORED;
}

/* The half of the last volume that is kept for them is full of outcomes when a sent-through is wanted. */
Test(files, a_sent_through_that_finds_no_room_is_made_up_for)
{
    struct bed b;
    setup(&b);
    simdisk_set_room(b.disk, VOLUME + VOLUME / 2);
    unsigned accepted = 0, marked = 0;
    while (accepted < 1000 && append(&b, accepted, 500)) {
        accepted++;
        cr_assert_eq(journal_poll(b.j), 0);
    }
    char fill[400];
    memset(fill, 'x', sizeof(fill));
    while (journal_append(b.j, ENTRY_OUTCOME, str_from(fill, sizeof(fill)), NULL, NULL)) {
    }
    while (journal_append(b.j, ENTRY_OUTCOME, str_from(fill, 1), NULL, NULL)) {
    }
    cr_assert_eq(journal_poll(b.j), 0);
    cr_assert_not(consumer_may_send(b.c, journal_durable(b.j), 0, noted, &marked));
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(journal_poll(b.j), 0);
    }
    cr_expect_eq(marked, 0u);
    simdisk_set_room(b.disk, 0);
    for (int i = 0; i < 10; i++) {
        b.kit.now_us += 2000000;
        cr_assert_eq(journal_poll(b.j), 0);
    }
    cr_expect_eq(marked, 1u, "whoever waits for it would wait for ever");
    teardown(&b);
}

static void count_one(void *ctx, const char *name)
{
    unsigned *n = ctx;
    *n += !str_ends(str_of(name), STR(".keys"));
}

/* Without what is derived. */
static unsigned count_files(const struct bed *b)
{
    unsigned n = 0;
    struct disk d = simdisk_disk(b->disk);
    (void)d.list(d.arg, count_one, &n); /* a simulated one lists */
    return n;
}

Test(files, its_bound_drops_what_is_settled_first_and_then_refuses)
{
    struct bed b = {.disk = simdisk_new(1), .bound = VOLUME * 6};
    cr_assert_eq(open_bed(&b), 0);
    unsigned taken = 0;
    for (int round = 0; round < 3; round++) {
        unsigned before = taken;
        while (taken < 5000 && append(&b, taken, 500)) {
            taken++;
            cr_assert_eq(journal_poll(b.j), 0);
        }
        cr_expect(taken - before > 200 && taken - before < 700, "round %d: %u", round,
                  taken - before);
        cr_expect_leq(count_files(&b), 9u); /* volumes, spares, the lock */
        cr_expect_eq(append(&b, taken, 500), 0u, "unsettled ones never go");
        cr_expect_eq(read_all(&b, before), taken - before);
        size_t n;
        const struct consumer_item *v = consumer_unsettled(b.c, &n);
        for (size_t i = 0; i < n; i++) { /* nothing settles before the poll */
            consumer_outcome(
                b.c, &(struct entry_outcome){.ref = {v[i].seq, 0}, .verdict = ENTRY_DELIVERED});
        }
        cr_assert_eq(journal_poll(b.j), 0);
        cr_assert_eq(journal_poll(b.j), 0);
        cr_expect_gt(journal_floor(b.j), 1u);
    }
    cr_expect_eq(b.unknown, 0u);
    teardown(&b);
}

Test(files, what_is_asked_to_be_kept_stays_though_it_is_settled)
{
    struct bed b;
    uint64_t kept = 0;
    setup(&b);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t seq = append(&b, i, 1000);
        if (i == 500) {
            kept = seq;
            journal_keep_from(b.j, kept);
        }
        cr_assert_eq(journal_poll(b.j), 0);
        settle_all(&b);
    }
    cr_assert_eq(journal_poll(b.j), 0);
    struct entry e;
    cr_expect_eq(journal_read(b.j, kept, 0, &b.arena, &e), 0);
    cr_expect_gt(journal_floor(b.j), 200u, "what stands before it went");
    journal_keep_from(b.j, 0);
    for (unsigned i = 3000; i < 3100; i++) {
        append(&b, i, 1000);
        cr_assert_eq(journal_poll(b.j), 0);
        settle_all(&b);
    }
    cr_expect_gt(journal_floor(b.j), kept);
    teardown(&b);
}
