/* door.h - a listening socket with a bound on connections: peers beyond it wait to be accepted, and running out of
 * descriptors turns one away instead of spinning. What happens on a connection is its owner's. Loop thread. */
#ifndef CORRIDOR_ADAPTERS_DOOR_H
#define CORRIDOR_ADAPTERS_DOOR_H

#include "adapters/net.h"
#include "engine/flow/adapter.h"

struct event;

struct door_ops {
    int (*limit)(void *arg); /* connections at once, read at every use */
    /* One more, counted already; `peer` is borrowed. */
    void (*on_peer)(void *arg, int fd, const char *peer);
};

struct door {
    struct endpoint *ep;
    const struct door_ops *ops;
    void *arg;
    int listener, reserve; /* reserve: a descriptor to give up when there are no more */
    struct event *on_accept, *on_breath;
    bool is_full, is_shut;
    char address[NET_ADDRESS_MAX];
};

/* ep, ops and arg are set. 0, or ERR_IO with a finding. */
int door_open(struct door *d, const struct opt_hostport *at, struct diags *diags);
/* Listen elsewhere; connections stay. 0, or ERR_IO and as it was. */
int door_move(struct door *d, const struct opt_hostport *from, const struct opt_hostport *to,
              struct diags *diags);
/* A connection has gone. */
void door_left(struct door *d);
/* Accept nobody any more: the port is free for a successor. */
void door_shut(struct door *d);
void door_close(struct door *d);

#endif
