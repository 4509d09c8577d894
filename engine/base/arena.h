/* arena.h - bump allocation, freed whole. Message data lives in the message's arena, scratch in a
 * scoped one. Not thread safe: an arena belongs to whoever holds it.
 * Memory is NOT zeroed unless arena_zalloc() is used. Alignment is 16 bytes. */
#ifndef CORRIDOR_BASE_ARENA_H
#define CORRIDOR_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Chunks grow up to this, unless one allocation wants more. */
enum { ARENA_CHUNK_MAX = 1 << 20 };

struct arena {
    struct arena_chunk *head; /* newest chunk */
    char *at;                 /* next free byte in head */
    char *end;                /* behind the last byte of head */
    size_t total;             /* bytes held in all chunks: what this arena costs */
};

struct arena_mark {
    struct arena_chunk *head;
    char *at;
};

/* An empty arena that allocates nothing until first use. {0} is one too. */
void arena_init(struct arena *a);
/* Give everything back to the system. The arena may be used again. */
void arena_free(struct arena *a);
/* Forget everything, but keep the largest chunk of at most 64 KiB: the next message of the same size
 * finds its room there. */
void arena_reset(struct arena *a);
/* The same with a largest chunk of at most `most` bytes: where one task follows another at once, what would be given
 * back to the system is asked for again, page by page. */
void arena_reset_to(struct arena *a, size_t most);
/* Bytes that are in use, with the ends of full chunks. */
static inline size_t arena_used(const struct arena *a)
{
    return a->total - (size_t)(a->end - a->at);
}
void *arena_grow(struct arena *a, size_t n) __attribute__((returns_nonnull));

/* `n` bytes, aligned to 16, not initialised. Never NULL. O(1). */
static inline void *arena_alloc(struct arena *a, size_t n)
{
    size_t want = n ? (n + 15u) & ~(size_t)15u : 16u;
    if (__builtin_expect((size_t)(a->end - a->at) >= want, 1)) {
        void *p = a->at;
        a->at += want;
        return p;
    }
    return arena_grow(a, want);
}

/* The same, zeroed. */
void *arena_zalloc(struct arena *a, size_t n) __attribute__((returns_nonnull));
/* Scoped scratch: what was allocated after the mark is released; chunks are freed. */
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark m);

#define ARENA_NEW(a, type)      ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (n)))

#endif
