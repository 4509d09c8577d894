/* validate_priv.h - what the files of the validator share: the walk down the document, and what is known of the
 * resource and the Bundle around. */
#ifndef CORRIDOR_FHIR_VALIDATE_PRIV_H
#define CORRIDOR_FHIR_VALIDATE_PRIV_H

#include "engine/fhir/bundle.h"
#include "engine/fhir/validate.h"

struct fhir_contained {
    const struct json *json;
    struct str id;
    unsigned index;
    bool is_used; /* somebody refers to it, or it refers to its container */
};

/* A resource that is not contained: references of the kind #id mean what it contains. */
struct fhir_holder {
    const struct json *json;
    struct fhir_contained *v;   /* sorted by id and index */
    struct fhir_contained **at; /* by index */
    unsigned n;
};

struct fhir_bundle {
    struct fhir_bundle_index index;
    bool has_requests;              /* a batch or transaction, or the answer to one */
    const struct json *composition; /* of a document: its first resource; else NULL */
    const struct json *header;      /* of a message: the same */
};

struct fhir_walk {
    struct fhir_report *r;
    struct fhir_place *last; /* newest place */
    struct fhir_holder *holder;
    struct fhir_contained *inside;    /* of this contained resource; or NULL */
    const struct fhir_bundle *bundle; /* innermost; or NULL */
    struct str full_url;              /* of the entry around; or empty */
    unsigned searches;                /* of ids in the whole resource, so far */
};

/* What a value stands for. */
struct fhir_slot {
    const struct fhir_element *e;
    unsigned type;
    struct str name; /* of the element, a choice without its type */
};

/* validate_walk.c: the members of the object at `place`, and everything below. */
void fhir_walk_members(struct fhir_walk *w, const struct fhir_place *place);
struct fhir_place *fhir_place_new(struct fhir_walk *w, const struct fhir_place *up,
                                  const struct json *j, unsigned type);
/* validate_resource.c: a resource, whatever its type: the document, of an entry, contained. */
void fhir_walk_resource(struct fhir_walk *w, const struct fhir_place *up, const struct json *j,
                        const struct fhir_slot *slot, int32_t index);
/* The type that its resourceType names; 0 with a finding. */
unsigned fhir_resource_type(struct fhir_walk *w, const struct fhir_place *up, const struct json *j,
                            const struct fhir_slot *slot, int32_t index);
/* validate_value.c: the value of a primitive. */
void fhir_check_primitive(struct fhir_walk *w, const struct fhir_place *place,
                          const struct fhir_slot *slot, const struct json *j, int32_t index);
/* Attachment.size: "number of bytes of data that make up this attachment (before base64 encoding)". */
void fhir_check_attachment(struct fhir_walk *w, const struct fhir_place *place);
/* validate_code.c: a Coding or CodeableConcept of a bound element; a code. */
void fhir_check_concept(struct fhir_walk *w, const struct fhir_place *place,
                        const struct fhir_element *e);
void fhir_check_code(struct fhir_walk *w, const struct fhir_place *place,
                     const struct fhir_slot *slot, const struct json *j, int32_t index);
/* The system of an Identifier or a Coding. */
void fhir_check_system(struct fhir_walk *w, const struct fhir_place *place);
/* validate_reference.c */
void fhir_check_reference(struct fhir_walk *w, const struct fhir_place *place,
                          const struct fhir_element *e);
/* A uri, url or canonical that begins with #. */
void fhir_check_fragment(struct fhir_walk *w, const struct fhir_place *place,
                         const struct fhir_slot *slot, const struct json *j, int32_t index);
/* validate_extension.c */
void fhir_check_extension(struct fhir_walk *w, const struct fhir_place *place);
/* validate_contained.c: before and after the members of `place`. */
void fhir_holder_begin(struct fhir_walk *w, const struct fhir_place *place, struct fhir_holder *h);
/* The contained resource of this id; used from now on. NULL: there is none. O(log contained). */
struct fhir_contained *fhir_contained_use(struct fhir_walk *w, struct str id);
void fhir_holder_end(struct fhir_walk *w, const struct fhir_place *place,
                     const struct fhir_holder *h);
/* validate_bundle.c */
void fhir_bundle_begin(struct fhir_walk *w, const struct fhir_place *place, struct fhir_bundle *b);
void fhir_check_entry(struct fhir_walk *w, const struct fhir_place *place);
/* validate_definition.c: what a Questionnaire, CodeSystem, ValueSet or ConceptMap says of itself; after its members. */
void fhir_check_definition(struct fhir_walk *w, const struct fhir_place *place);
/* validate_document.c: a Bundle of type document holds what belongs to its Composition alone. */
void fhir_check_document(struct fhir_walk *w, const struct fhir_place *place,
                         const struct fhir_bundle *b);

#endif
