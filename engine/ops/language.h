/* language.h - the functions and steps of the route language for people, from the tables that drive them. */
#ifndef CORRIDOR_OPS_LANGUAGE_H
#define CORRIDOR_OPS_LANGUAGE_H

#include "engine/base/str.h"

struct buf;

/* "functions", "steps", or the name of one of them. False when it is none of these. */
bool language_describe(struct buf *out, struct str what);
/* "functions" or "steps" as a Markdown table; false for anything else. */
bool language_markdown(struct buf *out, struct str what);

#endif
