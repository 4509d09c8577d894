/* http_out_priv.h - what the http destination (http_out.c) and the composing of its requests (http_request.c) share. */
#ifndef CORRIDOR_ADAPTERS_HTTP_OUT_PRIV_H
#define CORRIDOR_ADAPTERS_HTTP_OUT_PRIV_H

#include "adapters/http.h"
#include "adapters/http_auth.h"
#include "adapters/http_client.h"
#include "adapters/http_sign.h"

struct event;

enum {
    HTTP_BATCH_MAX = 64,                /* deliveries in one request */
    HTTP_BATCH_BYTES = 4 * 1024 * 1024, /* a batch is sent when its body has reached this */
};

struct transfer;

/* What a protocol over HTTP does in its own way. */
struct http_kind {
    /* As http_request_add(). May set method, place and headers of the transfer (`text`) and its body. */
    const char *(*add)(struct transfer *t, struct delivery *d);
    /* As http_verdict(). */
    struct outcome (*judge)(struct transfer *t, const struct http_answer *a);
    /* The answer was to a request before the one that counts: true, and the transfer goes on with what was set. NULL: there are
     * no such. */
    bool (*goes_on)(struct transfer *t, const struct http_answer *a);
    const char *content_type; /* of bodies */
    size_t body_max;          /* of answers; 0: HTTP_BODY_MAX */
};

extern const struct http_kind http_kind;

/* One request on its way, for one delivery or for a batch of them. */
struct transfer {
    struct transfer *next; /* spare, or waiting for a token */
    struct http_out *out;
    struct delivery *v[HTTP_BATCH_MAX];
    unsigned n;
    struct http_call *call; /* NULL: it waits for a token */
    struct event *timer;    /* moved only when it fires */
    int64_t deadline_us;
    bool is_connected, is_given_up;
    bool is_again;          /* it was answered 401, and goes with a newer token now */
    uint64_t auth_n;        /* which Authorization it went with */
    size_t text_n;          /* bytes of `text` that stay when it goes again */
    const char *method;     /* of the request; NULL: the destination's */
    const char *media_type; /* of its body; NULL: the kind's; "": it has no body */
    struct buf url;         /* with a NUL; empty: the destination's */
    struct buf body;        /* made here: an event or a batch; empty: the payload itself */
    struct buf text;        /* its own headers, each with a NUL */
    uint64_t asks;          /* of the kind: how the answer is to be read */
};

struct http_out {
    struct endpoint *ep;
    const struct http_kind *kind;
    struct http_client *client;
    struct http_auth *auth;
    struct http_sign sign;
    struct arena arena; /* of what stays from open() to close() */
    struct buf reply;   /* scratch of one answer */
    struct transfer *spare, *waiting;
    unsigned flying; /* deliveries */
};

static inline const struct http_out_conf *http_out_conf(const struct http_out *out)
{
    return out->ep->conf;
}

static inline bool http_out_is_batch(const struct http_out *out)
{
    const struct http_events_conf *c = http_out_conf(out)->cloudevents;
    return c && c->mode == HTTP_EVENT_BATCH;
}

/* http_out.c: the contract, for adapters whose conf begins with a struct http_out_conf. */

int http_out_open_as(struct destination *d, const struct http_kind *kind);
unsigned http_out_room(struct destination *d);
void http_out_send(struct destination *d, struct delivery **v, size_t n);
void http_out_cancel(struct destination *d, struct delivery *one);
void http_out_close(struct destination *d);

/* http_request.c */

/* Add `d` to the request. NULL, or why it cannot be sent as it is (static), with nothing added. */
const char *http_request_add(struct transfer *t, struct delivery *d);
/* All are added: the body is ended and the headers are made. The secrets are there. */
void http_request_end(struct transfer *t);
struct str http_request_body(const struct transfer *t);
/* The headers as http_client_send() wants them, NULL-ended, of which none is copied. */
void http_request_headers(const struct transfer *t, const char *out[HTTP_HEADERS_MAX + 1]);

#endif
