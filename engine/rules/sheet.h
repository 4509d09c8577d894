/* sheet.h - a CSV file as people's spreadsheets save it: which encoding, which separator; and cells that a spreadsheet
 * spoilt. Pure; what is made lives in the arena given.
 * Source: RFC 4180; what Microsoft Excel and LibreOffice Calc write as "CSV", "CSV UTF-8" and "Unicode text": comma,
 * semicolon (where the comma is the decimal sign) or tab, a first line "sep=;", UTF-8 with or without byte order mark,
 * UTF-16 with one, Windows-1252. */
#ifndef CORRIDOR_RULES_SHEET_H
#define CORRIDOR_RULES_SHEET_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

struct sheet {
    struct str text;      /* UTF-8, no byte order mark, from the line that names the columns on */
    char separator;       /* , ; or tab */
    unsigned line;        /* of the file, where `text` begins */
    const char *encoding; /* "UTF-8", "UTF-16", "Windows-1252" */
    bool is_usual;        /* commas and UTF-8: nothing to remark */
    ptrdiff_t
        stray; /* the first byte that is no UTF-8 in what is UTF-8 otherwise; -1: there is none */
};

/* A workbook itself (.xlsx, .xls), not text. */
bool sheet_is_workbook(struct str bytes);
/* Any bytes are something: what is no UTF-8 and has no byte order mark is Windows-1252. O(n). */
void sheet_open(struct arena *a, struct str bytes, struct sheet *out);

/* Without blanks around it, no-break ones, too. */
struct str sheet_trim(struct str cell);
/* The same, and as it is meant where it is ="00123", the way of keeping
 * zeros in a spreadsheet. */
struct str sheet_cell(struct str cell);

/* What a spreadsheet made of what was typed; NULL: nothing to be seen. */
struct sheet_spoilt {
    const char *what; /* "an error of the spreadsheet" ... */
    const char *hint;
    bool is_error; /* no meaning at all (#N/A); else it may be meant */
};
const struct sheet_spoilt *sheet_spoilt(struct str cell);
/* Of keys, where others of the column speak against it: a date as spreadsheets of other languages write one (02. Jan,
 * 2-ene, Mrz 26) or in full (1/2/2026, 2026-02-01); a number as 1,00E-03. Not what sheet_spoilt() finds. */
bool sheet_is_date(struct str cell);
bool sheet_is_exponent(struct str cell);
/* Digits and nothing else, one at least. */
bool sheet_is_digits(struct str cell);

#endif
