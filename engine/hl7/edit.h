/* edit.h - copy-on-write changes over a parsed message. The raw bytes are never touched: an edit
 * collects replacements and yields splices over them, or a new message. Lives in one arena. */
#ifndef CORRIDOR_HL7_EDIT_H
#define CORRIDOR_HL7_EDIT_H

#include "engine/base/splice.h"
#include "engine/hl7/path.h"

struct edit;

/* A fresh edit over `m`; both live in `a` or longer. O(1). */
struct edit *edit_new(struct arena *a, const struct hl7 *m);
/* Make the place `p` hold the bytes `raw` (already escaped; n 0 empties the place, "\"\"" makes it null).
 * PATH_ALL means the first segment, and the first repetition where `p` names a component; a field
 * without index is the whole field: `raw` may then hold several repetitions. PATH_APPEND adds a segment
 * or repetition, PATH_LAST means the last one. A segment path replaces the line (n 0 removes it).
 * Missing fields, components and repetitions are created; a missing segment is appended after the last
 * segment unless edit_add_segment() placed one before; an empty value creates nothing.
 * The new value is seen by edit_view() and by later edits. `raw` is copied unless it is a view into m.
 * 0; ERR_LIMIT (the message would pass 4 GiB); ERR_NOT_FOUND (a segment index that skips one);
 * ERR_USAGE: PATH_EACH, MSH-1, MSH-2, the MSH line, or `raw` holds CR, LF or a separator of the level
 * of `p` or above, or it, or the line to be
 * changed, ends within a character of the message's charset. Nothing is changed then. O(segments + bytes of the field). */
int edit_set(struct edit *e, const struct path *p, struct str raw);
/* Remove the place: a segment line, a repetition (followers move up), a field or component (emptied).
 * 0 also when there is nothing; ERR_USAGE as in edit_set(). */
int edit_delete(struct edit *e, const struct path *p);
/* Insert a segment line (no terminator) behind segment index `after` of the current view.
 * 0, ERR_NOT_FOUND (no such index), ERR_LIMIT, ERR_USAGE (empty, or holds CR or LF). O(segments). */
int edit_add_segment(struct edit *e, uint32_t after, struct str line);
bool edit_is_changed(const struct edit *e);
/* The message as edited so far. The original when nothing changed; else encoded and indexed once and
 * kept until the next change. Valid as long as the arena. */
const struct hl7 *edit_view(struct edit *e);
/* The edited message as splices over the original raw bytes; one copy of everything when unchanged. */
struct splices edit_splices(struct edit *e, struct arena *a);

#endif
