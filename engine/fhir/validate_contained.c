/* Contained resources. Source: FHIR R4 "References" 2.3.0.2, dom-2 to dom-5. */
#include <stdlib.h>

#include "engine/fhir/validate_priv.h"

static int by_id(const void *left, const void *right)
{
    const struct fhir_contained *a = left, *b = right;
    int order = str_cmp(a->id, b->id);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* Does one before it have the same id? */
static bool is_twin(const struct fhir_holder *h, const struct fhir_contained *c)
{
    return c > h->v && c->id.n && str_eq(c[-1].id, c->id);
}

void fhir_holder_begin(struct fhir_walk *w, const struct fhir_place *place, struct fhir_holder *h)
{
    const struct json *contained = json_get(place->json, "contained");
    *h = (struct fhir_holder){.json = place->json};
    if (!contained || contained->kind != JSON_ARRAY || !contained->count) {
        return;
    }
    h->v = ARENA_ARRAY(w->r->a, struct fhir_contained, contained->count);
    h->at = ARENA_ARRAY(w->r->a, struct fhir_contained *, contained->count);
    json_each(j, contained)
    {
        h->v[h->n] = (struct fhir_contained){j, json_text(json_get(j, "id")), h->n, false};
        h->n++;
    }
    qsort(h->v, h->n, sizeof *h->v, by_id);
    for (unsigned i = 0; i < h->n; i++) {
        h->at[h->v[i].index] = &h->v[i];
    }
}

struct fhir_contained *fhir_contained_use(struct fhir_walk *w, struct str id)
{
    const struct fhir_holder *h = w->holder;
    unsigned lo = 0, hi = h ? h->n : 0;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        bool below = str_cmp(h->v[mid].id, id) < 0;
        lo = below ? mid + 1 : lo;
        hi = below ? hi : mid;
    }
    if (!h || lo == h->n || !str_eq(h->v[lo].id, id)) {
        return NULL;
    }
    h->v[lo].is_used = true;
    return &h->v[lo];
}

static void check_one(struct fhir_walk *w, const struct fhir_place *place,
                      const struct fhir_holder *h, unsigned i)
{
    const struct fhir_contained *c = h->at[i];
    const struct json *meta = json_get(c->json, "meta");
    const struct str name = STR("contained");
    const char *text = NULL;
    if (c->json->kind != JSON_OBJECT) {
        return; /* told already */
    }
    if (!c->id.n) {
        text = "a contained resource without an id; expected one";
    } else if (is_twin(h, c)) {
        text = "two contained resources of one id; expected an id of its own";
    } else if (!c->is_used) {
        text = "nothing in the resource refers to what it contains here, and that does not refer "
               "to the resource; expected a reference to # and its id";
    } else if (json_get(c->json, "contained")) {
        text = "a contained resource that contains others; expected all of them in the resource "
               "around";
    } else if (json_get(meta, "versionId") || json_get(meta, "lastUpdated") ||
               json_get(meta, "security")) {
        text = "a contained resource with a version, time of update or security label; expected "
               "none of these";
    }
    if (text) {
        fhir_found(w->r, FHIR_RULE_CONTAINED, place, name, (int32_t)i, c->json->at, "%s", text);
    }
}

void fhir_holder_end(struct fhir_walk *w, const struct fhir_place *place,
                     const struct fhir_holder *h)
{
    for (unsigned i = 0; i < h->n; i++) {
        check_one(w, place, h, i);
    }
}
