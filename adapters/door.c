#include "adapters/door.h"

#include "adapters/admit.h"
#include "adapters/greet.h"
#include "engine/base/err.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum {
    ACCEPTS = 64,       /* of one event */
    TOLD_A_SECOND = 20, /* refusals in the log: a port scan does not fill a disk */
};

/* ---- settings ---- */

static void check_ranges(const struct opt_list *allow, const struct yaml_node *map, struct diags *d)
{
    for (size_t i = 0; i < allow->n; i++) {
        if (!admit_is_range(allow->v[i])) {
            struct str shown = str_slice(allow->v[i], 0, 60);
            diag_hint(d,
                      diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, "allow")->pos,
                               "`allow` holds `%.*s`; expected addresses such as 10.1.0.0/16, "
                               "192.0.2.7 or 2001:db8::/32",
                               STR_ARG(shown)),
                      "bits behind the prefix must be 0: 10.1.0.0/16, not 10.1.2.3/16");
        }
    }
}

void door_check(const struct door_conf *c, const struct yaml_node *map, struct diags *d)
{
    bool is_open = !c->tls && !admit_is_loopback(c->listen.host);
    if (is_open && !c->plaintext) {
        const struct yaml_node *at = yaml_get(map, "listen");
        diag_hint(d,
                  diag_add(d, DIAG_ERROR, "plaintext", at ? at->pos : map->pos,
                           "`listen` is reached from other machines and there is no `tls`; "
                           "expected tls: {cert: .., key: ..}, or an address of this machine only"),
                  "or write `plaintext: accepted` beside it, if others on the network may read the "
                  "messages; `corridor status` then shows it as a risk");
    }
    check_ranges(&c->allow, map, d);
    if (c->tls) {
        tls_in_check(c->tls, yaml_get(map, "tls"), d);
    }
}

static void set_accepting(struct door *d)
{
    bool is_full = d->ep->counters.connections_open >= (uint64_t)d->ops->conf(d->arg)->connections;
    if (is_full && !d->is_full) {
        log_event(d->ep->log, LOG_LEVEL_WARN, "connections-full", log_str("source", d->ep->name),
                  log_uint("connections", d->ep->counters.connections_open));
    }
    d->is_full = is_full;
    if (d->is_shut || is_full) {
        event_del(d->on_accept);
    } else {
        event_add(d->on_accept, NULL);
    }
}

void door_left(struct door *d)
{
    d->ep->counters.connections_open--;
    if (d->is_full) {
        set_accepting(d);
    }
}

/* ---- refusals ---- */

/* So many a second; what was not told is told as a number when the next one is. */
static bool may_tell(struct door *d)
{
    int64_t second = clock_mono_us(d->ep->clock) / 1000000;
    if (second != d->told_second) {
        d->told_second = second;
        d->told = 0;
        if (d->untold) {
            log_event(d->ep->log, LOG_LEVEL_WARN, "refused-more", log_str("source", d->ep->name),
                      log_uint("peers", d->untold));
        }
        d->untold = 0;
    }
    bool may = d->told++ < TOLD_A_SECOND;
    d->untold += !may;
    return may;
}

void door_refuse(struct door *d, const char *event, const char *peer, const char *reason,
                 const char *subject)
{
    struct endpoint *ep = d->ep;
    ep->counters.connections_refused++;
    if (!may_tell(d)) {
        return;
    }
    if (*subject) {
        log_event(ep->log, LOG_LEVEL_WARN, event, log_str("source", ep->name),
                  log_cstr("peer", peer), log_cstr("reason", reason), log_cstr("subject", subject));
    } else {
        log_event(ep->log, LOG_LEVEL_WARN, event, log_str("source", ep->name),
                  log_cstr("peer", peer), log_cstr("reason", reason));
    }
}

/* ---- accepting ---- */

/* No descriptor is left: give up the reserve to turn one peer away, then do not ask for a second. */
static void out_of_descriptors(struct door *d)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    struct sockaddr_storage from;
    char peer[NET_ADDRESS_MAX] = "";
    if (d->reserve >= 0) {
        close(d->reserve);
        int fd = net_accept(d->listener, &from, peer);
        if (fd >= 0) {
            close(fd);
            d->ep->counters.connections_refused++;
        }
        d->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    log_event(d->ep->log, LOG_LEVEL_ERROR, "no-descriptors", log_str("source", d->ep->name),
              log_cstr("peer", peer), log_cstr("hint", "raise LimitNOFILE"));
    event_del(d->on_accept);
    event_add(d->on_breath, &second);
}

static void on_breath(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    set_accepting(arg);
}

/* Its address is judged before a byte of it is read. */
static void take_peer(struct door *d, int fd, const struct sockaddr *from, const char *peer)
{
    if (!admit_allows(&d->ops->conf(d->arg)->allow, from)) {
        close(fd);
        door_refuse(d, "peer-refused", peer, "its address is not in allow", "");
        return;
    }
    d->ep->counters.connections++;
    d->ep->counters.connections_open++;
    if (d->tls) {
        greet_begin(d, fd, peer);
    } else {
        d->ops->on_peer(d->arg, (struct line){fd, NULL}, peer);
    }
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct door *d = arg;
    struct sockaddr_storage from;
    char peer[NET_ADDRESS_MAX];
    (void)what;
    for (int i = 0; i < ACCEPTS && !d->is_full; i++) {
        int fd = net_accept(listener, &from, peer);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                out_of_descriptors(d);
            }
            return; /* EAGAIN, or a peer that has left already */
        }
        take_peer(d, fd, (const struct sockaddr *)&from, peer);
        if (d->ep->counters.connections_open >= (uint64_t)d->ops->conf(d->arg)->connections) {
            set_accepting(d);
        }
    }
}

static int start_listening(struct door *d, const struct opt_hostport *at, struct diags *diags)
{
    int fd = net_listen(at, d->ep->name, diags);
    if (fd < 0) {
        return ERR_IO;
    }
    if (d->on_accept) {
        event_free(d->on_accept);
        close(d->listener);
    }
    d->listener = fd;
    snprintf(d->host, sizeof d->host, "%.*s", STR_ARG(at->host));
    d->port = at->port;
    net_bound(fd, d->address);
    d->on_accept = event_new(d->ep->loop, fd, EV_READ | EV_PERSIST, on_accept, d);
    set_accepting(d); /* it may be full: who waits would wake the loop again and again */
    log_event(d->ep->log, LOG_LEVEL_INFO, "listening", log_str("source", d->ep->name),
              log_cstr("address", d->address));
    return 0;
}

/* ---- certificates; who is told of their end, and when, is the watcher's (ops/watcher.h) ---- */

/* The files as they are now; *out is NULL where there is to be no TLS. */
static int load_tls(const struct door *d, const struct door_conf *c, struct tls_context **out,
                    struct diags *diags)
{
    char why[TLS_WHY_MAX];
    *out = c->tls ? tls_context_listen(c->tls, why) : NULL;
    if (*out || !c->tls) {
        return 0;
    }
    diag_add(diags, DIAG_ERROR, "tls", DIAG_NOWHERE, "source \"%.*s\": tls: %s",
             STR_ARG(d->ep->name), why);
    return ERR_IO;
}

/* Handshakes under way go on with the context they began with. */
static void use_tls(struct door *d, const struct door_conf *c, struct tls_context *x)
{
    tls_context_unref(&d->before);
    d->before = d->tls;
    d->tls = x;
    const char *what = "";
    d->ep->is_exposed = !x && !admit_is_loopback(c->listen.host);
    d->ep->tls_until_s = x ? tls_context_until_s(x, &what) : 0;
}

/* ---- life ---- */

int door_open(struct door *d, struct diags *diags)
{
    const struct door_conf *c = d->ops->conf(d->arg);
    struct tls_context *x = NULL;
    if (load_tls(d, c, &x, diags) < 0) {
        return ERR_IO;
    }
    if (start_listening(d, &c->listen, diags) < 0) {
        tls_context_unref(&x);
        return ERR_IO;
    }
    use_tls(d, c, x);
    d->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    d->on_breath = evtimer_new(d->ep->loop, on_breath, d);
    return 0;
}

int door_change(struct door *d, const struct door_conf *to, struct diags *diags)
{
    bool is_back = to == d->ops->conf(d->arg);
    bool stays = d->port == to->listen.port && str_is(to->listen.host, d->host);
    struct tls_context *x = NULL;
    if (is_back) {
        x = d->before ? tls_context_ref(d->before) : NULL;
    } else if (load_tls(d, to, &x, diags) < 0) {
        return ERR_IO;
    }
    int failed = stays ? 0 : start_listening(d, &to->listen, diags);
    if (failed < 0 && !is_back) {
        tls_context_unref(&x);
        return failed;
    }
    use_tls(d, to, x); /* on the way back in any case: the rejected ones must not stay in force */
    return failed;
}

void door_shut(struct door *d)
{
    d->is_shut = true;
    greet_end(d);
    set_accepting(d);
    close(d->listener);
    d->listener = -1;
}

void door_close(struct door *d)
{
    greet_end(d);
    tls_context_unref(&d->tls);
    tls_context_unref(&d->before);
    event_free(d->on_accept);
    event_free(d->on_breath);
    if (d->listener >= 0) {
        close(d->listener);
    }
    if (d->reserve >= 0) {
        close(d->reserve);
    }
}
