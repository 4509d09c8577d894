/* Exact operations on decimals: sum, difference, product, quotient, remainder. */
#include "engine/base/decimal_priv.h"

/* Rounding up may have made a 29th digit, which is then a zero. */
static bool settle(bool negative, unsigned __int128 m, unsigned scale, struct decimal *out)
{
    if (m > decimal_largest()) {
        if (scale == 0) {
            return false;
        }
        m /= 10;
        scale--;
    }
    *out = decimal_made(negative, m, scale);
    return true;
}

/* Sums and products, high * 10^28 + low, so that no digit is lost before rounding. */
struct wide {
    unsigned __int128 high, low; /* low below 10^28 */
};

/* m below 10^28, by at most 10^28. Halves of 14 digits keep every product within 128 bits. */
static struct wide wide_product(unsigned __int128 m, unsigned __int128 by)
{
    unsigned __int128 half = decimal_ten_to(14), all = decimal_ten_to(28);
    unsigned __int128 m1 = m / half, m0 = m % half, by1 = by / half, by0 = by % half;
    unsigned __int128 middle = m1 * by0 + m0 * by1;
    unsigned __int128 low = m0 * by0 + middle % half * half;
    return (struct wide){m1 * by1 + middle / half + low / all, low % all};
}

static struct wide wide_sum(struct wide a, struct wide b)
{
    unsigned __int128 low = a.low + b.low, all = decimal_ten_to(28);
    return (struct wide){a.high + b.high + low / all, low % all};
}

/* a - b, a not the smaller. */
static struct wide wide_difference(struct wide a, struct wide b)
{
    bool borrow = a.low < b.low;
    unsigned __int128 low = a.low + (borrow ? decimal_ten_to(28) : 0) - b.low;
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
    unsigned __int128 by = decimal_ten_to(count);
    return (struct wide){w.high / by, w.high % by * decimal_ten_to(28 - count) + w.low / by};
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
    if (!decimal_fits(a) || !decimal_fits(b)) {
        return false;
    }
    struct wide wa = wide_product(decimal_magnitude(a), decimal_ten_to(scale - a->scale));
    struct wide wb = wide_product(decimal_magnitude(b), decimal_ten_to(scale - b->scale));
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
    if (!decimal_fits(a) || !decimal_fits(b)) {
        return false;
    }
    bool negative = (a->digits < 0) != (b->digits < 0);
    return wide_settle(negative, wide_product(decimal_magnitude(a), decimal_magnitude(b)),
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
    unsigned __int128 by = decimal_magnitude(b), full = decimal_largest() / 10;
    if (!decimal_fits(a) || !decimal_fits(b) || by == 0) {
        return false;
    }
    struct quotient q = {decimal_magnitude(a) / by, decimal_magnitude(a) % by,
                         (int)a->scale - (int)b->scale};
    while (q.scale < scale && (q.scale < 0 || q.rest) && q.digits <= full) {
        q.rest *= 10;
        q.digits = q.digits * 10 + q.rest / by;
        q.rest %= by;
        q.scale++;
    }
    *out = q;
    return q.scale >= 0;
}

bool decimal_quotient(const struct decimal *a, const struct decimal *b, int scale,
                      struct decimal *out)
{
    struct quotient q;
    bool negative = (a->digits < 0) != (b->digits < 0);
    if (!long_division(a, b, scale, &q)) {
        return false;
    }
    if (q.scale > scale) {
        q.digits = decimal_cut(q.digits, (unsigned)(q.scale - scale));
        q.scale = scale;
    } else {
        q.digits += q.rest * 2 >= decimal_magnitude(b);
    }
    if (!settle(negative, q.digits, (unsigned)q.scale, out)) {
        return false;
    }
    *out = decimal_without_zeros(*out);
    return true;
}

bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    return decimal_quotient(a, b, DECIMAL_QUOTIENT_SCALE, out);
}

bool decimal_div(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    struct quotient q;
    bool negative = (a->digits < 0) != (b->digits < 0);
    if (!long_division(a, b, 0, &q)) {
        return false;
    }
    *out = decimal_made(negative, q.digits / decimal_ten_to((unsigned)q.scale), 0);
    return true;
}

bool decimal_mod(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    unsigned __int128 rest = decimal_magnitude(a), by = decimal_magnitude(b);
    if (!decimal_fits(a) || !decimal_fits(b) || by == 0) {
        return false;
    }
    unsigned scale = a->scale > b->scale ? a->scale : b->scale;
    unsigned more = scale - b->scale;
    if (more && by > decimal_largest() / decimal_ten_to(more)) {
        by =
            decimal_ten_to(DECIMAL_DIGITS_MAX); /* larger than `a` in any case: all of it remains */
    } else {
        by *= decimal_ten_to(more);
    }
    rest %= by;
    for (unsigned i = a->scale; i < scale; i++) {
        rest = rest * 10 % by;
    }
    *out = decimal_made(a->digits < 0, rest, scale);
    return true;
}
