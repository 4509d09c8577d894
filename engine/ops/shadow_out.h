/* shadow_out.h - what two configurations do differently, for people and as JSON. The same differences give the
 * same bytes. */
#ifndef CORRIDOR_OPS_SHADOW_OUT_H
#define CORRIDOR_OPS_SHADOW_OUT_H

#include "engine/ops/report.h"
#include "engine/ops/shadow.h"

/* `expect` is the name of the file of expected differences; empty: there is none. */
void shadow_out_text(struct buf *out, struct shadow *s, struct str expect);
struct report *shadow_out_json(struct shadow *s);

#endif
