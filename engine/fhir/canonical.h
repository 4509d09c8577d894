/* canonical.h - a FHIR document with its members in one order: resourceType, then as R4 lists the elements (those of the
 * base type first), the companion of a primitive behind it, then what R4 does not know, as it came. Numbers stay as
 * they were written, and nothing is dropped: two documents that say the same in another order become the same bytes.
 * Source: FHIR R4 "JSON Representation" 2.1.3 (the order of members has no meaning). Differs: not the canonical form of
 * 2.1.3.4, which leaves out narrative and sorts by letters. */
#ifndef CORRIDOR_FHIR_CANONICAL_H
#define CORRIDOR_FHIR_CANONICAL_H

#include "engine/base/json.h"

/* A tree of the same values in that order, in `a`; it borrows keys and texts. What is no resource of R4 keeps its order.
 * O(members * elements of their type). */
struct json *fhir_canonical(struct arena *a, const struct json *root);

#endif
