/* reply.h - which acknowledgements a message gets: the decision by mode, level and code, apart from
 * bytes (hl7/ack.h) and from storage (exchange_store.c). Pure.
 * Source: HL7 v2.5.1 chapter 2 sections 2.9.2, 2.9.3; table 0155.
 * Differs: in enhanced mode both levels are answered on the same connection, right after one another;
 * where only the accept level is asked, a message that the rules reject is answered CE or CR at that
 * level, since the sender would hear of it no other way. */
#ifndef CORRIDOR_FLOW_REPLY_H
#define CORRIDOR_FLOW_REPLY_H

#include "engine/hl7/ack.h"

/* Who says no. */
enum reply_level {
    REPLY_PROCESSED, /* accepted, or rejected by a rule: the application level */
    REPLY_UNTAKEN,   /* not a message we take at all (syntax, type, no space): the accept level */
};

struct reply_plan {
    enum ack_code code[2]; /* in the order of sending */
    unsigned n;            /* 0 to 2 */
};

/* `code` is AA, AE or AR; `error` its table 0357 code (0 none): 200 to 203 make CR, all others CE. */
struct reply_plan reply_plan(struct ack_mode mode, enum reply_level level, enum ack_code code,
                             int error);

/* MSA-1 of a reply of ours. False: it has none. */
bool reply_code(struct str reply, enum ack_code *out);

#endif
