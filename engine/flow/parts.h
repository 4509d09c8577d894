/* parts.h - messages that came in parts and are not whole yet. Each part is an entry of the journal, and one state
 * ("parts", chain -> numbers of its entries) says which belong together; both are durable before a part is answered. So
 * after a start all is there again. In memory the parts' bytes are kept, within a bound. What is not completed in
 * time is told and given up; its pointers are known for a day, so that a late part is not taken for a message.
 * Loop thread. Source: HL7 v2.5.1 chapter 2 section 2.10.2; docs/decisions/039. */
#ifndef CORRIDOR_FLOW_PARTS_H
#define CORRIDOR_FLOW_PARTS_H

#include "engine/flow/msg.h"
#include "engine/journal/journal.h"

struct engine;
struct parts;

enum {
    PARTS_CHAINS_MAX = 1024,      /* messages that are not whole, of all sources */
    PARTS_BYTES_MAX = 64 << 20,   /* of memory for their parts */
    PARTS_MESSAGE_MAX = 16 << 20, /* bytes of one message's parts */
    PARTS_MOST = 1000,            /* of one message */
};

/* The parts of one message that came so far. */
struct chain {
    struct parts *all;
    struct entry_id id; /* what the whole will have; the cause of each part */
    uint32_t source;    /* name id */
    struct msg **part;  /* references; NULL when it was given up */
    uint64_t *pointer;  /* of each part: keyed hash of the pointer that the next one carries */
    uint64_t *seq;      /* entries */
    uint32_t n, cap;
    size_t bytes, cost;        /* of the parts as they came; of memory */
    bool is_given_up;          /* too late */
    int64_t until_us;          /* monotonic */
    struct chain *next, *prev; /* by time */
};

struct parts *parts_new(struct engine *e);
void parts_free(struct parts **p);
/* What the journal has of chains. Once, when sources are known. */
void parts_load(struct parts *p);

/* The chain whose last part is gone on with under this pointer; NULL: none waits for it. */
struct chain *parts_waiting(const struct parts *p, uint64_t pointer);
/* The chain, also one given up, in which this pointer was ever named. */
struct chain *parts_that_knew(const struct parts *p, uint64_t pointer);
/* One that waits. */
struct chain *parts_by_id(const struct parts *p, struct entry_id id);
/* The part with this id of its message (entry_message.id_hash), UINT32_MAX: none. */
uint32_t chain_find(const struct chain *c, uint64_t id_hash);

/* Is there room for a further part, of a chain or (NULL) a new one? */
bool parts_has_room(const struct parts *p, const struct chain *c, size_t bytes);
/* `m` was appended as `seq`: the next part of `c`, or the first of a new chain (NULL). A reference to it is taken.
 * `done` when it is durable which chain it belongs to; see journal_state_set(). */
void parts_add(struct parts *p, struct chain *c, struct msg *m, uint64_t pointer, uint64_t seq,
               journal_done_fn done, void *arg);
/* It is whole. Frees `c`. */
void parts_end(struct chain *c);
/* Give up what goes on under this pointer: another message does now. */
void parts_replace(struct parts *p, uint64_t pointer, const struct chain *except);

/* Chains of a source that wait. */
uint64_t parts_count(const struct parts *p, uint32_t source);

#endif
