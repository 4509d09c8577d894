/* fhir_capability.h - what an endpoint says it can do: a CapabilityStatement from the types that routes read. Pure.
 * Source: FHIR R4 "CapabilityStatement" 5.1, "RESTful API" 3.1.0.9. */
#ifndef CORRIDOR_ADAPTERS_FHIR_CAPABILITY_H
#define CORRIDOR_ADAPTERS_FHIR_CAPABILITY_H

#include "engine/base/buf.h"

struct fhir_capability {
    const struct str *types; /* resource types that routes read, each once */
    size_t n;
    struct str name;    /* of the source */
    struct str version; /* of Corridor */
    int64_t since_us;   /* wall clock: when this was so for the first time */
    bool has_bundles;   /* a route reads Bundle: it hears of deletions and messages */
    bool has_tokens, has_jwt, has_hub; /* how clients show who they are */
};

void fhir_capability_put(struct buf *out, const struct fhir_capability *c);

#endif
