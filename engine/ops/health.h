/* health.h - two questions that machines ask. Alive: the loop runs (it answers) and the journal's writer gets on.
 * Ready: a message sent now would be taken: recovery is over, every source listens, the journal has room, nobody
 * stops us. systemd's watchdog hears less: that the loop turns. A disk that hangs is not mended by another start.
 * Loop thread. */
#ifndef CORRIDOR_OPS_HEALTH_H
#define CORRIDOR_OPS_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct engine;
struct journal;

enum { HEALTH_COMMIT_MAX_S = 30 }; /* a commit under way for longer: the writer is stuck */

struct health_from {
    const struct engine *engine;
    const struct journal *journal;
};

/* {"alive":true} or {"alive":false,"reasons":["..."]}; true: it is. */
bool health_alive(struct buf *out, const struct health_from *from);
/* The same with "ready"; what is not alive is not ready. */
bool health_ready(struct buf *out, const struct health_from *from);

#endif
