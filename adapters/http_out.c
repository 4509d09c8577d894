/* The sending end of HTTP: deliveries to requests, their time limits, answers to outcomes. */
#include "adapters/http.h"
#include "adapters/http_client.h"
#include "adapters/http_verdict.h"
#include "engine/flow/secret.h"
#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdlib.h>

enum { PARALLEL_MAX = 1000, TEXT_KEEP_MAX = 4096 };

/* A delivery on its way. */
struct transfer {
    struct transfer *next; /* spare */
    struct http_out *out;
    struct delivery *delivery;
    struct http_call *call;
    struct event *timer; /* moved only when it fires */
    int64_t deadline_us;
    bool is_connected;
    struct buf text; /* its own headers, each with a NUL */
};

struct http_out {
    struct endpoint *ep;
    struct http_client *client;
    struct buf bearer; /* "Authorization: Bearer ..", NUL; empty: not read yet */
    struct buf reply;  /* scratch of one answer */
    struct transfer *spare;
    unsigned flying;
};

static const struct http_out_conf *conf_of(const struct http_out *out)
{
    return out->ep->conf;
}

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
    http_client_stop(t->call, t->is_connected ? "no answer within reply-within"
                                              : "no connection within connect-within");
}

static void on_connected(void *arg)
{
    struct transfer *t = arg;
    t->is_connected = true;
    t->deadline_us = now_us(t->out) + conf_of(t->out)->reply_within * 1000;
    set_timer(t);
}

/* ---- the answer ---- */

/* The status line, then the body: by itself neither tells what the peer said. */
static struct str reply_of(struct http_out *out, const struct http_answer *a)
{
    buf_clear(&out->reply);
    if (a->status) {
        buf_printf(&out->reply, "HTTP/1.1 %d\r\n\r\n", a->status);
        buf_put_str(&out->reply, a->body);
    }
    return buf_str(&out->reply);
}

static void on_done(void *arg, const struct http_answer *a)
{
    struct transfer *t = arg;
    struct http_out *out = t->out;
    struct outcome o = http_verdict(a, clock_wall_us(out->ep->clock));
    o.reply = reply_of(out, a);
    if (a->status == 401 || a->status == 403) {
        buf_clear(&out->bearer); /* perhaps there is a newer one */
    }
    event_del(t->timer);
    if (t->text.cap > TEXT_KEEP_MAX) {
        buf_free(&t->text);
    }
    t->call = NULL;
    t->next = out->spare;
    out->spare = t;
    out->flying--;
    delivery_done(t->delivery, o);
}

/* ---- the request ---- */

static const char *read_bearer(struct http_out *out)
{
    const struct opt_secret *from = &conf_of(out)->bearer;
    buf_clear(&out->bearer);
    buf_puts(&out->bearer, "Authorization: Bearer ");
    size_t n = out->bearer.n;
    const char *why = secret_read(from, &out->bearer);
    for (size_t i = n; !why && i < out->bearer.n; i++) {
        if (out->bearer.p[i] <= ' ' || out->bearer.p[i] > '~') {
            why = "it is no token: it has blanks or characters that no header can carry";
        }
    }
    buf_putc(&out->bearer, 0);
    return why;
}

/* False: there should be a token, and there is none. */
static bool has_bearer(struct http_out *out)
{
    if (conf_of(out)->bearer.from == OPT_SECRET_NONE || out->bearer.n) {
        return true;
    }
    const char *why = read_bearer(out);
    if (why) {
        buf_clear(&out->bearer);
        log_event(out->ep->log, LOG_LEVEL_ERROR, "no-secret", log_str("destination", out->ep->name),
                  log_cstr("option", "bearer"), log_str("name", conf_of(out)->bearer.name),
                  log_cstr("text", why));
    }
    return !why;
}

static void put_own_headers(struct transfer *t)
{
    struct delivery_view v = delivery_view(t->delivery);
    struct str type = conf_of(t->out)->content_type;
    if (!type.n) {
        type = v.is_json ? STR("application/json") : STR("application/hl7-v2");
    }
    buf_clear(&t->text);
    buf_printf(&t->text, "Content-Type: %.*s", STR_ARG(type));
    buf_putc(&t->text, 0);
    buf_printf(&t->text, "Idempotency-Key: %.*s", STR_ARG(delivery_id(t->delivery)));
    buf_putc(&t->text, 0);
    buf_printf(&t->text, "Corridor-Attempt: %u", v.attempt);
    buf_putc(&t->text, 0);
    buf_put_str(&t->text, buf_str(&t->out->bearer)); /* a copy: it may be read anew meanwhile */
}

static void start(struct transfer *t)
{
    const struct http_out_conf *c = conf_of(t->out);
    struct endpoint *ep = t->out->ep;
    struct str body = delivery_view(t->delivery).payload;
    const char *headers[HTTP_HEADERS_MAX + 1];
    unsigned n = 0;
    put_own_headers(t);
    headers[n++] = "Expect:"; /* a round trip less */
    for (size_t at = 0; at < t->text.n; at += strlen(t->text.p + at) + 1) {
        headers[n++] = t->text.p + at;
    }
    for (size_t i = 0; i < c->headers.n && n < HTTP_HEADERS_MAX; i++) {
        headers[n++] = c->headers.v[i].p; /* option texts end in NUL */
    }
    headers[n] = NULL;
    ep->counters.messages++;
    ep->counters.bytes += body.n;
    t->is_connected = false;
    t->deadline_us = now_us(t->out) + c->connect_within * 1000;
    set_timer(t);
    t->call = http_client_send(t->out->client, body, headers, t);
}

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

/* ---- the contract ---- */

static int http_out_open(struct destination *d, struct diags *diags)
{
    (void)diags; /* what is missing now may be there at the next attempt */
    struct endpoint *ep = destination_endpoint(d);
    struct http_out *out = X_NEW(struct http_out);
    const struct http_out_conf *c = ep->conf;
    struct http_target target = {.url = c->url.p, .method = http_methods[c->method], .tls = c->tls};
    static const struct http_events on = {.connected = on_connected, .done = on_done};
    out->ep = ep;
    out->client = http_client_new(ep, &target, &on);
    ep->state = out;
    return 0;
}

/* As many connections as the destination's `parallel` lets deliveries be under way. */
static unsigned http_out_room(struct destination *d)
{
    const struct http_out *out = destination_endpoint(d)->state;
    return PARALLEL_MAX - out->flying;
}

static void http_out_send(struct destination *d, struct delivery **v, size_t n)
{
    struct http_out *out = destination_endpoint(d)->state;
    bool can = has_bearer(out);
    for (size_t i = 0; i < n; i++) {
        if (!can) {
            delivery_done(v[i], (struct outcome){.verdict = DELIVERY_UNREACHABLE,
                                                 .reason = "the secret of bearer cannot be read"});
            continue;
        }
        struct transfer *t = take_transfer(out);
        t->delivery = v[i];
        *delivery_slot(v[i]) = t;
        out->flying++;
        start(t);
    }
}

static void http_out_cancel(struct destination *d, struct delivery *one)
{
    struct transfer *t = *delivery_slot(one);
    (void)d;
    http_client_stop(t->call, "canceled");
}

static void http_out_close(struct destination *d)
{
    struct http_out *out = destination_endpoint(d)->state;
    http_client_free(&out->client);
    while (out->spare) {
        struct transfer *t = out->spare;
        out->spare = t->next;
        event_free(t->timer);
        buf_free(&t->text);
        free(t);
    }
    buf_free(&out->bearer);
    buf_free(&out->reply);
    free(out);
    destination_endpoint(d)->state = NULL;
}

const struct destination_ops http_destination = {
    .batch = 64,
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
};
