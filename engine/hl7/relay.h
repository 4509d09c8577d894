/* relay.h - a peer's acknowledgement or response passed on to whoever asked, as if it had been given to him. Pure.
 * Source: HL7 v2.5.1 chapter 2 sections 2.9.2 (MSH of a response), 2.15.8 (MSA).
 * Differs: an accept level code (CA, CE, CR) is passed on as that of the application level, which is what
 * was waited for. */
#ifndef CORRIDOR_HL7_RELAY_H
#define CORRIDOR_HL7_RELAY_H

#include "engine/base/buf.h"
#include "engine/hl7/ack.h"

/* Append `answer` as the answer to `request`: MSH-3 to 6 are the request's, swapped; MSH-10 is `control_id`,
 * MSH-15 is empty, MSH-16 says NE where the request asked in enhanced mode; MSA-2 is the request's MSH-10, written in the
 * answer's delimiters. All else is as it came, each segment ended by CR. 0 and the code at application level, or
 * ERR_SYNTAX when it has no MSA with a code of table 0008: nothing was appended. O(answer). */
int relay_answer(struct buf *out, const struct hl7 *request, const struct hl7 *answer,
                 const char *control_id, enum ack_code *out_code);

#endif
