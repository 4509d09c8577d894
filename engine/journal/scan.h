/* scan.h - reading one volume through a window: the entry at an offset, and the next one that holds
 * after bytes that do not. Used by cursors, by recovery and by verify; any one thread. Reads only. */
#ifndef CORRIDOR_JOURNAL_SCAN_H
#define CORRIDOR_JOURNAL_SCAN_H

#include "engine/journal/volume.h"

enum { SCAN_WINDOW = 256 * 1024, SCAN_PEEK = 8 * 1024 };

struct scan {
    struct disk disk;
    int file;
    uint64_t number, salt, limit; /* nothing at or behind `limit` is looked at */
    uint64_t from;                /* what the window holds: n bytes from here */
    size_t n, cap;
    char *p;
    size_t ahead;  /* bytes to read at once: SCAN_WINDOW or SCAN_PEEK */
    uint64_t used; /* for who keeps several */
};

/* Look at another volume (or the same, grown) from now on. */
void scan_set(struct scan *s, const struct disk *d, int file, uint64_t number, uint64_t salt,
              uint64_t limit);
void scan_free(struct scan *s);
/* 1, the entry at `at` (a view) and its bytes; 0 when none holds there; ERR_IO. */
int scan_entry(struct scan *s, uint64_t at, struct stored *out, uint64_t *out_size);
/* The first entry that holds at or behind `at` with a number above `above`: 1 and its place, 0, ERR_IO.
 * O(bytes). */
int scan_find(struct scan *s, uint64_t at, uint64_t above, struct stored *out, uint64_t *out_at);

#endif
