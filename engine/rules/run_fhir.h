/* run_fhir.h - what maps to FHIR types make: primitives as R4 spells them, objects with all that they must have.
 * Source: FHIR R4 "JSON Representation of Resources", "Data Types"; docs/language.md "Maps to FHIR". */
#ifndef CORRIDOR_RULES_RUN_FHIR_H
#define CORRIDOR_RULES_RUN_FHIR_H

#include "engine/rules/run_priv.h"

/* A formula's value as item->fhir. *out NULL: it is empty. False: fault. */
bool run_fhir_value(struct eval *e, const struct item *item, const struct value *v,
                    struct json **out);
/* A copy: what is made of it may be changed, the message stays. NULL of NULL and of JSON's null. */
struct json *run_fhir_copy(struct arena *a, const struct json *j);
/* Entries of a Bundle: one whose fullUrl an earlier one has goes. O(n log n). */
void run_fhir_once(struct arena *a, struct json *entries);
/* An object to add members to: a resource begins with its resourceType. */
struct json *run_fhir_object(struct arena *a, const struct item *item);
/* Has the object what its type demands, and of a choice one at most? False: fault. */
bool run_fhir_whole(struct eval *e, const struct item *item, const struct json *object);
/* What `also` made (`over`, whose members go into *out), where the map below it made nothing: of a resource with its
 * resourceType, and with all that its type demands. False: fault. */
bool run_fhir_alone(struct eval *e, const struct item *also, struct json *over, struct json **out);
/* Does a member of `over`, made by `also`, take the place of member `key`: valueString that of valueCode? */
bool run_fhir_replaces(const struct item *also, const struct json *over, struct str key);

#endif
