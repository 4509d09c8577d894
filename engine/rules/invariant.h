/* invariant.h - the invariants of FHIR R4 (fhir/constraint.h) on a document that fhir_validate() has walked: each is
 * evaluated on every value of its type. What is not true is a finding of rule `invariants` (`advice` where R4 publishes a
 * warning), what cannot be evaluated, or compares what cannot be compared, one of rule `undecided`. Expressions are compiled when a type
 * is first met, and kept. One thread at a time; steps and memory of a document have budgets.
 * Source: FHIR R4 "FHIRPath" (%resource, %context, %rootResource), ElementDefinition.constraint. */
#ifndef CORRIDOR_RULES_INVARIANT_H
#define CORRIDOR_RULES_INVARIANT_H

#include "engine/fhir/validate.h"

struct invariants;

struct invariants *invariants_new(void);
void invariants_free(struct invariants **i);
/* Add to `r` what does not hold; sorted again. O(places * their invariants), some (distinct ids, descendants) more. */
void invariants_check(struct invariants *i, struct fhir_report *r);
/* fhir_validate() and, where there is a resource, invariants_check(). */
void invariants_validate(struct invariants *i, struct fhir_report *r, struct arena *a,
                         struct str src, const struct fhir_levels *levels);

#endif
