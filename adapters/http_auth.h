/* http_auth.h - who a client says it is: the Authorization header of its requests. A fixed bearer token, a user with password,
 * or a token that another server gives out (OAuth 2.0 client credentials), cached until a tenth of its life is left and renewed
 * beside the traffic when a quarter is. However many ask, one request for a token is under way. Secrets are read when they are
 * needed and again after a refusal, never kept in a configuration. Loop thread.
 * Source: RFC 7617 (basic), RFC 6750 (bearer), RFC 6749 sections 2.3.1, 4.4 (client credentials). */
#ifndef CORRIDOR_ADAPTERS_HTTP_AUTH_H
#define CORRIDOR_ADAPTERS_HTTP_AUTH_H

#include "adapters/http.h"

struct http_auth;
struct http_target;

enum http_auth_state {
    HTTP_AUTH_READY,  /* there is a header, or none is needed */
    HTTP_AUTH_WAIT,   /* a token was asked for: on_end() will come */
    HTTP_AUTH_FAILED, /* there is none now; the next one who asks tries again */
};

struct http_auth_events {
    /* What was waited for has come (why NULL), or there is none: `why` is static. `retry_after_us` is the wish of the token
     * server, 0: none. Called for renewals that nobody waits for too. */
    void (*on_end)(void *arg, const char *why, int64_t retry_after_us);
    void *arg;
};

/* `target`: how the token server is spoken to; its url, method and guard are replaced. */
struct http_auth *http_auth_new(struct endpoint *ep, const struct http_target *target,
                                const struct http_auth_events *on);
void http_auth_free(struct http_auth **a);

/* May begin a request for a token. FAILED: *out_why is static. */
enum http_auth_state http_auth_ask(struct http_auth *a, const char **out_why);
/* The header line with a NUL at its end, or empty; *out_n tells it from others. Until the next ask() or on_end(). */
struct str http_auth_header(const struct http_auth *a, uint64_t *out_n);
/* A request with header `n` was answered 2xx. */
void http_auth_served(struct http_auth *a, uint64_t n);
/* A request with header `n` was answered 401 or 403. True: there is a newer token, or one can be asked for, and the request
 * may be repeated at once. A server that refuses every token gets one repetition a minute; one that took this one before
 * gets it at once. */
bool http_auth_refused(struct http_auth *a, uint64_t n, int status);

#endif
