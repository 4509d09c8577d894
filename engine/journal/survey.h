/* survey.h - what a directory holds, found out by reading only: the volumes with their headers, where
 * each one ends, what is damaged. Recovery acts on it; verify reports it. */
#ifndef CORRIDOR_JOURNAL_SURVEY_H
#define CORRIDOR_JOURNAL_SURVEY_H

#include "engine/journal/files.h"

struct survey_damage {
    uint64_t number;   /* of the volume */
    uint64_t from, to; /* sequence numbers that cannot be read */
    uint64_t at, end;  /* bytes */
};

struct survey {
    struct disk disk;
    struct volume
        *v; /* by number; `end`, `last_seq` as recorded by the next one, where there is one */
    size_t n;
    struct volume_header newest; /* header of the last one that can be read; number 0: none */
    uint64_t recorded_last;      /* as its successor says: highest number given by then */
    unsigned spares;             /* bits of ready ones of the right size */
    uint64_t upto;               /* volumes beyond it are not looked at; 0: all are */
    uint64_t failed;             /* ERR_IO: the volume that cannot be read; 0: the directory */
    bool goes_on;    /* a volume that cannot be read is as one whose header does not hold */
    bool is_short;   /* the newest one's file is shorter than it was made */
    bool is_foreign; /* volumes of another journal, or written by a newer version */
    /* filled by survey_volume() */
    uint64_t entries, bytes;
    uint64_t last_commit, tail_from; /* of the volume's last entries: commit and where it begins */
    uint64_t torn_bytes;
    struct survey_checkpoint {
        uint64_t seq, hint; /* of the entry that ends it */
    } * checkpoints;        /* whole ones of this volume, in order */
    size_t ncheckpoints, checkpoint_cap;
    bool ended; /* closed in good order */
    bool has_records;
    void (*on_damage)(void *ctx, const struct survey_damage *d);
    void (*on_entry)(void *ctx, const struct stored *s);
    void *ctx;
};

/* A volume to be read, with a lock that keeps it from being used again until it is closed. A handle;
 * ERR_NOT_FOUND: it was let go, or is another one than that of `salt` (0: any) by now; ERR_IO. */
int survey_open(const struct disk *d, uint64_t number, uint64_t salt);
/* The header of a volume: one of its two copies that holds and bears the name's number. 0, ERR_NOT_FOUND
 * (there is none of that name), ERR_IO, ERR_DAMAGE, ERR_TYPE. */
int survey_header(const struct disk *d, uint64_t number, struct volume_header *out);
/* How many of the two copies hold? One is enough for everything else. ERR_NOT_FOUND, ERR_IO. */
int survey_copies(const struct disk *d, uint64_t number, uint64_t salt);
/* List and read headers. 0 or ERR_IO; volumes are found even when some are damaged. What is let go meanwhile,
 * and all before it, does not show. */
int survey_begin(struct survey *s, const struct disk *d, uint64_t volume_bytes);
/* Read volume `i` from beginning to end. Of the last one the end is found: sets v[i].end and last_seq.
 * `live_end` not 0: the volume is in use and durable up to there. 0, ERR_IO, or ERR_NOT_FOUND when it has been
 * let go since. */
int survey_volume(struct survey *s, size_t i, uint64_t live_end);
void survey_free(struct survey *s);

/* The file `newest` holds the number of the newest volume that was ever begun: its loss would look like a crash
 * otherwise. Written when the volume is durable. 0 or -errno. */
int survey_note_newest(const struct disk *d, uint64_t number);
/* 0: there is no such file, or it cannot be read. */
uint64_t survey_newest(const struct disk *d);

#endif
