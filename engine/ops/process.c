#include "engine/ops/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t resident(void)
{
    unsigned long size, pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f) {
        if (fscanf(f, "%lu %lu", &size, &pages) != 2) {
            pages = 0;
        }
        fclose(f);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Without the directory itself. */
static uint64_t open_fds(void)
{
    uint64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    const struct dirent *e;
    while (d && (e = readdir(d))) {
        n += e->d_name[0] != '.';
    }
    if (d) {
        closedir(d);
    }
    return n ? n - 1 : 0;
}

static int64_t us_of(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

void process_look(struct process_numbers *out)
{
    struct rlimit r = {0};
    struct rusage u = {0};
    *out = (struct process_numbers){.resident_bytes = resident(), .open_fds = open_fds()};
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        out->max_fds = r.rlim_cur;
    }
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        out->cpu_us = us_of(u.ru_utime) + us_of(u.ru_stime);
    }
}
