/* http.h - HTTP/1.1. The sending end: each delivery is a request, its answer the verdict. Options are in
 * http_opts.c, deliveries in http_out.c, what is sent of them in http_request.c, requests in http_client.c, what an answer
 * means in http_verdict.c.
 * The listening end: each request is a message, its acknowledgement the answer. http_in.c, connections in
 * http_serve.c and http_conn.c, what is read of a request in http_head.c and http_body.c.
 * Source: RFC 9110, RFC 9112; docs/operating.md "The http destination" (which answer means what). */
#ifndef CORRIDOR_ADAPTERS_HTTP_H
#define CORRIDOR_ADAPTERS_HTTP_H

#include "adapters/http_limits.h"
#include "engine/flow/adapter.h"

struct http_basic_conf {
    struct str user;
    struct opt_secret password;
};

struct http_oauth_conf {
    struct str token_url, client_id;
    struct opt_secret client_secret;
    struct str scope, audience; /* empty: not sent */
    int send_secret;            /* in the header, in the body */
};

struct http_smart_conf {
    struct str token_url, client_id;
    struct opt_secret key;
    struct str kid, scope; /* kid empty: not sent */
    int alg;               /* enum jws_alg */
};

/* One of them. */
struct http_auth_conf {
    const struct http_basic_conf *basic;
    struct opt_secret bearer;
    const struct http_oauth_conf *oauth2;
    const struct http_smart_conf *smart;
};

struct http_sign_conf {
    struct opt_secret secret;
};

enum http_event_mode { HTTP_EVENT_BINARY, HTTP_EVENT_STRUCTURED, HTTP_EVENT_BATCH };

struct http_events_conf {
    int mode;
    struct str source, type, subject; /* templates but the source; subject empty: none */
    int most;                         /* events in a batch */
};

struct http_out_conf {
    struct str url;
    int method;                           /* index in http_methods */
    struct str content_type;              /* empty: by what the payload is */
    struct opt_list headers;              /* "Name: value" */
    int64_t reply_within, connect_within; /* milliseconds */
    struct opt_secret bearer;
    int plaintext;                     /* 1: accepted */
    const struct tls_out_conf *tls;    /* NULL: the system's authorities, no certificate of ours */
    const struct http_auth_conf *auth; /* NULL, as those below: not given */
    const struct http_sign_conf *sign;
    const struct http_events_conf *cloudevents;
    struct opt_list deny;
};

struct http_in_auth_conf {
    struct opt_secret tokens;
};

struct http_in_conf {
    struct http_serve_conf serve; /* first: what http_serve.c reads */
    struct str path;
    struct opt_secret bearer;
    const struct http_in_auth_conf *auth; /* the same under its other name; NULL: not given */
};

extern const struct adapter http_adapter;
extern const struct opt http_out_opts[], http_in_opts[];
extern const struct source_ops http_source;
extern const struct destination_ops http_destination;
/* "POST" and so on. */
extern const char *const http_methods[];
/* adapter.in_check. */
void http_in_check(const void *conf, const struct yaml_node *map, struct diags *d);
/* adapter.out_check: the syntax of addresses, headers, templates and networks, and what goes together. */
void http_out_check(const void *conf, const struct yaml_node *map, struct diags *d);
/* adapter.out_is_exposed. */
bool http_out_is_exposed(const void *conf);
/* Where tokens are given out; empty: they are not asked for. */
struct str http_token_url(const struct http_out_conf *c);

#endif
