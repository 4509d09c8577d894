#include "engine/ops/sink_listen.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/ops/ending.h"

enum { BACKLOG = 1024, FLUSH_US = 100 * 1000 };

static int listen_on(const struct addrinfo *a)
{
    int on = 1,
        fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* without it bind() tells */
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int sink_listen(const struct opt_hostport *at, const char **out_why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *a = NULL;
    char port[16], host[256];
    snprintf(port, sizeof port, "%d", at->port);
    snprintf(host, sizeof host, "%.*s", STR_ARG(at->host));
    int failed = getaddrinfo(host, port, &hints, &a);
    if (failed) {
        *out_why = gai_strerror(failed);
        return -1;
    }
    int fd = listen_on(a);
    if (fd < 0) {
        *out_why = strerror(errno);
    }
    freeaddrinfo(a);
    return fd;
}

static void announce(int fd)
{
    struct sockaddr_storage bound;
    socklen_t n = sizeof bound;
    char host[256] = "?", port[16] = "?";
    if (getsockname(fd, (struct sockaddr *)&bound, &n) == 0) {
        (void)getnameinfo((struct sockaddr *)&bound, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV); /* "?" stands then */
    }
    printf(strchr(host, ':') ? "listening [%s]:%s\n" : "listening %s:%s\n", host, port);
    fflush(stdout);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    (void)sig;
    (void)what; /* either signal ends it */
    event_base_loopexit(arg, NULL);
}

/* Ledgers and what is printed are read while it runs: who compares them must not miss what came long ago. */
static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what; /* a timer */
    (void)arg;
    (void)fflush(NULL); /* told by the fclose() at the end */
}

void sink_serve(struct event_base *loop, int fd, int64_t seconds)
{
    static const struct timeval flush_every = {0, FLUSH_US};
    struct event *events[] = {evsignal_new(loop, SIGTERM, on_signal, loop),
                              evsignal_new(loop, SIGINT, on_signal, loop),
                              event_new(loop, -1, EV_PERSIST, on_flush, NULL)};
    event_add(events[0], NULL);
    event_add(events[1], NULL);
    event_add(events[2], &flush_every);
    if (seconds) {
        struct timeval tv = {seconds, 0};
        event_base_loopexit(loop, &tv);
    }
    announce(fd);
    event_base_dispatch(loop);
    ending_begins();
    event_free(events[0]);
    event_free(events[1]);
    event_free(events[2]);
}
