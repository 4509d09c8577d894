/* Ids of a duplicates window, through key files: a real journal of small messages in about a thousand volumes, as
 * 50 million ids at 1.2 kB are, its ids merged by the keeper; then ids that were never sent, and ids that were.
 * usage: bench_keys DIR [ids]. One JSON line a figure; DIR/bench_keys.* is removed. 50,000,000 ids take about 12 GB. */
#include "engine/base/mem.h"
#include "engine/journal/keys.h"
#include "tests/support/journal_kit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { VOLUMES = 1000, ENTRY = 160, MISSES = 2000000, HITS = 20000, PER_TURN = 4096 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_us(void *arg)
{
    (void)arg;
    return now_ns() / 1000;
}

static uint64_t chance(void *arg)
{
    return kit_random(arg);
}

static uint64_t id_of(uint64_t i)
{
    uint64_t state = i;
    return kit_random(&state);
}

static struct journal *open_at(const struct disk *disk, uint64_t ids, uint64_t *random)
{
    struct journal_conf conf = {.disk = *disk,
                                .zeroed = false,
                                .retention_us = INT64_MAX / 4,
                                .clock = {now_us, now_us, NULL},
                                .random = chance,
                                .random_arg = random};
    struct journal_report report;
    struct arena a = {0};
    struct diags d;
    struct journal *j = NULL;
    uint64_t size = ids / VOLUMES * ENTRY;
    size = (size < 64 << 10 ? 64 << 10 : size > 64 << 20 ? 64 << 20 : size) & ~(uint64_t)4095;
    conf.volume_bytes = size;
    diags_init(&d, &a);
    (void)journal_open(&conf, &d, &j, &report); /* NULL tells */
    arena_free(&a);
    return j;
}

static void turn(struct journal *j)
{
    struct pollfd p = {.fd = journal_fd(j), .events = POLLIN};
    (void)poll(&p, 1, 100);
    if (journal_poll(j) != 0) {
        fprintf(stderr, "bench_keys: the journal cannot be written\n");
        exit(1);
    }
}

static void write_ids(struct journal *j, uint64_t ids)
{
    struct buf body = {0};
    for (uint64_t i = 0; i < ids; i++) {
        struct entry_message m = {
            .id = {i + 1, i}, .source = 1, .received_us = now_us(NULL), .id_hash = id_of(i)};
        m.body_hash = i;
        buf_clear(&body);
        entry_put_message(&body, &m);
        while (journal_append(j, ENTRY_MESSAGE, buf_str(&body), NULL, NULL) == 0 ||
               journal_is_full(j)) {
            turn(j);
        }
        if (i % PER_TURN == 0) {
            turn(j);
        }
    }
    buf_free(&body);
}

static struct keys_status settle(struct journal *j)
{
    struct keys_status s;
    do {
        turn(j);
        keys_status(j->keys, &s);
    } while (!s.is_idle);
    return s;
}

static void ask_new(struct journal *j, uint64_t ids)
{
    struct keys_status s;
    uint64_t most = 0, before, all = 0;
    int64_t began = now_ns();
    struct arena a = {0};
    keys_status(j->keys, &s);
    before = s.probes;
    for (uint64_t i = 0; i < MISSES; i++) {
        struct entry_message m;
        uint64_t place, was = keys_probes(j->keys);
        journal_prefetch_id(j, id_of(ids + 1 + i));
        if (journal_find_id(j, id_of(ids + 1 + i), 0, &a, &m, &place) == 1) {
            fprintf(stderr, "bench_keys: an id that was never sent is found\n");
            exit(1);
        }
        uint64_t probes = keys_probes(j->keys) - was;
        most = probes > most ? probes : most;
    }
    all = keys_probes(j->keys) - before;
    printf("{\"row\":\"miss\",\"ids\":%llu,\"misses\":%d,\"probes_max\":%llu,\"probes_mean\":%.4f,"
           "\"ns\":%.0f,\"filters\":%llu,\"filter_mb\":%.1f,\"keys_mb\":%.0f}\n",
           (unsigned long long)ids, MISSES, (unsigned long long)most, (double)all / MISSES,
           (double)(now_ns() - began) / MISSES, (unsigned long long)s.filters,
           (double)s.filter_bytes / 1e6, (double)s.file_bytes / 1e6);
    arena_free(&a);
}

static void ask_known(struct journal *j, uint64_t ids)
{
    struct arena a = {0};
    unsigned found = 0;
    uint64_t state = 9;
    uint64_t sealed = ids - ids / VOLUMES * 2; /* the last volume or two answer for nothing yet */
    int64_t began = now_ns();
    for (int i = 0; i < HITS; i++) {
        struct entry_message m;
        uint64_t place, which = kit_random(&state) % sealed;
        found += journal_find_id(j, id_of(which), 0, &a, &m, &place) == 1 && m.body_hash == which;
        arena_reset(&a);
    }
    printf("{\"row\":\"hit\",\"hits\":%u,\"of\":%d,\"ns\":%.0f}\n", found, HITS,
           (double)(now_ns() - began) / HITS);
    arena_free(&a);
}

static void measure(const struct disk *disk, uint64_t ids)
{
    uint64_t random = (uint64_t)now_ns();
    struct journal *j = open_at(disk, ids, &random);
    if (!j) {
        fprintf(stderr, "bench_keys: cannot open a journal\n");
        exit(1);
    }
    journal_keep_ids(j, INT64_MAX / 4);
    int64_t began = now_ns();
    write_ids(j, ids);
    int64_t written = now_ns();
    struct keys_status s = settle(j);
    printf("{\"row\":\"build\",\"ids\":%llu,\"volumes\":%llu,\"write_s\":%.1f,\"behind_s\":%.1f}\n",
           (unsigned long long)ids, (unsigned long long)s.volumes, (double)(written - began) / 1e9,
           (double)(now_ns() - written) / 1e9);
    ask_new(j, ids);
    ask_known(j, ids);
    journal_close(&j);
}

int main(int argc, char **argv)
{
    char dir[4096], cmd[4200];
    struct disk disk;
    uint64_t ids = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000;
    (void)snprintf(dir, sizeof(dir), "%s/bench_keys.XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(dir) || disk_open_dir(dir, &disk) != 0) {
        fprintf(stderr, "bench_keys: cannot write in %s\n", argc > 1 ? argv[1] : "/tmp");
        return 1;
    }
    measure(&disk, ids);
    disk_close(&disk);
    (void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
    return system(cmd) ? 1 : 0;
}
