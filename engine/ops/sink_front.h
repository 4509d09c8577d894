/* sink_front.h - TLS before a server of the same loop that speaks plainly: what comes in over TLS goes on to it as it is,
 * and back. For the sink over HTTP, whose server is libevent's. Main thread only. */
#ifndef CORRIDOR_OPS_SINK_FRONT_H
#define CORRIDOR_OPS_SINK_FRONT_H

#include <stdint.h>

struct event_base;
struct sink_front;
struct tls_context;

/* Accept at `listener` and connect to port `to` of this machine; both are the caller's. `refused` counts handshakes that failed. */
struct sink_front *sink_front_new(struct event_base *loop, struct tls_context *tls, int listener,
                                  uint16_t to, uint64_t *refused);
void sink_front_free(struct sink_front **f);

#endif
