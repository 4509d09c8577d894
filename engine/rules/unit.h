/* unit.h - units of quantities: UCUM as far as clinical data needs it, and the words of the calendar. What can be
 * converted is converted exactly (a factor is a quotient of two decimals). Values; pure.
 * Source: UCUM 2.1 (grammar; tables of base, SI, customary, avoirdupois and US volume units); FHIRPath N1 4.1.8, 6.1, 6.2.
 * Differs: units with a zero of their own (Cel, [degF], pH) and arbitrary ones ([iU]) are known by their spelling only;
 * mol is a dimension of its own; a year and a month of the calendar are 365 and 30 days beside other units of time. */
#ifndef CORRIDOR_RULES_UNIT_H
#define CORRIDOR_RULES_UNIT_H

#include "engine/base/arena.h"
#include "engine/base/decimal.h"

enum { UNIT_DIMENSIONS = 8, UNIT_POWER_MAX = 20, UNIT_TEXT_MAX = 128 };

struct unit {
    struct decimal num, den;       /* so many base units */
    int8_t power[UNIT_DIMENSIONS]; /* m g s rad K C cd mol */
    uint8_t months;                /* month and year of the calendar: 1, 12; else 0 */
};

/* False: not a unit that is known here. */
bool unit_parse(struct str text, struct unit *out);
bool unit_is_comparable(const struct unit *a, const struct unit *b);
/* `v` of `from` in `to`. False: not comparable, or too many digits. */
bool unit_convert(const struct decimal *v, const struct unit *from, const struct unit *to,
                  struct decimal *out);
/* `v` of `u` in base units, and their spelling in `a`: "m2", "g.m-1", "1". False: too many digits. */
bool unit_to_base(struct arena *a, const struct decimal *v, const struct unit *u,
                  struct decimal *out, const char **out_text);
/* The unit of a product or (`divide`) quotient. False: it cannot be said. */
bool unit_multiply(const struct unit *a, const struct unit *b, bool divide, struct unit *out);

#endif
