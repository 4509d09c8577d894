/* backup.h - a copy of a journal in another directory, and a journal made from such a copy.
 * A backup is a cut: every volume up to one durable place. The writer goes on meanwhile; what it lets go before it
 * was copied is settled, and then the cut is moved on until the outcomes are in it too. A second backup into
 * the same directory copies only what has changed, and removes what the journal has let go.
 * A restored journal is another journal: it has an id of its own, and all that was unsettled waits for a person,
 * since it may have been sent after the backup. Numbers leap, so that none is given twice.
 * Blocking, any one thread; nothing here touches a running writer. Format: docs/journal-format.md. */
#ifndef CORRIDOR_JOURNAL_BACKUP_H
#define CORRIDOR_JOURNAL_BACKUP_H

#include "engine/journal/journal.h"

struct backup_conf {
    struct disk from, to;
    /* How far does the writer let readers go now? 0 (two zeroes: it is stopped), or an error to give up with.
     * Asked at least once; NULL: it is stopped. */
    int (*live)(void *arg, uint64_t *out_volume, uint64_t *out_end);
    void (*on_progress)(void *arg, uint64_t done, uint64_t all); /* bytes of this round; or NULL */
    void *arg;
    struct clock clock;
};

struct backup_result {
    uint64_t volumes, bytes; /* in the backup */
    uint64_t copied_volumes, copied_bytes, removed;
    uint64_t unreadable; /* volumes whose header does not hold, copied as they are */
    uint64_t last_seq;   /* it reaches up to here */
};

/* 0, or an error with a finding: ERR_STATE (another backup runs there, another journal's, or no backup),
 * ERR_NOT_FOUND (there is nothing to copy), ERR_IO, ERR_SPACE, ERR_TYPE, ERR_DAMAGE (the manifest). What a
 * backup that failed leaves behind, with the one before it, is still that one. */
int journal_backup(const struct backup_conf *conf, struct diags *d, struct backup_result *out);

struct restore_conf {
    struct disk from, to; /* `from`: a backup, or the directory of a stopped journal; `to`: empty */
    void (*on_progress)(void *arg, uint64_t done, uint64_t all);
    void *arg;
    struct clock clock;
    uint64_t (*random)(void *arg);
    void *random_arg;
};

struct restore_result {
    uint64_t volumes, bytes;
    uint64_t unsettled; /* outputs that wait until somebody releases them */
    uint64_t through;   /* all up to this number do */
    uint64_t damages;   /* places that cannot be read, as they could not before */
    int64_t taken_us;   /* when the backup was made; 0: it is not one */
};

/* Fill `to`, and read it from end to end. 0, or an error with a finding: ERR_STATE (`to` holds volumes), ERR_NOT_FOUND (nothing in `from`),
 * ERR_DAMAGE (bytes are not those that were copied), ERR_IO, ERR_SPACE, ERR_TYPE. What is in `to` counts
 * only after 0. */
int journal_restore(const struct restore_conf *conf, struct diags *d, struct restore_result *out);

#endif
