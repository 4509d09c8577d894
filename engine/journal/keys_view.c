#include "engine/journal/keys_view.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/journal/files.h"

struct keys_view {
    const struct journal *j;
    struct files *f;
    struct keys_span *v;
    uint64_t *numbers;
    size_t n;
    struct keys_file file; /* the one looked into last */
    size_t open;           /* its span + 1; 0: none */
};

static bool is_of(const struct keys_header *h, const struct volume *v, const uint8_t *journal_id)
{
    return h->level == 0 && h->first == v->number && h->salt == v->salt &&
           h->first_seq == v->first_seq && memcmp(h->journal_id, journal_id, 16) == 0;
}

static void close_file(struct keys_view *v)
{
    if (v->open) {
        keys_close(&v->file);
        v->open = 0;
    }
}

/* The key file of span `i`, or NULL: it has none. */
static struct keys_file *open_file(struct keys_view *v, size_t i)
{
    char name[KEYS_NAME];
    struct keys_span *s = &v->v[i];
    if (!s->has_keys || v->open == i + 1) {
        return s->has_keys ? &v->file : NULL;
    }
    close_file(v);
    keys_name(0, v->numbers[i], v->numbers[i], name);
    s->has_keys = keys_open(&v->file, &v->f->disk, name) == 0;
    v->open = s->has_keys ? i + 1 : 0;
    return s->has_keys ? &v->file : NULL;
}

/* What it says cannot be trusted, or is gone. */
static bool give_up(struct keys_view *v, size_t i)
{
    close_file(v);
    v->v[i].has_keys = false;
    return false;
}

struct keys_view *keys_view_new(struct journal *j)
{
    struct keys_view *v = X_NEW(struct keys_view);
    v->j = j;
    v->f = j->store;
    v->n = v->f->n;
    v->v = xcalloc(v->n + 1, sizeof(*v->v));
    v->numbers = xcalloc(v->n + 1, sizeof(*v->numbers));
    for (size_t i = 0; i < v->n; i++) {
        const struct volume *mine = &v->f->v[i];
        struct keys_span *s = &v->v[i];
        v->numbers[i] = mine->number;
        *s = (struct keys_span){.first_seq = mine->first_seq,
                                .last_seq = mine->last_seq,
                                .bytes = mine->end,
                                .has_keys = i + 1 < v->n && !mine->is_lost};
        const struct keys_file *f = open_file(v, i);
        if (f && is_of(&f->h, mine, v->f->journal_id)) {
            s->h = f->h;
        } else if (f) {
            (void)give_up(v, i);
        }
    }
    return v;
}

void keys_view_free(struct keys_view **vp)
{
    struct keys_view *v = *vp;
    if (v) {
        close_file(v);
        free(v->numbers);
        free(v->v);
        free(v);
        *vp = NULL;
    }
}

size_t keys_view_count(const struct keys_view *v)
{
    return v->n;
}

const struct keys_span *keys_view_span(const struct keys_view *v, size_t i)
{
    return &v->v[i];
}

bool keys_view_find(struct keys_view *v, size_t i, enum keys_section s, uint64_t hash,
                    keys_row_fn fn, void *arg)
{
    struct keys_file *f = open_file(v, i);
    struct keys_cursor c;
    struct keys_row row;
    int rc;
    if (!f || keys_seek(f, s, hash, &c) != 0) {
        return give_up(v, i);
    }
    while ((rc = keys_next(f, &c, &row)) == 1 && row.hash == hash) {
        row.place &= KEYS_PLACE;
        if (!fn(arg, &row)) {
            return true;
        }
    }
    return rc >= 0 || give_up(v, i);
}

bool keys_view_all(struct keys_view *v, size_t i, enum keys_section s, keys_row_fn fn, void *arg)
{
    struct keys_file *f = open_file(v, i);
    struct keys_cursor c = {s, 0};
    struct keys_row row;
    int rc = f ? 0 : -1;
    while (f && (rc = keys_next(f, &c, &row)) == 1) {
        if (!fn(arg, &row)) {
            return true;
        }
    }
    return rc >= 0 || give_up(v, i);
}

bool keys_view_outputs(struct keys_view *v, size_t i, uint64_t *io_left, keys_output_fn fn,
                       void *arg)
{
    struct keys_file *f = open_file(v, i);
    if (!f) {
        return false;
    }
    uint64_t rows = f->h.section[KEYS_OUTPUT].rows;
    *io_left = *io_left < rows ? *io_left : rows;
    while (*io_left > 0) {
        struct keys_output o;
        if (keys_output_at(f, --*io_left, &o) != 1) {
            return give_up(v, i);
        }
        uint64_t place = volume_hint(v->numbers[i], (uint64_t)o.place << 3);
        if (!fn(arg, &o, v->v[i].first_seq + o.seq, place)) {
            return true;
        }
    }
    return true;
}

size_t keys_view_span_of(const struct keys_view *v, uint64_t seq)
{
    size_t low = 0, high = v->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (v->v[mid].first_seq <= seq) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return low;
}

/* A destination whose consumer no checkpoint knows yet may wait for anything. */
uint64_t keys_view_unsettled_from(const struct keys_view *v)
{
    for (uint32_t id = 1; journal_name_first(v->j, JOURNAL_DESTINATION, id).n; id++) {
        size_t at = (size_t)id * 2; /* one a class */
        if (at + 1 >= v->j->nconsumers || !v->j->consumers[at] || !v->j->consumers[at + 1]) {
            return 0;
        }
    }
    return consumers_lowest(v->j);
}

bool keys_view_may_settle(const struct keys_view *v, size_t i, uint64_t seq)
{
    const struct keys_header *h = &v->v[i].h;
    return v->v[i].has_keys && seq >= h->oldest_ref && seq <= h->newest_ref;
}
