#include "adapters/greet.h"

#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINGER_MS =
        2000, /* after a failure: read on and forget, so that the alert is not lost in a reset */
    LINGER_READ = 4096,
};

struct greet {
    struct greet *next, **link;
    struct door *door;
    struct line line;
    struct event *event;
    int64_t deadline_us;
    bool is_lingering;
    char peer[NET_ADDRESS_MAX];
};

static int64_t now_us(const struct greet *g)
{
    return clock_mono_us(g->door->ep->clock);
}

static void greet_free(struct greet *g)
{
    *g->link = g->next;
    if (g->next) {
        g->next->link = g->link;
    }
    event_free(g->event);
    free(g);
}

static void hang_up(struct greet *g)
{
    struct door *d = g->door;
    line_close(&g->line);
    greet_free(g);
    door_left(d);
}

static void on_event(evutil_socket_t fd, short what, void *arg);

/* Until the deadline of the whole, not from the last byte on. */
static void wait_for(struct greet *g, short what)
{
    int64_t us = g->deadline_us - now_us(g);
    us = us > 1000 ? us : 1000;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_del(g->event);
    event_assign(g->event, g->door->ep->loop, g->line.fd, what, on_event, g);
    event_add(g->event, &tv);
}

static void refuse(struct greet *g, const char *why)
{
    door_refuse(g->door, "tls-refused", g->peer, why, tls_subject(g->line.tls));
    g->is_lingering = true;
    g->deadline_us = now_us(g) + LINGER_MS * 1000;
    line_end(&g->line);
    wait_for(g, EV_READ);
}

static void linger(struct greet *g)
{
    char bytes[LINGER_READ];
    ssize_t n = recv(g->line.fd, bytes, sizeof bytes, 0);
    if (n <= 0 || now_us(g) >= g->deadline_us) {
        hang_up(g);
        return;
    }
    wait_for(g, EV_READ);
}

static void welcome(struct greet *g)
{
    struct door *d = g->door;
    struct line line = g->line;
    char peer[NET_ADDRESS_MAX];
    memcpy(peer, g->peer, sizeof peer);
    greet_free(g);
    d->ops->on_peer(d->arg, line, peer);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct greet *g = arg;
    (void)fd;
    if (g->is_lingering) {
        linger(g);
        return;
    }
    if (what & EV_TIMEOUT || now_us(g) >= g->deadline_us) {
        door_refuse(g->door, "tls-refused", g->peer, "no handshake within handshake-within", "");
        hang_up(g);
        return;
    }
    switch (tls_handshake(g->line.tls)) {
    case TLS_DONE:
        welcome(g);
        break;
    case TLS_WANTS_READ:
        wait_for(g, EV_READ);
        break;
    case TLS_WANTS_WRITE:
        wait_for(g, EV_WRITE);
        break;
    case TLS_FAILED:
        refuse(g, tls_why(g->line.tls));
        break;
    }
}

void greet_begin(struct door *d, int fd, const char *peer)
{
    struct greet *g = X_NEW(struct greet);
    g->door = d;
    g->line = (struct line){fd, tls_new(d->tls, fd, NULL)};
    g->deadline_us = now_us(g) + d->ops->conf(d->arg)->tls->handshake_within * 1000;
    memcpy(g->peer, peer, strnlen(peer, sizeof g->peer - 1));
    g->next = d->greets;
    g->link = &d->greets;
    if (g->next) {
        g->next->link = &g->next;
    }
    d->greets = g;
    g->event = event_new(d->ep->loop, fd, EV_READ, on_event, g);
    wait_for(g, EV_READ);
}

void greet_end(struct door *d)
{
    for (struct greet *g = d->greets, *next; g; g = next) {
        next = g->next;
        hang_up(g);
    }
}
