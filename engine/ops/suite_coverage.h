/* suite_coverage.h - what no test touched, for people and as JSON. */
#ifndef CORRIDOR_OPS_SUITE_COVERAGE_H
#define CORRIDOR_OPS_SUITE_COVERAGE_H

#include "engine/ops/report.h"
#include "engine/rules/coverage.h"

/* How much was touched, then a line for each that was not; rows of a table that stand together are one line. */
void suite_coverage_text(struct buf *out, const struct coverage_report *c);
struct report *suite_coverage_json(const struct coverage_report *c);

#endif
