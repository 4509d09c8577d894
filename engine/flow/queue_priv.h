/* queue_priv.h - what queue.c, window.c and delivery.c share. */
#ifndef CORRIDOR_FLOW_QUEUE_PRIV_H
#define CORRIDOR_FLOW_QUEUE_PRIV_H

#include "engine/base/buf.h"
#include "engine/flow/due.h"
#include "engine/flow/queue.h"

struct queued_list {
    struct queued *first, *last;
    size_t n;
};

/* Outcomes written into entry `seq`: what may be shown once that is durable. */
struct queue_counts {
    uint64_t seq, delivered, refused, dropped;
};
enum { QUEUE_UNSHOWN = 64 };

/* One attempt in flight, from send() to delivery_done(). */
struct delivery {
    struct delivery *next, *prev; /* in flight, or in the free list */
    struct queue *queue;
    struct queued *q;
    struct str payload;
    struct buf bytes; /* the payload where it had to be put together */
    void *slot;       /* the adapter's */
    int64_t began_us;
    bool is_probe, is_canceled;
    char id[27]; /* "" until asked for */
};

struct queue {
    struct queue_conf conf;
    const struct plan_destination *want;
    struct consumer *consumer;
    struct order order;
    struct queued_list ready, held;
    struct due due;
    struct delivery *flying, *spare;
    unsigned nflying;
    size_t unsettled; /* outputs known here */
    unsigned loaded;  /* of which with their message */
    size_t loaded_bytes;
    bool is_behind; /* the journal has more than was offered: read it */
    bool is_stopped, is_running, waits_for_mark;
    int64_t read_at_us; /* the journal could not be read: not again before */
    /* unreachable: one probe at a time */
    bool is_unreachable, is_probing;
    const char *reason;
    int64_t probe_at_us, probe_delay_us;
    unsigned unknown_run;
    struct queue_counts counts, shown;          /* so far; of which durable */
    struct queue_counts unshown[QUEUE_UNSHOWN]; /* between the two, oldest first */
    unsigned nunshown, unflushed;               /* unflushed: outcomes since the last entry */
};

void queued_list_push(struct queued_list *l, struct queued *q);
void queued_list_push_front(struct queued_list *l, struct queued *q);
void queued_list_remove(struct queued_list *l, struct queued *q);

/* window.c: what is in memory. */
/* Take up what the journal has unsettled behind the cursor. */
void window_recover(struct queue *q);
/* Read on from the cursor while there is room. */
void window_fill(struct queue *q);
bool window_has_room(const struct queue *q);
/* Make sure that `o` has its message. 0, or ERR_* of the journal: ERR_IO may pass and is tried again later. */
int window_load(struct queue *q, struct queued *o);
void window_unload(struct queue *q, struct queued *o);
/* Drop the messages of outputs that cannot be sent now, but for the first few. */
void window_shrink(struct queue *q);
/* An output that just became unsettled, with its message. */
void window_add(struct queue *q, const struct consumer_item *item, struct msg *m);

/* queue.c */
/* `o` is first in all of its chains. */
void queue_freed(void *arg, struct queued *o);
void queue_hold(struct queue *q, struct queued *o, struct str reply, const char *why);

/* delivery.c */
struct delivery *delivery_begin(struct queue *q, struct queued *o);
void delivery_end(struct delivery *d);
void delivery_free_spares(struct queue *q);

#endif
