/* zone.h - time zones: the bytes of a TZif file to offsets from UTC, and wall clock readings to instants.
 * Not a calendar (see clock.h) and no file access: the caller reads /usr/share/zoneinfo/NAME. No
 * abbreviations, no "is it summer time", no leap seconds: a file that counts them is refused.
 * A zone lives in the arena it was loaded into, holds no view into the bytes, and never changes: any
 * thread may read it. Instants are seconds since 1970-01-01T00:00:00Z. Readings beyond +-10^18 and
 * instants beyond twice that are taken as these. Every question costs O(log transitions).
 * Source: RFC 8536 (TZif 1 to 3), RFC 9636 (4), POSIX TZ for the rules in the footer. Differs: hours of
 * a rule may be -167..167 in every version; summer time without rules is refused; names are not kept. */
#ifndef CORRIDOR_BASE_ZONE_H
#define CORRIDOR_BASE_ZONE_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

enum {
    ZONE_FILE_MAX = 64 * 1024, /* bytes; the largest of tzdata has less than 4 KiB */
    ZONE_NAME_MAX = 64,        /* bytes */
    ZONE_EAST_MAX_S = 93599,   /* offsets from UTC: 25:59:59 east to 24:59:59 west */
    ZONE_WEST_MAX_S = 89999,
};

struct zone;

enum zone_how {
    ZONE_ONCE,
    ZONE_TWICE, /* the clock was set back over it: the first of the two is meant */
    ZONE_GAP,   /* the clock was set forward over it: no clock in the zone ever showed it */
};

/* The instant of a reading is local_s - offset_s. */
struct zone_local {
    int32_t offset_s; /* seconds east of UTC; in a gap those in force before it */
    enum zone_how how;
    int32_t gap_s; /* length of the gap, else 0: the instant reads local_s + gap_s in the zone */
};

/* May `name` stand behind /usr/share/zoneinfo/ ? Letters, digits, _ + - in parts between single slashes;
 * hence no "..", no slash at either end. At most 64 bytes. */
bool zone_name_valid(struct str name);

/* Read a whole file. 0, or ERR_SYNTAX or ERR_LIMIT with *out_why (may be NULL) a static sentence; then
 * nothing stays in `a`. */
int zone_load(struct arena *a, struct str tzif, struct zone **out, const char **out_why);

/* Seconds east of UTC at an instant. Before the first transition of the file its first type holds, behind
 * the last one its footer. */
int32_t zone_offset(const struct zone *z, int64_t utc_s);

/* What the clocks of the zone mean by `local_s`: seconds from 1970-01-01 00:00 as those clocks count them,
 * every day having 86400. A reading that occurs more than once is its first occurrence. */
struct zone_local zone_local(const struct zone *z, int64_t local_s);

#endif
