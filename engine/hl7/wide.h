/* wide.h - charsets whose characters hold bytes below 0x80 that are not ASCII. In GB 18030 and Big5 the
 * second byte of a character may be 0x5C or 0x7C, as in Shift-JIS; in ISO 2022 text (ISO IR87, IR159) both may. Splitting
 * such a message must step over whole characters. UTF-8, 8859/x, EUC (KS X 1001, CNS 11643) need nothing.
 * The same bytes as charset_mask_trail() says, but found from any place between characters, so that a
 * field can be cut without its message. Pure.
 * Source: HL7 v2.5.1 table 0211; GB 18030-2000; Big5; ISO 2022, RFC 1468. */
#ifndef CORRIDOR_HL7_WIDE_H
#define CORRIDOR_HL7_WIDE_H

#include "engine/base/charset.h"
#include "engine/hl7/hl7.h"

enum hl7_wide {
    HL7_WIDE_NONE,
    HL7_WIDE_GB18030,
    HL7_WIDE_BIG5,
    HL7_WIDE_SHIFT_JIS,
    HL7_WIDE_ISO2022
};

/* Which stepping a charset asks for. */
enum hl7_wide hl7_wide_of(enum charset c);
/* Bytes of the character at `p`, of at most `n` (> 0) bytes; for ISO 2022 an escape sequence with the text
 * it opens. 1 where `p` is a plain byte. CR and LF are never swallowed. */
size_t hl7_wide_step(enum hl7_wide w, const char *p, size_t n);
/* Does `s` end between characters, in ISO 2022 with ASCII switched on? If not, it would swallow what is
 * put behind it. */
bool hl7_wide_is_whole(enum hl7_wide w, struct str s);
/* The first byte `c` in [p, end) that is no part of a wide character; NULL if none, or if c is 0. */
const char *hl7_wide_find(enum hl7_wide w, const char *p, const char *end, char c);

/* Like memchr, heeding the charset of `d`. A delimiter of 0 is found nowhere. */
static inline const char *hl7_find(const struct hl7_delims *d, const char *p, const char *end,
                                   char c)
{
    if (d->wide) {
        return hl7_wide_find((enum hl7_wide)d->wide, p, end, c);
    }
    return c && p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
}

/* Cut the part before the next `separator` off *rest; .p NULL: there is none left. An empty text has one empty part. */
static inline struct str hl7_next_part(const struct hl7_delims *d, char separator, struct str *rest)
{
    const char *p = rest->p, *end = p ? p + rest->n : NULL;
    const char *at = p ? hl7_find(d, p, end, separator) : NULL;
    *rest = at ? str_from(at + 1, (size_t)(end - at - 1)) : str_from(NULL, 0);
    return str_from(p, (size_t)((at ? at : end) - p));
}

#endif
