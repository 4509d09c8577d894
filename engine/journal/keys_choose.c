/* What the keeper does next. */
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/journal/keys_priv.h"

enum { FAN = 8 }; /* arrays of a tier that become one of the next */
static const int64_t SOON_US = 60000000;

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
    if (p->again_us > keys_mono_us(k)) {
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
    bool waits = k->merge_again_us > keys_mono_us(k);
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

bool keys_choose(struct keys *k)
{
    k->again_us = 0;
    drop_old(k);
    return choose_remove(k) || choose_build(k, true) || choose_load(k) || choose_merge(k) ||
           choose_build(k, false);
}
