/* manifest.h - what a backup holds: `backup.json` beside its volumes. It is replaced whole, after everything it
 * names is on stable storage. Of a volume only the first `end` bytes belong to the backup; a later one that
 * was broken off may have left more behind them. Where this file stands no journal is opened for writing. */
#ifndef CORRIDOR_JOURNAL_MANIFEST_H
#define CORRIDOR_JOURNAL_MANIFEST_H

#include "engine/base/arena.h"
#include "engine/journal/disk.h"

#include <stdbool.h>

#define MANIFEST_NAME "backup.json"

struct manifest_volume {
    uint64_t number, salt; /* salt 0: its header cannot be read; kept as it is */
    uint64_t end;          /* bytes */
    uint64_t last_seq;     /* last sequence number in it, as far as known */
    uint64_t hash;         /* of those bytes, see manifest_hash() */
};

struct manifest {
    uint8_t journal_id[16];
    int64_t taken_us; /* microseconds since 1970 UTC; written to the millisecond */
    struct manifest_volume *v;
    size_t n;
};

/* 0 (volumes in `a`), ERR_NOT_FOUND, ERR_IO, ERR_DAMAGE: it is not one, ERR_TYPE: of a newer version. */
int manifest_read(const struct disk *d, struct arena *a, struct manifest *out);
/* Replace it, durably. 0 or -errno. */
int manifest_write(const struct disk *d, const struct manifest *m);
/* Is there one, whatever is in it? */
bool manifest_stands(const struct disk *d);
/* The volume of that number, or NULL. O(log n). */
const struct manifest_volume *manifest_find(const struct manifest *m, uint64_t number);
/* XXH3-64 piece by piece (1 MiB each but the last), each seeded with the hash of what stood before; 0 first. */
enum { MANIFEST_PIECE = 1 << 20 };
uint64_t manifest_hash(uint64_t before, const void *p, size_t n);

#endif
