/* message_text.h - the values of one parsed message as UTF-8 text, decoded: escapes first, then the
 * character set of MSH-18. What `parse` and `eval` show. Lives in one arena. */
#ifndef CORRIDOR_OPS_MESSAGE_TEXT_H
#define CORRIDOR_OPS_MESSAGE_TEXT_H

#include "engine/base/diag.h"
#include "engine/hl7/path.h"
#include "engine/hl7/text.h"

/* How to read `m`: hl7_text_of(), its doubts as findings at MSH-18. */
struct hl7_text message_charset(const struct hl7 *m, struct diags *d);
/* One value: unescaped and as UTF-8, in `a` or a view. */
struct str message_value(struct arena *a, const struct hl7 *m, struct hl7_text set, struct str raw);
/* MSH, FHS, BHS: field 1 is the separator, field 2 the encoding characters, neither is cut. */
bool message_is_header(const struct hl7_seg *s);
/* What hl7_parse() accepted although it is odd, as remarks. */
void message_remarks(const struct hl7 *m, struct diags *d);

#endif
