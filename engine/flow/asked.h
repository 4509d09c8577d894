/* asked.h - answers of destinations that a route reads (from: DESTINATION): each is a message of its own, whose cause
 * is the message that asked. It is stored before the outcome of the delivery, so that a crash between the two asks
 * again and loses nothing; its id follows from what asked and what was answered, so that the same answer to the
 * same output is taken once. Loop thread. Source: docs/architecture.md "Answers as messages". */
#ifndef CORRIDOR_FLOW_ASKED_H
#define CORRIDOR_FLOW_ASKED_H

#include "engine/flow/engine_priv.h"

/* What the routes made of an answer, for whoever waits for it. */
struct asked {
    struct msg *msg;  /* holds the texts; NULL: no route read it */
    struct str reply; /* reply: {as:}, an HL7 v2 message; or empty */
    bool is_failed;   /* a route failed and is held: nothing can be passed on */
    bool is_rejected; /* reply: {code:}, or a route that rejects */
    enum ack_code code;
    const struct ack_error *errors;
    unsigned nerrors;
};

/* The end of output `ref` of `m` at `t`: store the answer as a message, and have its outputs delivered. False: neither
 * the journal nor the destinations of its outputs have room; nothing was stored. */
bool asked_take(struct destination *t, struct entry_ref ref, const struct msg *m,
                const struct outcome *out, struct asked *made);
void asked_free(struct asked *made);

#endif
