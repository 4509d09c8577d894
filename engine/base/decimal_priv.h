/* decimal_priv.h - digits and their bounds: shared by decimal.c (values and their texts), decimal_arithmetic.c (exact
 * operations) and decimal_real.c (what goes by way of doubles). Pure. */
#ifndef CORRIDOR_BASE_DECIMAL_PRIV_H
#define CORRIDOR_BASE_DECIMAL_PRIV_H

#include "engine/base/decimal.h"

/* 10^n, n up to 38. */
static inline unsigned __int128 decimal_ten_to(unsigned n)
{
    static const unsigned powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    unsigned __int128 ten_digits = UINT64_C(10000000000), m = powers[n % 10];
    for (; n >= 10; n -= 10) {
        m *= ten_digits;
    }
    return m;
}

static inline unsigned __int128 decimal_largest(void)
{
    return decimal_ten_to(DECIMAL_DIGITS_MAX) - 1;
}

static inline unsigned __int128 decimal_magnitude(const struct decimal *d)
{
    return d->digits < 0 ? -(unsigned __int128)d->digits : (unsigned __int128)d->digits;
}

static inline struct decimal decimal_made(bool negative, unsigned __int128 digits, unsigned scale)
{
    __int128 d = (__int128)digits;
    return (struct decimal){.digits = negative ? -d : d, .scale = (uint8_t)scale};
}

static inline bool decimal_fits(const struct decimal *d)
{
    return decimal_magnitude(d) <= decimal_largest() && d->scale <= DECIMAL_SCALE_MAX;
}

static inline bool decimal_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The nearest struct within the bounds. */
struct decimal decimal_within(const struct decimal *d);
/* Without its last `count` digits, rounded half away from zero. */
unsigned __int128 decimal_cut(unsigned __int128 m, unsigned count);
/* Without zeros at the end of the digits behind the point. */
struct decimal decimal_without_zeros(struct decimal d);
/* a / b to `scale` digits behind the point, rounded, without zeros at the end. False: b is 0, or it does not fit. */
bool decimal_quotient(const struct decimal *a, const struct decimal *b, int scale,
                      struct decimal *out);

#endif
