#include "adapters/door.h"

#include "engine/base/err.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

enum { ACCEPTS = 64 }; /* of one event */

static void set_accepting(struct door *d)
{
    bool is_full = d->ep->counters.connections_open >= (uint64_t)d->ops->limit(d->arg);
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

/* No descriptor is left: give up the reserve to turn one peer away, then do not ask for a second. */
static void out_of_descriptors(struct door *d)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    char peer[NET_ADDRESS_MAX] = "";
    if (d->reserve >= 0) {
        close(d->reserve);
        int fd = net_accept(d->listener, peer);
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

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct door *d = arg;
    char peer[NET_ADDRESS_MAX];
    (void)what;
    for (int i = 0; i < ACCEPTS && !d->is_full; i++) {
        int fd = net_accept(listener, peer);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                out_of_descriptors(d);
            }
            return; /* EAGAIN, or a peer that has left already */
        }
        d->ep->counters.connections++;
        d->ep->counters.connections_open++;
        d->ops->on_peer(d->arg, fd, peer);
        if (d->ep->counters.connections_open >= (uint64_t)d->ops->limit(d->arg)) {
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
    net_bound(fd, d->address);
    d->on_accept = event_new(d->ep->loop, fd, EV_READ | EV_PERSIST, on_accept, d);
    event_add(d->on_accept, NULL);
    log_event(d->ep->log, LOG_LEVEL_INFO, "listening", log_str("source", d->ep->name),
              log_cstr("address", d->address));
    return 0;
}

int door_open(struct door *d, const struct opt_hostport *at, struct diags *diags)
{
    if (start_listening(d, at, diags) < 0) {
        return ERR_IO;
    }
    d->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    d->on_breath = evtimer_new(d->ep->loop, on_breath, d);
    return 0;
}

int door_move(struct door *d, const struct opt_hostport *from, const struct opt_hostport *to,
              struct diags *diags)
{
    if (from->port == to->port && str_eq(from->host, to->host)) {
        return 0;
    }
    return start_listening(d, to, diags);
}

void door_shut(struct door *d)
{
    d->is_shut = true;
    set_accepting(d);
    close(d->listener);
    d->listener = -1;
}

void door_close(struct door *d)
{
    event_free(d->on_accept);
    event_free(d->on_breath);
    if (d->listener >= 0) {
        close(d->listener);
    }
    if (d->reserve >= 0) {
        close(d->reserve);
    }
}
