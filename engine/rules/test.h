/* test.h - the `tests:` beside routes and maps: a message in, what is expected out, differences by place.
 * Compiled with the ruleset (rules_env.with_tests); running one is pure.
 * Source: docs/language.md "Tests". */
#ifndef CORRIDOR_RULES_TEST_H
#define CORRIDOR_RULES_TEST_H

#include "engine/rules/ruleset.h"

struct rules_test_head {
    struct str name;
    const char *kind;  /* "route", "map" or "conformance" */
    struct str target; /* its name */
    struct diag_pos pos;
};

unsigned rules_test_count(const struct ruleset *r);
struct rules_test_head rules_test_head(const struct ruleset *r, unsigned index);

/* What would make the expectations of a test hold: lines to put in place of others. */
struct rules_test_update {
    unsigned from,
        to; /* lines of the file, from 1; to is not included. from = to: to be inserted before */
    struct str text; /* whole lines */
};

struct rules_test_result {
    bool passed;
    struct diags differences; /* path: the place in the output; text: expected and found */
    const struct rules_test_update *updates; /* in order of lines; none where it passed */
    unsigned nupdates;
};

/* Everything in `a`. `coverage` (NULL: nobody asks) is told what was touched. */
void rules_test_run(const struct ruleset *r, unsigned index, struct arena *a,
                    struct coverage *coverage, struct rules_test_result *out);

#endif
