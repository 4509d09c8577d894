/* writer_priv.h - what the files of the writer share: writer.c (what the loop asks), writer_thread.c (when something is to be
 * done), writer_commit.c (what is done then) and writer_chunk.c (memory of batches). */
#ifndef CORRIDOR_JOURNAL_WRITER_PRIV_H
#define CORRIDOR_JOURNAL_WRITER_PRIV_H

#include "engine/journal/spare.h"
#include "engine/journal/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    WRITER_CHUNKS_IDLE = 2,       /* kept when nothing is going on */
    WRITER_PATIENCE_NS = 3000000, /* how long outcomes wait for company */
};

struct writer_settled {
    struct writer_settled *next;
    uint64_t number;
};

struct writer {
    struct writer_conf conf;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    /* under the lock */
    struct batch *first, *last; /* the last one may still grow, unless it is sealed */
    struct batch *done, *done_last;
    struct batch *spare_batch;
    struct chunk *chunks; /* free ones */
    unsigned nchunks;
    struct writer_settled *releases, *releases_last;
    bool is_sealed, is_stopping, is_sleeping, is_working, is_draining;
    bool is_timed; /* the sleep ends by itself within WRITER_PATIENCE_NS */
    uint64_t next_commit, volume, salt;
    /* read without it */
    atomic_uint waiting; /* urgent batches not taken: what the writer spins on */
    atomic_bool is_out_of_space;
    atomic_bool is_stuck;   /* a settled volume would not go */
    atomic_uint ready;      /* prepared volumes */
    atomic_uint begun;      /* volumes laid and not opened yet */
    atomic_bool is_blocked; /* the next volume cannot be made now */
    atomic_int error;
    atomic_llong busy_since_ns; /* 0: no commit is under way */
    /* the writer's own */
    struct spares spares;
    int file;
    bool has_failed;
    bool has_worked;  /* since the last short sleep */
    bool wants_spare; /* the volume in use is far enough along */
    int64_t again_ns; /* is_blocked: not before */
    int64_t spin_ns;
};

static inline int64_t writer_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Everything that follows wants the lock held, and returns with it held. */

/* writer_chunk.c: room for an entry of `need` bytes at least; give a list back; keep so many free ones. */
struct chunk *writer_chunk_take(struct writer *w, size_t need);
void writer_chunks_give(struct writer *w, struct chunk *c);
void writer_chunks_trim(struct writer *w, unsigned keep);

/* writer_commit.c: write the first batch. False: it must wait. */
bool writer_work_batch(struct writer *w);
/* One small step of what is not urgent. True: there is more. */
bool writer_work_background(struct writer *w);

/* writer_thread.c: the thread, from its start (without the lock) to its end. */
void *writer_thread(void *arg);

#endif
