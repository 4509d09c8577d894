/* Probes of the network: addresses of sources and destinations. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/ops/doctor.h"

enum { CONNECT_MS = 2000 };

static struct addrinfo *look_up(struct arena *a, const struct opt_hostport *at, bool is_listening,
                                const char **out_why)
{
    struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    char port[16];
    want.ai_flags |= is_listening ? AI_PASSIVE : 0;
    snprintf(port, sizeof port, "%d", at->port);
    int failed = getaddrinfo(at->host.n ? str_dup(a, at->host).p : NULL, port, &want, &found);
    *out_why = failed == EAI_SYSTEM ? strerror(errno) : failed ? gai_strerror(failed) : NULL;
    return failed ? NULL : found;
}

/* ---- ports ---- */

static int try_bind(const struct addrinfo *at)
{
    int one = 1, rc = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* as the daemon does */
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, 1) != 0) {
        rc = errno;
    }
    close(fd);
    return rc;
}

static void try_listening(struct doctor *d, struct str who, const struct opt_hostport *at)
{
    const char *why;
    struct addrinfo *found = look_up(d->arena, at, true, &why);
    int failed = found ? try_bind(found) : 0;
    if (found) {
        freeaddrinfo(found);
        why = failed ? strerror(failed) : NULL;
    }
    if (why) {
        doctor_find(d, DOCTOR_ERROR, "the daemon does not start while it is so",
                    failed == EADDRINUSE
                        ? "find who has it (ss -ltnp), or configure another one; systemd is right "
                          "where corridor.socket names it"
                    : failed == EACCES ? "a port from 1024 on, or CAP_NET_BIND_SERVICE for the unit"
                                       : "an address of this machine, or 0.0.0.0 for all",
                    "%.*s cannot listen on %.*s:%d: %s", STR_ARG(who), STR_ARG(at->host), at->port,
                    why);
    }
}

static void try_source(struct doctor *d, const struct plan_source *s)
{
    const struct opt *row = opt_find(s->adapter->in_opts, STR("listen"));
    if (row && row->kind == OPT_HOSTPORT) {
        try_listening(d, str_printf(d->arena, "source %.*s", STR_ARG(s->name)),
                      (const void *)((const char *)s->conf + row->offset));
    }
}

static void try_own(struct doctor *d, const char *who, struct str host, int port)
{
    if (host.n) {
        try_listening(d, str_of(who), &(struct opt_hostport){.host = host, .port = port});
    }
}

void doctor_ports(struct doctor *d)
{
    if (d->status) {
        doctor_fact(d, "the daemon has them");
        return;
    }
    for (unsigned i = 0; d->plan && i < d->plan->nsources; i++) {
        try_source(d, &d->plan->sources[i]);
    }
    if (d->plan) {
        try_own(d, "admin", d->plan->admin_host, d->plan->admin_port);
        try_own(d, "metrics", d->plan->metrics_host, d->plan->metrics_port);
    }
}

/* ---- destinations ---- */

static const void *option(const struct plan_destination *t, const char *name, enum opt_kind kind)
{
    const struct opt *row =
        t->adapter->out_opts ? opt_find(t->adapter->out_opts, str_of(name)) : NULL;
    return row && row->kind == kind ? (const char *)t->conf + row->offset : NULL;
}

static bool read_url(struct arena *a, struct str url, struct opt_hostport *out)
{
    ptrdiff_t at = str_find(url, STR("://"));
    if (at < 0) {
        return false;
    }
    bool is_tls = str_eq_nocase(str_slice(url, 0, (size_t)at), STR("https"));
    struct str rest = str_slice(url, (size_t)at + 3, url.n);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#') {
        n++;
    }
    struct str host = str_slice(rest, 0, n);
    ptrdiff_t bracket = str_index(host, ']');
    struct str tail = str_slice(host, bracket < 0 ? 0 : (size_t)bracket, host.n);
    bool has_port = str_index(tail, ':') >= 0;
    host = has_port ? host : str_printf(a, "%.*s:%d", STR_ARG(host), is_tls ? 443 : 80);
    return opt_read_hostport(host, out);
}

bool doctor_address(struct arena *a, const struct plan_destination *t, struct opt_hostport *out)
{
    const struct str *host = option(t, "host", OPT_STR), *url = option(t, "url", OPT_STR);
    const int *port = option(t, "port", OPT_INT);
    if (host && port) {
        *out = (struct opt_hostport){.host = *host, .port = *port};
        return true;
    }
    return url && read_url(a, *url, out);
}

/* A connection, or -1 with why not. */
static int try_connect(const struct addrinfo *at, int *out_failed)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = fd < 0 ? errno : 0;
    if (!failed && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        socklen_t n = sizeof failed;
        failed = errno;
        if (failed == EINPROGRESS && poll(&p, 1, CONNECT_MS) == 1) {
            (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &n); /* of our own socket */
        } else if (failed == EINPROGRESS) {
            failed = ETIMEDOUT;
        }
    }
    *out_failed = failed;
    if (failed && fd >= 0) {
        close(fd);
    }
    return failed ? -1 : fd;
}

static void find_unreached(struct doctor *d, const struct plan_destination *t,
                           const struct opt_hostport *at, const char *why)
{
    doctor_find(d, DOCTOR_WARNING, "messages for it wait until it answers; nothing is lost",
                "look at the peer, the address and the firewalls between",
                "destination %.*s, %.*s:%d: %s", STR_ARG(t->name), STR_ARG(at->host), at->port,
                why);
}

/* Connected; where TLS is spoken that is tried too. */
static bool try_greeting(struct doctor *d, const struct plan_destination *t,
                         const struct opt_hostport *at, int fd)
{
    const char *why = NULL;
    bool is_fine = doctor_greet(d, t, at, fd, &why);
    if (!is_fine) {
        doctor_find(d, DOCTOR_WARNING, "messages for it wait until that is mended; nothing is lost",
                    "look at the peer's certificate, and at `tls` here",
                    "destination %.*s, %.*s:%d: %s", STR_ARG(t->name), STR_ARG(at->host), at->port,
                    why);
    }
    close(fd);
    return is_fine;
}

static bool try_destination(struct doctor *d, const struct plan_destination *t)
{
    struct opt_hostport at;
    const char *why;
    if (!doctor_address(d->arena, t, &at)) {
        return true; /* it needs nobody */
    }
    struct addrinfo *found = look_up(d->arena, &at, false, &why);
    int failed = 0, fd = -1;
    for (const struct addrinfo *one = found; one && fd < 0; one = one->ai_next) {
        fd = try_connect(one, &failed);
    }
    if (found) {
        freeaddrinfo(found);
    }
    if (fd >= 0) {
        return try_greeting(d, t, &at, fd);
    }
    find_unreached(d, t, &at, why ? why : strerror(failed));
    return false;
}

void doctor_destinations(struct doctor *d)
{
    unsigned reached = 0;
    for (unsigned i = 0; d->plan && i < d->plan->ndestinations; i++) {
        reached += try_destination(d, &d->plan->destinations[i]);
    }
    doctor_fact(d, "%u of %u", reached, d->plan ? d->plan->ndestinations : 0);
}
