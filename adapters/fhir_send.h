/* fhir_send.h - a payload as a FHIR interaction: method, place, conditions. Pure.
 * Source: FHIR R4 (4.0.1) "RESTful API": create, update, patch, delete, their conditional forms, batch and transaction;
 * "Messaging" ($process-message); RFC 6902 (JSON Patch); search tokens and their escapes in "Search". */
#ifndef CORRIDOR_ADAPTERS_FHIR_SEND_H
#define CORRIDOR_ADAPTERS_FHIR_SEND_H

#include "adapters/fhir_out.h"

struct fhir_request {
    const char *method;
    struct str path;          /* behind the base: "Patient/1", "Patient?identifier=..", "" */
    struct str if_none_exist; /* values of headers; empty: none */
    struct str if_match;
    bool reads_first;       /* If-Match is to be the ETag that `path` has now */
    const char *media_type; /* "": there is no body */
    bool is_message;        /* it goes to $process-message */
    bool is_of_one;         /* an update or patch of Type/id */
    bool is_bundle;         /* the answer is a Bundle, entry by entry */
    bool is_read;           /* the answer is what counts */
    uint32_t entries;       /* of the Bundle sent */
};

/* NULL, or why it cannot be sent (static, without content). Texts are in `a` or the payload. */
const char *fhir_send_choose(struct arena *a, const struct fhir_say *say, struct str payload,
                             struct fhir_request *out);
/* Why a text cannot be a target, or an If-Match; NULL: it can. */
const char *fhir_send_target_fault(struct str target);
const char *fhir_send_match_fault(struct str if_match);

#endif
