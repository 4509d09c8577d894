/* table.h - code tables: rows of key cells and value cells, read from CSV or given by a query, found by exact cells first.
 * `*` in a key cell matches any value, an empty key cell matches absent; the most exact row wins,
 * leftmost first. One key may hold ranges (table_range.h): an exact row wins over a range, a range over `*`.
 * Lives in the arena of the ruleset, never changes.
 * Source: RFC 4180 (cells, quotes); docs/language.md "Tables". Differs: cells are trimmed; LF is enough; other
 * separators and encodings as spreadsheets write them (sheet.h). */
#ifndef CORRIDOR_RULES_TABLE_H
#define CORRIDOR_RULES_TABLE_H

#include "engine/base/diag.h"

enum {
    TABLE_KEYS_MAX = 8,
    TABLE_COLUMNS_MAX = 64,
    TABLE_ROWS_MAX = 1000000,
    TABLE_RANGES_MAX = 4096, /* rows with a range in a key */
};
/* "The column of the value", whichever that is. */
#define TABLE_VALUE UINT32_MAX

enum table_miss { MISS_ROUTE, MISS_HOLD, MISS_REJECT, MISS_EMPTY, MISS_KEEP };

struct table_index;
struct table_range;

/* What a query gave. */
enum table_kind { TABLE_NULL, TABLE_INTEGER, TABLE_REAL, TABLE_TEXT, TABLE_BLOB };
struct table_rows {
    struct str *columns;
    unsigned ncolumns;
    struct str *cells; /* row by row; NULL and blobs are empty */
    uint8_t *kinds;    /* of each cell: enum table_kind */
    uint32_t nrows;
};
/* Why it gave nothing. */
struct table_why {
    const char *code;
    struct str text, hint;
    ptrdiff_t at;       /* byte of the query; -1: it is about the database */
    struct str unknown; /* a name that the database lacks, or empty; and those that it has */
    const struct str *names;
    unsigned nnames;
};

struct table {
    struct str name;
    struct diag_pos pos;
    struct str *columns;
    unsigned ncolumns, nkeys;
    unsigned key[TABLE_KEYS_MAX]; /* columns of the keys, in order */
    unsigned value;               /* column of the value */
    bool ignore_case;
    enum table_miss on_miss;
    struct str *cells; /* row by row, ncolumns each */
    uint32_t *lines;   /* of the file, where each row begins; of a query, 1 and on */
    uint32_t nrows;
    struct table_index *index; /* one for each set of exact key columns, most exact first */
    unsigned nindexes;
    bool is_simple; /* one key, which each row has as it is looked for */
    unsigned range; /* which key may hold ranges, from 1; 0: none */
    struct table_range *ranges;
    unsigned nranges;
    bool is_used;     /* a formula or conformance document names it */
    bool is_broken;   /* could not be read: known by name, so that nothing else complains */
    bool is_profile;  /* only profiles have it: this is the first of theirs */
    bool is_query;    /* rows of a query: they have numbers, and no place in a text */
    const char *file; /* as findings show it: CSV, or the database */
    struct str csv;   /* what it was read from; of a query empty */
    struct diag_pos query_pos;
    const struct table *twin; /* its like of the paired ruleset, where their rows differ; or NULL */
};

/* Read `csv` (the first line names the columns) into `t->columns`, `t->cells`. False after errors in `d`;
 * `file` and lines of it are named. */
bool table_read_csv(struct arena *a, struct table *t, const char *file, struct str csv,
                    struct diags *d);
/* Keys that a spreadsheet probably spoilt, as warnings, when the keys are set. `csv`: what was read. O(rows). */
void table_say_keys(struct arena *a, const struct table *t, struct str csv, struct diags *d);
/* Where the cell stands in the file. O(bytes): for findings. */
struct diag_pos table_cell_pos(struct arena *a, const struct table *t, struct str csv, uint32_t row,
                               unsigned column);
/* The rows of a query into `t->columns`, `t->cells`, trimmed; `t->query_pos` is set. False after errors in `d`. */
bool table_take_rows(struct arena *a, struct table *t, const struct table_rows *rows,
                     struct diags *d);
/* Keys that are real numbers, as warnings, when the keys are set. */
void table_say_reals(const struct table *t, const struct table_rows *rows, struct diags *d);
/* Digest of columns and rows, in whatever order the rows come: what lookups answer. O(bytes). */
uint64_t table_digest(const struct str *columns, unsigned ncolumns, const struct str *cells,
                      uint32_t nrows);
/* Where findings about a row stand: its line, or the query. */
struct diag_pos table_row_pos(const struct table *t, uint32_t row);
/* "line", or "row" of a query: t->lines counts them. */
const char *table_row_word(const struct table *t);
/* The key cells of a row, a comma between two. */
struct str table_row_keys(struct arena *a, const struct table *t, uint32_t row);
/* Build the indexes when key, value, range and ignore_case are set; duplicates are errors at their line, or at the query. */
bool table_index(struct arena *a, struct table *t, struct diags *d);
/* The first row whose cell in `column` is no number, or -1. */
int64_t table_not_number(const struct table *t, unsigned column);
/* Number of column `name`, or -1. */
int table_column(const struct table *t, struct str name);
/* The row for `keys` (t->nkeys of them; p NULL or n 0: absent), or -1. O(sets of exact columns + ranges). */
int64_t table_find(const struct table *t, const struct str *keys);
/* Does the twin answer the same keys otherwise? `row`: what table_find() found here, `column` is asked for. */
bool table_twin_differs(const struct table *t, const struct str *keys, int64_t row,
                        unsigned column);
static inline struct str table_cell(const struct table *t, int64_t row, unsigned column)
{
    return t->cells[(size_t)row * t->ncolumns + column];
}

#endif
