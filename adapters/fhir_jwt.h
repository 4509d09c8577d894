/* fhir_jwt.h - bearer tokens that somebody else signed: JSON Web Tokens, checked with the public keys of a JWKS file. Pure;
 * the time comes in.
 * Source: RFC 7515, RFC 7517 (JWKS), RFC 7519, RFC 8725 (current practice), RFC 9068 (access tokens); SMART App Launch 2.2.0.
 * Differs: only RS256, RS384, RS512, ES256 and ES384, never `none` and never a shared secret; exp must be there; a token with
 * `crit` is refused; typ is not looked at. */
#ifndef CORRIDOR_ADAPTERS_FHIR_JWT_H
#define CORRIDOR_ADAPTERS_FHIR_JWT_H

#include "engine/base/str.h"

enum { FHIR_JWT_NAME_MAX = 40, FHIR_JWT_KEYS_MAX = 32 };

/* Public keys, each with its id. */
struct fhir_keys;

/* Of the text of a JWKS file. Keys that sign nothing or are of another kind are left out. NULL with *out_why (static) where
 * none is left, or it is no JWKS. */
struct fhir_keys *fhir_keys_parse(struct str text, const char **out_why);
void fhir_keys_free(struct fhir_keys **k);
unsigned fhir_keys_count(const struct fhir_keys *k);

/* What a token must say. */
struct fhir_jwt_want {
    struct str issuer, audience; /* iss, one of aud; empty: any */
    struct str scope;            /* one of the words of scope; empty: any */
    int64_t now_s, leeway_s;     /* seconds since 1970; how far clocks may differ */
};

/* NULL, with the client's name in *out_name (client_id or sub; what is no letter, digit, . - or _ becomes _; ""): it may
 * come in. Or why not, static, without anything of the token. */
extern const char fhir_jwt_out_of_scope[]; /* why not: all but `scope` is right */
const char *fhir_jwt_check(const struct fhir_keys *k, const struct fhir_jwt_want *want,
                           struct str token, char out_name[FHIR_JWT_NAME_MAX + 1]);

#endif
