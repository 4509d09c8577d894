/* engine_priv.h - what the files of the running engine share: engine.c, source.c, destination.c,
 * exchange*.c, status.c. Everything belongs to the loop thread. */
#ifndef CORRIDOR_FLOW_ENGINE_PRIV_H
#define CORRIDOR_FLOW_ENGINE_PRIV_H

#include "engine/base/buf.h"
#include "engine/flow/await.h"
#include "engine/flow/dup.h"
#include "engine/flow/engine.h"
#include "engine/flow/miss.h"
#include "engine/flow/msg.h"
#include "engine/flow/parts.h"
#include "engine/flow/queue.h"
#include "engine/flow/validation.h"
#include "engine/flow/tally.h"

#include <event2/event.h>

/* A running source. By name; its settings are those of the current plan. */
struct source {
    struct endpoint ep; /* first: source_endpoint() */
    struct engine *engine;
    const struct plan_source *want;
    unsigned index; /* in the current plan */
    uint32_t name_id;
    bool is_open, is_leaving;
    struct source *next_leaving;
    struct plan
        *last_plan;      /* of its settings, while it leaves: its adapter reads them to the end */
    struct str own_name; /* malloc'd: outlives plans */
    uint64_t accepted, filtered, rejected, unrouted, waiting;
    struct validation_count validation;
    uint64_t repeated;   /* copies of a message that was taken */
    uint64_t strangers;  /* messages of senders that are not in its list */
    uint64_t reused_ids; /* an id seen before over another body */
    uint64_t parts;      /* of messages that come in several */
    uint64_t incomplete; /* such messages that were given up */
    uint64_t parked;     /* messages that wait for another one's answer now */
    uint64_t replied[6]; /* by enum ack_code */
    struct histogram reply_time;
    int64_t rejected_day; /* day since 1970 that rejected_bytes counts */
    uint64_t rejected_bytes;
};

/* A running destination: an adapter's end and the queue before it. */
struct destination {
    struct endpoint ep; /* first: destination_endpoint() */
    struct engine *engine;
    const struct plan_destination *want;
    uint32_t name_id;
    bool is_open, is_reopening;
    bool is_full; /* more waits for it than its backlog allows: messages for it are refused */
    uint64_t turned_away;  /* so many were */
    bool is_asked;         /* a route reads its answers */
    unsigned index;        /* in the current plan */
    uint32_t answers_id;   /* name id of the source that its answers come from */
    uint64_t answers;      /* stored as messages */
    uint64_t late_answers; /* awaited, and not there in time */
    struct plan *plan;     /* a reference: owns ep.conf while it is in use */
    struct str own_name;
    struct queue *queue;
    struct event *timer;
    int64_t timer_at_us; /* monotonic; INT64_MAX: not set */
};

struct engine {
    struct engine_conf conf;
    struct plan *plan;
    struct source **sources;           /* in the plan's order */
    struct destination **destinations; /* the same */
    unsigned nsources, ndestinations;
    struct source *leaving;          /* removed, with exchanges still under way */
    struct destination **by_name_id; /* running destination of a name id, or NULL */
    uint32_t nby_name_id;
    uint32_t *route_ids; /* route of the current plan -> name id */
    uint32_t ack_route;  /* name id of what acknowledgements go by, as messages of their own */
    struct msg_pool pool;
    struct dup *ids; /* messages seen lately */
    struct misses *misses;
    struct tally *tally;
    struct awaits *awaits;         /* exchanges that wait for a destination */
    struct parks *parked;          /* messages that wait for another one's answer */
    struct parts *parts;           /* messages that are not whole yet */
    struct invariants *invariants; /* of FHIR; NULL: nobody asked yet */
    struct queue_budget budget;
    struct buf ack; /* scratch of replies */
    struct event *on_journal, *on_kick, *on_drain;
    bool is_polling, is_following, is_kicked, is_paused, is_fenced, is_draining;
    int64_t polled_us; /* wall clock at the beginning of the poll: is_polling */
    uint64_t open_exchanges;
    unsigned uncommitted; /* messages taken since the last journal_commit() */
    uint64_t id_state;    /* splitmix64, seeded once: ids need to differ, not to be secret */
    int64_t drain_until_us;
    void (*drained)(void *arg);
    void *drained_arg;
};

/* source.c */
struct source *source_new(struct engine *e, const struct plan_source *want);
int source_open(struct source *s, struct diags *d);
/* Settings of a new plan, already accepted by the adapter. */
void source_set(struct source *s, const struct plan_source *want, unsigned index);
void source_close(struct source *s);
void source_free(struct source **s);

/* destination.c */
struct destination *destination_new(struct engine *e, const struct plan_destination *want);
int destination_open(struct destination *t, struct diags *d);
/* Another name from now on; the queue and the ids of what is in it stay. */
void destination_rename(struct destination *t, struct str name);
/* Settings of the new current plan; reopens the adapter when its own settings changed, as soon as
 * nothing is in flight. */
void destination_set(struct destination *t, const struct plan_destination *want);
/* Send what is due; finish a reopening. */
void destination_run(struct destination *t);
/* May a message be taken that is routed to it? The moment it may not, and when it may again, are told. */
bool destination_takes(struct destination *t);
uint64_t destination_backlog(const struct destination *t);
/* 0: none. */
uint64_t destination_backlog_bound(const struct destination *t);
void destination_close(struct destination *t);
void destination_free(struct destination **t);

/* plan.c: do two option structs of this table hold the same values? */
bool plan_same_conf(const struct opt *table, const void *a, const void *b);

/* exchange_judge.c */
/* An ordering key as the journal has it. */
uint64_t engine_key(struct engine *e, struct arena *a, const struct rules_key *k);
/* What a rule sends as the journal has it, in `a`. */
void engine_output(struct engine *e, struct arena *a, const struct rules_output *r,
                   struct entry_output *o);

/* exchange_store.c */
/* Inside the journal's callback of `m`: its outputs to the queues they are for. */
void engine_offer(struct engine *e, struct msg *m);

/* operate_rerun.c */
/* Run today's rules of the route by which output `o` of `m` was to go: 0 and what they send, in the arena of
 * `m`; ERR_STATE with *out_why there when they fail, send nothing or are gone. */
int engine_rerun(struct engine *e, struct msg *m, const struct entry_output *o,
                 struct rules_result *out, struct str *out_why);

/* engine.c */
/* Soon: send what is due, resume sources, look whether draining is over. */
void engine_kick(struct engine *e);
/* Stop reading from sources until the journal has room. */
void engine_pause(struct engine *e);
static inline int64_t engine_mono_us(const struct engine *e)
{
    return e->conf.clock.mono_us(e->conf.clock.arg);
}

#endif
