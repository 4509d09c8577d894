/* coverage_own.h - what coverage.c (what was touched) and coverage_walk.c (what there is) share: sets of keys. */
#ifndef CORRIDOR_RULES_COVERAGE_OWN_H
#define CORRIDOR_RULES_COVERAGE_OWN_H

#include "engine/rules/coverage.h"

uint64_t coverage_place_key(struct diag_pos pos);
uint64_t coverage_row_key(const struct table *t, int64_t row);
/* True when the key is new. */
bool coverage_mark(struct coverage *c, uint64_t key);
bool coverage_has(const struct coverage *c, uint64_t key);

#endif
