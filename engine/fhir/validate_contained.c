/* Contained resources. Source: FHIR R4 "References" 2.3.0.2, dom-2 to dom-5. */
#include "engine/fhir/validate_priv.h"

static const struct fhir_contained *twin(const struct fhir_holder *h, unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        if (h->v[i].id.n && str_eq(h->v[k].id, h->v[i].id)) {
            return &h->v[k];
        }
    }
    return NULL;
}

void fhir_holder_begin(struct fhir_walk *w, const struct fhir_place *place, struct fhir_holder *h)
{
    const struct json *contained = json_get(place->json, "contained");
    *h = (struct fhir_holder){.json = place->json};
    if (!contained || contained->kind != JSON_ARRAY) {
        return;
    }
    h->v = ARENA_ARRAY(w->r->a, struct fhir_contained, contained->count + 1);
    json_each(j, contained)
    {
        h->v[h->n++] = (struct fhir_contained){j, json_text(json_get(j, "id")), false};
    }
}

static void check_one(struct fhir_walk *w, const struct fhir_place *place,
                      const struct fhir_holder *h, unsigned i)
{
    const struct fhir_contained *c = &h->v[i];
    const struct json *meta = json_get(c->json, "meta");
    const struct str name = STR("contained");
    const char *text = NULL;
    if (c->json->kind != JSON_OBJECT) {
        return; /* told already */
    }
    if (!c->id.n) {
        text = "a contained resource without an id";
    } else if (twin(h, i)) {
        text = "two contained resources of one id";
    } else if (!c->is_used) {
        text = "nothing in the resource refers to what it contains here, and that does not refer "
               "to the resource";
    } else if (json_get(c->json, "contained")) {
        text = "a contained resource that contains others";
    } else if (json_get(meta, "versionId") || json_get(meta, "lastUpdated") ||
               json_get(meta, "security")) {
        text = "a contained resource with a version, time of update or security label";
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
