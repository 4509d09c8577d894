/* The list of key files, what each of them serves, and its life. */
#include "engine/journal/keys.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/journal/keys_priv.h"

/* ---- the list: key files by number first, merged ones behind ---- */

size_t keys_count_single(const struct keys *k)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (k->v[mid].level == 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Where the key file of volume `number` stands or would stand. */
static size_t find_single(const struct keys *k, uint64_t number)
{
    size_t low = 0, high = keys_count_single(k);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (k->v[mid].first < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

struct keys_part *keys_part_of(struct keys *k, unsigned level, uint64_t first, uint64_t last)
{
    size_t i = level ? keys_count_single(k) : find_single(k, first);
    for (; i < k->n && (level || k->v[i].first == first); i++) {
        struct keys_part *p = &k->v[i];
        if ((p->level > 0) == (level > 0) && p->first == first && p->last == last) {
            return p;
        }
    }
    return NULL;
}

struct keys_part *keys_part_add(struct keys *k, unsigned level, uint64_t first, uint64_t last)
{
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 16;
        k->v = xrealloc(k->v, k->cap * sizeof(*k->v));
    }
    size_t at = level ? k->n : find_single(k, first);
    memmove(k->v + at + 1, k->v + at, (k->n - at) * sizeof(*k->v));
    k->n++;
    k->v[at] = (struct keys_part){.level = level, .first = first, .last = last};
    return &k->v[at];
}

void keys_doom(struct keys *k, unsigned level, uint64_t first, uint64_t last)
{
    struct keys_doomed *d = X_NEW(struct keys_doomed);
    keys_name(level, first, last, d->name);
    d->next = k->doomed;
    k->doomed = d;
}

void keys_part_drop(struct keys *k, size_t i, bool removes)
{
    struct keys_part *p = &k->v[i];
    if (removes && p->is_made) {
        keys_doom(k, p->level, p->first, p->last);
    }
    keys_filter_free(&p->filter);
    free(p->volumes);
    k->n--;
    memmove(p, p + 1, (k->n - i) * sizeof(*k->v));
}

void keys_part_rotten(struct keys *k, unsigned level, uint64_t first, uint64_t last)
{
    struct keys_part *p = keys_part_of(k, level, first, last);
    k->has_changed = true;
    if (!p) {
        return;
    }
    k->rebuilt++;
    if (level) {
        keys_part_drop(k, (size_t)(p - k->v), true);
    } else if (p->is_made) {
        p->is_made = false; /* building it replaces the file */
        keys_filter_free(&p->filter);
    }
    keys_review(k);
}

/* ---- what serves what ---- */

static void cover(struct keys *k, const struct keys_part *merged)
{
    for (size_t i = 0; i < merged->nvolumes; i++) {
        size_t at = find_single(k, merged->volumes[i].hash);
        if (at < k->n && k->v[at].level == 0 && k->v[at].first == merged->volumes[i].hash) {
            k->v[at].is_covered = true;
            keys_filter_free(&k->v[at].filter);
        }
    }
}

static bool is_served(struct keys *k, uint64_t number)
{
    const struct keys_part *p = keys_part_of(k, 0, number, number);
    return p && (p->is_made || p->is_covered || p->is_given_up);
}

static void list_asked(struct keys *k)
{
    k->asked = xrealloc(k->asked, (k->n + 1) * sizeof(*k->asked));
    k->nasked = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (k->v[i].is_made && !k->v[i].is_covered && k->v[i].ids) {
            k->asked[k->nasked++] = i;
        }
    }
}

void keys_review(struct keys *k)
{
    size_t n = keys_count_single(k);
    for (size_t i = 0; i < n; i++) {
        k->v[i].is_covered = false;
    }
    for (size_t i = n; i < k->n; i++) {
        cover(k, &k->v[i]);
    }
    list_asked(k);
    uint64_t newest = k->f->n ? k->f->v[k->f->n - 1].number : 0;
    while (k->unserved < newest) {
        const struct volume *v = files_by_number(k->f, k->unserved);
        if (v && !v->is_lost && !is_served(k, k->unserved)) {
            break;
        }
        k->unserved++;
    }
}

uint64_t keys_unserved(const struct keys *k)
{
    return volume_hint(k->unserved, 0);
}

uint64_t keys_unserved_seq(const struct keys *k)
{
    const struct volume *v = files_by_number(k->f, k->unserved);
    return v ? v->first_seq : 0;
}

uint64_t keys_missing(const struct keys *k)
{
    uint64_t n = 0;
    for (size_t i = 0; i < k->n && k->v[i].level == 0; i++) {
        const struct keys_part *p = &k->v[i];
        n += p->first < k->unserved && !p->is_made && !p->is_covered && !p->is_given_up;
    }
    return n;
}

void keys_reach_back(struct keys *k, uint64_t bytes)
{
    uint64_t sum = 0;
    for (size_t i = k->f->n; i-- > 0;) {
        const struct volume *v = &k->f->v[i];
        bool needs = i + 1 == k->f->n || (!v->is_lost && !is_served(k, v->number));
        sum += needs ? v->end : 0;
        if (sum > bytes && i + 2 < k->f->n) {
            break;
        }
        k->unserved = needs ? v->number : k->unserved;
    }
}

/* ---- life ---- */

struct keys *keys_new(struct journal *j)
{
    struct keys *k = X_NEW(struct keys);
    k->j = j;
    k->f = j->store;
    k->disk = k->f->disk;
    k->window_us = -1;
    k->has_changed = true;
    k->newest = k->unserved = k->f->n ? k->f->v[k->f->n - 1].number : 0;
    keys_take_stock(k);
    keys_review(k);
    keys_start(k);
    return k;
}

void keys_free(struct keys **kp)
{
    struct keys *k = *kp;
    if (!k) {
        return;
    }
    keys_stop(k);
    while (k->n) {
        keys_part_drop(k, k->n - 1, false);
    }
    while (k->doomed) {
        struct keys_doomed *next = k->doomed->next;
        free(k->doomed);
        k->doomed = next;
    }
    free(k->asked);
    free(k->v);
    free(k);
    *kp = NULL;
}

void keys_released(struct keys *k)
{
    if (!k) {
        return;
    }
    uint64_t first = k->f->n ? k->f->v[0].number : 0;
    for (size_t i = 0; i < k->n;) {
        if (k->v[i].last < first) {
            keys_part_drop(k, i, true);
        } else {
            i++;
        }
    }
    k->has_changed = true;
    keys_review(k);
}

void keys_set_window(struct keys *k, int64_t window_us)
{
    k->window_us = window_us;
    k->has_changed = true;
}

uint64_t keys_probes(const struct keys *k)
{
    return k->probes;
}

void keys_status(const struct keys *k, struct keys_status *out)
{
    *out = (struct keys_status){.probes = k->probes,
                                .rebuilt = k->rebuilt,
                                .is_idle = !k->is_busy && !k->has_changed && k->f->n &&
                                           k->f->v[k->f->n - 1].number == k->newest};
    for (size_t i = 0; i < k->n; i++) {
        const struct keys_part *p = &k->v[i];
        out->volumes += p->level == 0;
        out->served += p->level == 0 && p->is_made;
        out->given_up += p->is_given_up;
        out->filters += p->filter.blocks > 0;
        out->filter_bytes += p->filter.blocks * KEYS_BLOCK;
        out->file_bytes += p->is_made ? p->bytes : 0;
    }
}
