/* fhir_in.h - the listening end of FHIR R4 over HTTP: resources are created, updated, deleted, come in Bundles, as messages, as lines
 * or as notifications, and each becomes a message that routes read. What is asked for is read in fhir_request.c, bodies in
 * fhir_body.c; who may ask is fhir_gate.c's affair, what is valid fhir_judge.c's; fhir_take.c gives it to the engine, fhir_reply.c
 * says what became of it, fhir_in.c holds it together. The connections are those of every source over HTTP (http_serve.h).
 * Source: FHIR R4 (4.0.1) "RESTful API"; docs/fhir-in.md. */
#ifndef CORRIDOR_ADAPTERS_FHIR_IN_H
#define CORRIDOR_ADAPTERS_FHIR_IN_H

#include "adapters/http_limits.h"
#include "engine/fhir/validate.h"
#include "engine/flow/adapter.h"

struct fhir_jwt_conf {
    struct opt_secret keys;
    struct str issuer, audience, scope; /* empty: any */
    int64_t leeway;                     /* milliseconds */
};

struct fhir_auth_conf {
    struct opt_secret tokens, hub;
    const struct fhir_jwt_conf *jwt; /* NULL: not given */
};

struct fhir_validate_conf {
    int most;              /* enum validate_level: no rule is above it */
    int level[FHIR_RULES]; /* enum validate_level */
};

struct fhir_in_conf {
    struct http_serve_conf serve; /* first: what http_serve.c reads */
    struct str base;
    const struct fhir_auth_conf *auth;         /* NULL: everybody is let in */
    const struct fhir_validate_conf *validate; /* NULL: resources are not looked at */
    int if_match;                              /* 1: accepted */
    int64_t most;                              /* requests a second; 0: no bound */
    int64_t most_each;                         /* of one client; 0: no bound */
};

extern const struct opt fhir_in_opts[];
extern const struct source_ops fhir_source;
/* adapter.in_check. */
void fhir_in_check(const void *conf, const struct yaml_node *map, struct diags *d);

#endif
