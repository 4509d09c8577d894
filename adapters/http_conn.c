/* One inbound HTTP connection: bytes to a request, a request to its owner, the answer back. */
#include "adapters/http_serve.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t now_us(const struct http_conn *c)
{
    return clock_mono_us(c->serve->ep->clock);
}

static const struct http_limits *limits_of(const struct http_conn *c)
{
    const struct http_serve_conf *conf = c->serve->ep->conf;
    return &conf->limits;
}

/* ---- the end of it ---- */

static void drop_request(struct http_conn *c)
{
    c->serve->body_bytes -= c->body.n;
    buf_free(&c->body);
    if (c->request && c->serve->ops->forget) {
        c->serve->ops->forget(c);
    }
    c->request = NULL;
}

static void hang_up(struct http_conn *c)
{
    if (c->is_gone) {
        return;
    }
    c->is_gone = true;
    event_del(&c->on_read);
    event_del(&c->on_write);
    line_close(&c->line);
    buf_free(&c->bytes);
    buf_free(&c->out);
    door_left(&c->serve->door);
}

void http_conn_free(struct http_conn *c)
{
    hang_up(c);
    drop_request(c);
    if (c->next) {
        c->next->prev = c->prev;
    }
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->serve->first = c->next;
    }
    free(c);
}

/* Closing now, with bytes of the peer unread, would send a reset that may overtake the answer. */
static void linger(struct http_conn *c)
{
    c->state = HTTP_CONN_LINGERING;
    c->active_us = now_us(c);
    c->lingered = 0;
    line_end(&c->line);
}

static void end_sent(struct http_conn *c)
{
    if (c->is_refused && !c->serve->is_draining) {
        linger(c);
    } else {
        hang_up(c);
    }
}

/* In line with what is wanted of the peer; free what nobody needs. May free `c`. */
static void settle(struct http_conn *c)
{
    bool is_sent = c->out.n == c->out_sent;
    if (!c->is_gone && c->state == HTTP_CONN_ENDED && is_sent) {
        end_sent(c);
    }
    if (c->is_gone) {
        if (c->state != HTTP_CONN_WAITING && !c->is_busy) {
            http_conn_free(c);
        }
        return;
    }
    bool reads = c->state == HTTP_CONN_LINGERING ||
                 (is_sent && (c->state == HTTP_CONN_HEAD || c->state == HTTP_CONN_BODY));
    if (reads) {
        event_add(&c->on_read, NULL);
    } else {
        event_del(&c->on_read);
    }
}

/* ---- sending ---- */

static void flush(struct http_conn *c)
{
    while (!c->is_gone && c->out_sent < c->out.n) {
        ssize_t n = line_write(&c->line, c->out.p + c->out_sent, c->out.n - c->out_sent);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            event_add(&c->on_write, NULL);
            return;
        }
        if (n < 0) {
            hang_up(c);
            return;
        }
        c->out_sent += (size_t)n;
        c->active_us = now_us(c);
    }
    buf_free(&c->out);
    c->out_sent = 0;
}

/* ---- answers ---- */

bool http_conn_closes(const struct http_conn *c)
{
    return c->closes || c->serve->is_draining;
}

/* The request is over; the next one may come, or the connection ends. */
static void finish(struct http_conn *c)
{
    drop_request(c);
    c->asked_us = 0;
    c->is_parted = false;
    c->state = http_conn_closes(c) ? HTTP_CONN_ENDED : HTTP_CONN_HEAD;
    flush(c);
}

static void answer(struct http_conn *c, int status, const char *reason)
{
    c->serve->ops->refuse(c, status, reason);
    finish(c);
}

void http_conn_tell_refused(struct http_conn *c, int status, const char *reason)
{
    struct endpoint *ep = c->serve->ep;
    ep->counters.frames_refused++;
    log_event(ep->log, LOG_LEVEL_WARN, "request-refused", log_str("source", ep->name),
              log_cstr("peer", c->peer), log_int("status", status), log_cstr("reason", reason));
}

/* It is not read further: answered, then the connection ends. */
static void refuse(struct http_conn *c, int status, const char *reason)
{
    http_conn_tell_refused(c, status, reason);
    c->closes = c->is_refused = true;
    answer(c, status, reason);
}

/* ---- a request ---- */

struct str http_conn_who(const struct http_conn *c, char out[HTTP_WHO_MAX])
{
    (void)snprintf(out, HTTP_WHO_MAX, "%s%s%s", c->peer, c->name[0] ? " " : "", c->name);
    return str_of(out);
}

static void offer(struct http_conn *c)
{
    c->state = HTTP_CONN_WAITING; /* before the call: the answer may come inside */
    c->token++;
    switch (c->serve->ops->take(c)) {
    case HTTP_TAKE_FULL:
        c->state = HTTP_CONN_OFFERING;
        c->active_us = now_us(c);
        break;
    case HTTP_TAKE_ANSWERED:
        finish(c);
        break;
    case HTTP_TAKE_WAITS:
        break;
    }
}

static void use(struct http_conn *c, size_t n)
{
    buf_consume(&c->bytes, n);
    c->seen = 0;
}

static void take_head(struct http_conn *c, size_t n)
{
    struct http_head h;
    int status = 0;
    http_head_read(str_slice(buf_str(&c->bytes), 0, n), &h);
    c->name[0] = '\0';
    const char *why = h.status ? h.reason : c->serve->ops->admit(c, &h, &status);
    c->closes = h.closes;
    if (why) {
        refuse(c, h.status ? h.status : status, why);
        return;
    }
    uint64_t limit = (uint64_t)limits_of(c)->body_limit;
    http_body_begin(&c->reader, h.is_chunked, h.length, limit);
    c->state = HTTP_CONN_BODY;
    if (h.wants_continue && n == c->bytes.n) {
        buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        flush(c);
    }
    use(c, n);
}

/* Some clients end a body so. It begins no request; a second one is none of theirs. */
static void pass_empty_line(struct http_conn *c)
{
    use(c, 2);
    c->is_parted = true;
    c->asked_us = c->bytes.n ? c->asked_us : 0;
}

/* Something of a head: is it one at all, is it whole? False: more bytes are needed. */
static bool read_head(struct http_conn *c)
{
    struct str s = buf_str(&c->bytes);
    c->asked_us = c->asked_us ? c->asked_us : now_us(c);
    if (!c->is_parted && str_starts(s, STR("\r\n"))) {
        pass_empty_line(c);
        return true;
    }
    if (s.n && s.p[0] == TLS_CLIENT_HELLO) {
        refuse(c, 400, "no HTTP: TLS is spoken to a plain port");
        return false;
    }
    if (s.n && (s.p[0] < 'A' || s.p[0] > 'Z') && (c->is_parted || s.p[0] != '\r')) {
        refuse(c, 400, "no HTTP: the first byte is no letter of a method");
        return false;
    }
    size_t n = http_head_length(s, c->seen);
    bool is_broken = !n && http_head_has_bare_lf(s, c->seen);
    c->seen = s.n;
    if (is_broken) {
        refuse(c, 400, "a line of the head ends in a bare LF");
    } else if (n > HTTP_HEAD_MAX || (!n && s.n > HTTP_HEAD_MAX)) {
        refuse(c, 431, "the head is larger than 16 KiB");
    } else if (n) {
        take_head(c, n);
        return true;
    }
    return false;
}

static bool read_body(struct http_conn *c)
{
    size_t before = c->body.n, n = http_body_take(&c->reader, buf_str(&c->bytes), &c->body);
    c->serve->body_bytes += c->body.n - before;
    use(c, n);
    switch (c->reader.state) {
    case HTTP_BODY_WHOLE:
        offer(c);
        return true;
    case HTTP_BODY_BROKEN:
        refuse(c, 400, "the chunks of the body are broken");
        return false;
    case HTTP_BODY_TOO_LARGE:
        refuse(c, 413, "the body is larger than body-limit");
        return false;
    default:
        break;
    }
    if (c->serve->body_bytes > (size_t)limits_of(c)->body_memory) {
        refuse(c, 503, "too many large bodies at once");
    }
    return false;
}

/* As far as the bytes go. May free `c`. */
static void go_on(struct http_conn *c)
{
    if (c->is_busy) {
        return; /* a reply inside the loop below */
    }
    c->is_busy = true;
    bool more = true;
    while (more && !c->is_gone && c->out.n == c->out_sent) {
        if (c->state == HTTP_CONN_HEAD && c->bytes.n) {
            more = read_head(c);
        } else if (c->state == HTTP_CONN_BODY) {
            more = read_body(c);
        } else {
            more = false;
        }
    }
    c->is_busy = false;
    settle(c);
}

void http_conn_answered(struct http_conn *c)
{
    c->state = HTTP_CONN_HEAD;
    if (!c->is_gone) {
        finish(c);
    } else {
        drop_request(c);
    }
    go_on(c);
}

/* ---- events ---- */

static void on_lingering(struct http_conn *c, ssize_t n)
{
    c->lingered += (size_t)n;
    if (c->lingered > HTTP_LINGER_MAX) {
        hang_up(c);
    }
    settle(c);
}

static void end_of_stream(struct http_conn *c)
{
    bool is_part = c->state == HTTP_CONN_BODY || (c->state == HTTP_CONN_HEAD && c->bytes.n);
    if (is_part) {
        log_event(c->serve->ep->log, LOG_LEVEL_WARN, "partial-request",
                  log_str("source", c->serve->ep->name), log_cstr("peer", c->peer));
    }
    c->state = HTTP_CONN_ENDED;
    hang_up(c);
    settle(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *c = arg;
    (void)fd;
    (void)what; /* reading only */
    ssize_t n = line_read(&c->line, c->serve->read_buf, HTTP_READ);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        end_of_stream(c);
        return;
    }
    if (c->state == HTTP_CONN_LINGERING) {
        on_lingering(c, n);
        return;
    }
    c->active_us = now_us(c);
    c->asked_us = c->asked_us ? c->asked_us : c->active_us;
    buf_put(&c->bytes, c->serve->read_buf, (size_t)n);
    go_on(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    flush(arg);
    go_on(arg);
}

void http_conn_new(struct http_serve *s, struct line line, const char *peer)
{
    struct http_conn *c = X_NEW(struct http_conn);
    c->serve = s;
    c->line = line;
    c->active_us = now_us(c);
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->next = s->first;
    if (c->next) {
        c->next->prev = c;
    }
    s->first = c;
    event_assign(&c->on_read, s->ep->loop, line.fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->on_write, s->ep->loop, line.fd, EV_WRITE, on_writable, c);
    settle(c);
}

void http_conn_resume(struct http_conn *c)
{
    if (c->state == HTTP_CONN_OFFERING && !c->is_gone) {
        c->is_busy = true; /* an answer inside frees nothing */
        offer(c);
        c->is_busy = false;
        go_on(c);
    }
}

void http_conn_end(struct http_conn *c)
{
    c->closes = true;
    if (c->state == HTTP_CONN_HEAD && !c->bytes.n) {
        c->state = HTTP_CONN_ENDED;
    }
    settle(c);
}

/* ---- time ---- */

static void check_request(struct http_conn *c, int64_t late_us)
{
    const struct http_limits *conf = limits_of(c);
    if (c->asked_us && late_us - c->asked_us > conf->request_within * 1000) {
        refuse(c, 408, "the request took longer than request-within");
    } else if (!c->asked_us && late_us - c->active_us > conf->idle * 1000) {
        hang_up(c);
    }
}

void http_conn_check(struct http_conn *c, int64_t now)
{
    int64_t quiet_ms = (now - c->active_us) / 1000;
    if (c->is_gone) {
        return; /* its exchange is under way */
    }
    if (c->out.n != c->out_sent) {
        if (quiet_ms > limits_of(c)->idle) {
            hang_up(c); /* nobody reads the answer */
        }
    } else if (c->state == HTTP_CONN_LINGERING) {
        if (quiet_ms > HTTP_LINGER_MS) {
            hang_up(c);
        }
    } else if (c->state == HTTP_CONN_OFFERING) {
        if (quiet_ms > HTTP_PATIENCE_MS) {
            answer(c, 503, "too much waits to be stored");
        }
    } else if (c->state == HTTP_CONN_HEAD || c->state == HTTP_CONN_BODY) {
        check_request(c, now);
    }
    go_on(c);
}
