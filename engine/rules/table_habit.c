/* What spreadsheets do to the keys of tables: dates that were codes, digits that are lost. A key that nobody sends is found
 * out when a message misses it; here its cell is named. Each habit is told once for a column, at its first cell, and only
 * where the others of the column speak against it. */
#include "engine/rules/sheet.h"
#include "engine/rules/table.h"

enum {
    FEW = 5,          /* one cell in so many may be an exception */
    LONG_ENOUGH = 4,  /* digits of codes that have all the same length */
    COUNTED = 10,     /* numbers that follow each other nearer than that are counted up */
    EXACT_DIGITS = 15 /* more a spreadsheet makes zeros of */
};

struct column {
    const struct table *t;
    struct str csv;
    struct arena *a;
    struct diags *d;
    unsigned k;
};

static bool is_key(struct str cell)
{
    return cell.n && !str_is(cell, "*");
}

static void warn(const struct column *c, uint32_t row, uint32_t others, const char *what,
                 const char *hint)
{
    struct str cell = table_cell(c->t, row, c->k);
    struct diag *one =
        diag_add(c->d, DIAG_WARNING, "spoilt-key", table_cell_pos(c->a, c->t, c->csv, row, c->k),
                 others ? "key %.*s: %.*s %s, and so do %u more" : "key %.*s: %.*s %s",
                 STR_ARG(c->t->columns[c->k]), STR_ARG(cell), what, others);
    diag_hint(c->d, one, "%s", hint);
}

/* Cells that `is` says are spoilt, if they are the exception. */
static void say_cells(const struct column *c, bool (*is)(struct str), const char *what,
                      const char *hint)
{
    uint32_t keys = 0, hits = 0, first = 0;
    for (uint32_t row = 0; row < c->t->nrows; row++) {
        struct str cell = table_cell(c->t, row, c->k);
        bool hit = is_key(cell) && is(cell);
        keys += is_key(cell);
        first = hit && !hits ? row : first;
        hits += hit;
    }
    if (hits && keys > hits && hits <= (keys + FEW - 1) / FEW) {
        warn(c, first, hits - 1, what, hint);
    }
}

/* 99123 among keys of six digits. Numbers that are counted up are none, nor are those where another has zeros in front:
 * that is told when the file is read. */
static void say_short(const struct column *c)
{
    size_t width = 0;
    uint32_t keys = 0, shorter = 0, first = 0;
    int64_t most = 0, least = INT64_MAX;
    for (uint32_t row = 0; row < c->t->nrows; row++) {
        struct str cell = table_cell(c->t, row, c->k);
        if (is_key(cell) && (!sheet_is_digits(cell) || cell.n > EXACT_DIGITS || cell.p[0] == '0')) {
            return;
        }
        width = cell.n > width ? cell.n : width;
        keys += is_key(cell);
    }
    for (uint32_t row = 0; row < c->t->nrows; row++) {
        struct str cell = table_cell(c->t, row, c->k);
        int64_t n = 0;
        if (!is_key(cell)) {
            continue;
        }
        (void)str_to_i64(cell, &n); /* digits */
        bool is_short = cell.n < width;
        first = is_short && !shorter ? row : first;
        shorter += is_short;
        most = is_short && n > most ? n : most;
        least = !is_short && n < least ? n : least;
    }
    bool exception = shorter && keys >= shorter + FEW && shorter <= keys / FEW;
    if (exception && width >= LONG_ENOUGH && least - most > COUNTED) {
        warn(c, first, shorter - 1, "is shorter than the others, which have all the same length",
             "if a spreadsheet took zeros away, format the column as text and enter the key again");
    }
}

/* 4000123412341230: of more than 15 digits a spreadsheet keeps 15, the rest become zeros. */
static void say_rounded(const struct column *c)
{
    uint32_t hits = 0, first = 0;
    size_t longest = 0;
    for (uint32_t row = 0; row < c->t->nrows; row++) {
        struct str cell = table_cell(c->t, row, c->k);
        bool is_long = sheet_is_digits(cell) && cell.n > EXACT_DIGITS;
        for (size_t i = EXACT_DIGITS; is_long && i < cell.n; i++) {
            if (cell.p[i] != '0') {
                return; /* others kept theirs */
            }
        }
        first = is_long && !hits ? row : first;
        hits += is_long;
        longest = is_long && cell.n > longest ? cell.n : longest;
    }
    if (hits >= 3 || (hits && longest >= EXACT_DIGITS + 3)) {
        warn(c, first, hits - 1, "ends with zeros behind its 15th digit",
             "if a spreadsheet made zeros of them, format the column as text and enter the key "
             "again");
    }
}

void table_say_keys(struct arena *a, const struct table *t, struct str csv, struct diags *d)
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        struct column c = {.t = t, .csv = csv, .a = a, .d = d, .k = t->key[i]};
        say_cells(&c, sheet_is_date, "looks like a code that a spreadsheet took for a date",
                  "format the column as text, enter the code again and save");
        say_cells(&c, sheet_is_exponent, "looks like a number that a spreadsheet shortened",
                  "format the column as text, enter the number again and save");
        say_short(&c);
        say_rounded(&c);
    }
}
