#include "engine/rules/unit.h"

#include "engine/rules/moment.h"

struct atom {
    const char *code;
    const char *factor; /* base units in one: a number, or a quotient of two */
    int8_t power[UNIT_DIMENSIONS];
    bool is_metric; /* takes a prefix */
};

/* clang-format off */
static const struct atom atoms[] = {
    /*           m  g  s rad K  C cd mol */
    {"m", "1",  {1}, true},
    {"g", "1",  {0, 1}, true},
    {"s", "1",  {0, 0, 1}, true},
    {"rad", "1", {0, 0, 0, 1}, true},
    {"K", "1",  {0, 0, 0, 0, 1}, true},
    {"C", "1",  {0, 0, 0, 0, 0, 1}, true},
    {"cd", "1", {0, 0, 0, 0, 0, 0, 1}, true},
    {"mol", "1", {0, 0, 0, 0, 0, 0, 0, 1}, true},
    {"eq", "1",  {0, 0, 0, 0, 0, 0, 0, 1}, true},
    {"osm", "1", {0, 0, 0, 0, 0, 0, 0, 1}, true},
    {"L", "0.001", {3}, true},
    {"l", "0.001", {3}, true},
    {"ar", "100", {2}, true},
    {"t", "1000000", {0, 1}, true},
    {"Hz", "1", {0, 0, -1}, true},
    {"N", "1000", {1, 1, -2}, true},
    {"Pa", "1000", {-1, 1, -2}, true},
    {"bar", "100000000", {-1, 1, -2}, true},
    {"m[Hg]", "133322000", {-1, 1, -2}, true},
    {"m[H2O]", "9806650", {-1, 1, -2}, true},
    {"J", "1000", {2, 1, -2}, true},
    {"cal", "4184", {2, 1, -2}, true},
    {"[Cal]", "4184000", {2, 1, -2}, false},
    {"W", "1000", {2, 1, -3}, true},
    {"A", "1", {0, 0, -1, 0, 0, 1}, true},
    {"V", "1000", {2, 1, -2, 0, 0, -1}, true},
    {"kat", "1", {0, 0, -1, 0, 0, 0, 0, 1}, true},
    {"U", "0.000001/60", {0, 0, -1, 0, 0, 0, 0, 1}, true},
    {"F", "0.001", {-2, -1, 2, 0, 0, 2}, true},
    {"Ohm", "1000", {2, 1, -1, 0, 0, -2}, true},
    {"S", "0.001", {-2, -1, 1, 0, 0, 2}, true},
    {"Bq", "1", {0, 0, -1}, true},
    {"Ci", "37000000000", {0, 0, -1}, true},
    {"Gy", "1", {2, 0, -2}, true},
    {"Sv", "1", {2, 0, -2}, true},
    {"sr", "1", {0, 0, 0, 2}, true},
    {"lm", "1", {0, 0, 0, 2, 0, 0, 1}, true},
    {"lx", "1", {-2, 0, 0, 2, 0, 0, 1}, true},
    {"dyn", "0.01", {1, 1, -2}, true},
    {"gf", "9.80665", {1, 1, -2}, true},
    {"[psi]", "4448.2216152605/0.00064516", {-1, 1, -2}, false},
    {"min", "60", {0, 0, 1}, false},
    {"h", "3600", {0, 0, 1}, false},
    {"d", "86400", {0, 0, 1}, false},
    {"wk", "604800", {0, 0, 1}, false},
    {"mo", "2629800", {0, 0, 1}, false},
    {"a", "31557600", {0, 0, 1}, false},
    {"[in_i]", "0.0254", {1}, false},
    {"[ft_i]", "0.3048", {1}, false},
    {"[yd_i]", "0.9144", {1}, false},
    {"[mi_i]", "1609.344", {1}, false},
    {"[gr]", "0.06479891", {0, 1}, false},
    {"[oz_av]", "28.349523125", {0, 1}, false},
    {"[lb_av]", "453.59237", {0, 1}, false},
    {"[ston_av]", "907184.74", {0, 1}, false},
    {"[stone_av]", "6350.29318", {0, 1}, false},
    {"[tsp_us]", "0.00000492892159375", {3}, false},
    {"[tbs_us]", "0.00001478676478125", {3}, false},
    {"[foz_us]", "0.0000295735295625", {3}, false},
    {"[cup_us]", "0.0002365882365", {3}, false},
    {"[pt_us]", "0.000473176473", {3}, false},
    {"[qt_us]", "0.000946352946", {3}, false},
    {"[gal_us]", "0.003785411784", {3}, false},
    {"10*", "10", {0}, false},
    {"10^", "10", {0}, false},
    {"%", "0.01", {0}, false},
    {"[ppth]", "0.001", {0}, false},
    {"[ppm]", "0.000001", {0}, false},
    {"[ppb]", "0.000000001", {0}, false},
};
enum { NATOMS = sizeof(atoms) / sizeof(atoms[0]) };

static const struct { const char *code; int8_t power; } prefixes[] = {
    {"da", 1}, {"h", 2}, {"k", 3}, {"M", 6}, {"G", 9}, {"T", 12}, {"P", 15}, {"E", 18},
    {"d", -1}, {"c", -2}, {"m", -3}, {"u", -6}, {"n", -9}, {"p", -12}, {"f", -15}, {"a", -18},
};
enum { NPREFIXES = sizeof(prefixes) / sizeof(prefixes[0]) };
/* clang-format on */

enum { NESTING_MAX = 8 };

static struct unit one(void)
{
    return (struct unit){.num = decimal_of(1), .den = decimal_of(1)};
}

/* False where digits would be given up: a factor is exact or not said. */
static bool multiply(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    struct decimal x = decimal_normal(a), y = decimal_normal(b), z = {0};
    bool good = decimal_mul(&x, &y, &z) && z.scale == x.scale + y.scale;
    *out = decimal_normal(&z);
    return good;
}

bool unit_multiply(const struct unit *a, const struct unit *b, bool divide, struct unit *out)
{
    struct unit u = *a;
    bool good = multiply(&a->num, divide ? &b->den : &b->num, &u.num) &&
                multiply(&a->den, divide ? &b->num : &b->den, &u.den);
    for (int i = 0; i < UNIT_DIMENSIONS; i++) {
        int power = a->power[i] + (divide ? -b->power[i] : b->power[i]);
        good = good && power >= -UNIT_POWER_MAX && power <= UNIT_POWER_MAX;
        u.power[i] = (int8_t)power;
    }
    u.months = 0;
    *out = u;
    return good;
}

static bool raise(const struct unit *u, int power, struct unit *out)
{
    *out = one();
    for (int i = power < 0 ? -power : power; i > 0; i--) {
        if (!unit_multiply(out, u, power < 0, out)) {
            return false;
        }
    }
    return true;
}

/* ---- reading ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool of_atom(const struct atom *a, int prefix, struct unit *out)
{
    struct unit u = one(), ten = one(), by;
    struct str factor = str_of(a->factor);
    ptrdiff_t slash = str_index(factor, '/');
    if (slash > 0) {
        (void)decimal_parse(str_slice(factor, (size_t)slash + 1, factor.n), &u.den);
        factor = str_slice(factor, 0, (size_t)slash);
    }
    (void)decimal_parse(factor, &u.num); /* our own numbers */
    memcpy(u.power, a->power, sizeof(u.power));
    ten.num = decimal_of(10);
    return raise(&ten, prefix, &by) && unit_multiply(&u, &by, false, out);
}

/* An atom, maybe with a prefix before it: all of `s`. */
static bool find_atom(struct str s, struct unit *out)
{
    for (unsigned i = 0; i < NATOMS; i++) {
        if (str_is(s, atoms[i].code)) {
            return of_atom(&atoms[i], 0, out);
        }
    }
    for (unsigned p = 0; p < NPREFIXES; p++) {
        struct str code = str_of(prefixes[p].code);
        for (unsigned i = 0; i < NATOMS && str_starts(s, code); i++) {
            if (atoms[i].is_metric && str_is(str_slice(s, code.n, s.n), atoms[i].code)) {
                return of_atom(&atoms[i], prefixes[p].power, out);
            }
        }
    }
    return false;
}

static bool parse_term(struct str *s, unsigned depth, struct unit *out);

static bool skip_annotation(struct str *s)
{
    ptrdiff_t end = s->n && s->p[0] == '{' ? str_index(*s, '}') : -1;
    if (end >= 0) {
        *s = str_slice(*s, (size_t)end + 1, s->n);
    }
    return end >= 0;
}

/* Letters, brackets and their content; 10* and 10^ are written with digits. */
static size_t atom_length(struct str s)
{
    bool ten = str_starts(s, STR("10*")) || str_starts(s, STR("10^"));
    size_t n = ten ? 3 : 0;
    while (!ten && n < s.n && !strchr("./(){}+-", s.p[n]) && !is_digit(s.p[n])) {
        ptrdiff_t close = s.p[n] == '[' ? str_index(str_slice(s, n, s.n), ']') : 0;
        n += close > 0 ? (size_t)close + 1 : 1;
    }
    return n;
}

static int read_power(struct str *s)
{
    size_t i = s->n && (s->p[0] == '-' || s->p[0] == '+');
    int power = 0;
    bool minus = i && s->p[0] == '-';
    if (i >= s->n || !is_digit(s->p[i])) {
        return 1;
    }
    for (; i < s->n && is_digit(s->p[i]) && power <= UNIT_POWER_MAX; i++) {
        power = power * 10 + (s->p[i] - '0');
    }
    *s = str_slice(*s, i, s->n);
    return minus ? -power : power;
}

static bool parse_number(struct str *s, struct unit *out)
{
    size_t n = 0;
    while (n < s->n && is_digit(s->p[n])) {
        n++;
    }
    *out = one();
    bool good = decimal_parse(str_slice(*s, 0, n), &out->num) && out->num.digits != 0;
    *s = str_slice(*s, n, s->n);
    return good;
}

static bool parse_component(struct str *s, unsigned depth, struct unit *out)
{
    *out = one();
    if (s->n && s->p[0] == '(') {
        *s = str_slice(*s, 1, s->n);
        bool good = parse_term(s, depth + 1, out) && s->n && s->p[0] == ')';
        *s = str_slice(*s, good ? 1 : 0, s->n);
        return good;
    }
    if (skip_annotation(s)) {
        return true;
    }
    size_t n = atom_length(*s);
    if (n == 0) {
        return parse_number(s, out);
    }
    struct unit atom;
    bool known = find_atom(str_slice(*s, 0, n), &atom);
    *s = str_slice(*s, n, s->n);
    int power = read_power(s);
    skip_annotation(s);
    return known && power >= -UNIT_POWER_MAX && power <= UNIT_POWER_MAX && raise(&atom, power, out);
}

static bool parse_term(struct str *s, unsigned depth, struct unit *out)
{
    bool divide = s->n && s->p[0] == '/', good = depth < NESTING_MAX;
    *s = str_slice(*s, divide, s->n);
    *out = one();
    while (good) {
        struct unit next;
        good = parse_component(s, depth, &next) && unit_multiply(out, &next, divide, out);
        if (!s->n || (s->p[0] != '.' && s->p[0] != '/')) {
            break;
        }
        divide = s->p[0] == '/';
        *s = str_slice(*s, 1, s->n);
    }
    return good;
}

/* "days" as the calendar has them. */
static bool of_calendar(struct str word, struct unit *out)
{
    static const char *const seconds[] = {"31536000", "2592000", "604800", "86400",
                                          "3600",     "60",      "1",      "0.001"};
    enum moment_unit u = moment_unit_of(word, false);
    if (u == UNIT_NONE) {
        return false;
    }
    *out = one();
    out->power[2] = 1;
    out->months = u == UNIT_YEAR ? 12 : u == UNIT_MONTH ? 1 : 0;
    return decimal_parse(str_of(seconds[u]), &out->num);
}

bool unit_parse(struct str text, struct unit *out)
{
    struct str rest = text;
    if (text.n == 0 || text.n > UNIT_TEXT_MAX) {
        return false;
    }
    return of_calendar(text, out) || (parse_term(&rest, 0, out) && rest.n == 0);
}

/* ---- using ---- */

bool unit_is_comparable(const struct unit *a, const struct unit *b)
{
    return memcmp(a->power, b->power, sizeof(a->power)) == 0;
}

bool unit_convert(const struct decimal *v, const struct unit *from, const struct unit *to,
                  struct decimal *out)
{
    struct decimal num, den;
    if (!unit_is_comparable(from, to)) {
        return false;
    }
    if (from->months && to->months) { /* 12 months are a year */
        num = decimal_of(from->months);
        den = decimal_of(to->months);
    } else if (!multiply(&from->num, &to->den, &num) || !multiply(&from->den, &to->num, &den)) {
        return false;
    }
    return decimal_mul(v, &num, out) && (decimal_is_whole(&den) && den.digits == 1 && den.scale == 0
                                             ? true
                                             : decimal_divide(out, &den, out));
}

bool unit_to_base(struct arena *a, const struct decimal *v, const struct unit *u,
                  struct decimal *out, const char **out_text)
{
    static const char *const names[] = {"m", "g", "s", "rad", "K", "C", "cd", "mol"};
    struct unit base = *u;
    struct str text = STR("");
    base.num = base.den = decimal_of(1);
    base.months = 0;
    for (int i = 0; i < UNIT_DIMENSIONS; i++) {
        if (u->power[i]) {
            text = u->power[i] == 1
                       ? str_printf(a, "%.*s%s%s", STR_ARG(text), text.n ? "." : "", names[i])
                       : str_printf(a, "%.*s%s%s%d", STR_ARG(text), text.n ? "." : "", names[i],
                                    u->power[i]);
        }
    }
    *out_text = text.n ? text.p : "1";
    return unit_convert(v, u, &base, out);
}
