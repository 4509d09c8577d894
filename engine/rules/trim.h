/* trim.h - what one server takes of FHIR resources, as a document `shape:` says: elements that are left out, elements that must
 * be there, values that may stand in them. Applied to what a send makes for a destination with `shape: NAME`, before it is
 * stored. Pure; a row names elements from the resource down, and was checked against the types of R4. */
#ifndef CORRIDOR_RULES_TRIM_H
#define CORRIDOR_RULES_TRIM_H

#include "engine/base/diag.h"
#include "engine/base/json.h"

enum { TRIM_DEPTH = 12 };
enum trim_kind { TRIM_DROP, TRIM_REQUIRE, TRIM_VALUES };

struct trim_row {
    enum trim_kind kind;
    struct str type; /* of the resource */
    struct str
        names[TRIM_DEPTH]; /* below it: "participant", "type"; a choice with or without its type */
    unsigned n;
    bool is_choice[TRIM_DEPTH]; /* "value" stands for valueQuantity and the others */
    const struct str *values;   /* TRIM_VALUES */
    unsigned nvalues;
    struct str text; /* as written */
};

struct trim {
    struct str name;
    struct diag_pos pos;
    struct trim_row *rows;
    unsigned nrows;
};

/* Drop from the resource, those in its Bundle and those contained in them, then check. What an object or list has nothing left
 * in goes too. NULL, or the row that is not kept. JSON that is no resource is left alone. */
const struct trim_row *trim_apply(const struct trim *t, struct json *resource);

#endif
