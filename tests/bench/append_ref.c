/* append_ref DIR FILE SECONDS - the reference of the row receive-1x1: one thread that appends the records of
 * FILE (HL7 v2 text, as `corridor replay --write` makes it) one by one to a file in DIR and makes each durable
 * with fdatasync before the next. The file was written full of zeroes before, as a recycled volume is, and is begun
 * again at its end. Prints one JSON line. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { VOLUME_BYTES = 64 << 20, CHUNK = 1 << 20, MOST_RECORDS = 100000, MOST_SAMPLES = 4000000 };

struct record {
    const char *p;
    size_t n;
};

static void fail(const char *what)
{
    fprintf(stderr, "append_ref: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static char *slurp(const char *path, size_t *out_n)
{
    FILE *f = fopen(path, "re");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        fail(path);
    }
    size_t n = (size_t)ftell(f);
    char *p = malloc(n + 1);
    rewind(f);
    if (!p || fread(p, 1, n, f) != n) {
        fail(path);
    }
    fclose(f);
    p[n] = 0;
    *out_n = n;
    return p;
}

static size_t take_apart(const char *text, size_t n, struct record *v)
{
    size_t count = 0;
    for (size_t at = 0; at < n && count < MOST_RECORDS; count++) {
        const char *next = strstr(text + at + 1, "\rMSH");
        size_t end = next ? (size_t)(next + 1 - text) : n;
        v[count] = (struct record){text + at, end - at};
        at = end;
    }
    return count;
}

static int make_volume(void)
{
    static char zeroes[CHUNK];
    int fd = open("append_ref.volume", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        fail("append_ref.volume");
    }
    for (int i = 0; i < VOLUME_BYTES / CHUNK; i++) {
        if (write(fd, zeroes, CHUNK) != CHUNK) {
            fail("append_ref.volume");
        }
    }
    if (fsync(fd) != 0) {
        fail("append_ref.volume");
    }
    return fd;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static size_t append_for(int fd, const struct record *v, size_t n, int64_t for_us, uint32_t *took)
{
    size_t count = 0;
    off_t at = 0;
    int64_t begin = now_us(), before = begin;
    while (before - begin < for_us && count < MOST_SAMPLES) {
        const struct record *r = &v[count % n];
        if (at + (off_t)r->n > VOLUME_BYTES) {
            at = 0;
        }
        if (pwrite(fd, r->p, r->n, at) != (ssize_t)r->n || fdatasync(fd) != 0) {
            fail("append_ref.volume");
        }
        at += (off_t)(r->n + 7) & ~7;
        int64_t after = now_us();
        took[count++] = (uint32_t)(after - before);
        before = after;
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 4 || atoi(argv[3]) < 1) {
        fprintf(stderr, "usage: append_ref DIR FILE SECONDS\n");
        return 2;
    }
    size_t n;
    char *text = slurp(argv[2], &n);
    struct record *records = calloc(MOST_RECORDS, sizeof *records);
    uint32_t *took = calloc(MOST_SAMPLES, sizeof *took);
    if (!records || !took || chdir(argv[1]) != 0) {
        fail(argv[1]);
    }
    size_t nrecords = take_apart(text, n, records);
    int fd = make_volume();
    int64_t begin = now_us();
    size_t count = append_for(fd, records, nrecords, atoi(argv[3]) * 1000000LL, took);
    double seconds = (double)(now_us() - begin) / 1e6;
    qsort(took, count, sizeof *took, by_value);
    printf("{\"answered\":%zu,\"seconds\":%.6f,\"per_second\":%.1f,\"p50\":%u,\"p99\":%u}\n", count,
           seconds, (double)count / seconds, took[count / 2], took[count * 99 / 100]);
    close(fd);
    unlink("append_ref.volume");
    free(took);
    free(records);
    free(text);
    return 0;
}
