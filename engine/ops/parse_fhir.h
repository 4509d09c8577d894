/* parse_fhir.h - one FHIR or JSON document as text for people, or as one line of JSON. */
#ifndef CORRIDOR_OPS_PARSE_FHIR_H
#define CORRIDOR_OPS_PARSE_FHIR_H

#include "engine/base/buf.h"
#include "engine/base/json.h"

/* The document on one line in the order of R4 (fhir/canonical.h), numbers as they were written. */
void parse_fhir_json(struct buf *out, const struct json *root);
/* A line a value: Patient.name[0].family, its type in R4, the value as JSON has it. */
void parse_fhir_text(struct buf *out, const struct json *root);

#endif
