/* left_out_own.h - how what walks through messages counts places. */
#ifndef CORRIDOR_OPS_LEFT_OUT_OWN_H
#define CORRIDOR_OPS_LEFT_OUT_OWN_H

#include "engine/ops/left_out.h"

/* A message begins. */
void left_out_begin(struct left_out *t);
/* Something stands at place `at` of it; is_left: and was left out, and no whole tells of it. The place, or NULL: they are
 * too many; its name is to be set where it has none and is left out. */
struct left_out_place *left_out_count(struct left_out *t, const struct left_out_from *from,
                                      struct str at, struct str behind, bool is_left);
/* A copy that lives as long as `t`. */
struct str left_out_keep(struct left_out *t, struct str s);

#endif
