#include "engine/flow/order.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MANY = 400, KEYS = 12 };

struct world {
    struct order order;
    struct queued *all[MANY];
    unsigned freed[MANY]; /* times that it was told to be free */
    unsigned n;
    uint64_t state;
};

static uint64_t next(struct world *w, uint64_t below)
{
    w->state = w->state * 6364136223846793005u + 1442695040888963407u;
    return (w->state >> 33) % below;
}

static void on_freed(void *arg, struct queued *q)
{
    struct world *w = arg;
    w->freed[q->seq]++;
}

static bool shares_a_key(const struct queued *a, const struct queued *b)
{
    for (uint32_t i = 0; i < a->nkeys; i++) {
        for (uint32_t k = 0; k < b->nkeys; k++) {
            if (a->keys[i].key == b->keys[k].key) {
                return true;
            }
        }
    }
    return false;
}

/* The rule, as the design says it. */
static bool may_go(const struct world *w, unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        if (w->all[k] && shares_a_key(w->all[k], w->all[i])) {
            return false;
        }
    }
    return true;
}

static void add(struct world *w)
{
    uint64_t keys[4];
    uint32_t n = (uint32_t)next(w, 4);
    for (uint32_t i = 0; i < n; i++) {
        keys[i] = next(w, KEYS) * 64; /* they meet in one slot, to try the table too */
    }
    struct queued *q = queued_new(keys, n);
    q->seq = w->n;
    w->all[w->n++] = q;
    order_add(&w->order, q);
}

static void check(const struct world *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        cr_assert(!w->all[i] || (w->all[i]->blocked == 0) == may_go(w, i), "output %u", i);
    }
}

Test(order, lets_an_output_go_exactly_when_no_earlier_one_shares_a_key)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world w = {.state = seed};
        unsigned left = 0;
        while (w.n < MANY || left > 0) {
            if (w.n < MANY && next(&w, 2)) {
                add(&w);
                left++;
                continue;
            }
            unsigned i = (unsigned)next(&w, w.n ? w.n : 1);
            for (unsigned tries = 0; tries < w.n && !w.all[i]; tries++) {
                i = (i + 1) % w.n;
            }
            if (!w.n || !w.all[i] || (next(&w, 8) && w.all[i]->blocked)) {
                continue; /* seldom one goes out of its turn: a person dropped it */
            }
            struct queued *q = w.all[i];
            w.all[i] = NULL;
            order_remove(&w.order, q, on_freed, &w);
            free(q);
            left--;
            check(&w);
        }
        cr_expect_eq(w.order.n, 0);
        order_free(&w.order);
    }
}

Test(order, tells_once_that_an_output_became_free)
{
    struct world w = {.state = 5};
    uint64_t a[] = {1}, b[] = {2}, both[] = {2, 1, 2};
    struct queued *first = queued_new(a, 1), *second = queued_new(b, 1),
                  *merge = queued_new(both, 3);
    merge->seq = 2;
    cr_expect_eq(merge->nkeys, 2, "the same key twice counts once");
    order_add(&w.order, first);
    order_add(&w.order, second);
    order_add(&w.order, merge);
    cr_expect_eq(merge->blocked, 2);
    order_remove(&w.order, first, on_freed, &w);
    cr_expect_eq(w.freed[2], 0, "it waits for both patients");
    order_remove(&w.order, second, on_freed, &w);
    cr_expect_eq(w.freed[2], 1);
    order_remove(&w.order, second, on_freed, &w);
    cr_expect_eq(w.freed[2], 1, "removing what is not there does nothing");
    order_remove(&w.order, merge, on_freed, &w);
    order_free(&w.order);
    free(first);
    free(second);
    free(merge);
}
