/* edit.h - copy-on-write changes over a parsed message. The raw bytes are never touched: an edit
 * collects replacements and yields splices over them, or a new message. Lives in one arena.
 * A line (one segment) may be held on to: it stays itself while others come and go around it. */
#ifndef CORRIDOR_HL7_EDIT_H
#define CORRIDOR_HL7_EDIT_H

#include "engine/base/splice.h"
#include "engine/hl7/path.h"

struct edit;
struct edit_line; /* one segment of the message as it is now */

/* A fresh edit over `m`; both live in `a` or longer. O(1). */
struct edit *edit_new(struct arena *a, const struct hl7 *m);
/* Make the place `p` hold the bytes `raw` (already escaped; n 0 empties the place, "\"\"" makes it null).
 * PATH_ALL means the first segment, and the first repetition where `p` names a component; a field
 * without index is the whole field: `raw` may then hold several repetitions. PATH_APPEND adds a segment
 * or repetition, PATH_LAST means the last one. A segment path replaces the line (n 0 removes it).
 * Missing fields, components and repetitions are created; a missing segment is appended after the last
 * segment; an empty value creates nothing.
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
/* The edited message as splices over the original raw bytes; one copy of everything when unchanged.
 * Hidden lines are left out. */
struct splices edit_splices(struct edit *e, struct arena *a);

/* ---- by line ---- */

/* The line that was segment `seg` of the message as received; removed ones too. O(1). */
struct edit_line *edit_line_of(struct edit *e, uint32_t seg);
/* A line as a segment that can be read: `seg` belongs to `m`, whose delimiters are the message's. */
struct edit_seg {
    const struct hl7 *m;
    const struct hl7_seg *seg;
};
/* As it is now; valid until the line is changed. O(1), O(bytes of the line) after a change. */
struct edit_seg edit_line_read(struct edit *e, struct edit_line *l);
/* The same of segment `seg` of the message as received, without holding it. Removed: see edit_is_gone(). */
struct edit_seg edit_read(struct edit *e, uint32_t seg);
bool edit_is_gone(const struct edit *e, uint32_t seg);
const char *edit_line_id(const struct edit_line *l);
bool edit_line_is_gone(const struct edit_line *l);
/* The line before it, removed or not; NULL before the MSH. O(lines added there). */
struct edit_line *edit_line_before(struct edit *e, struct edit_line *l);
/* As edit_set() and edit_delete() with a field, in this line: the segment index of `p` is not looked at. */
int edit_line_set(struct edit *e, struct edit_line *l, const struct path *p, struct str raw);
int edit_line_delete(struct edit *e, struct edit_line *l, const struct path *p);
/* ERR_USAGE for the MSH. */
int edit_line_remove(struct edit *e, struct edit_line *l);
/* A new line directly behind `after`, which may be removed itself. 0, ERR_LIMIT or ERR_USAGE. */
int edit_line_add(struct edit *e, struct edit_line *after, struct str text,
                  struct edit_line **out_line);
/* Leave it out of edit_splices() until shown again. It stays readable. */
void edit_line_hide(struct edit *e, struct edit_line *l, bool is_hidden);

/* Lines in the order of the message, removed ones left out: start with {.e = e}. */
struct edit_walk {
    struct edit *e;
    uint32_t seg;             /* segment whose neighbourhood is being walked */
    bool past_slot;           /* the segment itself is done */
    struct edit_line *behind; /* next one inserted behind it */
};
/* False at the end. *out_line is NULL for a line that nobody has touched: segment *out_seg. */
bool edit_next(struct edit_walk *w, uint32_t *out_seg, struct edit_line **out_line);

#endif
