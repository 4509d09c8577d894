/* files_known.h - which messages stand in a file of many already: the last 8,192 of them in memory, and a line of 48 bytes for each
 * in the file beside it. For the thread of files_worker.h. */
#ifndef CORRIDOR_ADAPTERS_FILES_KNOWN_H
#define CORRIDOR_ADAPTERS_FILES_KNOWN_H

#include "adapters/files_append.h"
#include "engine/base/buf.h"
#include "engine/base/map.h"

struct files_known_id {
    char id[FILES_APPEND_ID];
};

struct files_known {
    struct files_known_id v[FILES_APPEND_KNOWN]; /* a ring */
    size_t n;                                    /* messages so far; the newest stands at n - 1 */
    struct map64 at;                             /* hash of an id: its place in the ring */
};

/* What counts, by the last line that is whole. */
struct files_counted {
    uint64_t length; /* bytes of the file */
    uint64_t number; /* messages of its batch; 0: it is none */
    uint64_t side;   /* bytes of the lines */
};

bool files_known_has(const struct files_known *a, const char id[FILES_APPEND_ID]);
void files_known_add(struct files_known *a, const char id[FILES_APPEND_ID]);
/* The line of a message that ends at byte `end`, the `number`-th of its batch. */
void files_known_put(struct buf *out, uint64_t end, const char id[FILES_APPEND_ID],
                     uint64_t number);
/* The lines of all that are known, as if they ended there. */
void files_known_put_all(const struct files_known *a, struct buf *out, uint64_t end,
                         uint64_t number);
/* Read the lines in `fd`; what is behind the last whole one is cut off. False with errno. */
bool files_known_read(struct files_known *a, int fd, struct files_counted *out);

#endif
