#include "engine/ops/admin_priv.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/flow/operate.h"

enum { BODY_MAX = 256 * 1024, HEADERS_MAX = 16 * 1024, SECONDS = 30, BACKLOG = 64 };

/* ---- answers ---- */

/* An answer that waits until what it says is durable. The request may be gone by then. */
struct admin_pending {
    struct admin_pending *next, *prev;
    struct admin *admin; /* NULL: closed meanwhile */
    struct evhttp_request *q;
    struct report *report;
};

static const char *reason_of(int status)
{
    return status == HTTP_OK ? "OK" : "Refused";
}

static void send_to(struct evhttp_request *q, int status, const char *type, struct str body)
{
    struct evbuffer *b = evbuffer_new();
    evbuffer_add(b, body.p, body.n);
    evhttp_add_header(evhttp_request_get_output_headers(q), "Content-Type", type);
    evhttp_send_reply(q, status, reason_of(status), b);
    evbuffer_free(b);
}

static void send_report(struct evhttp_request *q, int status, struct report *r)
{
    struct buf b = {0};
    report_put(r, &b);
    buf_putc(&b, '\n');
    send_to(q, status, "application/json", buf_str(&b));
    buf_free(&b);
    report_free(&r);
}

void admin_answer(struct admin_call *c, int status, const char *type, struct str body)
{
    send_to(c->q, status, type, body);
}

void admin_answer_report(struct admin_call *c, int status, struct report *r)
{
    send_report(c->q, status, r);
}

static struct report *error_report(struct str error, const char *hint)
{
    struct report *r = report_object();
    report_set_text(r, "error", error);
    if (hint) {
        report_set_text(r, "hint", str_of(hint));
    }
    return r;
}

void admin_answer_error(struct admin_call *c, int status, struct str error, const char *hint)
{
    send_report(c->q, status, error_report(error, hint));
}

static void unlink_pending(struct admin_pending *p)
{
    if (p->admin) {
        *(p->prev ? &p->prev->next : &p->admin->pending) = p->next;
        if (p->next) {
            p->next->prev = p->prev;
        }
    }
}

static void on_durable(void *arg, enum journal_status status, uint64_t seq)
{
    struct admin_pending *p = arg;
    (void)seq;
    unlink_pending(p);
    if (p->admin && status == JOURNAL_STORED) {
        send_report(p->q, HTTP_OK, p->report);
        p->report = NULL;
    } else if (p->admin && status == JOURNAL_REFUSED) {
        send_report(p->q, HTTP_SERVUNAVAIL,
                    error_report(STR("the journal takes nothing now"),
                                 "ask again when there is room: `corridor status`"));
    } /* else nobody may be told: the process ends */
    report_free(&p->report);
    free(p);
}

void admin_answer_durable(struct admin_call *c, struct report *r, struct str what)
{
    struct admin_pending *p = X_NEW(struct admin_pending);
    *p = (struct admin_pending){
        .next = c->admin->pending, .admin = c->admin, .q = c->q, .report = r};
    if (p->next) {
        p->next->prev = p;
    }
    c->admin->pending = p;
    engine_confirm(daemon_engine(c->admin->daemon),
                   str_printf(&c->arena, "%s: %.*s", c->by, STR_ARG(what)), on_durable, p);
}

struct str admin_query(struct admin_call *c, const char *key)
{
    struct evkeyvalq pairs;
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(c->q));
    if (!query || evhttp_parse_query_str(query, &pairs) != 0) {
        return STR("");
    }
    const char *value = evhttp_find_header(&pairs, key);
    struct str copy = value ? str_dup(&c->arena, str_of(value)) : STR("");
    evhttp_clear_headers(&pairs);
    return copy;
}

/* ---- places ---- */

static void on_status(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_status(c->admin->daemon));
}

static void on_tables(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_tables(c->admin->daemon));
}

static void on_misses(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_misses(c->admin->daemon));
}

static void on_alerts(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_alerts(c->admin->daemon));
}

static void on_journal(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_journal(c->admin->daemon));
}

static void on_accept_damage(struct admin_call *c)
{
    daemon_accept_damage(c->admin->daemon);
    admin_answer(c, HTTP_OK, "text/plain", STR("accepted\n"));
}

static void on_accept_clock(struct admin_call *c)
{
    bool done = daemon_accept_clock(c->admin->daemon);
    admin_answer(c, done ? HTTP_OK : 409, "text/plain",
                 done ? STR("accepted\n")
                      : STR("the clock is not doubted: there is nothing to accept\n"));
}

static void on_reload(struct admin_call *c)
{
    struct buf out = {0};
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(c->q));
    enum daemon_reload what = query && strcmp(query, "hold-pending") == 0
                                  ? DAEMON_RELOAD_HOLD_PENDING
                              : query && strcmp(query, "tables") == 0 ? DAEMON_RELOAD_TABLES
                                                                      : DAEMON_RELOAD;
    int failed = daemon_reload(c->admin->daemon, what, &out);
    admin_answer(c, failed ? 409 : HTTP_OK, "text/plain", buf_str(&out));
    buf_free(&out);
}

static void on_metrics(struct admin_call *c)
{
    struct buf out = {0};
    daemon_metrics(c->admin->daemon, &out);
    admin_answer(c, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out));
    buf_free(&out);
}

static void answer_health(struct admin_call *c, bool (*ask)(struct daemon *d, struct buf *out))
{
    struct buf out = {0};
    bool is_well = ask(c->admin->daemon, &out);
    buf_putc(&out, '\n');
    admin_answer(c, is_well ? HTTP_OK : HTTP_SERVUNAVAIL, "application/json", buf_str(&out));
    buf_free(&out);
}

static void on_alive(struct admin_call *c)
{
    answer_health(c, daemon_alive);
}

static void on_ready(struct admin_call *c)
{
    answer_health(c, daemon_ready);
}

/* Who may ask: whoever the door lets in; those at the door of `metrics:` too; everybody. */
enum admin_for { FOR_ADMIN, FOR_WATCHING, FOR_ALL };

static const struct admin_place {
    const char *path;
    enum evhttp_cmd_type method;
    bool has_body; /* a JSON object is expected */
    void (*run)(struct admin_call *c);
    enum admin_for who;
} places[] = {
    {"/metrics", EVHTTP_REQ_GET, false, on_metrics, FOR_WATCHING},
    {"/healthz", EVHTTP_REQ_GET, false, on_alive, FOR_ALL},
    {"/readyz", EVHTTP_REQ_GET, false, on_ready, FOR_ALL},
    {"/status", EVHTTP_REQ_GET, false, on_status, FOR_ADMIN},
    {"/alerts", EVHTTP_REQ_GET, false, on_alerts, FOR_ADMIN},
    {"/misses", EVHTTP_REQ_GET, false, on_misses, FOR_ADMIN},
    {"/tables", EVHTTP_REQ_GET, false, on_tables, FOR_ADMIN},
    {"/journal", EVHTTP_REQ_GET, false, on_journal, FOR_ADMIN},
    {"/queues", EVHTTP_REQ_GET, false, admin_queues, FOR_ADMIN},
    {"/queue", EVHTTP_REQ_GET, false, admin_queue, FOR_ADMIN},
    {"/reload", EVHTTP_REQ_POST, false, on_reload, FOR_ADMIN},
    {"/accept-damage", EVHTTP_REQ_POST, false, on_accept_damage, FOR_ADMIN},
    {"/accept-clock", EVHTTP_REQ_POST, false, on_accept_clock, FOR_ADMIN},
    {"/queue/hold", EVHTTP_REQ_POST, true, admin_queue_hold, FOR_ADMIN},
    {"/queue/release", EVHTTP_REQ_POST, true, admin_queue_release, FOR_ADMIN},
    {"/queue/drop", EVHTTP_REQ_POST, true, admin_queue_drop, FOR_ADMIN},
    {"/queue/move", EVHTTP_REQ_POST, true, admin_queue_move, FOR_ADMIN},
    {"/resend", EVHTTP_REQ_POST, true, admin_resend, FOR_ADMIN},
};

static const struct admin_place *find_place(const char *path)
{
    for (size_t i = 0; path && i < sizeof(places) / sizeof(places[0]); i++) {
        if (strcmp(places[i].path, path) == 0) {
            return &places[i];
        }
    }
    return NULL;
}

/* ---- who asks ---- */

static int socket_of(struct evhttp_request *q)
{
    struct evhttp_connection *c = evhttp_request_get_connection(q);
    return c ? (int)bufferevent_getfd(evhttp_connection_get_bufferevent(c)) : -1;
}

/* Over the unix socket the kernel knows. */
static void name_peer(struct admin_call *c)
{
    struct ucred peer;
    socklen_t n = sizeof(peer);
    int fd = socket_of(c->q);
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0) {
        (void)snprintf(c->by, sizeof(c->by), "somebody");
        return;
    }
    const struct passwd *who = getpwuid(peer.uid);
    if (who) {
        (void)snprintf(c->by, sizeof(c->by), "%s", who->pw_name);
    } else {
        (void)snprintf(c->by, sizeof(c->by), "uid %u", (unsigned)peer.uid);
    }
}

/* Over TCP who has the token says who he is, or is called by the token. */
static void name_token(struct admin_call *c)
{
    const char *by = report_text(c->body, "by");
    (void)snprintf(c->by, sizeof(c->by), by[0] ? "%.50s (token)" : "token", by);
    for (char *p = c->by; *p; p++) {
        *p = (unsigned char)*p < ' ' || *p == 127 ? '?' : *p;
    }
}

static bool is_let_in(const struct admin_door *door, const struct admin_place *place,
                      struct evhttp_request *q)
{
    if (place && place->who == FOR_ALL) {
        return true;
    }
    const char *shown = evhttp_find_header(evhttp_request_get_input_headers(q), "Authorization");
    return !door->wants_token || admin_token_fits(door->admin->token, shown);
}

/* ---- one request ---- */

static struct report *read_body(struct evhttp_request *q)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(q);
    size_t n = evbuffer_get_length(in);
    const char *p = n ? (const char *)evbuffer_pullup(in, -1) : "";
    return report_parse(str_from(p, n));
}

static void run_place(const struct admin_door *door, const struct admin_place *place,
                      struct admin_call *c)
{
    struct report *body = place->has_body ? read_body(c->q) : NULL;
    c->body = body;
    if (place->has_body && door->wants_token) {
        name_token(c);
    } else if (place->has_body) {
        name_peer(c); /* a look into the list of users, so only where it is written down */
    }
    if (place->has_body && (!body || report_is_list(body))) {
        admin_answer_error(c, HTTP_BADREQUEST, STR("the body is no JSON object"),
                           "as {\"destination\": \"lab\"}");
    } else {
        place->run(c);
    }
    report_free(&body);
}

static void on_request(struct evhttp_request *q, void *arg)
{
    const struct admin_door *door = arg;
    struct admin_call c = {.admin = door->admin, .q = q};
    const struct admin_place *place =
        find_place(evhttp_uri_get_path(evhttp_request_get_evhttp_uri(q)));
    place = place && door->is_for_watching && place->who == FOR_ADMIN ? NULL : place;
    if (!is_let_in(door, place, q)) {
        log_event(daemon_log(door->admin->daemon), LOG_LEVEL_WARN, "not-let-in",
                  log_cstr("peer", q->remote_host ? q->remote_host : ""));
        evhttp_add_header(evhttp_request_get_output_headers(q), "WWW-Authenticate", "Bearer");
        admin_answer_error(&c, 401, STR("the token is missing or wrong"),
                           "Authorization: Bearer, and what STATE/admin.token holds");
    } else if (!place) {
        admin_answer_error(&c, HTTP_NOTFOUND, STR("there is no such place"),
                           "docs/admin-api.md lists them");
    } else if (evhttp_request_get_command(q) != place->method) {
        admin_answer_error(
            &c, HTTP_BADMETHOD,
            place->method == EVHTTP_REQ_GET ? STR("expected GET") : STR("expected POST"), NULL);
    } else {
        run_place(door, place, &c);
    }
    arena_free(&c.arena);
}

/* ---- listening ---- */

static bool address_of(const char *path, struct sockaddr_un *out, const char **out_why)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path) {
        *out_why = "the path is longer than a socket may have (107 bytes); choose a shorter state "
                   "directory";
        return false;
    }
    memcpy(out->sun_path, path, strlen(path) + 1);
    return true;
}

/* A socket left behind by a process that is gone. The journal's lock has shown that no other runs. */
static int listen_at(const char *path, const char **out_why)
{
    struct sockaddr_un un;
    if (!address_of(path, &un, out_why)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)unlink(path); /* bind() tells if that was needed and failed */
    mode_t before = umask(0117);
    bool ok =
        fd >= 0 && bind(fd, (struct sockaddr *)&un, sizeof un) == 0 && listen(fd, BACKLOG) == 0;
    umask(before);
    if (ok) {
        return fd;
    }
    *out_why = strerror(errno);
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static void open_door(struct admin *a, struct admin_door *door)
{
    door->admin = a;
    door->http = evhttp_new(a->loop);
    evhttp_set_max_body_size(door->http, BODY_MAX);
    evhttp_set_max_headers_size(door->http, HEADERS_MAX);
    evhttp_set_timeout(door->http, SECONDS);
    evhttp_set_allowed_methods(door->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_gencb(door->http, on_request, door);
}

struct admin *admin_open(struct event_base *loop, const char *path, struct daemon *d,
                         const char **out_why)
{
    int fd = listen_at(path, out_why);
    if (fd < 0) {
        return NULL;
    }
    struct admin *a = X_NEW(struct admin);
    a->loop = loop;
    a->daemon = d;
    a->path = xstrdup(path);
    open_door(a, &a->unix_door);
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(a->unix_door.http, fd);
    if (!bound) {
        *out_why = "cannot accept on it";
        close(fd);
        admin_close(&a);
        return NULL;
    }
    admin_door_watch(&a->unix_door, bound);
    return a;
}

static int port_of(struct evhttp_bound_socket *bound)
{
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof(at);
    char host[64], port[16] = "";
    if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&at, &n) != 0 ||
        getnameinfo((struct sockaddr *)&at, n, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return 0;
    }
    return atoi(port);
}

struct admin_address {
    const char *key, *host; /* key: of the configuration */
    int port;
};

static int bind_door(struct admin *ad, struct admin_door *door, struct arena *a,
                     struct admin_address at, const char **out_why)
{
    open_door(ad, door);
    struct evhttp_bound_socket *bound =
        evhttp_bind_socket_with_handle(door->http, at.host, (ev_uint16_t)at.port);
    if (!bound) {
        *out_why = str_printf(a, "%s %s:%d: %s", at.key, at.host, at.port, strerror(errno)).p;
        return -1;
    }
    admin_door_watch(door, bound);
    return port_of(bound);
}

int admin_listen(struct admin *ad, struct arena *a, const char *host, int port, const char *token,
                 const char **out_why)
{
    *out_why = admin_token_prepare(a, token);
    if (*out_why) {
        return -1;
    }
    ad->token = xstrdup(token);
    ad->tcp_door.wants_token = true;
    return bind_door(ad, &ad->tcp_door, a, (struct admin_address){"admin", host, port}, out_why);
}

int admin_listen_watching(struct admin *ad, struct arena *a, const char *host, int port,
                          const char **out_why)
{
    ad->watch_door.is_for_watching = true;
    return bind_door(ad, &ad->watch_door, a, (struct admin_address){"metrics", host, port},
                     out_why);
}

void admin_close(struct admin **a)
{
    struct admin *one = *a;
    if (!one) {
        return;
    }
    for (struct admin_pending *p = one->pending; p; p = p->next) {
        p->admin = NULL; /* its request goes with the door */
    }
    admin_door_close(&one->unix_door);
    admin_door_close(&one->tcp_door);
    admin_door_close(&one->watch_door);
    (void)unlink(one->path); /* the next start removes it otherwise */
    free(one->path);
    free(one->token);
    free(one);
    *a = NULL;
}
