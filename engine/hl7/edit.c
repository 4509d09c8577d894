/* Lines in the order of the message, found and changed by path. */
#include "engine/hl7/edit.h"

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/hl7/edit_priv.h"

/* The segment of the walk is done: on to what stands behind it. */
static bool walk_behind(struct edit_walk *w, struct edit_line **out_line)
{
    while (w->behind && w->behind->is_gone) {
        w->behind = w->behind->behind;
    }
    *out_line = w->behind;
    w->behind = w->behind ? w->behind->behind : NULL;
    return *out_line != NULL;
}

bool edit_next(struct edit_walk *w, uint32_t *out_seg, struct edit_line **out_line)
{
    for (; w->seg < w->e->m->segs; w->seg++, w->past_slot = false) {
        *out_seg = w->seg;
        if (!w->past_slot) {
            struct edit_line *slot = edit_slot(w->e, w->seg);
            w->past_slot = true;
            w->behind = slot ? slot->behind : NULL;
            *out_line = slot;
            if (!slot || !slot->is_gone) {
                return true;
            }
        }
        if (walk_behind(w, out_line)) {
            return true;
        }
    }
    return false;
}

static const char *id_at(const struct edit *e, uint32_t seg, const struct edit_line *l)
{
    return l ? l->id : e->m->seg[seg].id;
}

static uint32_t wanted_index(uint16_t n)
{
    return n == PATH_ALL ? 1 : n;
}

/* While only fields changed, the n-th segment is found in the index. */
static struct edit_line *find_unshaped(struct edit *e, const struct path *p)
{
    const struct hl7_seg *s = path_segment(e->m, p);
    return s ? edit_line_of(e, (uint32_t)(s - e->m->seg)) : NULL;
}

/* The line of p's segment; NULL when there is none, with how many of its name exist. */
static struct edit_line *find_line(struct edit *e, const struct path *p, uint32_t *out_count)
{
    uint32_t want = wanted_index(p->seg_n), seg = 0, hit_seg = 0;
    struct edit_walk w = {.e = e};
    struct edit_line *l = NULL, *hit = NULL;
    *out_count = 0;
    if (!e->is_reshaped && p->seg_n != PATH_APPEND) {
        hit = find_unshaped(e, p);
        if (hit) {
            return hit;
        }
    }
    while (*out_count != want && edit_next(&w, &seg, &l)) {
        if (memcmp(id_at(e, seg, l), p->seg, 4) == 0) {
            hit_seg = seg;
            hit = l;
            ++*out_count;
        }
    }
    bool found = *out_count == want || (p->seg_n == PATH_LAST && *out_count > 0);
    return !found ? NULL : hit ? hit : edit_line_of(e, hit_seg);
}

/* The last line there is, removed or not: new ones go behind it. */
static struct edit_line *last_line(struct edit *e)
{
    struct edit_line *l = edit_line_of(e, e->m->segs - 1);
    while (l->behind) {
        l = l->behind;
    }
    return l;
}

/* A segment that is not there: a new line at the end. */
static int create(struct edit *e, const struct path *p, uint32_t count, struct str raw)
{
    uint32_t want = wanted_index(p->seg_n);
    struct edit_line *l = NULL;
    if (want != PATH_APPEND && want != PATH_LAST && want != count + 1) {
        return ERR_NOT_FOUND;
    }
    if (!raw.n) {
        return 0;
    }
    bool was_changed = e->is_changed;
    struct str text = p->field ? str_dup(e->a, str_from(p->seg, 3)) : raw;
    int rc = edit_line_add(e, last_line(e), text, &l);
    if (rc == 0 && p->field) {
        rc = edit_set_field(e, l, p, raw);
    }
    if (rc != 0) {
        if (l) {
            l->is_gone = true;
        }
        e->is_changed = was_changed;
    }
    return rc;
}

struct edit *edit_new(struct arena *a, const struct hl7 *m)
{
    struct edit *e = ARENA_NEW(a, struct edit);
    e->a = a;
    e->m = m;
    return e;
}

int edit_set(struct edit *e, const struct path *p, struct str raw)
{
    uint32_t count;
    int rc = edit_is_definite(p) ? edit_check_raw(e, p, raw) : ERR_USAGE;
    if (rc != 0) {
        return rc;
    }
    struct edit_line *l = find_line(e, p, &count);
    if (!l) {
        return create(e, p, count, raw);
    }
    return p->field ? edit_set_field(e, l, p, raw) : edit_set_segment(e, l, raw);
}

int edit_delete(struct edit *e, const struct path *p)
{
    uint32_t count;
    if (!edit_is_definite(p)) {
        return ERR_USAGE;
    }
    struct edit_line *l = find_line(e, p, &count);
    if (!l) {
        return 0;
    }
    return p->field ? edit_line_delete(e, l, p) : edit_line_remove(e, l);
}

int edit_add_segment(struct edit *e, uint32_t after, struct str line)
{
    struct edit_walk w = {.e = e};
    struct edit_line *l, *made;
    uint32_t seg;
    do {
        if (!edit_next(&w, &seg, &l)) {
            return line.n ? ERR_NOT_FOUND : ERR_USAGE;
        }
    } while (after--);
    return edit_line_add(e, l ? l : edit_line_of(e, seg), line, &made);
}

bool edit_is_changed(const struct edit *e)
{
    return e->is_changed;
}
