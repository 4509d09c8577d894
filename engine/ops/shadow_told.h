/* shadow_told.h - what senders and people are told of a message that is not taken, so that two configurations can be compared:
 * without where it stands in the routes' files, which moves when lines are put in. Pure; any thread. */
#ifndef CORRIDOR_OPS_SHADOW_TOLD_H
#define CORRIDOR_OPS_SHADOW_TOLD_H

#include "engine/rules/ruleset.h"

/* What stands behind "FILE:LINE:COL: ", or before " (FILE:LINE)"; else all of it. A view. */
struct str shadow_told_without_place(struct str text);
/* The reply to a message that `r` rejects: "AE 101 PID-3 no MRN; 102 PID-8 ...". In `a`. O(errors). */
struct str shadow_told_refusal(struct arena *a, const struct rules_result *r);

#endif
