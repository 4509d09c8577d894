/* mllp_in_priv.h - what the listener (mllp_in.c) and its connections (mllp_conn*.c) share. */
#ifndef CORRIDOR_ADAPTERS_MLLP_IN_PRIV_H
#define CORRIDOR_ADAPTERS_MLLP_IN_PRIV_H

#include "adapters/door.h"
#include "adapters/frame.h"
#include "adapters/mllp.h"
#include "engine/base/buf.h"
#include "engine/flow/adapter.h"

#include <event2/event.h>
#include <event2/event_struct.h>

struct mllp_in_conf {
    struct door_conf door;
    int64_t frame_limit, frame_memory;
    int64_t idle, frame_within, keep_alive; /* milliseconds */
    int release;                            /* enum mllp_release */
};

enum {
    MLLP_READ = 64 * 1024,    /* bytes of one read, shared by all connections */
    MLLP_OUT_MAX = 64 * 1024, /* replies a peer may leave unread before it is not read any more */
    MLLP_PENDING_MAX =
        1024, /* exchanges under way of one connection before it is not read any more */
    MLLP_LINGER_MS =
        2000, /* after a refusal: read on and forget, so that the answer is not lost in a reset */
    MLLP_NOISE_MAX = 64 * 1024, /* bytes outside frames in a row */
    MLLP_NOISE_TOLD = 8,        /* so many are told, once a connection: blank lines are none */
    MLLP_KEPT_MAX = 64 * 1024,  /* bytes kept of a frame that is refused */
    MLLP_SPARES = 64,           /* emptied buffers kept for reuse ... */
    MLLP_SPARE_MAX = 16 * 1024, /* ... of at most this size */
    MLLP_SILENCE_MS = 200,      /* behind FS: ends the frame */
};

/* A reply that was known before those of earlier exchanges. Rare. */
struct mllp_early {
    struct mllp_early *next;
    uint64_t token;
    bool is_committed; /* begins with the block of release 2 */
    bool is_whole;     /* the reply; else what is said at the accept level before it */
    struct buf framed;
};

/* One connection. Idle it costs this struct and no buffer. Freed when its peer is gone and all of its
 * exchanges are over. */
struct mllp_conn {
    struct mllp_conn *next, *prev;              /* all of the source */
    struct mllp_conn *next_dirty;               /* has something to send */
    struct mllp_conn *parked_next, **parked_at; /* waits for resume(); parked_at NULL: does not */
    struct mllp_in *in;
    struct event on_read;
    struct event *on_write;   /* made when a peer reads slowly */
    struct event *on_silence; /* made when a frame ends in FS without CR */
    struct line line;
    bool is_reading, is_dirty, is_gone;
    bool is_ended; /* the peer sends nothing more, or we read nothing more of it */
    bool is_noise_told;
    bool is_refused;   /* the stream cannot be read further */
    bool is_lingering; /* all is sent and our side closed; what still comes is thrown away */
    bool is_offering;  /* `part` is a whole frame that the engine did not take yet */
    const struct ack_error *offer_why; /* it is offered as a refusal */
    struct frame frame;
    struct buf part; /* payload of the frame that is not whole yet */
    struct buf rest; /* bytes read and not looked at, while not reading */
    struct buf out;
    size_t out_sent;
    uint64_t committed;              /* release 2: up to here, tokens whose block is out; 0: none */
    uint64_t next_token, next_reply; /* equal: nothing under way */
    struct mllp_early *early;
    unsigned pending;
    int64_t active_us, frame_us; /* monotonic: last traffic; begin of the current frame */
    char peer[NET_ADDRESS_MAX];
};

struct mllp_in {
    struct source *source;
    struct endpoint *ep;
    struct door door;
    struct event *on_flush, *on_sweep;
    bool is_paused, is_draining, is_flushing;
    struct mllp_conn *first, *dirty, *parked;
    size_t part_bytes; /* in partial frames, of all connections */
    struct buf spare[MLLP_SPARES];
    unsigned nspares;
    char read_buf[MLLP_READ];
};

static inline const struct mllp_in_conf *mllp_in_conf(const struct mllp_in *in)
{
    return in->ep->conf;
}

/* A connection: mllp_conn.c, what is said to it: mllp_conn_reply.c */
/* Takes `line`. */
struct mllp_conn *mllp_conn_new(struct mllp_in *in, struct line line, const char *peer);
void mllp_conn_reply(struct mllp_conn *c, uint64_t token, const struct str *replies, unsigned n);
/* Something is said before the reply. */
void mllp_conn_accept(struct mllp_conn *c, uint64_t token, struct str reply);
/* Nothing was stored. */
void mllp_conn_turn_away(struct mllp_conn *c, uint64_t token, const struct str *replies,
                         unsigned n);
/* There is no reply: close, so that the peer sends it again. */
void mllp_conn_abandon(struct mllp_conn *c);
/* Send what waits; close what is finished. May free `c`. */
void mllp_conn_flush(struct mllp_conn *c);
/* Go on after a pause: offer what waits, read again. May free `c`. */
void mllp_conn_resume(struct mllp_conn *c);
/* Limits of time. May free `c`. */
void mllp_conn_check(struct mllp_conn *c, int64_t now_us);
/* Read nothing more; close when all is answered. May free `c`. */
void mllp_conn_end(struct mllp_conn *c);
/* At once, whatever is under way. */
void mllp_conn_free(struct mllp_conn *c);
/* The same, after what was answered has gone out. */
void mllp_conn_close(struct mllp_conn *c);

/* mllp_in.c: a connection has gone. */
void mllp_in_freed(struct mllp_in *in);

#endif
