/* door.h - a listening socket: who may come in (addresses, TLS), how many at once, and the end of its certificate.
 * Peers beyond the bound wait to be accepted, and running out of descriptors turns one away instead of spinning.
 * What happens on a connection is its owner's. Loop thread. */
#ifndef CORRIDOR_ADAPTERS_DOOR_H
#define CORRIDOR_ADAPTERS_DOOR_H

#include "adapters/net.h"
#include "engine/flow/adapter.h"
#include "engine/flow/line.h"

struct event;
struct greet;

/* What every listener has among its options, as member `door` of its struct. */
struct door_conf {
    struct opt_hostport listen;
    int connections;
    const struct tls_in_conf *tls; /* NULL: plain */
    struct opt_list allow;         /* ranges; none: everybody */
    int plaintext;                 /* 1: accepted */
};

#define DOOR_OPTS(tag)                                                                             \
    OPT(tag, door.listen, "listen", HOSTPORT, NULL, NULL, OPT_REQUIRED | OPT_RELOAD,               \
        "Address and port to listen on; port 0 takes a free one."),                                \
        OPT_GROUP(tag, door.tls, "tls", tls_in_opts, OPT_RELOAD,                                   \
                  "Speak TLS, and only TLS, with this certificate."),                              \
        OPT(tag, door.allow, "allow", LIST, NULL, NULL, OPT_RELOAD,                                \
            "Addresses that may connect, as 10.1.0.0/16 or 2001:db8::/32; without it all may."),   \
        OPT(tag, door.plaintext, "plaintext", ENUM, "refused", "refused|accepted", OPT_RELOAD,     \
            "`accepted`: listen beyond this machine without TLS, where others can read along."),   \
        OPT(tag, door.connections, "connections", INT, "1000", "1..100000", OPT_RELOAD,            \
            "Connections at once; further ones wait to be accepted.")

/* adapter.in_check of a listener: what the table cannot say, as findings at their places in `map`. Pure. */
void door_check(const struct door_conf *c, const struct yaml_node *map, struct diags *d);

struct door_ops {
    const struct door_conf *(*conf)(void *arg); /* asked at every use */
    /* One more, counted already, its handshake done; `line` is taken, `peer` borrowed. */
    void (*on_peer)(void *arg, struct line line, const char *peer);
};

struct door {
    struct endpoint *ep;
    const struct door_ops *ops;
    void *arg;
    int listener, reserve; /* reserve: a descriptor to give up when there are no more */
    struct event *on_accept, *on_breath;
    struct tls_context *tls;    /* NULL: plain */
    struct tls_context *before; /* until the last change, to go back to */
    char host[256];             /* what it listens on, as configured */
    int port;
    struct greet *greets; /* handshakes under way */
    bool is_full, is_shut;
    int64_t told_second; /* refusals are told so often a second, the rest as a number */
    uint64_t told, untold;
    char address[NET_ADDRESS_MAX];
};

/* ep, ops and arg are set. 0, or ERR_IO with a finding. */
int door_open(struct door *d, struct diags *diags);
/* Take the settings `to` over, with the files as they are now; connections stay. 0, or ERR_IO and as it was. The
 * settings in force (door_ops.conf) mean that the change just made is taken back, whatever became of the files; ERR_IO is
 * then only of the address, which stays the new one. */
int door_change(struct door *d, const struct door_conf *to, struct diags *diags);
/* Somebody is refused: counted, and told to the log as `event`. `subject` of a certificate, or "". */
void door_refuse(struct door *d, const char *event, const char *peer, const char *reason,
                 const char *subject);
/* A connection has gone. */
void door_left(struct door *d);
/* Accept nobody any more: the port is free for a successor. */
void door_shut(struct door *d);
void door_close(struct door *d);

#endif
