/* trace_lineage.h - of every field of an output the field of the message, the table row and the rule that it comes
 * from. Shows message content. */
#ifndef CORRIDOR_OPS_TRACE_LINEAGE_H
#define CORRIDOR_OPS_TRACE_LINEAGE_H

#include "engine/base/json_out.h"
#include "engine/ops/trace_out.h"

/* Append a line for each value that a rule made, and one for what is as received. */
void trace_lineage_text(struct buf *out, struct arena *a, const struct trace_subject *t,
                        const struct rules_output *o);
/* All fields: [{"at","value","from":[..],"rows":[..],"rule":"FILE:LINE:COL"}]; as received: no rule. */
void trace_lineage_json(struct json_out *j, struct arena *a, const struct trace_subject *t,
                        const struct rules_output *o);

#endif
