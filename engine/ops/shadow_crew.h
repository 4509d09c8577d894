/* shadow_crew.h - messages through two configurations at once: a few at a time, the one of before in a thread of its own, that
 * of now in the caller's. Rules are pure and plans never change, so nothing is shared but what is read. What comes out is
 * handed over message by message, in order, in the caller's thread. Memory: what both make of a few messages; how many adapts. */
#ifndef CORRIDOR_OPS_SHADOW_CREW_H
#define CORRIDOR_OPS_SHADOW_CREW_H

#include "engine/flow/plan.h"
#include "engine/ops/shadow.h"

enum { SHADOW_WAS, SHADOW_NOW, SHADOW_SIDES };

/* What one configuration makes of a message. */
struct shadow_made {
    struct rules_result r;
    bool is_known;  /* it has the source */
    bool is_unread; /* it is no message for routes */
};

struct shadow_turn {
    struct shadow_message m;
    struct shadow_made made[SHADOW_SIDES];
};

typedef void (*shadow_turn_fn)(void *arg, const struct shadow_turn *t);

struct shadow_crew;

/* Where no thread can be had, the caller does both. Both plans outlive it. */
struct shadow_crew *shadow_crew_new(const struct plan *was, const struct plan *now,
                                    shadow_turn_fn fn, void *arg);
/* Add a message; its bytes are copied, but for batch and cause, which are run before this returns. May call fn. */
void shadow_crew_add(struct shadow_crew *c, const struct shadow_message *m);
/* All that were added are run and handed over. */
void shadow_crew_flush(struct shadow_crew *c);
void shadow_crew_free(struct shadow_crew **c);

#endif
