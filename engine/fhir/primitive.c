#include "engine/fhir/primitive.h"

#include <string.h>

enum { INTEGER_DIGITS_MAX = 10, ID_MAX = 64, UUID_SIZE = 36 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- dates ---- */

/* `n` digits at *at; -1: there are none. */
static int digits(struct str s, size_t *at, unsigned n)
{
    int all = 0;
    if (s.n - *at < n) {
        return -1;
    }
    for (unsigned i = 0; i < n; i++) {
        char c = s.p[*at + i];
        if (!is_digit(c)) {
            return -1;
        }
        all = all * 10 + (c - '0');
    }
    *at += n;
    return all;
}

static bool sign(struct str s, size_t *at, char c)
{
    bool hit = *at < s.n && s.p[*at] == c;
    *at += hit;
    return hit;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + leap;
}

/* YYYY[-MM[-DD]] from *at on; *out_parts of them. */
static bool read_date(struct str s, size_t *at, int *out_parts)
{
    int year = digits(s, at, 4), month, day;
    *out_parts = 1;
    if (year < 1) {
        return false;
    }
    if (!sign(s, at, '-')) {
        return true;
    }
    month = digits(s, at, 2);
    *out_parts = 2;
    if (month < 1 || month > 12) {
        return false;
    }
    if (!sign(s, at, '-')) {
        return true;
    }
    day = digits(s, at, 2);
    *out_parts = 3;
    return day >= 1 && day <= days_of(year, month);
}

/* hh:mm:ss[.f]; a leap second is a second. */
static bool read_time(struct str s, size_t *at)
{
    int h = digits(s, at, 2);
    int m = h >= 0 && sign(s, at, ':') ? digits(s, at, 2) : -1;
    int sec = m >= 0 && sign(s, at, ':') ? digits(s, at, 2) : -1;
    bool good = h >= 0 && h <= 23 && m >= 0 && m <= 59 && sec >= 0 && sec <= 60;
    if (good && sign(s, at, '.')) {
        size_t from = *at;
        while (*at < s.n && is_digit(s.p[*at])) {
            ++*at;
        }
        good = *at > from;
    }
    return good;
}

/* Z or +hh:mm, up to fourteen hours. */
static bool read_offset(struct str s, size_t *at)
{
    if (sign(s, at, 'Z')) {
        return true;
    }
    if (!sign(s, at, '+') && !sign(s, at, '-')) {
        return false;
    }
    int h = digits(s, at, 2);
    int m = h >= 0 && sign(s, at, ':') ? digits(s, at, 2) : -1;
    return h >= 0 && m >= 0 && m <= 59 && (h < 14 || (h == 14 && m == 0));
}

static bool is_date(struct str s)
{
    size_t at = 0;
    int parts;
    return read_date(s, &at, &parts) && at == s.n;
}

static bool is_date_time(struct str s, bool whole)
{
    size_t at = 0;
    int parts;
    if (!read_date(s, &at, &parts)) {
        return false;
    }
    if (at == s.n) {
        return !whole;
    }
    return parts == 3 && sign(s, &at, 'T') && read_time(s, &at) && read_offset(s, &at) && at == s.n;
}

static bool is_time(struct str s)
{
    size_t at = 0;
    return read_time(s, &at) && at == s.n;
}

/* ---- numbers ---- */

/* A whole number from `least` to 2147483647. */
static bool is_integer(struct str s, int64_t least)
{
    bool minus = s.n && s.p[0] == '-';
    struct str t = str_slice(s, minus, s.n);
    int64_t v = 0;
    if (t.n == 0 || t.n > INTEGER_DIGITS_MAX || (t.p[0] == '0' && (t.n > 1 || minus))) {
        return false;
    }
    for (size_t i = 0; i < t.n; i++) {
        if (!is_digit(t.p[i])) {
            return false;
        }
        v = v * 10 + (t.p[i] - '0');
    }
    v = minus ? -v : v;
    return v >= least && v <= INT32_MAX;
}

/* As JSON spells numbers. */
static bool is_decimal(struct str s)
{
    size_t at = 0, from;
    (void)sign(s, &at, '-');
    bool zero = sign(s, &at, '0');
    for (from = at; !zero && at < s.n && is_digit(s.p[at]);) {
        at++;
    }
    if (!zero && at == from) {
        return false;
    }
    if (sign(s, &at, '.')) {
        for (from = at; at < s.n && is_digit(s.p[at]);) {
            at++;
        }
        if (at == from) {
            return false;
        }
    }
    if (sign(s, &at, 'e') || sign(s, &at, 'E')) {
        if (!sign(s, &at, '+')) {
            (void)sign(s, &at, '-');
        }
        for (from = at; at < s.n && is_digit(s.p[at]);) {
            at++;
        }
        if (at == from) {
            return false;
        }
    }
    return at == s.n;
}

/* ---- texts ---- */

/* Something that is no blank, and no control characters but blanks. */
static bool is_text(struct str s)
{
    size_t first = 0;
    while (first < s.n && is_blank(s.p[first])) {
        first++;
    }
    for (size_t i = str_control(s, first); i < s.n; i = str_control(s, i + 1)) {
        if (!is_blank(s.p[i])) {
            return false;
        }
    }
    return first < s.n;
}

/* Neither a blank nor another control character. */
static bool is_word(struct str s)
{
    return s.n && !memchr(s.p, ' ', s.n) && str_control(s, 0) == s.n;
}

/* Words with one space between two of them, no other blank and no control character. Source: FHIR R4 "Data types" code, whose
 * words are stricter than its regex. */
static bool is_code(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool inside = s.p[i] == ' ' && i > 0 && i + 1 < s.n && s.p[i - 1] != ' ';
        if (s.p[i] == ' ' && !inside) {
            return false;
        }
    }
    return s.n > 0 && str_control(s, 0) == s.n;
}

static bool is_id(struct str s)
{
    static const bool may_be[256] = {['0' ... '9'] = true,
                                     ['A' ... 'Z'] = true,
                                     ['a' ... 'z'] = true,
                                     ['-'] = true,
                                     ['.'] = true};
    bool good = s.n >= 1 && s.n <= ID_MAX;
    if (good) {
#pragma GCC unroll 8
        for (size_t i = 0; i < s.n; i++) { /* nearly all are good: each byte is looked at */
            good &= may_be[(unsigned char)s.p[i]];
        }
    }
    return good;
}

/* urn:oid:1.2.3: no zeros in front. */
static bool is_oid(struct str s)
{
    struct str t = str_starts(s, STR("urn:oid:")) ? str_slice(s, 8, s.n) : STR("");
    if (t.n < 3 || t.p[0] < '0' || t.p[0] > '2' || t.p[1] != '.') {
        return false;
    }
    for (size_t i = 1; i < t.n; i++) {
        bool dot = t.p[i] == '.', next_is_digit = i + 1 < t.n && is_digit(t.p[i + 1]);
        bool zero = dot && next_is_digit && t.p[i + 1] == '0' && i + 2 < t.n && t.p[i + 2] != '.';
        if ((dot && !next_is_digit) || (!dot && !is_digit(t.p[i])) || zero) {
            return false;
        }
    }
    return true;
}

static bool is_uuid(struct str s)
{
    struct str t = str_starts(s, STR("urn:uuid:")) ? str_slice(s, 9, s.n) : STR("");
    for (size_t i = 0; i < t.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = is_digit(t.p[i]) || (t.p[i] >= 'a' && t.p[i] <= 'f');
        if (dash ? t.p[i] != '-' : !hex) {
            return false;
        }
    }
    return t.n == UUID_SIZE;
}

/* Fours of the alphabet, at most two = at the end; blanks anywhere. */
static bool is_base64(struct str s)
{
    size_t n = 0, pad = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good =
            is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/';
        if (is_blank(c)) {
            continue;
        }
        if (c != '=' && (!good || pad)) {
            return false;
        }
        pad += c == '=';
        n++;
    }
    return n > 0 && n % 4 == 0 && pad <= 2;
}

/* ---- by type ---- */

enum fhir_spelling fhir_primitive_spelling(unsigned t)
{
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        return FHIR_IS_BOOLEAN;
    case FHIR_TYPE_DECIMAL:
    case FHIR_TYPE_INTEGER:
    case FHIR_TYPE_POSITIVE_INT:
    case FHIR_TYPE_UNSIGNED_INT:
        return FHIR_IS_NUMBER;
    default:
        return FHIR_IS_TEXT;
    }
}

bool fhir_primitive_valid(unsigned t, struct str s)
{
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        return str_is(s, "true") || str_is(s, "false");
    case FHIR_TYPE_DECIMAL:
        return is_decimal(s);
    case FHIR_TYPE_INTEGER:
        return is_integer(s, INT32_MIN);
    case FHIR_TYPE_POSITIVE_INT:
        return is_integer(s, 1);
    case FHIR_TYPE_UNSIGNED_INT:
        return is_integer(s, 0);
    case FHIR_TYPE_DATE:
        return is_date(s);
    case FHIR_TYPE_DATE_TIME:
        return is_date_time(s, false);
    case FHIR_TYPE_INSTANT:
        return is_date_time(s, true);
    case FHIR_TYPE_TIME:
        return is_time(s);
    case FHIR_TYPE_CODE:
        return is_code(s);
    case FHIR_TYPE_ID:
        return is_id(s);
    case FHIR_TYPE_OID:
        return is_oid(s);
    case FHIR_TYPE_UUID:
        return is_uuid(s);
    case FHIR_TYPE_BASE64_BINARY:
        return is_base64(s);
    case FHIR_TYPE_URI:
    case FHIR_TYPE_URL:
    case FHIR_TYPE_CANONICAL:
        return is_word(s);
    default:
        return is_text(s);
    }
}

/* Are blanks and control characters all that may be wrong? */
static bool forbids_blanks_only(unsigned t)
{
    switch (t) {
    case FHIR_TYPE_STRING:
    case FHIR_TYPE_MARKDOWN:
    case FHIR_TYPE_CODE:
    case FHIR_TYPE_URI:
    case FHIR_TYPE_URL:
    case FHIR_TYPE_CANONICAL:
        return true;
    default:
        return false;
    }
}

bool fhir_primitive_valid_plain(unsigned t, struct str s, bool has_blank)
{
    bool is_sure = has_blank ? t == FHIR_TYPE_STRING && s.p[0] != ' ' : forbids_blanks_only(t);
    return is_sure ? s.n > 0 : fhir_primitive_valid(t, s);
}

const char *fhir_primitive_looks(unsigned t)
{
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        return "true or false";
    case FHIR_TYPE_DECIMAL:
        return "a number, as 2.50";
    case FHIR_TYPE_INTEGER:
        return "a whole number of 32 bits";
    case FHIR_TYPE_POSITIVE_INT:
        return "a whole number from 1 on";
    case FHIR_TYPE_UNSIGNED_INT:
        return "a whole number from 0 on";
    case FHIR_TYPE_DATE:
        return "YYYY, YYYY-MM or YYYY-MM-DD";
    case FHIR_TYPE_DATE_TIME:
        return "a date, or YYYY-MM-DDThh:mm:ss with an offset (+01:00, Z)";
    case FHIR_TYPE_INSTANT:
        return "YYYY-MM-DDThh:mm:ss with an offset (+01:00, Z)";
    case FHIR_TYPE_TIME:
        return "hh:mm:ss";
    case FHIR_TYPE_CODE:
        return "a text without blanks around it or two in a row";
    case FHIR_TYPE_ID:
        return "1 to 64 letters, digits, - and .";
    case FHIR_TYPE_OID:
        return "urn:oid: and numbers with dots";
    case FHIR_TYPE_UUID:
        return "urn:uuid: and a UUID in small letters";
    case FHIR_TYPE_BASE64_BINARY:
        return "base64";
    case FHIR_TYPE_URI:
    case FHIR_TYPE_URL:
    case FHIR_TYPE_CANONICAL:
        return "a text without blanks";
    default:
        return "a text that is not empty";
    }
}
