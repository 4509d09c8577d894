/* replay.h - our load generator: sends messages to an MLLP listener over some connections, compares the
 * replies and measures. Plain non-blocking sockets on one event loop, main thread only.
 * A lost connection loses what was not answered, or is taken up again with `reconnect`. */
#ifndef CORRIDOR_OPS_REPLAY_H
#define CORRIDOR_OPS_REPLAY_H

#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/base/str.h"
#include "engine/ops/replay_hist.h"

/* One message, ready to be sent: everything before and behind MSH-10. */
struct replay_message {
    struct str before, id, after;
    struct str patient;   /* PID-3.1, for the ledger and for spreading */
    int64_t due_us;       /* by MSH-7: after the first message; not before the one before it */
    signed char expected; /* index of replay_code_names, -1: any positive one */
    unsigned replies;     /* how many answers MSH-15 and MSH-16 ask for: 0, 1 or 2 */
};

struct tls_context;

struct replay_corpus {
    struct arena arena;
    struct replay_message *v;
    size_t n;
    bool has_first;
    int64_t first_us; /* MSH-7 of the first message that has one */
};

/* Add one message; the bytes are copied. Times of MSH-7 that go back, or cannot be read, are those of the message
 * before. */
void replay_corpus_add(struct replay_corpus *c, struct str message);
void replay_corpus_free(struct replay_corpus *c);

struct replay_conf {
    char host[256], port[16];
    unsigned connections; /* 1.. */
    unsigned window;      /* unanswered messages per connection, 1.. */
    uint64_t messages;    /* stop after so many; 0: see seconds, or the corpus once */
    int64_t for_us;       /* send for so long; 0 no limit */
    double rate;          /* messages a second in all, 0 as fast as answers come */
    double pace;          /* the gaps of MSH-7, so many times faster; 0: they are not looked at */
    bool expects;         /* answers are judged by replay_message.expected */
    bool fresh_ids;       /* a new MSH-10 for each */
    bool by_patient;      /* all messages of a patient over the same connection */
    bool reconnect;       /* after a loss connect again and resend what was not answered */
    int64_t reply_within_us;
    FILE *ledger; /* "control-id TAB patient" per positive answer, or NULL */
    /* Ledger lines are "control-id TAB patient TAB answer TAB hash", one for each message sent: the last
     * answer ("none" when there was none) and hash64 of its bytes in hexadecimal digits. */
    bool ledger_hash;
    struct tls_context *tls; /* NULL: plain */
};

enum { REPLAY_AA, REPLAY_AE, REPLAY_AR, REPLAY_CA, REPLAY_CE, REPLAY_CR, REPLAY_CODES };
extern const char *const replay_code_names[REPLAY_CODES];

struct replay_result {
    uint64_t sent, resent;
    uint64_t answered;            /* messages whose last answer came */
    uint64_t codes[REPLAY_CODES]; /* answers by MSA-1 */
    uint64_t mismatched;          /* answers with another MSA-2 than the oldest outstanding */
    uint64_t unreadable;          /* answers without MSA, or MSA-1 outside table 0008 */
    uint64_t lost;                /* sent and never answered */
    uint64_t unexpected;          /* answered otherwise than expected */
    uint64_t connects, disconnects;
    uint64_t bytes;
    const char *tls_why;        /* why TLS failed, the last time; NULL: it did not */
    int64_t took_us;            /* first send to last answer */
    struct replay_hist latency; /* microseconds, send (or due time with a rate) to last answer */
};

/* Run to the end; SIGTERM and SIGINT stop sending and wait for what is outstanding. 0, or ERR_IO with a static sentence when nothing could be connected at all. */
int replay_send(const struct replay_conf *conf, const struct replay_corpus *corpus,
                struct replay_result *out, const char **out_why);

#endif
