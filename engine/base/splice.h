/* splice.h - a value as a list of pieces over some raw bytes: copies of ranges and new literals.
 * An edited message is stored so: a 1.2 kB message with three changed fields costs about 60 bytes. */
#ifndef CORRIDOR_BASE_SPLICE_H
#define CORRIDOR_BASE_SPLICE_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

struct splice {
    const char *literal; /* new bytes, or NULL: copy raw[from, from + n) */
    uint32_t from;       /* offset in raw; 0 for a literal */
    uint32_t n;          /* bytes */
};

struct splices {
    const struct splice *v; /* in order; owned by the arena that made them */
    uint32_t n;
};

/* Bytes that the list makes over `raw`. */
size_t splices_size(struct splices s);
/* The same list over bytes that begin `by` later, in `a`. */
struct splices splices_moved(struct arena *a, struct splices s, uint32_t by);
/* Write them to `out`, which has room for splices_size() bytes. */
void splices_write(struct splices s, struct str raw, char *out);

#endif
