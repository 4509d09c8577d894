/* What is derived from sealed volumes: filters, sorted arrays, the keeper and its answers. */
#include "engine/journal/keys.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/consumer.h"
#include "engine/journal/keys_build.h"
#include "engine/journal/keys_sort.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

enum { VOLUME = 64 * 1024, SIZE = 1500 };
static const int64_t WINDOW_US = 1000000000;

/* ---- the filter ---- */

Test(keys_filter, never_misses_what_was_added_and_seldom_says_maybe)
{
    struct keys_filter f = {0};
    uint64_t state = 7;
    unsigned wrong = 0;
    cr_expect(keys_filter_has(&f, 12), "without a filter everything may be there");
    keys_filter_init(&f, keys_filter_blocks(100000));
    for (int i = 0; i < 100000; i++) {
        keys_filter_add(&f, kit_random(&state));
    }
    state = 7;
    for (int i = 0; i < 100000; i++) {
        cr_assert(keys_filter_has(&f, kit_random(&state)));
    }
    for (int i = 0; i < 100000; i++) {
        wrong += keys_filter_has(&f, kit_random(&state));
    }
    cr_expect_lt(wrong, 300u, "%u of 100000", wrong);
    keys_filter_free(&f);
}

/* ---- order ---- */

Test(keys_sort, rows_are_in_order_of_hash_and_equal_ones_in_theirs)
{
    static struct keys_row v[5000];
    static const uint64_t masks[] = {UINT64_MAX, 0, 0xff, (uint64_t)0xff << 56, 0x3000f00, 7};
    uint64_t state = 4;
    for (size_t k = 0; k < sizeof(masks) / sizeof(masks[0]); k++) {
        size_t n = k == 1 ? 1 : 5000 - k;
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            v[i] = (struct keys_row){kit_random(&state) & masks[k], i};
            sum += v[i].hash;
        }
        keys_sort(v, n);
        for (size_t i = 0; i < n; i++) {
            sum -= v[i].hash;
            cr_assert(i == 0 || v[i - 1].hash < v[i].hash ||
                      (v[i - 1].hash == v[i].hash && v[i - 1].place < v[i].place));
        }
        cr_expect_eq(sum, 0u);
    }
    keys_sort(NULL, 0);
}

/* ---- the file ---- */

Test(keys_file, names_say_what_is_in_it)
{
    char name[KEYS_NAME];
    bool is_merged;
    uint64_t first, last;
    keys_name(0, 42, 42, name);
    cr_expect_str_eq(name, "00000042.keys");
    keys_name(2, 7, 123456789, name);
    cr_expect_str_eq(name, "00000007-123456789.ids");
    cr_assert(keys_name_parse(name, &is_merged, &first, &last));
    cr_expect(is_merged && first == 7 && last == 123456789);
    static const char *const none[] = {"00000001.volume",       "1.keys",        ".keys", "-.ids",
                                       "00000009-00000001.ids", "keys.tmp",      "",      "spare-0",
                                       "00000000.keys",         "0000000x.keys", "lock"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        cr_expect_not(keys_name_parse(none[i], &is_merged, &first, &last), "%s", none[i]);
    }
}

static const struct keys_header ONE = {.first = 3, .last = 3, .salt = 99, .newest_us = 5};

/* `n` rows whose hash is i * step for each i, each hash `times` times. */
static void write_rows(const struct disk *d, uint64_t n, uint64_t step, unsigned times)
{
    struct keys_writer w;
    keys_begin(&w, d, &ONE);
    keys_section(&w, KEYS_PATIENTS);
    for (uint64_t i = 0; i < n; i++) {
        for (unsigned t = 0; t < times; t++) {
            keys_put(&w, &(struct keys_row){i * step, i * 10 + t});
        }
    }
    cr_assert_eq(keys_finish(&w), 0);
}

static void expect_rows(struct keys_file *f, uint64_t n, uint64_t step, unsigned times)
{
    struct keys_cursor c;
    struct keys_row row;
    for (uint64_t i = 0; i < n; i++) {
        cr_assert_eq(keys_seek(f, KEYS_PATIENTS, i * step, &c), 0);
        for (unsigned t = 0; t < times; t++) {
            cr_assert_eq(keys_next(f, &c, &row), 1);
            cr_assert(row.hash == i * step && row.place == i * 10 + t, "row %llu",
                      (unsigned long long)i);
        }
        cr_assert_eq(keys_seek(f, KEYS_PATIENTS, i * step + 1, &c), 0);
        int rc = keys_next(f, &c, &row);
        cr_assert(i + 1 == n ? rc == 0 : rc == 1 && row.hash == (i + 1) * step);
    }
    cr_assert_eq(keys_seek(f, KEYS_IDS, 5, &c), 0);
    cr_expect_eq(keys_next(f, &c, &row), 0, "a section without rows");
}

Test(keys_file, every_row_is_found_however_many_pages_and_however_uneven)
{
    static const struct {
        uint64_t n, step;
        unsigned times;
    } shapes[] = {
        {1, 9, 1},      {255, 2, 1}, {256, UINT64_MAX / 300, 1}, {5000, UINT64_MAX / 6000, 1},
        {3, 1000, 700}, {900, 2, 3}, {600, (uint64_t)1 << 40, 2}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct simdisk *sim = simdisk_new(1);
        struct disk d = simdisk_disk(sim);
        struct keys_file f;
        write_rows(&d, shapes[i].n, shapes[i].step, shapes[i].times);
        cr_assert_eq(keys_open(&f, &d, "00000003.keys"), 0);
        expect_rows(&f, shapes[i].n, shapes[i].step, shapes[i].times);
        keys_close(&f);
        simdisk_free(&sim);
    }
}

Test(keys_file, even_hashes_cost_few_pages)
{
    struct simdisk *sim = simdisk_new(1);
    struct disk d = simdisk_disk(sim);
    struct keys_file f;
    struct keys_cursor c;
    uint64_t state = 3;
    write_rows(&d, 100000, UINT64_MAX / 100000, 1);
    cr_assert_eq(keys_open(&f, &d, "00000003.keys"), 0);
    f.reads = 0;
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(keys_seek(&f, KEYS_PATIENTS, kit_random(&state), &c), 0);
    }
    cr_expect_lt(f.reads, 2500u, "%llu pages", (unsigned long long)f.reads);
    keys_close(&f);
    simdisk_free(&sim);
}

Test(keys_file, a_flipped_bit_is_damage_wherever_it_is)
{
    struct simdisk *sim = simdisk_new(1);
    struct disk d = simdisk_disk(sim);
    uint64_t size;
    write_rows(&d, 600, UINT64_MAX / 600, 1);
    const char *p = simdisk_bytes(sim, "00000003.keys", &size);
    char *copy = xmalloc(size);
    cr_assert_eq(size, 4u * KEYS_PAGE);
    for (uint64_t at = 5; at < size; at += 97) {
        struct keys_file f;
        struct keys_cursor c = {KEYS_PATIENTS, 0};
        struct keys_row row;
        memcpy(copy, p, size);
        copy[at] = (char)(copy[at] ^ 4);
        simdisk_put(sim, "00000003.keys", copy, size);
        int rc = keys_open(&f, &d, "00000003.keys");
        while (rc == 0 && (rc = keys_next(&f, &c, &row)) == 1) {
            rc = 0;
        }
        cr_assert_eq(rc, ERR_DAMAGE, "byte %llu", (unsigned long long)at);
        if (at >= KEYS_PAGE) {
            keys_close(&f);
        }
        copy[at] = (char)(copy[at] ^ 4);
        simdisk_put(sim, "00000003.keys", copy, size);
        p = simdisk_bytes(sim, "00000003.keys", &size);
    }
    free(copy);
    simdisk_free(&sim);
}

/* ---- the keeper ---- */

struct bed {
    struct kit kit;
    struct simdisk *disk;
    struct journal *j;
    struct arena arena;
    uint32_t lab;
    struct consumer *c;
    int64_t retention_us;
    uint64_t n; /* messages written */
};

static uint64_t id_of(uint64_t i)
{
    uint64_t state = i * 77 + 5;
    return kit_random(&state);
}

static void open_bed(struct bed *b)
{
    struct journal_conf conf = kit_conf(&b->kit);
    struct journal_report report;
    struct diags d;
    diags_init(&d, &b->arena);
    conf.disk = simdisk_disk(b->disk);
    conf.volume_bytes = VOLUME;
    conf.retention_us = b->retention_us;
    cr_assert_eq(journal_open(&conf, &d, &b->j, &report), 0);
    b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
    b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    journal_keep_ids(b->j, WINDOW_US);
}

static void setup(struct bed *b)
{
    *b = (struct bed){.kit = {1, 1000}, .disk = simdisk_new(1), .retention_us = INT64_MAX / 4};
    open_bed(b);
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    simdisk_free(&b->disk);
    arena_free(&b->arena);
}

static void append(struct bed *b, uint64_t n, size_t size)
{
    for (uint64_t i = b->n; i < b->n + n; i++) {
        struct entry_message m = kit_message(&b->arena, i, size, &b->lab, 1, i % 5);
        m.id_hash = id_of(i);
        m.status = i % 10 == 9 ? ENTRY_REJECTED : ENTRY_ACCEPTED;
        cr_assert_neq(journal_append_message(b->j, &m, NULL, NULL), 0u);
        arena_reset(&b->arena);
        cr_assert_eq(journal_poll(b->j), 0);
    }
    b->n += n;
}

static void rest(struct bed *b)
{
    struct keys_status s;
    for (int i = 0; i < 5000; i++) {
        cr_assert_eq(journal_poll(b->j), 0);
        keys_status(b->j->keys, &s);
        if (s.is_idle) {
            return;
        }
    }
    cr_assert_fail("the keeper comes to no end");
}

static struct keys_status status_of(const struct bed *b)
{
    struct keys_status s;
    keys_status(b->j->keys, &s);
    return s;
}

/* Messages below `upto` that stand in a volume with answers; returns how many were found. */
static unsigned find_all(struct bed *b, uint64_t from, uint64_t upto)
{
    unsigned found = 0;
    for (uint64_t i = from; i < upto; i++) {
        struct entry_message m;
        uint64_t place;
        int rc = journal_find_id(b->j, id_of(i), 0, &b->arena, &m, &place);
        if (rc == 1) {
            found++;
            cr_assert_eq(kit_number(m.raw), i);
            cr_assert_neq(i % 10, 9u, "a rejected message counts as never sent");
        }
        cr_assert_eq(journal_find_id(b->j, id_of(i) ^ 1, 0, &b->arena, &m, &place), 0);
        arena_reset(&b->arena);
    }
    return found;
}

static unsigned count_files(const struct bed *b, unsigned level, uint64_t upto)
{
    unsigned n = 0;
    for (uint64_t first = 1; first <= upto; first++) {
        for (uint64_t last = level ? first + 1 : first; last <= (level ? upto : first); last++) {
            char name[KEYS_NAME];
            uint64_t size;
            keys_name(level, first, last, name);
            n += simdisk_bytes(b->disk, name, &size) != NULL;
        }
    }
    return n;
}

Test(keys, what_is_sealed_is_answered_for_and_what_is_not_is_to_be_remembered)
{
    struct bed b;
    setup(&b);
    append(&b, 100, SIZE);
    rest(&b);
    struct keys_status s = status_of(&b);
    cr_expect(s.volumes >= 2 && s.served == s.volumes, "%llu of %llu", (unsigned long long)s.served,
              (unsigned long long)s.volumes);
    cr_expect_eq(journal_ids_from(b.j), volume_hint(s.volumes + 1, 0));
    unsigned found = find_all(&b, 0, b.n);
    cr_expect(found > 60 && found < 90, "%u", found);
    teardown(&b);
}

Test(keys, eight_become_one_and_what_they_answered_stays)
{
    struct bed b;
    setup(&b);
    append(&b, 3300, SIZE);
    rest(&b);
    struct keys_status s = status_of(&b);
    cr_expect_gt(s.volumes, 72u);
    cr_expect_eq(s.served, s.volumes);
    cr_expect_leq(s.filters, 21u);
    unsigned want = (unsigned)(s.volumes / 64 + s.volumes % 64 / 8);
    cr_expect_eq(count_files(&b, 1, s.volumes), want, "%u", count_files(&b, 1, s.volumes));
    cr_expect_eq(count_files(&b, 0, s.volumes), s.volumes, "key files stay");
    uint64_t sealed = b.n - 45;
    cr_expect_geq(find_all(&b, 0, sealed), sealed * 9 / 10 - 1);
    teardown(&b);
}

Test(keys, a_miss_hardly_ever_looks_into_a_file)
{
    struct bed b;
    setup(&b);
    append(&b, 1500, SIZE);
    rest(&b);
    uint64_t before = status_of(&b).probes;
    for (uint64_t i = 0; i < 10000; i++) {
        struct entry_message m;
        uint64_t place;
        (void)journal_find_id(b.j, id_of(i + 100000), 0, &b.arena, &m, &place);
        arena_reset(&b.arena);
    }
    cr_expect_lt(status_of(&b).probes - before, 10000u / 30);
    teardown(&b);
}

Test(keys, after_a_restart_files_answer_before_their_filters_are_there)
{
    struct bed b;
    setup(&b);
    append(&b, 800, SIZE);
    rest(&b);
    journal_close(&b.j);
    simdisk_restart(b.disk);
    open_bed(&b);
    uint64_t start = journal_ids_start(b.j, 10 * VOLUME);
    cr_expect_eq(status_of(&b).filters, 0u);
    cr_expect_gt(start, 1u, "only the last volume is to be read again");
    cr_expect_geq(find_all(&b, 0, 750), 750u * 9 / 10 - 1);
    rest(&b);
    cr_expect_gt(status_of(&b).filters, 1u);
    cr_expect_geq(find_all(&b, 0, 750), 750u * 9 / 10 - 1);
    teardown(&b);
}

Test(keys, without_its_files_a_journal_starts_and_makes_them_again)
{
    struct bed b;
    setup(&b);
    append(&b, 800, SIZE);
    rest(&b);
    uint64_t volumes = status_of(&b).volumes;
    journal_close(&b.j);
    simdisk_restart(b.disk);
    for (uint64_t first = 1; first <= volumes; first++) {
        for (uint64_t last = first; last <= volumes; last++) {
            char name[KEYS_NAME];
            keys_name(first != last, first, last, name);
            simdisk_remove(b.disk, name);
        }
    }
    open_bed(&b);
    cr_expect_eq(status_of(&b).served, 0u);
    cr_expect_gt(journal_ids_start(b.j, 3 * VOLUME), 3u);
    cr_expect_eq(journal_ids_missing(b.j), volumes - 2, "what is not remembered");
    cr_expect_lt(journal_ids_start(b.j, UINT64_MAX), 3u, "everything would have to be remembered");
    cr_expect_eq(journal_ids_missing(b.j), 0u);
    rest(&b);
    cr_expect_eq(status_of(&b).served, status_of(&b).volumes);
    cr_expect_geq(find_all(&b, 0, 750), 750u * 9 / 10 - 1);
    teardown(&b);
}

Test(keys, files_go_with_their_volumes)
{
    struct bed b;
    setup(&b);
    b.retention_us = 0;
    journal_close(&b.j);
    simdisk_restart(b.disk);
    open_bed(&b);
    uint64_t highest = 0;
    for (unsigned round = 0; round < 40; round++) {
        append(&b, 30, SIZE);
        size_t n;
        struct entry_message m;
        struct consumer_item item;
        while (consumer_next(b.c, &b.arena, &m, &item) == 1) {
        }
        const struct consumer_item *v = consumer_unsettled(b.c, &n);
        for (size_t i = 0; i < n; i++) {
            consumer_outcome(b.c, &(struct entry_outcome){.ref = {v[i].seq, v[i].output},
                                                          .verdict = ENTRY_DELIVERED});
        }
        rest(&b);
        struct keys_status s = status_of(&b);
        highest = s.volumes > highest ? s.volumes : highest;
    }
    rest(&b);
    cr_expect_lt(highest, 12u);
    cr_expect_leq(count_files(&b, 0, 60), status_of(&b).volumes);
    cr_expect_leq(count_files(&b, 1, 60), 2u, "merged ids go with the last of their volumes");
    teardown(&b);
}

Test(keys, bodies_in_parts_are_found_across_volumes)
{
    struct bed b;
    setup(&b);
    append(&b, 8, SIZE);
    append(&b, 1, 150000);
    append(&b, 1, 15000);
    append(&b, 60, SIZE);
    rest(&b);
    struct entry_message m;
    uint64_t place;
    cr_assert_eq(journal_find_id(b.j, id_of(8), 0, &b.arena, &m, &place), 1);
    cr_expect(kit_is_message(m.raw, 8));
    teardown(&b);
}

Test(keys, damage_in_a_file_is_mended_from_the_volume)
{
    struct bed b;
    setup(&b);
    append(&b, 800, SIZE);
    rest(&b);
    uint64_t volumes = status_of(&b).volumes;
    unsigned hit = 0;
    for (uint64_t first = 1; first <= volumes; first++) {
        for (uint64_t last = first; last <= volumes; last++) {
            char name[KEYS_NAME];
            uint64_t size;
            keys_name(first != last, first, last, name);
            const char *p = simdisk_bytes(b.disk, name, &size);
            if (!p) {
                continue;
            }
            char *copy = xmalloc(size);
            memcpy(copy, p, size);
            copy[KEYS_PAGE + 100] ^= 1;
            simdisk_put(b.disk, name, copy, size);
            free(copy);
            hit++;
        }
    }
    cr_assert_gt(hit, 10u);
    (void)find_all(&b, 0, 750);
    rest(&b);
    cr_expect_gt(status_of(&b).rebuilt, 0u);
    (void)find_all(&b, 0, 750);
    rest(&b);
    cr_expect_geq(find_all(&b, 0, 750), 750u * 9 / 10 - 1);
    teardown(&b);
}

/* Volumes small and messages fast: the newest volume is always ahead of what is durable. */
Test(keys, sealed_is_what_something_durable_stands_behind)
{
    struct bed b;
    setup(&b);
    for (int part = 0; part < 2; part++) {
        for (uint64_t i = 0; i < 150; i++) {
            struct entry_message m = kit_message(&b.arena, b.n++, SIZE, &b.lab, 1, i % 5);
            cr_assert_neq(journal_append_message(b.j, &m, NULL, NULL), 0u);
            arena_reset(&b.arena);
        }
        if (part == 0) {
            cr_assert_eq(b.j->ops->poll(b.j, &b.j->durable), 0);
        }
    }
    keys_poll(b.j->keys);
    cr_expect_geq(status_of(&b).volumes, 2u);
    rest(&b);
    cr_expect_eq(status_of(&b).served, status_of(&b).volumes);
    teardown(&b);
}

/* Whatever call fails once: either the journal itself says so, or the key files are there a little later. */
Test(keys, an_error_only_delays)
{
    static const enum simdisk_fault faults[] = {SIMDISK_ENOSPC, SIMDISK_EIO};
    unsigned delayed = 0;
    for (uint64_t call = 1; call < 60; call++) {
        struct bed b;
        setup(&b);
        append(&b, 25, SIZE);
        simdisk_fail_at(b.disk, simdisk_calls(b.disk) + call, faults[call % 2]);
        bool is_well = true;
        for (int i = 0; i < 20 && is_well; i++) {
            struct entry_message m = kit_message(&b.arena, b.n++, SIZE, &b.lab, 1, 0);
            is_well = journal_append_message(b.j, &m, NULL, NULL) && journal_poll(b.j) == 0;
            arena_reset(&b.arena);
        }
        if (is_well) {
            rest(&b);
            delayed += status_of(&b).served < status_of(&b).volumes;
            b.kit.now_us += 6000000;
            rest(&b);
            cr_expect_eq(status_of(&b).served, status_of(&b).volumes, "call %llu",
                         (unsigned long long)call);
        }
        teardown(&b);
    }
    cr_expect_gt(delayed, 0u, "no fault hit a key file");
}
