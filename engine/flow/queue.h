/* queue.h - one destination's deliveries: the window over its consumer, the order by keys, retries, and
 * the only place where the state of a delivery changes. No sockets, no timers: it says when it wants to
 * be woken, and is handed a clock and randomness, so that tests run it on a fake clock.
 * Owned by the engine by destination name; outlives plans. Loop thread. Design: docs/architecture.md. */
#ifndef CORRIDOR_FLOW_QUEUE_H
#define CORRIDOR_FLOW_QUEUE_H

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
    QUEUE_UNKNOWN_MAX = 4,          /* so many unknown outcomes in a row: treated as unreachable */
};

/* Bytes loaded by all queues together. */
struct queue_budget {
    size_t used;
};

/* Towards the adapter and the loop. `send` gets at most `batch` deliveries, never more than room() said. */
struct queue_ops {
    unsigned (*room)(void *arg);
    void (*send)(void *arg, struct delivery **v, size_t n);
    void (*cancel)(void *arg, struct delivery *d);
    void (*wake_at)(void *arg, int64_t mono_us); /* call queue_tick() then; INT64_MAX: not needed */
    void (*kick)(void *arg);                     /* call queue_run() soon */
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

/* A person's decision on a held output: send it, or never send it. ERR_NOT_FOUND; ERR_STATE for a
 * failed route, which has nothing to send. */
int queue_release(struct queue *q, uint64_t seq, uint32_t output, struct str by);
int queue_drop(struct queue *q, uint64_t seq, uint32_t output, struct str by);
/* Held outputs in order of being held; returns how many were written. */
unsigned queue_held(const struct queue *q, struct entry_ref *out, unsigned max);

struct queue_status {
    uint64_t delivered, refused, dropped, held, queued;
    bool behind, clogged, unreachable;
    const char *reason;
    int64_t oldest_us; /* wall clock of receipt of the oldest unsettled output; 0 unknown or none */
    unsigned in_flight, loaded;
    size_t loaded_bytes;
};
void queue_status(const struct queue *q, struct queue_status *out);

#endif
