#include "engine/ops/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "engine/base/mem.h"

struct member {
    struct crew *crew;
    pthread_t thread;
    unsigned worker;
};

struct crew {
    struct member members[CREW_MOST];
    unsigned size; /* workers, the caller among them */
    crew_fn fn;    /* of the piece of work under way, as `arg` and `n`: set under the lock */
    void *arg;
    size_t n;
    atomic_size_t next;    /* item that nobody has begun */
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t begins, ends;
    uint64_t piece; /* number of the piece of work under way */
    unsigned busy;  /* threads that may still take an item of it */
    bool is_over;
};

static void take_items(struct crew *c, unsigned worker)
{
    for (size_t i; (i = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed)) < c->n;) {
        c->fn(c->arg, worker, i);
    }
}

static void *work(void *arg)
{
    struct member *m = arg;
    struct crew *c = m->crew;
    uint64_t seen = 0;
    pthread_mutex_lock(&c->mutex);
    while (!c->is_over) {
        if (c->piece == seen) {
            pthread_cond_wait(&c->begins, &c->mutex);
            continue;
        }
        seen = c->piece;
        pthread_mutex_unlock(&c->mutex);
        take_items(c, m->worker);
        pthread_mutex_lock(&c->mutex);
        if (--c->busy == 0) {
            pthread_cond_signal(&c->ends);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

static void begin(struct crew *c, size_t n, crew_fn fn, void *arg)
{
    pthread_mutex_lock(&c->mutex);
    c->fn = fn;
    c->arg = arg;
    c->n = n;
    atomic_store_explicit(&c->next, 0, memory_order_relaxed);
    c->busy = c->size - 1;
    c->piece++;
    pthread_cond_broadcast(&c->begins);
    pthread_mutex_unlock(&c->mutex);
}

static void end(struct crew *c)
{
    pthread_mutex_lock(&c->mutex);
    while (c->busy) {
        pthread_cond_wait(&c->ends, &c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
}

void crew_run(struct crew *c, size_t n, crew_fn fn, void *arg)
{
    if (c->size == 1 || n < 2) {
        for (size_t i = 0; i < n; i++) {
            fn(arg, 0, i);
        }
        return;
    }
    begin(c, n, fn, arg);
    take_items(c, 0);
    end(c);
}

struct crew *crew_new(unsigned workers)
{
    struct crew *c = X_NEW(struct crew);
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->begins, NULL);
    pthread_cond_init(&c->ends, NULL);
    c->size = 1;
    while (c->size < workers && c->size < CREW_MOST) {
        struct member *m = &c->members[c->size];
        *m = (struct member){.crew = c, .worker = c->size};
        if (pthread_create(&m->thread, NULL, work, m) != 0) {
            break;
        }
        c->size++;
    }
    return c;
}

unsigned crew_size(const struct crew *c)
{
    return c->size;
}

void crew_free(struct crew **cp)
{
    struct crew *c = *cp;
    *cp = NULL;
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->mutex);
    c->is_over = true;
    pthread_cond_broadcast(&c->begins);
    pthread_mutex_unlock(&c->mutex);
    for (unsigned i = 1; i < c->size; i++) {
        pthread_join(c->members[i].thread, NULL);
    }
    pthread_mutex_destroy(&c->mutex);
    pthread_cond_destroy(&c->begins);
    pthread_cond_destroy(&c->ends);
    free(c);
}

unsigned crew_workers(int asked)
{
    cpu_set_t set;
    if (asked > 0) {
        return asked < CREW_MOST ? (unsigned)asked : CREW_MOST;
    }
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > CREW_USUAL ? CREW_USUAL : (unsigned)n;
}
