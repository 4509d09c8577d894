#include "engine/rules/type.h"

static bool is_one_of(const char *type, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(type, *list) == 0) {
            return true;
        }
    }
    return false;
}

enum type_class type_class_of(const char *type)
{
    static const char *const simple[] = {"CE",  "CWE", "CNE", "EI", "HD", "PT",
                                         "VID", "CQ",  "MO",  "DR", NULL};
    static const char *const formatted[] = {"FT", "TX", "CF", NULL};
    struct dict_entry entry;
    if (!type || !*type || strcmp(type, "VARIES") == 0) {
        return TYPE_UNKNOWN;
    }
    if (is_one_of(type, simple)) {
        return TYPE_SIMPLE;
    }
    if (is_one_of(type, formatted)) {
        return TYPE_FORMATTED;
    }
    if (strcmp(type, "NM") == 0 || strcmp(type, "SI") == 0) {
        return TYPE_NUMBER;
    }
    if (strcmp(type, "TM") == 0) {
        return TYPE_TIME;
    }
    if (strcmp(type, "DT") == 0 || strcmp(type, "DTM") == 0 || strcmp(type, "TS") == 0) {
        return TYPE_DATE;
    }
    for (int v = HL7_VERSIONS - 1; v >= 0; v--) {
        if (dict_type((enum hl7_version)v, type, &entry)) {
            return entry.parts > 1 ? TYPE_COMPOSITE : TYPE_TEXT;
        }
    }
    return TYPE_UNKNOWN;
}

static struct type_info info_of(const char *type)
{
    const char *known = type && *type && strcmp(type, "VARIES") != 0 ? type : NULL;
    return (struct type_info){.found = TYPE_FOUND,
                              .type = known,
                              .of = type_class_of(known),
                              .is_varying = known == NULL};
}

static bool is_primitive(enum hl7_version v, const char *type)
{
    struct dict_entry entry;
    return !dict_type(v, type, &entry) || entry.parts <= 1;
}

/* Country code, area code, local number and extension of a telephone are NM until 2.6 and digits with their zeros from 2.7
 * on (SNM): text here in all versions. */
static bool is_telephone_digits(const char *type, unsigned n)
{
    return (strcmp(type, "XTN") == 0 || strcmp(type, "TN") == 0) && n >= 5 && n <= 8;
}

/* Part `n` of `type` in one version; a primitive is its own first part. */
static bool part_in(enum hl7_version v, const char *type, unsigned n, struct type_info *out)
{
    struct dict_field f;
    if (dict_component(v, type, n, &f)) {
        *out = info_of(is_telephone_digits(type, n) ? "ST" : f.type);
        return true;
    }
    if (n == 1 && is_primitive(v, type)) {
        *out = info_of(type);
        return true;
    }
    return false;
}

struct type_info type_of_part(const char *type, unsigned n, enum hl7_version prefer)
{
    struct type_info out = info_of(NULL);
    if (!type || part_in(prefer, type, n, &out)) {
        return out;
    }
    for (int v = HL7_VERSIONS - 1; v >= 0; v--) {
        if (part_in((enum hl7_version)v, type, n, &out)) {
            return out;
        }
    }
    out.found = TYPE_NO_COMPONENT;
    return out;
}

static bool path_in(enum hl7_version v, const struct path *p, struct type_info *out)
{
    struct dict_field f;
    if (!dict_field(v, p->seg, p->field, &f)) {
        return false;
    }
    struct type_info t = info_of(f.type);
    if (p->comp && !t.is_varying && !part_in(v, f.type, p->comp, &t)) {
        return false;
    }
    if (p->comp && p->sub && !t.is_varying && !part_in(v, t.type, p->sub, &t)) {
        return false;
    }
    *out = t;
    return true;
}

bool type_in_version(enum hl7_version v, const struct path *p)
{
    struct type_info t;
    struct dict_entry seg;
    return p->field ? path_in(v, p, &t) : dict_segment(v, p->seg, &seg);
}

static bool repeats_in_any(const struct path *p)
{
    struct dict_field f;
    for (int v = 0; v < HL7_VERSIONS; v++) {
        if (dict_field((enum hl7_version)v, p->seg, p->field, &f) && f.repeats != 1) {
            return true;
        }
    }
    return false;
}

bool type_field_repeats(enum hl7_version v, const struct path *p)
{
    struct dict_field f;
    return dict_field(v, p->seg, p->field, &f) ? f.repeats != 1 : repeats_in_any(p);
}

struct type_info type_of_path(const struct path *p, enum hl7_version prefer)
{
    struct type_info out = info_of(NULL);
    if (p->seg[0] == 'Z') {
        out.of = p->field ? TYPE_TEXT : TYPE_UNKNOWN;
        return out;
    }
    if (!dict_segment_any(p->seg, NULL, NULL)) {
        out.found = TYPE_NO_SEGMENT;
        return out;
    }
    if (!p->field) {
        return out;
    }
    if (!dict_field_any(p->seg, p->field, NULL, NULL)) {
        out.found = TYPE_NO_FIELD;
        return out;
    }
    bool repeats = type_field_repeats(prefer, p);
    out.found = TYPE_NO_COMPONENT;
    bool found = path_in(prefer, p, &out);
    for (int v = HL7_VERSIONS - 1; v >= 0 && !found; v--) {
        found = path_in((enum hl7_version)v, p, &out);
    }
    out.field_repeats = repeats;
    return out;
}

const char *type_named(struct str text)
{
    struct dict_entry entry;
    char name[8] = {0};
    if (text.n == 0 || text.n >= sizeof(name)) {
        return NULL;
    }
    memcpy(name, text.p, text.n);
    for (int v = HL7_VERSIONS - 1; v >= 0; v--) {
        if (dict_type((enum hl7_version)v, name, &entry)) {
            return entry.id;
        }
    }
    return NULL;
}
