/* opt_priv.h - between opt.c (mappings), opt_set.c (one value), opt_value.c (numbers and limits) and opt_print.c (the manual). */
#ifndef CORRIDOR_BASE_OPT_PRIV_H
#define CORRIDOR_BASE_OPT_PRIV_H

#include "engine/base/opt.h"

/* The limits of a row with numbers: INT and STR (bytes), MS, BYTES. */
struct opt_range {
    int64_t low, high;
    bool has_low, has_high;
};

/* A number in the row's own unit. */
bool opt_read_number(enum opt_kind kind, struct str s, int64_t *out);
/* False when the text of the limits cannot be read, which is a bug in the table. */
bool opt_read_range(enum opt_kind kind, const char *limits, struct opt_range *out);
/* Index of `word` in "a|b|c", or -1. */
int opt_choice(const char *choices, struct str word);
/* What is expected of an option: as opt_kind_phrase(), without `never` where its limits leave that out. */
const char *opt_row_phrase(const struct opt *row);
/* "a duration such as 30s, 5m or 250ms": what is expected. */
const char *opt_kind_phrase(enum opt_kind kind);
const char *opt_kind_name(enum opt_kind kind);

#endif
