#include "engine/rules/zones.h"

static void add(struct zones *z, struct str name, struct zone *zone)
{
    if (z->n == z->cap) {
        z->cap = z->cap ? z->cap * 2 : 8;
        struct zones_entry *more = ARENA_ARRAY(z->a, struct zones_entry, z->cap);
        if (z->n) {
            memcpy(more, z->v, z->n * sizeof(*more));
        }
        z->v = more;
    }
    z->v[z->n++] = (struct zones_entry){name, zone};
}

const struct zone *zones_load(void *zones, struct str name)
{
    struct zones *z = zones;
    const struct zone *known = zones_find(z, name);
    struct zone *made;
    struct str bytes;
    const char *why;
    if (known || !z->read || !zone_name_valid(name)) {
        return known;
    }
    if (!z->read(z->arg, z->a, name, &bytes) || zone_load(z->a, bytes, &made, &why) != 0) {
        return NULL;
    }
    add(z, str_dup(z->a, name), made);
    return made;
}
