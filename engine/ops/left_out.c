#include "engine/ops/left_out_own.h"

#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"

struct left_out {
    struct arena a;    /* places; they are never given up */
    struct map places; /* "at NUL behind" -> struct left_out_place */
    struct buf key;
    uint64_t messages, uncounted;
};

struct left_out *left_out_new(void)
{
    return X_NEW(struct left_out);
}

void left_out_free(struct left_out **tp)
{
    struct left_out *t = *tp;
    *tp = NULL;
    if (t) {
        map_free(&t->places);
        arena_free(&t->a);
        buf_free(&t->key);
        free(t);
    }
}

struct str left_out_keep(struct left_out *t, struct str s)
{
    return str_dup(&t->a, s);
}

/* ---- counting ---- */

static struct left_out_place *place_of(struct left_out *t, struct str at, struct str behind)
{
    buf_clear(&t->key);
    buf_put_str(&t->key, at);
    buf_putc(&t->key, '\0');
    buf_put_str(&t->key, behind);
    struct left_out_place *p = map_get(&t->places, buf_str(&t->key));
    if (p || t->places.used == LEFT_OUT_PLACES) {
        return p;
    }
    struct str key = str_dup(&t->a, buf_str(&t->key));
    p = ARENA_NEW(&t->a, struct left_out_place);
    p->at = str_slice(key, 0, at.n);
    p->behind = str_slice(key, at.n + 1, key.n);
    (void)map_put(&t->places, key, p); /* it is new */
    return p;
}

void left_out_begin(struct left_out *t)
{
    t->messages++;
}

struct left_out_place *left_out_count(struct left_out *t, const struct left_out_from *from,
                                      struct str at, struct str behind, bool is_left)
{
    struct left_out_place *p = place_of(t, at, behind);
    if (!p) {
        t->uncounted += is_left;
        return NULL;
    }
    p->held += p->held_in != from->number;
    p->held_in = from->number;
    if (is_left && p->left_in != from->number) {
        p->left++;
        p->left_in = from->number;
    }
    if (is_left && !p->first) {
        p->first = from->number;
        p->file = str_dup(&t->a, str_of(from->file));
        p->line = from->line;
    }
    return p;
}

static void add(struct left_out *t, const struct left_out_place *other)
{
    struct left_out_place *p = place_of(t, other->at, other->behind);
    if (!p) {
        t->uncounted += other->left;
        return;
    }
    p->held += other->held;
    p->left += other->left;
    if (other->first && (!p->first || other->first < p->first)) {
        p->first = other->first;
        p->file = str_dup(&t->a, other->file);
        p->line = other->line;
        p->name = str_dup(&t->a, other->name);
        p->part = str_dup(&t->a, other->part);
    }
}

void left_out_merge(struct left_out *t, const struct left_out *other)
{
    size_t cursor = 0;
    struct str key;
    void *p;
    while (map_next(&other->places, &cursor, &key, &p)) {
        add(t, p);
    }
    t->messages += other->messages;
    t->uncounted += other->uncounted;
}

/* ---- what was found ---- */

static int by_messages(const void *x, const void *y)
{
    const struct left_out_place *a = *(struct left_out_place *const *)x,
                                *b = *(struct left_out_place *const *)y;
    int order = str_cmp(a->at, b->at);
    return a->left != b->left ? (a->left < b->left ? 1 : -1)
           : order            ? order
                              : str_cmp(a->behind, b->behind);
}

const struct left_out_place *const *left_out_places(const struct left_out *t, struct arena *a,
                                                    size_t *out_n)
{
    const struct left_out_place **v =
        ARENA_ARRAY(a, const struct left_out_place *, t->places.used + 1);
    size_t cursor = 0, n = 0;
    struct str key;
    void *p;
    while (map_next(&t->places, &cursor, &key, &p)) {
        v[n] = p;
        n += v[n]->left > 0;
    }
    qsort(v, n, sizeof(*v), by_messages);
    *out_n = n;
    return v;
}

uint64_t left_out_messages(const struct left_out *t)
{
    return t->messages;
}

uint64_t left_out_uncounted(const struct left_out *t)
{
    return t->uncounted;
}
