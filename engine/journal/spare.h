/* spare.h - volumes before their life and after it: prepared ahead in small pieces under a temporary
 * name, taken into use by a rename, recycled when settled. Used by the writer's thread only. */
#ifndef CORRIDOR_JOURNAL_SPARE_H
#define CORRIDOR_JOURNAL_SPARE_H

#include "engine/journal/volume.h"

enum {
    SPARE_MOST = 6,
    SPARE_RESERVE = 3, /* kept ready, so that a full device can be drained */
    SPARE_KEPT_MOST =
        5, /* two that were let go beside them, so that none need be written in the long run */
    SPARE_PIECE = 256 * 1024
};

struct spares {
    struct disk disk;
    uint64_t volume_bytes;
    bool zeroed;
    unsigned ready;   /* bit i: "spare-i" may be used */
    unsigned written; /* bit i: its bytes were all written once: it is used before the others */
    bool no_space;    /* the last attempt found the device full */
    bool
        is_stuck; /* a volume would not go: none is let go any more, so that no gap can come about */
    int file;     /* being prepared, -1: none */
    bool writes;  /* it is being written, not only allocated */
    unsigned slot;         /* its number */
    uint64_t at;           /* zeroed so far */
    int64_t not_before_us; /* after a failure */
};

unsigned spares_count(const struct spares *s);
/* One small step towards a ready spare. True: call again, there is more to do. */
bool spares_step(struct spares *s, int64_t now_us);
/* Give up what is being prepared. */
void spares_stop(struct spares *s);
/* A file with both headers, durable under its name, from a spare or made now. Its handle, or -errno. */
int spares_open_volume(struct spares *s, const struct volume_header *h);
/* Volume `number` is settled. 0, or -errno when the directory could not be synced. */
int spares_release(struct spares *s, uint64_t number);
void spares_name(unsigned slot, bool is_ready, char out[32]);
/* The slot in the name of a ready spare, -1 for any other name. */
int spares_slot(const char *name);

#endif
