#include "engine/ops/sink_http.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/err.h"
#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/ops/sink_front.h"
#include "engine/ops/sink_listen.h"
#include "engine/ops/wire.h"

enum { GRACE_MS = 50, UNAUTHORIZED = 401 };

struct sink_http {
    const struct sink_http_conf *conf;
    struct sink_http_result *result;
    struct event_base *loop;
    struct map64 keys; /* hashes of the Idempotency-Keys */
    struct later *held;
};

/* A request whose answer waits for its time, or for ever. */
struct later {
    struct later *next, **link;
    struct sink_http *sink;
    struct evhttp_request *request;
    struct event *timer;
    int answer;
};

/* What is told of a request. Texts are the request's. */
struct seen {
    const char *method, *path, *type, *key, *attempt;
    struct evbuffer *body;
    size_t n;
    bool is_repeated;
    uint32_t events;    /* CloudEvents in it */
    const char *forged; /* why its signature is none; NULL: it is right, or nobody asked */
    int answer;
};

int sink_http_answer(struct str text)
{
    int64_t n;
    if (str_is(text, "none")) {
        return SINK_HTTP_SILENT;
    }
    if (str_is(text, "drop")) {
        return SINK_HTTP_HANGUP;
    }
    return str_to_i64(text, &n) && n >= 200 && n <= 599 ? (int)n : -1;
}

const char *sink_http_answer_text(int answer, char out[SINK_HTTP_TEXT])
{
    if (answer == SINK_HTTP_SILENT || answer == SINK_HTTP_HANGUP) {
        return answer == SINK_HTTP_SILENT ? "none" : "drop";
    }
    snprintf(out, SINK_HTTP_TEXT, "%d", answer);
    return out;
}

/* ---- answering ---- */

static void hang_up(struct evhttp_request *q)
{
    struct evhttp_connection *c = evhttp_request_get_connection(q);
    if (c) {
        evhttp_connection_free(c); /* and the request with it */
    } else {
        evhttp_request_free(q);
    }
}

static const char *type_of(struct str body)
{
    return str_starts(body, STR("MSH")) ? "application/hl7-v2" : "application/json";
}

static void answer(const struct sink_http *s, struct evhttp_request *q, int status)
{
    if (s->conf->retry_after && status >= 300) {
        evhttp_add_header(evhttp_request_get_output_headers(q), "Retry-After",
                          s->conf->retry_after);
    }
    struct evbuffer *body = NULL;
    if (s->conf->body.n && status != 204 && status != 304) {
        body = evbuffer_new();
        evbuffer_add_reference(body, s->conf->body.p, s->conf->body.n, NULL, NULL);
        evhttp_add_header(evhttp_request_get_output_headers(q), "Content-Type",
                          type_of(s->conf->body));
    }
    evhttp_send_reply(q, status, "as told", body); /* a peer that is gone is noticed there */
    if (body) {
        evbuffer_free(body);
    }
}

static void forget(struct later *l)
{
    *l->link = l->next;
    if (l->next) {
        l->next->link = l->link;
    }
    event_free(l->timer);
    free(l);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct later l = *(struct later *)arg;
    (void)fd;
    (void)what; /* a timer: nothing to tell apart */
    forget(arg);
    if (l.answer == SINK_HTTP_HANGUP) {
        hang_up(l.request);
    } else {
        answer(l.sink, l.request, l.answer);
    }
}

static void hold(struct sink_http *s, struct evhttp_request *q, int answer_with)
{
    struct later *l = X_NEW(struct later);
    struct timeval tv = {s->conf->delay_ms / 1000, s->conf->delay_ms % 1000 * 1000};
    *l = (struct later){.sink = s, .request = q, .answer = answer_with};
    l->next = s->held;
    l->link = &s->held;
    if (l->next) {
        l->next->link = &l->next;
    }
    s->held = l;
    l->timer = evtimer_new(s->loop, on_time, l);
    if (answer_with != SINK_HTTP_SILENT) {
        event_add(l->timer, &tv);
    }
}

/* ---- accounting ---- */

static int choose(const struct sink_http *s)
{
    const struct sink_http_conf *c = s->conf;
    int64_t n = (int64_t)s->result->requests;
    bool fails = n <= c->fail_first || (c->fail_every && n % c->fail_every == 0);
    return fails ? c->fail_with : c->answer;
}

static bool is_repeated(struct sink_http *s, const char *key)
{
    if (!key) {
        s->result->keyless++;
        return false;
    }
    bool is_new = map64_put(&s->keys, hash64_str(str_of(key), 0), 1);
    s->result->repeated += !is_new;
    return !is_new;
}

static const char *method_text(enum evhttp_cmd_type m)
{
    static const struct {
        enum evhttp_cmd_type method;
        const char *text;
    } rows[] = {{EVHTTP_REQ_POST, "POST"},       {EVHTTP_REQ_PUT, "PUT"},
                {EVHTTP_REQ_PATCH, "PATCH"},     {EVHTTP_REQ_GET, "GET"},
                {EVHTTP_REQ_HEAD, "HEAD"},       {EVHTTP_REQ_DELETE, "DELETE"},
                {EVHTTP_REQ_OPTIONS, "OPTIONS"}, {EVHTTP_REQ_TRACE, "TRACE"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].method == m) {
            return rows[i].text;
        }
    }
    return "?";
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static struct str body_of(const struct seen *seen)
{
    return str_from((const char *)evbuffer_pullup(seen->body, -1), seen->n);
}

static struct str header_of(const struct evkeyvalq *head, const char *name)
{
    return str_of(evhttp_find_header(head, name));
}

static const char *verify(const struct sink_http *s, const struct evkeyvalq *head,
                          const struct seen *seen)
{
    struct clock clock = clock_real();
    if (!s->conf->secrets) {
        return NULL;
    }
    return webhook_verify(
        s->conf->secrets, header_of(head, "webhook-id"), header_of(head, "webhook-timestamp"),
        header_of(head, "webhook-signature"), body_of(seen), clock_wall_us(&clock) / 1000000);
}

/* How many CloudEvents a request is, by its type or headers; a batch that is none is no event. */
static uint32_t count_events(const struct evkeyvalq *head, const struct seen *seen)
{
    struct arena a = {0};
    struct json *root = NULL;
    struct json_fault fault;
    struct str type = str_of(seen->type);
    if (!str_starts(type, STR("application/cloudevents-batch+json"))) {
        return str_starts(type, STR("application/cloudevents+json")) || header_of(head, "ce-id").n;
    }
    bool is_batch =
        json_parse(&a, body_of(seen), NULL, &root, &fault) == 0 && root->kind == JSON_ARRAY;
    uint32_t n = is_batch ? root->count : 0;
    arena_free(&a);
    return n;
}

static struct seen look_at(struct sink_http *s, struct evhttp_request *q)
{
    const struct evkeyvalq *head = evhttp_request_get_input_headers(q);
    const char *key = evhttp_find_header(head, "Idempotency-Key");
    struct seen seen = {.method = method_text(evhttp_request_get_command(q)),
                        .path = or_dash(evhttp_request_get_uri(q)),
                        .type = or_dash(evhttp_find_header(head, "Content-Type")),
                        .key = or_dash(key),
                        .attempt = or_dash(evhttp_find_header(head, "Corridor-Attempt")),
                        .body = evhttp_request_get_input_buffer(q)};
    seen.n = evbuffer_get_length(seen.body);
    s->result->requests++;
    s->result->bytes += seen.n;
    seen.is_repeated = is_repeated(s, key);
    seen.events = count_events(head, &seen);
    seen.forged = verify(s, head, &seen);
    s->result->events += seen.events;
    s->result->forged += seen.forged != NULL;
    seen.answer = seen.forged ? UNAUTHORIZED : choose(s);
    s->result->answers[seen.answer]++;
    return seen;
}

static void print_request(const struct sink_http *s, const struct seen *seen)
{
    char text[SINK_HTTP_TEXT];
    printf("%llu %s %s %s %s attempt %s, %zu bytes, %s%s", (unsigned long long)s->result->requests,
           seen->method, seen->path, seen->type, seen->key, seen->attempt, seen->n,
           sink_http_answer_text(seen->answer, text), seen->is_repeated ? ", repeated" : "");
    if (seen->events) {
        printf(", %u event%s", seen->events, seen->events > 1 ? "s" : "");
    }
    if (s->conf->secrets) {
        printf(", %s", seen->forged ? seen->forged : "signed");
    }
    putchar('\n');
    if (!s->conf->show_content) {
        return;
    }
    struct str body = body_of(seen);
    for (size_t i = 0; i < body.n; i++) {
        putchar(body.p[i] == '\r' ? '\n' : body.p[i]);
    }
    if (!body.n || (body.p[body.n - 1] != '\r' && body.p[body.n - 1] != '\n')) {
        putchar('\n');
    }
}

static void write_ledger(const struct sink_http *s, const struct seen *seen)
{
    char text[SINK_HTTP_TEXT];
    FILE *to = s->conf->ledger;
    struct wire_head h;
    if (s->conf->ledger_hl7 && wire_head(body_of(seen), &h)) {
        fprintf(to, "%.*s\t%.*s", STR_ARG(h.msh[10]), STR_ARG(h.patient));
    } else {
        fprintf(to, "%s\t%s", seen->key, seen->path);
    }
    fprintf(to, "\t%s", sink_http_answer_text(seen->answer, text));
    if (s->conf->ledger_hash) {
        fprintf(to, "\t%016llx", (unsigned long long)hash64_str(body_of(seen), 0));
    }
    putc('\n', to);
}

static void on_request(struct evhttp_request *q, void *arg)
{
    struct sink_http *s = arg;
    const struct sink_http_conf *conf = s->conf;
    struct seen seen = look_at(s, q);
    if (conf->print) {
        print_request(s, &seen);
    }
    if (conf->ledger) {
        write_ledger(s, &seen);
    }
    if (conf->delay_ms || seen.answer == SINK_HTTP_SILENT || seen.answer == SINK_HTTP_HANGUP) {
        hold(s, q, seen.answer);
    } else {
        answer(s, q, seen.answer);
    }
    if (conf->messages && (int64_t)s->result->requests == conf->messages) {
        int64_t rest = conf->delay_ms + GRACE_MS; /* the last answer goes out */
        struct timeval tv = {rest / 1000, rest % 1000 * 1000};
        event_base_loopexit(s->loop, &tv);
    }
}

/* ---- life ---- */

/* Called for each connection; NULL: evhttp makes its bufferevent itself. */
static struct bufferevent *on_connection(struct event_base *loop, void *arg)
{
    struct sink_http *s = arg;
    (void)loop;
    s->result->connections++;
    return NULL;
}

static struct evhttp *new_server(struct sink_http *s, int fd)
{
    struct evhttp *http = evhttp_new(s->loop);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                         EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                         EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH);
    evhttp_set_gencb(http, on_request, s);
    evhttp_set_bevcb(http, on_connection, s);
    evhttp_accept_socket(http, fd); /* closes it with the server */
    return http;
}

/* Requests whose connection is there go with it. */
static void forget_held(struct sink_http *s)
{
    for (struct later *l = s->held, *next; l; l = next) {
        next = l->next;
        if (!evhttp_request_get_connection(l->request)) {
            evhttp_request_free(l->request);
        }
        forget(l);
    }
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in at = {0};
    socklen_t n = sizeof at;
    return getsockname(fd, (struct sockaddr *)&at, &n) == 0 ? ntohs(at.sin_port) : 0;
}

/* With TLS the server listens at a port of its own on this machine, and the front where it was asked for. */
static int listen_inside(const struct sink_http_conf *conf, int outside, const char **out_why)
{
    const struct opt_hostport here = {.host = STR("127.0.0.1")};
    return conf->tls ? sink_listen(&here, out_why) : outside;
}

int sink_http_run(const struct sink_http_conf *conf, struct sink_http_result *out,
                  const char **out_why)
{
    struct sink_http s = {.conf = conf, .result = out};
    struct sink_front *front = NULL;
    *out = (struct sink_http_result){0};
    int fd = sink_listen(&conf->listen, out_why);
    int inside = fd < 0 ? -1 : listen_inside(conf, fd, out_why);
    if (inside < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return ERR_IO;
    }
    s.loop = event_base_new();
    struct evhttp *http = new_server(&s, inside);
    if (conf->tls) {
        front = sink_front_new(s.loop, conf->tls, fd, port_of(inside), &out->tls_refused);
    }
    sink_serve(s.loop, fd, conf->seconds);
    forget_held(&s);
    sink_front_free(&front);
    evhttp_free(http);
    event_base_free(s.loop);
    map64_free(&s.keys);
    if (conf->tls) {
        close(fd);
    }
    return 0;
}
