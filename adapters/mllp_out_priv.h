/* mllp_out_priv.h - what the sending end (mllp_out.c) and its connections (mllp_link*.c) share. */
#ifndef CORRIDOR_ADAPTERS_MLLP_OUT_PRIV_H
#define CORRIDOR_ADAPTERS_MLLP_OUT_PRIV_H

#include "adapters/frame.h"
#include "adapters/mllp.h"
#include "adapters/net.h"
#include "engine/base/buf.h"
#include "engine/flow/line.h"

#include <event2/dns.h>
#include <event2/event.h>

enum {
    LINK_PIPELINE_MAX = 64,
    LINK_READ = 64 * 1024,
    LINK_REPLY_MAX = 1 << 20, /* bytes of an answer */
    LINK_SILENCE_MS = 200,
};

/* GREETING: the handshake of TLS. */
enum link_state { LINK_CLOSED, LINK_RESOLVING, LINK_CONNECTING, LINK_GREETING, LINK_OPEN };

/* A message that waits for its answer on a link. */
struct link_sent {
    struct delivery *delivery;
    struct str control_id;    /* MSH-10, a view into the payload; empty: any answer will do */
    uint64_t end_at;          /* offset in the stream behind its last byte */
    int64_t deadline_us;      /* 0 until connected */
    bool is_committed;        /* release 2: the peer has it */
    bool has_ca;              /* and the application's answer is to follow */
    struct mllp_chain *chain; /* it goes in parts; NULL: whole */
};

/* One connection, opened when there is something to send and kept. */
struct mllp_link {
    struct mllp_out *out;
    enum link_state state;
    struct line line;
    struct event *on_read, *on_write, *on_time, *on_silence;
    struct evdns_getaddrinfo_request *query;
    struct link_sent sent[LINK_PIPELINE_MAX]; /* in order of sending */
    unsigned n;
    struct frame frame;
    struct buf part, bytes;   /* of an answer; of what is to be written */
    uint64_t put_at, sent_at; /* stream offsets: put into `bytes`, taken by the kernel */
    int64_t connect_by_us;
    bool is_dirty;
};

struct mllp_out {
    struct destination *destination;
    struct endpoint *ep;
    struct evdns_base *dns;
    struct tls_client tls;
    struct mllp_link *links; /* nlinks */
    unsigned nlinks, pipeline;
    unsigned attempts;    /* which of several addresses is tried next */
    struct arena scratch; /* of one answer */
    char read_buf[LINK_READ];
};

static inline const struct mllp_out_conf *mllp_out_conf(const struct mllp_out *out)
{
    return out->ep->conf;
}

/* mllp_link.c */
void mllp_link_init(struct mllp_link *l, struct mllp_out *out);
/* Take a delivery: there is room. Nothing is written before mllp_link_flush(). One that cannot be cut into parts is done. */
void mllp_link_put(struct mllp_link *l, struct delivery *d);
void mllp_link_flush(struct mllp_link *l);
/* Hang up: what was taken by the kernel is UNKNOWN, the rest UNREACHABLE. */
void mllp_link_fail(struct mllp_link *l, const char *reason);
void mllp_link_free(struct mllp_link *l);
static inline int64_t mllp_link_now_us(const struct mllp_link *l)
{
    return clock_mono_us(l->out->ep->clock);
}
static inline bool mllp_link_is_release_2(const struct mllp_link *l)
{
    return mllp_out_conf(l->out)->release == MLLP_RELEASE_2;
}
/* Reading or writing failed. */
void mllp_link_lose(struct mllp_link *l);
/* When the answer to what is sent now must be there. */
int64_t mllp_link_reply_deadline(const struct mllp_link *l);
/* The payload, or its next part, behind what is to be written. */
void mllp_link_put_frame(struct mllp_link *l, struct link_sent *s);
/* It is open: what was taken meanwhile goes out. */
void mllp_link_use(struct mllp_link *l);

/* mllp_link_answer.c */
/* Message `i` ends so. */
void mllp_link_take_out(struct mllp_link *l, unsigned i, struct outcome o);
/* Of libevent, `arg` the link: there is something to read; nothing came behind an FS. */
void mllp_link_on_read(evutil_socket_t fd, short what, void *arg);
void mllp_link_on_silence(evutil_socket_t fd, short what, void *arg);

/* mllp_link_open.c */
/* Begin: mllp_link_use() or mllp_link_fail() follows, the second perhaps at once. */
void mllp_link_connect(struct mllp_link *l);
/* Go on with the handshake of TLS. */
void mllp_link_greet(struct mllp_link *l);

#endif
