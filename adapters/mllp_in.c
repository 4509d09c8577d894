/* The listening end of MLLP: sockets, limits, time. Connections are in mllp_conn.c. */
#include "adapters/mllp.h"
#include "adapters/mllp_in_priv.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { ACCEPTS = 64 }; /* of one event */

static const struct opt mllp_in_opts[] = {
    OPT(mllp_in_conf, listen, "listen", HOSTPORT, NULL, NULL, OPT_REQUIRED | OPT_RELOAD,
        "Address and port to listen on; port 0 takes a free one."),
    OPT(mllp_in_conf, frame_limit, "frame-limit", BYTES, "16MiB", "1kB..48MiB", OPT_RELOAD,
        "Largest message; a larger one is answered AR and the connection closed."),
    OPT(mllp_in_conf, frame_memory, "frame-memory", BYTES, "256MiB", "1MiB..64GiB", OPT_RELOAD,
        "Memory for frames that are not whole yet, of all connections."),
    OPT(mllp_in_conf, connections, "connections", INT, "1000", "1..100000", OPT_RELOAD,
        "Connections at once; further ones wait to be accepted."),
    OPT(mllp_in_conf, idle, "idle", MS, "10m", "1s..never", OPT_RELOAD,
        "Close a connection after this long without a byte, or with replies that nobody reads."),
    OPT(mllp_in_conf, frame_within, "frame-within", MS, "60s", "1s..never", OPT_RELOAD,
        "Close a connection when a frame takes longer than this from its first to its last byte."),
    OPT(mllp_in_conf, keep_alive, "keep-alive", MS, "60s", "1s..never", OPT_RELOAD,
        "Probe a silent peer at TCP level after this long."),
    {0},
};

static struct mllp_in *state_of(struct source *s)
{
    return source_endpoint(s)->state;
}

/* ---- accepting ---- */

static void set_accepting(struct mllp_in *in)
{
    bool is_full = in->ep->counters.connections_open >= (uint64_t)mllp_in_conf(in)->connections;
    if (is_full && !in->is_full) {
        log_event(in->ep->log, LOG_LEVEL_WARN, "connections-full", log_str("source", in->ep->name),
                  log_uint("connections", in->ep->counters.connections_open));
    }
    in->is_full = is_full;
    if (in->is_draining || is_full) {
        event_del(in->on_accept);
    } else {
        event_add(in->on_accept, NULL);
    }
}

void mllp_in_freed(struct mllp_in *in)
{
    in->ep->counters.connections_open--;
    if (in->is_full) {
        set_accepting(in);
    }
}

/* No descriptor is left: give up the reserve to turn one peer away, then do not ask for a second. */
static void out_of_descriptors(struct mllp_in *in)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    char peer[NET_ADDRESS_MAX] = "";
    if (in->reserve >= 0) {
        close(in->reserve);
        int fd = net_accept(in->listener, peer);
        if (fd >= 0) {
            close(fd);
            in->ep->counters.connections_refused++;
        }
        in->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    log_event(in->ep->log, LOG_LEVEL_ERROR, "no-descriptors", log_str("source", in->ep->name),
              log_cstr("peer", peer), log_cstr("hint", "raise LimitNOFILE"));
    event_del(in->on_accept);
    event_add(in->on_breath, &second);
}

static void on_breath(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    set_accepting(arg);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct mllp_in *in = arg;
    char peer[NET_ADDRESS_MAX];
    (void)what;
    for (int i = 0; i < ACCEPTS && !in->is_full; i++) {
        int fd = net_accept(listener, peer);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                out_of_descriptors(in);
            }
            return; /* EAGAIN, or a peer that has left already */
        }
        net_keep_alive(fd, mllp_in_conf(in)->keep_alive);
        in->ep->counters.connections++;
        in->ep->counters.connections_open++;
        (void)mllp_conn_new(in, fd, peer);
        if (in->ep->counters.connections_open >= (uint64_t)mllp_in_conf(in)->connections) {
            set_accepting(in);
        }
    }
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

static int start_listening(struct mllp_in *in, const struct opt_hostport *at, struct diags *d)
{
    int fd = net_listen(at, in->ep->name, d);
    if (fd < 0) {
        return ERR_IO;
    }
    if (in->on_accept) {
        event_free(in->on_accept);
        close(in->listener);
    }
    in->listener = fd;
    net_bound(fd, in->address);
    in->on_accept = event_new(in->ep->loop, fd, EV_READ | EV_PERSIST, on_accept, in);
    event_add(in->on_accept, NULL);
    log_event(in->ep->log, LOG_LEVEL_INFO, "listening", log_str("source", in->ep->name),
              log_cstr("address", in->address));
    return 0;
}

static int mllp_open(struct source *s, struct diags *d)
{
    static const struct timeval second = {.tv_sec = 1, .tv_usec = 0};
    struct mllp_in *in = X_NEW(struct mllp_in);
    in->source = s;
    in->ep = source_endpoint(s);
    if (start_listening(in, &mllp_in_conf(in)->listen, d) < 0) {
        free(in);
        return ERR_IO;
    }
    in->ep->state = in;
    in->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    in->on_flush = event_new(in->ep->loop, -1, 0, on_flush, in);
    in->on_breath = evtimer_new(in->ep->loop, on_breath, in);
    in->on_sweep = event_new(in->ep->loop, -1, EV_PERSIST, on_sweep, in);
    event_add(in->on_sweep, &second);
    return 0;
}

static int mllp_reload(struct source *s, const void *conf, struct diags *d)
{
    struct mllp_in *in = state_of(s);
    const struct opt_hostport *now = &mllp_in_conf(in)->listen,
                              *want = &((const struct mllp_in_conf *)conf)->listen;
    if (now->port == want->port && str_eq(now->host, want->host)) {
        return 0;
    }
    return start_listening(in, want, d);
}

static void mllp_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                       unsigned n)
{
    (void)s;
    mllp_conn_reply(conn, token, replies, n);
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
    set_accepting(in);
    close(in->listener); /* the port is free for a successor */
    in->listener = -1;
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
        mllp_conn_free(in->first);
    }
    event_free(in->on_accept);
    event_free(in->on_flush);
    event_free(in->on_sweep);
    event_free(in->on_breath);
    if (in->listener >= 0) {
        close(in->listener);
    }
    if (in->reserve >= 0) {
        close(in->reserve);
    }
    while (in->nspares > 0) {
        buf_free(&in->spare[--in->nspares]);
    }
    in->ep->state = NULL;
    free(in);
}

static struct str mllp_address(struct source *s)
{
    return str_of(state_of(s)->address);
}

static const struct source_ops mllp_source = {
    .open = mllp_open,
    .reply = mllp_reply,
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
    .out_opts = mllp_out_opts,
    .out_conf_size = sizeof(struct mllp_out_conf),
    .out = &mllp_destination,
};
