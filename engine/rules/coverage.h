/* coverage.h - which rules the tests touched: told while they run, compared with what is there. A step counts when
 * it ran, a branch when it was taken, an item of a map when it gave a value, a row of a table when it was found. What
 * is compiled in several places (steps:) counts when one of them was touched. A run that nobody measures pays for a
 * pointer that is NULL. One thread. */
#ifndef CORRIDOR_RULES_COVERAGE_H
#define CORRIDOR_RULES_COVERAGE_H

#include "engine/rules/ruleset.h"

struct coverage;

struct coverage *coverage_new(void);
void coverage_free(struct coverage **c);

/* ---- told by the interpreter; `c` NULL: nothing ---- */

void coverage_place(struct coverage *c, struct diag_pos pos);
void coverage_row(struct coverage *c, const struct table *t, int64_t row);

/* ---- what is said ---- */

enum coverage_kind { COVERAGE_STEP, COVERAGE_BRANCH, COVERAGE_ITEM, COVERAGE_ROW };
enum { COVERAGE_KINDS = 4 };

/* Something that no test touched. */
struct coverage_miss {
    enum coverage_kind kind;
    struct diag_pos pos; /* a row: column 0; of a query the database, and its number as line */
    bool is_query;
    struct str of;   /* the route, map or table */
    struct str what; /* "send", "else", a key of the object, the keys of the row */
};

struct coverage_report {
    unsigned all[COVERAGE_KINDS], touched[COVERAGE_KINDS];
    const struct coverage_miss *misses; /* in order of file and line */
    unsigned n;
};

/* Of everything in the ruleset. In `a`. */
void coverage_of(const struct coverage *c, const struct ruleset *r, struct arena *a,
                 struct coverage_report *out);
const char *coverage_kind_text(enum coverage_kind k);

#endif
