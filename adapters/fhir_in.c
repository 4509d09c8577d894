/* The listening end of FHIR: a source. */
#include "adapters/fhir_in_priv.h"

#include "engine/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static const struct opt jwt_opts[] = {
    OPT(fhir_jwt_conf, keys, "keys", SECRET, NULL, "path", OPT_REQUIRED | OPT_RELOAD,
        "Public keys of who signs the tokens: a JWKS file, read again every ten seconds."),
    OPT(fhir_jwt_conf, issuer, "issuer", STR, NULL, "1..500", OPT_RELOAD,
        "What `iss` of a token must be."),
    OPT(fhir_jwt_conf, audience, "audience", STR, NULL, "1..500", OPT_RELOAD,
        "What must stand in `aud` of a token: the name of this endpoint to who signs."),
    OPT(fhir_jwt_conf, scope, "scope", STR, NULL, "1..200", OPT_RELOAD,
        "A word that must stand in `scope` of a token."),
    OPT(fhir_jwt_conf, leeway, "leeway", MS, "60s", "0s..10m", OPT_RELOAD,
        "How far the clocks may differ."),
    {0},
};

static const struct opt auth_opts[] = {
    OPT(fhir_auth_conf, tokens, "tokens", SECRET, NULL, NULL, OPT_RELOAD,
        "Tokens, one a line, with a name before it or without (`portal: TOKEN`); read again every "
        "ten seconds."),
    OPT_GROUP(fhir_auth_conf, jwt, "jwt", jwt_opts, OPT_RELOAD,
              "JSON Web Tokens that somebody else signs: RS256, RS384, RS512, ES256, ES384."),
    OPT(fhir_auth_conf, hub, "hub", SECRET, NULL, NULL, OPT_RELOAD,
        "Secrets of notifications, one a line: a body with X-Hub-Signature `sha256=..` of one of "
        "them needs no token."),
    {0},
};

#define RULE(id, name, initial, code, sentence)                                                    \
    OPT(fhir_validate_conf, level[FHIR_RULE_##id], name, ENUM, initial, "off|warn|strict",         \
        OPT_RELOAD, sentence),
static const struct opt validate_opts[] = {
    OPT(fhir_validate_conf, most, "most", ENUM, "strict", "off|warn|strict", OPT_RELOAD,
        "warn: whatever the rules say, nothing is rejected; off: nothing is looked at."),
    FHIR_RULE_TABLE(RULE){0},
};

const struct opt fhir_in_opts[] = {
    DOOR_OPTS(http_serve_conf),
    OPT(fhir_in_conf, base, "base", STR, "/fhir", "1..500", OPT_RELOAD,
        "Path of the endpoint; [base]/metadata says what it can do."),
    OPT_GROUP(fhir_in_conf, auth, "auth", auth_opts, OPT_RELOAD,
              "Who is let in: whoever shows one of these; without it everybody is."),
    OPT_GROUP(fhir_in_conf, validate, "validate", validate_opts, OPT_RELOAD | OPT_SHORT,
              "Look at each resource as R4 has it, by rules: what one of level strict finds is "
              "answered 422, of level warn is logged; `validate: warn` is `{most: warn}`."),
    OPT(fhir_in_conf, if_match, "if-match", ENUM, "refused", "refused|accepted", OPT_RELOAD,
        "If-Match and If-None-Match name versions, and none are kept: 412, or taken without a "
        "look."),
    OPT(fhir_in_conf, most, "requests-per-second", INT, "0", "0..1000000", OPT_RELOAD,
        "More requests in a second are answered 429; 0: no bound."),
    OPT(fhir_in_conf, most_each, "requests-per-client", INT, "0", "0..1000000", OPT_RELOAD,
        "More requests in a second of one client are answered 429, the others are not: who shows "
        "the same token, or without one comes from the same address; 0: no bound."),
    HTTP_LIMIT_OPTS(http_serve_conf),
    {0},
};

static struct fhir_in *state_of(struct source *s)
{
    return source_endpoint(s)->state;
}

/* ---- what is let in ---- */

static bool is_too_many(struct fhir_in *in)
{
    int64_t second = clock_mono_us(in->ep->clock) / 1000000, most = fhir_in_conf(in)->most;
    if (second != in->second) {
        in->second = second;
        in->in_second = 0;
    }
    return most && ++in->in_second > most;
}

/* The name of the token, else the address without its port. */
static struct str client_of(const struct http_conn *c)
{
    struct str peer = str_of(c->peer);
    size_t n = peer.n;
    while (n && peer.p[n - 1] != ':') {
        n--;
    }
    return c->name[0] ? str_of(c->name) : str_slice(peer, 0, n ? n - 1 : peer.n);
}

static const char *rate_fault(struct fhir_in *in, const struct http_conn *c)
{
    int64_t second = clock_mono_us(in->ep->clock) / 1000000, each = fhir_in_conf(in)->most_each;
    if (each && !fhir_rate_admits(&in->rate, client_of(c), second, each)) {
        return "more than requests-per-client";
    }
    return is_too_many(in) ? "more than requests-per-second" : NULL;
}

static bool has_body(const struct http_head *h)
{
    return h->is_chunked || h->length > 0;
}

/* Of the length that is told. */
static struct fhir_fault length_fault(const struct fhir_in *in, const struct http_head *h,
                                      enum fhir_do what)
{
    if (h->length > (uint64_t)fhir_in_conf(in)->serve.limits.body_limit) {
        return (struct fhir_fault){413,     "too-long", "the body is larger than body-limit",
                                   STR(""), 0,          0};
    }
    if (!h->has_length && !h->is_chunked && what != FHIR_DO_CAPABILITIES &&
        what != FHIR_DO_DELETE) {
        return (struct fhir_fault){411,     "required", "neither Content-Length nor chunks",
                                   STR(""), 0,          0};
    }
    return (struct fhir_fault){0};
}

static struct fhir_fault who_fault(struct fhir_in *in, struct http_conn *c,
                                   const struct http_head *h)
{
    struct fhir_call *call = c->request;
    struct fhir_ticket ticket;
    if (fhir_request_is_open(&call->a, h, fhir_in_conf(in)->base)) {
        return (struct fhir_fault){0};
    }
    fhir_gate_admit(&in->gate, fhir_in_conf(in)->auth, h, call->request.signature, &ticket);
    call->wants_signature = ticket.wants_signature;
    call->challenge = ticket.has_token ? ticket.why : NULL;
    (void)snprintf(c->name, sizeof c->name, "%s", ticket.name);
    if (ticket.is_in) {
        return (struct fhir_fault){0};
    }
    return ticket.is_known ? (struct fhir_fault){403, "forbidden", ticket.why, STR(""), 0, 0}
                           : (struct fhir_fault){401, "login", ticket.why, STR(""), 0, 0};
}

/* Refused before its body is read, and then the connection ends; a request without one is answered as any other. */
static const char *admit(struct http_conn *c, const struct http_head *h, int *out_status)
{
    struct fhir_in *in = (struct fhir_in *)c->serve;
    struct fhir_call *call = X_NEW(struct fhir_call);
    c->request = call;
    fhir_request_read(&call->a, h, fhir_in_conf(in)->base, &call->request);
    struct fhir_fault f = who_fault(in, c, h);
    const char *too_many = f.status ? NULL : rate_fault(in, c);
    if (too_many) {
        f = (struct fhir_fault){429, "throttled", too_many, STR(""), 0, 0};
    }
    if (!f.status && call->request.status) {
        f = (struct fhir_fault){
            call->request.status, call->request.code, call->request.why, STR(""), 0, 0};
    }
    call->fault = f.status ? f : length_fault(in, h, call->request.what);
    if (!call->fault.status || !has_body(h)) {
        return NULL;
    }
    *out_status = call->fault.status;
    return call->fault.why;
}

/* ---- what is answered before there is an exchange, or instead of one ---- */

static const char *code_of(int status)
{
    static const struct {
        int status;
        const char *code;
    } rows[] = {{408, "timeout"},       {413, "too-long"},      {415, "not-supported"},
                {417, "not-supported"}, {501, "not-supported"}, {503, "transient"},
                {504, "timeout"},       {505, "not-supported"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].status == status) {
            return rows[i].code;
        }
    }
    return "structure";
}

static void refuse(struct http_conn *c, int status, const char *reason)
{
    const struct fhir_call *call = c->request;
    bool is_head = call && call->fault.status == status;
    const struct fhir_fault f = {
        .status = status, .code = is_head ? call->fault.code : code_of(status), .why = reason};
    const struct fhir_response more = {.allow = call ? call->request.allow : NULL,
                                       .challenge = call ? call->challenge : NULL};
    struct fhir_response_to to = fhir_reply_to(c);
    fhir_response_fault(&to, &f, &more);
}

static void forget(struct http_conn *c)
{
    struct fhir_call *call = c->request;
    arena_free(&call->a);
    free(call);
}

/* ---- what the engine says ---- */

static void fhir_in_answer(struct source *s, void *conn, uint64_t token,
                           const struct exchange_answer *a)
{
    struct http_conn *c = conn;
    (void)s;
    (void)token; /* one exchange at a time */
    if (!c->is_gone) {
        fhir_reply_answer(c, a);
    }
    http_conn_answered(c);
}

/* Acknowledgements of HL7 v2 are not for FHIR. */
static void fhir_in_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                          unsigned n)
{
    struct http_conn *c = conn;
    (void)s, (void)token, (void)replies, (void)n;
    if (!c->is_gone) {
        refuse(c, 500, "it cannot be said what became of it");
    }
    http_conn_answered(c);
}

/* ---- the source ---- */

static const struct http_serve_ops serve_ops = {
    .admit = admit, .take = fhir_take, .refuse = refuse, .forget = forget};

static int fhir_in_open(struct source *s, struct diags *d)
{
    struct fhir_in *in = X_NEW(struct fhir_in);
    in->source = s;
    in->ep = in->gate.ep = source_endpoint(s);
    in->serve.ep = in->ep;
    in->serve.ops = &serve_ops;
    in->since_us = clock_wall_us(in->ep->clock);
    int failed = fhir_gate_open(&in->gate, fhir_in_conf(in)->auth, d);
    failed = failed < 0 ? failed : http_serve_open(&in->serve, d);
    if (failed < 0) {
        fhir_gate_close(&in->gate);
        free(in);
        return failed;
    }
    in->ep->state = in;
    return 0;
}

/* The door is changed last: what can fail before it leaves all as it was. */
static int fhir_in_reload(struct source *s, const void *conf, struct diags *d)
{
    struct fhir_in *in = state_of(s);
    const struct fhir_in_conf *want = conf;
    if (want == fhir_in_conf(in)) { /* another source could not follow */
        fhir_gate_back(&in->gate);
        return door_change(&in->serve.door, &want->serve.door, d);
    }
    struct fhir_gate_files fresh = {0};
    struct http_tokens tokens = {0};
    int failed = fhir_gate_read(&in->gate, want->auth, &fresh, &tokens, d);
    failed = failed < 0 ? failed : door_change(&in->serve.door, &want->serve.door, d);
    if (failed < 0) {
        fhir_gate_files_free(&fresh);
        http_tokens_free(&tokens);
        return failed;
    }
    fhir_gate_use(&in->gate, &fresh, &tokens);
    in->since_us = clock_wall_us(in->ep->clock);
    return 0;
}

static void fhir_in_close(struct source *s)
{
    struct fhir_in *in = state_of(s);
    http_serve_close(&in->serve);
    fhir_gate_close(&in->gate);
    in->ep->state = NULL;
    free(in);
}

void fhir_in_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct fhir_in_conf *c = conf;
    const struct fhir_auth_conf *auth = c->auth;
    door_check(&c->serve.door, map, d);
    if (auth && !auth->jwt && auth->tokens.from == OPT_SECRET_NONE &&
        auth->hub.from == OPT_SECRET_NONE) {
        diag_add(d, DIAG_ERROR, "option-missing", yaml_get(map, "auth")->pos,
                 "`auth` names nobody; expected tokens, jwt or hub");
    }
    if (!str_starts(c->base, STR("/"))) {
        diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, "base")->pos,
                 "`base` is no path; expected one that begins with /");
    }
}

const struct source_ops fhir_source = {
    .open = fhir_in_open,
    .reply = fhir_in_reply,
    .answer = fhir_in_answer,
    .abandon = http_serve_abandon,
    .pause = http_serve_pause,
    .resume = http_serve_resume,
    .is_data_only = true,
    .drain = http_serve_drain,
    .close = fhir_in_close,
    .reload = fhir_in_reload,
    .address = http_serve_address,
};
