/* pair.h - two configurations side by side: where can they make something else of a message? Compared are the texts, document
 * by document, not what was compiled of them: comments, places, blanks and tests count for nothing. */
#ifndef CORRIDOR_CONFIG_PAIR_H
#define CORRIDOR_CONFIG_PAIR_H

#include "engine/flow/plan.h"

/* True when nothing but routes (whose from: and messages: stay, and none is new), lists of steps, maps and rows of tables
 * differ: then runs of `was` tell where `now` might make something else (rules_pair). False: anywhere; both must be run.
 * `now` lives as long as `was` is run so. O(bytes), and for each list of steps that changed once more; O(documents^2). */
bool config_pair(struct plan *was, const struct plan *now);

#endif
