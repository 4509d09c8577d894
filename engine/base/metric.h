/* metric.h - what a number for a monitoring system is called, and how it is written: the Prometheus text format.
 * A row is data; the table of all of them is engine/ops/metrics.c. Pure.
 * Source: Prometheus "Exposition formats", text format 0.0.4. */
#ifndef CORRIDOR_BASE_METRIC_H
#define CORRIDOR_BASE_METRIC_H

#include "engine/base/buf.h"
#include "engine/base/histogram.h"
#include "engine/base/str.h"

enum { METRIC_LABELS_MAX = 3 };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
    const char *name;
    enum metric_type type;
    const char *labels; /* "source,code"; "": none. At most METRIC_LABELS_MAX */
    const char *unit;   /* as people say it: "messages", "bytes", "seconds" */
    const char *help;   /* one sentence */
};

const char *metric_type_text(enum metric_type t);
/* "# HELP" and "# TYPE". */
void metric_head(struct buf *out, const struct metric *m);
/* One sample. `labels`: as many values as the row names, in that order. */
void metric_put(struct buf *out, const struct metric *m, const struct str *labels, uint64_t value);
/* The same for microseconds, written as seconds. */
void metric_put_us(struct buf *out, const struct metric *m, const struct str *labels, int64_t us);
/* Buckets, sum and count. */
void metric_put_histogram(struct buf *out, const struct metric *m, const struct str *labels,
                          const struct histogram_scale *scale, const struct histogram *h);

#endif
