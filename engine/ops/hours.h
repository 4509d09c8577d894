/* hours.h - how much came in and went out, by hour or day of receipt (UTC), counted from the journal when
 * somebody asks: 32 bytes an output are read of a volume with a key file, the whole of one without.
 * Nothing is kept for it, so nothing has to be kept right: a message counts as long as it is kept. One thread. */
#ifndef CORRIDOR_OPS_HOURS_H
#define CORRIDOR_OPS_HOURS_H

#include "engine/ops/history.h"

enum { HOURS_STATUSES = 5 }; /* as enum entry_status */

/* One source or destination in one span of time. */
struct hours_row {
    int64_t from_us; /* wall clock; where the hour or day begins */
    uint32_t name;   /* id */
    bool is_destination;
    uint64_t messages[HOURS_STATUSES]; /* of a source: by what was answered */
    uint64_t outputs,
        failed_routes; /* of a destination: made for it; of which a route that failed */
};

struct hours {
    struct history *h;
    int64_t since_us, until_us; /* received at or after; before */
    int64_t span_us;            /* an hour, a day */
    struct hours_row *v;
    size_t n, cap;
    struct map64 places; /* span, kind and name to index */
};

/* Of an open history, which outlives it. */
void hours_init(struct hours *t, struct history *h);
void hours_free(struct hours *t);
/* Count; then the rows stand in order of time, sources before destinations. 0 or COMMAND_CANNOT. */
int hours_count(struct hours *t);

#endif
