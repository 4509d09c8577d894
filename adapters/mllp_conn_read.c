/* What a peer of the listener sends: bytes to frames, frames to exchanges; when nothing is read, and why a connection is
 * not read on. */
#include "adapters/mllp_conn_priv.h"

#include <errno.h>

static const struct ack_error broken = {
    207, "", 'E', {"the frame is broken: FS is followed by another byte than CR", 59}};
static const struct ack_error cut = {
    207, "", 'E', {"the frame is broken: another message begins inside", 50}};
static const struct ack_error too_large = {
    207, "", 'E', {"the frame is larger than frame-limit", 36}};
static const struct ack_error no_memory = {
    207, "", 'E', {"too many large frames at once; send it again", 44}};

/* Of release 2: the peer says that it has a reply of ours, or has not. There is nothing to be done: a reply is
 * made again when its message comes again. */
static bool is_commit(const struct mllp_conn *c, struct str payload)
{
    bool is_one = mllp_in_conf(c->in)->release == MLLP_RELEASE_2 && payload.n == 1;
    return is_one && (payload.p[0] == MLLP_ACK || payload.p[0] == MLLP_NAK);
}

static void add_part(struct mllp_conn *c, struct str part)
{
    if (part.n > 0) {
        mllp_conn_take_spare(c->in, &c->part);
        buf_put_str(&c->part, part);
        c->in->part_bytes += part.n;
    }
}

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
    mllp_conn_park(c);
    return false;
}

static void offer_frame(struct mllp_conn *c, struct str last, const struct ack_error *why)
{
    bool is_whole = c->part.n == 0;
    if (!why && is_commit(c, is_whole ? last : buf_str(&c->part))) {
        mllp_conn_drop_part(c);
        return;
    }
    if (!is_whole) {
        add_part(c, last);
    }
    if (offer(c, is_whole ? last : buf_str(&c->part), why)) {
        mllp_conn_drop_part(c);
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
        c->frame_us = mllp_conn_now_us(c->in);
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
    while (in.n > 0 && !c->is_ended && !mllp_conn_is_blocked(c)) {
        struct str part;
        switch (frame_read(&c->frame, &in, limit, &part)) {
        case FRAME_MORE:
            if (c->frame.place == FRAME_INSIDE && c->frame.size == 0) {
                c->frame_us = mllp_conn_now_us(c->in); /* VT was the last byte */
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
        case FRAME_CUT:
            refuse_frame(c, part, &cut);
            break;
        case FRAME_LARGE:
            refuse_frame(c, part, &too_large);
            break;
        }
    }
    if (in.n > 0 && !c->is_ended) {
        buf_put_str(&c->rest, in);
        if (c->in->is_paused) {
            mllp_conn_park(c);
        }
    }
}

static void on_silence(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_conn *c = arg;
    (void)fd;
    (void)what;
    if (!c->is_gone && frame_silence(&c->frame)) {
        offer_frame(c, str_from("", 0), NULL);
    }
    mllp_conn_settle(c);
}

static void wait_for_silence(struct mllp_conn *c)
{
    static const struct timeval silence = {.tv_sec = 0, .tv_usec = MLLP_SILENCE_MS * 1000};
    if (!c->on_silence) {
        c->on_silence = evtimer_new(c->in->ep->loop, on_silence, c);
    }
    event_add(c->on_silence, &silence);
}

static void check_noise(struct mllp_conn *c, uint64_t noise_before)
{
    c->in->ep->counters.noise_bytes += c->frame.noise - noise_before;
    bool is_much = c->frame.noise_run > MLLP_NOISE_MAX;
    bool is_news = c->frame.noise_run >= MLLP_NOISE_TOLD && !c->is_noise_told;
    if ((!is_much && !is_news) || c->is_ended) {
        return;
    }
    int first = c->frame.first_noise < 0x20 ? c->frame.first_noise
                                            : -1; /* a control byte tells TLS, HTTP/2 .. */
    log_event(c->in->ep->log, LOG_LEVEL_WARN, "noise", log_str("source", c->in->ep->name),
              log_cstr("peer", c->peer), log_uint("bytes", c->frame.noise),
              log_int("first_byte", first));
    c->is_noise_told = true;
    c->is_ended = is_much;
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
        mllp_conn_drop_part(c);
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
        mllp_conn_park(c);
        mllp_conn_settle(c);
        return;
    }
    ssize_t n = line_read(&c->line, c->in->read_buf, MLLP_READ);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (c->is_lingering && n > 0) {
        return;
    }
    c->active_us = mllp_conn_now_us(c->in);
    if (n < 0 || c->is_lingering) {
        mllp_conn_hang_up(c); /* reset: nobody is left to answer */
    } else if (n == 0) {
        end_of_stream(c);
    } else {
        take_bytes(c, str_from(c->in->read_buf, (size_t)n));
    }
    mllp_conn_settle(c);
}

void mllp_conn_resume(struct mllp_conn *c)
{
    mllp_conn_unpark(c);
    if (c->is_offering && !c->is_gone && !c->in->is_paused) {
        c->is_offering = false;
        if (offer(c, buf_str(&c->part), c->offer_why)) {
            mllp_conn_drop_part(c);
        }
    }
    if (c->rest.n > 0 && !mllp_conn_is_blocked(c)) {
        struct buf rest = c->rest;
        c->rest = (struct buf){0};
        take_bytes(c, buf_str(&rest));
        buf_free(&rest);
    }
    if (mllp_conn_is_blocked(c) && c->in->is_paused) {
        mllp_conn_park(c);
    }
    mllp_conn_settle(c);
}

void mllp_conn_begin_reading(struct mllp_conn *c)
{
    event_assign(&c->on_read, c->in->ep->loop, c->line.fd, EV_READ | EV_PERSIST, on_read, c);
}
