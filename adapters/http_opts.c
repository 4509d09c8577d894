/* Options of the http destination: the table, and what a table cannot say. */
#include "adapters/http.h"

#include "adapters/admit.h"
#include "adapters/http_client.h"
#include "adapters/http_event.h"
#include "adapters/http_opts.h"
#include "adapters/http_url.h"
#include "adapters/net_guard.h"

enum { HEADERS_MAX = 32 };

const char *const http_methods[] = {"POST", "PUT", "PATCH"};

static const struct opt basic_opts[] = {
    OPT(http_basic_conf, user, "user", STR, NULL, "1..200", OPT_REQUIRED, "Name of the user."),
    OPT(http_basic_conf, password, "password", SECRET, NULL, NULL, OPT_REQUIRED, "Its password."),
    {0},
};

static const struct opt oauth_opts[] = {
    OPT(http_oauth_conf, token_url, "token-url", STR, NULL, "8..2000", OPT_REQUIRED,
        "Where tokens are given out: https://, or http:// on this machine."),
    OPT(http_oauth_conf, client_id, "client-id", STR, NULL, "1..500", OPT_REQUIRED,
        "Who asks for them."),
    OPT(http_oauth_conf, client_secret, "client-secret", SECRET, NULL, NULL, OPT_REQUIRED,
        "Its secret; read for each request for a token."),
    OPT(http_oauth_conf, scope, "scope", STR, NULL, "1..2000", 0,
        "Scopes to ask for, with blanks between."),
    OPT(http_oauth_conf, audience, "audience", STR, NULL, "1..2000", 0,
        "Value of `audience`, where the server wants one."),
    OPT(http_oauth_conf, send_secret, "send-secret", ENUM, "header", "header|body", 0,
        "Where the client's id and secret stand in the request for a token."),
    {0},
};

static const struct opt smart_opts[] = {
    OPT(http_smart_conf, token_url, "token-url", STR, NULL, "8..2000", OPT_REQUIRED,
        "Where tokens are given out, as the server's smart-configuration says: https://, or "
        "http:// on this machine."),
    OPT(http_smart_conf, client_id, "client-id", STR, NULL, "1..500", OPT_REQUIRED,
        "Who asks for them, as registered."),
    OPT(http_smart_conf, key, "key", SECRET, NULL, "path", OPT_REQUIRED,
        "PEM file with the private key, without a passphrase: RSA of 2048 bits or more, or EC on "
        "P-384; read for each request for a token."),
    OPT(http_smart_conf, kid, "kid", STR, NULL, "1..500", 0,
        "Its `kid` in the key set that the server knows."),
    OPT(http_smart_conf, alg, "alg", ENUM, "by-key", "by-key|RS384|ES384", 0,
        "How assertions are signed; by-key: RS384 for RSA, ES384 for EC."),
    OPT(http_smart_conf, scope, "scope", STR, NULL, "1..2000", OPT_REQUIRED,
        "Scopes to ask for, with blanks between, such as system/Appointment.cu."),
    {0},
};

const struct opt http_auth_opts[] = {
    OPT_GROUP(http_auth_conf, basic, "basic", basic_opts, 0, "A user with a password."),
    OPT(http_auth_conf, bearer, "bearer", SECRET, NULL, NULL, 0, "A fixed token."),
    OPT_GROUP(http_auth_conf, oauth2, "oauth2", oauth_opts, 0,
              "Tokens of OAuth 2.0 client credentials, cached and renewed."),
    OPT_GROUP(http_auth_conf, smart, "smart", smart_opts, 0,
              "The same with a private key in place of a secret: SMART Backend Services."),
    {0},
};

static const struct opt sign_opts[] = {
    OPT(http_sign_conf, secret, "secret", SECRET, NULL, NULL, OPT_REQUIRED,
        "Secrets, one `whsec_..` a line; each signs. Read again every ten seconds."),
    {0},
};

static const struct opt events_opts[] = {
    OPT(http_events_conf, mode, "mode", ENUM, "binary", "binary|structured|batch", 0,
        "Attributes as headers, the event as a JSON object, or several events in a JSON array."),
    OPT(http_events_conf, source, "source", STR, NULL, "1..500", OPT_REQUIRED,
        "The attribute `source`: a URI or a path that names this engine."),
    OPT(http_events_conf, type, "type", STR, NULL, "1..500", OPT_REQUIRED,
        "The attribute `type`; {/a/b} is a value of a JSON payload, {MSH-9.2} one of an HL7 v2 "
        "payload."),
    OPT(http_events_conf, subject, "subject", STR, NULL, "1..500", 0,
        "The attribute `subject`, as `type`; left out where a value is missing."),
    OPT(http_events_conf, most, "most", INT, "64", "1..64", 0, "Events in one batch."),
    {0},
};

const struct opt http_out_opts[] = {
    OPT(http_out_conf, url, "url", STR, NULL, "8..2000", OPT_REQUIRED,
        "Where to send: http:// or https://."),
    OPT(http_out_conf, method, "method", ENUM, "POST", "POST|PUT|PATCH", 0,
        "Method of the request."),
    OPT(http_out_conf, content_type, "content-type", STR, NULL, "1..200", 0,
        "Content-Type of all bodies; without it application/json for what a map made and "
        "application/hl7-v2 for HL7 v2 messages."),
    HTTP_OPT_HEADERS,
    OPT(http_out_conf, bearer, "bearer", SECRET, NULL, NULL, 0,
        "Token to send as `Authorization: Bearer`; read at the first request and again after a "
        "401 or 403."),
    HTTP_OPT_AUTH,
    OPT_GROUP(http_out_conf, sign, "sign", sign_opts, 0,
              "Sign each request as Standard Webhooks have it."),
    OPT_GROUP(http_out_conf, cloudevents, "cloudevents", events_opts, 0,
              "Send each output as a CloudEvent 1.0."),
    HTTP_OPTS_CONNECTION,
    {0},
};

static void fault(struct diags *d, const struct yaml_node *at, const char *name, const char *found,
                  const char *expected)
{
    diag_add(d, DIAG_ERROR, "option-type", at->pos, "`%s` %s; expected %s", name, found, expected);
}

/* ---- headers ---- */

static bool is_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && (!c || !strchr("!#$%&'*+-.^_`|~", c))) {
            return false;
        }
    }
    return s.n > 0;
}

static const char *header_fault(struct str line)
{
    static const char *const ours[] = {
        "Content-Type", "Content-Length",  "Transfer-Encoding", "Idempotency-Key", "Host",
        "Connection",   "Accept-Encoding", "Corridor-Attempt",  "Expect",          "User-Agent"};
    static const char *const secret[] = {"Authorization", "Proxy-Authorization", "Cookie"};
    ptrdiff_t colon = str_index(line, ':');
    struct str name = str_slice(line, 0, colon < 0 ? 0 : (size_t)colon);
    if (!is_token(name) || !is_line(line) || !str_trim(str_slice(line, name.n + 1, line.n)).n) {
        return "has a line that is no header";
    }
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (str_eq_nocase(name, str_of(ours[i]))) {
            return "sets one that Corridor sets itself";
        }
    }
    if (str_eq_nocase(str_slice(name, 0, 8), STR("webhook-")) ||
        str_eq_nocase(str_slice(name, 0, 3), STR("ce-"))) {
        return "sets one of sign or cloudevents";
    }
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        if (str_eq_nocase(name, str_of(secret[i]))) {
            return "holds a secret";
        }
    }
    return NULL;
}

static void check_headers(const struct http_out_conf *c, const struct yaml_node *map,
                          struct diags *d)
{
    const struct yaml_node *list = yaml_get(map, "headers"), *item = NULL;
    if (c->headers.n > HEADERS_MAX) {
        fault(d, list, "headers", "has too many lines", "at most 32");
    }
    while (list && (item = yaml_next_item(list, item))) {
        const char *found = header_fault(item->text);
        if (found) {
            fault(d, item, "headers", found,
                  "`Name: value`, without what has an option of its own (content-type, bearer)");
        }
    }
}

static void check_tls(const struct http_out_conf *c, const struct yaml_node *map, struct diags *d)
{
    const struct yaml_node *at = yaml_get(map, "tls");
    tls_out_check(c->tls, at, d);
    if (!http_url_is_https(c->url)) {
        fault(d, at, "tls", "stands beside an http:// address", "https://.., or no tls");
    }
}

/* ---- what goes together ---- */

static void check_url(struct str url, const struct yaml_node *map, const char *key, struct diags *d)
{
    const char *found = http_url_fault(url);
    if (found) {
        fault(d, yaml_get(map, key), key, found, "http://HOST[:PORT]/PATH or https://..");
    }
}

struct str http_token_url(const struct http_out_conf *c)
{
    const struct http_auth_conf *a = c->auth;
    return a && a->oauth2 ? a->oauth2->token_url : a && a->smart ? a->smart->token_url : STR("");
}

/* A token in the clear is anybody's who can read along. */
static void check_plaintext(const struct http_out_conf *c, const struct yaml_node *map,
                            struct diags *d)
{
    bool has_secret = c->auth || c->bearer.from != OPT_SECRET_NONE;
    if (has_secret && !c->plaintext && !http_url_fault(c->url) && http_url_is_in_clear(c->url)) {
        diag_hint(
            d,
            diag_add(d, DIAG_ERROR, "plaintext", yaml_get(map, "url")->pos,
                     "`url` would send what proves who we are in the clear; expected https://"),
            "or write `plaintext: accepted` beside it, if others on the network may read it");
    }
}

/* What is given out there goes over the wire, and with oauth2 the secret too. */
static void check_token_url(struct str url, const struct yaml_node *map, struct diags *d)
{
    check_url(url, map, "token-url", d);
    if (http_url_is_in_clear(url)) {
        fault(d, yaml_get(map, "token-url"), "token-url", "would send the secret in the clear",
              "https://HOST/PATH");
    }
}

static void check_smart(const struct http_smart_conf *c, const struct yaml_node *map,
                        struct diags *d)
{
    if (c->key.from == OPT_SECRET_ENV) {
        fault(d, yaml_get(map, "key"), "key", "is env:", "a path, file:PATH or credential:NAME");
    }
}

static void check_auth(const struct http_out_conf *c, const struct yaml_node *map, struct diags *d)
{
    const struct yaml_node *at = yaml_get(map, "auth");
    const struct http_auth_conf *a = c->auth;
    if (!a) {
        return;
    }
    bool has_bearer = a->bearer.from != OPT_SECRET_NONE;
    if (has_bearer + (a->basic != NULL) + (a->oauth2 != NULL) + (a->smart != NULL) != 1) {
        fault(d, at, "auth", "names none or several ways", "one of basic, bearer, oauth2, smart");
    }
    if (c->bearer.from != OPT_SECRET_NONE) {
        fault(d, at, "auth", "stands beside `bearer`", "one of both");
    }
    if (a->basic && (str_index(a->basic->user, ':') >= 0 || !is_line(a->basic->user))) {
        fault(d, yaml_get(yaml_get(at, "basic"), "user"), "user", "has a colon or a line end",
              "a name without");
    }
    if (a->oauth2) {
        check_token_url(a->oauth2->token_url, yaml_get(at, "oauth2"), d);
    }
    if (a->smart) {
        check_token_url(a->smart->token_url, yaml_get(at, "smart"), d);
        check_smart(a->smart, yaml_get(at, "smart"), d);
    }
}

static void check_events(const struct http_events_conf *c, const struct yaml_node *map,
                         struct diags *d)
{
    const struct {
        const char *key;
        struct str text;
    } rows[] = {{"type", c->type}, {"subject", c->subject}};
    for (size_t i = 0; i < 2; i++) {
        const char *found = http_event_template_fault(rows[i].text);
        if (found) {
            diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, rows[i].key)->pos, "`%s` %s",
                     rows[i].key, found);
        }
    }
    if (!is_line(c->source) || str_index(c->source, ' ') >= 0) {
        fault(d, yaml_get(map, "source"), "source", "has a blank or a line end",
              "a URI or a path such as /corridor/main");
    }
}

/* An address that stands in a URL and is denied would never be connected to. */
static void check_address(const struct http_out_conf *c, struct str url,
                          const struct yaml_node *map, const char *key, struct diags *d)
{
    struct str bad, host = http_url_host(url);
    struct net_guard g = net_guard_new(d->arena, &c->deny, host, &bad);
    if (net_guard_denies_literal(&g, host)) {
        fault(d, yaml_get(map, key), key, "has an address that `deny` names",
              "another one, or a shorter `deny`");
    }
}

static void check_deny(const struct http_out_conf *c, const struct yaml_node *map, struct diags *d)
{
    const struct yaml_node *at = yaml_get(map, "deny");
    struct str bad;
    (void)net_guard_new(d->arena, &c->deny, STR(""), &bad);
    if (bad.n) {
        diag_hint(
            d,
            diag_add(d, DIAG_ERROR, "option-choice", at->pos,
                     "`deny` has `%.*s`; expected networks such as 10.0.0.0/8, or link-local, "
                     "metadata, loopback, private, multicast, unspecified",
                     STR_ARG(str_slice(bad, 0, 60))),
            "bits behind the prefix must be 0: 10.1.0.0/16, not 10.1.2.3/16");
    }
    check_address(c, c->url, map, "url", d);
    struct str tokens = http_token_url(c);
    if (tokens.n) {
        const struct yaml_node *auth = yaml_get(map, "auth");
        check_address(c, tokens, yaml_get(auth, c->auth->smart ? "smart" : "oauth2"), "token-url",
                      d);
    }
}

bool http_out_is_exposed(const void *conf)
{
    return http_url_is_in_clear(((const struct http_out_conf *)conf)->url);
}

void http_out_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct http_out_conf *c = conf;
    check_url(c->url, map, "url", d);
    if (!is_line(c->content_type)) {
        fault(d, yaml_get(map, "content-type"), "content-type", "holds a line end",
              "a media type such as application/json");
    }
    check_headers(c, map, d);
    check_auth(c, map, d);
    check_plaintext(c, map, d);
    check_deny(c, map, d);
    if (c->tls) {
        check_tls(c, map, d);
    }
    if (c->cloudevents) {
        check_events(c->cloudevents, yaml_get(map, "cloudevents"), d);
    }
}
