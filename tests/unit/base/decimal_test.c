#include "engine/base/decimal.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* 28 nines, and 10^27 */
#define NINES "9999999999999999999999999999"
#define BIG   "1000000000000000000000000000"
/* 10^-28 */
#define TINY "0.0000000000000000000000000001"

static struct decimal number(const char *text)
{
    struct decimal d = {0};
    cr_assert(decimal_parse(str_of(text), &d), "%s", text);
    return d;
}

static const char *text_of(const struct decimal *d)
{
    static char text[4][DECIMAL_TEXT_MAX];
    static unsigned turn;
    char *out = text[turn++ % 4];
    cr_expect_eq(decimal_format(d, out), strlen(out));
    return out;
}

/* `want` NULL: refused, and then nothing is written. */
static void check(bool ok, const struct decimal *got, const char *want, const char *what)
{
    cr_expect_eq(ok, want != NULL, "%s: %s", what, ok ? text_of(got) : "refused");
    if (ok && want) {
        cr_expect_str_eq(text_of(got), want, "%s: %s, wanted %s", what, text_of(got), want);
    } else if (!ok) {
        cr_expect(got->digits == 77 && got->scale == 7, "%s: written though refused", what);
    }
}

static const struct decimal untouched = {77, 7};

Test(decimal, reads_what_it_writes)
{
    static const struct {
        const char *text, *written; /* NULL: as read */
    } rows[] = {
        {"0", NULL},
        {"1", NULL},
        {"-1", NULL},
        {"+1", "1"},
        {"1.10", NULL},
        {"-0.50", NULL},
        {"0.00", NULL},
        {"-0", "0"},
        {"-0.00", "0.00"},
        {"007", "7"},
        {"000000000000000000000000000000000000001.5", "1.5"},
        {"00.0100", "0.0100"},
        {NINES, NULL},
        {"-" NINES, NULL},
        {TINY, NULL},
        {"-0." NINES, NULL},
        {"9.999999999999999999999999999", NULL},
        {"-9223372036854775808", NULL},
        {"18446744073709551616", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal d = number(rows[i].text);
        cr_expect_str_eq(text_of(&d), rows[i].written ? rows[i].written : rows[i].text);
    }
}

Test(decimal, refuses_what_is_no_number_or_does_not_fit)
{
    static const struct str rows[] = {
        {"", 0},          {NULL, 0},      {"-", 1},        {"+", 1},       {".", 1},
        {"1.", 2},        {".5", 2},      {"-.5", 3},      {"1.5.", 4},    {"1.5.2", 5},
        {"--1", 3},       {"+-1", 3},     {"1-", 2},       {" 1", 2},      {"1 ", 2},
        {"1e3", 3},       {"1,5", 3},     {"0x10", 4},     {"nan", 3},     {"inf", 3},
        {"1\0", 2},       {"1_0", 3},     {"1" NINES, 29}, {"10" BIG, 30}, {"0." NINES "0", 31},
        {"1." NINES, 30}, {TINY "0", 31},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal d = untouched;
        check(decimal_parse(rows[i], &d), &d, NULL, rows[i].n ? rows[i].p : "nothing");
    }
}

Test(decimal, compares_by_value)
{
    static const char *const rising[] = {
        "-" NINES, "-" BIG, "-1.5", "-1.4999", "-1",  "-0.5", "-0.49", "-" TINY, "0", TINY,  "0.49",
        "0.5",     "0.51",  "1",    "1.01",    "1.1", "9.9",  "10",    "10.01",  BIG, NINES,
    };
    static const char *const equal[][2] = {
        {"1", "1.0"},
        {"1.10", "1.1"},
        {"0", "-0.0000"},
        {"-2.50", "-2.5000000000000000000000000"},
    };
    for (size_t i = 0; i < COUNT(rising); i++) {
        for (size_t k = 0; k < COUNT(rising); k++) {
            struct decimal a = number(rising[i]), b = number(rising[k]);
            int want = (i > k) - (i < k);
            cr_expect_eq(decimal_cmp(&a, &b), want, "%s and %s", rising[i], rising[k]);
        }
    }
    for (size_t i = 0; i < COUNT(equal); i++) {
        struct decimal a = number(equal[i][0]), b = number(equal[i][1]);
        cr_expect(decimal_cmp(&a, &b) == 0 && decimal_cmp(&b, &a) == 0, "%s", equal[i][0]);
    }
}

typedef bool (*two_fn)(const struct decimal *, const struct decimal *, struct decimal *);

struct two {
    const char *a, *b, *want; /* NULL: refused */
};

static void check_two(const char *name, two_fn fn, const struct two *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char what[128];
        struct decimal a = number(rows[i].a), b = number(rows[i].b), got = untouched;
        (void)snprintf(what, sizeof(what), "%s %s %s", rows[i].a, name, rows[i].b);
        bool ok = fn(&a, &b, &got);
        check(ok, &got, rows[i].want, what);
        struct decimal alias = a;
        cr_expect_eq(fn(&alias, &b, &alias), ok, "%s", what);
        cr_expect(decimal_cmp(&alias, ok ? &got : &a) == 0, "%s: into its operand", what);
    }
}

Test(decimal, adds_and_subtracts)
{
    static const struct two sums[] = {
        {"1.10", "1", "2.10"},
        {"0.1", "0.2", "0.3"},
        {"1.5", "-1.50", "0.00"},
        {"-1", "-2.5", "-3.5"},
        {"-1.5", "2", "0.5"},
        {"1", "-2.5", "-1.5"},
        {"0", "0.000", "0.000"},
        {NINES, "0", NINES},
        {NINES, "1", NULL},
        {"-" NINES, "-1", NULL},
        {NINES, "-" NINES, "0"},
        {NINES, "0.4", NINES},
        {NINES, "0.5", NULL},
        {BIG, "0.5", "1000000000000000000000000001"},
        {BIG, "0.4", BIG},
        {BIG, TINY, BIG},
        {"-" BIG, "0.5", "-999999999999999999999999999.5"},
        {"-" BIG, "0.05", "-1000000000000000000000000000"},
        {"0." NINES, TINY, "1.000000000000000000000000000"},
        {"1.0000000000000000", BIG, "1000000000000000000000000001"},
        {"999999999999999999999999999.9", "0.05", "1000000000000000000000000000"},
    };
    static const struct two differences[] = {
        {"3", "1.25", "1.75"}, {"1.25", "3", "-1.75"}, {"-1", "-1", "0"},
        {"0", "1.0", "-1.0"},  {"0", "0", "0"},        {"-" NINES, "1", NULL},
        {NINES, NINES, "0"},   {BIG, TINY, BIG},       {"1", TINY, "0." NINES},
    };
    check_two("+", decimal_add, sums, COUNT(sums));
    check_two("-", decimal_sub, differences, COUNT(differences));
}

Test(decimal, multiplies)
{
    static const struct two rows[] = {
        {"2", "3", "6"},
        {"1.10", "2", "2.20"},
        {"-1.5", "1.5", "-2.25"},
        {"-2", "-0.5", "1.0"},
        {"0.00", "-7", "0.00"},
        {"99999999999999", "99999999999999", "9999999999999800000000000001"},
        {"999999999999999", "99999999999999", NULL},
        {BIG, "9", "9000000000000000000000000000"},
        {BIG, "10", NULL},
        {BIG, "1.0000", "1000000000000000000000000000"},
        {BIG, "9.9999", "9999900000000000000000000000"},
        {NINES, NINES, NULL},
        {NINES, "0." NINES, "9999999999999999999999999998"},
        {NINES, "1.0", NINES},
        {TINY, BIG, "0.1000000000000000000000000000"},
        {TINY, TINY, "0.0000000000000000000000000000"},
        {TINY, "0.5", TINY},
        {TINY, "0.4", "0.0000000000000000000000000000"},
        {TINY, "-0.5", "-" TINY},
        {"0.00000000000001", "0.00000000000001", TINY},
        {"1.00000000000001", "1.00000000000001", "1.000000000000020000000000000"},
        {"3.333333333333333333333333333", "3", "9.999999999999999999999999999"},
    };
    check_two("*", decimal_mul, rows, COUNT(rows));
}

Test(decimal, divides)
{
    static const struct two rows[] = {
        {"1", "3", "0.3333333333333333"},
        {"2", "3", "0.6666666666666667"},
        {"-2", "3", "-0.6666666666666667"},
        {"1", "-8", "-0.125"},
        {"10", "4", "2.5"},
        {"4.00", "2", "2"},
        {"0.00", "7", "0"},
        {"1", "0.5", "2"},
        {"1", "0", NULL},
        {"0", "0.00", NULL},
        {NINES, "1", NINES},
        {NINES, "0.1", NULL},
        {"1", TINY, NULL},
        {"0." BIG, "0." BIG, "1"},
        {NINES, "3", "3333333333333333333333333333"},
        {BIG, "3", "333333333333333333333333333.3"},
        {"2000000000000000000000000000", "3", "666666666666666666666666666.7"},
        {NINES, "10", "999999999999999999999999999.9"},
        {TINY, "1", "0"},
        {"0.00000000000000005", "1", "0.0000000000000001"},
        {"0.00000000000000004", "1", "0"},
        {"0.0000000000000001", "2", "0.0000000000000001"},
        {"0.0000000000000001", "3", "0"},
        {"1", BIG, "0"},
        {"9.99999999999999995", "1", "10"},
        {NINES, NINES, "1"},
    };
    check_two("/", decimal_divide, rows, COUNT(rows));
}

Test(decimal, divides_to_a_whole_and_a_remainder)
{
    static const struct {
        const char *a, *b, *div, *mod;
    } rows[] = {
        {"7", "2", "3", "1"},
        {"-7", "2", "-3", "-1"},
        {"7", "-2", "-3", "1"},
        {"-7", "-2", "3", "-1"},
        {"5.5", "0.7", "7", "0.6"},
        {"-5.5", "0.70", "-7", "-0.60"},
        {"10", "2.50", "4", "0.00"},
        {"0.3", "1", "0", "0.3"},
        {"1", "0.3", "3", "0.1"},
        {"1", "0", NULL, NULL},
        {"0", "3.0", "0", "0.0"},
        {NINES, "7", "1428571428571428571428571428", "3"},
        {NINES, TINY, NULL, "0.0000000000000000000000000000"},
        {TINY, NINES, "0", TINY},
        {NINES, "0.3", NULL, "0.0"},
        {"1.5", BIG, "0", "1.5"},
        {"0." NINES, BIG, "0", "0." NINES},
        {BIG, "0." NINES, BIG, "0.1000000000000000000000000000"},
    };
    struct two div[COUNT(rows)], mod[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++) {
        div[i] = (struct two){rows[i].a, rows[i].b, rows[i].div};
        mod[i] = (struct two){rows[i].a, rows[i].b, rows[i].mod};
    }
    check_two("div", decimal_div, div, COUNT(div));
    check_two("mod", decimal_mod, mod, COUNT(mod));
}

Test(decimal, goes_to_neighbouring_whole_numbers)
{
    static const struct {
        const char *d, *floor, *ceiling, *truncate, *round, *abs, *neg;
    } rows[] = {
        {"1.5", "1", "2", "1", "2", "1.5", "-1.5"},
        {"-1.5", "-2", "-1", "-1", "-2", "1.5", "1.5"},
        {"1.49", "1", "2", "1", "1", "1.49", "-1.49"},
        {"-0.50", "-1", "0", "0", "-1", "0.50", "0.50"},
        {"0.49", "0", "1", "0", "0", "0.49", "-0.49"},
        {"2.00", "2", "2", "2", "2", "2.00", "-2.00"},
        {"-2.0", "-2", "-2", "-2", "-2", "2.0", "2.0"},
        {"0", "0", "0", "0", "0", "0", "0"},
        {TINY, "0", "1", "0", "0", TINY, "-" TINY},
        {"9.999999999999999999999999999", "9", "10", "9", "10", "9.999999999999999999999999999",
         "-9.999999999999999999999999999"},
        {"999999999999999999999999999.9", "999999999999999999999999999", BIG,
         "999999999999999999999999999", BIG, "999999999999999999999999999.9",
         "-999999999999999999999999999.9"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal d = number(rows[i].d);
        struct decimal got[] = {decimal_floor(&d),    decimal_ceiling(&d), decimal_truncate(&d),
                                decimal_round(&d, 0), decimal_abs(&d),     decimal_neg(&d)};
        const char *want[] = {rows[i].floor, rows[i].ceiling, rows[i].truncate,
                              rows[i].round, rows[i].abs,     rows[i].neg};
        for (size_t k = 0; k < COUNT(got); k++) {
            cr_expect_str_eq(text_of(&got[k]), want[k], "%s, %zu", rows[i].d, k);
        }
    }
}

Test(decimal, rounds_half_away_from_zero)
{
    static const struct {
        const char *d;
        unsigned places;
        const char *want;
    } rows[] = {
        {"3.14159", 3, "3.142"},
        {"2.675", 2, "2.68"},
        {"-2.675", 2, "-2.68"},
        {"2.6749999", 2, "2.67"},
        {"0.995", 2, "1.00"},
        {"1.5", 1, "1.5"},
        {"1.5", 4, "1.5"},
        {"1.5", 4000000000u, "1.5"},
        {TINY, 27, "0.000000000000000000000000000"},
        {"0." NINES, 27, "1.000000000000000000000000000"},
        {"9.999999999999999999999999999", 26, "10.00000000000000000000000000"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal d = number(rows[i].d), got = decimal_round(&d, rows[i].places);
        cr_expect_str_eq(text_of(&got), rows[i].want, "%s to %u", rows[i].d, rows[i].places);
    }
}

Test(decimal, knows_what_counts)
{
    static const struct {
        const char *d, *normal;
        unsigned places;
        bool is_whole;
    } rows[] = {
        {"1.250", "1.25", 2, false}, {"1.00", "1", 0, true},
        {"100", "100", 0, true},     {"-100.10", "-100.1", 1, false},
        {"0.000", "0", 0, true},     {"0." NINES, "0." NINES, 28, false},
        {TINY, TINY, 28, false},     {"-7", "-7", 0, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal d = number(rows[i].d), normal = decimal_normal(&d);
        cr_expect_str_eq(text_of(&normal), rows[i].normal);
        cr_expect_eq(decimal_places(&d), rows[i].places, "%s", rows[i].d);
        cr_expect_eq(decimal_is_whole(&d), rows[i].is_whole, "%s", rows[i].d);
    }
}

Test(decimal, meets_whole_numbers)
{
    static const struct {
        const char *d;
        bool ok;
        int64_t v;
    } rows[] = {
        {"0", true, 0},
        {"-12.00", true, -12},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808.0", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"1.5", false, 0},
        {NINES, false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal d = number(rows[i].d);
        int64_t v = 0;
        cr_expect_eq(decimal_to_i64(&d, &v), rows[i].ok, "%s", rows[i].d);
        cr_expect_eq(v, rows[i].v, "%s", rows[i].d);
        struct decimal back = decimal_of(v);
        cr_expect(!rows[i].ok || decimal_cmp(&back, &d) == 0, "%s", rows[i].d);
    }
}

Test(decimal, meets_doubles)
{
    static const struct {
        double v;
        const char *want;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {0.1, "0.1"},
        {-1.5, "-1.5"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100, "100"},
        {1e22, "10000000000000000000000"},
        {9007199254740993.0, "9007199254740992"},
        {1e27, BIG},
        {9.99e27, "9990000000000000000000000000"},
        {1e28, NULL},
        {-1e300, NULL},
        {1e-28, TINY},
        {5e-29, TINY},
        {4e-29, "0"},
        {1e-300, "0"},
        {5e-324, "0"},
        {1.23456789e-20, "0.0000000000000000000123456789"},
        {1.2345678901234567e-20, "0.0000000000000000000123456789"},
        {INFINITY, NULL},
        {-INFINITY, NULL},
        {NAN, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char what[64];
        struct decimal d = untouched;
        (void)snprintf(what, sizeof(what), "%.17g", rows[i].v);
        bool ok = decimal_from_real(rows[i].v, &d);
        check(ok, &d, rows[i].want, what);
        if (ok && (fabs(rows[i].v) > 1e-11 || rows[i].v == 0)) {
            cr_expect_eq(decimal_to_real(&d), rows[i].v, "%s back: %.17g", what,
                         decimal_to_real(&d));
        }
    }
    struct decimal least = number(TINY), most = number("-" NINES);
    cr_expect_eq(decimal_to_real(&least), 1e-28);
    cr_expect_eq(decimal_to_real(&most), -1e28);
}

Test(decimal, raises_to_powers)
{
    static const struct two rows[] = {
        {"2", "3", "8"},
        {"2.5", "2", "6.25"},
        {"1.10", "2", "1.2100"},
        {"-1", "0.5", NULL},
        {"-8", "0.3333333333", NULL},
        {"-8", "2.000000000000000000000000001", NULL},
        {"-2", "3", "-8"},
        {"-2", "-3", "-0.125"},
        {"0", "0", "1"},
        {"0", "5", "0"},
        {"0", "-1", NULL},
        {"0", "-0.5", NULL},
        {"0", "0.5", "0"},
        {"7", "0", "1"},
        {"2", "93", "9903520314283042199192993792"},
        {"2", "94", NULL},
        {"10", "27", BIG},
        {"10", "28", NULL},
        {"10", "-28", TINY},
        {"10", "-100", "0"},
        {"0.1", "-27", BIG},
        {"0.1", "-28", NULL},
        {"0.1", "-100", NULL},
        {"0.1", "28", TINY},
        {"0.5", "1000", "0.0000000000000000000000000000"},
        {"2", "-20", "0.00000095367431640625"},
        {"1", "1000", "1"},
        {"-1", "1001", "-1"},
        {"-1", "-1000000001", "-1"},
        {"1", NINES, "1"},
        {"2", NINES, NULL},
        {"0.5", NINES, "0"},
        /* right to 28, 24 and 22 digits: every step rounds */
        {"1.0000001", "2000", "1.000200019991331400469503403"},
        {"1.0000001", "-2000", "0.9998000200086647328641701081"},
        {"0.9999999", "-1000000", "1.105170923601502597394815163"},
        {"0.5", "-90", "1237940039285380274899124224"},
        {"0.3", "-2", "11.11111111111111111111111111"},
        {"-0.5", "-3", "-8"},
        {"3", "-1", "0.3333333333333333333333333333"},
        {"1.5", "1000001", NULL},
        {"4", "0.5", "2"},
        {"27", "0.3333333333333333333333333333", "3"},
        {"2", "0.5", "1.4142135623731"},
        {"4", "-0.5", "0.5"},
        {"3", "2.0", "9"},
        {"20.0", "2", "400.00"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct decimal a = number(rows[i].a), b = number(rows[i].b), got = untouched;
        bool ok = decimal_power(&a, &b, &got);
        check(ok, &got, rows[i].want, rows[i].a);
    }
}

typedef bool (*one_fn)(const struct decimal *, struct decimal *);

Test(decimal, takes_roots_and_logarithms)
{
    static const struct {
        const char *name;
        one_fn fn;
        const char *d, *want;
    } rows[] = {
        {"sqrt", decimal_sqrt, "81", "9.0"},
        {"sqrt", decimal_sqrt, "0.25", "0.5"},
        {"sqrt", decimal_sqrt, "0.2500", "0.5"},
        {"sqrt", decimal_sqrt, "0", "0.0"},
        {"sqrt", decimal_sqrt, "1.21", "1.1"},
        {"sqrt", decimal_sqrt, "2", "1.4142135623730951"},
        {"sqrt", decimal_sqrt, "0.1", "0.31622776601683794"},
        {"sqrt", decimal_sqrt, "-1", NULL},
        {"sqrt", decimal_sqrt, TINY, "0.00000000000001"},
        {"sqrt", decimal_sqrt, "9999999999999800000000000001", "99999999999999.0"},
        {"sqrt", decimal_sqrt, NINES, "100000000000000.0"},
        {"sqrt", decimal_sqrt, "9000000000000000000000000000", "94868329805051.38"},
        {"exp", decimal_exp, "0", "1.0"},
        {"exp", decimal_exp, "-0.0", "1.0"},
        {"exp", decimal_exp, "1", "2.71828182845905"},
        {"exp", decimal_exp, "-1", "0.367879441171442"},
        {"exp", decimal_exp, "64", "6235149080811620000000000000"},
        {"exp", decimal_exp, "65", NULL},
        {"exp", decimal_exp, NINES, NULL},
        {"exp", decimal_exp, "-" NINES, "0.0"},
        {"ln", decimal_ln, "1", "0.0"},
        {"ln", decimal_ln, "2.718281828459045", "1.0"},
        {"ln", decimal_ln, "10", "2.30258509299405"},
        {"ln", decimal_ln, "0", NULL},
        {"ln", decimal_ln, "-1", NULL},
        {"ln", decimal_ln, TINY, "-64.4723826038333"},
    };
    static const struct two logs[] = {
        {"16", "2", "4.0"},
        {"100.0", "10.0", "2.0"},
        {"1000", "10", "3.0"},
        {"0.125", "2", "-3.0"},
        {"8", "0.5", "-3.0"},
        {"1", "7", "0.0"},
        {"5", "1", NULL},
        {"5", "0", NULL},
        {"5", "-2", NULL},
        {"0", "2", NULL},
        {"-4", "2", NULL},
        {BIG, "10", "27.0"},
        {"5", "1.000000000000000000000000001", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char what[64];
        struct decimal d = number(rows[i].d), got = untouched;
        (void)snprintf(what, sizeof(what), "%s %s", rows[i].name, rows[i].d);
        bool ok = rows[i].fn(&d, &got);
        check(ok, &got, rows[i].want, what);
    }
    check_two("log", decimal_log, logs, COUNT(logs));
}

/* Nothing a caller hands over can do harm, not even what no function here makes. */
Test(decimal, bears_structs_beyond_its_bounds)
{
    const __int128 most = (__int128)(~(unsigned __int128)0 >> 1);
    const struct decimal broken[] = {
        {most, 0}, {-most - 1, 0}, {-most - 1, 255}, {1, 29}, {0, 200}};
    static const two_fn twos[] = {decimal_add, decimal_sub, decimal_mul,   decimal_divide,
                                  decimal_div, decimal_mod, decimal_power, decimal_log};
    static const one_fn ones[] = {decimal_sqrt, decimal_exp, decimal_ln};
    for (size_t i = 0; i < COUNT(broken); i++) {
        const struct decimal *d = &broken[i];
        struct decimal one = decimal_of(1), got = untouched, shown = decimal_neg(d);
        int64_t v;
        for (size_t k = 0; k < COUNT(twos); k++) {
            cr_expect(!twos[k](d, &one, &got) && !twos[k](&one, d, &got), "%zu, %zu", i, k);
        }
        for (size_t k = 0; k < COUNT(ones); k++) {
            cr_expect(!ones[k](d, &got), "%zu, %zu", i, k);
        }
        cr_expect(!decimal_to_i64(d, &v));
        cr_expect(isfinite(decimal_to_real(d)));
        cr_expect_eq(decimal_cmp(d, d), 0);
        cr_expect_eq(decimal_cmp(d, &shown) < 0, d->digits < 0);
        cr_expect(strlen(text_of(d)) < DECIMAL_TEXT_MAX);
        (void)decimal_places(d); /* only survival counts */
        (void)decimal_is_whole(d);
        struct decimal all[] = {decimal_abs(d),      decimal_floor(d),    decimal_ceiling(d),
                                decimal_truncate(d), decimal_round(d, 3), decimal_normal(d)};
        for (size_t k = 0; k < COUNT(all); k++) {
            cr_expect(decimal_add(&all[k], &(struct decimal){0}, &got), "%zu, %zu", i, k);
        }
    }
}

/* a = b * div + mod, and a sum goes back, over numbers of every size and scale. */
Test(decimal, agrees_with_itself)
{
    uint64_t state = 7;
    int agreed = 0;
    for (int i = 0; i < 20000; i++) {
        struct decimal v[2], q, rest, back;
        for (int k = 0; k < 2; k++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            __int128 digits = (int64_t)state >> (state % 61);
            v[k] = (struct decimal){digits, (uint8_t)(state >> 40) % 12};
        }
        /* what had to be rounded has lost places */
        if (decimal_div(&v[0], &v[1], &q)) {
            cr_assert(decimal_mod(&v[0], &v[1], &rest));
            if (decimal_mul(&q, &v[1], &back) && back.scale == v[1].scale &&
                decimal_add(&back, &rest, &back) && back.scale == rest.scale) {
                cr_expect_eq(decimal_cmp(&back, &v[0]), 0, "%s mod %s", text_of(&v[0]),
                             text_of(&v[1]));
                agreed++;
            }
        }
        if (decimal_add(&v[0], &v[1], &q) && q.scale >= v[0].scale && q.scale >= v[1].scale) {
            cr_assert(decimal_sub(&q, &v[1], &back));
            cr_expect_eq(decimal_cmp(&back, &v[0]), 0, "%s + %s", text_of(&v[0]), text_of(&v[1]));
            agreed++;
        }
        cr_expect_eq(decimal_cmp(&v[0], &v[1]), -decimal_cmp(&v[1], &v[0]));
    }
    cr_expect_gt(agreed, 30000);
}
