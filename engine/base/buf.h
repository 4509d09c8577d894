/* buf.h - a growing byte buffer that owns its bytes. {0} is an empty one; buf_free() releases it.
 * For output that outlives no arena, and for building bytes whose size is not known before. */
#ifndef CORRIDOR_BASE_BUF_H
#define CORRIDOR_BASE_BUF_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

struct buf {
    char *p;
    size_t n;     /* bytes used */
    size_t cap;   /* bytes held */
    bool is_lent; /* by an arena: buf_in() */
};

/* An empty one for bytes that are to become the arena's: it begins in what is left of the newest chunk, and goes elsewhere
 * where that is too little. Until buf_to_arena() or buf_free() nobody else may ask the arena for anything. */
struct buf buf_in(const struct arena *a);
/* What buf_in() of the same arena gathered, as the arena's; the buffer is empty then. Copied only where it went elsewhere. */
struct str buf_to_arena(struct buf *b, struct arena *a);

void buf_free(struct buf *b);
/* For secrets: overwrite all that is held. Empty then, and what is held stays held. */
void buf_wipe(struct buf *b);
/* buf_wipe() and buf_free(). */
void buf_forget(struct buf *b);
void buf_grow(struct buf *b, size_t more); /* buf_reserve() where there is too little */
/* Make room for `more` bytes behind the end. */
static inline void buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->n < more) {
        buf_grow(b, more);
    }
}
void buf_put(struct buf *b, const void *p, size_t n);
static inline void buf_putc(struct buf *b, char c)
{
    if (b->n == b->cap) {
        buf_reserve(b, 1);
    }
    b->p[b->n++] = c;
}
void buf_puts(struct buf *b, const char *cstr);
void buf_put_str(struct buf *b, struct str s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Drop the first `n` bytes and move the rest down. O(rest). */
void buf_consume(struct buf *b, size_t n);

static inline void buf_clear(struct buf *b)
{
    b->n = 0;
}

/* A view of the bytes, valid until the next change. */
static inline struct str buf_str(const struct buf *b)
{
    return str_from(b->p, b->n);
}

#endif
