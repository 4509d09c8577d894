/* Reading entries in their order: the volume, a window over its bytes, and where to go on behind damage. */
#include "engine/base/err.h"
#include "engine/journal/files_priv.h"
#include "engine/journal/survey.h"

#include <fcntl.h>

static int open_volume(struct files *f, struct volume *v)
{
    if (v->file >= 0) {
        return 0;
    }
    size_t open = 0;
    for (size_t i = 0; i < f->n; i++) {
        open += f->v[i].file >= 0;
    }
    for (size_t i = 0; i < f->n && open >= FILES_OPEN_MOST; i++) {
        open -= f->v[i].file >= 0;
        files_close_volume(f, &f->v[i]);
    }
    char name[32];
    volume_name(v->number, name);
    int file = f->is_reader ? survey_open(&f->disk, v->number, v->salt)
                            : f->disk.open(f->disk.arg, name, O_RDONLY);
    if (file < 0) {
        return ERR_IO;
    }
    v->file = file;
    return 0;
}

/* A window that looks at `at` of `v` already, or the one that was used least recently. */
static struct scan *window(struct files *f, const struct volume *v, uint64_t at, bool is_random)
{
    struct scan *best = is_random ? &f->peek : &f->windows[0];
    for (size_t i = 0; i < FILES_WINDOWS; i++) {
        struct scan *w = &f->windows[i];
        if (w->number == v->number && w->n && at >= w->from && at <= w->from + w->n) {
            best = w;
            break;
        }
        if (!is_random && w->used < best->used) {
            best = w;
        }
    }
    best->used = ++f->reads;
    best->ahead = best == &f->peek ? SCAN_PEEK : SCAN_WINDOW;
    scan_set(best, &f->disk, v->file, v->number, v->salt, v->end);
    return best;
}

/* The bytes at `at` do not hold: go on behind them, in this volume or the next. */
static int skip_damage(struct volume *v, struct scan *s, uint64_t at, struct journal_cursor *c)
{
    struct stored found;
    uint64_t place;
    uint64_t above = c->next ? c->next - 1 : 0;
    int rc = scan_find(s, at + 8, above, &found, &place);
    if (rc < 0) {
        return rc;
    }
    c->hint[0] = rc == 1 ? volume_hint(v->number, place) : volume_hint(v->number, v->end);
    if (rc == 1) {
        c->next = found.e.seq;
    } else {
        c->next = v->last_seq >= c->next ? v->last_seq + 1 : c->next;
    }
    return ERR_DAMAGE;
}

static int read_at(struct files *f, struct volume *v, uint64_t at, struct journal_cursor *c,
                   struct stored *out, uint64_t *out_size)
{
    int rc = open_volume(f, v);
    if (rc != 0) {
        return rc;
    }
    struct scan *s = window(f, v, at, c->hint[1] != 0);
    rc = scan_entry(s, at, out, out_size);
    if (rc == 0 || (rc == 1 && (out->e.seq < v->first_seq || out->e.seq > v->last_seq))) {
        return skip_damage(v, s, at, c);
    }
    return rc;
}

/* The next volume, or NULL; *out_gap when one between is missing or cannot be read. */
static struct volume *after(const struct files *f, const struct volume *v, bool *out_gap)
{
    size_t i = (size_t)(v - f->v) + 1;
    *out_gap = i < f->n && (f->v[i].number != v->number + 1 || f->v[i].is_lost);
    while (i < f->n && f->v[i].is_lost) {
        i++;
    }
    return i < f->n ? &f->v[i] : NULL;
}

static struct volume *place_cursor(const struct files *f, const struct journal_cursor *c,
                                   uint64_t *out_at)
{
    struct volume *v = c->hint[0] ? files_by_number(f, volume_hint_number(c->hint[0])) : NULL;
    *out_at = v ? volume_hint_offset(c->hint[0]) : VOLUME_START;
    if (v && (*out_at < VOLUME_START || *out_at > v->end || v->first_seq > c->next)) {
        v = NULL;
    }
    if (!v) {
        v = files_by_seq(f, c->next);
        *out_at = VOLUME_START;
    }
    return v;
}

/* The cursor leaves *v behind its end: 1 when it stands in the next volume; 0 when there is none yet, and ERR_DAMAGE when
 * one between is missing, both with the place kept in `c`. */
static int leave_volume(const struct files *f, struct volume **v, uint64_t at,
                        struct journal_cursor *c)
{
    bool has_gap;
    struct volume *next = after(f, *v, &has_gap);
    if (!next) {
        c->hint[0] = volume_hint((*v)->number, at);
        return 0;
    }
    *v = next;
    if (has_gap) {
        c->next = next->first_seq > c->next ? next->first_seq : c->next;
        c->hint[0] = volume_hint(next->number, VOLUME_START);
        return ERR_DAMAGE;
    }
    return 1;
}

int files_next(struct journal *j, struct journal_cursor *c, uint64_t limit, struct stored *out)
{
    struct files *f = j->store;
    uint64_t at, size = 0;
    struct volume *v = place_cursor(f, c, &at);
    for (;;) {
        int rc;
        while (at >= v->end) {
            rc = leave_volume(f, &v, at, c);
            if (rc != 1) {
                return rc;
            }
            at = VOLUME_START;
        }
        rc = read_at(f, v, at, c, out, &size);
        if (rc != 1) {
            return rc;
        }
        if (out->e.seq > limit) {
            c->hint[0] = volume_hint(v->number, at);
            return 0;
        }
        at += size;
        if (out->e.seq >= c->next) {
            c->next = out->e.seq + 1;
            c->hint[0] = volume_hint(v->number, at);
            return 1;
        }
    }
}

bool files_is_gone(const struct journal *j, uint64_t seq)
{
    const struct files *f = j->store;
    if (f->n == 0) {
        return true;
    }
    const struct volume *v = files_by_seq(f, seq);
    struct volume_header h;
    int rc = survey_header(&f->disk, v->number, &h);
    return rc == ERR_NOT_FOUND || (rc == 0 && h.salt != v->salt);
}
