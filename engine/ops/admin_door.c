/* What happens at a door when descriptors are short. libevent's server takes all that come, and an accept() that fails is tried
 * again at once, for ever. Those who watch must not take what the feeds need. */
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/ops/admin_priv.h"

enum { KEPT_PART = 8, KEPT_MIN = 16 }; /* descriptors for feeds: so much of all, so many at least */

/* New descriptors are the lowest numbers that are free. */
static bool are_few_left(void)
{
    struct rlimit most;
    int lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0 || getrlimit(RLIMIT_NOFILE, &most) != 0) {
        return true;
    }
    (void)close(lowest);
    rlim_t kept = most.rlim_cur / KEPT_PART > KEPT_MIN ? most.rlim_cur / KEPT_PART : KEPT_MIN;
    return (rlim_t)lowest + kept >= most.rlim_cur;
}

/* Whoever knocks waits until the next tick; this one is served. */
static struct bufferevent *on_connection(struct event_base *loop, void *arg)
{
    struct admin_door *d = arg;
    if (d != &d->admin->unix_door && d->listener && are_few_left()) {
        (void)evconnlistener_disable(d->listener);
    }
    return bufferevent_socket_new(loop, -1, 0);
}

static void on_error(struct evconnlistener *listener, void *arg)
{
    (void)arg; /* libevent's own */
    (void)evconnlistener_disable(listener);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct admin_door *d = arg;
    (void)fd;
    (void)what; /* a timer */
    if (d == &d->admin->unix_door || !are_few_left()) {
        (void)evconnlistener_enable(d->listener);
    }
}

void admin_door_watch(struct admin_door *d, struct evhttp_bound_socket *bound)
{
    static const struct timeval second = {1, 0};
    d->listener = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(d->listener, on_error);
    evhttp_set_bevcb(d->http, on_connection, d);
    d->on_tick = event_new(d->admin->loop, -1, EV_PERSIST, on_tick, d);
    event_add(d->on_tick, &second);
}

void admin_door_close(struct admin_door *d)
{
    if (d->on_tick) {
        event_free(d->on_tick);
    }
    if (d->http) {
        evhttp_free(d->http);
    }
}
