/* Tables out of queries: what rows may be, and how findings name one that stands in no text. */
#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/base/hash.h"
#include "engine/base/utf8.h"
#include "engine/rules/sheet.h"
#include "engine/rules/table.h"

/* ---- columns ---- */

static bool fail_columns(const struct table *t, struct diags *d, const char *what, const char *hint)
{
    diag_hint(d, diag_add(d, DIAG_ERROR, "bad-columns", t->query_pos, "%s", what), "%s", hint);
    return false;
}

static bool take_columns(struct arena *a, struct table *t, const struct table_rows *rows,
                         struct diags *d)
{
    if (rows->ncolumns < 2) {
        return fail_columns(t, d, "the query gives one column",
                            "a table needs at least two columns, a key and a value");
    }
    if (rows->ncolumns > TABLE_COLUMNS_MAX) {
        return fail_columns(t, d, "the query gives more than 64 columns",
                            "name those that are wanted instead of *");
    }
    t->columns = ARENA_ARRAY(a, struct str, rows->ncolumns);
    for (unsigned i = 0; i < rows->ncolumns; i++) {
        struct str name = str_trim(rows->columns[i]);
        if (name.n == 0 || utf8_valid_to(name) < name.n) {
            return fail_columns(t, d, "a column of the query has no name", "write: as NAME");
        }
        if (table_column(t, name) >= 0) {
            diag_hint(d,
                      diag_add(d, DIAG_ERROR, "bad-columns", t->query_pos,
                               "two columns of the query have the name %.*s", STR_ARG(name)),
                      "write: as ANOTHER-NAME");
            return false;
        }
        t->columns[t->ncolumns++] = name;
    }
    return true;
}

/* ---- cells ---- */

/* No line of a text has them; U+0000 ends texts elsewhere. */
static int control_in(struct str cell)
{
    for (size_t i = 0; i < cell.n; i++) {
        unsigned char c = (unsigned char)cell.p[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            return c;
        }
    }
    return -1;
}

static struct diag *say_cell(const struct table *t, uint32_t row, unsigned column, struct diags *d,
                             const char *what)
{
    return diag_add(d, DIAG_ERROR, "bad-cell", t->query_pos, "row %u, column %.*s: %s", row + 1,
                    STR_ARG(t->columns[column]), what);
}

static bool take_cell(const struct table *t, const struct table_rows *rows, uint32_t row,
                      unsigned column, struct diags *d)
{
    size_t at = (size_t)row * t->ncolumns + column;
    struct str cell = rows->cells[at], name = t->columns[column];
    int control = control_in(cell);
    char what[64];
    if (rows->kinds[at] == TABLE_BLOB) {
        diag_hint(d, say_cell(t, row, column, d, "the value is a blob"),
                  "write cast(%.*s as text), or hex(%.*s)", STR_ARG(name), STR_ARG(name));
        return false;
    }
    if (utf8_valid_to(cell) < cell.n) {
        diag_hint(d, say_cell(t, row, column, d, "the text is not UTF-8"),
                  "it was written into the database in another encoding");
        return false;
    }
    if (control >= 0) {
        snprintf(what, sizeof what, "the text holds the control character U+%04X",
                 (unsigned)control);
        diag_hint(d, say_cell(t, row, column, d, what),
                  "take it out in the query, with replace(...)");
        return false;
    }
    t->cells[at] = sheet_trim(cell);
    return true;
}

static bool take_row(struct table *t, const struct table_rows *rows, uint32_t row, struct diags *d)
{
    for (unsigned i = 0; i < t->ncolumns; i++) {
        if (!take_cell(t, rows, row, i, d)) {
            return false;
        }
    }
    t->lines[row] = row + 1;
    t->nrows++;
    return true;
}

bool table_take_rows(struct arena *a, struct table *t, const struct table_rows *rows,
                     struct diags *d)
{
    t->is_query = true;
    if (!take_columns(a, t, rows, d)) {
        return false;
    }
    t->cells = ARENA_ARRAY(a, struct str, (size_t)rows->nrows * t->ncolumns + 1);
    t->lines = ARENA_ARRAY(a, uint32_t, (size_t)rows->nrows + 1);
    for (uint32_t row = 0; row < rows->nrows; row++) {
        if (!take_row(t, rows, row, d)) {
            return false; /* the first one: the others are of its kind */
        }
    }
    if (t->nrows == 0) {
        diag_add(d, DIAG_WARNING, "empty-table", t->query_pos, "the query gives no rows");
    }
    return true;
}

void table_say_reals(const struct table *t, const struct table_rows *rows, struct diags *d)
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        unsigned column = t->key[i];
        uint32_t row = 0;
        while (row < rows->nrows && rows->kinds[(size_t)row * t->ncolumns + column] != TABLE_REAL) {
            row++;
        }
        if (row < rows->nrows) {
            struct str name = t->columns[column], cell = table_cell(t, row, column);
            diag_hint(d,
                      diag_add(d, DIAG_WARNING, "real-key", t->query_pos,
                               "key %.*s: row %u holds the real number %.*s", STR_ARG(name),
                               row + 1, STR_ARG(cell)),
                      "a message hardly sends it so; write cast(%.*s as integer) as %.*s",
                      STR_ARG(name), STR_ARG(name));
        }
    }
}

/* ---- what is said of rows ---- */

uint64_t table_digest(const struct str *columns, unsigned ncolumns, const struct str *cells,
                      uint32_t nrows)
{
    uint64_t head = ncolumns, sum = nrows;
    for (unsigned i = 0; i < ncolumns; i++) {
        head = hash64_str(columns[i], head + columns[i].n);
    }
    for (uint32_t row = 0; row < nrows; row++) {
        uint64_t h = head;
        for (unsigned i = 0; i < ncolumns; i++) {
            struct str cell = cells[(size_t)row * ncolumns + i];
            h = hash64_str(cell, h + cell.n);
        }
        sum += h; /* in any order */
    }
    return hash64(&sum, sizeof sum, head);
}

struct diag_pos table_row_pos(const struct table *t, uint32_t row)
{
    return t->is_query ? t->query_pos : (struct diag_pos){t->file, t->lines[row], 1};
}

const char *table_row_word(const struct table *t)
{
    return t->is_query ? "row" : "line";
}

struct str table_row_keys(struct arena *a, const struct table *t, uint32_t row)
{
    struct buf b = {0};
    for (unsigned i = 0; i < t->nkeys; i++) {
        buf_puts(&b, i ? "," : "");
        buf_put_str(&b, table_cell(t, row, t->key[i]));
    }
    struct str text = str_dup(a, buf_str(&b));
    buf_free(&b);
    return text;
}
