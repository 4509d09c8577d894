/* Fuzz target: what is read is written back, whatever numbers come the answers stay within their bounds,
 * and the operations agree with each other. The first 34 bytes are two structs, all of it is a text. */
#include "engine/base/decimal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Written and read again, it is the same in digits and scale. */
static void check(const struct decimal *d)
{
    char text[DECIMAL_TEXT_MAX];
    struct decimal back;
    size_t n = decimal_format(d, text);
    must(n < DECIMAL_TEXT_MAX && text[n] == 0 && decimal_parse(str_from(text, n), &back));
    must(back.digits == d->digits && back.scale == d->scale);
}

static void check_text(struct str s)
{
    struct decimal d;
    if (decimal_parse(s, &d)) {
        must(d.scale < s.n && s.n > 0);
        check(&d);
    }
}

static void check_one(const struct decimal *d)
{
    struct decimal zero = decimal_of(0), got;
    const struct decimal all[] = {decimal_neg(d),      decimal_abs(d),      decimal_floor(d),
                                  decimal_ceiling(d),  decimal_truncate(d), decimal_normal(d),
                                  decimal_round(d, 0), decimal_round(d, 2)};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        check(&all[i]);
    }
    must(decimal_cmp(&all[2], d) <= 0 && decimal_cmp(&all[3], d) >= 0);
    must(decimal_cmp(&all[5], d) == 0 && decimal_cmp(&all[1], &zero) >= 0);
    must(decimal_is_whole(d) == (decimal_cmp(&all[2], &all[3]) == 0));
    if (decimal_from_real(decimal_to_real(d), &got)) {
        check(&got);
    }
    bool (*const ones[])(const struct decimal *, struct decimal *) = {decimal_sqrt, decimal_exp,
                                                                      decimal_ln};
    for (size_t i = 0; i < 3; i++) {
        if (ones[i](d, &got)) {
            check(&got);
        }
    }
}

static void check_two(const struct decimal *a, const struct decimal *b)
{
    bool (*const twos[])(const struct decimal *, const struct decimal *, struct decimal *) = {
        decimal_add, decimal_sub, decimal_mul,   decimal_divide,
        decimal_div, decimal_mod, decimal_power, decimal_log};
    struct decimal got, whole, rest, product;
    for (size_t i = 0; i < 8; i++) {
        if (twos[i](a, b, &got)) {
            check(&got);
        }
    }
    must(decimal_cmp(a, b) == -decimal_cmp(b, a));
    if (decimal_add(a, b, &got) && got.scale >= a->scale && got.scale >= b->scale) {
        must(decimal_sub(&got, b, &got) && decimal_cmp(&got, a) == 0);
    }
    if (decimal_div(a, b, &whole) && decimal_mul(&whole, b, &product) &&
        product.scale == b->scale) {
        must(decimal_mod(a, b, &rest) && decimal_sub(a, &rest, &got));
        must(got.scale != rest.scale || decimal_cmp(&got, &product) == 0);
    }
}

/* Sixteen bytes of digits, one of scale. */
static struct decimal raw(const uint8_t *p)
{
    unsigned __int128 digits = 0;
    for (size_t i = 0; i < 16; i++) {
        digits = digits << 8 | p[i];
    }
    return (struct decimal){(__int128)digits, p[16]};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text(str_from((const char *)data, size));
    if (size >= 34) {
        struct decimal a = raw(data), b = raw(data + 17);
        check_two(&a, &b);
        check_one(&a);
        /* the same within the bounds, which random bytes seldom are */
        a.digits %= (__int128)1 << (data[33] % 94);
        b.digits %= (__int128)1 << (data[32] % 94);
        a.scale %= DECIMAL_SCALE_MAX + 1;
        b.scale %= DECIMAL_SCALE_MAX + 1;
        check_two(&a, &b);
        check_one(&a);
    }
    return 0;
}
