/* queue.h - one destination's deliveries: the window over its consumer, the order by keys, retries, and
 * the only place where the state of a delivery changes. No sockets, no timers: it says when it wants to
 * be woken, and is handed a clock and randomness, so that tests run it on a fake clock.
 * Owned by the engine by destination name; outlives plans. Loop thread. Design: docs/architecture.md. */
#ifndef CORRIDOR_FLOW_QUEUE_H
#define CORRIDOR_FLOW_QUEUE_H

#include "engine/flow/await.h"
#include "engine/flow/msg.h"
#include "engine/flow/order.h"
#include "engine/flow/plan.h"
#include "engine/journal/consumer.h"

struct queue;
struct delivery;

enum {
    QUEUE_WINDOW_OUTPUTS = 4096,
    QUEUE_WINDOW_BYTES = 16 << 20,
    QUEUE_WINDOWS_BYTES = 64 << 20, /* of all destinations */
    QUEUE_WINDOW_LEAST = 64,        /* loaded even if the others have used up all */
    QUEUE_BY_MOST = 63,             /* bytes kept of a person's name */
    QUEUE_WITHDRAW_READ = 4096,     /* entries read on for one that is withdrawn */
    QUEUE_UNKNOWN_MAX = 4,          /* so many unknown outcomes in a row: treated as unreachable */
};

/* The note of an output that is written down as held before it is sent (on-unknown: hold). */
#define QUEUE_MARK "sent, no answer yet"

/* Bytes loaded by all queues together. */
struct queue_budget {
    size_t used;
};

/* How an output ended. */
struct queue_end {
    struct entry_ref ref;
    enum await_end end;
    bool is_awaited; /* its sender waits */
    const struct msg *m;
    const struct outcome *out;
};

/* Towards the adapter and the loop. `send` gets at most `batch` deliveries, never more than room() said. */
struct queue_ops {
    unsigned (*room)(void *arg);
    void (*send)(void *arg, struct delivery **v, size_t n);
    void (*cancel)(void *arg, struct delivery *d);
    void (*wake_at)(void *arg, int64_t mono_us); /* call queue_tick() then; INT64_MAX: not needed */
    void (*kick)(void *arg);                     /* call queue_run() soon */
    /* Make of a failed route's output `o` of `m` what today's rules send to this destination, in the arena of
     * `m`. 0, or ERR_STATE with *out_why there. NULL: failed routes stay held. */
    int (*rerun)(void *arg, struct msg *m, struct entry_output *o, struct str *out_why);
    /* An output ended so; see await_ended(). `m` and `out` NULL: a person dropped it. False: its answer cannot be
     * stored now, so it has not ended. NULL: nobody wants to know. */
    bool (*ended)(void *arg, const struct queue_end *end);
    /* An output is settled or held, whatever the reason: nobody waits for its answer. Behind ended(). May be NULL. */
    void (*over)(void *arg, struct entry_ref ref);
};

struct queue_conf {
    struct str name;
    uint32_t destination; /* name id */
    unsigned batch;
    const struct queue_ops *ops;
    void *arg;
    struct journal *journal;
    struct clock clock;
    uint64_t (*random)(void *arg);
    void *random_arg;
    struct log *log;
    struct msg_pool *pool;
    struct queue_budget *budget;
};

/* The settings of `want` are read at every use: it must live until queue_set() or queue_free().
 * Takes up what the journal has unsettled. Sends nothing before queue_run(). */
struct queue *queue_new(const struct queue_conf *conf, const struct plan_destination *want);
void queue_set(struct queue *q, const struct plan_destination *want);
/* For the log; borrowed. */
void queue_rename(struct queue *q, struct str name);
/* Nothing may be in flight: queue_cancel() before. */
void queue_free(struct queue **q);

/* Inside the journal's callback of `m`: its output number `index` is for this queue. */
void queue_offer(struct queue *q, struct msg *m, uint32_t index);
/* The journal has something for it that was not offered. */
void queue_look(struct queue *q);
/* Read on where the window has room, send what is due and in order, write outcomes down. */
void queue_run(struct queue *q);
void queue_tick(struct queue *q);
/* Append the outcomes recorded so far. Before every journal_poll(): their counts are shown when they are
 * durable, which takes knowing their number. */
void queue_flush(struct queue *q);
/* Send nothing more (drain, or reopening the adapter) / go on. */
void queue_stop(struct queue *q, bool is_stopped);
/* Cancel all that is in flight; what is cancelled stays unsettled. */
void queue_cancel(struct queue *q);

/* Nothing unsettled and nothing ahead: may be removed. */
bool queue_is_empty(const struct queue *q);
unsigned queue_in_flight(const struct queue *q);

/* ---- answers over another connection (queue_answer.c) ---- */

/* Which output an answer is for: what it was sent with. `application` and `facility` are MSH-5 and MSH-6 of what was
 * sent, MSH-3 and MSH-4 of the answer. Keyed hashes. */
struct queue_answer_key {
    uint64_t id, party;
};
struct queue_answer_key queue_answer_key(const struct journal *j, struct str control_id,
                                         struct str application, struct str facility);
/* Is an answer for it expected; `by_party`: of this sender? */
bool queue_expects(const struct queue *q, const struct queue_answer_key *key, bool by_party);
/* The verdict on the output of this key, preferably of this party; false: none is expected. `out` is borrowed. */
bool queue_answered(struct queue *q, const struct queue_answer_key *key, const struct outcome *out);

/* ---- what people decide (queue_people.c) ---- */

/* Stop sending to this destination, or go on; a state of the journal, so it stands over a restart. What is in
 * flight ends as it may. `done` (may be NULL) is called when it is durable. */
void queue_hold_all(struct queue *q, struct str by, journal_done_fn done, void *arg);
void queue_go_on(struct queue *q, journal_done_fn done, void *arg);
/* Ask a destination that is away now, whatever it or the back-off wished. */
void queue_ask_now(struct queue *q);

/* An unsettled output, to be named in the calls below; valid until the next of them. */
struct queued;
/* The held output of message `id` with the lowest number above `after`. NULL: none. O(held). */
struct queued *queue_find_held(struct queue *q, const struct entry_id *id,
                               const struct entry_ref *after);
/* Output (seq, output), held or waiting, not in flight. NULL: none such behind the cursor. O(unsettled). */
struct queued *queue_find(struct queue *q, struct entry_ref ref);
/* What `--all` is about: held outputs in order; or QUEUE_ALL, everything that waits, in an order that is right
 * for each key, also what was never offered. Only outputs of entries up to `through`, and held ones behind `after`.
 * NULL: no more. */
enum queue_scope { QUEUE_HELD, QUEUE_ALL };
struct queued *queue_next(struct queue *q, enum queue_scope scope, uint64_t through,
                          const struct entry_ref *after);

bool queued_is_held(const struct queued *o);
bool queued_is_failed_route(const struct queued *o);
struct entry_ref queued_ref(const struct queued *o);
/* A new reference to its message, NULL when it cannot be read. */
struct msg *queue_message(struct queue *q, struct queued *o);

/* Send a held output. 0; ERR_STATE: it is a failed route that fails by today's rules as well, *out_why (valid
 * until the next call) says how, and it stays held. */
int queue_release_one(struct queue *q, struct queued *o, struct str by, struct str *out_why);
/* Never send it: settled as dropped. `note`: where it went instead, or empty. */
void queue_drop_one(struct queue *q, struct queued *o, struct str by, struct str note);
/* Send a settled output once more, under the same id: `attempt` is the last one known, 0 none. `m` is its
 * message as it stands in the journal. 0 or what consumer_reopen() says. */
int queue_resend(struct queue *q, struct entry_ref ref, struct msg *m, uint32_t attempt,
                 struct str by);
/* Settle an output as dropped that its peer cannot have received: true, and `done` is called when that is durable.
 * False: it is being sent (a probe of an unreachable destination is given up), may have been sent, is settled, or lies too far ahead to be looked for. */
bool queue_withdraw(struct queue *q, struct entry_ref ref, journal_done_fn done, void *arg);
bool queue_is_sending(const struct queue *q, struct entry_ref ref);
/* The same by number. ERR_NOT_FOUND: it is not held. */
int queue_release(struct queue *q, uint64_t seq, uint32_t output, struct str by);
int queue_drop(struct queue *q, uint64_t seq, uint32_t output, struct str by);

/* ---- what people see (queue_list.c) ---- */

struct queue_status {
    uint64_t delivered, refused, dropped, held, queued;
    uint64_t attempts, retries;            /* sent; of which not for the first time */
    const struct histogram *delivery_time; /* borrowed */
    uint64_t blocked, ready,
        waiting;        /* of `queued`: for another output, for room, for their time */
    uint64_t answering; /* of `queued`: for an answer over another connection */
    bool behind, clogged, unreachable;
    const char *reason;
    int64_t oldest_us; /* wall clock of receipt of the oldest unsettled output; 0 unknown or none */
    unsigned in_flight, loaded;
    size_t loaded_bytes;
    bool is_held; /* by a person */
    int64_t held_since_us;
    struct str held_by;
};
void queue_status(struct queue *q, struct queue_status *out);

/* What an output waits for: the first one of a chain, which is held, in flight or waits itself. */
struct queue_cause {
    struct entry_ref ref;
    struct entry_id id; /* of its message; all zero: it cannot be read */
    enum queued_state state;
};
enum { QUEUE_CAUSES = 4 };

struct queue_row {
    struct entry_ref ref;
    struct entry_id id;
    char event[27]; /* the event id; "": not known before a failed route is released */
    uint32_t route; /* name id */
    enum queued_state state;
    bool is_failed_route;
    uint32_t attempt;        /* attempts begun; 0 none is known */
    int64_t since_us;        /* HELD: wall clock, 0 before this process began; else of receipt */
    int64_t due_us;          /* WAITING: from now until the next attempt */
    struct str why;          /* no content; may be empty */
    const uint64_t *keys;    /* keyed hashes */
    uint32_t nkeys, ncauses; /* causes: BLOCKED only, the first few */
    struct queue_cause causes[QUEUE_CAUSES];
};
enum queue_filter { QUEUE_ANY, QUEUE_ONLY_HELD, QUEUE_ONLY_WAITING };
/* At most `max` of the outputs known, what is in flight first, then held, then waiting ones. Texts and keys
 * in `a`. Reads a message for each row that is not loaded. Returns how many. */
unsigned queue_list(struct queue *q, enum queue_filter filter, struct arena *a,
                    struct queue_row *out, unsigned max);

#endif
