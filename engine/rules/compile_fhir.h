/* compile_fhir.h - maps to FHIR types: which element a key names, what may stand there, what must.
 * Source: docs/language.md "Maps to FHIR"; FHIR R4 StructureDefinitions by way of fhir/model.h. */
#ifndef CORRIDOR_RULES_COMPILE_FHIR_H
#define CORRIDOR_RULES_COMPILE_FHIR_H

#include "engine/rules/compile_item.h"

/* What the item under way becomes: the compiler's `slot`; NULL in maps to JSON. */
struct fhir_slot {
    unsigned type; /* FHIR_TYPE_RESOURCE: the object says which */
    bool repeats;
    bool is_overlay;                    /* $also: what is required may come from below */
    const struct fhir_element *element; /* NULL: the whole map */
    struct str name;                    /* "Patient.name", for findings */
};

/* The type that `to:` names; 0 with an error, or where it is none of FHIR (without one). */
unsigned compile_fhir_to(struct compiler *c, const struct yaml_node *to);
/* Tell that FHIR has no such type, or resource: with the nearest one, else with `hint`. Returns 0. */
unsigned compile_fhir_unknown(struct compiler *c, struct diag_pos pos, struct str text,
                              bool resources, const char *hint);
/* The element of type `of` that the key of `child` names. False with an error. */
bool compile_fhir_member(struct compiler *c, unsigned of, const struct yaml_node *child,
                         struct fhir_slot *out);
/* Is it a member that is no element: resourceType, which compile_fhir_object() has read? */
bool compile_fhir_is_head(const struct yaml_node *child);
/* A text or formula for the slot. NULL after errors. */
struct item *compile_fhir_scalar(struct compiler *c, const struct yaml_node *n,
                                 enum item_place place, struct item *item);
/* compile_fhir_text.c: "Patient.name", or "the map". */
struct str compile_fhir_slot_name(const struct compiler *c);
/* Tell that what stands at `pos` is no text of the slot's type. False. */
bool compile_fhir_bad_text(struct compiler *c, struct diag_pos pos);
/* The value set that the slot's code must be of, where its codes can be listed; else 0. */
unsigned compile_fhir_codes(const struct fhir_slot *slot);
/* Is the text one of them? True where there are none. False with an error. */
bool compile_fhir_code(struct compiler *c, struct diag_pos pos, struct str text);
/* Texts that a formula may give as they stand in it, and cells of the tables that it looks into: may they stand in the slot? */
bool compile_fhir_outcomes(struct compiler *c, const struct node *f);
/* An object that is a Reference: do `type` and what `reference` begins with name a resource that it may be to? */
bool compile_fhir_reference(struct compiler *c, const struct yaml_node *n);
/* A list for the slot: may there be several? */
bool compile_fhir_list(struct compiler *c, const struct yaml_node *n);
/* item->fhir: the type of the object for the slot. False with an error. */
bool compile_fhir_object(struct compiler *c, const struct yaml_node *n, struct item *item);
/* May what map `m` makes stand in the slot? False with an error. */
bool compile_fhir_use(struct compiler *c, const struct map *m, const struct yaml_node *use);
/* Is every required element of the object mapped? False with errors. */
bool compile_fhir_required(struct compiler *c, const struct yaml_node *n, const struct item *item);

#endif
