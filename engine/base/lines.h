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

#endif
