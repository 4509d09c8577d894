/* jws.h - signing a JSON Web Token with a private key, as clients of token servers do. Keys are PEM texts without a
 * passphrase, read for each signature, so that a new key counts at once; nothing of them is kept or told. Any thread.
 * Source: RFC 7515 (JWS, compact), RFC 7518 sections 3.3, 3.4 (RS384, ES384: r and s behind each other, 48 bytes each),
 * RFC 7519; SMART App Launch 2.2.0 "client-confidential-asymmetric" (these two algorithms, RSA of 2048 bits and more). */
#ifndef CORRIDOR_FLOW_JWS_H
#define CORRIDOR_FLOW_JWS_H

#include "engine/base/buf.h"

enum jws_alg { JWS_BY_KEY, JWS_RS384, JWS_ES384 }; /* by key: RSA is RS384, P-384 is ES384 */

/* Why `pem` cannot sign so (static, nothing of it), or NULL: it can. */
const char *jws_key_fault(struct str pem, enum jws_alg alg);
/* Append HEADER.CLAIMS.SIGNATURE; `claims` is a JSON object, `kid` a text or empty. NULL, or why not (static), with nothing
 * appended. */
const char *jws_sign(struct buf *out, struct str pem, enum jws_alg alg, struct str kid,
                     struct str claims);

#endif
