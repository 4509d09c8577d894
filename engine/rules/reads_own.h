/* reads_own.h - what lineage tells reads, where nobody asks for more than what was read (lineage*.c). */
#ifndef CORRIDOR_RULES_READS_OWN_H
#define CORRIDOR_RULES_READS_OWN_H

#include "engine/hl7/draft.h"
#include "engine/rules/reads.h"
#include "engine/rules/value.h"

/* A formula came to `v`; is_result: it went into the output as it is, with all its parts. */
void reads_value(struct reads *r, const struct value *v, bool is_result);
/* It did not need it: one reading less. */
void reads_unread(struct reads *r, const struct value *v);
/* Two places of one text: what is read of one is read of the other. */
void reads_same(struct reads *r, struct str x, struct str y);
/* The segment `seg` of the message is sent on as `now`: what stands where it stood. */
void reads_sent(struct reads *r, const struct hl7_seg *seg, struct edit_seg now);
#endif
