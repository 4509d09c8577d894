/* decimal.h - exact decimal numbers: digits / 10^scale, at most 28 digits, at most 28 of them behind the
 * point. The scale is kept as written: 1.10 stays 1.10, and 1.10 + 1 is 2.10. Not money, not units, no
 * infinity, no negative zero; what does not fit is refused, never wrapped.
 * Values, nothing owned; pure; any thread; `out` may be one of the operands. A struct beyond these bounds
 * makes the functions that answer bool say false; the others take it as the nearest that is within.
 * Rounding is half away from zero everywhere. What has no exact answer (powers with a fraction, exp, ln,
 * log) is computed as a double and kept to 15 significant digits, so that processors do not differ.
 * Source: FHIRPath N1 sections 5.7 (math) and 6.6 (operators). Differs: it leaves the bounds open. */
#ifndef CORRIDOR_BASE_DECIMAL_H
#define CORRIDOR_BASE_DECIMAL_H

#include "engine/base/str.h"

enum {
    DECIMAL_DIGITS_MAX = 28,     /* significant digits */
    DECIMAL_SCALE_MAX = 28,      /* digits behind the point */
    DECIMAL_QUOTIENT_SCALE = 16, /* digits behind the point of a quotient */
    DECIMAL_TEXT_MAX = 32,       /* longest text with its NUL: "-0." and 28 digits */
};

struct decimal {
    __int128 digits; /* magnitude below 10^28 */
    uint8_t scale;   /* 0..28 */
};

/* Optional + or -, digits, optionally `.` and digits; nothing else: no "1.", ".5", blank or exponent.
 * Leading zeros do not count. False: not a number, or more digits than fit. O(n). */
bool decimal_parse(struct str s, struct decimal *out);
/* "-0.50": every digit of the scale. Bytes written, without the NUL. */
size_t decimal_format(const struct decimal *d, char out[DECIMAL_TEXT_MAX]);
struct decimal decimal_of(int64_t v);
/* False unless it is whole and fits; 2.00 is whole. */
bool decimal_to_i64(const struct decimal *d, int64_t *out);

/* Below, equal or above 0; 1.0 and 1.00 are equal. */
int decimal_cmp(const struct decimal *a, const struct decimal *b);
bool decimal_is_whole(const struct decimal *d);
/* Digits behind the point that count: 2 for 1.250. */
unsigned decimal_places(const struct decimal *d);

/* The scale is the larger one (sum, difference, remainder) or the sum of both (product). Where that is
 * more than fits, digits behind the point are given up: zeros at the end first, then by rounding. False:
 * the digits before the point do not fit. */
bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out);
bool decimal_sub(const struct decimal *a, const struct decimal *b, struct decimal *out);
bool decimal_mul(const struct decimal *a, const struct decimal *b, struct decimal *out);
/* a / b to 16 digits behind the point, fewer where 28 digits are used up; zeros at the end are dropped.
 * False: b is 0, or the quotient does not fit. */
bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *out);
/* The whole quotient, towards zero. */
bool decimal_div(const struct decimal *a, const struct decimal *b, struct decimal *out);
/* What remains after decimal_div(), exact, with the sign of `a`. False only for b = 0. */
bool decimal_mod(const struct decimal *a, const struct decimal *b, struct decimal *out);

struct decimal decimal_neg(const struct decimal *d);
struct decimal decimal_abs(const struct decimal *d);
struct decimal decimal_floor(const struct decimal *d);
struct decimal decimal_ceiling(const struct decimal *d);
struct decimal decimal_truncate(const struct decimal *d);
/* To at most `places` digits behind the point; one that has no more stays as it is. */
struct decimal decimal_round(const struct decimal *d, unsigned places);
/* Without zeros at the end of its digits behind the point. */
struct decimal decimal_normal(const struct decimal *d);

/* The shortest decimal that reads back as `v`; what lies behind 28 places is rounded away. False: not
 * finite, or 10^28 and more. */
bool decimal_from_real(double v, struct decimal *out);
/* The nearest double. */
double decimal_to_real(const struct decimal *d);

/* a to the power of b. For whole b within +-1,000,000: exact as long as the digits suffice, then every
 * step is rounded as in decimal_mul(); a negative power to 28 places. 0 to the power of 0 is 1.
 * False: not a number (0 to a negative power, a negative `a` to a fraction), or it does not fit. */
bool decimal_power(const struct decimal *a, const struct decimal *b, struct decimal *out);
/* These have at least one digit behind the point, as their kind in FHIRPath: 81 gives 9.0.
 * Exact where the root is; else the nearest double. False: below 0. */
bool decimal_sqrt(const struct decimal *d, struct decimal *out);
/* False: does not fit. */
bool decimal_exp(const struct decimal *d, struct decimal *out);
/* False: 0 or below. */
bool decimal_ln(const struct decimal *d, struct decimal *out);
/* False: `d` or `base` 0 or below, or base 1 (as a double). */
bool decimal_log(const struct decimal *d, const struct decimal *base, struct decimal *out);

#endif
