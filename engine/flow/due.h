/* due.h - outputs that wait for a time: a binary heap on queued.due_us, each knowing its place.
 * Owned by one queue; the heap owns nothing but its array. */
#ifndef CORRIDOR_FLOW_DUE_H
#define CORRIDOR_FLOW_DUE_H

#include "engine/flow/order.h"

struct due {
    struct queued **v;
    uint32_t n, cap;
};

/* O(log n) each. */
void due_add(struct due *d, struct queued *q);
void due_remove(struct due *d, struct queued *q);
/* The earliest, or NULL. */
static inline struct queued *due_first(const struct due *d)
{
    return d->n ? d->v[0] : NULL;
}
void due_free(struct due *d);

#endif
