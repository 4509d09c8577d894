/* peer.h - the other side of a socket, played by a test on 127.0.0.1 in the same loop. Nothing sleeps:
 * a test runs the loop until what it waits for is true; 10 s without it is a failure. */
#ifndef CORRIDOR_TESTS_PEER_H
#define CORRIDOR_TESTS_PEER_H

#include "engine/base/buf.h"

#include <event2/event.h>

struct tls;

struct peer {
    struct event_base *loop;
    struct event *on_read;
    int fd;            /* -1: closed */
    struct tls *tls;   /* built with PEER_TLS */
    bool is_greeting;  /* its handshake is under way */
    struct buf in;     /* all that came */
    bool is_ended;     /* the other side closed or reset */
    bool is_deaf;      /* does not read */
    unsigned accepted; /* of a listener: somebody waits */
    int port;          /* of a listener */
};

/* Built with PEER_TLS all peers speak TLS, and these are the options of a source and a destination for it; else "". */
const char *peer_source_tls(void);
const char *peer_destination_tls(void);

/* "127.0.0.1:4711" */
void peer_connect(struct peer *p, struct event_base *loop, struct str address);
/* With a small receive buffer, so that unread bytes are soon felt; it does not read. */
void peer_connect_deaf(struct peer *p, struct event_base *loop, struct str address);
/* A listener on a free port; returns the port. */
int peer_listen(struct peer *p, struct event_base *loop);
/* On ::1; returns 0 where there is no IPv6. */
int peer_listen_v6(struct peer *p, struct event_base *loop);
/* The same as peer_listen() at a port that was free a moment ago. */
void peer_listen_at(struct peer *p, struct event_base *loop, int port);
/* The next connection of a listener (waits for it). */
void peer_accept(struct peer *listener, struct peer *out);
/* All of it, running the loop where the socket is full. */
void peer_send(struct peer *p, struct str bytes);
/* As send(): what the socket takes. */
ssize_t peer_write(struct peer *p, struct str bytes);
/* A frame: VT text FS CR. */
void peer_send_frame(struct peer *p, const char *text);
void peer_half_close(struct peer *p);
void peer_reset(struct peer *p); /* close with RST */
void peer_close(struct peer *p);
/* The n-th (from 0) frame that came, without framing; p NULL: not yet. */
struct str peer_frame(const struct peer *p, unsigned n);
unsigned peer_frames(const struct peer *p);

/* Run the loop until `is_true`; false after 10 s. */
bool run_until(struct event_base *loop, bool (*is_true)(void *arg), void *arg);
/* Run what can be run now, without waiting. */
void run_now(struct event_base *loop);
#define RUN_UNTIL_DECLARE(name, type, expression)                                                  \
    static bool name(void *arg)                                                                    \
    {                                                                                              \
        type x = arg;                                                                              \
        return (expression);                                                                       \
    }

bool peer_has_frames(struct peer *p, unsigned n); /* runs the loop until it has, or 10 s */
/* The n-th frame comes and has all of `parts` (NULL ends them) in it. */
void peer_expects(struct peer *p, unsigned n, const char *const *parts);
bool peer_sees_end(struct peer *p);

#endif
