/* keys_priv.h - what keys.c (the list), keys_stock.c (what it begins with), keys_find.c (answers from it), keys_choose.c (what
 * is done next), keys_thread.c (the thread that does it) and keys_job.c (what comes of it) share. */
#ifndef CORRIDOR_JOURNAL_KEYS_PRIV_H
#define CORRIDOR_JOURNAL_KEYS_PRIV_H

#include "engine/journal/keys.h"
#include "engine/journal/keys_build.h"

#include <pthread.h>

/* A file, or a volume that shall have one. */
struct keys_part {
    unsigned level;
    uint64_t first, last, salt, ids, bytes;
    int64_t newest_us;
    struct keys_row *volumes; /* of merged ids: number and salt of each */
    size_t nvolumes;
    struct keys_filter filter;
    bool is_made;    /* the file is there; else it is to be built */
    bool is_covered; /* a merged one has its ids */
    unsigned failures;
    bool is_given_up; /* the volume cannot be read: there will be no file */
    int64_t again_us; /* monotonic: not before, after a failure */
};

enum keys_job_kind { KEYS_IDLE, KEYS_REMOVE, KEYS_BUILD, KEYS_LOAD, KEYS_MERGE };

struct keys_job {
    enum keys_job_kind kind;
    char name[KEYS_NAME]; /* REMOVE, LOAD */
    struct keys_build build;
    struct keys_volume *volumes;
    struct keys_merge merge;
    int rc;
    struct keys_header h;
    struct keys_filter filter;
    uint64_t bytes;
    struct keys_row *rows; /* the volumes of merged ids */
};

/* A name that must go, once nobody needs it. */
struct keys_doomed {
    struct keys_doomed *next;
    char name[KEYS_NAME];
};

struct keys {
    struct journal *j;
    struct files *f;
    struct disk disk;
    int64_t window_us;   /* -1: nobody has said */
    struct keys_part *v; /* key files, by volume, then merged ones in no order */
    size_t n, cap;
    size_t *asked; /* those of v whose ids no merged one has: of thousands a few dozen */
    size_t nasked;
    struct keys_doomed *doomed;
    uint64_t unserved; /* number of the volume from which on the engine keeps ids */
    uint64_t newest;   /* newest volume when the list was last looked through */
    bool has_changed;  /* look for a job */
    int64_t again_us;  /* when one that failed may be tried again; 0: none */
    int64_t merge_again_us;
    uint64_t probes, rebuilt;
    /* the thread */
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool has_job, is_done, is_stopping; /* under the lock */
    atomic_bool stop, is_ready;         /* is_ready: as is_done, to look at without it */
    struct keys_job job;                /* the thread's while has_job and not is_done */
    bool is_busy;                       /* the loop's: a job is under way */
};

/* Parts that are key files of one volume: they stand before merged ones. O(log n). */
size_t keys_count_single(const struct keys *k);
struct keys_part *keys_part_of(struct keys *k, unsigned level, uint64_t first, uint64_t last);
struct keys_part *keys_part_add(struct keys *k, unsigned level, uint64_t first, uint64_t last);
/* Out of the list; `removes` its file too. */
void keys_part_drop(struct keys *k, size_t i, bool removes);
void keys_doom(struct keys *k, unsigned level, uint64_t first, uint64_t last);
/* Which key files are covered by merged ones, whom to ask, what is unserved: after every change. */
void keys_review(struct keys *k);
/* Found damaged: it goes, and what it was made of makes it again. */
void keys_part_rotten(struct keys *k, unsigned level, uint64_t first, uint64_t last);
/* Into an empty list, once. */
void keys_take_stock(struct keys *k);
/* The volumes that a merged file has the ids of, to be freed. */
int keys_read_volumes(struct keys_file *f, struct keys_row **out);

static inline int64_t keys_mono_us(const struct keys *k)
{
    return k->j->clock.mono_us(k->j->clock.arg);
}

/* k->job is what is most urgent. False: nothing is to be done, before k->again_us at least. */
bool keys_choose(struct keys *k);

void keys_start(struct keys *k);
/* A job under way is given up within a page. */
void keys_stop(struct keys *k);
/* k->job to the thread; without one it is done here. */
void keys_hand_over(struct keys *k);
/* Is it done? Then it is the loop's again. */
bool keys_is_done(struct keys *k);
/* What it holds, once its result was taken. */
void keys_free_job(struct keys *k);

#endif
