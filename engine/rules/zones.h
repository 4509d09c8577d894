/* zones.h - the time zones that a ruleset may need, loaded when it is compiled: feeds, literal arguments and
 * cells of tables name them. Constant afterwards; pure. */
#ifndef CORRIDOR_RULES_ZONES_H
#define CORRIDOR_RULES_ZONES_H

#include "engine/base/zone.h"

struct zones {
    struct zones_entry {
        struct str name;
        struct zone *zone;
    } * v;
    unsigned n, cap;
    struct arena *a; /* of everything in it */
    /* The TZif bytes of a zone; false when there is none of that name. NULL: no zones at all. */
    bool (*read)(void *arg, struct arena *a, struct str name, struct str *out_bytes);
    void *arg;
};

/* Does the text look like the name of a zone? Such texts and cells are tried when the rules are compiled. */
static inline bool zones_may_be(struct str s)
{
    return str_index(s, '/') > 0 || str_is(s, "UTC");
}

/* The zone of that name, read when first asked for; NULL: there is none. `zones` is a struct zones. */
const struct zone *zones_load(void *zones, struct str name);

/* NULL when it was not loaded. O(zones). */
static inline const struct zone *zones_find(const struct zones *z, struct str name)
{
    for (unsigned i = 0; z && i < z->n; i++) {
        if (str_eq(z->v[i].name, name)) {
            return z->v[i].zone;
        }
    }
    return NULL;
}

#endif
