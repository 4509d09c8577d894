/* What the loop asks of the writer: entries into batches, and finished batches back. */
#include "engine/journal/writer.h"

#include "engine/base/mem.h"
#include "engine/journal/writer_priv.h"

#include <stdlib.h>

/* The batch that grows now; a new one when the last was taken or belongs to an older volume. */
static struct batch *batch_open(struct writer *w)
{
    if (w->last && !w->is_sealed) {
        return w->last;
    }
    struct batch *b = w->spare_batch ? w->spare_batch : xmalloc(sizeof(*b));
    w->spare_batch = NULL;
    *b = (struct batch){.commit = w->next_commit++, .volume = w->volume, .salt = w->salt};
    if (w->last) {
        w->last->next = b;
    } else {
        w->first = b;
    }
    w->last = b;
    w->is_sealed = false;
    return b;
}

static void unlock_and_wake(struct writer *w, bool is_patient)
{
    bool wakes = w->is_sleeping && !(is_patient && w->is_timed);
    w->is_sleeping = w->is_sleeping && !wakes;
    pthread_mutex_unlock(&w->lock);
    if (wakes) {
        pthread_cond_signal(&w->wake);
    }
}

static void hurry(struct writer *w, struct batch *b)
{
    if (!b->is_urgent) {
        b->is_urgent = true;
        atomic_fetch_add(&w->waiting, 1);
    }
}

void writer_begin_volume(struct writer *w, const struct volume_header *h)
{
    pthread_mutex_lock(&w->lock);
    w->volume = h->number;
    w->salt = h->salt;
    atomic_fetch_add(&w->begun, 1);
    w->is_sealed = true;
    struct batch *b = batch_open(w);
    b->opens = true;
    b->header = *h;
    b->header.first_commit = b->commit;
    pthread_mutex_unlock(&w->lock); /* its first entry wakes the writer */
}

void writer_append(struct writer *w, const struct put *e, uint64_t offset)
{
    uint64_t size = volume_entry_size(e->head.n + e->body.n);
    pthread_mutex_lock(&w->lock);
    struct batch *b = batch_open(w);
    struct chunk *c = b->last;
    if (!c || c->cap - c->n < size) {
        c = writer_chunk_take(w, size);
        c->offset = offset;
        if (b->last) {
            b->last->next = c;
        } else {
            b->first = c;
        }
        b->last = c;
    }
    char *p = c->p + c->n;
    volume_entry_put(p, e, b->commit, offset);
    if (!b->last_entry) {
        volume_entry_add_flag(p, ENTRY_FLAG_FIRST);
    }
    b->last_entry = p;
    b->entries++;
    c->n += size;
    b->last_seq = e->seq;
    b->end = offset + size;
    if (!e->is_patient || b->opens) {
        hurry(w, b);
    } else if (!b->due_ns) {
        b->due_ns = writer_now_ns() + WRITER_PATIENCE_NS;
    }
    unlock_and_wake(w, e->is_patient);
}

void writer_hurry(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    if (w->last) {
        hurry(w, w->last);
    }
    unlock_and_wake(w, w->last == NULL);
}

static void init_lock(struct writer *w)
{
    pthread_mutexattr_t kind; /* it is held for less than a futex call takes: spin a little first */
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&w->lock, &kind);
    pthread_mutexattr_destroy(&kind);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_cond_init(&w->idle, &attr);
    pthread_condattr_destroy(&attr);
}

struct writer *writer_open(const struct writer_conf *conf)
{
    struct writer *w = X_NEW(struct writer);
    w->conf = *conf;
    w->next_commit = conf->next_commit;
    w->file = -1;
    w->spares = (struct spares){.disk = conf->disk,
                                .volume_bytes = conf->volume_bytes,
                                .zeroed = conf->zeroed,
                                .ready = conf->spares,
                                .written = conf->spares,
                                .file = -1};
    atomic_store(&w->ready, spares_count(&w->spares));
    init_lock(w);
    if (!conf->no_thread && pthread_create(&w->thread, NULL, writer_thread, w) != 0) {
        abort(); /* without its thread nothing can ever become durable */
    }
    return w;
}

static void free_batches(struct writer *w, struct batch *b)
{
    while (b) {
        struct batch *next = b->next;
        writer_chunks_give(w, b->first);
        free(b);
        b = next;
    }
}

void writer_close(struct writer **wp)
{
    struct writer *w = *wp;
    if (!w) {
        return;
    }
    if (!w->conf.no_thread) {
        pthread_mutex_lock(&w->lock);
        w->is_stopping = true;
        unlock_and_wake(w, false);
        pthread_join(w->thread, NULL);
    }
    if (w->file >= 0) {
        (void)w->conf.disk.close(w->conf.disk.arg, w->file); /* synced, or failed already */
    }
    spares_stop(&w->spares);
    free_batches(w, w->first);
    free_batches(w, w->done);
    free(w->spare_batch);
    writer_chunks_trim(w, 0);
    while (w->releases) {
        struct writer_settled *next = w->releases->next;
        free(w->releases);
        w->releases = next;
    }
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->idle);
    pthread_mutex_destroy(&w->lock);
    free(w);
    *wp = NULL;
}

struct batch *writer_collect(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct batch *done = w->done;
    w->done = w->done_last = NULL;
    pthread_mutex_unlock(&w->lock);
    return done;
}

void writer_recycle(struct writer *w, struct batch *done)
{
    pthread_mutex_lock(&w->lock);
    writer_chunks_give(w, done->first);
    if (!w->spare_batch) {
        w->spare_batch = done;
        done = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    free(done);
}

void writer_run(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->first && writer_work_batch(w)) {
    }
    (void)writer_work_background(w); /* one step a call */
    pthread_mutex_unlock(&w->lock);
}

void writer_drain(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_draining = true;
    if (w->conf.no_thread) {
        pthread_mutex_unlock(&w->lock);
        writer_run(w);
        w->is_draining = false;
        return;
    }
    pthread_cond_signal(&w->wake);
    while (w->first || w->is_working) {
        pthread_cond_wait(&w->idle, &w->lock);
    }
    w->is_draining = false;
    pthread_mutex_unlock(&w->lock);
}

void writer_release(struct writer *w, uint64_t number)
{
    struct writer_settled *r = X_NEW(struct writer_settled);
    r->number = number;
    pthread_mutex_lock(&w->lock);
    if (w->releases_last) {
        w->releases_last->next = r;
    } else {
        w->releases = r;
    }
    w->releases_last = r;
    unlock_and_wake(w, false);
}

bool writer_is_stuck(const struct writer *w)
{
    return atomic_load(&w->is_stuck);
}

bool writer_is_out_of_space(const struct writer *w)
{
    return atomic_load(&w->is_out_of_space);
}

unsigned writer_ready(const struct writer *w)
{
    unsigned ready = atomic_load(&w->ready), begun = atomic_load(&w->begun);
    return ready > begun ? ready - begun : 0;
}

int64_t writer_busy_us(const struct writer *w)
{
    int64_t since = atomic_load(&w->busy_since_ns);
    return since ? (writer_now_ns() - since) / 1000 + 1 : 0;
}

bool writer_is_blocked(const struct writer *w)
{
    return atomic_load(&w->is_blocked);
}

int writer_error(const struct writer *w)
{
    return atomic_load(&w->error);
}
