/* keys_sort.h - rows of key files in order of their hashes: radix, stable. Pure. */
#ifndef CORRIDOR_JOURNAL_KEYS_SORT_H
#define CORRIDOR_JOURNAL_KEYS_SORT_H

#include "engine/journal/keys_file.h"

/* Sort `n` rows by hash; equal ones keep their order. O(n), and as much memory again meanwhile. */
void keys_sort(struct keys_row *v, size_t n);

#endif
