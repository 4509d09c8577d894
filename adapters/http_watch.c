#include "adapters/http_watch.h"

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct http_watch *w = arg;
    w->on_ready(w->arg, fd, what & EV_READ, what & EV_WRITE);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct http_watch *w = arg;
    (void)fd;
    (void)what;
    w->on_time(w->arg);
}

void http_watch_open(struct http_watch *w)
{
    w->timer = evtimer_new(w->loop, on_time, w);
}

void http_watch_close(struct http_watch *w)
{
    event_free(w->timer);
}

struct event *http_watch_socket(struct http_watch *w, int fd, struct event *was, bool in, bool out)
{
    short what = (short)(EV_PERSIST | (in ? EV_READ : 0) | (out ? EV_WRITE : 0));
    if (was && (in || out)) {
        event_del(was);
        event_assign(was, w->loop, fd, what, on_ready, w);
    } else if (was) {
        event_free(was);
        was = NULL;
    } else if (in || out) {
        was = event_new(w->loop, fd, what, on_ready, w);
    }
    if (was) {
        event_add(was, NULL);
    }
    return was;
}

void http_watch_timer(struct http_watch *w, long ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (ms < 0) {
        event_del(w->timer);
    } else {
        event_add(w->timer, &tv);
    }
}
