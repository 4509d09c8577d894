/* The template: what every destination has, and nothing else. To make an adapter, copy this file, put a
 * line into registry.c and its name into the list of tests/conformance/. */
#include "adapters/discard.h"

#include "engine/base/mem.h"

#include <stdlib.h>

/* The options, filled from the table below before open(). */
struct discard_conf {
    int room;
};

static const struct opt discard_opts[] = {
    OPT(discard_conf, room, "room", INT, "64", "1..64", 0, "Messages taken at once."),
    {0},
};

/* What it holds while it is open. */
struct discard {
    uint64_t discarded;
};

static int discard_open(struct destination *t, struct diags *d)
{
    (void)d; /* nothing can go wrong here; others report a finding and return ERR_* */
    destination_endpoint(t)->state = X_NEW(struct discard);
    return 0;
}

static unsigned discard_room(struct destination *t)
{
    const struct discard_conf *conf = destination_endpoint(t)->conf;
    return (unsigned)conf->room;
}

/* Each delivery ends in exactly one delivery_done(), here at once. */
static void discard_send(struct destination *t, struct delivery **v, size_t n)
{
    struct endpoint *ep = destination_endpoint(t);
    struct discard *state = ep->state;
    for (size_t i = 0; i < n; i++) {
        state->discarded++;
        ep->counters.messages++;
        ep->counters.bytes += delivery_view(v[i]).payload.n;
        delivery_done(v[i], (struct outcome){.verdict = DELIVERY_DELIVERED, .reason = "discarded"});
    }
}

/* Never called: nothing stays in flight. */
static void discard_cancel(struct destination *t, struct delivery *d)
{
    (void)t;
    delivery_done(d, (struct outcome){.verdict = DELIVERY_UNREACHABLE, .reason = "canceled"});
}

static void discard_close(struct destination *t)
{
    free(destination_endpoint(t)->state);
    destination_endpoint(t)->state = NULL;
}

static const char *discard_silence(const void *conf)
{
    (void)conf;
    return "keeps nothing and answers nothing";
}

static const struct destination_ops discard_destination = {
    .batch = 64,
    .open = discard_open,
    .room = discard_room,
    .send = discard_send,
    .cancel = discard_cancel,
    .close = discard_close,
};

const struct adapter discard_adapter = {
    .name = "discard",
    .summary = "takes everything, keeps nothing",
    .out_opts = discard_opts,
    .out_conf_size = sizeof(struct discard_conf),
    .out = &discard_destination,
    .out_silence = discard_silence,
};
