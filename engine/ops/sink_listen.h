/* sink_listen.h - what both sinks share: a listening socket, the line that names it, when to end.
 * Main thread only. */
#ifndef CORRIDOR_OPS_SINK_LISTEN_H
#define CORRIDOR_OPS_SINK_LISTEN_H

#include "engine/base/opt.h"

struct event_base;

/* A non-blocking listening socket, or -1 with a sentence. */
int sink_listen(const struct opt_hostport *at, const char **out_why);
/* Print "listening HOST:PORT" as a line of standard output, then run the loop until SIGTERM, SIGINT,
 * `seconds` (0: no limit) or an event_base_loopexit(). */
void sink_serve(struct event_base *loop, int fd, int64_t seconds);

#endif
