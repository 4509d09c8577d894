/* member.h - the members of a JSON object against the elements of its FHIR type: which element a key names. For those
 * who go down a document by its types. Pure, nothing allocated.
 * Source: FHIR R4 "JSON Representation" 2.1.3 (choices, _companions of primitives). */
#ifndef CORRIDOR_FHIR_MEMBER_H
#define CORRIDOR_FHIR_MEMBER_H

#include "engine/base/json.h"
#include "engine/fhir/model.h"

enum { FHIR_LEVELS_MAX = 6 };

/* The elements of a type and of what it is based on, the type itself first. */
struct fhir_chain {
    const struct fhir_element *e[FHIR_LEVELS_MAX];
    unsigned n[FHIR_LEVELS_MAX];
    unsigned from[FHIR_LEVELS_MAX]; /* elements of the levels before: numbers them all from 0 on */
    unsigned levels;
};

struct fhir_member {
    const struct fhir_element *e;
    unsigned type;     /* of the value; of a choice that which the key names */
    unsigned ordinal;  /* of the element in the chain */
    unsigned level;    /* of the chain */
    struct str key;    /* without the _ */
    bool is_companion; /* id and extensions of a primitive: _key */
};

void fhir_chain_of(struct fhir_chain *c, unsigned t);
/* False: the type has no such element, or what begins with _ belongs to no primitive. O(elements). */
bool fhir_member_find(const struct fhir_chain *c, struct str key, struct fhir_member *out);
/* The resource type of an object by its resourceType; 0: it is none of R4, or abstract. */
unsigned fhir_resource_of(const struct json *object);
/* The element whose name differs from `key` in the case of its letters alone; empty: there is none. */
struct str fhir_member_near(const struct fhir_chain *c, struct str key);

#endif
