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

static int by_key(const void *left, const void *right)
{
    const struct fhir_entry *a = left, *b = right;
    int order = str_cmp(a->key, b->key);
    return order ? order : (a->entry->at > b->entry->at) - (a->entry->at < b->entry->at);
}

static void sort(struct fhir_entry *v, unsigned n)
{
    if (n) {
        qsort(v, n, sizeof *v, by_key);
    }
}

/* The first one of this key; NULL: there is none. O(log n). */
static const struct fhir_entry *find(const struct fhir_entry *v, unsigned n, struct str key)
{
    unsigned lo = 0, hi = n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        bool below = str_cmp(v[mid].key, key) < 0;
        lo = below ? mid + 1 : lo;
        hi = below ? hi : mid;
    }
    return lo < n && str_eq(v[lo].key, key) ? &v[lo] : NULL;
}

/* "Patient/1" of a resource; empty: it has no id. */
static struct str name_of(struct arena *a, const struct json *resource)
{
    struct str type = json_text(json_get(resource, "resourceType")),
               id = json_text(json_get(resource, "id"));
    return type.n && id.n ? str_printf(a, "%.*s/%.*s", STR_ARG(type), STR_ARG(id)) : STR("");
}

static struct str version_of(const struct fhir_entry *e)
{
    return json_text(json_get(json_get(e->resource, "meta"), "versionId"));
}

/* Two entries of one URL are versions of one resource. Source: bdl-7. */
static void check_urls(struct fhir_walk *w, const struct fhir_place *place,
                       const struct fhir_bundle *b)
{
    bool history = str_is(json_text(json_get(b->json, "type")), "history");
    for (unsigned i = 1; i < b->urls && !history; i++) {
        const struct fhir_entry *one = &b->by_url[i - 1], *two = &b->by_url[i];
        if (str_eq(one->key, two->key) && str_eq(version_of(one), version_of(two))) {
            fhir_found(w->r, FHIR_RULE_BUNDLES, place, STR("entry"), -1, two->entry->at,
                       "two entries of one fullUrl and version; expected each once");
        }
    }
}

static void add_entry(struct arena *a, struct fhir_bundle *b, const struct json *entry)
{
    struct str url = json_text(json_get(entry, "fullUrl"));
    const struct json *resource = json_get(entry, "resource");
    struct str name = resource ? name_of(a, resource) : STR("");
    if (resource && url.n) {
        b->by_url[b->urls++] = (struct fhir_entry){without_version(url), resource, entry};
    }
    if (name.n) {
        b->by_name[b->names++] = (struct fhir_entry){name, resource, entry};
    }
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
    b->by_url = ARENA_ARRAY(w->r->a, struct fhir_entry, entries->count + 1);
    b->by_name = ARENA_ARRAY(w->r->a, struct fhir_entry, entries->count + 1);
    json_each(entry, entries)
    {
        add_entry(w->r->a, b, entry);
    }
    sort(b->by_url, b->urls);
    sort(b->by_name, b->names);
    check_urls(w, place, b);
}

/* "http://x/" of http://x/Patient/1; empty: the URL is not of this kind. */
static struct str base_of(struct str full_url)
{
    struct str id;
    unsigned t = fhir_is_absolute(full_url) ? fhir_reference_type(full_url, &id) : 0;
    size_t tail = t ? strlen(fhir_type_name(t)) + 1 + id.n : 0;
    return t ? str_slice(full_url, 0, without_version(full_url).n - tail) : STR("");
}

const struct json *fhir_bundle_find(const struct fhir_walk *w, struct str reference)
{
    const struct fhir_bundle *b = w->bundle;
    const struct fhir_entry *hit = NULL;
    reference = without_version(reference);
    if (fhir_is_absolute(reference)) {
        hit = find(b->by_url, b->urls, reference);
        return hit ? hit->resource : NULL;
    }
    struct str base = base_of(w->full_url);
    if (base.n) {
        struct str url = str_printf(w->r->a, "%.*s%.*s", STR_ARG(base), STR_ARG(reference));
        hit = find(b->by_url, b->urls, url);
    }
    hit = hit ? hit : find(b->by_name, b->names, reference);
    return hit ? hit->resource : NULL;
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
