/* bundle.h - what a Bundle has under which URL, sorted once, so that references are found without going through all
 * entries each time. Borrows from the Bundle; lives in an arena of the caller.
 * Source: FHIR R4 "Bundle" 2.36.4 (resolving references in Bundles). Differs: a relative reference that is not found
 * beside the entry's own URL is looked for by type and id in the whole Bundle. */
#ifndef CORRIDOR_FHIR_BUNDLE_H
#define CORRIDOR_FHIR_BUNDLE_H

#include "engine/base/json.h"

struct fhir_entry {
    struct str key; /* its URL without a version; or Patient/1 */
    const struct json *resource, *entry;
};

struct fhir_bundle_index {
    const struct json *bundle;
    struct fhir_entry *by_url, *by_name; /* those that have one, sorted */
    unsigned urls, names;
    const struct json **entries; /* as they stand */
    unsigned n;
};

/* O(n log n). What is no Bundle with entries gives an index of none. */
void fhir_bundle_index(struct fhir_bundle_index *out, struct arena *a, const struct json *bundle);
/* What `reference` is to, seen from the entry with this URL (may be empty); versions are passed over. NULL: nothing
 * here. O(log n); scratch in `a`. */
const struct json *fhir_bundle_find(const struct fhir_bundle_index *b, struct arena *a,
                                    struct str full_url, struct str reference);
/* Is there an entry with its URL? True, too, where it is relative and the URL of the entry that refers is no base. */
bool fhir_bundle_has(const struct fhir_bundle_index *b, struct arena *a, struct str full_url,
                     struct str reference);
/* The entry that holds byte `at` of the document; NULL: none. O(log n). */
const struct json *fhir_bundle_entry(const struct fhir_bundle_index *b, uint32_t at);
/* Which one that is, from 1 on; 0: none. */
unsigned fhir_bundle_number(const struct fhir_bundle_index *b, uint32_t at);
/* The type of Patient/1 and http://x/Patient/1/_history/2, 0: none is named. *out_id: its id. */
unsigned fhir_reference_type(struct str reference, struct str *out_id);

#endif
