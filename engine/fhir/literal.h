/* literal.h - what is wrong with a primitive value as it stands in a document: that it is none of its type
 * (primitive.h), and what should not be, but may. Pure.
 * Source: FHIR R4 "Data Types" 2.24.0.1. Differs: a text of nothing but blanks may be; urn:uuid: and urn:oid: are looked
 * at in every uri. */
#ifndef CORRIDOR_FHIR_LITERAL_H
#define CORRIDOR_FHIR_LITERAL_H

#include "engine/fhir/model.h"

struct fhir_literal_fault {
    const char *found;    /* a clause; NULL: it is none of its type */
    const char *expected; /* a clause */
    bool is_mild;         /* it should not be, but may */
    bool is_empty;
};

/* True: nothing is wrong with `s`, the text of a string or number in JSON, as a primitive of type `t`. O(n). */
bool fhir_literal_check(unsigned t, struct str s, struct fhir_literal_fault *out);
/* A scheme and a colon at the start. */
bool fhir_is_absolute(struct str uri);
/* "urn:uuid:" and "urn:oid:" have what belongs behind them, up to a #; true for every other uri. */
bool fhir_is_urn_good(struct str uri);

#endif
