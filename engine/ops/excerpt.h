/* excerpt.h - findings with the line they are about and a mark under the place:
 *     routes/adt.yaml:7:16: error: PID-99: no HL7 version has a field 99 in PID
 *         7 |       PID-8: =PID-99
 *           |               ^~~~~~
 * Reads the files again; one that cannot be read has no excerpt. Of files a person wrote, never of messages. */
#ifndef CORRIDOR_OPS_EXCERPT_H
#define CORRIDOR_OPS_EXCERPT_H

#include "engine/base/diag.h"

/* All findings in order of place, each with its excerpt. */
void excerpt_print(struct buf *out, const struct diags *d);
/* The same on standard error. */
void excerpt_tell(const struct diags *d);

#endif
