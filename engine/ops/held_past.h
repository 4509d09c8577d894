/* held_past.h - since when and why outputs are held that were held before the daemon started: it keeps neither, the
 * journal has both. Reads forward from the oldest of them until each is found; one thread. */
#ifndef CORRIDOR_OPS_HELD_PAST_H
#define CORRIDOR_OPS_HELD_PAST_H

#include "engine/ops/command.h"

struct report;

/* Fill in "since", "reason" and "attempt" of the held `rows` (a list as /queue gives it) that lack them. What the
 * journal does not say stays away. 0, or COMMAND_CANNOT after saying why. O(journal behind the oldest). */
int held_past_fill(struct command_run *r, const char *state, const struct report *rows);

#endif
