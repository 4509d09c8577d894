/* bench.h - what several benches do alike. */
#ifndef CORRIDOR_TESTS_BENCH_H
#define CORRIDOR_TESTS_BENCH_H

#include "engine/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds; only differences mean something. */
static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A whole file; ends the program with 2 when it cannot be read. */
static inline struct str bench_read(struct arena *a, const char *path)
{
    struct buf b = {0};
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    while (f && (n = fread(part, 1, sizeof(part), f)) > 0) {
        buf_put(&b, part, n);
    }
    if (!f) {
        fprintf(stderr, "bench: %s cannot be read\n", path);
        exit(2);
    }
    fclose(f);
    struct str text = str_dup(a, buf_str(&b));
    buf_free(&b);
    return text;
}

#endif
