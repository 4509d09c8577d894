/* What stands there at start: files that are taken over, files that must go, volumes that want one. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/keys_priv.h"

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
    for (size_t i = keys_count_single(k); i < k->n;) {
        bool is_swallowed = false;
        for (size_t m = keys_count_single(k); m < k->n && !is_swallowed; m++) {
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

void keys_take_stock(struct keys *k)
{
    want_sealed(k);
    take_all(k);
    drop_swallowed(k);
}
