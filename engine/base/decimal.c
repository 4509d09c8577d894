/* Decimals as values: read, written, compared, rounded. */
#include "engine/base/decimal.h"

#include "engine/base/decimal_priv.h"

struct decimal decimal_within(const struct decimal *d)
{
    unsigned __int128 m = decimal_magnitude(d), most = decimal_largest();
    bool is_negative = d->digits < 0;
    return decimal_made(is_negative, m > most ? most : m,
                        d->scale > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : d->scale);
}

unsigned __int128 decimal_cut(unsigned __int128 m, unsigned count)
{
    if (count == 0) {
        return m;
    }
    m = count > 38 ? 0 : m / decimal_ten_to(count - 1);
    return m / 10 + (m % 10 >= 5);
}

struct decimal decimal_without_zeros(struct decimal d)
{
    while (d.scale > 0 && d.digits % 10 == 0) {
        d.digits /= 10;
        d.scale--;
    }
    return d;
}

/* Append the digits at the start of *rest to *m; false when there are none or too many. */
static bool take_digits(struct str *rest, unsigned __int128 *m, size_t *out_count)
{
    size_t n = 0;
    while (n < rest->n && decimal_is_digit(rest->p[n])) {
        *m = *m * 10 + (unsigned)(rest->p[n] - '0');
        if (*m > decimal_largest()) {
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
    *out = decimal_made(negative, m, (unsigned)places);
    return true;
}

size_t decimal_format(const struct decimal *d, char out[DECIMAL_TEXT_MAX])
{
    char text[DECIMAL_TEXT_MAX];
    struct decimal v = decimal_within(d);
    unsigned __int128 m = decimal_magnitude(&v);
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
    if (!decimal_fits(d) || !decimal_is_whole(d)) {
        return false;
    }
    __int128 v = d->digits / (__int128)decimal_ten_to(d->scale);
    if (v < INT64_MIN || v > INT64_MAX) {
        return false;
    }
    *out = (int64_t)v;
    return true;
}

/* What stands behind the point, in units of 10^-scale and with the sign. */
static __int128 fraction(const struct decimal *d)
{
    return d->digits % (__int128)decimal_ten_to(d->scale);
}

int decimal_cmp(const struct decimal *a, const struct decimal *b)
{
    struct decimal x = decimal_within(a), y = decimal_within(b);
    __int128 x_whole = decimal_truncate(&x).digits, y_whole = decimal_truncate(&y).digits;
    if (x_whole != y_whole) {
        return x_whole < y_whole ? -1 : 1;
    }
    __int128 x_rest = fraction(&x) * (__int128)decimal_ten_to(DECIMAL_SCALE_MAX - x.scale);
    __int128 y_rest = fraction(&y) * (__int128)decimal_ten_to(DECIMAL_SCALE_MAX - y.scale);
    return (x_rest > y_rest) - (x_rest < y_rest);
}

bool decimal_is_whole(const struct decimal *d)
{
    struct decimal v = decimal_within(d);
    return fraction(&v) == 0;
}

unsigned decimal_places(const struct decimal *d)
{
    return decimal_normal(d).scale;
}

struct decimal decimal_neg(const struct decimal *d)
{
    struct decimal v = decimal_within(d);
    v.digits = -v.digits;
    return v;
}

struct decimal decimal_abs(const struct decimal *d)
{
    struct decimal v = decimal_within(d);
    return decimal_made(false, decimal_magnitude(&v), v.scale);
}

struct decimal decimal_truncate(const struct decimal *d)
{
    struct decimal v = decimal_within(d);
    v.digits /= (__int128)decimal_ten_to(v.scale);
    v.scale = 0;
    return v;
}

struct decimal decimal_floor(const struct decimal *d)
{
    struct decimal v = decimal_within(d), whole = decimal_truncate(&v);
    whole.digits -= fraction(&v) < 0;
    return whole;
}

struct decimal decimal_ceiling(const struct decimal *d)
{
    struct decimal v = decimal_within(d), whole = decimal_truncate(&v);
    whole.digits += fraction(&v) > 0;
    return whole;
}

struct decimal decimal_round(const struct decimal *d, unsigned places)
{
    struct decimal v = decimal_within(d);
    if (places >= v.scale) {
        return v;
    }
    return decimal_made(v.digits < 0, decimal_cut(decimal_magnitude(&v), v.scale - places), places);
}

struct decimal decimal_normal(const struct decimal *d)
{
    return decimal_without_zeros(decimal_within(d));
}
