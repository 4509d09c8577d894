/* shadow_compare.h - what two configurations make of one message, side by side. Pure; any thread, each with arenas of its own. */
#ifndef CORRIDOR_OPS_SHADOW_COMPARE_H
#define CORRIDOR_OPS_SHADOW_COMPARE_H

#include "engine/flow/plan.h"
#include "engine/ops/shadow_tally.h"

/* Two configurations, and what is called alike in both. */
struct shadow_pair {
    struct plan *was; /* told what the other has otherwise (config/pair.h) */
    const struct plan *now;
    unsigned *routes, *destinations; /* of `was` to those of the same name of `now`, or UINT_MAX */
};

struct shadow_found {
    struct shadow_difference what;
    struct shadow_found *next;
};

/* The lists live in `a`. */
void shadow_pair_init(struct shadow_pair *p, struct arena *a, struct plan *was,
                      const struct plan *now);
/* The differences, in order, in `keep`, with all their texts but names of routes and destinations; NULL: there are none.
 * `scratch` is used up. O(bytes), of lists O(n^2) at worst. */
struct shadow_found *shadow_compare(const struct shadow_pair *p, struct str raw,
                                    const struct rules_result *was, const struct rules_result *now,
                                    struct arena *keep, struct arena *scratch);

#endif
