/* await.h - exchanges that stay open until a destination has answered (ack: {answered-by, within}). The message
 * is stored first as always. The destination's answer becomes an entry of the journal, with the message as its
 * cause, before it is passed on: a copy sent later, also after a restart, gets it again. At the limit an output
 * that nobody can have received is withdrawn and the sender told AR; else nobody knows, so nobody is told: the
 * connection closes, and what is sent again joins here. Loop thread. Source: docs/architecture.md "Answered by". */
#ifndef CORRIDOR_FLOW_AWAIT_H
#define CORRIDOR_FLOW_AWAIT_H

#include "engine/flow/adapter.h"
#include "engine/journal/entry.h"

struct asked;
struct awaits;
struct engine;
struct msg;

enum { AWAIT_MAX = 4096 }; /* exchanges that wait, of all sources: further messages are refused */

/* Where an exchange stands while it waits. */
struct await_place {
    struct await *group; /* all that wait for one output */
    struct exchange *next_in_group;
    struct exchange *next, *prev; /* by time */
    int64_t until_us;             /* monotonic */
};

struct awaits *awaits_new(struct engine *e);
/* Whoever still waits is not answered: sources are closed by now. */
void awaits_free(struct awaits **w);
bool awaits_is_full(const struct awaits *w);

/* `x` waits for the answer to output `ref`, at most as long as its source says. Says what is due at the accept
 * level. */
void await_begin(struct exchange *x, struct entry_ref ref, uint32_t destination);
/* Does somebody wait for it, or is its answer being stored? */
bool await_is_open(const struct awaits *w, struct entry_ref ref);

/* How an output that is awaited ended. */
enum await_end { AWAIT_DELIVERED, AWAIT_REFUSED, AWAIT_HELD, AWAIT_DROPPED };
/* From its queue, before the outcome is written down. `m` is its message, `out` the peer's verdict, `made` what routes made
 * of the answer; `m` and `out` NULL for one that a person dropped. */
void await_ended(struct engine *e, struct entry_ref ref, enum await_end end, const struct msg *m,
                 const struct outcome *out, const struct asked *made);
/* The process is to end: those whose output is not with its peer now are let go. */
void awaits_drain(struct awaits *w);

#endif
