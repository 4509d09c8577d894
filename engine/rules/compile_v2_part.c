/* Fragments of messages of HL7 v2: maps to a segment, a datatype or a group of a structure, and where they are used. */
#include "engine/rules/compile_v2.h"

enum { SEGMENT_NAME = 3, TYPE_NAME_MAX = 7 };

/* ---- to: ---- */

static bool is_named(const char *type, const char *wanted)
{
    return type && strcmp(type, wanted) == 0;
}

/* A component of field `at` that is of the type. */
static bool component_of(enum hl7_version v, const char *of, const char *type, struct path *at)
{
    struct dict_entry entry;
    struct dict_field part;
    unsigned n = dict_type(v, of, &entry) ? entry.parts : 0;
    for (unsigned i = 1; i <= n; i++) {
        if (dict_component(v, of, i, &part) && is_named(part.type, type)) {
            at->comp = (uint16_t)i;
            return true;
        }
    }
    return false;
}

/* A field of the segment that is of the type; or (`deep`) a component of one. */
static bool place_in_segment(enum hl7_version v, const struct dict_entry *seg, const char *type,
                             bool deep, struct path *out)
{
    struct dict_field field;
    *out = (struct path){.field = 0};
    memcpy(out->seg, seg->id, SEGMENT_NAME);
    for (unsigned f = hl7_is_header(seg->id) ? 3 : 1; f <= seg->parts; f++) {
        out->field = (uint16_t)f;
        bool known = dict_field(v, seg->id, f, &field);
        if (known && (deep ? component_of(v, field.type, type, out) : is_named(field.type, type))) {
            return true;
        }
    }
    return false;
}

/* Some place that is of the type, so that its parts have paths: a field, else a component of one. */
static bool place_of_type(enum hl7_version v, const char *type, struct path *out)
{
    struct dict_entry seg;
    for (int deep = 0; deep < 2; deep++) {
        for (unsigned i = 0; dict_segment_at(v, i, &seg); i++) {
            if (place_in_segment(v, &seg, type, deep, out)) {
                return true;
            }
        }
    }
    return false;
}

/* ORU_R01.OBSERVATION */
static bool group_target(struct v2_target *t, struct str name, ptrdiff_t dot)
{
    struct str group = str_slice(name, (size_t)dot + 1, name.n);
    t->s = structure_named(t->version, str_slice(name, 0, (size_t)dot));
    t->level = V2_GROUP;
    return t->s && structure_groups_named(t->s, 0, group, &t->group) == 1;
}

static bool part_target(struct compiler *c, struct v2_target *t, struct str name)
{
    ptrdiff_t dot = str_index(name, '.');
    char id[TYPE_NAME_MAX + 1] = {0};
    struct dict_entry entry;
    if (dot > 0) {
        return group_target(t, name, dot);
    }
    memcpy(id, name.p, name.n < TYPE_NAME_MAX ? name.n : TYPE_NAME_MAX);
    t->part = str_dup(c->a, name).p;
    if (name.n == SEGMENT_NAME && (id[0] == 'Z' || dict_segment(t->version, id, &entry))) {
        t->level = V2_SEGMENT;
        memcpy(t->at.seg, id, SEGMENT_NAME);
        return true;
    }
    t->level = V2_FIELD;
    return name.n <= TYPE_NAME_MAX && dict_type(t->version, id, &entry) &&
           place_of_type(t->version, id, &t->at);
}

const struct v2_target *compile_v2_to_part(struct compiler *c, const struct yaml_node *to,
                                           enum hl7_version version)
{
    struct v2_target *t = ARENA_NEW(c->a, struct v2_target);
    *t = (struct v2_target){.version = version, .name = to->text};
    if (part_target(c, t, to->text)) {
        return t;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "unknown-structure", to->pos,
                       "%.*s is nothing that a message of version %s has", STR_ARG(to->text),
                       dict_version_text(version)),
              "write a message as ADT^A31, a segment as NK1, a datatype as CX, or a group as "
              "ORU_R01.OBSERVATION");
    return NULL;
}

bool compile_v2_may_be_part(struct str name)
{
    char id[TYPE_NAME_MAX + 1] = {0};
    struct dict_entry entry;
    bool is = str_index(name, '_') > 0 && str_index(name, '.') > 0;
    memcpy(id, name.p, name.n < TYPE_NAME_MAX ? name.n : TYPE_NAME_MAX);
    for (int v = 0; v < HL7_VERSIONS && !is && name.n <= TYPE_NAME_MAX; v++) {
        is = dict_segment((enum hl7_version)v, id, &entry) ||
             dict_type((enum hl7_version)v, id, &entry);
    }
    return is;
}

struct v2_slot compile_v2_whole(const struct v2_target *to)
{
    struct v2_slot slot = {.to = to, .group = to->group, .path = to->at};
    struct v2_place *p = &slot.place;
    p->level = to->level;
    p->name = to->is_message ? STR("the message") : to->name;
    memcpy(p->seg, to->at.seg, sizeof(p->seg));
    if (to->level == V2_FIELD) {
        struct type_info type = type_of_path(&to->at, to->version);
        p->type = to->part;
        p->of = type.of;
        p->is_formatted = type.of == TYPE_FORMATTED;
        p->level = to->at.comp ? V2_COMPONENT : V2_FIELD;
    }
    return slot;
}

/* ---- $use: ---- */

static bool is_coded(const char *type)
{
    return is_named(type, "CE") || is_named(type, "CWE") || is_named(type, "CNE");
}

bool compile_v2_same_type(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (is_coded(a) && is_coded(b));
}

/* What stands at the place, for people: NK1, CX. */
static struct str wanted(const struct v2_slot *at)
{
    const struct v2_place *p = &at->place;
    return p->level <= V2_SEGMENT ? p->name : p->type ? str_of(p->type) : STR("value");
}

static bool suits_place(const struct v2_target *t, const struct v2_slot *at)
{
    const struct v2_place *p = &at->place;
    if (p->level == V2_GROUP) { /* the message itself is group 0: all of another map, for $also */
        return t->level == V2_GROUP && t->s == at->to->s && t->group == at->group;
    }
    if (p->level == V2_SEGMENT) {
        return t->level == V2_SEGMENT && memcmp(t->at.seg, at->path.seg, SEGMENT_NAME) == 0;
    }
    return t->level == V2_FIELD && (!p->type || compile_v2_same_type(t->part, p->type));
}

bool compile_v2_use(struct compiler *c, const struct map *m, const struct yaml_node *use)
{
    const struct v2_slot *at = c->v2;
    if (!m->is_known) {
        return true; /* told where it is declared */
    }
    bool is_root = compile_v2_is_whole(at);
    bool is_part = m->v2 && m->v2->is_message == is_root;
    if (is_part && m->v2->version != at->to->version) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-map", use->pos,
                           "the map %.*s makes %.*s of version %s, this message is of %s",
                           STR_ARG(m->name), STR_ARG(m->v2->name),
                           dict_version_text(m->v2->version), dict_version_text(at->to->version)),
                  "a part has the version: of the message it goes into");
        return false;
    }
    if (is_part && suits_place(m->v2, at)) {
        return true;
    }
    struct str want = is_root ? str_of(structure_name(at->to->s)) : wanted(at);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "wrong-map", use->pos,
                 "the map %.*s makes %.*s, and %.*s is wanted here", STR_ARG(m->name),
                 STR_ARG(m->v2     ? m->v2->name
                         : m->fhir ? str_of(fhir_type_name(m->fhir))
                                   : STR("json")),
                 STR_ARG(want));
    if (!is_root && at->place.level != V2_GROUP && at->place.level != V2_SUBCOMPONENT) {
        diag_hint(c->d, one, "such a map says to: %.*s with version: %s", STR_ARG(want),
                  dict_version_text(at->to->version));
    }
    return false;
}
