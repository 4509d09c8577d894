/* queue_priv.h - what the files of a queue, window.c and delivery.c share. */
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

/* Why an output is held, for people. The message id is all zero where the message cannot be read. */
struct held_note {
    struct entry_id id;
    int64_t since_us; /* wall clock; 0: before this process began */
    uint32_t route;   /* name id */
    uint32_t n;       /* bytes of `why` */
    char why[];       /* no content: codes, a finding, words of ours */
};
enum { HELD_WHY_MOST = 200 };

/* An output taken from a cursor. */
struct window_next {
    struct msg *msg; /* NULL: none */
    struct consumer_item item;
};

/* A person has stopped the whole destination. */
struct queue_stop_note {
    bool is_held;
    int64_t since_us;
    char by[QUEUE_BY_MOST + 1];
};

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

/* An output that was sent, and what its answer is known by. */
struct expected {
    struct queued *o;
    struct queue_answer_key key;
    bool is_silence_good;   /* only errors are answered */
    struct outcome outcome; /* of an answer that came while it was still being sent */
    struct buf early;       /* its bytes; empty: none came */
};

struct queue {
    struct queue_conf conf;
    const struct plan_destination *want;
    struct consumer *consumers[2]; /* by enum entry_class */
    struct window_next
        next[2];         /* read from each, and not yet taken up: the lower number goes first */
    struct msg *last;    /* of several outputs, read last; NULL: none */
    uint32_t last_bytes; /* of its entry; 0: not all of its outputs may be there */
    struct order order;
    struct queued *ready_bulk; /* first of the bulk ones: they stand behind the others */
    struct queued_list ready, blocked, held; /* held: in the order of the journal */
    struct due due;
    struct due answering;      /* by their limit */
    struct expected *expected; /* oldest first; twice plan_answers.most at most */
    unsigned nexpected;
    bool is_elsewhere; /* what is judged came over another connection: it says nothing of ours */
    struct delivery *flying, *spare;
    unsigned nflying;
    size_t unsettled; /* outputs known here */
    unsigned loaded;  /* of which with their message */
    size_t loaded_bytes;
    bool is_behind; /* the journal has more than was offered: read it */
    bool is_stopped, is_running, waits_for_mark, is_looking_ahead;
    struct queue_stop_note person;
    int64_t read_at_us;  /* the journal could not be read: not again before */
    struct buf trouble;  /* why window_load() said ERR_STATE */
    uint64_t oldest_seq; /* whose time of receipt oldest_us is */
    int64_t oldest_us;
    /* unreachable: one probe at a time */
    bool is_unreachable, is_probing;
    const char *reason;
    int64_t probe_at_us, probe_delay_us;
    unsigned unknown_run;
    struct queue_counts counts, shown;          /* so far; of which durable */
    struct queue_counts unshown[QUEUE_UNSHOWN]; /* between the two, oldest first */
    uint64_t attempts, retries;
    struct histogram delivery_time; /* from receipt, by the wall clock */
    unsigned nunshown, unflushed;   /* unflushed: outcomes since the last entry */
};

/* window.c: what is in memory. */
/* Take up what the journal has unsettled behind the cursor. */
void window_recover(struct queue *q);
/* Read on from the cursor while there is room, a part at a time. */
void window_fill(struct queue *q);
bool window_has_room(const struct queue *q);
/* Make sure that `o` has its message. 0, or ERR_* of the journal: ERR_IO may pass and is tried again later.
 * ERR_STATE: a failed route that fails by today's rules as well, q->trouble says how. */
int window_load(struct queue *q, struct queued *o);
/* `o` has `m`, which the window counts as its own. */
void window_attach(struct queue *q, struct queued *o, struct msg *m);
void window_unload(struct queue *q, struct queued *o);
/* Drop the messages of outputs that cannot be sent now, but for the first few. */
void window_shrink(struct queue *q);
/* An output that just became unsettled, with its message. A failed route that is not held was released. */
void window_add(struct queue *q, const struct consumer_item *item, struct msg *m);
/* The same for one that is new: a failed route is held from now on. */
void window_add_live(struct queue *q, const struct consumer_item *item, struct msg *m);
/* window_read.c: what is read for it. */
/* The next output from the cursor, whether there is room or not: 1 and its number, 0 (there is none now), ERR_LIMIT. */
int window_read_one(struct queue *q, uint64_t *out_seq);

/* Nothing lies ahead: what arrives may be taken up at once. */
bool window_is_caught_up(const struct queue *q);
/* The next output stands in the message that was read last: to know it takes no room. */
bool window_is_within_last(const struct queue *q);
/* The message of one output, for msg_unref(); that of others in its entry, too, and read once for them. 0, ERR_* of
 * consumer_read() with *out NULL. */
int window_message(struct queue *q, enum entry_class class, uint64_t seq, uint32_t output,
                   struct msg **out);
void window_forget_last(struct queue *q);
void window_forget_next(struct queue *q);

/* queue.c */
static inline struct consumer *queue_consumer(const struct queue *q, bool is_bulk)
{
    return q->consumers[is_bulk ? ENTRY_BULK : ENTRY_INTERACTIVE];
}
static inline int64_t queue_now_us(const struct queue *q)
{
    return q->conf.clock.mono_us(q->conf.clock.arg);
}

/* queue_ready.c */
void queued_list_push(struct queued_list *l, struct queued *q);
void queued_list_push_front(struct queued_list *l, struct queued *q);
void queued_list_remove(struct queued_list *l, struct queued *q);
/* The list of those whose turn it is: bulk ones behind the others. */
void queue_push_ready(struct queue *q, struct queued *o);
void queue_push_ready_first(struct queue *q, struct queued *o);
void queue_remove_ready(struct queue *q, struct queued *o);
/* Wait for those before it; ready at once when there are none. */
void queue_block(struct queue *q, struct queued *o);
/* `o` is first in all of its chains. */
void queue_freed(void *arg, struct queued *o);

/* queue_record.c */
/* Write an outcome down with the others of this round. */
void queue_record(struct queue *q, const struct queued *o, enum entry_verdict v, struct str by,
                  struct str reply);
/* The counts so far are durable with entry `seq`. */
void queue_note_counts(struct queue *q, uint64_t seq);
/* Tell that it is settled or held. */
void queue_tell_over(struct queue *q, const struct queued *o);
/* Settled for good, out of whatever list it stood in: its keys are free, it is forgotten. */
void queue_settle(struct queue *q, struct queued *o, enum entry_verdict v, struct str by,
                  struct str reply);
void queue_say(struct queue *q, enum log_level level, const char *what, const struct queued *o,
               const char *reason);
void queue_hold(struct queue *q, struct queued *o, struct str reply, const char *why);
/* The same for a route that failed, with what it found: places and names, no content. `m`: its
 * message, or NULL: it is read. */
void queue_hold_finding(struct queue *q, struct queued *o, const struct msg *m, struct str finding);
/* What of the counts is durable by now may be shown. */
void queue_show_durable(struct queue *q);

/* queue_judge.c */
/* One that is not being sent ends so, or is sent again later. */
void queue_finish(struct queue *q, struct queued *o, const struct outcome *out);

/* queue_answer.c */
/* It is being sent with this payload. */
void queue_expect(struct queue *q, struct queued *o, struct str payload);
void queue_forget_answer(struct queue *q, struct queued *o);
/* How many more may be sent for the answers that are waited for. */
unsigned queue_answer_room(const struct queue *q);
/* Taken at the accept level, and the application's answer is to follow elsewhere. */
bool queue_is_accepted_only(const struct queue *q, const struct queued *o,
                            const struct outcome *out);
void queue_await_answer(struct queue *q, struct queued *o);
/* Does somebody wait for its answer, who hears of a refusal, too? MSH-16 may ask for success alone (SU). */
bool queue_is_told_of_no(const struct queued *o);
/* An answer overtook the one at the accept level: it takes its place. */
bool queue_early_answer(struct queue *q, const struct queued *o, struct outcome *out);
/* Whose limit is over. */
void queue_answers_due(struct queue *q, int64_t now_us);
void queue_free_answers(struct queue *q);

/* queue_people.c */
/* Out of the list or heap that it stands in. */
void queue_take_out(struct queue *q, struct queued *o);
/* Into the list of what is held, with what is known of it. `m`: NULL when it cannot be read. `why` holds no content. */
void queue_put_held(struct queue *q, struct queued *o, const struct msg *m, int64_t since_us,
                    struct str why);
void queued_free(struct queued *o);
/* The message of an output, in `a`; false when it cannot be read. */
bool queue_read(struct queue *q, struct entry_ref ref, bool is_bulk, struct arena *a,
                struct entry_message *out);
/* Wall clock of receipt of the oldest that is not settled; 0: none, or it cannot be read. */
int64_t queue_oldest(struct queue *q);
/* What a person said of the destination before this process began. */
void queue_recall_person(struct queue *q);

/* delivery.c */
/* The event id of output `o` of message `id`. */
void delivery_event_id(const struct journal *j, struct entry_id id, const struct entry_output *o,
                       char out[27]);
struct delivery *delivery_begin(struct queue *q, struct queued *o);
void delivery_end(struct delivery *d);
void delivery_free_spares(struct queue *q);

#endif
