#include "engine/base/opt_priv.h"

#include <limits.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"k", 1000},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", INT64_C(1000000000000)},
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
    {"TiB", INT64_C(1) << 40},
    {NULL, 0},
};

static bool read_with_unit(struct str s, const struct unit *units, int64_t *out)
{
    size_t digits = 0;
    int64_t value;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') {
        digits++;
    }
    if (!str_to_i64(str_slice(s, 0, digits), &value)) {
        return false;
    }
    for (const struct unit *u = units; u->name; u++) {
        if (str_is(str_slice(s, digits, s.n), u->name)) {
            return !__builtin_mul_overflow(value, u->factor, out);
        }
    }
    return false;
}

bool opt_read_ms(struct str s, int64_t *out_ms)
{
    int64_t value = OPT_NEVER;
    if (str_is(s, "0")) { /* of any unit */
        *out_ms = 0;
        return true;
    }
    if (!str_is(s, "never") && !(read_with_unit(s, time_units, &value) && value < OPT_NEVER)) {
        return false;
    }
    *out_ms = value;
    return true;
}

bool opt_read_bytes(struct str s, int64_t *out_bytes)
{
    int64_t value;
    if (!read_with_unit(s, size_units, &value)) {
        return false;
    }
    *out_bytes = value;
    return true;
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr(".-_", c);
}

static bool is_address_char(char c)
{
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
           c == '.' || c == '%';
}

static bool all_chars(struct str s, bool (*ok)(char))
{
    for (size_t i = 0; i < s.n; i++) {
        if (!s.p[i] || !ok(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

bool opt_read_hostport(struct str s, struct opt_hostport *out)
{
    int64_t port;
    ptrdiff_t colon = -1;
    for (size_t i = 0; i < s.n; i++) {
        colon = s.p[i] == ':' ? (ptrdiff_t)i : colon;
    }
    if (colon < 0) {
        return false;
    }
    struct str host = str_slice(s, 0, (size_t)colon), digits = str_slice(s, (size_t)colon + 1, s.n);
    bool bracket = str_starts(host, STR("[")) && str_ends(host, STR("]"));
    host = bracket ? str_slice(host, 1, host.n - 1) : host;
    if (!all_chars(host, bracket ? is_address_char : is_host_char) || host.n > 255) {
        return false;
    }
    if (digits.n > 5 || !str_to_i64(digits, &port) || port < 0 || port > 65535 ||
        digits.p[0] == '-') {
        return false;
    }
    *out = (struct opt_hostport){host, (int)port};
    return true;
}

bool opt_read_number(enum opt_kind kind, struct str s, int64_t *out)
{
    return kind == OPT_MS      ? opt_read_ms(s, out)
           : kind == OPT_BYTES ? opt_read_bytes(s, out)
                               : str_to_i64(s, out);
}

bool opt_read_range(enum opt_kind kind, const char *limits, struct opt_range *out)
{
    struct str s = str_of(limits);
    ptrdiff_t dots = str_find(s, STR(".."));
    *out = (struct opt_range){.low = INT64_MIN, .high = INT64_MAX};
    if (!limits) {
        return true;
    }
    if (dots < 0) {
        return false;
    }
    struct str low = str_slice(s, 0, (size_t)dots), high = str_slice(s, (size_t)dots + 2, s.n);
    out->has_low = low.n > 0;
    out->has_high = high.n > 0;
    return (!low.n || opt_read_number(kind, low, &out->low)) &&
           (!high.n || opt_read_number(kind, high, &out->high));
}

int opt_choice(const char *choices, struct str word)
{
    struct str rest = str_of(choices), one;
    for (int i = 0; choices && str_split(&rest, '|', &one); i++) {
        if (str_eq(one, word)) {
            return i;
        }
    }
    return -1;
}

const char *opt_kind_phrase(enum opt_kind kind)
{
    switch (kind) {
    case OPT_STR:
        return "a text";
    case OPT_INT:
        return "a whole number";
    case OPT_BOOL:
        return "true or false";
    case OPT_MS:
        return "a duration such as 250ms, 30s, 5m, 2h, 1d or never";
    case OPT_BYTES:
        return "a size such as 64kB, 16MiB or 50GB";
    case OPT_ENUM:
        return "one of the words known here";
    case OPT_LIST:
        return "a list of texts";
    case OPT_HOSTPORT:
        return "address:port such as 0.0.0.0:2575, \"[::1]:2575\" or localhost:2575";
    case OPT_SECRET:
        return "credential:NAME, file:PATH or env:NAME";
    case OPT_PATH:
        return "a path";
    case OPT_NODE:
        return "a value";
    case OPT_GROUP:
        return "a mapping of options";
    }
    return "a value";
}

const char *opt_row_phrase(const struct opt *row)
{
    bool is_bound =
        row->kind == OPT_MS && row->limits && !str_ends(str_of(row->limits), STR("never"));
    return is_bound ? "a duration such as 250ms, 30s, 5m, 2h or 1d" : opt_kind_phrase(row->kind);
}

const char *opt_kind_name(enum opt_kind kind)
{
    static const char *const names[] = {"text",   "number", "boolean", "duration",
                                        "size",   "choice", "list",    "address:port",
                                        "secret", "path",   "YAML",    "options"};
    return names[kind];
}
