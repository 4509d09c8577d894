/* http_in_priv.h - what the HTTP listener (http_in.c) and its connections (http_conn.c) share. */
#ifndef CORRIDOR_ADAPTERS_HTTP_IN_PRIV_H
#define CORRIDOR_ADAPTERS_HTTP_IN_PRIV_H

#include "adapters/door.h"
#include "adapters/http.h"
#include "adapters/http_body.h"
#include "adapters/http_head.h"
#include "adapters/http_tokens.h"

#include <event2/event.h>
#include <event2/event_struct.h>

enum {
    HTTP_READ = 64 * 1024, /* bytes of one read */
    HTTP_LINGER_MS =
        2000, /* after a refusal: read on and forget, so that the answer is not lost in a reset */
    HTTP_LINGER_MAX = 64 * 1024,
    HTTP_PATIENCE_MS = 1000, /* a whole request waits so long for a full engine, then 503 */
};

enum http_conn_state {
    HTTP_CONN_HEAD, /* nothing, or a part of a head */
    HTTP_CONN_BODY,
    HTTP_CONN_OFFERING, /* whole; the engine was full */
    HTTP_CONN_WAITING,  /* the engine has it */
    HTTP_CONN_ENDED,    /* closes when all is sent */
    HTTP_CONN_LINGERING,
};

/* One connection, one request at a time: what a peer sends ahead stays with the system until the answer is
 * out. Freed when its peer is gone and its exchange over. */
struct http_conn {
    struct http_conn *next, *prev; /* all of the source */
    struct http_in *in;
    struct event on_read, on_write;
    struct line line;
    enum http_conn_state state;
    bool is_gone, is_busy;   /* is_busy: inside the loop over its bytes */
    bool closes, is_refused; /* with this exchange; its request was refused */
    struct buf bytes;        /* read and not used */
    size_t seen;             /* of them: no end of a head there */
    struct http_body reader;
    struct buf body, out;
    size_t out_sent, lingered;
    uint64_t token;
    int64_t active_us, request_us; /* monotonic: last traffic; first byte of the request, 0 none */
    char peer[NET_ADDRESS_MAX];
    char name[HTTP_TOKEN_NAME_MAX + 1]; /* of the token of this request; "": none */
};

struct http_in {
    struct source *source;
    struct endpoint *ep;
    struct door door;
    struct event *on_sweep;
    bool is_paused, is_draining;
    struct http_conn *first;
    size_t body_bytes;                /* of all connections */
    struct http_tokens tokens;        /* of those that are let in */
    const char *told;                 /* the trouble with them that was last told */
    struct http_tokens tokens_before; /* until the last reload, to go back to */
    char read_buf[HTTP_READ];
};

static inline const struct http_in_conf *http_in_conf(const struct http_in *in)
{
    return in->ep->conf;
}

/* http_in.c: may the request be read further? NULL, with the name of its token or "", or why not with *out_status. */
const char *http_in_admit(struct http_in *in, const struct http_head *h, int *out_status,
                          const char **out_name);

/* http_conn.c */
/* Takes `line`. */
void http_conn_new(struct http_in *in, struct line line, const char *peer);
void http_conn_reply(struct http_conn *c, const struct str *replies, unsigned n);
void http_conn_turn_away(struct http_conn *c, const struct str *replies, unsigned n);
/* No reply is known: 504, and the connection closes. */
void http_conn_abandon(struct http_conn *c);
/* The engine takes again. May free `c`. */
void http_conn_resume(struct http_conn *c);
/* Limits of time. May free `c`. */
void http_conn_check(struct http_conn *c, int64_t now_us);
/* Take no further request; close when all is answered. May free `c`. */
void http_conn_end(struct http_conn *c);
/* At once, whatever is under way. */
void http_conn_free(struct http_conn *c);

#endif
