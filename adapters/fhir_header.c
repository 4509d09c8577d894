#include "adapters/fhir_header.h"

/* ---- lists ---- */

/* Behind the quoted text that begins at `i`. */
static size_t behind_quotes(struct str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++) {
        i += s.p[i] == '\\';
    }
    return i + 1;
}

/* Cut the part before the next separator off; in quotes there is none. */
static struct str next_part(struct str *rest, char separator)
{
    size_t i = 0;
    while (i < rest->n && rest->p[i] != separator) {
        i = rest->p[i] == '"' ? behind_quotes(*rest, i) : i + 1;
    }
    i = i < rest->n ? i : rest->n;
    struct str part = str_trim(str_slice(*rest, 0, i));
    *rest = str_slice(*rest, i < rest->n ? i + 1 : i, rest->n);
    return part;
}

static struct str unquoted(struct str s)
{
    bool is_quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return is_quoted ? str_slice(s, 1, s.n - 1) : s;
}

/* "name = value", the value perhaps in quotes. */
static struct str read_pair(struct str pair, struct str *out_name)
{
    struct str value = pair;
    *out_name = next_part(&value, '=');
    return unquoted(str_trim(value));
}

/* ---- types of content ---- */

static enum fhir_content content_of(struct str type)
{
    static const struct {
        const char *type;
        enum fhir_content content;
    } rows[] = {
        {"application/fhir+json", FHIR_CONTENT_JSON},
        {"application/json", FHIR_CONTENT_JSON},
        {"application/json+fhir", FHIR_CONTENT_JSON},
        {"text/json", FHIR_CONTENT_JSON},
        {"json", FHIR_CONTENT_JSON},
        {"application/fhir+ndjson", FHIR_CONTENT_NDJSON},
        {"application/ndjson", FHIR_CONTENT_NDJSON},
        {"application/x-ndjson", FHIR_CONTENT_NDJSON},
        {"ndjson", FHIR_CONTENT_NDJSON},
        {"application/fhir+xml", FHIR_CONTENT_XML},
        {"application/xml+fhir", FHIR_CONTENT_XML},
        {"application/xml", FHIR_CONTENT_XML},
        {"text/xml", FHIR_CONTENT_XML},
        {"xml", FHIR_CONTENT_XML},
        {"*/*", FHIR_CONTENT_ANY},
        {"application/*", FHIR_CONTENT_ANY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (str_eq_nocase(type, str_of(rows[i].type))) {
            return rows[i].content;
        }
    }
    return FHIR_CONTENT_OTHER;
}

/* A weight that says "not this": 0, 0.0, 0.000. Source: RFC 9110, 12.4.2. */
static bool is_zero(struct str q)
{
    bool is_it = q.n > 0;
    for (size_t i = 0; i < q.n && is_it; i++) {
        is_it = q.p[i] == (i == 1 ? '.' : '0');
    }
    return is_it;
}

static bool is_charset(struct str value)
{
    return str_eq_nocase(value, STR("utf-8")) || str_eq_nocase(value, STR("us-ascii"));
}

/* What a type is with the version of FHIR that it names. */
static enum fhir_content of_version(enum fhir_content c, struct str version)
{
    static const char *const later[] = {"4.3", "4.3.0", "5.0", "5.0.0"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (c == FHIR_CONTENT_JSON && str_is(version, later[i])) {
            return FHIR_CONTENT_LATER;
        }
    }
    return str_is(version, "4.0") || str_is(version, "4.0.1") ? c : FHIR_CONTENT_OTHER;
}

/* What a type is with one of its parameters. */
static enum fhir_content with_parameter(enum fhir_content c, struct str parameter)
{
    struct str name, value = read_pair(parameter, &name);
    if (str_eq_nocase(name, STR("fhirVersion"))) {
        return of_version(c, value);
    }
    bool is_refused = str_eq_nocase(name, STR("charset"))
                          ? !is_charset(value)
                          : str_eq_nocase(name, STR("q")) && is_zero(value);
    return is_refused ? FHIR_CONTENT_OTHER : c;
}

enum fhir_content fhir_header_content(struct str type)
{
    struct str rest = type;
    enum fhir_content c = content_of(next_part(&rest, ';'));
    while (rest.n && c != FHIR_CONTENT_OTHER) {
        c = with_parameter(c, next_part(&rest, ';'));
    }
    return c;
}

bool fhir_header_accepts(struct str list, bool later)
{
    while (list.n) {
        enum fhir_content c = fhir_header_content(next_part(&list, ','));
        if (c == FHIR_CONTENT_JSON || c == FHIR_CONTENT_ANY || (later && c == FHIR_CONTENT_LATER)) {
            return true;
        }
    }
    return false;
}

/* ---- preferences ---- */

static enum fhir_return return_of(struct str value)
{
    return str_eq_nocase(value, STR("representation"))     ? FHIR_RETURN_RESOURCE
           : str_eq_nocase(value, STR("OperationOutcome")) ? FHIR_RETURN_OUTCOME
                                                           : FHIR_RETURN_MINIMAL;
}

/* Said twice, the first one counts. Source: RFC 7240, 2. */
static void read_preference(struct fhir_preferences *p, struct str one)
{
    struct str name, value = read_pair(one, &name);
    if (str_eq_nocase(name, STR("return")) && !p->has_return) {
        p->has_return = true;
        p->wants = return_of(value);
    } else if (str_eq_nocase(name, STR("handling")) && !p->has_handling) {
        p->has_handling = true;
        p->is_strict = str_eq_nocase(value, STR("strict"));
    }
}

/* Behind a semicolon stand parameters of a preference; clients write the next preference there, too. */
void fhir_header_prefer(struct str list, struct fhir_preferences *p)
{
    while (list.n) {
        struct str part = next_part(&list, ',');
        while (part.n) {
            read_preference(p, next_part(&part, ';'));
        }
    }
}
