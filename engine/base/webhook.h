/* webhook.h - signatures of webhooks: who signs and who verifies share secrets. Any thread.
 * A secret is `whsec_` and base64 of 24 to 64 bytes; a file holds one a line, and while it holds several (rotation) each
 * of them signs and any of them verifies. What is signed is "ID.TIMESTAMP.BODY".
 * Source: Standard Webhooks 1.0.0; RFC 2104 (HMAC) over FIPS 180-4 (SHA-256). Differs: only `v1` (symmetric). */
#ifndef CORRIDOR_BASE_WEBHOOK_H
#define CORRIDOR_BASE_WEBHOOK_H

#include "engine/base/buf.h"
#include "engine/base/sha256.h"

enum {
    WEBHOOK_SECRETS_MAX = 8,
    WEBHOOK_SECRET_MIN = 24, /* bytes, as the standard has it */
    WEBHOOK_SECRET_MAX = 64,
    WEBHOOK_TOLERANCE_S = 300, /* how old or new a timestamp may be */
};

struct webhook_secrets {
    struct webhook_secret {
        uint8_t bytes[WEBHOOK_SECRET_MAX];
        size_t n;
    } v[WEBHOOK_SECRETS_MAX];
    unsigned n;
};

void hmac_sha256(struct str key, const struct str *parts, unsigned n, uint8_t out[SHA256_SIZE]);

/* The secrets in the text of a file: one a line; blank lines and # lines are skipped. NULL, or what is wrong (static,
 * never the secret) with none in *out. */
const char *webhook_secrets_read(struct str text, struct webhook_secrets *out);
/* Forget them. */
void webhook_secrets_clear(struct webhook_secrets *s);
/* Append the value of `webhook-signature`: "v1,BASE64", one for each secret, with blanks between. */
void webhook_sign(struct buf *out, const struct webhook_secrets *s, struct str id,
                  int64_t timestamp_s, struct str body);
/* Is one of the signatures in the header's value right, and the time close to `now_s`? NULL, or why not (static). In a time
 * that tells nothing of the signature. */
const char *webhook_verify(const struct webhook_secrets *s, struct str id, struct str timestamp,
                           struct str signatures, struct str body, int64_t now_s);

#endif
