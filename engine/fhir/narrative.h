/* narrative.h - is this text a narrative as FHIR allows it: one well-formed XHTML div, of basic formatting elements
 * and attributes, with something to read in it? A reader of its own, one pass, nothing allocated, depth bounded. Pure.
 * Source: FHIR R4 "Narrative" 2.4.0 (txt-1, txt-2), HTML 4.0 chapters 7 to 11 without 9.4, and 15; XML 1.0.
 * Differs: links to javascript: are refused; that no id stands twice is not looked at. */
#ifndef CORRIDOR_FHIR_NARRATIVE_H
#define CORRIDOR_FHIR_NARRATIVE_H

#include "engine/base/str.h"

struct fhir_narrative_fault {
    size_t at;        /* byte of the text */
    const char *text; /* what was found and what was expected; static */
    struct str name;  /* the element or attribute, where it is a short word; may be empty */
};

/* True: nothing is wrong. O(n). */
bool fhir_narrative_check(struct str div, struct fhir_narrative_fault *out);
/* Has some element of it this id (or an anchor this name)? O(n). */
bool fhir_narrative_has_id(struct str div, struct str id);

#endif
