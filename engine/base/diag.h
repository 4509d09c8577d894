/* diag.h - findings for people. One finding is one line:
 *     FILE:LINE:COL: error: what was found; what was expected; hint
 * or, inside a message, PID-3[1].4 in place of the file position; where there are both, the path stands behind "error:".
 * A text of more than 1000 bytes loses its middle. A list is owned by its arena.
 * Message content never goes into a finding that may be logged: say where, not what the value was. */
#ifndef CORRIDOR_BASE_DIAG_H
#define CORRIDOR_BASE_DIAG_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

struct buf;

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_REMARK };

/* Where in a text file. line and column count from 1; 0 means "not known". */
struct diag_pos {
    const char *file; /* NULL when there is none */
    unsigned line;
    unsigned col;
};

struct diag {
    struct diag *next;
    enum diag_severity severity;
    const char *code;    /* stable kebab-case name, e.g. "unknown-key" */
    struct diag_pos pos; /* place in a file, or file NULL */
    struct str path;     /* place in a message, e.g. "PID-3[1].4"; may be empty */
    struct str text;     /* "what was found; what was expected" */
    struct str hint;     /* what to do; may be empty */
};

struct diags {
    struct arena *arena; /* owns every finding */
    struct diag *first, *last;
    unsigned count, errors; /* all kept; errors among all seen */
    unsigned limit;         /* keep at most so many (0: 1000); further ones are only counted */
};

void diags_init(struct diags *d, struct arena *arena);
/* Append one finding; `fmt` gives the text. Returns it so that path and hint can be set. Never NULL. */
struct diag *diag_add(struct diags *d, enum diag_severity s, const char *code, struct diag_pos pos,
                      const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same for a place inside a message. */
struct diag *diag_add_path(struct diags *d, enum diag_severity s, const char *code, struct str path,
                           const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void diag_hint(struct diags *d, struct diag *one, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Findings that say the same of the same place are kept once, and counted once. */
void diags_unique(struct diags *d);
/* Write `one` as its line, with a line feed. */
void diag_print(struct buf *out, const struct diag *one);
/* d->count of them in order of file, line and column, in the arena of `d`. O(n log n). */
const struct diag *const *diags_sorted(const struct diags *d);
/* All of them, in that order. */
void diags_print(struct buf *out, const struct diags *d);
const char *diag_severity_text(enum diag_severity s);

#define DIAG_NOWHERE ((struct diag_pos){NULL, 0, 0})

#endif
