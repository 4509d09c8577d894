/* database.h - the rows that one query gives on a SQLite file. Nothing is ever written: neither the file nor one beside it
 * is made, changed or removed. The query can read tables and call functions, nothing else: no ATTACH, PRAGMA or
 * load_extension(), and nothing random; date('now') is the time of reading. What it may cost is bounded, see below.
 * A database that another program writes is read as of its last commit; one that is locked is waited for.
 * Blocking; one thread at a time.
 * Source: SQLite 3.38 or later, www.sqlite.org/c3ref. Differs: a name in "double quotes" is never a text; a WAL file without
 * its -shm is refused, as SQLite would make one. */
#ifndef CORRIDOR_CONFIG_DATABASE_H
#define CORRIDOR_CONFIG_DATABASE_H

#include "engine/rules/table.h"

enum {
    DATABASE_US_MAX = 5000000,      /* of one query */
    DATABASE_WAIT_US_MAX = 2000000, /* of these for locks */
    DATABASE_BYTES_MAX =
        16 << 20, /* of all rows, as text with a separator a cell: what a CSV file may have */
    DATABASE_CELL_MAX = 1 << 20,   /* bytes of a text */
    DATABASE_HEAP_MAX = 256 << 20, /* bytes that SQLite may use */
};

/* Rows as text, at most TABLE_ROWS_MAX: integers and reals as SQLite writes them (15 digits, 1.0), texts as they are, NULL
 * and blobs empty. `within_us` (at most DATABASE_US_MAX) bounds the time; `query` ends with a NUL behind it. Everything in
 * `a`. False with *out_why. */
bool database_read(struct arena *a, const char *path, struct str query, int64_t within_us,
                   struct table_rows *out, struct table_why *out_why);

#endif
