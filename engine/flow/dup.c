#include "engine/flow/dup.h"

#include "engine/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1024, EXPIRE_STEP = 4, EXPIRE_AHEAD = 8 };

/* Order of arrival; an entry whose id has gone or arrived anew is passed over. */
struct arrival {
    uint64_t id_hash;
    int64_t at_us;
};

struct dup {
    struct dup_seen *slot; /* open addressing, linear probing; id_hash 0 is free */
    size_t slots;          /* a power of two */
    size_t used;
    size_t max;
    int64_t window_us;
    uint64_t keep_from;   /* places before it are covered by key files */
    struct arrival *ring; /* oldest at `first` */
    size_t ring_size;     /* a power of two */
    size_t first, arrivals;
};

struct dup *dup_new(size_t max, int64_t window_us)
{
    struct dup *d = X_NEW(struct dup);
    d->slots = d->ring_size = SLOTS_FIRST;
    d->slot = xcalloc(d->slots, sizeof(*d->slot));
    d->ring = xcalloc(d->ring_size, sizeof(*d->ring));
    d->max = max ? max : 1;
    d->window_us = window_us;
    d->keep_from = UINT64_MAX;
    return d;
}

void dup_keep_from(struct dup *d, uint64_t place)
{
    d->keep_from = place;
}

void dup_set_window(struct dup *d, int64_t window_us)
{
    d->window_us = window_us;
}

void dup_free(struct dup **d)
{
    if (*d) {
        free((*d)->slot);
        free((*d)->ring);
        free(*d);
        *d = NULL;
    }
}

size_t dup_count(const struct dup *d)
{
    return d->used;
}

/* The slot of `id_hash`, or the free one where it would go. */
static struct dup_seen *probe(const struct dup *d, uint64_t id_hash)
{
    size_t i = id_hash & (d->slots - 1);
    while (d->slot[i].id_hash && d->slot[i].id_hash != id_hash) {
        i = (i + 1) & (d->slots - 1);
    }
    return &d->slot[i];
}

void dup_prefetch(const struct dup *d, uint64_t id_hash)
{
    __builtin_prefetch(&d->slot[id_hash & (d->slots - 1)]);
}

struct dup_seen *dup_find(struct dup *d, uint64_t id_hash, int64_t now_us)
{
    struct dup_seen *s = probe(d, id_hash);
    if (!s->id_hash) {
        return NULL;
    }
    if (!s->pending && now_us - s->at_us > d->window_us) {
        dup_remove(d, id_hash);
        return NULL;
    }
    return s;
}

/* Close the gap at `hole` so that no probe ends early. */
static void shift_back(struct dup *d, size_t hole)
{
    size_t mask = d->slots - 1;
    for (size_t i = (hole + 1) & mask; d->slot[i].id_hash; i = (i + 1) & mask) {
        size_t home = d->slot[i].id_hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            d->slot[hole] = d->slot[i];
            hole = i;
        }
    }
    d->slot[hole] = (struct dup_seen){0};
}

void dup_remove(struct dup *d, uint64_t id_hash)
{
    struct dup_seen *s = probe(d, id_hash);
    if (s->id_hash) {
        d->used--;
        shift_back(d, (size_t)(s - d->slot));
    }
}

static void grow_slots(struct dup *d)
{
    struct dup_seen *old = d->slot;
    size_t n = d->slots;
    d->slots = n * 2;
    d->slot = xcalloc(d->slots, sizeof(*d->slot));
    for (size_t i = 0; i < n; i++) {
        if (old[i].id_hash) {
            *probe(d, old[i].id_hash) = old[i];
        }
    }
    free(old);
}

static void grow_ring(struct dup *d)
{
    struct arrival *ring = xcalloc(d->ring_size * 2, sizeof(*ring));
    for (size_t i = 0; i < d->arrivals; i++) {
        ring[i] = d->ring[(d->first + i) & (d->ring_size - 1)];
    }
    free(d->ring);
    d->ring = ring;
    d->ring_size *= 2;
    d->first = 0;
}

/* Nobody else answers for it. */
static bool is_needed(const struct dup *d, const struct dup_seen *s, bool is_old)
{
    bool is_covered = d->keep_from == UINT64_MAX || (s->place && s->place < d->keep_from);
    return s->pending || !(is_old || is_covered);
}

/* Drop the oldest arrival; its id goes too unless it arrived again.
 * False when it is still needed: it must stay, and so must what came after it. */
static bool forget_oldest(struct dup *d, bool is_old)
{
    struct arrival a = d->ring[d->first];
    struct dup_seen *s = probe(d, a.id_hash);
    if (s->id_hash && s->at_us == a.at_us) {
        if (is_needed(d, s, is_old)) {
            return false;
        }
        dup_remove(d, a.id_hash);
    }
    d->first = (d->first + 1) & (d->ring_size - 1);
    d->arrivals--;
    return true;
}

/* A few at a time, so that no single message pays for a quiet night. */
static void expire(struct dup *d, int64_t now_us)
{
    if (d->arrivals >= d->max) { /* the next ones to go are known: have them near in time */
        dup_prefetch(d, d->ring[(d->first + EXPIRE_AHEAD) & (d->ring_size - 1)].id_hash);
    }
    for (int i = 0; i < EXPIRE_STEP && d->arrivals; i++) {
        bool is_old = now_us - d->ring[d->first].at_us > d->window_us;
        if ((!is_old && d->arrivals < d->max) || !forget_oldest(d, is_old)) {
            return;
        }
    }
}

struct dup_seen *dup_put(struct dup *d, const struct dup_seen *seen)
{
    expire(d, seen->at_us);
    if (d->used * 4 >= d->slots * 3) {
        grow_slots(d);
    }
    if (d->arrivals == d->ring_size) {
        grow_ring(d);
    }
    struct dup_seen *s = probe(d, seen->id_hash);
    d->used += s->id_hash == 0;
    *s = *seen;
    d->ring[(d->first + d->arrivals++) & (d->ring_size - 1)] =
        (struct arrival){seen->id_hash, seen->at_us};
    return s;
}
