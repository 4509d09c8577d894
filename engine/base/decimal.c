#include "engine/base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { POWER_MAX = 1000000, REAL_DIGITS = 15, REAL_DIGITS_MAX = 17, REAL_TEXT_MAX = 48 };

/* 10^n, n up to 38. */
static unsigned __int128 ten_to(unsigned n)
{
    static const unsigned powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    unsigned __int128 ten_digits = UINT64_C(10000000000), m = powers[n % 10];
    for (; n >= 10; n -= 10) {
        m *= ten_digits;
    }
    return m;
}

static unsigned __int128 largest(void)
{
    return ten_to(DECIMAL_DIGITS_MAX) - 1;
}

static unsigned __int128 magnitude(const struct decimal *d)
{
    return d->digits < 0 ? -(unsigned __int128)d->digits : (unsigned __int128)d->digits;
}

static struct decimal made(bool negative, unsigned __int128 digits, unsigned scale)
{
    __int128 d = (__int128)digits;
    return (struct decimal){.digits = negative ? -d : d, .scale = (uint8_t)scale};
}

static bool fits(const struct decimal *d)
{
    return magnitude(d) <= largest() && d->scale <= DECIMAL_SCALE_MAX;
}

/* The nearest struct within the bounds. */
static struct decimal within(const struct decimal *d)
{
    unsigned __int128 m = magnitude(d);
    return made(d->digits<0, m> largest() ? largest() : m,
                d->scale > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : d->scale);
}

/* Without its last `count` digits, rounded half away from zero. */
static unsigned __int128 cut_digits(unsigned __int128 m, unsigned count)
{
    if (count == 0) {
        return m;
    }
    m = count > 38 ? 0 : m / ten_to(count - 1);
    return m / 10 + (m % 10 >= 5);
}

static struct decimal without_zeros(struct decimal d)
{
    while (d.scale > 0 && d.digits % 10 == 0) {
        d.digits /= 10;
        d.scale--;
    }
    return d;
}

/* Rounding up may have made a 29th digit, which is then a zero. */
static bool settle(bool negative, unsigned __int128 m, unsigned scale, struct decimal *out)
{
    if (m > largest()) {
        if (scale == 0) {
            return false;
        }
        m /= 10;
        scale--;
    }
    *out = made(negative, m, scale);
    return true;
}

/* Sums and products, high * 10^28 + low, so that no digit is lost before rounding. */
struct wide {
    unsigned __int128 high, low; /* low below 10^28 */
};

/* m below 10^28, by at most 10^28. Halves of 14 digits keep every product within 128 bits. */
static struct wide wide_product(unsigned __int128 m, unsigned __int128 by)
{
    unsigned __int128 half = ten_to(14), all = ten_to(28);
    unsigned __int128 m1 = m / half, m0 = m % half, by1 = by / half, by0 = by % half;
    unsigned __int128 middle = m1 * by0 + m0 * by1;
    unsigned __int128 low = m0 * by0 + middle % half * half;
    return (struct wide){m1 * by1 + middle / half + low / all, low % all};
}

static struct wide wide_sum(struct wide a, struct wide b)
{
    unsigned __int128 low = a.low + b.low, all = ten_to(28);
    return (struct wide){a.high + b.high + low / all, low % all};
}

/* a - b, a not the smaller. */
static struct wide wide_difference(struct wide a, struct wide b)
{
    bool borrow = a.low < b.low;
    unsigned __int128 low = a.low + (borrow ? ten_to(28) : 0) - b.low;
    return (struct wide){a.high - b.high - borrow, low};
}

static unsigned count_digits(unsigned __int128 m)
{
    unsigned n = 0;
    for (unsigned __int128 power = 1; n < 38 && m >= power; power *= 10) {
        n++;
    }
    return n;
}

/* Without its last `count` digits, at most 28. */
static struct wide wide_cut(struct wide w, unsigned count)
{
    unsigned __int128 by = ten_to(count);
    return (struct wide){w.high / by, w.high % by * ten_to(28 - count) + w.low / by};
}

/* Give up as many digits behind the point as is needed, and no more. */
static bool wide_settle(bool negative, struct wide w, unsigned scale, struct decimal *out)
{
    unsigned digits = w.high ? 28 + count_digits(w.high) : count_digits(w.low);
    unsigned cut = digits > DECIMAL_DIGITS_MAX ? digits - DECIMAL_DIGITS_MAX : 0;
    if (scale > DECIMAL_SCALE_MAX && scale - DECIMAL_SCALE_MAX > cut) {
        cut = scale - DECIMAL_SCALE_MAX;
    }
    if (cut > scale) {
        return false;
    }
    if (cut) {
        w = wide_cut(w, cut - 1);
        bool up = w.low % 10 >= 5;
        w = wide_cut(w, 1);
        w.low += up;
    }
    return settle(negative, w.low, scale - cut, out);
}

static bool sum(const struct decimal *a, const struct decimal *b, bool b_negative,
                struct decimal *out)
{
    unsigned scale = a->scale > b->scale ? a->scale : b->scale;
    bool a_negative = a->digits < 0;
    if (!fits(a) || !fits(b)) {
        return false;
    }
    struct wide wa = wide_product(magnitude(a), ten_to(scale - a->scale));
    struct wide wb = wide_product(magnitude(b), ten_to(scale - b->scale));
    if (a_negative == b_negative) {
        return wide_settle(a_negative, wide_sum(wa, wb), scale, out);
    }
    bool a_smaller = wa.high != wb.high ? wa.high < wb.high : wa.low < wb.low;
    return a_smaller ? wide_settle(b_negative, wide_difference(wb, wa), scale, out)
                     : wide_settle(a_negative, wide_difference(wa, wb), scale, out);
}

bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    return sum(a, b, b->digits < 0, out);
}

bool decimal_sub(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    return sum(a, b, b->digits >= 0, out);
}

bool decimal_mul(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    if (!fits(a) || !fits(b)) {
        return false;
    }
    bool negative = (a->digits < 0) != (b->digits < 0);
    return wide_settle(negative, wide_product(magnitude(a), magnitude(b)),
                       (unsigned)a->scale + b->scale, out);
}

/* Made one digit at a time: the remainder stays below the divisor, and fits. */
struct quotient {
    unsigned __int128 digits, rest;
    int scale; /* of the digits */
};

/* Digits of |a| / |b| until `scale`, the end of the quotient or 28 digits are reached. False: b is 0, or
 * 28 digits end before the point. */
static bool long_division(const struct decimal *a, const struct decimal *b, int scale,
                          struct quotient *out)
{
    unsigned __int128 by = magnitude(b), full = largest() / 10;
    if (!fits(a) || !fits(b) || by == 0) {
        return false;
    }
    struct quotient q = {magnitude(a) / by, magnitude(a) % by, (int)a->scale - (int)b->scale};
    while (q.scale < scale && (q.scale < 0 || q.rest) && q.digits <= full) {
        q.rest *= 10;
        q.digits = q.digits * 10 + q.rest / by;
        q.rest %= by;
        q.scale++;
    }
    *out = q;
    return q.scale >= 0;
}

static bool divide(const struct decimal *a, const struct decimal *b, int scale, struct decimal *out)
{
    struct quotient q;
    bool negative = (a->digits < 0) != (b->digits < 0);
    if (!long_division(a, b, scale, &q)) {
        return false;
    }
    if (q.scale > scale) {
        q.digits = cut_digits(q.digits, (unsigned)(q.scale - scale));
        q.scale = scale;
    } else {
        q.digits += q.rest * 2 >= magnitude(b);
    }
    if (!settle(negative, q.digits, (unsigned)q.scale, out)) {
        return false;
    }
    *out = without_zeros(*out);
    return true;
}

bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    return divide(a, b, DECIMAL_QUOTIENT_SCALE, out);
}

bool decimal_div(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    struct quotient q;
    bool negative = (a->digits < 0) != (b->digits < 0);
    if (!long_division(a, b, 0, &q)) {
        return false;
    }
    *out = made(negative, q.digits / ten_to((unsigned)q.scale), 0);
    return true;
}

bool decimal_mod(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    unsigned __int128 rest = magnitude(a), by = magnitude(b);
    if (!fits(a) || !fits(b) || by == 0) {
        return false;
    }
    unsigned scale = a->scale > b->scale ? a->scale : b->scale;
    unsigned more = scale - b->scale;
    if (more && by > largest() / ten_to(more)) {
        by = ten_to(DECIMAL_DIGITS_MAX); /* larger than `a` in any case: all of it remains */
    } else {
        by *= ten_to(more);
    }
    rest %= by;
    for (unsigned i = a->scale; i < scale; i++) {
        rest = rest * 10 % by;
    }
    *out = made(a->digits < 0, rest, scale);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Append the digits at the start of *rest to *m; false when there are none or too many. */
static bool take_digits(struct str *rest, unsigned __int128 *m, size_t *out_count)
{
    size_t n = 0;
    while (n < rest->n && is_digit(rest->p[n])) {
        *m = *m * 10 + (unsigned)(rest->p[n] - '0');
        if (*m > largest()) {
            return false;
        }
        n++;
    }
    *out_count = n;
    *rest = str_slice(*rest, n, rest->n);
    return n > 0;
}

bool decimal_parse(struct str s, struct decimal *out)
{
    unsigned __int128 m = 0;
    size_t whole, places = 0;
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        s = str_slice(s, 1, s.n);
    }
    if (!take_digits(&s, &m, &whole)) {
        return false;
    }
    if (s.n && s.p[0] == '.') {
        s = str_slice(s, 1, s.n);
        if (!take_digits(&s, &m, &places)) {
            return false;
        }
    }
    if (s.n || places > DECIMAL_SCALE_MAX) {
        return false;
    }
    *out = made(negative, m, (unsigned)places);
    return true;
}

size_t decimal_format(const struct decimal *d, char out[DECIMAL_TEXT_MAX])
{
    char text[DECIMAL_TEXT_MAX];
    struct decimal v = within(d);
    unsigned __int128 m = magnitude(&v);
    size_t at = sizeof(text);
    text[--at] = 0;
    for (unsigned i = 0; m || i <= v.scale; i++) {
        if (i == v.scale && v.scale) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + (int)(m % 10));
        m /= 10;
    }
    if (v.digits < 0) {
        text[--at] = '-';
    }
    memcpy(out, text + at, sizeof(text) - at);
    return sizeof(text) - at - 1;
}

struct decimal decimal_of(int64_t v)
{
    return (struct decimal){.digits = v};
}

bool decimal_to_i64(const struct decimal *d, int64_t *out)
{
    if (!fits(d) || !decimal_is_whole(d)) {
        return false;
    }
    __int128 v = d->digits / (__int128)ten_to(d->scale);
    if (v < INT64_MIN || v > INT64_MAX) {
        return false;
    }
    *out = (int64_t)v;
    return true;
}

/* What stands behind the point, in units of 10^-scale and with the sign. */
static __int128 fraction(const struct decimal *d)
{
    return d->digits % (__int128)ten_to(d->scale);
}

int decimal_cmp(const struct decimal *a, const struct decimal *b)
{
    struct decimal x = within(a), y = within(b);
    __int128 x_whole = decimal_truncate(&x).digits, y_whole = decimal_truncate(&y).digits;
    if (x_whole != y_whole) {
        return x_whole < y_whole ? -1 : 1;
    }
    __int128 x_rest = fraction(&x) * (__int128)ten_to(DECIMAL_SCALE_MAX - x.scale);
    __int128 y_rest = fraction(&y) * (__int128)ten_to(DECIMAL_SCALE_MAX - y.scale);
    return (x_rest > y_rest) - (x_rest < y_rest);
}

bool decimal_is_whole(const struct decimal *d)
{
    struct decimal v = within(d);
    return fraction(&v) == 0;
}

unsigned decimal_places(const struct decimal *d)
{
    return decimal_normal(d).scale;
}

struct decimal decimal_neg(const struct decimal *d)
{
    struct decimal v = within(d);
    v.digits = -v.digits;
    return v;
}

struct decimal decimal_abs(const struct decimal *d)
{
    struct decimal v = within(d);
    return made(false, magnitude(&v), v.scale);
}

struct decimal decimal_truncate(const struct decimal *d)
{
    struct decimal v = within(d);
    v.digits /= (__int128)ten_to(v.scale);
    v.scale = 0;
    return v;
}

struct decimal decimal_floor(const struct decimal *d)
{
    struct decimal v = within(d), whole = decimal_truncate(&v);
    whole.digits -= fraction(&v) < 0;
    return whole;
}

struct decimal decimal_ceiling(const struct decimal *d)
{
    struct decimal v = within(d), whole = decimal_truncate(&v);
    whole.digits += fraction(&v) > 0;
    return whole;
}

struct decimal decimal_round(const struct decimal *d, unsigned places)
{
    struct decimal v = within(d);
    if (places >= v.scale) {
        return v;
    }
    return made(v.digits < 0, cut_digits(magnitude(&v), v.scale - places), places);
}

struct decimal decimal_normal(const struct decimal *d)
{
    return without_zeros(within(d));
}

/* "-1.25e+03" as printf writes it; whatever stands for the point is skipped. */
static bool read_scientific(const char *text, struct decimal *out)
{
    bool negative = *text == '-';
    unsigned __int128 m = 0;
    int places = -1;
    for (; *text != 'e'; text++) {
        if (is_digit(*text)) {
            m = m * 10 + (unsigned)(*text - '0');
            places++;
        }
    }
    places -= (int)strtol(text + 1, NULL, 10);
    if (places < 0) {
        if (m && (-places > DECIMAL_DIGITS_MAX || m > largest() / ten_to((unsigned)-places))) {
            return false;
        }
        m = m ? m * ten_to((unsigned)-places) : 0;
        places = 0;
    } else if (places > DECIMAL_SCALE_MAX) {
        m = cut_digits(m, (unsigned)(places - DECIMAL_SCALE_MAX));
        places = DECIMAL_SCALE_MAX;
    }
    *out = without_zeros(made(negative, m, (unsigned)places));
    return true;
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
    struct decimal v = within(d);
    unsigned scale = v.scale;
    v.scale = 0; /* as an exponent: no sign for the point, which could be another one */
    size_t n = decimal_format(&v, text);
    (void)snprintf(text + n, sizeof(text) - n, "e-%u", scale); /* fits: 29 bytes before it */
    return strtod(text, NULL);
}

static void with_point(struct decimal *d)
{
    if (d->scale == 0 && magnitude(d) <= largest() / 10) {
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
    if (magnitude(d) < ten_to(d->scale)) {
        if (!divide(&one, d, DECIMAL_SCALE_MAX, &v) || !whole_power(&v, n, &v)) {
            return false;
        }
        *out = without_zeros(v);
        return true;
    }
    if (whole_power(d, n, &v)) {
        return divide(&one, &v, DECIMAL_SCALE_MAX, out);
    }
    return from_real(pow(decimal_to_real(d), -(double)n), REAL_DIGITS, out); /* 0, or nearly */
}

bool decimal_power(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    int64_t n;
    if (!fits(a) || !fits(b) || (a->digits < 0 && !decimal_is_whole(b))) {
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
    if (!fits(d) || d->digits < 0) {
        return false;
    }
    struct decimal v = without_zeros(*d);
    unsigned odd = v.scale % 2;
    unsigned __int128 m = magnitude(&v) * (odd ? 10 : 1), root = whole_root(m);
    if (root * root != m) {
        return real_result(sqrt(decimal_to_real(d)), REAL_DIGITS_MAX, out);
    }
    *out = made(false, root, (v.scale + odd) / 2);
    with_point(out);
    return true;
}

bool decimal_exp(const struct decimal *d, struct decimal *out)
{
    return fits(d) && real_result(exp(decimal_to_real(d)), REAL_DIGITS, out);
}

bool decimal_ln(const struct decimal *d, struct decimal *out)
{
    return fits(d) && d->digits > 0 && real_result(log(decimal_to_real(d)), REAL_DIGITS, out);
}

bool decimal_log(const struct decimal *d, const struct decimal *base, struct decimal *out)
{
    if (!fits(d) || !fits(base) || d->digits <= 0 || base->digits <= 0) {
        return false;
    }
    double divisor = log(decimal_to_real(base));
    return divisor != 0 && real_result(log(decimal_to_real(d)) / divisor, REAL_DIGITS, out);
}
