/* park.h - messages that wait for another one's answer (await: of a send). While an output that is awaited is not
 * settled and its time is not over, its keys are held: those of its message's patient, and those it goes by. A message
 * that routes made something of and that shares a key with what is held, or with one that waits already, is parked before
 * it is stored: its exchange stays open, nobody is answered, and it goes on in the order of arrival when the answer is
 * stored. So what comes of the answer has the lower number in every queue. Nothing of this is in the journal but the
 * outputs: after a start those that are open hold their keys again. Loop thread.
 * Source: docs/architecture.md "Awaited"; docs/decisions/054. */
#ifndef CORRIDOR_FLOW_PARK_H
#define CORRIDOR_FLOW_PARK_H

#include "engine/flow/adapter.h"
#include "engine/journal/entry.h"
#include "engine/rules/ruleset.h"

struct engine;
struct parks;

enum {
    PARK_MAX = 4096,        /* messages that wait, of all sources: further ones are refused */
    PARK_HOLDS_MAX = 65536, /* awaited outputs: a message with one more is refused */
};

/* Where an exchange stands while it is parked. */
struct park_place {
    struct exchange *next, *prev; /* in order of arrival */
    const uint64_t *keys;         /* keyed hashes */
    uint32_t nkeys;
    bool is_batch;
};

struct parks *parks_new(struct engine *e);
/* Whoever still waits is not answered: sources are closed by now. */
void parks_free(struct parks **p);
/* After a start, when the plan is there: what is open still holds its keys. Reads the journal from the oldest of it. */
void parks_load(struct parks *p, struct engine *e);

/* `judged` (`x`, or the message that it completes) has its outputs: is it to wait? True: `x` is parked, or refused
 * because too many are. */
bool park(struct exchange *x, const struct exchange *judged);
/* Messages of a source that counts go one by one: does one of them wait? Then so does `x`, and true. */
bool park_behind_own(struct exchange *x);

/* Outputs `first` to `first` + `n` of message `m`, which was appended as `seq`. */
struct park_entry {
    const struct entry_message *m;
    uint64_t seq;
    const struct entry_output *v; /* the first one */
    uint32_t first, n;
};
/* Those that are awaited hold their keys from now on, and those of whom `in` is about. */
void park_hold(struct parks *p, const struct park_entry *e, const struct rules_input *in);
/* An output is settled or held; what came of its answer is appended. */
void park_settled(struct parks *p, struct entry_ref ref);
/* Those whose keys are free again go on. */
void parks_run(struct parks *p);
/* The source goes away: what waits of it goes on at once. */
void parks_leave(struct parks *p, const struct source *s);
/* The process is to end: nobody is answered, and what is sent again is taken after the start. */
void parks_drain(struct parks *p);

/* Outputs of this destination (name id) that hold their keys. */
uint64_t parks_awaited(const struct parks *p, uint32_t destination);

#endif
