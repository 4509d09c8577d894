/* Bundles: what stands under which URL, and whether that is the resource's own.
 * Source: FHIR R4 "Bundle" 2.36.4 (resolving references), 2.36.7 (documents). */
#include <stdlib.h>

#include "engine/fhir/literal.h"
#include "engine/fhir/validate_priv.h"

static struct str without_version(struct str url)
{
    ptrdiff_t at = str_find(url, STR("/_history/"));
    return at > 0 ? str_slice(url, 0, (size_t)at) : url;
}

static int by_url(const void *left, const void *right)
{
    return str_cmp(((const struct fhir_entry *)left)->full_url,
                   ((const struct fhir_entry *)right)->full_url);
}

void fhir_bundle_begin(struct fhir_walk *w, const struct fhir_place *place, struct fhir_bundle *b)
{
    const struct json *entries = json_get(place->json, "entry");
    struct str type = json_text(json_get(place->json, "type"));
    *b = (struct fhir_bundle){.json = place->json};
    b->has_requests = str_starts(type, STR("transaction")) || str_starts(type, STR("batch"));
    b->composition = str_is(type, "document") ? json_get(json_at(entries, 0), "resource") : NULL;
    if (!entries || entries->kind != JSON_ARRAY) {
        return;
    }
    b->v = ARENA_ARRAY(w->r->a, struct fhir_entry, entries->count + 1);
    json_each(entry, entries)
    {
        struct str url = json_text(json_get(entry, "fullUrl"));
        const struct json *resource = json_get(entry, "resource");
        if (url.n && resource) {
            b->v[b->n++] = (struct fhir_entry){without_version(url), resource};
        }
    }
    if (b->n) {
        qsort(b->v, b->n, sizeof *b->v, by_url);
    }
}

static const struct json *find_url(const struct fhir_bundle *b, struct str url)
{
    struct fhir_entry key = {.full_url = url};
    const struct fhir_entry *hit = b->n ? bsearch(&key, b->v, b->n, sizeof *b->v, by_url) : NULL;
    return hit ? hit->resource : NULL;
}

/* "http://x/" of http://x/Patient/1; empty: the URL is not of this kind. */
static struct str base_of(struct str full_url)
{
    struct str id;
    unsigned t = fhir_is_absolute(full_url) ? fhir_reference_type(full_url, &id) : 0;
    size_t tail = t ? strlen(fhir_type_name(t)) + 1 + id.n : 0;
    return t ? str_slice(full_url, 0, without_version(full_url).n - tail) : STR("");
}

static bool is_called(const struct json *resource, struct str reference)
{
    struct str type = json_text(json_get(resource, "resourceType")),
               id = json_text(json_get(resource, "id"));
    return id.n && reference.n == type.n + 1 + id.n && str_starts(reference, type) &&
           reference.p[type.n] == '/' && str_ends(reference, id);
}

const struct json *fhir_bundle_find(const struct fhir_walk *w, struct str reference)
{
    const struct fhir_bundle *b = w->bundle;
    reference = without_version(reference);
    if (fhir_is_absolute(reference)) {
        return find_url(b, reference);
    }
    struct str base = base_of(w->full_url);
    const struct json *hit = NULL;
    if (base.n) {
        hit = find_url(b, str_printf(w->r->a, "%.*s%.*s", STR_ARG(base), STR_ARG(reference)));
    }
    json_each(entry, hit ? NULL : json_get(b->json, "entry"))
    {
        const struct json *resource = json_get(entry, "resource");
        if (is_called(resource, reference)) {
            return resource;
        }
    }
    return hit;
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
