/* links.h - from one value of a document to another: what it stands in, what was made in it. By address; nothing of
 * the values is looked at. One thread at a time. */
#ifndef CORRIDOR_RULES_LINKS_H
#define CORRIDOR_RULES_LINKS_H

#include "engine/base/json.h"

struct links;

struct links *links_new(void);
void links_free(struct links *l); /* NULL: nothing */
/* `to` may be NULL. */
void links_put(struct links *l, const struct json *from, struct json *to);
/* False: nothing was put under `from`. O(1). */
bool links_get(const struct links *l, const struct json *from, struct json **out_to);

#endif
