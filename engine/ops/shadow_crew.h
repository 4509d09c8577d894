/* shadow_crew.h - messages through two configurations, a few at a time by several threads (crew.h). Rules are pure and plans
 * never change, so nothing is shared but what is read. A message that comes to nothing that differs is run once
 * (config/pair.h). What comes out is handed over message by message, in order, in the caller's thread. Memory: what both
 * make of a message, for each thread, and the differences of a few. */
#ifndef CORRIDOR_OPS_SHADOW_CREW_H
#define CORRIDOR_OPS_SHADOW_CREW_H

#include "engine/flow/plan.h"
#include "engine/ops/shadow.h"

struct shadow_turn {
    struct shadow_message m;
    bool is_stranger; /* neither has its source: nothing was run */
    bool is_unread;   /* it is no message for routes: nothing was run */
    bool is_same;     /* it was run through that of before alone: that of now makes the same */
    struct shadow_found *found; /* the differences, or NULL; valid during the call */
};

typedef void (*shadow_turn_fn)(void *arg, const struct shadow_turn *t);

struct shadow_crew;

/* The pair and its plans outlive it, and no other crew has the first one meanwhile. */
struct shadow_crew *shadow_crew_new(const struct shadow_pair *pair, unsigned threads,
                                    shadow_turn_fn fn, void *arg);
/* Add a message; its bytes are copied, but for batch and cause, which are run before this returns. May call fn. */
void shadow_crew_add(struct shadow_crew *c, const struct shadow_message *m);
/* All that were added are run and handed over. */
void shadow_crew_flush(struct shadow_crew *c);
void shadow_crew_free(struct shadow_crew **c);

#endif
