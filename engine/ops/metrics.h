/* metrics.h - the running daemon in numbers, for Prometheus: one table of metrics drives the answer of /metrics,
 * `corridor describe metrics` and docs/reference/metrics.md. Labels are names of the configuration, reply codes,
 * rules by text and place: never message content. Counters begin at 0 with the process and survive a reload.
 * Loop thread. */
#ifndef CORRIDOR_OPS_METRICS_H
#define CORRIDOR_OPS_METRICS_H

#include "engine/base/metric.h"

struct engine;
struct journal;
struct watcher;

struct metrics_from {
    const struct engine *engine;
    const struct journal *journal;
    const struct watcher *watcher; /* conditions; NULL: none are watched */
    int64_t started_wall_us;
};

/* Append the whole exposition. O(endpoints + rules + tables); reads /proc/self. */
void metrics_write(struct buf *out, const struct metrics_from *from);
/* The rows, in order; NULL behind the last one. */
const struct metric *metrics_row(unsigned index);
/* As text, and as a page of the manual. */
void metrics_describe(struct buf *out);
void metrics_markdown(struct buf *out);

#endif
