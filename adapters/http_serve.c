#include "adapters/http_serve.h"

static const struct door_conf *door_conf_of(void *arg)
{
    const struct http_serve *s = arg;
    const struct http_serve_conf *c = s->ep->conf;
    return &c->door;
}

static void on_peer(void *arg, struct line line, const char *peer)
{
    http_conn_new(arg, line, peer);
}

static const struct door_ops door_ops = {door_conf_of, on_peer};

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct http_serve *s = arg;
    int64_t now = clock_mono_us(s->ep->clock);
    (void)fd;
    (void)what;
    for (struct http_conn *c = s->first, *next; c; c = next) {
        next = c->next;
        http_conn_check(c, now);
    }
}

int http_serve_open(struct http_serve *s, struct diags *d)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    s->door = (struct door){.ep = s->ep, .ops = &door_ops, .arg = s};
    int failed = door_open(&s->door, d);
    if (failed < 0) {
        return failed;
    }
    s->on_sweep = event_new(s->ep->loop, -1, EV_PERSIST, on_sweep, s);
    event_add(s->on_sweep, &second);
    return 0;
}

void http_serve_close(struct http_serve *s)
{
    s->is_draining = true;
    while (s->first) {
        http_conn_free(s->first);
    }
    event_free(s->on_sweep);
    door_close(&s->door);
}

/* ---- as the engine calls it ---- */

static struct http_serve *serve_of(struct source *s)
{
    return source_endpoint(s)->state;
}

void http_serve_abandon(struct source *s, void *conn, uint64_t token)
{
    struct http_conn *c = conn;
    (void)s;
    (void)token; /* one exchange at a time */
    if (!c->is_gone) {
        c->closes = true;
        c->serve->ops->refuse(c, 504, "no answer in time; send it again");
    }
    http_conn_answered(c);
}

void http_serve_pause(struct source *s)
{
    serve_of(s)->is_paused = true; /* whole requests find out when they are offered */
}

void http_serve_resume(struct source *s)
{
    struct http_serve *serve = serve_of(s);
    serve->is_paused = false;
    for (struct http_conn *c = serve->first, *next; c && !serve->is_paused; c = next) {
        next = c->next;
        http_conn_resume(c);
    }
}

void http_serve_drain(struct source *s)
{
    struct http_serve *serve = serve_of(s);
    serve->is_draining = true;
    door_shut(&serve->door);
    for (struct http_conn *c = serve->first, *next; c; c = next) {
        next = c->next;
        http_conn_end(c);
    }
}

struct str http_serve_address(struct source *s)
{
    return str_of(serve_of(s)->door.address);
}
