/* A volume of each format version, written once and kept: every later version reads it. The file is cut
 * behind its last byte that is not zero; a volume of 64 KiB is what it was. */
#include "engine/base/hash.h"
#include "engine/journal/consumer.h"
#include "engine/journal/verify.h"
#include "engine/journal/volume.h"
#include "engine/journal/wire.h"

#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { VOLUME = 64 * 1024, MESSAGES = 6 };

static void load(struct simdisk *disk)
{
    static char bytes[VOLUME];
    FILE *f = fopen(CORRIDOR_SOURCE_DIR "/tests/golden/journal/v1/00000001.volume", "rb");
    cr_assert_not_null(f);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    cr_assert_gt(n, 8192u);
    simdisk_put(disk, "00000001.volume", bytes, VOLUME);
}

static void check_consumer(struct journal *j, struct arena *a)
{
    struct consumer *c = journal_consumer(j, 1, ENTRY_INTERACTIVE);
    struct entry_message m;
    struct consumer_item item;
    unsigned n = 0, held = 0;
    while (consumer_next(c, a, &m, &item) == 1) {
        cr_expect(kit_number(m.raw) < MESSAGES && kit_number(m.raw) != 0, "number 0 is settled");
        cr_expect_eq(item.is_held, kit_number(m.raw) == 2);
        cr_expect(consumer_maybe_sent(c, item.seq, 0));
        held += item.is_held;
        n++;
    }
    cr_expect(n == MESSAGES - 1 && held == 1);
}

Test(golden, version_1_is_read)
{
    struct kit k = {1, 0};
    struct arena a = {0};
    struct diags d;
    struct simdisk *disk = simdisk_new(1);
    struct journal_conf conf = kit_conf(&k);
    struct journal_report report;
    struct verify_result r;
    struct journal *j;
    diags_init(&d, &a);
    load(disk);
    conf.disk = simdisk_disk(disk);
    conf.volume_bytes = VOLUME;
    cr_assert_eq(journal_verify(&(struct verify_conf){.disk = conf.disk}, &r), 0);
    cr_expect(r.damages == 0 && r.outputs == MESSAGES && r.unsettled == MESSAGES - 1);
    cr_assert_eq(journal_open(&conf, &d, &j, &report), 0);
    cr_expect(!report.degraded && report.last_seq == r.last_seq);
    cr_expect(str_is(journal_name_text(j, JOURNAL_DESTINATION, 1), "lab"));
    cr_expect(str_is(journal_name_text(j, JOURNAL_SOURCE, 1), "ward"));
    cr_expect(str_is(journal_name_text(j, JOURNAL_ROUTE, 1), "adt"));
    cr_expect(str_is(journal_state(j, STR("mllp"), STR("expected")), "17"));
    check_consumer(j, &a);
    journal_close(&j);
    simdisk_free(&disk);
    arena_free(&a);
}

/* Both copies of the header say version 2, as a later Corridor may write it. */
static void make_newer(struct simdisk *disk)
{
    static char bytes[VOLUME];
    static const size_t at[] = {0, VOLUME_HEADER};
    FILE *f = fopen(CORRIDOR_SOURCE_DIR "/tests/golden/journal/v1/00000001.volume", "rb");
    cr_assert_not_null(f);
    cr_assert_gt(fread(bytes, 1, sizeof(bytes), f), 8192u);
    fclose(f);
    for (size_t i = 0; i < 2; i++) {
        char *head = bytes + at[i];
        wire_store32(head + 8, 2);
        wire_store64(head + VOLUME_HEADER - 8, hash64(head, VOLUME_HEADER - 8, 0));
    }
    simdisk_put(disk, "00000001.volume", bytes, VOLUME);
}

/* Going back to an older version is safe: what it cannot read it does not touch. */
Test(golden, a_newer_version_is_refused_and_left_as_it_is)
{
    struct kit k = {1, 0};
    struct arena a = {0};
    struct diags d;
    struct simdisk *disk = simdisk_new(1);
    struct journal_conf conf = kit_conf(&k);
    struct journal_report report;
    struct journal *j = NULL;
    diags_init(&d, &a);
    make_newer(disk);
    conf.disk = simdisk_disk(disk);
    conf.volume_bytes = VOLUME;
    cr_expect_neq(journal_open(&conf, &d, &j, &report), 0);
    cr_expect_null(j);
    cr_assert_not_null(d.first);
    cr_expect(str_find(d.first->text, STR("newer version")) >= 0, "%.*s", STR_ARG(d.first->text));
    cr_expect_leq(simdisk_calls(disk), 1u, "the lock, and nothing else");
    simdisk_free(&disk);
    arena_free(&a);
}
