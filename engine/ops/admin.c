#include "engine/ops/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/ops/daemon.h"
#include "engine/ops/report.h"

enum { BODY_MAX = 64 * 1024, HEADERS_MAX = 16 * 1024, SECONDS = 30, BACKLOG = 64 };

struct admin {
    struct evhttp *http;
    struct daemon *daemon;
    char *path;
};

static void answer(struct evhttp_request *q, int status, const char *type, struct str body)
{
    struct evbuffer *b = evbuffer_new();
    evbuffer_add(b, body.p, body.n);
    evhttp_add_header(evhttp_request_get_output_headers(q), "Content-Type", type);
    evhttp_send_reply(q, status, status == HTTP_OK ? "OK" : "Refused", b);
    evbuffer_free(b);
}

static void answer_report(struct evhttp_request *q, struct report *r)
{
    struct buf b = {0};
    report_put(r, &b);
    buf_putc(&b, '\n');
    answer(q, HTTP_OK, "application/json", buf_str(&b));
    buf_free(&b);
    report_free(&r);
}

static bool wants_method(struct evhttp_request *q, enum evhttp_cmd_type method)
{
    if (evhttp_request_get_command(q) == method) {
        return true;
    }
    answer(q, HTTP_BADMETHOD, "text/plain", STR("another method is wanted\n"));
    return false;
}

static void on_status(struct evhttp_request *q, void *arg)
{
    struct admin *a = arg;
    if (wants_method(q, EVHTTP_REQ_GET)) {
        answer_report(q, daemon_status(a->daemon));
    }
}

static void on_misses(struct evhttp_request *q, void *arg)
{
    struct admin *a = arg;
    if (wants_method(q, EVHTTP_REQ_GET)) {
        answer_report(q, daemon_misses(a->daemon));
    }
}

static void on_journal(struct evhttp_request *q, void *arg)
{
    struct admin *a = arg;
    if (wants_method(q, EVHTTP_REQ_GET)) {
        answer_report(q, daemon_journal(a->daemon));
    }
}

static void on_accept_damage(struct evhttp_request *q, void *arg)
{
    struct admin *a = arg;
    if (wants_method(q, EVHTTP_REQ_POST)) {
        daemon_accept_damage(a->daemon);
        answer(q, HTTP_OK, "text/plain", STR("accepted\n"));
    }
}

static void on_reload(struct evhttp_request *q, void *arg)
{
    struct admin *a = arg;
    struct buf out = {0};
    if (wants_method(q, EVHTTP_REQ_POST)) {
        const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(q));
        bool holds = query && strcmp(query, "hold-pending") == 0;
        int failed = daemon_reload(a->daemon, holds, &out);
        answer(q, failed ? 409 : HTTP_OK, "text/plain", buf_str(&out));
    }
    buf_free(&out);
}

static void on_other(struct evhttp_request *q, void *arg)
{
    (void)arg; /* nothing is known of it */
    answer(q, HTTP_NOTFOUND, "text/plain", STR("no such place\n"));
}

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

struct admin *admin_open(struct event_base *loop, const char *path, struct daemon *d,
                         const char **out_why)
{
    int fd = listen_at(path, out_why);
    if (fd < 0) {
        return NULL;
    }
    struct admin *a = X_NEW(struct admin);
    a->daemon = d;
    a->path = xstrdup(path);
    a->http = evhttp_new(loop);
    evhttp_set_max_body_size(a->http, BODY_MAX);
    evhttp_set_max_headers_size(a->http, HEADERS_MAX);
    evhttp_set_timeout(a->http, SECONDS);
    evhttp_set_allowed_methods(a->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_cb(a->http, "/status", on_status, a);
    evhttp_set_cb(a->http, "/reload", on_reload, a);
    evhttp_set_cb(a->http, "/journal", on_journal, a);
    evhttp_set_cb(a->http, "/misses", on_misses, a);
    evhttp_set_cb(a->http, "/accept-damage", on_accept_damage, a);
    evhttp_set_gencb(a->http, on_other, a);
    if (evhttp_accept_socket(a->http, fd) != 0) {
        *out_why = "cannot accept on it";
        close(fd);
        admin_close(&a);
    }
    return a;
}

void admin_close(struct admin **a)
{
    if (*a) {
        evhttp_free((*a)->http);
        (void)unlink((*a)->path); /* the next start removes it otherwise */
        free((*a)->path);
        free(*a);
        *a = NULL;
    }
}
