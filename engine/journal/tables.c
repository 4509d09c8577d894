#include "engine/journal/tables.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <stdlib.h>

/* One state; the map's key is its own copy. */
struct state {
    struct str key, value;
};

static struct str copy(struct str s)
{
    char *p = xmalloc(s.n + 1);
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    return str_from(p, s.n);
}

static void state_free(struct state *s)
{
    if (s) {
        free((char *)s->key.p);
        free((char *)s->value.p);
        free(s);
    }
}

static void state_put(struct tables *t, struct str key, struct str value)
{
    state_free(map_remove(&t->states, key));
    if (value.n) {
        struct state *s = X_NEW(struct state);
        *s = (struct state){copy(key), copy(value)};
        (void)map_put(&t->states, s->key, s); /* it was taken out above */
    }
}

void tables_free(struct tables *t)
{
    size_t at = 0;
    struct str key;
    void *s;
    for (int kind = 0; kind < TABLES_KINDS; kind++) {
        map_free(&t->ids[kind]);
        for (uint32_t id = 0; id <= t->nnames[kind] && t->names[kind]; id++) {
            if (t->names[kind][id].n) {
                free((char *)t->names[kind][id].p);
            }
        }
        free(t->names[kind]);
    }
    while (map_next(&t->states, &at, &key, &s)) {
        state_free(s);
    }
    map_free(&t->states);
    *t = (struct tables){0};
}

/* A name is kept as it was first, and behind a NUL as it is now when it was renamed. */
static size_t first_size(struct str stored)
{
    const char *nul = stored.n ? memchr(stored.p, '\0', stored.n) : NULL;
    return nul ? (size_t)(nul - stored.p) : stored.n;
}

static struct str name_now(struct str stored)
{
    size_t first = first_size(stored);
    return first < stored.n ? str_slice(stored, first + 1, stored.n) : stored;
}

uint32_t tables_name_id(const struct tables *t, enum journal_kind kind, struct str name)
{
    return (uint32_t)(uintptr_t)map_get(&t->ids[kind], name);
}

struct str tables_name_text(const struct tables *t, enum journal_kind kind, uint32_t id)
{
    return id > 0 && id <= t->nnames[kind] ? name_now(t->names[kind][id]) : str_from("", 0);
}

struct str tables_name_first(const struct tables *t, enum journal_kind kind, uint32_t id)
{
    struct str stored = id > 0 && id <= t->nnames[kind] ? t->names[kind][id] : str_from("", 0);
    return str_slice(stored, 0, first_size(stored));
}

static void names_reserve(struct tables *t, enum journal_kind kind, uint32_t id)
{
    if (id < t->cap[kind]) {
        return;
    }
    uint32_t cap = t->cap[kind] ? t->cap[kind] : 16;
    while (cap <= id) {
        cap *= 2;
    }
    t->names[kind] = xrealloc(t->names[kind], cap * sizeof(struct str));
    for (uint32_t i = t->cap[kind]; i < cap; i++) {
        t->names[kind][i] = str_from("", 0);
    }
    t->cap[kind] = cap;
}

int tables_name_add(struct tables *t, enum journal_kind kind, uint32_t id, struct str name)
{
    struct str now = name_now(name);
    if (id <= t->nnames[kind] || id >= TABLES_NAMES_MAX || !now.n || first_size(name) == 0 ||
        tables_name_id(t, kind, now)) {
        return ERR_DAMAGE;
    }
    names_reserve(t, kind, id);
    t->names[kind][id] = copy(name);
    t->nnames[kind] = id;
    now = name_now(t->names[kind][id]);
    (void)map_put(&t->ids[kind], now, (void *)(uintptr_t)id); /* it is new */
    return 0;
}

int tables_rename(struct tables *t, enum journal_kind kind, uint32_t id, struct str name)
{
    struct str first = tables_name_first(t, kind, id);
    if (!first.n || !name.n || first_size(name) < name.n || tables_name_id(t, kind, name)) {
        return ERR_DAMAGE;
    }
    struct str old = t->names[kind][id];
    char *p = xmalloc(first.n + 1 + name.n + 1);
    memcpy(p, first.p, first.n);
    p[first.n] = '\0';
    memcpy(p + first.n + 1, name.p, name.n);
    p[first.n + 1 + name.n] = '\0';
    bool is_back = str_eq(first, name);             /* it is called as at first again */
    (void)map_remove(&t->ids[kind], name_now(old)); /* it was there */
    t->names[kind][id] = str_from(p, is_back ? first.n : first.n + 1 + name.n);
    (void)map_put(&t->ids[kind], name_now(t->names[kind][id]),
                  (void *)(uintptr_t)id); /* asked above */
    free((char *)old.p);
    return 0;
}

/* "owner NUL key": owners hold no NUL. */
static size_t state_key(struct str owner, struct str key, char out[TABLES_KEY_MAX])
{
    if (owner.n + key.n + 1 > TABLES_KEY_MAX) {
        return 0;
    }
    memcpy(out, owner.p ? owner.p : "", owner.n);
    out[owner.n] = '\0';
    memcpy(out + owner.n + 1, key.p ? key.p : "", key.n);
    return owner.n + 1 + key.n;
}

void tables_state_set(struct tables *t, struct str owner, struct str key, struct str value)
{
    char k[TABLES_KEY_MAX];
    size_t n = state_key(owner, key, k);
    if (n) {
        state_put(t, str_from(k, n), value);
    }
}

struct str tables_state(const struct tables *t, struct str owner, struct str key)
{
    char k[TABLES_KEY_MAX];
    size_t n = state_key(owner, key, k);
    const struct state *s = n ? map_get(&t->states, str_from(k, n)) : NULL;
    return s ? s->value : str_from("", 0);
}

bool tables_state_next(const struct tables *t, struct str owner, size_t *cursor,
                       struct str *out_key, struct str *out_value)
{
    struct str key;
    void *value;
    while (map_next(&t->states, cursor, &key, &value)) {
        if (key.n > owner.n && key.p[owner.n] == '\0' && memcmp(key.p, owner.p, owner.n) == 0) {
            *out_key = str_slice(key, owner.n + 1, key.n);
            *out_value = ((const struct state *)value)->value;
            return true;
        }
    }
    return false;
}

void tables_put(const struct tables *t, struct buf *out)
{
    for (int kind = 0; kind < TABLES_KINDS; kind++) {
        wire_put_var(out, t->nnames[kind]);
        for (uint32_t id = 1; id <= t->nnames[kind]; id++) {
            wire_put_str(out, t->names[kind][id]);
        }
    }
    size_t at = 0;
    struct str key;
    void *value;
    wire_put_var(out, t->states.used);
    while (map_next(&t->states, &at, &key, &value)) {
        wire_put_str(out, key);
        wire_put_str(out, ((const struct state *)value)->value);
    }
}

void tables_get(struct tables *t, struct wire *w)
{
    for (int kind = 0; kind < TABLES_KINDS; kind++) {
        uint32_t n = wire_count(w, 1);
        for (uint32_t id = 1; id <= n && !w->is_bad; id++) {
            struct str name = wire_str(w);
            w->is_bad |= name.n && tables_name_add(t, (enum journal_kind)kind, id, name) != 0;
        }
        if (!w->is_bad && n > t->nnames[kind]) { /* ids at the end whose names were empty */
            names_reserve(t, (enum journal_kind)kind, n);
            t->nnames[kind] = n;
        }
    }
    uint32_t n = wire_count(w, 2);
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        struct str key = wire_str(w);
        struct str value = wire_str(w);
        if (!w->is_bad && key.n) {
            state_put(t, key, value);
        }
    }
}
