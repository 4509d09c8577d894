#include "adapters/http_oauth.h"

#include "adapters/http_client.h"
#include "adapters/http_smart.h"
#include "adapters/http_token.h"
#include "adapters/http_url.h"
#include "adapters/http_verdict.h"
#include "adapters/net_guard.h"
#include "engine/flow/secret.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdlib.h>

enum { SEND_IN_HEADER, SEND_IN_BODY };

struct http_oauth {
    struct endpoint *ep;
    struct http_auth_events on;
    struct arena arena;     /* of `guard` */
    struct net_guard guard; /* what the URL of the tokens itself names is meant */
    struct http_client *client;
    struct http_call *call; /* the request for a token; NULL: none is under way */
    struct event *timer;
    bool is_connected;
    struct buf form, basic; /* of that request */
    struct buf header;      /* "Authorization: Bearer ..", NUL; empty: there is no token */
    uint64_t n;             /* tokens so far */
    uint64_t served_n;      /* the last of them that a request was answered well with; 0: none */
    int64_t renew_us, until_us, asked_us, forced_us; /* monotonic; forced_us 0: never */
    const char *told;                                /* the trouble that was last told */
};

static const struct http_out_conf *conf_of(const struct http_oauth *o)
{
    return o->ep->conf;
}

static int64_t now_us(const struct http_oauth *o)
{
    return clock_mono_us(o->ep->clock);
}

/* ---- what is sent ---- */

/* As HTML forms have it: RFC 6749 appendix B. */
static void put_encoded(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        if (is_plain) {
            buf_putc(out, (char)c);
        } else {
            buf_printf(out, "%%%02X", c);
        }
    }
}

static void put_field(struct buf *out, const char *name, struct str value)
{
    if (value.n) {
        buf_printf(out, "%s%s=", out->n ? "&" : "", name);
        put_encoded(out, value);
    }
}

static void put_basic(struct buf *out, struct str id, struct str secret)
{
    struct buf pair = {0};
    put_encoded(&pair, id);
    buf_putc(&pair, ':');
    put_encoded(&pair, secret);
    buf_puts(out, "Authorization: Basic ");
    base64_put(out, buf_str(&pair));
    buf_forget(&pair);
}

/* NULL, or why there is no assertion. */
static const char *compose_smart(struct http_oauth *o, const struct http_smart_conf *c)
{
    struct buf assertion = {0};
    struct rng rng = rng_real();
    const char *why = http_smart_put(&assertion, c, clock_wall_us(o->ep->clock), &rng);
    if (!why) {
        put_field(&o->form, "grant_type", STR("client_credentials"));
        put_field(&o->form, "scope", c->scope);
        put_field(&o->form, "client_assertion_type",
                  STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        put_field(&o->form, "client_assertion", buf_str(&assertion));
    }
    buf_forget(&assertion);
    return why;
}

/* NULL, or why the secret cannot be read. */
static const char *compose(struct http_oauth *o)
{
    const struct http_oauth_conf *c = conf_of(o)->auth->oauth2;
    struct buf secret = {0};
    buf_clear(&o->form);
    buf_clear(&o->basic);
    if (!c) {
        return compose_smart(o, conf_of(o)->auth->smart);
    }
    const char *why = secret_read(&c->client_secret, &secret);
    if (!why) {
        put_field(&o->form, "grant_type", STR("client_credentials"));
        put_field(&o->form, "scope", c->scope);
        put_field(&o->form, "audience", c->audience);
        if (c->send_secret == SEND_IN_BODY) {
            put_field(&o->form, "client_id", c->client_id);
            put_field(&o->form, "client_secret", buf_str(&secret));
        } else {
            put_basic(&o->basic, c->client_id, buf_str(&secret));
        }
        buf_putc(&o->basic, '\0');
    }
    buf_forget(&secret);
    return why;
}

/* ---- time ---- */

static void set_timer(struct http_oauth *o, int64_t ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_add(o->timer, &tv);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct http_oauth *o = arg;
    (void)fd;
    (void)what;
    http_client_stop(o->call, o->is_connected ? "no token: the token server does not answer"
                                              : "no token: the token server cannot be reached");
}

static void on_connected(void *arg)
{
    struct http_oauth *o = arg;
    o->is_connected = true;
    set_timer(o, conf_of(o)->reply_within);
}

/* ---- what comes back ---- */

/* Once for each trouble, and once when it is over. `text`: more of it, static; "": nothing. */
static void tell(struct http_oauth *o, const char *why, const char *text, int64_t life_s)
{
    struct log_field who = log_str("destination", o->ep->name);
    if (why && why != o->told && *text) {
        log_event(o->ep->log, LOG_LEVEL_ERROR, "no-token", who, log_cstr("reason", why),
                  log_cstr("text", text));
    } else if (why && why != o->told) {
        log_event(o->ep->log, LOG_LEVEL_ERROR, "no-token", who, log_cstr("reason", why));
    } else if (!why) {
        log_event(o->ep->log, LOG_LEVEL_INFO, "token", who, log_int("seconds", life_s));
    }
    o->told = why;
}

static void keep(struct http_oauth *o, const struct http_token *t)
{
    int64_t life_us = t->life_s * 1000000, now = now_us(o);
    buf_forget(&o->header);
    buf_printf(&o->header, "Authorization: Bearer %.*s", STR_ARG(t->access));
    buf_putc(&o->header, '\0');
    o->renew_us = now + life_us / 4 * 3;
    o->until_us = now + life_us / 10 * 9;
    o->n++;
}

static bool is_ours(const struct http_answer *a)
{
    return a->reason && str_starts(str_of(a->reason), STR("no token"));
}

static const char *no_answer(const struct http_answer *a)
{
    return is_ours(a)   ? a->reason
           : a->is_sent ? "no token: the token server gives no answer"
                        : "no token: the token server cannot be reached";
}

static struct http_token read_answer(struct arena *arena, const struct http_answer *a)
{
    if (!a->status) {
        return (struct http_token){.reason = no_answer(a)};
    }
    if (a->is_late) {
        return (struct http_token){.reason = "no token: the token server does not answer"};
    }
    if (a->is_cut) {
        return (struct http_token){.reason = "no token: the token server's answer was cut short"};
    }
    return http_token_read(arena, a->status, a->body);
}

static void on_done(void *arg, const struct http_answer *a)
{
    struct http_oauth *o = arg;
    struct arena arena = {0};
    struct http_token t = read_answer(&arena, a);
    const char *text = a->reason && !is_ours(a) ? a->reason : "";
    int64_t wish = 0;
    o->call = NULL;
    event_del(o->timer);
    buf_forget(&o->form);
    buf_forget(&o->basic);
    if (t.reason) {
        (void)http_retry_after(a->retry_after, clock_wall_us(o->ep->clock), &wish);
    } else {
        keep(o, &t);
    }
    tell(o, t.reason, text, t.life_s);
    arena_free(&arena);
    o->on.on_end(o->on.arg, t.reason, wish < HTTP_RETRY_MAX_US ? wish : HTTP_RETRY_MAX_US);
}

/* ---- asking ---- */

static const char *begin(struct http_oauth *o)
{
    const char *headers[] = {"Content-Type: application/x-www-form-urlencoded",
                             "Accept: application/json",
                             "Accept-Encoding: identity",
                             "Expect:",
                             NULL,
                             NULL};
    const char *why = compose(o);
    o->asked_us = now_us(o);
    if (why) {
        const struct http_auth_conf *c = conf_of(o)->auth;
        log_event(o->ep->log, LOG_LEVEL_ERROR, "no-secret", log_str("destination", o->ep->name),
                  log_cstr("option", c->smart ? "key" : "client-secret"),
                  log_str("name", c->smart ? c->smart->key.name : c->oauth2->client_secret.name),
                  log_cstr("text", why));
        return c->smart ? "no token: the key cannot be used"
                        : "no token: client-secret cannot be read";
    }
    headers[4] = o->basic.n > 1 ? o->basic.p : NULL;
    o->is_connected = false;
    set_timer(o, conf_of(o)->connect_within);
    o->call = http_client_send(o->client, buf_str(&o->form), headers, o);
    return NULL;
}

enum http_auth_state http_oauth_ask(struct http_oauth *o, const char **out_why)
{
    int64_t now = now_us(o);
    bool holds = o->header.n && now < o->until_us;
    if (holds) {
        if (now >= o->renew_us && !o->call && now - o->asked_us >= HTTP_OAUTH_AGAIN_US) {
            (void)begin(o); /* told in the log; the token holds for now */
        }
        return HTTP_AUTH_READY;
    }
    const char *why = o->call ? NULL : begin(o);
    if (why) {
        *out_why = why;
        return HTTP_AUTH_FAILED;
    }
    return HTTP_AUTH_WAIT;
}

struct str http_oauth_header(const struct http_oauth *o, uint64_t *out_n)
{
    *out_n = o->n;
    return buf_str(&o->header);
}

void http_oauth_served(struct http_oauth *o, uint64_t n)
{
    o->served_n = n;
}

/* The server may have forgotten the token before its time; but one that refuses every token gets no flood of new ones. */
bool http_oauth_refused(struct http_oauth *o, uint64_t n)
{
    int64_t now = now_us(o);
    bool may = n == o->served_n || !o->forced_us || now - o->forced_us >= HTTP_OAUTH_FORCE_US;
    if (n == o->n && o->header.n && may) {
        o->forced_us = now;
        buf_forget(&o->header);
    }
    return n != o->n || !o->header.n;
}

/* ---- life ---- */

struct http_oauth *http_oauth_new(struct endpoint *ep, const struct http_target *target,
                                  const struct http_auth_events *on)
{
    static const struct http_events events = {.connected = on_connected, .done = on_done};
    struct http_oauth *o = X_NEW(struct http_oauth);
    const struct http_out_conf *c = ep->conf;
    struct str url = http_token_url(c), bad; /* the options were checked */
    struct http_target t = *target;
    o->guard = net_guard_new(&o->arena, &c->deny, http_url_host(url), &bad);
    t.url = url.p;
    t.method = "POST";
    t.guard = &o->guard;
    o->ep = ep;
    o->on = *on;
    o->timer = evtimer_new(ep->loop, on_time, o);
    o->client = http_client_new(ep, &t, &events);
    return o;
}

static void nobody_waits(void *arg, const char *why, int64_t retry_after_us)
{
    (void)arg, (void)why, (void)retry_after_us; /* the destination is closing */
}

void http_oauth_free(struct http_oauth **op)
{
    struct http_oauth *o = *op;
    if (!o) {
        return;
    }
    o->on.on_end = nobody_waits;
    if (o->call) {
        http_client_stop(o->call, "no token: the destination closes");
    }
    http_client_free(&o->client);
    event_free(o->timer);
    buf_forget(&o->form);
    buf_forget(&o->basic);
    buf_forget(&o->header);
    arena_free(&o->arena);
    free(o);
    *op = NULL;
}
