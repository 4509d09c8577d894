/* files_worker.h - work that may block (files; mail, too), beside the loop: jobs go to one thread in order and come back to the loop
 * when they are done. A job is a struct of the caller's that begins with struct files_job. */
#ifndef CORRIDOR_ADAPTERS_FILES_WORKER_H
#define CORRIDOR_ADAPTERS_FILES_WORKER_H

#include <stddef.h>

struct event_base;
struct files_worker;

struct files_job {
    struct files_job *next;
};

struct files_worker_ops {
    /* On the thread: all jobs that wait, in order. Touches nothing but them. */
    void (*work)(struct files_job *list);
    /* On the loop, once for each job, in order: it is the caller's again. */
    void (*done)(void *arg, struct files_job *job);
};

/* NULL when there is no thread to be had. */
struct files_worker *files_worker_new(struct event_base *loop, const struct files_worker_ops *ops,
                                      void *arg);
/* Loop thread. */
void files_worker_add(struct files_worker *w, struct files_job *job);
/* Wait for the jobs added so far, and hand them back. Blocks as long as the disk does. */
void files_worker_free(struct files_worker **w);

#endif
