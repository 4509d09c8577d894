/* Message types and trigger events that no version of HL7 has: a feed may send them, the analyst more likely mistyped. */
#include "engine/rules/compile_priv.h"

enum { TYPES_MAX = 256 };

/* "ADT" of ADT_A01. */
static struct str type_of_structure(const struct structure *s)
{
    struct str name = str_of(structure_name(s)), type = name;
    (void)str_split(&name, '_', &type); /* a name has a first part */
    return type;
}

/* Whether any version has messages of `type`: asked for every pattern of every route, so without a list of all. */
static bool has_type(struct str type)
{
    for (int v = 0; v < HL7_VERSIONS; v++) {
        const struct structure *s;
        for (unsigned i = 0; (s = structure_at((enum hl7_version)v, i)); i++) {
            if (str_eq(type_of_structure(s), type)) {
                return true;
            }
        }
    }
    return false;
}

/* The message types of all versions. Returns how many. */
static unsigned all_types(struct str *types)
{
    unsigned n = 0;
    for (int v = 0; v < HL7_VERSIONS; v++) {
        const struct structure *s;
        for (unsigned i = 0; (s = structure_at((enum hl7_version)v, i)); i++) {
            struct str type = type_of_structure(s);
            unsigned k = 0;
            while (k < n && !str_eq(types[k], type)) {
                k++;
            }
            if (k == n && n < TYPES_MAX) {
                types[n++] = type;
            }
        }
    }
    return n;
}

static bool has_event(struct str type, struct str event)
{
    const char *why;
    return structure_of(HL7_2_7_1, type, event, STR(""), &why) != NULL;
}

bool compile_event_known(struct str type, struct str event)
{
    bool own = type.p[0] == 'Z' || (event.n && event.p[0] == 'Z');
    return own || (has_type(type) && (!event.n || str_is(type, "ACK") || has_event(type, event)));
}

struct str compile_event_near(struct arena *a, struct str type, struct str event)
{
    struct str types[TYPES_MAX], may[TYPES_MAX];
    unsigned n = all_types(types), k = 0;
    for (unsigned i = 0; i < n; i++) { /* those that have the event */
        if (!str_is(types[i], "ACK") && (!event.n || has_event(types[i], event))) {
            may[k++] = types[i];
        }
    }
    struct str near = check_nearest(type, may, k);
    near = !near.n && k == 1 ? may[0] : near;
    return near.n && event.n ? str_printf(a, "%.*s^%.*s", STR_ARG(near), STR_ARG(event)) : near;
}
