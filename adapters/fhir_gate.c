#include "adapters/fhir_gate.h"

#include "engine/base/err.h"
#include "engine/base/webhook.h"
#include "engine/flow/secret.h"

#include <stdio.h>

/* ---- files ---- */

static int fault(const struct fhir_gate *g, const char *option, const char *why, struct diags *d)
{
    diag_add(d, DIAG_ERROR, "secret", (struct diag_pos){0}, "%.*s: %s: %s", STR_ARG(g->ep->name),
             option, why);
    return ERR_IO;
}

static const char *read_keys(const struct fhir_jwt_conf *c, struct fhir_keys **out)
{
    struct buf text = {0};
    const char *why = secret_read(&c->keys, &text);
    if (!why) {
        *out = fhir_keys_parse(buf_str(&text), &why);
    }
    buf_free(&text);
    return why;
}

static const char *read_hub(const struct opt_secret *from, struct buf *out)
{
    const char *why = secret_read(from, out);
    struct str rest = buf_str(out), line;
    if (!why && !str_entry(&rest, &line)) {
        why = "there is no secret in it";
    }
    return why;
}

void fhir_gate_files_free(struct fhir_gate_files *f)
{
    fhir_keys_free(&f->keys);
    buf_forget(&f->hub);
    *f = (struct fhir_gate_files){0};
}

int fhir_gate_read(struct fhir_gate *g, const struct fhir_auth_conf *auth,
                   struct fhir_gate_files *fresh, struct http_tokens *tokens, struct diags *d)
{
    const char *why;
    int failed = 0;
    if (auth && auth->jwt && (why = read_keys(auth->jwt, &fresh->keys))) {
        failed = fault(g, "auth.jwt.keys", why, d);
    }
    if (auth && auth->hub.from != OPT_SECRET_NONE && (why = read_hub(&auth->hub, &fresh->hub))) {
        failed = fault(g, "auth.hub", why, d);
    }
    if (!failed && auth) {
        failed = http_gate_read(&g->tokens, &auth->tokens, tokens, d);
    }
    if (failed < 0) {
        fhir_gate_files_free(fresh);
    }
    return failed;
}

int fhir_gate_open(struct fhir_gate *g, const struct fhir_auth_conf *auth, struct diags *d)
{
    g->tokens.ep = g->ep;
    g->read_us = clock_mono_us(g->ep->clock);
    return fhir_gate_read(g, auth, &g->files, &g->tokens.tokens, d);
}

void fhir_gate_use(struct fhir_gate *g, struct fhir_gate_files *fresh, struct http_tokens *tokens)
{
    fhir_gate_files_free(&g->before);
    g->before = g->files;
    g->files = *fresh;
    g->read_us = clock_mono_us(g->ep->clock);
    *fresh = (struct fhir_gate_files){0};
    http_gate_use(&g->tokens, tokens);
}

void fhir_gate_back(struct fhir_gate *g)
{
    struct fhir_gate_files before = g->before;
    g->before = (struct fhir_gate_files){0};
    fhir_gate_files_free(&g->files);
    g->files = before;
    http_gate_back(&g->tokens);
}

void fhir_gate_close(struct fhir_gate *g)
{
    fhir_gate_files_free(&g->files);
    fhir_gate_files_free(&g->before);
    http_gate_free(&g->tokens);
}

/* ---- the files, read again ---- */

enum { AGAIN_US = 10 * 1000000, UNKNOWN_AGAIN_US = 1000000 };

/* Once for each trouble, and once when it is over. */
static void tell_trouble(struct fhir_gate *g, const char *why)
{
    struct log_field who = log_str("source", g->ep->name);
    if (why && why != g->told) {
        log_event(g->ep->log, LOG_LEVEL_ERROR, "keys-kept", who, log_cstr("reason", why));
    } else if (!why && g->told) {
        unsigned n = g->files.keys ? fhir_keys_count(g->files.keys) : 0;
        log_event(g->ep->log, LOG_LEVEL_INFO, "keys-read", who, log_uint("keys", n));
    }
    g->told = why;
}

/* Keys and secrets may be changed while it runs: they are read when those at hand are older than `age_us`. Those before stay
 * where the files cannot be read. True: they were read. */
static bool read_again(struct fhir_gate *g, const struct fhir_auth_conf *auth, int64_t age_us)
{
    int64_t now = clock_mono_us(g->ep->clock);
    struct fhir_gate_files fresh = {0};
    if (now - g->read_us <= age_us) {
        return false;
    }
    g->read_us = now;
    const char *why = auth->jwt ? read_keys(auth->jwt, &fresh.keys) : NULL;
    why = !why && auth->hub.from != OPT_SECRET_NONE ? read_hub(&auth->hub, &fresh.hub) : why;
    if (why) {
        fhir_gate_files_free(&fresh);
    } else {
        fhir_gate_files_free(&g->files);
        g->files = fresh;
    }
    tell_trouble(g, why);
    return !why;
}

/* ---- who comes ---- */

static struct str bearer_of(struct str authorization)
{
    struct str token = authorization, scheme = STR("");
    (void)str_split(&token, ' ', &scheme);
    return str_eq_nocase(scheme, STR("Bearer")) ? str_trim(token) : STR("");
}

static const char *try_jwt(const struct fhir_gate *g, const struct fhir_jwt_conf *c,
                           struct str token, char *out_name)
{
    const struct fhir_jwt_want want = {.issuer = c->issuer,
                                       .audience = c->audience,
                                       .scope = c->scope,
                                       .now_s = clock_wall_us(g->ep->clock) / 1000000,
                                       .leeway_s = c->leeway / 1000};
    return fhir_jwt_check(g->files.keys, &want, token, out_name);
}

static void try_token(struct fhir_gate *g, const struct fhir_auth_conf *auth,
                      struct str authorization, struct fhir_ticket *t)
{
    const char *name =
        t->has_token ? http_gate_name(&g->tokens, &auth->tokens, authorization) : NULL;
    t->is_in = name != NULL;
    (void)snprintf(t->name, sizeof t->name, "%s", name ? name : "");
}

_Static_assert((int)FHIR_JWT_NAME_MAX <= (int)HTTP_TOKEN_NAME_MAX, "names fit");

void fhir_gate_admit(struct fhir_gate *g, const struct fhir_auth_conf *auth,
                     const struct http_head *h, struct str signature, struct fhir_ticket *out)
{
    struct str token = bearer_of(h->authorization);
    *out = (struct fhir_ticket){.is_in = !auth, .has_token = token.n > 0};
    if (!auth) {
        return;
    }
    bool has_hub = auth->hub.from != OPT_SECRET_NONE;
    (void)read_again(g, auth, AGAIN_US);
    out->why = has_hub ? "neither a token that is known nor a signature" : "no token that is known";
    if (auth->jwt && token.n) {
        out->why = try_jwt(g, auth->jwt, token, out->name);
        if (out->why && read_again(g, auth, UNKNOWN_AGAIN_US)) { /* a new key may have signed it */
            out->why = try_jwt(g, auth->jwt, token, out->name);
        }
        out->is_in = !out->why;
        out->is_known = out->why == fhir_jwt_out_of_scope;
    }
    if (!out->is_in && auth->tokens.from != OPT_SECRET_NONE) {
        try_token(g, auth, h->authorization, out);
    }
    out->wants_signature = has_hub && signature.n;
    out->is_in |= out->wants_signature;
}

/* ---- signatures ---- */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "sha256=" and 64 digits. */
static bool read_signature(struct str s, uint8_t out[SHA256_SIZE])
{
    struct str hex = str_slice(s, 7, s.n);
    if (!str_starts(s, STR("sha256=")) || hex.n != 2 * (size_t)SHA256_SIZE) {
        return false;
    }
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        int high = digit((char)(hex.p[2 * i] | 0x20)), low = digit((char)(hex.p[2 * i + 1] | 0x20));
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool fhir_gate_is_signed(struct str secrets, struct str signature, struct str body)
{
    struct str rest = secrets, line;
    uint8_t got[SHA256_SIZE], want[SHA256_SIZE];
    bool is_one = false;
    if (!read_signature(signature, got)) {
        return false;
    }
    while (str_entry(&rest, &line)) {
        unsigned differs = 0;
        hmac_sha256(line, &body, 1, want);
        for (size_t i = 0; i < SHA256_SIZE; i++) {
            differs |= (unsigned)(got[i] ^ want[i]);
        }
        is_one |= differs == 0;
    }
    return is_one;
}
