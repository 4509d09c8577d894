#include "adapters/fhir_rate.h"

#include "engine/base/hash.h"

#include <string.h>

/* The slot of a client, or a free one, or NULL: there are too many. */
static struct fhir_rate_slot *find(struct fhir_rate *r, uint64_t hash)
{
    for (size_t i = 0; i < FHIR_RATE_SLOTS; i++) {
        struct fhir_rate_slot *s = &r->v[(hash + i) % FHIR_RATE_SLOTS];
        if (s->hash == hash) {
            return s;
        }
        if (!s->hash) {
            return r->n < FHIR_RATE_CLIENTS_MAX ? s : NULL;
        }
    }
    return NULL;
}

bool fhir_rate_admits(struct fhir_rate *r, struct str who, int64_t second, int64_t most)
{
    uint64_t hash = hash64_str(who, 0);
    if (second != r->second) {
        memset(r->v, 0, sizeof r->v);
        r->second = second;
        r->n = 0;
    }
    hash = hash ? hash : 1;
    struct fhir_rate_slot *s = find(r, hash);
    if (!s) {
        return true;
    }
    r->n += !s->hash;
    s->hash = hash;
    return ++s->count <= most;
}
