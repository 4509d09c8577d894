/* trace_out.h - what the routes did to a message, for people and as JSON. Shows message content.
 * Lives in one arena; any thread. */
#ifndef CORRIDOR_OPS_TRACE_OUT_H
#define CORRIDOR_OPS_TRACE_OUT_H

#include "engine/flow/plan.h"
#include "engine/hl7/text.h"
#include "engine/rules/trace.h"

struct trace_subject {
    const struct plan *plan;
    unsigned source;
    const struct hl7 *m; /* of FHIR and JSON nothing but its bytes */
    const struct json *data;
    const struct batch_headers *batch;
    struct hl7_text set;
    const struct trace *trace;
    const struct rules_result *result;
    const struct validate_report
        *validation; /* what it found, where the source asks for it; or NULL */
};

/* "accepted", "filtered", "unrouted", "rejected". */
const char *trace_verdict_text(enum rules_verdict v);
void trace_out_text(struct buf *out, struct arena *a, const struct trace_subject *t);
/* One line; numbers of an output stand as they are sent. */
void trace_out_json(struct buf *out, struct arena *a, const struct trace_subject *t);

#endif
