/* greet.h - peers of a door whose TLS handshake is under way: bounded in time as a whole, however slowly bytes come.
 * One that fails is told by its alert, told to the log, and let go; one that succeeds goes to the door's owner.
 * Loop thread. */
#ifndef CORRIDOR_ADAPTERS_GREET_H
#define CORRIDOR_ADAPTERS_GREET_H

#include "adapters/door.h"

/* Counted already; `fd` is taken. */
void greet_begin(struct door *d, int fd, const char *peer);
/* Hang up on all of them. */
void greet_end(struct door *d);

#endif
