#include "engine/ops/sink_front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/flow/line.h"

enum { READ_BYTES = 64 * 1024, WAITING_MOST = 1024 * 1024 };

/* One connection: the peer over TLS, the server plainly, and what is on its way between them. */
struct bridge {
    struct bridge *next, **link;
    struct sink_front *front;
    struct line peer, server;
    struct buf in, out;      /* to the server; to the peer */
    struct event *events[4]; /* peer readable, writable; server readable, writable */
    bool is_greeting, has_ended;
};

struct sink_front {
    struct event_base *loop;
    struct tls_context *tls;
    struct event *accepting;
    struct bridge *bridges;
    uint64_t *refused;
    uint16_t to;
};

static void bridge_free(struct bridge *b)
{
    for (int i = 0; i < 4; i++) {
        event_free(b->events[i]);
    }
    line_close(&b->peer);
    line_close(&b->server);
    buf_free(&b->in);
    buf_free(&b->out);
    *b->link = b->next;
    if (b->next) {
        b->next->link = b->link;
    }
    free(b);
}

static bool is_later(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN);
}

/* Everything there is from one side into the buffer for the other. False: that side has ended. */
static bool take(const struct line *from, struct buf *to)
{
    while (to->n < WAITING_MOST) {
        buf_reserve(to, READ_BYTES);
        ssize_t n = line_read(from, to->p + to->n, READ_BYTES);
        if (n <= 0) {
            return is_later(n);
        }
        to->n += (size_t)n;
    }
    return true;
}

/* False: the other side takes nothing any more. */
static bool give(const struct line *to, struct buf *from, struct event *writable)
{
    size_t at = 0;
    ssize_t n = 1;
    while (at < from->n && (n = line_write(to, from->p + at, from->n - at)) > 0) {
        at += (size_t)n;
    }
    bool goes_on = n > 0 || is_later(n);
    buf_consume(from, at);
    if (from->n && goes_on) {
        event_add(writable, NULL);
    }
    return goes_on;
}

static bool greet(struct bridge *b)
{
    enum tls_step step = tls_handshake(b->peer.tls);
    if (step == TLS_FAILED) {
        ++*b->front->refused;
        fprintf(stderr, "corridor: sink: %s\n", tls_why(b->peer.tls));
        return false;
    }
    if (step == TLS_WANTS_WRITE) {
        event_add(b->events[1], NULL);
    }
    b->is_greeting = step != TLS_DONE;
    return true;
}

/* When a side has ended, what it said before still goes out. */
static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct bridge *b = arg;
    (void)fd;
    (void)what;
    bool lives = !b->is_greeting || greet(b);
    if (lives && !b->is_greeting) {
        b->has_ended |= !take(&b->peer, &b->in);
        b->has_ended |= !take(&b->server, &b->out);
        lives = give(&b->server, &b->in, b->events[3]) && give(&b->peer, &b->out, b->events[1]) &&
                !(b->has_ended && b->in.n == 0 && b->out.n == 0);
    }
    if (!lives) {
        bridge_free(b);
    }
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) < 0 &&
        errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct sink_front *f = arg;
    int on = 1, peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int server = peer < 0 ? -1 : connect_to(f->to);
    (void)what;
    if (server < 0) {
        if (peer >= 0) {
            close(peer);
        }
        return;
    }
    (void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only a delay is lost */
    struct bridge *b = X_NEW(struct bridge);
    *b = (struct bridge){.front = f, .next = f->bridges, .link = &f->bridges, .is_greeting = true};
    b->peer = (struct line){peer, tls_new(f->tls, peer, NULL)};
    b->server = (struct line){server, NULL};
    if (b->next) {
        b->next->link = &b->next;
    }
    f->bridges = b;
    b->events[0] = event_new(f->loop, peer, EV_READ | EV_PERSIST, on_event, b);
    b->events[1] = event_new(f->loop, peer, EV_WRITE, on_event, b);
    b->events[2] = event_new(f->loop, server, EV_READ | EV_PERSIST, on_event, b);
    b->events[3] = event_new(f->loop, server, EV_WRITE, on_event, b);
    event_add(b->events[0], NULL);
    event_add(b->events[2], NULL);
}

struct sink_front *sink_front_new(struct event_base *loop, struct tls_context *tls, int listener,
                                  uint16_t to, uint64_t *refused)
{
    struct sink_front *f = X_NEW(struct sink_front);
    *f = (struct sink_front){.loop = loop, .tls = tls, .to = to, .refused = refused};
    f->accepting = event_new(loop, listener, EV_READ | EV_PERSIST, on_accept, f);
    event_add(f->accepting, NULL);
    return f;
}

void sink_front_free(struct sink_front **fp)
{
    struct sink_front *f = *fp;
    if (!f) {
        return;
    }
    while (f->bridges) {
        bridge_free(f->bridges);
    }
    event_free(f->accepting);
    free(f);
    *fp = NULL;
}
