#include "engine/journal/journal_priv.h"
#include "engine/journal/writer.h"

#include "engine/base/clock.h"

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
