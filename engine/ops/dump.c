#include "engine/ops/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LEAST = 1 };

void dump_forbid(void)
{
    struct rlimit r;
    FILE *filter = fopen("/proc/self/coredump_filter", "we");
    if (filter) {
        fputs("0x0\n", filter);
        fclose(filter);
    }
    if (getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max > LEAST) {
        r.rlim_cur = r.rlim_max = LEAST;
        (void)setrlimit(RLIMIT_CORE, &r); /* the sandbox may forbid it, having set it itself */
    }
}

/* The pages of memory that a core file of `pid` holds, as bits; ~0 where it cannot be read. */
static unsigned long filter_of(pid_t pid)
{
    char path[64], text[32];
    snprintf(path, sizeof path, pid ? "/proc/%ld/coredump_filter" : "/proc/self/coredump_filter",
             (long)pid);
    FILE *f = fopen(path, "re");
    unsigned long bits = f && fgets(text, sizeof text, f) ? strtoul(text, NULL, 16) : ~0UL;
    if (f) {
        fclose(f);
    }
    return bits;
}

bool dump_is_possible(pid_t pid, bool is_piped)
{
    struct rlimit r;
    if (prlimit(pid, RLIMIT_CORE, NULL, &r) != 0) {
        return false;
    }
    bool is_written = is_piped ? r.rlim_cur != LEAST : r.rlim_cur > LEAST;
    return is_written && filter_of(pid) != 0;
}
