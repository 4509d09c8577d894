/* Bundles: entries have URLs, those of their resources. Source: FHIR R4 "Bundle" 2.36.3, bdl-7. */
#include "engine/fhir/literal.h"
#include "engine/fhir/validate_priv.h"

static struct str version_of(const struct fhir_entry *e)
{
    return json_text(json_get(json_get(e->resource, "meta"), "versionId"));
}

/* Two entries of one URL are versions of one resource. Source: bdl-7. */
static void check_urls(struct fhir_walk *w, const struct fhir_place *place,
                       const struct fhir_bundle *b)
{
    bool history = str_is(json_text(json_get(b->index.bundle, "type")), "history");
    for (unsigned i = 1; i < b->index.urls && !history; i++) {
        const struct fhir_entry *one = &b->index.by_url[i - 1], *two = &b->index.by_url[i];
        if (str_eq(one->key, two->key) && str_eq(version_of(one), version_of(two))) {
            fhir_found(w->r, FHIR_RULE_BUNDLES, place, STR("entry"), -1, two->entry->at,
                       "two entries of one fullUrl and version; expected each once");
        }
    }
}

void fhir_bundle_begin(struct fhir_walk *w, const struct fhir_place *place, struct fhir_bundle *b)
{
    struct str type = json_text(json_get(place->json, "type"));
    const struct json *first = json_at(json_get(place->json, "entry"), 0);
    b->has_requests = str_starts(type, STR("transaction")) || str_starts(type, STR("batch"));
    b->composition = str_is(type, "document") ? json_get(first, "resource") : NULL;
    fhir_bundle_index(&b->index, w->r->a, place->json);
    check_urls(w, place, b);
}

void fhir_check_entry(struct fhir_walk *w, const struct fhir_place *place)
{
    struct str url = w->full_url, id = json_text(json_get(place->json, "id")), said;
    const struct json *at = json_get(place->up->json, "fullUrl");
    if (!url.n && !w->bundle->has_requests) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, place->up->json->at,
                   "an entry without fullUrl; only in a batch or transaction it may have none");
    }
    if (!url.n) {
        return;
    }
    if (!fhir_is_absolute(url)) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, at->at,
                   "fullUrl is not absolute");
        return;
    }
    unsigned t = fhir_reference_type(url, &said);
    if (t && id.n && (t != place->type || !str_eq(id, said))) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, at->at,
                   "fullUrl names another type or id than the resource has");
    }
}
