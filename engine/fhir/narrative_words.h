/* narrative_words.h - the elements of XHTML that a narrative may have, and their attributes. Tables, no reading. Pure.
 * Source: FHIR R4 "Narrative" 2.4.0 (txt-1), HTML 4.0 chapters 7 to 11 without 9.4, and 15. */
#ifndef CORRIDOR_FHIR_NARRATIVE_WORDS_H
#define CORRIDOR_FHIR_NARRATIVE_WORDS_H

#include "engine/base/str.h"

/* In small letters, as XHTML writes them. */
bool fhir_narrative_has_element(struct str name);
/* May the element have this attribute? Declarations of namespaces it may. */
bool fhir_narrative_has_attribute(struct str element, struct str name);

#endif
