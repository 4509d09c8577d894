/* simdisk.h - a disk in memory that forgets as disks do. Every file has what the process sees and what
 * would survive; a write survives only after a sync of its file, a name only after a sync of the
 * directory. At a crash each unsynced write may be there, gone, torn at 512 or 4096 bytes, or there while
 * an older one is gone. Any call can be made to fail, or to be the last one. All from one seed. */
#ifndef CORRIDOR_SUPPORT_SIMDISK_H
#define CORRIDOR_SUPPORT_SIMDISK_H

#include "engine/journal/disk.h"

#include <stdbool.h>

struct simdisk;

enum simdisk_fault {
    SIMDISK_NONE,
    SIMDISK_EIO,
    SIMDISK_ENOSPC,
    SIMDISK_SHORT, /* a write takes only a part; other calls are as usual */
    SIMDISK_CUT,   /* power fails in this call: it may be done in part, everything after fails */
};

/* How a crash treats what was not synced. */
enum simdisk_loss {
    SIMDISK_KEEP_ALL,
    SIMDISK_DROP_ALL,
    SIMDISK_SOME,
    SIMDISK_TEAR_512,
    SIMDISK_TEAR_4096
};
enum { SIMDISK_LOSSES = 5 };

struct simdisk *simdisk_new(uint64_t seed);
struct simdisk *simdisk_clone(const struct simdisk *d);
void simdisk_free(struct simdisk **d);
/* The functions for a journal. */
struct disk simdisk_disk(struct simdisk *d);

/* Calls that change something (open to create, write, allocate, sync, rename, unlink), so far. */
uint64_t simdisk_calls(const struct simdisk *d);
/* Number `call` (counted from 1 as above) goes wrong this way; 0: none does. */
void simdisk_fail_at(struct simdisk *d, uint64_t call, enum simdisk_fault how);
/* Every read fails from read number `n` on, counted from now; 0: none. */
void simdisk_fail_reads(struct simdisk *d, uint64_t n);
/* Dropping the cache does nothing from now on, as on systems that cannot. */
void simdisk_keep_cache(struct simdisk *d);
bool simdisk_has_fired(const struct simdisk *d);
/* Room for so many bytes in all; 0: endless. */
void simdisk_set_room(struct simdisk *d, uint64_t bytes);

/* The power goes and comes back: what survives becomes all there is; locks and handles are gone. */
void simdisk_crash(struct simdisk *d, uint64_t seed, enum simdisk_loss loss);
/* The process ends and another starts; the system stays: nothing is lost. */
void simdisk_restart(struct simdisk *d);

/* Look and change behind the journal's back. NULL when there is no such file. */
char *simdisk_bytes(struct simdisk *d, const char *name, uint64_t *out_size);
/* Create or replace a file, as if it had always been there. */
void simdisk_put(struct simdisk *d, const char *name, const void *p, uint64_t n);
void simdisk_remove(struct simdisk *d, const char *name);
/* Hash of all that would survive dropping everything unsynced: to tell images apart. */
uint64_t simdisk_hash(const struct simdisk *d);
unsigned simdisk_files(const struct simdisk *d);

#endif
