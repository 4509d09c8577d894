/* path.h - compiled HL7 v2 paths: PID-3[2].4.1, OBX[3]-5, PV1, all counted from 1.
 * Grammar (shared design, route language section 2): SEG[n]-f[n].c.s ; [last] allowed; [+] and [*]
 * only where `targets` is asked for. Also the values that a path finds. */
#ifndef CORRIDOR_HL7_PATH_H
#define CORRIDOR_HL7_PATH_H

#include "engine/hl7/hl7.h"

enum {
    PATH_ALL = 0,            /* no index given: each one, in order */
    PATH_LAST = 0xffff,      /* [last] */
    PATH_APPEND = 0xfffe,    /* [+], targets only */
    PATH_EACH = 0xfffd,      /* [*], targets only */
    PATH_INDEX_MAX = 0xfff0, /* largest index that can be written */
};

struct path {
    char seg[4];    /* "PID" */
    uint16_t seg_n; /* 1.., PATH_ALL or a PATH_* */
    uint16_t field; /* 1..; 0: the path names a segment */
    uint16_t rep;   /* 1.., PATH_ALL or a PATH_* */
    uint16_t comp;  /* 1..; 0: whole repetition */
    uint16_t sub;   /* 1..; 0: whole component */
};

/* States of language section 3. `HL7_NULL` is the two bytes "". */
enum hl7_state { HL7_ABSENT, HL7_EMPTY, HL7_NULL, HL7_VALUE };

struct hl7_val {
    enum hl7_state state;
    struct str raw; /* still escaped, a view into the message; empty unless NULL or VALUE */
};

/* Compile all of `text`. 0 or ERR_SYNTAX with *out_at the offending byte and *out_why a static
 * sentence ("write PID-3.1"). `targets`: [+] and [*] are allowed. */
int path_compile(struct str text, bool targets, struct path *out, size_t *out_at,
                 const char **out_why);
/* The longest path at the start of `text` as the lexer of the route language wants it: bytes used, or 0. */
size_t path_lex(struct str text, struct path *out);
/* Is what stands behind the `used` bytes of the path `p` (from path_lex) a spelling that looks like a
 * longer path but is none: PID-3-1, PID.3.1, PID-3(1), PID-3[0], PID-3.1.2.3? The sentence that says so,
 * *out_at its place, or NULL. For the lexer of the route language. */
const char *path_misspelt(struct str text, size_t used, const struct path *p, size_t *out_at);
/* Its canonical spelling. */
struct str path_text(struct arena *a, const struct path *p);

/* The segment that `p` names (PATH_ALL: the first), or NULL. O(segments). */
const struct hl7_seg *path_segment(const struct hl7 *m, const struct path *p);
/* The value of `p`, each PATH_ALL read as the first. Never fails. O(segments + bytes of the field).
 * A deeper path on a shallower value reads the value: PID-8.1 is PID-8 (only index 1 reads it).
 * A repetition or component of separators only ("^^") is empty. A segment path gives its text. */
struct hl7_val path_get(const struct hl7 *m, const struct path *p);

/* All values of `p` in order; PATH_ALL walks segments and repetitions.
 *     struct path_iter it = path_each(m, p); struct hl7_val v; while (path_next(&it, &v)) ...
 * Gives absent and empty places inside what exists too (state says which). */
struct path_iter {
    const struct hl7 *m;
    const struct path *p;
    uint32_t seg;    /* index of the current segment */
    uint32_t seen;   /* segments of that name seen */
    struct str rest; /* repetitions still to come */
};
struct path_iter path_each(const struct hl7 *m, const struct path *p);
bool path_next(struct path_iter *it, struct hl7_val *out);
/* The same within one segment only (loops and scopes of the route language). */
struct path_iter path_each_in(const struct hl7 *m, const struct hl7_seg *s, const struct path *p);

/* The same without an iterator: the first value, and what comes after it while `rest->p` is not NULL. Of a segment that
 * lacks the field it is absent. */
struct hl7_val path_first(const struct hl7 *m, const struct hl7_seg *s, const struct path *p,
                          struct str *rest);
struct hl7_val path_again(const struct hl7 *m, const struct path *p, struct str *rest);
/* The only value of `p` in a segment, at once where a look at some bytes tells it: n 0 where the place is absent or empty.
 * p NULL: it did not tell; ask path_first(). */
struct str path_quick(const struct hl7 *m, const struct hl7_seg *s, const struct path *p);

/* Parts of a field value. Repetition `n` (from 1), component, subcomponent; `p` NULL when absent. O(bytes). */
struct str hl7_repetition(const struct hl7_delims *d, struct str field, uint32_t n);
struct str hl7_component(const struct hl7_delims *d, struct str repetition, uint32_t n);
/* The same of any parts, by their separator; quicker where the whole stands in the message `m`. */
struct str hl7_part_in(const struct hl7 *m, struct str whole, char separator, uint32_t n);
struct str hl7_subcomponent(const struct hl7_delims *d, struct str component, uint32_t n);
/* All of them at once. False: they are too many, or not so simple; ask for each. */
enum { HL7_PARTS = 24 };
struct hl7_parts {
    uint16_t n;
    uint16_t begin[HL7_PARTS + 1]; /* of each, and where one more would begin */
};
bool hl7_cut(const struct hl7 *m, struct str whole, char separator, struct hl7_parts *out);
/* Part `n` (from 1) of what was cut. */
static inline struct str hl7_cut_part(const struct hl7_parts *v, struct str whole, uint32_t n)
{
    if (n - 1 >= v->n) {
        return str_from(NULL, 0);
    }
    const uint16_t *begin = &v->begin[n - 1];
    return str_from(whole.p + begin[0], begin[1] - begin[0] - 1u);
}
/* Is it the two bytes ""? */
static inline bool hl7_is_null(struct str raw)
{
    return raw.n == 2 && raw.p[0] == '"' && raw.p[1] == '"';
}
struct hl7_val hl7_val_of(struct str raw);
/* One plain text: ASCII in which no component, subcomponent or escape begins, nor another character set
 * (ESC). False may also mean that it was not looked at so closely. O(n / 8). */
bool hl7_is_plain(const struct hl7_delims *d, struct str raw);

#endif
