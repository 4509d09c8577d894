#include "engine/flow/msg.h"

#include "engine/base/mem.h"

#include <stdlib.h>

struct msg *msg_new(struct msg_pool *p)
{
    struct msg *m = p->free;
    if (m) {
        p->free = m->next;
        p->nfree--;
    } else {
        m = X_NEW(struct msg);
        (void)arena_alloc(&m->arena,
                          MSG_ARENA_FIRST); /* one chunk that most messages fit in, kept by reset */
        arena_reset(&m->arena);
    }
    p->live++;
    m->pool = p;
    m->next = NULL;
    m->refs = 1;
    m->seq = 0;
    m->e = (struct entry_message){0};
    return m;
}

struct msg *msg_ref(struct msg *m)
{
    m->refs++;
    return m;
}

void msg_unref(struct msg **m)
{
    struct msg *one = *m;
    *m = NULL;
    if (!one || --one->refs > 0) {
        return;
    }
    struct msg_pool *p = one->pool;
    p->live--;
    arena_reset(&one->arena);
    if (p->nfree >= MSG_POOL_MAX || one->arena.total > MSG_ARENA_KEEP) {
        arena_free(&one->arena);
        free(one);
        return;
    }
    one->next = p->free;
    p->free = one;
    p->nfree++;
}

size_t msg_cost(const struct msg *m)
{
    return m->arena.total + sizeof(*m);
}

void msg_pool_free(struct msg_pool *p)
{
    while (p->free) {
        struct msg *m = p->free;
        p->free = m->next;
        arena_free(&m->arena);
        free(m);
    }
    p->nfree = 0;
}
