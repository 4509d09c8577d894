/* http_client.h - requests over HTTP/1.1, and mail over SMTP, on the event loop: libcurl's multi interface, and the only file
 * that knows libcurl. Connections are kept and used again. Names are resolved by libcurl, in short-lived
 * threads of its own that share nothing with the loop but a socket. No redirect, proxy, cookie, .netrc or
 * variable of the environment is followed, and nothing is sent twice. Time limits are the caller's.
 * Loop thread. The callbacks may not call back into the client. */
#ifndef CORRIDOR_ADAPTERS_HTTP_CLIENT_H
#define CORRIDOR_ADAPTERS_HTTP_CLIENT_H

#include "engine/flow/adapter.h"
#include "engine/flow/tls.h"

enum { HTTP_HEADERS_MAX = 48 }; /* of a request, as the caller sets them */

struct net_guard;
struct http_client;
struct http_call; /* a request on its way */

/* How far it came. */
struct http_answer {
    int status;             /* of the answer; 0: no whole head of one came */
    bool is_sent;           /* bytes of the request were given to the kernel */
    bool is_cut;            /* the connection was lost within the body */
    struct str body;        /* as much as is kept (http_intake.h); borrowed for the call */
    struct str retry_after; /* value of that header, or empty; borrowed */
    struct str etag;        /* the same */
    const char *reason;     /* why there is no whole answer, static; NULL: there is */
};

/* What turns a request into a mail: the body is the message, lines ended by CR LF; there are no headers. */
struct http_mail {
    const char *from;
    const struct str *to; /* NUL-terminated */
    size_t nto;
    const char *user, *password; /* NULL: none */
    bool in_the_clear;           /* smtp:// without STARTTLS; else it is wanted */
};

/* NUL-terminated texts; all are copied. */
struct http_target {
    const char *url, *method;
    const struct tls_out_conf
        *tls; /* its files are read at every connection; NULL: the system's authorities */
    const struct net_guard *
        guard; /* addresses not to connect to; must live as long as the client; NULL: any will do */
    const struct http_mail
        *mail;       /* NULL: it is HTTP. `url` is smtp:// or smtps://, `method` not used */
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

#endif
