/* wire_tunnel PORT CA - plain connections to a free port of 127.0.0.1 (printed first), each carried over TLS to 127.0.0.1:PORT:
 * lets any test of a plain listener be run against one with TLS. Ends of stream pass through, and so do hang-ups. */
#include "engine/base/mem.h"
#include "engine/flow/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 65536 };

/* One direction: what came from `from` and is not in `to` yet. */
struct way {
    struct line *from, *to;
    char bytes[ROOM];
    size_t at, n;
    bool is_over; /* its end was passed on */
};

struct pipe {
    struct tunnel *tunnel;
    struct line side[2]; /* plain, TLS */
    struct event *event[2];
    struct way way[2]; /* from side[i] to the other */
    bool is_greeting;
};

struct tunnel {
    struct event_base *loop;
    struct tls_context *tls;
    struct sockaddr_in to;
};

static void on_event(evutil_socket_t fd, short what, void *arg);

static void pipe_free(struct pipe *p)
{
    for (int i = 0; i < 2; i++) {
        event_free(p->event[i]);
        line_close(&p->side[i]);
    }
    free(p);
}

static void watch(struct pipe *p, int i, short what)
{
    event_del(p->event[i]);
    event_assign(p->event[i], p->tunnel->loop, p->side[i].fd, what, on_event, p);
    if (what) {
        event_add(p->event[i], NULL);
    }
}

/* False: the pipe is broken. */
static bool go(struct way *w)
{
    while (w->at < w->n) {
        ssize_t n = line_write(w->to, w->bytes + w->at, w->n - w->at);
        if (n < 0) {
            return errno == EAGAIN;
        }
        w->at += (size_t)n;
    }
    w->at = w->n = 0;
    ssize_t n = w->is_over ? 0 : line_read(w->from, w->bytes, ROOM);
    if (n < 0) {
        return errno == EAGAIN;
    }
    if (n == 0 && !w->is_over) {
        line_end(w->to);
        w->is_over = true;
    }
    w->n = (size_t)n;
    return n == 0 || go(w);
}

/* Read where there is room, write where something waits. */
static void watch_both(struct pipe *p)
{
    for (int i = 0; i < 2; i++) {
        const struct way *in = &p->way[i], *out = &p->way[1 - i];
        bool reads = !in->n && !in->is_over;
        watch(p, i, (short)((reads ? EV_READ : 0) | (out->n ? EV_WRITE : 0)));
    }
}

static void greet(struct pipe *p)
{
    switch (tls_handshake(p->side[1].tls)) {
    case TLS_DONE:
        p->is_greeting = false;
        watch_both(p);
        break;
    case TLS_WANTS_READ:
        watch(p, 1, EV_READ);
        break;
    case TLS_WANTS_WRITE:
        watch(p, 1, EV_WRITE);
        break;
    case TLS_FAILED:
        pipe_free(p);
        break;
    }
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct pipe *p = arg;
    (void)fd;
    (void)what;
    if (p->is_greeting) {
        greet(p);
        return;
    }
    bool is_whole = go(&p->way[0]) && go(&p->way[1]);
    if (!is_whole || (p->way[0].is_over && p->way[1].is_over)) {
        pipe_free(p);
        return;
    }
    watch_both(p);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct tunnel *t = arg;
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)what;
    if (fd < 0 || out < 0 || connect(out, (struct sockaddr *)&t->to, sizeof t->to) != 0) {
        close(fd);
        close(out);
        return;
    }
    char byte;
    if (recv(fd, &byte, 1, MSG_PEEK) == 0) { /* gone: a peer with TLS would not have begun either */
        close(fd);
        close(out);
        return;
    }
    evutil_make_socket_nonblocking(out);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct pipe *p = X_NEW(struct pipe);
    p->tunnel = t;
    p->side[0] = (struct line){fd, NULL};
    p->side[1] = (struct line){out, tls_new(t->tls, out, "127.0.0.1")};
    for (int i = 0; i < 2; i++) {
        p->way[i].from = &p->side[i];
        p->way[i].to = &p->side[1 - i];
        p->event[i] = event_new(t->loop, p->side[i].fd, 0, on_event, p);
    }
    p->is_greeting = true;
    greet(p);
}

int main(int argc, char **argv)
{
    char why[TLS_WHY_MAX] = "usage: wire_tunnel PORT CA";
    struct tls_out_conf c = {.ca = str_of(argc > 2 ? argv[2] : "")};
    struct tunnel t = {.tls = argc > 2 ? tls_context_connect(&c, why) : NULL};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    struct rlimit files;
    if (!t.tls) {
        fprintf(stderr, "wire_tunnel: %s\n", why);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    t.to = at;
    t.to.sin_port = htons((uint16_t)atoi(argv[1]));
    t.loop = event_base_new();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0) {
        perror("wire_tunnel");
        return 1;
    }
    getsockname(fd, (struct sockaddr *)&at, &n);
    printf("listening 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    struct event *accepting = event_new(t.loop, fd, EV_READ | EV_PERSIST, on_accept, &t);
    event_add(accepting, NULL);
    return event_base_dispatch(t.loop) < 0;
}
