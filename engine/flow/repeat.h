/* repeat.h - step 5, a message that was sent before: how a message is recognised, and what is known of
 * earlier ones after a start. The table itself is dup.h; what happens to a copy is exchange.c's.
 * Source: docs/architecture.md "Messages sent again". */
#ifndef CORRIDOR_FLOW_REPEAT_H
#define CORRIDOR_FLOW_REPEAT_H

#include "engine/flow/dup.h"
#include "engine/hl7/hl7.h"
#include "engine/journal/journal.h"

enum {
    REPEAT_IDS_MAX = 262144,      /* ids kept in memory: about 20 MB when full */
    REPEAT_LOAD_BYTES = 16 << 20, /* of the journal's end that are read at start, at least */
};

#define REPEAT_WINDOW_US ((int64_t)24 * 3600 * 1000000)

/* Keyed hash of (source, MSH-3, MSH-4, MSH-10): entry headers hold no patient data. Never 0. */
uint64_t repeat_id_hash(const uint8_t *secret, uint32_t source, const struct hl7 *m);
/* Hash of all bytes but those of MSH-7: a copy sent again with a new time is the same. `m` NULL: of all. */
uint64_t repeat_body_hash(const uint8_t *secret, struct str raw, const struct hl7 *m);
/* Enter what the end of the journal holds, so that a copy resent after a crash is recognised. */
void repeat_load(struct dup *d, struct journal *j);

#endif
