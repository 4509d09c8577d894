/* sink.h - a downstream for tests: accepts MLLP connections, answers as told, counts, stores nothing.
 * Also the ceiling that benchmarks compare with. Plain non-blocking sockets on one event loop, main
 * thread only. It forgives every oddity of framing: what is strict is the daemon. */
#ifndef CORRIDOR_OPS_SINK_H
#define CORRIDOR_OPS_SINK_H

#include <stdio.h>

#include "engine/base/opt.h"

enum sink_reply { SINK_AA, SINK_AE, SINK_AR, SINK_NONE, SINK_DROP, SINK_REPLIES };
extern const char *const sink_reply_names[SINK_REPLIES];

struct tls_context;

struct sink_conf {
    struct opt_hostport listen;
    int reply, fail_with; /* enum sink_reply; CA, CE, CR are used where the message asks for them */
    int64_t fail_every;   /* each n-th message gets fail_with; 0 none */
    int64_t fail_first;   /* so do the first n */
    int64_t delay_ms;     /* between message and answer */
    int64_t messages;     /* stop after so many; 0 no limit */
    int64_t seconds;      /* stop after so long; 0 no limit */
    bool print, show_content; /* a line per message: number, control id, type, answer */
    FILE *ledger;             /* "control-id TAB patient TAB answer", or NULL */
    struct tls_context *tls;  /* NULL: plain */
    bool ledger_hash;         /* and "TAB hash": hash64 of the message, hexadecimal digits */
};

struct sink_result {
    uint64_t connections, messages, bytes, unreadable;
    uint64_t tls_refused; /* handshakes that failed */
    uint64_t answers[SINK_REPLIES];
};

/* Listen, print "listening HOST:PORT" as the first line of standard output, serve until SIGTERM, SIGINT or
 * a limit. 0, or ERR_IO with a sentence. */
int sink_run(const struct sink_conf *conf, struct sink_result *out, const char **out_why);

#endif
