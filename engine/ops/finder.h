/* finder.h - the messages of one volume that may match a question, by what its key file holds: id, control id,
 * patient, destination, source, status, time, and states that few outputs are in. Newest first. Who asks looks
 * at each message itself: a key file only says where. One thread. */
#ifndef CORRIDOR_OPS_FINDER_H
#define CORRIDOR_OPS_FINDER_H

#include "engine/ops/history.h"

struct finder_query {
    int64_t since_us, until_us;   /* received at or after; before */
    struct str id;                /* of the message, as text; or empty */
    struct str control;           /* MSH-10 */
    struct str patient;           /* an id of PID-3 or MRG-1; ID^^^AUTHORITY: of that authority */
    struct str text;              /* anywhere in its bytes; no key file knows */
    uint32_t source, destination; /* name ids; 0: any */
    int status;                   /* enum entry_status; -1: any */
    int state;                    /* enum history_state of an output; -1: any */
};

struct finder {
    struct history *h;
    struct finder_query q;
    struct entry_id id;
    uint64_t hash; /* of what the key file is asked for */
    int section;   /* enum keys_section; -1: its rows of outputs */
    uint64_t *rare;
    size_t nrare, rare_cap; /* messages with an outcome of a rare state */
    uint64_t *places;
    size_t nplaces, cap;
};

/* False: the id is none. */
bool finder_init(struct finder *f, struct history *h, const struct finder_query *q);
void finder_free(struct finder *f);
/* Can volume `i` not hold any? */
bool finder_skips(const struct finder *f, size_t i);
/* Does its key file tell? Else it has to be read. */
bool finder_serves(const struct finder *f, size_t i);
/* Call `fn` for each that may match. 1, 0: the key file went meanwhile, read the volume (and forget what was
 * told), COMMAND_CANNOT. */
int finder_run(struct finder *f, size_t i, history_message_fn fn, void *arg);
/* Does the message itself answer id, control id, patient, text and time? The rest is its outputs' matter. */
bool finder_matches(const struct finder *f, struct arena *a, const struct entry_message *m);

#endif
