/* miss_report.h - rows that code tables lack, as JSON:
 *     {"total":n,"uncounted":n,"rows":[{"table":..,"file":..,"columns":[..],"keys":[..],"times":n,
 *      "first":"2026-..Z","last":..,"at":"FILE:LINE"}]} */
#ifndef CORRIDOR_OPS_MISS_REPORT_H
#define CORRIDOR_OPS_MISS_REPORT_H

#include "engine/ops/report.h"

struct misses;

struct report *miss_report(const struct misses *m);

#endif
