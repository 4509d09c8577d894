/* regex.h - regular expressions with bounded cost: our interface over PCRE2. Perl's syntax on UTF-8, `.` is
 * every character (DOTALL), \d \w \s are ASCII. No callouts, no \C, nothing compiled to machine code.
 * A regex lives in the arena it was compiled into and dies with it; it never changes: any number of threads
 * may match with it, each with an arena of its own.
 * Every answer is a function of pattern and subject alone, and comes soon: each start in the subject has at
 * most 200,000 attempts and 1,000 open choices, which may use 1 MiB; all starts and all occurrences together
 * have 1,000,000 steps and eight more for each byte of the subject. A step is an item of the pattern reached;
 * text that an item runs over or compares costs one step for 16 bytes. REGEX_LIMIT means: not known.
 * PCRE2 alone counts attempts anew at each start: patterns as plain as `a*[bc]` would take minutes.
 * Source: pcre2pattern(3), pcre2api(3), 10.42. Differs: see above, and regex_replace(). */
#ifndef CORRIDOR_BASE_REGEX_H
#define CORRIDOR_BASE_REGEX_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

enum {
    REGEX_PATTERN_MAX = 4096,    /* bytes */
    REGEX_SUBJECT_MAX = 1 << 20, /* bytes; beyond: REGEX_LIMIT */
    REGEX_NESTING_MAX = 64,      /* groups within each other */
};

struct regex;

enum regex_answer { REGEX_NO, REGEX_YES, REGEX_LIMIT };

/* 0, or ERR_SYNTAX or ERR_LIMIT (too long, too deep, too large) with *out_at the byte of the pattern and
 * *out_why a sentence in `a` (both may be NULL). A pattern is at most 4096 bytes of UTF-8. */
int regex_compile(struct arena *a, struct str pattern, struct regex **out, size_t *out_at,
                  const char **out_why);

/* Does `re` match somewhere in the subject, or all of it (`whole`)? A subject that is not UTF-8 matches
 * nothing. What is taken from `scratch` is given back. */
enum regex_answer regex_match(const struct regex *re, struct str subject, bool whole,
                              struct arena *scratch);

/* The subject with every occurrence, from left to right, replaced. In the substitution $1 or ${1} is what
 * group 1 matched, ${name} what the named group did, $0 all; empty where the group did not take part or
 * does not exist; $$ is a dollar, and so is $ before anything else. REGEX_YES: *out is in `a`, at most
 * `bytes_max` long. REGEX_NO: nothing to replace, or not UTF-8; *out is the subject itself. REGEX_LIMIT:
 * *out is not written; also where the result, changed or not, is longer than that. */
enum regex_answer regex_replace(const struct regex *re, struct str subject, struct str substitution,
                                struct arena *a, size_t bytes_max, struct str *out);

#endif
