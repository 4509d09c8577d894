#include "adapters/http_auth.h"

#include "adapters/http_oauth.h"
#include "adapters/http_token.h"
#include "engine/flow/secret.h"
#include "engine/base/base64.h"
#include "engine/base/mem.h"

#include <stdlib.h>

struct http_auth {
    struct endpoint *ep;
    struct http_oauth *oauth; /* NULL: the header is made here */
    struct buf header;        /* with a NUL; empty: not made yet */
    uint64_t n;               /* headers so far */
};

/* Which secret stands in the header, and what it is called there. */
struct way {
    const struct opt_secret *secret;
    const char *option, *trouble;
};

static struct way way_of(const struct http_auth *a)
{
    const struct http_out_conf *c = a->ep->conf;
    if (c->auth && c->auth->basic) {
        return (struct way){&c->auth->basic->password, "password",
                            "the secret of password cannot be read"};
    }
    const struct opt_secret *bearer = c->auth ? &c->auth->bearer : &c->bearer;
    return (struct way){bearer, "bearer", "the secret of bearer cannot be read"};
}

static const char *put_basic(struct buf *out, struct str user, struct str password)
{
    struct buf pair = {0};
    for (size_t i = 0; i < password.n; i++) {
        if ((unsigned char)password.p[i] < ' ' || password.p[i] == 0x7f) {
            return "it is no password: it has control characters";
        }
    }
    buf_printf(&pair, "%.*s:%.*s", STR_ARG(user), STR_ARG(password));
    buf_puts(out, "Authorization: Basic ");
    base64_put(out, buf_str(&pair));
    buf_forget(&pair);
    return NULL;
}

static const char *put_bearer(struct buf *out, struct str token)
{
    if (!http_token_is_one(token)) {
        return "it is no token: it has blanks or characters that no header can carry";
    }
    buf_printf(out, "Authorization: Bearer %.*s", STR_ARG(token));
    return NULL;
}

static const char *make_header(struct http_auth *a, const struct way *w)
{
    const struct http_out_conf *c = a->ep->conf;
    struct buf secret = {0};
    const char *why = secret_read(w->secret, &secret);
    if (!why && c->auth && c->auth->basic) {
        why = put_basic(&a->header, c->auth->basic->user, buf_str(&secret));
    } else if (!why) {
        why = put_bearer(&a->header, buf_str(&secret));
    }
    if (!why) {
        buf_putc(&a->header, '\0');
        a->n++;
    }
    buf_forget(&secret);
    return why;
}

enum http_auth_state http_auth_ask(struct http_auth *a, const char **out_why)
{
    if (a->oauth) {
        return http_oauth_ask(a->oauth, out_why);
    }
    struct way w = way_of(a);
    if (w.secret->from == OPT_SECRET_NONE || a->header.n) {
        return HTTP_AUTH_READY;
    }
    const char *why = make_header(a, &w);
    if (why) {
        log_event(a->ep->log, LOG_LEVEL_ERROR, "no-secret", log_str("destination", a->ep->name),
                  log_cstr("option", w.option), log_str("name", w.secret->name),
                  log_cstr("text", why));
        *out_why = w.trouble;
    }
    return why ? HTTP_AUTH_FAILED : HTTP_AUTH_READY;
}

struct str http_auth_header(const struct http_auth *a, uint64_t *out_n)
{
    if (a->oauth) {
        return http_oauth_header(a->oauth, out_n);
    }
    *out_n = a->n;
    return buf_str(&a->header);
}

void http_auth_served(struct http_auth *a, uint64_t n)
{
    if (a->oauth) {
        http_oauth_served(a->oauth, n);
    }
}

bool http_auth_refused(struct http_auth *a, uint64_t n, int status)
{
    if (a->oauth) {
        return status == 401 && http_oauth_refused(a->oauth, n);
    }
    if (n == a->n) {
        buf_forget(&a->header); /* perhaps there is a newer secret */
    }
    return false;
}

struct http_auth *http_auth_new(struct endpoint *ep, const struct http_target *target,
                                const struct http_auth_events *on)
{
    struct http_auth *a = X_NEW(struct http_auth);
    const struct http_out_conf *c = ep->conf;
    a->ep = ep;
    if (http_token_url(c).n) {
        a->oauth = http_oauth_new(ep, target, on);
    }
    return a;
}

void http_auth_free(struct http_auth **ap)
{
    struct http_auth *a = *ap;
    if (a) {
        http_oauth_free(&a->oauth);
        buf_forget(&a->header);
        free(a);
    }
    *ap = NULL;
}
