/* http_client.h - requests over HTTP/1.1 on the event loop, over libcurl's multi interface, and mail over SMTP off it; the
 * only file that knows libcurl. Connections are kept and used again. Names are resolved by libcurl, in short-lived
 * threads of its own that share nothing with the loop but a socket. No redirect, proxy, cookie, .netrc or
 * variable of the environment is followed, and nothing is sent twice. Time limits are the caller's.
 * Loop thread. The callbacks may not call back into the client. */
#ifndef CORRIDOR_ADAPTERS_HTTP_CLIENT_H
#define CORRIDOR_ADAPTERS_HTTP_CLIENT_H

#include "engine/flow/adapter.h"
#include "engine/flow/tls.h"

#include <stdatomic.h>

enum { HTTP_HEADERS_MAX = 48 }; /* of a request, as the caller sets them */

struct net_guard;
struct http_client;
struct http_call; /* a request on its way */

/* How far it came. */
struct http_answer {
    int status;             /* of the answer; 0: no whole head of one came */
    bool is_sent;           /* bytes of the request were given to the kernel */
    bool is_cut;            /* the connection was lost within the body */
    bool is_early;          /* it came before the request was out */
    bool is_late;           /* http_client_stop() came before the end of the body */
    bool is_coded;          /* the body is compressed, and none of it is kept */
    struct str body;        /* as much as is kept (http_intake.h); borrowed for the call */
    struct str retry_after; /* value of that header, or empty; borrowed */
    struct str etag;        /* the same */
    const char *reason;     /* why there is no whole answer, static; NULL: there is */
};

/* A mail. NUL-terminated texts. */
struct http_mail {
    const char *url; /* smtp:// or smtps:// */
    const char *from;
    const struct str *to; /* NUL-terminated */
    size_t nto;
    const char *user, *password;    /* NULL: none */
    bool in_the_clear;              /* smtp:// without STARTTLS; else it is wanted */
    const struct tls_out_conf *tls; /* NULL: the system's authorities */
    int64_t within_ms;              /* for all of it, and once more for the server's farewell */
    const atomic_bool *is_given_up; /* set by another thread: ends within about a second */
};

/* NUL-terminated texts; all are copied. */
struct http_target {
    const char *url, *method;
    const struct tls_out_conf
        *tls; /* its files are read at every connection; NULL: the system's authorities */
    const struct net_guard *
        guard; /* addresses not to connect to; must live as long as the client; NULL: any will do */
    size_t body_max; /* bytes kept of an answer's body; 0: HTTP_BODY_MAX */
};

struct http_events {
    void (*connected)(
        void *arg); /* the request goes out now; perhaps again, when a kept connection was dead */
    void (*done)(void *arg,
                 const struct http_answer *a); /* the last word; the call is gone after it */
};

/* Counts connections in ep->counters. */
struct http_client *http_client_new(struct endpoint *ep, const struct http_target *target,
                                    const struct http_events *on);
/* Calls must be over. */
void http_client_free(struct http_client **c);

/* Begin: done() comes later, never inside this. `body` and `headers` ("Name: value"; "Name:" leaves one of
 * the library's out; NULL-ended, at most HTTP_HEADERS_MAX) must live until then. */
struct http_call *http_client_send(struct http_client *c, struct str body,
                                   const char *const *headers, void *arg);
/* The same with another method and address than the client's, of the same host; both are copied. NULL: the client's. Without
 * a body neither length nor type is sent. */
struct http_call *http_client_send_to(struct http_client *c, const char *method, const char *url,
                                      struct str body, const char *const *headers, void *arg);
/* Hang up now: done() is called inside this with what has come so far, and `reason`. */
void http_client_stop(struct http_call *call, const char *reason);

/* Send one mail, whose lines are ended by CR LF. NULL: the server has it; else why not, static. Blocks, also where libcurl has
 * a way not to: its SMTP waits for some answers within one call. So this is for a thread of its own, of which ep->log is. Only
 * `log` and `name` of the endpoint are used. */
const char *http_mail_send(struct endpoint *ep, const struct http_mail *m, struct str body);

#endif
