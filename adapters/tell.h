/* tell.h - telling over HTTP: one call over the client library, its time limit, and its end said when the library has
 * returned, so that a new one may begin inside done(). Loop thread. */
#ifndef CORRIDOR_ADAPTERS_TELL_H
#define CORRIDOR_ADAPTERS_TELL_H

#include "adapters/http_client.h"
#include "engine/flow/adapter.h"

struct tell;

/* What an answer means: NULL, it arrived; else why not, static. */
typedef const char *(*tell_verdict_fn)(const struct http_answer *a);

struct tell *tell_new(struct teller *t, tell_verdict_fn verdict);
void tell_free(struct tell **t);
/* The texts are copied; `headers` is NULL-ended, or NULL. */
void tell_send(struct tell *t, const struct http_target *to, struct str body,
               const char *const *headers, int64_t within_ms);
/* Nothing could be sent. */
void tell_fail(struct tell *t, const char *reason);

#endif
