/* primitive.h - the texts that primitive types of FHIR R4 allow. Pure, no state.
 * Source: FHIR R4 (4.0.1) "Data Types", section Primitive Types: the regular expressions there.
 * Differs: days of a month are counted; white space is that of the standard: blank, tab, CR, LF; integer takes no plus
 * sign, as JSON has none; a dateTime with a time must have its offset, as the text (not the expression) demands. */
#ifndef CORRIDOR_FHIR_PRIMITIVE_H
#define CORRIDOR_FHIR_PRIMITIVE_H

#include "engine/fhir/model.h"

/* What stands in JSON for a primitive type. */
enum fhir_spelling { FHIR_IS_TEXT, FHIR_IS_NUMBER, FHIR_IS_BOOLEAN };

/* Of primitive type `t`; FHIR_IS_TEXT for any other number. */
enum fhir_spelling fhir_primitive_spelling(unsigned t);
/* May `text` stand for a primitive of type `t`? Texts are decoded UTF-8, without quotes. O(bytes). */
bool fhir_primitive_valid(unsigned t, struct str text);
/* The same of a text that is known to hold no control characters; `has_blank`: a blank (0x20) is in it. */
bool fhir_primitive_valid_plain(unsigned t, struct str text, bool has_blank);
/* What it should look like, for findings: "true or false", "YYYY, YYYY-MM or YYYY-MM-DD" ... Constant. */
const char *fhir_primitive_looks(unsigned t);

#endif
