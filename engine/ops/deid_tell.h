/* deid_tell.h - texts that stay and name a person all the same: a display beside a code, a code that is a sentence. Such
 * a text goes when it holds a word or number that is replaced elsewhere in the message, or has the shape of a
 * telephone, social security number, date, e-mail or web address. Pure. Source: 45 CFR 164.514(b)(2)(ii). */
#ifndef CORRIDOR_OPS_DEID_TELL_H
#define CORRIDOR_OPS_DEID_TELL_H

#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/ops/deid_rules.h"

/* Words of one message, in capitals; keys in `a`. */
struct deid_told {
    struct arena *a;
    struct map words;
};

/* Is what stands in segment `seg` about the patient and those around? */
bool deid_is_of_person(const char *seg);
/* Keep in mind the words of a value that `action` replaces: names of three letters or more, numbers of five signs or
 * more. */
void deid_remember(struct deid_told *t, enum deid_action action, struct str value);
/* Does the text name somebody? O(n). */
bool deid_tells(struct deid_told *t, struct str text);

#endif
