#include "engine/flow/due.h"

#include "engine/base/mem.h"

#include <stdlib.h>

static void put(struct due *d, uint32_t at, struct queued *q)
{
    d->v[at] = q;
    q->heap_at = at;
}

static void rise(struct due *d, uint32_t at)
{
    struct queued *q = d->v[at];
    while (at > 0 && d->v[(at - 1) / 2]->due_us > q->due_us) {
        put(d, at, d->v[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(d, at, q);
}

static void sink(struct due *d, uint32_t at)
{
    struct queued *q = d->v[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < d->n && d->v[child + 1]->due_us < d->v[child]->due_us) {
            child++;
        }
        if (child >= d->n || d->v[child]->due_us >= q->due_us) {
            break;
        }
        put(d, at, d->v[child]);
        at = child;
    }
    put(d, at, q);
}

void due_add(struct due *d, struct queued *q)
{
    if (d->n == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 64;
        d->v = xrealloc(d->v, d->cap * sizeof(struct queued *));
    }
    put(d, d->n++, q);
    rise(d, q->heap_at);
}

void due_remove(struct due *d, struct queued *q)
{
    uint32_t at = q->heap_at;
    struct queued *last = d->v[--d->n];
    if (last != q) {
        put(d, at, last);
        sink(d, at);
        rise(d, last->heap_at);
    }
}

void due_free(struct due *d)
{
    free(d->v);
    *d = (struct due){0};
}
