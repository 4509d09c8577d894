#include "adapters/fhir_url.h"

#include "engine/base/buf.h"

/* ---- escapes ---- */

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of the %xx at `i`; -1: it is none. */
static int escaped(struct str s, size_t i)
{
    int high = i + 2 < s.n ? digit(s.p[i + 1]) : -1, low = i + 2 < s.n ? digit(s.p[i + 2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* What means the same with and without an escape, and the sign of an operation. Source: RFC 3986, 2.3, 6.2.2.2. */
static bool is_plain(int c)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
           c == '$';
}

struct str fhir_url_path(struct arena *a, struct str path)
{
    if (str_index(path, '%') < 0) {
        return path;
    }
    char *to = arena_alloc(a, path.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++) {
        int c = path.p[i] == '%' ? escaped(path, i) : -1;
        bool is_undone = c >= 0 && is_plain(c);
        to[n++] = is_undone ? (char)c : path.p[i];
        i += is_undone ? 2u : 0u;
    }
    to[n] = '\0';
    return str_from(to, n);
}

struct str fhir_url_decode(struct arena *a, struct str s)
{
    char *to = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            to[n++] = s.p[i];
            continue;
        }
        int c = escaped(s, i);
        if (c < 0) {
            return STR("");
        }
        to[n++] = (char)c;
        i += 2;
    }
    to[n] = '\0';
    return str_from(to, n);
}

/* ---- queries ---- */

/* Parameters of the query that say how to answer, not what is meant. */
static bool is_control(struct str name)
{
    static const char *const names[] = {"_format", "_pretty", "_summary", "_elements"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

bool fhir_url_has_parameters(struct str query)
{
    struct str one;
    while (query.n) {
        (void)str_split(&query, '&', &one);
        struct str name = STR("");
        (void)str_split(&one, '=', &name);
        if (name.n && !is_control(name)) {
            return true;
        }
    }
    return false;
}

/* One of its alternatives names somebody: behind a system ("urn:a|") and before a comma there is something. */
static bool is_filled(struct str value)
{
    bool is_named = false;
    for (size_t i = 0; i < value.n; i++) {
        int c = value.p[i] == '%' ? escaped(value, i) : value.p[i];
        if (c == ',' && is_named) {
            return true;
        }
        is_named = c != '|' && (is_named || (c != ',' && c != ' ' && c != '+'));
        i += value.p[i] == '%' ? 2u : 0u;
    }
    return is_named;
}

bool fhir_url_is_search(struct str criteria)
{
    struct str rest = criteria, one;
    while (rest.n) {
        struct str name = STR("");
        (void)str_split(&rest, '&', &one);
        (void)str_split(&one, '=', &name);
        if (name.n && !is_control(name) && is_filled(one)) {
            return true;
        }
    }
    return false;
}

struct str fhir_url_criteria(struct arena *a, struct str query)
{
    struct str one;
    struct buf kept = {0};
    while (query.n) {
        (void)str_split(&query, '&', &one);
        struct str rest = one, name = STR("");
        (void)str_split(&rest, '=', &name);
        if (one.n && !is_control(name)) {
            buf_puts(&kept, kept.n ? "&" : "");
            buf_put_str(&kept, one);
        }
    }
    struct str s = str_dup(a, buf_str(&kept));
    buf_free(&kept);
    return s;
}

struct str fhir_url_condition(struct arena *a, struct str given, struct str type)
{
    ptrdiff_t mark = str_index(given, '?'), value = str_index(given, '=');
    if (mark < 0 || (value >= 0 && value < mark)) {
        return fhir_url_criteria(a, given);
    }
    struct str before = str_slice(given, 0, (size_t)mark), last = before;
    while (str_index(last, '/') >= 0) {
        last = str_slice(last, (size_t)str_index(last, '/') + 1, last.n);
    }
    bool is_ours = !before.n || str_eq(last, type);
    return is_ours ? fhir_url_criteria(a, str_slice(given, (size_t)mark + 1, given.n)) : STR("");
}

struct str fhir_url_value(struct arena *a, struct str target, const char *name)
{
    struct str one, at, query = target;
    (void)str_split(&query, '?', &one);
    while (query.n) {
        (void)str_split(&query, '&', &one);
        (void)str_split(&one, '=', &at);
        if (str_is(at, name)) {
            return fhir_url_decode(a, one);
        }
    }
    return STR("");
}
