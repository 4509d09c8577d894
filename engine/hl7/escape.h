/* escape.h - HL7 v2 escape sequences. Source: v2.5.1 chapter 2 section 2.7.
 * Differs: a lone escape character or an unknown sequence is kept as it stands (HAPI drops it). */
#ifndef CORRIDOR_HL7_ESCAPE_H
#define CORRIDOR_HL7_ESCAPE_H

#include "engine/base/buf.h"
#include "engine/hl7/hl7.h"

/* Decode \F\ \S\ \T\ \R\ \E\ \Xhh..\ (any even number of digits, either case) and \.br\ (line feed);
 * formatting (\H\ \N\ \.in+4\ \Cxxyy\ \Mxxyyzz\ \Zdd\) is kept as bytes. Returns `raw` itself when
 * there is nothing to decode. After an unknown sequence the second escape character may open the next. \P\ (2.7 truncation) is decoded when the delimiter is declared. */
struct str hl7_unescape(struct arena *a, const struct hl7_delims *d, struct str raw);
/* Encode the delimiters, the escape character and control bytes (CR -> \X0D\). A line feed becomes
 * \.br\ when `formatted` (FT, TX, CF), else \X0A\. The truncation character is never escaped.
 * Returns `text` itself when nothing had to be encoded. A NUL delimiter does not exist. In a message
 * of a wide charset (d->wide) both functions step over whole characters. */
struct str hl7_escape(struct arena *a, const struct hl7_delims *d, struct str text, bool formatted);
/* The same, appended to `out`. */
void hl7_escape_to(struct buf *out, const struct hl7_delims *d, struct str text, bool formatted);

#endif
