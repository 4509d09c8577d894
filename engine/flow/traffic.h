/* traffic.h - how many came lately, and whether that is as many as are expected at this hour. A meter is fed with a
 * counter now and then and keeps its last period in 64 slots; a floor says on which days and between which hours, by
 * the clock of the source's time zone, at least so many are expected in each period. Pure; one thread. */
#ifndef CORRIDOR_FLOW_TRAFFIC_H
#define CORRIDOR_FLOW_TRAFFIC_H

#include "engine/base/zone.h"
#include "engine/flow/condition.h"

enum {
    TRAFFIC_SLOTS = 64,
    TRAFFIC_SLOTS_A_PERIOD = 60,
    TRAFFIC_DAY_MINUTES = 1440,
};

/* {0} with a period is a new one. */
struct traffic_meter {
    int64_t period_us;
    int64_t began_us; /* monotonic; 0: not yet fed */
    int64_t slot;     /* number of the newest slot */
    uint64_t last;    /* the counter as it was fed last */
    uint64_t n[TRAFFIC_SLOTS];
};

struct traffic_floor {
    uint8_t days;         /* bit 0 Monday to bit 6 Sunday: of the day the hours begin on */
    int from_min, to_min; /* minutes from midnight; `to` is not in it; from >= to: over midnight */
    uint64_t at_least;    /* messages ... */
    int64_t period_us;    /* ... in each period, 1 s to 1 d */
};

/* "mon-fri", "sat", "fri-mon" as bits. False: neither. */
bool traffic_read_days(struct str s, uint8_t *out);
/* "07-18", "07:30-18:15", "22-06", "00-24". False: neither. */
bool traffic_read_hours(struct str s, int *out_from_min, int *out_to_min);
/* "20/h", "5/15m", "1/d". False: neither. */
bool traffic_read_rate(struct str s, uint64_t *out_n, int64_t *out_period_us);
/* How long its hours last on one day, in minutes. */
int traffic_minutes(const struct traffic_floor *f);

/* `counter` stands so now; one that has become smaller begins anew. */
void traffic_feed(struct traffic_meter *m, uint64_t counter, int64_t mono_us);
/* How many in the last period, and up to 1/60 of it before. */
uint64_t traffic_count(const struct traffic_meter *m);
/* Has it been fed for a whole period? */
bool traffic_is_full(const struct traffic_meter *m, int64_t mono_us);

/* Is it expected at this instant? */
bool traffic_is_expected(const struct traffic_floor *f, const struct zone *zone, int64_t wall_us);
/* BAD: too few, and the whole period is watched and expected. GOOD: enough, at whatever hour. Else KEEP. */
enum condition_verdict traffic_judge(const struct traffic_floor *f, const struct traffic_meter *m,
                                     const struct zone *zone, int64_t wall_us, int64_t mono_us);

#endif
