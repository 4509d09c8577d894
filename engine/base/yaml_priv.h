/* yaml_priv.h - between yaml.c (events to tree) and yaml_text.c (what libyaml does not tell). */
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

#endif
