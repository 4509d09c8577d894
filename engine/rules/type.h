/* type.h - what the dictionary says about a path, as far as formulas care: its datatype, whether the
 * field repeats by itself, whether its text can be used where one text is wanted. Pure, no state.
 * Source: docs/language.md "Types". Differs: without declared versions a path of a route is typed by 2.5.1; the digits of a
 * telephone (XTN.5 to XTN.8) are text in all versions, as from 2.7 on. */
#ifndef CORRIDOR_RULES_TYPE_H
#define CORRIDOR_RULES_TYPE_H

#include "engine/hl7/dict.h"
#include "engine/hl7/path.h"

enum type_class {
    TYPE_UNKNOWN, /* OBX-5 */
    TYPE_TEXT,
    TYPE_FORMATTED, /* FT, TX, CF: a line feed is written \.br\ */
    TYPE_NUMBER,    /* NM, SI */
    TYPE_DATE,      /* DT, DTM, TS */
    TYPE_TIME,      /* TM */
    TYPE_SIMPLE,    /* composite whose first component stands for it: CE, CWE, EI, HD */
    TYPE_COMPOSITE, /* composite that has no one text: CX, XPN */
};

/* What routes are typed by when their sources declare no versions. */
#define TYPE_VERSION_DEFAULT HL7_2_5_1

enum type_found { TYPE_FOUND, TYPE_NO_SEGMENT, TYPE_NO_FIELD, TYPE_NO_COMPONENT };

struct type_info {
    enum type_found found;
    const char *type; /* "CX", or NULL when nothing is known */
    enum type_class of;
    bool field_repeats; /* in the version preferred; in any, where that has no such field */
    bool is_varying;    /* no version types it: parts are not checked */
};

/* What is known of `p`, by `prefer` if that version has it, else by the newest that has. Z-segments are
 * found, and text. */
struct type_info type_of_path(const struct path *p, enum hl7_version prefer);
/* Has version `v` the path, down to its last part? */
bool type_in_version(enum hl7_version v, const struct path *p);
/* Does the field of `p` repeat in version `v`? In any version, where that has no such field. */
bool type_field_repeats(enum hl7_version v, const struct path *p);
/* Component (or subcomponent) `n` of datatype `type`; NULL type gives unknown. */
struct type_info type_of_part(const char *type, unsigned n, enum hl7_version prefer);
enum type_class type_class_of(const char *type);
/* The datatype of that name as the newest version that has it calls it, static; NULL: no version has one. */
const char *type_named(struct str text);

#endif
