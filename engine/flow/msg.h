/* msg.h - one message in motion: its bytes, its entry, an arena that owns them; counted references held
 * by the open exchange and by every delivery in a window. Pooled, so that the next message allocates
 * nothing. Loop thread only. Raw bytes are never changed. */
#ifndef CORRIDOR_FLOW_MSG_H
#define CORRIDOR_FLOW_MSG_H

#include "engine/base/arena.h"
#include "engine/journal/entry.h"

struct msg_pool {
    struct msg *free;
    unsigned nfree; /* kept for reuse, at most MSG_POOL_MAX */
    unsigned live;  /* handed out */
};
/* What large messages needed is given back; what most need is kept. */
enum { MSG_POOL_MAX = 1280, MSG_ARENA_FIRST = 8192, MSG_ARENA_KEEP = 16384 };

struct msg {
    struct msg *next; /* in the pool */
    struct msg_pool *pool;
    unsigned refs;
    uint64_t seq; /* 0 until appended */
    struct arena arena;
    struct entry_message e;
};

/* A fresh one with one reference and an empty entry. */
struct msg *msg_new(struct msg_pool *p);
struct msg *msg_ref(struct msg *m);
void msg_unref(struct msg **m);
/* Bytes that it holds. */
size_t msg_cost(const struct msg *m);
void msg_pool_free(struct msg_pool *p);

#endif
