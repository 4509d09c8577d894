/* admin_priv.h - what the server side of the admin socket shares: admin.c (listening, who asks), admin_door.c, admin_token.c,
 * admin_place.c and admin_queue.c (what can be asked), admin_answer.c. Loop thread. */
#ifndef CORRIDOR_OPS_ADMIN_PRIV_H
#define CORRIDOR_OPS_ADMIN_PRIV_H

#include <event2/event.h>
#include <event2/http.h>

#include "engine/base/arena.h"
#include "engine/ops/admin.h"
#include "engine/ops/daemon.h"
#include "engine/ops/report.h"

enum { ADMIN_BY = 63, ADMIN_TOKEN = 64 }; /* characters of a name, of the token */

/* A listener: the unix socket, TCP with a token, or the one of `metrics:`, where anybody may look at what
 * is for watching and at nothing else. */
struct admin_door {
    struct admin *admin;
    struct evhttp *http;
    bool wants_token, is_for_watching;
    struct evconnlistener *listener;
    struct event *on_tick;
};

struct admin {
    struct event_base *loop;
    struct daemon *daemon;
    char *path, *token; /* of the socket, of the token's file */
    struct admin_door unix_door, tcp_door, watch_door;
    struct admin_pending *pending; /* answers that wait for the journal */
};

/* One request while it is dealt with. */
struct admin_call {
    struct admin *admin;
    struct evhttp_request *q;
    struct arena arena;
    const struct report *body; /* POST: what was sent, an object; else NULL */
    char by[ADMIN_BY + 1];     /* who asks */
};

/* admin_answer.c. Exactly one of these ends a call. */
void admin_answer(struct admin_call *c, int status, const char *type, struct str body);
/* Takes `r`. */
void admin_answer_report(struct admin_call *c, int status, struct report *r);
/* {"error": ..., "hint": ...}; `hint` may be NULL. */
void admin_answer_error(struct admin_call *c, int status, struct str error, const char *hint);
/* Takes `r`: given once what was done, told as `what`, is durable. */
void admin_answer_durable(struct admin_call *c, struct report *r, struct str what);
/* The doors close: those that still wait are answered no more. */
void admin_answer_none(struct admin *a);
/* admin.c: a member of the query string, in the call's arena; empty when it is not there. */
struct str admin_query(struct admin_call *c, const char *key);

/* admin_door.c: who watches takes no descriptor that feeds need. Once the door listens. */
void admin_door_watch(struct admin_door *door, struct evhttp_bound_socket *bound);
/* Frees its server, where it has one. */
void admin_door_close(struct admin_door *door);

/* Who may ask: whoever the door lets in; those at the door of `metrics:` too; everybody. */
enum admin_for { ADMIN_FOR_ADMIN, ADMIN_FOR_WATCHING, ADMIN_FOR_ALL };

struct admin_place {
    const char *path;
    enum evhttp_cmd_type method;
    bool has_body; /* a JSON object is expected */
    void (*run)(struct admin_call *c);
    enum admin_for who;
};

/* admin_place.c: what stands at `path`, or NULL. */
const struct admin_place *admin_find_place(const char *path);

/* admin_queue.c */
void admin_queues(struct admin_call *c);
void admin_queue(struct admin_call *c);
void admin_queue_hold(struct admin_call *c);
void admin_queue_release(struct admin_call *c);
void admin_queue_drop(struct admin_call *c);
void admin_queue_move(struct admin_call *c);
void admin_resend(struct admin_call *c);

/* admin_token.c */
/* Make the file with a new token (mode 0600) unless it is there; look at it. NULL, or what is wrong, in `a`. */
const char *admin_token_prepare(struct arena *a, const char *path);
/* Does "Bearer TOKEN" show what the file holds now? Takes the same time wherever they differ. */
bool admin_token_fits(const char *path, const char *authorization);

#endif
