/* charset.h - text in the character sets of HL7 table 0211 to UTF-8. The only user of iconv.
 * Bytes in, bytes out in the arena given; no state is kept. Any thread.
 * Source: HL7 v2.5.1 chapter 2 section 2.15.9.18 (MSH-18), table 0211. Differs: spellings that senders
 * use (UTF-8, ISO-8859-1, WINDOWS-1252) are known too. */
#ifndef CORRIDOR_BASE_CHARSET_H
#define CORRIDOR_BASE_CHARSET_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

/* The set that MSH-18 names (first repetition), as iconv calls it, static; NULL when it is empty or
 * unknown. ASCII and UNICODE give UTF-8, UTF-16 and UTF-32 as they are named. */
const char *charset_of_hl7(struct str msh18);
/* Does a sequence of this set switch meaning with escape bytes (ISO-2022)? Then it looks like ASCII. */
bool charset_is_stateful(const char *name);
/* `in` as UTF-8. Bytes that are no character become U+FFFD each; *out_bad counts them. False when the
 * system does not know the set. O(n). */
bool charset_to_utf8(struct arena *a, const char *name, struct str in, struct str *out,
                     size_t *out_bad);

#endif
