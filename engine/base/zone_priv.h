/* zone_priv.h - what a zone is, shared by zone_load.c (TZif), zone_footer.c (the TZ string in it) and zone.c (questions). */
#ifndef CORRIDOR_BASE_ZONE_PRIV_H
#define CORRIDOR_BASE_ZONE_PRIV_H

#include "engine/base/zone.h"

enum zone_rule_kind {
    ZONE_RULE_JULIAN, /* Jn: day 1..365, 29 February is not counted */
    ZONE_RULE_DAY,    /* n: day 0..365 */
    ZONE_RULE_WEEKDAY /* Mm.w.d: the w-th weekday d of month m, 5 is the last */
};

struct zone_rule {
    enum zone_rule_kind kind;
    int month, week, day;
    int32_t time_s; /* of the wall clock before the change, from that day's midnight */
};

/* The TZ string behind the transitions. "Summer" is what it names second, be it in winter. */
struct zone_footer {
    bool is_given, has_summer;
    int32_t winter_s, summer_s;  /* offsets, east of UTC */
    struct zone_rule begin, end; /* of summer */
};

struct zone {
    size_t count;         /* transitions */
    const int64_t *at;    /* instants, rising */
    const int32_t *after; /* offset from each of them on */
    int32_t first_s;      /* offset before all of them */
    struct zone_footer footer;
};

/* Read a TZ string; an empty one says nothing. NULL, or what is wrong with it. */
const char *zone_footer_read(struct str s, struct zone_footer *f);

#endif
