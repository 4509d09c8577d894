/* jws.h - signing a JSON Web Token with a private key, as clients of token servers do, and checking the signature of one with
 * a public key. Private keys are PEM texts without a
 * passphrase, read for each signature, so that a new key counts at once; nothing of them is kept or told. Any thread.
 * Source: RFC 7515 (JWS, compact), RFC 7518 sections 3.3, 3.4 (RS384, ES384: r and s behind each other, 48 bytes each),
 * RFC 7519; SMART App Launch 2.2.0 "client-confidential-asymmetric" (these two algorithms, RSA of 2048 bits and more). */
#ifndef CORRIDOR_FLOW_JWS_H
#define CORRIDOR_FLOW_JWS_H

#include "engine/base/buf.h"

enum jws_alg { JWS_BY_KEY, JWS_RS384, JWS_ES384 }; /* by key: RSA is RS384, P-384 is ES384 */

/* ---- signing ---- */

/* Why `pem` cannot sign so (static, nothing of it), or NULL: it can. */
const char *jws_key_fault(struct str pem, enum jws_alg alg);
/* Append HEADER.CLAIMS.SIGNATURE; `claims` is a JSON object, `kid` a text or empty. NULL, or why not (static), with nothing
 * appended. */
const char *jws_sign(struct buf *out, struct str pem, enum jws_alg alg, struct str kid,
                     struct str claims);

/* ---- checking ---- */

/* A public key. */
struct jws_public;

/* From the numbers of a JSON Web Key, as bytes, the first one the most significant. NULL: they are no key, or it is too
 * short (RSA: 2048 bits). Source: RFC 7518 section 6. */
struct jws_public *jws_public_rsa(struct str n, struct str e);
/* `crv`: "P-256" or "P-384". */
struct jws_public *jws_public_ec(struct str crv, struct str x, struct str y);
void jws_public_free(struct jws_public **k);
/* Can this key check signatures of `alg` (RS256, RS384, RS512, ES256, ES384)? Any other alg, "none" too: no. */
bool jws_public_fits(const struct jws_public *k, struct str alg);
/* Is `signature` (bytes) that of `text` by the owner of this key? */
bool jws_public_check(const struct jws_public *k, struct str alg, struct str text,
                      struct str signature);

#endif
