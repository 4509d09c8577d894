/* Bundles: entries have URLs, those of their resources. Source: FHIR R4 "Bundle" 2.36.3, bdl-7. */
#include <stdlib.h>

#include "engine/fhir/literal.h"
#include "engine/fhir/validate_priv.h"

/* What may stand once in a Bundle: a URL in one version. */
struct named {
    struct str url, version;
    const struct json *entry;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int order = str_cmp(a->url, b->url);
    order = order ? order : str_cmp(a->version, b->version);
    return order ? order : (a->entry->at > b->entry->at) - (a->entry->at < b->entry->at);
}

/* The entries that have a URL, sorted; with a resource or, as one that is deleted, without. */
static unsigned list_named(struct arena *a, const struct json *entries, struct named **out)
{
    unsigned n = 0;
    bool is_list = entries && entries->kind == JSON_ARRAY;
    struct named *v = ARENA_ARRAY(a, struct named, is_list ? entries->count + 1 : 1);
    json_each(entry, is_list ? entries : NULL)
    {
        const struct json *meta = json_get(json_get(entry, "resource"), "meta");
        struct str url = json_text(json_get(entry, "fullUrl"));
        if (url.n) {
            v[n++] = (struct named){url, json_text(json_get(meta, "versionId")), entry};
        }
    }
    qsort(v, n, sizeof *v, by_name);
    *out = v;
    return n;
}

/* Two entries of one URL are versions of one resource. Source: bdl-7. */
static void check_urls(struct fhir_walk *w, const struct fhir_place *place)
{
    struct named *v;
    if (str_is(json_text(json_get(place->json, "type")), "history")) {
        return;
    }
    unsigned n = list_named(w->r->a, json_get(place->json, "entry"), &v);
    for (unsigned i = 1; i < n; i++) {
        if (str_eq(v[i - 1].url, v[i].url) && str_eq(v[i - 1].version, v[i].version)) {
            fhir_found(w->r, FHIR_RULE_BUNDLES, place, STR("entry"), -1, v[i].entry->at,
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
    b->header = str_is(type, "message") ? json_get(first, "resource") : NULL;
    fhir_bundle_index(&b->index, w->r->a, place->json);
    check_urls(w, place);
    fhir_check_document(w, place, b);
}

/* Source: SearchEntryMode, outcome: "An OperationOutcome that provides additional information about the processing of a search". */
static void check_search(struct fhir_walk *w, const struct fhir_place *place)
{
    const struct json *search = json_get(place->up->json, "search"),
                      *mode = json_get(search, "mode");
    if (str_is(json_text(mode), "outcome") && place->type != FHIR_TYPE_OPERATION_OUTCOME) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("search"), -1, search->at,
                   "the outcome of a search that is no OperationOutcome; expected one, or mode "
                   "match or include");
    }
}

void fhir_check_entry(struct fhir_walk *w, const struct fhir_place *place)
{
    struct str url = w->full_url, id = json_text(json_get(place->json, "id")), said;
    const struct json *at = json_get(place->up->json, "fullUrl");
    check_search(w, place);
    if (!url.n && !w->bundle->has_requests) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, place->up->json->at,
                   "an entry without fullUrl; only in a batch or transaction it may have none");
    }
    if (!url.n) {
        return;
    }
    if (!fhir_is_absolute(url)) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, at->at,
                   "fullUrl is not absolute; expected a URL or urn");
        return;
    }
    unsigned t = fhir_reference_type(url, &said);
    if (t && !id.n && !w->bundle->has_requests) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, at->at,
                   "fullUrl names an id, and the resource has none; expected the same");
    } else if (t && id.n && (t != place->type || !str_eq(id, said))) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place->up, STR("fullUrl"), -1, at->at,
                   "fullUrl names another type or id than the resource has; expected the same");
    }
}
