#include "adapters/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKLOG = 1024, HANDED_FIRST = 3, HANDED_MAX = 1000 };

void net_text(const struct sockaddr *sa, socklen_t n, char out[NET_ADDRESS_MAX])
{
    char host[INET6_ADDRSTRLEN] = {'?'};
    unsigned port = 0;
    if (sa->sa_family == AF_INET && n >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *v4 = (const void *)sa;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        port = ntohs(v4->sin_port);
    } else if (sa->sa_family == AF_INET6 && n >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *v6 = (const void *)sa;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        port = ntohs(v6->sin6_port);
    }
    snprintf(out, NET_ADDRESS_MAX, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

void net_bound(int fd, char out[NET_ADDRESS_MAX])
{
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof(ss);
    (void)getsockname(fd, (struct sockaddr *)&ss, &n); /* an unbound one shows as "?:0" */
    net_text((struct sockaddr *)&ss, n, out);
}

static void no_delay(int fd)
{
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* only slower without */
}

static int listen_at(const struct addrinfo *ai)
{
    int one = 1, zero = 0;
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (ai->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
    }
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* Sockets that the service manager holds open and hands down, from descriptor 3 on: while we are replaced, peers wait in
 * their queue and nobody is refused. Source: sd_listen_fds(3). */
static int handed_down(void)
{
    const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
    bool is_ours = pid && n && strtol(pid, NULL, 10) == (long)getpid();
    long count = is_ours ? strtol(n, NULL, 10) : 0;
    return count > 0 && count <= HANDED_MAX ? (int)count : 0;
}

static bool is_listening_at(int fd, const struct addrinfo *ai)
{
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof ss, size = sizeof(int);
    int listens = 0;
    char want[NET_ADDRESS_MAX], has[NET_ADDRESS_MAX];
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens ||
        getsockname(fd, (struct sockaddr *)&ss, &n) < 0) {
        return false;
    }
    net_text(ai->ai_addr, ai->ai_addrlen, want);
    net_text((struct sockaddr *)&ss, n, has);
    return strcmp(want, has) == 0;
}

/* A descriptor of our own for it, so that the one handed down stays when a source closes. */
static int take_handed_down(const struct addrinfo *ai)
{
    for (int fd = HANDED_FIRST; fd < HANDED_FIRST + handed_down(); fd++) {
        if (is_listening_at(fd, ai)) {
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
            int own = fcntl(fd, F_DUPFD_CLOEXEC, HANDED_FIRST);
            if (own >= 0) {
                (void)fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK);
            }
            return own;
        }
    }
    return -1;
}

static int refuse(const struct opt_hostport *at, struct str endpoint, const char *why,
                  struct diags *d)
{
    diag_add(d, DIAG_ERROR, "cannot-listen", DIAG_NOWHERE,
             "source \"%.*s\" cannot listen on %.*s:%d: %s", STR_ARG(endpoint), STR_ARG(at->host),
             at->port, why);
    return -1;
}

int net_listen(const struct opt_hostport *at, struct str endpoint, struct diags *d)
{
    char host[256], port[16];
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (at->host.n >= sizeof(host)) {
        return refuse(at, endpoint, "the host name is too long", d);
    }
    snprintf(host, sizeof(host), "%.*s", STR_ARG(at->host));
    snprintf(port, sizeof(port), "%d", at->port);
    int r = getaddrinfo(host, port, &hints, &found);
    if (r != 0) {
        return refuse(at, endpoint, gai_strerror(r), d);
    }
    int fd = take_handed_down(found);
    fd = fd >= 0 ? fd : listen_at(found);
    int why = errno;
    freeaddrinfo(found);
    return fd >= 0 ? fd : refuse(at, endpoint, strerror(why), d);
}

int net_accept(int listener, struct sockaddr_storage *out_from, char out_peer[NET_ADDRESS_MAX])
{
    socklen_t n = sizeof(*out_from);
    int fd = accept4(listener, (struct sockaddr *)out_from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        no_delay(fd);
        net_text((struct sockaddr *)out_from, n, out_peer);
    }
    return fd;
}

void net_keep_alive(int fd, int64_t idle_ms)
{
    if (idle_ms >= OPT_NEVER) {
        return;
    }
    int one = 1, idle = (int)(idle_ms / 1000), every;
    idle = idle > 0 ? idle : 1;
    every = idle / 10 > 0 ? idle / 10 : 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one,
                     sizeof(one)); /* dead peers are found later without */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
}

int net_connect(const struct sockaddr *sa, socklen_t n)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    no_delay(fd);
    if (connect(fd, sa, n) == 0 || errno == EINPROGRESS) {
        return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}
