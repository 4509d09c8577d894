/* validation.h - what `validate:` of a source does to a message: findings counted and told, never their content. Loop thread. */
#ifndef CORRIDOR_FLOW_VALIDATION_H
#define CORRIDOR_FLOW_VALIDATION_H

#include "engine/flow/plan.h"

struct engine;
struct source;

enum { VALIDATION_ERRORS_MAX = 20 }; /* ERR segments of a reply; one more counts the rest */

/* Counted since the start, by rule. */
struct validation_count {
    uint64_t rejected; /* messages with an error */
    uint64_t warned;   /* messages with warnings only */
    uint64_t findings[VALIDATE_RULES];
};

/* Validate `in` as its source wants it. NULL: nothing rejects it; else the findings, in `a`. */
const struct validate_report *validation_run(struct source *s, const struct rules_input *in,
                                             struct str id, struct arena *a, bool is_counted);

#endif
