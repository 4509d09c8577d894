/* fragment.h - a message that was too long and comes in several parts, each a message of its own: which part is what, the
 * whole made of them, and a message cut into such parts. Pure.
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

/* ---- the way out (fragment_cut.c) ---- */

enum {
    FRAGMENT_PARTS_MAX = 9999,
    FRAGMENT_NAME_MAX = 15,   /* with p9999 behind it as long as a control id may be */
    FRAGMENT_ROOM_LEAST = 16, /* bytes of a segment in a part, or it is not cut */
};

/* A stretch of what stands behind MSH. */
struct fragment_cut {
    size_t from, to;
    bool is_inside_from,
        is_inside_to; /* a segment goes on from the part before, or in the one behind */
};
/* Views into the message; the cuts are in the arena. */
struct fragment_plan {
    struct hl7 m; /* the message; what it points to must live */
    struct str body, name;
    struct fragment_cut *v;
    unsigned n; /* parts */
};

struct fragment_want {
    size_t size;  /* most bytes of a part */
    bool may_cut; /* within a segment */
    struct str
        name; /* tells the parts from those of other messages: 15 letters and digits at most */
};

/* Cut a message so that no part is too long, between segments where that goes, else with ADD. One part, which is the
 * message as it stands: it is short enough, or is a part itself. 0, or ERR_LIMIT with a sentence part in *out_why
 * (static): a segment is too long, MSH leaves no room, or there would be too many. O(bytes). */
int fragment_plan(struct arena *a, const struct hl7 *m, const struct fragment_want *want,
                  struct fragment_plan *out, const char **out_why);
/* Append part `i`. The first one has MSH as it was; the others NAMEpNUMBER as MSH-10 and MSH-14, which is DSC-1 of the
 * part before. */
void fragment_write(struct buf *out, const struct fragment_plan *p, unsigned i);
/* MSH-10 of part `i` > 0, appended. */
void fragment_write_id(struct buf *out, const struct fragment_plan *p, unsigned i);

#endif
