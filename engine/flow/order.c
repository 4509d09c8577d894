#include "engine/flow/order.h"

#include "engine/base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { CAP_FIRST = 64 };

struct order_chain {
    uint64_t key;
    struct queued *head, *tail; /* head NULL: the slot is empty */
};

size_t queued_size(uint32_t nkeys)
{
    return sizeof(struct queued) + nkeys * sizeof(struct order_link);
}

static int compare_links(const void *a, const void *b)
{
    uint64_t x = ((const struct order_link *)a)->key, y = ((const struct order_link *)b)->key;
    return x < y ? -1 : x > y;
}

struct queued *queued_new(const uint64_t *keys, uint32_t nkeys)
{
    struct queued *q = xcalloc(1, queued_size(nkeys));
    for (uint32_t i = 0; i < nkeys; i++) {
        q->keys[i].key = keys[i];
    }
    if (nkeys > 1) {
        qsort(q->keys, nkeys, sizeof(q->keys[0]), compare_links);
    }
    for (uint32_t i = 0; i < nkeys; i++) {
        if (q->nkeys == 0 || q->keys[q->nkeys - 1].key != q->keys[i].key) {
            q->keys[q->nkeys++] = q->keys[i];
        }
    }
    return q;
}

/* The slot of `key`, or the empty one where it belongs. Keys are keyed hashes: their low bits will do. */
static struct order_chain *find(const struct order *o, uint64_t key)
{
    size_t at = key & (o->cap - 1);
    while (o->v[at].head && o->v[at].key != key) {
        at = (at + 1) & (o->cap - 1);
    }
    return &o->v[at];
}

static void grow(struct order *o)
{
    struct order old = *o;
    o->cap = old.cap ? old.cap * 2 : CAP_FIRST;
    o->v = xcalloc(o->cap, sizeof(*o->v));
    for (size_t i = 0; i < old.cap; i++) {
        if (old.v[i].head) {
            *find(o, old.v[i].key) = old.v[i];
        }
    }
    free(old.v);
}

/* Close the gap at `at` so that every key behind it is still found. */
static void erase(struct order *o, size_t at)
{
    size_t mask = o->cap - 1, hole = at;
    for (size_t i = (at + 1) & mask; o->v[i].head; i = (i + 1) & mask) {
        size_t home = o->v[i].key & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            o->v[hole] = o->v[i];
            hole = i;
        }
    }
    o->v[hole] = (struct order_chain){0};
    o->n--;
}

static struct order_link *link_of(struct queued *q, uint64_t key)
{
    uint32_t i = 0;
    while (q->keys[i].key != key) {
        i++;
    }
    return &q->keys[i];
}

void order_add(struct order *o, struct queued *q)
{
    assert(!q->is_ordered);
    q->blocked = 0;
    q->is_ordered = true;
    for (uint32_t i = 0; i < q->nkeys; i++) {
        if (2 * (o->n + 1) > o->cap) {
            grow(o);
        }
        struct order_chain *c = find(o, q->keys[i].key);
        q->keys[i].next = NULL;
        if (c->head) {
            link_of(c->tail, c->key)->next = q;
            q->blocked++;
        } else {
            *c = (struct order_chain){q->keys[i].key, q, NULL};
            o->n++;
        }
        c->tail = q;
    }
}

/* `q` stands somewhere behind the first of the chain. */
static void remove_inside(struct order_chain *c, struct queued *q, struct queued *next)
{
    struct queued *before = c->head;
    struct order_link *l = link_of(before, c->key);
    while (l->next != q) {
        before = l->next;
        l = link_of(before, c->key);
    }
    l->next = next;
    if (c->tail == q) {
        c->tail = before;
    }
}

static void remove_link(struct order *o, struct queued *q, const struct order_link *l,
                        order_free_fn freed, void *arg)
{
    struct order_chain *c = find(o, l->key);
    if (c->head != q) {
        remove_inside(c, q, l->next);
        return;
    }
    if (!l->next) {
        erase(o, (size_t)(c - o->v));
        return;
    }
    c->head = l->next;
    if (--c->head->blocked == 0) {
        freed(arg, c->head);
    }
}

void order_remove(struct order *o, struct queued *q, order_free_fn freed, void *arg)
{
    if (!q->is_ordered) {
        return;
    }
    q->is_ordered = false;
    for (uint32_t i = 0; i < q->nkeys; i++) {
        remove_link(o, q, &q->keys[i], freed, arg);
    }
}

struct queued *order_first(const struct order *o, uint64_t key)
{
    return o->cap ? find(o, key)->head : NULL;
}

void order_free(struct order *o)
{
    free(o->v);
    *o = (struct order){0};
}
