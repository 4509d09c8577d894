#include "engine/journal/writer.h"

#include "engine/base/mem.h"
#include "engine/journal/spare.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum {
    CHUNK_BYTES = 256 * 1024,
    CHUNKS_IDLE = 2,      /* kept when nothing is going on */
    CHUNKS_BUSY = 64,     /* kept while it is */
    SPIN_MOST_NS = 40000, /* longest wait for the next batch without sleeping */
    SPIN_LEAST_NS = 2000,
    PATIENCE_NS = 3000000, /* how long outcomes wait for company */
    AGAIN_NS = 200000000,  /* before a volume that could not be made is tried again */
};

struct release {
    struct release *next;
    uint64_t number;
};

struct writer {
    struct writer_conf conf;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    /* under the lock */
    struct batch *first, *last; /* the last one may still grow, unless it is sealed */
    struct batch *done, *done_last;
    struct batch *spare_batch;
    struct chunk *chunks; /* free ones */
    unsigned nchunks;
    struct release *releases, *releases_last;
    bool is_sealed, is_stopping, is_sleeping, is_working, is_draining;
    bool is_timed; /* the sleep ends by itself within PATIENCE_NS */
    uint64_t next_commit, volume, salt;
    /* read without it */
    atomic_uint waiting; /* urgent batches not taken: what the writer spins on */
    atomic_bool is_out_of_space;
    atomic_bool is_stuck;   /* a settled volume would not go */
    atomic_uint ready;      /* prepared volumes */
    atomic_uint begun;      /* volumes laid and not opened yet */
    atomic_bool is_blocked; /* the next volume cannot be made now */
    atomic_int error;
    atomic_llong busy_since_ns; /* 0: no commit is under way */
    /* the writer's own */
    struct spares spares;
    int file;
    bool has_failed;
    bool has_worked;  /* since the last short sleep */
    bool wants_spare; /* the volume in use is far enough along */
    int64_t again_ns; /* is_blocked: not before */
    int64_t spin_ns;
};

static struct chunk *chunk_new(size_t cap)
{
    struct chunk *c = X_NEW(struct chunk);
    c->cap = (cap + 4095) & ~(size_t)4095;
    c->p = mmap(NULL, c->cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c->p == MAP_FAILED) {
        abort(); /* as xmalloc() would */
    }
    return c;
}

static void chunk_free(struct chunk *c)
{
    (void)munmap(c->p, c->cap); /* cannot fail for what mmap gave */
    free(c);
}

static struct chunk *chunk_take(struct writer *w, size_t need)
{
    struct chunk *c = w->chunks;
    if (need > CHUNK_BYTES || !c) {
        return chunk_new(need > CHUNK_BYTES ? need : CHUNK_BYTES);
    }
    w->chunks = c->next;
    w->nchunks--;
    c->next = NULL;
    c->n = 0;
    return c;
}

static void chunks_give(struct writer *w, struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        if (c->cap > CHUNK_BYTES || w->nchunks >= CHUNKS_BUSY) {
            chunk_free(c);
        } else {
            c->next = w->chunks;
            w->chunks = c;
            w->nchunks++;
        }
        c = next;
    }
}

static void chunks_trim(struct writer *w, unsigned keep)
{
    while (w->nchunks > keep) {
        struct chunk *c = w->chunks;
        w->chunks = c->next;
        w->nchunks--;
        chunk_free(c);
    }
}

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

static int64_t mono_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
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
        c = chunk_take(w, size);
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
        b->due_ns = mono_ns() + PATIENCE_NS;
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

static int write_all(struct writer *w, const struct chunk *c)
{
    const struct disk *d = &w->conf.disk;
    for (size_t at = 0; at < c->n;) {
        ssize_t put = d->pwrite(d->arg, w->file, c->p + at, c->n - at, c->offset + at);
        if (put <= 0) {
            return put == 0 ? -EIO : (int)put;
        }
        at += (size_t)put;
    }
    return 0;
}

static int open_volume(struct writer *w, const struct batch *b)
{
    if (w->file >= 0) {
        int rc = w->conf.disk.close(w->conf.disk.arg, w->file);
        w->file = -1;
        if (rc < 0) {
            return rc;
        }
    }
    w->file = spares_open_volume(&w->spares, &b->header);
    atomic_store(&w->ready, spares_count(&w->spares));
    w->wants_spare = false;
    return w->file < 0 ? w->file : 0;
}

static int commit(struct writer *w, struct batch *b)
{
    int rc = 0;
    if (b->last_entry) {
        volume_entry_add_flag(b->last_entry, ENTRY_FLAG_LAST);
    }
    for (struct chunk *c = b->first; c && rc == 0; c = c->next) {
        for (size_t at = 0; at < c->n;) {
            at += volume_entry_seal(c->p + at, b->salt);
        }
        rc = write_all(w, c);
    }
    if (rc == 0 && b->first) {
        int64_t began = mono_ns();
        rc = w->conf.disk.datasync(w->conf.disk.arg, w->file);
        b->sync_us = (mono_ns() - began) / 1000;
    }
    w->wants_spare |= b->end > w->conf.volume_bytes / 8;
    return rc < 0 ? rc : 0;
}

/* Of the device or of the process: what is missing may come back. */
static bool is_shortage(int rc)
{
    return rc == -ENOSPC || rc == -EDQUOT || rc == -EMFILE || rc == -ENFILE;
}

/* The first batch's volume. When it cannot be made for a shortage, false: nothing of the batch is written
 * yet, so it waits; at the end of the process it fails. The lock is held; returns with it held. */
static bool prepare(struct writer *w)
{
    struct batch *b = w->first;
    if (!b->opens || w->has_failed) {
        return true;
    }
    pthread_mutex_unlock(&w->lock);
    int rc = open_volume(w, b);
    pthread_mutex_lock(&w->lock);
    bool waits = is_shortage(rc) && !w->is_stopping && !w->is_draining;
    atomic_store(&w->is_blocked, waits);
    w->again_ns = mono_ns() + AGAIN_NS;
    b->opens = waits;
    atomic_fetch_sub(&w->begun, waits ? 0 : 1);
    if (!waits && rc != 0) {
        w->has_failed = true;
        atomic_store(&w->error, rc);
    }
    return !waits;
}

/* The lock is held; returns with it held. False: the batch must wait. */
static bool work_batch(struct writer *w)
{
    if (!prepare(w)) {
        return false;
    }
    struct batch *b = w->first;
    w->first = b->next;
    if (!w->first) {
        w->last = NULL;
    }
    b->next = NULL;
    w->is_working = true;
    pthread_mutex_unlock(&w->lock);
    if (b->is_urgent) {
        atomic_fetch_sub(&w->waiting, 1);
    }
    if (!w->has_failed) {
        atomic_store(&w->busy_since_ns, mono_ns());
        int rc = commit(w, b);
        atomic_store(&w->busy_since_ns, 0);
        w->has_failed = rc != 0;
        atomic_store(&w->error, rc);
    }
    b->has_failed = w->has_failed;
    pthread_mutex_lock(&w->lock);
    w->is_working = false;
    if (w->done_last) {
        w->done_last->next = b;
    } else {
        w->done = b;
    }
    w->done_last = b;
    return true;
}

/* The lock is held; returns with it held. */
static bool work_release(struct writer *w)
{
    struct release *r = w->releases;
    if (!r || w->has_failed) {
        return false;
    }
    w->releases = r->next;
    if (!r->next) {
        w->releases_last = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    if (spares_release(&w->spares, r->number) < 0) {
        w->has_failed = true; /* what the directory says is not known any more */
        atomic_store(&w->error, -EIO);
    }
    atomic_store(&w->is_stuck, w->spares.is_stuck);
    atomic_store(&w->ready, spares_count(&w->spares));
    free(r);
    pthread_mutex_lock(&w->lock);
    return true;
}

/* One small step of what is not urgent; the lock is held. True: there is more. */
static bool work_background(struct writer *w)
{
    if (work_release(w)) {
        return true;
    }
    if (!w->wants_spare || w->has_failed) {
        return false;
    }
    pthread_mutex_unlock(&w->lock);
    bool has_more = spares_step(&w->spares, w->conf.clock.mono_us(w->conf.clock.arg));
    bool is_out = w->spares.no_space && spares_count(&w->spares) < SPARE_RESERVE;
    atomic_store(&w->ready, spares_count(&w->spares));
    if (atomic_exchange(&w->is_out_of_space, is_out) && !is_out) {
        w->conf.notify(w->conf.notify_arg); /* what was put off may be appended now */
    }
    pthread_mutex_lock(&w->lock);
    return has_more;
}

/* A lone sender's next message often comes within microseconds: waking a thread would cost more. The
 * budget grows while that holds and shrinks while it does not. */
static bool spin(struct writer *w)
{
    if (w->spin_ns < SPIN_LEAST_NS) {
        return false;
    }
    int64_t end = mono_ns() + w->spin_ns;
    do {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(&w->waiting, memory_order_relaxed)) {
                w->spin_ns = w->spin_ns * 2 > SPIN_MOST_NS ? SPIN_MOST_NS : w->spin_ns * 2;
                return true;
            }
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    } while (mono_ns() < end);
    w->spin_ns /= 2;
    return false;
}

/* The lock is held. Sleeps for `ns` at most; 0: until woken. */
static void sleep_until_woken(struct writer *w, int64_t ns)
{
    int64_t slept = mono_ns();
    w->is_sleeping = true;
    w->is_timed = ns > 0 && ns <= PATIENCE_NS;
    if (ns > 0) {
        int64_t end = slept + ns;
        struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
        (void)pthread_cond_timedwait(&w->wake, &w->lock,
                                     &until); /* late or early, the caller looks again */
    } else {
        (void)pthread_cond_wait(&w->wake, &w->lock);
    }
    w->is_sleeping = false;
    if (w->spin_ns < SPIN_LEAST_NS && mono_ns() - slept < SPIN_MOST_NS) {
        w->spin_ns = SPIN_LEAST_NS * 4;
    }
}

/* Is there a batch to be written now? One that opens a volume waits for its first entry. */
static bool is_due(const struct writer *w)
{
    const struct batch *b = w->first;
    if (!b || !b->first) {
        return false;
    }
    if (atomic_load(&w->is_blocked) && !w->is_stopping && !w->is_draining) {
        return mono_ns() >= w->again_ns;
    }
    return b->is_urgent || b->next || w->is_stopping || w->is_draining || mono_ns() >= b->due_ns;
}

/* How long the first batch may still wait. */
static int64_t time_left(const struct writer *w)
{
    return (atomic_load(&w->is_blocked) ? w->again_ns : w->first->due_ns) - mono_ns();
}

/* The lock is held. A short sleep first: outcomes that come soon need not wake anybody. */
static void wait_for_work(struct writer *w)
{
    pthread_mutex_unlock(&w->lock);
    (void)spin(w);
    pthread_mutex_lock(&w->lock);
    if (is_due(w) || w->releases || w->is_stopping) {
        return;
    }
    if (w->first || w->has_worked) {
        int64_t left = w->first ? time_left(w) : PATIENCE_NS;
        w->has_worked = false;
        sleep_until_woken(w, left < 1000 ? 1000 : left);
        return;
    }
    bool is_waiting_for_space =
        w->wants_spare && spares_count(&w->spares) < SPARE_RESERVE && !w->has_failed;
    sleep_until_woken(w, w->nchunks > CHUNKS_IDLE || is_waiting_for_space ? 1000000000 : 0);
    if (!w->first) {
        chunks_trim(w, CHUNKS_IDLE);
    }
}

/* A commit that ends wakes this thread, and on a busy machine it would push the loop aside for a batch of a few
 * messages. Without that privilege the loop reads on and the next commit carries more: at 64 senders with one message
 * in flight on two processors 89 k messages a second instead of 78 k, and no difference where a processor is free. */
static void yield_to_the_loop(void)
{
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH,
                                &(struct sched_param){0}); /* only slower without */
}

static void *run(void *arg)
{
    struct writer *w = arg;
    yield_to_the_loop();
    pthread_mutex_lock(&w->lock);
    for (;;) {
        if (is_due(w)) {
            w->has_worked = work_batch(w);
            if (!w->first) {
                pthread_cond_broadcast(&w->idle);
            }
            pthread_mutex_unlock(&w->lock);
            w->conf.notify(w->conf.notify_arg);
            pthread_mutex_lock(&w->lock);
            (void)work_background(w); /* a step between two commits; more of it when idle */
        } else if (w->is_stopping) {
            break;
        } else if (!work_background(w) && !is_due(w)) {
            wait_for_work(w);
        }
    }
    pthread_cond_broadcast(&w->idle);
    pthread_mutex_unlock(&w->lock);
    return NULL;
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
    if (!conf->no_thread && pthread_create(&w->thread, NULL, run, w) != 0) {
        abort(); /* without its thread nothing can ever become durable */
    }
    return w;
}

static void free_batches(struct writer *w, struct batch *b)
{
    while (b) {
        struct batch *next = b->next;
        chunks_give(w, b->first);
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
    chunks_trim(w, 0);
    while (w->releases) {
        struct release *next = w->releases->next;
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
    chunks_give(w, done->first);
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
    while (w->first && work_batch(w)) {
    }
    (void)work_background(w); /* one step a call */
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
    struct release *r = X_NEW(struct release);
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
    return since ? (mono_ns() - since) / 1000 + 1 : 0;
}

bool writer_is_blocked(const struct writer *w)
{
    return atomic_load(&w->is_blocked);
}

int writer_error(const struct writer *w)
{
    return atomic_load(&w->error);
}
