#include "engine/rules/recall.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/base/mem.h"
#include "engine/hl7/shapes.h"
#include "engine/rules/table.h"

enum {
    PLACES = 4096, /* lists of entries; a power of 2 */
    CONTEXTS = 2 * RECALL_CONTEXTS,
    SIGHTS = 4096,
    SIGHTS_BESIDE = 2, /* else two keys of each message that meet in one would never be met again */
    HABITS = 256,      /* maps by their number */
    TRIES = 1024,      /* uses of a map until it is judged */
    WORTH = 4,         /* one of so many should be found */
    RESTS = 16384,     /* uses of one that is not worth it until it is tried again */
};

struct entry {
    struct str key;
    unsigned context;
    struct recall_made made;
};

/* Hashes beside what they lead to: entries lie far apart, and most that are looked for are not there. */
struct place {
    uint64_t hash;
    const struct entry *entry; /* NULL: free */
};

/* What was made or asked for since the half before was full. */
struct half {
    struct arena a;
    struct place at[PLACES]; /* by hash, or behind it */
    unsigned n;
};

struct context {
    uint64_t hash;
    struct str text; /* p NULL: none */
};

struct habit {
    uint16_t asked, found, rests;
};

struct recall {
    size_t bytes_most;
    struct half *young, *old;
    struct arena names; /* of contexts */
    struct context contexts[CONTEXTS];
    unsigned ncontexts, context; /* the one of this output */
    uint32_t sights[SIGHTS]
                   [SIGHTS_BESIDE]; /* hashes of keys that were met, by other bits of them */
    struct habit habits[HABITS];
    uint64_t found;
    struct shapes *shapes;
};

struct recall *recall_new(size_t bytes_most)
{
    struct recall *r = X_NEW(struct recall);
    r->bytes_most = bytes_most;
    r->young = X_NEW(struct half);
    r->old = X_NEW(struct half);
    r->shapes = shapes_new();
    return r;
}

void recall_free(struct recall **rp)
{
    struct recall *r = *rp;
    *rp = NULL;
    if (r) {
        arena_free(&r->young->a);
        arena_free(&r->old->a);
        arena_free(&r->names);
        free(r->young);
        free(r->old);
        shapes_free(&r->shapes);
        free(r);
    }
}

uint64_t recall_found(const struct recall *r)
{
    return r->found;
}

struct shapes *recall_shapes(struct recall *r)
{
    return r->shapes;
}

/* ---- halves ---- */

static void forget(struct half *h, size_t bytes_most)
{
    arena_reset_to(&h->a, bytes_most);
    memset(h->at, 0, sizeof(h->at));
    h->n = 0;
}

/* The older half goes. */
static void turn(struct recall *r)
{
    struct half *old = r->old;
    forget(old, r->bytes_most / 2);
    r->old = r->young;
    r->young = old;
}

static void forget_all(struct recall *r)
{
    forget(r->young, r->bytes_most / 2);
    forget(r->old, r->bytes_most / 2);
    arena_reset(&r->names);
    memset(r->contexts, 0, sizeof(r->contexts));
    r->ncontexts = 0;
}

/* Its place, or the free one where it would be. */
static unsigned place_of(const struct recall *r, uint64_t hash, struct str context)
{
    unsigned i = (unsigned)(hash % CONTEXTS);
    for (const struct context *c = &r->contexts[i]; c->text.p; c = &r->contexts[i]) {
        if (c->hash == hash && str_eq(c->text, context)) {
            break;
        }
        i = (i + 1) % CONTEXTS;
    }
    return i;
}

static unsigned context_of(struct recall *r, struct str context)
{
    uint64_t hash = hash64_str(context, 0);
    unsigned i = place_of(r, hash, context);
    if (r->contexts[i].text.p) {
        return i;
    }
    if (r->ncontexts == RECALL_CONTEXTS) {
        forget_all(r);
        i = place_of(r, hash, context);
    }
    r->contexts[i] = (struct context){hash, str_dup(&r->names, context)};
    r->ncontexts++;
    return i;
}

void recall_begin(struct recall *r, struct str context)
{
    if (arena_used(&r->young->a) > r->bytes_most / 2 || r->young->n > PLACES / 2) {
        turn(r);
    }
    r->context = context_of(r, context);
}

/* ---- what is worth it ---- */

bool recall_is_worth(struct recall *r, unsigned map)
{
    struct habit *h = &r->habits[map % HABITS];
    if (h->rests) {
        h->rests--;
        return false;
    }
    if (h->asked == TRIES) {
        bool is_worth = h->found * WORTH >= TRIES;
        *h = (struct habit){.rests = is_worth ? 0 : RESTS};
    }
    h->asked++;
    return true;
}

/* ---- copies ---- */

/* As deep as the tree, whose depth has a bound. Keys that are known to be plain are the ruleset's (json_plain_key()). */
static struct json *copy_json(struct arena *a, const struct json *v)
{
    struct json *copy = json_alias(a, v);
    copy->key = v->is_key_plain ? v->key : str_dup(a, v->key);
    copy->text = str_dup(a, v->text);
    copy->first = copy->last = NULL;
    json_each(child, v)
    {
        struct json *one = copy_json(a, child);
        *(copy->last ? &copy->last->next : &copy->first) = one;
        copy->last = one;
    }
    return copy;
}

/* Most that is asked for again is written as it is. */
static struct json *copy_written(struct arena *a, const struct json *v)
{
    struct json *copy = copy_json(a, v);
    if (!copy->text.n) {
        json_keep_written(a, copy);
    }
    return copy;
}

struct rules_miss *recall_misses(struct arena *a, const struct rules_miss *from,
                                 const struct rules_miss *until, struct rules_miss *rest)
{
    struct rules_miss *newest = rest, **end = &newest;
    for (const struct rules_miss *one = from; one != until; one = one->next) {
        unsigned n = one->table->nkeys;
        struct str *keys = ARENA_ARRAY(a, struct str, n);
        for (unsigned i = 0; i < n; i++) {
            keys[i] = str_dup(a, one->keys[i]);
        }
        struct rules_miss *copy = ARENA_NEW(a, struct rules_miss);
        *copy = (struct rules_miss){one->table, keys, one->pos, rest};
        *end = copy;
        end = &copy->next;
    }
    return newest;
}

/* Where it is, or the free place where it would be. */
static struct place *place_in(struct half *h, uint64_t hash, struct str key, unsigned context)
{
    size_t i = hash % PLACES;
    for (const struct entry *e; (e = h->at[i].entry) != NULL; i = (i + 1) % PLACES) {
        if (h->at[i].hash == hash && e->context == context && str_eq(e->key, key)) {
            break;
        }
    }
    return &h->at[i];
}

/* One message may bring more than there is room for: those are not kept. */
static const struct entry *keep(struct recall *r, uint64_t hash, struct str key,
                                const struct recall_made *made)
{
    struct half *h = r->young;
    struct place *place = place_in(h, hash, key, r->context);
    if (place->entry || h->n == PLACES - 1) {
        return place->entry;
    }
    struct entry *e = arena_alloc(&h->a, sizeof(*e));
    *e = (struct entry){str_dup(&h->a, key), r->context, *made};
    e->made.json = made->json ? copy_written(&h->a, made->json) : NULL;
    e->made.misses = recall_misses(&h->a, made->misses, made->until, NULL);
    e->made.until = NULL;
    *place = (struct place){hash, e};
    h->n++;
    return e;
}

static bool was_met(struct recall *r, uint64_t hash)
{
    uint32_t *sight = r->sights[hash % SIGHTS], tag = (uint32_t)(hash >> 32);
    bool was = sight[0] == tag || sight[1] == tag;
    if (!was) {
        sight[1] = sight[0];
        sight[0] = tag;
    }
    return was;
}

void recall_keep(struct recall *r, const struct recall_key *key, const struct recall_made *made)
{
    struct str bytes = str_from(key->bytes, key->n);
    uint64_t hash = hash64_str(bytes, r->context);
    if (was_met(r, hash)) {
        (void)keep(r, hash, bytes, made);
    }
}

const struct recall_made *recall_find(struct recall *r, unsigned map, const struct recall_key *key)
{
    struct str bytes = str_from(key->bytes, key->n);
    uint64_t hash = hash64_str(bytes, r->context);
    const struct entry *e = place_in(r->young, hash, bytes, r->context)->entry;
    if (!e) {
        e = place_in(r->old, hash, bytes, r->context)->entry;
        e = e ? keep(r, hash, bytes, &e->made) : NULL;
    }
    struct habit *h = &r->habits[map % HABITS];
    h->found = (uint16_t)(h->found + (e != NULL));
    r->found += e != NULL;
    return e ? &e->made : NULL;
}
