/* The journal with its writer thread on a real directory, for the thread sanitizer: appends, callbacks,
 * outcomes, reads, key files and recycling go on at once, then everything is read back by a second start. */
#include "tests/support/journal_kit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGES = 20000, MOST = 100 * MESSAGES, NEVER_SENT = 1000 * MESSAGES, IN_FLIGHT = 100 };

struct bed {
    struct disk disk;
    struct journal *j;
    struct consumer *c;
    struct arena arena;
    uint64_t random, last_seq, durable;
    uint32_t lab;
    unsigned goal; /* messages to send */
    unsigned waiting, stored, failed, read, settled, backwards, found;
};

static int64_t now_us(void *arg)
{
    (void)arg;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint64_t chance(void *arg)
{
    return kit_random(arg);
}

static bool open_bed(struct bed *b, const char *dir)
{
    struct journal_conf conf = {.volume_bytes = 256 << 10,
                                .checkpoint_bytes = 100000,
                                .zeroed = true,
                                .retention_us = 200000,
                                .clock = {now_us, now_us, NULL},
                                .random = chance,
                                .random_arg = &b->random};
    struct journal_report report;
    struct diags d;
    diags_init(&d, &b->arena);
    if (disk_open_dir(dir, &b->disk) != 0) {
        return false;
    }
    conf.disk = b->disk;
    if (journal_open(&conf, &d, &b->j, &report) != 0) {
        return false;
    }
    journal_keep_ids(b->j, INT64_MAX / 4);
    b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
    b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    return !report.degraded;
}

static void settle(struct bed *b, uint64_t seq)
{
    consumer_outcome(
        b->c, &(struct entry_outcome){.ref = {seq, 0}, .verdict = ENTRY_DELIVERED, .attempt = 1});
    b->settled++;
}

static void done(void *arg, enum journal_status status, uint64_t seq)
{
    struct bed *b = arg;
    struct consumer_item item;
    b->waiting--;
    b->failed += status != JOURNAL_STORED || seq <= b->last_seq;
    b->last_seq = seq;
    b->stored++;
    if (seq % 50 && consumer_take_live(b->c, seq, 0, &item) && seq % 20) {
        settle(b, seq);
    }
}

static void read_some(struct bed *b)
{
    struct entry_message m;
    struct consumer_item item;
    while (consumer_next(b->c, &b->arena, &m, &item) == 1) {
        b->failed += kit_number(m.raw) >= b->goal;
        b->read++;
        settle(b, item.seq);
        arena_reset(&b->arena);
    }
    size_t n;
    (void)consumer_flush(b->c); /* so that nothing settled is in the list */
    const struct consumer_item *v = consumer_unsettled(b->c, &n);
    if (n > 50) { /* the oldest stays: it is carried when its volume is to go */
        settle(b, v[1].seq);
    }
}

static uint64_t id_of(uint64_t i)
{
    uint64_t state = i + 5;
    return kit_random(&state);
}

/* An id that may be in a key file, and one that is in none. */
static void find_one(struct bed *b, unsigned next)
{
    struct entry_message m;
    uint64_t place, i = kit_random(&b->random) % (next + 1);
    if (journal_find_id(b->j, id_of(i), INT64_MIN, &b->arena, &m, &place) == 1) {
        b->found++;
        b->failed += kit_number(m.raw) != i;
    }
    b->failed +=
        journal_find_id(b->j, id_of(i + NEVER_SENT), INT64_MIN, &b->arena, &m, &place) != 0;
    arena_reset(&b->arena);
}

static void turn(struct bed *b, unsigned *next)
{
    while (*next < b->goal && b->waiting < IN_FLIGHT) {
        struct entry_message m =
            kit_message(&b->arena, *next, *next % 500 == 7 ? 90000 : 300, &b->lab, 1, *next % 9);
        m.id_hash = id_of(*next);
        b->failed += journal_append_message(b->j, &m, done, b) == 0;
        b->waiting++;
        ++*next;
        arena_reset(&b->arena);
    }
    struct pollfd p = {.fd = journal_fd(b->j), .events = POLLIN};
    (void)poll(&p, 1, 1000);
    b->failed += journal_poll(b->j) != 0;
    b->backwards += journal_durable(b->j) < b->durable;
    b->durable = journal_durable(b->j);
    read_some(b);
    find_one(b, *next);
}

/* Files are let go, cleaned and given keys by their age, in the background: a fast machine sends more until that is. */
static bool has_seen_all(struct bed *b)
{
    struct journal_space space = {0};
    journal_space(b->j, &space);
    return space.carried > 0 && journal_floor(b->j) > 1 && b->found > 0 && b->read > 0;
}

static bool goes_on(struct bed *b, unsigned next)
{
    if (next == b->goal && !b->waiting && b->goal < MOST && !has_seen_all(b)) {
        b->goal += MESSAGES / 10;
    }
    return next < b->goal || b->waiting;
}

static void check(const char *what, bool is_right, unsigned *passed, unsigned *failed)
{
    *passed += is_right;
    *failed += !is_right;
    if (!is_right) {
        printf("FAILED %s\n", what);
    }
}

int main(void)
{
    char dir[] = "/tmp/journal_threads.XXXXXX";
    struct bed b = {.random = 7, .goal = MESSAGES};
    unsigned passed = 0, failed = 0, next = 0;
    bool is_open = mkdtemp(dir) && open_bed(&b, dir);
    check("opens", is_open, &passed, &failed);
    while (is_open && goes_on(&b, next)) {
        turn(&b, &next);
    }
    check("every message is stored, in order", b.stored == b.goal && b.failed == 0, &passed,
          &failed);
    check("what is durable stays so", b.backwards == 0, &passed, &failed);
    check("some were read from the volumes", b.read > 0, &passed, &failed);
    check("some were found through key files", b.found > 0, &passed, &failed);
    check("volumes were recycled", is_open && journal_floor(b.j) > 1, &passed, &failed);
    struct journal_space space = {0};
    if (is_open) {
        journal_space(b.j, &space);
    }
    check("and cleaned", space.carried > 0, &passed, &failed);
    unsigned unsettled = b.goal - b.settled;
    journal_close(&b.j);
    disk_close(&b.disk);
    is_open = open_bed(&b, dir);
    check("opens again", is_open, &passed, &failed);
    struct entry_message m;
    struct consumer_item item;
    while (is_open && consumer_next(b.c, &b.arena, &m, &item) == 1) {
    }
    check("what was unsettled is there", is_open && consumer_count(b.c) == unsettled, &passed,
          &failed);
    journal_close(&b.j);
    disk_close(&b.disk);
    arena_free(&b.arena);
    char cmd[64];
    (void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
    failed += system(cmd) != 0;
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}
