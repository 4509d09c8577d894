/* func_rows.h - rows of the functions' tests: for each function usual, empty and wrong input. They stand in several
 * files; func_test.c demands that no function of the table is without. */
#ifndef CORRIDOR_TESTS_UNIT_RULES_FUNC_ROWS_H
#define CORRIDOR_TESTS_UNIT_RULES_FUNC_ROWS_H

#include <stddef.h>

enum func_input_kind { USUAL, EMPTY, WRONG, INPUT_KINDS };

struct func_row {
    const char *func;
    enum func_input_kind input;
    const char *text,
        *want; /* a formula, what kit_eval() tells; in a route: the JSON of its values or a finding */
};

struct func_rows {
    const struct func_row *v;
    size_t n;
};

/* By file: evaluated as `corridor eval` does. */
struct func_rows func_rows_of_sets(void);
struct func_rows func_rows_of_texts(void);
struct func_rows func_rows_of_numbers(void);
struct func_rows func_rows_of_conversions(void);
struct func_rows func_rows_of_later(void);
/* On FHIR data. */
struct func_rows func_rows_of_trees(void);
/* In a route. */
struct func_rows func_rows_of_messages(void);

/* Demand them of kit_eval(). */
void func_rows_eval(struct func_rows rows, const char *message);

#endif
