/* Lists that hold each value once: union and distinct. */
#include "engine/rules/eval_priv.h"

#include "engine/base/hash.h"

enum { PLACES_FEW = 64 }; /* more of them than that are not compared each with each */

static bool is_place(const struct value *v)
{
    return v->kind == VALUE_SEGMENT || v->kind == VALUE_GROUP;
}

static bool are_places(const struct value *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!is_place(&v[i])) {
            return false;
        }
    }
    return true;
}

/* Segments and groups of a message, which are equal where they are the same. */
struct places {
    const struct group **v; /* NULL: a free place */
    uint32_t mask;          /* places, a power of two, without one */
};

static struct places places_for(struct arena *a, uint32_t most)
{
    uint32_t n = 2 * PLACES_FEW;
    while (n / 2 < most && n < UINT32_MAX / 2) {
        n *= 2;
    }
    return (struct places){ARENA_ARRAY(a, const struct group *, n), n - 1};
}

/* Is it new? It is there afterwards. */
static bool meet(struct places *p, const struct group *leaf)
{
    uint64_t word = (uintptr_t)leaf;
    uint32_t at = (uint32_t)hash64_str(str_from((const char *)&word, sizeof(word)), 0) & p->mask;
    while (p->v[at] && p->v[at] != leaf) {
        at = (at + 1) & p->mask;
    }
    bool is_new = p->v[at] == NULL;
    p->v[at] = leaf;
    return is_new;
}

static bool places_once(struct eval *e, const struct node *n, uint32_t first, uint32_t from,
                        struct values *l)
{
    struct places met = places_for(e->a, l->n - first);
    uint32_t kept = from;
    for (uint32_t i = first; i < from; i++) {
        (void)meet(&met, l->v[i].leaf); /* known, and told apart before */
    }
    for (uint32_t i = from; i < l->n; i++) {
        if (!eval_step(e, n)) {
            return false;
        }
        if (meet(&met, l->v[i].leaf)) {
            l->v[kept++] = l->v[i];
        }
    }
    l->n = kept;
    return true;
}

bool eval_once(struct eval *e, const struct node *n, uint32_t first, uint32_t from,
               struct values *l)
{
    uint32_t kept = from;
    if (l->n - first > PLACES_FEW && are_places(l->v + first, l->n - first)) {
        return places_once(e, n, first, from, l);
    }
    for (uint32_t i = from; i < l->n; i++) {
        const struct values known = {l->v + first, kept - first, kept - first};
        if (eval_among(e, n, &l->v[i], &known)) {
            lineage_again(e->lineage, &l->v[i], &known);
            continue;
        }
        if (e->fault.text.n) {
            return false;
        }
        if (kept != i) {
            l->v[kept] = l->v[i];
        }
        kept++;
    }
    l->n = kept;
    return true;
}
