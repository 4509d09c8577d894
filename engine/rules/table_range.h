/* table_range.h - rows of a table whose key is a range: `10..19`, `A10..A19`, `65..`, `..17`. Both ends belong to it.
 * Ends that are numbers take numbers; others take texts of the same length, in the order of their bytes. */
#ifndef CORRIDOR_RULES_TABLE_RANGE_H
#define CORRIDOR_RULES_TABLE_RANGE_H

#include "engine/rules/table.h"

struct table_range;

/* Does the row hold a range in the table's range column? */
bool table_range_is(const struct table *t, uint32_t row);
/* Take the row up under `mask`, the keys that are not `*`. False after an error in `d`: no range, or one that overlaps
 * an earlier one with the same other keys. O(ranges). */
bool table_range_add(struct arena *a, struct table *t, uint32_t row, unsigned mask,
                     struct diags *d);
/* The row of that mask whose range holds the value, or -1. O(ranges). */
int64_t table_range_find(const struct table *t, unsigned mask, const struct str *keys);

#endif
