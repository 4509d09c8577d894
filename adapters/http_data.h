/* http_data.h - FHIR and JSON as bodies of POST: which of them, and what they are answered once they are stored.
 * Bytes in, bytes out. Source: FHIR R4 OperationOutcome; RFC 9110 section 15. */
#ifndef CORRIDOR_ADAPTERS_HTTP_DATA_H
#define CORRIDOR_ADAPTERS_HTTP_DATA_H

#include "adapters/http_head.h"
#include "engine/base/buf.h"
#include "engine/flow/adapter.h"

enum http_data { HTTP_DATA_OTHER, HTTP_DATA_HL7, HTTP_DATA_JSON, HTTP_DATA_FHIR };

/* Of a Content-Type, its parameters not looked at. */
enum http_data http_data_of(struct str content_type);
/* Does the body begin as JSON does: with { or [ ? */
bool http_data_is(struct str body);

enum { HTTP_DATA_KEY_MAX = 255 };
struct http_data_request {
    enum http_data kind;
    char key[HTTP_DATA_KEY_MAX +
             1]; /* Idempotency-Key: the same key is the same message; "": none */
};
/* Idempotency-Key of a head, empty where it has none; false: it stands twice, or is longer than HTTP_DATA_KEY_MAX. */
bool http_data_key(const struct http_head *h, struct str *out);
/* A request of kind JSON or FHIR with its key; on the heap, freed with free(). */
struct http_data_request *http_data_begin(enum http_data kind, struct str key);
/* 200 with the id under which it is stored, 422 (AE) or 400 (AR) with the errors: an OperationOutcome to FHIR, else JSON. */
void http_data_answer(struct buf *out, const struct http_data_request *r,
                      const struct exchange_answer *a, bool closes, int64_t wall_us);

#endif
