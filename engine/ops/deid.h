/* deid.h - a message without what names a person. Built anew from its fields by the rules; what has no rule is left
 * out. One message at a time; counts grow in the struct. Reads and makes message content; counts hold none. */
#ifndef CORRIDOR_OPS_DEID_H
#define CORRIDOR_OPS_DEID_H

#include "engine/base/buf.h"
#include "engine/hl7/hl7.h"
#include "engine/ops/deid_value.h"

/* What was done to one field path, how often. */
struct deid_count {
    struct str at; /* "PID-5"; a segment left out: "ZPD" */
    enum deid_action action;
    uint64_t n;
    struct deid_count *next;
};

struct deid {
    const struct deid_rules *rules;
    struct deid_key key;
    struct arena arena; /* of the counts */
    struct map by_key;
    struct deid_count *counts; /* newest first; what was kept is not counted */
    uint64_t messages;
};

void deid_init(struct deid *d, const struct deid_rules *rules, struct str secret);
void deid_free(struct deid *d);
/* Append `m` with `line_end` behind each segment. */
void deid_message(struct deid *d, const struct hl7 *m, char line_end, struct buf *out);
/* All counts in order of path. An array in `a`. */
const struct deid_count **deid_counts(const struct deid *d, struct arena *a, unsigned *out_n);

#endif
