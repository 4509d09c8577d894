/* files_batch.h - the header and trailer of a batch that is written to a file. Pure.
 * Source: HL7 v2.5.1 chapter 2 sections 2.10.3, 2.15.2 (BHS), 2.15.3 (BTS), 2.15.8 (FHS), 2.15.9 (FTS). */
#ifndef CORRIDOR_ADAPTERS_FILES_BATCH_H
#define CORRIDOR_ADAPTERS_FILES_BATCH_H

#include "adapters/files_append.h"
#include "engine/base/buf.h"

/* BHS, and FHS before it where it has one, each ended by CR. `id` is the event id of the first message: of its characters 20 are
 * BHS-11 and FHS-11. `now_us`: BHS-7. */
void files_batch_header(struct buf *out, const struct files_batch_conf *c, struct str id,
                        int64_t now_us);
/* BTS with the number of messages; FTS. */
void files_batch_trailer(struct buf *out, uint64_t messages, bool has_file);
/* Why a value of the configuration cannot be, as "found; expected", or NULL. */
const char *files_batch_fault(struct str value, unsigned separators);

#endif
