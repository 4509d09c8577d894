/* The server of the admin API: listening, who asks, one request. */
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

#include "engine/base/mem.h"

enum { BODY_MAX = 256 * 1024, HEADERS_MAX = 16 * 1024, SECONDS = 30, BACKLOG = 64 };

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
    if (place && place->who == ADMIN_FOR_ALL) {
        return true;
    }
    const char *shown = evhttp_find_header(evhttp_request_get_input_headers(q), "Authorization");
    return !door->wants_token || admin_token_fits(door->admin->token, shown);
}

/* ---- one request ---- */

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
        admin_find_place(evhttp_uri_get_path(evhttp_request_get_evhttp_uri(q)));
    place = place && door->is_for_watching && place->who == ADMIN_FOR_ADMIN ? NULL : place;
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
    admin_answer_none(one);
    admin_door_close(&one->unix_door);
    admin_door_close(&one->tcp_door);
    admin_door_close(&one->watch_door);
    (void)unlink(one->path); /* the next start removes it otherwise */
    free(one->path);
    free(one->token);
    free(one);
    *a = NULL;
}
