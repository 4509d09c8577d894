/* fhir_out.h - sending FHIR R4 over HTTP: what the options of the fhir destination say, which request a resource becomes
 * (fhir_send.h), what the answer means (fhir_answer.h). How requests are carried is the http destination's (http_out_priv.h).
 * Source: FHIR R4 (4.0.1) "RESTful API"; docs/fhir-out.md. */
#ifndef CORRIDOR_ADAPTERS_FHIR_OUT_H
#define CORRIDOR_ADAPTERS_FHIR_OUT_H

#include "adapters/http.h"

enum fhir_interaction {
    FHIR_AUTO, /* by what the payload is */
    FHIR_CREATE,
    FHIR_UPDATE,
    FHIR_PATCH,
    FHIR_DELETE,
    FHIR_BUNDLE, /* a transaction or batch */
    FHIR_READ,   /* a read or search: the payload is not sent, the answer is what counts */
};

/* How much of what was written the server is to answer. */
enum fhir_prefer { FHIR_PREFER_MINIMAL, FHIR_PREFER_REPRESENTATION };

/* What a destination says, and a message may say in its place. Empty texts: nothing. */
struct fhir_say {
    int interaction;   /* enum fhir_interaction */
    struct str target; /* Type/id or Type?search */
    struct str if_none_exist;
    struct str if_match;   /* a version, an ETag, or "current" */
    struct opt_list match; /* systems of identifiers, in order; "*": any */
    int prefer;            /* enum fhir_prefer */
};

struct fhir_out_conf {
    struct http_out_conf http; /* first: what http_out.c reads */
    struct fhir_say say;
};

extern const struct opt fhir_out_opts[];
extern const struct destination_ops fhir_destination;
/* adapter.out_check. */
void fhir_out_check(const void *conf, const struct yaml_node *map, struct diags *d);

#endif
