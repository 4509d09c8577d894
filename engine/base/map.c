#include "engine/base/map.h"

#include "engine/base/hash.h"
#include "engine/base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { CAP_MIN = 16 };

struct map_slot {
    uint64_t hash;
    struct str key;
    void *value; /* NULL: free */
};

void map_init(struct map *m, const uint8_t key[16])
{
    struct map empty = {0};
    memcpy(empty.key, key, sizeof(empty.key));
    *m = empty;
}

void map_free(struct map *m)
{
    free(m->slot);
    map_init(m, m->key);
}

/* The slot of the key, or the free one where it belongs. cap is not 0. */
static size_t find(const struct map *m, uint64_t hash, struct str key)
{
    size_t i = (size_t)hash & (m->cap - 1);
    while (m->slot[i].value && !(m->slot[i].hash == hash && str_eq(m->slot[i].key, key))) {
        i = (i + 1) & (m->cap - 1);
    }
    return i;
}

static void resize(struct map *m, size_t cap)
{
    struct map old = *m;
    m->slot = xcalloc(cap, sizeof(*m->slot));
    m->cap = cap;
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slot[i].value) {
            m->slot[find(m, old.slot[i].hash, old.slot[i].key)] = old.slot[i];
        }
    }
    free(old.slot);
}

void *map_get(const struct map *m, struct str key)
{
    return m->used ? m->slot[find(m, hash_keyed(m->key, key), key)].value : NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
    assert(value);
    if ((m->used + 1) * 4 > m->cap * 3) {
        resize(m, m->cap ? m->cap * 2 : CAP_MIN);
    }
    uint64_t hash = hash_keyed(m->key, key);
    struct map_slot *s = &m->slot[find(m, hash, key)];
    void *before = s->value;
    m->used += !before;
    *s = (struct map_slot){hash, key, value};
    return before;
}

/* Free slot `hole` and move back what was pushed past it. */
static void close_hole(struct map *m, size_t hole)
{
    size_t mask = m->cap - 1;
    for (size_t i = (hole + 1) & mask; m->slot[i].value; i = (i + 1) & mask) {
        size_t home = (size_t)m->slot[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slot[hole] = m->slot[i];
            hole = i;
        }
    }
    m->slot[hole] = (struct map_slot){0};
}

void *map_remove(struct map *m, struct str key)
{
    size_t i = m->used ? find(m, hash_keyed(m->key, key), key) : 0;
    void *value = m->used ? m->slot[i].value : NULL;
    if (!value) {
        return NULL;
    }
    close_hole(m, i);
    m->used--;
    if (m->cap > CAP_MIN && m->used * 8 < m->cap) {
        resize(m, m->cap / 2);
    }
    return value;
}

bool map_next(const struct map *m, size_t *cursor, struct str *out_key, void **out_value)
{
    while (*cursor < m->cap) {
        const struct map_slot *s = &m->slot[(*cursor)++];
        if (s->value) {
            *out_key = s->key;
            *out_value = s->value;
            return true;
        }
    }
    return false;
}
