/* locate.h - messages by id in the journal, for commands that act on one. Reads back from the newest; one thread. */
#ifndef CORRIDOR_OPS_LOCATE_H
#define CORRIDOR_OPS_LOCATE_H

#include "engine/ops/history.h"

struct located {
    struct entry_id id;
    uint64_t seq; /* of its entry; 0: there is none (any more) */
    uint32_t noutputs;
    uint32_t attempt; /* highest that is recorded for one of its outputs; 0 none */
};

/* Look for the messages v[0..n) in the journal below the state directory: one reading back for all of them.
 * 0, or COMMAND_CANNOT after saying why. */
int locate(struct command_run *r, const char *state, struct located *v, size_t n);
/* An id as people give it, or COMMAND_CANNOT after saying what is expected. */
int locate_read_id(const struct command_run *r, const char *text, struct entry_id *out);

#endif
