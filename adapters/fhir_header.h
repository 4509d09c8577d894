/* fhir_header.h - headers of a request to a FHIR endpoint that are lists with parameters: types of content, and what is preferred.
 * Text in quotes is one, whatever stands in it. Bytes in, values out. Pure.
 * Source: RFC 9110 sections 5.6, 8.3.1, 12.4.2, 12.5.1; RFC 7240 (Prefer); FHIR R4 "RESTful API" 3.1.0.1.8, 3.1.0.1.9. */
#ifndef CORRIDOR_ADAPTERS_FHIR_HEADER_H
#define CORRIDOR_ADAPTERS_FHIR_HEADER_H

#include "engine/base/str.h"

enum fhir_content {
    FHIR_CONTENT_OTHER,
    FHIR_CONTENT_JSON,
    FHIR_CONTENT_LATER, /* JSON of FHIR 4.3 (R4B) or 5.0 (R5), which are no R4 */
    FHIR_CONTENT_NDJSON,
    FHIR_CONTENT_XML,
    FHIR_CONTENT_ANY,
};

/* A type with its parameters; OTHER where one of them is not ours: a charset, a version, a weight of 0. */
enum fhir_content fhir_header_content(struct str type);
/* Is there a type in the list that we answer with? `later`: that of 4.3 or 5.0 is one, too. */
bool fhir_header_accepts(struct str list, bool later);

enum fhir_return { FHIR_RETURN_MINIMAL, FHIR_RETURN_RESOURCE, FHIR_RETURN_OUTCOME };

struct fhir_preferences {
    enum fhir_return wants;
    bool is_strict;                /* handling=strict */
    bool has_return, has_handling; /* it was said: the first one counts */
};

/* One line of the header, behind those before it. */
void fhir_header_prefer(struct str list, struct fhir_preferences *p);

#endif
