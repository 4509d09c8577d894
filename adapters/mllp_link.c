/* One outbound MLLP connection: send frames, keep the time of their answers, end. It is opened in mllp_link_open.c,
 * and answers are read in mllp_link_answer.c. */
#include "adapters/mllp_out_priv.h"
#include "engine/hl7/path.h"

#include <errno.h>

enum { BYTES_KEEP_MAX = 64 * 1024 };

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
    int64_t us = at - mllp_link_now_us(l);
    us = us > 1000 ? us : 1000;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(l->on_time, &tv);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (mllp_link_now_us(l) < next_deadline(l)) {
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
void mllp_link_lose(struct mllp_link *l)
{
    bool was_refused = l->line.tls && tls_was_refused(l->line.tls);
    l->sent_at = was_refused ? 0 : l->sent_at;
    mllp_link_fail(l, was_refused ? tls_why(l->line.tls) : "the connection was lost");
}

int64_t mllp_link_reply_deadline(const struct mllp_link *l)
{
    return mllp_link_now_us(l) + mllp_out_conf(l->out)->reply_within * 1000;
}

void mllp_link_put_frame(struct mllp_link *l, struct link_sent *s)
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

/* ---- sending ---- */

static void settle_silent(struct mllp_link *l)
{
    while (l->state == LINK_OPEN && l->n > 0 && l->sent[0].end_at <= l->sent_at) {
        mllp_link_take_out(l, 0,
                           (struct outcome){.verdict = DELIVERY_DELIVERED,
                                            .reason = "sent; no answer is expected"});
    }
}

static void write_out(struct mllp_link *l)
{
    size_t done = (size_t)(l->sent_at - (l->put_at - l->bytes.n));
    ssize_t n = line_write(&l->line, l->bytes.p + done, l->bytes.n - done);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        mllp_link_lose(l);
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
    if (mllp_out_conf(l->out)->reply == MLLP_REPLY_NONE && !mllp_link_is_release_2(l)) {
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

void mllp_link_use(struct mllp_link *l)
{
    l->state = LINK_OPEN;
    l->out->ep->counters.connections++;
    l->out->ep->counters.connections_open++;
    event_add(l->on_read, NULL);
    for (unsigned i = 0; i < l->n; i++) {
        l->sent[i].deadline_us = mllp_link_reply_deadline(l);
    }
    event_del(l->on_time);
    mllp_link_flush(l);
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
    mllp_link_put_frame(l, s);
    *delivery_slot(d) = l;
    l->out->ep->counters.messages++;
    l->out->ep->counters.bytes += payload.n;
    if (l->state == LINK_OPEN) {
        s->deadline_us = mllp_link_reply_deadline(l);
    } else if (l->state == LINK_CLOSED) {
        mllp_link_connect(l);
    }
}

void mllp_link_init(struct mllp_link *l, struct mllp_out *out)
{
    *l = (struct mllp_link){.out = out, .line.fd = -1};
    l->on_time = evtimer_new(out->ep->loop, on_time, l);
    l->on_silence = evtimer_new(out->ep->loop, mllp_link_on_silence, l);
}

void mllp_link_free(struct mllp_link *l)
{
    close_link(l);
    event_free(l->on_time);
    event_free(l->on_silence);
}
