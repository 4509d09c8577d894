#include "engine/flow/line.h"

#include <sys/socket.h>
#include <unistd.h>

ssize_t line_read(const struct line *l, void *p, size_t n)
{
    return l->tls ? tls_read(l->tls, p, n) : recv(l->fd, p, n, 0);
}

ssize_t line_write(const struct line *l, const void *p, size_t n)
{
    return l->tls ? tls_write(l->tls, p, n) : send(l->fd, p, n, MSG_NOSIGNAL);
}

void line_end(const struct line *l)
{
    if (l->tls) {
        tls_end(l->tls);
    }
    shutdown(l->fd, SHUT_WR);
}

void line_close(struct line *l)
{
    if (l->tls) {
        tls_end(l->tls);
        tls_free(&l->tls);
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    l->fd = -1;
}
