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

/* What a finding has to do with others. */
enum diag_role {
    DIAG_ALONE,
    DIAG_MISSPELT, /* about: the name that was probably meant */
    DIAG_LACKS, /* about: the name that is not there; no finding of its own where it is misspelt nearby */
    DIAG_REFERS, /* about: a name that nothing declares; told once, and not where what declares it cannot be read */
};

struct diag {
    struct diag *next;
    enum diag_severity severity;
    const char *code;    /* stable kebab-case name, e.g. "unknown-key" */
    struct diag_pos pos; /* place in a file, or file NULL */
    struct str path;     /* place in a message, e.g. "PID-3[1].4"; may be empty */
    struct str text;     /* "what was found; what was expected" */
    struct str hint;     /* what to do; may be empty */
    enum diag_role role;
    struct str about;
    unsigned places; /* DIAG_REFERS: how many others refer to it */
    bool follows;
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
void diag_means(struct diag *one, enum diag_role role, struct str about);
/* Names that are declared in what cannot be read; is_all: whole files are not there. */
struct diags_lost {
    struct str *v;
    unsigned n, cap;
    bool is_all;
};
/* Take out what only follows from another finding: see enum diag_role. O(n^2) of those with a role. */
void diags_drop_followers(struct diags *d, const struct diags_lost *lost);
/* Write `one` as its line, with a line feed. */
void diag_print(struct buf *out, const struct diag *one);
/* d->count of them in order of file, line and column, in the arena of `d`. O(n log n). */
const struct diag *const *diags_sorted(const struct diags *d);
/* All of them, in that order. */
void diags_print(struct buf *out, const struct diags *d);
const char *diag_severity_text(enum diag_severity s);

#define DIAG_NOWHERE ((struct diag_pos){NULL, 0, 0})

#endif
