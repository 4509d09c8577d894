/* deid_rules.h - what is done to which field: the table conf/deidentify.yaml, and a file laid over it. Pure but
 * for the bytes given. Keys: "PID-7" (fields), "XPN.1" or "XPN" (types), "NTE" or "Z*" (segments). */
#ifndef CORRIDOR_OPS_DEID_RULES_H
#define CORRIDOR_OPS_DEID_RULES_H

#include "engine/base/diag.h"
#include "engine/base/map.h"

enum deid_action {
    DEID_NONE, /* no row */
    DEID_KEEP,
    DEID_REMOVE,
    DEID_SCRAMBLE,
    DEID_DATE,
    DEID_BIRTH,
    DEID_YEAR,
    DEID_AGE,
    DEID_FAMILY,
    DEID_GIVEN,
    DEID_ORGANISATION,
    DEID_STREET,
    DEID_CITY,
    DEID_ZIP,
    DEID_PHONE,
    DEID_AREA,
    DEID_LOCAL,
    DEID_EMAIL,
    DEID_CODED,
    DEID_FIELDS, /* of a segment: its fields one by one */
};
enum { DEID_ACTIONS = DEID_FIELDS + 1 };

struct deid_list {
    const struct str *v;
    unsigned n;
};

struct deid_rules {
    struct arena *a;
    struct map rows; /* "f PID-7", "t XPN.1", "s Z*" to action + 1 (as a pointer) */
    struct deid_list families, givens, streets, cities, organisations;
    struct deid_list small_zips, ages;
};

void deid_rules_init(struct deid_rules *r, struct arena *a);
void deid_rules_free(struct deid_rules *r);
/* Lay the rows of a file over those that are there; lists take the place of lists. False with findings. */
bool deid_rules_read(struct deid_rules *r, const char *file, struct str bytes, struct diags *d);
/* True when every list that a row may ask for holds something. */
bool deid_rules_whole(const struct deid_rules *r);
enum deid_action deid_rules_field(const struct deid_rules *r, const char *seg, unsigned field);
/* Component 0: the type itself. */
enum deid_action deid_rules_type(const struct deid_rules *r, const char *type, unsigned component);
enum deid_action deid_rules_segment(const struct deid_rules *r, const char *seg);
const char *deid_action_text(enum deid_action a);

#endif
