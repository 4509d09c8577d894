/* fragment.h - a message that was too long and comes in several parts, each a message of its own: which part is what, and
 * the whole made of them. Pure.
 * Source: HL7 v2.5.1 chapter 2 sections 2.10.2 (continuation), 2.15.3 (ADD), 2.15.7 (DSC), 2.15.9 (MSH-14).
 * Differs: a DSC that is not the last segment, or says I (continuation of a query's answer), is content like any other. */
#ifndef CORRIDOR_HL7_FRAGMENT_H
#define CORRIDOR_HL7_FRAGMENT_H

#include "engine/base/buf.h"
#include "engine/hl7/hl7.h"

/* Views into the message. */
struct fragment {
    struct str
        next; /* DSC-1: what the part behind it has in MSH-14; n 0: it is the last, or no part */
    struct str previous; /* MSH-14, n 0: none. Only DSC-1 of a part before makes this one a part */
    bool begins_inside;  /* its first segment is ADD: nothing by itself */
};

/* DSC counts as the last segment with DSC-1, where DSC-2 is F; or is empty, as before 2.4, outside of queries. O(segments). */
struct fragment fragment_read(const struct hl7 *m);
/* Append a part to the whole: the first one as it is, of the others all but MSH; without DSC, without ADD: what an
 * ADD holds goes on where the segment before it ended. Each segment ends in CR. O(m). */
void fragment_append(struct buf *whole, const struct hl7 *m);

#endif
