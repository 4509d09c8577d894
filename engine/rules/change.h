/* change.h - steps that change messages of FHIR and JSON: which places they mean, what they write there. The compiled
 * form, made by compile_change*.c, performed by run_change*.c.
 * Source: docs/language.md "Changes". */
#ifndef CORRIDOR_RULES_CHANGE_H
#define CORRIDOR_RULES_CHANGE_H

#include "engine/base/diag.h"
#include "engine/base/str.h"
#include "engine/fhir/model.h"

enum { CHANGE_PARTS_MAX = 64 }; /* of one target */

struct item;

/* Which of several. */
enum change_pick {
    CHANGE_WHOLE, /* nothing said: the value, all of what repeats */
    CHANGE_AT,    /* [n] */
    CHANGE_LAST,
    CHANGE_NEW, /* [+] */
    CHANGE_EACH /* [*] */
};

/* One name of a target, with its index. */
struct change_part {
    struct str key; /* "": the document itself, of $message[*] */
    enum change_pick pick;
    uint32_t index;                     /* CHANGE_AT, from 0 */
    unsigned type;                      /* of FHIR, of one of them; 0: JSON */
    bool repeats;                       /* FHIR: an array stands there */
    const struct fhir_element *element; /* FHIR; or NULL */
};

/* A place of the message. */
struct change_target {
    struct str text; /* as written */
    struct diag_pos pos;
    bool from_message; /* else from what the innermost loop is at */
    unsigned only;     /* nothing is meant where that is no resource of this type; 0: any */
    struct change_part *v;
    unsigned n;
};

struct change_row {
    struct change_target to;
    const struct item *value; /* set: as in a map; else NULL */
};

struct change {
    struct change_row *v;
    unsigned n;
    bool is_each; /* delete, keep: `if` is asked of each one */
};

/* Of a primitive of FHIR: its id and extensions stand beside it (_birthDate). */
static inline bool change_has_companion(const struct change_part *p)
{
    return p->type && p->key.n && p->key.p[0] != '_' && fhir_type_kind(p->type) == FHIR_PRIMITIVE;
}

#endif
