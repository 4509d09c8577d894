/* process.h - what the kernel says about this process. */
#ifndef CORRIDOR_OPS_PROCESS_H
#define CORRIDOR_OPS_PROCESS_H

#include <stdint.h>

struct process_numbers {
    uint64_t resident_bytes, open_fds, max_fds; /* 0: not known */
    int64_t cpu_us;                             /* of all threads */
};

/* Reads /proc/self; tens of microseconds, more with thousands of open files. */
void process_look(struct process_numbers *out);

#endif
