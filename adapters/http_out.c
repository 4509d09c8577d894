/* The sending end of HTTP: deliveries to requests, their time limits, answers to outcomes. */
#include "adapters/http_out_priv.h"
#include "adapters/http_url.h"
#include "adapters/http_verdict.h"
#include "adapters/net_guard.h"
#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdlib.h>

enum { PARALLEL_MAX = 1000, BYTES_KEEP_MAX = 4096 };

static int64_t now_us(const struct http_out *out)
{
    return clock_mono_us(out->ep->clock);
}

/* ---- time ---- */

static void set_timer(struct transfer *t)
{
    int64_t us = t->deadline_us - now_us(t->out);
    us = us > 1000 ? us : 1000;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(t->timer, &tv);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct transfer *t = arg;
    (void)fd;
    (void)what;
    if (now_us(t->out) < t->deadline_us) {
        set_timer(t);
        return;
    }
    t->is_given_up = true;
    http_client_stop(t->call, t->is_connected ? "no answer within reply-within"
                                              : "no connection within connect-within");
}

static void on_connected(void *arg)
{
    struct transfer *t = arg;
    t->is_connected = true;
    t->deadline_us = now_us(t->out) + http_out_conf(t->out)->reply_within * 1000;
    set_timer(t);
}

/* ---- the end of a request ---- */

static void begin(struct transfer *t);

static struct transfer *take_transfer(struct http_out *out)
{
    struct transfer *t = out->spare;
    if (t) {
        out->spare = t->next;
        return t;
    }
    t = X_NEW(struct transfer);
    t->out = out;
    t->timer = evtimer_new(out->ep->loop, on_time, t);
    return t;
}

static void shrink(struct buf *b)
{
    if (b->cap > BYTES_KEEP_MAX) {
        buf_free(b);
    }
    buf_clear(b);
}

/* Empty, for another request. */
static void put_back(struct transfer *t)
{
    buf_wipe(&t->text); /* it has the header of who asks */
    shrink(&t->text);
    shrink(&t->body);
    buf_clear(&t->url);
    t->call = NULL;
    t->is_again = t->is_given_up = false;
    t->method = t->media_type = NULL;
    t->asks = 0;
    t->n = 0;
    t->next = t->out->spare;
    t->out->spare = t;
}

/* The request is over: all of its deliveries end so. It may be used for another one inside the last call. */
static void end_transfer(struct transfer *t, struct outcome o)
{
    struct http_out *out = t->out;
    struct delivery *v[HTTP_BATCH_MAX];
    unsigned n = t->n;
    memcpy(v, t->v, n * sizeof *v);
    event_del(t->timer);
    put_back(t);
    out->flying -= n;
    for (unsigned i = 0; i < n; i++) {
        delivery_done(v[i], o);
    }
}

static void fail(struct transfer *t, const char *why, int64_t retry_after_us)
{
    end_transfer(t, (struct outcome){.verdict = DELIVERY_UNREACHABLE,
                                     .reason = why,
                                     .retry_after_us = retry_after_us});
}

/* Which event of a batch it was that was refused, nobody says: each is asked for by itself, at its next attempt. */
static struct outcome judge(struct transfer *t, const struct http_answer *a)
{
    struct outcome o = http_verdict(a, clock_wall_us(t->out->ep->clock));
    if (t->n > 1 && o.verdict == DELIVERY_REFUSED) {
        o.verdict = DELIVERY_BUSY;
        o.reason = "the batch was refused; each goes by itself now";
    }
    return o;
}

/* A token that ended before its time says nothing of the message: 401 did nothing. */
static bool goes_again(struct transfer *t, const struct http_answer *a)
{
    bool may = (a->status == 401 || a->status == 403) &&
               http_auth_refused(t->out->auth, t->auth_n, a->status);
    if (!may || t->is_again || t->is_given_up) {
        return false;
    }
    t->is_again = true;
    t->text.n = t->text_n;
    return true;
}

static bool goes_on(struct transfer *t, const struct http_answer *a)
{
    const struct http_kind *kind = t->out->kind;
    if (t->is_given_up || !kind->goes_on) {
        return false;
    }
    t->text.n = t->text_n;
    return kind->goes_on(t, a);
}

static void on_done(void *arg, const struct http_answer *a)
{
    struct transfer *t = arg;
    struct http_out *out = t->out;
    if (a->status / 100 == 2) {
        http_auth_served(out->auth, t->auth_n);
    }
    if (goes_again(t, a) || goes_on(t, a)) {
        event_del(t->timer);
        t->call = NULL;
        begin(t);
        return;
    }
    out->ep->counters.messages += t->n; /* once, however many requests it took */
    struct outcome o = out->kind->judge(t, a);
    buf_clear(&out->reply);
    http_verdict_reply(&out->reply, a, o.reason);
    o.reply = buf_str(&out->reply);
    if (t->n == 1 && a->status) { /* of a batch nobody says what is whose */
        o.answer = a->body;
        o.answer_fault = http_verdict_fault(a);
    }
    end_transfer(t, o);
}

/* ---- its beginning ---- */

static void start(struct transfer *t)
{
    struct endpoint *ep = t->out->ep;
    const char *headers[HTTP_HEADERS_MAX + 1];
    t->text_n = t->text.n;
    http_request_end(t);
    http_request_headers(t, headers);
    ep->counters.bytes += http_request_body(t).n;
    t->is_connected = false;
    t->deadline_us = now_us(t->out) + http_out_conf(t->out)->connect_within * 1000;
    set_timer(t);
    t->call = http_client_send_to(t->out->client, t->method, t->url.n ? t->url.p : NULL,
                                  http_request_body(t), headers, t);
}

/* All of its deliveries are there. */
static void begin(struct transfer *t)
{
    struct http_out *out = t->out;
    const char *why = NULL;
    if (!http_sign_ready(&out->sign, out->ep)) {
        fail(t, "the secret of sign cannot be read", 0);
        return;
    }
    switch (http_auth_ask(out->auth, &why)) {
    case HTTP_AUTH_READY:
        start(t);
        return;
    case HTTP_AUTH_WAIT:
        t->next = out->waiting;
        out->waiting = t;
        return;
    case HTTP_AUTH_FAILED:
        fail(t, why, 0);
        return;
    }
}

/* Those that waited for a token go on, in the order they came. */
static void on_auth_end(void *arg, const char *why, int64_t retry_after_us)
{
    struct http_out *out = arg;
    struct transfer *t, *next, *in_order = NULL;
    for (t = out->waiting; t; t = next) {
        next = t->next;
        t->next = in_order;
        in_order = t;
    }
    out->waiting = NULL;
    for (t = in_order; t; t = next) {
        next = t->next;
        if (why) {
            fail(t, why, retry_after_us);
        } else {
            start(t);
        }
    }
}

/* ---- the contract ---- */

const struct http_kind http_kind = {
    .add = http_request_add, .judge = judge, .body_max = HTTP_ANSWER_MAX};

int http_out_open_as(struct destination *d, const struct http_kind *kind)
{
    struct endpoint *ep = destination_endpoint(d);
    struct http_out *out = X_NEW(struct http_out);
    const struct http_out_conf *c = ep->conf;
    struct net_guard *guard = ARENA_NEW(&out->arena, struct net_guard);
    struct http_target target = {.url = c->url.p,
                                 .method = http_methods[c->method],
                                 .tls = c->tls,
                                 .guard = guard,
                                 .body_max = kind->body_max};
    static const struct http_events on = {.connected = on_connected, .done = on_done};
    struct str bad; /* the options were checked */
    *guard = net_guard_new(&out->arena, &c->deny, http_url_host(c->url), &bad);
    out->ep = ep;
    out->kind = kind;
    out->client = http_client_new(ep, &target, &on);
    out->auth = http_auth_new(ep, &target, &(struct http_auth_events){on_auth_end, out});
    ep->state = out;
    return 0;
}

static int http_out_open(struct destination *d, struct diags *diags)
{
    (void)diags; /* what is missing now may be there at the next attempt */
    return http_out_open_as(d, &http_kind);
}

/* As many connections as the destination's `parallel` lets deliveries be under way. */
unsigned http_out_room(struct destination *d)
{
    const struct http_out *out = destination_endpoint(d)->state;
    return PARALLEL_MAX - out->flying;
}

/* Add it to the request; false: it cannot be sent at all, and has ended. */
static bool add(struct transfer *t, struct delivery *d)
{
    const char *why = t->out->kind->add(t, d);
    if (why) {
        delivery_done(
            d, (struct outcome){.verdict = DELIVERY_REFUSED, .reason = why, .reply = str_of(why)});
        return false;
    }
    *delivery_slot(d) = t;
    t->out->flying++;
    return true;
}

static void send_one(struct http_out *out, struct delivery *d)
{
    struct transfer *t = take_transfer(out);
    if (add(t, d)) {
        begin(t);
    } else {
        put_back(t);
    }
}

static bool is_full(const struct transfer *t)
{
    return t->n >= (unsigned)http_out_conf(t->out)->cloudevents->most ||
           t->body.n >= HTTP_BATCH_BYTES;
}

/* First attempts go together; what is repeated goes by itself, so that one bad event does not hold up others again. */
static void send_batches(struct http_out *out, struct delivery **v, size_t n)
{
    struct transfer *t = NULL;
    for (size_t i = 0; i < n; i++) {
        if (delivery_view(v[i]).attempt > 1) {
            send_one(out, v[i]);
            continue;
        }
        t = t ? t : take_transfer(out);
        if (add(t, v[i]) && is_full(t)) {
            begin(t);
            t = NULL;
        }
    }
    if (t && t->n) {
        begin(t);
    } else if (t) {
        put_back(t);
    }
}

void http_out_send(struct destination *d, struct delivery **v, size_t n)
{
    struct http_out *out = destination_endpoint(d)->state;
    if (http_out_is_batch(out)) {
        send_batches(out, v, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        send_one(out, v[i]);
    }
}

void http_out_cancel(struct destination *d, struct delivery *one)
{
    struct http_out *out = destination_endpoint(d)->state;
    struct transfer *t = *delivery_slot(one), **at = &out->waiting;
    if (t->call) {
        t->is_given_up = true;
        http_client_stop(t->call, "canceled");
        return;
    }
    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    fail(t, "canceled", 0);
}

void http_out_close(struct destination *d)
{
    struct http_out *out = destination_endpoint(d)->state;
    http_auth_free(&out->auth);
    http_client_free(&out->client);
    while (out->spare) {
        struct transfer *t = out->spare;
        out->spare = t->next;
        event_free(t->timer);
        buf_forget(&t->text);
        buf_free(&t->body);
        buf_free(&t->url);
        free(t);
    }
    webhook_secrets_clear(&out->sign.secrets);
    buf_free(&out->reply);
    arena_free(&out->arena);
    free(out);
    destination_endpoint(d)->state = NULL;
}

const struct destination_ops http_destination = {
    .batch = HTTP_BATCH_MAX,
    .open = http_out_open,
    .room = http_out_room,
    .send = http_out_send,
    .cancel = http_out_cancel,
    .close = http_out_close,
};

const struct adapter http_adapter = {
    .name = "http",
    .summary = "HTTP requests, one for each message",
    .in_opts = http_in_opts,
    .in_conf_size = sizeof(struct http_in_conf),
    .in = &http_source,
    .in_check = http_in_check,
    .out_opts = http_out_opts,
    .out_conf_size = sizeof(struct http_out_conf),
    .out = &http_destination,
    .out_check = http_out_check,
    .out_is_exposed = http_out_is_exposed,
};
