#include "engine/rules/sheet.h"

#include "engine/base/charset.h"
#include "engine/base/utf8.h"

#define BOM  STR("\xef\xbb\xbf")
#define NBSP STR("\xc2\xa0")

/* UTF-16 shows itself by its mark, or by the zero in every other byte of plain letters. */
static bool is_utf16(struct str bytes, enum charset *out)
{
    size_t skip;
    if (charset_detect(bytes, out, &skip) && skip) {
        return *out != CHARSET_UTF8;
    }
    if (bytes.n < 2 || (bytes.p[0] && bytes.p[1])) {
        return false;
    }
    *out = bytes.p[0] ? CHARSET_UTF16LE : CHARSET_UTF16BE;
    return true;
}

static void decode(struct arena *a, struct str bytes, struct sheet *s)
{
    enum charset set;
    size_t bad;
    s->encoding = "UTF-8";
    s->text = str_starts(bytes, BOM) ? str_slice(bytes, 3, bytes.n) : bytes;
    if (is_utf16(bytes, &set)) {
        s->encoding = "UTF-16";
    } else if (utf8_valid_to(s->text) < s->text.n) {
        s->encoding = "Windows-1252";
        set = CHARSET_WINDOWS_1252;
    } else {
        return;
    }
    s->is_usual = false;
    (void)charset_decode(a, set, bytes, &s->text, &bad); /* cannot: the bytes as they are */
    s->text = str_starts(s->text, BOM) ? str_slice(s->text, 3, s->text.n) : s->text;
}

static struct str first_line(struct str text)
{
    const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    return end ? str_slice(text, 0, (size_t)(end - text.p)) : text;
}

/* The one of , ; and tab that stands most often outside quotes; the comma where none does. */
static char separator_of(struct str line)
{
    static const char may[] = {',', ';', '\t'};
    size_t seen[sizeof(may)] = {0};
    bool is_quoted = false;
    unsigned best = 0;
    for (size_t i = 0; i < line.n; i++) {
        is_quoted ^= line.p[i] == '"';
        for (unsigned k = 0; k < sizeof(may) && !is_quoted; k++) {
            seen[k] += line.p[i] == may[k];
        }
    }
    for (unsigned k = 1; k < sizeof(may); k++) {
        best = seen[k] > seen[best] ? k : best;
    }
    return may[best];
}

/* Old ones for Macintosh end lines with a carriage return alone. */
static struct str with_line_feeds(struct arena *a, struct str text)
{
    if (str_index(text, '\n') >= 0 || str_index(text, '\r') < 0) {
        return text;
    }
    char *p = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        p[i] = text.p[i] == '\r' ? '\n' : text.p[i];
    }
    return str_from(p, text.n);
}

bool sheet_is_workbook(struct str bytes)
{
    return str_starts(bytes, STR("PK\x03\x04")) || str_starts(bytes, STR("\xD0\xCF\x11\xE0"));
}

void sheet_open(struct arena *a, struct str bytes, struct sheet *out)
{
    *out = (struct sheet){.line = 1, .is_usual = true};
    decode(a, bytes, out);
    out->text = with_line_feeds(a, out->text);
    struct str line = first_line(out->text), said = str_trim(line);
    if (str_starts(said, STR("sep=")) && said.n <= 5) {
        out->separator = said.n == 5 ? said.p[4] : '\t';
        out->text = str_slice(out->text, line.n + 1, out->text.n);
        out->line = 2;
    } else {
        out->separator = separator_of(line);
    }
    out->is_usual = out->is_usual && out->separator == ',';
}

static struct str trim(struct str s)
{
    for (;;) {
        size_t n = s.n;
        s = str_trim(s);
        s = str_starts(s, NBSP) ? str_slice(s, 2, s.n) : s;
        s = str_ends(s, NBSP) ? str_slice(s, 0, s.n - 2) : s;
        if (s.n == n) {
            return s;
        }
    }
}

struct str sheet_cell(struct str cell)
{
    cell = trim(cell);
    bool is_kept = cell.n >= 3 && str_starts(cell, STR("=\"")) && cell.p[cell.n - 1] == '"' &&
                   str_index(str_slice(cell, 2, cell.n - 1), '"') < 0;
    return is_kept ? trim(str_slice(cell, 2, cell.n - 1)) : cell;
}

static size_t digits(struct str s, size_t from)
{
    size_t n = 0;
    while (from + n < s.n && s.p[from + n] >= '0' && s.p[from + n] <= '9') {
        n++;
    }
    return n;
}

/* 1.23457E+12: what a long number looks like in a narrow column. */
static bool is_shortened(struct str s)
{
    size_t at = digits(s, 0);
    if (at != 1) {
        return false;
    }
    if (at < s.n && (s.p[at] == '.' || s.p[at] == ',')) {
        size_t n = digits(s, at + 1);
        at += n ? n + 1 : 0;
    }
    if (at + 2 >= s.n || s.p[at] != 'E' || s.p[at + 1] != '+') {
        return false;
    }
    size_t n = digits(s, at + 2);
    return n && at + 2 + n == s.n;
}

static bool is_month(struct str s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (size_t i = 0; s.n == 3 && i < sizeof(months) - 1; i += 3) {
        if (memcmp(s.p, months + i, 3) == 0) {
            return true;
        }
    }
    return false;
}

/* 3-Apr, Mar-04: codes like 3/4 and MAR4 that were taken for dates. */
static bool is_date(struct str s)
{
    ptrdiff_t dash = str_index(s, '-');
    if (dash <= 0) {
        return false;
    }
    struct str left = str_slice(s, 0, (size_t)dash), right = str_slice(s, (size_t)dash + 1, s.n);
    size_t l = digits(left, 0), r = digits(right, 0);
    return (l == left.n && l <= 2 && is_month(right)) ||
           (r == right.n && r && r <= 4 && is_month(left));
}

const struct sheet_spoilt *sheet_spoilt(struct str cell)
{
    static const struct sheet_spoilt error = {
        "an error of the spreadsheet",
        "mend the formula in the spreadsheet and save the file again", true};
    static const struct sheet_spoilt shortened = {
        "a long number that a spreadsheet shortened",
        "format the column as text, enter the number again and save", false};
    static const struct sheet_spoilt date = {
        "a code that a spreadsheet took for a date",
        "format the column as text, enter the code again and save", false};
    static const char *const errors[] = {"#N/A",    "#REF!",  "#NAME?", "#VALUE!",
                                         "#DIV/0!", "#NULL!", "#NUM!",  "#SPILL!"};
    for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (str_is(cell, errors[i])) {
            return &error;
        }
    }
    return is_shortened(cell) ? &shortened : is_date(cell) ? &date : NULL;
}
