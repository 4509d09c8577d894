/* files_look.h - the disk's half of a directory as a source, for the thread of files_worker.h: find the next file
 * that stands still and read it; put it away when it is settled. Loop and thread never hold a job together. */
#ifndef CORRIDOR_ADAPTERS_FILES_LOOK_H
#define CORRIDOR_ADAPTERS_FILES_LOOK_H

#include "adapters/files_worker.h"
#include "engine/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* A file that was seen. */
struct files_seen {
    char *name;
    int64_t size, mtime_ns, since_us; /* unchanged since, monotonic */
    int64_t ctime_ns, first_us; /* of its inode too, so that other rights are noticed; first seen */
    bool was_told;              /* that it cannot be read */
    bool was_told_restless;     /* that it never stands still */
};

/* The last look around, kept by the thread between jobs: a directory of many files is read once for all
 * that stand still in it. */
#define FILES_RESTLESS_US ((int64_t)10 * 60 * 1000000)

struct files_memory {
    struct files_seen *v; /* by name */
    size_t n, cap;
    size_t at; /* those before it have had their turn */
};

enum files_put { FILES_NOWHERE, FILES_DONE, FILES_REJECTED };

/* One turn: put away the file `name` (if any), then look for the next one. */
struct files_look {
    struct files_job job; /* first */
    struct files_memory *memory;
    char *directory, *done, *rejected; /* "" in done: delete */
    char **pattern;                    /* NULL-ended */
    int64_t now_us, stable_us, limit;
    /* what was settled */
    enum files_put put;
    struct buf why; /* the sidecar; empty: none */
    /* the file under way: given back with `put`, then that which was found */
    char *name;       /* NULL: there is none */
    struct buf bytes; /* of the file found */
    int64_t mtime_ns; /* of it */
    bool is_too_large;
    /* trouble: errno with what it was about, static; 0 none */
    int error;
    const char *about;
    bool is_unput;  /* the file could not be put away: it is `name` still */
    bool has_grown; /* it changed after it was read: it stays, and is read again */
    unsigned
        restless; /* files that were found to change for FILES_RESTLESS_US and more, told for the first time */
};

void files_look_work(struct files_job *list);
void files_look_free(struct files_look *l);
void files_memory_free(struct files_memory *m);

#endif
