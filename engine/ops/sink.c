#include "engine/ops/sink.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/flow/line.h"
#include "engine/ops/sink_listen.h"
#include "engine/ops/wire.h"

enum { READ_BYTES = 65536, GRACE_MS = 50 };

const char *const sink_reply_names[SINK_REPLIES] = {"AA", "AE", "AR", "none", "drop"};
static const char *const accept_names[SINK_REPLIES] = {"CA", "CE", "CR", "none", "drop"};

/* An answer that waits for its time; its bytes are the next `n` of the connection's held buffer. */
struct later {
    int64_t due_us;
    size_t n;
};

struct sink {
    const struct sink_conf *conf;
    struct sink_result *result;
    struct event_base *loop;
    struct sink_conn *conns; /* list */
    time_t stamp_at;         /* second of `stamp` */
    char stamp[20];          /* MSH-7 of answers */
};

struct sink_conn {
    struct sink_conn *next, **link;
    struct sink *sink;
    struct line line;
    bool greeting;
    bool dropped; /* close once what was answered before has gone out */
    struct event *readable, *writable, *timer;
    struct buf in, out, held;
    struct later *later;
    size_t later_first, later_n, later_cap;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void conn_free(struct sink_conn *c)
{
    *c->link = c->next;
    if (c->next) {
        c->next->link = c->link;
    }
    event_free(c->readable);
    event_free(c->writable);
    event_free(c->timer);
    line_close(&c->line);
    buf_free(&c->in);
    buf_free(&c->out);
    buf_free(&c->held);
    free(c->later);
    free(c);
}

/* False when the connection is gone. */
static bool flush(struct sink_conn *c)
{
    size_t at = 0;
    while (at < c->out.n) {
        ssize_t n = line_write(&c->line, c->out.p + at, c->out.n - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            event_add(c->writable, NULL);
            break;
        }
        if (n < 0) {
            conn_free(c);
            return false;
        }
        at += (size_t)n;
    }
    buf_consume(&c->out, at);
    if (c->dropped && !c->out.n && !c->held.n) {
        conn_free(c);
        return false;
    }
    return true;
}

static const char *stamp(struct sink *s)
{
    time_t t = time(NULL);
    if (t != s->stamp_at) {
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(s->stamp, sizeof s->stamp, "%Y%m%d%H%M%S+0000", &tm);
        s->stamp_at = t;
    }
    return s->stamp;
}

static void put_number(struct buf *out, uint64_t n)
{
    char digits[20], *at = digits + sizeof digits;
    do {
        *--at = (char)('0' + n % 10);
    } while (n /= 10);
    buf_put(out, at, (size_t)(digits + sizeof digits - at));
}

/* Piece by piece: printf would cost as much as the rest of the sink. */
static void put_answer(struct sink *s, struct buf *out, const struct wire_head *h, const char *code)
{
    char f = h->field;
    struct str event = STR("");
    ptrdiff_t at = str_index(h->msh[9], h->component);
    if (at >= 0) {
        event = str_slice(h->msh[9], (size_t)at, h->msh[9].n);
        ptrdiff_t end = str_index(str_slice(event, 1, event.n), h->component);
        event = end < 0 ? event : str_slice(event, 0, (size_t)end + 1);
    }
    const struct str fields[] = {h->msh[2], h->msh[5],        h->msh[6], h->msh[3],
                                 h->msh[4], str_of(stamp(s)), STR(""),   event};
    buf_puts(out, "\x0bMSH");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        buf_putc(out, f);
        buf_puts(out, i == 7 ? "ACK" : "");
        buf_put_str(out, fields[i]);
    }
    buf_putc(out, f);
    buf_putc(out, 'S');
    put_number(out, s->result->messages);
    buf_putc(out, f);
    buf_put_str(out, h->msh[11]);
    buf_putc(out, f);
    buf_put_str(out, h->msh[12]);
    buf_puts(out, "\rMSA");
    buf_putc(out, f);
    buf_puts(out, code);
    buf_putc(out, f);
    buf_put_str(out, h->msh[10]);
    buf_puts(out, "\r\x1c\r");
}

static enum sink_reply choose(const struct sink *s)
{
    const struct sink_conf *conf = s->conf;
    int64_t n = (int64_t)s->result->messages;
    if (n <= conf->fail_first || (conf->fail_every && n % conf->fail_every == 0)) {
        return (enum sink_reply)conf->fail_with;
    }
    return (enum sink_reply)conf->reply;
}

static bool wants(struct str when, enum sink_reply r)
{
    return str_is(when, "AL") || (str_is(when, "SU") && r == SINK_AA) ||
           (str_is(when, "ER") && r != SINK_AA);
}

/* Append what this message's mode asks for: one answer, or the accept and the application answer. */
static void put_answers(struct sink *s, struct buf *out, const struct wire_head *h,
                        enum sink_reply r)
{
    if (r == SINK_NONE || r == SINK_DROP) {
        return;
    }
    if (!h->msh[15].n && !h->msh[16].n) {
        put_answer(s, out, h, sink_reply_names[r]);
        return;
    }
    if (wants(h->msh[15], r)) {
        put_answer(s, out, h, accept_names[r]);
    }
    if (wants(h->msh[16], r)) {
        put_answer(s, out, h, sink_reply_names[r]);
    }
}

static void print_message(const struct sink *s, struct str m, const struct wire_head *h,
                          const char *answer)
{
    printf("%llu %.*s %.*s %s\n", (unsigned long long)s->result->messages, STR_ARG(h->msh[10]),
           STR_ARG(h->msh[9]), answer);
    if (!s->conf->show_content) {
        return;
    }
    for (size_t i = 0; i < m.n; i++) {
        putchar(m.p[i] == '\r' ? '\n' : m.p[i]);
    }
    if (!m.n || (m.p[m.n - 1] != '\r' && m.p[m.n - 1] != '\n')) {
        putchar('\n');
    }
}

static void arm(struct sink_conn *c)
{
    if (!c->later_n || event_pending(c->timer, EV_TIMEOUT, NULL)) {
        return;
    }
    int64_t wait = c->later[c->later_first].due_us - now_us();
    struct timeval tv = {wait > 0 ? wait / 1000000 : 0, wait > 0 ? wait % 1000000 : 0};
    event_add(c->timer, &tv);
}

static void hold(struct sink_conn *c, size_t n)
{
    if (c->later_first + c->later_n == c->later_cap) {
        if (c->later_n) {
            memmove(c->later, c->later + c->later_first, c->later_n * sizeof *c->later);
        }
        c->later_first = 0;
        if (c->later_n * 2 >= c->later_cap) {
            c->later_cap = c->later_cap ? c->later_cap * 2 : 64;
            c->later = xrealloc(c->later, c->later_cap * sizeof *c->later);
        }
    }
    c->later[c->later_first + c->later_n++] =
        (struct later){.due_us = now_us() + c->sink->conf->delay_ms * 1000, .n = n};
    arm(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct sink_conn *c = arg;
    (void)fd;
    (void)what; /* a timer: nothing to tell apart */
    int64_t now = now_us();
    size_t ready = 0;
    while (c->later_n && c->later[c->later_first].due_us <= now) {
        ready += c->later[c->later_first].n;
        c->later_first++;
        c->later_n--;
    }
    buf_put(&c->out, c->held.p, ready);
    buf_consume(&c->held, ready);
    if (flush(c)) {
        arm(c);
    }
}

static void take_message(struct sink_conn *c, struct str m)
{
    struct sink *s = c->sink;
    struct wire_head h;
    s->result->messages++;
    s->result->bytes += m.n;
    if (!wire_head(m, &h)) {
        s->result->unreadable++;
    }
    enum sink_reply r = choose(s);
    s->result->answers[r]++;
    struct buf *to = s->conf->delay_ms ? &c->held : &c->out;
    size_t before = to->n;
    put_answers(s, to, &h, r);
    if (to->n > before && s->conf->delay_ms) {
        hold(c, to->n - before);
    }
    if (s->conf->ledger) {
        fprintf(s->conf->ledger, "%.*s\t%.*s\t%s", STR_ARG(h.msh[10]), STR_ARG(h.patient),
                sink_reply_names[r]);
        if (s->conf->ledger_hash) {
            fprintf(s->conf->ledger, "\t%016llx", (unsigned long long)hash64_str(m, 0));
        }
        putc('\n', s->conf->ledger);
    }
    if (s->conf->print) {
        print_message(s, m, &h, sink_reply_names[r]);
    }
    c->dropped |= r == SINK_DROP;
    if (s->conf->messages && (int64_t)s->result->messages == s->conf->messages) {
        int64_t rest =
            s->conf->delay_ms ? s->conf->delay_ms + GRACE_MS : 0; /* answers still held go out */
        struct timeval tv = {rest / 1000, rest % 1000 * 1000};
        event_base_loopexit(s->loop, &tv);
    }
}

/* True when its handshake is done. */
static bool greet(struct sink_conn *c)
{
    enum tls_step step = tls_handshake(c->line.tls);
    if (step == TLS_FAILED) {
        c->sink->result->tls_refused++;
        fprintf(stderr, "corridor: sink: %s\n", tls_why(c->line.tls));
        conn_free(c);
        return false;
    }
    if (step == TLS_WANTS_WRITE) {
        event_add(c->writable, NULL);
    }
    c->greeting = step != TLS_DONE;
    return !c->greeting;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct sink_conn *c = arg;
    (void)fd;
    (void)what; /* the only event asked for */
    if (c->greeting && !greet(c)) {
        return;
    }
    buf_reserve(&c->in, READ_BYTES);
    ssize_t n = line_read(&c->line, c->in.p + c->in.n, READ_BYTES);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        conn_free(c);
        return;
    }
    c->in.n += (size_t)n;
    struct str body;
    size_t used, total = 0;
    while (wire_frame(str_from(c->in.p + total, c->in.n - total), &body, &used) && !c->dropped) {
        take_message(c, body);
        total += used;
    }
    buf_consume(&c->in, total + used);
    if (c->dropped) {
        event_del(c->readable);
    }
    (void)flush(c); /* whether it lives on does not matter here */
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct sink_conn *c = arg;
    (void)fd;
    (void)what; /* the only event asked for */
    if (c->greeting) {
        (void)greet(c);
    } else {
        (void)flush(c); /* whether it lives on does not matter here */
    }
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct sink *s = arg;
    (void)what; /* the only event asked for */
    int one = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (one < 0) {
        return;
    }
    (void)setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only a delay is lost */
    struct sink_conn *c = X_NEW(struct sink_conn);
    *c = (struct sink_conn){.sink = s, .line.fd = one, .next = s->conns, .link = &s->conns};
    c->line.tls = s->conf->tls ? tls_new(s->conf->tls, one, NULL) : NULL;
    c->greeting = c->line.tls != NULL;
    if (c->next) {
        c->next->link = &c->next;
    }
    s->conns = c;
    c->readable = event_new(s->loop, one, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(s->loop, one, EV_WRITE, on_writable, c);
    c->timer = event_new(s->loop, -1, 0, on_timer, c);
    event_add(c->readable, NULL);
    s->result->connections++;
}

static void serve(struct sink *s, int fd)
{
    struct event *accepting = event_new(s->loop, fd, EV_READ | EV_PERSIST, on_accept, s);
    event_add(accepting, NULL);
    sink_serve(s->loop, fd, s->conf->seconds);
    event_free(accepting);
    for (struct sink_conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        conn_free(c);
    }
}

int sink_run(const struct sink_conf *conf, struct sink_result *out, const char **out_why)
{
    struct sink s = {.conf = conf, .result = out};
    *out = (struct sink_result){0};
    int fd = sink_listen(&conf->listen, out_why);
    if (fd < 0) {
        return ERR_IO;
    }
    s.loop = event_base_new();
    serve(&s, fd);
    event_base_free(s.loop);
    close(fd);
    return 0;
}
