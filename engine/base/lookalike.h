/* lookalike.h - characters that word processors and web pages put where a keyboard has another one:
 * curly quotes, dashes, blanks that do not break. Pure. */
#ifndef CORRIDOR_BASE_LOOKALIKE_H
#define CORRIDOR_BASE_LOOKALIKE_H

#include "engine/base/str.h"

enum lookalike_kind { LOOKALIKE_QUOTE = 1, LOOKALIKE_DASH, LOOKALIKE_BLANK, LOOKALIKE_SIGN };

struct lookalike {
    enum lookalike_kind kind;
    unsigned bytes;   /* of the character in UTF-8 */
    const char *what; /* "a curly quote" */
    const char *type; /* what to type in its place, a static text: "a straight one, '" */
};

/* Is the first character of `s` one of them? It is then in *out. */
bool lookalike_at(struct str s, struct lookalike *out);

#endif
