/* park_priv.h - what park.c (messages that wait) and park_hold.c (outputs that are awaited, and keys) share. */
#ifndef CORRIDOR_FLOW_PARK_PRIV_H
#define CORRIDOR_FLOW_PARK_PRIV_H

#include "engine/base/map.h"
#include "engine/flow/exchange_priv.h"

/* Keyed hashes, gathered before it is known how many there are. */
struct keys {
    uint64_t *v;
    uint32_t n, cap;
};

struct parks {
    struct engine *engine;
    struct map64 by_seq;           /* of the message -> its struct hold */
    struct map64 held, waiting;    /* key -> how many hold it; how many that are parked have it */
    struct map64 awaited;          /* name id of a destination -> how many holds */
    struct map64 ahead;            /* key of those passed over: while parks_run() goes through */
    struct exchange *first, *last; /* in order of arrival */
    struct exchange *current;      /* goes on now */
    struct exchange *behind;       /* the one behind it */
    unsigned n, nholds;
    uint64_t everything; /* the key of order-by: all */
    bool is_due;         /* something may go on */
    bool lets_pass;      /* all of it */
    struct keys scratch;
};

/* The keys of an exchange with its outputs, of a batch those of all its messages; in p->scratch. */
void park_gather(struct parks *p, const struct exchange *x);
void park_add_key(struct parks *p, uint64_t key);
/* One more, or one less, of each. */
void park_count(struct map64 *m, const uint64_t *v, uint32_t n, bool is_more);
bool park_has_one(const struct map64 *m, const uint64_t *v, uint32_t n);
/* Nobody is told. */
void park_free_holds(struct parks *p);

#endif
