/* table_report.h - the code tables of a configuration and which version of each it has, as JSON:
 *     {"tables":[{"table":..,"profile":..,"file":..,"kind":"csv"|"sqlite","rows":n,"keys":[..],"value":..,
 *      "version":"16 digits"}]}; profile: only of one that a profile has. */
#ifndef CORRIDOR_OPS_TABLE_REPORT_H
#define CORRIDOR_OPS_TABLE_REPORT_H

#include "engine/ops/report.h"

struct buf;
struct ruleset;

struct report *table_report(const struct ruleset *r);
/* Add "runs" to each table of `report`: the version that the daemon has, of whom `running` (the same form) is; "" where it
 * has no such table. How many are another one than in `report`. */
unsigned table_report_compare(struct report *report, const struct report *running);
/* A line a table; another one under it where the daemon has another version. */
void table_report_text(struct buf *out, const struct report *report);

#endif
