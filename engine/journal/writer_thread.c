/* When the writer works: it looks for a batch that is due, spins a little, then sleeps. */
#include "engine/journal/writer_priv.h"

#include <sched.h>

enum {
    SPIN_MOST_NS = 40000, /* longest wait for the next batch without sleeping */
    SPIN_LEAST_NS = 2000,
};

/* A lone sender's next message often comes within microseconds: waking a thread would cost more. The
 * budget grows while that holds and shrinks while it does not. */
static bool spin(struct writer *w)
{
    if (w->spin_ns < SPIN_LEAST_NS) {
        return false;
    }
    int64_t end = writer_now_ns() + w->spin_ns;
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
    } while (writer_now_ns() < end);
    w->spin_ns /= 2;
    return false;
}

/* The lock is held. Sleeps for `ns` at most; 0: until woken. */
static void sleep_until_woken(struct writer *w, int64_t ns)
{
    int64_t slept = writer_now_ns();
    w->is_sleeping = true;
    w->is_timed = ns > 0 && ns <= WRITER_PATIENCE_NS;
    if (ns > 0) {
        int64_t end = slept + ns;
        struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
        (void)pthread_cond_timedwait(&w->wake, &w->lock,
                                     &until); /* late or early, the caller looks again */
    } else {
        (void)pthread_cond_wait(&w->wake, &w->lock);
    }
    w->is_sleeping = false;
    if (w->spin_ns < SPIN_LEAST_NS && writer_now_ns() - slept < SPIN_MOST_NS) {
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
        return writer_now_ns() >= w->again_ns;
    }
    return b->is_urgent || b->next || w->is_stopping || w->is_draining ||
           writer_now_ns() >= b->due_ns;
}

/* How long the first batch may still wait. */
static int64_t time_left(const struct writer *w)
{
    return (atomic_load(&w->is_blocked) ? w->again_ns : w->first->due_ns) - writer_now_ns();
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
        int64_t left = w->first ? time_left(w) : WRITER_PATIENCE_NS;
        w->has_worked = false;
        sleep_until_woken(w, left < 1000 ? 1000 : left);
        return;
    }
    bool is_waiting_for_space =
        w->wants_spare && spares_count(&w->spares) < SPARE_RESERVE && !w->has_failed;
    sleep_until_woken(w, w->nchunks > WRITER_CHUNKS_IDLE || is_waiting_for_space ? 1000000000 : 0);
    if (!w->first) {
        writer_chunks_trim(w, WRITER_CHUNKS_IDLE);
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

void *writer_thread(void *arg)
{
    struct writer *w = arg;
    yield_to_the_loop();
    pthread_mutex_lock(&w->lock);
    for (;;) {
        if (is_due(w)) {
            w->has_worked = writer_work_batch(w);
            if (!w->first) {
                pthread_cond_broadcast(&w->idle);
            }
            pthread_mutex_unlock(&w->lock);
            w->conf.notify(w->conf.notify_arg);
            pthread_mutex_lock(&w->lock);
            (void)writer_work_background(w); /* a step between two commits; more of it when idle */
        } else if (w->is_stopping) {
            break;
        } else if (!writer_work_background(w) && !is_due(w)) {
            wait_for_work(w);
        }
    }
    pthread_cond_broadcast(&w->idle);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
