/* files_priv.h - what the files of the store share: files.c (laying, room), files_read.c (reading) and files_release.c (which
 * volumes may go). Loop thread. */
#ifndef CORRIDOR_JOURNAL_FILES_PRIV_H
#define CORRIDOR_JOURNAL_FILES_PRIV_H

#include "engine/journal/files.h"
#include "engine/journal/spare.h"

/* Prepared volumes left for what is more urgent. */
enum { FILES_RESERVE_INTAKE = SPARE_RESERVE, FILES_RESERVE_CARRY = 1 };

static inline struct volume *files_newest(const struct files *f)
{
    return &f->v[f->n - 1];
}

/* files.c: read no more of it now. */
void files_close_volume(struct files *f, struct volume *v);
/* The last volume that begins at or before `seq`; the first one when all begin behind it. */
struct volume *files_by_seq(const struct files *f, uint64_t seq);
/* Is `bytes` of volumes, and so many prepared ones beside them, more than the journal may have? */
bool files_is_over(const struct files *f, uint64_t bytes, unsigned prepared);

/* As of struct store_ops. files_read.c */
int files_next(struct journal *j, struct journal_cursor *c, uint64_t limit, struct stored *out);
/* files_release.c */
void files_release(struct journal *j, uint64_t seq);
void files_hold(struct journal *j, uint64_t home, bool is_in);
uint64_t files_held_from(const struct journal *j);

#endif
