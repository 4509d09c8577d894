/* regex_plain.h - expressions that are nothing but a row of letters: ^HL7[0-9]{4}$, ^[1-9][0-9]*$. They need no engine,
 * and are most of those that are written to tell codes and numbers apart. Only for regex.c. Pure.
 * Source: pcre2pattern(3), 10.42: what `^`, `$`, classes and repeats mean. */
#ifndef CORRIDOR_BASE_REGEX_PLAIN_H
#define CORRIDOR_BASE_REGEX_PLAIN_H

#include "engine/base/arena.h"
#include "engine/base/regex.h"

struct regex_plain;

/* NULL: the pattern, which compiles, is not so plain. */
const struct regex_plain *regex_plain_of(struct arena *a, struct str pattern);
/* LIMIT: only the engine can tell (control letters, above ASCII, long texts). */
enum regex_answer regex_plain_match(const struct regex_plain *p, struct str subject);

#endif
