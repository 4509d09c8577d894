/* exchange_priv.h - one inbound message on its way to its reply: what exchange.c (taking, routing, storing),
 * exchange_reply.c (what is answered), exchange_again.c (what was sent before) and await.c (exchanges that wait
 * for a destination's answer) share. Loop thread. The numbers of the steps are those of docs/architecture.md. */
#ifndef CORRIDOR_FLOW_EXCHANGE_PRIV_H
#define CORRIDOR_FLOW_EXCHANGE_PRIV_H

#include "engine/flow/await.h"
#include "engine/flow/engine_priv.h"
#include "engine/flow/reply.h"

enum { EXCHANGE_CONTROL_ID = 20 }; /* with its NUL: MSH-10 has 20 characters before 2.7 */

/* Lives in the arena of its msg. */
struct exchange {
    struct source *source;
    struct msg *msg;
    struct entry_message *e; /* of msg */
    void *conn;
    uint64_t token;
    struct hl7 hl7;
    bool is_parsed, is_unrouted;
    struct ack_mode mode;
    enum reply_level level;
    enum ack_code code; /* AA, AE, AR: before it is put into a mode */
    const struct ack_error *errors;
    unsigned nerrors;
    bool is_silent;      /* an inbound acknowledgement, or ack: never */
    bool is_turned_away; /* nothing is stored for want of room: later */
    struct str header;   /* what the reply is made from when the bytes are no message */
    struct str replies[2];
    enum ack_code sent[2]; /* what they say */
    unsigned nreplies;
    struct exchange *copies; /* the same message again, waiting for this one's reply */
    struct exchange *next_copy;
    bool awaits;              /* the application answer is the destination's */
    uint32_t awaited_output;  /* whose */
    struct await_place place; /* while it waits */
};

/* ---- verdicts (exchange.c) ---- */

void exchange_reject(struct exchange *x, enum reply_level level, enum ack_code code,
                     const struct ack_error *errors, unsigned n, struct str reason);
/* At the accept level, with one error. */
void exchange_reject_one(struct exchange *x, enum ack_code code, int error, const char *path,
                         struct str text);
/* An id for something that begins now. */
struct entry_id exchange_new_id(struct engine *e);

/* ---- replies (exchange_reply.c) ---- */

/* MSH-10 of reply `i` (0, 1) to the message `id`: the same each time. */
void exchange_control_id(struct entry_id id, unsigned i, char out[EXCHANGE_CONTROL_ID]);
/* Make x->replies and the entry's `reply`; of one that waits for a destination only what is said at once. */
void exchange_make_reply(struct exchange *x);
/* The exchange is over. May free `x`. */
void exchange_finish(struct exchange *x, bool is_answered);
/* Over without an answer: the connection closes, so that the sender sends it again. */
void exchange_abandon(struct exchange *x);

/* ---- sent again (exchange_again.c) ---- */

/* True when this message is a copy of one that was taken, and is dealt with. The same id over another body is
 * a new message, or one to refuse. */
bool exchange_is_copy(struct exchange *x);
/* Copies that come from now on find it. */
void exchange_remember(struct exchange *x);
/* Durable: those that waited for it are answered as it is / it was not stored: nobody is. */
void exchange_answer_copies(struct exchange *x);
void exchange_drop_copies(struct exchange *x);

#endif
