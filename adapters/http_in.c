/* The listening end of HTTP: HL7 v2 messages as bodies of POST, each answered by its acknowledgement.
 * Source: HL7 over HTTP (HAPI) 1.0: POST, application/hl7-v2, 200 with every acknowledgement.
 * Differs: 503 with Retry-After where nothing was stored for want of room. */
#include "adapters/http.h"
#include "adapters/http_in_priv.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <stdlib.h>

static const struct opt auth_opts[] = {
    OPT(http_in_auth_conf, tokens, "tokens", SECRET, NULL, NULL, OPT_REQUIRED | OPT_RELOAD,
        "Tokens, one a line, with a name before it or without (`portal: TOKEN`); read again every "
        "ten seconds."),
    {0},
};

const struct opt http_in_opts[] = {
    DOOR_OPTS(http_in_conf),
    OPT(http_in_conf, path, "path", STR, "/", "1..500", OPT_RELOAD,
        "Path of the requests, without a query; others are answered 404."),
    OPT_GROUP(http_in_conf, auth, "auth", auth_opts, OPT_RELOAD,
              "Who is let in: one of these tokens must come as `Authorization: Bearer`; without it "
              "everybody is."),
    OPT(http_in_conf, bearer, "bearer", SECRET, NULL, NULL, OPT_RELOAD,
        "The same as `auth: { tokens: .. }`."),
    OPT(http_in_conf, body_limit, "body-limit", BYTES, "16MiB", "1kB..48MiB", OPT_RELOAD,
        "Largest message; a larger one is answered 413 unread."),
    OPT(http_in_conf, body_memory, "body-memory", BYTES, "256MiB", "1MiB..64GiB", OPT_RELOAD,
        "Memory for bodies of all connections; beyond it 503."),
    OPT(http_in_conf, idle, "idle", MS, "60s", "1s..never", OPT_RELOAD,
        "Close a connection after so long without a request, or with an answer that nobody reads."),
    OPT(http_in_conf, request_within, "request-within", MS, "60s", "1s..never", OPT_RELOAD,
        "Answer 408 when a request takes longer than this from its first to its last byte."),
    {0},
};

static struct http_in *state_of(struct source *s)
{
    return source_endpoint(s)->state;
}

/* ---- who may ---- */

static const struct opt_secret *tokens_of(const struct http_in_conf *c)
{
    return c->auth ? &c->auth->tokens : &c->bearer;
}

static const char *read_tokens(const struct http_in *in, struct http_tokens *out,
                               const struct opt_secret *from)
{
    return from->from == OPT_SECRET_NONE
               ? NULL
               : http_tokens_read(out, from, clock_mono_us(in->ep->clock));
}

/* Takes `t`; those before stay, to go back to. */
static void use_tokens(struct http_in *in, struct http_tokens *t)
{
    http_tokens_free(&in->tokens_before);
    in->tokens_before = in->tokens;
    in->tokens = *t;
    *t = (struct http_tokens){0};
}

/* Once for each trouble, and once when it is over: a token that was taken away in a file with a mistake still counts, and
 * nobody would know. */
static void tell_trouble(struct http_in *in)
{
    struct log_field who = log_str("source", in->ep->name);
    const char *why = in->tokens.trouble;
    if (why && why != in->told) {
        log_event(in->ep->log, LOG_LEVEL_ERROR, "tokens-kept", who, log_cstr("reason", why));
    } else if (!why && in->told) {
        log_event(in->ep->log, LOG_LEVEL_INFO, "tokens-read", who,
                  log_uint("tokens", in->tokens.n));
    }
    in->told = why;
}

/* The name of who comes, "" where there is none to ask for, or NULL: he is not let in. */
static const char *name_of(struct http_in *in, struct str authorization)
{
    const struct opt_secret *from = tokens_of(http_in_conf(in));
    if (from->from == OPT_SECRET_NONE) {
        return "";
    }
    const char *name =
        http_tokens_admit(&in->tokens, from, authorization, clock_mono_us(in->ep->clock));
    tell_trouble(in);
    return name;
}

/* ---- what is taken ---- */

static bool is_hl7(struct str content_type)
{
    static const char *const types[] = {"application/hl7-v2", "application/hl7-v2+er7",
                                        "x-application/hl7-v2+er7"};
    struct str rest = content_type, type = STR("");
    bool ok = false;
    (void)str_split(&rest, ';', &type);
    while (type.n && type.p[type.n - 1] == ' ') {
        type.n--;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        ok = ok || str_eq_nocase(type, str_of(types[i]));
    }
    return ok;
}

static bool is_place(const struct http_in *in, struct str target)
{
    struct str path = STR("");
    (void)str_split(&target, '?', &path);
    return str_eq(path, http_in_conf(in)->path);
}

const char *http_in_admit(struct http_in *in, const struct http_head *h, int *out_status,
                          const char **out_name)
{
    *out_name = name_of(in, h->authorization);
    const struct {
        bool is_wrong;
        int status;
        const char *why;
    } rows[] = {
        {!*out_name, 401, "no token that is known"},
        {!is_place(in, h->target), 404, "nothing is here"},
        {!str_is(h->method, "POST"), 405, "another method than POST"},
        {!is_hl7(h->content_type), 415, "another Content-Type than application/hl7-v2"},
        {!h->has_length && !h->is_chunked, 411, "neither Content-Length nor chunks"},
        {h->length > (uint64_t)http_in_conf(in)->body_limit, 413,
         "the body is larger than body-limit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].is_wrong) {
            *out_status = rows[i].status;
            return rows[i].why;
        }
    }
    return NULL;
}

/* ---- the source ---- */

static const struct door_conf *door_conf(void *arg)
{
    return &http_in_conf(arg)->door;
}

static void on_peer(void *arg, struct line line, const char *peer)
{
    http_conn_new(arg, line, peer);
}

static const struct door_ops door_ops = {door_conf, on_peer};

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct http_in *in = arg;
    int64_t now = clock_mono_us(in->ep->clock);
    (void)fd;
    (void)what;
    for (struct http_conn *c = in->first, *next; c; c = next) {
        next = c->next;
        http_conn_check(c, now);
    }
}

static int refuse_tokens(struct http_in *in, const char *why, struct diags *d)
{
    diag_add(d, DIAG_ERROR, "secret", (struct diag_pos){0}, "%.*s: tokens: %s",
             STR_ARG(in->ep->name), why);
    return ERR_IO;
}

static int http_in_open(struct source *s, struct diags *d)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    struct http_in *in = X_NEW(struct http_in);
    in->source = s;
    in->ep = source_endpoint(s);
    in->door = (struct door){.ep = in->ep, .ops = &door_ops, .arg = in};
    const char *why = read_tokens(in, &in->tokens, tokens_of(http_in_conf(in)));
    int failed = why ? refuse_tokens(in, why, d) : door_open(&in->door, d);
    if (failed < 0) {
        http_tokens_free(&in->tokens);
        free(in);
        return failed;
    }
    in->ep->state = in;
    in->on_sweep = event_new(in->ep->loop, -1, EV_PERSIST, on_sweep, in);
    event_add(in->on_sweep, &second);
    return 0;
}

/* Another source could not follow. The files may be gone or new by now, so none is read again. */
static int take_back(struct http_in *in, struct diags *d)
{
    struct http_tokens before = in->tokens_before;
    int failed = door_change(&in->door, &http_in_conf(in)->door, d);
    in->tokens_before = (struct http_tokens){0};
    use_tokens(in, &before);
    return failed;
}

/* The door is changed last: what can fail before it leaves all as it was. */
static int http_in_reload(struct source *s, const void *conf, struct diags *d)
{
    struct http_in *in = state_of(s);
    const struct http_in_conf *want = conf;
    if (want == http_in_conf(in)) {
        return take_back(in, d);
    }
    struct http_tokens fresh = {0};
    const char *why = read_tokens(in, &fresh, tokens_of(want));
    int failed = why ? refuse_tokens(in, why, d) : door_change(&in->door, &want->door, d);
    if (failed < 0) {
        http_tokens_free(&fresh);
        return failed;
    }
    use_tokens(in, &fresh);
    return 0;
}

static void http_in_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                          unsigned n)
{
    (void)s;
    (void)token; /* one exchange at a time */
    http_conn_reply(conn, replies, n);
}

static void http_in_turn_away(struct source *s, void *conn, uint64_t token,
                              const struct str *replies, unsigned n)
{
    (void)s;
    (void)token;
    http_conn_turn_away(conn, replies, n);
}

static void http_in_abandon(struct source *s, void *conn, uint64_t token)
{
    (void)s;
    (void)token;
    http_conn_abandon(conn);
}

static void http_in_pause(struct source *s)
{
    state_of(s)->is_paused = true; /* whole requests find out when they are offered */
}

static void http_in_resume(struct source *s)
{
    struct http_in *in = state_of(s);
    in->is_paused = false;
    for (struct http_conn *c = in->first, *next; c && !in->is_paused; c = next) {
        next = c->next;
        http_conn_resume(c);
    }
}

static void http_in_drain(struct source *s)
{
    struct http_in *in = state_of(s);
    in->is_draining = true;
    door_shut(&in->door);
    for (struct http_conn *c = in->first, *next; c; c = next) {
        next = c->next;
        http_conn_end(c);
    }
}

static void http_in_close(struct source *s)
{
    struct http_in *in = state_of(s);
    in->is_draining = true;
    while (in->first) {
        http_conn_free(in->first);
    }
    event_free(in->on_sweep);
    door_close(&in->door);
    http_tokens_free(&in->tokens);
    http_tokens_free(&in->tokens_before);
    in->ep->state = NULL;
    free(in);
}

static struct str http_in_address(struct source *s)
{
    return str_of(state_of(s)->door.address);
}

void http_in_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct http_in_conf *c = conf;
    door_check(&c->door, map, d);
    if (c->auth && c->bearer.from != OPT_SECRET_NONE) {
        diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, "bearer")->pos,
                 "`bearer` stands beside `auth`; expected one of both");
    }
}

const struct source_ops http_source = {
    .open = http_in_open,
    .reply = http_in_reply,
    .turn_away = http_in_turn_away,
    .abandon = http_in_abandon,
    .pause = http_in_pause,
    .resume = http_in_resume,
    .drain = http_in_drain,
    .close = http_in_close,
    .reload = http_in_reload,
    .address = http_in_address,
};
