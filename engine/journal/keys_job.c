/* What a job has brought, and when the next one begins. */
#include "engine/base/err.h"
#include "engine/journal/keys_priv.h"

enum {
    AGAIN_US = 5000000,
    FAILURES_MOST = 3, /* of reading a volume, before it is given up */
};

static void put_off(struct keys *k, struct keys_part *p)
{
    p->again_us = keys_mono_us(k) + AGAIN_US; /* keys_choose() sees to k->again_us */
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
        k->merge_again_us = keys_mono_us(k) + AGAIN_US;
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
    keys_free_job(k);
    k->has_changed = true;
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
    if (keys_is_done(k)) {
        take(k);
    }
    bool is_time = k->has_changed || (k->again_us && keys_mono_us(k) >= k->again_us);
    if (k->is_busy || !is_time || k->j->is_fenced) {
        return;
    }
    k->has_changed = keys_choose(k);
    if (k->has_changed) {
        keys_hand_over(k);
    }
}
