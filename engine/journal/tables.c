#include "engine/journal/tables.h"

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/mem.h"

#include <stdlib.h>

static char *copy(struct str s)
{
    char *p = xmalloc(s.n + 1);
    if (s.n) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = '\0';
    return p;
}

static struct tables_row *map_find(const struct tables_map *m, struct str key)
{
    size_t i = (size_t)hash64_str(key, 0) & (m->cap - 1);
    while (m->v[i].key && !str_eq(str_from(m->v[i].key, m->v[i].nkey), key)) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->v[i];
}

/* Rows without a value are forgotten here: their key may come back. */
static void map_grow(struct tables_map *m)
{
    struct tables_map old = *m;
    size_t live = 0;
    for (size_t i = 0; i < old.cap; i++) {
        live += old.v[i].value != NULL;
    }
    *m = (struct tables_map){.cap = 16, .n = live};
    while (m->cap < live * 4) {
        m->cap *= 2;
    }
    m->v = xcalloc(m->cap, sizeof(*m->v));
    for (size_t i = 0; i < old.cap; i++) {
        struct tables_row *r = &old.v[i];
        if (r->value) {
            *map_find(m, str_from(r->key, r->nkey)) = *r;
        } else {
            free(r->key);
        }
    }
    free(old.v);
}

static struct tables_row *map_set(struct tables_map *m, struct str key, struct str value)
{
    if ((m->n + 1) * 2 > m->cap) {
        map_grow(m);
    }
    struct tables_row *r = map_find(m, key);
    if (!r->key) {
        r->key = copy(key);
        r->nkey = key.n;
        m->n++;
    }
    free(r->value);
    r->value = value.n ? copy(value) : NULL;
    r->nvalue = value.n;
    return r;
}

static struct str map_get(const struct tables_map *m, struct str key)
{
    const struct tables_row *r = m->n ? map_find(m, key) : NULL;
    return r && r->value ? str_from(r->value, r->nvalue) : str_from("", 0);
}

static void map_free(struct tables_map *m)
{
    for (size_t i = 0; i < m->cap; i++) {
        free(m->v[i].key);
        free(m->v[i].value);
    }
    free(m->v);
    *m = (struct tables_map){0};
}

void tables_free(struct tables *t)
{
    for (int kind = 0; kind < TABLES_KINDS; kind++) {
        map_free(&t->ids[kind]);
        free(t->names[kind]);
    }
    map_free(&t->states);
    *t = (struct tables){0};
}

uint32_t tables_name_id(const struct tables *t, enum journal_kind kind, struct str name)
{
    struct str v = map_get(&t->ids[kind], name);
    return v.n == sizeof(uint32_t) ? wire_load32(v.p) : 0;
}

struct str tables_name_text(const struct tables *t, enum journal_kind kind, uint32_t id)
{
    return id > 0 && id <= t->nnames[kind] ? t->names[kind][id] : str_from("", 0);
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
    if (id <= t->nnames[kind] || id >= TABLES_NAMES_MAX || tables_name_id(t, kind, name)) {
        return ERR_DAMAGE;
    }
    char bytes[4];
    wire_store32(bytes, id);
    const struct tables_row *r = map_set(&t->ids[kind], name, str_from(bytes, sizeof(bytes)));
    names_reserve(t, kind, id);
    t->names[kind][id] = str_from(r->key, r->nkey);
    t->nnames[kind] = id;
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
        map_set(&t->states, str_from(k, n), value);
    }
}

struct str tables_state(const struct tables *t, struct str owner, struct str key)
{
    char k[TABLES_KEY_MAX];
    size_t n = state_key(owner, key, k);
    return n ? map_get(&t->states, str_from(k, n)) : str_from("", 0);
}

void tables_put(const struct tables *t, struct buf *out)
{
    for (int kind = 0; kind < TABLES_KINDS; kind++) {
        wire_put_var(out, t->nnames[kind]);
        for (uint32_t id = 1; id <= t->nnames[kind]; id++) {
            wire_put_str(out, t->names[kind][id]);
        }
    }
    size_t live = 0;
    for (size_t i = 0; i < t->states.cap; i++) {
        live += t->states.v[i].value != NULL;
    }
    wire_put_var(out, live);
    for (size_t i = 0; i < t->states.cap; i++) {
        const struct tables_row *r = &t->states.v[i];
        if (r->value) {
            wire_put_str(out, str_from(r->key, r->nkey));
            wire_put_str(out, str_from(r->value, r->nvalue));
        }
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
            map_set(&t->states, key, value);
        }
    }
}
