#include "engine/fhir/literal.h"

#include "engine/fhir/primitive.h"

enum { STRING_BYTES_MAX = 1 << 20, DECIMAL_DIGITS_MAX = 18, MOMENT_BYTES_MAX = 60 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool fail(struct fhir_literal_fault *out, const char *found, const char *expected, bool mild)
{
    *out = (struct fhir_literal_fault){found, expected, mild, false};
    return false;
}

static bool has_blank(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_blank(s.p[i])) {
            return true;
        }
    }
    return false;
}

static bool check_text(struct str s, struct fhir_literal_fault *out)
{
    if (s.n > STRING_BYTES_MAX) {
        return fail(out, "a text of more than 1 MB", "a shorter one", false);
    }
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 && !is_blank(s.p[i])) {
            return fail(out, "a control character", "none but tab, carriage return and line feed",
                        false);
        }
    }
    return (!is_blank(s.p[0]) && !is_blank(s.p[s.n - 1])) ||
           fail(out, "a text that begins or ends with a blank", "none there", true);
}

static struct str before(struct str s, char mark)
{
    ptrdiff_t at = str_index(s, mark);
    return at < 0 ? s : str_slice(s, 0, (size_t)at);
}

bool fhir_is_urn_good(struct str uri)
{
    uri = str_starts(uri, STR("urn:")) ? before(uri, '#') : uri;
    return (!str_starts(uri, STR("urn:uuid:")) || fhir_primitive_valid(FHIR_TYPE_UUID, uri)) &&
           (!str_starts(uri, STR("urn:oid:")) || fhir_primitive_valid(FHIR_TYPE_OID, uri));
}

bool fhir_is_absolute(struct str uri)
{
    ptrdiff_t colon = str_index(uri, ':');
    bool good = colon > 0;
    for (ptrdiff_t i = 0; good && i < colon; i++) {
        char c = uri.p[i], letter = (char)(c | 0x20);
        bool is_letter = letter >= 'a' && letter <= 'z';
        bool is_later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        good = is_letter || (i > 0 && is_later);
    }
    return good;
}

/* Source: FHIR R4 "References" 2.3.0.4: a canonical may end with | and a version, any uri with a fragment. */
static bool check_uri(unsigned t, struct str s, struct fhir_literal_fault *out)
{
    if (str_index(s, ' ') >= 0 || str_control(s, 0) < s.n) {
        return fail(out, "a blank or control character in a uri", "none", false);
    }
    if (str_starts(s, STR("oid:")) || str_starts(s, STR("uuid:"))) {
        return fail(out, "a uri that begins with oid: or uuid:", "urn: before it", false);
    }
    struct str urn = t == FHIR_TYPE_CANONICAL ? before(s, '|') : s;
    return fhir_is_urn_good(urn) || fail(out, "a urn:uuid: or urn:oid: that is none",
                                         "a UUID in small letters, or an OID, behind it", false);
}

static bool check_decimal(struct str s, struct fhir_literal_fault *out)
{
    unsigned digits = 0;
    bool leads = true;
    for (size_t i = 0; i < s.n && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        leads = leads && (s.p[i] == '0' || !digit);
        digits += !leads && digit;
    }
    ptrdiff_t e = str_index(s, 'e');
    e = e < 0 ? str_index(s, 'E') : e;
    struct str power = e < 0 ? STR("0") : str_slice(s, (size_t)e + 1, s.n);
    int64_t v;
    power = str_starts(power, STR("+")) ? str_slice(power, 1, power.n) : power;
    bool good = digits <= DECIMAL_DIGITS_MAX && str_to_i64(power, &v) && v <= DECIMAL_DIGITS_MAX &&
                v >= -DECIMAL_DIGITS_MAX;
    return good ||
           fail(out, "a decimal of more than 18 digits", "what other systems can keep", true);
}

/* Is it well but for its zone? */
static bool lacks_zone(unsigned t, struct str s)
{
    char text[MOMENT_BYTES_MAX + 1];
    if (s.n > MOMENT_BYTES_MAX || str_index(s, 'T') < 0) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = 'Z';
    return fhir_primitive_valid(t, str_from(text, s.n + 1));
}

static bool check_moment(unsigned t, struct str s, struct fhir_literal_fault *out)
{
    return fhir_primitive_valid(t, s) ||
           fail(out, lacks_zone(t, s) ? "a time without its zone" : NULL, fhir_primitive_looks(t),
                false);
}

static bool check_other(unsigned t, struct str s, struct fhir_literal_fault *out)
{
    return fhir_primitive_valid(t, s) || fail(out, NULL, fhir_primitive_looks(t), false);
}

bool fhir_literal_check(unsigned t, struct str s, struct fhir_literal_fault *out)
{
    if (s.n == 0) {
        (void)fail(out, "an empty text", "at least one character, or nothing at all", false);
        out->is_empty = true;
        return false;
    }
    switch (t) {
    case FHIR_TYPE_XHTML: /* narrative.h */
        return true;
    case FHIR_TYPE_DECIMAL:
        return check_decimal(s, out); /* JSON sees to the rest */
    case FHIR_TYPE_DATE_TIME:
    case FHIR_TYPE_INSTANT:
        return check_moment(t, s, out);
    case FHIR_TYPE_URI:
    case FHIR_TYPE_URL:
    case FHIR_TYPE_CANONICAL:
        return check_uri(t, s, out);
    case FHIR_TYPE_MARKDOWN:
    case FHIR_TYPE_STRING:
        return check_text(s, out);
    case FHIR_TYPE_BASE64_BINARY:
        return check_other(t, s, out) &&
               (!has_blank(s) || fail(out, "blanks in base64", "none", true));
    default: /* what has one form alone */
        return check_other(t, s, out);
    }
}
