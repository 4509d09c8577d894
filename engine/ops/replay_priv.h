/* replay_priv.h - what replay.c (the run) and replay_conn.c (one connection) share. */
#ifndef CORRIDOR_OPS_REPLAY_PRIV_H
#define CORRIDOR_OPS_REPLAY_PRIV_H

#include <event2/event.h>
#include <netdb.h>

#include "engine/base/buf.h"
#include "engine/flow/line.h"
#include "engine/ops/replay.h"

enum { REPLAY_ID_MAX = 24 };

/* A message sent and not yet answered. */
struct replay_pending {
    const struct replay_message *m;
    int64_t since_us;
    unsigned left;      /* answers still due */
    bool refused;       /* one of them was negative */
    unsigned char id_n; /* fresh id, 0: the message's own */
    signed char code;   /* of the last answer, an index of replay_code_names; -1 none yet */
    char id[REPLAY_ID_MAX];
};

struct replay_conn {
    struct replay *run;
    unsigned number;
    struct line line; /* fd -1: not connected */
    bool connecting, greeting, ended;
    struct event *readable, *writable;
    struct buf in, out;
    size_t out_at; /* first byte of out not yet written */
    struct replay_pending *ring;
    unsigned first, count; /* in the ring of conf.window */
    int64_t down_since_us; /* 0: connected */
    uint64_t sequence;     /* messages begun on this connection */
    uint32_t *mine;        /* by_patient: indexes into the corpus */
    size_t nmine, next;
};

struct replay {
    const struct replay_conf *conf;
    const struct replay_corpus *corpus;
    struct replay_result *result;
    struct event_base *loop;
    struct addrinfo *address;
    struct replay_conn *conns;
    unsigned open;         /* connections not ended */
    uint64_t taken, limit; /* messages begun; how many in all (UINT64_MAX: until stopped) */
    size_t next;           /* in the corpus */
    double allowance;      /* with a rate: messages that may begin now */
    int64_t start_us, stop_us, last_answer_us;
    char tag[5];        /* of fresh ids */
    struct buf scratch; /* for the ledger's hash */
    int last_errno;
};

int64_t replay_now(void);
/* Connect (again), without waiting. */
void replay_conn_open(struct replay_conn *c);
/* Begin as many messages as window, rate and limit allow, and write. */
void replay_conn_pump(struct replay_conn *c);
/* The connection is gone or given up: count what is lost, or arrange to go on. */
void replay_conn_drop(struct replay_conn *c);
/* What is outstanding will not be answered: count and record it. */
void replay_conn_lose(struct replay_conn *c);
/* Nothing is outstanding or to be sent, and nothing more will be: end it. */
void replay_conn_end_if_idle(struct replay_conn *c);
void replay_conn_free(struct replay_conn *c);
/* The next message of connection `c`, or NULL when all are taken. With a rate: *out_since_us is when it
 * was due. */
const struct replay_message *replay_take(struct replay *r, struct replay_conn *c,
                                         int64_t *out_since_us);

#endif
