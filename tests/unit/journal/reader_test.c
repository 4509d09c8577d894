/* Reading beside the writer: what is durable and no more, nothing disturbed, and volumes that go meanwhile. */
#include "engine/base/err.h"
#include "engine/journal/consumer.h"
#include "engine/journal/verify.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>
#include <fcntl.h>

enum { VOLUME = 64 * 1024, SIZE = 3000 };

struct bed {
    struct kit kit;
    struct simdisk *disk;
    struct journal *j, *reader;
    struct arena arena;
    uint32_t lab;
};

static void setup(struct bed *b)
{
    *b = (struct bed){.disk = simdisk_new(1)};
    struct journal_conf conf = kit_conf(&b->kit);
    struct journal_report report;
    struct diags d;
    diags_init(&d, &b->arena);
    conf.disk = simdisk_disk(b->disk);
    conf.volume_bytes = VOLUME;
    cr_assert_eq(journal_open(&conf, &d, &b->j, &report), 0);
    b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
}

static void teardown(struct bed *b)
{
    journal_close_read(&b->reader);
    journal_close(&b->j);
    simdisk_free(&b->disk);
    arena_free(&b->arena);
}

static void append(struct bed *b, uint64_t from, uint64_t n, size_t size)
{
    for (uint64_t i = from; i < from + n; i++) {
        struct entry_message m = kit_message(&b->arena, i, size, &b->lab, 1, i % 5);
        cr_assert_neq(journal_append_message(b->j, &m, NULL, NULL), 0u);
        arena_reset(&b->arena);
        cr_assert_eq(journal_poll(b->j), 0);
    }
}

static int open_reader(struct bed *b)
{
    struct journal_read_conf conf = {.disk = simdisk_disk(b->disk)};
    journal_close_read(&b->reader);
    if (b->j) {
        verify_live(b->j, &conf.live_volume, &conf.live_end);
    }
    return journal_open_read(&conf, &b->reader);
}

/* Messages from..: counted, each with the number expected. */
static unsigned count(struct bed *b, uint64_t first)
{
    struct journal_cursor c = {0};
    struct entry e;
    unsigned n = 0;
    while (journal_next(b->reader, &c, &b->arena, &e) == 1) {
        struct entry_message m;
        if (e.type == ENTRY_MESSAGE) {
            cr_assert_eq(entry_get_message(&b->arena, e.body, &m), 0);
            cr_assert(kit_is_message(m.raw, first + n), "message %u", n);
            n++;
        }
        arena_reset(&b->arena);
    }
    return n;
}

Test(reader, sees_what_is_durable_and_disturbs_nobody)
{
    struct bed b;
    setup(&b);
    append(&b, 0, 100, SIZE);
    uint64_t calls = simdisk_calls(b.disk);
    cr_assert_eq(open_reader(&b), 0);
    cr_expect_eq(count(&b, 0), 100u);
    cr_expect_eq(journal_durable(b.reader), journal_durable(b.j));
    cr_expect(str_is(journal_name_text(b.reader, JOURNAL_DESTINATION, b.lab), "lab"));
    cr_expect_eq(simdisk_calls(b.disk), calls, "nothing was written");
    append(&b, 100, 40, SIZE);
    cr_expect_eq(count(&b, 0), 100u, "not beyond what it was told");
    cr_assert_eq(open_reader(&b), 0);
    cr_expect_eq(count(&b, 0), 140u);
    teardown(&b);
}

Test(reader, puts_bodies_in_parts_together)
{
    struct bed b;
    setup(&b);
    append(&b, 0, 6, 150000);
    cr_assert_eq(open_reader(&b), 0);
    cr_expect_eq(count(&b, 0), 6u);
    teardown(&b);
}

Test(reader, of_a_stopped_journal_everything)
{
    struct bed b;
    setup(&b);
    append(&b, 0, 50, SIZE);
    journal_close(&b.j);
    cr_assert_eq(open_reader(&b), 0);
    cr_expect_eq(count(&b, 0), 50u);
    struct consumer *c = journal_consumer(b.reader, b.lab, ENTRY_INTERACTIVE);
    cr_expect_eq(consumer_count(c), 0u, "never taken, so nothing is unsettled behind a cursor");
    teardown(&b);
}

Test(reader, of_an_empty_directory_nothing)
{
    struct bed b = {.disk = simdisk_new(1)};
    cr_assert_eq(open_reader(&b), 0);
    cr_expect_eq(count(&b, 0), 0u);
    cr_expect_eq(journal_durable(b.reader), 0u);
    teardown(&b);
}

Test(reader, tells_a_volume_that_was_let_go_from_damage)
{
    struct bed b;
    struct journal_cursor c = {0};
    struct entry e;
    uint64_t size;
    setup(&b);
    append(&b, 0, 100, SIZE);
    cr_assert_eq(open_reader(&b), 0);
    uint64_t first = journal_floor(b.reader);
    cr_expect_not(journal_is_gone(b.reader, first));
    char *bytes = simdisk_bytes(b.disk, "00000001.volume", &size);
    cr_assert_not_null(bytes);
    memset(bytes + 12000, 0xee, 64);
    cr_assert_eq(open_reader(&b), 0);
    int rc;
    while ((rc = journal_next(b.reader, &c, &b.arena, &e)) == 1) {
    }
    cr_expect_eq(rc, ERR_DAMAGE);
    cr_expect_not(journal_is_gone(b.reader, first), "damaged, but there");
    simdisk_remove(b.disk, "00000001.volume");
    cr_expect(journal_is_gone(b.reader, first));
    cr_expect_not(journal_is_gone(b.reader, journal_durable(b.reader)), "the newest stands");
    teardown(&b);
}

/* ---- volumes that are let go while somebody reads ---- */

/* Enough that volumes are settled, filled and let go; nothing waits for anybody. */
static void flow(struct bed *b, unsigned n)
{
    struct arena a = {0};
    struct consumer *c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    append(b, 0, n, SIZE);
    struct entry_message m;
    struct consumer_item item;
    while (consumer_next(c, &a, &m, &item) == 1) {
        consumer_outcome(
            c, &(struct entry_outcome){.ref = {item.seq, item.output}, .verdict = ENTRY_DELIVERED});
        arena_reset(&a);
    }
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(journal_poll(b->j), 0);
    }
    arena_free(&a);
}

static unsigned spares_of(struct bed *b)
{
    unsigned n = 0;
    uint64_t size;
    for (int i = 0; i < 4; i++) {
        char name[] = "spare-0";
        name[6] = (char)('0' + i);
        n += simdisk_bytes(b->disk, name, &size) != NULL;
    }
    return n;
}

static bool stands(struct bed *b, const char *name)
{
    uint64_t size;
    return simdisk_bytes(b->disk, name, &size) != NULL;
}

Test(reader, what_it_holds_is_deleted_and_never_used_again)
{
    for (int locks = 0; locks < 2; locks++) {
        struct bed b;
        setup(&b);
        struct disk d = simdisk_disk(b.disk);
        int file = d.open(d.arg, "00000001.volume", O_RDONLY);
        char before[4096], after[4096];
        cr_assert_eq(d.pread(d.arg, file, before, sizeof(before), 0), (ssize_t)sizeof(before));
        cr_assert(!locks || d.lock_file(d.arg, file, DISK_SHARED) == 0);
        flow(&b, 40);
        cr_expect_not(stands(&b, "00000001.volume"));
        flow(&b, 200);
        cr_assert_eq(d.pread(d.arg, file, after, sizeof(after), 0), (ssize_t)sizeof(after));
        cr_expect_eq(memcmp(before, after, sizeof(before)) == 0, locks == 1,
                     "without a lock the file has another life: the test can fail");
        (void)d.close(d.arg, file);
        teardown(&b);
    }
}

Test(reader, who_comes_late_holds_a_spare_that_is_not_used)
{
    struct bed b;
    setup(&b);
    struct disk d = simdisk_disk(b.disk);
    int file = d.open(d.arg, "00000001.volume", O_RDONLY);
    flow(&b, 30);
    cr_assert_not(stands(&b, "00000001.volume"));
    cr_assert_gt(spares_of(&b), 0u);
    char before[4096], after[4096];
    cr_assert_eq(d.lock_file(d.arg, file, DISK_SHARED), 0, "nobody holds a spare");
    cr_assert_eq(d.pread(d.arg, file, before, sizeof(before), 0), (ssize_t)sizeof(before));
    flow(&b, 200);
    cr_assert_eq(d.pread(d.arg, file, after, sizeof(after), 0), (ssize_t)sizeof(after));
    cr_expect_eq(memcmp(before, after, sizeof(before)), 0);
    (void)d.close(d.arg, file);
    teardown(&b);
}

/* A reader stops in the middle of a volume while three times as much as there is goes by. */
Test(reader, sees_one_life_of_a_file_through_three_rounds)
{
    struct bed b;
    struct journal_cursor c = {0};
    struct entry e;
    setup(&b);
    append(&b, 0, 30, SIZE);
    cr_assert_eq(open_reader(&b), 0);
    unsigned n = 0;
    bool is_over = false;
    while (!is_over && n < 1000) {
        uint64_t at = c.next;
        int rc = journal_next(b.reader, &c, &b.arena, &e);
        struct entry_message m;
        if (rc == 1 && e.type == ENTRY_MESSAGE) {
            cr_assert_eq(entry_get_message(&b.arena, e.body, &m), 0);
            cr_assert(kit_is_message(m.raw, n), "message %u", n);
            n++;
        }
        if (n == 5 || n == 12) {
            flow(&b, 60);
        }
        cr_assert(rc >= 0 || journal_is_gone(b.reader, at), "no false damage");
        is_over = rc <= 0;
        arena_reset(&b.arena);
    }
    cr_expect(n >= 12 && n <= 30, "%u were read", n);
    teardown(&b);
}

struct finds {
    struct bed *b;
    unsigned damages;
};

static void on_damage(void *arg, const char *volume, uint64_t from, uint64_t to)
{
    struct finds *f = arg;
    (void)volume;
    (void)from;
    (void)to;
    f->damages++;
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    struct finds *f = arg;
    (void)done;
    (void)all;
    flow(f->b, 30); /* a volume or two go after each that is read */
}

Test(reader, verify_finds_no_damage_in_what_is_let_go_meanwhile)
{
    struct bed b;
    struct finds f = {.b = &b};
    struct verify_result r;
    setup(&b);
    append(&b, 0, 150, SIZE);
    struct verify_conf conf = {.disk = simdisk_disk(b.disk),
                               .on_damage = on_damage,
                               .on_progress = on_progress,
                               .arg = &f};
    verify_live(b.j, &conf.live_volume, &conf.live_end);
    cr_assert_gt(conf.live_volume, 5u);
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_expect_eq(f.damages, 0u);
    cr_expect(r.damages == 0 && r.volumes >= 1 && r.volumes < conf.live_volume,
              "%u of %u volumes were there long enough", (unsigned)r.volumes,
              (unsigned)conf.live_volume);
    teardown(&b);
}

Test(reader, what_waits_for_a_consumer_that_no_checkpoint_knows_is_unsettled)
{
    struct bed b;
    setup(&b);
    append(&b, 0, 3, 100);
    cr_assert_eq(open_reader(&b), 0);
    struct consumer *c = journal_consumer(b.reader, b.lab, ENTRY_INTERACTIVE);
    cr_expect_neq(consumer_oldest(c), 0u);
    cr_expect_leq(consumer_oldest(c), journal_durable(b.reader) - 2);
    teardown(&b);
}
