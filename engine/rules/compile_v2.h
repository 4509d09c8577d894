/* compile_v2.h - maps to messages of HL7 v2 and parts of them: which place a key names, what may stand there, what must.
 * Source: docs/language.md "Maps to HL7 v2"; HL7 v2 abstract message definitions and data types. */
#ifndef CORRIDOR_RULES_COMPILE_V2_H
#define CORRIDOR_RULES_COMPILE_V2_H

#include "engine/rules/compile_item.h"

/* What the item under way becomes: the compiler's `v2`; NULL in maps to JSON and FHIR. */
struct v2_slot {
    const struct v2_target *to;
    struct v2_place place;
    unsigned group;   /* V2_GROUP: its node; else of the group that holds the segment */
    struct path path; /* V2_SEGMENT and below: as far as it goes */
    bool repeats;     /* a list may stand there */
    bool is_overlay;  /* $also: nothing is required of it */
};

/* to: ADT^A31, NK1, CX, ORU_R01.OBSERVATION with version:. NULL with an error. */
const struct v2_target *compile_v2_to(struct compiler *c, const struct yaml_node *doc,
                                      const struct yaml_node *to);
/* The same of a part. */
const struct v2_target *compile_v2_to_part(struct compiler *c, const struct yaml_node *to,
                                           enum hl7_version version);
/* What a text of the place looks like: a number, a date or a time. */
const char *compile_v2_looks(const struct v2_place *p);
/* Does the name look like a part, in whatever version? */
bool compile_v2_may_be_part(struct str name);
/* The whole of what the map makes. */
struct v2_slot compile_v2_whole(const struct v2_target *to);
/* The place that the key of `child` names inside c->v2. False with an error. */
bool compile_v2_member(struct compiler *c, const struct yaml_node *child, struct v2_slot *out);
/* The path that such a key means, as far as it has one: no group has. */
bool compile_v2_key_path(const struct compiler *c, struct str key, struct path *out);
/* Keys of one object that write the same place twice. False with an error. */
bool compile_v2_overlaps(struct compiler *c, const struct yaml_node *n);
/* A text or formula for the place. NULL after errors. */
struct item *compile_v2_scalar(struct compiler *c, const struct yaml_node *n, enum item_place place,
                               struct item *item);
/* May a list, an object stand there? item->v2 of an object. False with an error. */
bool compile_v2_list(struct compiler *c, const struct yaml_node *n);
bool compile_v2_object(struct compiler *c, const struct yaml_node *n, struct item *item);
/* Is it the message itself? */
static inline bool compile_v2_is_whole(const struct v2_slot *at)
{
    return at->to->is_message && at->place.level == V2_GROUP && at->group == 0;
}
/* May the map stand at c->v2? False with an error. */
bool compile_v2_use(struct compiler *c, const struct map *m, const struct yaml_node *use);
/* Are both one, or both coded: CE, CWE, CNE? */
bool compile_v2_same_type(const char *a, const char *b);
/* Is every required segment mapped? Fields are a remark. False with errors. */
bool compile_v2_required(struct compiler *c, const struct yaml_node *n, const struct item *item);

#endif
