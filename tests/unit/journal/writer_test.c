#include "engine/journal/journal_priv.h"
#include "engine/journal/writer.h"

#include "engine/base/clock.h"
#include "tests/support/journal_kit.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct bench {
    char dir[64];
    struct disk disk;
    struct writer *w;
    int pipe[2];
};

static void notify(void *arg)
{
    struct bench *b = arg;
    cr_assert_eq(write(b->pipe[1], "x", 1), 1);
}

static void begin(struct bench *b)
{
    strcpy(b->dir, "/tmp/writer_test.XXXXXX");
    cr_assert_not_null(mkdtemp(b->dir));
    cr_assert_eq(disk_open_dir(b->dir, &b->disk), 0);
    cr_assert_eq(pipe(b->pipe), 0);
    struct writer_conf conf = {.disk = b->disk,
                               .clock = clock_real(),
                               .volume_bytes = 65536,
                               .next_commit = 1,
                               .notify = notify,
                               .notify_arg = b};
    b->w = writer_open(&conf);
}

static void end(struct bench *b)
{
    char command[96];
    writer_close(&b->w);
    disk_close(&b->disk);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
    cr_expect_eq(system(command), 0);
}

static void open_volume(struct bench *b, uint64_t number)
{
    struct volume_header h = {
        .number = number, .size = 65536, .first_seq = number, .salt = number * 77};
    writer_begin_volume(b->w, &h);
}

static void append(struct bench *b, uint64_t seq)
{
    struct put e = {.seq = seq, .type = ENTRY_STATE, .body = STR("body")};
    writer_append(b->w, &e, VOLUME_START);
}

static bool is_told(const struct bench *b, int within_ms)
{
    struct pollfd p = {.fd = b->pipe[0], .events = POLLIN};
    return poll(&p, 1, within_ms) > 0;
}

/* A volume may be opened long before its first entry comes: nothing is durable by that alone. */
Test(writer, a_new_volume_without_an_entry_is_no_commit)
{
    struct bench b;
    begin(&b);
    open_volume(&b, 1);
    append(&b, 1);
    cr_assert(is_told(&b, 5000));
    struct batch *first = writer_collect(b.w);
    cr_assert_eq(first->last_seq, 1);
    writer_recycle(b.w, first);
    char c;
    cr_assert_eq(read(b.pipe[0], &c, 1), 1);
    open_volume(&b, 2);
    cr_expect_not(is_told(&b, 50), "something was done though nothing was appended");
    cr_expect_null(writer_collect(b.w));
    append(&b, 2);
    writer_drain(b.w);
    struct batch *second = writer_collect(b.w);
    cr_assert_not_null(second);
    cr_expect_eq(second->last_seq, 2);
    cr_expect_eq(second->volume, 2);
    writer_recycle(b.w, second);
    end(&b);
}

static bool is_readable(const struct journal *j)
{
    struct pollfd p = {.fd = journal_fd(j), .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* The writer may be stopped by the system between raising its flag and writing to the descriptor. */
Test(writer, a_poll_between_flag_and_write_leaves_nothing_to_spin_on)
{
    struct kit kit = {0};
    struct journal_conf conf = kit_conf(&kit);
    struct journal *j;
    cr_assert_eq(journal_open_memory(&conf, &j), 0);
    cr_assert_eq(journal_poll(j), 0);
    cr_assert_not(is_readable(j));
    atomic_store(&j->is_signalled, true);
    cr_assert_eq(journal_poll(j), 0);
    uint64_t one = 1;
    cr_assert_eq(write(journal_fd(j), &one, sizeof(one)), (ssize_t)sizeof(one));
    cr_assert(is_readable(j));
    cr_assert_eq(journal_poll(j), 0);
    cr_expect_not(is_readable(j), "the loop would be woken for ever");
    journal_signal(j);
    cr_expect(is_readable(j));
    journal_close(&j);
}

static unsigned commits(struct bench *b)
{
    unsigned n = 0;
    for (struct batch *one = writer_collect(b->w), *next; one; one = next) {
        next = one->next;
        one->next = NULL;
        n += !one->has_failed && one->last_seq;
        writer_recycle(b->w, one);
    }
    return n;
}

static int (*allocate)(void *arg, int file, uint64_t size);
static atomic_bool is_full;

static int allocate_if_room(void *arg, int file, uint64_t size)
{
    return atomic_load(&is_full) ? -28 /* ENOSPC */ : allocate(arg, file, size);
}

Test(writer, waits_for_room_with_its_thread_and_fails_only_at_the_end)
{
    struct bench b;
    begin(&b);
    writer_close(&b.w);
    allocate = b.disk.allocate;
    b.disk.allocate = allocate_if_room;
    struct writer_conf conf = {.disk = b.disk,
                               .clock = clock_real(),
                               .volume_bytes = 65536,
                               .next_commit = 1,
                               .notify = notify,
                               .notify_arg = &b};
    b.w = writer_open(&conf);
    atomic_store(&is_full, true);
    open_volume(&b, 1);
    append(&b, 1);
    for (int i = 0; i < 200 && !writer_is_blocked(b.w); i++) {
        usleep(10000);
    }
    cr_expect(writer_is_blocked(b.w));
    cr_expect_eq(writer_error(b.w), 0);
    cr_expect_eq(commits(&b), 0u);
    atomic_store(&is_full, false);
    unsigned n = 0;
    for (int i = 0; i < 200 && n == 0; i++) {
        usleep(10000);
        n = commits(&b);
    }
    cr_expect_eq(n, 1u);
    cr_expect_not(writer_is_blocked(b.w));
    atomic_store(&is_full, true);
    for (uint64_t v = 2; v < 8; v++) { /* for the first of which spares may be ready */
        open_volume(&b, v);
        append(&b, v);
    }
    writer_drain(b.w);
    cr_expect_eq(writer_error(b.w), -28);
    cr_expect_leq(commits(&b), 4u);
    end(&b);
}
