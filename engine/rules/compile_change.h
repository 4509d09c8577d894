/* compile_change.h - set, delete and keep over FHIR and JSON. */
#ifndef CORRIDOR_RULES_COMPILE_CHANGE_H
#define CORRIDOR_RULES_COMPILE_CHANGE_H

#include "engine/rules/change.h"
#include "engine/rules/compile_fhir.h"

/* The place that scalar `n` names; *out_slot is what FHIR has there. False with an error. */
bool compile_change_target(struct compiler *c, const struct yaml_node *n, struct change_target *to,
                           struct fhir_slot *out_slot);
/* Do two targets of one set mean the same place, or one a part of the other, or may they? */
bool compile_change_overlap(const struct change_target *a, const struct change_target *b);

/* The steps; false with an error. */
bool compile_change_set(struct compiler *c, const struct yaml_node *value, struct step *s);
bool compile_change_remove(struct compiler *c, const struct yaml_node *step,
                           const struct yaml_node *value, struct step *s);
/* add:, copy: are of HL7 v2. Returns false. */
bool compile_change_none(struct compiler *c, const struct yaml_node *value);

#endif
