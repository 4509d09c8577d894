/* admin.h - the admin socket of a running daemon: HTTP over the unix socket STATE/admin.sock (mode
 * 0660), so that the file's owner and group decide who may ask. Server side on the daemon's loop;
 * client side blocking, for the commands.
 *     GET /status   JSON            POST /reload[?hold-pending]   "" or findings, a line each, with status 409
 *     GET /misses   JSON: rows that tables lack
 *     GET /journal  JSON: how far readers may go      POST /accept-damage */
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
void admin_close(struct admin **a);

/* Ask: `method` "GET" or "POST". The HTTP status with the body in `a`, or ERR_NOT_FOUND when nobody
 * listens there, ERR_IO with *out_why. */
int admin_ask(struct arena *a, const char *path, const char *method, const char *what,
              struct str *out_body, const char **out_why);

#endif
