/* copy.h - volumes copied byte by byte from one directory to another, for backup and restore. */
#ifndef CORRIDOR_JOURNAL_COPY_H
#define CORRIDOR_JOURNAL_COPY_H

#include "engine/journal/manifest.h"
#include "engine/journal/volume.h"

struct copy {
    struct disk from, to;
    const uint8_t *journal_id; /* 16 bytes: both headers get it; NULL: they stay as they are */
    void (*on_bytes)(void *arg, uint64_t n);
    void *arg;
    int error; /* why `to` could not be written, -errno; 0: it could */
};

/* The first w->end bytes of volume w->number, under a lock; sets w->hash to that of the bytes read. The copy is
 * synced, its name is not. 0; ERR_NOT_FOUND: let go by its writer; ERR_DAMAGE: it ends before; ERR_IO. */
int copy_volume(struct copy *c, struct manifest_volume *w);
/* Bytes of volume `number`, 0 when it cannot be told. */
uint64_t copy_size(const struct disk *d, uint64_t number);
/* Volumes that the manifest does not name, and what was broken off, go. Returns how many volumes. */
uint64_t copy_remove_others(const struct disk *d, const struct manifest *m);

#endif
