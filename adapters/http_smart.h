/* http_smart.h - what a client shows a token server in place of a secret: an assertion signed with its private key, of a
 * client that is no person (SMART Backend Services). Each has a jti of its own and ends after four minutes: five are
 * allowed, and clocks differ.
 * Source: SMART App Launch 2.2.0 "client-confidential-asymmetric"; RFC 7523 sections 2.2, 3. */
#ifndef CORRIDOR_ADAPTERS_HTTP_SMART_H
#define CORRIDOR_ADAPTERS_HTTP_SMART_H

#include "adapters/http.h"
#include "engine/base/rng.h"

enum { HTTP_SMART_LIFE_S = 240 };

/* Append the assertion, at `wall_us`. NULL, or why there is none (static), with nothing appended. Reads the key. */
const char *http_smart_put(struct buf *out, const struct http_smart_conf *c, int64_t wall_us,
                           const struct rng *rng);

#endif
