/* Decimals by way of doubles: conversions, powers, roots, logarithms. */
#include "engine/base/decimal_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { POWER_MAX = 1000000, REAL_DIGITS = 15, REAL_DIGITS_MAX = 17, REAL_TEXT_MAX = 48 };

/* m / 10^places, which may be more than 28 or below 0. False: it does not fit. */
static bool from_digits(bool negative, unsigned __int128 m, int places, struct decimal *out)
{
    if (places < 0) {
        bool over = m && (-places > DECIMAL_DIGITS_MAX ||
                          m > decimal_largest() / decimal_ten_to((unsigned)-places));
        if (over) {
            return false;
        }
        m = m ? m * decimal_ten_to((unsigned)-places) : 0;
        places = 0;
    } else if (places > DECIMAL_SCALE_MAX) {
        m = decimal_cut(m, (unsigned)(places - DECIMAL_SCALE_MAX));
        places = DECIMAL_SCALE_MAX;
    }
    *out = decimal_without_zeros(decimal_made(negative, m, (unsigned)places));
    return true;
}

/* "-1.25e+03" as printf writes it; whatever stands for the point is skipped. */
static bool read_scientific(const char *text, struct decimal *out)
{
    bool negative = *text == '-';
    unsigned __int128 m = 0;
    int places = -1;
    for (; *text != 'e'; text++) {
        if (decimal_is_digit(*text)) {
            m = m * 10 + (unsigned)(*text - '0');
            places++;
        }
    }
    places -= (int)strtol(text + 1, NULL, 10);
    return from_digits(negative, m, places, out);
}

/* 15 digits always survive the way through a double and back, 17 always suffice: so the first of 15, 16
 * and 17 that reads back the same is the shortest, but for zeros at its end. */
static bool from_real(double v, int digits_max, struct decimal *out)
{
    char text[REAL_TEXT_MAX];
    if (!isfinite(v)) {
        return false;
    }
    for (int digits = REAL_DIGITS; digits <= digits_max; digits++) {
        (void)snprintf(text, sizeof(text), "%.*e", digits - 1, v); /* 24 bytes at most */
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    return read_scientific(text, out);
}

bool decimal_from_real(double v, struct decimal *out)
{
    return from_real(v, REAL_DIGITS_MAX, out);
}

double decimal_to_real(const struct decimal *d)
{
    char text[DECIMAL_TEXT_MAX + 4];
    struct decimal v = decimal_within(d);
    unsigned scale = v.scale;
    v.scale = 0; /* as an exponent: no sign for the point, which could be another one */
    size_t n = decimal_format(&v, text);
    (void)snprintf(text + n, sizeof(text) - n, "e-%u", scale); /* fits: 29 bytes before it */
    return strtod(text, NULL);
}

static void with_point(struct decimal *d)
{
    if (d->scale == 0 && decimal_magnitude(d) <= decimal_largest() / 10) {
        d->digits *= 10;
        d->scale = 1;
    }
}

static bool real_result(double v, int digits_max, struct decimal *out)
{
    if (!from_real(v, digits_max, out)) {
        return false;
    }
    with_point(out);
    return true;
}

/* By squares. A square is only built when it is a factor of the result, so it overflows only then. */
static bool whole_power(const struct decimal *d, unsigned n, struct decimal *out)
{
    struct decimal result = decimal_of(1), square = *d;
    while (n) {
        if ((n & 1) && !decimal_mul(&result, &square, &result)) {
            return false;
        }
        n >>= 1;
        if (n && !decimal_mul(&square, &square, &square)) {
            return false;
        }
    }
    *out = result;
    return true;
}

/* Small numbers are turned upside down before, others after, as digits are kept best above 1. */
static bool inverse_power(const struct decimal *d, unsigned n, struct decimal *out)
{
    struct decimal one = decimal_of(1), v;
    if (decimal_magnitude(d) < decimal_ten_to(d->scale)) {
        if (!decimal_quotient(&one, d, DECIMAL_SCALE_MAX, &v) || !whole_power(&v, n, &v)) {
            return false;
        }
        *out = decimal_without_zeros(v);
        return true;
    }
    if (whole_power(d, n, &v)) {
        return decimal_quotient(&one, &v, DECIMAL_SCALE_MAX, out);
    }
    return from_real(pow(decimal_to_real(d), -(double)n), REAL_DIGITS, out); /* 0, or nearly */
}

bool decimal_power(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    int64_t n;
    if (!decimal_fits(a) || !decimal_fits(b) || (a->digits < 0 && !decimal_is_whole(b))) {
        return false;
    }
    if (decimal_to_i64(b, &n) && n >= -POWER_MAX && n <= POWER_MAX) {
        return n < 0 ? inverse_power(a, (unsigned)-n, out) : whole_power(a, (unsigned)n, out);
    }
    return from_real(pow(decimal_to_real(a), decimal_to_real(b)), REAL_DIGITS, out);
}

/* The whole root of m below 10^30, rounded down. */
static unsigned __int128 whole_root(unsigned __int128 m)
{
    unsigned __int128 root = (unsigned __int128)sqrt((double)m);
    while (root * root > m) {
        root--;
    }
    while ((root + 1) * (root + 1) <= m) {
        root++;
    }
    return root;
}

bool decimal_sqrt(const struct decimal *d, struct decimal *out)
{
    if (!decimal_fits(d) || d->digits < 0) {
        return false;
    }
    struct decimal v = decimal_without_zeros(*d);
    unsigned odd = v.scale % 2;
    unsigned __int128 m = decimal_magnitude(&v) * (odd ? 10 : 1), root = whole_root(m);
    if (root * root != m) {
        return real_result(sqrt(decimal_to_real(d)), REAL_DIGITS_MAX, out);
    }
    *out = decimal_made(false, root, (v.scale + odd) / 2);
    with_point(out);
    return true;
}

bool decimal_exp(const struct decimal *d, struct decimal *out)
{
    return decimal_fits(d) && real_result(exp(decimal_to_real(d)), REAL_DIGITS, out);
}

bool decimal_ln(const struct decimal *d, struct decimal *out)
{
    return decimal_fits(d) && d->digits > 0 &&
           real_result(log(decimal_to_real(d)), REAL_DIGITS, out);
}

bool decimal_log(const struct decimal *d, const struct decimal *base, struct decimal *out)
{
    if (!decimal_fits(d) || !decimal_fits(base) || d->digits <= 0 || base->digits <= 0) {
        return false;
    }
    double divisor = log(decimal_to_real(base));
    return divisor != 0 && real_result(log(decimal_to_real(d)) / divisor, REAL_DIGITS, out);
}
