/* charset_priv.h - the table of sets, shared by charset.c (names), charset_mask.c (bytes of one character) and
 * charset_convert.c (to UTF-8 and back). */
#ifndef CORRIDOR_BASE_CHARSET_PRIV_H
#define CORRIDOR_BASE_CHARSET_PRIV_H

#include "engine/base/charset.h"

/* How the bytes of a character look. */
enum charset_shape {
    CHARSET_SHAPE_ASCII,   /* below 0x80 always itself */
    CHARSET_SHAPE_GB18030, /* lead byte, trail byte from 0x40 */
    CHARSET_SHAPE_BIG5,
    CHARSET_SHAPE_SJIS,
    CHARSET_SHAPE_ESCAPES, /* ISO 2022 with 7-bit pairs */
    CHARSET_SHAPE_WIDE,    /* units of two or four bytes */
};

struct charset_row {
    const char *name;    /* table 0211 */
    const char *iconv;   /* NULL: read and written here */
    const char *aliases; /* "a|b" */
    enum charset_shape shape;
};

extern const struct charset_row charset_rows[CHARSET_COUNT];

static inline bool charset_between(unsigned char c, unsigned low, unsigned high)
{
    return c >= low && c <= high;
}

#endif
