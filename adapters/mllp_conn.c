/* One inbound MLLP connection: bytes to frames to exchanges, replies back in arrival order. */
#include "adapters/mllp_in_priv.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const struct ack_error broken = {
    207, "", 'E', {"the frame is broken: FS is followed by another byte than CR", 59}};
static const struct ack_error too_large = {
    207, "", 'E', {"the frame is larger than frame-limit", 36}};
static const struct ack_error no_memory = {
    207, "", 'E', {"too many large frames at once; send it again", 44}};

static int64_t now_us(const struct mllp_in *in)
{
    return clock_mono_us(in->ep->clock);
}

/* ---- buffers: nobody holds one while idle ---- */

static void take_spare(struct mllp_in *in, struct buf *b)
{
    if (!b->p && in->nspares > 0) {
        *b = in->spare[--in->nspares];
        buf_clear(b);
    }
}

static void give_back(struct mllp_in *in, struct buf *b)
{
    if (b->p && b->cap <= MLLP_SPARE_MAX && in->nspares < MLLP_SPARES) {
        in->spare[in->nspares++] = *b;
        *b = (struct buf){0};
    } else {
        buf_free(b);
    }
}

static void drop_part(struct mllp_conn *c)
{
    c->in->part_bytes -= c->part.n;
    give_back(c->in, &c->part);
}

static void add_part(struct mllp_conn *c, struct str part)
{
    if (part.n > 0) {
        take_spare(c->in, &c->part);
        buf_put_str(&c->part, part);
        c->in->part_bytes += part.n;
    }
}

/* ---- reading on or not ---- */

static void park(struct mllp_conn *c)
{
    if (!c->parked_at) {
        c->parked_next = c->in->parked;
        c->parked_at = &c->in->parked;
        if (c->parked_next) {
            c->parked_next->parked_at = &c->parked_next;
        }
        c->in->parked = c;
    }
}

static void unpark(struct mllp_conn *c)
{
    if (c->parked_at) {
        *c->parked_at = c->parked_next;
        if (c->parked_next) {
            c->parked_next->parked_at = c->parked_at;
        }
        c->parked_at = NULL;
    }
}

static bool is_blocked(const struct mllp_conn *c)
{
    return c->in->is_paused || c->is_offering || c->pending >= MLLP_PENDING_MAX ||
           c->out.n - c->out_sent > MLLP_OUT_MAX;
}

/* Bring the read event in line with what is wanted. */
static void set_reading(struct mllp_conn *c)
{
    bool want = !c->is_gone && (c->is_lingering || (!c->is_ended && !is_blocked(c)));
    if (want == c->is_reading) {
        return;
    }
    c->is_reading = want;
    if (want) {
        event_add(&c->on_read, NULL);
    } else {
        event_del(&c->on_read);
    }
}

static void mark_dirty(struct mllp_conn *c)
{
    struct mllp_in *in = c->in;
    if (!c->is_dirty) {
        c->is_dirty = true;
        c->next_dirty = in->dirty;
        in->dirty = c;
    }
    if (!in->is_flushing) {
        in->is_flushing = true;
        event_active(in->on_flush, EV_TIMEOUT, 0);
    }
}

static void hang_up(struct mllp_conn *c)
{
    if (c->is_gone) {
        return;
    }
    c->is_gone = c->is_ended = true;
    c->is_offering = false;
    set_reading(c);
    if (c->on_write) {
        event_del(c->on_write);
    }
    if (c->on_silence) {
        event_del(c->on_silence);
    }
    line_close(&c->line);
    unpark(c);
    drop_part(c);
    buf_free(&c->rest);
    give_back(c->in, &c->out);
    mllp_in_freed(c->in);
}

/* Closing now, with bytes of the peer unread, would send a reset that may overtake the answer. */
static void linger(struct mllp_conn *c)
{
    if (!c->is_lingering) {
        c->is_lingering = true;
        c->active_us = now_us(c->in);
        line_end(&c->line);
    }
}

/* Close what is finished, free what is closed and answered. */
static void settle(struct mllp_conn *c)
{
    bool is_done = c->is_ended && !c->is_offering && c->pending == 0 && c->out.n == c->out_sent;
    if (is_done && c->is_refused && !c->is_gone && !c->in->is_draining) {
        linger(c);
    } else if (is_done) {
        hang_up(c);
    }
    if (c->is_gone && c->pending == 0 && !c->is_dirty) {
        mllp_conn_free(c);
    } else if (!c->is_gone) {
        set_reading(c);
    }
}

/* ---- frames to exchanges ---- */

/* Hand a whole frame to the engine; false when it must be offered again later. */
static bool offer(struct mllp_conn *c, struct str payload, const struct ack_error *why)
{
    struct exchange_from from = {.peer = str_of(c->peer), .conn = c, .token = c->next_token};
    struct source *s = c->in->source;
    c->next_token++; /* before the call: the reply may come inside */
    c->pending++;
    enum exchange_result r =
        why ? exchange_refuse(s, &from, str_slice(payload, 0, MLLP_KEPT_MAX), why)
            : exchange_begin(s, &from, payload);
    if (r == EXCHANGE_TAKEN) {
        return true;
    }
    c->next_token--;
    c->pending--;
    c->is_offering = true;
    c->offer_why = why;
    park(c);
    return false;
}

/* Of release 2: the peer says that it has a reply of ours, or has not. There is nothing to be done: a reply is
 * made again when its message comes again. */
static bool is_commit(const struct mllp_conn *c, struct str payload)
{
    bool is_one = mllp_in_conf(c->in)->release == MLLP_RELEASE_2 && payload.n == 1;
    return is_one && (payload.p[0] == MLLP_ACK || payload.p[0] == MLLP_NAK);
}

static void offer_frame(struct mllp_conn *c, struct str last, const struct ack_error *why)
{
    bool is_whole = c->part.n == 0;
    if (!why && is_commit(c, is_whole ? last : buf_str(&c->part))) {
        drop_part(c);
        return;
    }
    if (!is_whole) {
        add_part(c, last);
    }
    if (offer(c, is_whole ? last : buf_str(&c->part), why)) {
        drop_part(c);
    } else if (is_whole) {
        add_part(c, last);
    }
}

/* The stream cannot be read further: what is broken is answered, then the connection closes. */
static void refuse_frame(struct mllp_conn *c, struct str part, const struct ack_error *why)
{
    c->is_ended = c->is_refused = true;
    offer_frame(c, part, why);
}

static void on_part(struct mllp_conn *c, struct str part)
{
    if (c->frame.size == part.n) {
        c->frame_us = now_us(c->in);
    }
    add_part(c, part);
    bool is_large = c->part.n > MLLP_KEPT_MAX;
    if (is_large && c->in->part_bytes > (size_t)mllp_in_conf(c->in)->frame_memory) {
        refuse_frame(c, str_from("", 0), &no_memory);
    }
}

/* Decode until the bytes are used up or the connection may not go on; what is left is kept. */
static void feed(struct mllp_conn *c, struct str in)
{
    size_t limit = (size_t)mllp_in_conf(c->in)->frame_limit;
    while (in.n > 0 && !c->is_ended && !is_blocked(c)) {
        struct str part;
        switch (frame_read(&c->frame, &in, limit, &part)) {
        case FRAME_MORE:
            if (c->frame.place == FRAME_INSIDE && c->frame.size == 0) {
                c->frame_us = now_us(c->in); /* VT was the last byte */
            }
            break;
        case FRAME_PART:
            on_part(c, part);
            break;
        case FRAME_END:
            offer_frame(c, part, NULL);
            break;
        case FRAME_BROKEN:
            refuse_frame(c, part, &broken);
            break;
        case FRAME_LARGE:
            refuse_frame(c, part, &too_large);
            break;
        }
    }
    if (in.n > 0 && !c->is_ended) {
        buf_put_str(&c->rest, in);
        if (c->in->is_paused) {
            park(c);
        }
    }
}

/* ---- silence behind FS ---- */

static void on_silence(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_conn *c = arg;
    (void)fd;
    (void)what;
    if (!c->is_gone && frame_silence(&c->frame)) {
        offer_frame(c, str_from("", 0), NULL);
    }
    settle(c);
}

static void wait_for_silence(struct mllp_conn *c)
{
    static const struct timeval silence = {.tv_sec = 0, .tv_usec = MLLP_SILENCE_MS * 1000};
    if (!c->on_silence) {
        c->on_silence = evtimer_new(c->in->ep->loop, on_silence, c);
    }
    event_add(c->on_silence, &silence);
}

/* ---- events ---- */

static void check_noise(struct mllp_conn *c, uint64_t noise_before)
{
    c->in->ep->counters.noise_bytes += c->frame.noise - noise_before;
    if (c->frame.noise_run <= MLLP_NOISE_MAX || c->is_ended) {
        return;
    }
    int first = c->frame.first_noise < 0x20 ? c->frame.first_noise
                                            : -1; /* a control byte tells TLS, HTTP/2 .. */
    log_event(c->in->ep->log, LOG_LEVEL_WARN, "noise", log_str("source", c->in->ep->name),
              log_cstr("peer", c->peer), log_uint("bytes", c->frame.noise),
              log_int("first_byte", first));
    c->is_ended = true;
}

/* The peer sends nothing more: what it sent whole is answered, a part of a frame is dropped. */
static void end_of_stream(struct mllp_conn *c)
{
    c->is_ended = true;
    if (frame_end_of_stream(&c->frame)) {
        offer_frame(c, str_from("", 0), NULL);
    } else if (c->part.n > 0 && !c->is_offering) {
        log_event(c->in->ep->log, LOG_LEVEL_WARN, "partial-frame",
                  log_str("source", c->in->ep->name), log_cstr("peer", c->peer),
                  log_uint("bytes", c->part.n));
        drop_part(c);
    }
}

/* It would wait for an answer that never comes, and nobody would know why. */
static bool is_tls_to_us(struct mllp_conn *c, struct str in)
{
    bool is_first =
        !c->line.tls && !c->next_token && !c->frame.noise && c->frame.place == FRAME_OUTSIDE;
    if (!is_first || in.n < 2 || in.p[0] != TLS_CLIENT_HELLO || in.p[1] != 3) {
        return false;
    }
    c->in->ep->counters.noise_bytes += in.n;
    door_refuse(&c->in->door, "tls-to-plain", c->peer,
                "TLS is spoken to a plain port; give this source `tls`, or the peer another port",
                "");
    c->is_ended = true;
    return true;
}

static void take_bytes(struct mllp_conn *c, struct str in)
{
    uint64_t noise = c->frame.noise;
    if (is_tls_to_us(c, in)) {
        return;
    }
    feed(c, in);
    check_noise(c, noise);
    if (c->frame.place == FRAME_AT_FS && !c->is_ended) {
        wait_for_silence(c);
    }
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_conn *c = arg;
    (void)fd;
    (void)what;
    if (c->in->is_paused && !c->is_lingering) {
        park(c);
        settle(c);
        return;
    }
    ssize_t n = line_read(&c->line, c->in->read_buf, MLLP_READ);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (c->is_lingering && n > 0) {
        return;
    }
    c->active_us = now_us(c->in);
    if (n < 0 || c->is_lingering) {
        hang_up(c); /* reset: nobody is left to answer */
    } else if (n == 0) {
        end_of_stream(c);
    } else {
        take_bytes(c, str_from(c->in->read_buf, (size_t)n));
    }
    settle(c);
}

void mllp_conn_resume(struct mllp_conn *c)
{
    unpark(c);
    if (c->is_offering && !c->is_gone && !c->in->is_paused) {
        c->is_offering = false;
        if (offer(c, buf_str(&c->part), c->offer_why)) {
            drop_part(c);
        }
    }
    if (c->rest.n > 0 && !is_blocked(c)) {
        struct buf rest = c->rest;
        c->rest = (struct buf){0};
        take_bytes(c, buf_str(&rest));
        buf_free(&rest);
    }
    if (is_blocked(c) && c->in->is_paused) {
        park(c);
    }
    settle(c);
}

/* ---- replies ---- */

static void put_framed(struct buf *out, const struct str *replies, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        buf_putc(out, FRAME_VT);
        buf_put_str(out, replies[i]);
        buf_put(out, "\x1c\r", 2);
    }
}

static void put_commit(const struct mllp_conn *c, struct buf *out, enum mllp_commit byte)
{
    if (mllp_in_conf(c->in)->release == MLLP_RELEASE_2) {
        buf_put(out, (char[]){FRAME_VT, (char)byte, FRAME_FS, FRAME_CR}, 4);
    }
}

/* Kept until those before it are out. */
static struct mllp_early *early_of(struct mllp_conn *c, uint64_t token)
{
    struct mllp_early **at = &c->early;
    while (*at && (*at)->token < token) {
        at = &(*at)->next;
    }
    if (!*at || (*at)->token != token) {
        struct mllp_early *e = X_NEW(struct mllp_early);
        e->token = token;
        e->next = *at;
        *at = e;
    }
    return *at;
}

static void keep_early(struct mllp_conn *c, uint64_t token, const struct str *replies, unsigned n,
                       bool is_whole)
{
    struct mllp_early *e = early_of(c, token);
    if (!e->is_committed) {
        put_commit(c, &e->framed, MLLP_ACK);
    }
    e->is_committed = true;
    e->is_whole = is_whole;
    put_framed(&e->framed, replies, n);
}

/* The block of release 2 goes out once, before what is first said. */
static void commit_once(struct mllp_conn *c, uint64_t token)
{
    if (c->committed != token + 1) {
        put_commit(c, &c->out, MLLP_ACK);
        c->committed = token + 1;
    }
}

static void put_early(struct mllp_conn *c)
{
    while (c->early && c->early->token == c->next_reply) {
        struct mllp_early *e = c->early;
        c->early = e->next;
        c->committed = e->token + 1;
        c->next_reply += e->is_whole;
        buf_put_str(&c->out, buf_str(&e->framed));
        buf_free(&e->framed);
        free(e);
    }
}

void mllp_conn_reply(struct mllp_conn *c, uint64_t token, const struct str *replies, unsigned n)
{
    c->pending--;
    mark_dirty(c);
    if (c->is_gone) {
        return;
    }
    if (token != c->next_reply) {
        keep_early(c, token, replies, n, true);
        return;
    }
    take_spare(c->in, &c->out);
    commit_once(c, token);
    c->next_reply++;
    put_framed(&c->out, replies, n);
    put_early(c);
}

/* Release 2 says so with a byte, and its peer sends it again: what an acknowledgement would say is not said. */
void mllp_conn_turn_away(struct mllp_conn *c, uint64_t token, const struct str *replies, unsigned n)
{
    if (mllp_in_conf(c->in)->release != MLLP_RELEASE_2 || c->is_gone) {
        mllp_conn_reply(c, token, replies, n);
        return;
    }
    c->pending--;
    mark_dirty(c);
    if (token != c->next_reply) {
        struct mllp_early *e = early_of(c, token);
        e->is_committed = e->is_whole = true;
        put_commit(c, &e->framed, MLLP_NAK);
        return;
    }
    take_spare(c->in, &c->out);
    c->next_reply++;
    put_commit(c, &c->out, MLLP_NAK);
    put_early(c);
}

void mllp_conn_accept(struct mllp_conn *c, uint64_t token, struct str reply)
{
    mark_dirty(c);
    if (c->is_gone) {
        return;
    }
    if (token != c->next_reply) {
        keep_early(c, token, &reply, 1, false);
        return;
    }
    take_spare(c->in, &c->out);
    commit_once(c, token);
    put_framed(&c->out, &reply, 1);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    mllp_conn_flush(arg);
}

static void wait_to_write(struct mllp_conn *c)
{
    if (!c->on_write) {
        c->on_write = event_new(c->in->ep->loop, c->line.fd, EV_WRITE, on_write, c);
    }
    event_add(c->on_write, NULL);
}

/* One send for all replies of a commit. */
static void send_out(struct mllp_conn *c)
{
    if (c->out.n == c->out_sent) {
        return;
    }
    ssize_t n = line_write(&c->line, c->out.p + c->out_sent, c->out.n - c->out_sent);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        hang_up(c);
        return;
    }
    if (n > 0) {
        c->out_sent += (size_t)n;
        c->active_us = now_us(c->in);
    }
    if (c->out_sent < c->out.n) {
        wait_to_write(c);
        return;
    }
    buf_clear(&c->out);
    c->out_sent = 0;
    give_back(c->in, &c->out);
}

/* Replies that are due go out before. */
void mllp_conn_abandon(struct mllp_conn *c)
{
    c->pending--;
    mark_dirty(c);
    if (!c->is_gone) {
        send_out(c);
        hang_up(c);
    }
}

void mllp_conn_flush(struct mllp_conn *c)
{
    if (!c->is_gone) {
        send_out(c);
    }
    if (!c->is_gone && c->rest.n > 0 && !is_blocked(c)) {
        mllp_conn_resume(c);
        return;
    }
    settle(c);
}

/* ---- life ---- */

struct mllp_conn *mllp_conn_new(struct mllp_in *in, struct line line, const char *peer)
{
    struct mllp_conn *c = X_NEW(struct mllp_conn);
    c->in = in;
    c->line = line;
    c->active_us = now_us(in);
    memcpy(c->peer, peer, sizeof(c->peer));
    event_assign(&c->on_read, in->ep->loop, line.fd, EV_READ | EV_PERSIST, on_read, c);
    c->next = in->first;
    if (in->first) {
        in->first->prev = c;
    }
    in->first = c;
    set_reading(c);
    if (in->is_paused) {
        park(c);
    }
    return c;
}

void mllp_conn_end(struct mllp_conn *c)
{
    c->is_ended = true;
    settle(c);
}

void mllp_conn_check(struct mllp_conn *c, int64_t now)
{
    const struct mllp_in_conf *conf = mllp_in_conf(c->in);
    bool is_slow = c->frame.place == FRAME_INSIDE && c->is_reading &&
                   now - c->frame_us > conf->frame_within * 1000;
    bool is_waiting_for_us = c->pending > 0 && c->out.n == c->out_sent;
    bool is_idle = !is_waiting_for_us && !c->is_offering && now - c->active_us > conf->idle * 1000;
    bool is_over = c->is_lingering && now - c->active_us > MLLP_LINGER_MS * 1000;
    if (c->is_gone || (!is_slow && !is_idle && !is_over)) {
        return;
    }
    log_event(c->in->ep->log, LOG_LEVEL_INFO, "closed", log_str("source", c->in->ep->name),
              log_cstr("peer", c->peer),
              log_cstr("reason", is_slow   ? "frame-within passed"
                                 : is_over ? "refused"
                                           : "idle"),
              log_uint("unread_replies", c->out.n - c->out_sent));
    hang_up(c);
    settle(c);
}

/* What was answered in this turn goes out before. */
void mllp_conn_close(struct mllp_conn *c)
{
    if (!c->is_gone) {
        send_out(c);
    }
    mllp_conn_free(c);
}

void mllp_conn_free(struct mllp_conn *c)
{
    hang_up(c);
    *(c->prev ? &c->prev->next : &c->in->first) = c->next;
    if (c->next) {
        c->next->prev = c->prev;
    }
    while (c->early) {
        struct mllp_early *e = c->early;
        c->early = e->next;
        buf_free(&e->framed);
        free(e);
    }
    if (c->on_write) {
        event_free(c->on_write);
    }
    if (c->on_silence) {
        event_free(c->on_silence);
    }
    buf_free(&c->out);
    free(c);
}
