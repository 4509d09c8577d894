/* http_serve.h - a listening end of HTTP/1.1 as the sources that speak it share it: door, connections, limits of time
 * and memory. One request at a time on a connection: what a peer sends ahead stays with the system until the answer is out.
 * What a request means and how it is answered is its owner's (http_in.c, fhir_in.c). Loop thread. */
#ifndef CORRIDOR_ADAPTERS_HTTP_SERVE_H
#define CORRIDOR_ADAPTERS_HTTP_SERVE_H

#include "adapters/door.h"
#include "adapters/http_body.h"
#include "adapters/http_head.h"
#include "adapters/http_limits.h"
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

/* Freed when its peer is gone and its exchange over. */
struct http_conn {
    struct http_conn *next, *prev; /* all of the source */
    struct http_serve *serve;
    struct event on_read, on_write;
    struct line line;
    enum http_conn_state state;
    bool is_gone, is_busy;   /* is_busy: inside the loop over its bytes */
    bool closes, is_refused; /* with this exchange; its request was refused */
    bool is_parted;          /* an empty line before the request was read over */
    struct buf bytes;        /* read and not used */
    size_t seen;             /* of them: no end of a head there */
    struct http_body reader;
    struct buf body, out; /* out: the owner appends answers */
    size_t out_sent, lingered;
    uint64_t token;              /* counts the exchanges */
    int64_t active_us, asked_us; /* monotonic: last traffic; first byte of the request, 0 none */
    char peer[NET_ADDRESS_MAX];
    char name[HTTP_TOKEN_NAME_MAX + 1]; /* of who sends this request; "": not known */
    void *request;                      /* the owner's, from admit() to forget() */
};

enum http_take {
    HTTP_TAKE_WAITS,    /* the engine has it: http_conn_answered() comes, perhaps inside the call */
    HTTP_TAKE_FULL,     /* it is offered again */
    HTTP_TAKE_ANSWERED, /* its answer stands in c->out */
};

struct http_serve_ops {
    /* Of a head that is one: may the request be read further? Sets c->name and c->request. NULL, or why not (static) and
     * *out_status. */
    const char *(*admit)(struct http_conn *c, const struct http_head *h, int *out_status);
    /* Its body is whole, in c->body. */
    enum http_take (*take)(struct http_conn *c);
    /* Append to c->out why it is not served. */
    void (*refuse)(struct http_conn *c, int status, const char *reason);
    /* The request is over: c->request may go. NULL: there is none. */
    void (*forget)(struct http_conn *c);
};

/* The state of its source begins with it. */
struct http_serve {
    struct endpoint *ep; /* its settings begin with a struct http_serve_conf */
    const struct http_serve_ops *ops;
    struct door door;
    struct event *on_sweep;
    bool is_paused, is_draining;
    struct http_conn *first;
    size_t body_bytes; /* of all connections */
    char read_buf[HTTP_READ];
};

/* ---- the listener (http_serve.c) ---- */

/* ep and ops are set. 0, or ERR_IO with a finding and nothing to close. */
int http_serve_open(struct http_serve *s, struct diags *d);
void http_serve_close(struct http_serve *s);
/* source_ops. */
void http_serve_abandon(struct source *s, void *conn, uint64_t token);
void http_serve_pause(struct source *s);
void http_serve_resume(struct source *s);
void http_serve_drain(struct source *s);
struct str http_serve_address(struct source *s);

/* ---- one connection (http_conn.c) ---- */

/* Takes `line`. */
void http_conn_new(struct http_serve *s, struct line line, const char *peer);
/* "192.0.2.7:49152 portal": address, and name where there is one. */
enum { HTTP_WHO_MAX = NET_ADDRESS_MAX + HTTP_TOKEN_NAME_MAX + 2 };
struct str http_conn_who(const struct http_conn *c, char out[HTTP_WHO_MAX]);
/* A request is refused: counted, and told to the log. `reason` is static. */
void http_conn_tell_refused(struct http_conn *c, int status, const char *reason);
/* Does the connection end with the answer to come? */
bool http_conn_closes(const struct http_conn *c);
/* The exchange is over; what is answered stands in c->out, where c is not gone. May free `c`. */
void http_conn_answered(struct http_conn *c);
/* The engine takes again. May free `c`. */
void http_conn_resume(struct http_conn *c);
/* Limits of time. May free `c`. */
void http_conn_check(struct http_conn *c, int64_t now_us);
/* Take no further request; close when all is answered. May free `c`. */
void http_conn_end(struct http_conn *c);
/* At once, whatever is under way. */
void http_conn_free(struct http_conn *c);

#endif
