/* fhir_rate.h - how many requests each client makes in a second. A client is a name: that of its token, else its address. Pure;
 * loop thread.
 * Differs: two names whose hashes collide count as one; of more than CLIENTS_MAX in a second the later ones are not counted. */
#ifndef CORRIDOR_ADAPTERS_FHIR_RATE_H
#define CORRIDOR_ADAPTERS_FHIR_RATE_H

#include "engine/base/str.h"

#include <stdint.h>

enum { FHIR_RATE_SLOTS = 2048, FHIR_RATE_CLIENTS_MAX = 1536 };

/* {0} is a new one. */
struct fhir_rate {
    int64_t second;
    unsigned n; /* clients in it */
    struct fhir_rate_slot {
        uint64_t hash; /* 0: free */
        int64_t count;
    } v[FHIR_RATE_SLOTS];
};

/* One more request of `who` in `second` (of any clock that does not go back): is it within `most`? */
bool fhir_rate_admits(struct fhir_rate *r, struct str who, int64_t second, int64_t most);

#endif
