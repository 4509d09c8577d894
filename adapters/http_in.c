/* The listening end of HTTP: HL7 v2 messages as bodies of POST, each answered by its acknowledgement; FHIR and JSON, each
 * answered when it is stored (http_data.c).
 * Source: HL7 over HTTP (HAPI) 1.0: POST, application/hl7-v2, 200 with every acknowledgement.
 * Differs: 503 with Retry-After where nothing was stored for want of room. */
#include "adapters/http.h"
#include "adapters/http_answer.h"
#include "adapters/http_data.h"
#include "adapters/http_in_priv.h"
#include "engine/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static const struct opt auth_opts[] = {
    OPT(http_in_auth_conf, tokens, "tokens", SECRET, NULL, NULL, OPT_REQUIRED | OPT_RELOAD,
        "Tokens, one a line, with a name before it or without (`portal: TOKEN`); read again every "
        "ten seconds."),
    {0},
};

const struct opt http_in_opts[] = {
    DOOR_OPTS(http_serve_conf),
    OPT(http_in_conf, path, "path", STR, "/", "1..500", OPT_RELOAD,
        "Path of the requests, without a query; others are answered 404."),
    OPT_GROUP(http_in_conf, auth, "auth", auth_opts, OPT_RELOAD,
              "Who is let in: one of these tokens must come as `Authorization: Bearer`; without it "
              "everybody is."),
    OPT(http_in_conf, bearer, "bearer", SECRET, NULL, NULL, OPT_RELOAD,
        "The same as `auth: { tokens: .. }`."),
    HTTP_LIMIT_OPTS(http_serve_conf),
    {0},
};

static struct http_in *state_of(struct source *s)
{
    return source_endpoint(s)->state;
}

static const struct http_in_conf *conf_of(const struct http_in *in)
{
    return in->ep->conf;
}

static const struct opt_secret *tokens_of(const struct http_in_conf *c)
{
    return c->auth ? &c->auth->tokens : &c->bearer;
}

/* ---- what is taken ---- */

static bool is_place(const struct http_in *in, struct str target)
{
    struct str path = STR("");
    (void)str_split(&target, '?', &path);
    return str_eq(path, conf_of(in)->path);
}

static const char *admit(struct http_conn *c, const struct http_head *h, int *out_status)
{
    struct http_in *in = (struct http_in *)c->serve;
    const char *name = http_gate_name(&in->gate, tokens_of(conf_of(in)), h->authorization);
    enum http_data kind = http_data_of(h->content_type);
    struct str key;
    bool has_good_key = http_data_key(h, &key) || kind == HTTP_DATA_HL7;
    const struct {
        bool is_wrong;
        int status;
        const char *why;
    } rows[] = {
        {!name, 401, "no token that is known"},
        {!is_place(in, h->target), 404, "nothing is here"},
        {!str_is(h->method, "POST"), 405, "another method than POST"},
        {kind == HTTP_DATA_OTHER, 415,
         "another Content-Type than application/hl7-v2, application/fhir+json, application/json"},
        {!has_good_key, 400, "Idempotency-Key stands twice, or is longer than 255 characters"},
        {!h->has_length && !h->is_chunked, 411, "neither Content-Length nor chunks"},
        {h->length > (uint64_t)conf_of(in)->serve.limits.body_limit, 413,
         "the body is larger than body-limit"},
    };
    (void)snprintf(c->name, sizeof c->name, "%s", name ? name : "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].is_wrong) {
            *out_status = rows[i].status;
            return rows[i].why;
        }
    }
    c->request = kind == HTTP_DATA_HL7 ? NULL : http_data_begin(kind, key);
    return NULL;
}

static void forget(struct http_conn *c)
{
    free(c->request);
    c->request = NULL;
}

static enum http_take take(struct http_conn *c)
{
    struct http_in *in = (struct http_in *)c->serve;
    char who[HTTP_WHO_MAX];
    const struct http_data_request *r = c->request;
    struct exchange_from from = {.peer = http_conn_who(c, who), .conn = c, .token = c->token};
    if (http_data_is(buf_str(&c->body)) != (r != NULL)) {
        http_answer_plain(&c->out, 400, "the body is not what Content-Type says",
                          http_conn_closes(c), clock_wall_us(in->ep->clock));
        return HTTP_TAKE_ANSWERED;
    }
    from.key = r ? str_of(r->key) : STR("");
    return exchange_begin(in->source, &from, buf_str(&c->body)) == EXCHANGE_PAUSED
               ? HTTP_TAKE_FULL
               : HTTP_TAKE_WAITS;
}

/* ---- what is answered ---- */

static int64_t wall_us(const struct http_conn *c)
{
    return clock_wall_us(c->serve->ep->clock);
}

static void refuse(struct http_conn *c, int status, const char *reason)
{
    http_answer_plain(&c->out, status, reason, http_conn_closes(c), wall_us(c));
}

static void http_in_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                          unsigned n)
{
    struct http_conn *c = conn;
    (void)s;
    (void)token;            /* one exchange at a time */
    if (!c->is_gone && n) { /* of two the application's */
        http_answer_hl7(&c->out, 200, replies[n - 1], http_conn_closes(c), wall_us(c));
    } else if (!c->is_gone) {
        refuse(c, 204, "");
    }
    http_conn_answered(c);
}

static void http_in_turn_away(struct source *s, void *conn, uint64_t token,
                              const struct str *replies, unsigned n)
{
    struct http_conn *c = conn;
    (void)s;
    (void)token;
    if (!c->is_gone && n) {
        http_answer_hl7(&c->out, 503, replies[n - 1], http_conn_closes(c), wall_us(c));
    } else if (!c->is_gone) {
        refuse(c, 503, "there is no room for it now");
    }
    http_conn_answered(c);
}

static void http_in_answer(struct source *s, void *conn, uint64_t token,
                           const struct exchange_answer *a)
{
    struct http_conn *c = conn;
    (void)s;
    (void)token;
    if (!c->is_gone && a->end == EXCHANGE_END_LATER) {
        refuse(c, 503, "there is no room for it now");
    } else if (!c->is_gone) {
        http_data_answer(&c->out, c->request, a, http_conn_closes(c), wall_us(c));
    }
    http_conn_answered(c);
}

/* ---- the source ---- */

static const struct http_serve_ops serve_ops = {
    .admit = admit, .take = take, .refuse = refuse, .forget = forget};

static int http_in_open(struct source *s, struct diags *d)
{
    struct http_in *in = X_NEW(struct http_in);
    in->source = s;
    in->ep = in->gate.ep = source_endpoint(s);
    in->serve.ep = in->ep;
    in->serve.ops = &serve_ops;
    int failed = http_gate_read(&in->gate, tokens_of(conf_of(in)), &in->gate.tokens, d);
    failed = failed < 0 ? failed : http_serve_open(&in->serve, d);
    if (failed < 0) {
        http_gate_free(&in->gate);
        free(in);
        return failed;
    }
    in->ep->state = in;
    return 0;
}

/* The door is changed last: what can fail before it leaves all as it was. */
static int http_in_reload(struct source *s, const void *conf, struct diags *d)
{
    struct http_in *in = state_of(s);
    const struct http_in_conf *want = conf;
    if (want == conf_of(in)) { /* another source could not follow */
        http_gate_back(&in->gate);
        return door_change(&in->serve.door, &want->serve.door, d);
    }
    struct http_tokens fresh = {0};
    int failed = http_gate_read(&in->gate, tokens_of(want), &fresh, d);
    failed = failed < 0 ? failed : door_change(&in->serve.door, &want->serve.door, d);
    if (failed < 0) {
        http_tokens_free(&fresh);
        return failed;
    }
    http_gate_use(&in->gate, &fresh);
    return 0;
}

static void http_in_close(struct source *s)
{
    struct http_in *in = state_of(s);
    http_serve_close(&in->serve);
    http_gate_free(&in->gate);
    in->ep->state = NULL;
    free(in);
}

void http_in_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct http_in_conf *c = conf;
    door_check(&c->serve.door, map, d);
    if (c->auth && c->bearer.from != OPT_SECRET_NONE) {
        diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, "bearer")->pos,
                 "`bearer` stands beside `auth`; expected one of both");
    }
}

const struct source_ops http_source = {
    .open = http_in_open,
    .reply = http_in_reply,
    .turn_away = http_in_turn_away,
    .answer = http_in_answer,
    .is_answer_for_data = true,
    .abandon = http_serve_abandon,
    .pause = http_serve_pause,
    .resume = http_serve_resume,
    .drain = http_serve_drain,
    .close = http_in_close,
    .reload = http_in_reload,
    .address = http_serve_address,
};
