/* rows.h - tables of the language's tests: a row's text in a frame, and what must come of it. `@@` in a frame stands for
 * the row's text; without a frame the text is the whole file. Names show which row failed. */
#ifndef CORRIDOR_TESTS_UNIT_RULES_ROWS_H
#define CORRIDOR_TESTS_UNIT_RULES_ROWS_H

#include "tests/unit/rules/kit.h"

struct row {
    const char *name, *text, *want;
};
#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

/* The frame with the text in it; in kit_arena. */
const char *rows_text(const char *frame, const char *text);
/* All findings of the compilation, exactly; a line feed between two of them, "" for none. Nothing is compiled where one
 * is an error, and something where none is. Without the remarks of what nobody uses or decided: rows_idle() has them. */
void rows_check(const char *frame, const struct row *rows, size_t n);
void rows_idle(const char *frame, const struct row *rows, size_t n);
/* The findings where source epic says `versions: [first, second]`; NULL: it says fewer. */
const char *rows_versions(const char *yaml, const char *first, const char *second);
/* What kit_run() tells on `message`: all of it, or as far as a want that ends with "...". */
void rows_told(const char *frame, const char *message, const struct row *rows, size_t n);
/* The payload of the only output, exactly. */
void rows_payload(const char *frame, const char *message, const struct row *rows, size_t n);
/* Of the only output every segment named like the first three letters of the want, CR between two; "no NTE": none. */
void rows_lines(const char *frame, const char *message, const struct row *rows, size_t n);
/* kit_eval(): N1 to the letter. */
void rows_eval(const char *message, const struct row *rows, size_t n);

#endif
