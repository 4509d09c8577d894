/* files_append.h - many messages in one file, for the thread of files_worker.h. Beside NAME stands `.NAME.done`, a line of 48 bytes
 * for each message: where it ends in NAME, and its id. A batch is on the disk first in NAME, then in `.NAME.done`, and counts only then.
 * So after a crash what is torn is cut off, and a message that comes again within the last 8,192 is known and not written twice.
 * Nobody else may write to NAME; it may be taken away, and is begun anew. */
#ifndef CORRIDOR_ADAPTERS_FILES_APPEND_H
#define CORRIDOR_ADAPTERS_FILES_APPEND_H

#include "engine/base/str.h"

enum { FILES_APPEND_KNOWN = 8192, FILES_APPEND_ID = 26 };

struct files_append_conf {
    struct str name;                      /* in the directory, without parts */
    int64_t rotate_size, rotate_every_ms; /* OPT_NEVER: by size alone */
};

struct files_record {
    char id[FILES_APPEND_ID];
    struct str bytes;
    char end; /* what must stand at its end: CR of a segment, LF of a line */
};

struct files_append;

struct files_append *files_append_new(const char *directory, const struct files_append_conf *c);
void files_append_free(struct files_append **a);
/* All of v[0..n) on the disk, in order, or nothing of it: 0, or errno; ESTALE: NAME is shorter than what was written to it.
 * Before it, NAME is put aside as NAME-20261124T093000Z where it has reached its size or another period has begun. */
int files_append_write(struct files_append *a, const struct files_record *v, size_t n,
                       int64_t wall_us);
/* Why `name` cannot be, as "found; expected", or NULL. */
const char *files_append_fault(struct str name);

#endif
