/* edit_value.h - the bytes of one field with one of its parts changed. Used by edit.c and by what writes messages anew
 * (rules/run_v2_field.c). Pure. */
#ifndef CORRIDOR_HL7_EDIT_VALUE_H
#define CORRIDOR_HL7_EDIT_VALUE_H

#include "engine/hl7/path.h"

/* `field` (p NULL: absent) with the place that `p` names holding `raw`; what is missing before it is
 * created, unless `raw` is empty. *out may be `field` or `raw` itself, else it lives in `a`. 0, or
 * ERR_USAGE: `raw` holds a separator of a level above the place, or the message has no delimiter for it. */
int edit_value_set(struct arena *a, const struct hl7_delims *d, struct str field,
                   const struct path *p, struct str raw, struct str *out);
/* `field` without the place: a repetition goes and its followers move up; a component is emptied. */
int edit_value_delete(struct arena *a, const struct hl7_delims *d, struct str field,
                      const struct path *p, struct str *out);

#endif
