/* line.h - a connected socket, with TLS on it or without: what adapters read from and write to.
 * Owns the descriptor and the session. */
#ifndef CORRIDOR_FLOW_LINE_H
#define CORRIDOR_FLOW_LINE_H

#include "engine/flow/tls.h"

struct line {
    int fd;          /* -1: none */
    struct tls *tls; /* NULL: plain; else its handshake is done before the calls below */
};

/* As recv() and send() on a socket that does not block, without SIGPIPE. With TLS `n` of a read is TLS_READ_MIN at
 * least, and a write that had to wait is repeated with the same bytes, or these and more. */
ssize_t line_read(const struct line *l, void *p, size_t n);
ssize_t line_write(const struct line *l, const void *p, size_t n);
/* We send nothing more; the peer still may. */
void line_end(const struct line *l);
/* Leaves {-1, NULL}. */
void line_close(struct line *l);

#endif
