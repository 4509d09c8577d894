/* parse_out.h - one parsed message as text for people, or as one line of JSON. */
#ifndef CORRIDOR_OPS_PARSE_OUT_H
#define CORRIDOR_OPS_PARSE_OUT_H

#include "engine/base/buf.h"
#include "engine/base/diag.h"
#include "engine/ops/message_text.h"

/* One line {"segments":[{"id":"PID","n":1,"fields":[[[["v"]]]]}],"findings":[...]}: field, repetition,
 * component, subcomponent; values decoded; an explicit null is {"null":true}. `m` NULL: no segments. */
void parse_out_json(struct buf *out, const struct hl7 *m, struct hl7_text set,
                    const struct diags *d);
/* A line a valued place: PID-3[2].4.1, its name in the dictionary of MSH-12, its value. */
void parse_out_text(struct buf *out, const struct hl7 *m, struct hl7_text set, bool colour);
/* Findings as JSON list: [{"severity":..,"code":..,"at":..,"text":..}]. */
struct json_out;
void parse_out_findings(struct json_out *o, const struct diags *d);

#endif
