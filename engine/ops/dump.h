/* dump.h - a crash of this program leaves no memory behind: it held messages. The limit of core files becomes one byte,
 * which is too little for a file and, unlike zero, also keeps the kernel from starting a program in core_pattern; and
 * should that not be allowed, what would be written holds no page of memory. The hard limit is lowered too.
 * Source: core(5). */
#ifndef CORRIDOR_OPS_DUMP_H
#define CORRIDOR_OPS_DUMP_H

#include <stdbool.h>
#include <sys/types.h>

/* For this process and those it starts. */
void dump_forbid(void);
/* Whether a crash of process `pid` (0: this one) may write memory: to a file, or, where `is_piped`, to a program.
 * False too when nothing can be said of it. */
bool dump_is_possible(pid_t pid, bool is_piped);

#endif
