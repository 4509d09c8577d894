/* miss.h - rows that code tables lack, counted since the start: table, keys, how often, where it was asked.
 * Keys are message content: for the admin socket and commands, never for logs. Bounded: what comes when
 * MISS_ROWS_MAX different ones are known, or is longer than MISS_KEY_MAX bytes, is only counted.
 * Owned by one thread. */
#ifndef CORRIDOR_FLOW_MISS_H
#define CORRIDOR_FLOW_MISS_H

#include "engine/rules/ruleset.h"

enum { MISS_ROWS_MAX = 10000, MISS_KEY_MAX = 1024, MISS_COLUMNS_MAX = 8, MISS_TABLES_MAX = 1000 };

struct miss_row {
    struct str table, file;
    struct str columns[MISS_COLUMNS_MAX], keys[MISS_COLUMNS_MAX];
    unsigned ncolumns;
    struct str at; /* FILE:LINE where it was asked last */
    uint64_t times;
    int64_t first_us, last_us; /* wall time */
};

struct misses;

struct misses *misses_new(void);
void misses_free(struct misses **m);
/* Count the misses of one result. O(1) each. */
void misses_add(struct misses *m, const struct rules_miss *list, int64_t wall_us);
/* How many there were, and how many of them were only counted. */
uint64_t misses_total(const struct misses *m);
uint64_t misses_uncounted(const struct misses *m);
/* How many there were by table, also of those only counted; false behind the last one. At most MISS_TABLES_MAX. */
bool misses_of_table(const struct misses *m, size_t index, struct str *out_table,
                     uint64_t *out_times);
/* The rows, in order of table, then most often first; as many as *out_n, in the arena. O(n log n). */
const struct miss_row *const *misses_rows(const struct misses *m, struct arena *a, size_t *out_n);

#endif
