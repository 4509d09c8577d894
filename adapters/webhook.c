#include "adapters/webhook.h"

#include "adapters/http_token.h"
#include "adapters/http_url.h"
#include "adapters/tell.h"
#include "engine/flow/secret.h"

static const char *verdict(const struct http_answer *a)
{
    if (a->status >= 200 && a->status < 300) {
        return NULL;
    }
    return a->status == 401 || a->status == 403 ? "the receiver wants another token"
                                                : "the receiver's answer is not 2xx";
}

static void webhook_open(struct teller *t)
{
    t->state = tell_new(t, verdict);
}

/* Its header, with a NUL. NULL, or why there is none, static. */
static const char *put_token(struct buf *out, const struct opt_secret *from)
{
    struct buf token = {0};
    const char *why = NULL;
    if (secret_read(from, &token)) {
        why = "the secret of token cannot be read";
    } else if (!http_token_is_one(buf_str(&token))) { /* a line end would begin a header */
        why = "the secret of token is no token: it has blanks or characters that no header can "
              "carry";
    } else {
        buf_printf(out, "Authorization: Bearer %.*s", STR_ARG(buf_str(&token)));
        buf_putc(out, 0);
    }
    buf_forget(&token);
    return why;
}

static void webhook_tell(struct teller *t, const struct notice *n)
{
    const struct webhook_conf *c = t->conf;
    struct buf key = {0}, token = {0};
    const char *headers[] = {"Expect:", "Content-Type: application/json", NULL, NULL, NULL};
    const char *why = NULL;
    buf_printf(&key, "Idempotency-Key: %.*s", STR_ARG(n->id));
    buf_putc(&key, 0);
    headers[2] = key.p;
    if (c->token.from != OPT_SECRET_NONE) {
        why = put_token(&token, &c->token);
        headers[3] = token.p;
    }
    if (why) {
        tell_fail(t->state, why);
    } else {
        struct http_target to = {.url = c->url.p, .method = "POST", .tls = c->tls};
        tell_send(t->state, &to, n->json, headers, c->within_ms);
    }
    buf_free(&key);
    buf_forget(&token);
}

static void webhook_close(struct teller *t)
{
    struct tell *state = t->state;
    tell_free(&state);
    t->state = NULL;
}

static void check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct webhook_conf *c = conf;
    const struct yaml_node *at = yaml_get(map, "url");
    if (c->tls) {
        tls_out_check(c->tls, yaml_get(map, "tls"), d);
    }
    const char *fault = http_url_fault(c->url);
    if (fault) {
        diag_add(d, DIAG_ERROR, "option-type", at ? at->pos : map->pos,
                 "`url` %s; expected as https://ops.example.org/alerts", fault);
    } else if (c->token.from != OPT_SECRET_NONE && !c->plaintext && http_url_is_in_clear(c->url)) {
        diag_hint(d,
                  diag_add(d, DIAG_ERROR, "plaintext", at->pos,
                           "`url` would send the token in the clear; expected https://"),
                  "or write `plaintext: accepted` beside it, if others on the network may read it");
    }
}

static const struct tell_ops ops = {
    .open = webhook_open, .tell = webhook_tell, .close = webhook_close};

const struct adapter webhook_adapter = {
    .name = "webhook", .summary = "JSON by POST", .tell = &ops, .tell_check = check};
