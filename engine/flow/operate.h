/* operate.h - what a person does to the queues of a running engine: release, drop, move, send again. Every call is
 * bounded (OPERATE_SLICE outputs) and does what it can at once; whoever wants more asks again with `next`.
 * Nothing is confirmed before it is durable: engine_confirm() tells. Loop thread. */
#ifndef CORRIDOR_FLOW_OPERATE_H
#define CORRIDOR_FLOW_OPERATE_H

#include "engine/flow/engine.h"
#include "engine/flow/queue.h"

enum { OPERATE_SLICE = 1000, OPERATE_FAILURES = 20 };

enum operate_kind { OPERATE_RELEASE, OPERATE_DROP, OPERATE_MOVE };

struct operate_order {
    enum operate_kind kind;
    struct str destination, to; /* to: MOVE */
    struct str by;              /* who wants it */
    const struct entry_id *ids; /* held outputs of these messages */
    const uint64_t *entries;    /* outputs of these entries; DROP, MOVE: waiting ones too */
    unsigned nids, nentries;
    bool
        is_all; /* whatever is held; DROP, MOVE at a destination that a person holds: whatever waits, too */
    struct str next; /* from the answer before; empty: from the beginning */
};

/* One output that stayed as it was. */
struct operate_failure {
    struct entry_ref ref;
    struct entry_id id;
    struct str why; /* no content */
};

struct operate_result {
    uint64_t done; /* outputs */
    bool has_more; /* ask again with `next` */
    struct str next;
    uint64_t nfailed; /* the first few in `failures` */
    struct operate_failure failures[OPERATE_FAILURES];
    const struct entry_id *missing; /* ids of which nothing is held here */
    unsigned nmissing;
};

/* The running queue of that name, or NULL. */
struct queue *engine_queue(const struct engine *e, struct str destination);

/* 0 with texts in `a`; ERR_NOT_FOUND (no such destination), ERR_STATE (not possible as things are), ERR_USAGE
 * (`next` is not ours), ERR_SPACE
 * (the journal takes nothing now; what was done stays done), with *out_why. */
int engine_operate(struct engine *e, const struct operate_order *o, struct arena *a,
                   struct operate_result *out, struct str *out_why);

struct operate_resend {
    uint64_t entry;         /* of the message */
    struct entry_id id;     /* which it must have */
    struct str destination; /* empty: all of its outputs */
    bool is_new;            /* as a message of its own, whose cause is this one */
    uint32_t attempt;       /* last one known; 0 none */
    struct str by;
};
/* Send settled outputs once more. As above; ERR_NOT_FOUND also when there is no such message (any more). *out_id is
 * the id under which they go. */
int engine_resend(struct engine *e, const struct operate_resend *o, struct arena *a,
                  struct operate_result *out, struct entry_id *out_id, struct str *out_why);

/* Write down what was done (the state "operator", "last") and call `done` when that and everything before it is
 * durable. */
void engine_confirm(struct engine *e, struct str what, journal_done_fn done, void *arg);

#endif
