/* Opening an outbound MLLP connection without blocking: the name, the connection, the handshake of TLS. */
#include "adapters/mllp_out_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

/* ---- TLS ---- */

void mllp_link_greet(struct mllp_link *l)
{
    event_del(l->on_read);
    switch (tls_handshake(l->line.tls)) {
    case TLS_DONE:
        mllp_link_use(l);
        break;
    case TLS_WANTS_READ:
        event_add(l->on_read, NULL);
        break;
    case TLS_WANTS_WRITE:
        event_add(l->on_write, NULL);
        break;
    case TLS_FAILED:
        l->out->attempts++;
        mllp_link_fail(l, tls_why(l->line.tls));
        break;
    }
}

static void start_tls(struct mllp_link *l)
{
    const struct mllp_out_conf *conf = mllp_out_conf(l->out);
    char why[TLS_WHY_MAX];
    struct tls_context *x = tls_client_context(&l->out->tls, conf->tls, why);
    if (why[0]) {
        log_event(l->out->ep->log, LOG_LEVEL_ERROR, "tls", log_str("destination", l->out->ep->name),
                  log_cstr("text", why));
    }
    if (!x) {
        mllp_link_fail(l, "the files of tls cannot be used");
        return;
    }
    const char *what;
    l->out->ep->tls_until_s = conf->tls->cert.n ? tls_context_until_s(x, &what) : 0;
    l->line.tls = tls_new(x, l->line.fd, conf->host.p); /* option texts end in NUL */
    l->state = LINK_GREETING;
    mllp_link_greet(l);
}

static void on_connected(struct mllp_link *l)
{
    int why = 0;
    socklen_t n = sizeof(why);
    if (getsockopt(l->line.fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0 || why != 0) {
        l->out->attempts++;
        mllp_link_fail(l, why == ECONNREFUSED ? "connection refused" : "cannot connect");
        return;
    }
    net_keep_alive(l->line.fd, mllp_out_conf(l->out)->keep_alive);
    if (mllp_out_conf(l->out)->tls) {
        start_tls(l);
    } else {
        mllp_link_use(l);
    }
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (l->state == LINK_CONNECTING) {
        on_connected(l);
    } else if (l->state == LINK_GREETING) {
        mllp_link_greet(l);
    } else {
        mllp_link_flush(l);
    }
}

/* ---- connecting ---- */

static void connect_to(struct mllp_link *l, const struct sockaddr *sa, socklen_t n)
{
    l->line.fd = net_connect(sa, n);
    if (l->line.fd < 0) {
        l->out->attempts++;
        mllp_link_fail(l, errno == ECONNREFUSED ? "connection refused" : "cannot connect");
        return;
    }
    l->state = LINK_CONNECTING;
    l->on_read =
        event_new(l->out->ep->loop, l->line.fd, EV_READ | EV_PERSIST, mllp_link_on_read, l);
    l->on_write = event_new(l->out->ep->loop, l->line.fd, EV_WRITE, on_write, l);
    event_add(l->on_write, NULL);
}

static bool numeric(const char *host, int port, struct sockaddr_storage *out, socklen_t *out_n)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *out_n = sizeof(*v4);
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    *out_n = sizeof(*v6);
    return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
}

/* Several addresses are taken in turn, another one after each failure. */
static void on_resolved(int result, struct evutil_addrinfo *found, void *arg)
{
    struct mllp_link *l = arg;
    if (result == EVUTIL_EAI_CANCEL) {
        return; /* the link was closed meanwhile */
    }
    l->query = NULL;
    if (result != 0 || !found) {
        mllp_link_fail(l, "the host name cannot be resolved");
        return;
    }
    unsigned n = 0;
    for (struct evutil_addrinfo *ai = found; ai; ai = ai->ai_next) {
        n++;
    }
    struct evutil_addrinfo *ai = found;
    for (unsigned i = l->out->attempts % n; i > 0; i--) {
        ai = ai->ai_next;
    }
    connect_to(l, ai->ai_addr, (socklen_t)ai->ai_addrlen);
    evutil_freeaddrinfo(found);
}

static void resolve(struct mllp_link *l, const char *host)
{
    struct mllp_out *out = l->out;
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[16];
    snprintf(port, sizeof(port), "%d", mllp_out_conf(out)->port);
    if (!out->dns) {
        out->dns = evdns_base_new(out->ep->loop, EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                                     EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    }
    if (!out->dns) {
        mllp_link_fail(l, "the host name cannot be resolved: no name server is configured");
        return;
    }
    l->state = LINK_RESOLVING;
    struct evdns_getaddrinfo_request *query =
        evdns_getaddrinfo(out->dns, host, port, &hints, on_resolved, l);
    if (l->state == LINK_RESOLVING) { /* else it was answered inside the call */
        l->query = query;
    }
}

void mllp_link_connect(struct mllp_link *l)
{
    const struct mllp_out_conf *conf = mllp_out_conf(l->out);
    struct sockaddr_storage ss;
    socklen_t n;
    char host[256];
    snprintf(host, sizeof(host), "%.*s", STR_ARG(conf->host));
    l->connect_by_us = mllp_link_now_us(l) + conf->connect_within * 1000;
    if (numeric(host, conf->port, &ss, &n)) {
        connect_to(l, (struct sockaddr *)&ss, n);
    } else {
        resolve(l, host);
    }
}
