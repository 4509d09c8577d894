#include "engine/base/buf.h"

#include "engine/base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    if (!b->is_lent) {
        free(b->p);
    }
    *b = (struct buf){0};
}

void buf_wipe(struct buf *b)
{
    if (b->cap) {
        explicit_bzero(b->p, b->cap); /* also behind the end: what was cut off is there */
    }
    b->n = 0;
}

void buf_forget(struct buf *b)
{
    buf_wipe(b);
    buf_free(b);
}

struct buf buf_in(const struct arena *a)
{
    size_t n = (size_t)(a->end - a->at);
    return n ? (struct buf){.p = a->at, .cap = n, .is_lent = true} : (struct buf){0};
}

struct str buf_to_arena(struct buf *b, struct arena *a)
{
    struct str s = buf_str(b);
    if (b->is_lent) {
        char *p = arena_alloc(a, s.n);
        assert(p == s.p || s.n == 0); /* nobody asked meanwhile */
        (void)p;
    } else {
        s = str_dup(a, s);
    }
    buf_free(b);
    return s;
}

/* The arena keeps its own. */
static char *moved(const struct buf *b, size_t cap)
{
    char *p = xmalloc(cap);
    memcpy(p, b->p, b->n);
    return p;
}

void buf_grow(struct buf *b, size_t more)
{
    enum { LEAST = 256 };
    size_t cap = b->cap < LEAST / 2 ? LEAST : b->cap * 2;
    while (cap - b->n < more) {
        cap *= 2;
    }
    b->p = b->is_lent ? moved(b, cap) : xrealloc(b->p, cap);
    b->is_lent = false;
    b->cap = cap;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    buf_reserve(b, n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_puts(struct buf *b, const char *cstr)
{
    buf_put(b, cstr, strlen(cstr));
}

void buf_put_str(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0) {
        buf_reserve(b, (size_t)n + 1);
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_consume(struct buf *b, size_t n)
{
    n = n > b->n ? b->n : n;
    if (n == 0) {
        return;
    }
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}
