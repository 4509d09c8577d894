#include "adapters/http_gate.h"

#include "engine/base/err.h"

int http_gate_read(const struct http_gate *g, const struct opt_secret *from,
                   struct http_tokens *out, struct diags *d)
{
    if (from->from == OPT_SECRET_NONE) {
        return 0;
    }
    const char *why = http_tokens_read(out, from, clock_mono_us(g->ep->clock));
    if (!why) {
        return 0;
    }
    diag_add(d, DIAG_ERROR, "secret", (struct diag_pos){0}, "%.*s: tokens: %s",
             STR_ARG(g->ep->name), why);
    return ERR_IO;
}

void http_gate_use(struct http_gate *g, struct http_tokens *t)
{
    http_tokens_free(&g->before);
    g->before = g->tokens;
    g->tokens = *t;
    *t = (struct http_tokens){0};
}

/* The files may be gone or new by now, so none is read again. */
void http_gate_back(struct http_gate *g)
{
    struct http_tokens before = g->before;
    g->before = (struct http_tokens){0};
    http_gate_use(g, &before);
}

/* Once for each trouble, and once when it is over: a token that was taken away in a file with a mistake still counts, and
 * nobody would know. */
static void tell_trouble(struct http_gate *g)
{
    struct log_field who = log_str("source", g->ep->name);
    const char *why = g->tokens.trouble;
    if (why && why != g->told) {
        log_event(g->ep->log, LOG_LEVEL_ERROR, "tokens-kept", who, log_cstr("reason", why));
    } else if (!why && g->told) {
        log_event(g->ep->log, LOG_LEVEL_INFO, "tokens-read", who, log_uint("tokens", g->tokens.n));
    }
    g->told = why;
}

const char *http_gate_name(struct http_gate *g, const struct opt_secret *from,
                           struct str authorization)
{
    if (from->from == OPT_SECRET_NONE) {
        return "";
    }
    const char *name =
        http_tokens_admit(&g->tokens, from, authorization, clock_mono_us(g->ep->clock));
    tell_trouble(g);
    return name;
}

void http_gate_free(struct http_gate *g)
{
    http_tokens_free(&g->tokens);
    http_tokens_free(&g->before);
}
