#include "adapters/http_sign.h"

#include "engine/flow/secret.h"

enum { AGAIN_US = 10 * 1000000 };

static const char *read_secrets(struct http_sign *s, const struct opt_secret *from)
{
    struct webhook_secrets fresh;
    struct buf text = {0};
    const char *why = secret_read(from, &text);
    why = why ? why : webhook_secrets_read(buf_str(&text), &fresh);
    if (!why) {
        s->secrets = fresh;
        webhook_secrets_clear(&fresh);
    }
    buf_forget(&text);
    return why;
}

bool http_sign_ready(struct http_sign *s, const struct endpoint *ep)
{
    const struct http_out_conf *c = ep->conf;
    int64_t now = clock_mono_us(ep->clock);
    if (!c->sign || (s->secrets.n && now - s->read_us < AGAIN_US)) {
        return true;
    }
    const char *why = read_secrets(s, &c->sign->secret);
    s->read_us = now;
    if (why) {
        log_event(ep->log, LOG_LEVEL_ERROR, "no-secret", log_str("destination", ep->name),
                  log_cstr("option", "sign"), log_str("name", c->sign->secret.name),
                  log_cstr("text", why));
    }
    return s->secrets.n > 0;
}

void http_sign_put(const struct http_sign *s, struct buf *out, struct str id, int64_t wall_us,
                   struct str body)
{
    int64_t now_s = wall_us / 1000000;
    buf_printf(out, "webhook-id: %.*s", STR_ARG(id));
    buf_putc(out, '\0');
    buf_printf(out, "webhook-timestamp: %lld", (long long)now_s);
    buf_putc(out, '\0');
    buf_puts(out, "webhook-signature: ");
    webhook_sign(out, &s->secrets, id, now_s, body);
    buf_putc(out, '\0');
}
