/* shadow.h - one message after the other through two configurations, and what comes out differently. Nothing is
 * sent or written. As a daemon does it: validation, then the routes, with the id and time of receipt that the
 * message had; so what is equal is equal to the byte. Both plans outlive it. One thread, and more within (shadow_crew.h).
 * Memory: a few messages at a time, and the tally. */
#ifndef CORRIDOR_OPS_SHADOW_H
#define CORRIDOR_OPS_SHADOW_H

#include "engine/base/splice.h"
#include "engine/flow/plan.h"
#include "engine/ops/shadow_compare.h"

struct shadow_message {
    struct str source; /* its name */
    struct str raw;
    const struct batch_headers *batch; /* that it stands in; or NULL */
    const struct rules_cause *cause;   /* that it answers; or NULL */
    int64_t received_us;
    uint64_t id_hi, id_lo;
    struct str label; /* how it is named in examples */
};

struct shadow_crew;

struct shadow {
    struct shadow_pair pair;
    unsigned threads;
    struct shadow_tally *tally;
    uint64_t run, different; /* messages that were run; of these, with a difference */
    uint64_t untouched;      /* that came to nothing that differs, and were run once */
    uint64_t unread; /* no message for routes: bytes that are none, acknowledgements, no MSH-10 */
    uint64_t strangers;        /* from a source that neither configuration has */
    int64_t first_us, last_us; /* earliest and latest receipt of those that were run */
    struct shadow_crew *crew;  /* NULL: no message yet */
};

/* `threads`: as crew_new() takes them. */
void shadow_init(struct shadow *s, struct plan *was, const struct plan *now, unsigned threads,
                 struct shadow_tally *tally);
void shadow_free(struct shadow *s);
/* Its differences are counted then or with one of the next. */
void shadow_message(struct shadow *s, const struct shadow_message *m);
/* All messages are counted. */
void shadow_flush(struct shadow *s);
/* The source of `p` that a message of a file is taken to come from: the first one that a route reads it from, else
 * the first. Its name. */
struct str shadow_guess_source(const struct plan *p, struct arena *a, struct str raw);

#endif
