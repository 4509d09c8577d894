/* http_oauth.h - tokens of OAuth 2.0 client credentials, with a secret or an assertion (http_smart.h): asked for at the token server, kept, renewed. A token is used until a
 * tenth of its life is left; when a quarter is left a new one is asked for beside the traffic. One request for a token is
 * under way at a time, whoever waits. The client's secret is read for each request. Loop thread.
 * Source: RFC 6749 sections 2.3.1, 4.4. */
#ifndef CORRIDOR_ADAPTERS_HTTP_OAUTH_H
#define CORRIDOR_ADAPTERS_HTTP_OAUTH_H

#include "adapters/http_auth.h"

#define HTTP_OAUTH_FORCE_US                                                                        \
    ((int64_t)60 * 1000000) /* a token that never served is given up at most this often */
#define HTTP_OAUTH_AGAIN_US                                                                        \
    ((int64_t)10 * 1000000) /* while a token still holds, its renewal is tried this often */

struct http_oauth;

struct http_oauth *http_oauth_new(struct endpoint *ep, const struct http_target *target,
                                  const struct http_auth_events *on);
void http_oauth_free(struct http_oauth **o);
/* As those of http_auth.h. */
enum http_auth_state http_oauth_ask(struct http_oauth *o, const char **out_why);
struct str http_oauth_header(const struct http_oauth *o, uint64_t *out_n);
void http_oauth_served(struct http_oauth *o, uint64_t n);
bool http_oauth_refused(struct http_oauth *o, uint64_t n);

#endif
