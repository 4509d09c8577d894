#include "adapters/tell.h"

#include "engine/base/arena.h"
#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdlib.h>

struct tell {
    struct teller *teller;
    tell_verdict_fn verdict;
    struct endpoint ep; /* for the client: name, loop, counters */
    struct http_client *client;
    struct http_call *call; /* NULL: none is under way */
    struct event *limit, *end;
    struct arena arena; /* of the call */
    const char *reason; /* how it ended */
};

static void on_connected(void *arg)
{
    (void)arg; /* one limit for all of it */
}

static void on_done(void *arg, const struct http_answer *a)
{
    struct tell *t = arg;
    t->reason = a->reason ? a->reason : t->verdict(a);
    t->call = NULL;
    event_del(t->limit);
    event_active(t->end, EV_TIMEOUT, 0);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
    struct tell *t = arg;
    (void)fd;
    (void)what; /* a timer */
    http_client_stop(t->call, "no answer within `within`");
}

/* The library has returned: its handles may go. */
static void on_end(evutil_socket_t fd, short what, void *arg)
{
    struct tell *t = arg;
    (void)fd;
    (void)what; /* made active by hand */
    http_client_free(&t->client);
    arena_reset(&t->arena);
    t->teller->done(t->teller, t->reason);
}

struct tell *tell_new(struct teller *teller, tell_verdict_fn verdict)
{
    struct tell *t = X_NEW(struct tell);
    t->teller = teller;
    t->verdict = verdict;
    t->ep = (struct endpoint){.name = str_of(teller->name),
                              .loop = teller->loop,
                              .clock = teller->clock,
                              .log = teller->log};
    t->limit = evtimer_new(teller->loop, on_limit, t);
    t->end = evtimer_new(teller->loop, on_end, t);
    return t;
}

void tell_free(struct tell **tp)
{
    struct tell *t = *tp;
    if (!t) {
        return;
    }
    if (t->call) {
        http_client_stop(t->call, "given up");
    }
    http_client_free(&t->client);
    event_free(t->limit);
    event_free(t->end);
    arena_free(&t->arena);
    free(t);
    *tp = NULL;
}

void tell_send(struct tell *t, const struct http_target *to, struct str body,
               const char *const *headers, int64_t within_ms)
{
    static const struct http_events on = {.connected = on_connected, .done = on_done};
    struct timeval tv = {.tv_sec = within_ms / 1000, .tv_usec = within_ms % 1000 * 1000};
    const char *copies[HTTP_HEADERS_MAX + 1] = {NULL};
    for (unsigned i = 0; headers && headers[i] && i < HTTP_HEADERS_MAX; i++) {
        copies[i] = str_dup(&t->arena, str_of(headers[i])).p;
    }
    t->client = http_client_new(&t->ep, to, &on);
    event_add(t->limit, &tv);
    t->call = http_client_send(t->client, str_dup(&t->arena, body), copies, t);
}

void tell_fail(struct tell *t, const char *reason)
{
    t->reason = reason;
    event_active(t->end, EV_TIMEOUT, 0);
}
