/* pairs.h - a few names with their values as one text: each name and each value with a NUL behind it, in order. What a step
 * says to the destination of an output, kept beside the output. Pure, any thread. */
#ifndef CORRIDOR_BASE_PAIRS_H
#define CORRIDOR_BASE_PAIRS_H

#include "engine/base/buf.h"

/* Neither may hold a NUL. */
void pairs_put(struct buf *out, struct str name, struct str value);
/* The value of `name`, a view into `pairs`; p NULL: it is not there. Never reads outside, whatever the bytes are. */
struct str pairs_get(struct str pairs, const char *name);
/* The next pair, which is taken off `rest`; false: there is none. */
bool pairs_next(struct str *rest, struct str *out_name, struct str *out_value);

#endif
