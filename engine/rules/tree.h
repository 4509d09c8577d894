/* tree.h - FHIR and JSON data in formulas: from a name to values, down and back. A FHIR primitive becomes a value of the
 * language that remembers its FHIR type and its companion ("_birthDate": id, extensions); everything else stays a
 * node. Nothing is copied. Without a type of FHIR (plain JSON) members are found by their keys.
 * Source: FHIR R4 "FHIRPath" (types, choices, extensions), "JSON Representation of Resources"; FHIRPath N1 5.8. */
#ifndef CORRIDOR_RULES_TREE_H
#define CORRIDOR_RULES_TREE_H

#include "engine/fhir/model.h"
#include "engine/rules/eval.h"

/* The FHIR type of an object by its resourceType; 0: none. */
unsigned tree_resource_type(const struct json *object);
/* Append what the document is: an object, the items of an array, a scalar. */
void tree_root(struct eval *e, struct values *out);
/* Append `j` as a value of FHIR type `t` (0: JSON). */
void tree_typed(struct eval *e, const struct json *j, unsigned t, struct values *out);
/* "name.given" of a node that is nothing but members; else "". In `a`. */
struct str tree_spelling(struct arena *a, const struct node *n);
/* Append member `name` of `v`; of a FHIR choice its value, whatever its type. */
void tree_member(struct eval *e, struct str name, const struct value *v, struct values *out);
/* Append everything directly below `v`, in the order of the document. */
void tree_children(struct eval *e, const struct value *v, struct values *out);
/* A FHIR primitive that has no value, but an id or extensions. */
static inline bool tree_is_hollow(const struct value *v)
{
    return v->kind == VALUE_NODE && !v->json;
}
/* A Quantity of FHIR as one of the language: its code where UCUM gives it, else its unit. False: it is none, or
 * says less or more than (comparator). */
bool tree_quantity(struct eval *e, const struct value *v, struct value *out);
/* Are both the same, member by member? `similar`: as ~ has it, lists in any order. False after a fault, too. */
bool tree_equal(struct eval *e, const struct node *n, const struct json *a, const struct json *b,
                bool similar);
/* JSON text of a node, in the run's arena. */
struct str tree_text(struct eval *e, const struct value *v);

#endif
