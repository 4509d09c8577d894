/* net.h - sockets as the adapters want them: non-blocking, closed on exec, without Nagle's delay. */
#ifndef CORRIDOR_ADAPTERS_NET_H
#define CORRIDOR_ADAPTERS_NET_H

#include "engine/base/opt.h"

#include <sys/socket.h>

enum { NET_ADDRESS_MAX = 64 };

/* "192.0.2.7:49152" or "[2001:db8::1]:49152" into `out`. */
void net_text(const struct sockaddr *sa, socklen_t n, char out[NET_ADDRESS_MAX]);
/* A listening socket, or -1 with a finding that names address and reason: one that the service manager handed down for
 * this very address, else a new one. A name is looked up here and blocks: for start and reload only. */
int net_listen(const struct opt_hostport *at, struct str endpoint, struct diags *d);
/* The next connection and its peer's address, or -1 with errno. */
int net_accept(int listener, struct sockaddr_storage *out_from, char out_peer[NET_ADDRESS_MAX]);
/* The address a socket is bound to. */
void net_bound(int fd, char out[NET_ADDRESS_MAX]);
/* TCP keep-alive probes after `idle_ms` of silence, every tenth of it; OPT_NEVER: none. */
void net_keep_alive(int fd, int64_t idle_ms);
/* Begin to connect; a socket (perhaps not connected yet), or -1 with errno. */
int net_connect(const struct sockaddr *sa, socklen_t n);

#endif
