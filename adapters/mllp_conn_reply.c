/* What a peer of the listener is answered: replies in the order of the messages, one send for all of a commit. */
#include "adapters/mllp_conn_priv.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <stdlib.h>

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
    mllp_conn_take_spare(c->in, &c->out);
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
    mllp_conn_take_spare(c->in, &c->out);
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
    mllp_conn_take_spare(c->in, &c->out);
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
void mllp_conn_send(struct mllp_conn *c)
{
    if (c->out.n == c->out_sent) {
        return;
    }
    ssize_t n = line_write(&c->line, c->out.p + c->out_sent, c->out.n - c->out_sent);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        mllp_conn_hang_up(c);
        return;
    }
    if (n > 0) {
        c->out_sent += (size_t)n;
        c->active_us = mllp_conn_now_us(c->in);
    }
    if (c->out_sent < c->out.n) {
        wait_to_write(c);
        return;
    }
    buf_clear(&c->out);
    c->out_sent = 0;
    mllp_conn_give_back(c->in, &c->out);
}

/* Replies that are due go out before. */
void mllp_conn_abandon(struct mllp_conn *c)
{
    c->pending--;
    mark_dirty(c);
    if (!c->is_gone) {
        mllp_conn_send(c);
        mllp_conn_hang_up(c);
    }
}

void mllp_conn_flush(struct mllp_conn *c)
{
    if (!c->is_gone) {
        mllp_conn_send(c);
    }
    if (!c->is_gone && c->rest.n > 0 && !mllp_conn_is_blocked(c)) {
        mllp_conn_resume(c);
        return;
    }
    mllp_conn_settle(c);
}

void mllp_conn_free_early(struct mllp_conn *c)
{
    while (c->early) {
        struct mllp_early *e = c->early;
        c->early = e->next;
        buf_free(&e->framed);
        free(e);
    }
}
