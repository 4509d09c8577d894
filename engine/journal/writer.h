/* writer.h - the one thread that writes. The loop lays entries into batches; the writer takes the whole
 * batch when it is idle, hashes, writes, syncs: one batch is one commit in one volume, and the next
 * begins only when it is durable. In between it prepares a spare volume and lets settled ones go.
 * The two threads share what the lock in here covers, and nothing else. A write or sync that failed is
 * never tried again: everything from that batch on has failed, for ever. A volume that cannot be made for
 * want of room or descriptors is another matter: nothing is written yet, so its batch waits for them. */
#ifndef CORRIDOR_JOURNAL_WRITER_H
#define CORRIDOR_JOURNAL_WRITER_H

#include "engine/journal/volume.h"

struct chunk {
    struct chunk *next;
    uint64_t offset; /* in its volume, of the first byte */
    size_t n, cap;
    char *p;
};

struct batch {
    struct batch *next;
    uint64_t commit, volume, salt;
    uint64_t last_seq, end; /* of its last entry: number, offset behind it */
    struct chunk *first, *last;
    char *last_entry;
    uint32_t entries;
    int64_t sync_us; /* how long fdatasync took */
    int64_t due_ns;  /* when it goes at the latest though nobody waits for it */
    bool is_urgent;  /* somebody waits */
    bool opens;      /* `header` is to be written to a new volume first */
    bool has_failed;
    struct volume_header header;
};

struct writer;

struct writer_conf {
    struct disk disk;
    struct clock clock;
    uint64_t volume_bytes, next_commit;
    bool zeroed, no_thread;
    unsigned spares;           /* bit i: "spare-i" is ready */
    void (*notify)(void *arg); /* something is done; called on the writer's thread */
    void *notify_arg;
};

struct writer *writer_open(const struct writer_conf *conf);
/* Ends the thread when everything that waits is written or has failed. */
void writer_close(struct writer **w);

/* What follows belongs to a new volume. Loop thread, as are all of these. */
void writer_begin_volume(struct writer *w, const struct volume_header *h);
/* Lay one entry at `offset` of the newest volume. */
void writer_append(struct writer *w, const struct put *e, uint64_t offset);
/* Somebody waits for what was laid so far. */
void writer_hurry(struct writer *w);
/* Finished batches, oldest first; give each back with writer_recycle(). */
struct batch *writer_collect(struct writer *w);
void writer_recycle(struct writer *w, struct batch *done);
/* Without a thread: write what waits, then one step of background work. */
void writer_run(struct writer *w);
/* Wait until nothing waits; a volume that cannot be made now fails. */
void writer_drain(struct writer *w);
/* A volume that nobody needs any more: it becomes a spare or goes. */
void writer_release(struct writer *w, uint64_t number);
/* Why it has failed, as -errno; 0: it has not. */
int writer_error(const struct writer *w);
/* How long the commit that is under way has been so; 0: there is none. Any thread. */
int64_t writer_busy_us(const struct writer *w);
/* What is laid waits for a volume that cannot be made now: take nothing more. */
bool writer_is_blocked(const struct writer *w);
/* No room to prepare another volume, and fewer are ready than are kept in reserve. */
bool writer_is_out_of_space(const struct writer *w);
/* Volumes that stand ready and are not spoken for. */
unsigned writer_ready(const struct writer *w);
/* A settled volume could be neither renamed nor removed: none goes any more until the next start. */
bool writer_is_stuck(const struct writer *w);

#endif
