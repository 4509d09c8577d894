/* One inbound HTTP connection: bytes to a request, a request to an exchange, its reply back. */
#include "adapters/http_answer.h"
#include "adapters/http_in_priv.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t now_us(const struct http_in *in)
{
    return clock_mono_us(in->ep->clock);
}

/* ---- the end of it ---- */

static void drop_body(struct http_conn *c)
{
    c->in->body_bytes -= c->body.n;
    buf_free(&c->body);
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
    door_left(&c->in->door);
}

void http_conn_free(struct http_conn *c)
{
    hang_up(c);
    drop_body(c);
    if (c->next) {
        c->next->prev = c->prev;
    }
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->in->first = c->next;
    }
    free(c);
}

/* Closing now, with bytes of the peer unread, would send a reset that may overtake the answer. */
static void linger(struct http_conn *c)
{
    c->state = HTTP_CONN_LINGERING;
    c->active_us = now_us(c->in);
    c->lingered = 0;
    line_end(&c->line);
}

static void end_sent(struct http_conn *c)
{
    if (c->is_refused && !c->in->is_draining) {
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
        c->active_us = now_us(c->in);
    }
    buf_free(&c->out);
    c->out_sent = 0;
}

/* ---- answers ---- */

/* The request is over; the next one may come, or the connection ends. */
static void finish(struct http_conn *c)
{
    drop_body(c);
    c->request_us = 0;
    c->state = c->closes || c->in->is_draining ? HTTP_CONN_ENDED : HTTP_CONN_HEAD;
    flush(c);
}

static void answer(struct http_conn *c, int status, const char *reason)
{
    http_answer_plain(&c->out, status, reason, c->closes || c->in->is_draining,
                      clock_wall_us(c->in->ep->clock));
    finish(c);
}

/* It is not read further: answered, then the connection ends. */
static void refuse(struct http_conn *c, int status, const char *reason)
{
    struct endpoint *ep = c->in->ep;
    ep->counters.frames_refused++;
    log_event(ep->log, LOG_LEVEL_WARN, "request-refused", log_str("source", ep->name),
              log_cstr("peer", c->peer), log_int("status", status), log_cstr("reason", reason));
    c->closes = c->is_refused = true;
    answer(c, status, reason);
}

static void put_reply(struct http_conn *c, const struct str *replies, unsigned n)
{
    bool closes = c->closes || c->in->is_draining;
    int64_t wall = clock_wall_us(c->in->ep->clock);
    if (n) {
        http_answer_hl7(&c->out, 200, replies[n - 1], closes, wall); /* of two the application's */
    } else {
        http_answer_plain(&c->out, 204, "", closes, wall);
    }
}

/* ---- a request ---- */

static void offer(struct http_conn *c)
{
    char who[sizeof c->peer + sizeof c->name + 1];
    (void)snprintf(who, sizeof who, "%s%s%s", c->peer, c->name[0] ? " " : "", c->name);
    struct exchange_from from = {str_of(who), c, ++c->token};
    size_t n = c->body.n;
    c->state = HTTP_CONN_WAITING; /* before the call: the reply may come inside */
    if (exchange_begin(c->in->source, &from, buf_str(&c->body)) == EXCHANGE_PAUSED) {
        c->state = HTTP_CONN_OFFERING;
        c->active_us = now_us(c->in);
        return;
    }
    c->in->ep->counters.messages++;
    c->in->ep->counters.bytes += n;
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
    const char *name = NULL;
    const char *why = h.status ? h.reason : http_in_admit(c->in, &h, &status, &name);
    (void)snprintf(c->name, sizeof c->name, "%s", name ? name : "");
    c->closes = h.closes;
    if (why) {
        refuse(c, h.status ? h.status : status, why);
        return;
    }
    uint64_t limit = (uint64_t)http_in_conf(c->in)->body_limit;
    http_body_begin(&c->reader, h.is_chunked, h.length, limit);
    c->state = HTTP_CONN_BODY;
    if (h.wants_continue && n == c->bytes.n) {
        buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        flush(c);
    }
    use(c, n);
}

/* Something of a head: is it one at all, is it whole? False: more bytes are needed. */
static bool read_head(struct http_conn *c)
{
    struct str s = buf_str(&c->bytes);
    c->request_us = c->request_us ? c->request_us : now_us(c->in);
    if (str_starts(s, STR("\r\n"))) {
        use(c, 2); /* some clients end a body so */
        return true;
    }
    if (s.n && s.p[0] == TLS_CLIENT_HELLO) {
        refuse(c, 400, "no HTTP: TLS is spoken to a plain port");
        return false;
    }
    if (s.n && (s.p[0] < 'A' || s.p[0] > 'Z') && s.p[0] != '\r') {
        refuse(c, 400, "no HTTP: the first byte is no letter of a method");
        return false;
    }
    size_t n = http_head_length(s, c->seen);
    c->seen = s.n;
    if (n > HTTP_HEAD_MAX || (!n && s.n > HTTP_HEAD_MAX)) {
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
    c->in->body_bytes += c->body.n - before;
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
    if (c->in->body_bytes > (size_t)http_in_conf(c->in)->body_memory) {
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

static void put_later(struct http_conn *c, const struct str *replies, unsigned n)
{
    bool closes = c->closes || c->in->is_draining;
    int64_t wall = clock_wall_us(c->in->ep->clock);
    if (n) {
        http_answer_hl7(&c->out, 503, replies[n - 1], closes, wall);
    } else {
        http_answer_plain(&c->out, 503, "there is no room for it now", closes, wall);
    }
}

static void end_exchange(struct http_conn *c, const struct str *replies, unsigned n,
                         void (*put)(struct http_conn *, const struct str *, unsigned))
{
    c->state = HTTP_CONN_HEAD;
    if (!c->is_gone) {
        put(c, replies, n);
        finish(c);
    } else {
        drop_body(c);
    }
    go_on(c);
}

void http_conn_reply(struct http_conn *c, const struct str *replies, unsigned n)
{
    end_exchange(c, replies, n, put_reply);
}

void http_conn_turn_away(struct http_conn *c, const struct str *replies, unsigned n)
{
    end_exchange(c, replies, n, put_later);
}

void http_conn_abandon(struct http_conn *c)
{
    c->state = HTTP_CONN_HEAD;
    if (!c->is_gone) {
        c->closes = true;
        answer(c, 504, "no answer in time; send it again");
    } else {
        drop_body(c);
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
        log_event(c->in->ep->log, LOG_LEVEL_WARN, "partial-request",
                  log_str("source", c->in->ep->name), log_cstr("peer", c->peer));
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
    ssize_t n = line_read(&c->line, c->in->read_buf, HTTP_READ);
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
    c->active_us = now_us(c->in);
    c->request_us = c->request_us ? c->request_us : c->active_us;
    buf_put(&c->bytes, c->in->read_buf, (size_t)n);
    go_on(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    flush(arg);
    go_on(arg);
}

void http_conn_new(struct http_in *in, struct line line, const char *peer)
{
    struct http_conn *c = X_NEW(struct http_conn);
    c->in = in;
    c->line = line;
    c->active_us = now_us(in);
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->next = in->first;
    if (c->next) {
        c->next->prev = c;
    }
    in->first = c;
    event_assign(&c->on_read, in->ep->loop, line.fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->on_write, in->ep->loop, line.fd, EV_WRITE, on_writable, c);
    settle(c);
}

void http_conn_resume(struct http_conn *c)
{
    if (c->state == HTTP_CONN_OFFERING && !c->is_gone) {
        offer(c);
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
    const struct http_in_conf *conf = http_in_conf(c->in);
    if (c->request_us && late_us - c->request_us > conf->request_within * 1000) {
        refuse(c, 408, "the request took longer than request-within");
    } else if (!c->request_us && late_us - c->active_us > conf->idle * 1000) {
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
        if (quiet_ms > http_in_conf(c->in)->idle) {
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
