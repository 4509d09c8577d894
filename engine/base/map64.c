#include "engine/base/map.h"

#include "engine/base/mem.h"

#include <stdlib.h>

enum { CAP_MIN = 16 };

void map64_init(struct map64 *m, uint64_t salt)
{
    *m = (struct map64){.salt = salt};
}

void map64_free(struct map64 *m)
{
    free(m->key);
    free(m->value);
    free(m->full);
    map64_init(m, m->salt);
}

/* Spread numbers that lie close together (splitmix64's finish). */
static size_t home_of(const struct map64 *m, uint64_t key)
{
    uint64_t z = key ^ m->salt;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (size_t)(z ^ z >> 31) & (m->cap - 1);
}

static size_t find(const struct map64 *m, uint64_t key)
{
    size_t i = home_of(m, key);
    while (m->full[i] && m->key[i] != key) {
        i = (i + 1) & (m->cap - 1);
    }
    return i;
}

static void store(struct map64 *m, size_t i, uint64_t key, uint64_t value)
{
    m->key[i] = key;
    m->value[i] = value;
    m->full[i] = 1;
}

static void resize(struct map64 *m, size_t cap)
{
    struct map64 old = *m;
    m->key = xmalloc(cap * sizeof(*m->key));
    m->value = xmalloc(cap * sizeof(*m->value));
    m->full = xcalloc(cap, sizeof(*m->full));
    m->cap = cap;
    for (size_t i = 0; i < old.cap; i++) {
        if (old.full[i]) {
            store(m, find(m, old.key[i]), old.key[i], old.value[i]);
        }
    }
    map64_free(&old);
}

bool map64_get(const struct map64 *m, uint64_t key, uint64_t *out_value)
{
    size_t i = m->used ? find(m, key) : 0;
    if (!m->used || !m->full[i]) {
        return false;
    }
    *out_value = m->value[i];
    return true;
}

bool map64_put(struct map64 *m, uint64_t key, uint64_t value)
{
    if ((m->used + 1) * 4 > m->cap * 3) {
        resize(m, m->cap ? m->cap * 2 : CAP_MIN);
    }
    size_t i = find(m, key);
    bool is_new = !m->full[i];
    m->used += is_new;
    store(m, i, key, value);
    return is_new;
}

static void close_hole(struct map64 *m, size_t hole)
{
    size_t mask = m->cap - 1;
    for (size_t i = (hole + 1) & mask; m->full[i]; i = (i + 1) & mask) {
        if (((i - home_of(m, m->key[i])) & mask) >= ((i - hole) & mask)) {
            store(m, hole, m->key[i], m->value[i]);
            hole = i;
        }
    }
    m->full[hole] = 0;
}

bool map64_remove(struct map64 *m, uint64_t key, uint64_t *out_value)
{
    size_t i = m->used ? find(m, key) : 0;
    if (!m->used || !m->full[i]) {
        return false;
    }
    if (out_value) {
        *out_value = m->value[i];
    }
    close_hole(m, i);
    m->used--;
    if (m->cap > CAP_MIN && m->used * 8 < m->cap) {
        resize(m, m->cap / 2);
    }
    return true;
}

bool map64_next(const struct map64 *m, size_t *cursor, uint64_t *out_key, uint64_t *out_value)
{
    while (*cursor < m->cap) {
        size_t i = (*cursor)++;
        if (m->full[i]) {
            *out_key = m->key[i];
            *out_value = m->value[i];
            return true;
        }
    }
    return false;
}
