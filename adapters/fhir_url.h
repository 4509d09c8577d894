/* fhir_url.h - texts in URLs of a FHIR endpoint: escapes, and what a query asks for. Bytes in, views or copies in an arena out.
 * Pure.
 * Source: RFC 3986 sections 2.1, 2.3, 6.2.2.2; FHIR R4 "RESTful API" 3.1.0.1.11 (general parameters), 3.1.0.8.1 (If-None-Exist),
 * "Search" 3.1.1. */
#ifndef CORRIDOR_ADAPTERS_FHIR_URL_H
#define CORRIDOR_ADAPTERS_FHIR_URL_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

/* A path without the escapes that it does not need (letters, digits, - . _ ~ $); the others stay: %2F is no slash. */
struct str fhir_url_path(struct arena *a, struct str path);
/* A text with every %xx undone; n 0: an escape is broken. */
struct str fhir_url_decode(struct arena *a, struct str s);

/* The value of a parameter in the query of a target, undone; n 0: none. */
struct str fhir_url_value(struct arena *a, struct str target, const char *name);
/* Is there a parameter that says what is meant, not how to answer (`_format`, `_pretty`, `_summary`, `_elements`)? */
bool fhir_url_has_parameters(struct str query);
/* Does it ask for something: such a parameter with a value, that names somebody (not "identifier=", "identifier=|",
 * "identifier=urn:a|")? */
bool fhir_url_is_search(struct str criteria);
/* A query without what says how to answer: `_format` stands in every request of some clients. */
struct str fhir_url_criteria(struct arena *a, struct str query);
/* The same of an If-None-Exist for `type`, which may have "?", "Patient?" or "[base]/Patient?" before it; empty: of another type. */
struct str fhir_url_condition(struct arena *a, struct str given, struct str type);

#endif
