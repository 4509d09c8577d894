#include "engine/base/arena.h"

#include "engine/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_FIRST = 4096, KEEP_MAX = 64 * 1024 };

struct arena_chunk {
    struct arena_chunk *next; /* older chunk */
    size_t size;              /* usable bytes in data */
    _Alignas(16) char data[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

static void free_until(struct arena *a, const struct arena_chunk *keep)
{
    while (a->head != keep) {
        struct arena_chunk *next = a->head->next;
        a->total -= a->head->size;
        free(a->head);
        a->head = next;
    }
}

void arena_free(struct arena *a)
{
    free_until(a, NULL);
    arena_init(a);
}

/* The largest chunk of at most `most` bytes; NULL when all are larger. */
static struct arena_chunk *chunk_to_keep(const struct arena *a, size_t most)
{
    struct arena_chunk *best = NULL;
    for (struct arena_chunk *c = a->head; c; c = c->next) {
        if (c->size <= most && (!best || c->size > best->size)) {
            best = c;
        }
    }
    return best;
}

void arena_reset_to(struct arena *a, size_t most)
{
    struct arena_chunk *keep = chunk_to_keep(a, most);
    if (!keep) {
        arena_free(a);
        return;
    }
    free_until(a, keep);
    a->head = keep->next;
    free_until(a, NULL);
    keep->next = NULL;
    a->head = keep;
    a->total = keep->size;
    a->at = keep->data;
    a->end = keep->data + keep->size;
}

void arena_reset(struct arena *a)
{
    arena_reset_to(a, KEEP_MAX);
}

static size_t next_size(const struct arena *a, size_t n)
{
    size_t size = a->head ? a->head->size * 2 : CHUNK_FIRST;
    size = size > ARENA_CHUNK_MAX ? ARENA_CHUNK_MAX : size;
    return size < n ? n : size;
}

void *arena_grow(struct arena *a, size_t n)
{
    size_t size = next_size(a, n);
    struct arena_chunk *c = xmalloc(sizeof(*c) + size);
    c->next = a->head;
    c->size = size;
    a->head = c;
    a->total += size;
    a->at = c->data + n;
    a->end = c->data + size;
    return c->data;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->head, a->at};
}

void arena_release(struct arena *a, struct arena_mark m)
{
    free_until(a, m.head);
    a->at = m.at;
    a->end = m.head ? m.head->data + m.head->size : NULL;
}
