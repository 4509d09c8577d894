/* http_watch.h - what a client library wants from the event loop: sockets watched, one timer. Neither knows
 * the other. Loop thread. */
#ifndef CORRIDOR_ADAPTERS_HTTP_WATCH_H
#define CORRIDOR_ADAPTERS_HTTP_WATCH_H

#include <event2/event.h>
#include <stdbool.h>

struct http_watch {
    struct event_base *loop;
    struct event *timer;
    void (*on_ready)(void *arg, int fd, bool in, bool out);
    void (*on_time)(void *arg);
    void *arg;
};

/* Set `loop`, the callbacks and `arg` before. */
void http_watch_open(struct http_watch *w);
void http_watch_close(struct http_watch *w);
/* Watch `fd` for what is wanted from now on; neither: no more. `was` is what the last call for it returned,
 * or NULL; it is used up. */
struct event *http_watch_socket(struct http_watch *w, int fd, struct event *was, bool in, bool out);
/* on_time() once, in `ms`; below 0: not at all. */
void http_watch_timer(struct http_watch *w, long ms);

#endif
