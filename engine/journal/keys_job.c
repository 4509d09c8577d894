/* What the keeper does next, and the thread that does it. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/keys_priv.h"

enum {
    AGAIN_US = 5000000,
    FAILURES_MOST = 3, /* of reading a volume, before it is given up */
    FAN = 8,           /* arrays of a tier that become one of the next */
    NICE = 5,
};
static const int64_t SOON_US = 60000000;

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

static void free_job(struct keys *k)
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
    free_job(k);
}

/* ---- choosing ---- */

static int64_t mono_us(const struct keys *k)
{
    return k->j->clock.mono_us(k->j->clock.arg);
}

static struct keys_volume facts_of(const struct volume *v)
{
    return (struct keys_volume){v->number, v->salt, v->first_seq, v->last_seq, v->end};
}

static bool choose_remove(struct keys *k)
{
    struct keys_doomed *d = k->doomed;
    if (!d) {
        return false;
    }
    k->doomed = d->next;
    k->job.kind = KEYS_REMOVE;
    memcpy(k->job.name, d->name, KEYS_NAME);
    free(d);
    return true;
}

static void begin_build(struct keys *k, const struct volume *v)
{
    struct keys_job *job = &k->job;
    size_t i = (size_t)(v - k->f->v), first = i;
    while (first > 0 && k->f->v[first].continues && !k->f->v[first - 1].is_lost) {
        first--;
    }
    job->kind = KEYS_BUILD;
    job->volumes = xmalloc((i - first + 1) * sizeof(*job->volumes));
    for (size_t n = first; n <= i; n++) {
        job->volumes[n - first] = facts_of(&k->f->v[n]);
    }
    job->build = (struct keys_build){
        .disk = k->disk, .v = job->volumes, .n = i - first + 1, .stop = &k->stop};
    memcpy(job->build.journal_id, k->f->journal_id, 16);
    memcpy(job->build.hash_key, k->j->hash_key, 16);
}

static bool may_try(struct keys *k, const struct keys_part *p)
{
    if (p->again_us > mono_us(k)) {
        k->again_us = !k->again_us || p->again_us < k->again_us ? p->again_us : k->again_us;
        return false;
    }
    return true;
}

/* Where volumes go as soon as they are settled the one sealed last has usually gone before its key file is of use. */
static bool goes_soon(const struct keys *k, const struct keys_part *p)
{
    return k->f->retention_us < SOON_US && p->first + 1 == k->newest;
}

/* First what the engine has to remember meanwhile, oldest first; then what is missing from earlier, newest first. */
static bool choose_build(struct keys *k, bool is_urgent)
{
    struct keys_part *best = NULL;
    for (size_t i = 0; i < k->n && k->v[i].level == 0; i++) {
        struct keys_part *p = &k->v[i];
        if (p->is_made || p->is_given_up || is_urgent != (p->first >= k->unserved) ||
            goes_soon(k, p) || !may_try(k, p)) {
            continue;
        }
        best = p;
        if (is_urgent) {
            break;
        }
    }
    const struct volume *v = best ? files_by_number(k->f, best->first) : NULL;
    if (!v) {
        return false;
    }
    begin_build(k, v);
    return true;
}

static int64_t since_us(const struct keys *k)
{
    int64_t now = k->j->clock.wall_us(k->j->clock.arg);
    return k->window_us > 0 ? now - k->window_us : INT64_MAX;
}

static bool choose_load(struct keys *k)
{
    int64_t since = since_us(k);
    for (size_t i = k->n; i-- > 0;) {
        struct keys_part *p = &k->v[i];
        if (p->is_made && !p->is_covered && !p->filter.blocks && p->newest_us >= since &&
            may_try(k, p)) {
            k->job.kind = KEYS_LOAD;
            keys_name(p->level, p->first, p->last, k->job.name);
            k->job.h = (struct keys_header){.level = p->level, .first = p->first, .last = p->last};
            return true;
        }
    }
    return false;
}

/* Eight of one tier: the oldest ones, by the list's order. */
static bool choose_merge_of(struct keys *k, unsigned level)
{
    struct keys_merge *m = &k->job.merge;
    int64_t since = since_us(k);
    *m = (struct keys_merge){.disk = k->disk, .level = level + 1, .stop = &k->stop};
    for (size_t i = 0; i < k->n && m->n < FAN; i++) {
        const struct keys_part *p = &k->v[i];
        if (p->level == level && p->is_made && !p->is_covered && p->newest_us >= since) {
            keys_name(p->level, p->first, p->last, m->in[m->n++].name);
        }
    }
    memcpy(m->journal_id, k->f->journal_id, 16);
    k->job.kind = m->n == FAN ? KEYS_MERGE : KEYS_IDLE;
    return m->n == FAN;
}

static bool may_merge(struct keys *k)
{
    bool waits = k->merge_again_us > mono_us(k);
    if (waits && !k->again_us) {
        k->again_us = k->merge_again_us;
    }
    return k->window_us > 0 && !waits;
}

static bool choose_merge(struct keys *k)
{
    for (unsigned level = 0; level < KEYS_LEVELS && may_merge(k); level++) {
        if (choose_merge_of(k, level)) {
            return true;
        }
    }
    return false;
}

/* Merged ids that nobody asks for any more. */
static void drop_old(struct keys *k)
{
    int64_t since = since_us(k);
    bool has_dropped = false;
    for (size_t i = k->n; k->window_us >= 0 && i-- > 0;) {
        if (k->v[i].level > 0 && k->v[i].newest_us < since) {
            keys_part_drop(k, i, true);
            has_dropped = true;
        } else if (k->v[i].level == 0 && k->v[i].newest_us < since) {
            keys_filter_free(&k->v[i].filter);
        }
    }
    if (has_dropped) {
        keys_review(k);
    }
}

static bool choose(struct keys *k)
{
    k->again_us = 0;
    drop_old(k);
    return choose_remove(k) || choose_build(k, true) || choose_load(k) || choose_merge(k) ||
           choose_build(k, false);
}

/* ---- results ---- */

static void put_off(struct keys *k, struct keys_part *p)
{
    p->again_us = mono_us(k) + AGAIN_US; /* choose() sees to k->again_us */
}

static void take_built(struct keys *k)
{
    struct keys_job *job = &k->job;
    uint64_t number = job->volumes[job->build.n - 1].number;
    struct keys_part *p = keys_part_of(k, 0, number, number);
    if (job->rc == 0 && !p) { /* released meanwhile */
        keys_doom(k, 0, number, number);
    } else if (p && job->rc == 0) {
        p->is_made = true;
        p->failures = 0;
        p->salt = job->h.salt;
        p->ids = job->h.section[KEYS_IDS].rows;
        p->newest_us = job->h.newest_us;
        p->bytes = job->bytes;
        keys_filter_free(&p->filter);
        p->filter = job->filter;
        job->filter = (struct keys_filter){0};
    } else if (p && job->rc == ERR_SPACE) {
        put_off(k, p);
    } else if (p) {
        p->is_given_up = ++p->failures >= FAILURES_MOST;
        put_off(k, p);
    }
}

static void take_loaded(struct keys *k)
{
    struct keys_job *job = &k->job;
    struct keys_part *p = keys_part_of(k, job->h.level, job->h.first, job->h.last);
    if (p && job->rc == 0) {
        p->filter = job->filter;
        job->filter = (struct keys_filter){0};
    } else if (p && (job->rc == ERR_DAMAGE || job->rc == ERR_NOT_FOUND)) {
        keys_part_rotten(k, p->level, p->first, p->last);
    } else if (p) {
        put_off(k, p);
    }
}

/* Those it was made of: key files stay, for what else is in them; merged ones go. */
static void drop_inputs(struct keys *k)
{
    for (size_t i = 0; i < k->job.merge.n; i++) {
        bool is_merged;
        uint64_t first, last;
        (void)keys_name_parse(k->job.merge.in[i].name, &is_merged, &first, &last); /* our own */
        struct keys_part *p = is_merged ? keys_part_of(k, 1, first, last) : NULL;
        if (p && p->level < k->job.merge.level) {
            keys_part_drop(k, (size_t)(p - k->v), true);
        }
    }
}

static void add_merged(struct keys *k)
{
    struct keys_job *job = &k->job;
    drop_inputs(k);
    struct keys_part *p = keys_part_add(k, job->h.level, job->h.first, job->h.last);
    p->is_made = true;
    p->salt = job->h.salt;
    p->ids = job->h.section[KEYS_IDS].rows;
    p->newest_us = job->h.newest_us;
    p->bytes = job->bytes;
    p->volumes = job->rows;
    p->nvolumes = (size_t)job->h.section[KEYS_VOLUMES].rows;
    p->filter = job->filter;
    job->rows = NULL;
    job->filter = (struct keys_filter){0};
}

static void take_merged(struct keys *k)
{
    struct keys_merge *m = &k->job.merge;
    if (k->job.rc == 0) {
        add_merged(k);
        return;
    }
    for (size_t i = 0; i < m->n; i++) {
        bool is_merged;
        uint64_t first, last;
        (void)keys_name_parse(m->in[i].name, &is_merged, &first, &last); /* our own */
        struct keys_part *p = keys_part_of(k, is_merged, first, last);
        if (p && m->in[i].is_rotten) {
            keys_part_rotten(k, is_merged, first, last);
        }
    }
    if (k->job.rc != ERR_DAMAGE) {
        k->merge_again_us = mono_us(k) + AGAIN_US;
    }
}

static void take(struct keys *k)
{
    switch (k->job.kind) {
    case KEYS_IDLE:
    case KEYS_REMOVE: /* what cannot be removed is found, and removed, at the next start */
        break;
    case KEYS_BUILD:
        take_built(k);
        break;
    case KEYS_LOAD:
        take_loaded(k);
        break;
    case KEYS_MERGE:
        take_merged(k);
        break;
    }
    keys_review(k);
    free_job(k);
    k->has_changed = true;
}

static bool is_result_there(struct keys *k)
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

static void hand_over(struct keys *k)
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

/* A volume is sealed for good once something behind it is durable. Then it wants a key file. */
static void see_newest(struct keys *k)
{
    const struct files *f = k->f;
    size_t i = f->n;
    if (!f->n || f->v[f->n - 1].number == k->newest) {
        return;
    }
    while (i > 0 && f->v[i - 1].number > k->newest) {
        i--;
    }
    for (; i < f->n && k->j->durable >= f->v[i].first_seq; i++) {
        const struct volume *sealed = i ? &f->v[i - 1] : NULL;
        if (sealed && !sealed->is_lost && !keys_part_of(k, 0, sealed->number, sealed->number)) {
            keys_part_add(k, 0, sealed->number, sealed->number)->salt = sealed->salt;
            k->has_changed = true;
        }
        k->newest = f->v[i].number;
    }
    if (k->has_changed) {
        keys_review(k);
    }
}

void keys_poll(struct keys *k)
{
    if (!k) {
        return;
    }
    see_newest(k);
    if (is_result_there(k)) {
        take(k);
    }
    bool is_time = k->has_changed || (k->again_us && mono_us(k) >= k->again_us);
    if (k->is_busy || !is_time || k->j->is_fenced) {
        return;
    }
    k->has_changed = choose(k);
    if (k->has_changed) {
        hand_over(k);
    }
}
