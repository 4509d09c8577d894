/* crew.h - a few threads that do the items of one piece of work at once, and sleep between two pieces. For items of some 10 us
 * and more: each costs an atomic addition, a piece of work the waking of all. One thread has a crew, and calls all of this. */
#ifndef CORRIDOR_OPS_CREW_H
#define CORRIDOR_OPS_CREW_H

#include <stdbool.h>
#include <stddef.h>

enum {
    CREW_MOST = 16,
    CREW_USUAL = 4,
    CREW_APART = 128, /* bytes between what two workers write: cache lines are not shared */
};

struct crew;
/* One item by one of the workers (0: the caller); what a worker changes is its own or the item's. */
typedef void (*crew_fn)(void *arg, unsigned worker, size_t item);

/* `workers` 1 to CREW_MOST; fewer where no more threads can be had, and the caller's own always. */
struct crew *crew_new(unsigned workers);
unsigned crew_size(const struct crew *c);
/* Items 0 to n-1, begun in this order, each by whoever is free; all are done when it returns. Not from within `fn`. */
void crew_run(struct crew *c, size_t n, crew_fn fn, void *arg);
void crew_free(struct crew **c);
/* The option of commands that have a crew, and what it means: 0, nothing was asked for, is as many as there are processors
 * for this process, CREW_USUAL at most, since others work on the machine, too. */
#define CREW_OPTION(type)                                                                          \
    OPT(type, threads, "threads", INT, NULL, "1..16", 0,                                           \
        "Work on so many messages at once. Default: one a processor, 4 at most.")
unsigned crew_workers(int asked);

#endif
