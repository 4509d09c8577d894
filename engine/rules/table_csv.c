/* Reading a table's file: lines, cells, and what spreadsheets do to them. */
#include "engine/rules/sheet.h"
#include "engine/rules/table.h"

enum { ROWS_TOLD = 20 }; /* of those with too many or too few cells */

struct csv {
    struct arena *a;
    struct diags *d;
    const char *file;
    struct str csv; /* the file */
    struct str whole, rest;
    unsigned line;
    const char *at[TABLE_COLUMNS_MAX]; /* where the cells of the row read last begin */
    char separator;
    unsigned cells;                    /* of the row read last, empty ones at its end, too */
    struct diag_pos parted;            /* where the first line parts its first two cells */
    bool is_spoilt[TABLE_COLUMNS_MAX]; /* a cell that may be spoilt was told */
    bool failed;
};

static bool fail(struct csv *c, unsigned line, const char *code, const char *what)
{
    diag_add(c->d, DIAG_ERROR, code, (struct diag_pos){c->file, line, 1}, "%s", what);
    c->failed = true;
    return false;
}

/* The place of a byte on its line, in characters. */
static struct diag_pos pos_at(const struct csv *c, unsigned line, const char *at)
{
    unsigned col = 1;
    for (; at > c->whole.p && at[-1] != '\n'; at--) {
        col += ((unsigned char)at[-1] & 0xC0u) != 0x80u;
    }
    return (struct diag_pos){c->file, line, col};
}

static bool fail_at(struct csv *c, unsigned line, const char *at, const char *code,
                    const char *what)
{
    diag_add(c->d, DIAG_ERROR, code, pos_at(c, line, at), "%s", what);
    c->failed = true;
    return false;
}

static struct str quoted_cell(struct csv *c)
{
    char *p = arena_alloc(c->a, c->rest.n + 1), *to = p;
    unsigned line = c->line;
    size_t i = 1;
    for (; i < c->rest.n; i++) {
        if (c->rest.p[i] == '"') {
            if (i + 1 >= c->rest.n || c->rest.p[i + 1] != '"') {
                break;
            }
            i++;
        }
        c->line += c->rest.p[i] == '\n';
        *to++ = c->rest.p[i];
    }
    if (i == c->rest.n) {
        fail_at(c, line, c->rest.p, "open-cell",
                "the cell that begins with a quote here has no closing quote");
    }
    c->rest = str_slice(c->rest, i + 1, c->rest.n);
    return str_from(p, (size_t)(to - p));
}

static bool is_blank(const struct csv *c)
{
    return c->rest.n && c->rest.p[0] != c->separator &&
           (c->rest.p[0] == ' ' || c->rest.p[0] == '\t');
}

/* One cell; *out_last when it ends its line. */
static struct str next_cell(struct csv *c, bool *out_last)
{
    size_t n = 0;
    while (is_blank(c)) {
        c->rest = str_slice(c->rest, 1, c->rest.n);
    }
    bool quoted = c->rest.n && c->rest.p[0] == '"';
    struct str inside = quoted ? quoted_cell(c) : STR("");
    while (n < c->rest.n && c->rest.p[n] != c->separator && c->rest.p[n] != '\n') {
        n++;
    }
    struct str cell = str_trim(str_slice(c->rest, 0, n));
    if (quoted && cell.n && !c->failed) {
        fail_at(c, c->line, cell.p, "bad-cell", "text follows the closing quote of a cell");
    }
    *out_last = n == c->rest.n || c->rest.p[n] == '\n';
    c->line += n < c->rest.n && c->rest.p[n] == '\n';
    c->rest = str_slice(c->rest, n + 1, c->rest.n);
    return sheet_cell(quoted ? inside : cell);
}

/* Without the empty cells at the end of the line: spreadsheets write as many as their widest line has. */
static unsigned read_row(struct csv *c, struct str *cells)
{
    bool last = false;
    unsigned n = 0, used = 0, line = c->line;
    while (!last && !c->failed) {
        const char *at = c->rest.p;
        struct str cell = next_cell(c, &last);
        if (n == TABLE_COLUMNS_MAX) {
            if (cell.n) {
                fail(c, line, "too-many-columns", "a table has at most 64 columns");
            }
            continue;
        }
        c->at[n] = at;
        cells[n++] = cell;
        used = cell.n ? n : used;
    }
    for (unsigned i = n; i < TABLE_COLUMNS_MAX; i++) {
        cells[i] = STR("");
    }
    c->cells = n;
    return used;
}

static bool read_head(struct csv *c, struct table *t)
{
    struct str cells[TABLE_COLUMNS_MAX];
    unsigned line = c->line;
    if (str_trim(c->rest).n == 0) {
        return fail(c, line, "empty-table", "the table is empty; its first line names the columns");
    }
    t->ncolumns = read_row(c, cells);
    c->parted =
        t->ncolumns > 1 ? pos_at(c, line, c->at[1] - 1) : (struct diag_pos){c->file, line, 1};
    t->columns = ARENA_ARRAY(c->a, struct str, t->ncolumns + 1);
    memcpy(t->columns, cells, t->ncolumns * sizeof(cells[0]));
    for (unsigned i = 0; i < t->ncolumns && !c->failed; i++) {
        if (table_column(t, cells[i]) != (int)i || cells[i].n == 0) {
            fail_at(c, line, c->at[i], "bad-columns",
                    cells[i].n ? "two columns have this name" : "this column has no name");
        }
    }
    if (t->ncolumns < 2 && !c->failed) {
        fail(c, line, "bad-columns", "a table needs at least two columns, a key and a value");
    }
    return !c->failed;
}

/* An error of the spreadsheet is one of ours; of a column the first of those that may be meant is told. */
static void look_at(struct csv *c, const struct table *t, const struct str *cells, unsigned line)
{
    for (unsigned i = 0; i < t->ncolumns; i++) {
        const struct sheet_spoilt *s = cells[i].n ? sheet_spoilt(cells[i]) : NULL;
        if (!s || (!s->is_error && c->is_spoilt[i])) {
            continue;
        }
        c->is_spoilt[i] |= !s->is_error;
        diag_hint(c->d,
                  diag_add(c->d, s->is_error ? DIAG_ERROR : DIAG_WARNING, "spoilt-cell",
                           pos_at(c, line, c->at[i]), "column %.*s holds %s",
                           STR_ARG(t->columns[i]), s->what),
                  "%s", s->hint);
        c->failed |= s->is_error;
    }
}

static const char *sign_text(char separator)
{
    return separator == ',' ? "comma" : separator == ';' ? "semicolon" : "tab";
}

/* One cell that holds as many of another sign as cells are missing: the first line is parted otherwise. */
static bool is_parted_otherwise(struct csv *c, const struct table *t, unsigned line,
                                struct str cell)
{
    static const char signs[] = ",;\t";
    for (const char *s = signs; c->cells == 1 && *s; s++) {
        unsigned n = 0;
        for (size_t i = 0; i < cell.n; i++) {
            n += cell.p[i] == *s;
        }
        if (*s != c->separator && n + 1 == t->ncolumns) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "bad-columns", c->parted,
                               "the first line has a %s between its cells, line %u has %ss",
                               sign_text(c->separator), line, sign_text(*s)),
                      "save the table with one of them everywhere");
            return true;
        }
    }
    return false;
}

/* Has the row as many cells as there are columns? Empty ones behind them do no harm. */
static bool fits(struct csv *c, const struct table *t, unsigned line, unsigned used)
{
    bool more = used > t->ncolumns;
    if (!more && c->cells >= t->ncolumns) {
        return true;
    }
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "bad-row", pos_at(c, line, c->at[more ? t->ncolumns : 0]),
                 "the row has %u cells, the first line names %u columns", more ? used : c->cells,
                 t->ncolumns);
    if (more) {
        diag_hint(c->d, one, "a cell with a %s in it stands in double quotes",
                  sign_text(c->separator));
    } else {
        diag_hint(c->d, one, "write the cells that are missing, empty ones too");
    }
    return false;
}

static void read_rows(struct csv *c, struct table *t)
{
    struct str cells[TABLE_COLUMNS_MAX];
    unsigned ragged = 0;
    while (c->rest.n && !c->failed) {
        unsigned line = c->line, used = read_row(c, cells);
        if (used == 0 || c->failed) {
            continue;
        }
        if (is_parted_otherwise(c, t, line, cells[0])) {
            c->failed = true;
            continue;
        }
        if (!fits(c, t, line, used)) {
            c->failed = ++ragged == ROWS_TOLD;
            continue;
        }
        look_at(c, t, cells, line);
        t->lines[t->nrows] = line;
        memcpy(t->cells + (size_t)t->nrows++ * t->ncolumns, cells, t->ncolumns * sizeof(cells[0]));
    }
    c->failed |= ragged > 0;
    if (t->nrows == 0 && !c->failed) {
        diag_add(c->d, DIAG_WARNING, "no-rows", (struct diag_pos){c->file, c->line, 1},
                 "the table has no rows");
    }
}

/* Bytes that no spreadsheet writes, and a file that is UTF-8 but for some of them. */
static bool check_bytes(struct csv *c, const struct sheet *s)
{
    const char *nul = s->text.n ? memchr(s->text.p, 0, s->text.n) : NULL;
    unsigned line = s->line;
    for (const char *p = s->text.p; nul && p < nul; p++) {
        line += *p == '\n';
    }
    if (nul) {
        return fail_at(c, line, nul, "bad-cell", "a byte 0 stands here; save the file again");
    }
    if (s->stray < 0) {
        return true;
    }
    struct str was = str_slice(c->csv, 0, (size_t)s->stray);
    struct csv raw = {.whole = was};
    line = 1;
    for (size_t i = 0; i < was.n; i++) {
        line += was.p[i] == '\n';
    }
    struct diag_pos pos = pos_at(&raw, line, was.p + was.n);
    pos.file = c->file;
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "bad-encoding", pos,
                       "the file is UTF-8, but the byte here is not"),
              "type the letter again and save the file as CSV UTF-8");
    c->failed = true;
    return false;
}

/* 12 beside 0013: a spreadsheet took a code for a number. */
static void say_lost_zeros(struct csv *c, const struct table *t, unsigned column)
{
    size_t width = 0;
    for (uint32_t row = 0; row < t->nrows; row++) {
        struct str cell = table_cell(t, row, column);
        bool padded = sheet_is_digits(cell) && cell.n > 1 && cell.p[0] == '0';
        width = padded && cell.n > width ? cell.n : width;
    }
    for (uint32_t row = 0; row < t->nrows && width; row++) {
        struct str cell = table_cell(t, row, column);
        if (sheet_is_digits(cell) && cell.p[0] != '0' && cell.n < width) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_WARNING, "lost-zeros",
                               table_cell_pos(c->a, t, c->csv, row, column),
                               "column %.*s holds %.*s, and others with zeros before them",
                               STR_ARG(t->columns[column]), STR_ARG(cell)),
                      "if a spreadsheet took the zeros away, format the column as text and enter "
                      "the code again");
            return;
        }
    }
}

static void say_habits(const struct csv *c, const struct sheet *s)
{
    const char *by = s->separator == ';'    ? "semicolons"
                     : s->separator == '\t' ? "tabs"
                     : s->separator == ','  ? "commas"
                                            : "what its first line says";
    if (!s->is_usual) {
        diag_add(c->d, DIAG_REMARK, "sheet", (struct diag_pos){c->file, 1, 1},
                 "read as %s, cells separated by %s", s->encoding, by);
    }
}

struct diag_pos table_cell_pos(struct arena *a, const struct table *t, struct str csv, uint32_t row,
                               unsigned column)
{
    struct sheet s;
    struct diags quiet;
    struct str cells[TABLE_COLUMNS_MAX];
    diags_init(&quiet, a);
    sheet_open(a, csv, &s);
    struct csv c = {
        .a = a, .d = &quiet, .file = t->file, .whole = s.text, .rest = s.text, .line = s.line};
    c.separator = s.separator;
    while (c.rest.n && !c.failed) {
        unsigned line = c.line;
        (void)read_row(&c, cells); /* to see where they begin */
        if (line == t->lines[row]) {
            return pos_at(&c, line, c.at[column]);
        }
    }
    return (struct diag_pos){t->file, t->lines[row], 1};
}

bool table_read_csv(struct arena *a, struct table *t, const char *file, struct str csv,
                    struct diags *d)
{
    struct sheet s;
    if (sheet_is_workbook(csv)) {
        diag_hint(d,
                  diag_add(d, DIAG_ERROR, "workbook", (struct diag_pos){file, 1, 1},
                           "this is a workbook of a spreadsheet, not text"),
                  "save it as CSV (UTF-8)");
        return false;
    }
    if (str_starts(csv, STR("SQLite format 3"))) {
        diag_hint(d,
                  diag_add(d, DIAG_ERROR, "database", (struct diag_pos){file, 1, 1},
                           "this is a database of SQLite, not text"),
                  "write sqlite: and query: in place of file:");
        return false;
    }
    sheet_open(a, csv, &s);
    struct csv c = {.a = a, .d = d, .file = file, .whole = s.text, .rest = s.text, .line = s.line};
    c.separator = s.separator;
    c.csv = csv;
    size_t lines = 1;
    if (!check_bytes(&c, &s) || !read_head(&c, t)) {
        return false;
    }
    for (size_t i = 0; i < s.text.n; i++) {
        lines += s.text.p[i] == '\n';
    }
    if (lines > TABLE_ROWS_MAX) {
        return fail(&c, 1, "big-table", "a table has at most 1000000 lines");
    }
    t->cells = ARENA_ARRAY(a, struct str, lines * t->ncolumns);
    t->lines = ARENA_ARRAY(a, uint32_t, lines);
    say_habits(&c, &s);
    read_rows(&c, t);
    for (unsigned i = 0; i < t->ncolumns && !c.failed; i++) {
        say_lost_zeros(&c, t, i);
    }
    return !c.failed;
}
