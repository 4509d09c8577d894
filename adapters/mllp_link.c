/* One outbound MLLP connection: connect without blocking, send frames, match answers by MSA-2. */
#include "adapters/mllp_out_priv.h"
#include "engine/base/err.h"
#include "engine/hl7/ack.h"
#include "engine/hl7/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

enum { BYTES_KEEP_MAX = 64 * 1024 };

static int64_t now_us(const struct mllp_link *l)
{
    return clock_mono_us(l->out->ep->clock);
}

/* ---- time: one timer a link, moved only when it fires ---- */

static int64_t next_deadline(const struct mllp_link *l)
{
    if (l->state != LINK_OPEN && l->state != LINK_CLOSED) {
        return l->connect_by_us;
    }
    int64_t first = INT64_MAX; /* not always of the first message: a CA gives one more time */
    for (unsigned i = 0; i < l->n; i++) {
        first = l->sent[i].deadline_us < first ? l->sent[i].deadline_us : first;
    }
    return first;
}

static void set_timer(struct mllp_link *l)
{
    int64_t at = next_deadline(l);
    if (at == INT64_MAX || evtimer_pending(l->on_time, NULL)) {
        return;
    }
    int64_t us = at - now_us(l);
    us = us > 1000 ? us : 1000;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(l->on_time, &tv);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (now_us(l) < next_deadline(l)) {
        set_timer(l);
        return;
    }
    mllp_link_fail(l, l->state == LINK_OPEN ? "no answer within reply-within"
                                            : "no connection within connect-within");
}

/* ---- ending ---- */

static void close_link(struct mllp_link *l)
{
    if (l->query) {
        struct evdns_getaddrinfo_request *query = l->query;
        l->query = NULL;
        evdns_getaddrinfo_cancel(query);
    }
    if (l->on_read) {
        event_free(l->on_read);
        event_free(l->on_write);
        l->on_read = l->on_write = NULL;
    }
    event_del(l->on_time);
    event_del(l->on_silence);
    line_close(&l->line);
    if (l->state == LINK_OPEN) {
        l->out->ep->counters.connections_open--;
    }
    l->state = LINK_CLOSED;
    l->frame = (struct frame){0};
    buf_free(&l->part);
    buf_free(&l->bytes);
}

void mllp_link_fail(struct mllp_link *l, const char *reason)
{
    struct link_sent sent[LINK_PIPELINE_MAX];
    unsigned n = l->n;
    uint64_t sent_at = l->sent_at;
    memcpy(sent, l->sent, n * sizeof(sent[0]));
    l->n = 0;
    close_link(l);
    /* From the last to the first: what never left goes back to the head of its queue in order. */
    while (n-- > 0) {
        bool is_out = sent[n].end_at <= sent_at || (sent[n].chain && sent[n].chain->at > 0);
        mllp_chain_free(&sent[n].chain);
        delivery_done(sent[n].delivery,
                      (struct outcome){.verdict = is_out ? DELIVERY_UNKNOWN : DELIVERY_UNREACHABLE,
                                       .reason = reason});
    }
}

/* Reading or writing failed. */
static void lose(struct mllp_link *l)
{
    bool was_refused = l->line.tls && tls_was_refused(l->line.tls);
    l->sent_at = was_refused ? 0 : l->sent_at;
    mllp_link_fail(l, was_refused ? tls_why(l->line.tls) : "the connection was lost");
}

static int64_t reply_deadline(const struct mllp_link *l)
{
    return now_us(l) + mllp_out_conf(l->out)->reply_within * 1000;
}

/* ---- answers ---- */

static struct outcome outcome_of(enum ack_code code, struct str reply)
{
    static const struct {
        enum verdict verdict;
        const char *reason;
    } by_code[] = {
        [ACK_AA] = {DELIVERY_DELIVERED, "answered AA"},
        [ACK_CA] = {DELIVERY_DELIVERED, "answered CA"},
        [ACK_AE] = {DELIVERY_REFUSED, "answered AE"},
        [ACK_CE] = {DELIVERY_REFUSED, "answered CE"},
        [ACK_AR] = {DELIVERY_REFUSED, "answered AR"},
        [ACK_CR] = {DELIVERY_REFUSED, "answered CR"},
    };
    return (struct outcome){.verdict = by_code[code].verdict,
                            .has_code = true,
                            .code = code,
                            .reply = reply,
                            .reason = by_code[code].reason};
}

/* The message that `control_id` answers, or n. */
static unsigned match(const struct mllp_link *l, struct str control_id)
{
    for (unsigned i = 0; i < l->n; i++) {
        const struct link_sent *s = &l->sent[i];
        bool is_it = s->chain          ? mllp_chain_is_answered_by(s->chain, control_id)
                     : s->control_id.n ? str_eq(s->control_id, control_id)
                                       : l->n == 1;
        if (is_it) {
            return i;
        }
    }
    return l->n;
}

static void take_out(struct mllp_link *l, unsigned i, struct outcome o)
{
    struct delivery *d = l->sent[i].delivery;
    mllp_chain_free(&l->sent[i].chain);
    l->n--;
    memmove(&l->sent[i], &l->sent[i + 1], (l->n - i) * sizeof(l->sent[0]));
    delivery_done(d, o);
}

/* A block of release 2: of the first message that has none yet, since blocks come in order. */
static void on_commit(struct mllp_link *l, char byte)
{
    unsigned i = 0;
    bool is_end = mllp_out_conf(l->out)->reply == MLLP_REPLY_NONE;
    while (i < l->n && l->sent[i].is_committed) {
        i++;
    }
    if (i == l->n) {
        return; /* of a message whose answer came first */
    }
    if (byte == MLLP_NAK) {
        take_out(
            l, i,
            (struct outcome){.verdict = DELIVERY_BUSY, .reason = "not stored by the peer (NAK)"});
    } else if (is_end) {
        take_out(l, i,
                 (struct outcome){.verdict = DELIVERY_DELIVERED, .reason = "stored by the peer"});
    } else {
        l->sent[i].is_committed = true;
    }
}

static bool is_release_2(const struct mllp_link *l)
{
    return mllp_out_conf(l->out)->release == MLLP_RELEASE_2;
}

static void send_commit(struct mllp_link *l)
{
    static const char block[] = {FRAME_VT, MLLP_ACK, FRAME_FS, FRAME_CR};
    buf_put(&l->bytes, block, sizeof(block));
    l->put_at += sizeof(block);
    mllp_link_flush(l);
}

/* A CA where the application's answer is to follow: it has as long again, once, or a peer that repeats its CA would hold
 * the message for ever. */
static bool is_to_follow(struct mllp_link *l, unsigned i, enum ack_code code)
{
    if (mllp_out_conf(l->out)->reply != MLLP_REPLY_APPLICATION || code != ACK_CA) {
        return false;
    }
    l->sent[i].deadline_us = l->sent[i].has_ca ? l->sent[i].deadline_us : reply_deadline(l);
    l->sent[i].has_ca = true;
    return true;
}

static void put_frame(struct mllp_link *l, struct link_sent *s)
{
    struct str payload = delivery_view(s->delivery).payload;
    size_t from = l->bytes.n;
    buf_reserve(&l->bytes, payload.n + 3);
    buf_putc(&l->bytes, FRAME_VT);
    if (s->chain) {
        mllp_chain_write(&l->bytes, s->chain);
    } else {
        buf_put_str(&l->bytes, payload);
    }
    buf_put(&l->bytes, "\x1c\r", 2);
    l->put_at += l->bytes.n - from;
    s->end_at = l->put_at;
}

/* A part was taken: the next one goes. */
static bool goes_on(struct mllp_link *l, unsigned i, enum ack_code code)
{
    struct link_sent *s = &l->sent[i];
    if (!s->chain || mllp_chain_is_last(s->chain) || (code != ACK_AA && code != ACK_CA)) {
        return false;
    }
    mllp_chain_advance(s->chain);
    s->is_committed = false;
    s->deadline_us = reply_deadline(l);
    put_frame(l, s);
    mllp_link_flush(l);
    return true;
}

/* Was it one that was waited for, and not told before? */
static bool on_answer(struct mllp_link *l, struct str bytes)
{
    struct hl7 m;
    struct hl7_fault fault;
    struct ack_reply reply;
    struct mllp_out *out = l->out;
    arena_reset(&out->scratch);
    if (hl7_parse(&out->scratch, bytes, &m, &fault) < 0 || ack_read(&m, &reply) < 0) {
        mllp_link_fail(l, "the answer is no acknowledgement");
        return false;
    }
    unsigned i = match(l, reply.control_id);
    if (i == l->n) {
        log_event(out->ep->log, LOG_LEVEL_WARN, "unmatched-answer",
                  log_str("destination", out->ep->name), log_uint("in_flight", l->n));
        return false; /* late, or of somebody else: it must not be taken for another message's */
    }
    if (goes_on(l, i, reply.code)) {
        return true;
    }
    bool had_ca = l->sent[i].has_ca;
    if (is_to_follow(l, i, reply.code)) {
        return !had_ca;
    }
    take_out(l, i, outcome_of(reply.code, bytes));
    return true;
}

static void on_reply(struct mllp_link *l, struct str bytes)
{
    bool is_2 = is_release_2(l);
    if (is_2 && bytes.n == 1 && (bytes.p[0] == MLLP_ACK || bytes.p[0] == MLLP_NAK)) {
        on_commit(l, bytes.p[0]);
        return;
    }
    bool is_new = on_answer(l, bytes);
    if (is_2 && is_new && l->state == LINK_OPEN) {
        send_commit(
            l); /* of no other answer: one who sends many and reads nothing fills no memory */
    }
}

static void end_reply(struct mllp_link *l, struct str last)
{
    if (l->part.n == 0) {
        on_reply(l, last);
        return;
    }
    struct buf whole = l->part;
    l->part = (struct buf){0};
    buf_put_str(&whole, last);
    on_reply(l, buf_str(&whole));
    buf_free(&whole);
}

static void feed(struct mllp_link *l, struct str in)
{
    while (l->state == LINK_OPEN) {
        struct str part;
        switch (frame_read(&l->frame, &in, LINK_REPLY_MAX, &part)) {
        case FRAME_MORE:
            return;
        case FRAME_PART:
            buf_put_str(&l->part, part);
            break;
        case FRAME_END:
            end_reply(l, part);
            break;
        case FRAME_BROKEN:
        case FRAME_LARGE:
            mllp_link_fail(l, "the answer is no MLLP frame");
            break;
        }
    }
}

static void on_silence(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (l->state == LINK_OPEN && frame_silence(&l->frame)) {
        end_reply(l, str_from("", 0));
    }
}

static void greet(struct mllp_link *l);

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval silence = {.tv_sec = 0, .tv_usec = LINK_SILENCE_MS * 1000};
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (l->state == LINK_GREETING) {
        greet(l);
        return;
    }
    ssize_t n = line_read(&l->line, l->out->read_buf, LINK_READ);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n > 0) {
        feed(l, str_from(l->out->read_buf, (size_t)n));
        if (l->state == LINK_OPEN && l->frame.place == FRAME_AT_FS) {
            event_add(l->on_silence, &silence);
        }
        return;
    }
    if (n == 0 && frame_end_of_stream(&l->frame)) {
        end_reply(l, str_from("", 0));
    }
    if (l->state == LINK_OPEN && n < 0) {
        lose(l);
    } else if (l->state == LINK_OPEN) {
        mllp_link_fail(l, "the peer closed the connection");
    }
}

/* ---- sending ---- */

static void settle_silent(struct mllp_link *l)
{
    while (l->state == LINK_OPEN && l->n > 0 && l->sent[0].end_at <= l->sent_at) {
        take_out(l, 0,
                 (struct outcome){.verdict = DELIVERY_DELIVERED,
                                  .reason = "sent; no answer is expected"});
    }
}

static void write_out(struct mllp_link *l)
{
    size_t done = (size_t)(l->sent_at - (l->put_at - l->bytes.n));
    ssize_t n = line_write(&l->line, l->bytes.p + done, l->bytes.n - done);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        lose(l);
        return;
    }
    l->sent_at += n > 0 ? (uint64_t)n : 0;
    if (l->sent_at < l->put_at) {
        event_add(l->on_write, NULL);
        return;
    }
    buf_clear(&l->bytes);
    if (l->bytes.cap > BYTES_KEEP_MAX) {
        buf_free(&l->bytes);
    }
    if (mllp_out_conf(l->out)->reply == MLLP_REPLY_NONE && !is_release_2(l)) {
        settle_silent(l);
    }
}

void mllp_link_flush(struct mllp_link *l)
{
    l->is_dirty = false;
    if (l->state == LINK_OPEN && l->sent_at < l->put_at) {
        write_out(l);
    }
    if (l->state != LINK_CLOSED) {
        set_timer(l);
    }
}

static void use_link(struct mllp_link *l)
{
    l->state = LINK_OPEN;
    l->out->ep->counters.connections++;
    l->out->ep->counters.connections_open++;
    event_add(l->on_read, NULL);
    for (unsigned i = 0; i < l->n; i++) {
        l->sent[i].deadline_us = reply_deadline(l);
    }
    event_del(l->on_time);
    mllp_link_flush(l);
}

/* ---- TLS ---- */

static void greet(struct mllp_link *l)
{
    event_del(l->on_read);
    switch (tls_handshake(l->line.tls)) {
    case TLS_DONE:
        use_link(l);
        break;
    case TLS_WANTS_READ:
        event_add(l->on_read, NULL);
        break;
    case TLS_WANTS_WRITE:
        event_add(l->on_write, NULL);
        break;
    case TLS_FAILED:
        l->out->attempts++;
        mllp_link_fail(l, tls_why(l->line.tls));
        break;
    }
}

static void start_tls(struct mllp_link *l)
{
    const struct mllp_out_conf *conf = mllp_out_conf(l->out);
    char why[TLS_WHY_MAX];
    struct tls_context *x = tls_client_context(&l->out->tls, conf->tls, why);
    if (why[0]) {
        log_event(l->out->ep->log, LOG_LEVEL_ERROR, "tls", log_str("destination", l->out->ep->name),
                  log_cstr("text", why));
    }
    if (!x) {
        mllp_link_fail(l, "the files of tls cannot be used");
        return;
    }
    const char *what;
    l->out->ep->tls_until_s = conf->tls->cert.n ? tls_context_until_s(x, &what) : 0;
    l->line.tls = tls_new(x, l->line.fd, conf->host.p); /* option texts end in NUL */
    l->state = LINK_GREETING;
    greet(l);
}

static void on_connected(struct mllp_link *l)
{
    int why = 0;
    socklen_t n = sizeof(why);
    if (getsockopt(l->line.fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0 || why != 0) {
        l->out->attempts++;
        mllp_link_fail(l, why == ECONNREFUSED ? "connection refused" : "cannot connect");
        return;
    }
    net_keep_alive(l->line.fd, mllp_out_conf(l->out)->keep_alive);
    if (mllp_out_conf(l->out)->tls) {
        start_tls(l);
    } else {
        use_link(l);
    }
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (l->state == LINK_CONNECTING) {
        on_connected(l);
    } else if (l->state == LINK_GREETING) {
        greet(l);
    } else {
        mllp_link_flush(l);
    }
}

/* ---- connecting ---- */

static void connect_to(struct mllp_link *l, const struct sockaddr *sa, socklen_t n)
{
    l->line.fd = net_connect(sa, n);
    if (l->line.fd < 0) {
        l->out->attempts++;
        mllp_link_fail(l, errno == ECONNREFUSED ? "connection refused" : "cannot connect");
        return;
    }
    l->state = LINK_CONNECTING;
    l->on_read = event_new(l->out->ep->loop, l->line.fd, EV_READ | EV_PERSIST, on_read, l);
    l->on_write = event_new(l->out->ep->loop, l->line.fd, EV_WRITE, on_write, l);
    event_add(l->on_write, NULL);
}

static bool numeric(const char *host, int port, struct sockaddr_storage *out, socklen_t *out_n)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *out_n = sizeof(*v4);
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    *out_n = sizeof(*v6);
    return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
}

/* Several addresses are taken in turn, another one after each failure. */
static void on_resolved(int result, struct evutil_addrinfo *found, void *arg)
{
    struct mllp_link *l = arg;
    if (result == EVUTIL_EAI_CANCEL) {
        return; /* the link was closed meanwhile */
    }
    l->query = NULL;
    if (result != 0 || !found) {
        mllp_link_fail(l, "the host name cannot be resolved");
        return;
    }
    unsigned n = 0;
    for (struct evutil_addrinfo *ai = found; ai; ai = ai->ai_next) {
        n++;
    }
    struct evutil_addrinfo *ai = found;
    for (unsigned i = l->out->attempts % n; i > 0; i--) {
        ai = ai->ai_next;
    }
    connect_to(l, ai->ai_addr, (socklen_t)ai->ai_addrlen);
    evutil_freeaddrinfo(found);
}

static void resolve(struct mllp_link *l, const char *host)
{
    struct mllp_out *out = l->out;
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[16];
    snprintf(port, sizeof(port), "%d", mllp_out_conf(out)->port);
    if (!out->dns) {
        out->dns = evdns_base_new(out->ep->loop, EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                                     EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    }
    if (!out->dns) {
        mllp_link_fail(l, "the host name cannot be resolved: no name server is configured");
        return;
    }
    l->state = LINK_RESOLVING;
    struct evdns_getaddrinfo_request *query =
        evdns_getaddrinfo(out->dns, host, port, &hints, on_resolved, l);
    if (l->state == LINK_RESOLVING) { /* else it was answered inside the call */
        l->query = query;
    }
}

static void start_connect(struct mllp_link *l)
{
    const struct mllp_out_conf *conf = mllp_out_conf(l->out);
    struct sockaddr_storage ss;
    socklen_t n;
    char host[256];
    snprintf(host, sizeof(host), "%.*s", STR_ARG(conf->host));
    l->connect_by_us = now_us(l) + conf->connect_within * 1000;
    if (numeric(host, conf->port, &ss, &n)) {
        connect_to(l, (struct sockaddr *)&ss, n);
    } else {
        resolve(l, host);
    }
}

static struct str control_id_of(struct mllp_link *l, struct str payload)
{
    struct hl7 m;
    struct hl7_fault fault;
    struct str line = payload;
    const char *end = payload.n ? memchr(payload.p, '\r', payload.n) : NULL;
    if (end) {
        line.n = (size_t)(end - payload.p);
    }
    arena_reset(&l->out->scratch);
    if (hl7_parse(&l->out->scratch, line, &m, &fault) < 0) {
        return str_from("", 0);
    }
    return hl7_component(&m.d, hl7_field(&m, &m.seg[0], 10), 1);
}

void mllp_link_put(struct mllp_link *l, struct delivery *d)
{
    struct str payload = delivery_view(d).payload;
    const char *why;
    struct mllp_chain *chain = mllp_chain_new(mllp_out_conf(l->out)->parts, d, &why);
    if (why) {
        delivery_done(d, (struct outcome){.verdict = DELIVERY_REFUSED, .reason = why});
        return;
    }
    if (l->state == LINK_CLOSED) {
        l->put_at = l->sent_at = 0;
    }
    struct link_sent *s = &l->sent[l->n++];
    *s = (struct link_sent){.delivery = d, .control_id = control_id_of(l, payload), .chain = chain};
    put_frame(l, s);
    *delivery_slot(d) = l;
    l->out->ep->counters.messages++;
    l->out->ep->counters.bytes += payload.n;
    if (l->state == LINK_OPEN) {
        s->deadline_us = reply_deadline(l);
    } else if (l->state == LINK_CLOSED) {
        start_connect(l);
    }
}

void mllp_link_init(struct mllp_link *l, struct mllp_out *out)
{
    *l = (struct mllp_link){.out = out, .line.fd = -1};
    l->on_time = evtimer_new(out->ep->loop, on_time, l);
    l->on_silence = evtimer_new(out->ep->loop, on_silence, l);
}

void mllp_link_free(struct mllp_link *l)
{
    close_link(l);
    event_free(l->on_time);
    event_free(l->on_silence);
}
