/* compile_item.h - the value of a map: objects, lists, texts and formulas, and their $keys. */
#ifndef CORRIDOR_RULES_COMPILE_ITEM_H
#define CORRIDOR_RULES_COMPILE_ITEM_H

#include "engine/rules/compile_priv.h"

/* Where the item stands: what $for and several values may mean there. */
enum item_place { ITEM_IS_ROOT, ITEM_IS_MEMBER, ITEM_IS_IN_LIST };

/* NULL after errors in the compiler's findings. */
struct item *compile_item(struct compiler *c, const struct yaml_node *n, enum item_place place);

#endif
