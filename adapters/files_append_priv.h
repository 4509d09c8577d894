/* files_append_priv.h - a file of many messages: between files_append.c (writing) and files_aside.c (putting aside). */
#ifndef CORRIDOR_ADAPTERS_FILES_APPEND_PRIV_H
#define CORRIDOR_ADAPTERS_FILES_APPEND_PRIV_H

#include "adapters/files_known.h"

struct files_append {
    char *directory;
    struct buf name, side_name; /* with a NUL */
    int64_t rotate_size, rotate_us;
    int dir, file, side;          /* below 0: not open */
    uint64_t length, side_length; /* of what counts */
    int64_t period;               /* of the last message in the file */
    int64_t aside_s; /* in the name of the last one put aside by this process, UTC; 0: none */
    uint64_t count;  /* messages of the batch that the file is; 0: it is none */
    const struct files_batch_conf *batch;
    struct files_known known;
};

/* The how many-th period it is; 0 where there are none. */
int64_t files_append_period(const struct files_append *a, int64_t wall_us);
/* All of `s` at byte `at`. False with errno. */
bool files_write_at(int fd, struct str s, uint64_t at);
/* The file, the lines beside it and the directory, read and synced. 0, or errno; then nothing is open. */
int files_append_open(struct files_append *a);
void files_append_close(struct files_append *a);
/* files_aside.c: put the file aside where that is due, and begin anew. 0, or errno. */
int files_aside(struct files_append *a, int64_t wall_us);

#endif
