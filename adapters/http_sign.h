/* http_sign.h - the signature of a destination's requests: its secrets, read from where the configuration says and again every
 * ten seconds, so that a new one (rotation) counts without a reload. Loop thread.
 * Source: Standard Webhooks 1.0.0, see engine/base/webhook.h. */
#ifndef CORRIDOR_ADAPTERS_HTTP_SIGN_H
#define CORRIDOR_ADAPTERS_HTTP_SIGN_H

#include "adapters/http.h"
#include "engine/base/webhook.h"

struct http_sign {
    struct webhook_secrets secrets;
    int64_t read_us; /* monotonic; 0: never */
};

/* Make sure that there are secrets, if the destination signs. False: there are none; the log says why. Those that were read
 * before stay good while the source of new ones cannot be read. */
bool http_sign_ready(struct http_sign *s, const struct endpoint *ep);
/* Append webhook-id, webhook-timestamp and webhook-signature, each a header line with a NUL. */
void http_sign_put(const struct http_sign *s, struct buf *out, struct str id, int64_t wall_us,
                   struct str body);

#endif
