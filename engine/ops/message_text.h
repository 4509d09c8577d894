/* message_text.h - the values of one parsed message as UTF-8 text, decoded: escapes first, then the
 * character set of MSH-18. What `parse` and `eval` show. Lives in one arena. */
#ifndef CORRIDOR_OPS_MESSAGE_TEXT_H
#define CORRIDOR_OPS_MESSAGE_TEXT_H

#include "engine/base/charset.h"
#include "engine/base/diag.h"
#include "engine/hl7/path.h"

struct message_charset {
    enum charset set; /* holds where is_set */
    bool is_set;      /* false: the bytes are UTF-8 */
};

/* How to read `m`: valid UTF-8 is UTF-8 whatever MSH-18 says, except where the set named looks like
 * ASCII (ISO-2022); else the set named; else ISO 8859-1. Doubts become findings at MSH-18. */
struct message_charset message_charset(const struct hl7 *m, struct diags *d);
/* One value: unescaped and as UTF-8, in `a` or a view. */
struct str message_value(struct arena *a, const struct hl7 *m, struct message_charset set,
                         struct str raw);
/* Text that is unescaped already, as UTF-8, in `a` or a view. */
struct str message_utf8(struct arena *a, struct message_charset set, struct str text);
/* MSH, FHS, BHS: field 1 is the separator, field 2 the encoding characters, neither is cut. */
bool message_is_header(const struct hl7_seg *s);
/* What hl7_parse() accepted although it is odd, as remarks. */
void message_remarks(const struct hl7 *m, struct diags *d);

#endif
