/* charset.h - the character sets a message may be in: their names in HL7, bytes to UTF-8 and back,
 * and which bytes that look like a delimiter are the inside of a character. Pure.
 * Source: HL7 v2.5.1 table 0211 (MSH-18); the conversions are glibc's iconv.
 * Differs: `UNICODE` is read as UTF-8; `ISO IR14` keeps \ and ~ where JIS X 0201 has yen and overline,
 * as they are HL7's own signs; UTF-16 and UTF-32 without byte order mark are big endian. */
#ifndef CORRIDOR_BASE_CHARSET_H
#define CORRIDOR_BASE_CHARSET_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

enum charset {
    CHARSET_ASCII,
    CHARSET_8859_1,
    CHARSET_8859_2,
    CHARSET_8859_3,
    CHARSET_8859_4,
    CHARSET_8859_5,
    CHARSET_8859_6,
    CHARSET_8859_7,
    CHARSET_8859_8,
    CHARSET_8859_9,
    CHARSET_8859_15,
    CHARSET_UTF8,
    CHARSET_UTF16, /* by byte order mark, else big endian */
    CHARSET_UTF16LE,
    CHARSET_UTF16BE,
    CHARSET_UTF32,
    CHARSET_UTF32LE,
    CHARSET_UTF32BE,
    CHARSET_IR6,   /* ASCII by its ISO number */
    CHARSET_IR14,  /* JIS X 0201: ASCII and half-width katakana */
    CHARSET_IR87,  /* JIS X 0208 by escape sequences (ISO-2022-JP) */
    CHARSET_IR159, /* JIS X 0212 by escape sequences (ISO-2022-JP-2) */
    CHARSET_GB18030,
    CHARSET_KS_X_1001,
    CHARSET_CNS_11643,
    CHARSET_BIG5,
    CHARSET_SHIFT_JIS, /* not in table 0211; sent nevertheless */
    CHARSET_WINDOWS_1252,
    CHARSET_COUNT,
};

/* By a name of table 0211 or an IANA name, in any case, blanks around it ignored. False: unknown. */
bool charset_find(struct str name, enum charset *out);
/* What MSH-18 says as a whole, its repetitions cut at `repetition`: the first one, unless one of them
 * is a set of escape sequences (ISO IR87, ISO IR159), which then holds for all the text; an empty first
 * one is ASCII. False: the field is empty, or what decides is unknown. */
bool charset_of_msh18(struct str field, char repetition, enum charset *out);
/* The name to write into MSH-18; for those without one the IANA name. */
const char *charset_name(enum charset c);

/* Is every byte below 0x80, wherever it stands, the ASCII character? Then the bytes can be cut at
 * delimiters without decoding. */
bool charset_is_ascii_superset_bytewise(enum charset c);
/* Do escape sequences switch the meaning of bytes? Then all bytes look like ASCII. */
bool charset_is_stateful(enum charset c);
/* Can the bytes be cut at delimiters once charset_mask_trail() has marked the others? True for those
 * above and GB 18030, Big-5, Shift-JIS, ISO IR87, ISO IR159; false for UTF-16 and UTF-32. */
bool charset_is_maskable(enum charset c);

/* Words that charset_mask_trail() wants for `n` bytes. */
static inline size_t charset_mask_words(size_t n)
{
    return (n + 63) / 64;
}

/* Set bit i % 64 of mask[i / 64] for every byte i that belongs to a character of several bytes or to an
 * escape sequence, so that the parser leaves it alone; clear all others. Returns how many are set: 0
 * means that the mask is not needed. O(n). An escape state ends at CR or LF. */
size_t charset_mask_trail(enum charset c, struct str bytes, uint64_t *mask);

/* Which encoding do the first bytes show: a byte order mark (*out_skip its length), or "MSH", "FHS" or
 * "BHS" in UTF-16 or UTF-32 without one (*out_skip 0)? False: nothing to be seen. */
bool charset_detect(struct str bytes, enum charset *out, size_t *out_skip);

/* Bytes as UTF-8: in `a`, or the input itself where it is UTF-8 already. What is no character becomes
 * U+FFFD and is counted in *out_bad. A byte order mark is dropped for UTF-16 and UTF-32. 0, or
 * ERR_NOT_FOUND: the system lacks the conversion. */
int charset_decode(struct arena *a, enum charset c, struct str bytes, struct str *out,
                   size_t *out_bad);
/* UTF-8 as bytes in `c`: in `a`, or the input itself where it is ASCII. What `c` cannot say, and what is no UTF-8, becomes `?` and is counted.
 * CHARSET_UTF16 and CHARSET_UTF32 begin with a byte order mark, big endian. Returns as above. */
int charset_encode(struct arena *a, enum charset c, struct str utf8, struct str *out,
                   size_t *out_bad);

#endif
