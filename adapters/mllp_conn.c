/* One inbound MLLP connection: its life, its buffers, and whether it is read. What comes in is in mllp_conn_read.c, what
 * goes out in mllp_conn_reply.c. */
#include "adapters/mllp_conn_priv.h"
#include "engine/base/mem.h"

#include <stdlib.h>
#include <string.h>

int64_t mllp_conn_now_us(const struct mllp_in *in)
{
    return clock_mono_us(in->ep->clock);
}

void mllp_conn_take_spare(struct mllp_in *in, struct buf *b)
{
    if (!b->p && in->nspares > 0) {
        *b = in->spare[--in->nspares];
        buf_clear(b);
    }
}

void mllp_conn_give_back(struct mllp_in *in, struct buf *b)
{
    if (b->p && b->cap <= MLLP_SPARE_MAX && in->nspares < MLLP_SPARES) {
        in->spare[in->nspares++] = *b;
        *b = (struct buf){0};
    } else {
        buf_free(b);
    }
}

void mllp_conn_drop_part(struct mllp_conn *c)
{
    c->in->part_bytes -= c->part.n;
    mllp_conn_give_back(c->in, &c->part);
}

/* ---- reading on or not ---- */

void mllp_conn_park(struct mllp_conn *c)
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

void mllp_conn_unpark(struct mllp_conn *c)
{
    if (c->parked_at) {
        *c->parked_at = c->parked_next;
        if (c->parked_next) {
            c->parked_next->parked_at = c->parked_at;
        }
        c->parked_at = NULL;
    }
}

bool mllp_conn_is_blocked(const struct mllp_conn *c)
{
    return c->in->is_paused || c->is_offering || c->pending >= MLLP_PENDING_MAX ||
           c->out.n - c->out_sent > MLLP_OUT_MAX;
}

/* Bring the read event in line with what is wanted. */
static void set_reading(struct mllp_conn *c)
{
    bool want = !c->is_gone && (c->is_lingering || (!c->is_ended && !mllp_conn_is_blocked(c)));
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

/* ---- the end ---- */

void mllp_conn_hang_up(struct mllp_conn *c)
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
    mllp_conn_unpark(c);
    mllp_conn_drop_part(c);
    buf_free(&c->rest);
    mllp_conn_give_back(c->in, &c->out);
    mllp_in_freed(c->in);
}

/* Closing now, with bytes of the peer unread, would send a reset that may overtake the answer. */
static void linger(struct mllp_conn *c)
{
    if (!c->is_lingering) {
        c->is_lingering = true;
        c->active_us = mllp_conn_now_us(c->in);
        line_end(&c->line);
    }
}

/* Close what is finished, free what is closed and answered. */
void mllp_conn_settle(struct mllp_conn *c)
{
    bool is_done = c->is_ended && !c->is_offering && c->pending == 0 && c->out.n == c->out_sent;
    if (is_done && c->is_refused && !c->is_gone && !c->in->is_draining) {
        linger(c);
    } else if (is_done) {
        mllp_conn_hang_up(c);
    }
    if (c->is_gone && c->pending == 0 && !c->is_dirty) {
        mllp_conn_free(c);
    } else if (!c->is_gone) {
        set_reading(c);
    }
}

/* ---- life ---- */

struct mllp_conn *mllp_conn_new(struct mllp_in *in, struct line line, const char *peer)
{
    struct mllp_conn *c = X_NEW(struct mllp_conn);
    c->in = in;
    c->line = line;
    c->active_us = mllp_conn_now_us(in);
    memcpy(c->peer, peer, sizeof(c->peer));
    mllp_conn_begin_reading(c);
    c->next = in->first;
    if (in->first) {
        in->first->prev = c;
    }
    in->first = c;
    set_reading(c);
    if (in->is_paused) {
        mllp_conn_park(c);
    }
    return c;
}

void mllp_conn_end(struct mllp_conn *c)
{
    c->is_ended = true;
    mllp_conn_settle(c);
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
    mllp_conn_hang_up(c);
    mllp_conn_settle(c);
}

/* What was answered in this turn goes out before. */
void mllp_conn_close(struct mllp_conn *c)
{
    if (!c->is_gone) {
        mllp_conn_send(c);
    }
    mllp_conn_free(c);
}

void mllp_conn_free(struct mllp_conn *c)
{
    mllp_conn_hang_up(c);
    *(c->prev ? &c->prev->next : &c->in->first) = c->next;
    if (c->next) {
        c->next->prev = c->prev;
    }
    mllp_conn_free_early(c);
    if (c->on_write) {
        event_free(c->on_write);
    }
    if (c->on_silence) {
        event_free(c->on_silence);
    }
    buf_free(&c->out);
    free(c);
}
