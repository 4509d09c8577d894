#include "engine/journal/keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/keys_priv.h"

/* ---- the list: key files by number first, merged ones behind ---- */

static size_t count_single(const struct keys *k)
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
    size_t low = 0, high = count_single(k);
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
    size_t i = level ? count_single(k) : find_single(k, first);
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
    size_t n = count_single(k);
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

/* ---- what stands there at start ---- */

struct listing {
    struct keys *k;
    char (*names)[KEYS_NAME];
    size_t n, cap;
};

static void on_name(void *ctx, const char *name)
{
    struct listing *l = ctx;
    bool is_merged;
    uint64_t first, last;
    if (!keys_name_parse(name, &is_merged, &first, &last)) {
        return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->names = xrealloc(l->names, l->cap * sizeof(*l->names));
    }
    (void)snprintf(l->names[l->n++], KEYS_NAME, "%s", name);
}

int keys_read_volumes(struct keys_file *f, struct keys_row **out)
{
    struct keys_cursor c = {KEYS_VOLUMES, 0};
    uint64_t n = f->h.section[KEYS_VOLUMES].rows;
    struct keys_row *v = xmalloc((size_t)(n + 1) * sizeof(*v));
    for (uint64_t i = 0; i < n; i++) {
        if (keys_next(f, &c, &v[i]) != 1) {
            free(v);
            return ERR_DAMAGE;
        }
    }
    *out = v;
    return 0;
}

/* Made of volumes that are these, as far as they are still there; and of one at least that is. */
static bool is_of_these(const struct keys *k, const struct keys_file *f, const struct keys_row *v)
{
    bool has_one = false;
    uint64_t n = f->h.section[KEYS_VOLUMES].rows;
    for (uint64_t i = 0; i < n; i++) {
        const struct volume *mine = files_by_number(k->f, v[i].hash);
        if (mine && !mine->is_lost && mine->salt != v[i].place) {
            return false;
        }
        has_one |= mine != NULL;
    }
    return has_one && n && keys_merged_salt(v, (size_t)n) == f->h.salt;
}

static bool take_merged(struct keys *k, struct keys_file *f)
{
    struct keys_row *volumes;
    if (keys_read_volumes(f, &volumes) != 0) {
        return false;
    }
    if (!is_of_these(k, f, volumes)) {
        free(volumes);
        return false;
    }
    struct keys_part *p = keys_part_add(k, f->h.level, f->h.first, f->h.last);
    p->volumes = volumes;
    p->nvolumes = (size_t)f->h.section[KEYS_VOLUMES].rows;
    return true;
}

/* False: it is none of ours, or not whole. */
static bool take_file(struct keys *k, const char *name)
{
    struct keys_file *f = xmalloc(sizeof(*f));
    char proper[KEYS_NAME];
    if (keys_open(f, &k->disk, name) != 0) {
        free(f);
        return false;
    }
    keys_name(f->h.level, f->h.first, f->h.last, proper);
    bool is_ours = memcmp(f->h.journal_id, k->f->journal_id, 16) == 0 && strcmp(proper, name) == 0;
    const struct volume *v = files_by_number(k->f, f->h.first);
    struct keys_part *p = f->h.level ? NULL : keys_part_of(k, 0, f->h.first, f->h.last);
    if (f->h.level) {
        is_ours = is_ours && take_merged(k, f);
        p = keys_part_of(k, f->h.level, f->h.first, f->h.last);
    } else {
        is_ours = is_ours && p && v && v->salt == f->h.salt;
    }
    if (is_ours) {
        p->level = f->h.level;
        p->is_made = true;
        p->salt = f->h.salt;
        p->ids = f->h.section[KEYS_IDS].rows;
        p->newest_us = f->h.newest_us;
        int64_t size = f->disk.size(f->disk.arg, f->file);
        p->bytes = size > 0 ? (uint64_t)size : 0;
    }
    keys_close(f);
    free(f);
    return is_ours;
}

static void take_all(struct keys *k)
{
    struct listing l = {.k = k};
    (void)k->disk.list(k->disk.arg, on_name, &l); /* what is not seen is made again */
    for (size_t i = 0; i < l.n; i++) {
        if (!take_file(k, l.names[i])) {
            struct keys_doomed *d = X_NEW(struct keys_doomed);
            memcpy(d->name, l.names[i], KEYS_NAME);
            d->next = k->doomed;
            k->doomed = d;
        }
    }
    free(l.names);
}

/* A merge was cut after its result: what it was made of is there too. */
static bool is_inside(const struct keys_part *small, const struct keys_part *big)
{
    size_t at = 0;
    for (size_t i = 0; i < small->nvolumes; i++) {
        while (at < big->nvolumes && big->volumes[at].hash < small->volumes[i].hash) {
            at++;
        }
        if (at == big->nvolumes || big->volumes[at].hash != small->volumes[i].hash) {
            return false;
        }
    }
    return true;
}

static void drop_swallowed(struct keys *k)
{
    for (size_t i = count_single(k); i < k->n;) {
        bool is_swallowed = false;
        for (size_t m = count_single(k); m < k->n && !is_swallowed; m++) {
            is_swallowed = k->v[m].level > k->v[i].level && is_inside(&k->v[i], &k->v[m]);
        }
        if (is_swallowed) {
            keys_part_drop(k, i, true);
        } else {
            i++;
        }
    }
}

/* Every sealed volume shall have a key file. */
static void want_sealed(struct keys *k)
{
    for (size_t i = 0; i + 1 < k->f->n; i++) {
        const struct volume *v = &k->f->v[i];
        if (!v->is_lost && !keys_part_of(k, 0, v->number, v->number)) {
            struct keys_part *p = keys_part_add(k, 0, v->number, v->number);
            p->salt = v->salt;
        }
    }
}

struct keys *keys_new(struct journal *j)
{
    struct keys *k = X_NEW(struct keys);
    k->j = j;
    k->f = j->store;
    k->disk = k->f->disk;
    k->window_us = -1;
    k->has_changed = true;
    k->newest = k->unserved = k->f->n ? k->f->v[k->f->n - 1].number : 0;
    want_sealed(k);
    take_all(k);
    drop_swallowed(k);
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

/* ---- where is an id? ---- */

void keys_prefetch(const struct keys *k, uint64_t id_hash)
{
    for (size_t i = 0; i < k->nasked; i++) {
        keys_filter_prefetch(&k->v[k->asked[i]].filter, id_hash);
    }
}

struct found {
    uint64_t *places;
    unsigned n, max;
};

/* Newest first; beyond `max` the oldest is left out. */
static void note_place(struct found *to, uint64_t place)
{
    unsigned at = to->n;
    while (at > 0 && to->places[at - 1] < place) {
        at--;
    }
    if (at == to->max) {
        return;
    }
    unsigned last = to->n < to->max ? to->n++ : to->max - 1;
    memmove(to->places + at + 1, to->places + at, (last - at) * sizeof(*to->places));
    to->places[at] = place;
}

static int look_into(struct keys *k, const struct keys_part *p, uint64_t id_hash, struct found *to)
{
    char name[KEYS_NAME];
    struct keys_file f;
    struct keys_cursor c;
    struct keys_row row;
    keys_name(p->level, p->first, p->last, name);
    k->probes++;
    int rc = keys_open(&f, &k->disk, name);
    if (rc != 0) {
        return rc;
    }
    rc = f.h.salt == p->salt ? keys_seek(&f, KEYS_IDS, id_hash, &c) : ERR_DAMAGE;
    while (rc == 0 && (rc = keys_next(&f, &c, &row)) == 1 && row.hash == id_hash) {
        rc = 0;
        if (!(row.place & KEYS_REJECTED)) {
            note_place(to, row.place);
        }
    }
    keys_close(&f);
    return rc;
}

unsigned keys_find(struct keys *k, uint64_t id_hash, int64_t since_us, uint64_t *out_places,
                   unsigned max)
{
    struct found to = {out_places, 0, max};
    for (size_t i = 0; i < k->nasked; i++) {
        const struct keys_part *p = &k->v[k->asked[i]];
        if (p->newest_us < since_us || !keys_filter_has(&p->filter, id_hash)) {
            continue;
        }
        int rc = look_into(k, p, id_hash, &to);
        if (rc == ERR_DAMAGE || rc == ERR_NOT_FOUND) {
            keys_part_rotten(k, p->level, p->first, p->last);
            i = SIZE_MAX; /* what it was made of may answer: once more from the beginning */
            to.n = 0;
        }
    }
    return to.n;
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
