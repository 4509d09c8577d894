/* Units of quantities: UCUM and the calendar. */
#include "tests/unit/rules/kit.h"

#include "engine/rules/unit.h"

TestSuite(unit, .init = kit_begin, .fini = kit_end);

/* "1 FROM" in TO as a decimal, or "-". */
static const char *convert(const char *value, const char *from, const char *to)
{
    struct unit u, w;
    struct decimal d;
    char text[DECIMAL_TEXT_MAX];
    bool good = decimal_parse(str_of(value), &d) && unit_parse(str_of(from), &u) &&
                unit_parse(str_of(to), &w) && unit_convert(&d, &u, &w, &d);
    if (!good) {
        return "-";
    }
    d = decimal_normal(&d);
    return str_dup(&kit_arena, str_from(text, decimal_format(&d, text))).p;
}

Test(unit, conversions_are_exact)
{
    static const struct {
        const char *value, *from, *to, *want;
    } rows[] = {
        {"1", "kg", "g", "1000"},
        {"4040", "mg", "g", "4.04"},
        {"1", "[in_i]", "cm", "2.54"},
        {"1", "[lb_av]", "kg", "0.45359237"},
        {"1", "L", "mL", "1000"},
        {"1", "dL", "cm3", "100"},
        {"5", "mg/dL", "g/L", "0.05"},
        {"1", "m/s", "km/h", "3.6"},
        {"120", "mm[Hg]", "Pa", "15998.64"},
        {"1", "wk", "d", "7"},
        {"1", "a", "d", "365.25"},
        {"1", "year", "months", "12"},
        {"1", "year", "day", "365"},
        {"1", "month", "days", "30"},
        {"1", "10*3/uL", "10*9/L", "1"},
        {"50", "%", "1", "0.5"},
        {"1", "{beats}/min", "/h", "60"},
        {"1", "(kg.m)/s2", "N", "1"},
        {"1", "mmol/L", "umol/L", "1000"},
        {"1", "kg", "m", "-"},
        {"1", "mg", "Cel", "-"},
        {"1", "nonsense", "m", "-"},
        {"1", "m((((((((((1))))))))))", "m", "-"},
        {"1", "", "1", "-"},
        {"1", "m99", "m", "-"},
        {"1", "/[ppb]2.3/5/[ppb]2.3/1", "1", "-"}, /* a factor beyond 28 places is not said */
        {"1", "fg", "Eg", "-"},
        {"1", "ng", "kg", "0.000000000001"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = convert(rows[i].value, rows[i].from, rows[i].to);
        cr_expect_str_eq(got, rows[i].want, "%s %s in %s: got %s", rows[i].value, rows[i].from,
                         rows[i].to, got);
    }
}

Test(unit, quantities_in_expressions)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"1 'cm' + 1 'm'", "Quantity:101 'cm'"},
        {"2.0 'cm' * 2.0 'm'", "Quantity:0.04 'm2'"},
        {"4 'g' / 2 'm'", "Quantity:2 'm-1.g'"},
        {"4 'g' / 0 'm'", ""},
        {"6 days < 1 week", "boolean:true"},
        {"1 year = 1 'a'", ""},
        {"1 year ~ 1 'a'", "boolean:true"},
        {"4 'g' ~ 4040 'mg'", "boolean:true"},
        {"1 'g' = 1 'm'", ""},
        {"1 '[iU]' = 1 '[iU]'", "boolean:true"},
        {"1 '[iU]' = 1 'mg'", ""},
        {"1 'g' + 1", "Quantity:2 'g'"},
        {"1 'g' + 1 'm'", ""},
        {"12 'cm' * 3 'cm'", "Quantity:36 'cm2'"},
        {"3 'cm' * 12 'cm2'", "Quantity:36 'cm3'"},
        {"12 'cm2' / 3 'cm'", "Quantity:4 'cm'"},
        {"12 'cm' / 3 'cm3'", "Quantity:4 'cm-2'"},
        {"1 'm-9223372036854775808' / 1 'm9'", "-:1:27: error: / does not fit these quantities"},
        {"1 'U/L' = 1000 'mU/L'", "boolean:true"},
        {"60 'U' = 1 'umol/s'", "boolean:true"},
        {"1 'Bq' = 1 '/s'", "boolean:true"},
        {"1 'Ohm' = 1 'V/A'", "boolean:true"},
        {"1 'lx' = 1 'lm/m2'", "boolean:true"},
        {"1 'Gy' = 1 'J/kg'", "boolean:true"},
        {"1 '[psi]' < 7 'kPa'", "boolean:true"},
        {"1 'cm'.comparable(1 '[in_i]')", "boolean:true"},
        {"1 'cm'.comparable(1 's')", "boolean:false"},
        {"1 'g'.toQuantity('mg')", "Quantity:1000 'mg'"},
        {"1 'g'.toQuantity('m')", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_eval(rows[i].text, NULL);
        cr_expect_str_eq(got, rows[i].want, "%s: got %s", rows[i].text, got);
    }
}
