/* compile_data.h - which kind of data comes to a route, a map or a list of steps, where it is not HL7 v2: types of FHIR R4,
 * or JSON. Source: docs/language.md "Routes and maps over FHIR and JSON". */
#ifndef CORRIDOR_RULES_COMPILE_DATA_H
#define CORRIDOR_RULES_COMPILE_DATA_H

#include "engine/rules/compile_priv.h"

enum { DATA_TYPES_MAX = 32 }; /* of FHIR that one route or map reads */

/* Is it a name of other data than HL7 v2: json, Patient, HumanName, Patient.contact? By its spelling. */
bool compile_is_other_data(struct str text);
/* Add the type that `item` names to `names`; `resources`: nothing but those, and Resource for any. False with an error. */
bool compile_add_data(struct compiler *c, const struct yaml_node *item, struct str text,
                      bool resources, struct names *names);
/* Formulas from here on are over what `to` says. */
void compile_data_names(struct compiler *c, const struct data_types *to);
/* May the map that reads other data than HL7 v2 begin where the compiler is? False with an error. */
bool compile_suits_data(struct compiler *c, const struct map *m, struct diag_pos pos);
/* Do the steps read all that comes here? `s`: their name and data. False with an error. */
bool compile_suits_steps(struct compiler *c, const struct map *s, struct diag_pos pos);
/* $this where a map that reads `types` begins. */
struct shape compile_data_shape(const struct data_types *types);

#endif
