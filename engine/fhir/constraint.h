/* constraint.h - the invariants of FHIR R4: what must be true of the values of a type or element, as FHIRPath text. A
 * table; evaluating it is the business of rules/invariant.h. Those that fhir/validate.h checks without formulas are
 * not in it: ele-1, ext-1, txt-1, txt-2, dom-2 to dom-5, ref-1, bdl-7.
 * Source: FHIR R4 StructureDefinitions, ElementDefinition.constraint (tools/generate-fhir). Differs: three expressions
 * that R4 published with mistakes are as later versions have them (MENDED in the generator), matches() without anchors
 * is a match of the whole text; cid-0, about an element that is not there, and eld-11, whose formula asks whether
 * there are answers and not what they are, are left out. */
#ifndef CORRIDOR_FHIR_CONSTRAINT_H
#define CORRIDOR_FHIR_CONSTRAINT_H

#include "engine/fhir/model.h"

struct fhir_constraint {
    const char *key;        /* "pat-1" */
    const char *human;      /* one or two sentences */
    const char *expression; /* FHIRPath, seen from the value */
    unsigned type;          /* the values of this type; sorted by it */
    unsigned
        element; /* 0; or the values of the element with this number + 1, which the type declares */
    bool is_open;  /* it may give no answer: moments of other precision, quantities of other unit */
    bool is_error; /* else a warning */
};

/* Rows from 0 on; false behind the last. */
bool fhir_constraint_at(unsigned index, struct fhir_constraint *out);
/* The first row about `t` or its elements; rows of one type stand together. Behind the last where there is none. */
unsigned fhir_constraint_first(unsigned t);

#endif
