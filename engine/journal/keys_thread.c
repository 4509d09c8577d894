/* One job, and the thread that does it. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "engine/base/mem.h"
#include "engine/journal/keys_priv.h"

enum { NICE = 5 };

/* ---- the job itself: any thread ---- */

static int load(const struct disk *d, struct keys_job *job)
{
    struct keys_file *f = xmalloc(sizeof(*f));
    int rc = keys_open(f, d, job->name);
    if (rc == 0) {
        rc = keys_load_filter(f, &job->filter);
        job->h = f->h;
        keys_close(f);
    }
    free(f);
    return rc;
}

static int measure(const struct disk *d, struct keys_job *job)
{
    char name[KEYS_NAME];
    struct keys_file *f = xmalloc(sizeof(*f));
    keys_name(job->h.level, job->h.first, job->h.last, name);
    int rc = keys_open(f, d, name);
    if (rc == 0) {
        int64_t size = d->size(d->arg, f->file);
        job->bytes = size > 0 ? (uint64_t)size : 0;
        rc = job->h.level ? keys_read_volumes(f, &job->rows) : 0;
        keys_close(f);
    }
    free(f);
    return rc;
}

static void run_job(const struct disk *d, struct keys_job *job)
{
    switch (job->kind) {
    case KEYS_IDLE:
        break;
    case KEYS_REMOVE:
        job->rc = d->unlink(d->arg, job->name);
        job->rc = job->rc == -ENOENT ? 0 : job->rc;
        break;
    case KEYS_BUILD:
        job->rc = keys_build(&job->build, &job->h, &job->filter);
        break;
    case KEYS_LOAD:
        job->rc = load(d, job);
        break;
    case KEYS_MERGE:
        job->rc = keys_merge(&job->merge, &job->h, &job->filter);
        break;
    }
    if (job->rc == 0 && (job->kind == KEYS_BUILD || job->kind == KEYS_MERGE)) {
        job->rc = measure(d, job);
    }
}

/* ---- the thread ---- */

/* Below the loop and the writer: a volume's keys may come a second later. */
static void step_back(void)
{
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH,
                                &(struct sched_param){0}); /* only ruder without */
    (void)setpriority(PRIO_PROCESS, 0, NICE);              /* of this thread alone, on Linux */
}

static void *run(void *arg)
{
    struct keys *k = arg;
    step_back();
    pthread_mutex_lock(&k->lock);
    for (;;) {
        while (!k->is_stopping && (!k->has_job || k->is_done)) {
            pthread_cond_wait(&k->wake, &k->lock);
        }
        if (k->is_stopping) {
            break;
        }
        pthread_mutex_unlock(&k->lock);
        run_job(&k->disk, &k->job);
        pthread_mutex_lock(&k->lock);
        k->is_done = true;
        atomic_store(&k->is_ready, true);
        journal_signal(k->j);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

void keys_start(struct keys *k)
{
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wake, NULL);
    k->has_thread = !k->j->no_thread && pthread_create(&k->thread, NULL, run, k) == 0;
}

void keys_free_job(struct keys *k)
{
    free(k->job.volumes);
    free(k->job.rows);
    keys_filter_free(&k->job.filter);
    k->job = (struct keys_job){0};
    k->is_busy = false;
}

void keys_stop(struct keys *k)
{
    atomic_store(&k->stop, true);
    if (k->has_thread) {
        pthread_mutex_lock(&k->lock);
        k->is_stopping = true;
        pthread_cond_signal(&k->wake);
        pthread_mutex_unlock(&k->lock);
        pthread_join(k->thread, NULL);
    }
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->wake);
    keys_free_job(k);
}

/* ---- between it and the loop ---- */

void keys_hand_over(struct keys *k)
{
    k->is_busy = true;
    if (!k->has_thread) {
        run_job(&k->disk, &k->job);
        journal_signal(k->j);
        return;
    }
    pthread_mutex_lock(&k->lock);
    k->has_job = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

bool keys_is_done(struct keys *k)
{
    if (!k->is_busy || (k->has_thread && !atomic_load(&k->is_ready))) {
        return false;
    }
    if (k->has_thread) {
        pthread_mutex_lock(&k->lock);
        k->has_job = k->is_done = false;
        atomic_store(&k->is_ready, false);
        pthread_mutex_unlock(&k->lock);
    }
    return true;
}
