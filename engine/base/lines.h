/* lines.h - walks along texts of many short lines, which end with LF, CRLF or CR: messages and the files they stand in. 16 bytes
 * at a step where the processor has SSE2, so that what a line costs does not depend on where it ends. Pure. O(n). */
#ifndef CORRIDOR_BASE_LINES_H
#define CORRIDOR_BASE_LINES_H

#include "engine/base/str.h"

/* How many lines end in the text: each LF, CRLF and CR is one end. */
size_t lines_count(struct str s);
/* Does no line begin with a blank or a tab? */
bool lines_are_flush(struct str s);
/* Copy lines with a CR for the LF or CR at their end, up to the first that is empty (of CRLF, the LF is one). `to` has room for
 * s.n + LINES_ROOM bytes. How many bytes are done: s.n, or where that line is. */
enum { LINES_ROOM = 16 };
size_t lines_with_cr(struct str s, char *to);

/* A walk along the control bytes (below a blank) of `s`, where line ends are. 64 bytes are looked at together, so that where
 * they stand costs little more than how many there are. Begin with {.s = s}. */
struct lines_controls {
    struct str s;
    size_t looked; /* the bytes before it were looked at */
    uint64_t left; /* of the last 64 of these: a bit for each control byte that is still to come */
};
/* A bit for each control byte of the 64 at `at`; behind the end of the text there is none. */
uint64_t lines_controls_at(struct str s, size_t at);
/* Where the next one stands; s.n: there is none. */
static inline size_t lines_control(struct lines_controls *c)
{
    while (!c->left) {
        if (c->looked >= c->s.n) {
            return c->s.n;
        }
        c->left = lines_controls_at(c->s, c->looked);
        c->looked += 64;
    }
    size_t found = c->looked - 64 + (size_t)__builtin_ctzll(c->left);
    c->left &= c->left - 1;
    return found;
}

#endif
