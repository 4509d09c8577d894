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

/* More letters of UTF-8 beyond ASCII than bytes that are none: UTF-8 with a letter of something else pasted into it. */
static ptrdiff_t stray_of(struct str bytes)
{
    size_t letters = 0, strays = 0, first = 0;
    uint32_t c;
    for (size_t i = 0; i < bytes.n;) {
        unsigned n = utf8_get(str_slice(bytes, i, bytes.n), &c);
        first = n || strays ? first : i;
        strays += n == 0;
        letters += n > 1 && c != 0xFEFF;
        i += n ? n : 1;
    }
    return letters > strays ? (ptrdiff_t)first : -1;
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
        s->stray = stray_of(bytes);
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
    *out = (struct sheet){.line = 1, .is_usual = true, .stray = -1};
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

struct str sheet_trim(struct str s)
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
    cell = sheet_trim(cell);
    bool is_kept = cell.n >= 3 && str_starts(cell, STR("=\"")) && cell.p[cell.n - 1] == '"' &&
                   str_index(str_slice(cell, 2, cell.n - 1), '"') < 0;
    return is_kept ? sheet_trim(str_slice(cell, 2, cell.n - 1)) : cell;
}

static size_t digits(struct str s, size_t from)
{
    size_t n = 0;
    while (from + n < s.n && s.p[from + n] >= '0' && s.p[from + n] <= '9') {
        n++;
    }
    return n;
}

bool sheet_is_digits(struct str cell)
{
    return cell.n && digits(cell, 0) == cell.n;
}

/* 1.23457E+12: what a long number looks like in a narrow column. */
static bool is_scientific(struct str s, char sign)
{
    size_t at = digits(s, 0);
    if (at != 1) {
        return false;
    }
    if (at < s.n && (s.p[at] == '.' || s.p[at] == ',')) {
        size_t n = digits(s, at + 1);
        at += n ? n + 1 : 0;
    }
    if (at + 2 >= s.n || s.p[at] != 'E' || s.p[at + 1] != sign) {
        return false;
    }
    size_t n = digits(s, at + 2);
    return n && at + 2 + n == s.n;
}

static bool is_shortened(struct str s)
{
    return is_scientific(s, '+');
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

/* Months as spreadsheets shorten them in German, French, Spanish, Italian, Dutch and Portuguese, small letters; English
 * ones, too. */
static bool is_month_of_any(struct str s)
{
    static const char *const months[] = {
        "jan",         "feb",  "mar",  "apr",  "may",  "jun",         "jul",
        "aug",         "sep",  "oct",  "nov",  "dec",  "m\xc3\xa4r",  "mrz",
        "mai",         "juni", "juli", "okt",  "dez",  "sept",        "janv",
        "f\xc3\xa9vr", "mars", "avr",  "juin", "juil", "ao\xc3\xbbt", "d\xc3\xa9\x63",
        "ene",         "abr",  "ago",  "dic",  "gen",  "mag",         "giu",
        "lug",         "set",  "ott",  "mrt",  "mei",  "fev",         "out"};
    char low[8];
    s = str_ends(s, STR(".")) ? str_slice(s, 0, s.n - 1) : s;
    bool may = s.n && s.n < sizeof(low);
    for (size_t i = 0; may && i < s.n; i++) {
        bool capital = s.p[i] >= 'A' && s.p[i] <= 'Z';
        may = !capital || i == 0; /* MAR is a code, Mar a month */
        low[i] = (char)(capital ? s.p[i] + 32 : s.p[i]);
    }
    for (size_t i = 0; may && i < sizeof(months) / sizeof(months[0]); i++) {
        if (str_eq(str_from(low, s.n), str_of(months[i]))) {
            return true;
        }
    }
    return false;
}

/* The first of - . / and blank in it, and what stands around; "02. Jan" is split at the dot and its blank. */
static bool split_date(struct str s, struct str *left, struct str *right)
{
    size_t at = 0;
    while (at < s.n && !strchr("-./ ", s.p[at])) {
        at++;
    }
    *left = str_slice(s, 0, at);
    *right = str_slice(s, at + 1, s.n);
    bool dot = at < s.n && s.p[at] == '.';
    *right = dot && str_starts(*right, STR(" ")) ? str_slice(*right, 1, right->n) : *right;
    *right = dot && str_starts(*right, STR("-")) ? str_slice(*right, 1, right->n) : *right;
    return left->n && right->n;
}

static bool is_between(struct str s, size_t most, int64_t low, int64_t high)
{
    int64_t n = 0;
    return s.n <= most && sheet_is_digits(s) && str_to_i64(s, &n) && n >= low && n <= high;
}

/* 1/2/2026, 01.02.2026, 2026-02-01 */
static bool is_whole_date(struct str s)
{
    struct str one, two, three, rest;
    if (!split_date(s, &one, &rest) || !split_date(rest, &two, &three)) {
        return false;
    }
    bool year_first = is_between(one, 4, 1900, 2099) && one.n == 4;
    bool year_last = is_between(three, 4, 1900, 2099) && three.n == 4;
    struct str day = year_first ? three : one;
    bool parts = is_between(day, 2, 1, 31) && is_between(two, 2, 1, 31);
    return parts && (year_first || year_last) &&
           (is_between(day, 2, 1, 12) || is_between(two, 2, 1, 12));
}

bool sheet_is_date(struct str cell)
{
    struct str left, right;
    if (is_date(cell) || !split_date(cell, &left, &right)) {
        return false; /* told already, or none */
    }
    return (is_between(left, 2, 1, 31) && is_month_of_any(right)) ||
           (is_month_of_any(left) && is_between(right, 4, 0, 2099) && right.n >= 2) ||
           is_whole_date(cell);
}

bool sheet_is_exponent(struct str cell)
{
    return is_scientific(cell, '-');
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
