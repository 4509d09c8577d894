/* deid_value.h - values that stand for others: the same key and value give the same one, in every message and run;
 * without the key nothing leads back. Pure. Source: 45 CFR 164.514(b)(2); RFC 2104 (HMAC). Differs: dates are moved
 * by days, not cut to their year (rules may say `year`). */
#ifndef CORRIDOR_OPS_DEID_VALUE_H
#define CORRIDOR_OPS_DEID_VALUE_H

#include "engine/base/arena.h"
#include "engine/ops/deid_rules.h"

enum { DEID_SHIFT_MAX = 365 }; /* days back, at least one */

struct deid_key {
    struct str secret;
};

/* Days that dates of this patient move: -1 to -365. */
int deid_shift(const struct deid_key *k, struct str patient);
/* Letters become letters (of their case), digits digits, characters beyond ASCII capital letters, all else stays;
 * different values of ASCII stay different. */
struct str deid_scramble(const struct deid_key *k, struct arena *a, struct str value);
/* A word of the list, in lower case where `value` has any. */
struct str deid_pick(const struct deid_key *k, struct arena *a, const char *kind,
                     const struct deid_list *list, struct str value);
/* "412 ACORN WAY". */
struct str deid_street(const struct deid_key *k, struct arena *a, const struct deid_list *streets,
                       struct str value);
/* 555 and 01xx: numbers that belong to no one. In the shape of `value`, by punctuation. */
struct str deid_phone(const struct deid_key *k, struct arena *a, struct str value);
struct str deid_local(const struct deid_key *k, struct arena *a, struct str value);
struct str deid_email(const struct deid_key *k, struct arena *a, struct str value);
/* "606", "000" for a small area, "" for what is no ZIP code. */
struct str deid_zip(struct arena *a, const struct deid_list *small, struct str value);
/* An HL7 date moved by `days`, with its precision, time and zone; "" when it is none. */
struct str deid_date(struct arena *a, struct str value, int days);
struct str deid_year(struct arena *a, struct str value);
/* A date of birth moved; of a person of 90 or more at `today` (HL7, as received) the year that makes 90. "" where
 * `today` is none: nobody can tell how old the person is. */
struct str deid_birth(struct arena *a, struct str value, int days, struct str today);
/* Is the date more than 89 years before `today`? */
bool deid_is_old(struct str value, struct str today);
/* A number of years; over 89 it is 90. "" when it is no number. */
struct str deid_age(struct arena *a, struct str value);

#endif
