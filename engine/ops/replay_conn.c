#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "engine/base/hash.h"
#include "engine/ops/replay_priv.h"
#include "engine/ops/wire.h"

enum { READ_BYTES = 65536, RETRY_US = 100000, UNEXPECTED_TOLD = 20 };

static struct replay_pending *oldest(struct replay_conn *c)
{
    return &c->ring[c->first];
}

static struct str id_of(const struct replay_pending *p)
{
    return p->id_n ? str_from(p->id, p->id_n) : p->m->id;
}

static void put_message(struct replay_conn *c, const struct replay_pending *p)
{
    struct str id = id_of(p);
    buf_reserve(&c->out, p->m->before.n + id.n + p->m->after.n + 3);
    buf_putc(&c->out, WIRE_VT);
    buf_put_str(&c->out, p->m->before);
    buf_put_str(&c->out, id);
    buf_put_str(&c->out, p->m->after);
    buf_put(&c->out, "\x1c\r", 2);
}

/* The last `n` decimal digits of `v`; without printf, as this is done for every message. */
static char *put_digits(char *at, int n, uint64_t v)
{
    for (int i = n; i-- > 0; v /= 10) {
        at[i] = (char)('0' + v % 10);
    }
    return at + n;
}

/* R<run>C<connection>N<sequence>: at most 20 characters, as MSH-10 allows in every version. */
static void make_id(const struct replay_conn *c, struct replay_pending *p)
{
    char *at = p->id;
    *at++ = 'R';
    at = (char *)memcpy(at, c->run->tag, 4) + 4;
    *at++ = 'C';
    at = put_digits(at, 3, c->number);
    *at++ = 'N';
    at = put_digits(at, 9, c->sequence);
    p->id_n = (unsigned char)(at - p->id);
}

/* The ledger's line, if there is one to write. */
static void record(struct replay *r, const struct replay_pending *p)
{
    FILE *to = r->conf->ledger;
    struct str id = id_of(p);
    if (to && r->conf->ledger_hash) {
        buf_clear(&r->scratch);
        buf_put_str(&r->scratch, p->m->before);
        buf_put_str(&r->scratch, id);
        buf_put_str(&r->scratch, p->m->after);
        fprintf(to, "%.*s\t%.*s\t%s\t%016llx\n", STR_ARG(id), STR_ARG(p->m->patient),
                p->code < 0 ? "none" : replay_code_names[p->code],
                (unsigned long long)hash64_str(buf_str(&r->scratch), 0));
    } else if (to && !p->refused) {
        fprintf(to, "%.*s\t%.*s\n", STR_ARG(id), STR_ARG(p->m->patient));
    }
}

/* Without an expectation of its own any positive answer will do. */
static void judge(struct replay *r, const struct replay_pending *p)
{
    bool good = p->m->expected < 0 ? !p->refused : p->code == p->m->expected;
    if (r->conf->expects && !good) {
        struct str id = id_of(p);
        r->result->unexpected++;
        if (r->result->unexpected <= UNEXPECTED_TOLD) {
            fprintf(stderr, "%.*s: expected %s, answered %s\n", STR_ARG(id),
                    p->m->expected < 0 ? "a positive answer" : replay_code_names[p->m->expected],
                    p->code < 0 ? "not at all" : replay_code_names[p->code]);
        }
    }
}

static void settle_one(struct replay_conn *c)
{
    struct replay *r = c->run;
    struct replay_pending *p = oldest(c);
    int64_t now = replay_now();
    r->result->answered++;
    r->last_answer_us = now;
    replay_hist_add(&r->result->latency, (uint64_t)(now > p->since_us ? now - p->since_us : 0));
    record(r, p);
    judge(r, p);
    c->first = (c->first + 1) % r->conf->window;
    c->count--;
}

/* The oldest one is answered, and with it those behind it that asked for no answer. */
static void settle_oldest(struct replay_conn *c)
{
    settle_one(c);
    while (c->count && !oldest(c)->left) {
        settle_one(c);
    }
}

static int code_index(struct str code)
{
    for (int i = 0; i < REPLAY_CODES; i++) {
        if (str_is(code, replay_code_names[i])) {
            return i;
        }
    }
    return -1;
}

static void take_answer(struct replay_conn *c, struct str reply)
{
    struct replay_result *res = c->run->result;
    struct str code, id;
    int index = wire_answer(reply, &code, &id) ? code_index(code) : -1;
    if (index < 0 || !c->count) {
        res->unreadable++;
        return;
    }
    struct replay_pending *p = oldest(c);
    if (!str_eq(id, id_of(p))) {
        res->mismatched++;
        return;
    }
    res->codes[index]++;
    p->code = (signed char)index;
    p->refused |= index != REPLAY_AA && index != REPLAY_CA;
    /* a refusal at accept level is the last word on a message */
    if (p->left > 1 && index != REPLAY_CE && index != REPLAY_CR) {
        p->left--;
        return;
    }
    settle_oldest(c);
}

static void take_answers(struct replay_conn *c)
{
    struct str in = buf_str(&c->in), body;
    size_t used, total = 0;
    while (wire_frame(str_slice(in, total, in.n), &body, &used)) {
        take_answer(c, body);
        total += used;
    }
    buf_consume(&c->in, total + used);
}

/* In TLS 1.3 a client is refused when it thinks that it is through. */
static void tell_refusal(struct replay_conn *c)
{
    if (c->line.tls && tls_was_refused(c->line.tls)) {
        c->run->result->tls_why = tls_why(c->line.tls);
    }
}

static void greet(struct replay_conn *c);

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct replay_conn *c = arg;
    (void)fd;
    (void)what; /* the only event asked for */
    if (c->greeting) {
        greet(c);
        return;
    }
    buf_reserve(&c->in, READ_BYTES);
    ssize_t n = line_read(&c->line, c->in.p + c->in.n, READ_BYTES);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        tell_refusal(c);
        replay_conn_drop(c);
        return;
    }
    c->in.n += (size_t)n;
    take_answers(c);
    replay_conn_pump(c);
}

static void flush(struct replay_conn *c)
{
    while (c->out_at < c->out.n) {
        ssize_t n = line_write(&c->line, c->out.p + c->out_at, c->out.n - c->out_at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            event_add(c->writable, NULL);
            return;
        }
        if (n < 0) {
            tell_refusal(c);
            replay_conn_drop(c);
            return;
        }
        c->out_at += (size_t)n;
        c->run->result->bytes += (uint64_t)n;
    }
    c->out_at = 0;
    buf_clear(&c->out);
}

static void begin_message(struct replay_conn *c, const struct replay_message *m, int64_t since_us)
{
    struct replay *r = c->run;
    struct replay_pending *p = &c->ring[(c->first + c->count) % r->conf->window];
    *p = (struct replay_pending){.m = m, .since_us = since_us, .left = m->replies, .code = -1};
    c->sequence++;
    if (r->conf->fresh_ids) {
        make_id(c, p);
    }
    put_message(c, p);
    c->count++;
    r->result->sent++;
    if (!m->replies && c->count == 1) {
        settle_oldest(c); /* no answer was asked for */
    }
}

void replay_conn_pump(struct replay_conn *c)
{
    if (c->line.fd < 0 || c->connecting || c->greeting) {
        return;
    }
    int64_t since;
    while (c->count < c->run->conf->window) {
        const struct replay_message *m = replay_take(c->run, c, &since);
        if (!m) {
            break;
        }
        begin_message(c, m, since);
    }
    flush(c);
    replay_conn_end_if_idle(c);
}

static void begin_sending(struct replay_conn *c)
{
    c->down_since_us = 0;
    c->run->result->connects++;
    event_add(c->readable, NULL);
    for (unsigned i = 0; i < c->count; i++) {
        put_message(c, &c->ring[(c->first + i) % c->run->conf->window]);
        c->run->result->resent++;
    }
    replay_conn_pump(c);
}

static void greet(struct replay_conn *c)
{
    event_del(c->readable);
    switch (tls_handshake(c->line.tls)) {
    case TLS_DONE:
        c->greeting = false;
        begin_sending(c);
        break;
    case TLS_WANTS_READ:
        event_add(c->readable, NULL);
        break;
    case TLS_WANTS_WRITE:
        event_add(c->writable, NULL);
        break;
    case TLS_FAILED:
        c->run->result->tls_why = tls_why(c->line.tls);
        replay_conn_drop(c);
        break;
    }
}

static void on_connected(struct replay_conn *c)
{
    int failed = 0;
    socklen_t n = sizeof failed;
    getsockopt(c->line.fd, SOL_SOCKET, SO_ERROR, &failed, &n);
    if (failed) {
        c->run->last_errno = failed;
        replay_conn_drop(c);
        return;
    }
    c->connecting = false;
    if (!c->run->conf->tls) {
        begin_sending(c);
        return;
    }
    c->line.tls = tls_new(c->run->conf->tls, c->line.fd, c->run->conf->host);
    c->greeting = true;
    greet(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct replay_conn *c = arg;
    (void)fd;
    if (what & EV_TIMEOUT) {
        replay_conn_open(c);
    } else if (c->connecting) {
        on_connected(c);
    } else if (c->greeting) {
        greet(c);
    } else {
        flush(c);
    }
}

static void connect_later(struct replay_conn *c)
{
    struct timeval soon = {0, RETRY_US};
    event_assign(c->writable, c->run->loop, -1, 0, on_writable, c);
    event_add(c->writable, &soon);
}

void replay_conn_open(struct replay_conn *c)
{
    const struct addrinfo *a = c->run->address;
    if (!c->readable) {
        c->readable = event_new(c->run->loop, -1, 0, on_readable, c);
        c->writable = event_new(c->run->loop, -1, 0, on_writable, c);
    }
    c->line.fd =
        socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (c->line.fd < 0) {
        c->run->last_errno = errno;
        replay_conn_drop(c);
        return;
    }
    int on = 1;
    (void)setsockopt(c->line.fd, IPPROTO_TCP, TCP_NODELAY, &on,
                     sizeof on); /* only a delay is lost */
    event_assign(c->readable, c->run->loop, c->line.fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(c->writable, c->run->loop, c->line.fd, EV_WRITE, on_writable, c);
    c->connecting = true;
    if (connect(c->line.fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) {
        event_add(c->writable, NULL);
        return;
    }
    c->run->last_errno = errno;
    replay_conn_drop(c);
}

static void close_socket(struct replay_conn *c)
{
    if (c->readable) {
        event_del(c->readable);
        event_del(c->writable);
    }
    line_close(&c->line);
    buf_clear(&c->in);
    buf_clear(&c->out);
    c->out_at = 0;
}

static void end(struct replay_conn *c)
{
    if (!c->ended) {
        c->ended = true;
        if (--c->run->open == 0) {
            event_base_loopbreak(c->run->loop);
        }
    }
}

void replay_conn_lose(struct replay_conn *c)
{
    struct replay *r = c->run;
    r->result->lost += c->count;
    for (; c->count; c->count--, c->first = (c->first + 1) % r->conf->window) {
        if (r->conf->ledger_hash) {
            record(r, oldest(c));
        }
    }
}

void replay_conn_drop(struct replay_conn *c)
{
    if (c->ended) {
        return;
    }
    c->run->result->disconnects += !c->connecting && !c->greeting;
    c->connecting = c->greeting = false;
    close_socket(c);
    if (!c->down_since_us) {
        c->down_since_us = replay_now();
    }
    if (c->run->conf->reconnect &&
        replay_now() - c->down_since_us <= c->run->conf->reply_within_us) {
        connect_later(c);
        return;
    }
    replay_conn_lose(c);
    end(c);
}

void replay_conn_end_if_idle(struct replay_conn *c)
{
    struct replay *r = c->run;
    bool more = r->taken < r->limit && (!c->mine || c->next < c->nmine || r->limit > r->corpus->n);
    if (r->stop_us && replay_now() >= r->stop_us) {
        more = false;
    }
    if (c->ended || c->count || c->out.n || more) {
        return;
    }
    close_socket(c);
    end(c);
}

void replay_conn_free(struct replay_conn *c)
{
    close_socket(c);
    if (c->readable) {
        event_free(c->readable);
        event_free(c->writable);
    }
    buf_free(&c->in);
    buf_free(&c->out);
    free(c->ring);
    free(c->mine);
}
