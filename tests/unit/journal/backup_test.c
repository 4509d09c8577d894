/* A backup is a cut that holds together, and a restored journal sends nothing by itself. */
#include "engine/journal/backup.h"

#include "engine/base/err.h"
#include "engine/journal/consumer.h"
#include "engine/journal/manifest.h"
#include "engine/journal/survey.h"
#include "engine/journal/verify.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

enum { VOLUME = 64 * 1024, SIZE = 3000 };

struct bed {
    struct kit kit;
    struct simdisk *disk, *copy, *other; /* the journal's, the backup's, the restored one's */
    struct journal *j;
    struct consumer *c;
    struct arena arena;
    struct diags diags;
    struct journal_report report;
    struct backup_result b;
    struct restore_result r;
    uint32_t lab;
    uint64_t next; /* number of the next message */
    bool keeps;    /* no volume is let go or cleaned */
    int64_t retention_us;
    void (*once_asked)(struct bed *b); /* between the first question and the look at the files */
    void (*meanwhile)(struct bed *b);
};

static int open_on(struct bed *b, struct simdisk *disk)
{
    struct journal_conf conf = kit_conf(&b->kit);
    diags_init(&b->diags, &b->arena);
    conf.disk = simdisk_disk(disk);
    conf.volume_bytes = VOLUME;
    conf.retention_us = b->retention_us;
    int rc = journal_open(&conf, &b->diags, &b->j, &b->report);
    if (rc == 0) {
        b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
        b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    }
    return rc;
}

static void setup(struct bed *b)
{
    *b = (struct bed){.disk = simdisk_new(1), .copy = simdisk_new(2), .other = simdisk_new(3)};
    b->kit.now_us = 1700000000000000;
    cr_assert_eq(open_on(b, b->disk), 0);
}

static void close_bed(struct bed *b)
{
    journal_close(&b->j);
    simdisk_restart(b->disk);
    simdisk_restart(b->copy);
    simdisk_restart(b->other);
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    simdisk_free(&b->disk);
    simdisk_free(&b->copy);
    simdisk_free(&b->other);
    arena_free(&b->arena);
}

static void append(struct bed *b, unsigned n)
{
    struct arena a = {0};
    for (unsigned i = 0; i < n; i++) {
        struct entry_message m = kit_message(&a, b->next++, SIZE, &b->lab, 1, i % 5);
        cr_assert_neq(journal_append_message(b->j, &m, NULL, NULL), 0u);
        arena_reset(&a);
        cr_assert_eq(journal_poll(b->j), 0);
    }
    arena_free(&a);
}

/* The next `n` outputs are taken, and delivered or not. */
static unsigned take(struct bed *b, unsigned n, bool delivers)
{
    struct arena a = {0};
    struct entry_message m;
    struct consumer_item item;
    unsigned taken = 0;
    while (taken < n && consumer_next(b->c, &a, &m, &item) == 1) {
        if (delivers) {
            consumer_outcome(b->c, &(struct entry_outcome){.ref = {item.seq, item.output},
                                                           .verdict = ENTRY_DELIVERED});
        }
        arena_reset(&a);
        taken++;
    }
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(journal_poll(b->j), 0);
    }
    arena_free(&a);
    return taken;
}

static int live(void *arg, uint64_t *out_volume, uint64_t *out_end)
{
    struct bed *b = arg;
    if (b->j) {
        verify_live(b->j, out_volume, out_end);
    }
    void (*once)(struct bed * b) = b->once_asked;
    b->once_asked = NULL;
    if (once) {
        once(b);
    }
    return 0;
}

static void on_bytes(void *arg, uint64_t done, uint64_t all)
{
    struct bed *b = arg;
    cr_assert_leq(done, all);
    if (b->meanwhile) {
        b->meanwhile(b);
    }
}

static int back_up(struct bed *b)
{
    struct backup_conf conf = {.from = simdisk_disk(b->disk),
                               .to = simdisk_disk(b->copy),
                               .live = live,
                               .on_progress = on_bytes,
                               .arg = b,
                               .clock = kit_conf(&b->kit).clock};
    diags_init(&b->diags, &b->arena);
    int rc = journal_backup(&conf, &b->diags, &b->b);
    simdisk_restart(b->copy); /* the process that made it ends */
    return rc;
}

static int restore_from(struct bed *b, struct simdisk *from)
{
    struct journal_conf kit = kit_conf(&b->kit);
    struct restore_conf conf = {.from = simdisk_disk(from),
                                .to = simdisk_disk(b->other),
                                .clock = kit.clock,
                                .random = kit.random,
                                .random_arg = kit.random_arg};
    diags_init(&b->diags, &b->arena);
    int rc = journal_restore(&conf, &b->diags, &b->r);
    simdisk_restart(b->other);
    return rc;
}

static bool says(const struct bed *b, const char *code)
{
    return b->diags.first && strcmp(b->diags.first->code, code) == 0;
}

/* Every message of the journal, each whole; damage is none. */
static unsigned count(struct bed *b)
{
    struct journal_cursor c = {0};
    struct arena a = {0};
    struct entry e;
    unsigned n = 0;
    int rc;
    while ((rc = journal_next(b->j, &c, &a, &e)) == 1) {
        struct entry_message m;
        if (e.type == ENTRY_MESSAGE) {
            cr_assert_eq(entry_get_message(&a, e.body, &m), 0);
            cr_expect_lt(kit_number(m.raw), b->next);
            n++;
        }
        arena_reset(&a);
    }
    cr_expect_eq(rc, 0, "no damage");
    arena_free(&a);
    return n;
}

static void read_header(struct bed *b, struct simdisk *disk, struct volume_header *out)
{
    struct disk d = simdisk_disk(disk);
    (void)b;
    cr_assert_eq(survey_header(&d, 1, out), 0);
}

Test(backup, brings_everything_back_and_holds_what_was_unsettled)
{
    struct bed b;
    struct volume_header before, after;
    setup(&b);
    b.retention_us = INT64_MAX / 4; /* so that nothing is written again and its volume let go */
    append(&b, 100);
    cr_assert_eq(take(&b, 3, false), 3u); /* under way: never delivered, and so nothing may go */
    cr_assert_eq(take(&b, 40, true), 40u);
    cr_assert_eq(back_up(&b), 0);
    uint64_t last = journal_durable(b.j);
    cr_expect_eq(b.b.last_seq, last);
    close_bed(&b);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_expect_eq(b.r.unsettled, 60u);
    cr_expect_gt(b.r.taken_us, 0);
    read_header(&b, b.disk, &before);
    read_header(&b, b.other, &after);
    cr_expect_neq(memcmp(before.journal_id, after.journal_id, 16), 0, "another journal");
    cr_expect(memcmp(before.hash_key, after.hash_key, 16) == 0 && before.salt == after.salt);
    for (int start = 0; start < 3; start++) { /* it stays so through restarts */
        cr_assert_eq(open_on(&b, b.other), 0);
        cr_expect_not(b.report.degraded);
        cr_expect_eq(count(&b), 100u);
        size_t n;
        (void)take(&b, 1000, false);
        const struct consumer_item *v = consumer_unsettled(b.c, &n);
        cr_assert_eq(n, 60u);
        for (size_t i = 0; i < n; i++) {
            cr_expect(v[i].is_held, "output %zu", i);
            cr_expect(consumer_maybe_sent(b.c, v[i].seq, v[i].output) == (v[i].seq <= last));
        }
        close_bed(&b);
    }
    teardown(&b);
}

Test(backup, gives_no_number_twice)
{
    struct bed b;
    setup(&b);
    append(&b, 10);
    cr_assert_eq(back_up(&b), 0);
    append(&b, 200);
    uint64_t used = journal_durable(b.j);
    close_bed(&b);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_assert_eq(open_on(&b, b.other), 0);
    append(&b, 1);
    cr_expect_gt(journal_durable(b.j), used + (UINT64_C(1) << 39));
    teardown(&b);
}

Test(backup, what_is_new_after_a_restore_is_sent_and_what_is_released_stays_so)
{
    struct bed b;
    size_t n;
    setup(&b);
    append(&b, 30);
    cr_assert_eq(back_up(&b), 0); /* all of it ahead of the cursor */
    close_bed(&b);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_expect_eq(b.r.unsettled, 30u);
    cr_assert_eq(open_on(&b, b.other), 0);
    append(&b, 5);
    cr_assert_eq(take(&b, 100, false), 35u);
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_assert_eq(n, 35u);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(v[i].is_held, i < 30, "output %zu", i);
    }
    struct entry_ref freed = {v[7].seq, v[7].output};
    consumer_outcome(b.c, &(struct entry_outcome){.ref = freed, .verdict = ENTRY_RELEASED});
    cr_assert_eq(journal_poll(b.j), 0);
    cr_assert_eq(journal_poll(b.j), 0);
    /* the process dies: what stands behind the last checkpoint is read again */
    simdisk_fail_at(b.other, simdisk_calls(b.other) + 1, SIMDISK_CUT);
    journal_close(&b.j);
    simdisk_crash(b.other, 1, SIMDISK_KEEP_ALL);
    cr_assert_eq(open_on(&b, b.other), 0);
    (void)take(&b, 100, false);
    v = consumer_unsettled(b.c, &n);
    cr_assert_eq(n, 35u);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(v[i].is_held, i < 30 && v[i].seq != freed.seq, "output %zu", i);
    }
    teardown(&b);
}

Test(backup, a_second_one_copies_what_has_changed_and_drops_what_has_gone)
{
    struct bed b;
    setup(&b);
    append(&b, 100);
    cr_assert_eq(back_up(&b), 0);
    uint64_t first = b.b.volumes;
    cr_expect(first >= 5 && b.b.copied_volumes == first, "%u volumes", (unsigned)first);
    cr_assert_eq(back_up(&b), 0);
    cr_expect_eq(b.b.copied_volumes, 0u, "nothing happened meanwhile");
    append(&b, 1);
    cr_assert_eq(back_up(&b), 0);
    cr_expect_eq(b.b.copied_volumes, 1u, "the newest one has grown");
    (void)take(&b, 60, true);
    append(&b, 20);
    cr_assert_eq(back_up(&b), 0);
    cr_expect_gt(b.b.removed, 0u);
    cr_expect_lt(b.b.copied_volumes, 4u);
    uint64_t size;
    cr_expect_null(simdisk_bytes(b.copy, "00000001.volume", &size));
    close_bed(&b);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_expect_eq(b.r.unsettled, 61u, "outcomes of what has gone do not count");
    cr_assert_eq(open_on(&b, b.other), 0);
    cr_expect_not(b.report.degraded);
    (void)take(&b, 1000, false);
    cr_expect_eq(consumer_count(b.c), 61u);
    teardown(&b);
}

/* Messages come and go while each piece is copied: volumes vanish in front of the copying. */
static void hurry(struct bed *b)
{
    if (b->next < 700) {
        append(b, 10);
        (void)take(b, 50, true);
    }
}

Test(backup, of_a_journal_that_runs_away_holds_together)
{
    struct bed b;
    setup(&b);
    append(&b, 300);
    (void)take(&b, 10, true);
    b.meanwhile = hurry;
    cr_assert_eq(back_up(&b), 0);
    b.meanwhile = NULL;
    cr_expect_gt(b.next, 350u, "it ran");
    close_bed(&b);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_assert_eq(open_on(&b, b.other), 0);
    cr_expect_not(b.report.degraded);
    (void)count(&b);
    (void)take(&b, 10000, false);
    size_t n;
    struct arena a = {0};
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    for (size_t i = 0; i < n; i++) {
        struct entry e;
        cr_expect_eq(journal_read(b.j, v[i].seq, v[i].hint, &a, &e), 0,
                     "what waits can be read: its volume was not let go before the cut");
        arena_reset(&a);
    }
    arena_free(&a);
    teardown(&b);
}

Test(backup, broken_off_anywhere_leaves_the_one_before)
{
    unsigned fired = 0;
    for (uint64_t at = 1; at < 60; at++) {
        struct bed b;
        setup(&b);
        append(&b, 40);
        cr_assert_eq(back_up(&b), 0);
        uint64_t seq = b.b.last_seq;
        append(&b, 60);
        simdisk_fail_at(b.copy, simdisk_calls(b.copy) + at, SIMDISK_CUT);
        bool failed = back_up(&b) != 0;
        fired += failed;
        seq = failed ? seq : b.b.last_seq;
        simdisk_crash(b.copy, at, SIMDISK_SOME);
        close_bed(&b);
        cr_assert_eq(restore_from(&b, b.copy), 0, "cut at call %u", (unsigned)at);
        cr_assert_eq(open_on(&b, b.other), 0);
        cr_expect_not(b.report.degraded, "cut at call %u", (unsigned)at);
        cr_expect(count(&b) >= 40);
        teardown(&b);
    }
    cr_expect(fired > 10, "%u were broken off", fired);
}

Test(backup, tells_bytes_that_have_changed)
{
    struct bed b;
    uint64_t size;
    setup(&b);
    append(&b, 60);
    cr_assert_eq(back_up(&b), 0);
    simdisk_bytes(b.copy, "00000002.volume", &size)[20000] ^= 1;
    close_bed(&b);
    cr_expect_eq(restore_from(&b, b.copy), ERR_DAMAGE);
    cr_expect(says(&b, "restore-damage") &&
              str_find(b.diags.first->text, STR("00000002.volume")) >= 0);
    teardown(&b);
}

Test(backup, refuses_what_would_mix_two_journals)
{
    struct bed b;
    setup(&b);
    append(&b, 5);
    cr_assert_eq(back_up(&b), 0);
    journal_close(&b.j);
    simdisk_restart(b.disk);
    cr_expect_eq(open_on(&b, b.copy), ERR_STATE);
    cr_expect(says(&b, "journal-is-backup"));
    simdisk_restart(b.copy);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_expect_eq(restore_from(&b, b.copy), ERR_STATE);
    cr_expect(says(&b, "restore-over"));
    struct simdisk *first = b.disk;
    b.disk = b.other; /* the restored one into the backup of the first */
    cr_expect_eq(back_up(&b), ERR_STATE);
    cr_expect(says(&b, "backup-of-another"));
    b.disk = first;
    simdisk_remove(b.copy, "backup.json");
    cr_expect_eq(back_up(&b), ERR_STATE);
    cr_expect(says(&b, "backup-foreign"));
    teardown(&b);
}

Test(backup, a_copy_of_the_files_can_be_restored_too)
{
    struct bed b;
    setup(&b);
    append(&b, 50);
    (void)take(&b, 10, false);
    close_bed(&b); /* what was taken is in its list now */
    struct simdisk *snapshot = simdisk_clone(b.disk);
    cr_assert_eq(restore_from(&b, snapshot), 0);
    cr_expect(b.r.unsettled == 50 && b.r.taken_us == 0);
    cr_assert_eq(open_on(&b, b.other), 0);
    cr_expect_eq(count(&b), 50u);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_expect(n == 10 && v[0].is_held && v[9].is_held);
    simdisk_free(&snapshot);
    teardown(&b);
}

static void let_all_go(struct bed *b)
{
    for (int i = 0; i < 6; i++) {
        append(b, 60);
        (void)take(b, 1000, true);
    }
}

Test(backup, what_is_gone_before_it_is_looked_at_is_looked_for_again)
{
    struct bed b;
    setup(&b);
    append(&b, 60);
    (void)take(&b, 1000, true);
    b.once_asked = let_all_go;
    cr_assert_eq(back_up(&b), 0);
    cr_expect_gt(b.b.volumes, 0u, "a backup of nothing is none");
    cr_expect_eq(restore_from(&b, b.copy), 0);
    teardown(&b);
}

Test(backup, says_when_there_is_no_room)
{
    struct bed b;
    setup(&b);
    append(&b, 60);
    close_bed(&b);
    for (uint64_t at = 1; at < 40; at += 3) {
        simdisk_fail_at(b.copy, simdisk_calls(b.copy) + at, SIMDISK_ENOSPC);
        int rc = back_up(&b);
        cr_expect(rc == 0 || (rc == ERR_SPACE && says(&b, "backup-no-space")) || rc == ERR_IO,
                  "call %u: %d", (unsigned)at, rc);
    }
    simdisk_fail_at(b.copy, 0, SIMDISK_NONE);
    cr_expect_eq(back_up(&b), 0, "and goes on where it was");
    teardown(&b);
}

Test(backup, says_when_there_is_nothing)
{
    struct bed b = {.disk = simdisk_new(1), .copy = simdisk_new(2), .other = simdisk_new(3)};
    cr_expect_eq(back_up(&b), ERR_NOT_FOUND);
    cr_expect(says(&b, "journal-empty"));
    cr_expect_eq(restore_from(&b, b.copy), ERR_NOT_FOUND);
    cr_expect(says(&b, "restore-empty"));
    teardown(&b);
}

Test(backup, a_manifest_that_is_none_is_refused)
{
#define HEAD                                                                                       \
    "{\"format\":1,\"taken\":\"2026-11-24T09:31:07.412Z\",\"journal\":"                            \
    "\"00112233445566778899aabbccddeeff\","
#define ONE(number)                                                                                \
    "{\"name\":\"" number ".volume\",\"end\":8200,\"last\":7,\"salt\":\"00000000000000ff\","       \
    "\"hash\":\"0123456789abcdef\"}"
    static const struct {
        const char *text;
        int want;
    } rows[] = {
        {HEAD "\"volumes\":[" ONE("00000001") "," ONE("00000003") "]}", 0},
        {HEAD "\"volumes\":[]}", 0},
        {"", ERR_DAMAGE},
        {"{", ERR_DAMAGE},
        {"[]", ERR_DAMAGE},
        {"{\"format\":2,\"volumes\":[]}", ERR_TYPE},
        {"{\"format\":1,\"volumes\":[]}", ERR_DAMAGE},
        {HEAD "\"volumes\":{}}", ERR_DAMAGE},
        {HEAD "\"volumes\":[1]}", ERR_DAMAGE},
        {HEAD "\"volumes\":[" ONE("00000003") "," ONE("00000001") "]}", ERR_DAMAGE},
        {HEAD "\"volumes\":[" ONE("00000001") "," ONE("00000001") "]}", ERR_DAMAGE},
        {HEAD "\"volumes\":[" ONE("1") "]}", ERR_DAMAGE},
        {HEAD "\"volumes\":[" ONE("../../etc/passwd") "]}", ERR_DAMAGE},
        {HEAD "\"volumes\":[" ONE("00000000000000000000000000000000000001") "]}", ERR_DAMAGE},
        {HEAD "\"volumes\":[{\"name\":\"00000001.volume\"}]}", ERR_DAMAGE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct simdisk *sim = simdisk_new(1);
        struct disk d = simdisk_disk(sim);
        struct arena a = {0};
        struct manifest m;
        simdisk_put(sim, MANIFEST_NAME, rows[i].text, strlen(rows[i].text));
        int rc = manifest_read(&d, &a, &m);
        cr_expect_eq(rc, rows[i].want, "%s: %d", rows[i].text, rc);
        cr_expect(rc != 0 || m.n < 3);
        arena_free(&a);
        simdisk_free(&sim);
    }
}

Test(backup, a_manifest_is_read_as_it_was_written)
{
    struct simdisk *sim = simdisk_new(1);
    struct disk d = simdisk_disk(sim);
    struct arena a = {0};
    struct manifest_volume v[] = {{1, 5, 8200, 7, UINT64_MAX}, {2, UINT64_MAX, 9000, 1 << 30, 1}};
    struct manifest m = {.taken_us = 1700000000123000, .v = v, .n = 2}, back;
    for (unsigned i = 0; i < 16; i++) {
        m.journal_id[i] = (uint8_t)(i * 17);
    }
    cr_assert_eq(manifest_write(&d, &m), 0);
    cr_assert_eq(manifest_read(&d, &a, &back), 0);
    cr_expect_eq(memcmp(m.journal_id, back.journal_id, 16), 0);
    cr_expect(back.n == 2 && back.taken_us == m.taken_us);
    cr_expect_eq(memcmp(v, back.v, sizeof(v)), 0);
    cr_expect(manifest_find(&back, 2) == &back.v[1] && !manifest_find(&back, 3));
    arena_free(&a);
    simdisk_free(&sim);
}

/* A carry of what lies ahead of the cursor, and a crash before the next checkpoint: the start meets the carry first. */
Test(backup, what_is_restored_stays_held_when_it_is_carried)
{
    struct bed b;
    setup(&b);
    b.keeps = true;
    append(&b, 10);
    cr_assert_eq(back_up(&b), 0);
    close_bed(&b);
    cr_assert_eq(restore_from(&b, b.copy), 0);
    cr_assert_eq(open_on(&b, b.other), 0);
    struct journal_cursor at = {0};
    struct entry e;
    struct entry_message m;
    struct buf body = {0};
    const uint32_t first = 0;
    do {
        cr_assert_eq(journal_next(b.j, &at, &b.arena, &e), 1);
    } while (e.type != ENTRY_MESSAGE);
    cr_assert_eq(entry_get_message(&b.arena, e.body, &m), 0);
    entry_put_carry(&body, e.seq, &m, &first, 1);
    cr_assert_neq(journal_append(b.j, ENTRY_CARRY, buf_str(&body), NULL, NULL), 0u);
    cr_assert_eq(journal_poll(b.j), 0);
    simdisk_fail_at(b.other, simdisk_calls(b.other) + 1, SIMDISK_CUT);
    journal_close(&b.j);
    simdisk_crash(b.other, 1, SIMDISK_KEEP_ALL);
    cr_assert_eq(open_on(&b, b.other), 0);
    (void)take(&b, 100, false);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_assert_eq(n, 10u);
    cr_expect_gt(v[0].home, v[0].seq, "it was carried");
    for (size_t i = 0; i < n; i++) {
        cr_expect(v[i].is_held, "output %zu", i);
    }
    buf_free(&body);
    teardown(&b);
}
