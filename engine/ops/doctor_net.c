/* Probes of the network: addresses of sources and destinations, certificates. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/flow/tls.h"
#include "engine/ops/doctor.h"
#include "engine/ops/files.h"

enum { CONNECT_MS = 2000, DAYS_SOON = 30 };

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

static void try_source(struct doctor *d, const struct plan_source *s)
{
    const struct opt *row = opt_find(s->adapter->in_opts, STR("listen"));
    const char *why;
    if (!row || row->kind != OPT_HOSTPORT) {
        return;
    }
    const struct opt_hostport *at = (const void *)((const char *)s->conf + row->offset);
    struct addrinfo *found = look_up(d->arena, at, true, &why);
    int failed = found ? try_bind(found) : 0;
    if (found) {
        freeaddrinfo(found);
        why = failed ? strerror(failed) : NULL;
    }
    if (why) {
        doctor_find(d, DOCTOR_ERROR, "the daemon does not start while it is so",
                    failed == EADDRINUSE ? "find who has it (ss -ltnp), or configure another one"
                    : failed == EACCES ? "a port from 1024 on, or CAP_NET_BIND_SERVICE for the unit"
                                       : "an address of this machine, or 0.0.0.0 for all",
                    "source %.*s cannot listen on %.*s:%d: %s", STR_ARG(s->name), STR_ARG(at->host),
                    at->port, why);
    }
}

/* Accepted in the configuration, and a risk all the same. */
static void look_at_plaintext(struct doctor *d, const struct plan_source *s)
{
    const struct opt *row = opt_find(s->adapter->in_opts, STR("plaintext"));
    const struct opt *tls = opt_find(s->adapter->in_opts, STR("tls"));
    bool is_accepted = row && *(const int *)(const void *)((const char *)s->conf + row->offset) > 0;
    if (is_accepted && tls &&
        !*(const void *const *)(const void *)((const char *)s->conf + tls->offset)) {
        doctor_find(d, DOCTOR_WARNING, "others on the network can read patient data along the way",
                    "give it `tls`, or an address of this machine with a tunnel before it",
                    "source %.*s speaks without TLS: plaintext: accepted", STR_ARG(s->name));
    }
}

void doctor_ports(struct doctor *d)
{
    for (unsigned i = 0; d->plan && i < d->plan->nsources; i++) {
        look_at_plaintext(d, &d->plan->sources[i]);
    }
    if (d->status) {
        doctor_fact(d, "the daemon has them");
        return;
    }
    for (unsigned i = 0; d->plan && i < d->plan->nsources; i++) {
        try_source(d, &d->plan->sources[i]);
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

static int try_connect(const struct addrinfo *at)
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
    if (fd >= 0) {
        close(fd);
    }
    return failed;
}

static bool try_destination(struct doctor *d, const struct plan_destination *t)
{
    struct opt_hostport at;
    const char *why;
    if (!doctor_address(d->arena, t, &at)) {
        return true; /* it needs nobody */
    }
    struct addrinfo *found = look_up(d->arena, &at, false, &why);
    int failed = 0;
    for (const struct addrinfo *one = found; one && (one == found || failed); one = one->ai_next) {
        failed = try_connect(one);
    }
    if (found) {
        freeaddrinfo(found);
        why = failed ? strerror(failed) : NULL;
    }
    if (why) {
        doctor_find(d, DOCTOR_WARNING, "messages for it wait until it answers; nothing is lost",
                    "look at the peer, the address and the firewalls between",
                    "destination %.*s, %.*s:%d: %s", STR_ARG(t->name), STR_ARG(at.host), at.port,
                    why);
    }
    return why == NULL;
}

void doctor_destinations(struct doctor *d)
{
    unsigned reached = 0;
    for (unsigned i = 0; d->plan && i < d->plan->ndestinations; i++) {
        reached += try_destination(d, &d->plan->destinations[i]);
    }
    doctor_fact(d, "%u of %u", reached, d->plan ? d->plan->ndestinations : 0);
}

/* ---- certificates ---- */

static void judge_days(struct doctor *d, struct str name, const char *file, int64_t days)
{
    if (days < 0) {
        doctor_find(d, DOCTOR_ERROR, "peers refuse it, or are refused by it",
                    "renew it, then reload", "%.*s, %s: over since %lld days", STR_ARG(name), file,
                    (long long)-days);
    } else if (days < DAYS_SOON) {
        doctor_find(d, DOCTOR_WARNING, "afterwards every connection with it fails",
                    "renew it, then reload", "%.*s, %s: over in %lld days", STR_ARG(name), file,
                    (long long)days);
    }
}

bool doctor_is_certificate(const struct opt *row, bool *out_is_authority)
{
    static const char *const names[] = {"cert", "crl", "ca", "client-ca", NULL};
    unsigned which = 0;
    while (names[which] && strcmp(row->name, names[which]) != 0) {
        which++;
    }
    *out_is_authority = which >= 2;
    return row->kind == OPT_PATH && names[which];
}

/* Every path whose name says that certificates or a CRL are in it. */
static void look_at_certificate(struct doctor *d, const struct doctor_setting *s)
{
    bool is_authority;
    bool is_one = doctor_is_certificate(s->row, &is_authority);
    const struct str *path = s->value;
    struct str pem;
    const char *why;
    int64_t first = 0, longest = 0;
    if (!is_one || !path->n) {
        return;
    }
    const char *file = str_dup(d->arena, *path).p;
    if (!files_read(d->arena, file, &pem, &why)) {
        doctor_find(d, DOCTOR_ERROR, "no connection can be trusted without it",
                    "look at the path and its rights", "%.*s, %s: %s", STR_ARG(s->endpoint), file,
                    why);
    } else if (tls_pem_days(pem, (int64_t)time(NULL), &first, &longest) == 0) {
        doctor_find(d, DOCTOR_ERROR, "no connection can be trusted without it",
                    "expected PEM: -----BEGIN CERTIFICATE----- or X509 CRL",
                    "%.*s, %s: nothing of the kind in it", STR_ARG(s->endpoint), file);
    } else { /* one authority that holds is enough */
        judge_days(d, s->endpoint, file, is_authority ? longest : first);
    }
}

void doctor_certificates(struct doctor *d)
{
    doctor_each_setting(d, look_at_certificate);
}
