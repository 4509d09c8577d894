/* engine.h - the running whole: loop, journal, sources, destinations, the current plan.
 * One event loop owns everything here; the journal's writer is the only other thread. */
#ifndef CORRIDOR_FLOW_ENGINE_H
#define CORRIDOR_FLOW_ENGINE_H

#include "engine/flow/plan.h"
#include "engine/journal/journal.h"

struct engine;
struct misses;
struct validation_count;
struct tally;

struct engine_conf {
    struct event_base *loop; /* borrowed */
    struct clock clock;
    uint64_t (*random)(void *arg);
    void *random_arg;
    struct log *log;
    struct journal *journal; /* taken: engine_free() closes it, and engine_new() that fails */
};

/* Start with `plan` (a reference is taken): recover queues, open destinations, then sources. NULL with
 * findings when a source cannot listen. */
struct engine *engine_new(const struct engine_conf *conf, struct plan *plan, struct diags *d);
/* What becomes of a destination that the new plan has not, while messages wait for it: the plan is refused, or
 * they are kept, unsettled, until a destination of that name is configured again. */
enum engine_pending { ENGINE_REFUSE_PENDING, ENGINE_HOLD_PENDING };
/* Swap in a new plan. 0, or ERR_* with findings and everything as it was. A destination keeps its queue by its
 * name; one that says `was:` takes over the queue of that name. */
int engine_reload(struct engine *e, struct plan *plan, enum engine_pending pending,
                  struct diags *d);
/* Stop accepting, finish what is under way; `done` when idle or after `within_us`. */
void engine_drain(struct engine *e, int64_t within_us, void (*done)(void *arg), void *arg);
void engine_free(struct engine **e);
/* Nothing happens: free what is kept for the next message. */
void engine_trim(struct engine *e);
/* A commit failed: the process must stop with status 2. */
bool engine_is_fenced(const struct engine *e);

/* Numbers for `status`. */
struct engine_source_status {
    struct str name, adapter, address;
    struct endpoint_counters c;
    uint64_t accepted, filtered, rejected, unrouted, waiting;
    uint64_t repeated;   /* copies of a message that was taken: answered again, not stored */
    uint64_t strangers;  /* of senders that are not in its list */
    bool is_exposed;     /* listens beyond this machine without TLS */
    int64_t tls_until_s; /* end of its certificate or CRL, in seconds since 1970; 0: none */
    uint64_t reused_ids; /* an id seen before over another body: taken as new */
    uint64_t parts;      /* of messages that come in several; the whole counts as one message */
    uint64_t incomplete; /* such messages that were given up */
    uint64_t unfinished; /* and that wait for their rest now */
    uint64_t parked;     /* and of all messages, that wait for the answer to one before (await) */
    const struct validation_count *validation; /* NULL: the source does not validate */
    uint64_t replied[6];                       /* by enum ack_code */
    const struct histogram
        *reply_time; /* HISTOGRAM_TIME: from its last byte to its reply; borrowed */
    bool is_open;    /* it listens */
};
struct engine_destination_status {
    struct str name, adapter;
    uint64_t attempts, retries; /* sent; of which not for the first time */
    uint64_t dropped;
    const struct histogram *delivery_time; /* HISTOGRAM_TIME: from receipt to delivered; borrowed */
    struct endpoint_counters c;
    uint64_t delivered, refused, held, queued; /* in memory or not */
    bool behind; /* the cursor has not caught up: more waits in the journal */
    bool clogged, unreachable, is_open;
    bool is_exposed;    /* others on the network can read what is sent */
    uint64_t answering; /* of `queued`: with the peer, who answers over another connection */
    uint64_t backlog,
        backlog_bound;     /* bytes of the journal that wait for it, and may; 0: no bound */
    bool backlog_full;     /* messages routed to it are refused */
    uint64_t turned_away;  /* so many were */
    uint64_t answers;      /* stored as messages, as a route reads them */
    uint64_t awaited;      /* outputs whose answer others wait for (await), if there are any */
    uint64_t late_answers; /* such that were not answered in time */
    const char *reason;    /* why unreachable; static */
    int64_t oldest_us;     /* age of the oldest unsettled output; 0 none */
    unsigned in_flight;
    uint64_t blocked, ready,
        retrying; /* of `queued`: for another output, for room, for their time */
    bool is_held; /* by a person */
    int64_t held_since_us;
    struct str held_by;
};
unsigned engine_sources(const struct engine *e, struct engine_source_status *out, unsigned max);
/* Names not configured (any more) for which messages wait in the journal; returns how many there are. */
unsigned engine_orphans(const struct engine *e, struct str *out, unsigned max);
/* What the rules decided. */
const struct tally *engine_tally(const struct engine *e);
/* Of an answer in the journal: the message that asked, read again; in `a`. NULL: it is no answer, or that message is gone. */
const struct rules_cause *engine_cause(struct journal *j, const struct entry_message *m,
                                       struct arena *a);
/* The id of message `number`, from 1, of batch `id`. */
struct entry_id engine_member_id(struct entry_id id, uint32_t number);
bool engine_is_draining(const struct engine *e);
/* Rows that tables lack. */
const struct misses *engine_misses(const struct engine *e);
unsigned engine_destinations(const struct engine *e, struct engine_destination_status *out,
                             unsigned max);

#endif
