/* A delivery as a request: the payload as it is, as a CloudEvent, or with others in a batch of them; and the headers. */
#include "adapters/http_event.h"
#include "adapters/http_out_priv.h"
#include "engine/base/sha256.h"

static struct str data_type(const struct http_out_conf *c, bool is_json)
{
    if (c->content_type.n) {
        return c->content_type;
    }
    return is_json ? STR("application/json") : STR("application/hl7-v2");
}

/* ---- events ---- */

/* `content-type` may say that what a map made is no JSON to the receiver, and is carried as text then. */
static bool is_json_data(struct str type)
{
    return str_find(type, STR("json")) >= 0;
}

static bool make_event(struct transfer *t, struct delivery *d, struct arena *a,
                       struct http_event *out)
{
    const struct http_out_conf *c = http_out_conf(t->out);
    struct delivery_view v = delivery_view(d);
    struct str type = data_type(c, v.is_json);
    *out = (struct http_event){
        .id = delivery_id(d),
        .source = c->cloudevents->source,
        .type = http_event_fill(a, c->cloudevents->type, v.payload, v.is_json),
        .subject = http_event_fill(a, c->cloudevents->subject, v.payload, v.is_json),
        .time_us = v.received_us,
        .content_type = type,
        .payload = v.payload,
        .is_json = v.is_json && is_json_data(type)};
    return out->type.n > 0;
}

static void add_event(struct transfer *t, const struct http_event *e)
{
    switch ((enum http_event_mode)http_out_conf(t->out)->cloudevents->mode) {
    case HTTP_EVENT_BINARY:
        http_event_put_headers(&t->text, e);
        return;
    case HTTP_EVENT_BATCH:
        buf_putc(&t->body, t->n ? ',' : '[');
        break;
    case HTTP_EVENT_STRUCTURED:
        break;
    }
    http_event_put_json(&t->body, e);
}

const char *http_request_add(struct transfer *t, struct delivery *d)
{
    struct arena a = {0};
    struct http_event e;
    if (http_out_conf(t->out)->cloudevents) {
        bool is_whole = make_event(t, d, &a, &e);
        if (is_whole) {
            add_event(t, &e);
        }
        arena_free(&a);
        if (!is_whole) {
            return "the type of the CloudEvent needs a value that the payload does not have";
        }
    }
    t->v[t->n++] = d;
    return NULL;
}

/* ---- headers ---- */

/* A batch has no id; the same events in the same order give the same. */
static void put_batch_id(struct buf *out, const struct transfer *t)
{
    uint8_t hash[SHA256_SIZE];
    struct sha256 s;
    sha256_begin(&s);
    for (unsigned i = 0; i < t->n; i++) {
        struct str id = delivery_id(t->v[i]);
        sha256_add(&s, id.p, id.n);
    }
    sha256_end(&s, hash);
    for (unsigned i = 0; i < SHA256_SIZE / 2; i++) {
        buf_printf(out, "%02x", hash[i]);
    }
}

static struct str content_type(const struct transfer *t)
{
    const struct http_out_conf *c = http_out_conf(t->out);
    const char *own = t->media_type ? t->media_type : t->out->kind->content_type;
    if (own) {
        return str_of(own);
    }
    int mode = c->cloudevents ? c->cloudevents->mode : HTTP_EVENT_BINARY;
    if (mode == HTTP_EVENT_BATCH) {
        return STR("application/cloudevents-batch+json");
    }
    if (mode == HTTP_EVENT_STRUCTURED) {
        return STR("application/cloudevents+json");
    }
    return data_type(c, delivery_view(t->v[0]).is_json);
}

void http_request_end(struct transfer *t)
{
    const struct http_out *out = t->out;
    struct buf id = {0};
    if (http_out_is_batch(out) && !t->is_again) {
        buf_putc(&t->body, ']');
    }
    if (t->n > 1) {
        put_batch_id(&id, t);
    } else {
        buf_put_str(&id, delivery_id(t->v[0]));
    }
    buf_printf(&t->text, "Content-Type:%s%.*s", t->media_type && !*t->media_type ? "" : " ",
               STR_ARG(content_type(t)));
    buf_putc(&t->text, '\0');
    buf_printf(&t->text, "Idempotency-Key: %.*s", STR_ARG(buf_str(&id)));
    buf_putc(&t->text, '\0');
    buf_printf(&t->text, "Corridor-Attempt: %u", delivery_view(t->v[0]).attempt);
    buf_putc(&t->text, '\0');
    if (http_out_conf(out)->sign) {
        http_sign_put(&out->sign, &t->text, buf_str(&id), clock_wall_us(out->ep->clock),
                      http_request_body(t));
    }
    buf_put_str(&t->text, http_auth_header(out->auth, &t->auth_n)); /* a copy: it may be renewed */
    buf_free(&id);
}

struct str http_request_body(const struct transfer *t)
{
    bool has_none = t->media_type && !*t->media_type;
    return has_none ? STR("") : t->body.n ? buf_str(&t->body) : delivery_view(t->v[0]).payload;
}

void http_request_headers(const struct transfer *t, const char *out[HTTP_HEADERS_MAX + 1])
{
    const struct http_out_conf *c = http_out_conf(t->out);
    unsigned n = 0;
    out[n++] = "Expect:";                   /* a round trip less */
    out[n++] = "Accept-Encoding: identity"; /* without it any coding would be a fair answer */
    for (size_t at = 0; at < t->text.n; at += strlen(t->text.p + at) + 1) {
        out[n++] = t->text.p + at;
    }
    for (size_t i = 0; i < c->headers.n && n < HTTP_HEADERS_MAX; i++) {
        out[n++] = c->headers.v[i].p; /* option texts end in NUL */
    }
    out[n] = NULL;
}
