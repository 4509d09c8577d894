/* exchange_batch_priv.h - what the files of batches share: exchange_batch.c (the whole), exchange_batch_member.c (its
 * messages) and exchange_batch_reply.c (what is answered). Loop thread. */
#ifndef CORRIDOR_FLOW_EXCHANGE_BATCH_PRIV_H
#define CORRIDOR_FLOW_EXCHANGE_BATCH_PRIV_H

#include "engine/flow/exchange_priv.h"

enum { EXCHANGE_BATCH_ERRORS = 10 }; /* of a batch that are told */

/* Lives in the arena of its msg. */
struct exchange_batch {
    struct exchange *members;
    struct entry_member *entries;
    struct ack_error *errors;
    struct str header;     /* FHS or BHS as it came; n 0: none */
    struct str control_id; /* BHS-11, or FHS-11 */
    struct hl7 parsed;     /* of header */
    bool is_parsed;
    struct str file_line, batch_line; /* that `headers` was read from */
    struct repeat_book *book;         /* while its messages are judged */
    const struct batch_headers *headers;
    uint32_t n, rejected, repeated, pending, nerrors, noutputs;
};

/* exchange_batch_member.c: judge the messages, one by one, into b->members, which has room for all. */
void exchange_batch_run(struct exchange *x);
/* exchange_batch_reply.c: what is answered: a header in the shape of an MSH, from that of the batch and, once it is run, of
 * its first message. */
void exchange_batch_header(struct exchange *x);

#endif
