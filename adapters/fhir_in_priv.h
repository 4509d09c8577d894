/* fhir_in_priv.h - what the files of a fhir source share: its state, and a request on its way to its answer. */
#ifndef CORRIDOR_ADAPTERS_FHIR_IN_PRIV_H
#define CORRIDOR_ADAPTERS_FHIR_IN_PRIV_H

#include "adapters/fhir_in.h"
#include "adapters/fhir_response.h"
#include "adapters/fhir_gate.h"
#include "adapters/fhir_rate.h"
#include "adapters/http_serve.h"

#define FHIR_DELETION_IS_FINE "a deletion is passed on as any other"

struct fhir_in {
    struct http_serve serve; /* first */
    struct source *source;
    struct endpoint *ep;
    struct fhir_gate gate;
    int64_t since_us; /* wall clock: these settings are in force */
    int64_t second;   /* monotonic; of the requests that are counted */
    int64_t in_second;
    struct fhir_rate rate; /* of each client */
};

enum fhir_send {
    FHIR_SEND_ONE,   /* part.bytes, or made, as one message */
    FHIR_SEND_GROUP, /* the parts of bundle */
};

/* A request, from its head to its answer: http_conn.request. */
struct fhir_call {
    struct arena a;
    struct fhir_request request;
    struct fhir_fault fault; /* of the head: the request is not served */
    const char *challenge;   /* 401, 403: why the token is not good; NULL: none came */
    bool wants_signature;
    bool is_read; /* the body: what follows is set */
    enum fhir_send send;
    struct fhir_part part;
    struct fhir_bundle bundle;
    struct json *root;
    bool is_wrapped;             /* root stands in the Parameters that are the body */
    struct fhir_report *report;  /* of validation; NULL: it was not looked at */
    bool is_crowded;             /* it has more findings than it keeps */
    struct exchange_item *given; /* parts without a fault, in order */
    unsigned ngiven;
};

static inline const struct fhir_in_conf *fhir_in_conf(const struct fhir_in *in)
{
    return in->ep->conf;
}

/* ---- fhir_take.c ---- */

/* http_serve_ops.take. */
enum http_take fhir_take(struct http_conn *c);

/* ---- fhir_judge.c ---- */

/* Is the body what R4 says it is? A Bundle is looked at with all that is in it. False: it is answered. */
bool fhir_judge_body(struct http_conn *c, struct fhir_call *call);
/* What was found in the entries of a batch is their fault. */
void fhir_judge_entries(struct http_conn *c, struct fhir_call *call);
/* Each line by itself. */
void fhir_judge_lines(struct http_conn *c, struct fhir_call *call);
/* $validate: only looked at, the resource or that in Parameters, and answered. Nothing is stored. */
void fhir_judge_only(struct http_conn *c, struct fhir_call *call);

/* ---- fhir_reply*.c ---- */

struct fhir_response_to fhir_reply_to(struct http_conn *c);
/* Refused: told to the log and answered. */
void fhir_reply_fault(struct http_conn *c, const struct fhir_fault *f);
/* Answered without the engine. */
void fhir_reply_capabilities(struct http_conn *c);
/* Of a group of which nothing goes to the engine. */
void fhir_reply_parts(struct http_conn *c, const struct exchange_answer *a);
/* What validation found, or that it found nothing. */
void fhir_reply_report(struct http_conn *c, int status);
/* A handshake or heartbeat. */
void fhir_reply_well(struct http_conn *c, const char *text);
/* source_ops.answer, for a connection that is there. */
void fhir_reply_answer(struct http_conn *c, const struct exchange_answer *a);

#endif
