#include "engine/journal/consumer.h"
#include "engine/journal/verify.h"

#include "engine/base/err.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { VOLUME = 128 * 1024, COUNT = 60, ENTRY_HEADER = 40, START = 8192 };

struct bed {
    struct kit kit;
    struct simdisk *disk;
    struct journal *j;
    struct journal_report report;
    struct arena arena;
    struct consumer *c;
    uint32_t lab;
    uint64_t seqs[COUNT];
};

static int open_bed(struct bed *b)
{
    struct journal_conf conf = kit_conf(&b->kit);
    conf.disk = simdisk_disk(b->disk);
    conf.volume_bytes = VOLUME;
    struct diags d;
    diags_init(&d, &b->arena);
    int rc = journal_open(&conf, &d, &b->j, &b->report);
    if (rc == 0) {
        b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
        b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    }
    return rc;
}

/* The process goes without a word, everything it wrote stays. */
static void kill_bed(struct bed *b)
{
    simdisk_fail_at(b->disk, simdisk_calls(b->disk) + 1, SIMDISK_EIO);
    journal_close(&b->j);
    simdisk_crash(b->disk, 1, SIMDISK_KEEP_ALL);
}

static void append(struct bed *b, unsigned i, uint64_t key)
{
    struct entry_message m = kit_message(&b->arena, i, 300, &b->lab, 1, key);
    b->seqs[i] = journal_append_message(b->j, &m, NULL, NULL);
    cr_assert_eq(journal_poll(b->j), 0);
    arena_reset(&b->arena);
}

/* A first volume with COUNT messages, each its own commit, left as a crash leaves it. */
static void setup(struct bed *b)
{
    *b = (struct bed){.disk = simdisk_new(1)};
    cr_assert_eq(open_bed(b), 0);
    for (unsigned i = 0; i < COUNT; i++) {
        append(b, i, i);
    }
    kill_bed(b);
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    simdisk_free(&b->disk);
    arena_free(&b->arena);
}

/* What was changed in a file is on the disk, not only in memory. */
static void keep(struct bed *b, const char *name)
{
    uint64_t size;
    const char *p = simdisk_bytes(b->disk, name, &size);
    char *copy = malloc(size);
    memcpy(copy, p, size);
    simdisk_put(b->disk, name, copy, size);
    free(copy);
}

static uint64_t load64(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return x;
}

/* Where entry `seq` stands in the first volume. */
static char *entry_of(struct bed *b, uint64_t seq, uint64_t *out_at)
{
    uint64_t size;
    char *p = simdisk_bytes(b->disk, "00000001.volume", &size);
    for (uint64_t at = START; p && at + ENTRY_HEADER < size; at += 8) {
        if (load64(p + at + 32) == at && load64(p + at + 24) == seq) {
            *out_at = at;
            return p + at;
        }
    }
    return NULL;
}

static uint64_t readable(struct bed *b, int *out_damages)
{
    struct journal_cursor c = {0};
    struct entry e;
    struct entry_message m;
    uint64_t n = 0;
    int rc;
    *out_damages = 0;
    while ((rc = journal_next(b->j, &c, &b->arena, &e)) != 0 && rc != ERR_IO) {
        *out_damages += rc == ERR_DAMAGE;
        if (rc == 1 && e.type == ENTRY_MESSAGE) {
            cr_expect_eq(entry_get_message(&b->arena, e.body, &m), 0);
            cr_expect_lt(kit_number(m.raw), (uint64_t)COUNT);
            n++;
        }
        arena_reset(&b->arena);
    }
    return n;
}

Test(damage, a_flipped_bit_loses_one_entry_and_nothing_behind_it)
{
    static const unsigned places[] = {0, 1, 7, 8, 11, 12, 13, 16, 24, 31, 32, 40, 41, 100, 339};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct bed b;
        uint64_t at;
        int damages;
        setup(&b);
        char *p = entry_of(&b, b.seqs[20], &at);
        cr_assert_not_null(p);
        p[places[i]] = (char)(p[places[i]] ^ 4);
        keep(&b, "00000001.volume");
        cr_assert_eq(open_bed(&b), 0);
        cr_expect(b.report.damaged_from == b.seqs[20] && b.report.damaged_to == b.seqs[20],
                  "byte %u", places[i]);
        cr_expect(b.report.degraded && journal_is_degraded(b.j));
        cr_expect_eq(readable(&b, &damages), COUNT - 1u, "byte %u", places[i]);
        cr_expect_eq(damages, 1);
        teardown(&b);
    }
}

Test(damage, stays_known_until_somebody_accepts_it)
{
    struct bed b;
    uint64_t at;
    setup(&b);
    entry_of(&b, b.seqs[5], &at)[50] ^= 1;
    keep(&b, "00000001.volume");
    cr_assert_eq(open_bed(&b), 0);
    journal_close(&b.j);
    simdisk_restart(b.disk);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.degraded && b.report.damaged_to == 0, "not found again, but not forgotten");
    journal_accept_damage(b.j);
    cr_expect_not(journal_is_degraded(b.j));
    journal_close(&b.j);
    simdisk_restart(b.disk);
    cr_assert_eq(open_bed(&b), 0);
    cr_expect_not(b.report.degraded);
    teardown(&b);
}

Test(damage, the_last_commit_torn_is_not_damage)
{
    struct bed b;
    uint64_t at;
    int damages;
    setup(&b);
    entry_of(&b, b.seqs[COUNT - 1], &at)[60] ^= 1;
    keep(&b, "00000001.volume");
    cr_assert_eq(open_bed(&b), 0);
    cr_expect_not(b.report.degraded);
    cr_expect_eq(readable(&b, &damages), COUNT - 1u);
    cr_expect_eq(damages, 0);
    teardown(&b);
}

Test(damage, one_copy_of_a_header_is_enough_and_none_is_damage)
{
    for (int copies = 1; copies <= 2; copies++) {
        struct bed b;
        uint64_t size;
        int damages;
        setup(&b);
        char *p = simdisk_bytes(b.disk, "00000001.volume", &size);
        p[88] ^= 1;
        p[4096 + 88] ^= copies == 2;
        keep(&b, "00000001.volume");
        cr_assert_eq(open_bed(&b), 0);
        cr_expect_eq(b.report.degraded, copies == 2);
        cr_expect_eq(readable(&b, &damages), copies == 2 ? 0u : COUNT);
        append(&b, 0, 1);
        cr_expect_gt(b.seqs[0], b.seqs[COUNT - 1], "no number is given twice, whatever was in it");
        teardown(&b);
    }
}

Test(damage, a_missing_volume_is_told_and_not_passed_over)
{
    struct bed b;
    int damages;
    setup(&b);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(open_bed(&b), 0);
        append(&b, 0, 1);
        kill_bed(&b);
    }
    simdisk_remove(b.disk, "00000002.volume");
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.degraded);
    cr_expect_gt(b.report.damaged_from, b.seqs[COUNT - 1]);
    cr_expect_eq(readable(&b, &damages), COUNT + 1u);
    cr_expect_eq(damages, 1);
    teardown(&b);
}

/* A message whose bytes are a whole entry, aligned as entries are, taken from the journal itself. */
Test(damage, an_entry_inside_a_message_is_never_read_as_one)
{
    struct bed b;
    uint64_t at, outer;
    setup(&b);
    char stolen[2048];
    memcpy(stolen, entry_of(&b, b.seqs[3], &at), 400);
    cr_assert_eq(open_bed(&b), 0);
    struct entry_message m = kit_message(&b.arena, 0, 300, &b.lab, 1, 1);
    char raw[3000];
    for (size_t i = 0; i < sizeof(raw); i++) {
        raw[i] = 'x';
    }
    for (size_t shift = 0; shift < 8; shift++) { /* at every alignment */
        memcpy(raw + shift * 361, stolen, 360);
    }
    m.raw = str_from(raw, sizeof(raw));
    uint64_t seq = journal_append_message(b.j, &m, NULL, NULL);
    uint64_t behind = journal_append(b.j, ENTRY_STATE, STR("\1a\1b\1c"), NULL, NULL);
    cr_assert_eq(journal_poll(b.j), 0);
    append(&b, 1, 1);
    kill_bed(&b);
    uint64_t size;
    char *p = simdisk_bytes(b.disk, "00000002.volume", &size);
    for (outer = START; load64(p + outer + 24) != seq || load64(p + outer + 32) != outer;
         outer += 8) {
    }
    for (uint64_t in = outer + ENTRY_HEADER; in < outer + 3000;
         in += 8) { /* give each the right offset */
        if (load64(p + in + 24) == b.seqs[3]) {
            memcpy(p + in + 32, &in, 8);
        }
    }
    p[outer + 8] ^= 1; /* the length of the outer one does not hold: what is inside is looked at */
    keep(&b, "00000002.volume");
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.damaged_from == seq && b.report.damaged_to == seq);
    struct entry e;
    cr_expect_eq(journal_read(b.j, behind, 0, &b.arena, &e), 0);
    teardown(&b);
}

Test(damage, what_is_older_than_something_settled_of_its_key_is_held)
{
    struct bed b;
    struct entry_message m;
    struct consumer_item item;
    b = (struct bed){.disk = simdisk_new(1)};
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 0, 77);
    append(&b, 1, 88);
    append(&b, 2, 77);
    append(&b, 3, 77);
    while (consumer_next(b.c, &b.arena, &m, &item) == 1) {
    }
    uint64_t eaten = 0;
    for (unsigned i = 0; i < 3; i += 2) { /* 0 is settled, then 2, each in an entry of its own */
        consumer_outcome(
            b.c, &(struct entry_outcome){.ref = {b.seqs[i], 0}, .verdict = ENTRY_DELIVERED});
        uint64_t seq = consumer_flush(b.c);
        eaten = i == 0 ? seq : eaten;
        cr_assert_eq(journal_poll(b.j), 0);
    }
    append(&b, 4, 99);
    kill_bed(&b);
    uint64_t at;
    entry_of(&b, eaten, &at)[41] ^= 1;
    keep(&b, "00000001.volume");
    cr_assert_eq(open_bed(&b), 0);
    cr_expect(b.report.damaged_from == eaten && b.report.damaged_to == eaten);
    bool held[5] = {0}, seen[5] = {0};
    int rc;
    while ((rc = consumer_next(b.c, &b.arena, &m, &item)) == 1 || rc == ERR_DAMAGE) {
    }
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < 5; k++) {
            seen[k] |= v[i].seq == b.seqs[k];
            held[k] |= v[i].seq == b.seqs[k] && v[i].is_held && v[i].is_suspect;
        }
    }
    cr_expect(seen[0] && held[0],
              "seen %d held %d: its outcome was eaten, a later one of its key is settled", seen[0],
              held[0]);
    cr_expect(seen[1] && !held[1], "another key");
    cr_expect(!seen[2], "settled");
    cr_expect(seen[3] && !held[3], "younger than all that is settled");
    cr_expect(seen[4] && !held[4]);
    teardown(&b);
}

struct found {
    unsigned calls, progress;
    uint64_t from, to;
    char volume[32];
};

static void on_damage(void *arg, const char *volume, uint64_t from, uint64_t to)
{
    struct found *f = arg;
    f->calls++;
    f->from = from;
    f->to = to;
    (void)snprintf(f->volume, sizeof(f->volume), "%s", volume);
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    struct found *f = arg;
    f->progress++;
    cr_expect_leq(done, all);
}

Test(verify, counts_what_is_there_and_names_what_is_not)
{
    struct bed b;
    struct found f = {0};
    struct verify_result r;
    uint64_t at;
    setup(&b);
    struct verify_conf conf = {.disk = simdisk_disk(b.disk),
                               .on_damage = on_damage,
                               .on_progress = on_progress,
                               .arg = &f};
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_expect(r.volumes == 1 && r.damages == 0 && f.calls == 0 && f.progress == 1);
    cr_expect(r.outputs == COUNT && r.unsettled == COUNT && r.last_seq == b.seqs[COUNT - 1]);
    entry_of(&b, b.seqs[9], &at)[20] ^= 1;
    keep(&b, "00000001.volume");
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_expect(r.damages == 1 && r.lost == 1 && f.from == b.seqs[9] && f.to == b.seqs[9]);
    cr_expect_str_eq(f.volume, "00000001.volume");
    cr_assert_eq(open_bed(&b), 0);
    append(&b, 0, 1);
    verify_live(b.j, &conf.live_volume, &conf.live_end);
    f = (struct found){0};
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_expect(r.volumes == 2 && r.last_seq == b.seqs[0] && f.calls == 1,
              "running: %llu volumes, %llu, %u damages", (unsigned long long)r.volumes,
              (unsigned long long)r.last_seq, f.calls);
    teardown(&b);
}

enum { FLIPS = 1000 };

/* The end of what counts in a volume: behind the last entry that stands where it says. */
static uint64_t end_of(const char *p, uint64_t size, bool *out_padding)
{
    uint64_t at = START;
    while (at + ENTRY_HEADER <= size && load64(p + at + 32) == at) {
        uint32_t n;
        memcpy(&n, p + at + 8, sizeof(n));
        uint64_t end = at + ENTRY_HEADER + n;
        at = (end + 7) & ~(uint64_t)7;
        memset(out_padding + end, 1, at - end);
    }
    return at;
}

/* Every byte that counts: both headers, and all entries up to the end of each volume. Only the padding
 * behind an entry, which nobody reads, may change unseen. */
Test(verify, finds_every_flipped_bit_of_a_thousand)
{
    struct bed b = {.disk = simdisk_new(1)};
    cr_assert_eq(open_bed(&b), 0);
    for (unsigned i = 0; i < 600; i++) {
        struct entry_message m = kit_message(&b.arena, i, 300, &b.lab, 1, i);
        cr_assert_neq(journal_append_message(b.j, &m, NULL, NULL), 0u);
        cr_assert_eq(journal_poll(b.j), 0);
        arena_reset(&b.arena);
    }
    journal_close(&b.j);
    simdisk_restart(b.disk);
    struct verify_conf conf = {.disk = simdisk_disk(b.disk)};
    struct verify_result r;
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_assert(r.damages == 0 && r.torn_bytes == 0 && r.volumes >= 2);
    uint64_t seed = 7, volumes = r.volumes;
    unsigned unseen = 0, torn = 0, padded = 0;
    bool *is_padding = calloc(VOLUME + 8, sizeof(*is_padding));
    for (unsigned i = 0; i < FLIPS; i++) {
        char name[32];
        uint64_t size;
        (void)snprintf(name, sizeof(name), "%08u.volume",
                       (unsigned)(1 + kit_random(&seed) % volumes));
        char *p = simdisk_bytes(b.disk, name, &size);
        memset(is_padding, 0, VOLUME);
        uint64_t end = end_of(p, size, is_padding);
        uint64_t at = kit_random(&seed) % (i % 4 ? end : START);
        char bit = (char)(1 << kit_random(&seed) % 8);
        p[at] = (char)(p[at] ^ bit);
        cr_assert_eq(journal_verify(&conf, &r), 0);
        torn += r.damages == 0 && r.torn_bytes > 0;
        padded += is_padding[at];
        unseen += r.damages == 0 && r.torn_bytes == 0 && !is_padding[at];
        p[at] = (char)(p[at] ^ bit);
    }
    free(is_padding);
    cr_expect_eq(unseen, 0u, "%u of %d were not seen", unseen, FLIPS);
    cr_expect(padded < FLIPS / 10 && torn < FLIPS / 20, "padding %u, taken for a torn end %u",
              padded, torn);
    cr_assert_eq(journal_verify(&conf, &r), 0);
    cr_expect(r.damages == 0 && r.torn_bytes == 0, "each was put right again");
    teardown(&b);
}
