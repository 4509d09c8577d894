/* files_append.h - many messages in one file, for the thread of files_worker.h. Beside NAME stands `.NAME.done`, a line of 48 bytes
 * for each message: where it ends in NAME, its id, and the how many-th of its batch it is (0: there is none). A batch is on the disk first in NAME, then in `.NAME.done`, and counts only then.
 * So after a crash what is torn is cut off, and a message that comes again within the last 8,192 is known and not written twice.
 * Nobody else may write to NAME; it may be taken away, and is begun anew. */
#ifndef CORRIDOR_ADAPTERS_FILES_APPEND_H
#define CORRIDOR_ADAPTERS_FILES_APPEND_H

#include "engine/base/str.h"

enum { FILES_APPEND_KNOWN = 8192, FILES_APPEND_ID = 26 };

/* The messages of a file as a batch: a header before the first, a trailer with their number when the file is put aside. */
struct files_batch_conf {
    struct str sender, receiver; /* APPLICATION|FACILITY: BHS-3|BHS-4, BHS-5|BHS-6 */
    struct str name;             /* BHS-9 */
    bool has_file;               /* FHS and FTS around it */
    int most;                    /* messages of one file */
};

struct files_append_conf {
    struct str name;                      /* in the directory, without parts */
    int64_t rotate_size, rotate_every_ms; /* OPT_NEVER: by size alone */
    const struct files_batch_conf
        *batch; /* NULL: nothing but messages; read while the files_append lives */
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
/* Nothing is to be written, but perhaps a period is over. 0, or errno. */
int files_append_turn(struct files_append *a, int64_t wall_us);
/* Why `name` cannot be, as "found; expected", or NULL. */
const char *files_append_fault(struct str name);

#endif
