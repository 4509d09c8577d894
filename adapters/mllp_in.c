/* The listening end of MLLP: sockets, limits, time. Connections are in mllp_conn*.c. */
#include "adapters/mllp.h"
#include "adapters/mllp_in_priv.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <stdlib.h>

static const struct opt mllp_in_opts[] = {
    DOOR_OPTS(mllp_in_conf),
    OPT(mllp_in_conf, frame_limit, "frame-limit", BYTES, "16MiB", "1kB..48MiB", OPT_RELOAD,
        "Largest message; a larger one is answered AR and the connection closed."),
    OPT(mllp_in_conf, frame_memory, "frame-memory", BYTES, "256MiB", "1MiB..64GiB", OPT_RELOAD,
        "Memory for frames that are not whole yet, of all connections."),
    OPT(mllp_in_conf, idle, "idle", MS, "10m", "1s..never", OPT_RELOAD,
        "Close a connection after this long without a byte, or with replies that nobody reads."),
    OPT(mllp_in_conf, frame_within, "frame-within", MS, "60s", "1s..never", OPT_RELOAD,
        "Close a connection when a frame takes longer than this from its first to its last byte."),
    OPT(mllp_in_conf, keep_alive, "keep-alive", MS, "60s", "1s..never", OPT_RELOAD,
        "Probe a silent peer at TCP level after this long."),
    OPT(mllp_in_conf, release, "release", ENUM, "1", "1|2", OPT_RELOAD,
        "Release of MLLP: with 2 each frame is first answered by a block of one byte, 06 when it "
        "is stored, 15 when it is not."),
    {0},
};

static struct mllp_in *state_of(struct source *s)
{
    return source_endpoint(s)->state;
}

/* ---- accepting ---- */

static const struct door_conf *door_conf(void *arg)
{
    return &mllp_in_conf(arg)->door;
}

static void on_peer(void *arg, struct line line, const char *peer)
{
    struct mllp_in *in = arg;
    net_keep_alive(line.fd, mllp_in_conf(in)->keep_alive);
    (void)mllp_conn_new(in, line, peer);
}

static const struct door_ops door_ops = {door_conf, on_peer};

void mllp_in_freed(struct mllp_in *in)
{
    door_left(&in->door);
}

/* ---- sending and time ---- */

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_in *in = arg;
    (void)fd;
    (void)what;
    in->is_flushing = false;
    struct mllp_conn *c = in->dirty;
    in->dirty = NULL;
    while (c) {
        struct mllp_conn *next = c->next_dirty;
        c->is_dirty = false;
        mllp_conn_flush(c);
        c = next;
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_in *in = arg;
    int64_t now = clock_mono_us(in->ep->clock);
    (void)fd;
    (void)what;
    struct mllp_conn *c = in->first;
    while (c) {
        struct mllp_conn *next = c->next;
        mllp_conn_check(c, now);
        c = next;
    }
}

/* ---- the source ---- */

static int mllp_open(struct source *s, struct diags *d)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    struct mllp_in *in = X_NEW(struct mllp_in);
    in->source = s;
    in->ep = source_endpoint(s);
    in->door = (struct door){.ep = in->ep, .ops = &door_ops, .arg = in};
    if (door_open(&in->door, d) < 0) {
        free(in);
        return ERR_IO;
    }
    in->ep->state = in;
    in->on_flush = event_new(in->ep->loop, -1, 0, on_flush, in);
    in->on_sweep = event_new(in->ep->loop, -1, EV_PERSIST, on_sweep, in);
    event_add(in->on_sweep, &second);
    return 0;
}

static int mllp_reload(struct source *s, const void *conf, struct diags *d)
{
    const struct mllp_in_conf *want = conf;
    return door_change(&state_of(s)->door, &want->door, d);
}

static void mllp_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                       unsigned n)
{
    (void)s;
    mllp_conn_reply(conn, token, replies, n);
}

static void mllp_accept(struct source *s, void *conn, uint64_t token, struct str reply)
{
    (void)s;
    mllp_conn_accept(conn, token, reply);
}

static void mllp_turn_away(struct source *s, void *conn, uint64_t token, const struct str *replies,
                           unsigned n)
{
    (void)s;
    mllp_conn_turn_away(conn, token, replies, n);
}

static void mllp_abandon(struct source *s, void *conn, uint64_t token)
{
    (void)s;
    (void)token; /* with its connection all others on it go */
    mllp_conn_abandon(conn);
}

static void mllp_pause(struct source *s)
{
    state_of(s)->is_paused = true; /* each connection stops when it next has something to read */
}

static void mllp_resume(struct source *s)
{
    struct mllp_in *in = state_of(s);
    in->is_paused = false;
    while (in->parked && !in->is_paused) { /* the first ones may fill the engine again */
        mllp_conn_resume(in->parked);
    }
}

static void mllp_drain(struct source *s)
{
    struct mllp_in *in = state_of(s);
    in->is_draining = true;
    door_shut(&in->door);
    struct mllp_conn *c = in->first;
    while (c) {
        struct mllp_conn *next = c->next;
        mllp_conn_end(c);
        c = next;
    }
}

static void mllp_close(struct source *s)
{
    struct mllp_in *in = state_of(s);
    in->is_draining = true;
    while (in->first) {
        mllp_conn_close(in->first);
    }
    event_free(in->on_flush);
    event_free(in->on_sweep);
    door_close(&in->door);
    while (in->nspares > 0) {
        buf_free(&in->spare[--in->nspares]);
    }
    in->ep->state = NULL;
    free(in);
}

static struct str mllp_address(struct source *s)
{
    return str_of(state_of(s)->door.address);
}

static void mllp_in_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct mllp_in_conf *c = conf;
    door_check(&c->door, map, d);
}

static const struct source_ops mllp_source = {
    .open = mllp_open,
    .reply = mllp_reply,
    .turn_away = mllp_turn_away,
    .accept = mllp_accept,
    .abandon = mllp_abandon,
    .pause = mllp_pause,
    .resume = mllp_resume,
    .drain = mllp_drain,
    .close = mllp_close,
    .reload = mllp_reload,
    .address = mllp_address,
};

const struct adapter mllp_adapter = {
    .name = "mllp",
    .summary = "HL7 v2 over MLLP",
    .is_hl7_only = true,
    .in_opts = mllp_in_opts,
    .in_conf_size = sizeof(struct mllp_in_conf),
    .in = &mllp_source,
    .in_check = mllp_in_check,
    .out_opts = mllp_out_opts,
    .out_conf_size = sizeof(struct mllp_out_conf),
    .out = &mllp_destination,
    .out_check = mllp_out_check,
    .out_is_exposed = mllp_out_is_exposed,
    .out_silence = mllp_out_silence,
};
