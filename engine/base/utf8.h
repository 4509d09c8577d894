/* utf8.h - reading and writing single UTF-8 characters. Pure.
 * Source: RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CORRIDOR_BASE_UTF8_H
#define CORRIDOR_BASE_UTF8_H

#include "engine/base/str.h"

/* Bytes of the character at the start of `s` (1..4), its code point in *out; 0 when the bytes there
 * are no character or `s` is empty. */
unsigned utf8_get(struct str s, uint32_t *out);
/* Offset of the first byte that is not UTF-8, or s.n. O(n), eight bytes at a time for ASCII. */
size_t utf8_valid_to(struct str s);
/* Write `c` (a scalar value) to `out`, return the bytes used, 1..4. Anything else writes U+FFFD. */
unsigned utf8_put(char out[4], uint32_t c);

#endif
