/* fhir_body.h - the body of a request to a FHIR endpoint: JSON to a resource, a Bundle to its entries, lines to resources. What is
 * refused says where it stands. Bytes in, views out; nothing of the content gets into a reason. Pure.
 * Source: FHIR R4 "JSON" 2.6.2, "RESTful API" 3.1.0.11 (batch, transaction), "Messaging" 2.4; Subscriptions R5 Backport 1.1 (R4:
 * Parameters; R4B and R5: SubscriptionStatus).
 * Differs: numbers beyond 64 characters or with an exponent of more than 3 digits are refused. */
#ifndef CORRIDOR_ADAPTERS_FHIR_BODY_H
#define CORRIDOR_ADAPTERS_FHIR_BODY_H

#include "adapters/fhir_request.h"
#include "engine/base/json.h"

enum { FHIR_PARTS_MAX = 9999 }; /* entries or lines of one body; with the whole 10,000 messages */

/* Why something is refused. status 0: it is not. */
struct fhir_fault {
    int status;
    const char *code;   /* of IssueType */
    const char *why;    /* static */
    struct str place;   /* "Bundle.entry[3].request.url"; empty: the whole */
    unsigned line, col; /* in the body, from 1; 0: not said */
};

/* One message of a body. */
struct fhir_part {
    struct fhir_request request; /* what its entry asks for; of a line: create */
    struct str bytes;            /* the resource as it came; empty: none, as of DELETE */
    struct str type, id;         /* of the resource */
    struct str full_url;         /* of its entry; empty: none */
    struct str key;              /* the same key is the same message; empty: none */
    unsigned line;               /* of NDJSON, from 1; 0: none */
    struct fhir_fault fault;
};

/* Parse and look at what no later reader could take. False: *out_fault. */
bool fhir_body_parse(struct arena *a, struct str src, struct json **out,
                     struct fhir_fault *out_fault);
/* The bytes of a value of a tree over `src`. O(its bytes). */
struct str fhir_body_span(struct str src, const struct json *v);

/* What a message is known by when it is sent again, as If-None-Exist of a create or Idempotency-Key say; empty: neither is there. */
struct str fhir_body_key(struct arena *a, const struct fhir_request *r);

/* A resource by itself, for an interaction that wants it: its type, and its id where the request has one. Fills type, id, bytes,
 * key or fault of *out; out->request is set. */
void fhir_body_resource(struct arena *a, struct str src, const struct json *root,
                        struct fhir_part *out);

enum fhir_bundle_kind {
    FHIR_BUNDLE_REFUSED, /* out->fault */
    FHIR_BUNDLE_BATCH,
    FHIR_BUNDLE_TRANSACTION,
    FHIR_BUNDLE_MESSAGE,
    FHIR_BUNDLE_EVENT, /* a notification that has something to tell */
    FHIR_BUNDLE_SIGN,  /* handshake, heartbeat, query-status: answered, and no message */
};

struct fhir_bundle {
    enum fhir_bundle_kind kind;
    struct fhir_fault fault;
    struct str key;          /* of a message or an event */
    struct fhir_part *parts; /* batch, transaction */
    unsigned n, nfaults;     /* nfaults: parts that are refused */
};

/* What a Bundle that was posted to the base wants. */
void fhir_body_bundle(struct arena *a, struct str src, const struct json *root,
                      struct fhir_bundle *out);
/* What the Bundle of a message is answered as: the id of its MessageHeader, else its own; empty: neither is there. */
struct str fhir_body_message_id(const struct json *root);
/* Is it a Bundle of the types that notifications of subscriptions have? It may hold what R4 does not have. */
bool fhir_body_is_notice(const struct json *root);
/* NDJSON: each line a resource to create; empty lines are passed over. As a batch. */
void fhir_body_lines(struct arena *a, struct str src, struct fhir_bundle *out);

#endif
