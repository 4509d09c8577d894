/* yaml_priv.h - what the files of YAML share: yaml.c (libyaml's events), yaml_build.c (the tree), yaml_check.c (what this
 * language does not allow), yaml_fault.c (what libyaml does not read) and yaml_text.c (what libyaml does not tell: looks at
 * the bytes alone). */
#ifndef CORRIDOR_BASE_YAML_PRIV_H
#define CORRIDOR_BASE_YAML_PRIV_H

#include "engine/base/lookalike.h"
#include "engine/base/yaml.h"

/* A place of the source that was found to be a formula in a spelling YAML does not carry. */
struct yaml_trap {
    struct str lead;    /* "key:" or "-", as to be written before >- */
    struct str formula; /* the whole formula, as it was meant */
};

/* Report bytes that no YAML file may have (not UTF-8, control characters, foreign line ends), with
 * their places. False when there were any. */
bool yaml_text_check(const char *file, struct str bytes, struct diags *d);
/* The line around byte `at`, without its end, at most 1024 bytes to either side; its first byte in
 * *out_begin. */
struct str yaml_text_line(struct str bytes, size_t at, size_t *out_begin);
/* Is there a formula on the line of byte `at`, starting at or before it, that YAML cannot carry? */
bool yaml_text_trap(struct str bytes, size_t at, struct yaml_trap *out);
/* The formula that starts at byte `at` itself. `flow`: it ends at its , ] or }. */
void yaml_text_formula(struct str bytes, size_t at, bool flow, struct yaml_trap *out);
/* Is a formula what stands under this key, `=` or not? */
bool yaml_text_is_formula_key(struct str key);
/* Quotes closed, brackets in pairs. */
bool yaml_text_is_balanced(struct str formula);
/* Does the line hold a blank that YAML takes for a letter where it reads blanks (in front, behind `:`
 * or `-`), or begin with a dash that is no hyphen? Its column in *out_col. */
bool yaml_text_lookalike(struct str line, unsigned *out_col, struct lookalike *out);
/* What libyaml says, and how we say it. */
struct yaml_phrase {
    const char *theirs; /* part of its text */
    const char *text, *hint;
};
const struct yaml_phrase *yaml_text_phrase(const char *problem);
/* Of a key that YAML cannot take: is the line above it the culprit, which lacks a blank or a colon and
 * so became a text that goes on? What it lacks, with the column of the line above; NULL if not. */
const struct yaml_phrase *yaml_text_unfinished(struct str above, struct str line,
                                               unsigned *out_col);
/* "write KEY: >- ..." as lines of the hint. */
void yaml_text_hint(struct diags *d, struct diag *one, const struct yaml_trap *t);

/* ---- one reading ---- */

enum { YAML_ERRORS_MAX = 100 }; /* faults after which a file is not read further */

/* One open sequence or mapping. */
struct yaml_frame {
    struct yaml_node *node;
    struct yaml_node *last; /* newest child */
    struct yaml_node *key;  /* mapping: the key whose value comes next, or NULL */
    bool flow;
};

struct yaml_build {
    struct arena *a;
    struct diags *d;
    const char *file;
    struct str bytes; /* without byte order mark */
    size_t base;      /* where this run of libyaml began: a line's first byte */
    unsigned base_line;
    size_t at_index, at_byte; /* libyaml counts characters from base; the byte of one of them */
    size_t gap;               /* behind the last scalar: from here on only YAML's own signs */
    struct yaml_frame stack[YAML_DEPTH_MAX];
    unsigned depth;
    struct yaml_node *root; /* of the document being read */
    struct yaml_doc *first, *last;
    unsigned traps; /* formula findings so far */
    struct diag_pos
        quote; /* of the last scalar in quotes that goes over several lines, which ends on line quote_end */
    unsigned quote_end;
    unsigned trap_line; /* of the last one: what YAML finds behind it on its line is noise */
    bool limit;         /* nesting limit passed: this document cannot be read */
};

static inline struct yaml_frame *yaml_build_top(struct yaml_build *b)
{
    return b->depth ? &b->stack[b->depth - 1] : NULL;
}

/* yaml_build.c: a node at its place, not in the tree yet. */
struct yaml_node *yaml_build_node(struct yaml_build *b, enum yaml_kind kind, struct diag_pos pos);
/* Into what is open: as an item, a key, or the value of the key before. */
void yaml_build_add(struct yaml_build *b, struct yaml_node *n);
/* A key comes next. */
bool yaml_build_wants_key(struct yaml_build *b);
/* The document ends: into the list, unless it is empty. */
void yaml_build_end(struct yaml_build *b);

/* yaml_check.c: an error at `pos`, for a hint. */
struct diag *yaml_fail(struct yaml_build *b, const char *code, struct diag_pos pos,
                       const char *text);
/* Between scalars stand only YAML's own signs, blanks and comments; `to`: the byte of the next scalar. */
void yaml_check_gap(struct yaml_build *b, size_t to);
/* An unquoted scalar, from byte `begin` to `end`, that comes next. */
void yaml_check_plain(struct yaml_build *b, struct yaml_node *n, size_t begin, size_t end);
/* What bears a tag (`what` is '!'), an anchor ('&') or is an alias ('*') at byte `at`. */
void yaml_check_sign(struct yaml_build *b, char what, struct diag_pos pos, size_t at);
void yaml_check_duplicates(struct yaml_build *b, const struct yaml_node *map);
/* A formula that YAML does not carry: what is wrong, and how it is written. */
void yaml_report_trap(struct yaml_build *b, struct diag_pos pos, const struct yaml_trap *t,
                      const char *what);

/* Where libyaml gave up, and what it says. */
struct yaml_fault {
    const char *problem, *context;    /* "": it says nothing */
    struct diag_pos pos, context_pos; /* of the problem; of what was begun before */
    size_t at;                        /* byte of the problem */
};
/* yaml_fault.c */
void yaml_report_fault(struct yaml_build *b, const struct yaml_fault *f);

#endif
