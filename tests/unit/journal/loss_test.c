/* Volumes that are deleted, cut off, replaced or refused under a stopped journal: each is told, and what may have been
 * sent meanwhile is held. */
#include "engine/base/err.h"
#include "engine/journal/consumer.h"
#include "engine/journal/verify.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { VOLUME = 64 * 1024, SIZE = 3000 };

struct bed {
    struct kit kit;
    struct simdisk *sim;
    struct disk disk; /* of `sim`, with calls that go wrong */
    struct journal *j;
    struct consumer *c;
    struct arena arena;
    struct diags diags;
    struct journal_report report;
    uint32_t lab;
    unsigned next;
    bool lets_go; /* what is settled, at once */
};

/* Calls for one name that are refused; what they go on to. */
static struct {
    const char *name;
    int error;
    int (*open)(void *arg, const char *name, int flags);
} refused;

static int open_refused(void *arg, const char *name, int flags)
{
    return strcmp(name, refused.name) == 0 ? -refused.error : refused.open(arg, name, flags);
}

static int lock_refused(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return -EROFS;
}

static void refuse(struct bed *b, const char *name, int error)
{
    refused.name = name;
    refused.error = error;
    refused.open = b->disk.open;
    b->disk.open = open_refused;
}

static int open_bed(struct bed *b)
{
    struct journal_conf conf = kit_conf(&b->kit);
    diags_init(&b->diags, &b->arena);
    conf.disk = b->disk;
    conf.volume_bytes = VOLUME;
    conf.retention_us = b->lets_go ? 0 : INT64_C(1) << 60;
    int rc = journal_open(&conf, &b->diags, &b->j, &b->report);
    if (rc == 0) {
        b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
        b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    }
    return rc;
}

static void append(struct bed *b, unsigned n)
{
    struct arena a = {0};
    for (unsigned i = 0; i < n; i++) {
        struct entry_message m = kit_message(&a, b->next++, SIZE, &b->lab, 1, i);
        cr_assert_neq(journal_append_message(b->j, &m, NULL, NULL), 0u);
        arena_reset(&a);
        cr_assert_eq(journal_poll(b->j), 0);
    }
    arena_free(&a);
}

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
    cr_assert_eq(journal_poll(b->j), 0);
    cr_assert_eq(journal_poll(b->j), 0);
    arena_free(&a);
    return taken;
}

static void stop(struct bed *b)
{
    journal_close(&b->j);
    simdisk_restart(b->sim);
}

/* 100 messages in six volumes, the first 40 of them delivered, closed in good order. */
static void setup(struct bed *b)
{
    *b = (struct bed){.sim = simdisk_new(1)};
    b->disk = simdisk_disk(b->sim);
    b->kit.now_us = 1700000000000000;
    cr_assert_eq(open_bed(b), 0);
    append(b, 100);
    cr_assert_eq(take(b, 40, true), 40u);
    stop(b);
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    simdisk_free(&b->sim);
    arena_free(&b->arena);
}

static void name_of(unsigned number, char out[32])
{
    snprintf(out, 32, "%08u.volume", number);
}

static unsigned newest(struct bed *b)
{
    char name[32];
    uint64_t size;
    unsigned n = 100;
    do {
        name_of(--n, name);
    } while (n && !simdisk_bytes(b->sim, name, &size));
    return n;
}

static void remove_volume(struct bed *b, unsigned number)
{
    char name[32];
    name_of(number, name);
    simdisk_remove(b->sim, name);
}

static void cut_volume(struct bed *b, unsigned number, uint64_t bytes)
{
    char name[32];
    uint64_t size;
    name_of(number, name);
    const char *p = simdisk_bytes(b->sim, name, &size);
    cr_assert(p && size > bytes);
    char *copy = malloc(bytes);
    memcpy(copy, p, bytes);
    simdisk_put(b->sim, name, copy, bytes);
    free(copy);
}

static uint64_t verify(struct bed *b)
{
    struct verify_conf conf = {.disk = b->disk};
    struct verify_result r;
    cr_assert_eq(journal_verify(&conf, &r), 0);
    return r.damages;
}

static bool says(const struct bed *b, const char *code, const char *part)
{
    const struct diag *one = b->diags.first;
    return one && strcmp(one->code, code) == 0 && str_find(one->text, str_of(part)) >= 0;
}

static void expect_held(struct bed *b, size_t least)
{
    size_t n;
    (void)take(b, 1000, false);
    const struct consumer_item *v = consumer_unsettled(b->c, &n);
    cr_expect(n >= least, "%zu unsettled", n);
    for (size_t i = 0; i < n; i++) {
        cr_expect(v[i].is_held, "output %zu of %zu", i, n);
    }
}

/* ---- what is missing ---- */

Test(loss, of_nothing_is_told_as_nothing)
{
    struct bed b;
    setup(&b);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(verify(&b), 0u);
        cr_assert_eq(open_bed(&b), 0);
        cr_expect_not(b.report.degraded);
        stop(&b);
    }
    teardown(&b);
}

Test(loss, of_the_newest_volumes_is_no_crash)
{
    struct bed b;
    setup(&b);
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 30);
    uint64_t used = journal_durable(b.j);
    stop(&b);
    unsigned last = newest(&b);
    remove_volume(&b, last);
    remove_volume(&b, last - 1);
    cr_expect_eq(verify(&b), 1u);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.degraded && b.report.damaged_to > 0);
    append(&b, 1);
    cr_expect_gt(journal_durable(b.j), used + (UINT64_C(1) << 39), "no number is given twice");
    stop(&b);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.degraded && b.report.damaged_to == 0, "told once, remembered");
    teardown(&b);
}

Test(loss, of_the_newest_volumes_holds_what_may_have_been_sent_since)
{
    struct bed b;
    setup(&b);
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 30);
    (void)take(&b, 1000, true); /* all of it delivered, and the volumes that say so go */
    stop(&b);
    unsigned last = newest(&b);
    remove_volume(&b, last);
    remove_volume(&b, last - 1);
    cr_assert_eq(open_bed(&b), 0);
    expect_held(&b, 50);
    teardown(&b);
}

/* The whole directory as it was yesterday, put over what is there today. */
Test(loss, by_older_volumes_put_back_is_the_same)
{
    struct bed b;
    setup(&b);
    struct simdisk *yesterday = simdisk_clone(b.sim);
    unsigned then = newest(&b);
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 60);
    (void)take(&b, 1000, true);
    stop(&b);
    unsigned now = newest(&b);
    for (unsigned i = 1; i <= now; i++) {
        char name[32];
        uint64_t size;
        name_of(i, name);
        const char *old = simdisk_bytes(yesterday, name, &size);
        if (old) {
            simdisk_put(b.sim, name, old, size);
        } else {
            simdisk_remove(b.sim, name);
        }
    }
    cr_assert_eq(newest(&b), then);
    cr_expect_eq(verify(&b), 1u);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.degraded);
    expect_held(&b, 60);
    simdisk_free(&yesterday);
    teardown(&b);
}

Test(loss, of_all_volumes_is_not_taken_for_a_new_journal)
{
    struct bed b;
    setup(&b);
    for (unsigned i = newest(&b); i > 0; i--) {
        remove_volume(&b, i);
    }
    cr_expect_eq(open_bed(&b), ERR_DAMAGE);
    cr_expect(says(&b, "journal-emptied", "none of them is left"));
    simdisk_remove(b.sim, "newest");
    simdisk_restart(b.sim);
    cr_expect_eq(open_bed(&b), 0, "a person says that it is to be empty");
    teardown(&b);
}

Test(loss, of_the_oldest_volumes_with_something_unsettled_is_told)
{
    for (int in_list = 0; in_list < 2; in_list++) {
        struct bed b;
        setup(&b);
        cr_assert_eq(open_bed(&b), 0);
        if (in_list) {
            cr_assert_eq(take(&b, 60, false), 60u);
        }
        stop(&b);
        for (unsigned i = 1; i <= 3; i++) { /* messages 1 to 60 or so: the last twenty wait */
            remove_volume(&b, i);
        }
        cr_assert_eq(open_bed(&b), 0);
        cr_expect(b.report.degraded, "in the list: %d", in_list);
        cr_expect_lt(b.report.damaged_from, b.report.first_seq);
        cr_expect_eq(b.report.damaged_to, b.report.first_seq - 1);
        unsigned left = in_list ? (unsigned)consumer_count(b.c) : take(&b, 1000, false);
        cr_expect(in_list ? left == 60 : left < 60, "%u", left);
        stop(&b);
        cr_assert_eq(open_bed(&b), 0);
        cr_expect(b.report.degraded, "until somebody accepts");
        teardown(&b);
    }
}

Test(loss, of_what_is_settled_is_none)
{
    struct bed b;
    setup(&b);
    remove_volume(&b, 1);
    cr_expect_eq(verify(&b), 0u);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect_not(b.report.degraded);
    cr_expect_eq(take(&b, 1000, false), 60u);
    teardown(&b);
}

/* After a crash the cursors of the last checkpoint stand where volumes were let go since. */
Test(loss, is_not_seen_in_a_crash_behind_volumes_that_were_let_go)
{
    struct bed b;
    setup(&b);
    cr_assert_eq(open_bed(&b), 0);
    (void)take(&b, 50, true);
    simdisk_fail_at(b.sim, simdisk_calls(b.sim) + 1, SIMDISK_CUT);
    journal_close(&b.j);
    simdisk_crash(b.sim, 1, SIMDISK_KEEP_ALL);
    for (unsigned i = 1; i <= 4; i++) { /* as the writer would have, all in them being settled */
        remove_volume(&b, i);
    }
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(open_bed(&b), 0);
        cr_expect_not(b.report.degraded, "start %d", i);
        stop(&b);
    }
    teardown(&b);
}

/* ---- what is cut off or replaced ---- */

Test(loss, of_a_volume_s_end_is_told)
{
    struct bed b;
    setup(&b);
    unsigned last = newest(&b);
    for (unsigned number = 2; number <= last; number += last - 2) {
        struct simdisk *whole = simdisk_clone(b.sim);
        cut_volume(&b, number, 20000);
        cr_expect_gt(verify(&b), 0u, "volume %u", number);
        cr_assert_eq(open_bed(&b), 0);
        cr_expect_eq(b.report.degraded, number == last, "a start reads the newest only");
        stop(&b);
        simdisk_free(&b.sim);
        b.sim = whole;
        b.disk = simdisk_disk(whole);
    }
    teardown(&b);
}

/* A volume as it was when it was the newest, among newer ones. */
Test(loss, by_an_older_state_of_one_volume_is_told)
{
    struct bed b = {.sim = simdisk_new(1)};
    b.disk = simdisk_disk(b.sim);
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 5);
    struct simdisk *then = simdisk_clone(b.sim);
    append(&b, 60);
    stop(&b);
    uint64_t size;
    const char *old = simdisk_bytes(then, "00000001.volume", &size);
    simdisk_put(b.sim, "00000001.volume", old, size);
    cr_expect_eq(verify(&b), 1u);
    cr_assert_eq(open_bed(&b), 0);
    struct journal_cursor c = {0};
    struct entry e;
    unsigned n = 0, damages = 0;
    int rc;
    while ((rc = journal_next(b.j, &c, &b.arena, &e)) != 0) {
        damages += rc == ERR_DAMAGE;
        n += rc == 1 && e.type == ENTRY_MESSAGE;
        cr_assert_neq(rc, ERR_IO);
    }
    cr_expect(damages == 1 && n >= 45 && n < 65, "%u damages, %u messages", damages, n);
    simdisk_free(&then);
    teardown(&b);
}

/* ---- what is refused ---- */

Test(loss, of_rights_names_the_file)
{
    struct bed b;
    setup(&b);
    refuse(&b, "00000003.volume", EACCES);
    cr_expect_eq(open_bed(&b), ERR_IO);
    cr_expect(says(&b, "journal-unreadable", "00000003.volume"));
    cr_expect(says(&b, "journal-unreadable", strerror(EACCES)));
    cr_expect_eq(verify(&b), 1u, "verify goes on with the others");
    simdisk_restart(b.sim);
    b.disk = simdisk_disk(b.sim);
    cr_expect_eq(open_bed(&b), 0, "nothing was changed meanwhile");
    cr_expect_not(b.report.degraded);
    teardown(&b);
}

Test(loss, of_a_device_names_the_file)
{
    struct bed b;
    setup(&b);
    for (uint64_t at = 1; at < 40; at++) {
        simdisk_restart(b.sim);
        simdisk_fail_reads(b.sim, at);
        int rc = open_bed(&b);
        cr_expect(rc == ERR_IO || rc == 0, "read %u: %d", (unsigned)at, rc);
        if (rc == 0) {
            break;
        }
        cr_expect(says(&b, "journal-unreadable", "cannot be read"), "read %u", (unsigned)at);
    }
    simdisk_fail_reads(b.sim, 0);
    teardown(&b);
}

static ssize_t write_refused(void *arg, int file, const void *p, size_t n, uint64_t at)
{
    (void)arg;
    (void)file;
    (void)p;
    (void)n;
    (void)at;
    return -EROFS;
}

/* After an error ext4 mounts itself read-only, under the running process. */
Test(loss, of_a_file_system_that_turns_read_only_fences_and_says_why)
{
    struct bed b;
    setup(&b);
    b.disk.pwrite = write_refused;
    cr_expect_eq(open_bed(&b), ERR_IO, "nor does a start go on");
    simdisk_restart(b.sim);
    b.disk = simdisk_disk(b.sim);
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 5);
    uint64_t durable = journal_durable(b.j);
    cr_expect_eq(journal_error(b.j), 0);
    simdisk_fail_at(b.sim, simdisk_calls(b.sim) + 1, SIMDISK_EIO);
    cr_assert_neq(journal_append(b.j, ENTRY_STATE, STR("\1a\1b\1c"), NULL, NULL), 0u);
    cr_expect_eq(journal_poll(b.j), ERR_IO);
    cr_expect_eq(journal_error(b.j), -EIO);
    stop(&b);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(!b.report.degraded && b.report.last_seq >= durable);
    teardown(&b);
}

Test(loss, of_the_right_to_write_says_what_to_do)
{
    struct bed b;
    setup(&b);
    b.disk.lock = lock_refused;
    cr_expect_eq(open_bed(&b), ERR_IO);
    cr_expect(says(&b, "journal-unwritable", strerror(EROFS)));
    cr_expect(str_find(b.diags.first->hint, STR("remount")) >= 0);
    teardown(&b);
}

static struct {
    bool refuses;
    int (*rename)(void *arg, const char *from, const char *to);
} rights;

static int rename_unless_refused(void *arg, const char *from, const char *to)
{
    bool is_release = strncmp(to, "spare", 5) == 0 && strncmp(from, "spare", 5) != 0;
    return rights.refuses && is_release ? -EACCES : rights.rename(arg, from, to);
}

static int unlink_refused(void *arg, const char *name)
{
    (void)arg;
    return strncmp(name, "0000", 4) == 0 ? -EACCES : -ENOENT;
}

/* The rights of the directory change under the process: what is settled stays, and that is told. */
Test(loss, of_the_right_to_remove_is_told)
{
    for (int refuses = 0; refuses < 2; refuses++) {
        struct bed b = {.sim = simdisk_new(1), .lets_go = true};
        struct journal_space space;
        uint64_t size;
        b.disk = simdisk_disk(b.sim);
        rights.refuses = refuses;
        rights.rename = b.disk.rename;
        b.disk.rename = rename_unless_refused;
        b.disk.unlink = refuses ? unlink_refused : b.disk.unlink;
        cr_assert_eq(open_bed(&b), 0);
        append(&b, 60);
        (void)take(&b, 60, true);
        append(&b, 60);
        (void)take(&b, 60, true);
        journal_space(b.j, &space);
        cr_expect_eq(space.is_stuck, refuses == 1);
        cr_expect_eq(simdisk_bytes(b.sim, "00000001.volume", &size) != NULL, refuses == 1);
        teardown(&b);
    }
}
