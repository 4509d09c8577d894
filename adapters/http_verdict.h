/* http_verdict.h - what an answer over HTTP means for a delivery. Pure: time comes in.
 * Source: docs/operating.md "The http destination"; RFC 9110 section 15 (status), 10.2.3 (Retry-After),
 * 5.6.7 (dates). */
#ifndef CORRIDOR_ADAPTERS_HTTP_VERDICT_H
#define CORRIDOR_ADAPTERS_HTTP_VERDICT_H

#include "adapters/http_client.h"

enum { HTTP_ANSWER_MAX = 4 * 1024 * 1024 }; /* bytes read of an answer */

#define HTTP_BUSY_MAX_US  ((int64_t)60 * 1000000) /* a longer Retry-After: the destination is away */
#define HTTP_RETRY_MAX_US ((int64_t)3600 * 1000000) /* longest wish that is granted */

/* The outcome without its reply. A peer that says no has said no even if its text was cut short; a yes that
 * was cut short, or that came before all of the request was sent, is UNKNOWN. */
struct outcome http_verdict(const struct http_answer *a, int64_t wall_us);
/* What the journal is to keep of it: the status line, with our own `reason` in place of the peer's phrase where it says more than
 * the status, then the body: by itself neither tells what the peer said. Nothing where there is no answer. */
void http_verdict_reply(struct buf *out, const struct http_answer *a, const char *reason);
/* Why the answer is no message for routes, static; NULL: it is one. */
const char *http_verdict_fault(const struct http_answer *a);
/* The value of Retry-After: seconds, or a date of any of the three forms. False: neither. At least 0. */
bool http_retry_after(struct str value, int64_t wall_us, int64_t *out_us);

#endif
