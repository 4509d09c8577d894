/* base64.h - bytes as text: the standard alphabet with padding. Any thread.
 * Source: RFC 4648 sections 4, 5. Differs: reading is strict; no line ends, no missing padding, no bits left over. */
#ifndef CORRIDOR_BASE_BASE64_H
#define CORRIDOR_BASE_BASE64_H

#include "engine/base/buf.h"

/* Append `bytes` as text. */
void base64_put(struct buf *out, struct str bytes);
/* The same with the alphabet for URLs and without padding: section 5. */
void base64url_put(struct buf *out, struct str bytes);
/* Append the bytes of `text`. False, with nothing appended, when it is none. */
bool base64_read(struct str text, struct buf *out);
/* The same with the alphabet for URLs and without padding. */
bool base64url_read(struct str text, struct buf *out);

#endif
