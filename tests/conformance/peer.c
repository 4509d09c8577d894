#include "tests/conformance/peer.h"

#include "engine/flow/line.h"
#include "tests/support/tls_kit.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef PEER_TLS
static struct tls_context *server_context(void)
{
    char why[TLS_WHY_MAX], cert[600], key[600];
    snprintf(cert, sizeof cert, "%s/server.pem", tls_kit());
    snprintf(key, sizeof key, "%s/server.key", tls_kit());
    struct tls_in_conf c = {.cert = str_of(cert), .key = {OPT_SECRET_FILE, str_of(key)}};
    struct tls_context *x = tls_context_listen(&c, why);
    cr_assert(x, "%s", why);
    return x;
}

static struct tls_context *client_context(void)
{
    char why[TLS_WHY_MAX], ca[600];
    snprintf(ca, sizeof ca, "%s/ca.pem", tls_kit());
    struct tls_out_conf c = {.ca = str_of(ca)};
    struct tls_context *x = tls_context_connect(&c, why);
    cr_assert(x, "%s", why);
    return x;
}

const char *peer_source_tls(void)
{
    static char text[2048];
    snprintf(text, sizeof text, "tls: { cert: \"%s/server.pem\", key: \"%s/server.key\" }\n",
             tls_kit(), tls_kit());
    return text;
}

const char *peer_destination_tls(void)
{
    static char text[2048];
    snprintf(text, sizeof text, "tls: { ca: \"%s/ca.pem\" }\n", tls_kit());
    return text;
}

static void secure(struct peer *p, bool is_server)
{
    struct tls_context *x = is_server ? server_context() : client_context();
    p->tls = tls_new(x, p->fd, is_server ? NULL : "localhost");
    p->is_greeting = true;
    tls_context_unref(&x);
}

static bool greet(struct peer *p)
{
    enum tls_step step = tls_handshake(p->tls);
    p->is_greeting = step != TLS_DONE;
    p->is_ended |= step == TLS_FAILED;
    return !p->is_greeting;
}
#else
const char *peer_source_tls(void)
{
    return "";
}

const char *peer_destination_tls(void)
{
    return "";
}

static void secure(struct peer *p, bool is_server)
{
    (void)p, (void)is_server; /* they stay plain */
}

static bool greet(struct peer *p)
{
    (void)p;
    return true;
}
#endif

ssize_t peer_write(struct peer *p, struct str bytes)
{
    return line_write(&(struct line){p->fd, p->tls}, bytes.p, bytes.n);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    struct peer *p = arg;
    char bytes[65536];
    (void)fd;
    (void)what;
    if (p->is_greeting && !greet(p)) {
        return;
    }
    ssize_t n = line_read(&(struct line){p->fd, p->tls}, bytes, sizeof(bytes));
    if (n > 0) {
        buf_put(&p->in, bytes, (size_t)n);
    } else if (n == 0 || errno != EAGAIN) {
        p->is_ended = true;
        event_del(p->on_read);
    }
}

static void watch(struct peer *p, struct event_base *loop, int fd, bool is_deaf)
{
    *p = (struct peer){.loop = loop, .fd = fd, .is_deaf = is_deaf};
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    evutil_make_socket_nonblocking(fd);
    p->on_read = event_new(loop, fd, EV_READ | EV_PERSIST, on_read, p);
    if (!is_deaf) {
        event_add(p->on_read, NULL);
    }
}

static bool has_greeted(void *arg)
{
    const struct peer *p = arg;
    return !p->is_greeting || p->is_ended;
}

static void connect_peer(struct peer *p, struct event_base *loop, struct str address, bool is_deaf)
{
    char text[64];
    struct sockaddr_storage ss;
    int n = sizeof(ss), small = 4096;
    snprintf(text, sizeof(text), "%.*s", STR_ARG(address));
    cr_assert_eq(evutil_parse_sockaddr_port(text, (struct sockaddr *)&ss, &n), 0, "%s", text);
    int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (is_deaf) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    }
    cr_assert_eq(connect(fd, (struct sockaddr *)&ss, (socklen_t)n), 0, "connect %s: %s", text,
                 strerror(errno));
    watch(p, loop, fd, is_deaf);
    secure(p, false);
    if (p->is_greeting) {
        (void)greet(p);
        event_add(p->on_read, NULL);
        cr_assert(run_until(loop, has_greeted, p), "no handshake");
    }
    if (is_deaf) {
        event_del(p->on_read);
    }
}

void peer_connect(struct peer *p, struct event_base *loop, struct str address)
{
    connect_peer(p, loop, address, false);
}

void peer_connect_deaf(struct peer *p, struct event_base *loop, struct str address)
{
    connect_peer(p, loop, address, true);
}

static void on_waiting(evutil_socket_t fd, short what, void *arg)
{
    struct peer *p = arg;
    (void)fd;
    (void)what;
    p->accepted++; /* somebody waits */
    event_del(p->on_read);
}

void peer_listen_at(struct peer *p, struct event_base *loop, int port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons((uint16_t)port)};
    socklen_t n = sizeof(sin);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    cr_assert_eq(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0, "port %d: %s", port,
                 strerror(errno));
    cr_assert_eq(listen(fd, 64), 0);
    getsockname(fd, (struct sockaddr *)&sin, &n);
    *p = (struct peer){.loop = loop, .fd = fd, .port = ntohs(sin.sin_port)};
    p->on_read = event_new(loop, fd, EV_READ | EV_PERSIST, on_waiting, p);
    event_add(p->on_read, NULL);
}

int peer_listen_v6(struct peer *p, struct event_base *loop)
{
    struct sockaddr_in6 sin = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t n = sizeof(sin);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *p = (struct peer){.loop = loop, .fd = -1};
    if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0) {
        close(fd);
        return 0;
    }
    cr_assert_eq(listen(fd, 64), 0);
    getsockname(fd, (struct sockaddr *)&sin, &n);
    *p = (struct peer){.loop = loop, .fd = fd, .port = ntohs(sin.sin6_port)};
    p->on_read = event_new(loop, fd, EV_READ | EV_PERSIST, on_waiting, p);
    event_add(p->on_read, NULL);
    return p->port;
}

int peer_listen(struct peer *p, struct event_base *loop)
{
    peer_listen_at(p, loop, 0);
    return p->port;
}

static bool somebody_waits(void *arg)
{
    struct peer *p = arg;
    return p->accepted > 0;
}

void peer_accept(struct peer *listener, struct peer *out)
{
    cr_assert(run_until(listener->loop, somebody_waits, listener), "nobody connected");
    listener->accepted = 0;
    event_add(listener->on_read, NULL);
    int fd = accept(listener->fd, NULL, NULL);
    cr_assert(fd >= 0);
    watch(out, listener->loop, fd, false);
    secure(out, true);
    cr_assert(run_until(listener->loop, has_greeted, out), "no handshake");
}

static bool is_writable(void *arg)
{
    struct peer *p = arg;
    fd_set set;
    struct timeval now = {0, 0};
    FD_ZERO(&set);
    FD_SET(p->fd, &set);
    return p->is_ended || select(p->fd + 1, NULL, &set, NULL, &now) > 0;
}

void peer_send(struct peer *p, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = peer_write(p, bytes);
        if (n < 0 && errno == EAGAIN) {
            cr_assert(run_until(p->loop, is_writable, p), "the peer's bytes are not read");
        } else if (n < 0) {
            return; /* closed on us: the test looks at that by itself */
        } else {
            bytes = str_slice(bytes, (size_t)n, bytes.n);
        }
    }
}

void peer_send_frame(struct peer *p, const char *text)
{
    struct buf b = {0};
    buf_printf(&b, "\v%s\x1c\r", text);
    peer_send(p, buf_str(&b));
    buf_free(&b);
}

void peer_half_close(struct peer *p)
{
    line_end(&(struct line){p->fd, p->tls});
}

void peer_reset(struct peer *p)
{
    struct linger hard = {1, 0};
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    if (p->tls) {
        tls_free(&p->tls); /* no notice */
    }
    peer_close(p);
}

void peer_close(struct peer *p)
{
    if (p->fd >= 0) {
        struct line line = {p->fd, p->tls};
        event_free(p->on_read);
        line_close(&line);
        p->fd = -1;
        p->tls = NULL;
    }
    buf_free(&p->in);
}

struct str peer_frame(const struct peer *p, unsigned n)
{
    struct str rest = buf_str(&p->in);
    for (;;) {
        ptrdiff_t end = rest.n ? str_find(rest, STR("\x1c\r")) : -1;
        if (end < 0) {
            return str_from(NULL, 0);
        }
        if (n-- == 0) {
            return str_slice(rest, 1, (size_t)end);
        }
        rest = str_slice(rest, (size_t)end + 2, rest.n);
    }
}

unsigned peer_frames(const struct peer *p)
{
    unsigned n = 0;
    while (peer_frame(p, n).p) {
        n++;
    }
    return n;
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    bool *is_late = arg;
    (void)fd;
    (void)what;
    *is_late = true;
}

bool run_until(struct event_base *loop, bool (*is_true)(void *arg), void *arg)
{
    static const struct timeval limit = {.tv_sec = 10, .tv_usec = 0};
    static const struct timeval look = {.tv_sec = 0, .tv_usec = 2000};
    bool is_late = false, ignored = false;
    struct event *late = evtimer_new(loop, on_late, &is_late);
    struct event *tick =
        event_new(loop, -1, EV_PERSIST, on_late, &ignored); /* conditions outside the loop */
    event_add(late, &limit);
    event_add(tick, &look);
    while (!is_true(arg) && !is_late) {
        event_base_loop(loop, EVLOOP_ONCE);
    }
    event_free(late);
    event_free(tick);
    return !is_late;
}

void run_now(struct event_base *loop)
{
    for (int i = 0; i < 8; i++) {
        event_base_loop(loop, EVLOOP_NONBLOCK);
    }
}

struct wanted {
    struct peer *p;
    unsigned n;
};

static bool has_wanted(void *arg)
{
    struct wanted *w = arg;
    return w->p->is_ended || peer_frames(w->p) >= w->n;
}

bool peer_has_frames(struct peer *p, unsigned n)
{
    struct wanted w = {p, n};
    return run_until(p->loop, has_wanted, &w) && peer_frames(p) >= n;
}

static bool has_ended(void *arg)
{
    return ((struct peer *)arg)->is_ended;
}

void peer_expects(struct peer *p, unsigned n, const char *const *parts)
{
    cr_assert(peer_has_frames(p, n + 1), "no reply %u", n);
    struct str f = peer_frame(p, n);
    for (unsigned i = 0; parts[i]; i++) {
        cr_expect(str_find(f, str_of(parts[i])) >= 0, "%s is not in %.*s", parts[i], STR_ARG(f));
    }
}

bool peer_sees_end(struct peer *p)
{
    return run_until(p->loop, has_ended, p);
}
