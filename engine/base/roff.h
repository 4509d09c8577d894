/* roff.h - text for manual pages: what man(7) would take for its own signs is written so that it is printed.
 * Pure; any thread. Source: groff_char(7), man(7). */
#ifndef CORRIDOR_BASE_ROFF_H
#define CORRIDOR_BASE_ROFF_H

#include "engine/base/buf.h"

/* `s` as running text or as a line of an example: backslashes, hyphens, quotes and a leading dot are escaped.
 * Line feeds stay, and each line is looked at by itself. */
void roff_put(struct buf *out, struct str s);
/* `.NAME "text"` on a line of its own, NAME as `SH` or `SS`. */
void roff_head(struct buf *out, const char *name, const char *text);
/* `text` between .EX and .EE, indented: printed as it stands, in a fixed width. */
void roff_example(struct buf *out, struct str text);
/* Lines with runs of blanks inside are a table, and printed as they stand; others are filled. */
void roff_paragraphs(struct buf *out, struct str text);

#endif
