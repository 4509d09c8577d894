/* pieces.h - a file or standard input of any size, in pieces that end where a message ends, so that what reads
 * messages needs no more memory than a piece. Blocking reads; not for what arrives over a network.
 * A message begins at MSH, FHS or BHS at the start of a line (behind 0x0B, too), a JSON document at the start of a
 * line with { in the first column, unless what stands before wants a value: JSON without indents. */
#ifndef CORRIDOR_OPS_PIECES_H
#define CORRIDOR_OPS_PIECES_H

#include "engine/base/buf.h"

enum { PIECES_SIZE = 4 << 20, PIECES_MESSAGE_MAX = 256 << 20 };

struct pieces {
    int fd;
    struct buf have; /* what was read and not given yet */
    size_t given;    /* bytes of `have` that the last piece was */
    uint64_t lines;  /* line ends before `have` */
    uint64_t bytes;  /* given in all */
    bool is_at_end;
    const char *why; /* static: what went wrong; NULL: nothing */
};

/* "-" is standard input. False with a static reason. */
bool pieces_open(struct pieces *p, const char *path, const char **out_why);
/* The next piece, valid until the next call, and the number of its first line from 1. False at the end, and after a
 * failure with p->why. */
bool pieces_next(struct pieces *p, struct str *out, uint64_t *out_line);
void pieces_close(struct pieces *p);
/* A JSON document begins at `at`, which is a byte of `s`. */
bool pieces_is_document(struct str s, size_t at);

#endif
