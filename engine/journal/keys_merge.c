/* Eight sorted arrays into one, page by page. */
#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/journal/keys_build.h"

struct input {
    struct keys_file f;
    struct keys_cursor c;
    struct keys_row row;
    bool has_row;
};

struct merging {
    struct keys_merge *m;
    struct input in[8];
    size_t open;
    struct keys_row *volumes;
    size_t nvolumes;
    struct keys_header h;
    struct keys_filter filter;
};

uint64_t keys_merged_salt(const struct keys_row *volumes, size_t n)
{
    uint64_t h = 1;
    for (size_t i = 0; i < n; i++) {
        h = hash64(&(uint64_t[2]){htole64(volumes[i].hash), htole64(volumes[i].place)}, 16, h);
    }
    return h;
}

/* The next row that counts. 0 or a failure, with the input marked. */
static int advance(struct merging *g, size_t i)
{
    struct input *in = &g->in[i];
    int rc;
    do {
        rc = keys_next(&in->f, &in->c, &in->row);
    } while (rc == 1 && in->row.place & KEYS_REJECTED);
    in->has_row = rc == 1;
    g->m->in[i].is_rotten |= rc == ERR_DAMAGE;
    return rc < 0 ? rc : 0;
}

static int add_volumes(struct merging *g, struct input *in)
{
    struct keys_cursor c = {KEYS_VOLUMES, 0};
    struct keys_row row = {in->f.h.first, in->f.h.salt};
    uint64_t n = in->f.h.level ? in->f.h.section[KEYS_VOLUMES].rows : 1;
    g->volumes = xrealloc(g->volumes, (size_t)(g->nvolumes + n) * sizeof(*g->volumes));
    for (uint64_t i = 0; i < n; i++) {
        int rc = in->f.h.level ? keys_next(&in->f, &c, &row) : 1;
        if (rc != 1) {
            return rc < 0 ? rc : ERR_DAMAGE;
        }
        g->volumes[g->nvolumes++] = row;
    }
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct keys_row *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static int open_inputs(struct merging *g)
{
    struct keys_header *h = &g->h;
    for (size_t i = 0; i < g->m->n; i++) {
        struct input *in = &g->in[i];
        int rc = keys_open(&in->f, &g->m->disk, g->m->in[i].name);
        g->open += rc == 0;
        if (rc == 0) {
            rc = add_volumes(g, in);
        }
        if (rc != 0) {
            g->m->in[i].is_rotten |= rc == ERR_DAMAGE || rc == ERR_NOT_FOUND;
            return rc == ERR_NOT_FOUND ? ERR_DAMAGE : rc;
        }
        in->c = (struct keys_cursor){KEYS_IDS, 0};
        h->messages += in->f.h.section[KEYS_IDS].rows;
        h->first = h->first && h->first < in->f.h.first ? h->first : in->f.h.first;
        h->last = h->last > in->f.h.last ? h->last : in->f.h.last;
        h->oldest_us = in->f.h.oldest_us < h->oldest_us ? in->f.h.oldest_us : h->oldest_us;
        h->newest_us = in->f.h.newest_us > h->newest_us ? in->f.h.newest_us : h->newest_us;
    }
    qsort(g->volumes, g->nvolumes, sizeof(*g->volumes), by_number);
    h->salt = keys_merged_salt(g->volumes, g->nvolumes);
    return 0;
}

static bool is_before(const struct keys_row *a, const struct keys_row *b)
{
    return a->hash < b->hash || (a->hash == b->hash && a->place < b->place);
}

static int copy_rows(struct merging *g, struct keys_writer *w)
{
    int rc = 0;
    for (size_t i = 0; i < g->m->n && rc == 0; i++) {
        rc = advance(g, i);
    }
    while (rc == 0 && !w->failed) {
        size_t first = g->m->n;
        for (size_t i = 0; i < g->m->n; i++) {
            if (g->in[i].has_row &&
                (first == g->m->n || is_before(&g->in[i].row, &g->in[first].row))) {
                first = i;
            }
        }
        if (first == g->m->n) {
            break;
        }
        keys_put(w, &g->in[first].row);
        keys_filter_add(&g->filter, g->in[first].row.hash);
        rc = atomic_load_explicit(g->m->stop, memory_order_relaxed) ? ERR_STATE : advance(g, first);
    }
    return rc;
}

static int write_file(struct merging *g)
{
    struct keys_writer w;
    keys_begin(&w, &g->m->disk, &g->h);
    keys_section(&w, KEYS_IDS);
    int rc = copy_rows(g, &w);
    if (rc != 0) {
        keys_abandon(&w);
        return rc;
    }
    keys_section(&w, KEYS_VOLUMES);
    for (size_t i = 0; i < g->nvolumes; i++) {
        keys_put(&w, &g->volumes[i]);
    }
    keys_put_filter(&w, &g->filter);
    rc = keys_finish(&w);
    g->h = w.h;
    return rc;
}

int keys_merge(struct keys_merge *m, struct keys_header *out, struct keys_filter *out_filter)
{
    struct merging *g = X_NEW(struct merging);
    g->m = m;
    g->h = (struct keys_header){.level = m->level,
                                .oldest_us = INT64_MAX,
                                .newest_us = INT64_MIN,
                                .oldest_ref = UINT64_MAX};
    memcpy(g->h.journal_id, m->journal_id, 16);
    int rc = open_inputs(g);
    if (rc == 0) {
        keys_filter_init(&g->filter, keys_filter_blocks(g->h.messages));
        rc = write_file(g);
    }
    for (size_t i = 0; i < g->open; i++) {
        keys_close(&g->in[i].f);
    }
    if (rc == 0) {
        *out = g->h;
        *out_filter = g->filter;
    } else {
        keys_filter_free(&g->filter);
    }
    free(g->volumes);
    free(g);
    return rc;
}
