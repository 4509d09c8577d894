#include "engine/journal/refmap.h"

#include "engine/base/mem.h"

#include <stdlib.h>

enum { FREE, USED, REMOVED };

void refmap_free(struct refmap *m)
{
    free(m->v);
    *m = (struct refmap){0};
}

static size_t place(const struct refmap *m, uint64_t a, uint32_t b)
{
    uint64_t h = (a ^ (uint64_t)b << 40) * 0x9e3779b97f4a7c15u;
    return (size_t)(h ^ h >> 29) & (m->cap - 1);
}

/* The slot of (a, b), or the free one that ends its run. */
static struct refmap_slot *find(const struct refmap *m, uint64_t a, uint32_t b)
{
    size_t i = place(m, a, b);
    while (m->v[i].state != FREE && !(m->v[i].state == USED && m->v[i].a == a && m->v[i].b == b)) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->v[i];
}

static void rebuild(struct refmap *m)
{
    struct refmap old = *m;
    m->cap = 16;
    while (m->cap < old.n * 4) {
        m->cap *= 2;
    }
    m->v = xcalloc(m->cap, sizeof(*m->v));
    m->filled = old.n;
    for (size_t i = 0; i < old.cap; i++) {
        if (old.v[i].state == USED) {
            *find(m, old.v[i].a, old.v[i].b) = old.v[i];
        }
    }
    free(old.v);
}

uint64_t refmap_get(const struct refmap *m, uint64_t a, uint32_t b)
{
    if (m->n == 0) {
        return 0;
    }
    const struct refmap_slot *s = find(m, a, b);
    return s->state == USED ? s->value : 0;
}

void refmap_set(struct refmap *m, uint64_t a, uint32_t b, uint64_t value)
{
    if ((m->filled + 1) * 2 > m->cap) {
        rebuild(m);
    }
    struct refmap_slot *s = find(m, a, b);
    if (s->state == USED && value == 0) {
        s->state = REMOVED;
        m->n--;
        return;
    }
    if (value == 0) {
        return;
    }
    if (s->state == FREE) {
        m->n++;
        m->filled++;
    }
    *s = (struct refmap_slot){a, value, b, USED};
}

void refmap_drop_before(struct refmap *m, uint64_t a, uint32_t b)
{
    for (size_t i = 0; i < m->cap; i++) {
        struct refmap_slot *s = &m->v[i];
        if (s->state == USED && (s->a < a || (s->a == a && s->b < b))) {
            s->state = REMOVED;
            m->n--;
        }
    }
}
