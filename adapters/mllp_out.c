/* The sending end of MLLP: deliveries to connections. Connections are in mllp_link*.c. */
#include "adapters/admit.h"
#include "adapters/mllp_out_priv.h"
#include "engine/base/mem.h"

#include <stdlib.h>

const struct opt mllp_out_opts[] = {
    OPT(mllp_out_conf, host, "host", STR, NULL, "1..255", OPT_REQUIRED,
        "Address or name to connect to."),
    OPT(mllp_out_conf, port, "port", INT, "2575", "1..65535", 0, "TCP port (IANA: 2575 for HL7)."),
    OPT(mllp_out_conf, connections, "connections", INT, "8", "1..64", 0,
        "Connections at once; opened only when all others are busy, so `parallel` bounds them "
        "too."),
    OPT(mllp_out_conf, pipeline, "pipeline", INT, "1", "1..64", 0,
        "Messages sent on a connection before the first one is answered."),
    OPT(mllp_out_conf, reply_within, "reply-within", MS, "30s", "100ms..10m", 0,
        "Wait this long for the answer, then hang up; the message may have arrived and is sent "
        "again."),
    OPT(mllp_out_conf, connect_within, "connect-within", MS, "10s", "100ms..5m", 0,
        "Wait this long for a connection."),
    OPT(mllp_out_conf, keep_alive, "keep-alive", MS, "60s", "1s..never", 0,
        "Probe a silent peer at TCP level after this long."),
    OPT(mllp_out_conf, reply, "reply", ENUM, "wait", "wait|none|application", 0,
        "Whether the peer answers; with `none` a message counts as delivered once it is sent, with "
        "`application` a CA "
        "is followed by AA, AE or AR on the same connection, which is waited for."),
    OPT(mllp_out_conf, release, "release", ENUM, "1", "1|2", 0,
        "Release of MLLP: with 2 the peer first answers each frame with a block of one byte, 06 "
        "when it has stored it, "
        "15 when it has not; and so do we."),
    OPT_GROUP(mllp_out_conf, parts, "parts", mllp_parts_opts, 0,
              "Send a long message in several parts (DSC, ADD), each when the one before is "
              "answered."),
    OPT_GROUP(mllp_out_conf, tls, "tls", tls_out_opts, 0,
              "Speak TLS; the server's certificate and its name are always verified."),
    {0},
};

void mllp_out_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct mllp_out_conf *c = conf;
    if (c->parts && (c->pipeline > 1 || c->reply == MLLP_REPLY_NONE)) {
        diag_add(d, DIAG_ERROR, "option-conflict", yaml_get(map, "parts")->pos,
                 "`parts` beside %s; expected an answer to each part before the next is sent",
                 c->pipeline > 1 ? "`pipeline`" : "`reply: none`");
    }
    if (c->tls) {
        tls_out_check(c->tls, yaml_get(map, "tls"), d);
    }
}

const char *mllp_out_silence(const void *conf)
{
    const struct mllp_out_conf *c = conf;
    return c->reply == MLLP_REPLY_NONE ? "says `reply: none`" : NULL;
}

bool mllp_out_is_exposed(const void *conf)
{
    const struct mllp_out_conf *c = conf;
    return !c->tls && !admit_is_loopback(c->host);
}

static struct mllp_out *state_of(struct destination *t)
{
    return destination_endpoint(t)->state;
}

static int mllp_out_open(struct destination *t, struct diags *d)
{
    (void)d;
    struct mllp_out *out = X_NEW(struct mllp_out);
    out->destination = t;
    out->ep = destination_endpoint(t);
    out->nlinks = (unsigned)mllp_out_conf(out)->connections;
    out->pipeline = (unsigned)mllp_out_conf(out)->pipeline;
    out->links = xcalloc(out->nlinks, sizeof(struct mllp_link));
    for (unsigned i = 0; i < out->nlinks; i++) {
        mllp_link_init(&out->links[i], out);
    }
    out->ep->state = out;
    return 0;
}

static unsigned mllp_out_room(struct destination *t)
{
    const struct mllp_out *out = state_of(t);
    unsigned room = 0;
    for (unsigned i = 0; i < out->nlinks; i++) {
        room += out->pipeline - out->links[i].n;
    }
    return room;
}

/* An open and idle one, else a closed one, else the one with the shortest line. */
static struct mllp_link *pick(struct mllp_out *out)
{
    struct mllp_link *best = NULL;
    unsigned best_cost = UINT32_MAX;
    for (unsigned i = 0; i < out->nlinks; i++) {
        struct mllp_link *l = &out->links[i];
        unsigned cost = l->n * 2 + (l->state == LINK_CLOSED);
        if (l->n < out->pipeline && cost < best_cost) {
            best = l;
            best_cost = cost;
        }
    }
    return best;
}

static void mllp_out_send(struct destination *t, struct delivery **v, size_t n)
{
    struct mllp_out *out = state_of(t);
    for (size_t i = 0; i < n; i++) {
        struct mllp_link *l = pick(out); /* never NULL: n is at most room() */
        l->is_dirty = true;
        mllp_link_put(l, v[i]);
    }
    for (unsigned i = 0; i < out->nlinks; i++) {
        if (out->links[i].is_dirty) {
            mllp_link_flush(&out->links[i]);
        }
    }
}

static void mllp_out_cancel(struct destination *t, struct delivery *d)
{
    (void)t;
    mllp_link_fail(*delivery_slot(d), "canceled");
}

static void mllp_out_close(struct destination *t)
{
    struct mllp_out *out = state_of(t);
    for (unsigned i = 0; i < out->nlinks; i++) {
        mllp_link_free(&out->links[i]);
    }
    if (out->dns) {
        evdns_base_free(out->dns, 0);
    }
    tls_client_close(&out->tls);
    arena_free(&out->scratch);
    free(out->links);
    free(out);
    destination_endpoint(t)->state = NULL;
}

const struct destination_ops mllp_destination = {
    .batch = LINK_PIPELINE_MAX,
    .open = mllp_out_open,
    .room = mllp_out_room,
    .send = mllp_out_send,
    .cancel = mllp_out_cancel,
    .close = mllp_out_close,
};
