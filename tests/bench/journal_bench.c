/* Appends with group commit beside a bare write and sync of the same bytes, in turn on the same device.
 * usage: bench_journal [DIR] [seconds a run]. One JSON line a row. */
#include "engine/base/mem.h"
#include "engine/journal/consumer.h"
#include "tests/support/journal_kit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BODY = 1400, BARE_BYTES = 64 << 20 };

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

struct run {
    struct journal *j;
    struct consumer *c;
    struct buf body;
    unsigned waiting;
    uint64_t stored;
    int64_t spent_ns; /* in append, on this thread */
};

static void done(void *arg, enum journal_status status, uint64_t seq)
{
    struct run *r = arg;
    struct consumer_item item;
    r->waiting--;
    r->stored += status == JOURNAL_STORED;
    if (consumer_take_live(r->c, seq, 0, &item)) {
        consumer_outcome(r->c,
                         &(struct entry_outcome){.ref = {seq, 0}, .verdict = ENTRY_DELIVERED});
    }
}

static struct journal *open_at(const char *dir, struct disk *disk, uint64_t *random)
{
    struct journal_conf conf = {
        .zeroed = true, .clock = {now_us, now_us, NULL}, .random = chance, .random_arg = random};
    struct journal_report report;
    struct arena a = {0};
    struct diags d;
    struct journal *j = NULL;
    diags_init(&d, &a);
    if (disk_open_dir(dir, disk) != 0) {
        return NULL;
    }
    conf.disk = *disk;
    int rc = journal_open(&conf, &d, &j, &report);
    printf("{\"row\":\"open\",\"us\":%lld,\"rc\":%d}\n", (long long)report.took_us, rc);
    arena_free(&a);
    return j;
}

static double append_for(struct run *r, unsigned in_flight, double seconds)
{
    int64_t began = now_ns(), end = began + (int64_t)(seconds * 1e9);
    uint64_t before = r->stored;
    r->spent_ns = 0;
    while (now_ns() < end) {
        int64_t at = now_ns();
        while (r->waiting < in_flight) {
            journal_append(r->j, ENTRY_MESSAGE, buf_str(&r->body), done, r);
            r->waiting++;
        }
        r->spent_ns += now_ns() - at;
        struct pollfd p = {.fd = journal_fd(r->j), .events = POLLIN};
        (void)poll(&p, 1, 1000);
        if (journal_poll(r->j) != 0) {
            return 0;
        }
    }
    int64_t took = now_ns() - began;
    while (r->waiting) {
        struct pollfd p = {.fd = journal_fd(r->j), .events = POLLIN};
        (void)poll(&p, 1, 1000);
        (void)journal_poll(r->j);
    }
    return (double)(r->stored - before) * 1e9 / (double)took;
}

/* The same bytes, `batch` records a write, one sync a write, over a file that was zeroed before. */
static double bare_for(int fd, unsigned batch, double seconds)
{
    size_t n = (size_t)batch * (BODY + 40);
    char *p = xcalloc(1, n);
    int64_t began = now_ns(), end = began + (int64_t)(seconds * 1e9);
    off_t at = 0;
    uint64_t records = 0;
    memset(p, 'x', n);
    while (now_ns() < end) {
        if (pwrite(fd, p, n, at) != (ssize_t)n || fdatasync(fd) != 0) {
            break;
        }
        at = at + 2 * (off_t)n > BARE_BYTES ? 0 : at + (off_t)n;
        records += batch;
    }
    int64_t took = now_ns() - began;
    free(p);
    return (double)records * 1e9 / (double)took;
}

static int bare_file(const char *dir)
{
    char name[4200];
    (void)snprintf(name, sizeof(name), "%s/bare", dir);
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char *zeroes = xcalloc(1, 1 << 20);
    for (int i = 0; fd >= 0 && i < BARE_BYTES >> 20; i++) {
        if (write(fd, zeroes, 1 << 20) != 1 << 20) {
            break;
        }
    }
    free(zeroes);
    (void)fdatasync(fd);
    return fd;
}

int main(int argc, char **argv)
{
    char dir[4096] = "/tmp/bench_journal.XXXXXX";
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    if (argc > 1) {
        (void)snprintf(dir, sizeof(dir), "%s/bench_journal.XXXXXX", argv[1]);
    }
    uint64_t random = (uint64_t)now_ns();
    struct disk disk;
    struct run r = {0};
    if (!mkdtemp(dir) || !(r.j = open_at(dir, &disk, &random))) {
        fprintf(stderr, "bench_journal: cannot open a journal in %s\n", dir);
        return 1;
    }
    struct arena a = {0};
    uint32_t lab = journal_name(r.j, JOURNAL_DESTINATION, STR("lab"));
    r.c = journal_consumer(r.j, lab, ENTRY_INTERACTIVE);
    struct entry_message m = kit_message(&a, 1, BODY - 160, &lab, 1, 1);
    entry_put_message(&r.body, &m);
    int bare = bare_file(dir);
    static const unsigned depth[] = {1, 64, 1024};
    (void)append_for(&r, 1024, seconds); /* volumes get their first life */
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 3; i++) {
            double ours = append_for(&r, depth[i], seconds);
            double theirs = bare_for(bare, depth[i], seconds);
            printf("{\"row\":\"append\",\"in_flight\":%u,\"per_s\":%.0f,\"bare_per_s\":%.0f,"
                   "\"ratio\":%.2f,"
                   "\"append_ns\":%.0f}\n",
                   depth[i], ours, theirs, ours / theirs, (double)r.spent_ns / (ours * seconds));
            fflush(stdout);
        }
    }
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"row\":\"memory\",\"max_rss_kb\":%ld}\n", use.ru_maxrss);
    journal_close(&r.j);
    disk_close(&disk);
    arena_free(&a);
    buf_free(&r.body);
    close(bare);
    char cmd[4200];
    (void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
    return system(cmd) ? 1 : 0;
}
