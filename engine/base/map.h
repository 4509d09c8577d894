/* map.h - two hash maps with open addressing (linear probing, deletion by shifting back, so that
 * many deletions leave no debris): text to pointer, and number to number.
 * A struct map borrows its keys: they must live and stay the same while they are in it.
 * Memory: at least 1/8, at most 3/4 of the slots are used (from 16 slots on); a slot is 32 bytes in a
 * struct map, 17 in a struct map64. Growing and shrinking is amortised. One thread at a time. */
#ifndef CORRIDOR_BASE_MAP_H
#define CORRIDOR_BASE_MAP_H

#include "engine/base/str.h"

struct map_slot;

struct map {
    struct map_slot *slot;
    size_t cap;  /* slots: 0 or a power of two */
    size_t used; /* keys */
    uint8_t key[16];
};

/* The key should be random where the texts come from outside. {.key = ..} is an empty map too. */
void map_init(struct map *m, const uint8_t key[16]);
void map_free(struct map *m);
/* The value under `key`, or NULL. O(1). */
void *map_get(const struct map *m, struct str key);
/* Put `value` (not NULL) under `key`; returns the value that was there, or NULL. The key that is kept
 * is the new one. */
void *map_put(struct map *m, struct str key, void *value);
/* Take it out; returns the value, or NULL when there was none. */
void *map_remove(struct map *m, struct str key);
/* Walk in no order: start with *cursor 0; false at the end. The map must not change meanwhile. */
bool map_next(const struct map *m, size_t *cursor, struct str *out_key, void **out_value);

struct map64 {
    uint64_t *key, *value;
    unsigned char *full; /* 1: the slot holds something */
    size_t cap, used;
    uint64_t salt;
};

/* `salt` random where the numbers come from outside; {0} is an empty map with salt 0. */
void map64_init(struct map64 *m, uint64_t salt);
void map64_free(struct map64 *m);
bool map64_get(const struct map64 *m, uint64_t key, uint64_t *out_value);
/* True when the key is new. */
bool map64_put(struct map64 *m, uint64_t key, uint64_t value);
/* True when it was there; *out_value (NULL allowed) is what was under it. */
bool map64_remove(struct map64 *m, uint64_t key, uint64_t *out_value);
bool map64_next(const struct map64 *m, size_t *cursor, uint64_t *out_key, uint64_t *out_value);

#endif
