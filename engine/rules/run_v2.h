/* run_v2.h - what maps to messages of HL7 v2 make. A map gives a tree as any map does, whose texts are encoded already and
 * whose keys are places; this writes it as a message, segments where the structure has them.
 * Source: docs/language.md "Maps to HL7 v2". */
#ifndef CORRIDOR_RULES_RUN_V2_H
#define CORRIDOR_RULES_RUN_V2_H

#include "engine/rules/run_priv.h"

/* May the text stand at the place: a number for NM and SI, a date for DT and TS? Any for what has no such type. */
bool v2_is_of_type(const struct v2_place *p, struct str text);
/* A formula's value as bytes of the place item->v2. *out NULL: it is empty. False: fault. */
bool run_v2_value(struct eval *e, const struct item *item, const struct value *v,
                  struct json **out);
/* Which line of a message a map's values went into; told where lineage is asked for. */
struct run_v2_lines {
    struct lineage_leaf *v;
    unsigned n, cap;
};
/* The whole message of what map `m` made; its lines for lineage_output(), or NULL. False: fault. */
bool run_v2_message(struct eval *e, const struct map *m, const struct json *made, struct str *out,
                    struct run_v2_lines *out_lines);
/* The same of a map to a part: a segment or group behind an MSH that has the delimiters alone, a datatype by itself. */
bool run_v2_part(struct eval *e, const struct map *m, const struct json *made, struct str *out);
/* The delimiters that are written: those of the message that is read, else the usual ones. */
struct hl7_delims run_v2_delims(const struct eval *e);

#endif
