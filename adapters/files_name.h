/* files_name.h - names of files from templates: "{date}/{type}-{id}.{extension}". What a field brings in can be no
 * path: every byte but letters, digits, - and _ becomes _, and at most 60 are taken. Pure. */
#ifndef CORRIDOR_ADAPTERS_FILES_NAME_H
#define CORRIDOR_ADAPTERS_FILES_NAME_H

#include "engine/base/buf.h"

enum {
    FILES_NAME_PART = 60,
    FILES_NAME_TEMPLATE = 100,
    FILES_NAME_LONGEST =
        240, /* of a part between two /, below the 255 of file systems: it has another name while it is written */
};

/* What a template may name. */
struct files_name {
    struct str id;      /* {id}: the event id, the same at every attempt */
    struct str payload; /* {type} {event} {control-id}: MSH-9.1, MSH-9.2, MSH-10 of it; "none" */
    bool is_json;       /* {extension}: json or hl7 */
    int64_t wall_us;    /* {date} {time}: UTC, 20261124 and 093000 */
};

/* Why a template cannot be, as "found; expected", or NULL. It names {id}, so that no two messages share a
 * file; it stays below its directory; its parts do not begin with a dot. */
const char *files_name_fault(struct str template);
/* Append the name. The template has no fault. */
void files_name_put(struct buf *out, struct str template, const struct files_name *n);

#endif
