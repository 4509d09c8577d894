/* order.h - the order by keys of one destination: an output may be sent when no earlier unsettled output
 * shares a key with it. Every key has a chain of its outputs in journal order; an output is free when it
 * is first in all of its chains. Waiting is always for a smaller sequence number: no deadlock.
 * Not the window: it knows nothing of payloads or time. Owned by one queue; loop thread. */
#ifndef CORRIDOR_FLOW_ORDER_H
#define CORRIDOR_FLOW_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msg;
struct held_note; /* queue_priv.h */

enum queued_state {
    QUEUED_BLOCKED,
    QUEUED_READY,
    QUEUED_SENDING,
    QUEUED_ANSWERING, /* the peer has it, and answers over another connection */
    QUEUED_WAITING,
    QUEUED_HELD
};

struct order_link {
    uint64_t key;
    struct queued *next; /* next output with this key */
};

/* An unsettled output behind the cursor. Small: up to a million of them; the message is loaded only in
 * the window. Owned by the queue. */
struct queued {
    struct queued *next, *prev; /* in the ready, the blocked or the held list */
    struct msg *msg;            /* NULL: not loaded */
    size_t cost;                /* of msg, when it was loaded; it may grow */
    uint64_t seq;               /* of its message */
    union {
        struct held_note *note; /* HELD: why; owned; NULL: not known */
        const char *reason;     /* else: why it was not delivered at once; static, or NULL */
    };
    int64_t due_us;   /* WAITING: monotonic time of the next attempt; ANSWERING: of its limit */
    int64_t first_us; /* monotonic time of the first attempt; 0 none yet */
    uint32_t output;
    uint32_t attempt;  /* attempts begun */
    uint32_t delay_ms; /* last back-off */
    uint32_t heap_at;  /* WAITING, ANSWERING: place in the heap of these */
    uint32_t blocked;  /* chains in which it is not first */
    uint32_t nkeys;
    uint8_t state;    /* enum queued_state */
    bool is_ordered;  /* stands in its chains */
    bool is_marked;   /* on-unknown: hold: the journal has it as held, should its outcome be lost */
    bool is_bulk;     /* lets others go first */
    bool is_awaited;  /* somebody waits for its answer */
    bool is_expected; /* an answer from elsewhere may come: queue_answer.c knows its control id */
    bool is_maybe_sent;   /* its peer may have it */
    bool is_failed_route; /* has no payload: once released, what today's rules make of it is sent */
    struct order_link keys[];
};

/* What it costs, with its keys. */
size_t queued_size(uint32_t nkeys);
/* A new one with these keys, duplicates removed. The caller frees it with free(). O(n log n). */
struct queued *queued_new(const uint64_t *keys, uint32_t nkeys);

struct order_chain;
struct order {
    struct order_chain *v; /* open addressing; NULL until first use */
    size_t cap, n;         /* keys in use */
};

/* Put `q` at the end of its chains; sets q->blocked. O(keys). */
void order_add(struct order *o, struct queued *q);
/* The first output with this key, or NULL. */
struct queued *order_first(const struct order *o, uint64_t key);
typedef void (*order_free_fn)(void *arg, struct queued *q);
/* Take `q` out of its chains; `freed` is called for each output that is first everywhere from now on.
 * O(keys) for the first of a chain, else O(length of the chain). */
void order_remove(struct order *o, struct queued *q, order_free_fn freed, void *arg);
void order_free(struct order *o);

#endif
