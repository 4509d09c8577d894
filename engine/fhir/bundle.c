#include "engine/fhir/bundle.h"

#include <stdlib.h>

#include "engine/fhir/literal.h"
#include "engine/fhir/model.h"
#include "engine/fhir/primitive.h"

/* Cut the last part behind a / off `*rest`. */
static struct str last_part(struct str *rest)
{
    size_t from = rest->n;
    while (from > 0 && rest->p[from - 1] != '/') {
        from--;
    }
    struct str part = str_slice(*rest, from, rest->n);
    *rest = str_slice(*rest, 0, from > 0 ? from - 1 : 0);
    return part;
}

unsigned fhir_reference_type(struct str reference, struct str *out_id)
{
    ptrdiff_t version = str_find(reference, STR("/_history/"));
    struct str rest = version > 0 ? str_slice(reference, 0, (size_t)version) : reference;
    struct str id = last_part(&rest), type = last_part(&rest);
    unsigned t = fhir_primitive_valid(FHIR_TYPE_ID, id) ? fhir_type_of_resource(type) : 0;
    *out_id = t ? id : STR("");
    return t;
}

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

static void add_entry(struct arena *a, struct fhir_bundle_index *b, const struct json *entry)
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

void fhir_bundle_index(struct fhir_bundle_index *out, struct arena *a, const struct json *bundle)
{
    const struct json *entries = json_get(bundle, "entry");
    *out = (struct fhir_bundle_index){.bundle = bundle};
    if (!entries || entries->kind != JSON_ARRAY) {
        return;
    }
    out->by_url = ARENA_ARRAY(a, struct fhir_entry, entries->count + 1);
    out->by_name = ARENA_ARRAY(a, struct fhir_entry, entries->count + 1);
    out->entries = ARENA_ARRAY(a, const struct json *, entries->count + 1);
    json_each(entry, entries)
    {
        add_entry(a, out, entry);
        if (entry->at) { /* one that a step wrote has no place in the source */
            out->entries[out->n++] = entry;
        }
    }
    sort(out->by_url, out->urls);
    sort(out->by_name, out->names);
}

unsigned fhir_bundle_number(const struct fhir_bundle_index *b, uint32_t at)
{
    unsigned lo = 0, hi = b->n;
    while (lo < hi) { /* to the first one behind it */
        unsigned mid = (lo + hi) / 2;
        bool before = b->entries[mid]->at <= at;
        lo = before ? mid + 1 : lo;
        hi = before ? hi : mid;
    }
    return lo;
}

const struct json *fhir_bundle_entry(const struct fhir_bundle_index *b, uint32_t at)
{
    unsigned number = fhir_bundle_number(b, at);
    return number ? b->entries[number - 1] : NULL;
}

/* "http://x/" of http://x/Patient/1; empty: the URL is not of this kind. */
static struct str base_of(struct str full_url)
{
    struct str id;
    unsigned t = fhir_is_absolute(full_url) ? fhir_reference_type(full_url, &id) : 0;
    size_t tail = t ? strlen(fhir_type_name(t)) + 1 + id.n : 0;
    return t ? str_slice(full_url, 0, without_version(full_url).n - tail) : STR("");
}

/* By its URL: its own, or beside that of the entry that refers to it. */
static const struct fhir_entry *find_url(const struct fhir_bundle_index *b, struct arena *a,
                                         struct str full_url, struct str reference)
{
    struct str base = fhir_is_absolute(reference) ? STR("") : base_of(full_url);
    struct str url =
        base.n ? str_printf(a, "%.*s%.*s", STR_ARG(base), STR_ARG(reference)) : reference;
    return find(b->by_url, b->urls, url);
}

const struct json *fhir_bundle_find(const struct fhir_bundle_index *b, struct arena *a,
                                    struct str full_url, struct str reference)
{
    reference = without_version(reference);
    const struct fhir_entry *hit = find_url(b, a, full_url, reference);
    if (!hit && !fhir_is_absolute(reference)) {
        hit = find(b->by_name, b->names, reference);
    }
    return hit ? hit->resource : NULL;
}

bool fhir_bundle_has(const struct fhir_bundle_index *b, struct arena *a, struct str full_url,
                     struct str reference)
{
    reference = without_version(reference);
    return (!fhir_is_absolute(reference) && !base_of(full_url).n) ||
           find_url(b, a, full_url, reference) != NULL;
}
