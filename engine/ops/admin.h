/* admin.h - administration of a running daemon: HTTP/1.1 with JSON over the unix socket STATE/admin.sock (mode
 * 0660, so that the file's owner and group decide who may ask), and over TCP where the configuration says so; there
 * a request shows the token of STATE/admin.token. Server side on the daemon's loop; client side blocking, for the
 * commands. The places and what they take and give: docs/admin-api.md. */
#ifndef CORRIDOR_OPS_ADMIN_H
#define CORRIDOR_OPS_ADMIN_H

#include "engine/base/str.h"

struct event_base;
struct admin;
struct daemon;
struct arena;

/* Listen on `path`; a socket that nobody answers on is replaced. NULL with a static reason. */
struct admin *admin_open(struct event_base *loop, const char *path, struct daemon *d,
                         const char **out_why);
/* Listen on TCP too, for those who have the token in the file `token`, which is made when there is none.
 * Returns the port bound, or -1 with a reason in `a`. */
int admin_listen(struct admin *ad, struct arena *a, const char *host, int port, const char *token,
                 const char **out_why);
/* Listen for those who watch: /metrics, /healthz and /readyz, without a token, and nothing else. */
int admin_listen_watching(struct admin *ad, struct arena *a, const char *host, int port,
                          const char **out_why);
void admin_close(struct admin **a);

/* Ask: `method` "GET" or "POST". The HTTP status with the body in `a`, or ERR_NOT_FOUND when nobody
 * listens there, ERR_IO with *out_why. */
int admin_ask(struct arena *a, const char *path, const char *method, const char *what,
              struct str *out_body, const char **out_why);
/* The same for a POST with a body. */
int admin_post(struct arena *a, const char *path, const char *what, struct str body,
               struct str *out_body, const char **out_why);

#endif
