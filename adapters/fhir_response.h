/* fhir_response.h - what a FHIR endpoint answers: status, headers, and an OperationOutcome or another resource as body. Pure.
 * Source: FHIR R4 "RESTful API" 3.1.0.1.8, 3.1.0.8 (Location, ETag), "OperationOutcome" 2.30; RFC 6750 section 3, RFC 9110.
 * Differs: ETag and Location name what we took, by the id of its message; nothing can be read there. */
#ifndef CORRIDOR_ADAPTERS_FHIR_RESPONSE_H
#define CORRIDOR_ADAPTERS_FHIR_RESPONSE_H

#include "adapters/fhir_body.h"
#include "engine/fhir/outcome.h"

/* Where an answer goes. */
struct fhir_response_to {
    struct buf *out;
    bool closes;  /* the connection ends with it */
    bool is_head; /* to a HEAD: without the body */
    int64_t wall_us;
};

struct fhir_response {
    int status;
    struct str location, etag; /* empty: none */
    bool is_new;               /* what etag names was made just now */
    struct str body;           /* JSON; empty: none */
    const char *allow;         /* of 405 */
    const char *challenge;     /* of 401, 403: why the token is not good, static; NULL: none came */
};

void fhir_response_put(const struct fhir_response_to *to, const struct fhir_response *w);

/* ---- outcomes ---- */

struct fhir_outcome_issue fhir_response_issue(const struct fhir_fault *f);
/* Append an OperationOutcome of these. */
void fhir_response_outcome(struct buf *out, const struct fhir_outcome_issue *v, size_t n);
/* A refusal, whole. */
void fhir_response_fault(const struct fhir_response_to *to, const struct fhir_fault *f,
                         const struct fhir_response *more);

/* ---- what was taken ---- */

/* "BASE/Patient/ID/_history/1" and its ETag, in `a`: of a create the message's id and version 1, of an update the resource's id
 * and the message's as version. */
struct str fhir_response_location(struct arena *a, struct str base, const struct fhir_part *p,
                                  struct str message_id);
struct str fhir_response_etag(struct arena *a, const struct fhir_part *p, struct str message_id);
/* The resource as it came with the id that we gave it. */
void fhir_response_resource(struct arena *a, struct buf *out, const struct fhir_part *p,
                            struct str message_id);

#endif
